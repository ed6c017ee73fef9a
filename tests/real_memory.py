"""What a real run holds: storages that are alive after each operator, and what autograd hands to torch's own hooks."""

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
    """On the CPU, run dropout as a GPU does, with a mask of booleans."""
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


def inference_peak(network, images, **options):
    with torch.no_grad(), Storages(*network.parameters(), *network.buffers(), images, **options) as live:
        network.eval()(images)
    return live.peak


def training_peak(network, images, optimizer, within=None, like="cuda", **options):
    """The peak of a training loop: its first step makes the optimizer's state, which its second finds there.

    `within` is what the forward and the loss run in. The step is that of a GPU, of all parameters at once (foreach), or
    the loop of the CPU; so is dropout. "adamw-fused" steps by one kernel.
    """
    optimizer, _, fused = optimizer.partition("-")
    form = {"fused": True} if fused else {"foreach": like == "cuda"}
    optimizing = OPTIMIZERS[optimizer](network.train().parameters(), **form)
    labels = torch.zeros(len(images), dtype=torch.int64)

    def step():
        optimizing.zero_grad()
        with dropout_of(like):  # in the backward pass, too: checkpointing computes parts of the forward again
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
        if optimizer != "sgd":  # which keeps nothing from step to step
            step()
    return live.peak


def saved_bytes(network, images, like="cuda"):
    """Bytes of the distinct storages, parameters and buffers apart, that a forward gives to torch's own hooks."""
    network.train()
    with dropout_of(like):
        return count_saved_bytes(lambda: network(images), (*network.parameters(), *network.buffers()))
