"""The peers: the fastest call of each that is still right, and the meaning of its figure by its documentation.

A peer with the same figures on the meta device runs there. The others run on the CPU with uninitialised weights: no
peer reads them, and random ones would take longer than most counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import nn

Counted = tuple[float, float | None]  # multiply-adds by its convention, parameters if it counts them


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """One way to count a network.

    `count` takes the network and its input, both on `device`, and imports the package itself: the import is part of a
    fresh process's time. `convention` describes how the figure becomes multiply-adds.
    """

    name: str
    package: str
    distribution: str
    device: str
    convention: str
    count: Callable[[nn.Module, torch.Tensor], Counted]

    @property
    def installed(self) -> bool:
        """Whether the package can be imported, from the right distribution (two distributions provide `thop`)."""
        from importlib.metadata import PackageNotFoundError, version
        from importlib.util import find_spec

        try:
            version(self.distribution)
        except PackageNotFoundError:
            return False
        return find_spec(self.package) is not None

    @property
    def title(self) -> str:
        """Name and version."""
        from importlib.metadata import version

        return f"{self.name} {version(self.distribution)}"


def bare(network: nn.Module, x: torch.Tensor) -> Counted:
    """Run the network, and count nothing."""
    import torch

    with torch.no_grad():
        network(x)
    return 0, None


def archcost(network: nn.Module, x: torch.Tensor) -> Counted:
    """Compute the whole report."""
    from archcost import profile

    totals = profile(network, x).totals
    return totals.macs, totals.params


def flop_counter_mode(network: nn.Module, x: torch.Tensor) -> Counted:
    """Use torch's own counter."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(x)
    return counter.get_total_flops() / 2, None


def torchinfo(network: nn.Module, x: torch.Tensor) -> Counted:
    """Run it without its table."""
    from torchinfo import summary

    statistics = summary(network, input_data=x, verbose=0, device=x.device)
    return statistics.total_mult_adds, statistics.total_params


def fvcore(network: nn.Module, x: torch.Tensor) -> Counted:
    """Run it without its warnings, which take time."""
    import torch
    from fvcore.nn import FlopCountAnalysis, parameter_count

    with torch.no_grad():
        analysis = FlopCountAnalysis(network, x).unsupported_ops_warnings(enabled=False)
        return analysis.uncalled_modules_warnings(enabled=False).total(), parameter_count(network)[""]


def ptflops_aten(network: nn.Module, x: torch.Tensor) -> Counted:
    """Count the operators that run."""
    return _ptflops(network, x, "aten")


def ptflops_pytorch(network: nn.Module, x: torch.Tensor) -> Counted:
    """Count by modules and patched functions, the default."""
    return _ptflops(network, x, "pytorch")


def _ptflops(network: nn.Module, x: torch.Tensor, backend: str) -> Counted:
    info = _imported("ptflops").get_model_complexity_info
    shape = tuple(x.shape[1:])
    macs, params = info(network, shape, as_strings=False, print_per_layer_stat=False, backend=backend)
    if macs is None:
        raise ValueError("it returned None")  # it returns None if the network raised
    return macs, params


def thop(network: nn.Module, x: torch.Tensor) -> Counted:
    """Call Lyken17's or Ultralytics' package: both calls are the same."""
    from thop import profile

    macs, params = profile(network, inputs=(x,), verbose=False)
    return macs, params


def torchlens(network: nn.Module, x: torch.Tensor) -> Counted:
    """Run it without storing the operators' results."""
    import torch
    from torchlens import trace

    with torch.no_grad():
        traced = trace(network, x, save=None)
    return int(traced.total_macs_forward), int(traced.num_params)


def calflops(network: nn.Module, x: torch.Tensor) -> Counted:
    """Run it without its table."""
    count = _imported("calflops").calculate_flops
    _, macs, params = count(network, args=[x], print_results=False, output_as_string=False)
    return macs, params


def deepspeed(network: nn.Module, x: torch.Tensor) -> Counted:
    """Run it without its table and its warm-up pass."""
    from deepspeed.profiling.flops_profiler import get_model_profile

    _, macs, params = get_model_profile(network, args=[x], print_profile=False, as_string=False, warm_up=0)
    return macs, params


def _imported(name: str) -> Any:
    # they import torchvision, which fails beside a CPU build of torch: archcost's import declares the missing operators
    from archcost.sources.libraries import import_library

    return import_library(name)


def _counter(
    name: str, device: str, convention: str, count: Callable[..., Counted], package: str, distribution: str = ""
) -> Counter:
    return Counter(
        name=name,
        package=package,
        distribution=distribution or package,
        device=device,
        convention=convention,
        count=count,
    )


BARE = _counter("forward on meta", "meta", "counts nothing", bare, "torch")
ARCHCOST = _counter("archcost", "meta", "macs", archcost, "archcost")
PEERS = (
    _counter("FlopCounterMode", "meta", "its FLOPs / 2", flop_counter_mode, "torch"),
    _counter("torchinfo", "meta", "its mult-adds", torchinfo, "torchinfo"),
    _counter("ptflops (aten)", "meta", "its MACs", ptflops_aten, "ptflops"),
    _counter("ptflops (pytorch)", "meta", "its MACs", ptflops_pytorch, "ptflops"),
    _counter("thop", "meta", "its MACs", thop, "thop"),
    _counter("ultralytics-thop", "meta", "its MACs", thop, "thop", "ultralytics-thop"),
    _counter("calflops", "meta", "its MACs", calflops, "calflops"),
    _counter("fvcore", "cpu", "its flops: one for a multiply-add", fvcore, "fvcore"),
    _counter("DeepSpeed", "cpu", "its MACs", deepspeed, "deepspeed"),
    _counter("torchlens", "cpu", "its MACs", torchlens, "torchlens"),
)
COUNTERS = {counter.name: counter for counter in (BARE, ARCHCOST, *PEERS)}


def available() -> tuple[Counter, ...]:
    """Return the peers that can be imported."""
    return tuple(counter for counter in PEERS if counter.installed)
