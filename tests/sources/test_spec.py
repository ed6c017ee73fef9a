"""The grammar of names and of input descriptions."""

import pytest

from archcost.errors import ArgumentError, InputError
from archcost.sources import InputSpec, parse_input, parse_spec


def test_a_bare_name_is_of_the_zoo():
    spec = parse_spec("vgg16")

    assert (spec.kind, spec.target, dict(spec.arguments), spec.size) == ("zoo", "vgg16", {}, None)


@pytest.mark.parametrize(
    ("text", "kind", "source", "target"),
    [
        ("timm:resnet50", "timm", "timm", "resnet50"),
        ("torchvision:resnet50", "torchvision", "torchvision", "resnet50"),
        ("models/net.py:build", "file", "models/net.py", "build"),
        ("pkg.mod:fn", "module", "pkg.mod", "fn"),
    ],
)
def test_what_stands_before_the_colon_says_where_to_look(text, kind, source, target):
    spec = parse_spec(text)

    assert (spec.kind, spec.source, spec.target) == (kind, source, target)


def test_arguments_become_python_values():
    spec = parse_spec("net?a=10&b=0.5&c=true&d=False&e=none&f=A&g=1e-3&h=-2")

    assert spec.arguments == {
        "a": 10, "b": 0.5, "c": True, "d": False, "e": None, "f": "A", "g": 0.001, "h": -2,
    }  # fmt: skip


def test_a_size_follows_an_at_sign():
    assert parse_spec("vgg16@192").size == (192, 192)
    assert parse_spec("vgg16@192x256?num_classes=3").size == (192, 256)


@pytest.mark.parametrize("text", ["vgg16?width", "vgg16?=3", "vgg16?a b=3", "vgg16@big", "vgg16@0", "timm:", ""])
def test_what_does_not_parse_says_what_would(text):
    with pytest.raises(ArgumentError, match=r"\?num_classes=10|pixels|names no network"):
        parse_spec(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3x224x224", InputSpec(shape=(3, 224, 224))),
        ("128:int64", InputSpec(shape=(128,), dtype="int64")),
        ("mask=128:bool", InputSpec(shape=(128,), dtype="bool", name="mask")),
        ("scalar", InputSpec(shape=())),
    ],
)
def test_inputs_parse_and_print_back(text, expected):
    assert parse_input(text) == expected
    assert parse_input(str(expected)) == expected


@pytest.mark.parametrize(
    "text", ["", "3,224,224", "3xx4", "3x224x224:", "a b=3", "-1x3", "1a=3", "a..b=3", "@", "exact:"]
)
def test_an_input_that_does_not_parse_shows_the_forms(text):
    with pytest.raises(InputError, match="3x224x224"):
        parse_input(text)


def test_an_unknown_dtype_lists_the_known_ones():
    with pytest.raises(InputError, match=r"unknown dtype 'float12'.*bfloat16"):
        parse_input("3:float12")


def test_tensors_are_random_or_valid_indices():
    image = InputSpec(shape=(3, 4, 4), dtype="float64").tensor(2, "cpu")
    tokens = InputSpec(shape=(5,), dtype="int64").tensor(2, "cpu")

    assert (image.shape, str(image.dtype)) == ((2, 3, 4, 4), "torch.float64")
    assert image.std() > 0
    assert tokens.tolist() == [[0] * 5] * 2
