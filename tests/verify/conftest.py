"""Second opinions on networks of the zoo, each looked at once; calls made by hand."""

from dataclasses import replace

import pytest

from archcost.sources import resolve
from archcost.verify import second_opinions
from archcost.verify.opinions import Call, Step


@pytest.fixture(scope="session")
def resnet18():
    return second_opinions(resolve("resnet18"))


@pytest.fixture(scope="session")
def unversioned(resnet18):
    """ResNet-18's opinions with the versions of the peers taken out, for texts that are compared as a whole."""
    return replace(resnet18, opinions=tuple(replace(each, version="1.0") for each in resnet18.opinions), notes=())


def step(operator="aten.addmm", macs=0, **more):
    return Step(
        **{"other_ops": 0, "covered": True, "complex": False, "known": True, "torch": macs, **more},
        operator=operator, macs=macs,
    )  # fmt: skip


def call(operator, *steps, inputs=(), outputs=()):
    return Call(operator=operator, inputs=inputs, outputs=outputs, steps=steps)
