"""From names to networks, and the errors of unknown names."""

import textwrap

import pytest
import torch
from torch import nn

import archcost
from archcost import sources
from archcost.errors import ArgumentError, BuildError, MissingPackageError, UnknownNetworkError


@pytest.fixture
def model_file(tmp_path, monkeypatch):
    """Return a user's file, with a neighbour that it imports."""
    (tmp_path / "neighbour.py").write_text("WIDTH = 4\n")
    (tmp_path / "model.py").write_text(
        textwrap.dedent("""
            from neighbour import WIDTH
            from torch import nn

            def build(width=WIDTH):
                return nn.Conv2d(3, width, 3)

            def broken(width=0):
                return helper(width)

            def helper(width):
                raise ValueError(f"no width {width}")

            def number():
                return 3

            instance = nn.Conv2d(3, 2, 1)
            constant = 7
        """)
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path / "model.py"


def test_a_file_is_imported_and_its_callable_called(model_file):
    report = archcost.profile(f"{model_file}:build?width=8")

    assert report.totals.weights == 8 * 3 * 3 * 3
    assert report.network.inputs[0].shape == (1, 3, 224, 224)


@pytest.mark.parametrize("where", ["", "    "], ids=["at the top", "when it is called"])
def test_neighbours_of_the_same_name_are_those_of_the_file(tmp_path, where):
    """One process loads two checkouts of a project: neither gets the other's modules."""
    for folder, width in (("before", 4), ("after", 8)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "neighbour.py").write_text(f"WIDTH = {width}\n")
        inside, outside = ("from neighbour import WIDTH", "")[:: 1 if where else -1]
        (tmp_path / folder / "model.py").write_text(
            f"from torch import nn\n{outside}\ndef build():\n    {inside or 'pass'}\n    return nn.Linear(2, WIDTH)\n"
        )
    specs = [f"{tmp_path}/{folder}/model.py:build" for folder in ("before", "after", "before")]
    assert [sources.resolve(spec).build().out_features for spec in specs] == [4, 8, 4]


def test_an_instance_is_taken_as_it_is(model_file):
    report = archcost.profile("model.py:instance")

    assert (report.totals.params, report.warnings) == (2 * 3 + 2, ())


def test_a_module_of_the_working_directory_is_found(model_file):
    assert archcost.profile("model:build").totals.params == 4 * 27 + 4


def test_the_size_after_an_at_sign_is_the_input(model_file):
    assert archcost.profile("model.py:build@32").network.inputs[0].shape == (1, 3, 32, 32)
    assert archcost.profile("resnet18@64x96").network.inputs[0].shape == (1, 3, 64, 96)


def test_in_channels_moves_the_default_input_along():
    assert archcost.profile("resnet18?in_channels=1").network.inputs[0].shape == (1, 1, 224, 224)


def test_what_a_callable_raises_is_shown_with_the_users_frames_alone(model_file):
    with pytest.raises(BuildError) as caught:
        archcost.profile("model.py:broken")

    message = str(caught.value)
    assert "broken() raised ValueError: no width 0" in message
    assert "in helper" in message
    assert "site-packages" not in message
    assert "resolve.py" not in message


@pytest.mark.parametrize(
    ("spec", "error", "says"),
    [
        ("vgg61", UnknownNetworkError, "unknown network 'vgg61'; did you mean vgg"),
        ("qqqqqq", UnknownNetworkError, "archcost list"),
        ("missing.py:build", UnknownNetworkError, "no file 'missing.py'"),
        ("model.py", UnknownNetworkError, "model.py:build"),
        ("model.py:biuld", UnknownNetworkError, "has no 'biuld'; did you mean build?"),
        ("no_such_pkg.mod:fn", UnknownNetworkError, "no module 'no_such_pkg'"),
        ("model.py:number", ArgumentError, "returned int, not a torch.nn.Module"),
        ("model.py:constant", ArgumentError, "neither a callable nor a torch.nn.Module"),
        ("vgg16?num_classes=0", ArgumentError, "num_classes must be a whole number of at least 1"),
        ("vgg16?colour=red", ArgumentError, "takes no argument 'colour'; it takes"),
        ("vgg16?config=F", ArgumentError, "there are A, B, C, D, E"),
    ],
)
def test_wrong_names_say_what_is_allowed(model_file, spec, error, says):
    with pytest.raises(error) as caught:
        archcost.profile(spec)

    assert says in str(caught.value)


def test_a_file_that_fails_to_import_names_itself(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.py").write_text("import not_installed_here\n")

    with pytest.raises(BuildError, match=r"importing bad\.py raised ModuleNotFoundError"):
        archcost.profile("bad.py:build")


def test_an_import_error_inside_a_module_is_not_called_an_unknown_network(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "half.py").write_text("import not_installed_here\n")

    with pytest.raises(BuildError, match="not_installed_here"):
        archcost.profile("half:build")


def test_a_missing_library_names_the_install_line(monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(sources.libraries.importlib, "import_module", absent)

    with pytest.raises(MissingPackageError, match="pip install timm"):
        sources.resolve("timm:resnet50")
    with pytest.raises(MissingPackageError, match="pip install torchvision"):
        sources.resolve("torchvision:resnet50")


def test_what_is_no_network_is_refused():
    with pytest.raises(ArgumentError, match="not int"):
        archcost.profile(3)


def test_wrappers_are_taken_off():
    net = nn.Sequential(nn.Conv2d(3, 4, 3))
    image = torch.zeros(1, 3, 8, 8)
    plain = archcost.profile(net, image).totals

    assert archcost.profile(nn.DataParallel(net), image).totals == plain
    assert archcost.profile(torch.compile(net, backend="eager"), image).totals == plain


@pytest.mark.peers
def test_unknown_names_of_libraries_are_corrected():
    try:
        sources.resolve("torchvision:resnet18")
    except MissingPackageError as error:
        pytest.skip(str(error))

    with pytest.raises(UnknownNetworkError, match="resnet50"):
        sources.resolve("torchvision:resnet51")
    with pytest.raises(ArgumentError, match="cannot be built"):
        archcost.profile("torchvision:resnet18?colour=red")
