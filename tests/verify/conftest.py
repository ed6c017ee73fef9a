"""Second opinions on a network of the zoo, looked at once."""

from dataclasses import replace

import pytest

from archcost.sources import resolve
from archcost.verify import second_opinions


@pytest.fixture(scope="session")
def resnet18():
    return second_opinions(resolve("resnet18"))


@pytest.fixture(scope="session")
def unversioned(resnet18):
    """ResNet-18's opinions with the versions of the peers taken out, for texts that are compared as a whole."""
    return replace(resnet18, opinions=tuple(replace(each, version="1.0") for each in resnet18.opinions), notes=())
