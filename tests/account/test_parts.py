"""Parameters that are parts of one storage: each belongs to the first row that reads it."""

import torch
from torch import nn

import archcost


class Parts(nn.Module):
    """Three parameters in one storage, of which the last is never read, and one without elements."""

    def __init__(self):
        super().__init__()
        flat = torch.zeros(30)
        self.first, self.second = nn.Parameter(flat[:12].view(3, 4)), nn.Parameter(flat[12:24].view(4, 3))
        self.last, self.empty = nn.Parameter(flat[24:]), nn.Parameter(torch.zeros(0))
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(x @ self.first) @ self.second


def test_each_part_of_a_storage_belongs_to_its_first_reader():
    report = archcost.profile(Parts(), torch.zeros(2, 3))
    assert [(row.name, row.params) for row in report.layers] == [
        ("input", 0),
        ("mm", 12),
        ("relu", 0),
        ("mm", 12),
        ("", 6),
    ]
    assert report.totals.params == 30
