"""The counts on the meta device equal those on a real one."""

import warnings

import pytest
import torch
from torch import nn
from torch.nn.functional import batch_norm, scaled_dot_product_attention
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

import archcost


class Attention(nn.Module):
    def __init__(self, causal):
        super().__init__()
        self.causal = causal
        self.project = nn.Linear(8, 24)

    def forward(self, x):
        heads = [part.view(2, 5, 2, 4).transpose(1, 2) for part in self.project(x).chunk(3, -1)]
        return scaled_dot_product_attention(*heads, is_causal=self.causal).transpose(1, 2).reshape(2, 5, 8)


@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_one_operator_on_every_device(causal):
    meta, real = (
        archcost.profile(Attention(causal), torch.zeros(2, 5, 8), **device)
        for device in ({"device": "meta", "like": "cpu"}, {"device": "cpu"})
    )

    assert (meta.totals, meta.layers) == (real.totals, real.layers)
    assert [layer.name for layer in meta.layers] == ["input", "project", "scaled_dot_product_attention"]
    # q k^T and (scores) v: 2 images, 2 heads, 5 x 5 scores, 4 wide
    assert meta.layers[2].macs == 2 * 2 * 2 * (5 * 5 * 4)
    assert bool(meta.warnings) == causal


QUERY, KEY = (2, 8, 6, 4), (2, 8, 5, 4)
FUSED = {  # shapes of query, key, value; mask; other arguments
    "grouped": ([QUERY, (2, 2, 5, 4), (2, 2, 5, 4)], None, {"enable_gqa": True, "is_causal": True}),
    "alike, called grouped": ([QUERY, KEY, KEY], None, {"enable_gqa": True}),
    "added mask": ([QUERY, KEY, KEY], torch.zeros(6, 5), {}),
    "mask of one row for all": ([QUERY, KEY, KEY], torch.zeros(1, 1, 1, 5), {}),
    "truth": ([QUERY, KEY, KEY], torch.ones(2, 1, 6, 5, dtype=torch.bool), {}),
    "grouped, truth": ([QUERY, (2, 4, 5, 4), (2, 4, 5, 4)], torch.ones(6, 5, dtype=torch.bool), {"enable_gqa": True}),
}
APART = {
    "learned mask": ([QUERY, KEY, KEY], nn.Parameter(torch.zeros(6, 5)), {}),
    "mask of three dimensions": ([QUERY, KEY, KEY], torch.zeros(8, 6, 5), {}),
    "wider values": ([QUERY, KEY, (2, 8, 5, 6)], None, {}),
    "grouped apart": ([QUERY, (2, 2, 5, 4), (2, 4, 5, 4)], None, {"enable_gqa": True}),
    "dropout": ([QUERY, KEY, KEY], None, {"dropout_p": 0.5}),
}
# fused in torch 2.14 and later
UNBATCHED = {
    "no batch": ([QUERY[1:], KEY[1:], KEY[1:]], None, {}),
    "no batch, one mask for all": ([QUERY[1:], KEY[1:], KEY[1:]], torch.zeros(6, 5), {}),
    "no batch, truth": ([QUERY[1:], KEY[1:], KEY[1:]], torch.ones(8, 6, 5, dtype=torch.bool), {}),
}


class Called(nn.Module):
    def __init__(self, mask, options):
        super().__init__()
        self.mask = mask
        self.options = options

    def forward(self, query, key, value, mask=None):
        mask = self.mask if mask is None else mask
        return scaled_dot_product_attention(query, key, value, attn_mask=mask, **self.options)


@pytest.mark.parametrize("train", [None, "sgd"])
@pytest.mark.parametrize("kind", [*FUSED, *APART, *UNBATCHED])
def test_the_meta_device_fuses_what_the_cpu_does(kind, train):
    shapes, mask, options = {**FUSED, **APART, **UNBATCHED}[kind]
    learned = isinstance(mask, nn.Parameter)
    tensors = [torch.ones(shape, requires_grad=not learned and train is not None) for shape in shapes]
    net = Called(mask if learned else None, options)
    given = tuple(tensors) if learned or mask is None else (*tensors, mask)
    meta, real = (
        archcost.profile(net, given, device=device, like="cpu", mode="eval", train=train, loss="sum")
        for device in ("meta", "cpu")
    )

    assert meta.operators == real.operators
    assert (meta.totals, meta.layers) == (real.totals, real.layers)
    fused = "aten._scaled_dot_product_flash_attention_for_cpu" in meta.operators
    assert fused is (kind in FUSED) or kind in UNBATCHED


def test_a_causal_mask_is_noted():
    found = archcost.profile(Attention(causal=True), torch.zeros(2, 5, 8), device="cpu")

    assert found.warnings == ("attention with a causal mask is counted dense (calls: 1)",)


def test_a_batch_without_images_is_as_deep_as_any():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 36, 2))

    assert archcost.profile(net, torch.zeros(0, 3, 8, 8)).totals.depth == 2
    assert archcost.profile(net, torch.zeros(0, 3, 8, 8)).totals.macs == 0


def test_weights_that_a_quantised_layer_packs_are_parameters():
    """The layer packs 4 x 4 weights in int8 and 4 biases in float32."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of its move to another package
        net = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 4)), {nn.Linear}, dtype=torch.qint8)
        totals = archcost.profile(net, torch.zeros(1, 4)).totals

    assert (totals.params, totals.weights, totals.param_bytes, totals.macs) == (4 * 4 + 4, 4 * 4, 4 * 4 + 4 * 4, 4 * 4)


def test_a_hook_on_a_layer_makes_its_tensors_where_the_network_is():
    """A layer of torch creates no tensors, so the device does not matter; a hook on it may create some."""
    network = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    network[1].register_forward_hook(lambda _module, _args, output: output + torch.ones(3))

    report = archcost.profile(network, torch.ones(1, 3))

    assert report.environment["device"] == "meta"
    assert "aten.add" in report.operators


@pytest.mark.parametrize("register", [register_module_forward_hook, register_module_forward_pre_hook])
def test_a_hook_on_all_modules_makes_its_tensors_where_the_network_is(register):
    made = []
    handle = register(lambda *_: made.append(torch.ones(3).device.type))
    try:
        archcost.profile(nn.Sequential(nn.Linear(3, 3), nn.ReLU()), torch.ones(1, 3), device="meta")
    finally:
        handle.remove()

    assert made == ["meta"] * 3


class Mapped(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("variance", torch.ones(3))

    def forward(self, x):
        return torch.vmap(lambda image: batch_norm(image, self.mean, self.variance))(x)


def test_a_function_that_torch_maps_over_a_dimension_gets_all_that_a_kernel_returns():
    meta, real = (archcost.profile(Mapped(), torch.zeros(2, 4, 3, 5, 5), device=device) for device in ("meta", "cpu"))

    assert (meta.totals, meta.layers) == (real.totals, real.layers)
    assert meta.totals.other_ops >= 2 * 2 * 4 * 3 * 5 * 5  # a scale and a shift


class Interrupted(nn.ReLU):
    def forward(self, x):
        raise KeyboardInterrupt


@pytest.mark.parametrize("layer", [Interrupted(), nn.ReLU()], ids=["in a user's layer", "in torch's own"])
def test_an_interrupt_leaves_no_mode_behind(layer, monkeypatch):
    def interrupt(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(nn.functional, "relu", interrupt)
    with pytest.raises(KeyboardInterrupt):
        archcost.profile(nn.Sequential(nn.Linear(3, 3), layer), torch.ones(1, 3))

    assert torch._C._len_torch_function_stack() == 0
    assert torch.ones(1).device.type == "cpu"


def test_a_users_own_mode_stays_in_place():
    with torch.device("cpu"):
        archcost.profile(nn.Sequential(nn.Linear(3, 3), nn.ReLU()), torch.ones(1, 3))

        assert torch._C._len_torch_function_stack() == 1
    assert torch._C._len_torch_function_stack() == 0


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("train", [None, "sgd"])
def test_torchs_own_attention_layer_runs_the_kernel_of_a_real_device(masked, train):
    """The layer passes itself to torch's function modes, but not the kernel that it calls."""

    class Attends(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x):
            mask = torch.ones(5, 5).triu(1).bool() if masked else None
            return self.attention(x, x, x, need_weights=False, attn_mask=mask)[0]

    meta, cpu = (
        archcost.profile(Attends(), torch.ones(2, 5, 8), device=device, train=train, loss="sum", like=like)
        for device, like in (("meta", "cpu"), ("cpu", None))
    )
    assert meta.layers == cpu.layers
    assert meta.totals == cpu.totals
    # 10 tokens through four 8x8 products; 2 x 2 heads of 5 x 5 scores, 4 wide, twice
    assert meta.totals.macs == 10 * 4 * 64 + 2 * 2 * 2 * 5 * 5 * 4


def test_attention_alone_of_torchs_functions_in_python_calls_what_meta_answers_itself():
    """The other Python functions also pass themselves on once, so all that they call belongs to torch."""
    from archcost.walk.meta import ATTENTION, REPLACED

    replaced = {getattr(function, "__name__", "") for function in REPLACED}
    calling = {
        function
        for function in vars(nn.functional).values()
        if hasattr(function, "__code__")
        and any(name.startswith("has_torch_function") for name in function.__code__.co_names)
        and replaced & {*function.__code__.co_names}
        and function not in REPLACED
    }
    assert calling == {ATTENTION}
