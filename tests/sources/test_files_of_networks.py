"""Networks and weights in files: exported programs, TorchScript, headers of safetensors and gguf."""

import json
import pickle
import struct
import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

import archcost
from archcost.cli import run
from archcost.errors import UnknownNetworkError
from archcost.sources.headers import read_header


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("dynamic", [False, True])
def test_an_exported_program_is_run_on_what_it_was_exported_with(folder, dynamic):
    batch = {0: torch.export.Dim("batch", min=1, max=99)} if dynamic else None
    program = torch.export.export(nn.Linear(3, 5, bias=False).eval(), (torch.zeros(2, 7, 3),), dynamic_shapes=(batch,))
    torch.export.save(program, "net.pt2")
    assert archcost.profile("net.pt2").totals.macs == (1 if dynamic else 2) * 7 * 3 * 5
    if dynamic:
        assert archcost.profile("net.pt2", batch=4).totals.macs == 4 * 7 * 3 * 5


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_torchscript_is_loaded_with_a_warning(folder):
    torch.jit.save(torch.jit.trace(nn.Linear(3, 5, bias=False), torch.zeros(1, 3)), "net.pt")
    report = archcost.profile("net.pt", [archcost.sources.parse_input("3")])
    assert report.totals.macs == 15
    assert "loading a TorchScript archive runs its code" in report.network.notes[0]


def test_files_that_are_something_else_are_refused(folder, capsys):
    torch.save({"w": torch.zeros(3)}, folder / "weights.pt")
    (folder / "text.pt2").write_text("text")
    (folder / "text.safetensors").write_bytes(b"\xff" * 20)
    (folder / "text.gguf").write_bytes(b"GGUX" + bytes(20))
    for spec, code, says in [
        ("weights.pt", 2, "is not a TorchScript archive; weights alone"), ("missing.pt2", 2, "no file 'missing.pt2'"),
        ("text.pt2", 3, "is not an exported program that this torch reads"),
        ("missing.gguf", 2, "no file 'missing.gguf'"),
        ("text.safetensors", 2, "has no header of its kind"), ("text.gguf", 2, "has no header of its kind"),
    ]:  # fmt: skip
        assert run(["profile", spec]) == code
        error = capsys.readouterr().err
        assert says in error
        assert len(error.splitlines()) == 1


def write_safetensors(path, tensors):
    header = json.dumps(tensors).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)  # the tensors are missing, since nothing reads them


@pytest.mark.parametrize(
    "entry",
    [
        {"shape": [-4], "data_offsets": [64, 0]},
        {"shape": [4.5], "data_offsets": [0, 18]},
        {"shape": ["x"], "data_offsets": [0, 4]},
        {"shape": [True], "data_offsets": [0, 4]},
        {"shape": [4], "data_offsets": [0, 2**62]},
        {"shape": [4], "data_offsets": [0, 1e308]},
        {"shape": [2**62, 2**62], "data_offsets": [0, 2**62]},
        {"shape": 4, "data_offsets": [0, 16]},
        {"shape": [4]},
        [],
    ],
)
def test_a_header_with_impossible_tensors_is_damaged(folder, entry):
    write_safetensors(folder / "w.safetensors", {"w": entry and {"dtype": "F32", **entry}})
    with pytest.raises(UnknownNetworkError, match="damaged"):
        read_header("w.safetensors")


@pytest.mark.parametrize("header", [b"[" * 100_000, b'{"a":' * 100_000, b"[1]", b"3", b"\xff"])
def test_a_header_that_is_not_a_dictionary_is_damaged(folder, header):
    (folder / "w.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    with pytest.raises(UnknownNetworkError, match="damaged"):
        read_header("w.safetensors")


@pytest.mark.parametrize(
    "body",
    [
        struct.pack("<IQQ", 3, 2**63, 0),  # tensors
        struct.pack("<IQQ", 3, 0, 2**63),  # entries of the metadata
        struct.pack("<IQQQ", 3, 0, 1, 2**62),  # letters of a name
        struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<IIQ", 9, 9, 2**63),  # lists in a list
        struct.pack("<IQQQ", 3, 1, 0, 1) + b"a" + struct.pack("<I", 2**32 - 1),  # axes
        struct.pack("<IQQQ", 3, 1, 0, 1) + b"a" + struct.pack("<IQQIQ", 2, 2**63, 2**63, 0, 0),  # elements
        struct.pack("<IQQQ", 3, 1, 0, 1) + b"a" + struct.pack("<IQIQ", 1, 4, 99, 0),  # an unknown type
    ],
)
def test_a_gguf_with_absurd_counts_is_damaged(folder, body):
    (folder / "w.gguf").write_bytes(b"GGUF" + body)
    with pytest.raises(UnknownNetworkError, match="damaged"):
        read_header("w.gguf")


@pytest.mark.parametrize("name", ["bomb.pt2", "bomb.pt"])
def test_an_archive_that_unpacks_to_far_more_is_not_opened(folder, capsys, name):
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/code/x.py", bytes(101 << 20))
    assert run(["profile", name]) == 2
    assert "unpacks from 103.1 kB to 105.9 MB; torch does not compress its archives" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["evil.pt", "evil.pt2", "zipped.pt"])
def test_a_pickle_is_never_unpickled(folder, name):
    class Evil:
        def __reduce__(self):
            return Path.touch, (folder / "touched",)

    if name == "zipped.pt":
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps(Evil()))
    else:
        (folder / name).write_bytes(pickle.dumps(Evil()))
    assert run(["profile", name]) in {2, 3}
    assert not (folder / "touched").exists()


def test_weights_are_read_from_the_header_alone(folder, capsys):
    write_safetensors(
        folder / "w.safetensors",
        {
            "__metadata__": {"format": "pt"},
            "model.layers.0.q.weight": {"dtype": "BF16", "shape": [3, 4], "data_offsets": [0, 24]},
            "model.layers.0.q.bias": {"dtype": "F32", "shape": [3], "data_offsets": [24, 36]},
            "model.layers.1.q.weight": {"dtype": "BF16", "shape": [3, 4], "data_offsets": [36, 60]},
            "head.weight": {"dtype": "F32", "shape": [2], "data_offsets": [60, 68]},
        },
    )
    assert run(["profile", "w.safetensors", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["total"] == {"prefix": "Total", "tensors": 4, "params": 29, "bytes": 68, "dtypes": "BF16 F32"}
    assert [(each["prefix"], each["params"]) for each in found["prefixes"]] == [
        ("model.layers.0", 15), ("model.layers.1", 12), ("head", 2),
    ]  # fmt: skip
    assert run(["profile", "w.safetensors", "--depth", "1"]) == 0
    shown = capsys.readouterr().out
    assert "no multiply-adds" in shown
    assert "layers" not in shown
    assert run(["fit", "w.safetensors", "--memory", "1GB"]) == 2
    with pytest.raises(UnknownNetworkError, match="holds weights and no network"):
        archcost.profile("w.safetensors")


def text(value):
    return struct.pack("<Q", len(value)) + value.encode()


def test_gguf_has_blocks_of_weights(folder):
    metadata = [
        text("general.name") + struct.pack("<I", 8) + text("toy"),
        text("tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("bc"),
        text("count") + struct.pack("<II", 4, 7),
    ]
    tensors = [
        text("blk.0.attn.weight") + struct.pack("<IQQIQ", 2, 256, 3, 12, 0),  # Q4_K: 256 weights in 144 bytes
        text("output.weight") + struct.pack("<IQIQ", 1, 5, 1, 432),  # F16
    ]
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    (folder / "w.gguf").write_bytes(head + b"".join(metadata + tensors))
    attention, output = read_header("w.gguf")
    assert (attention.shape, attention.dtype, attention.nbytes) == ((3, 256), "Q4_K", 3 * 144)
    assert (output.name, output.elements, output.nbytes) == ("output.weight", 5, 10)
    (folder / "cut.gguf").write_bytes((head + b"".join(metadata + tensors))[:-9])
    with pytest.raises(UnknownNetworkError, match="damaged"):
        read_header("cut.gguf")
