"""plot(kind, networks) -> a matplotlib figure: the chart of `archcost plot`, for programs and notebooks."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from archcost.charts.canvas import Words
from archcost.charts.drawing import draw_chart
from archcost.charts.gather import gather, keep_comparable
from archcost.charts.kinds import COMPARED, FREE, KINDS, MEASURED_CURVES, check_highlight, check_option, find_kind
from archcost.charts.presets import choose_preset
from archcost.charts.request import BATCHES, Chart, Request
from archcost.comparison.compare import EVERYTHING
from archcost.errors import ArchcostError, ArgumentError
from archcost.records import Comparison, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from matplotlib.figure import Figure

    from archcost.charts.presets import Preset
    from archcost.comparison.choosing import Choice
    from archcost.records import Accuracy, MeasuredTime, Missing

NAMED = ("accuracies", "timed accuracies", "times", *MEASURED_CURVES)  # data that is looked up by a network's name
MOST_NAMES = 60  # in a message
FROM_REPORTS = ("reports", "timed reports", "timelines")
FROM_COMPARISONS = ("accuracies", "timed accuracies", "times")


def plot(
    kind: str,
    networks: Any = (),
    *,
    preset: str | None = None,
    theme: str = "light",
    size: str = "16:9",
    font: str | None = None,
    title: str | None = None,
    subtitle: str | None = None,
    highlight: str | Sequence[str] = (),
    labels: str | None = None,
    free_scales: bool = False,
    protocol: str = "single-crop",
    dataset: str | None = None,
    choice: Choice = EVERYTHING,
    accuracies: Iterable[Accuracy] = (),
    times: Iterable[MeasuredTime] = (),
    batches: Sequence[int] | None = None,
    batch: int = 1,
    train: str | None = None,
    like: str | None = None,
    inputs: Any = None,
    device: str | None = None,
    jobs: int | None = None,
) -> Figure:
    """Draw a chart and return it as a matplotlib figure.

    The figure shows itself in a notebook, and `figure.savefig("chart.svg")` writes it. matplotlib's settings and
    backend stay as they are, and a user's settings do not change the chart. A warning names each network that the chart
    cannot show, and each name that did not fit.

    Args:
        kind: "accuracy-flops", "accuracy-params", "accuracy-time", "accuracy-rate", "accuracy", "accuracy-year",
            "density", "flops-time", "memory-batch", "time-batch", "allocation-batch", "power-batch", "layers",
            "roofline", "memory-timeline", "block" or "error-year".
        networks: one or several names ("vgg16", "timm:resnet50", "resnet*"), one or several networks as for
            `archcost.profile`, reports, or a comparison.
        preset: a known chart with its networks: "canziani-2016", "inception", ...
        theme: "light" or "dark".
        size: "16:9", "4:3", "slide" or "paper".
        font: a size in points, a font, or both: "20", "Arial", "Arial 20".
        title: a headline of your own.
        subtitle: a line below the headline.
        highlight: the networks that keep their colour; the others are grey.
        labels: the balls to name: "auto", "all", "pareto", "none".
        free_scales: whether each network of a chart of layers has axes of its own.
        protocol: how the accuracies were measured.
        dataset: the data set of the accuracies, such as "CIFAR-10"; None for the most common one among the networks.
        choice: the networks to show of those named; see `archcost.compare`. A pattern such as `timm:*` shows published
            networks, with the figures shipped with archcost, in charts that compare networks.
        accuracies: figures of your own; see `archcost.comparison.accuracy.read_accuracies`.
        times: measured times; see `archcost.comparison.times.read_times`.
        batches: batch sizes of "memory-batch"; None for 1 to 64, doubled.
        batch: the batch size of the other kinds.
        train: an optimizer, for the memory of a training step.
        like: the device whose choices memory follows: "cuda" or "cpu".
        inputs: a sequence of `InputSpec`, the same for every network; None for each network's own.
        device: the device on which "roofline" times; None for the GPU if there is one.
        jobs: the number of processes; None for a suitable one.

    Raises:
        ArgumentError: the kind, preset, theme, size or font is unknown, an option belongs to another kind, or there is
            nothing to draw.
    """
    given = {
        "labels": labels, "free-scales": free_scales, "highlight": highlight, "times": times, "batches": batches,
        "train": train, "like": like, "input": inputs, "device": device, "dataset": dataset, **choice.spell(),
    }  # fmt: skip
    for name, value in given.items():
        check_option(kind, name, given=bool(value), spelled="inputs" if name == "input" else name.replace("-", "_"))
    known = choose_preset(preset, kind)
    request = Request(
        protocol=protocol, dataset=dataset, choice=choice, accuracies=tuple(accuracies), times=tuple(times),
        batches=tuple(batches or BATCHES), batch=batch, train=train, like=like,
        inputs=None if inputs is None else tuple(inputs), device=device or "auto", jobs=jobs,
    )  # fmt: skip
    chart = _gather_any(kind, networks, known, request)
    words = Words(
        title=title, subtitle=subtitle, highlight=(highlight,) if isinstance(highlight, str) else tuple(highlight)
    )
    options = {**({"labels": labels} if labels else {}), **({"free_scales": True} if free_scales else {})}
    look = {"theme": theme, "size": size, "font": font, "words": words}
    figure, left_out, unplaced = draw_gathered(kind, chart, known, look, options)
    for line in list_left_out(left_out):
        warnings.warn(line, stacklevel=2)
    if unplaced:
        warnings.warn(f"no room for these names: {', '.join(unplaced)}", stacklevel=2)
    return figure


def draw_gathered(
    kind: str, chart: Chart, preset: Preset, look: Mapping[str, Any], options: Mapping[str, Any]
) -> tuple[Figure, tuple[Missing, ...], tuple[str, ...]]:
    """Draw gathered data; return the figure, the networks that were left out, and the names that did not fit.

    Raises:
        ArgumentError: the chart does not show a network to highlight, or there is nothing to draw.
        ArchcostError: there is nothing to draw, because a network could not run.
    """
    check_highlight(look["words"].highlight, chart.data)
    left_out = (*chart.left_out, *preset.missing)
    try:
        figure, unplaced = draw_chart(kind, chart.data, **look, **{**chart.options, **preset.options, **options})
    except ArgumentError as error:
        kind_of_error = ArchcostError if any(lost.failed for lost in left_out) else ArgumentError
        raise kind_of_error("\n".join((str(error), *list_left_out(left_out)))) from error
    return figure, left_out, unplaced


def list_left_out(networks: Sequence[Missing]) -> list[str]:
    """Return the networks that the chart cannot show, one line for each reason."""
    reasons = dict.fromkeys(lost.reason for lost in networks)
    lost = {reason: [each.spec for each in networks if each.reason == reason] for reason in reasons}
    return [f"left out: {_spell_names(specs)}: {reason}" for reason, specs in lost.items()]


def _spell_names(specs: Sequence[str]) -> str:
    """Return names in a row; of very many, the first ones and the number of the others."""
    shown = specs if len(specs) <= MOST_NAMES else specs[: MOST_NAMES - 1]
    rest = f" and {len(specs) - len(shown)} more" if len(specs) > len(shown) else ""
    return ", ".join(shown) + rest


def _gather_any(kind: str, networks: Any, preset: Preset, request: Request) -> Chart:
    """Return the data of a chart: count named networks and modules, or take the figures of finished results."""
    from dataclasses import replace

    from archcost.comparison.choosing import choose_shipped
    from archcost.comparison.published import is_published
    from archcost.sources.selection import select

    data = find_kind(kind).data
    if isinstance(networks, Comparison):
        _check_source("a comparison", kind, FROM_COMPARISONS)
        return keep_comparable(networks, request.dataset) if data != "times" else Chart(data=networks)
    given = list(networks) if isinstance(networks, (list, tuple)) else [networks]
    reports = [each for each in given if isinstance(each, Report)]
    if reports:
        _check_source("a report", kind, FROM_REPORTS)
        if len(reports) < len(given):
            raise ArgumentError("a chart is drawn of reports or of networks, not of both: profile the networks first")
        return Chart(data=reports)
    others = [each for each in given if not isinstance(each, str)]
    if others and data in NAMED:
        raise ArgumentError(
            f"{kind} finds what it needs by a network's name, and {type(others[0]).__name__} is a module: draw the "
            f"comparison instead, archcost.compare([...], accuracies=...).plot({kind!r})"
        )
    if not others and (given or preset.networks or data not in FREE):
        choice = choose_shipped(request.choice, given) if kind in COMPARED else request.choice
        stays = is_published if choice else None
        given = list(select((*given, *preset.networks), variants=False, stays=stays))
        request = replace(request, choice=choice)
    return gather(kind, replace(request, specs=tuple(given)))


def _check_source(what: str, kind: str, allowed: Sequence[str]) -> None:
    """Refuse a kind of chart that cannot be drawn from a result.

    Raises:
        ArgumentError: the chart cannot be drawn; names the kinds that can.
    """
    kinds = [name for name, each in KINDS.items() if each.data in allowed]
    if kind not in kinds:
        raise ArgumentError(
            f"{what} is drawn as {', '.join(kinds)}, not as {kind}: archcost.plot({kind!r}, ...) takes names"
        )
