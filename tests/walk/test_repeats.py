"""Remembered answers: the same report as the first time, and the results that torch's own kernels return."""

import pytest
import torch
from torch import nn

import archcost
from archcost.walk import repeats
from archcost.walk.shapes import SHAPES
from archcost.walk.shapes.run import Check
from archcost.zoo import REGISTRY

ONE_OF_EACH = tuple({entry.builder: entry.id for entry in reversed(list(REGISTRY))}.values())
OPERATORS = {id(func): func for func in SHAPES}


@pytest.fixture
def answers(monkeypatch):
    monkeypatch.setattr(repeats, "ANSWERS", {})
    return repeats.ANSWERS


@pytest.mark.parametrize("options", [{}, {"train": "adamw"}, {"amp": "bf16"}, {"mode": "train"}], ids=str)
@pytest.mark.parametrize("name", ["mobilenet_v2", "densenet121", "googlenet"])
def test_a_network_has_the_same_report_the_second_time(answers, name, options):
    first = archcost.profile(name, timeline=True, **options).to_json()
    known = len(answers)

    assert known > 10
    assert archcost.profile(name, timeline=True, **options).to_json() == first
    assert len(answers) == known


def test_every_answer_is_what_torch_returns(answers):
    for name in ONE_OF_EACH:
        archcost.profile(name, device="meta")
    check = Check()
    for (number, _, *given), answer in answers.items():
        func = OPERATORS[number]
        args, kwargs = split_arguments(func, [as_tensor(each) for each in given])
        check(func, args, kwargs, answer.repeat(args))

    assert {"convolution", "relu_", "native_batch_norm", "max_pool2d_with_indices", "addmm"} < {
        func.overloadpacket.__name__ for func in check.operators
    }


def split_arguments(func, given):
    """Return positional and keyword arguments; a form has the name of a keyword argument before its value."""
    names = [argument.name for argument in func._schema.arguments if argument.kwarg_only]
    first = next((place for place, each in enumerate(given) if isinstance(each, str) and each in names), len(given))
    return tuple(given[:first]), dict(zip(given[first::2], given[first + 1 :: 2], strict=True))


def as_tensor(each):
    if not isinstance(each, tuple) or len(each) != 4 or not isinstance(each[-1], torch.dtype):
        return list(each) if isinstance(each, tuple) else each
    offset, shape, strides, dtype = each
    elements = offset + 1 + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    return torch.empty(elements, dtype=dtype, device="meta").as_strided(shape, strides, offset)


class OnTheCPU(nn.Module):
    def forward(self, x):
        table = torch.zeros(x.shape, device="cpu")
        assert torch.relu(torch.relu(table)).device.type == "cpu"
        return torch.relu(x)


def test_a_tensor_on_the_cpu_is_not_answered_as_one_on_meta(answers):
    x = torch.empty(1, 3, 8, 8, device="meta")
    archcost.profile(nn.ReLU(), x)

    assert answers
    assert archcost.profile(OnTheCPU(), x, device="meta").totals.other_ops == 3 * 3 * 8 * 8


@pytest.mark.parametrize("view", [lambda x: x[:, ::2], lambda x: x.transpose(2, 3), lambda x: x[:, 1:3], lambda x: x])
def test_a_form_includes_the_place_in_memory(answers, view):
    class Viewed(nn.Module):
        def forward(self, x):
            return torch.relu(view(x)).mul_(2)

    x = torch.empty(2, 4, 6, 5, device="meta")
    archcost.profile(nn.Sequential(nn.ReLU(), nn.ReLU(inplace=True)), torch.empty(view(x).shape, device="meta"))
    known = archcost.profile(Viewed(), x).to_json()
    answers.clear()

    assert archcost.profile(Viewed(), x).to_json() == known


@pytest.mark.parametrize(
    "function", [lambda x, low: x.clamp(low, 3), lambda x, low: torch.nn.functional.pad(x, (1, 1), value=low)]
)
@pytest.mark.parametrize("dtype", [torch.int64, torch.float32])
def test_a_whole_number_and_its_float_may_give_other_dtypes(answers, function, dtype):
    class Two(nn.Module):
        def forward(self, x):
            results = function(x, 1), function(x, 1.0)
            assert [each.dtype for each in results] == expected
            return results

    x = torch.zeros(2, 3, dtype=dtype, device="meta")
    expected = [function(x, 1).dtype, function(x, 1.0).dtype]
    for _ in range(2):
        archcost.profile(Two(), x, device="meta")


def test_old_answers_are_forgotten(answers, monkeypatch):
    monkeypatch.setattr(repeats, "MOST", 5)
    archcost.profile("mobilenet_v2")

    assert 0 < len(answers) <= 5
