"""The costs of operators: pure functions from a recorded call to its work, in one table, without torch.

An operator is counted, declared free with a reason, or it has no rule, and then every report says so. Each file of this
folder is imported here, and its rules are in the table from then on.
"""

from importlib import import_module
from pkgutil import iter_modules

from archcost.rules._registry import RULES as RULES, Rule as Rule, find as find, free as free, rule as rule
from archcost.rules.work import Sight as Sight, Work as Work

for _file in iter_modules(__path__):
    import_module(f"{__name__}.{_file.name}")
