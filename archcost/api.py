"""The one-call paths: `archcost.profile`."""

from __future__ import annotations

import platform
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError, BuildError, RuleError, WalkError
from archcost.feed import feed_of
from archcost.report import InputInfo, NetworkInfo, Report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

    from archcost.feed import Feed
    from archcost.records import Peak, Trace, Training
    from archcost.sources import InputSpec, Network

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
    timeline: bool = False,
) -> Report:
    """Count what a network costs.

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
        timeline: have the report say what is alive at each operator: `report.timeline`.

    Returns:
        The report: `report.totals.macs`, `report.layers[i].name`, `report.to_json()`.

    Raises:
        UsageError: something was asked for that does not exist or is not allowed.
        BuildError: the network's code failed while it was built.
        WalkError: the network failed while it ran.
    """
    from archcost import sources
    from archcost.records import LOSSES, OPTIMIZERS, Training

    if mode not in MODES:
        raise ArgumentError(f"mode must be one of {', '.join(MODES)}, not {mode!r}")
    if train is not None and train not in OPTIMIZERS:
        raise ArgumentError(f"train must be one of {', '.join(OPTIMIZERS)} or None, not {train!r}")
    if loss not in LOSSES:
        raise ArgumentError(f"loss must be one of {', '.join(LOSSES)}, not {loss!r}")
    if batch < 0:
        raise ArgumentError(f"a batch has at least 0 images, not {batch}")
    chosen = sources.resolve(network) if isinstance(network, str) else sources.of_module(network)
    feed = feed_of(chosen, inputs, kwargs, batch)
    frozen, only = ((patterns,) if isinstance(patterns, str) else tuple(patterns) for patterns in (freeze, train_only))
    if train is None:
        if frozen or only:
            raise ArgumentError("freeze and train_only say what trains: they need train, an optimizer")
        return profile_network(chosen, feed, device=device, mode=mode, timeline=timeline)
    training = Training(optimizer=train, loss=loss)
    full = profile_network(chosen, feed, device=device, mode=mode, training=training, timeline=timeline)
    if not (frozen or only):
        return full
    part = replace(training, freeze=frozen, train_only=only)
    report = profile_network(chosen, feed, device=device, mode=mode, training=part, timeline=timeline)
    return replace(report, full_training=full.totals)


def profile_network(
    network: Network,
    feed: Feed,
    *,
    device: str = "auto",
    mode: str = "eval",
    training: Training | None = None,
    timeline: bool = False,
) -> Report:
    """Walk a network that is resolved already, and account for it."""
    from archcost.account import account
    from archcost.formulas import registered_formulas
    from archcost.walk.state import random_state_kept

    with random_state_kept():
        trace, notes = _trace(network, feed, device, trained_mode(mode, training), training)
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
    )
    costs = account(trace, registered_formulas(trace.ops), timeline=timeline)
    return Report.of(info, costs, (*notes, *trace.notes), _environment(trace))


def trained_mode(mode: str, training: Training | None) -> str:
    """Return the mode of a walk: "train" for a training step, unless "as-is" was asked for."""
    return "train" if training is not None and mode == "eval" else mode


def peak_of(
    network: Network, feed: Feed, *, device: str, mode: str, training: Training | None
) -> tuple[Peak, int, int]:
    """Walk a network for its peak alone; return it, the parameters' bytes, and the bytes that no batch changes."""
    from archcost.account.memory import bytes_of_kind, peak
    from archcost.walk.state import random_state_kept

    with random_state_kept():
        trace, _ = _trace(network, feed, device, trained_mode(mode, training), training)
    parameters = bytes_of_kind(trace, "parameter")
    fixed = parameters + sum(bytes_of_kind(trace, kind) for kind in ("buffer", "gradient", "state"))
    return peak(trace, (), {}), parameters, fixed


def _trace(
    network: Network, feed: Feed, device: str, mode: str, training: Training | None
) -> tuple[Trace, tuple[str, ...]]:
    """Walk on the device that was asked for; fall back from the meta device to a real one where values are needed."""
    from archcost.walk import walk

    where = _choose_device(device, network)
    notes: tuple[str, ...] = ()
    if where == "meta":
        try:
            module = _on_meta(network)
            args, kwargs = feed.on("meta")
            return walk(module, args, kwargs, mode=mode, training=training, restore=network.fits is None), ()
        except RuleError:
            raise
        except Exception as error:  # noqa: BLE001 - a network may raise anything
            cause = error.__cause__ if isinstance(error, WalkError) and error.__cause__ is not None else error
            if device == "meta" or not _needs_values(cause):
                raise _helpful(error, network, feed) from error.__cause__
            reason = str(cause).strip().split("\n", maxsplit=1)[0]
            notes = (f"it was run on the CPU, because it could not be on the meta device: {reason}",)
        where = "cpu"
    module = _on_device(network, where)
    args, kwargs = feed.on(_home(module, where))
    try:
        trace = walk(module, args, kwargs, mode=mode, training=training, restore=network.fits is None)
    except WalkError as error:
        raise _helpful(error, network, feed) from error.__cause__
    return trace, notes


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


def _on_meta(network: Network) -> nn.Module:
    import torch

    from archcost.walk import Unfilled, meta_copy

    if network.given is not None:
        return meta_copy(network.given)
    try:
        with torch.device("meta"), Unfilled():
            module = network.build()
        # an instance that was there before, or a constructor that names its own device
        return module if all(tensor.is_meta for tensor in module.parameters()) else meta_copy(module)
    except Exception as error:
        cause = error.__cause__ if isinstance(error, BuildError) else error
        if cause is None or not _needs_values(cause):
            raise
    with Unfilled():
        return meta_copy(network.build())


def _on_device(network: Network, device: str) -> nn.Module:
    import torch

    if network.given is not None:
        return network.given
    with torch.device(device):
        return network.build()


def _home(module: nn.Module, device: str) -> str:
    """Where inputs have to be: with the module's weights."""
    weight = next(module.parameters(), None)
    return device if weight is None else str(weight.device)


def _needs_values(error: BaseException) -> bool:
    """Whether an error came from a tensor without data, rather than from a mistake that any device would show."""
    text = str(error).lower()
    signs = ("meta", "item()", "data-dependent", "same device", "no data", "no fake impl", "not on the expected device")
    return isinstance(error, NotImplementedError) or any(sign in text for sign in signs)


def _helpful(error: Exception, network: Network, feed: Feed) -> Exception:
    """Say which inputs fit, where that can be found out."""
    if not isinstance(error, WalkError):
        return error
    if feed.args is None and feed.batch == 1 and "more than 1 value per channel" in str(error):
        return WalkError(f"{error}\nA batch of one image cannot be normalised in training; try --batch 2")
    given = ", ".join(map(str, feed.specs))
    if network.fits is not None and len(feed.specs) == 1 and feed.specs[0] != network.fits:
        advice = _what_fits(network, network.fits, feed.specs[0])
        return WalkError(f"{network.spec} cannot take {given}: {error}\n{advice}")
    if feed.args is None and network.fits is None:
        hint = "say what it takes with --input 3x224x224 or --input 128:int64"
        if any(len(spec.shape) > 3 and spec.shape[0] == 1 for spec in feed.specs):  # noqa: PLR2004 - N, C, H, W
            hint = "--input is without the batch, which --batch says"
        return WalkError(f"{error}\nIt was given {given}; {hint}")
    return error


def _what_fits(network: Network, default: InputSpec, given: InputSpec) -> str:
    """Name the default input and, by trying, the smallest square one that runs."""
    import torch

    text = f"It takes {default} by default"
    if len(given.shape) != len(default.shape) or given.shape[0] != default.shape[0]:
        return f"{text}; an input has the channels, height and width of one image, here {default.shape[0]} channels."
    with torch.device("meta"), torch.no_grad():
        module = network.build().eval()

        def runs(side: int) -> bool:
            try:
                module(replace(default, shape=(default.shape[0], side, side)).tensor(1, "meta"))
            except (RuntimeError, ValueError):
                return False
            return True

        low, high = 0, min(default.shape[1:])
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if runs(middle) else (middle, high)
        larger = (
            "and larger ones" if runs(2 * max(default.shape[1:])) else "and little more: its linear layers fix the size"
        )
    return f"{text}; the smallest square input that runs is {high}x{high}, {larger}."


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
