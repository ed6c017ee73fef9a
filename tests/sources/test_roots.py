"""Files of a project can import the same modules as under pytest: from its root, src/, and their own package."""

import json
import subprocess
import sys

import pytest
from regression.conftest import Repository

CONV = "from torch import nn\n\n\ndef conv(width):\n    return nn.Conv2d(3, width, 3)\n"
FILES = {
    "pyproject.toml": "[project]\nname = 'mine'\n",
    "nets/__init__.py": "",
    "nets/blocks.py": CONV,
    "nets/cnn.py": "from nets.blocks import conv\nfrom . import blocks\n\n\ndef build():\n    return conv(4)\n",
    "scripts/net.py": "from nets.blocks import conv\nfrom mypkg.blocks import conv as same\nbuild = lambda: same(4)\n",
    "src/mypkg/__init__.py": "",
    "src/mypkg/blocks.py": CONV,
    "src/mypkg/models/__init__.py": "",
    "src/mypkg/models/net.py": "from ..blocks import conv\nimport mypkg\n\n\ndef build():\n    return conv(4)\n",
}


@pytest.fixture
def project(tmp_path):
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def run(folder, *arguments):
    command = [sys.executable, "-m", "archcost", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "spec", ["nets/cnn.py:build", "nets.cnn:build", "scripts/net.py:build", "src/mypkg/models/net.py:build",
             "mypkg.models.net:build"],
)  # fmt: skip
def test_a_network_of_a_package_that_imports_itself_can_be_begun_with(project, spec):
    done = run(project, "init", spec, "--input", "3x8x8")

    assert done.returncode == 0, done.stderr
    assert "# 3.888 k MACs, 112 params" in (project / "pyproject.toml").read_text()  # 6*6*4*27, 4*27 + 4


def test_a_module_is_found_from_every_folder_of_its_project(project):
    done = run(project / "scripts", "profile", "mypkg.models.net:build", "--input", "3x8x8")

    assert done.returncode == 0, done.stderr


def test_packages_of_one_name_in_two_projects_are_told_apart(project):
    other = project / "other"
    for name, text in FILES.items():
        file = other / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("nn.Conv2d(3, width, 3)", "nn.Conv2d(3, 2 * width, 3)"))
    done = run(
        project, "compare", "nets/cnn.py:build", "other/nets/cnn.py:build", "--input", "3x8x8", "--format", "csv"
    )

    assert done.returncode == 0, done.stderr
    assert ",112," in done.stdout  # 4*27 + 4
    assert ",224," in done.stdout


def test_a_revision_imports_its_own_package(project):
    repository = Repository(project)
    spec = "nets/cnn.py:build"
    assert run(project, "init", spec, "mypkg.models.net:build", "--input", "3x8x8").returncode == 0
    repository.commit({})
    repository.git("checkout", "--quiet", "-b", "change")
    wider = CONV.replace("nn.Conv2d(3, width, 3)", "nn.Conv2d(3, 2 * width, 3)")
    repository.commit({"nets/blocks.py": wider, "src/mypkg/blocks.py": wider})
    done = run(project, "check", "--base-ref", "main", "--format", "json")

    assert done.returncode == 1, done.stderr
    params = [network["totals"]["params"] for network in json.loads(done.stdout)["networks"]]
    assert params == 2 * [{"before": 112, "after": 224}]  # the working tree's is wider


def test_a_second_network_repeats_no_comment_and_an_error_of_syntax_gets_no_advice(project):
    (project / "broken.py").write_text("def build(:\n")
    for spec in ("nets/cnn.py:build", "mypkg.models.net:build"):
        assert run(project, "init", spec, "--input", "3x8x8").returncode == 0
    text = (project / "pyproject.toml").read_text()
    broken = run(project, "init", "broken.py:build")

    assert text.count("What these networks cost") == text.count("What a change may cost") == 1
    assert "SyntaxError" in broken.stderr
    assert "--device" not in broken.stderr
    assert "--input" not in broken.stderr
