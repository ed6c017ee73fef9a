"""Tiny networks with their expected figures, written out as arithmetic; mostly awkward ones.

`rows` are (name, multiply-adds, activation elements) in the order of execution. A network whose operators depend on the
device (fused attention, fused recurrence) lists no rows, only totals.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional


class Net(nn.Module):
    """The expected figures of a network; `inputs` are the shapes of its arguments."""

    inputs = ((2, 4),)
    dtype = torch.float32
    mode = "eval"
    params = macs = depth = 0
    activation_elements = None
    receptive_field = None
    rows = None
    uncalled = ()

    def arguments(self):
        return tuple(torch.ones(shape, dtype=self.dtype) for shape in self.inputs)


class SharedWeight(Net):
    """Two layers share one weight: it counts once as a parameter and is used twice."""

    params = 4 * 4 + 4 + 4
    macs = 2 * (2 * 4 * 4)
    depth = 2
    activation_elements = 8 + 8 + 8
    rows = (("input", 0, 8), ("a", 2 * 4 * 4, 8), ("b", 2 * 4 * 4, 8))

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)
        self.b.weight = self.a.weight

    def forward(self, x):
        return self.b(self.a(x))


class CalledTwice(Net):
    """One module, two calls: two rows, the second without parameters."""

    params = 4 * 4 + 4
    macs = 2 * (2 * 4 * 4)
    depth = 2
    activation_elements = 8 + 8 + 8
    rows = (("input", 0, 8), ("a", 2 * 4 * 4, 8), ("a", 2 * 4 * 4, 8))

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)

    def forward(self, x):
        return self.a(self.a(x))


class Functional(Net):
    """Operators without modules: each has its own row; the indices of the pool die unread."""

    inputs = ((1, 2, 4, 4),)
    params = 3 * 2 * 9 + 3
    macs = 4 * 4 * 3 * 2 * 9
    depth = 1
    activation_elements = 32 + 48 + 48 + 12 + 12 + 24
    receptive_field = (4, 4)  # 3, and one more position from the pool
    rows = (
        ("input", 0, 2 * 4 * 4),
        ("conv", 4 * 4 * 3 * 2 * 9, 3 * 4 * 4),
        ("relu", 0, 3 * 4 * 4),
        ("max_pool2d_with_indices", 0, 3 * 2 * 2),
        ("add", 0, 3 * 2 * 2),
        ("cat", 0, 6 * 2 * 2),
    )

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3, padding=1)

    def forward(self, x):
        pooled = functional.max_pool2d(functional.relu(self.conv(x)), 2)
        return torch.cat([pooled + pooled, pooled], 1)


class InPlace(Net):
    """An in-place chain takes no memory beyond the first result."""

    inputs = ((1, 2, 4, 4),)
    params = 3 * 2 + 3
    macs = 16 * 3 * 2
    depth = 1
    activation_elements = 32 + 48
    receptive_field = (1, 1)
    rows = (("input", 0, 32), ("conv", 16 * 6, 48), ("relu", 0, 0), ("act", 0, 0), ("add", 0, 0), ("mul", 0, 0))

    def __init__(self):
        super().__init__()
        self.conv, self.act = nn.Conv2d(2, 3, 1), nn.ReLU6(inplace=True)

    def forward(self, x):
        y = self.act(self.conv(x).relu_())
        y += 1
        return y.mul_(2)


@dataclass
class Output:
    """A dataclass that a network returns."""

    logits: torch.Tensor
    hidden: tuple
    loss: None = None


class DataclassOutput(Net):
    """Tensors in dataclasses, tuples and dictionaries are found; None is not a tensor."""

    params = (4 * 3 + 3) + (3 * 2 + 2)
    macs = 2 * 4 * 3 + 2 * 3 * 2
    depth = 2
    activation_elements = 8 + 6 + 4
    rows = (("input", 0, 8), ("a", 2 * 4 * 3, 6), ("b", 2 * 3 * 2, 4))

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 3), nn.Linear(3, 2)

    def forward(self, x):
        hidden = self.a(x)
        return Output(self.b(hidden), (hidden, None))


class DictOutput(DataclassOutput):
    """The same in a dictionary of lists."""

    def forward(self, x):
        output = super().forward(x)
        return {"logits": output.logits, "rest": [output.hidden, None, "text"]}


class NoneOutput(DataclassOutput):
    """A network that returns nothing has no output: depth 0, and its last result dies unread."""

    depth = 0
    activation_elements = 8 + 6
    rows = (("input", 0, 8), ("a", 2 * 4 * 3, 6), ("b", 2 * 3 * 2, 0))

    def forward(self, x):
        super().forward(x)


class Tied(Net):
    """An embedding and a head share one table: it counts once as a parameter, and a lookup multiplies nothing."""

    inputs = ((2, 3),)
    dtype = torch.int64
    params = 10 * 4
    macs = 2 * 3 * 4 * 10
    depth = 1
    activation_elements = 6 + 24 + 60
    rows = (("input", 0, 6), ("embed", 0, 2 * 3 * 4), ("head", 2 * 3 * 4 * 10, 2 * 3 * 10))

    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(10, 4), nn.Linear(4, 10, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x):
        return self.head(self.embed(x))


class GroupedTransposed(Net):
    """A transposed convolution uses each weight once per input position: 25 times here, not once per output (100)."""

    inputs = ((1, 4, 5, 5),)
    params = 4 * (6 // 2) * 9 + 6
    macs = 25 * 4 * (6 // 2) * 9
    depth = 1
    activation_elements = 4 * 25 + 6 * 100
    receptive_field = (2, 2)
    rows = (("input", 0, 4 * 25), ("up", 25 * 4 * 3 * 9, 6 * 10 * 10))

    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2)

    def forward(self, x):
        return self.up(x)


class DirectForward(Net):
    """A leaf whose forward is called directly runs no hooks: the caller gets its operators, it keeps its parameters."""

    params = (4 * 4 + 4) + (4 * 2 + 2)
    macs = 2 * 4 * 4 + 2 * 4 * 2
    depth = 2
    activation_elements = 8 + 8 + 4
    rows = (("input", 0, 8), ("addmm", 2 * 4 * 4, 8), ("b.0", 2 * 4 * 2, 4))

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 2))

    def forward(self, x):
        return self.b.forward(self.a.forward(x))


class UserHooks(CalledTwice):
    """The user's own hooks run: the operators of a forward hook belong to the caller's row."""

    activation_elements = 8 + 8 + 8 + 8 + 8
    rows = (("input", 0, 8), ("a", 2 * 4 * 4, 8), ("mul", 0, 8), ("a", 2 * 4 * 4, 8), ("mul", 0, 8))

    def __init__(self):
        super().__init__()
        self.a.register_forward_hook(lambda module, args, output: output * 2)


class Unused(Net):
    """A submodule that never runs keeps its parameters, in its own row at the end."""

    params = (4 * 4 + 4) + (4 * 5 + 5)
    macs = 2 * 4 * 4
    depth = 1
    activation_elements = 8 + 8
    rows = (("input", 0, 8), ("a", 2 * 4 * 4, 8), ("auxiliary", 0, 0))
    uncalled = ("auxiliary",)

    def __init__(self):
        super().__init__()
        self.a, self.auxiliary = nn.Linear(4, 4), nn.Linear(4, 5)

    def forward(self, x):
        return self.a(x)


class OwnParameters(Net):
    """Parameters that a module with children reads itself belong to the operator that reads them first."""

    inputs = ((1, 3, 4, 4),)
    params = (2 * 3 * 9 + 2) + (2 + 2)
    macs = 2 * 2 * 2 * 3 * 9
    depth = 1
    activation_elements = 48 + 8 + 8
    receptive_field = (3, 3)
    rows = (("input", 0, 48), ("convolution", 4 * 2 * 3 * 9, 8), ("bn", 0, 8))

    def __init__(self):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(2, 3, 3, 3)), nn.Parameter(torch.ones(2))
        self.bn = nn.BatchNorm2d(2)

    def forward(self, x):
        return self.bn(functional.conv2d(x, self.weight, self.bias))


class BufferKernel(Net):
    """A fixed kernel is a buffer: its products count, its elements are not parameters."""

    inputs = ((1, 3, 4, 4),)
    buffers_elements = 3 * 1 * 2 * 2 + 2
    params = 2 * 3 + 2
    macs = 9 * 3 * 4 + 9 * 2 * 3
    depth = 1
    activation_elements = 48 + 27 + 18 + 1 + 18
    receptive_field = (2, 2)
    rows = (("input", 0, 48), ("convolution", 9 * 12, 27), ("conv", 9 * 6, 18), ("sum", 0, 1), ("mul", 0, 18))

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 1)
        self.register_buffer("blur", torch.ones(3, 1, 2, 2))
        self.register_buffer("scale", torch.ones(2))

    def forward(self, x):
        return self.conv(functional.conv2d(x, self.blur, groups=3)) * self.scale.sum()


NETS = (
    SharedWeight, CalledTwice, Functional, InPlace, DataclassOutput, DictOutput, NoneOutput, Tied, GroupedTransposed,
    DirectForward, UserHooks, Unused, OwnParameters, BufferKernel,
)  # fmt: skip
