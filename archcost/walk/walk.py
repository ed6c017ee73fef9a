"""walk(network, inputs) -> Trace: one run, written down."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from archcost import units
from archcost.errors import RuleError, WalkError
from archcost.records import ModuleSpec, ParamSpec, Trace, parse_amp
from archcost.walk.autocast import Autocast
from archcost.walk.freezing import choose_trainable
from archcost.walk.meta import MetaDevice, taken_apart
from archcost.walk.parts import Parts
from archcost.walk.recorder import Recorder
from archcost.walk.saved import SavedTensors
from archcost.walk.scopes import Scopes, module_specs
from archcost.walk.state import as_found
from archcost.walk.tensors import find_tensors
from archcost.walk.training import take_loss, take_step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from archcost.records import SavedSpec, Training
    from archcost.walk.parts import Named

# frames of these are not the user's own
TORCH, ARCHCOST = str(Path(torch.__file__).parent), str(Path(__file__).parent.parent)


def walk(
    network: nn.Module | Parts,
    inputs: tuple[Any, ...],
    kwargs: Mapping[str, Any] | None = None,
    *,
    mode: str = "eval",
    training: Training | None = None,
    amp: str | None = None,
    restore: bool = True,
) -> Trace:
    """Run a network once, as it stands on its device, and return what it did.

    The process's random state moves on; `random_state_kept` is for the caller, who may have more to do under it.

    Args:
        network: any module, which may have been taken apart already; it is left exactly as found, even when its
            forward raises.
        inputs: positional arguments of its forward, on the network's device.
        kwargs: keyword arguments of its forward.
        mode: "eval", "train", or "as-is" (every module in the mode that it is in).
        training: what to train with: the loss, the backward pass and one optimizer step are walked as well. The
            network's gradients and the values of its parameters are left as found too.
        amp: the mixed precision in which the forward and the loss run: "bf16", "fp16", "cpu:bf16".
        restore: leave the network as found; not needed for one that is thrown away afterwards.

    Raises:
        ArgumentError: the training freezes by a pattern that matches nothing, or torch's autocast on the network's
            device does not follow the lists that were asked for.
        WalkError: naming the layer that failed and the shapes it was given, or the phase of the training step; the
            cause is the original exception.
    """
    parts = network if isinstance(network, Parts) else Parts(network)
    network = parts.network
    specs = module_specs(parts.modules)
    recorder = Recorder(training=training is not None)
    kept = as_found(parts) if restore else nullcontext()
    with kept, recorder.parameters_kept():
        if training is not None:
            choose_trainable(network, training)
        params = _introduce_parameters(recorder, parts.parameters, specs)
        stored = tuple([recorder.introduce(name, buffer, "buffer") for name, buffer, _ in parts.buffers])
        if mode != "as-is" and any(module.training != (mode == "train") for module in specs):
            with suppress(NotImplementedError):  # an exported program has its mode built in
                network.train(mode == "train")
        given = find_tensors((inputs, dict(kwargs or {})))
        described = recorder.introduce_inputs(given)
        device = _device(parts.parameters, given)
        precision = None if amp is None else parse_amp(amp, device)
        autocast = None if precision is None else Autocast(precision, device)
        # what a forward makes without naming a device has to be where the network is
        elsewhere = MetaDevice(autocast) if device == "meta" else None
        trainable = [named.tensor for named in parts.parameters if named.tensor.requires_grad]
        keeping = nullcontext() if training is None else SavedTensors(recorder)
        saved: tuple[SavedSpec, ...] = ()
        held: list[object] = []
        with _layer_named(network, specs, recorder), autocast.ready() if autocast else nullcontext():
            with autocast.active() if autocast else nullcontext():
                storages = recorder.storages
                with Scopes(specs, recorder.running, storages.describe, recorder.tick, elsewhere) as scopes:
                    with torch.set_grad_enabled(training is not None), elsewhere or nullcontext(), recorder, keeping:
                        result = network(*inputs, **dict(kwargs or {}))
                    returns = tuple(recorder.storages.describe(tensor) for tensor in find_tensors(result))
                if training is not None and isinstance(keeping, SavedTensors):
                    saved = keeping.kept()
                    loss = take_loss(recorder, find_tensors(result), training)
                    held.append(loss)
            if training is not None:
                held.append(take_step(recorder, loss, trainable, training))
        trace = Trace(
            ops=tuple(recorder.ops),
            calls=scopes.calls,
            modules=tuple(specs.values()),
            params=params,
            buffers=stored,
            storages=recorder.storages.specs,
            inputs=described,
            returns=returns,
            device=device,
            mode=mode,
            torch_version=torch.__version__,
            notes=_notes(recorder, specs, device),
            training=training,
            amp=precision,
            saved=saved,
        )
        del held, result  # until here, as in a training loop
        return trace


def _notes(recorder: Recorder, specs: Mapping[nn.Module, ModuleSpec], device: str) -> tuple[str, ...]:
    notes = []
    parts = taken_apart(specs) if device == "meta" else ()
    if parts:
        notes.append(
            f"on the meta device torch runs {', '.join(parts)} in parts, so rows and activations are those of the "
            "parts; the fused kernels of --device cpu or cuda keep less"
        )
    if recorder.storages.unregistered:
        notes.append(_unregistered(recorder.storages.unregistered))
    return tuple(notes)


def _unregistered(count: int) -> str:
    return (
        f"{count} tensors that it learns are no parameters of it, so they are not counted as such: "
        "modules kept in a plain list or dict? (nn.ModuleList and nn.ModuleDict register theirs)"
    )


def _introduce_parameters(
    recorder: Recorder, parameters: list[Named], specs: Mapping[nn.Module, ModuleSpec]
) -> tuple[ParamSpec, ...]:
    named = [(name, parameter) for name, parameter, _ in parameters]
    named += _packed_weights(specs)
    return tuple([recorder.introduce(name, tensor, "parameter") for name, tensor in named])


def _packed_weights(specs: Mapping[nn.Module, ModuleSpec]) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the weights that quantised modules keep packed, out of `parameters()`'s sight."""
    for module, spec in specs.items():
        if "_packed_params" not in module._modules:
            continue
        unpack = getattr(module._modules["_packed_params"], "_weight_bias", None)
        if unpack is not None:
            for name, tensor in zip(("weight", "bias"), unpack(), strict=True):
                if tensor is not None:
                    yield f"{spec.path}.{name}".lstrip("."), tensor


def _device(parameters: list[Named], given: list[torch.Tensor]) -> str:
    tensor = parameters[0].tensor if parameters else given[0] if given else None
    return "cpu" if tensor is None else str(tensor.device)


@contextmanager
def _layer_named(network: nn.Module, specs: Mapping[nn.Module, ModuleSpec], recorder: Recorder) -> Iterator[None]:
    """Turn whatever the network raises into a WalkError that names the layer, or the phase of a training step."""
    try:
        yield
    except (WalkError, RuleError):
        raise
    except (Exception, SystemExit) as error:
        raise WalkError(_failure(error, network, specs, recorder.phase)) from error


def _failure(error: BaseException, network: nn.Module, specs: Mapping[nn.Module, ModuleSpec], phase: str) -> str:
    """Name the innermost module that was running, with the shapes that it was given and those of its parameters."""
    text = str(error).strip().split("\n", maxsplit=1)[0]
    if phase != "forward":
        return f"the {phase} of a training step failed: {type(error).__name__}: {text}"
    spec, module, shapes, line = specs[network], network, "", ""
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if not code.co_filename.startswith((TORCH, ARCHCOST)):
            line = f" ({code.co_filename}, line {traceback.tb_lineno})"
        local = traceback.tb_frame.f_locals
        running = local.get("self")
        if isinstance(running, nn.Module) and running in specs:
            spec, module = specs[running], running
            if "args" in local:
                tensors = find_tensors((local["args"], local.get("kwargs")))
                shapes = ", ".join(units.shape(tensor.shape) for tensor in tensors)
        traceback = traceback.tb_next
    where = f"{spec.path} ({spec.kind})" if spec.path else f"the network itself ({spec.kind})"
    given = f", given {shapes}" if shapes else ""
    own = [f"{name} {units.shape(p.shape)}" for name, p in module.named_parameters(recurse=False)]
    has = f", with {', '.join(own)}" if own else ""
    return f"the forward failed in {where}{given}{has}: {type(error).__name__}: {text}{line}"
