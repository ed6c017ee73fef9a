"""The comparison with the peers: its statistics, its tables, and a small run with the installed peers."""

import pytest

from benchmarks.peers import accuracy, processes, timing
from benchmarks.peers.accuracy import Score, Truth, score
from benchmarks.peers.counters import ARCHCOST, COUNTERS
from benchmarks.peers.page import losses, page
from benchmarks.peers.timing import BASE, Times, interleaved

FLOP_COUNTER_MODE, FVCORE = COUNTERS["FlopCounterMode"], COUNTERS["fvcore"]
HERE = [ARCHCOST, *(each for each in (FLOP_COUNTER_MODE, FVCORE) if each.installed)]
LENET_MACS = 28 * 28 * 6 * 25 + 10 * 10 * 16 * 6 * 25 + 400 * 120 + 120 * 84 + 84 * 10
LENET_PARAMS = 6 * 26 + 16 * 151 + 401 * 120 + 121 * 84 + 85 * 10


def test_everybody_runs_in_turn_and_who_fails_is_not_run_again():
    order = []

    def action(name, result):
        def run():
            order.append(name)
            return result

        return run

    times = interleaved({"a": action("a", 1.0), "b": action("b", None), "c": action("c", 2.0)}, rounds=3)

    assert order == ["a", "b", "c", "a", "c", "a", "c"]
    assert times == {"a": (1.0, 1.0, 1.0), "b": (), "c": (2.0, 2.0, 2.0)}


def test_a_ratio_is_the_median_of_those_within_a_round():
    times = Times("net", {BASE: (1.0, 10.0, 2.0), "slow": (3.0, 20.0, 8.0), "broken": ()})

    assert times.base == 2
    assert times.ratio("slow") == 3  # 3, 2 and 4; the ratio of the medians would be 4
    assert times.ratio("broken") is None


def test_a_peer_that_is_as_fast_is_a_loss():
    fast = Times("one", {BASE: (1.0,), ARCHCOST.name: (2.0,), FVCORE.name: (2.0,)})
    slow = Times("two", {BASE: (1.0,), ARCHCOST.name: (2.0,), FVCORE.name: (2.1,)})
    broken = Times("three", {BASE: (1.0,), ARCHCOST.name: (2.0,), FVCORE.name: ()})

    assert losses({"in process": [fast, slow, broken]}, [ARCHCOST, FVCORE]) == [
        "in process, one: fvcore takes 2.00, archcost 2.00"
    ]


def test_a_figure_is_right_near_off_or_missing():
    exact, near, off, missing = (Truth(name, "1.000", 100) for name in ("exact", "near", "off", "missing"))
    answers = [
        (exact, {"macs": 1.0004e9, "params": 100}),
        (near, {"macs": 1.0006e9, "params": 100}),
        (off, {"macs": 1.02e9, "params": 99}),
        (missing, {"error": "ValueError: no"}),
    ]

    assert score("x", answers) == Score("x", 4, 1, 1, ("off",), {"missing": "ValueError: no"}, 2)
    assert score("x", [(exact, {"macs": 1e9, "params": None})]).params is None


def test_the_truth_is_what_torchvision_publishes():
    every = {truth.network: truth for truth in accuracy.truths()}

    assert len(every) == 80
    assert every["torchvision:resnet50"] == Truth("torchvision:resnet50", "4.089", 25_557_032)
    assert [truth.network.partition(":")[2] for truth in accuracy.truths(("vgg16", "alexnet"))] == ["alexnet", "vgg16"]
    assert len(accuracy.truths(accuracy.ONE_OF_EACH_FAMILY)) == len(accuracy.ONE_OF_EACH_FAMILY)


def test_the_page_says_who_fails_and_on_what():
    times = Times("net", {BASE: (1.0,), ARCHCOST.name: (1.5,), FLOP_COUNTER_MODE.name: ()})
    found = Score(FLOP_COUNTER_MODE.name, 3, 1, 0, ("torchvision:a",), {"torchvision:b": "ValueError: `no`"}, None)
    text = page([ARCHCOST, FLOP_COUNTER_MODE], [times], [], [found], "Here.")

    assert "| archcost | meta | 1.50 |\n| FlopCounterMode | meta | none |\n" in text
    assert "| its FLOPs / 2 | meta | 1 | 0 | 1 | 1 | counts none |" in text
    assert "FlopCounterMode, no figure, `ValueError: no`: b." in text
    assert "FlopCounterMode, further off: a." in text
    assert "In process" not in text


@pytest.mark.extras
def test_in_the_small_all_count_the_same_network():
    for counter in HERE:
        with processes.Counting(counter, 60) as asked:
            found = asked.ask("lenet5_simple")
            assert found["macs"] == LENET_MACS
            assert found["params"] in {None, LENET_PARAMS}
            assert found["seconds"] > 0
            assert "UnknownNetworkError" in asked.ask("lenet6")["error"]
            assert asked.ask("lenet5_simple")["macs"] == found["macs"]  # in another process


def test_a_process_has_a_terminal_and_one_that_fails_has_no_time():
    asks = "import sys; sys.exit(not sys.stdout.isatty())"

    assert processes.seconds((processes.IMPORT_TORCH[0], "-c", asks)) > 0
    assert processes.seconds((processes.IMPORT_TORCH[0], "-c", "raise SystemExit(3)")) is None


@pytest.mark.extras
def test_a_whole_process_counts_as_a_user_would():
    times = timing.whole_process("lenet5_simple", [ARCHCOST, FLOP_COUNTER_MODE], rounds=1)

    assert times.ratio(ARCHCOST.name) > 0
    assert times.ratio(FLOP_COUNTER_MODE.name) > 0
