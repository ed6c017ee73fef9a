"""Jobs of small networks for the fake clock, walked for their rows like any network."""

import torch
from clock.fake_clock import ONES

from archcost.account import account
from archcost.clock.measure import Job
from archcost.walk import walk
from archcost.walk.parts import Parts
from archcost.walk.scopes import module_specs


def job_of(network, *, phases=(), images=1, phase_macs=None):
    """Return a job of a network that takes one number; the clock's time during the walk does not matter."""
    layers = account(walk(network, (ONES,))).layers

    def forward():
        with torch.no_grad():
            network(ONES)

    all_phases = (("forward", forward), *phases)

    def whole():
        for _, phase in all_phases:
            phase()

    return Job(
        phases=all_phases,
        leaves={module: spec.path for module, spec in module_specs(Parts(network)).items() if spec.leaf},
        layers=layers,
        phase_macs=phase_macs or {},
        images=images,
        dtype="float32",
        whole=whole,
    )
