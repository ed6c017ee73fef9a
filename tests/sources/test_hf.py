"""Configurations of the hub: found, changed, refused. The library here is a small fake."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import archcost
from archcost.cli import run
from archcost.errors import MissingPackageError
from archcost.sources import parse_spec, resolve

TRANSFORMERS = '''
"""A toy with the names that archcost uses of transformers."""
import torch
from torch import nn

__version__ = "9.9"


class ToyConfig:
    model_type = "toy"

    def __init__(self, hidden_size=8, num_hidden_layers=2, layer_types=None, text_config=None, dtype=None, **rest):
        self.hidden_size, self.num_hidden_layers, self.text_config = hidden_size, num_hidden_layers, text_config or {}
        self.layer_types = layer_types or num_hidden_layers * ["full"]
        self.use_pretrained_backbone = rest.get("use_pretrained_backbone", False)
        self.quantization_config = rest.get("quantization_config")

    @classmethod
    def from_dict(cls, fields):
        fields = {name: value for name, value in fields.items() if name not in ("model_type", "architectures")}
        if not isinstance(fields.get("hidden_size", 8), int):
            raise ValueError("Validation error for field 'hidden_size':") from TypeError("expected int, got str")
        return cls(**fields)

    def to_dict(self):
        return vars(self)


class PreTrainedModel(nn.Module):
    main_input_name = "input_ids"

    def __init__(self, config):
        super().__init__()
        assert len(config.layer_types) == config.num_hidden_layers
        assert not config.use_pretrained_backbone, "it would download weights"
        self.config = config
        self.table = nn.Embedding(10, config.hidden_size)
        self.layers = nn.ModuleList(
            nn.Linear(config.hidden_size, config.hidden_size, bias=False) for _ in range(config.num_hidden_layers)
        )

    @classmethod
    def _from_config(cls, config):
        return cls(config)

    @classmethod
    def from_pretrained(cls, *args, **kwargs):
        raise AssertionError("weights are asked for")

    def forward(self, input_ids=None, attention_mask=None):
        x = self.table(input_ids)
        for layer in self.layers:
            x = layer(x)
        return x


class ToyModel(PreTrainedModel):
    pass


class ToyForText(PreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.head = nn.Linear(config.hidden_size, 10, bias=False)

    def forward(self, input_ids=None):
        return self.head(super().forward(input_ids))


CONFIG_MAPPING = {"toy": ToyConfig}
MODEL_MAPPING = {ToyConfig: ToyModel}
'''


@pytest.fixture(autouse=True)
def library(tmp_path, monkeypatch):
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "transformers.py").write_text(TRANSFORMERS)
    (tmp_path / "library" / "huggingface_hub.py").write_text(
        "from pathlib import Path\n\n"
        "def try_to_load_from_cache(repository, file):\n"
        f"    found = Path({str(tmp_path)!r}, 'cache', repository, file)\n"
        "    return str(found) if found.is_file() else None\n\n"
        "def hf_hub_download(*args):\n    raise AssertionError('nobody asked for a download')\n"
    )
    for name in [name for name in sys.modules if name.partition(".")[0] in {"transformers", "huggingface_hub"}]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path / "library")
    monkeypatch.chdir(tmp_path)
    yield
    for name in ("transformers", "huggingface_hub"):
        sys.modules.pop(name, None)


def write(path, **fields):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(fields))


def params(spec):
    return archcost.profile(spec).totals.params


def test_a_model_type_is_the_librarys_default():
    report = archcost.profile("hf:toy")
    assert report.totals.params == 10 * 8 + 2 * 8 * 8
    assert report.totals.macs == 128 * 2 * 8 * 8
    assert "input_ids=128:int64, chosen from its configuration" in report.network.notes[0]


def test_fields_change_and_a_class_is_chosen():
    assert params("hf:toy?num_hidden_layers=3&hidden_size=4") == 10 * 4 + 3 * 4 * 4
    assert params("hf:toy#ToyForText@seq4?num_hidden_layers=1") == 10 * 8 + 8 * 8 + 8 * 10


@pytest.mark.parametrize(
    "spec", ["config.json", "hf:net/config.json", "hf:net", "hf:./net", "hf:mine/net", "hf:mine/net/part"]
)
def test_a_configuration_is_a_file_a_folder_or_in_the_cache(tmp_path, spec):
    for place in ("config.json", "net/config.json", "cache/mine/net/config.json", "cache/mine/net/part/config.json"):
        write(tmp_path / place, model_type="toy", architectures=["ToyForText"], hidden_size=4)
    assert params(spec) == 10 * 4 + 2 * 4 * 4 + 4 * 10


def test_lists_with_an_entry_for_each_layer_follow(tmp_path):
    write(tmp_path / "config.json", model_type="toy", num_hidden_layers=4, layer_types=4 * ["full"])
    assert params("config.json?num_hidden_layers=2") == 10 * 8 + 2 * 8 * 8
    assert params("config.json?num_hidden_layers=6") == 10 * 8 + 6 * 8 * 8


def test_no_backbone_fetches_weights_and_quantized_weights_are_told(tmp_path):
    write(tmp_path / "config.json", model_type="toy", use_pretrained_backbone=True, quantization_config={"bits": 4})
    assert "quantized" in archcost.profile("config.json").network.notes[0]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("hf:tyo", "transformers 9.9 knows no model type 'tyo'; did you mean toy?"),
        ("hf:toy#ToyModle", "has no class 'ToyModle'; did you mean ToyModel"),
        ("hf:toy?hiden_size=3", "toy has no field 'hiden_size'; did you mean hidden_size?"),
        ("missing.json", "there is no file 'missing.json'"),
        ("hf:missing.json", "there is no file 'missing.json'"),
        ("hf:./missing", "there is no folder './missing'"),
        ("hf:no/such", "--download fetches its config.json, and nothing else"),
        ("broken.json", "broken.json cannot be read as JSON"),
        ("other.json", "neither model_type (of transformers) nor _class_name"),
        ("strange.json", "knows no model type 'strange'; .*; its code is on the hub"),
        ("headless.json", "names no class, and transformers has no default class for 'headless'; add one: #CLASS"),
        ("hf:", "names no network"),
        ("hf:#ToyModel", "names no configuration; write hf:CONFIG#CLASS"),
        ("hf:toy#ToyConfig", "ToyConfig of transformers is not a network"),
        ("hf:ä b", "knows no model type 'ä b'"),
        ("deep.json", "deep.json cannot be read as JSON"),
        ("list.json", "architectures is not a list of texts"),
        ("number.json", "model_type is not a text"),
        ("none.json", "none.json has no model_type"),
        ("tower.json", "tower.json: num_hidden_layers is 1,000,000,000,000; archcost builds at most 10,000 layers"),
        ("hf:toy?hidden_size=x", "toy: ToyConfig refuses these fields: TypeError: expected int, got str"),
        ("hf:toy@64", "@64x64 is for networks that take images; ToyModel takes input_ids=128:int64"),
    ],
)
def test_wrong_names_are_one_sentence_and_exit_2(tmp_path, spec, says, capsys):
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    write(tmp_path / "list.json", model_type="toy", architectures=[3])
    write(tmp_path / "number.json", model_type=3)
    write(tmp_path / "none.json", architectures=["ToyModel"])
    write(tmp_path / "tower.json", model_type="toy", num_hidden_layers=10**12)
    write(tmp_path / "other.json", colour="red")
    write(tmp_path / "strange.json", model_type="strange", auto_map={"AutoModel": "code.Strange"})
    write(tmp_path / "headless.json", model_type="headless")
    import transformers

    transformers.CONFIG_MAPPING["headless"] = type("Headless", (transformers.ToyConfig,), {})
    assert run(["profile", spec]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    for part in says.split(".*"):
        assert part in error


def test_a_missing_library_says_how_it_is_installed(tmp_path, monkeypatch):
    (tmp_path / "library" / "transformers.py").unlink()
    (tmp_path / "library" / "transformers.py").write_text("raise ModuleNotFoundError('no', name='transformers')")
    with pytest.raises(MissingPackageError, match="pip install transformers"):
        resolve("hf:toy")


def test_which_part_of_a_name_is_a_file():
    assert (parse_spec("nets/config.json#A").kind, parse_spec("nets/config.json#A").file) == ("hf", "nets/config.json")
    assert parse_spec("hf:toy").file == ""


class _Hub(BaseHTTPRequestHandler):
    """Serves one configuration, and records the requests."""

    asked: list[str]
    body = b'{"model_type": "toy"}'

    def do_HEAD(self):
        self.reply(b"")

    def do_GET(self):
        self.reply(self.body)

    def reply(self, body):
        self.asked.append(f"{self.command} {self.path}")
        found = self.path == "/mine/net/resolve/main/config.json"
        self.send_response(200 if found else 404)
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(body if found else b"")

    def log_message(self, *args):
        pass


def test_download_fetches_the_configuration_and_nothing_else(tmp_path):
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Hub", (_Hub,), {"asked": asked}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    code = (
        "from archcost.sources.hub import fetch_config, find_config\n"
        "print(fetch_config('mine/net'), find_config('mine/net').read_text())\n"
        "try: fetch_config('mine/missing')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    hub = {"HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}", "HF_HOME": str(tmp_path / "hub")}
    try:
        pytest.importorskip("importlib.metadata").version("huggingface_hub")
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path,
            env={**os.environ, **hub, "HF_HUB_DISABLE_TELEMETRY": "1"},
        )  # fmt: skip
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert done.returncode == 0, done.stderr
    assert '{"model_type": "toy"}' in done.stdout
    assert "UnknownNetworkError config.json of mine/missing could not be fetched" in done.stdout
    assert {each.partition(" ")[2] for each in asked} == {
        "/mine/net/resolve/main/config.json",
        "/mine/missing/resolve/main/config.json",
    }
