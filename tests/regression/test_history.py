"""Network costs over the commits that changed the lock file."""

from __future__ import annotations

import csv
import io
import json

import pytest
from regression.test_two_sides import MODEL, macs, settings
from render import pairs

from archcost.errors import ArgumentError, UnknownRevisionError
from archcost.regression import lock, snapshot
from archcost.regression.history import build_history, read_history

WIDTHS = {width: snapshot(pairs.network(width)) for width in (32, 36)}


def text(**widths):
    metrics = lock.choose_metrics(())
    return lock.lock_text(
        {name: lock.Locked(metrics=metrics, snapshot=WIDTHS[width]) for name, width in widths.items()}
    )


@pytest.fixture
def locked(repository):
    """Return a repository with commits: a alone, a and b, a wider, one without a change, a conflict, a removed."""
    for content in (text(a=32), text(a=32, b=32), text(a=36, b=32)):
        repository.commit({lock.FILE: content})
    repository.commit({"unrelated.txt": "1"})
    repository.commit({lock.FILE: "<<<<<<< ours\n"})
    repository.commit({lock.FILE: text(b=32)})
    return repository


def totals(points):
    return [point.totals and point.totals["macs"] for point in points]


def test_a_network_has_a_point_for_each_commit_that_changed_it(locked):
    history = read_history(locked.path)
    narrow, wide = (WIDTHS[width].totals["macs"] for width in (32, 36))

    assert totals(history.networks["a"]) == [narrow, wide, None, None]
    assert [bool(point.reason) for point in history.networks["a"]] == [False, False, True, False]
    assert "conflict markers" in history.networks["a"][2].reason
    assert totals(history.networks["b"]) == [narrow, None, narrow]
    assert all(point.subject == "change" for point in history.networks["a"])


def test_since_a_revision_the_lock_file_that_it_had_comes_first(locked):
    history = read_history(locked.path, ["a"], since="HEAD~4")

    assert totals(history.networks["a"])[:2] == [WIDTHS[32].totals["macs"], WIDTHS[36].totals["macs"]]


def test_wrong_names_and_revisions_are_refused_with_what_there_is(locked):
    with pytest.raises(ArgumentError, match=r"never had a network 'aa'; did you mean a\?"):
        read_history(locked.path, ["aa"])
    with pytest.raises(UnknownRevisionError, match="there is no revision 'nowhere'"):
        read_history(locked.path, since="nowhere")
    with pytest.raises(ArgumentError, match="two revisions with two dots"):
        build_history(locked.path, "pyproject.toml", [], "HEAD")


@pytest.mark.usefixtures("warm_workers")
def test_every_commit_of_a_span_is_built_by_its_own_settings(repository):
    repository.commit({"nets/cnn.py": MODEL.format(width=4), "pyproject.toml": settings()})
    repository.commit({"nets/cnn.py": "def build(:\n"})
    repository.commit({"nets/cnn.py": MODEL.format(width=5), "pyproject.toml": settings(shape="3x10x10")})
    told = []
    history = build_history(repository.path, "pyproject.toml", [], "HEAD~2..HEAD", told.append)

    points = history.networks["cnn"]
    assert totals(points) == [macs(4), None, macs(5, 10)]
    assert "SyntaxError" in points[1].reason
    assert len(told) == 3


def test_the_command_line_shows_a_history_in_every_form(locked, archcost):
    locked.write("pyproject.toml", settings())
    narrow = WIDTHS[32].totals["params"]

    table = archcost("history", "a").stdout
    assert "a: 4 commits" in table
    assert "+12.1 %" in table  # 22,458 of 20,042 parameters
    rows = list(csv.DictReader(io.StringIO(archcost("history", "--format", "csv").stdout)))
    assert (rows[0]["network"], rows[0]["params"], rows[0]["subject"]) == ("a", str(narrow), "change")
    data = json.loads(archcost("history", "--format", "json").stdout)
    assert data["networks"]["b"][0]["totals"]["params"] == narrow
    svg = archcost("history", "--format", "svg").stdout
    assert svg.startswith("<svg")
    assert "Cost from commit to commit" in svg
    assert 'class="picture" src="data:image/svg+xml;base64,' in archcost("history", "--format", "html").stdout
    wrong = archcost("history", "--since", "HEAD", "--build", "a..b")
    assert (wrong.returncode, wrong.stdout) == (2, "")
