"""Plain frozen data that the packages exchange; nothing here imports torch.

What a profile needs is imported with the package, and everything else when it is first asked for.
"""

from typing import TYPE_CHECKING, Any

from archcost.records.costs import (
    LIVE as LIVE,
    Costs as Costs,
    Extents as Extents,
    Instant as Instant,
    Layer as Layer,
    OperatorCosts as OperatorCosts,
    Peak as Peak,
    Role as Role,
    Saved as Saved,
    Totals as Totals,
    add_up as add_up,
    check_sums as check_sums,
    measure_field as measure_field,
)
from archcost.records.failure import (
    Done as Done,
    Failure as Failure,
    FailureKind as FailureKind,
)
from archcost.records.named_device import (
    NamedDevice as NamedDevice,
    find_name as find_name,
)
from archcost.records.plan import (
    WalkPlan as WalkPlan,
)
from archcost.records.precision import (
    MixedPrecision as MixedPrecision,
    choose_followed as choose_followed,
    parse_amp as parse_amp,
)
from archcost.records.report import (
    InputInfo as InputInfo,
    NetworkInfo as NetworkInfo,
    Report as Report,
)
from archcost.records.roof import (
    Achieved as Achieved,
    Ceiling as Ceiling,
    Copy as Copy,
    Peaks as Peaks,
    Roof as Roof,
    compute_achieved as compute_achieved,
)
from archcost.records.sweeping import Sweeping as Sweeping
from archcost.records.timing import (
    DTYPES as DTYPES,
    Cell as Cell,
    Conditions as Conditions,
    DeviceState as DeviceState,
    Energy as Energy,
    LayerTimes as LayerTimes,
    MemoryUse as MemoryUse,
    Outcome as Outcome,
    RowTime as RowTime,
    Sample as Sample,
    Series as Series,
    Sweep as Sweep,
    TimingPlan as TimingPlan,
    Warmup as Warmup,
)
from archcost.records.trace import (
    INPUT as INPUT,
    ModuleCall as ModuleCall,
    ModuleSpec as ModuleSpec,
    OpCall as OpCall,
    ParamSpec as ParamSpec,
    SavedSpec as SavedSpec,
    StorageSpec as StorageSpec,
    TensorSpec as TensorSpec,
    Trace as Trace,
)
from archcost.records.training import (
    Training as Training,
)

if TYPE_CHECKING:
    from archcost.records.allocation import (
        OVERHEAD_UNKNOWN as OVERHEAD_UNKNOWN,
        Allocation as Allocation,
        Workspace as Workspace,
        Workspaces as Workspaces,
    )
    from archcost.records.check import (
        Allowance as Allowance,
        Budget as Budget,
        Check as Check,
        Checked as Checked,
        LimitKind as LimitKind,
        Place as Place,
        Verdict as Verdict,
    )
    from archcost.records.claims import (
        RECORDED as RECORDED,
        VERDICTS as VERDICTS,
        Claim as Claim,
        Finding as Finding,
        Judgement as Judgement,
        Source as Source,
    )
    from archcost.records.comparison import (
        PROTOCOLS as PROTOCOLS,
        Accuracy as Accuracy,
        Comparison as Comparison,
        ComparisonRow as ComparisonRow,
        Curve as Curve,
        MeasuredTime as MeasuredTime,
        Missing as Missing,
        Winner as Winner,
        frontier as frontier,
    )
    from archcost.records.difference import (
        Change as Change,
        Difference as Difference,
        Row as Row,
        Snapshot as Snapshot,
        Status as Status,
    )
    from archcost.records.explanation import (
        Asked as Asked,
        Explanation as Explanation,
        Way as Way,
    )
    from archcost.records.fit import (
        BatchMemory as BatchMemory,
        Checkpoint as Checkpoint,
        Fit as Fit,
        Fitting as Fitting,
    )
    from archcost.records.generation import (
        BatchNeed as BatchNeed,
        CachePart as CachePart,
        Context as Context,
        Generation as Generation,
        Pass as Pass,
        Room as Room,
    )
    from archcost.records.history import (
        History as History,
        HistoryPoint as HistoryPoint,
    )
    from archcost.records.opinions import (
        Call as Call,
        Count as Count,
        Operator as Operator,
        Opinion as Opinion,
        Opinions as Opinions,
        Step as Step,
    )
    from archcost.records.quiz import Question as Question, Quiz as Quiz
    from archcost.records.speed import (
        Round as Round,
        Speed as Speed,
        SpeedState as SpeedState,
    )

_LATER = {  # by module, as type checkers read it above
    "allocation": "OVERHEAD_UNKNOWN Allocation Workspace Workspaces",
    "check": "Allowance Budget Check Checked LimitKind Place Verdict",
    "claims": "RECORDED VERDICTS Claim Finding Judgement Source",
    "comparison": "PROTOCOLS Accuracy Comparison ComparisonRow Curve MeasuredTime Missing Winner frontier",
    "difference": "Change Difference Row Snapshot Status",
    "explanation": "Asked Explanation Way",
    "fit": "BatchMemory Checkpoint Fit Fitting",
    "generation": "BatchNeed CachePart Context Generation Pass Room",
    "history": "History HistoryPoint",
    "opinions": "Call Count Operator Opinion Opinions Step",
    "quiz": "Question Quiz",
    "speed": "Round Speed SpeedState",
}
_HOMES = {name: module for module, names in _LATER.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'archcost.records' has no attribute {name!r}")
    import importlib

    found = globals()[name] = getattr(importlib.import_module(f"archcost.records.{_HOMES[name]}"), name)
    return found
