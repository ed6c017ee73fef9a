"""A difference described by its causes: one line per cause, where a table has one line per layer."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from archcost import units
from archcost.metrics import METRICS
from archcost.page.names import write_plain
from archcost.render.causes import find_groups
from archcost.render.difference import say_event, spell_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from fractions import Fraction

    from archcost.records import Change, Difference
    from archcost.render.causes import Group

    Named = Callable[[str], str]

MOST_NUMBERS = 4  # the most blocks that a line names by their numbers
MOST_ALONE = 3  # the most layers without a group that get a sentence each
MANY_LAYERS = 4  # from this number on, a line counts the layers of a block


def describe_causes(difference: Difference, metrics: Sequence[str], named: Named = write_plain) -> Iterator[str]:
    """Yield a sentence for each cause of a difference: groups of layers, then the layers that changed alone."""
    groups, rest = find_groups(difference.changes)
    yield from describe_groups(groups, metrics, named)
    alone = sorted(rest, key=lambda change: [-abs(change.delta(name)) for name in metrics])
    for change in alone[:MOST_ALONE]:
        kind = f" ({named(change.row.kind)})" if named(change.row.kind) not in change.row.name else ""
        name = f"{named(change.row.name or 'the network')}{spell_call(change.row.call)}{kind}"
        yield f"{name} {say_event(change, named)}{_spell_amounts([change], metrics)}"
    left = alone[MOST_ALONE:]
    if left:
        yield f"{units.exact(len(left))} more {'layer' if len(left) == 1 else 'layers'}{_spell_amounts(left, metrics)}"


def describe_groups(groups: Sequence[Group], metrics: Sequence[str], named: Named = write_plain) -> Iterator[str]:
    """Yield a sentence for each cause, with what it adds to each quantity; `named` writes names.

    "blocks 12 and 13 added: 2 x +7.09 M Params", "stages.* renamed to body.*, 43 layers",
    "fc1 -> up, fc2 -> down, in 12 blocks", "all of stages: 1.25 x wide: +14.0 M Params".
    """
    for (kind, places), run in groupby(groups, key=lambda each: (each.kind, each.places)):
        alike = list(run)
        if kind == "renamed" and places:
            pairs = ", ".join(f"{named(_spell_end(one.before))} -> {named(_spell_end(one.after))}" for one in alike)
            yield f"{pairs}, in {units.exact(len(places))} blocks{_spell_amounts(alike, metrics)}"
        elif kind == "alike" and len(alike) >= MANY_LAYERS:
            amounts = _spell_amounts(alike, metrics, len(places))
            yield f"{_count_layers(alike, len(places))} {_spell_event(alike)}{amounts}"
        else:
            yield from (_describe_group(one, metrics, named) for one in alike)


def _describe_group(group: Group, metrics: Sequence[str], named: Named) -> str:
    blocks = f" in {units.exact(len(group.places))} blocks" if group.places else ""
    layers, amounts = f"{units.exact(len(group.changes))} layers", _spell_amounts([group], metrics)
    at = _join_names([*map(named, filter(None, group.after))])
    if group.kind in {"added", "removed"}:
        (stem,) = group.after or group.before
        which = f"{named(stem)} {_spell_numbers(group.places)}" if len(group.places) > 1 else named(group.places[0])
        return f"{which} {group.kind}{_spell_amounts([group], metrics, len(group.places))}"
    if group.kind == "renamed":
        return _describe_renamed(group, layers, named)
    if group.kind in {"split", "merged"}:
        sides = (_join_names([*map(named, names)]) for names in (group.before, group.after))
        same = "" if any(group.delta(name) for name in ("params", "macs")) else ", with the same sum"
        return f"{f' {group.kind} into '.join(sides)}{blocks}{same}"
    if group.kind == "scaled":
        of = f"all of {at or 'the network'}" if group.whole else f"{layers}{f' of {at}' if at else ''}"
        return f"{of}: {_spell_times(group.factors)} x wide{amounts}"
    if group.kind == "resized":
        same = f"the same parameters on {_spell_times(group.factors)} x as much data"
        return f"{layers}{f' of {at}' if at else ''}: {same}{amounts}"
    return f"{at} {_spell_event([group])}{blocks}{_spell_amounts([group], metrics, len(group.places))}"


def _count_layers(groups: Sequence[Group], blocks: int) -> str:
    """Return the number of layers, per block if all blocks have the same number."""
    count = sum(len(group.changes) for group in groups)
    if blocks and count % blocks == 0:
        return f"{units.exact(count // blocks)} layers in each of {units.exact(blocks)} blocks"
    return f"{units.exact(count)} layers{f' in {units.exact(blocks)} blocks' if blocks else ''}"


def _spell_event(groups: Sequence[Group]) -> str:
    """Return one word for the change of all layers."""
    statuses = {change.status for group in groups for change in group.changes}
    return statuses.pop() if len(statuses) == 1 else "changed"


def _describe_renamed(group: Group, layers: str, named: Named) -> str:
    (old,), (new,) = group.before, group.after
    if old == new:
        before, after = (named(row.name if row else "") for row in (group.changes[0].before, group.changes[0].after))
        return f"{layers} have other numbers, as {before} -> {after}"
    if not (old and new):
        return f"{layers} moved {f'into {named(new)}' if new else f'out of {named(old)}'}"
    return f"{named(f'{old}.*')} renamed to {named(f'{new}.*')}, {layers}"


def _spell_end(names: tuple[str, ...]) -> str:
    """Return the last part of a path, which names the renamed layer of every block."""
    return names[0].rpartition(".")[2]


def _spell_numbers(places: Sequence[str]) -> str:
    """Name blocks by their numbers: "12 and 13", "4 to 9", "1, 3, 5 and 4 more"."""
    numbers = [place.rpartition(".")[2] for place in places]
    values = [int(number) for number in numbers if number.isdecimal()]
    if len(values) > 2 and values == list(range(values[0], values[0] + len(numbers))):  # noqa: PLR2004
        return f"{numbers[0]} to {numbers[-1]}"
    shown, left = numbers[:MOST_NUMBERS], len(numbers) - MOST_NUMBERS
    if left > 0:
        return f"{', '.join(shown)} and {units.exact(left)} more"
    return _join_names(shown)


def _join_names(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _spell_times(factors: Sequence[Fraction]) -> str:
    """Return a factor, or the range of several: "1.25", "1.2 to 2"."""
    ends = (f"{float(each):.4g}" for each in (factors[0], factors[-1]))
    return " to ".join(dict.fromkeys(ends))


def _spell_amounts(causes: Sequence[Group] | Sequence[Change], metrics: Sequence[str], times: int = 1) -> str:
    """Return the growth of each quantity: ": 2 x +7.09 M Params"; the factor is the number of equal blocks."""
    texts = []
    for name in metrics:
        total, found = sum(cause.delta(name) for cause in causes), METRICS[name]
        if total and times > 1 and total % times == 0:
            texts.append(f"{units.exact(times)} x {units.signed(total // times, found.unit)} {found.label}")
        elif total:
            texts.append(f"{units.signed(total, found.unit)} {found.label}")
    return f": {', '.join(texts)}" if texts else ""
