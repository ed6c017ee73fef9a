"""The one-call paths: `archcost.profile`."""

from __future__ import annotations

import platform
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archcost import units
from archcost.errors import ArgumentError, BuildError, OutOfMemoryError, RuleError, WalkError
from archcost.profiling.advice import give_memory_back, helpful, ran_out
from archcost.profiling.feed import feed_of
from archcost.records import InputInfo, NetworkInfo, Report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

    from archcost.profiling.feed import Feed
    from archcost.records import Costs, Peak, TimingPlan, Trace, Training
    from archcost.sources import Network
    from archcost.walk import Parts

MODES = ("eval", "train", "as-is")


def profile(
    network: str | nn.Module | Any,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    device: str = "auto",
    mode: str = "eval",
    train: str | None = None,
    loss: str = "cross-entropy",
    freeze: str | Sequence[str] = (),
    train_only: str | Sequence[str] = (),
    batch: int = 1,
    amp: str | None = None,
    timeline: bool = False,
    time: bool | TimingPlan = False,
) -> Report:
    """Count what a network costs, and measure what it takes.

    Args:
        network: a name ("vgg16", "timm:resnet50", "file.py:build"), an nn.Module, a ScriptModule, an ExportedProgram,
            or a module that torch.compile wraps. A module is left exactly as it was found.
        inputs: a tensor or a tuple of positional arguments, passed as they are; a sequence of `InputSpec`; or None for
            the network's own default.
        kwargs: keyword arguments of the forward, passed as they are.
        device: "auto" (the GPU where there is one, for a network that archcost builds; otherwise the meta device, which
            needs no weights and no arithmetic), "meta", "cpu", "cuda".
        mode: "eval", "train" or "as-is".
        train: an optimizer ("sgd", "momentum", "adam", "adamw", with torch's defaults): walk a whole training step:
            the loss, the backward pass and one step of the optimizer too; the mode is then "train" unless "as-is".
        loss: "cross-entropy" (of each output against one class for each place) or "sum" (of all output elements). A
            network that returns a loss itself is trained on that.
        freeze: patterns ("features.*") of parameters, or of modules, that do not train. The report then has the totals
            of full training, too: `report.full_training`.
        train_only: patterns of those that alone do.
        batch: images in the batch, where archcost makes the inputs.
        amp: mixed precision, "bf16" or "fp16": the forward and the loss run within `torch.autocast`. The meta device
            follows CUDA's lists of operators, or those of a device that is named: "cpu:bf16". The loss is not scaled.
        timeline: have the report say what is alive at each operator: `report.timeline`.
        time: measure the network too, on the GPU where there is one, else on the CPU: `report.measured`. A
            `archcost.TimingPlan` says how; the network is then walked where it is timed.

    Returns:
        The report: `report.totals.macs`, `report.layers[i].name`, `report.to_json()`.

    Raises:
        UsageError: something was asked for that does not exist or is not allowed.
        BuildError: the network's code failed while it was built.
        WalkError: the network failed while it ran.
    """
    from archcost import sources
    from archcost.choices import LOSSES, OPTIMIZERS
    from archcost.records import TimingPlan, Training, parse_amp

    if mode not in MODES:
        raise ArgumentError(f"mode must be one of {', '.join(MODES)}, not {mode!r}")
    if train is not None and train not in OPTIMIZERS:
        raise ArgumentError(f"train must be one of {', '.join(OPTIMIZERS)} or None, not {train!r}")
    if loss not in LOSSES:
        raise ArgumentError(f"loss must be one of {', '.join(LOSSES)}, not {loss!r}")
    if batch < 0:
        raise ArgumentError(f"a batch has at least 0 images, not {batch}")
    if amp is not None:
        parse_amp(amp, device)
    plan = (TimingPlan() if time else None) if isinstance(time, bool) else time
    how: dict[str, Any] = {"device": device, "mode": mode, "amp": amp}
    chosen = sources.resolve(network) if isinstance(network, str) else sources.of_module(network)
    feed = feed_of(chosen, inputs, kwargs, batch)
    frozen, only = ((patterns,) if isinstance(patterns, str) else tuple(patterns) for patterns in (freeze, train_only))
    if train is None:
        if frozen or only:
            raise ArgumentError("freeze and train_only say what trains: they need train, an optimizer")
        return profile_network(chosen, feed, **how, timeline=timeline, plan=plan)
    training = Training(optimizer=train, loss=loss)
    if not (frozen or only):
        return profile_network(chosen, feed, **how, training=training, timeline=timeline, plan=plan)
    part = replace(training, freeze=frozen, train_only=only)
    full = profile_network(chosen, feed, **how, training=training)
    report = profile_network(chosen, feed, **how, training=part, timeline=timeline, plan=plan)
    return replace(report, full_training=full.totals)


def profile_network(
    network: Network,
    feed: Feed,
    *,
    device: str = "auto",
    mode: str = "eval",
    training: Training | None = None,
    amp: str | None = None,
    timeline: bool = False,
    plan: TimingPlan | None = None,
) -> Report:
    """Walk a network that is resolved already, and account for it; measure it where there is a plan."""
    from archcost.account import account
    from archcost.profiling.formulas import registered_formulas
    from archcost.walk import undisturbed

    mode = trained_mode(mode, training)
    if plan is not None:
        plan = replace(plan, device=device, amp=plan.amp if amp is None else amp)
        return _timed(network, feed, plan, mode, training, timeline=timeline)

    def counted() -> Report:
        trace, notes = _trace(network, feed, device, mode, training, amp)
        costs = account(trace, registered_formulas(trace.ops), timeline=timeline)
        report = _report(network, feed, trace, costs, notes)
        del trace  # or the collector, once it is back, would look through all of it
        return report

    return undisturbed(counted)


def _report(network: Network, feed: Feed, trace: Trace, costs: Costs, notes: tuple[str, ...] = ()) -> Report:
    names = [spec.name for spec in feed.specs] or [None] * len(trace.inputs)
    info = NetworkInfo(
        spec=network.spec,
        name=network.name,
        mode=trace.mode,
        inputs=tuple(
            InputInfo(shape=spec.shape, dtype=spec.dtype, name=name)
            for spec, name in zip(trace.inputs, names, strict=False)
        ),
        notes=network.notes,
        amp=None if trace.amp is None else str(trace.amp),
    )
    return Report.of(info, costs, (*notes, *trace.notes), _environment(trace))


def _timed(
    network: Network, feed: Feed, plan: TimingPlan, mode: str, training: Training | None, *, timeline: bool
) -> Report:
    """Walk and measure a network; what it needs is said where there is not enough memory."""
    from archcost.clock.devices import device_of
    from archcost.profiling.timed import in_form, timed

    try:
        trace, costs, sample = timed(network, feed, plan, mode=mode, training=training, timeline=timeline)
        return replace(_report(network, feed, trace, costs), measured=sample)
    except Exception as error:  # noqa: BLE001 - torch raises several kinds
        if not ran_out(error):
            raise helpful(error, network, feed) from error.__cause__
    give_memory_back()
    raise OutOfMemoryError(_need(*in_form(network, feed, plan), str(device_of(plan.device)), mode, training, plan.amp))


def trained_mode(mode: str, training: Training | None) -> str:
    """Return the mode of a walk: "train" for a training step, unless "as-is" was asked for."""
    return "train" if training is not None and mode == "eval" else mode


def peak_of(
    network: Network, feed: Feed, *, device: str, mode: str, training: Training | None, amp: str | None = None
) -> tuple[Peak, int, int]:
    """Walk a network for its peak alone; return it, the parameters' bytes, and the bytes that no batch changes."""
    from archcost.account.memory import bytes_of_kind, peak
    from archcost.walk import undisturbed

    trace, _ = undisturbed(lambda: _trace(network, feed, device, trained_mode(mode, training), training, amp))
    parameters = bytes_of_kind(trace, "parameter")
    fixed = parameters + sum(bytes_of_kind(trace, kind) for kind in ("buffer", "gradient", "state"))
    return peak(trace, (), {}), parameters, fixed


def _trace(
    network: Network, feed: Feed, device: str, mode: str, training: Training | None, amp: str | None
) -> tuple[Trace, tuple[str, ...]]:
    """Walk on the device that was asked for; fall back from the meta device to a real one where values are needed."""
    from archcost.walk import Caches, Parts, Restoration, walk

    caches, restoration = Caches(), Restoration()

    def run(where: str) -> Trace:
        parts = _on_meta(network) if where == "meta" else Parts(_on_device(network, where))
        args, kwargs = feed.on(_home(parts, where))
        if where == "meta":
            caches.note(parts)
        thrown_away = parts.network is not network.given and (network.given is not None or network.fits is not None)
        how: dict[str, Any] = {"mode": mode, "training": training, "amp": amp, "restore": not thrown_away}
        return walk(parts, args, kwargs, **how, caches=caches if where == "meta" else None)

    where = _choose_device(device, network)
    notes: tuple[str, ...] = ()
    if where == "meta":
        restoration.add(caches.empty)
        try:
            with restoration, restoration:
                trace = run("meta")
                return trace, _left_on_meta(caches.empty())
        except RuleError:
            raise
        except Exception as error:  # noqa: BLE001 - a network may raise anything
            cause = error.__cause__ if isinstance(error, WalkError) and error.__cause__ is not None else error
            if device == "meta" or not _needs_values(cause):
                raise helpful(error, network, feed) from error.__cause__
            reason = str(cause).strip().split("\n", maxsplit=1)[0]
            notes = (f"it was run on the CPU, because it could not be on the meta device: {reason}",)
        where = "cpu"
        notes += _left_on_meta(caches.empty())  # the error, and what its frames held, are gone
    try:
        return run(where), notes
    except Exception as error:  # noqa: BLE001 - torch raises several kinds
        if not ran_out(error):
            raise helpful(error, network, feed) from error.__cause__
    # Only here are the error, and with it the tensors that its traceback holds, gone.
    give_memory_back()
    raise OutOfMemoryError(_need(network, feed, where, mode, training, amp))


def _left_on_meta(places: tuple[str, ...]) -> tuple[str, ...]:
    if not places:
        return ()
    return (
        f"the walk on the meta device left tensors without values in {', '.join(places)}: clear them before the "
        "network runs again, or profile it with --device cpu",
    )


def _need(network: Network, feed: Feed, where: str, mode: str, training: Training | None, amp: str | None) -> str:
    """Say what a network that ran out of memory on a device would have needed there."""
    if amp is not None and ":" not in amp:
        amp = f"{where.partition(':')[0]}:{amp}"
    failed = f"{network.spec} ran out of memory on {where}"
    try:
        peak, parameters, _ = peak_of(network, feed, device="meta", mode=mode, training=training, amp=amp)
    except Exception as error:  # noqa: BLE001 - whatever it is, the shortage is the news
        return f"{failed}; what it needs cannot be predicted on the meta device: {error}"
    return (
        f"{failed}: by a walk on the meta device it needs {units.short(peak.nbytes, 'B')} at its peak, of which "
        f"{units.short(parameters, 'B')} for parameters; try a smaller --batch or --input, or look with "
        "`archcost fit` for the largest batch that fits"
    )


def _choose_device(device: str, network: Network) -> str:
    import torch

    if device == "auto":
        return "cuda" if network.given is None and torch.cuda.is_available() else "meta"
    try:
        kind = torch.device(device).type
    except RuntimeError:
        raise ArgumentError(f"there is no device {device!r}; use auto, meta, cpu or cuda") from None
    if kind == "cuda" and not torch.cuda.is_available():
        raise ArgumentError("--device cuda: torch finds no CUDA device here; use auto, meta or cpu")
    return device


def _on_meta(network: Network) -> Parts:

    from archcost.walk import Parts, Unfilled, meta_copy

    if network.given is not None:
        parts = Parts(network.given)
        return parts if parts.on_meta else Parts(meta_copy(parts))
    try:
        with Unfilled("meta"):
            parts = Parts(network.build())
        # an instance that was there before, or a constructor that names its own device
        there = all(named.tensor.is_meta for named in parts.parameters)
        return parts if there else Parts(meta_copy(parts))
    except Exception as error:
        cause = error.__cause__ if isinstance(error, BuildError) else error
        if cause is None or not _needs_values(cause):
            raise
    with Unfilled():
        return Parts(meta_copy(Parts(network.build())))


def _on_device(network: Network, device: str) -> nn.Module:
    import torch

    if network.given is not None:
        return network.given
    with torch.device(device):
        return network.build()


def _home(parts: Parts, device: str) -> str:
    """Where inputs have to be: with the network's weights."""
    return str(parts.parameters[0].tensor.device) if parts.parameters else device


def _needs_values(error: BaseException) -> bool:
    """Whether an error came from a tensor without data, rather than from a mistake that any device would show."""
    text = str(error).lower()
    signs = ("meta", "item()", "data-dependent", "same device", "no data", "no fake impl", "not on the expected device")
    return isinstance(error, NotImplementedError) or any(sign in text for sign in signs)


def _environment(trace: Trace) -> dict[str, str]:
    from archcost import __version__
    from archcost.metrics import CONVENTIONS

    return {
        "archcost": __version__,
        "conventions": CONVENTIONS,
        "device": trace.device,
        "python": platform.python_version(),
        "torch": trace.torch_version,
    }


__all__ = ["profile", "profile_network"]
