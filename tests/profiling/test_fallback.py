"""The fallback from the meta device to the CPU, lazy modules, and the trace before a failure."""

import dataclasses
from collections import UserDict

import pytest
import torch
from torch import nn

import archcost
from archcost.cli import run
from archcost.errors import OutOfMemoryError, WalkError
from archcost.profiling import fallback

IMAGE = torch.randn(1, 3, 8, 8)


class Asking(nn.Module):
    """Reads a value of its weight, which meta lacks, and raises the given error there."""

    def __init__(self, error=None):
        super().__init__()
        self.linear = nn.Linear(1000, 1000, bias=False)
        self.error = error

    def forward(self, x):
        y = self.linear(x)
        if self.error is not None and y.is_meta:
            raise self.error
        return y if self.linear.weight.sum() > 1e9 else self.linear(y)


@pytest.mark.parametrize("error", [None, ValueError("odd"), KeyError("a"), AssertionError(), ZeroDivisionError("x")])
def test_whatever_fails_on_meta_is_tried_on_the_cpu(error):
    report = archcost.profile(Asking(error), torch.randn(2, 1000))
    assert report.environment["device"] == "cpu"
    assert report.totals.macs == 2 * 2 * 1000 * 1000
    assert "run on the CPU" in report.warnings[0]


def test_the_error_of_the_cpu_is_shown_when_both_fail():
    class Both(nn.Module):
        def forward(self, x):
            raise ValueError("on meta" if x.is_meta else "on the CPU")

    with pytest.raises(WalkError, match="on the CPU"):
        archcost.profile(Both(), IMAGE)


def test_a_network_that_needs_more_than_is_free_is_refused_with_the_figures(monkeypatch):
    # a batch of 1000: 4 MB in, 4 MB out; the 4 MB of weights exist already, the batch's copy does not
    monkeypatch.setattr(fallback, "free_memory", lambda: 7_000_000)
    with pytest.raises(OutOfMemoryError, match=r"8\.000 MB more, its parameters are 4\.000 MB, and 7\.000 MB are free"):
        archcost.profile(Asking(), torch.randn(1000, 1000))
    monkeypatch.setattr(fallback, "free_memory", lambda: 9_000_000)
    assert archcost.profile(Asking(), torch.randn(1000, 1000)).environment["device"] == "cpu"


def test_free_memory_is_the_least_of_what_the_system_and_its_groups_leave(monkeypatch, tmp_path):
    meminfo, limit, usage = (tmp_path / name for name in ("meminfo", "max", "current"))
    meminfo.write_text("MemTotal: 9 kB\nMemAvailable:   4 kB\n")
    monkeypatch.setattr(fallback, "MEMINFO", meminfo)
    monkeypatch.setattr(fallback, "GROUPS", ((str(limit), str(usage)),))
    assert fallback.free_memory() == 4096
    limit.write_text("max\n")
    usage.write_text("1000\n")
    assert fallback.free_memory() == 4096
    limit.write_text("3000\n")
    assert fallback.free_memory() == 2000


def test_a_network_without_weights_fails_where_it_is():
    with torch.device("meta"):
        network = Asking()
    with pytest.raises(WalkError, match="meta"):
        archcost.profile(network, torch.randn(2, 1000))


@pytest.mark.parametrize("device", ["meta", "cpu"])
@pytest.mark.parametrize("train", [None, "sgd"])
def test_lazy_modules_are_counted_as_what_they_become_and_stay_lazy(device, train):
    network = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(5))
    report = archcost.profile(network, (torch.randn(2, 3, 8, 8),), device=device, train=train)
    # 3x3x3x4 + 4 of the convolution, 2 x 4 of the norm, (4 x 6 x 6) x 5 + 5 of the linear layer
    assert report.totals.params == 112 + 8 + 725
    assert report.totals.macs == 2 * (36 * 4 * 27 + 144 * 5)
    assert [row.kind for row in report.layers[1:]] == ["Conv2d", "BatchNorm2d", "Flatten", "Linear"]
    assert isinstance(network[3], nn.LazyLinear)
    assert isinstance(network[3].weight, nn.UninitializedParameter)


def test_lazy_modules_that_fail_are_named():
    class Failing(nn.Module):
        def forward(self, x):
            raise RuntimeError("ran out of shape")

    with pytest.raises(WalkError, match=r"0\.weight has no shape yet .*ran out of shape"):
        archcost.profile(nn.Sequential(nn.LazyLinear(3), Failing()), torch.randn(2, 3))


@pytest.mark.parametrize("device", ["meta", "cpu"])
@pytest.mark.parametrize("amp", [None, "cpu:bf16"])
def test_autocast_is_switched_off_by_the_device_of_a_tensor(device, amp):
    class Off(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 4)

        def forward(self, x):
            with torch.autocast(x.device.type, enabled=False):
                assert not torch.is_autocast_enabled(x.device.type)
                y = self.linear(x)
            with torch.autocast(device_type=x.device.type, dtype=torch.bfloat16, enabled=False):
                return self.linear(y)

    before = torch.autocast.__init__, torch.is_autocast_enabled, torch.get_autocast_dtype
    report = archcost.profile(Off(), torch.randn(2, 4), device=device, amp=amp)
    assert report.environment["device"] == device
    assert not any("_to_copy" in name for name in report.operators)
    assert before == (torch.autocast.__init__, torch.is_autocast_enabled, torch.get_autocast_dtype)


def failing():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(7, 2))


@pytest.mark.parametrize("device", ["auto", "meta", "cpu"])
def test_an_error_is_followed_by_the_rows_that_ran_last(device):
    with pytest.raises(WalkError) as raised:
        archcost.profile(failing(), IMAGE, device=device)
    assert str(raised.value).splitlines()[-4:] == [
        "The last of 3 rows that ran:",
        "  0 (Conv2d): 1x3x8x8 -> 1x4x6x6",
        "  1 (ReLU): 1x4x6x6 -> 1x4x6x6",
        "  2 (Flatten): 1x4x6x6 -> 1x144",
    ]


@pytest.mark.parametrize("train", [None, "adam"])
@pytest.mark.parametrize("device", ["auto", "meta", "cpu"])
def test_a_partial_report_is_of_what_ran_and_says_so(device, train):
    report = archcost.profile(failing(), IMAGE, device=device, partial=True, train=train)
    assert report.partial
    assert report.totals.macs == 36 * 4 * 27
    assert any(warning.startswith("partial: the forward failed in 3 (Linear)") for warning in report.warnings)
    assert archcost.Report.from_json(report.to_json()).partial
    whole = archcost.profile(failing()[:2], IMAGE, device=device, partial=True, train=train)
    assert not whole.partial


def test_the_command_shows_a_partial_report_and_fails_all_the_same(tmp_path, monkeypatch, capsys):
    (tmp_path / "broken.py").write_text(
        "from torch import nn\n\ndef build():\n    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(7, 2))\n"
    )
    monkeypatch.chdir(tmp_path)
    assert run(["profile", "broken.py:build", "--input", "3x8x8", "--partial"]) == 3
    shown = capsys.readouterr()
    assert "Conv2d" in shown.out
    assert "partial: " in shown.out
    assert "the forward failed in 1 (Linear)" in shown.err


@dataclasses.dataclass
class Sample:
    x: torch.Tensor
    mask: torch.Tensor


class Encoding(UserDict):
    """A tokenizer's result: its items are also attributes, which a copy lacks until it is filled."""

    def __getattr__(self, name):
        return self.data[name]


class Held:
    def __init__(self, value):
        self.value = value


X, MASK = torch.randn(2, 4), torch.tensor([1, 0])
FORMS = {
    "list of dicts": ([{"x": X, "mask": MASK}], lambda b: (b[0]["x"], b[0]["mask"])),
    "two of them": ([{"x": X[:1], "mask": MASK}] * 2, lambda b: (torch.cat([b[0]["x"], b[1]["x"]]), b[1]["mask"])),
    "list of dataclasses": ([Sample(X, MASK)], lambda b: (b[0].x, b[0].mask)),
    "dataclass": (Sample(X, MASK), lambda b: (b.x, b.mask)),
    "encoding": (Encoding(x=X, mask=MASK), lambda b: (b.x, b["mask"])),
    "nested": ({"a": {"b": [{"x": X}, MASK]}}, lambda b: (b["a"]["b"][0]["x"], b["a"]["b"][1])),
    "object": (Held({"x": X, "mask": MASK}), lambda b: (b.value["x"], b.value["mask"])),
}


@pytest.mark.parametrize("device", ["meta", "cpu"])
@pytest.mark.parametrize("form", FORMS)
def test_unusual_inputs_and_outputs_are_understood(form, device):
    given, read = FORMS[form]

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 4, bias=False)

        def forward(self, batch):
            x, mask = read(batch)
            return Held([self.linear(x)]) if mask.any() else x

    report = archcost.profile(Net(), given, device=device)
    assert report.totals.macs == 2 * 16
    assert report.totals.depth == 1  # visible only at the output
    trained = archcost.profile(Net(), given, device=device, train="sgd", loss="sum")
    assert trained.totals.backward_macs == 2 * 16
