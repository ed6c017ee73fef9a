"""The user's request for a walk."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from archcost.choices import FOLLOWED, MODES, check_choice
from archcost.errors import ArgumentError
from archcost.records.precision import choose_followed, parse_amp

if TYPE_CHECKING:
    from archcost.records.training import Training


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkPlan:
    """The options of a walk.

    `device` is "auto", "meta" or one of torch's devices, `mode` one of `choices.MODES`. With `training`, the walk
    covers a whole training step. `amp` is a mixed precision as `parse_amp` reads it. `like` is the device that the meta
    device follows (autocast's lists, the form of the optimizer), one of `choices.FOLLOWED`. With `timeline`, the
    account has the live memory at each operator; with `saved`, the tensors that training keeps. The backward pass
    recomputes the modules at the paths in `checkpoint`.

    Raises:
        ArgumentError: `saved` without `training`; or an unknown mode, mixed precision or device to follow, with the
            known ones.
    """

    device: str = "auto"
    mode: str = "eval"
    training: Training | None = None
    amp: str | None = None
    like: str | None = None
    timeline: bool = False
    saved: bool = False
    checkpoint: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_choice("mode", self.mode, MODES)
        if self.saved and self.training is None:
            raise ArgumentError("--view saved (saved=True) lists the tensors that training saves; add --train (train=)")
        if self.amp is not None:
            parse_amp(self.amp, self.device, self.like)
        choose_followed(self.device, self.like)

    @property
    def walked_mode(self) -> str:
        """The mode in which the network runs: "train" in a training step, unless the user asked for "as-is"."""
        return "train" if self.training is not None and self.mode == "eval" else self.mode

    def on_meta_as_on(self, device: str) -> Self:
        """Return the plan of a walk on meta that predicts a walk on a device.

        Raises:
            ArgumentError: the meta device cannot follow the device's autocast lists.
        """
        kind = device.partition(":")[0]
        amp = self.amp if self.amp is None or ":" in self.amp else f"{kind}:{self.amp}"
        like = kind if kind in FOLLOWED and amp in {None, f"{kind}:{self.amp}"} else self.like
        return replace(self, device="meta", amp=amp, like=like)
