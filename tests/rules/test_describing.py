"""The documentation of the rules, checked against their computations."""

import inspect
import re

import pytest

import archcost
from archcost.rules import RULES
from archcost.rules.describing import describe_rules, read_docstring

COUNTED = {found.count: name for name, found in RULES.items() if found.why is None}
QUANTITIES = ("macs", "other_ops", "read_bytes")


def missing_formulas(count):
    """Return the quantities that a rule or its callee computes, by their source, without a documented formula."""
    _, formulas, _ = read_docstring(count.__doc__)
    given = {formula.partition(" = ")[0] for formula in formulas}
    computed = {name for name in QUANTITIES if re.search(rf"\b{name}=", inspect.getsource(count))}
    return sorted(computed - given) if given else ["any"]


@pytest.mark.parametrize("count", COUNTED, ids=COUNTED.values())
def test_every_rule_has_a_formula_for_each_quantity_that_it_computes(count):
    assert missing_formulas(count) == []


def test_a_rule_without_a_formula_is_found():
    def untold(call):
        """Cost much."""
        return archcost.Work(macs=call.inputs[0].elements, other_ops=1)

    def half_told(call):
        """Cost much.

        macs = elements
        """
        return archcost.Work(macs=call.inputs[0].elements, other_ops=1)

    assert missing_formulas(untold) == ["any"]
    assert missing_formulas(half_told) == ["other_ops"]


def test_every_operator_is_described_once():
    described = [operator for each in describe_rules() for operator in each.operators]
    assert sorted(described) == sorted(RULES)


def test_a_description_has_the_parts_of_the_docstring():
    (found,) = describe_rules("aten.addmm")
    assert found.operators == ("aten.addmm",)
    assert found.formulas == ("macs = n * m * p",)
    assert found.left_out == "the addition."
    assert found.role == "linear"
    assert found.sight == "a matrix product"
    assert found.group.startswith("Matrix products")


@pytest.mark.parametrize(
    ("pattern", "among", "not_among"),
    [
        ("mm", "aten.mm", "aten.addmm"),
        ("torchvision::nms", "torchvision.nms", "torchvision.qnms"),
        ("softmax", "aten._softmax", "aten.mm"),
        ("quantized.*pool2d", "quantized.max_pool2d", "quantized.max_pool1d"),
        ("transpose", "aten.transpose", "aten.cudnn_convolution_transpose"),
    ],
)
def test_a_pattern_chooses_operators(pattern, among, not_among):
    found = [operator for each in describe_rules(pattern) for operator in each.operators]
    assert among in found
    assert not_among not in found


def test_a_free_operator_says_why_and_what_it_sees():
    (found,) = describe_rules("aten.permute")
    assert (found.why, found.sight) == ("a view of the same data", "the dimensions in another order")
