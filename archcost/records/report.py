"""The report, the only input of renderers and comparisons, and its versioned JSON (`archcost.report/1`)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost.display import Displayed, draw_result
from archcost.errors import ReportError
from archcost.records.costs import Costs, Instant, Layer, OperatorCosts, Peak, Saved, Totals, add_up, check_sums
from archcost.records.reading import file_text, read_document
from archcost.records.timing import Sample

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SCHEMA = "archcost.report/1"
PARTIAL = "partial: "  # the beginning of a partial report's warning


@dataclass(frozen=True, slots=True, kw_only=True)
class InputInfo:
    """One input tensor: its shape (batch first), its dtype, and its name where it is a keyword argument."""

    shape: tuple[int, ...]
    dtype: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInfo:
    """The walked network, its mode ("eval", "train", "as-is") and its inputs. `notes` come from its zoo entry.

    `amp` is the mixed precision, if any: the device of the operator lists and the dtype ("cuda:bf16"). `dtypes` are the
    data types of its parameters; None in a report from before this key.
    """

    spec: str
    name: str
    mode: str
    inputs: tuple[InputInfo, ...]
    notes: tuple[str, ...] = ()
    amp: str | None = None
    dtypes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Displayed):
    """All costs of one network.

    Everything except `environment` and `measured` is a pure function of the network and of archcost's version; a
    warning names an untested version of torch. `layers` are the rows in the order of execution; their sums are the
    `totals`. `uncovered` counts the calls of operators without a rule, `uncalled` names leaf modules that never ran,
    and `lists` the modules that never ran although their children did, as a ModuleList's; None in a report without it.
    `peak` is the moment of peak memory. `timeline` is the live memory at each operator and `saved` the list of tensors
    that training keeps, if requested. `full_training` are the totals with nothing frozen, if something was frozen.
    `measured` are the times, None without a measurement.
    """

    network: NetworkInfo
    totals: Totals
    layers: tuple[Layer, ...]
    modules: Mapping[str, str]
    operators: Mapping[str, OperatorCosts]
    uncovered: Mapping[str, int]
    uncalled: tuple[str, ...]
    lists: tuple[str, ...] | None = None
    warnings: tuple[str, ...] = ()
    peak: Peak | None = None
    timeline: tuple[Instant, ...] = ()
    saved: tuple[Saved, ...] | None = None
    full_training: Totals | None = None
    measured: Sample | None = None
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def partial(self) -> bool:
        """Whether the network failed while it ran; the figures cover the part before the failure."""
        return any(warning.startswith(PARTIAL) for warning in self.warnings)

    @classmethod
    def of(
        cls, network: NetworkInfo, costs: Costs, warnings: tuple[str, ...], environment: Mapping[str, str]
    ) -> Report:
        """Return the report of a walk from its costs and its network."""
        return cls(
            network=network,
            totals=costs.totals,
            layers=costs.layers,
            modules=costs.modules,
            operators=costs.operators,
            uncovered=costs.uncovered,
            uncalled=costs.uncalled,
            lists=costs.lists,
            warnings=(*costs.warnings, *warnings),
            peak=costs.peak,
            timeline=costs.timeline,
            saved=costs.saved,
            environment=environment,
        )

    def to_json(self) -> str:
        """Return the report as JSON: keys sorted, raw integers, one layer on each line, a newline at the end."""
        entries = {"schema": SCHEMA, **_plain(self)}
        lines = [f"{json.dumps(key)}: {_value(entries[key])}" for key in sorted(entries)]
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Read a report from JSON, at a bounded cost even if the text is hostile (`archcost.records.reading`).

        Raises:
            ReportError: the text is not JSON, too large, of another schema, has a missing, unknown or wrong key, or
                contradicts itself (a total differs from the sum over layers); names the place.
        """
        try:
            report = read_document(cls, text, SCHEMA, "report")
            sums = {**add_up(report.layers), "layers": len(report.layers)}
            check_sums(dataclasses.asdict(report.totals), sums, "report.totals")
            _check_whole(report)
        except ReportError as error:
            raise ReportError(f"not a report: {error}") from error
        return report

    @classmethod
    def from_file(cls, path: str | Path) -> Report:
        """Read a report from a file, up to the largest size of a report.

        Raises:
            ReportError: the file does not exist, cannot be read, or is not a report; names the file.
        """
        try:
            return cls.from_json(file_text(Path(path)))
        except (OSError, ReportError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise ReportError(f"{path}: {reason}; `archcost profile NET -o {path}` writes a report") from error

    def to_frame(self) -> pd.DataFrame:
        """Return a DataFrame with one row per layer and one column per quantity, in raw integers."""
        import pandas as pd

        return pd.DataFrame([layer._asdict() for layer in self.layers])

    def plot(self, kind: str = "layers", **options: Any) -> Figure:
        """Draw a chart of this report and return it as a matplotlib figure.

        Args:
            kind: "layers", "memory-timeline" (profile with `timeline=True`) or "roofline" (profile with `time=True`).
            options: how it looks, as for `archcost.plot`: theme, size, font, title, subtitle.

        Raises:
            ArgumentError: a chart that cannot be drawn of a report.
        """
        return draw_result(self, kind, options)


def _check_whole(report: Report) -> None:
    """Refuse a report that contradicts itself.

    Raises:
        ReportError: names the first contradiction.
    """
    peak, count = report.peak, len(report.layers)
    if peak is not None:
        check_sums({"nbytes": peak.nbytes}, {"nbytes": sum(peak.live.values())}, "report.peak")
        if peak.row is not None and (peak.row >= count or report.layers[peak.row].name != peak.layer):
            raise ReportError(f"report.peak.row is {peak.row}, which is not the layer {peak.layer!r:.200}")
    for place, layer in enumerate(report.layers):
        if layer.reads and max(layer.reads) >= count:
            raise ReportError(f"report.layers[{place}].reads has {max(layer.reads)}, and there are {count} layers")


def _plain(value: Any) -> Any:
    if isinstance(value, Layer):
        return {name: _plain(item) for name, item in value._asdict().items()}
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
