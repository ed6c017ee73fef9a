"""price(block, inputs) -> Price: the costs of a block, so that a chain of blocks is a sum.

A search over architectures has millions of candidates and a few hundred distinct blocks. Each block is walked once for
each input shape; then adding up a candidate takes microseconds.

In a chain, each block takes the result of the previous one. The quantities of the rows (parameters, multiply-adds,
activations, traffic, saved bytes) and the depth add up. A storage that one block saves as its result and the next as
its input counts once. The receptive field follows its own rule: sizes grow by the jump of the blocks before. A peak
does not add up, because it depends on which storages of the whole candidate live together. Measured times add only
roughly, because caches and parallel work cross the borders of blocks.
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
    """The costs of a block, or of a chain of blocks, without the activation of its input.

    `sums` are the quantities that add up, by name; None if unknown. `receptive_field` and `jump` belong to the result,
    one number for each axis; None if unknown (after a flattened image, say). `outputs` are the shapes of the returned
    tensors. `keeps` are the bytes of the input and of the result that are saved for the backward pass; `passes` is
    whether the input and the result share memory.
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
            ArgumentError: the quantity does not add up over blocks, or does not exist.
        """
        check_adds(name, self.sums)
        return self.sums[name]

    def then(self, other: Price) -> Price:
        """Return the price of this block followed by another that takes its result."""
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
        ArgumentError: the quantity does not add up; names those that do.
    """
    if name in known:
        return
    what = "does not add up over blocks" if name in METRICS else "was not priced"
    raise ArgumentError(f"{name!r} {what}: {WHOLE}, or ask for {', '.join(known)}")


def price(block: nn.Module, inputs: Any, *, train: str | None = None, learns: bool = True) -> Price:
    """Walk a block on the meta device and return what it costs.

    Args:
        block: any module; within `archcost.unfilled()` it is built without filling its parameters.
        inputs: the shape of its input, batch first, or its positional arguments.
        train: an optimizer: price a training step, too (`backward_macs`, `saved_bytes`).
        learns: whether the input needs a gradient because a layer before it trains; false for the first block.

    Raises:
        ArgumentError: the shape is invalid.
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
    """Prices of blocks by your own keys and by input shape; each is computed once.

    Args:
        build: returns the module of a key; it runs within `archcost.unfilled()`, so that nothing fills the parameters.
        metrics: the quantities to add up; `archcost.profiling.prices.ADDING` lists all.
        train: an optimizer, as for `price`.
        measured: further columns by name: functions of a key and a shape that return a number, such as a block's
            milliseconds. Such numbers add up only roughly.

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
            raise ArgumentError(f"{min(trained)} needs a training step: set train to an optimizer")

    def __len__(self) -> int:
        """Return the number of known prices."""
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
        """Return the price of a chain of blocks, with the depth and the receptive field.

        Raises:
            ArgumentError: the chain is empty, or a block before the last returns more than one tensor.
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
        """Return the sums of `metrics` and of the measured columns: the fastest method for many candidates."""
        if self.train is not None:  # shared saved bytes count once, and the first block's price differs
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
    if all(op.phase != "forward" for op in trace.ops):  # the block returns its input
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
    """Return the receptive field of the second's result on the first's input, and its jump."""
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
