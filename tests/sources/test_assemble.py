"""Arguments assembled from descriptions: by position, by name, and by paths into dictionaries and lists."""

import numpy as np
import pytest
import torch

from archcost.errors import InputError
from archcost.sources import parse_input
from archcost.sources.assemble import assemble, name_tensors


def shapes(*texts, batch=2):
    def show(value):
        if isinstance(value, dict):
            return {key: show(item) for key, item in value.items()}
        if isinstance(value, list):
            return [show(item) for item in value]
        return (
            (tuple(value.shape), str(value.dtype).removeprefix("torch.")) if isinstance(value, torch.Tensor) else value
        )

    args, kwargs = assemble([parse_input(text) for text in texts], batch, lambda spec: spec.make(batch, "cpu"))
    return [show(value) for value in args], show(kwargs)


def test_forms_of_today_keep_their_meaning():
    assert shapes("3x4x4", "mask=5:bool", "scalar") == (
        [((2, 3, 4, 4), "float32"), ((2,), "float32")],
        {"mask": ((2, 5), "bool")},
    )


def test_an_exact_shape_has_no_batch_and_a_value_is_no_tensor_unless_it_has_a_dtype():
    assert shapes("edge_index=exact:2x9:int64", "step=value:10", "flag=value:false", "t=value:[1,2]:int64") == (
        [],
        {"edge_index": ((2, 9), "int64"), "step": 10, "flag": False, "t": ((2,), "int64")},
    )
    args, _ = assemble([parse_input("value:[[0,0,4,4]]:float32")], 1, lambda spec: spec.make(1, "cpu"))
    assert args[0].tolist() == [[0.0, 0.0, 4.0, 4.0]]


def test_names_are_paths():
    assert shapes(
        "batch.image=3x4x4", "batch.size=value:4", "targets.0.boxes=exact:4x4", "targets.1.boxes=exact:1x4"
    ) == (
        [],
        {
            "batch": {"image": ((2, 3, 4, 4), "float32"), "size": 4},
            "targets": [{"boxes": ((4, 4), "float32")}, {"boxes": ((1, 4), "float32")}],
        },
    )
    assert shapes("1.mask=5", "7") == ([((2, 7), "float32"), {"mask": ((2, 5), "float32")}], {})


def test_each_is_an_entry_for_each_image_and_has_no_batch():
    assert shapes("images.each=3x4x4", "targets.each.labels=value:[1]:int64", batch=3) == (
        [],
        {"images": 3 * [((3, 4, 4), "float32")], "targets": 3 * [{"labels": ((1,), "int64")}]},
    )


def test_a_value_may_itself_be_a_dictionary():
    assert shapes("kinds=value:{a:none,b:[1,2]}") == ([], {"kinds": {"a": None, "b": [1, 2]}})


def test_a_file_is_an_input(tmp_path):
    np.save(tmp_path / "batch.npy", np.arange(6, dtype=np.int64).reshape(2, 3))
    file = parse_input(f"x=@{tmp_path}/batch.npy")
    assert file.make(7, "cpu").tolist() == [[0, 1, 2], [3, 4, 5]]
    assert parse_input(str(file)) == file
    with pytest.raises(InputError, match="no such file"):
        parse_input("@missing.npy").make(1, "cpu")
    (tmp_path / "no.npy").write_text("text")
    with pytest.raises(InputError, match=r"is not an array.*numpy\.save"):
        parse_input(f"@{tmp_path}/no.npy").make(1, "cpu")


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["a=3", "a=4"], "a is given twice"), (["a=3", "a.b=4"], "lies within an input that is given whole"),
        (["a.b=3", "a=4"], "a is given twice"), (["a.1.b=3"], r"a\.0 is missing"), (["1.a=3"], "0 is missing"),
        (["a=value:[1,b]:int64"], "is not a tensor"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(texts, says):
    with pytest.raises(InputError, match=says):
        shapes(*texts)


@pytest.mark.parametrize(
    ("text", "place"),
    [("3xx4", r"character 2, 'xx4'"), ("a=3,4", r"character 4, ',4'"), ("x=exact:", "character 9, ''"),
     ("x=value:[1", r"does not end with \]"), ("3x4:int64:", "character 4"), ("x=@", "character 3, '@'")],
)  # fmt: skip
def test_what_does_not_parse_is_shown_with_its_place_and_the_grammar(text, place):
    with pytest.raises(InputError, match=place) as caught:
        parse_input(text)
    assert "[NAME=]exact:2x1000:int64" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["exact:2x9:int64", "step=value:10", "a.b=value:[1,2]:int64", "x=@batch.npy", "a.each=3"]
)
def test_every_form_prints_back(text):
    assert str(parse_input(text)) == text


def test_tensors_have_their_names_in_the_order_of_a_walk():
    texts = ("b.x=3", "7", "flag=value:true", "c=4", "b.y=5", "t.each=exact:2")
    assert name_tensors([parse_input(text) for text in texts], 2) == [None, "b.x", "b.y", "c", "t.each", "t.each"]
