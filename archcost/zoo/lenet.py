"""LeNet-5. LeCun, Bottou, Bengio and Haffner, Proceedings of the IEEE 86(11), 1998. Section II-B and table I.

`lenet5_simple` is the usual remake, `lenet_caffe` the network of Caffe's MNIST example.
"""

from collections import OrderedDict

import torch
from torch import nn

# Table I: the maps of S2 (rows) that each of the 16 maps of C3 (columns) reads.
TABLE_I = (
    "X...XXX..XXXX.XX",
    "XX...XXX..XXXX.X",
    "XXX...XXX..X.XXX",
    ".XXX..XXXX..X.XX",
    "..XXX..XXXX.XX.X",
    "...XXX..XXXX.XXX",
)


class Squash(nn.Module):
    """The scaled hyperbolic tangent of appendix A."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 1.7159 * torch.tanh(2 / 3 * x)


class Subsampling(nn.Module):
    """The sum of 2x2 values times one trained coefficient plus one trained bias, by map."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.sum = nn.AvgPool2d(2, divisor_override=1)
        self.coefficient = nn.Parameter(torch.full((maps,), 0.25))
        self.bias = nn.Parameter(torch.zeros(maps))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.coefficient[:, None, None] * self.sum(x) + self.bias[:, None, None]


class C3(nn.Module):
    """A 5x5 convolution whose output maps read only some of the input maps: one small convolution for each."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = tuple(
            tuple(i for i, mark in enumerate(column) if mark == "X") for column in zip(*TABLE_I, strict=True)
        )
        self.maps = nn.ModuleList(nn.Conv2d(len(read), 1, 5) for read in self.reads)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        s2 = x.chunk(len(TABLE_I), dim=1)
        outputs = [
            conv(torch.cat([s2[i] for i in read], dim=1)) for conv, read in zip(self.maps, self.reads, strict=True)
        ]
        return torch.cat(outputs, dim=1)


class RBF(nn.Module):
    """The squared Euclidean distance to one fixed vector of -1 and +1 for each class."""

    centres: torch.Tensor

    def __init__(self, in_features: int, num_classes: int) -> None:
        super().__init__()
        # paper: its vectors draw the characters as 7x12 bitmaps; random signs are the alternative that it names.
        # Drawn on the CPU: torch's compiler would be imported for this arithmetic on the meta device.
        signs = torch.randint(0, 2, (num_classes, in_features), device="cpu") * 2.0 - 1.0
        self.register_buffer("centres", signs.to(torch.get_default_device()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x.unsqueeze(1) - self.centres).square().sum(dim=2)


def lenet5(*, num_classes: int = 10, in_channels: int = 1) -> nn.Sequential:
    """Build the network of the paper, layer names as there; the outputs are distances: the smallest wins."""
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            c1=nn.Conv2d(in_channels, 6, 5),
            squash1=Squash(),
            s2=Subsampling(6),
            squash2=Squash(),
            c3=C3(),
            squash3=Squash(),
            s4=Subsampling(16),
            squash4=Squash(),
            c5=nn.Conv2d(16, 120, 5),
            squash5=Squash(),
            flatten=nn.Flatten(),
            f6=nn.Linear(120, 84),
            squash6=Squash(),
            output=RBF(84, num_classes),
        )
    )


def lenet5_simple(*, num_classes: int = 10, in_channels: int = 1) -> nn.Sequential:
    """Build the remake: C3 reads all maps, average pools without parameters, fully connected layers from C5 on."""
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=nn.Conv2d(in_channels, 6, 5),
            tanh1=nn.Tanh(),
            pool1=nn.AvgPool2d(2),
            conv2=nn.Conv2d(6, 16, 5),
            tanh2=nn.Tanh(),
            pool2=nn.AvgPool2d(2),
            flatten=nn.Flatten(),
            fc1=nn.Linear(16 * 5 * 5, 120),
            tanh3=nn.Tanh(),
            fc2=nn.Linear(120, 84),
            tanh4=nn.Tanh(),
            fc3=nn.Linear(84, num_classes),
        )
    )


def lenet_caffe(*, num_classes: int = 10, in_channels: int = 1) -> nn.Sequential:
    """Build Caffe's network: wider, on 28x28 images, with no activation but the ReLU after its first full layer."""
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=nn.Conv2d(in_channels, 20, 5),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(20, 50, 5),
            pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            ip1=nn.Linear(50 * 4 * 4, 500),
            relu1=nn.ReLU(inplace=True),
            ip2=nn.Linear(500, num_classes),
        )
    )
