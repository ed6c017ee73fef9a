"""torchvision and timm, as the program itself imports them, for the tests that compare with their networks."""

import functools
import warnings

import pytest

from archcost.errors import MissingPackageError
from archcost.sources.libraries import import_library


@functools.cache
def _imported(name):
    # `import torchvision` fails beside a CPU build of torch; archcost's own import declares what is missing there
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_library(name)


def peer(name):
    """The package or module of that name; the test that asks for it is skipped where it is not installed."""
    try:
        return _imported(name)
    except MissingPackageError as error:
        pytest.skip(str(error))
