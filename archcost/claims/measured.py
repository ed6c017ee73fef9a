"""The quantities of networks in claims and explanations: sums over all rows, or over some of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archcost.claims.language import count_language
from archcost.errors import ArgumentError, closest
from archcost.metrics import SUMS
from archcost.records import Role  # noqa: TC001 - a journal reads `MeasuredRow` back by its annotations

if TYPE_CHECKING:
    from archcost.records import Layer, Report

ROLES: dict[str, set[Role | None]] = {
    "convolutions": {"convolution"},
    "linears": {"linear"},
    "normalisations": {"normalisation"},
    "poolings": {"pooling"},
    "activation_functions": {"activation"},
    "others": {"recurrent", "attention", "embedding", "other", "elementwise", "movement", None},
}
WEIGHTED = {"convolution", "linear", "attention", "recurrent"}
SHORT = {"activations": "activation_elements", "outputs": "output_elements"}  # their names in the ledger
SUMMED = {**{name: name for name in SUMS}, **SHORT}
# Each is explained where it is computed, in `MeasuredPart`.
QUANTITIES = (
    *SUMMED, "biases", "bias_additions", "count", "output", "channels", "height", "width", "depth", "receptive_field",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRow:
    """The parts of a report's row that figures need: `values` are its quantities by name."""

    name: str
    role: Role | None
    shape: tuple[int, ...]
    values: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPart:
    """A network, or some of its rows; every quantity is a sum over the rows unless its docstring says otherwise."""

    name: str
    rows: tuple[MeasuredRow, ...]
    totals: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, report: Report) -> MeasuredPart:
        """Return the parts of a report that figures need; `totals` has the quantities of the whole network."""
        totals = {"depth": report.totals.depth, **count_language(report)}
        reach = report.totals.receptive_field
        if reach and all(isinstance(side, int) for side in reach):
            totals["receptive_field"] = max(side for side in reach if isinstance(side, int))
        return cls(name=report.network.spec, rows=tuple(map(_build_row, report.layers)), totals=totals)

    def layer(self, name: str) -> MeasuredPart:
        """Return every call of a row.

        Raises:
            ArgumentError: the name is unknown; names the closest ones.
        """
        return self._some(name, tuple(row for row in self.rows if row.name == name), "row")

    def module(self, path: str) -> MeasuredPart:
        """Return the rows of a module and of the modules in it.

        Raises:
            ArgumentError: the name is unknown; names the closest ones.
        """
        return self._some(path, tuple(row for row in self.rows if f"{row.name}.".startswith(f"{path}.")), "module")

    def of_role(self, name: str) -> MeasuredPart:
        """Return the "convolutions", "linears", "normalisations", "poolings", "activation_functions" or "others"."""
        rows = tuple(row for row in self.rows if row.role in ROLES[name])
        return MeasuredPart(name=f"{self.name}.{name}", rows=rows)

    @property
    def classifier(self) -> MeasuredPart:
        """Return the last linear layer; no row if the network has none."""
        return MeasuredPart(
            name=f"{self.name} classifier", rows=tuple(row for row in self.rows if row.role == "linear")[-1:]
        )

    @property
    def weighted_outputs(self) -> int:
        """Return the output elements of the rows with parameters."""
        return sum(row.values["outputs"] for row in self.rows if row.values["params"])

    def quantity(self, name: str) -> int:  # noqa: PLR0911 - one return for each kind of quantity
        """Return a quantity of `QUANTITIES`.

        Raises:
            ArgumentError: these rows lack the quantity.
        """
        if name in SUMMED and all(name in row.values for row in self.rows):
            return sum(row.values[name] for row in self.rows)
        weighted = [row for row in self.rows if row.role in WEIGHTED]
        if name == "biases":
            return sum(row.values["params"] - row.values["weights"] for row in weighted)
        if name == "bias_additions":
            return sum(row.values["macts"] for row in weighted if row.values["params"] > row.values["weights"])
        if name == "count":
            return len(self.rows)
        if name in self.totals:
            return self.totals[name]
        if self.rows and name == "output":
            return self.rows[-1].values["outputs"]
        sizes = dict(zip(("channels", "height", "width"), self.rows[-1].shape[1:], strict=False)) if self.rows else {}
        if name in sizes:
            return sizes[name]
        raise ArgumentError(f"{self.name} has no {name}")

    def _some(self, name: str, rows: tuple[MeasuredRow, ...], kind: str) -> MeasuredPart:
        if not rows:
            hint = closest(name, (row.name for row in self.rows), "see `archcost profile`")
            raise ArgumentError(f"{self.name} has no {kind} {name!r}; {hint}")
        return MeasuredPart(name=f"{self.name} {name}", rows=rows)


def _build_row(layer: Layer) -> MeasuredRow:
    return MeasuredRow(
        name=layer.name,
        role=layer.role,
        shape=layer.outputs[-1] if layer.outputs else (),
        values={name: value for name, field in SUMMED.items() if (value := getattr(layer, field)) is not None},
    )
