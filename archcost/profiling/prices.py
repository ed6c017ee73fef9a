"""price(block, inputs) -> Price: what a block costs, so that a chain of blocks is a sum.

A search over architectures has millions of candidates and a few hundred distinct blocks. Each block is walked once for
each shape that it is given; what the quantities of a candidate come to then takes microseconds.

What adds up over a chain of blocks, each of which takes the result of the one before, are the quantities that rows have
and that sum to the network's (parameters, multiply-adds, activations, traffic, saved bytes), and the depth. A storage
that one block saves as its result and the next as its input counts once. The receptive field follows its own rule:
sizes grow by the jump of what lies before. A peak does not add: which storages live together is a matter of the whole
candidate. Times that were measured add roughly: caches, and what a device does at once, know nothing of blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archcost.errors import ArgumentError, first_line, quote
from archcost.metrics import METRICS, SUMS

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from torch import nn

    from archcost.records import Costs, Trace
    from archcost.records.costs import Extents

Shape = tuple[int, ...]
ADDING = (*SUMS, "depth")
TRAINED = {"backward_macs", "saved_bytes"}
WHOLE = "profile the candidate itself"
EMPTY = "a chain has at least one block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a block costs, or a chain of them, without the activation of its input.

    `sums` are the quantities that add up, by name; None is one that nothing is known of. `receptive_field` and `jump`
    are those of its result, one for each axis; None where they are not known (behind a flattened image, say).
    `outputs` are the shapes of what it returns. `keeps` are the bytes of its input, and of its result, that are saved
    for the backward pass; `passes` says that the two share their memory.
    """

    sums: Mapping[str, float | None]
    outputs: tuple[Shape, ...]
    receptive_field: Extents | None = None
    jump: tuple[float | None, ...] | None = None
    keeps: tuple[int, int] = (0, 0)
    passes: bool = False

    def __getitem__(self, name: str) -> float | None:
        """Return a quantity by its name.

        Raises:
            ArgumentError: it does not add up over blocks, or does not exist.
        """
        check_adds(name, self.sums)
        return self.sums[name]

    def then(self, other: Price) -> Price:
        """Return the price of this block and another that takes its result."""
        sums = {name: _add(self.sums[name], other.sums.get(name)) for name in self.sums}
        twice = min(self.keeps[1], other.keeps[0])
        if (saved := sums.get("saved_bytes")) is not None:
            sums["saved_bytes"] = saved - twice
        sees, jump = _compose(self, other)
        return Price(
            sums=sums,
            outputs=other.outputs,
            receptive_field=sees,
            jump=jump,
            keeps=(
                max(self.keeps[0], other.keeps[0]) if self.passes else self.keeps[0],
                max(self.keeps[1], other.keeps[1]) if other.passes else other.keeps[1],
            ),
            passes=self.passes and other.passes,
        )


def check_adds(name: str, known: Iterable[str] = ADDING) -> None:
    """Refuse a quantity that does not add up over blocks.

    Raises:
        ArgumentError: it does not; the message names those that do.
    """
    if name in known:
        return
    what = "does not add up over blocks" if name in METRICS else "was not priced"
    raise ArgumentError(f"{name!r} {what}: {WHOLE}, or ask for {', '.join(known)}")


def price(block: nn.Module, inputs: Any, *, train: str | None = None, learns: bool = True) -> Price:
    """Walk a block on the meta device and return what it costs.

    Args:
        block: a module, built by whatever means; `archcost.unfilled()` builds it without filling its parameters.
        inputs: the shape of its input, batch first, or its positional arguments.
        train: an optimizer: price a training step, too (`backward_macs`, `saved_bytes`).
        learns: whether something before the block learns, so that its input needs a gradient: all but the first.

    Raises:
        ArgumentError: no tensor has that shape.
        WalkError: the block failed while it ran.
    """
    from archcost import sources
    from archcost.account import account
    from archcost.profiling.feed import feed_of
    from archcost.profiling.formulas import find_registered_formulas
    from archcost.profiling.trace import trace_network
    from archcost.records import Training, WalkPlan
    from archcost.walk import run_undisturbed

    training = Training.of(train, "sum")
    asked = WalkPlan(device="meta", training=training)
    given = _tensor(inputs, learns=learns and train is not None) if _is_shape(inputs) else inputs
    network = sources.wrap_module(block)
    feed = feed_of(network, given, None, 1)

    def count() -> Price:
        trace, _ = trace_network(network, feed, asked)
        return _price_of(trace, account(trace, find_registered_formulas(trace.ops)))

    return run_undisturbed(count)


@dataclass(slots=True)
class PriceTable:
    """Prices of blocks by a key of yours and the shape that they are given, each worked out once.

    Args:
        build: returns the module of a key; within `archcost.unfilled()`, so that nothing fills its parameters.
        metrics: the quantities to add up; `archcost.profiling.prices.ADDING` has all.
        train: an optimizer, as for `price`.
        measured: further columns by name, numbers that a function of a key and a shape returns: the milliseconds of a
            block, for one. They add only roughly.

    Example:
        >>> from torch import nn
        >>> table = PriceTable(lambda key: nn.Linear(*key))
        >>> table.total([(8, 4), (4, 2)], (1, 8))
        {'params': 46, 'macs': 40}
    """

    build: Callable[[Any], nn.Module]
    metrics: Sequence[str] = ("params", "macs")
    train: str | None = None
    measured: Mapping[str, Callable[[Any, Shape], float]] = field(default_factory=dict)
    _prices: dict[tuple[Hashable, Shape, bool], Price] = field(default_factory=dict)
    _quick: dict[tuple[Hashable, Shape], tuple[tuple[Any, ...], Shape]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.metrics:
            check_adds(name)
        trained = TRAINED.intersection(self.metrics)
        if trained and self.train is None:
            raise ArgumentError(f"{min(trained)} are of a training step: give train, an optimizer")

    def __len__(self) -> int:
        """Return how many prices are known."""
        return len(self._prices)

    def price(self, key: Hashable, shape: Shape, *, learns: bool = True) -> Price:
        """Return the price of one block."""
        place = (key, shape, learns)
        found = self._prices.get(place)
        if found is None:
            from archcost.walk import Unfilled

            with Unfilled("meta"):
                block = self.build(key)
            found = self._prices[place] = price(block, shape, train=self.train, learns=learns)
        return found

    def chain(self, keys: Sequence[Hashable], shape: Shape) -> Price:
        """Return the price of blocks one behind the other, with the depth and the receptive field.

        Raises:
            ArgumentError: there is no block, or one that returns more than one tensor is not the last.
        """
        total: Price | None = None
        for key in keys:
            if total is not None:
                shape = _only(total.outputs, key)
            found = self.price(key, shape, learns=total is not None)
            total = found if total is None else total.then(found)
        if total is None:
            raise ArgumentError(EMPTY)
        return total

    def total(self, keys: Sequence[Hashable], shape: Shape) -> dict[str, Any]:
        """Return what `metrics`, and the measured columns, come to: the quickest way through many candidates."""
        if self.train is not None:  # what two blocks save between them counts once, and the first is another price
            sums = self.chain(keys, shape)
            columns = self._measure(keys, shape)
            return {name: sums[name] for name in self.metrics} | columns
        rows = []
        if not keys:
            raise ArgumentError(EMPTY)
        for key in keys:
            found = self._quick.get((key, shape)) or self._note(key, shape)
            rows.append(found[0])
            shape = found[1]
        return dict(zip((*self.metrics, *self.measured), map(sum, zip(*rows, strict=True)), strict=True))

    def _note(self, key: Hashable, shape: Shape) -> tuple[tuple[Any, ...], Shape]:
        found = self.price(key, shape)
        times = [measure(key, shape) for measure in self.measured.values()]
        values = tuple([found.sums[name] for name in self.metrics])
        result = ((*values, *times), _only(found.outputs, key))
        self._quick[key, shape] = result
        return result

    def _measure(self, keys: Sequence[Hashable], shape: Shape) -> dict[str, float]:
        sums = dict.fromkeys(self.measured, 0.0)
        for place, key in enumerate(keys):
            for name, measure in self.measured.items():
                sums[name] += measure(key, shape)
            shape = _only(self.price(key, shape, learns=place > 0).outputs, key)
        return sums


def _price_of(trace: Trace, costs: Costs) -> Price:
    rows = [layer for layer in costs.layers if not layer.is_input]
    sums: dict[str, float | None] = {}
    for name in SUMS:
        values = [getattr(row, name) for row in rows]
        sums[name] = None if None in values else sum(values)
    sums["depth"] = costs.totals.depth
    saved = {spec.storage for spec in trace.saved}
    kept = [
        sum(trace.storages[number].nbytes for number in {spec.storage for spec in specs} & saved)
        for specs in (trace.inputs, trace.returns)
    ]
    sees = costs.totals.receptive_field
    jumps: list[Any] = [row.jump for row in rows if row.receptive_field == sees and row.jump is not None]
    if all(op.phase != "forward" for op in trace.ops):  # it hands its input on
        axes = len(trace.inputs[0].shape) - 2
        sees, jumps = ((1,) * axes, [(1,) * axes]) if axes > 0 else (None, [])
    return Price(
        sums=sums,
        outputs=tuple([spec.shape for spec in trace.returns]),
        receptive_field=sees,
        jump=jumps[-1] if jumps else None,
        keeps=(kept[0], kept[1]),
        passes=not {spec.storage for spec in trace.inputs}.isdisjoint([spec.storage for spec in trace.returns]),
    )


def _compose(first: Price, second: Price) -> tuple[Any, Any]:
    """Return what an element of the second's result sees of the first's input, and how far neighbours are apart."""
    a, b, steps, more = first.receptive_field, second.receptive_field, first.jump, second.jump
    if a is None or b is None or steps is None or not len(a) == len(b) == len(steps):
        return None, None
    sizes: list[Any] = []
    jumps: list[float | None] = []
    for size, step, other, further in zip(a, steps, b, more or [None] * len(b), strict=True):
        if "all" in {size, other}:
            sizes.append("all")
        elif size is None or other is None or step is None:
            sizes.append(None)
        else:
            sizes.append(int(size) + round((int(other) - 1) * step))
        jumps.append(None if step is None or further is None else step * further)
    return tuple(sizes), tuple(jumps)


def _add(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def _only(outputs: tuple[Shape, ...], key: Hashable) -> Shape:
    if len(outputs) != 1:
        raise ArgumentError(f"the block {key!r} returns {len(outputs)} tensors, and the next takes one; {WHOLE}")
    return outputs[0]


def _is_shape(inputs: Any) -> bool:
    return isinstance(inputs, tuple) and all(isinstance(size, int) for size in inputs)


def _tensor(shape: Shape, *, learns: bool) -> Any:
    import torch

    try:
        return torch.empty(shape, device="meta", requires_grad=learns)
    except (RuntimeError, TypeError) as error:
        raise ArgumentError(f"{quote(shape)} is not the shape of a tensor: {first_line(error)}") from error
