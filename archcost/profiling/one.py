"""profile_one(spec) -> its report, what is to be kept of it, or its failure."""

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
    """Profile one network, and return its failure where it fails, also where it asks for the end of the program."""
    from archcost.profiling.advice import ran_out
    from archcost.profiling.profile import profile

    here = os.getcwd()  # noqa: PTH109 - a text, to return to
    try:
        report = profile(spec, **options)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a network may raise anything
        failure = Failure.of(str(spec), error)
        return replace(failure, kind="memory") if ran_out(error) else failure
    finally:
        with suppress(OSError):  # the network may have gone elsewhere
            os.chdir(here)
    return keep_part(report, spec, keep)


def keep_part(found: Any, spec: Any, keep: Callable[[Report], Any] | None) -> Any:
    """Return what is to be kept of a report; of a failure, all."""
    try:
        return found if keep is None or isinstance(found, Failure) else keep(found)
    except Exception as error:  # noqa: BLE001 - what a user keeps may raise anything as well
        return Failure.of(str(spec), error)
