"""The report: the only thing that renderers and comparisons see, and its versioned JSON (`archcost.report/1`)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost.errors import ReportError
from archcost.records.costs import Costs, Instant, Layer, OperatorCosts, Peak, Saved, Totals, add_up, check_sums
from archcost.records.display import Displayed, draw_result
from archcost.records.reading import file_text, read_document
from archcost.records.timing import Sample

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SCHEMA = "archcost.report/1"
PARTIAL = "partial: "  # how the warning of a partial report begins


@dataclass(frozen=True, slots=True, kw_only=True)
class InputInfo:
    """One input tensor: its shape (batch first), its dtype, and its name where it is a keyword argument."""

    shape: tuple[int, ...]
    dtype: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInfo:
    """Which network was walked, in which mode ("eval", "train", "as-is"), on what. `notes` come from its zoo entry.

    `amp` is the mixed precision, if any: whose lists of operators, and which dtype ("cuda:bf16"). `dtypes` are those of
    its parameters; None in a report that is older than this key.
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
    """Everything that is known of one network's cost.

    Everything outside `environment` and `measured` is a pure function of the network and of archcost's version; with a
    torch that archcost is not tested with, a warning says so.
    `layers` are the rows in the order of execution; their sums are the `totals`. `uncovered` counts the calls of
    operators without a rule, `uncalled` names leaf modules that never ran. `peak` is when the most memory is alive.
    `timeline`, where it was asked for, is what is alive at each operator, `saved` what training keeps.
    `full_training` are the totals with nothing frozen, where something was. `measured` is what was timed, None where
    nothing was.
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
    saved: tuple[Saved, ...] | None = None
    full_training: Totals | None = None
    measured: Sample | None = None
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def partial(self) -> bool:
        """Whether the network failed while it ran; the figures are of what ran before, a warning says what failed."""
        return any(warning.startswith(PARTIAL) for warning in self.warnings)

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
        """Read a report back, whoever wrote it: what that costs is bounded (`archcost.records.reading`).

        Raises:
            ReportError: not JSON, larger than any report, another schema, a key that is missing, unknown or of the
                wrong type, or parts that contradict each other (totals that the layers do not add up to); with the
                place.
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
        """Read a report that was written to a file; no more of the file than a report can have.

        Raises:
            ReportError: there is no such file, it cannot be read, or it is not a report; with the file's name.
        """
        try:
            return cls.from_json(file_text(Path(path)))
        except (OSError, ReportError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise ReportError(f"{path}: {reason}; `archcost profile NET -o {path}` writes a report") from error

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each layer, one column for each quantity, raw integers."""
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
    """Refuse a report whose parts contradict each other.

    Raises:
        ReportError: naming the first part that does.
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
