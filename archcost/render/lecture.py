"""The table of the CS231n lecture: VGG-16's form for networks of its kind, AlexNet's form for all others.

As in the lecture, height comes before width and channels, "params" leaves biases out, and a row without memory and
weights (an in-place ReLU, dropout in inference, flatten) is left out. Modules of several rows have a heading if the
network branches or repeats a module; consecutive equal modules, and rows that repeat, are written once, with their
number.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from archcost import units
from archcost.errors import ArgumentError
from archcost.render import lecture_rows as row
from archcost.render.tree import read_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archcost.records import Layer, Report
    from archcost.render.tree import Path

RIDING = frozenset(("normalisation", "activation"))
LONGEST_RUN, LEAST_TIMES = 4, 3  # rows that repeat together, and how often, to be written once
Part: TypeAlias = tuple[str, tuple[str, ...]]  # a module's name ("" for a single row), and its lines


class _Line(NamedTuple):
    """One layer's line, and the modules around it."""

    path: Path
    text: str
    role: str | None


def write_listing(report: Report, *, flops: bool = False) -> tuple[str, ...]:
    """Return the lecture's lines; with `flops`, each row also shows its multiply-adds as a product.

    Raises:
        ArgumentError: the batch has more than one image.
    """
    _refuse_batches(report)
    shown = [each for each in report.layers if each.activation_elements or each.weights or each.is_input]
    brief = all(row.keeps_size(each) for each in shown if each.role in {"convolution", "pooling"})
    lines = list(_yield_rows(shown, brief=brief, flops=flops))
    headed = list(_yield_headed(lines, 0, ""))
    heads = _branches(report) or any(" (x " in line for line in headed)
    if not heads:
        headed = [line.text for line in (lines if brief else _number(lines))]
    return (*headed, "", *_yield_totals(report, flops=flops))


def _yield_rows(shown: Sequence[Layer], *, brief: bool, flops: bool) -> Iterator[_Line]:
    pixels: tuple[int, ...] = ()  # shape of the last printed row, which a flatten before an FC row flattens
    owners: set[str] = set()  # rows whose weights were printed, for a later call of the same module
    for layer in shown:
        sizes = row.order_sizes(layer)
        name, shape = row.name_layer(layer), f"[{units.shape(sizes)}]  " if sizes else ""
        window = layer.call is not None and layer.kernel is not None and layer.role in {"convolution", "pooling"}
        if window and brief:
            name += row.abbreviate_window(layer)
        elif window:
            size = row.spell_size(layer)
            shape = f"{row.spell_window(layer)} -> {shape}{size and size + '  '}"
        params = row.spell_weights(layer, pixels, shared=layer.name in owners)
        owners |= {layer.name} if layer.weights else set()
        operations = f"  ops: {row.spell_operations(layer)}" if flops and layer.macs else ""
        text = f"{name}: {shape}memory: {row.spell_memory(layer)}  params: {params}{operations}"
        yield _Line(read_path(layer), text, layer.role)
        pixels = sizes


def _number(lines: Sequence[_Line]) -> list[_Line]:
    """Number names that occur more than once: CONV1, POOL1, CONV2."""
    names = [line.text.partition(":")[0] for line in lines]
    often, seen, found = Counter(names), Counter[str](), []
    for name, line in zip(names, lines, strict=True):
        seen[name] += 1
        number = str(seen[name]) if often[name] > 1 else ""
        found.append(line._replace(text=f"{name}{number}{line.text.removeprefix(name)}"))
    return found


def _yield_headed(lines: Sequence[_Line], level: int, indent: str) -> Iterator[str]:
    """Yield lines below the headings of their modules; consecutive equal modules are one, with their number."""
    parts: list[Part] = []
    for name, group in groupby(lines, lambda line: line.path[level] if len(line.path) > level + 1 else ""):
        inside = list(group)
        if not name:
            parts += [("", (line.text,)) for line in inside]
        elif sum(line.role not in RIDING for line in inside) > 1:
            path = _join_single(inside, level)
            parts.append((".".join(path), tuple(_yield_headed(inside, level + len(path), "  "))))
        else:
            parts += [("", (line.text,)) for line in inside]
    parts = _fold_runs(parts)
    for (heads, texts), same in groupby(parts, lambda part: (bool(part[0]), part[1])):
        names = [name for name, _ in same]
        if not heads:
            yield from (indent + text for text in texts * len(names))
            continue
        times = f"{names[0]} to {names[-1]} (x {units.number(len(names))})" if len(names) > 1 else names[0]
        yield f"{indent}{times}"
        yield from (indent + text for text in texts)


def _join_single(inside: Sequence[_Line], level: int) -> tuple[str, ...]:
    """Return the name of the module around some lines, with the names of the modules that contain them all, too."""
    first = inside[0].path
    depth = level + 1
    while all(len(line.path) > depth + 1 and line.path[depth] == first[depth] for line in inside):
        depth += 1
    return first[level:depth]


def _fold_runs(parts: Sequence[Part]) -> list[Part]:
    """Return parts in which a run of different rows that repeats is one part, named by how often it does."""
    found: list[Part] = []
    i = 0
    while i < len(parts):
        size, times = _find_run(parts, i)
        if times:
            lines = tuple(f"  {text}" for _, texts in parts[i : i + size] for text in texts)
            found.append((f"{units.number(times)} times", lines))
        else:
            found.append(parts[i])
        i += size * max(times, 1)
    return found


def _find_run(parts: Sequence[Part], start: int) -> tuple[int, int]:
    """Return the rows of a run that starts here, and how often it is repeated; (1, 0) without one."""
    for size in range(2, LONGEST_RUN + 1):
        run = parts[start : start + size]
        if len({texts for _, texts in run}) < size or any(name for name, _ in run):
            continue
        times = 1
        while parts[start + times * size : start + (times + 1) * size] == run:
            times += 1
        if times >= LEAST_TIMES:
            return size, times
    return 1, 0


def _branches(report: Report) -> bool:
    """Whether a network is more than one chain of layers."""
    readers = Counter(source for layer in report.layers for source in layer.reads)
    return any(readers[i] > 1 or len(layer.reads) > 1 for i, layer in enumerate(report.layers))


def _yield_totals(report: Report, *, flops: bool) -> Iterator[str]:
    elements, stored = report.totals.activation_elements, report.totals.activation_bytes
    each = f" * {units.number(stored // elements)} bytes" if elements and stored % elements == 0 else " values"
    yield (
        f"TOTAL memory: {units.rounded(elements, 3)} values = {units.rounded(stored, 2, 'B')} / image "
        "(only forward; about twice that for backward)"
    )
    yield f"              {units.exact(elements)}{each} = {units.exact(stored)} bytes = {units.short(stored, 'B')}"
    passing = sum(map(row.count_passing, report.layers))
    if passing:
        yield f"              {units.exact(passing)} of the values are those of normalisations, for a moment"
    yield f"TOTAL params: {units.rounded(report.totals.weights, 3)} (not counting biases)"
    yield f"              {units.exact(report.totals.weights)}; with biases {units.exact(report.totals.params)}"
    if flops:
        yield f"TOTAL ops: {units.rounded(report.totals.macs, 3)} ({units.exact(report.totals.macs)} multiply-adds)"


def _refuse_batches(report: Report) -> None:
    for info in report.network.inputs:
        if len(info.shape) > 1 and info.shape[0] != 1:
            raise ArgumentError(
                f"the lecture's table is for one image, not for a batch of {units.number(info.shape[0])}; "
                "leave --batch out, or use --view layers"
            )
