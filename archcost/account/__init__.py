"""Trace -> Costs: all exact figures, summed by operator, row and network."""

from archcost.account.account import account as account
