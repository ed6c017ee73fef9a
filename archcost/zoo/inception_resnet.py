"""Inception-ResNet. Szegedy, Ioffe, Vanhoucke and Alemi, AAAI 2017, arXiv:1602.07261. Figures 10 to 19, table 1.

`v2_slim` is the network that was released under the name of Inception-ResNet-v2 (TF-Slim, Keras, timm).
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import nn

from archcost.zoo._blocks import Concatenate, choose, global_average_pool
from archcost.zoo.inception_v3 import Auxiliary, conv  # the released network has Inception-v3's side classifier
from archcost.zoo.inception_v4 import ReductionA, Step, chain, pooled, stem as stem_v4

Branches = tuple[tuple[Step, ...], ...]

# paper: "between 0.1 and 0.3"; these are the released network's, for its blocks A, B and C.
SCALES = (0.17, 0.10, 0.20)


def _stem(in_channels: int, **last: nn.Module) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=conv(in_channels, 32, 3, stride=2, padding=0),
            conv2=conv(32, 32, 3, padding=0),
            conv3=conv(32, 64, 3),
            pool1=nn.MaxPool2d(3, 2),
            conv4=conv(64, 80, 1),
            conv5=conv(80, 192, 3, padding=0),
            **last,
        )
    )


def _stem_v1(in_channels: int) -> nn.Sequential:
    """Figure 14: 256 maps of 35x35."""
    return _stem(in_channels, conv6=conv(192, 256, 3, stride=2, padding=0))


def _stem_slim(in_channels: int) -> nn.Sequential:
    """Inception-v3's stem and a module of 320 maps, as released."""
    mixed = Concatenate(
        conv1x1=conv(192, 96, 1),
        conv5x5=chain(192, (48, 1), (64, 5)),
        double3x3=chain(192, (64, 1), (96, 3), (96, 3)),
        pool=pooled(192, 64),
    )
    return _stem(in_channels, pool2=nn.MaxPool2d(3, 2), mixed5b=mixed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One network; branches are (width, kernel) from input to output, `last` the 1x1 convolution before the head.

    With `last`, the last block C is neither scaled nor followed by ReLU (as released).
    """

    stem: Callable[[int], nn.Sequential]
    width: int
    blocks: tuple[int, int, int]
    a: Branches
    reduction_a: tuple[int, int, int, int]
    b: Branches
    reduction_b: Branches
    c: Branches
    last: int | None = None


V1 = Version(
    stem=_stem_v1,
    width=256,
    blocks=(5, 10, 5),
    a=(((32, 1),), ((32, 1), (32, 3)), ((32, 1), (32, 3), (32, 3))),
    reduction_a=(192, 192, 256, 384),
    b=(((128, 1),), ((128, 1), (128, (1, 7)), (128, (7, 1)))),
    reduction_b=(((256, 1), (384, 3)), ((256, 1), (256, 3)), ((256, 1), (256, 3), (256, 3))),
    c=(((192, 1),), ((192, 1), (192, (1, 3)), (192, (3, 1)))),
)
V2 = Version(
    stem=stem_v4,
    width=384,
    blocks=(5, 10, 5),
    a=(((32, 1),), ((32, 1), (32, 3)), ((32, 1), (48, 3), (64, 3))),
    reduction_a=(256, 256, 384, 384),
    b=(((192, 1),), ((128, 1), (160, (1, 7)), (192, (7, 1)))),
    reduction_b=(((256, 1), (384, 3)), ((256, 1), (288, 3)), ((256, 1), (288, 3), (320, 3))),
    c=(((192, 1),), ((192, 1), (224, (1, 3)), (256, (3, 1)))),
)
VERSIONS = {
    "v1": V1,
    "v2_paper": V2,
    "v2_slim": replace(V2, stem=_stem_slim, width=320, blocks=(10, 20, 10), last=1536),
}


class InceptionResNet(nn.Module):
    """Block A, B or C: branches, a linear 1x1 convolution back to the width, scaled and added to the input.

    The paper leaves out BatchNorm after the sum, so that more blocks fit on one GPU; `normalise` puts it in.
    """

    def __init__(
        self, width: int, branches: Branches, scale: float, *, relu: bool = True, normalise: bool = False
    ) -> None:
        super().__init__()
        self.branches = Concatenate(**{f"branch{i}": chain(width, *steps) for i, steps in enumerate(branches, start=1)})
        # paper: prints 1154 (v2's B) and 2048 (v2's C), which cannot be added to inputs of 1152 and 2144.
        self.linear = nn.Conv2d(sum(steps[-1][0] for steps in branches), width, 1)
        self.scale = scale
        self.bn = nn.BatchNorm2d(width) if normalise else None
        self.relu = nn.ReLU(inplace=True) if relu else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.scale * self.linear(self.branches(x))
        x = x if self.bn is None else self.bn(x)
        return x if self.relu is None else self.relu(x)


class ReductionB(Concatenate):
    """Figures 12 and 18: a pool and three branches, the last convolution of each with stride 2."""

    def __init__(self, in_channels: int, branches: Branches) -> None:
        super().__init__(
            pool=nn.MaxPool2d(3, 2),
            **{
                f"branch{i}": chain(in_channels, *steps, stride=2, padding=0)
                for i, steps in enumerate(branches, start=1)
            },
        )


class Network(nn.Module):
    """Figure 15: trunk to the last 17x17 maps, side classifier, tail."""

    def __init__(self, version: Version, in_channels: int, num_classes: int, *, aux: bool, normalise: bool) -> None:
        super().__init__()
        v, (a, b, c) = version, version.blocks
        block = partial(InceptionResNet, normalise=normalise)
        width_b = v.width + v.reduction_a[2] + v.reduction_a[3]
        width_c = width_b + sum(steps[-1][0] for steps in v.reduction_b)
        self.trunk = nn.Sequential(
            OrderedDict[str, nn.Module](
                stem=v.stem(in_channels),
                inception_a=nn.Sequential(*(block(v.width, v.a, SCALES[0]) for _ in range(a))),
                reduction_a=ReductionA(v.width, *v.reduction_a),
                inception_b=nn.Sequential(*(block(width_b, v.b, SCALES[1]) for _ in range(b))),
            )
        )
        self.aux = Auxiliary(width_b, num_classes) if aux else None
        blocks_c = [block(width_c, v.c, SCALES[2]) for _ in range(c)]
        last: dict[str, nn.Module] = {}
        if v.last is not None:
            blocks_c[-1] = block(width_c, v.c, 1.0, relu=False)
            last["conv"] = conv(width_c, v.last, 1)
        self.tail = nn.Sequential(
            OrderedDict[str, nn.Module](
                reduction_b=ReductionB(width_b, v.reduction_b),
                inception_c=nn.Sequential(*blocks_c),
                **last,
                pool=global_average_pool(),
                dropout=nn.Dropout(0.2),  # paper: keep 0.8
                fc=nn.Linear(v.last or width_c, num_classes),
            )
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        x = self.trunk(x)
        if self.aux is None:
            return self.tail(x)
        return self.tail(x), self.aux(x)


def inception_resnet(
    version: str = "v2_slim",
    *,
    aux: bool = False,
    normalised_sums: bool = False,
    num_classes: int = 1000,
    in_channels: int = 3,
) -> Network:
    """Build `v1`, `v2_paper` (the figures' v2) or `v2_slim`; with `aux`, `v2_slim` returns side logits too.

    `normalised_sums` puts BatchNorm after each block's sum, which the paper leaves out (section 3.2).
    """
    chosen = choose(VERSIONS, version, "version")
    if aux and version != "v2_slim":
        raise ValueError(f"only v2_slim has a side classifier, not {version}")
    return Network(chosen, in_channels, num_classes, aux=aux, normalise=normalised_sums)
