"""Differences between two reports: what changed, which layers explain it, and whether a budget allows it."""

from archcost.regression.budgets import (
    Budgets as Budgets,
    parse_budgets as parse_budgets,
    parse_condition as parse_condition,
    requirement as requirement,
)
from archcost.regression.diff import diff as diff
from archcost.regression.judging import judge as judge
from archcost.regression.snapshot import snapshot as snapshot
