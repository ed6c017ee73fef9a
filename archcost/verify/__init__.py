"""Second opinions: what fvcore's and torch's own counters say, and which operator explains each difference."""

from archcost.records.opinions import (
    CountDifference as CountDifference,
    Operator as Operator,
    Opinion as Opinion,
    Opinions as Opinions,
)
from archcost.verify.run import collect_opinions as collect_opinions
