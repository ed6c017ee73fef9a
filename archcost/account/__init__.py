"""Trace -> Costs: everything exact, added up by operator, by row and by network."""

from archcost.account.account import account as account
