"""One table of rules: no duplicates, reasons for free operators, no operator without a rule overlooked."""

import pytest
import torch
from counting import report
from torch.utils import flop_counter

import archcost
from archcost.errors import RuleError
from archcost.rules import RULES, _registry, find, free, rule


@pytest.fixture
def operator(request):
    """Return a user's library with one operator without a rule; its name is new in every test."""
    name = f"tests_{request.node.name.split('[')[0]}"
    library = torch.library.Library(name, "FRAGMENT")
    library.define("scaled_product(Tensor x, Tensor y, float scale=2.0) -> Tensor")
    library.impl("scaled_product", lambda x, y, scale=2.0: (x * y) * scale, "CompositeExplicitAutograd")
    yield getattr(torch.ops, name).scaled_product
    library._destroy()
    _registry._rules.pop(f"{name}.scaled_product", None)


def called(operator):
    return report(lambda x: operator(x, x).relu(), torch.ones(2, 3))


def test_an_operator_without_a_rule_is_listed_and_has_a_row(operator):
    found = called(operator)
    name = str(operator).replace("::", ".")
    assert found.uncovered == {name: 1}
    assert found.operators[name].covered is False
    assert found.totals.macs == 0


def test_a_users_rule_counts_and_gets_arguments_by_name(operator):
    @archcost.rule(str(operator))
    def scaled_product(call):
        return archcost.Work(macs=call.args["x"].elements, other_ops=int(call.args["scale"]))

    found = called(operator)
    assert found.uncovered == {}
    assert found.totals.macs == 2 * 3
    assert found.totals.other_ops == 2 + 2 * 3  # its own, and the ReLU


def test_a_formula_registered_with_torch_counts_half_its_flops(operator):
    @flop_counter.register_flop_formula(operator)
    def formula(x_shape, y_shape, *, out_shape):  # as in torch, arguments with their default value are not passed on
        assert tuple(x_shape) == tuple(y_shape) == tuple(out_shape) == (2, 3)
        return 2 * 7

    try:
        found = called(operator)
    finally:
        del flop_counter.flop_registry[operator]
    assert found.uncovered == {}
    assert found.totals.macs == 7


def test_a_rule_of_archcost_stands_above_a_formula_of_torch():
    def twice_as_much(*args, **rest):
        return 10**9

    before = flop_counter.flop_registry[torch.ops.aten.mm]
    flop_counter.flop_registry[torch.ops.aten.mm] = twice_as_much
    try:
        assert report(torch.mm, torch.ones(2, 3), torch.ones(3, 4)).totals.macs == 2 * 3 * 4
    finally:
        flop_counter.flop_registry[torch.ops.aten.mm] = before


@pytest.mark.parametrize("declare", [lambda name: rule(name)(lambda call: None), lambda name: free(name, why="none")])
@pytest.mark.parametrize("name", ["aten.mm", "aten::mm", "aten.convolution", "aten.add.Tensor", "aten.view"])
def test_a_second_rule_for_an_operator_is_refused(declare, name):
    with pytest.raises(RuleError, match="has a rule already"):
        declare(name)


def test_an_operator_is_named_with_its_library():
    with pytest.raises(RuleError, match="mylib::myop"):
        rule("conv2d")(lambda call: None)


def test_a_rule_that_fails_or_returns_nothing_is_named(operator):
    @archcost.rule(str(operator))
    def scaled_product(call):
        return None

    with pytest.raises(RuleError, match=r"scaled_product.* must return archcost.Work, not None"):
        called(operator)


def test_a_rule_that_raises_is_named_with_the_shapes(operator):
    @archcost.rule(str(operator))
    def scaled_product(call):
        return archcost.Work(macs=call.args["no such argument"])

    with pytest.raises(RuleError, match=r"scaled_product failed on .*scaled_product with inputs 2x3, 2x3: KeyError"):
        called(operator)


def test_every_free_operator_has_a_reason():
    assert all(found.why is None or len(found.why.split()) > 2 for found in RULES.values())
    free_rules = [name for name, found in RULES.items() if found.origin == "free"]
    assert free_rules
    assert all(RULES[name].why for name in free_rules)


def test_the_table_cannot_be_written_to():
    with pytest.raises(TypeError):
        RULES["aten.foo"] = RULES["aten.mm"]


def test_in_place_operators_follow_the_plain_ones():
    assert find("aten.relu_") is find("aten.relu")
    assert find("aten.no_such_operator_") is None


def test_every_aten_name_of_the_table_is_an_operator_of_torch():
    """A misspelt name would never match; names of newer and older torch versions and other devices are allowed."""
    elsewhere = {"mkldnn_rnn_layer", "_batch_norm_no_update", "_batch_norm_with_update", "batch_norm_backward"}
    unknown = {
        name for name in RULES if name.startswith("aten.") and not hasattr(torch.ops.aten, name.removeprefix("aten."))
    }
    assert sorted(unknown - {f"aten.{name}" for name in elsewhere}) == []
