"""Plain frozen data that passes between the rooms; nothing here knows torch."""

from archcost.records.costs import (
    Costs as Costs,
    Extents as Extents,
    Layer as Layer,
    OperatorCosts as OperatorCosts,
    Totals as Totals,
)
from archcost.records.trace import (
    INPUT as INPUT,
    ModuleCall as ModuleCall,
    ModuleSpec as ModuleSpec,
    OpCall as OpCall,
    ParamSpec as ParamSpec,
    StorageSpec as StorageSpec,
    TensorSpec as TensorSpec,
    Trace as Trace,
    tensors_in as tensors_in,
)
