"""What a neural network's architecture costs, layer by layer.

    >>> import archcost
    >>> report = archcost.profile("vgg16")
    >>> report.totals.params, report.totals.macs
    (138357544, 15470264320)

Importing this package loads neither torch nor pandas nor matplotlib; archcost loads each when it first needs it.
"""

from typing import TYPE_CHECKING, Any

from archcost import display

if TYPE_CHECKING:
    from archcost.charts.plot import plot as plot
    from archcost.comparison.compare import compare as compare
    from archcost.errors import ArchcostError as ArchcostError
    from archcost.profiling.fit import fit as fit
    from archcost.profiling.generation import generate as generate
    from archcost.profiling.prices import Price as Price, PriceTable as PriceTable, price as price
    from archcost.profiling.profile import profile as profile
    from archcost.records import Report as Report, TimingPlan as TimingPlan
    from archcost.regression.diff import diff as diff
    from archcost.rules import Work as Work, free as free, rule as rule
    from archcost.walk.copies import unfilled as unfilled

__version__ = "0.1.0"
__all__ = [
    "ArchcostError",
    "Price",
    "PriceTable",
    "Report",
    "TimingPlan",
    "Work",
    "__version__",
    "compare",
    "diff",
    "fit",
    "free",
    "generate",
    "plot",
    "price",
    "profile",
    "rule",
    "unfilled",
]

_HOMES = {
    "ArchcostError": "archcost.errors",
    "Price": "archcost.profiling.prices",
    "PriceTable": "archcost.profiling.prices",
    "Report": "archcost.records.report",
    "TimingPlan": "archcost.records",
    "Work": "archcost.rules",
    "compare": "archcost.comparison.compare",
    "diff": "archcost.regression.diff",
    "fit": "archcost.profiling.fit",
    "free": "archcost.rules",
    "generate": "archcost.profiling.generation",
    "plot": "archcost.charts.plot",
    "price": "archcost.profiling.prices",
    "profile": "archcost.profiling.profile",
    "rule": "archcost.rules",
    "unfilled": "archcost.walk.copies",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'archcost' has no attribute {name!r}")
    loaded = globals()[name] = _load(_HOMES[name], name)  # Python does not ask again
    return loaded


def _load(module: str, name: str) -> Any:
    import importlib

    return getattr(importlib.import_module(module), name)


display.register("text", lambda: _load("archcost.render.notebook", "write_text"))
display.register("html", lambda: _load("archcost.render.notebook", "write_html"))
display.register("figure", lambda: _load("archcost.charts.plot", "plot"))


def __dir__() -> list[str]:
    """Return the public names of the package, loaded or not, for completion."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
