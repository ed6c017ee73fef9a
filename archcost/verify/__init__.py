"""Other counters' figures (fvcore's and torch's), and the operators that explain each difference."""

from archcost.records.opinions import (
    CountDifference as CountDifference,
    Operator as Operator,
    Opinion as Opinion,
    Opinions as Opinions,
)
from archcost.verify.run import collect_opinions as collect_opinions
