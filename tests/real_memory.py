"""What a real run holds: storages that are alive after each operator, and what autograd hands to torch's own hooks."""

import weakref
from contextlib import contextmanager, nullcontext
from functools import partial

import torch
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "momentum": partial(torch.optim.SGD, momentum=0.9),
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}


class Storages(TorchDispatchMode):
    """Adds up the storages that are alive in a real run, after every operator; each in whole blocks."""

    def __init__(self, *tensors, block=1):
        super().__init__()
        self.guards, self.live, self.peak, self.block = {}, 0, 0, block
        self.meet(tensors)

    def meet(self, tensors):
        for tensor in tensors:
            storage = tensor.untyped_storage()
            if storage._cdata not in self.guards:
                nbytes = -(-storage.nbytes() // self.block) * self.block
                self.live += nbytes
                self.guards[storage._cdata] = weakref.ref(storage, partial(self.lose, storage._cdata, nbytes))
        self.peak = max(self.peak, self.live)

    def lose(self, key, nbytes, _):
        self.live -= nbytes
        del self.guards[key]

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        several = result if isinstance(result, tuple | list) else (result,)
        self.meet([tensor for tensor in several if isinstance(tensor, torch.Tensor)])
        return result


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
    own = {tensor.untyped_storage()._cdata for tensor in (*network.parameters(), *network.buffers())}
    kept = []
    # what is kept is not the tensor: it knows the node that would keep it, and neither would ever be freed
    with (
        dropout_of(like),
        torch.autograd.graph.saved_tensors_hooks(lambda tensor: kept.append(tensor.untyped_storage()), lambda _: None),
    ):
        network.train()(images)
    storages = {storage._cdata: storage.nbytes() for storage in kept}
    return sum(nbytes for key, nbytes in storages.items() if key not in own)
