"""What each operator costs: pure functions from one recorded call to its work, one table, no torch.

An operator is counted, declared free with a reason, or it has no rule, and then every report says so.
"""

from archcost.rules import (
    attention as attention,
    convolution as convolution,
    detection as detection,
    elementwise as elementwise,
    fourier as fourier,
    matmul as matmul,
    movement as movement,
    normalisation as normalisation,
    pooling as pooling,
    quantised as quantised,
    recurrent as recurrent,
    reduction as reduction,
    sampling as sampling,
)
from archcost.rules._registry import RULES as RULES, Rule as Rule, find as find, free as free, rule as rule
from archcost.rules.work import Sight as Sight, Work as Work
