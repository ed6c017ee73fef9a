"""Second opinions: what fvcore's and torch's own counters say, and which operator explains each difference."""

from archcost.records.opinions import (
    Difference as Difference,
    Operator as Operator,
    Opinion as Opinion,
    Opinions as Opinions,
)
from archcost.verify.run import second_opinions as second_opinions
