"""Tiny recurrent and attention networks, and odd dtypes and batches, with their expected figures."""

import torch
from nets import NETS, Net
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence

STEPS, BATCH, WIDTH, HIDDEN = 7, 3, 4, 5
TOKENS = STEPS * BATCH
LSTM, GRU = 4, 3  # gates


def recurrent_params(gates):
    """Return the number of input weights, hidden weights and two biases of one layer in one direction."""
    return gates * HIDDEN * (WIDTH + HIDDEN + 1 + 1)


class BidirectionalLSTM(Net):
    """Two layers, two directions; the second layer reads both directions of the first. Depth: one for each layer."""

    inputs = ((STEPS, BATCH, WIDTH),)
    params = 2 * recurrent_params(LSTM) + 2 * LSTM * HIDDEN * (2 * HIDDEN + HIDDEN + 1 + 1)
    macs = 2 * TOKENS * LSTM * HIDDEN * (WIDTH + HIDDEN) + 2 * TOKENS * LSTM * HIDDEN * (2 * HIDDEN + HIDDEN)
    depth = 2
    receptive_field = ("all",)
    # for each hidden element: 4 gates added, 4 gate functions, f * c, i * g, their sum, tanh, o * tanh
    other_ops = 2 * 2 * TOKENS * HIDDEN * (4 + 4 + 5)

    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(WIDTH, HIDDEN, num_layers=2, bidirectional=True)

    def forward(self, x):
        return self.rnn(x)[0]


class ProjectedLSTM(Net):
    """A projection of the hidden state counts as a separate layer."""

    inputs = ((STEPS, BATCH, WIDTH),)
    params = LSTM * HIDDEN * (WIDTH + 2 + 1 + 1) + 2 * HIDDEN
    macs = TOKENS * (LSTM * HIDDEN * (WIDTH + 2) + 2 * HIDDEN)
    depth = 2
    receptive_field = ("all",)

    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(WIDTH, HIDDEN, proj_size=2)

    def forward(self, x):
        return self.rnn(x)[0]


class BidirectionalGRU(Net):
    """Three gates; the new state adds nothing to the products."""

    inputs = ((STEPS, BATCH, WIDTH),)
    params = 2 * recurrent_params(GRU)
    macs = 2 * TOKENS * GRU * HIDDEN * (WIDTH + HIDDEN)
    depth = 1
    receptive_field = ("all",)
    # r and z: added, sigmoid; n: r * h, added, tanh; h' = (h - n) * z + n
    other_ops = 2 * TOKENS * HIDDEN * (2 + 2 + 3 + 3)

    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(WIDTH, HIDDEN, bidirectional=True)

    def forward(self, x):
        return self.rnn(x)[0]


class PackedLSTM(Net):
    """Of 3 sequences of 7, 4 and 2 steps, 13 steps are computed, not 21."""

    inputs = ((STEPS, BATCH, WIDTH),)
    params = recurrent_params(LSTM)
    macs = (7 + 4 + 2) * LSTM * HIDDEN * (WIDTH + HIDDEN)
    depth = 1
    receptive_field = (None,)

    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(WIDTH, HIDDEN)

    def forward(self, x):
        lengths = torch.tensor([7, 4, 2], device="cpu")
        return self.rnn(pack_padded_sequence(x, lengths))[0].data


class CellLoop(Net):
    """A cell called in a loop: a row for each step, but a step is not a layer."""

    inputs = ((STEPS, BATCH, WIDTH),)
    params = recurrent_params(GRU)
    macs = TOKENS * GRU * HIDDEN * (WIDTH + HIDDEN)
    depth = 1
    receptive_field = ("all",)

    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(WIDTH, HIDDEN)

    def forward(self, x):
        state = x.new_zeros(x.shape[1], HIDDEN)
        for step in x:
            state = self.cell(step, state)
        return state


class Attention(Net):
    """nn.MultiheadAttention: three projections, scores and values in 2 heads, one projection. In eval a fused path."""

    inputs = ((2, 5, 8),)
    params = 3 * 8 * 8 + 3 * 8 + 8 * 8 + 8
    macs = 10 * 8 * 3 * 8 + 2 * (2 * 2 * 5 * 5 * 4) + 10 * 8 * 8
    depth = 2
    receptive_field = ("all",)

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x)


class TrainedAttention(Attention):
    """Training runs no fused path; the multiply-adds are the same."""

    mode = "train"


class AttentionWithoutWeights(Attention):
    """If no weights are returned, torch calls scaled_dot_product_attention."""

    mode = "train"

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


class CrossAttention(Net):
    """Queries of 5 tokens, keys and values of 7, of other widths."""

    inputs = ((2, 5, 8), (2, 7, 6), (2, 7, 4))
    params = 8 * (8 + 6 + 4) + 3 * 8 + 8 * 8 + 8
    macs = 10 * 8 * 8 + 14 * 6 * 8 + 14 * 4 * 8 + 2 * (2 * 2 * 5 * 7 * 4) + 10 * 8 * 8
    depth = 2
    receptive_field = ("all",)

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, kdim=6, vdim=4, batch_first=True)

    def forward(self, query, key, value):
        return self.attention(query, key, value)[0]


class CausalAttention(Net):
    """Counted dense: the mask saves nothing. Without weights there are no layers."""

    inputs = ((2, 2, 5, 4),)
    macs = 2 * (2 * 2 * 5 * 5 * 4)
    receptive_field = ("all", "all")

    def forward(self, x):
        return functional.scaled_dot_product_attention(x, x, x, is_causal=True)


class Encoder(Net):
    """A transformer's encoder layer: attention and two linear layers of hidden width 16."""

    inputs = ((2, 5, 8),)
    params = Attention.params + (8 * 16 + 16) + (16 * 8 + 8) + 2 * (8 + 8)
    macs = Attention.macs + 2 * (10 * 8 * 16)
    depth = 4
    receptive_field = ("all",)

    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, x):
        return self.layer(x)


class Complex(Net):
    """(a + bi)(c + di) is four real multiplications."""

    dtype = torch.complex64
    params = 4 * 3 + 3
    macs = 4 * (2 * 4 * 3)
    depth = 1
    activation_elements = 8 + 6
    rows = (("input", 0, 8), ("a", 4 * 24, 6))

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 3, dtype=torch.complex64)

    def forward(self, x):
        return self.a(x)


class Bfloat16(Net):
    """Half the bytes, the same counts."""

    dtype = torch.bfloat16
    params = 4 * 3 + 3
    macs = 2 * 4 * 3
    depth = 1
    activation_elements = 8 + 6
    rows = (("input", 0, 8), ("a", 24, 6))

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 3, dtype=torch.bfloat16)

    def forward(self, x):
        return self.a(x)


class EmptyBatch(Net):
    """A batch without images costs nothing; the parameters still count."""

    inputs = ((0, 3, 4, 4),)
    params = (2 * 3 * 9 + 2) + (8 * 5 + 5)
    depth = 2
    activation_elements = 0
    receptive_field = ("all", "all")
    rows = (("input", 0, 0), ("conv", 0, 0), ("relu", 0, 0), ("head", 0, 0))

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 2, 3), nn.Linear(8, 5)

    def forward(self, x):
        return self.head(functional.relu(self.conv(x)).flatten(1))


SEQUENCE_NETS = (
    BidirectionalLSTM, ProjectedLSTM, BidirectionalGRU, PackedLSTM, CellLoop, Attention, TrainedAttention,
    AttentionWithoutWeights, CrossAttention, CausalAttention, Encoder, Complex, Bfloat16, EmptyBatch,
)  # fmt: skip
ALL_NETS = (*NETS, *SEQUENCE_NETS)
