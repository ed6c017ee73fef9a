"""Mixed precision on the meta device equals torch's: operator lists, kept casts, memory of real runs."""

import re
from functools import partial
from pathlib import Path

import pytest
import torch
from counting import Calls
from real_memory import inference_peak, saved_bytes, training_peak
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

import archcost
from archcost import zoo
from archcost.errors import ArgumentError, WalkError
from archcost.records import Report
from archcost.walk.casts import policies

HEADER = Path(torch.__file__).parent / "include" / "ATen" / "autocast_mode.h"
MACROS = {
    "LOWER_PRECISION_FP": "lower",
    "FP32": "full",
    "FP32_SET_OPT_DTYPE": "full dtype",
    "DIFFERENT_REDISPATCH_SIGNATURE": "append dtype",
    "PROMOTE": "promote",
}
NETWORKS = {"lenet5_simple": 32, "mobilenet_v3_small": 64, "resnet18_B": 64, "densenet121": 64, "googlenet": 64}


class Block(nn.Module):
    """A transformer block: attention, layer normalisation, GELU, a softmax by hand; optionally run twice."""

    def __init__(self, again=False):
        super().__init__()
        self.again = again
        self.project, self.back = nn.Linear(32, 96), nn.Linear(32, 32)
        self.before, self.after = nn.LayerNorm(32), nn.LayerNorm(32)
        self.mlp = nn.Sequential(nn.Linear(32, 64), nn.GELU(), nn.Linear(64, 32))

    def forward(self, x):
        return (checkpoint(self.run, x, use_reentrant=False) if self.again else self.run(x)).flatten(1)

    def run(self, x):
        parts = self.project(self.before(x)).chunk(3, -1)
        heads = [part.unflatten(-1, (2, 16)).transpose(1, 2) for part in parts]
        x = x + self.back(functional.scaled_dot_product_attention(*heads).transpose(1, 2).flatten(-2))
        x = torch.cat([x, self.mlp(self.after(x))], -1)
        return x.softmax(-1) @ x.mT


def test_cudas_lists_are_those_of_torchs_header():
    """The header in torch has the lists as macros; kernels of cuDNN and one refusal are added."""
    text = HEADER.read_text()
    theirs = {}
    for macro, policy in MACROS.items():
        body = re.search(rf"#define AT_FORALL_{macro}\(_\)((?:.*\\\n)*.*)", text)[1]
        for name, overload in re.findall(r"_\((\w+)(?:, (\w+))?\)", body):
            theirs[f"{name}.{overload}".rstrip(".")] = policy
        theirs.update(dict.fromkeys(re.findall(r'"(\w+\.\w+)"', body), policy))
    ours = dict(policies("cuda"))

    assert len(theirs) > 100
    assert ours.pop("binary_cross_entropy") == "refuse"
    cudnn = {name for name in ours if "cudnn" in name}
    assert {ours.pop(name) for name in cudnn} == {"lower"}
    assert {ours.pop(name) for name in ours.keys() - theirs.keys()} <= {"full"}  # 2.14 adds one outside of its header
    assert ours == theirs


WEIGHT = (3, 3, 3, 3)
# operators of the CPU's lists, and some of no list, on an image, rows in float32 and rows in half precision
CALLS = {
    "conv2d": lambda image, rows, half: functional.conv2d(image, torch.zeros(WEIGHT)),
    "same padding": lambda image, rows, half: functional.conv2d(image, torch.zeros(WEIGHT), padding="same"),
    "transposed": lambda image, rows, half: functional.conv_transpose2d(image, torch.zeros(WEIGHT)),
    "linear": lambda image, rows, half: functional.linear(rows, rows),
    "matmul": lambda image, rows, half: rows @ half,
    "einsum": lambda image, rows, half: torch.einsum("ij,jk->ik", rows, rows),
    "bmm": lambda image, rows, half: torch.bmm(rows[None], rows[None]),
    "baddbmm": lambda image, rows, half: torch.baddbmm(rows[None], rows[None], half[None]),
    "prelu": lambda image, rows, half: functional.prelu(rows, torch.ones(1)),
    "attention": lambda image, rows, half: functional.scaled_dot_product_attention(*[rows[None, None]] * 3),
    "cat": lambda image, rows, half: torch.cat([rows, half]),
    "cat of halves": lambda image, rows, half: torch.cat([half, half]),
    "stack": lambda image, rows, half: torch.stack([rows, half]),
    "addition": lambda image, rows, half: rows + half,
    "softmax": lambda image, rows, half: half.softmax(0),
    "layer norm": lambda image, rows, half: functional.layer_norm(half, (4,)),
    "cross entropy": lambda image, rows, half: functional.cross_entropy(half, torch.zeros(4, dtype=torch.int64)),
    "mean squares": lambda image, rows, half: functional.mse_loss(half, rows),
    "doubles": lambda image, rows, half: rows.double() @ rows.double(),
    "product": lambda image, rows, half: half.prod(0),
    "padding": lambda image, rows, half: functional.pad(half, (1, 1), mode="reflect"),
    "pool": lambda image, rows, half: functional.adaptive_avg_pool3d(half[None, None], 2),
    "trace": lambda image, rows, half: half.trace(),
    "exponential": lambda image, rows, half: half.exp(),
    "sum": lambda image, rows, half: half.sum(),
    "norm": lambda image, rows, half: half.norm(),
    "grid": lambda image, rows, half: functional.grid_sample(image, torch.zeros(2, 4, 4, 2), align_corners=False),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_cpus_casts_are_those_of_a_real_run(name):
    """The same operators, with results of the same sizes in bytes."""
    tensors = torch.randn(2, 3, 8, 8), torch.randn(4, 4), torch.randn(4, 4).bfloat16()
    real = archcost.profile(Calls(CALLS[name]), tensors, device="cpu", amp="bf16")
    meta = archcost.profile(Calls(CALLS[name]), tensors, device="meta", amp="cpu:bf16")

    assert (real.environment["device"], meta.environment["device"]) == ("cpu", "meta")
    assert [(row.name, row.output_bytes) for row in meta.layers] == [
        (row.name, row.output_bytes) for row in real.layers
    ]


def network(name):
    if name == "block":
        return Block(), torch.randn(2, 6, 32)
    entry = zoo.REGISTRY.find(name)
    return zoo.build(entry), torch.randn(2, entry.input[0], NETWORKS[name], NETWORKS[name])


@pytest.mark.parametrize("name", [*NETWORKS, "block"])
def test_memory_is_that_of_a_real_run(name):
    """Predicted on the meta device by the CPU's lists; counted on the CPU."""
    module, images = network(name)
    inference = archcost.profile(module, images, device="meta", amp="cpu:bf16")
    training = archcost.profile(module, images, device="meta", amp="cpu:bf16", train="momentum")

    mixed = torch.autocast("cpu", torch.bfloat16)
    with mixed:
        peak, saved = inference_peak(module, images), saved_bytes(module, images, like="cpu")
    assert inference.totals.peak_inference_bytes == peak
    assert training.totals.saved_bytes == saved
    assert training.totals.peak_training_bytes == training_peak(module, images, "momentum", within=mixed, like="cpu")
    assert sum(training.peak.live.values()) == training.peak.nbytes


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2"])
@pytest.mark.parametrize("train", [None, "sgd"])
def test_casts_change_nothing_but_memory(name, train):
    plain = archcost.profile(name, device="meta", train=train, batch=2)
    mixed = archcost.profile(name, device="meta", train=train, batch=2, amp="bf16")
    same = ("params", "param_bytes", "weights", "macs", "backward_macs", "macts", "depth", "receptive_field")

    assert {key: getattr(mixed.totals, key) for key in same} == {key: getattr(plain.totals, key) for key in same}
    assert not mixed.uncovered
    assert mixed.totals.activation_bytes < 0.7 * plain.totals.activation_bytes
    assert mixed.network.amp == "cuda:bf16"
    assert Report.from_json(mixed.to_json()) == mixed


def test_a_linear_layer_by_hand():
    """Weights of 24 B, biases of 8 B, their casts of half the size, an input of 12 B and its cast, an output of 4 B."""
    found = archcost.profile(nn.Linear(3, 2), torch.zeros(1, 3), device="meta", amp="fp16")
    frozen = archcost.profile(nn.Linear(3, 2).requires_grad_(False), torch.zeros(1, 3), device="meta", amp="fp16")

    assert found.totals.peak_inference_bytes == 24 + 8 + 12 + (12 + 4 + 6) + 4
    assert found.peak.live["parameters, cast"] == 12 + 4
    assert found.totals.activation_bytes == 12 + 6 + 4
    assert found.totals.peak_inference_bytes == frozen.totals.peak_inference_bytes


@pytest.mark.parametrize(("frozen", "copies"), [(False, 1), (True, 2)])
def test_the_cast_of_a_parameter_is_kept_where_it_learns(frozen, copies):
    layer = nn.Linear(4, 4, bias=False).requires_grad_(not frozen)
    mixed = archcost.profile(nn.Sequential(layer, layer), torch.zeros(1, 4), device="meta", amp="bf16")

    assert sum(cost.calls for op, cost in mixed.operators.items() if op == "aten._to_copy") == 1 + copies


@pytest.mark.parametrize("lists", ["cpu", "cuda"])
def test_checkpointing_casts_again_what_it_runs_again(lists):
    images = torch.randn(2, 6, 32)
    once, twice = (
        archcost.profile(Block(again), images, device="meta", amp=f"{lists}:bf16", train="sgd").totals
        for again in (False, True)
    )

    assert twice.saved_bytes == 4 * images.numel() < once.saved_bytes
    if lists == "cpu":
        real = training_peak(Block(again=True), images, "sgd", within=torch.autocast("cpu", torch.bfloat16), like="cpu")
        assert twice.peak_training_bytes == real


def test_a_forward_may_switch_it_off():
    class Careful(nn.Linear):
        def forward(self, x):
            assert torch.is_autocast_enabled("cpu")
            with torch.autocast("cpu", enabled=False):
                return super().forward(x)

    report = archcost.profile(Careful(3, 2), torch.zeros(1, 3), device="meta", amp="cpu:bf16")
    assert set(report.operators) == {"aten.t", "aten.addmm"}


def test_torch_is_left_as_it_was():
    def state():
        devices = ("cpu", "cuda", "ipu")
        return [(torch.is_autocast_enabled(device), torch.get_autocast_dtype(device)) for device in devices]

    before = state()
    with pytest.raises(WalkError, match="needs"):
        archcost.profile(Calls(partial(fail, "needs")), torch.zeros(1), device="meta", amp="fp16")
    archcost.profile(nn.Linear(3, 2), torch.zeros(1, 3), device="meta", amp="fp16")

    assert state() == before
    assert nn.Linear(3, 2, device="meta")(torch.zeros(1, 3, device="meta")).dtype == torch.float32


def fail(message, _):
    raise RuntimeError(message)


def test_cudas_refusal_is_told():
    scores = torch.rand(3)
    with pytest.raises(WalkError, match="refuses"):
        archcost.profile(Calls(functional.binary_cross_entropy), (scores, scores), device="meta", amp="bf16")


@pytest.mark.parametrize(
    ("amp", "device", "match"),
    [("bf8", "meta", "must be one of bf16, fp16"), ("tpu:bf16", "meta", "must be"), ("cuda:bf16", "cpu", "on cpu")],
)
def test_precisions_that_do_not_exist(amp, device, match):
    with pytest.raises(ArgumentError, match=match):
        archcost.profile(nn.Linear(3, 2), torch.zeros(1, 3), device=device, amp=amp)
