"""The command line: streams, exit codes, and imported modules.

A command that needs no process of its own runs in this one.
"""

import csv
import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from archcost import __version__
from archcost.cli import COMMANDS
from archcost.records import Report
from archcost.zoo import REGISTRY

HEAVY = {"torch", "numpy", "pandas", "matplotlib", "rich", "fvcore"}


def process(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "archcost", *arguments], capture_output=True, text=True, check=False, cwd=cwd
    )


def imported(*arguments, **environment):
    """Return the imported modules at the end of a command, and its output."""
    told = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
    done = subprocess.run(
        [sys.executable, "-c", f"{told} from archcost.cli import main; main()", *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip
    return set(done.stderr.splitlines()[-1].split()), done.stdout


def ours(modules):
    """Return the modules below archcost."""
    return {name.removeprefix("archcost.") for name in modules if name.startswith("archcost.")}


def completing(line):
    """Return the environment by which bash requests the completion of a line's last word."""
    words = line.split(" ")
    return {"_ARCHCOST_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}


LIGHT = [
    ["--help"], ["--version"], ["list"], ["list", "inception"], ["list", "--format", "json"],
    *([name, "--help"] for name in COMMANDS), ["profile"], ["no-such-command"],
]  # fmt: skip


@pytest.mark.parametrize("arguments", LIGHT, ids=" ".join)
def test_help_and_list_import_nothing_heavy(arguments):
    found, _ = imported(*arguments)

    assert "click" in found  # the account is not empty
    assert not found & HEAVY
    light = {
        "charts", "choices", "cli", "display", "errors", "metrics", "page", "records", "releases", "render", "sources",
        "units", "zoo",
    }  # fmt: skip
    assert {name.partition(".")[0] for name in ours(found)} <= light


def test_a_network_of_the_zoo_imports_no_other_source():
    """The table of sources is read to find a name; nothing behind it is."""
    found, _ = imported("profile", "vgg16", "--format", "json")

    libraries = {
        "transformers", "diffusers", "torchvision", "timm", "ultralytics", "segmentation_models_pytorch", "open_clip",
        "monai", "torch_geometric", "huggingface_hub",
    }  # fmt: skip
    behind = {"configured", "configured_transformers", "configured_diffusers", "targets", "torchvision_operators"}
    assert "torch" in found
    assert not found & libraries
    assert not ours(found) & {f"sources.{name}" for name in behind}


OPTIONS = {
    "choices", "cli.groups", "cli.options", "cli.output", "cli.progress", "cli.steps", "page", "page.document",
    "page.formats", "page.target", "releases",
}  # fmt: skip
COMPLETED = {
    "archcost ": (set(COMMANDS), set()),
    "archcost pro": ({"profile"}, set()),
    "archcost profile --tr": ({"--train", "--train-only"}, {*OPTIONS, "cli.profile", "cli.sweeping"}),
    "archcost profile resnet15": (
        {entry.id for entry in REGISTRY if entry.id.startswith("resnet15")}, {*OPTIONS, "cli.profile", "cli.sweeping"},
    ),
    "archcost diff vgg16 squeeze": (
        {entry.id for entry in REGISTRY if entry.id.startswith("squeeze")}, {*OPTIONS, "cli.verdict", "cli.diff"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("line", COMPLETED)
def test_the_shell_completes_commands_options_and_networks_by_what_they_need_alone(line):
    words, needed = COMPLETED[line]
    found, answer = imported(**completing(line))

    assert words
    assert {word for kind, word in csv.reader(answer.splitlines()) if kind == "plain"} == words
    light = ("zoo", "sources", "units")  # modules that know the names
    assert {name for name in ours(found) if not name.startswith(light)} == {"cli", "display", "errors", *needed}
    assert not found & {*HEAVY, "tempfile"}


def test_a_file_can_be_named_wherever_a_network_can():
    _, answer = imported(**completing("archcost profile models/my_"))

    assert answer.splitlines() == ["file,models/my_"]


def test_a_walk_does_import_torch():
    """The test above can fail."""
    found, printed = imported("profile", "lenet5")

    assert "torch" in found
    assert "rich" not in found  # it draws only on terminals
    assert "60,000" in printed


def test_profile_prints_the_table_to_stdout_alone(archcost):
    done = archcost("profile", "lenet5", "--color", "never")

    assert (done.returncode, done.stderr) == (0, "")
    assert "60,000" in done.stdout
    assert "\x1b" not in done.stdout


def test_json_on_stdout_parses_while_notes_go_to_stderr(archcost, tmp_path):
    (tmp_path / "net.py").write_text(
        textwrap.dedent("""
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(3, 4, 3)

                def forward(self, x):
                    return self.conv(x) if x.sum().item() > -1e9 else x
        """)
    )
    done = archcost("profile", "net.py:Net", "--device", "auto", "--format", "json", cwd=tmp_path)

    assert done.returncode == 0
    assert "ran" in done.stderr or "run on the CPU" in done.stderr
    assert json.loads(done.stdout)["totals"]["macs"] == 4 * 27 * 222 * 222
    assert Report.from_json(done.stdout).to_json() == done.stdout


def test_a_page_is_written_where_the_suffix_asks_for_one(archcost, tmp_path):
    done = archcost("profile", "lenet5", "--sort", "macs", "-o", "lenet5.html", cwd=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "lenet5.html").read_text().startswith("<!doctype html>")


def test_quiet_prints_no_note(archcost, tmp_path):
    (tmp_path / "net.py").write_text(
        "import torch\nfrom torch import nn\n\nclass Net(nn.Module):\n"
        "    def forward(self, x):\n        return x * x.max().item()\n"
    )

    assert "note" in archcost("profile", "net.py:Net", "--format", "json", cwd=tmp_path).stderr
    assert archcost("profile", "net.py:Net", "--format", "json", "-q", cwd=tmp_path).stderr == ""


def test_two_runs_give_the_same_bytes():
    first, second = (json.loads(process("profile", "nin_cifar10", "--format", "json").stdout) for _ in range(2))
    first.pop("environment"), second.pop("environment")

    assert json.dumps(first) == json.dumps(second)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["profile", "vgg61"], 2, "did you mean vgg"),
        (["profile", "missing.py:build"], 2, "no file 'missing.py'"),
        (["profile", "lenet5", "--input", "3;4"], 2, "3x224x224"),
        (["profile", "lenet5", "-o", "no/such/folder/x.json"], 2, "no folder"),
        (["profile", "lenet5", "-o", "x.xyz"], 2, "suffix"),
        (
            ["list", "-o", "x.xml"],
            2,
            "must be one of .txt, .json, .csv, .md, .markdown, .tex, .html, or give --format",
        ),
        (["profile", "lenet5", "-o", "."], 2, "folder"),
        (["profile", "lenet5", "--columns", "mac"], 2, "did you mean macs"),
        (["profile", "lenet5", "--sort", "speed"], 2, "no quantity 'speed'"),
        (["profile", "lenet5", "--depth", "2"], 2, "--view modules"),
        (["profile", "lenet5", "--batch", "-1"], 2, "batch"),
        (["profile", "lenet5", "--device", "tpu9"], 2, "no device 'tpu9'"),
        (["profile", "lenet5?num_classes=0"], 2, "at least 1"),
        (["profile", "vgg16", "--batch", "2", "--view", "lecture"], 2, "not for a batch of 2"),
        (["profile", "vgg16", "--input", "3x16x16"], 3, "smallest square input that runs is 224x224"),
        (
            ["profile", "vgg16", "--input", "3x100x100"],
            3,
            "classifier.0 (Linear), given 1x4608, with weight 4096x25088",
        ),
        (["profile", "vgg16", "--input", "1x224x224"], 3, "features.0"),
        (["profile", "vgg16@31"], 3, "It takes 3x224x224 by default; the smallest square input that runs is 224x224"),
        (["profile", "squeezenet1_0@8"], 3, "the smallest square input that runs is 21x21, and larger ones"),
        (["profile"], 2, "Missing argument"),
        (["vgg16"], 2, "archcost profile vgg16"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_wrong_is_said_on_stderr_with_its_exit_code(archcost, arguments, code, says, tmp_path):
    done = archcost(*arguments, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (code, "")
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback(archcost):
    done = archcost("profile", "vgg61", "--debug")

    assert done.returncode == 2
    assert "Traceback" in done.stderr


def test_strict_fails_on_an_operator_without_a_rule(archcost, tmp_path):
    (tmp_path / "net.py").write_text(
        textwrap.dedent("""
            import torch
            from torch import nn

            @torch.library.custom_op("mylib::twist", mutates_args=())
            def twist(x: torch.Tensor) -> torch.Tensor:
                return x.clone()

            @twist.register_fake
            def _(x):
                return torch.empty_like(x)

            class Net(nn.Module):
                def forward(self, x):
                    return twist(x)
        """)
    )
    loose = archcost("profile", "net.py:Net", cwd=tmp_path)
    strict = archcost("profile", "net.py:Net", "--strict", cwd=tmp_path)

    assert loose.returncode == 0
    assert "mylib.twist" in loose.stdout
    assert strict.returncode == 1
    assert "mylib.twist (1x)" in strict.stderr


def test_a_file_is_written_whole_and_its_suffix_chooses_the_format(archcost, tmp_path):
    for name, start in (("a.json", "{"), ("a.csv", "name,"), ("a.md", "|"), ("a.txt", "")):
        done = archcost("profile", "lenet5", "-o", name, cwd=tmp_path)
        text = (tmp_path / name).read_text()

        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert text.lstrip("#").lstrip().startswith(start) or start in text
        assert text.endswith("\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.json", "a.md", "a.txt"]
    (tmp_path / "a.csv").chmod(0o640)
    archcost("profile", "lenet5", "-o", "a.csv", cwd=tmp_path)
    assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) == 0o640  # the permissions stay unchanged


def test_a_walk_ends_at_once_with_everything_written_and_the_handlers_of_the_exit_called(tmp_path):
    (tmp_path / "net.py").write_text(
        "import atexit, pathlib\nfrom torch import nn\n\n"
        "def build():\n    atexit.register(pathlib.Path('left').touch)\n    return nn.Flatten()\n"
    )
    done = process("profile", "net.py:build", "--format", "json", "--strict", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert Report.from_json(done.stdout).totals.macs == 0
    assert (tmp_path / "left").exists()
    assert process("profile", "net.py:no_such", cwd=tmp_path).returncode == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", [["list"], ["profile", "lenet5"]], ids=" ".join)
def test_a_full_disk_is_an_error_not_a_traceback(command):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "archcost", *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert done.returncode == 3
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "archcost", "list"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (0, "")


def test_an_interrupt_ends_with_130(tmp_path):
    (tmp_path / "net.py").write_text(
        "import time\n\ndef build():\n    print('building', flush=True)\n    time.sleep(60)\n"
    )
    running = subprocess.Popen(
        [sys.executable, "-m", "archcost", "profile", "net.py:build"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert running.stderr.readline() == "building\n"
    time.sleep(0.2)
    running.send_signal(signal.SIGINT)
    _, stderr = running.communicate(timeout=30)

    assert running.returncode == 130
    assert "interrupted" in stderr
    assert "Traceback" not in stderr


def test_version_is_the_packages(archcost):
    assert archcost("--version").stdout.strip().endswith(__version__)


def test_what_a_network_prints_does_not_spoil_the_result(tmp_path):
    (tmp_path / "net.py").write_text(
        "from torch import nn\n\ndef build():\n    print('building')\n    return nn.Conv2d(3, 4, 3)\n"
    )
    done = process("profile", "net.py:build", "--format", "json", cwd=tmp_path)

    assert json.loads(done.stdout)["totals"]["weights"] == 4 * 27
    assert "building" in done.stderr


@pytest.mark.parametrize("where", ["build", "forward"])
def test_a_network_that_exits_is_an_error_of_its_own(archcost, tmp_path, where):
    (tmp_path / "net.py").write_text(
        textwrap.dedent(f"""
            import sys
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    if {where!r} == "build":
                        sys.exit(5)

                def forward(self, x):
                    sys.exit(5)
        """)
    )
    done = archcost("profile", "net.py:Net", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (3, "")
    assert "SystemExit: 5" in done.stderr


def test_a_missing_argument_and_a_syntax_error_say_so(archcost, tmp_path):
    (tmp_path / "net.py").write_text("def build(width):\n    return width\n")
    (tmp_path / "typo.py").write_text("def build(:\n")
    missing = archcost("profile", "net.py:build", cwd=tmp_path)
    typo = archcost("profile", "typo.py:build", cwd=tmp_path)

    assert (missing.returncode, typo.returncode) == (2, 3)
    assert "missing 1 required positional argument: 'width'; arguments are written ?name=value" in missing.stderr
    assert "typo.py" in typo.stderr
    assert "^" in typo.stderr
    assert "frozen" not in typo.stderr


def test_a_forward_that_raises_names_the_users_line(archcost, tmp_path):
    (tmp_path / "net.py").write_text(
        "from torch import nn\n\nclass Net(nn.Module):\n    def forward(self, x):\n        return {}['key']\n"
    )
    done = archcost("profile", "net.py:Net", cwd=tmp_path)

    assert done.returncode == 3
    assert "KeyError: 'key'" in done.stderr
    assert "net.py, line 5" in done.stderr


def test_a_pipe_is_written_to_and_a_link_is_followed(tmp_path):
    """`-o /dev/null` must never replace the device."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.json").symlink_to("there.json")
    with subprocess.Popen(["cat", "pipe"], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as reader:
        code = process("list", "lenet", "--format", "json", "-o", "pipe", cwd=tmp_path).returncode
        through, _ = reader.communicate(timeout=30)
    linked = process("list", "lenet", "--format", "json", "-o", "link.json", cwd=tmp_path)

    assert (code, linked.returncode) == (0, 0)
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads(through) == json.loads((tmp_path / "there.json").read_text())
