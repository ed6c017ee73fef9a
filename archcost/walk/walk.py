"""walk(network, inputs) -> Trace: one recorded run."""

from __future__ import annotations

import operator
from contextlib import nullcontext
from contextvars import copy_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from archcost import units
from archcost.errors import RuleError, WalkError, first_line
from archcost.records import ModuleSpec, Trace, choose_followed, parse_amp
from archcost.releases import describe_untested
from archcost.walk.arguments import tensors_within
from archcost.walk.autocast import Autocast, accept_meta
from archcost.walk.checkpoints import checkpoint_modules
from archcost.walk.eager import Eager
from archcost.walk.freezing import choose_trainable
from archcost.walk.meta import MetaDevice, follow_again
from archcost.walk.modes import is_in_mode, set_mode
from archcost.walk.notes import CHANCE
from archcost.walk.packed import packed_weights
from archcost.walk.parts import Parts
from archcost.walk.recorder import Recorder
from archcost.walk.restoration import Restoration
from archcost.walk.saved import SavedTensors
from archcost.walk.scopes import Scopes, module_specs
from archcost.walk.state import keep_network, set_gradients_aside
from archcost.walk.surroundings import leave_dispatch_modes, read_drawn
from archcost.walk.tensors import find_tensors, name_device
from archcost.walk.training import TrainingStep, take_loss, take_step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archcost.records import SavedSpec, TensorSpec, Training
    from archcost.walk.caches import Caches
    from archcost.walk.parts import Named
    from archcost.walk.values import Values

NO_CONTEXT = nullcontext()
# frames in these folders are not the user's
TORCH, ARCHCOST = str(Path(torch.__file__).parent), str(Path(__file__).parent.parent)


def walk(
    network: nn.Module | Parts,
    inputs: tuple[Any, ...],
    kwargs: Mapping[str, Any] | None = None,
    *,
    mode: str = "eval",
    training: Training | None = None,
    amp: str | None = None,
    like: str | None = None,
    restore: bool = True,
    caches: Caches | None = None,
    values: Values | None = None,
    lines: bool = False,
    checkpoint: Sequence[str] = (),
    untouched: bool = False,
) -> Trace:
    """Run a network once on its device and return the recorded trace.

    The caller calls it within `run_undisturbed`, together with other work that needs the same isolation.

    Args:
        network: any module, or its `Parts`; it is restored exactly, even if its forward raises.
        inputs: positional arguments of its forward, on the network's device.
        kwargs: keyword arguments of its forward.
        mode: "eval", "train", or "as-is" (every module in the mode that it is in).
        training: the training settings: also walk the loss, the backward pass and one optimizer step. The network's
            gradients and the values of its parameters are restored, too.
        amp: the mixed precision in which the forward and the loss run: "bf16", "fp16", "cpu:bf16".
        like: "cuda" or "cpu": the device whose choices are followed on the meta device, CUDA's unless `amp` names one.
        restore: restore the network; unnecessary for a copy that is discarded afterwards.
        caches: watches the storages that are alive after the walk.
        values: the known values of the arguments and the network's buffers, for a walk on the meta device.
        lines: record the source line of each operator of the forward pass.
        checkpoint: paths of modules to recompute in the backward pass.
        untouched: whether none of the network's code has run since `run_undisturbed` began.

    Raises:
        ArgumentError: a pattern of the training matches no parameter, or torch's autocast on the network's device does
            not follow the requested lists.
        WalkError: the network failed; names the layer and the shapes of its inputs, or the phase of the training step.
            The cause is the original exception.
    """
    parts = network if isinstance(network, Parts) else Parts(network)
    restoration = Restoration()
    with restoration, restoration, Eager():
        if restore:
            keep_network(parts, restoration)
        walking = _Walk(parts, training, restoration, values, lines=lines, untouched=untouched)
        if caches is not None:
            storages = walking.recorder.storages
            restoration.add(lambda: caches.watch(storages.alive(kept=not restore)))
        if checkpoint:
            checkpoint_modules(parts.modules, checkpoint, restoration)
        walking.introduce(inputs, dict(kwargs or {}), mode, amp, like)
        restoration.add(leave_dispatch_modes)
        try:
            copy_context().run(walking.run)  # its changes of context variables end with the copy
        except WalkError as error:
            error.trace = walking.trace(mode)
            raise
        return walking.trace(mode)


class _Walk:
    """One walk, in the order of its methods: introduce the network, run and train it, return the trace.

    The outputs, the loss and the optimizer are held until the trace is complete, as in a training loop.
    """

    def __init__(
        self,
        parts: Parts,
        training: Training | None,
        restoration: Restoration,
        values: Values | None,
        *,
        lines: bool,
        untouched: bool,
    ) -> None:
        self.network, self.parts, self.training = parts.network, parts, training
        self.untouched = untouched
        self.specs = module_specs(parts)
        self.recorder = Recorder(training=training is not None, values=values, lines=lines)
        self.restoration = restoration
        restoration.add(self.recorder.put_back)
        self.saving = None if training is None else SavedTensors(self.recorder)
        self.held: list[object] = []
        self.scopes: Scopes | None = None
        self.returns: tuple[TensorSpec, ...] = ()
        self.saved: tuple[SavedSpec, ...] = ()

    def introduce(
        self, inputs: tuple[Any, ...], kwargs: dict[str, Any], mode: str, amp: str | None, like: str | None
    ) -> None:
        """Set the network's mode; number its parameters, buffers and inputs."""
        self.parts.unwrap()
        if self.training is not None:
            choose_trainable(self.network, self.training)
        introduce, introduce_packed = self.recorder.introduce_all, self.recorder.introduce_packed
        params = introduce(self.parts.parameters, "parameter")
        self.params = (*params, *[introduce_packed(*found) for found in packed_weights(self.parts)])
        self.buffers = tuple(introduce(self.parts.buffers, "buffer"))
        training = mode == "train"
        if mode != "as-is" and not is_in_mode(self.parts.modules.values(), training=training):
            set_mode(self.network, training=training)
        self.args, self.kwargs = inputs, kwargs
        given = tensors_within((inputs, kwargs) if kwargs else inputs)
        self.inputs = self.recorder.introduce_inputs(given)
        self.device = _device(self.parts.parameters, given)
        self.precision = None if amp is None else parse_amp(amp, self.device, like)
        self.like = choose_followed(self.device, like, amp)
        self.autocast = None if self.precision is None else Autocast(self.precision, self.device)
        recorder, on_meta = self.recorder, self.device == "meta"
        recorder.real = not on_meta
        # tensors that a forward creates without naming a device belong on the network's device
        self.elsewhere = (
            MetaDevice(self.autocast, recorder.values, like=self.like, notes=recorder.notes) if on_meta else None
        )

    def run(self) -> None:
        """Run the network, and train it for one step if requested."""
        step = None
        if self.training is not None:
            step = TrainingStep(self.training, [named.tensor for named in self.parts.parameters], self.like)
        autocast = self.autocast
        ready = NO_CONTEXT if autocast is None else autocast.ready()
        try:
            with ready:
                with NO_CONTEXT if autocast is None else autocast.active():
                    result = self._forward()
                    if step is not None:
                        take_loss(self.recorder, step, find_tensors(result) or tensors_within(result))
                if step is not None:
                    unregistered = [reference() for reference in self.recorder.storages.unregistered]
                    set_gradients_aside([tensor for tensor in unregistered if tensor is not None], self.restoration)
                    if self.elsewhere is not None:  # checkpointing recomputes parts of the forward
                        follow_again(self.elsewhere, self.restoration)
                    with self.elsewhere or NO_CONTEXT:
                        take_step(self.recorder, step)
        except (WalkError, RuleError):
            raise
        except (Exception, SystemExit) as error:
            raise WalkError(_failure(error, self.network, self.specs, self.recorder.phase)) from error
        self.held += [result, step]

    def _forward(self) -> Any:
        """Run the network; describe its outputs, and the tensors saved for its backward pass."""
        recorder, storages = self.recorder, self.recorder.storages
        if self.elsewhere is not None:
            accept_meta(self.restoration)
        hooked = self.parts.attributes.hooked
        self.scopes = scopes = Scopes(self.specs, recorder, self.elsewhere, hooked=hooked)
        with (
            scopes,
            torch.set_grad_enabled(self.training is not None),
            self.elsewhere or NO_CONTEXT,
            recorder,
            self.saving or NO_CONTEXT,
        ):
            drawn = read_drawn(untouched=self.untouched)
            result = self.network(*self.args, **self.kwargs)
            # Python's state comes first; numpy may have been imported in between
            if any(map(operator.ne, drawn, read_drawn())):
                recorder.notes.add(CHANCE)
        self.returns = tuple([storages.describe(tensor) for tensor in tensors_within(result)])
        self.saved = () if self.saving is None else self.saving.kept()
        return result

    def trace(self, mode: str) -> Trace:
        """Return the trace; then release the tensors that a training loop holds."""
        trace = Trace(
            ops=tuple(self.recorder.ops),
            calls=() if self.scopes is None else self.scopes.calls,
            modules=tuple(self.specs.values()),
            params=self.params,
            buffers=self.buffers,
            storages=self.recorder.storages.specs,
            inputs=self.inputs,
            returns=self.returns,
            device=self.device,
            mode=mode,
            torch_version=torch.__version__,
            notes=_notes(self.recorder),
            training=self.training,
            amp=self.precision,
            like=self.like,
            saved=self.saved,
            lines=tuple(self.recorder.lines or ()),
        )
        self.held.clear()
        return trace


def _notes(recorder: Recorder) -> tuple[str, ...]:
    unregistered = recorder.storages.unregistered
    untested = describe_untested(torch.__version__)
    return (
        *((untested,) if untested else ()),
        *((_describe_unregistered(len(unregistered)),) if unregistered else ()),
        *recorder.notes.sentences(),
    )


def _describe_unregistered(count: int) -> str:
    one = "1 trainable tensor is not registered as a parameter and is"
    tensors = one if count == 1 else f"{count} trainable tensors are not registered as parameters and are"
    return f"{tensors} not counted. Are modules kept in a plain list or dict? Use nn.ModuleList or nn.ModuleDict."


def _device(parameters: list[Named], given: list[torch.Tensor]) -> str:
    tensor = parameters[0].tensor if parameters else given[0] if given else None
    return "cpu" if tensor is None else name_device(tensor)


def _failure(error: BaseException, network: nn.Module, specs: Mapping[nn.Module, ModuleSpec], phase: str) -> str:
    """Return an error message with the phase of a training step, or the running layer and its shapes."""
    text = first_line(error)
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
