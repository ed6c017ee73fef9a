"""The shape rules of archcost agree with torch's meta kernels in shape, dtype and strides."""

import os
import subprocess
import sys

import pytest
import torch
from counting import Calls
from hypothesis import assume, given, settings, strategies as st
from peer_packages import peer
from torch import nn
from torch.nn import functional

import archcost
from archcost import sources
from archcost.errors import RuleError, WalkError
from archcost.profiling.feed import feed_of
from archcost.profiling.place import build_on_meta
from archcost.walk import shapes, walk
from archcost.walk.shapes.norms import as_on_cpu
from archcost.walk.shapes.run import ONLY_OURS, Check
from archcost.walk.shapes.table import RULES
from archcost.walk.tensors import map_tensors
from archcost.zoo import REGISTRY

aten = torch.ops.aten
FLOATS = (torch.float32, torch.float64, torch.bfloat16)


def tensor(*shape, dtype=torch.float32):
    return torch.empty(shape, dtype=dtype, device="meta")


# the first network of each builder in the catalogue; the extras test all networks
ONE_OF_EACH = {entry.builder: entry.id for entry in reversed(list(REGISTRY))}.values()
ALL = pytest.param([entry.id for entry in REGISTRY], marks=pytest.mark.extras)


@pytest.mark.parametrize("names", [ONE_OF_EACH, ALL], ids=["one of each builder", "all"])
def test_every_rule_agrees_with_torch_over_the_zoo(names):
    with shapes.check_answers() as check:
        for name in names:
            network = sources.resolve(name)
            args, kwargs = feed_of(network, None, None, 1).on("meta")
            walk(build_on_meta(network), args, kwargs, restore=False)

    assert {aten.convolution.default, aten.native_batch_norm.default, aten.avg_pool2d.default} < check.operators


TIMM = (
    "beit_base_patch16_224", "cait_xxs24_224", "caformer_s18", "convnext_atto", "csatv2", "efficientformerv2_s0",
    "hrnet_w18_small", "nf_regnet_b0", "pvt_v2_b0", "res2net50_14w_8s", "swin_tiny_patch4_window7_224",
    "swinv2_cr_tiny_224",
)  # fmt: skip


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
def test_every_rule_agrees_with_torch_over_a_dozen_of_timms_families():
    peer("timm")
    with shapes.check_answers() as check:
        for name in TIMM:
            archcost.profile(f"timm:{name}")

    assert {aten._softmax.default, aten.native_layer_norm.default, aten.stack.default} < check.operators


def test_every_rule_agrees_with_torch_over_a_training_step():
    with shapes.check_answers() as check:
        for optimizer in ("momentum", "adamw"):
            archcost.profile("cifar_resnet20", train=optimizer, batch=2, like="cpu")

    assert {aten.native_batch_norm_backward.default, aten.threshold_backward.default} < check.operators
    assert {aten.addcdiv_.default, aten.lerp_.Scalar} < check.operators


@st.composite
def strided(draw, least=0, dtype=None):
    """Draw a meta tensor: contiguous, permuted, a part of its rows, cut, strided or expanded."""
    count = draw(st.integers(least, 4))
    sizes = [draw(st.sampled_from([1, 1, 2, 3, 5])) for _ in range(count)]
    made = tensor(*sizes, dtype=dtype or draw(st.sampled_from(FLOATS)))
    if count and draw(st.integers(0, 3)) == 0:
        made = made.repeat_interleave(2, dim=-1)[..., : made.shape[-1]]
    if count and draw(st.booleans()):
        made = made.permute(draw(st.permutations(range(count))))
    if count and draw(st.integers(0, 3)) == 0:
        dim = draw(st.integers(0, count - 1))
        made = made.narrow(dim, draw(st.integers(0, made.shape[dim] - 1)), 1).transpose(0, dim)
    if count and draw(st.integers(0, 3)) == 0:
        made = made.repeat_interleave(2, dim=-1)[..., ::2]
    if count and draw(st.integers(0, 3)) == 0:
        made = made.expand(*(4 if size == 1 and draw(st.booleans()) else size for size in made.shape))
    return made


def agrees(func, *args, **kwargs):
    """Return whether a rule answers; if it does, check mode compares, and raises if torch differs or refuses."""
    if shapes.SHAPES[func](*args, **kwargs) is NotImplemented:
        return False
    with shapes.check_answers() as check:
        shapes.run(func, args, kwargs)
    return func in check.operators


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_elementwise_results_lie_in_memory_as_torchs_do(data):
    dtype = data.draw(st.sampled_from(FLOATS))
    first, second = (data.draw(strided(dtype=dtype)) for _ in range(2))
    try:
        torch.add(first, second)
    except RuntimeError:
        assume(False)

    for operator in (aten.add.Tensor, aten.mul.Tensor, aten.div.Tensor, aten.maximum.default):
        agrees(operator, first, second)
    agrees(aten.gelu.default, first)
    agrees(aten.mul.Tensor, first, 0.5)
    if torch.broadcast_tensors(first, second)[0].shape == first.shape and 0 not in first.stride():
        assert agrees(aten.add_.Tensor, first, second)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_reductions_and_joins_lie_in_memory_as_torchs_do(data):
    first = data.draw(strided(least=1, dtype=torch.float32))
    dim = data.draw(st.integers(-first.dim(), first.dim() - 1))
    dims = data.draw(st.lists(st.integers(0, first.dim() - 1), min_size=1, unique=True))
    keep = data.draw(st.booleans())

    for operator in (aten.mean.dim, aten.sum.dim_IntList, aten.amax.default):
        agrees(operator, first, dims, keep)
    agrees(aten.linalg_vector_norm.default, first, 2, dims, keep)
    assert agrees(aten._softmax.default, first, dim, False)
    assert agrees(aten._safe_softmax.default, first, dim)
    agrees(aten.cat.default, [first, first], dim)
    agrees(aten.stack.default, [first, first], dim)
    agrees(aten.clone.default, first)
    agrees(aten.roll.default, first, [1], [dim])
    agrees(aten.constant_pad_nd.default, first, [1, 0] * first.dim())
    if first.dim() > 1:
        agrees(aten.native_layer_norm.default, first, [first.shape[-1]], None, None, 1e-5)
    if first.dim() == 4:
        agrees(aten._scaled_dot_product_flash_attention_for_cpu.default, first, first, first)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_windows_have_as_many_places_as_torch_says(data):
    def pair(low, high):
        return [data.draw(st.integers(low, high)) for _ in range(2)]

    sides, kernel, stride, dilation = pair(1, 12), pair(1, 4), pair(1, 3), pair(1, 2)
    padding = [data.draw(st.integers(0, k // 2)) for k in kernel]
    ceil = data.draw(st.booleans())
    batch, channels, groups = data.draw(st.sampled_from([(1, 4, 4), (2, 4, 2), (2, 4, 1), (1, 1, 1), (2, 1, 1)]))
    image = tensor(batch, channels, *sides)
    if data.draw(st.booleans()):
        image = image.to(memory_format=torch.channels_last)
    weight, row = tensor(8, channels // groups, *kernel), tensor(channels)

    agrees(aten.convolution.default, image, weight, None, stride, padding, dilation, False, [0, 0], groups)
    agrees(aten.max_pool2d_with_indices.default, image, kernel, stride, padding, [1, 1], ceil)
    agrees(aten.avg_pool2d.default, image, kernel, stride, padding, ceil)
    agrees(aten.avg_pool3d.default, image.unsqueeze(1), [2, *kernel], [1, *stride], [0, *padding], ceil)
    agrees(aten._adaptive_avg_pool2d.default, image, kernel)
    agrees(aten.upsample_bilinear2d.default, image, sides, False)
    several = image.numel() > channels  # torch divides by n - 1, which is 0 for a single value
    agrees(aten.native_batch_norm.default, image, row, row, row, row, several, 0.1, 1e-5)
    agrees(aten.native_group_norm.default, image, row, row, batch, channels, sides[0] * sides[1], groups, 1e-5)


def calls(dtype):
    """Return arguments for each operator with a rule, which the rule answers."""
    x, wide, row = tensor(2, 4, 9, 6, dtype=dtype), tensor(2, 9, 6, dtype=dtype), tensor(4, dtype=dtype)
    matrix = tensor(3, 4, dtype=dtype)
    full = dtype != torch.bfloat16  # statistics share the input's dtype
    grads = (x, x, row, row, row, row, row, True, 1e-5, [True, True, False])
    special = {
        aten.convolution.default: (x, tensor(6, 2, 3, 2, dtype=dtype), None, [2, 1], [1, 2], [1, 2], False, [0, 0], 2),
        aten.convolution_backward.default: (
            *(x, x, tensor(4, 4, 1, 1, dtype=dtype), [4], [1, 1], [0, 0], [1, 1], False, [0, 0], 1, [True, True, True]),
        ),
        aten.addmm.default: (row, tensor(2, 3, dtype=dtype), matrix),
        aten.mm.default: (matrix, matrix.T),
        aten.bmm.default: (wide, wide.mT),
        aten._scaled_dot_product_flash_attention_for_cpu.default: full and (x, x, x),
        aten.native_batch_norm.default: full and (x, row, row, row, row, True, 0.1, 1e-5),
        aten.native_layer_norm.default: full and (x, [6], None, None, 1e-5),
        aten.native_group_norm.default: full and (x, row, row, 2, 4, 54, 2, 1e-5),
        aten._softmax.default: (x, -1, False),
        aten._log_softmax.default: (x, 1, False),
        aten._safe_softmax.default: (x, -1),
        aten.max_pool2d_with_indices.default: (x, [3, 2], [2, 2], [1, 0], [1, 1], True),
        aten.avg_pool2d.default: (x, [3], [2]),
        aten.avg_pool3d.default: (x.unsqueeze(1), [2, 3, 3], [1, 2, 2]),
        aten._adaptive_avg_pool2d.default: (x, [1, 1]),
        **dict.fromkeys([aten.upsample_nearest2d.default], (x, [18, 12])),
        **dict.fromkeys([aten.upsample_bilinear2d.default, aten.upsample_bicubic2d.default], (x, [18, 12], False)),
        **dict.fromkeys([aten.mean.dim, aten.sum.dim_IntList, aten.amax.default], (x, [-1, -2], True)),
        aten.linalg_vector_norm.default: (x, 2, [1], True),
        **dict.fromkeys([aten.cat.default, aten.stack.default], ([x, x, x], -2)),
        aten._unsafe_view.default: (x, [2, -1]),
        aten.constant_pad_nd.default: (x, [1, -1, 2, 0]),
        aten.embedding.default: (matrix, tensor(2, 5, dtype=torch.int64)),
        **dict.fromkeys([aten.mse_loss.default, aten.smooth_l1_loss.default, aten.soft_margin_loss.default], (x, x)),
        aten.binary_cross_entropy.default: (x, x),
        aten.col2im.default: (tensor(2, 12, 49, dtype=dtype), [8, 8], [2, 2], [1, 1], [0, 0], [1, 1]),
        aten.empty.memory_format: None,
        aten._embedding_bag.default: None,  # follows the CPU on request: tests/walk/test_abroad.py
        aten.roll.default: (x, [1, 2], [2, 3]),
        **dict.fromkeys([aten.arange.default, aten.arange.start, aten.arange.start_step]),
        aten.pow.Scalar: (2.0, x),
        aten.native_batch_norm_backward.default: full and grads,
        aten.threshold_backward.default: (x, x, 0.0),
        **dict.fromkeys([aten.addcmul_.default, aten.addcdiv_.default], (x, x, x)),
        aten.lerp_.Scalar: (x, x, 0.1),
    }
    numbers = dict.fromkeys([aten.clamp.default, aten.clamp_min.default], (x, 0.0)) | dict.fromkeys(
        [aten.pow.Tensor_Scalar, aten.add.Scalar, aten.mul.Scalar, aten.div.Scalar, aten.rsub.Scalar], (x, 2)
    )
    two = [aten.add, aten.sub, aten.mul, aten.div, aten.add_, aten.sub_, aten.mul_, aten.div_]
    gate = tensor(2, 4, 1, 1, dtype=dtype)
    pairs = {**{operator.Tensor: (x, gate) for operator in two}, aten.maximum.default: (x, x)}
    compared = [func for func in shapes.SHAPES if func not in ONLY_OURS]
    return {**dict.fromkeys(compared, (x,)), **numbers, **pairs, **special}


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_every_rule_answers_and_agrees(dtype):
    for func, args in calls(dtype).items():
        assert not args or agrees(func, *args), func
    assert agrees(aten.empty.memory_format, [2, 3], dtype=dtype, device=torch.device("meta"))


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("shape", [(2, 8, 6, 6), (2, 8, 1, 1), (1, 1, 6, 6)], ids=str)
@pytest.mark.parametrize("kernel", [1, 3])
def test_gradients_of_a_convolution_lie_as_what_they_are_of(kernel, shape, layout):
    """The order of the incoming gradient does not matter."""
    image = torch.ones(shape, device="meta").to(memory_format=layout)
    weight = torch.ones(4, shape[1], kernel, kernel, device="meta").to(memory_format=layout)
    given = torch.ones(shape[0], 4, *shape[2:], device="meta").transpose(-1, -2)
    settings = ([4], [1, 1], [kernel // 2] * 2, [1, 1], False, [0, 0], 1, [True, True, False])
    found = shapes.run(aten.convolution_backward.default, (given, image, weight, *settings), {})

    assert [each.shape for each in found[:2]] == [image.shape, weight.shape]
    assert all(each.is_contiguous(memory_format=layout) for each in found[:2])
    assert found[2] is None


LAYOUTS = {
    "contiguous": lambda x: x,
    "channels last": lambda x: x.to(memory_format=torch.channels_last),
    "rows and channels swapped": lambda x: x.transpose(1, 2).contiguous().transpose(1, 2),
    "every second column": lambda x: x.repeat_interleave(2, -1)[..., ::2],
    "three dimensions": lambda x: x.flatten(2).mT.contiguous().mT,
    "two dimensions": lambda x: x[:, :, 0, 0].T.contiguous().T,
    "one row": lambda x: x[:, :, :1].transpose(1, 3).contiguous().transpose(1, 3),
}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("arrange", LAYOUTS.values(), ids=LAYOUTS)
def test_a_batch_norm_lies_as_on_the_cpu(arrange, training):
    """The meta kernels of torch keep an order of dimensions that no other device keeps."""
    image, each = arrange(torch.ones(2, 3, 4, 5)), torch.ones(3)
    norm, backward = aten.native_batch_norm.default, aten.native_batch_norm_backward.default
    args = (image, each, each, each.clone(), each.clone(), training, 0.1, 1e-5)
    back = (torch.ones_like(image), image, each, each, each, each, each, training, 1e-5, [True, True, True])
    for func, real_args in ((norm, args), (backward, back)):
        found = shapes.run(func, map_tensors(lambda tensor: tensor.to("meta"), real_args), {})
        for ours, real in zip(found, func(*real_args), strict=True):
            assert (ours.shape, ours.stride()) == (real.shape, real.stride())


LOSSES = ("mse_loss", "smooth_l1_loss", "soft_margin_loss", "binary_cross_entropy")


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("reduction", [0, 1, 2])
def test_a_loss_keeps_the_storage_of_what_it_sums(name, reduction):
    func = getattr(aten, name).default
    weight = [None] * (name == "binary_cross_entropy")
    real = func(torch.ones(3, 4), torch.ones(3, 4), *weight, reduction)
    ours = shapes.run(func, (tensor(3, 4), tensor(3, 4), *weight, reduction), {})
    assert (ours.shape, ours.stride()) == (real.shape, real.stride())
    assert ours.untyped_storage().nbytes() == real.untyped_storage().nbytes() == 3 * 4 * 4


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_a_mean_of_squares_is_as_large_as_the_squares(device):
    """The prediction, the target, and the loss of each element, whose storage the mean keeps."""
    report = archcost.profile(Calls(functional.mse_loss), (torch.ones(3, 4), torch.ones(3, 4)), device=device)
    assert report.totals.activation_elements == 12 + 12 + 12


@pytest.mark.parametrize("stride", [1, 2])
def test_images_keep_the_storage_of_the_windows_that_they_are_summed_from(stride):
    windows = torch.ones(2, 3 * 2 * 2, ((8 - 2) // stride + 1) ** 2)
    settings = ([8, 8], [2, 2], [1, 1], [0, 0], [stride, stride])
    real = aten.col2im.default(windows, *settings)
    ours = shapes.run(aten.col2im.default, (windows.to("meta"), *settings), {})
    assert (ours.shape, ours.stride()) == (real.shape, real.stride())
    assert ours.untyped_storage().nbytes() == real.untyped_storage().nbytes()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_groups_of_channels_that_lie_innermost_stay_so(dtype):
    image = tensor(2, 8, 4, 4, dtype=dtype).to(memory_format=torch.channels_last)
    asked = as_on_cpu.set(True)
    found, *statistics = shapes.run(aten.native_group_norm.default, (image, None, None, 2, 8, 16, 2, 1e-5), {})
    as_on_cpu.reset(asked)

    assert (found.shape, found.stride(), found.dtype) == (image.shape, image.stride(), dtype)
    assert [each.shape for each in statistics] == [(2, 2), (2, 2)]


def test_where_torch_contradicts_itself_the_cpus_kernel_is_right():
    """The meta kernels of some releases err: for attention in float64, torch 2.11 returns sums in float32."""

    def of_torch(x):
        return x if x.is_meta else x.double()

    Check()(of_torch, (tensor(2, 3),), {}, tensor(2, 3, dtype=torch.float64))
    with pytest.raises(RuleError, match="torch says"):
        Check()(of_torch, (tensor(2, 3),), {}, tensor(2, 3, dtype=torch.float16))


@pytest.mark.parametrize("bounds", [(5,), (0,), (2, 9), (2, 9, 3), (9, 2, -3), (2, 2, 5), (3, 10, 7)])
@pytest.mark.parametrize("dtype", [None, torch.float32, torch.int32])
def test_integers_in_steps_are_as_many_as_torchs(bounds, dtype):
    operator = (aten.arange.default, aten.arange.start, aten.arange.start_step)[len(bounds) - 1]

    assert agrees(operator, *bounds, dtype=dtype, device=torch.device("meta"))


def test_dtypes_that_meet_are_promoted_as_torch_does():
    places, scale, half = tensor(6, dtype=torch.int64), tensor(1, 6), tensor(4, 1, dtype=torch.bfloat16)
    number = torch.empty((), dtype=torch.float64, device="meta")

    for operator in (aten.add.Tensor, aten.mul.Tensor, aten.div.Tensor, aten.maximum.default):
        for first, second in ((places, scale), (scale, half), (half, places), (scale, number), (number, half)):
            assert agrees(operator, first, second)
            assert agrees(operator, second, first)
    assert agrees(aten.div.Tensor, places, 64)
    assert not agrees(aten.div.Tensor, places, places)
    assert not agrees(aten.mul.Tensor, places, 2)


def test_what_is_unusual_goes_to_torch():
    net = nn.Sequential(nn.Conv2d(4, 4, 3).to(memory_format=torch.channels_last), nn.ConvTranspose2d(4, 4, 3))
    with shapes.check_answers() as check:
        archcost.profile(net, torch.zeros(1, 4, 9, 9).to(memory_format=torch.channels_last))
        shapes.run(aten.add.Tensor, (tensor(2, dtype=torch.int64), tensor(2, dtype=torch.int64)), {})
        shapes.run(aten.add.Tensor, (torch.zeros(2), torch.zeros(2)), {})
        shapes.run(aten.mul.Tensor, (tensor(2), 1j), {})

    assert not check.operators


def test_a_wrong_rule_is_found(monkeypatch):
    monkeypatch.setitem(RULES, id(aten.relu.default), lambda image: image.new_empty(image.shape[::-1]))
    archcost.profile(nn.ReLU(), torch.zeros(2, 3))

    with (
        shapes.check_answers(),
        pytest.raises(RuleError, match=r"the shape rule of aten.relu.default says .*3, 2.*torch says"),
    ):
        archcost.profile(nn.ReLU(), torch.zeros(2, 3))


def test_the_environment_turns_the_check_on():
    program = (
        "import torch, archcost; from archcost.walk.shapes.table import RULES\n"
        "RULES[id(torch.ops.aten.relu.default)] = lambda image: image.new_empty(7)\n"
        "archcost.profile(torch.nn.ReLU(), torch.zeros(2, 3))"
    )
    for value, code in (("0", 0), ("1", 1)):
        environment = {**os.environ, "ARCHCOST_CHECK_SHAPES": value}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, "the shape rule" in done.stderr) == (code, bool(code))


@pytest.mark.parametrize(
    ("layer", "image"),
    [
        (nn.Linear(4, 4, dtype=torch.bfloat16), torch.zeros(1, 4)),
        (nn.Linear(4, 4, bias=False), torch.zeros(1, 4, dtype=torch.int64)),
        (nn.Conv2d(3, 4, 3, bias=False), torch.zeros(1, 3, 8, 8, dtype=torch.float16)),
    ],
    ids=["linear in bf16", "integers", "half image"],
)
def test_dtypes_that_do_not_go_together_fail_on_meta_as_they_do_on_the_cpu(layer, image):
    for device in ("meta", "cpu"):
        with pytest.raises(WalkError, match="type"):
            archcost.profile(layer, image, device=device)
