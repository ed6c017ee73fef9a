"""`archcost report`: its files, and its errors."""

from __future__ import annotations

import pytest

from archcost.cli import run
from archcost.lectures import LECTURES, Lecture

pytestmark = pytest.mark.usefixtures("warm_workers")


@pytest.fixture
def small(monkeypatch):
    """Replace the pages by one quick page."""
    monkeypatch.setitem(LECTURES, "small", Lecture("small", "# Small\n\nOf little.\n\n$ archcost list lenet5_1998\n"))


@pytest.mark.usefixtures("small")
def test_a_page_and_an_index_are_written_and_stdout_is_left_alone(tmp_path, capsys):
    other = tmp_path / "pages" / "measured" / "times.md"
    other.parent.mkdir(parents=True)
    other.write_text("# Times\n")
    assert run(["report", "small", "-o", str(tmp_path / "pages")]) == 0
    page = (tmp_path / "pages" / "small.md").read_text()
    assert "```console\n$ archcost list lenet5_1998\n```\n\n```text\n1 network of the zoo\n\nLeNet: LeCun" in page
    assert "[Times](measured/times.md)" in (tmp_path / "pages" / "README.md").read_text()
    out, err = capsys.readouterr()
    assert out == ""
    assert "README.md" in err


@pytest.mark.usefixtures("small")
def test_a_second_time_changes_no_byte(tmp_path):
    written = []
    for _ in range(2):
        assert run(["report", "small", "-o", str(tmp_path / "new"), "-q"]) == 0
        written.append({path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()})
    assert written[0] == written[1]
    assert written[0].keys() == {"small.md", "README.md"}


def test_a_command_that_fails_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(LECTURES, "small", Lecture("small", "# Small\n\nOf little.\n\n$ archcost profile vgg61\n"))
    assert run(["report", "small", "-o", str(tmp_path)]) == 3
    assert "`archcost profile vgg61` ended with exit code 2: unknown network" in capsys.readouterr().err
    assert not (tmp_path / "small.md").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["vgg61"], "did you mean vgg16"),
        (["vgg16", "-o", "no/such/folder"], "no folder"),
        (["vgg16", "-o", "a_file"], "not a folder"),
    ],
)
def test_a_wrong_request_is_refused_before_the_work(arguments, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a_file").touch()
    assert run(["report", *arguments]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.usefixtures("small")
def test_a_folder_that_cannot_be_made_is_said(tmp_path, capsys):
    (tmp_path / "charts").touch()
    lecture = Lecture("small", "# Small\n\nOf little.\n\n$ archcost plot error-year -o charts/a.svg\n")
    LECTURES["small"] = lecture
    assert run(["report", "small", "-o", str(tmp_path)]) == 3
    assert f"archcost: -o {tmp_path / 'charts'}: File exists; it could not be made" in capsys.readouterr().err
