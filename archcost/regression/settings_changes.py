"""Changes in the settings of a network: its spec, input, batch size, mode and training step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archcost.choices import FOLLOWED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.records import Snapshot
    from archcost.regression.settings import Plan


def describe_changes(before: Snapshot, after: Snapshot, old: Plan | None, new: Plan) -> tuple[str, ...]:
    """Return a line for each setting that changed: "input 3x256x256 -> 3x320x320".

    Args:
        before: the earlier network, as it was counted.
        after: the present network, as it was counted.
        old: the earlier settings; None if only the figures are known.
        new: the present settings.
    """
    return tuple(_changes(before, after, old, new))


def _changes(before: Snapshot, after: Snapshot, old: Plan | None, new: Plan) -> Iterator[str]:
    specs = (before.spec, after.spec) if old is None else (old.spec, new.spec)
    if specs[0] != specs[1]:
        yield f"spec {specs[0]} -> {specs[1]}"
    yield from _inputs(before.inputs, after.inputs)
    if before.dtypes != after.dtypes and before.dtypes is not None and after.dtypes is not None:
        yield f"parameters {_name_all(before.dtypes)} -> {_name_all(after.dtypes)}"
    if before.mode != after.mode:
        yield f"mode {before.mode} -> {after.mode}"
    trained = [_step(before, old), _step(after, new if old is not None else None)]
    if trained[0] != trained[1]:
        yield f"train {trained[0]} -> {trained[1]}"
    followed = [_name_followed(before, old), _name_followed(after, new)]
    if followed[0] != followed[1] and None not in followed:
        yield f"like {followed[0]} -> {followed[1]}"


def _name_all(dtypes: Sequence[str]) -> str:
    return ", ".join(dtypes) or "no parameters"


def _step(side: Snapshot, plan: Plan | None) -> str:
    """Name the training step of one side; only the settings know its optimizer."""
    if plan is not None and plan.train is not None:
        return plan.train
    return "a training step" if side.trained else "no training step"


def _name_followed(side: Snapshot, plan: Plan | None) -> str | None:
    """Name the device that one side follows; None if it trains and its record does not say."""
    if plan is not None and plan.like is not None:
        return plan.like
    return side.followed or (None if side.trained else FOLLOWED[0])


def _inputs(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Compare descriptions such as "x=8x3x224x224 float32", and name only the parts that differ."""
    if before == after:
        return
    olds, news = [_parts(text) for text in before], [_parts(text) for text in after]
    batches = [{shape[0] for _, shape, _ in side if shape} for side in (olds, news)]
    alike = all(len(found) == 1 for found in batches)  # the batch is the first axis of every input
    if alike and batches[0] != batches[1]:
        yield f"batch {', '.join(batches[0])} -> {', '.join(batches[1])}"
    shown = [[_input(part, batch=not alike) for part in side] for side in (olds, news)]
    if shown[0] != shown[1]:
        dtypes = [[dtype for _, _, dtype in side] for side in (olds, news)]
        if dtypes[0] != dtypes[1]:
            shown = [
                [f"{text} {dtype}" for text, dtype in zip(texts, kinds, strict=True)]
                for texts, kinds in zip(shown, dtypes, strict=True)
            ]
        yield f"input {', '.join(shown[0]) or 'no tensor'} -> {', '.join(shown[1]) or 'no tensor'}"
    elif [dtype for _, _, dtype in olds] != [dtype for _, _, dtype in news]:
        yield f"input dtype {', '.join(dtype for _, _, dtype in olds)} -> {', '.join(dtype for _, _, dtype in news)}"


def _parts(text: str) -> tuple[str, tuple[str, ...], str]:
    """Split a description: the name with its "=", the sizes, the dtype."""
    description, _, dtype = text.rpartition(" ")
    name, mark, shape = description.rpartition("=")
    return name + mark, tuple(shape.split("x")) if shape[:1].isdigit() else (), dtype


def _input(part: tuple[str, tuple[str, ...], str], *, batch: bool) -> str:
    name, shape, _ = part
    return name + ("x".join(shape if batch else shape[1:]) or "one value")
