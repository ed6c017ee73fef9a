"""Plain frozen data that passes between the rooms; nothing here knows torch."""

from archcost.records.comparison import (
    PROTOCOLS as PROTOCOLS,
    Accuracy as Accuracy,
    Comparison as Comparison,
    ComparisonRow as ComparisonRow,
    Curve as Curve,
    Missing as Missing,
    Winner as Winner,
    frontier as frontier,
)
from archcost.records.costs import (
    Costs as Costs,
    Extents as Extents,
    Instant as Instant,
    Layer as Layer,
    OperatorCosts as OperatorCosts,
    Peak as Peak,
    Totals as Totals,
)
from archcost.records.fit import (
    BatchMemory as BatchMemory,
    Fit as Fit,
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
    tensors_in as tensors_in,
)
from archcost.records.training import (
    LOSSES as LOSSES,
    OPTIMIZERS as OPTIMIZERS,
    Training as Training,
)
