"""How a network is to be walked, as a user asks for it."""

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
    """What was asked for, whoever walks.

    `device` is "auto", "meta" or a device of torch's, `mode` one of `choices.MODES`. With a `training` a whole training
    step is walked. `amp` is a mixed precision as `parse_amp` reads it. `like` is the device whose choices the meta
    device follows (autocast's lists, the form of the optimizer), one of `choices.FOLLOWED`. With `timeline` the account
    says what is alive at each operator, with `saved` which tensors training keeps.
    The modules at the paths of `checkpoint` are computed again in the backward pass.

    Raises:
        ArgumentError: a list of what training keeps where nothing trains; or a mode, a mixed precision or a device to
            follow that does not exist, with those that do.
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
            raise ArgumentError("what is saved is saved for training: --view saved (saved=True) needs --train (train=)")
        if self.amp is not None:
            parse_amp(self.amp, self.device, self.like)
        choose_followed(self.device, self.like)

    @property
    def walked_mode(self) -> str:
        """The mode in which the network runs: a training step runs in "train", unless "as-is" was asked for."""
        return "train" if self.training is not None and self.mode == "eval" else self.mode

    def on_meta_as_on(self, device: str) -> Self:
        """Return the plan of a walk on the meta device that predicts one on a device.

        Raises:
            ArgumentError: a mixed precision on a device whose lists of operators the meta device cannot follow.
        """
        kind = device.partition(":")[0]
        amp = self.amp if self.amp is None or ":" in self.amp else f"{kind}:{self.amp}"
        like = kind if kind in FOLLOWED and amp in {None, f"{kind}:{self.amp}"} else self.like
        return replace(self, device="meta", amp=amp, like=like)
