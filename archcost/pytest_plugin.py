"""A pytest fixture that holds a network to a budget; pytest finds it when archcost is installed.

    def test_the_network_stays_small(archcost_budget):
        archcost_budget("model.py:build", macs="<4.2G", params="<=25.6M")

pytest imports this module at every start, so it imports no heavy library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from archcost.choices import COUNTING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import nn

    from archcost.records import Difference, Report, Verdict

MOST_LAYERS = 5


class HoldsBudget(Protocol):
    """The type of the fixture `archcost_budget`."""

    def __call__(
        self,
        network: str | nn.Module,
        inputs: Any = None,
        kwargs: Mapping[str, Any] | None = None,
        *,
        device: str = COUNTING,
        mode: str = "eval",
        train: str | None = None,
        like: str | None = None,
        batch: int = 1,
        **limits: str | int,
    ) -> Report:
        """Fail the test unless a network keeps every limit.

        Args:
            network: as for `archcost.profile`.
            inputs: the same, or descriptions: "3x224x224", ("128:int64", "mask=128:bool").
            kwargs: keyword arguments of the forward.
            device: as for `archcost.profile`; never a GPU unless it is named.
            mode: as for `archcost.profile`.
            train: an optimizer, for quantities of a training step: "sgd", "momentum", "adam", "adamw".
            like: the device whose choices the meta device follows, "cuda" or "cpu"; see `archcost.profile`.
            batch: number of images in the batch, if archcost makes the inputs.
            limits: limits of quantities of `archcost.metrics`: macs="<4.2G", depth="<=50", or a number as the maximum.

        Returns:
            The report, for further assertions.

        Raises:
            ArchcostError: the network cannot be profiled, or a limit is wrong.
        """
        ...


@pytest.fixture
def archcost_budget() -> HoldsBudget:
    """Hold a network to a budget: `archcost_budget(network, macs="<4.2G", params="<=25.6M")`."""
    return hold_budget


def hold_budget(
    network: str | nn.Module,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    device: str = COUNTING,
    mode: str = "eval",
    train: str | None = None,
    like: str | None = None,
    batch: int = 1,
    **limits: str | int,
) -> Report:
    """See `HoldsBudget`."""
    __tracebackhide__ = True
    from archcost.errors import ArgumentError
    from archcost.profiling.profile import profile
    from archcost.regression import diff, judge, requirement

    if not limits:
        raise ArgumentError('archcost_budget needs a limit, such as macs="<4.2G" or params="<=25.6M"')
    budgets = [
        requirement(name, text if isinstance(text, str) else f"<={text}") for name, text in sorted(limits.items())
    ]
    relative = [budget.metric for budget in budgets if budget.needs_baseline]
    if relative:
        raise ArgumentError(f"{relative[0]} has nothing to be compared with in a test; `archcost check` compares")
    report = profile(
        network, _describe_inputs(inputs), kwargs, device=device, mode=mode, train=train, like=like, batch=batch
    )
    difference = diff(None, report)
    exceeded = [verdict for verdict in judge(difference, budgets) if verdict.outcome == "exceeded"]
    if exceeded:
        pytest.fail("\n".join(_explain_excess(difference, exceeded)))
    return report


def _describe_inputs(inputs: Any) -> Any:
    """Read descriptions of inputs; tensors stay unchanged."""
    from archcost.sources import parse_input

    texts = (inputs,) if isinstance(inputs, str) else inputs
    if isinstance(texts, list | tuple) and texts and all(isinstance(text, str) for text in texts):
        return tuple(map(parse_input, texts))
    return inputs


def _explain_excess(difference: Difference, exceeded: Sequence[Verdict]) -> Iterator[str]:
    """Name the exceeded limits, and the layers with the largest costs."""
    from archcost import units
    from archcost.metrics import METRICS
    from archcost.page.names import write_plain

    yield f"{difference.network.spec} exceeds its budget"
    for verdict in exceeded:
        metric = METRICS[verdict.metric]
        digits, short = units.exact(verdict.after), units.short(verdict.after, metric.unit)
        amount = short if short == digits else f"{short} ({digits})"
        yield f"{verdict.metric}: {amount}, {verdict.limit}"
        layers = difference.contributions(verdict.metric)
        most = [(change.row, change.delta(verdict.metric)) for change in layers[:MOST_LAYERS]]
        lines = [
            (
                write_plain(row.name),
                units.short(part, metric.unit),
                units.share(part, verdict.after),
                write_plain(row.kind),
            )
            for row, part in most
        ]
        name_width, part_width = (max((len(line[i]) for line in lines), default=0) for i in (0, 1))
        for name, part, share, kind in lines:
            yield f"  {name:<{name_width}}  {part:>{part_width}} {share:>5} %  {kind}"
        if len(layers) > MOST_LAYERS:
            yield f"  ... and {units.exact(len(layers) - MOST_LAYERS)} layers more"
