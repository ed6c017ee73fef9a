"""What each command shows, in no form yet; `archcost.page` has the forms. It sees nothing but results.

`archcost list` waits for nothing that its own document does not need: the rest is imported when it is first used.
"""

from typing import TYPE_CHECKING, Any

from archcost.page.document import emit as emit

if TYPE_CHECKING:
    from archcost.render.report import render as render
    from archcost.render.view import VIEWS as VIEWS

_HOMES = {"render": "archcost.render.report", "VIEWS": "archcost.render.view"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'archcost.render' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
