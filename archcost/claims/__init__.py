"""Published figures beside measured ones: the ledger, its verdicts, and which convention gives a figure."""

from archcost.claims.explain import explain as explain
from archcost.claims.findings import check as check, networks as networks
from archcost.claims.ledger import from_file as from_file, published as published
