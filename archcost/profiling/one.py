"""profile_one(spec) -> its report, the kept part of it, or its failure."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archcost.records import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from archcost.records import Report


def profile_one(spec: Any, keep: Callable[[Report], Any] | None, options: Mapping[str, Any]) -> Any:
    """Profile one network; return a `Failure` on any error, even if the network tries to exit the program."""
    from archcost.profiling.advice import ran_out
    from archcost.profiling.profile import profile

    here = os.getcwd()  # noqa: PTH109 - chdir takes the text
    try:
        report = profile(spec, **options)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a network may raise anything
        failure = Failure.of(str(spec), error)
        return replace(failure, kind="memory") if ran_out(error) else failure
    finally:
        with suppress(OSError):  # the folder may be gone
            os.chdir(here)
    return keep_part(report, spec, keep)


def keep_part(found: Any, spec: Any, keep: Callable[[Report], Any] | None) -> Any:
    """Return the kept part of a report; return a failure unchanged."""
    try:
        return found if keep is None or isinstance(found, Failure) else keep(found)
    except Exception as error:  # noqa: BLE001 - a user's function may raise anything
        return Failure.of(str(spec), error)
