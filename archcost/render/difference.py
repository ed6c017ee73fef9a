"""A difference in words: the changes, and the layers that explain them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from archcost import units
from archcost.metrics import METRICS
from archcost.page.names import cut_first_line, make_printable, write_plain
from archcost.render.columns import spell_outputs
from archcost.render.shown import MOST, choose_metrics
from archcost.render.speed import spell_allowed, spell_speed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from archcost.records import Change, Check, Checked, Difference, Status, Verdict

STATUSES: tuple[Status, ...] = ("same", "changed", "reshaped", "renamed", "replaced", "new", "removed")
ENOUGH = 99  # the named layers explain at least this percentage of a difference


def explain(difference: Difference, metric: str) -> str:
    """Say how many layers explain the difference of a quantity: "3 layers explain 100 % of +490.0 M MACs".

    The text is empty if nothing differs. For a new network, the difference is the whole quantity.
    """
    found = METRICS[metric]
    total, layers = difference.delta(metric), difference.contributions(metric)
    amount = f"{units.signed(total, found.unit)} {found.label}"
    if not layers:
        return f"{amount}, of the network as a whole" if total else ""
    if not total:
        return f"{_spell_layers(len(layers))} differ{'s' if len(layers) == 1 else ''} in {found.label} and cancel out"
    count, explained = _count_enough([change.delta(metric) for change in layers], total)
    of = f"{units.exact(count)} of {_spell_layers(len(layers))}" if count < len(layers) else _spell_layers(count)
    return f"{of} explain{'s' if count == 1 else ''} {_spell_percent(explained, total)} % of {amount}"


def spell_headline(check: Check, named: Callable[[str], str] = write_plain) -> str:
    """Describe the worst result in one line; `named` formats names.

    "resnet50: MACs 4.089 G -> 4.579 G (+12.0 %), at most +2% · 1 of 6 networks changed"
    """
    if not check.networks:
        return "no network to check"
    counts = Counter(checked.outcome for checked in check.networks)
    count = len(check.networks)
    worst = check.worst_first[0]
    networks = f"{units.exact(count)} network{'' if count == 1 else 's'}"
    if worst.outcome == "unchanged":
        return f"no change · {networks}" if count > 1 else f"{named(worst.name)}: no change"
    over = sum(checked.outcome in {"exceeded", "warned"} and not checked.changed for checked in check.networks)
    changed = count - counts["failed"] - counts["unchanged"] - over
    named_counts = ((counts["failed"], "failed"), (changed, "changed"), (over, "over a limit but unchanged,"))
    parts = [f"{units.exact(n)} {word}" for n, word in named_counts if n]
    rest = f" · {', '.join(parts)} of {networks}" if count > 1 else ""
    return f"{named(worst.name)}: {_spell_news(worst, named)}{rest}"


def _spell_news(checked: Checked, named: Callable[[str], str]) -> str:
    difference = checked.difference
    if difference is None:
        return f"could not be checked: {named(cut_first_line(checked.failure))}"
    worst = checked.exceeded[0] if checked.exceeded else None
    if (
        checked.speed is not None
        and checked.slower
        and (worst is None or worst.level != checked.speed_level == "error")
    ):
        return f"time {units.ratio(checked.speed.ratio)}, {spell_allowed(checked.speed)}"
    if worst is not None:
        return f"{say_judged_change(worst, named, compared=not checked.base_failure)}, {worst.limit}"
    if checked.outcome in {"uncompared", "new", "removed"}:
        return {"uncompared": "not compared, its base could not be counted"}.get(checked.outcome, checked.outcome)
    accepted = [verdict for verdict in checked.verdicts if verdict.outcome == "accepted"]
    if accepted:
        return f"{say_judged_change(accepted[0], named)}, accepted"
    changed = [metric for metric in choose_metrics(checked) if difference.delta(metric)]
    same = named(checked.settings[0]) if checked.settings else "other layers at the same cost"
    return say_change(difference, changed[0]) if changed else same


def list_facts(difference: Difference) -> tuple[str, ...]:
    """Return the networks' inputs and modes, and the number of layers with each kind of change."""
    network = difference.network
    inputs = f"input {', '.join(map(make_printable, network.inputs))}"
    counts = Counter(change.status for change in difference.changes)
    layers = ", ".join(f"{units.exact(counts[status])} {status}" for status in STATUSES if counts[status])
    return inputs, f"{make_printable(network.mode)} mode", f"layers: {layers or 'none'}"


def yield_uncounted(difference: Difference) -> Iterator[str]:
    """Yield one sentence for each operator without a rule, whose cost counts as 0."""
    for name, calls in difference.network.uncovered.items():
        yield f"{make_printable(name)}: {units.exact(calls)} call{'' if calls == 1 else 's'} counted as nothing"


def spell_growth(checked: Checked, metric: str) -> str:
    """Return how a quantity changed, for a table of networks: "4.579 G +12.0 %"."""
    difference = checked.difference
    if difference is None:
        return ""
    before, after = difference.totals(metric)
    value = before if after is None else after
    if value is None:
        return ""
    growth = "" if checked.base_failure else f" {spell_difference(difference, metric)}"
    return f"{units.short(value, METRICS[metric].unit)}{growth}"


def spell_difference(difference: Difference, metric: str) -> str:
    """Return the growth of a quantity; a quantity that an older report lacks is neither new nor 0."""
    return units.growth(*difference.totals(metric)) if difference.knows(metric) else "unknown before"


def spell_attribution(difference: Difference, metric: str, most: int = MOST) -> str:
    """Return lines that attribute each difference to layers, the largest first."""
    layers = difference.contributions(metric)
    amounts = [units.signed(change.delta(metric), METRICS[metric].unit) for change in layers[:most]]
    width = max(map(len, amounts), default=0)
    lines = [
        f"  {amount:>{width}}  {name_layer(change)} ({say_event(change)})"
        for amount, change in zip(amounts, layers, strict=False)
    ]
    more = [f"  and {_spell_layers(len(layers) - most)} more"] if len(layers) > most else []
    return "\n".join([explain(difference, metric), *lines, *more])


def spell_findings(checked: Checked, most: int = 3) -> str:
    """Return why a network could not be checked, or the exceeded limits with the layers that explain them."""
    if checked.difference is None:
        return checked.failure
    found: list[str] = []
    for metric, modules in dict.fromkeys((each.metric, each.modules) for each in checked.exceeded):
        verdicts = [each for each in checked.exceeded if (each.metric, each.modules) == (metric, modules)]
        limits = (f"{each.limit} ({each.where})" for each in verdicts)
        found += [f"{say_judged_change(verdicts[0])}, {', '.join(limits)}"]
        found += [spell_attribution(checked.difference, metric, most)]
    return "\n".join([*found, *([spell_speed(checked.speed)] if checked.speed and checked.slower else [])])


def name_layer(change: Change) -> str:
    """Return a layer's name with the number of its call."""
    return write_plain(change.row.name) + spell_call(change.row.call)


def _count_enough(deltas: Sequence[int], total: int) -> tuple[int, int]:
    """Return how many of the largest differences explain nearly all, and their sum.

    If that takes more than half of them, return all.
    """
    explained = 0
    for count, delta in enumerate(deltas[: len(deltas) // 2], 1):
        explained += delta
        if 100 * abs(total - explained) <= (100 - ENOUGH) * abs(total):
            return count, explained
    return len(deltas), sum(deltas)


def _spell_percent(part: int, whole: int) -> str:
    """Return a rounded percentage, which is 100 only if the share is exactly 1."""
    exact = 100 * part / whole
    rounded = round(exact)
    if rounded == 100 and part != whole:  # noqa: PLR2004 - per cent
        rounded = 99 if exact < 100 else 101  # noqa: PLR2004
    return f"{rounded}"


def _spell_layers(count: int) -> str:
    return f"{units.exact(count)} layer{'' if count == 1 else 's'}"


def say_change(difference: Difference, metric: str) -> str:
    """Describe the change of a quantity: "MACs 4.089 G -> 4.579 G (+12.0 %)"."""
    found = METRICS[metric]
    before, after = (None if value is None else units.short(value, found.unit) for value in difference.totals(metric))
    texts = [text for text in (before, after) if text is not None]
    return f"{found.label} {' -> '.join(dict.fromkeys(texts))} ({spell_difference(difference, metric)})"


def say_judged_change(verdict: Verdict, named: Callable[[str], str] = write_plain, *, compared: bool = True) -> str:
    """Describe the change that a limit judges: "backbone.* Params 10.00 M -> 12.00 M (+20.0 %)".

    If it was not `compared`, the text has neither a change nor the word "new".
    """
    found = METRICS[verdict.metric]
    sides = (None if value is None else units.short(value, found.unit) for value in (verdict.before, verdict.after))
    texts = [text for text in sides if text is not None]
    of = f"{named(verdict.modules)} " if verdict.modules else ""
    grown = f" ({units.growth(verdict.before, verdict.after)})" if compared else ""
    return f"{of}{found.label} {' -> '.join(dict.fromkeys(texts))}{grown}"


def say_event(change: Change, named: Callable[[str], str] = write_plain) -> str:
    """Describe a layer's change: "new", "renamed from conv", "reshaped from 1x64x56x56"; `named` formats names."""
    before, after = change.before, change.after
    if before is None or after is None:
        return change.status
    was = {
        "renamed": f"from {named(before.name)}{spell_call(before.call)}",
        "replaced": f"a {named(before.kind)}",
        "reshaped": f"from {spell_outputs(before)}",
    }
    return f"{change.status} {was[change.status]}" if change.status in was else change.status


def spell_call(number: int | None) -> str:
    """Number the second and later calls of a layer: " #1"."""
    return f" #{number}" if number else ""
