"""Memory of a real run: live storages after each operator, and the tensors that autograd gives to torch's hooks."""

from contextlib import contextmanager, nullcontext
from functools import partial

import torch
from torch.nn import functional

from benchmarks.live import Storages, count_saved_bytes

OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "momentum": partial(torch.optim.SGD, momentum=0.9),
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}


@contextmanager
def dropout_of(like):
    """Run dropout on the CPU like on a GPU, with a boolean mask."""
    own = functional.dropout

    def fused(values, p=0.5, training=True, inplace=False):
        if like == "cpu" or inplace or not training or not 0 < p < 1:
            return own(values, p, training, inplace)
        return torch.native_dropout(values, p, training)[0]

    functional.dropout = fused
    try:
        yield
    finally:
        functional.dropout = own


def inference_peak(network, *images, **options):
    with torch.no_grad(), Storages(*network.parameters(), *network.buffers(), *images, **options) as live:
        network.eval()(*images)
    return live.peak


def training_peak(network, images, optimizer, within=None, like="cuda", **options):
    """Return the peak of a training loop whose first step creates the optimizer's state and whose second finds it.

    The forward and the loss run in the context `within`. The step is a GPU's, of all parameters at once (foreach), or
    the CPU's loop; dropout follows the same device. "adamw-fused" steps by one kernel.
    """
    optimizer, _, fused = optimizer.partition("-")
    form = {"fused": True} if fused else {"foreach": like == "cuda"}
    optimizing = OPTIMIZERS[optimizer](network.train().parameters(), **form)
    labels = torch.zeros(len(images), dtype=torch.int64)

    def step():
        optimizing.zero_grad()
        with dropout_of(like):  # also in the backward pass, since checkpointing recomputes parts of the forward
            with within or nullcontext():
                outputs = network(images)
                outputs = outputs if isinstance(outputs, tuple) else (outputs,)
                loss = functional.cross_entropy(outputs[0], labels)
                for output in outputs[1:]:
                    loss = loss + functional.cross_entropy(output, labels)
            loss.backward()
        optimizing.step()

    with Storages(*network.parameters(), *network.buffers(), images, labels, **options) as live:
        step()
        if optimizer != "sgd":  # SGD keeps nothing from step to step
            step()
    return live.peak


def saved_bytes(network, *images, like="cuda"):
    """Return the bytes of distinct storages that a forward gives to torch's hooks, without parameters and buffers."""
    network.train()
    with dropout_of(like):
        return count_saved_bytes(lambda: network(*images), (*network.parameters(), *network.buffers()))
