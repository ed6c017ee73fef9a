"""Scalar operations outside of products: a written-out answer for each family, the same on meta and on the CPU."""

import pytest
import torch
from counting import report
from torch import nn
from torch.nn import functional

X = (2, 3, 8, 8)
E = 2 * 3 * 8 * 8
IMAGES = torch.ones(X)
ROWS = torch.ones(4, 8)
TOKENS = torch.zeros(6, dtype=torch.int64)

CASES = {
    # pooling: the elements of the window for each output element
    "max pool": (lambda x: functional.max_pool2d(x, 2), (IMAGES,), 2 * 3 * 4 * 4 * (2 * 2)),
    "average pool": (lambda x: functional.avg_pool2d(x, 3, 2, 1), (IMAGES,), 2 * 3 * 4 * 4 * (3 * 3)),
    "max pool 1d": (lambda x: functional.max_pool1d(x, 2), (torch.ones(2, 3, 8),), 2 * 3 * 4 * 2),
    "average pool 1d": (lambda x: functional.avg_pool1d(x, 4), (torch.ones(2, 3, 8),), 2 * 3 * 2 * 4),
    "max pool 3d": (lambda x: functional.max_pool3d(x, 2), (torch.ones(1, 2, 4, 4, 4),), 2 * 8 * 8),
    "average pool 3d": (lambda x: functional.avg_pool3d(x, 2), (torch.ones(1, 2, 4, 4, 4),), 2 * 8 * 8),
    "adaptive pool": (lambda x: functional.adaptive_avg_pool2d(x, (2, 4)), (IMAGES,), E),
    "adaptive max pool": (lambda x: functional.adaptive_max_pool2d(x, (2, 4)), (IMAGES,), E),
    "fractional pool": (
        lambda x: functional.fractional_max_pool2d(x, 2, output_size=4),
        (IMAGES,),
        2 * 3 * 4 * 4 * 4 + 2 * 3 * 2,  # and two random numbers for each image and channel
    ),
    # normalisation: 2 to scale and shift by stored statistics; 3 for new statistics, 2 to normalise, 2 for the affine
    # part
    "batch norm": (nn.BatchNorm2d(3), (IMAGES,), 2 * E),
    "layer norm": (nn.LayerNorm(8), (IMAGES,), (3 + 2 + 2) * E),
    "layer norm, plain": (nn.LayerNorm(8, elementwise_affine=False), (IMAGES,), (3 + 2) * E),
    "group norm": (nn.GroupNorm(3, 3), (IMAGES,), (3 + 2 + 2) * E),
    "instance norm": (nn.InstanceNorm2d(3), (IMAGES,), (3 + 2) * E),
    "local response norm": (nn.LocalResponseNorm(5), (IMAGES,), E + 5 * E + E + E + E + E),  # x*x, sum, *, +, ^, /
    "softmax": (lambda x: functional.softmax(x, 1), (ROWS,), 5 * 32),
    "log softmax": (lambda x: functional.log_softmax(x, 1), (ROWS,), 5 * 32),
    # activations and arithmetic: one for each element, broadcast or not
    "relu": (torch.relu, (ROWS,), 32),
    "gelu": (functional.gelu, (ROWS,), 32),
    "glu": (functional.glu, (ROWS,), 16),
    "prelu": (nn.PReLU(), (ROWS,), 32),
    "broadcast addition": (lambda x: x[:1] + x, (ROWS,), 32),
    "multiply and add": (lambda x: torch.addcmul(x, x, x), (ROWS,), 32),
    "comparison": (lambda x: torch.where(x > 0, x, -x), (ROWS,), 3 * 32),
    # reductions and scans: one for each input element
    "mean": (lambda x: x.mean((2, 3)), (IMAGES,), E),
    "largest": (lambda x: x.max(1), (ROWS,), 32),
    "largest of two": (lambda x: torch.maximum(x, x[:1]), (ROWS,), 32),
    "variance": (torch.var, (ROWS,), 3 * 32),
    "euclidean norm": (torch.linalg.vector_norm, (ROWS,), 2 * 32),
    "running sum": (lambda x: x.cumsum(1), (ROWS,), 32),
    "sort": (lambda x: x.sort(1), (ROWS,), 32 * 3),  # log2(8) comparisons for each
    "sort columns": (lambda x: x.sort(0), (ROWS,), 32 * 2),
    "largest two": (lambda x: x.topk(2), (ROWS,), 32 * 3),
    "distances": (torch.cdist, (torch.ones(4, 3), torch.ones(5, 3)), 3 * (4 * 5) * 3),
    # substitution: n (n - 1) / 2 products and differences, and n quotients, for each column
    "triangular": (
        lambda a, b: torch.linalg.solve_triangular(a, b, upper=True),
        (torch.eye(5).repeat(2, 1, 1), torch.ones(2, 5, 3)),
        2 * 3 * (5 * 4 // 2 * 2 + 5),
    ),
    "triangular, from the right": (
        lambda a, b: torch.linalg.solve_triangular(a, b, upper=True, left=False),
        (torch.eye(5), torch.ones(3, 5)),
        3 * (5 * 4 // 2 * 2 + 5),
    ),
    "two triangles": (torch.cholesky_solve, (torch.ones(5, 3), torch.eye(5)), 2 * 3 * 5 * 5),
    # interpolation: two for each position read
    "bilinear": (lambda x: functional.interpolate(x, scale_factor=2, mode="bilinear"), (IMAGES,), 4 * E * 4 * 2),
    "bicubic": (lambda x: functional.interpolate(x, scale_factor=2, mode="bicubic"), (IMAGES,), 4 * E * 16 * 2),
    "linear": (lambda x: functional.interpolate(x, scale_factor=2, mode="linear"), (torch.ones(1, 1, 8),), 16 * 2 * 2),
    "trilinear": (
        lambda x: functional.interpolate(x, scale_factor=2, mode="trilinear"),
        (torch.ones(1, 1, 2, 2, 2),),
        64 * 8 * 2,
    ),
    "nearest": (lambda x: functional.interpolate(x, scale_factor=2), (IMAGES,), 0),
    "grid": (
        lambda x, grid: functional.grid_sample(x, grid, align_corners=False),
        (IMAGES, torch.zeros(2, 4, 4, 2)),
        2 * 3 * 4 * 4 * 4 * 2,
    ),
    # transforms: 5 n log2 n; half of it if one side is real
    "complex transform": (torch.fft.fft, (torch.ones(4, 8, dtype=torch.complex64),), 4 * 5 * 8 * 3),
    "real transform": (torch.fft.rfft, (ROWS,), 4 * 5 * 8 * 3 // 2),
    "real transform back": (lambda x: torch.fft.irfft(torch.fft.rfft(x)), (ROWS,), 2 * (4 * 5 * 8 * 3 // 2)),
    "two dimensions": (torch.fft.fft2, (torch.ones(4, 8, dtype=torch.complex64),), 5 * 32 * 5),
    # tables: a lookup is free, a bag adds its rows
    "embedding": (nn.Embedding(10, 3), (TOKENS,), 0),
    "embedding bag": (nn.EmbeddingBag(10, 3), (TOKENS, torch.tensor([0, 4])), 6 * 3),
    "scattered sum": (lambda x: x.scatter_add(0, torch.zeros_like(x, dtype=torch.int64), x), (ROWS,), 32),
    # movement
    "movement": (lambda x: torch.cat([x.roll(1), x.flip(0)]).t().reshape(4, 16).repeat(2, 1), (ROWS,), 0),
    "padding": (lambda x: functional.pad(functional.pad(x, (1, 1), mode="reflect"), (1, 1)), (torch.ones(1, 2, 4),), 0),
    "shuffle": (lambda x: functional.channel_shuffle(functional.pixel_shuffle(x, 2), 1), (torch.ones(1, 4, 2, 2),), 0),
    # losses: softmax, then one for each element of the prediction
    "squared error": (lambda x: functional.mse_loss(x, x), (ROWS,), 32),
}


@pytest.mark.parametrize("device", ["meta", "cpu"])
@pytest.mark.parametrize("name", CASES)
def test_other_operations(name, device):
    function, tensors, expected = CASES[name]
    found = report(function, *tensors, device=device)
    assert found.totals.other_ops == expected
    assert found.totals.macs == 0
    assert found.uncovered == {}


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_batch_norm_in_training_makes_its_statistics(device):
    totals = report(nn.BatchNorm2d(3), IMAGES, device=device, mode="train").totals
    assert totals.other_ops == (3 + 2 + 2) * E + 1  # and the count of batches rises by one


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_dropout_costs_nothing_in_eval_and_three_for_each_element_in_training(device):
    """Training takes a random number, its scaling and the product; in eval mode dropout takes no memory either."""
    network = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5))
    evaluated, trained = (report(network, ROWS, device=device, mode=mode).totals for mode in ("eval", "train"))
    assert (evaluated.other_ops, trained.other_ops) == (0, 3 * 32)
    assert evaluated.activation_elements == 32 + 32


@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_an_affine_grid_is_a_product_of_every_place_with_its_matrix(device):
    def grid(theta):
        return functional.affine_grid(theta, (2, 3, 4, 5), align_corners=False)

    assert report(grid, torch.ones(2, 2, 3), device=device).totals.macs == 2 * (4 * 5) * 3 * 2


def test_a_lookup_reads_the_rows_that_it_takes_and_not_the_table():
    row = report(nn.Embedding(1000, 3), TOKENS).layers[-1]
    assert (row.read_bytes, row.written_bytes) == (6 * 3 * 4 + 6 * 8, 6 * 3 * 4)
