"""VGG. Simonyan and Zisserman, ICLR 2015, arXiv:1409.1556. Transcribed from table 1."""

import torch
from torch import nn

from archcost.zoo._blocks import choose

# Table 1, columns A to E: 3x3 convolutions by stage; "1x1" where column C has one.
TABLE_1: dict[str, tuple[tuple[str, ...], ...]] = {
    "A": (("3x3",), ("3x3",), ("3x3",) * 2, ("3x3",) * 2, ("3x3",) * 2),
    "B": (("3x3",) * 2, ("3x3",) * 2, ("3x3",) * 2, ("3x3",) * 2, ("3x3",) * 2),
    "C": (("3x3",) * 2, ("3x3",) * 2, *(("3x3", "3x3", "1x1"),) * 3),
    "D": (("3x3",) * 2, ("3x3",) * 2, ("3x3",) * 3, ("3x3",) * 3, ("3x3",) * 3),
    "E": (("3x3",) * 2, ("3x3",) * 2, ("3x3",) * 4, ("3x3",) * 4, ("3x3",) * 4),
}
WIDTHS = (64, 128, 256, 512, 512)


class VGG(nn.Module):
    """Five stages of convolutions, each ended by a 2x2 max pool, then three fully connected layers."""

    def __init__(self, features: nn.Sequential, num_classes: int) -> None:
        super().__init__()
        self.features = features
        self.flatten = nn.Flatten()
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.flatten(self.features(x)))


def vgg(config: str = "D", *, batch_norm: bool = False, num_classes: int = 1000, in_channels: int = 3) -> VGG:
    """Build configuration A, B, C, D or E; `batch_norm` is torchvision's addition, which keeps the biases."""
    layers: list[nn.Module] = []
    for kernels, width in zip(choose(TABLE_1, config, "configuration"), WIDTHS, strict=True):
        for kernel in kernels:
            size = int(kernel[0])
            layers.append(nn.Conv2d(in_channels, width, size, padding=size // 2))
            if batch_norm:
                layers.append(nn.BatchNorm2d(width))
            layers.append(nn.ReLU(inplace=True))
            in_channels = width
        layers.append(nn.MaxPool2d(2, 2))
    return VGG(nn.Sequential(*layers), num_classes)
