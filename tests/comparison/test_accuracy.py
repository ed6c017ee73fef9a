"""The table of published accuracies, the choice of a figure, and a user's figures."""

import pytest

from archcost.comparison.accuracy import find_accuracy, list_protocols, read_accuracies, read_published
from archcost.errors import TableError
from archcost.records import PROTOCOLS
from archcost.zoo import REGISTRY


def top1(spec, side=224, protocol="single-crop", table=None, **more):
    found = find_accuracy(spec, read_published() if table is None else table, protocol=protocol, side=side, **more)
    return None if found is None else found.top1


def test_every_figure_names_networks_that_exist_and_has_a_source():
    ids = {entry.id for entry in REGISTRY}
    for figure in read_published():
        assert all(name in ids or name.startswith(("torchvision:", "timm:")) for name in figure.networks), figure
        assert figure.source
        assert figure.protocol in PROTOCOLS
        assert figure.top1_error is not None or figure.top5_error is not None


def test_top5_errors_are_below_top1_errors():
    both = [figure for figure in read_published() if figure.top1_error is not None and figure.top5_error is not None]
    assert len(both) > 150
    assert [figure for figure in both if not figure.top5_error < figure.top1_error] == []


def test_figures_of_the_lectures():
    """Each figure is printed in its paper or repository."""
    assert top1("resnet50") == 75.3  # 24.7, one crop
    assert top1("resnet50", protocol="10-crop") == 77.15  # 22.85
    assert top1("resnet50", protocol="dense-multi-scale") == 79.26  # 20.74
    assert top1("resnet50_v1.5") == 75.99  # 24.01
    assert top1("vgg16", side=256, protocol="dense") == 73  # 27.0
    assert top1("mobilenet_v1") == 70.6
    assert top1("alexnet_grouped", side=227, protocol="10-crop") == 59.3  # 40.7
    found = find_accuracy("googlenet", read_published(), protocol="10-crop", side=224)
    assert (found.top5, found.top1) == (90.85, None)  # the paper prints only top-5


def test_a_figure_holds_for_its_own_input_alone():
    assert top1("mobilenet_v1@160", side=160) == 67.2
    assert top1("resnet152", side=320) == 78.7
    assert top1("resnet152", side=256) is None
    assert top1("resnet152", side=None) is not None


def test_names_are_found_as_users_write_them():
    assert top1("MobileNet_V1") == top1("mobilenet_v1_1.0") == 70.6
    assert top1("torchvision:resnet50") == 76.13
    assert top1("resnet50?num_classes=10") is None  # another network


def test_protocols_are_listed_for_who_asks_for_another():
    assert list_protocols("plain34", read_published()) == ("10-crop at 224",)
    assert list_protocols("alexnet_lecture", read_published()) == ()


def mine(tmp_path, text):
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    return read_accuracies(path)


def test_own_figures_go_first_and_fit_any_input(tmp_path):
    own = mine(tmp_path, "networks,top1,top5\nmodel.py:build,81.5,95\nresnet50,80,\n")
    table = (*own, *read_published())
    assert top1("model.py:build", table=table, side=32) == 81.5
    assert top1("resnet50", table=table) == 80
    assert own[0].source.endswith("mine.csv")
    assert own[0].top5_error == 5


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("a,nan,", "top1", "nan"),
        ("a,-1,", "top1", "-1 is not a number from 0 to 100"),
        ("a,100.5,", "top1", "100.5"),
        ("a,,many", "top1_error", "'many' is not a number"),
        ("a,70,30", "top1", "one of them is enough"),
        ("a,,", "top1", "neither a top-1 nor a top-5"),
        (",70,", "networks", "names no network"),
    ],
)
def test_a_wrong_figure_is_refused_with_file_line_and_column(tmp_path, line, column, reason):
    with pytest.raises(TableError, match=rf"mine\.csv, line 3, column '{column}': .*{reason}"):
        mine(tmp_path, f"networks,top1,top1_error\nb,50,\n{line}\n")


def test_an_unknown_protocol_is_refused(tmp_path):
    with pytest.raises(TableError, match="column 'protocol': 'center' is not one of single-crop"):
        mine(tmp_path, "networks,top1,protocol\nb,50,center\n")
