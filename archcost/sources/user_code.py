"""Run the code of users and libraries; on failure, show only the user's own frames."""

from __future__ import annotations

import importlib
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost.errors import ArchcostError, ArgumentError, BuildError, first_line
from archcost.sources.libraries import load_beside_torchvision
from archcost.sources.offline import staying_offline

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn


def build_module(build: Callable[[], Any], text: str) -> nn.Module:
    """Return the network that a library builds, without downloads.

    Raises:
        ArgumentError: the arguments do not fit, or the result is not a network.
        BuildError: the code raised an error.
    """
    from torch import nn

    with staying_offline(text):
        network = run_user_code(build, f"building {text}")
    if not isinstance(network, nn.Module):
        raise ArgumentError(f"{text} is a {type(network).__name__}, not a torch.nn.Module")
    return network


def run_user_code(action: Callable[[], Any], what: str) -> Any:
    """Run a user's code; an error shows only the user's own frames.

    Raises:
        ArgumentError: the arguments do not fit the function.
        BuildError: the code raised an error.
    """
    try:
        return load_beside_torchvision(action)
    except ArchcostError:
        raise
    except (Exception, SystemExit) as error:
        ours = (str(Path(__file__).parent.parent), "<frozen importlib", importlib.__file__ or "")
        own = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(ours)]
        if isinstance(error, TypeError) and not own:  # the call itself does not fit
            raise ArgumentError(f"{what}: {first_line(error)}; arguments are written ?name=value&name=value") from error
        lines = "".join(
            traceback.format_list([f for f in own if "site-packages" not in Path(f.filename).parts])
        ).rstrip()
        if isinstance(error, SyntaxError):
            lines = "".join(traceback.format_exception_only(error)).rstrip()
        raise BuildError(f"{what} raised {type(error).__name__}: {first_line(error)}", lines) from error
