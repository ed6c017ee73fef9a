"""Published figures beside measured ones: the ledger, its verdicts, and the search for a figure's convention."""

from archcost.claims.explain import explain as explain
from archcost.claims.findings import check as check, list_networks as list_networks
from archcost.claims.ledger import read_file as read_file, read_published as read_published
