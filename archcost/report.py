"""The report: the only thing that renderers and comparisons see, and its versioned JSON (`archcost.report/1`)."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from archcost.errors import ReportError
from archcost.records import Costs, Instant, Layer, OperatorCosts, Peak, Totals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

SCHEMA = "archcost.report/1"
T = TypeVar("T")
SEQUENCES: Mapping[str, tuple[Any, ...]] = {
    "tuple[str, ...]": (str,),
    "tuple[int, ...]": (int,),
    "tuple[tuple[int, ...], ...]": ((int,),),
    "tuple[float | None, ...]": (int, float, type(None)),
    "Extents": (int, str, type(None)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InputInfo:
    """One input tensor: its shape (batch first), its dtype, and its name where it is a keyword argument."""

    shape: tuple[int, ...]
    dtype: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInfo:
    """Which network was walked, in which mode ("eval", "train", "as-is"), on what. `notes` come from its zoo entry.

    `amp` is the mixed precision, if any: whose lists of operators, and which dtype ("cuda:bf16").
    """

    spec: str
    name: str
    mode: str
    inputs: tuple[InputInfo, ...]
    notes: tuple[str, ...] = ()
    amp: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that is known of one network's cost.

    Everything outside `environment` and `measured` is a pure function of the network and of archcost's version.
    `layers` are the rows in the order of execution; their sums are the `totals`. `uncovered` counts the calls of
    operators without a rule, `uncalled` names leaf modules that never ran. `peak` is when the most memory is alive.
    `timeline`, where it was asked for, is what is alive at each operator.
    `full_training` are the totals with nothing frozen, where something was.
    """

    network: NetworkInfo
    totals: Totals
    layers: tuple[Layer, ...]
    modules: Mapping[str, str]
    operators: Mapping[str, OperatorCosts]
    uncovered: Mapping[str, int]
    uncalled: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    peak: Peak | None = None
    timeline: tuple[Instant, ...] = ()
    full_training: Totals | None = None
    measured: None = None
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(
        cls, network: NetworkInfo, costs: Costs, warnings: tuple[str, ...], environment: Mapping[str, str]
    ) -> Report:
        """Put the costs of a walk and what was walked together."""
        return cls(
            network=network,
            totals=costs.totals,
            layers=costs.layers,
            modules=costs.modules,
            operators=costs.operators,
            uncovered=costs.uncovered,
            uncalled=costs.uncalled,
            warnings=(*costs.warnings, *warnings),
            peak=costs.peak,
            timeline=costs.timeline,
            environment=environment,
        )

    def to_json(self) -> str:
        """Return the report as JSON: keys sorted, raw integers, one layer on each line, a newline at the end."""
        entries = {"schema": SCHEMA, **_plain(self)}
        lines = [f"{json.dumps(key)}: {_value(entries[key])}" for key in sorted(entries)]
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Read a report back.

        Raises:
            ReportError: not JSON, another schema, or a key that is missing, unknown or of the wrong type.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ReportError(f"not a report: {error}") from error
        if not isinstance(data, dict) or data.get("schema") != SCHEMA:
            found = data.get("schema") if isinstance(data, dict) else type(data).__name__
            raise ReportError(f"not a report of schema {SCHEMA!r}: found {found!r}")
        del data["schema"]
        return _read(cls, data, "report")

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each layer, one column for each quantity, raw integers."""
        import pandas as pd

        return pd.DataFrame([dataclasses.asdict(layer) for layer in self.layers])

    def _repr_html_(self) -> str:
        """Show the rows in a notebook."""
        columns = ["name", "kind", "outputs", "params", "macs", "activation_bytes", "receptive_field", "depth"]
        return str(self.to_frame()[columns].to_html(index=False))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _value(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(_dump(item) for item in value) + "\n]"
    return _dump(value)


def _dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False)


def _read(kind: type[T], data: Any, where: str) -> T:
    """Build a dataclass from JSON, key by key."""
    if not isinstance(data, dict):
        raise ReportError(f"{where} must be an object, not {type(data).__name__}")
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown, missing = sorted(data.keys() - fields.keys()), sorted(fields.keys() - data.keys())
    if unknown or missing:
        problem = f"has no key {missing[0]!r}" if missing else f"has an unknown key {unknown[0]!r}"
        raise ReportError(f"{where} {problem}; its keys are {', '.join(sorted(fields))}")
    return kind(**{name: _reader(str(fields[name].type))(data[name], f"{where}.{name}") for name in fields})


def _reader(annotation: str) -> Callable[[Any, str], Any]:
    """Return the function that reads a field of an annotated type."""
    nested = {
        "NetworkInfo": lambda value, where: _read(NetworkInfo, value, where),
        "Totals": lambda value, where: _read(Totals, value, where),
        "Totals | None": lambda value, where: None if value is None else _read(Totals, value, where),
        "Peak | None": lambda value, where: None if value is None else _read(Peak, value, where),
        "tuple[Layer, ...]": lambda value, where: _each(Layer, value, where),
        "tuple[Instant, ...]": lambda value, where: _each(Instant, value, where),
        "tuple[InputInfo, ...]": lambda value, where: _each(InputInfo, value, where),
        "Mapping[str, OperatorCosts]": lambda value, where: {
            key: _read(OperatorCosts, item, f"{where}.{key}") for key, item in _typed(value, dict, where).items()
        },
    }
    plain: dict[str, type | tuple[type, ...]] = {
        "int": int,
        "bool": bool,
        "str": str,
        "int | None": (int, type(None)),
        "str | None": (str, type(None)),
        "None": type(None),
    }
    mappings = {"Mapping[str, int]": int, "dict[str, int]": int, "Mapping[str, str]": str}
    if annotation in nested:
        return nested[annotation]
    if annotation in plain:
        return lambda value, where: _typed(value, plain[annotation], where)
    if annotation in mappings:
        return lambda value, where: {
            key: _typed(item, mappings[annotation], f"{where}.{key}")
            for key, item in _typed(value, dict, where).items()
        }
    kinds = SEQUENCES[annotation.removesuffix(" | None")]
    optional = annotation.endswith(" | None")
    return lambda value, where: None if optional and value is None else _tuples(value, kinds, where)


def _each(kind: type[T], value: Any, where: str) -> tuple[T, ...]:
    return tuple(_read(kind, item, f"{where}[{i}]") for i, item in enumerate(_typed(value, list, where)))


def _typed(value: Any, kind: type | tuple[type, ...], where: str) -> Any:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        names = " or ".join(k.__name__ for k in kinds)
        raise ReportError(f"{where} must be of type {names}, not {value!r:.80}")
    return value


def _tuples(value: Any, kinds: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    """Read a list whose items are of some types, or are lists of them where the first kind is itself a tuple."""
    items = enumerate(_typed(value, list, where))
    if isinstance(kinds[0], tuple):
        return tuple(_tuples(item, kinds[0], f"{where}[{i}]") for i, item in items)
    return tuple(_typed(item, kinds, f"{where}[{i}]") for i, item in items)
