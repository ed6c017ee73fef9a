"""Networks side by side."""

import pytest

import archcost
from archcost.comparison.compare import read_seconds
from archcost.errors import ArgumentError, TableError
from archcost.records import frontier

NETS = ("squeezenet1_0", "alexnet_owt", "mobilenet_v3_small", "lenet5")


@pytest.fixture(scope="module")
def found():
    return archcost.compare([*NETS, "nosuch"], jobs=1, seconds={("alexnet_owt", 1): 0.002})


def test_rows_have_the_costs_of_a_report(found):
    row = found.rows[-1]
    totals = archcost.profile("squeezenet1_0").totals
    assert row.spec == "squeezenet1_0"
    assert row.totals == totals
    assert (row.params, row.macs) == (totals.params, totals.macs)
    assert (row.family, row.input) == ("SqueezeNet", (3, 224, 224))


def test_rows_come_by_multiply_adds_unless_otherwise_asked(found):
    assert [row.spec for row in found.rows] == ["lenet5", "mobilenet_v3_small", "alexnet_owt", "squeezenet1_0"]
    by = {
        sort: [row.spec for row in archcost.compare(NETS, jobs=1, sort=sort).rows]
        for sort in ("top1", "density", "given", "params")
    }
    assert by["top1"] == ["mobilenet_v3_small", "squeezenet1_0", "alexnet_owt", "lenet5"]  # unknown comes last
    assert by["density"] == ["squeezenet1_0", "mobilenet_v3_small", "alexnet_owt", "lenet5"]
    assert by["given"] == list(NETS)
    assert by["params"][-1] == "alexnet_owt"


def test_what_no_other_beats_is_marked(found):
    assert [row.spec for row in found.rows if row.pareto] == ["mobilenet_v3_small"]


def test_density_is_accuracy_for_each_million_parameters(found):
    row = found.rows[1]
    assert row.density == pytest.approx(67.4 / 2.542856)
    assert found.rows[0].density is None


def test_times_are_taken_for_the_batch_that_was_counted(found):
    assert [row.seconds for row in found.rows] == [None, None, 0.002, None]
    other = archcost.compare(["alexnet_owt"], batch=2, seconds={("alexnet_owt", 1): 0.002})
    assert other.rows[0].seconds is None


def test_a_network_that_fails_takes_nothing_from_the_others(found):
    (lost,) = found.failures
    assert lost.spec == "nosuch"
    assert "unknown network" in lost.reason


def test_unknown_protocols_and_sortings_are_refused_before_any_work():
    with pytest.raises(ArgumentError, match="no protocol 'one-crop'; did you mean"):
        archcost.compare(["nosuch"], protocol="one-crop")
    with pytest.raises(ArgumentError, match="networks cannot be sorted by 'top'"):
        archcost.compare(["nosuch"], sort="top")


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([], ()),
        ([(1, 5)], (0,)),
        ([(1, 5), (2, 6), (3, 4)], (0, 1)),
        ([(2, 6), (1, 5)], (1, 0)),  # by cost
        ([(1, 5), (1, 6)], (1,)),  # of equal cost, the better
        ([(1, 5), (2, 5)], (0,)),  # of equal merit, the cheaper
        ([(1, 5), (1, 5)], (0, 1)),  # both of equal networks stay
    ],
)
def test_the_frontier_is_what_no_other_point_beats(points, expected):
    assert frontier(points) == expected


def test_times_are_read_by_network_and_batch(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("network,batch,seconds\na,,0.5\na,8,2e-3\n", encoding="utf-8")
    assert read_seconds(path) == {("a", 1): 0.5, ("a", 8): 0.002}


@pytest.mark.parametrize("value", ["", "0", "-1", "nan"])
def test_a_time_that_is_none_is_refused(tmp_path, value):
    path = tmp_path / "t.csv"
    path.write_text(f"network,seconds\na,{value}\n", encoding="utf-8")
    with pytest.raises(TableError, match="line 2, column 'seconds'"):
        read_seconds(path)
