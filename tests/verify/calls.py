"""Handwritten calls."""

from archcost.records.opinions import Call, Step


def step(operator="aten.addmm", macs=0, **more):
    return Step(
        **{"other_ops": 0, "covered": True, "complex": False, "known": True, "torch": macs, **more},
        operator=operator, macs=macs,
    )  # fmt: skip


def call(operator, *steps, inputs=(), outputs=()):
    return Call(operator=operator, inputs=inputs, outputs=outputs, steps=steps)
