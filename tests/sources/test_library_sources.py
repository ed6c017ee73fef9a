"""Networks of other libraries by name: their arguments and inputs, and the errors."""

import importlib
import sys

import pytest
import torch
from click.testing import CliRunner
from sources.toy_libraries import LIBRARIES, PACKAGES

import archcost
from archcost.cli import archcost as command, run
from archcost.errors import BuildError
from archcost.sources import resolve

SOURCES = {
    "hf:llama": "transformers", "transformers:BertModel?num_hidden_layers=2": "transformers",
    "timm:resnet18": "timm", "torchvision:resnet18": "torchvision", "yolo11n.yaml": "ultralytics",
    "smp:Unet": "segmentation-models-pytorch", "open_clip:ViT-B-32": "open_clip_torch", "diffusers:UNet": "diffusers",
    "monai:UNet": "monai", "pyg:GCN": "torch_geometric", "ultralytics:yolo11n": "ultralytics",
}  # fmt: skip


@pytest.fixture
def libraries(tmp_path, monkeypatch):
    for name, text in LIBRARIES.items():
        file = tmp_path / "library" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    loaded = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in PACKAGES}
    for name in loaded:
        del sys.modules[name]
    monkeypatch.syspath_prepend(tmp_path / "library")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
        del sys.modules[name]
    sys.modules.update(loaded)


@pytest.mark.parametrize(
    ("spec", "macs"),
    [
        ("smp:Unet", 224 * 224 * 3), ("smp:Unet@32?in_channels=1&classes=2", 32 * 32 * 2),
        ("open_clip:ViT-B-32", 2 * 2 * 2 * 3 * 16), ("diffusers:UNet", 8 * 8 * 4 * 2),
        ("diffusers:UNet@16?in_channels=1", 16 * 16 * 2), ("monai:UNet", 96**3 * 2),
        ("monai:UNet?spatial_dims=2&channels=[4,8]&out_channels=3", 96**2 * 3), ("pyg:GCN", 2708 * 1433 * 64),
        ("pyg:GCN?in_channels=10&hidden_channels=3", 2708 * 10 * 3), ("ultralytics:yolo11n", 640 * 640 * 3 * 80),
        ("yolo11s.yaml@64?nc=2", 64 * 64 * 3 * 2), ("ultralytics:own.yaml@64?nc=2", 64 * 64 * 3 * 2),
    ],
)  # fmt: skip
def test_networks_are_built_and_run_as_their_library_means_it(libraries, spec, macs):
    (libraries / "own.yaml").write_text(LIBRARIES["ultralytics/cfg/models/11/yolo11.yaml"])
    assert archcost.profile(spec).totals.macs == macs


def test_a_network_of_ultralytics_trains_on_its_own_loss(libraries):
    report = archcost.profile("ultralytics:yolo11n@8?nc=3", train="sgd")
    image, *targets = report.network.inputs
    assert (image.name, image.shape) == ("x.img", (1, 3, 8, 8))
    assert [each.name for each in targets] == ["x.batch_idx", "x.cls", "x.bboxes"]
    assert report.totals.backward_macs == 8 * 8 * 3 * 3
    assert len(archcost.profile("ultralytics:yolo11n@8?nc=3").network.inputs) == 1


def test_the_head_of_a_file_chooses_the_class(libraries):
    (libraries / "own.yaml").write_text('{"backbone": [], "head": [[-1, 1, "RTDETRDecoder", ["nc"]]]}')
    with torch.device("meta"):
        assert type(resolve("own.yaml").build()).__name__ == "Finder"
        assert type(resolve("ultralytics:yolo11n").build()).__name__ == "Detector"


def test_what_a_class_demands_and_nobody_gave_is_said(libraries):
    assert (
        "it was built with hidden_channels=64, num_layers=2"
        in archcost.profile("pyg:GCN?in_channels=3").network.notes[0]
    )


def test_weights_are_never_fetched(libraries):
    with pytest.raises(BuildError, match=r"wants to fetch something from weights\.example\.org; archcost fetches no"):
        resolve("smp:Unet?encoder_weights=imagenet").build()


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("smp:Unett", "has no network 'Unett'; did you mean Unet"), ("open_clip:ViT-B-33", "did you mean ViT-B-32"),
        ("diffusers:UNot", "did you mean UNet"), ("monai:Unot", "did you mean UNet"), ("pyg:GCM", "did you mean GCN"),
        ("ultralytics:yolo99n", "did you mean yolo11"), ("yolo99n.yaml", "did you mean yolo11"),
        ("nets/missing.yaml", "there is no file 'nets/missing.yaml'"), ("empty.yaml", "it has no backbone"),
        ("smp:Unet?colour=red", "arguments are written ?name=value"),
    ],
)  # fmt: skip
def test_wrong_names_are_one_sentence(libraries, capsys, spec, says):
    (libraries / "empty.yaml").write_text("{}")
    assert run(["profile", spec]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize("spec", SOURCES)
def test_a_missing_library_is_one_sentence_with_the_install_line(monkeypatch, capsys, spec):
    real = importlib.import_module

    def absent(name, *args):
        if name.partition(".")[0] in {*PACKAGES, "transformers", "timm", "torchvision"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name.partition(".")[0])
        return real(name, *args)

    monkeypatch.setattr(importlib, "import_module", absent)
    assert run(["profile", spec]) == 3
    error = capsys.readouterr().err
    assert f"run `pip install {SOURCES[spec]}`" in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"backbone": "x", "head": 3}', "'x' in backbone is not a row [from, repeats, module, arguments]"),
        ('{"backbone": [[-1, 100000000, "Conv", [8]]], "head": []}', "with at most 1,000 repeats"),
    ],
)
def test_a_file_of_ultralytics_without_rows_is_refused(libraries, capsys, text, says):
    (libraries / "own.yaml").write_text(text)
    assert run(["profile", "own.yaml"]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert len(error.splitlines()) == 1


def test_what_is_not_a_network_is_one_sentence(libraries, capsys):
    assert run(["profile", "diffusers:Scheduler"]) == 2
    assert "diffusers:Scheduler is a Scheduler, not a torch.nn.Module" in capsys.readouterr().err
    (libraries / "config.json").write_text('{"_class_name": "Scheduler"}')
    assert run(["profile", "config.json"]) == 2
    assert "Scheduler of config.json is a Scheduler, not a torch.nn.Module" in capsys.readouterr().err


def test_a_configuration_of_diffusers_is_a_file_too(libraries, capsys):
    (libraries / "config.json").write_text('{"_class_name": "UNet", "sample_size": 4}')
    (libraries / "model_index.json").write_text('{"_class_name": "Pipeline"}')
    assert archcost.profile("config.json?in_channels=2").totals.macs == 4 * 4 * 2 * 2
    assert run(["profile", "model_index.json"]) == 2
    assert run(["profile", "config.json?chanels=2"]) == 2
    assert run(["profile", "hf:config.json#UNett"]) == 2
    error = capsys.readouterr().err
    for says in (
        "Pipeline, which is not a network",
        "has no field 'chanels'",
        "has no class 'UNett'; did you mean UNet",
    ):
        assert says in error


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("huggingface:llama", "there is no module 'huggingface' and no such source; did you mean hf:llama?"),
        ("tims:resnet50", "there is no module 'tims' and no such source; did you mean timm:?"),
        ("yolo:yolo11n", "did you mean ultralytics:yolo11n?"),
        ("no_such_package.nets:build", "write hf:CONFIG, timm:NAME"),
    ],
)
def test_a_near_miss_of_a_source_is_recognised(capsys, spec, says):
    assert run(["profile", spec]) == 2
    assert says in capsys.readouterr().err


def test_sources_are_listed():
    shown = CliRunner().invoke(command, ["list", "--sources", "--format", "csv"]).stdout
    assert "smp:CLASS" in shown
    assert "pip install open_clip_torch" in shown
    assert "smp:CLASS" not in CliRunner().invoke(command, ["list", "volumes", "--sources", "--format", "csv"]).stdout
