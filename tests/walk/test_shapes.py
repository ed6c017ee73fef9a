"""archcost's own shape rules say what torch's meta kernels say, in shape, dtype and strides."""

import pytest
import torch
from torch import nn
from torch.nn import functional

import archcost
from archcost.errors import WalkError
from archcost.walk import recorder
from archcost.walk.shapes import SHAPES, on_meta
from archcost.walk.tensors import find_tensors

NETWORKS = (
    "alexnet_grouped", "densenet121", "efficientnet_b0", "googlenet", "inception_v4", "mobilenet_v2",
    "mobilenet_v3_small", "nasnet_a_mobile", "preresnet152", "resnext50_32x4d", "se_resnet50", "shufflenet_v1_g3",
    "vgg11_bn",
)  # fmt: skip
BATCH_NORM = torch.ops.aten.native_batch_norm.default
# torch's meta kernel says that eval mode saves statistics; its real ones save nothing
EVAL_SAVES = [
    saved.shape for saved in BATCH_NORM(torch.zeros(2, 3), None, None, *torch.ones(2, 3), False, 0.1, 1e-5)[1:]
]

OF_TRAINING = {
    *(torch.ops.aten.native_batch_norm_backward.default, torch.ops.aten.threshold_backward.default),
    *(torch.ops.aten.addcmul_.default, torch.ops.aten.addcdiv_.default, torch.ops.aten.lerp_.Scalar),
    torch.ops.aten.sqrt.default,
}


class Checked:
    """Runs an operator both ways."""

    def __init__(self):
        self.compared = set()

    def __call__(self, func, args, kwargs):
        rule = SHAPES.get(func)
        if rule is None or not on_meta(args):
            return func(*args, **kwargs)
        ours = rule(*args, **kwargs)
        theirs = func(*args, **kwargs)
        if ours is not NotImplemented:
            if func is BATCH_NORM and not args[5]:
                assert [saved.shape for saved in ours[1:]] == EVAL_SAVES
                ours, theirs = ours[:1], theirs[:1]
            assert _seen(ours) == _seen(theirs), func
            self.compared.add(func)
        return func(*args, **kwargs)


def _seen(result):
    return [(tensor.shape, tensor.dtype, tensor.stride(), tensor.device) for tensor in find_tensors(result)]


@pytest.fixture
def checked(monkeypatch):
    both = Checked()
    monkeypatch.setattr(recorder, "_run", both)
    return both


def test_every_rule_agrees_with_torch_over_the_zoo(checked):
    for name in NETWORKS:
        archcost.profile(name)

    assert torch.ops.aten.convolution.default in checked.compared
    assert torch.ops.aten.native_batch_norm.default in checked.compared


@pytest.mark.parametrize("options", [{"mode": "eval"}, {"mode": "train"}, {"train": "adam"}], ids=str)
def test_every_rule_is_used_and_agrees(checked, options):
    """One layer for each rule, with odd sizes, halves and doubles."""
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        net = nn.Sequential(
            nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2),
            nn.BatchNorm2d(6),
            Pooled(),
            nn.ReLU(), nn.Tanh(), nn.GELU(), nn.SiLU(), nn.Sigmoid(), nn.Hardswish(), nn.Hardsigmoid(), nn.ReLU6(),
            nn.ReLU(inplace=True), nn.SiLU(inplace=True), nn.Hardswish(inplace=True), nn.Hardsigmoid(inplace=True),
            nn.ReLU6(inplace=True),
            nn.Flatten(2),
            nn.LayerNorm(30),
            Twice(),
            nn.Flatten(1),
            nn.Linear(180, 7),
        ).to(dtype)  # fmt: skip
        archcost.profile(net, torch.zeros(2, 4, 9, 4, dtype=dtype), **options)

    in_place_sigmoid = torch.ops.aten.sigmoid_.default
    assert checked.compared >= SHAPES.keys() - {in_place_sigmoid} - (set() if "train" in options else OF_TRAINING)


def test_what_is_unusual_goes_to_torch(checked):
    """Channels last and transposed convolution are torch's own business."""
    net = nn.Sequential(nn.Conv2d(4, 4, 3), nn.ConvTranspose2d(4, 4, 3))
    archcost.profile(net, torch.zeros(1, 4, 9, 9).to(memory_format=torch.channels_last))

    assert not checked.compared


class Pooled(nn.Module):
    """Every way of rounding a pool, and a mean over the axes; hands its input on."""

    def forward(self, x):
        for kernel, stride, padding, ceil in ((2, 2, 0, False), (3, 2, 1, True), (2, 3, 1, True), (2, 2, 0, True)):
            functional.max_pool2d(x, kernel, stride, padding, ceil_mode=ceil)
        torch.cat([x, x + x, x], dim=-3)
        x.mean((2, 3))
        x.flatten(0, 1) @ x.flatten(0, 1).mT
        x[0, 0] @ x[0, 0].T
        x.mean((-1, -2), keepdim=True)
        return x


class Twice(nn.Module):
    def forward(self, x):
        return x + x


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
