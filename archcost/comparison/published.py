"""timm's and torchvision's networks as published: accuracy and throughput by source, cost as archcost counted it.

Nothing is estimated: an unpublished figure is None.
"""

from __future__ import annotations

import csv
import tomllib
from collections import defaultdict
from dataclasses import fields
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archcost.comparison.papers import find_paper
from archcost.errors import ArgumentError, UnknownNetworkError, closest
from archcost.metrics import METRICS
from archcost.records import Accuracy, ComparisonRow, MeasuredTime, Totals, find_name
from archcost.records.published import Published, Sample, ThroughputConditions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# unknown for one image in inference
TRAINED = {
    "backward_macs",
    "saved_bytes",
    "gradient_bytes",
    "optimizer_state_bytes",
    "peak_training_bytes",
}
FOLDER = Path(__file__).parents[1] / "data"
LIBRARIES = ("timm", "torchvision")  # libraries with a folder of tables each; only timm has throughputs
COSTS = tuple(field.name for field in fields(Totals) if field.name not in TRAINED)
QUANTITIES = tuple(
    name for name in COSTS if name in METRICS and name != "receptive_field"
)  # quantities that can be limited
# Patterns in the tags of weights that name pretraining data; the first match counts.
PRETRAINING: Mapping[str, tuple[str, ...]] = {
    "in22k": ("in22k", "in21k"),
    "in12k": ("in12k",),
    "ssld": ("ssld",),  # distilled from unlabelled images of ImageNet-22k
    "jft": ("jft",),
    "laion": ("laion2b", "laion400m"),
    "openai": ("openai",),
    "webli": ("webli",),
    "metaclip": ("metaclip", "fullcc"),
    "dfn": ("dfn5b", "dfn2b"),
    "datacomp": ("datacompdr", "datacompxl"),
    "merged": ("m38m", "merged2b", "clip"),
    "instagram": ("ig1b", "swag", "wsl"),
    "yfcc": ("yfcc100m", "yfc"),
    "lvd": ("lvd142m", "lvd1689m"),
    "bulk": ("cc12m", "redcaps", "seer"),
}
OWN, ANY = "in1k", "any"


@cache
def read_published_networks() -> tuple[Published, ...]:
    """Return the networks with shipped figures, in the order of their libraries' tables."""
    return tuple(network for library in LIBRARIES for network in _yield_networks(library))


def _yield_networks(library: str) -> Iterator[Published]:
    costs = {(row["architecture"], int(row["size"])): row for row in _read(library, "costs.csv")}
    samples: dict[tuple[str, int], dict[str, Sample]] = defaultdict(dict)
    for row in _read(library, "throughput.csv"):
        samples[row["model"], int(row["size"])][row["device"]] = Sample(
            per_second=float(row["samples_per_second"]), batch=int(row["batch"])
        )
    for row in _read(library, "accuracy.csv"):
        architecture, _, tag = row["model"].partition(".")
        key = architecture, int(row["size"])
        cost = costs.get(key)
        if cost is not None:
            yield Published(
                library=library,
                model=row["model"],
                architecture=architecture,
                tag=tag,
                family=cost["family"],
                size=int(row["size"]),
                crop=float(row["crop"]),
                pretraining=find_pretraining(tag),
                top1=float(row["top1"]),
                top5=float(row["top5"]),
                real1=_number(row["real1"]),
                real5=_number(row["real5"]),
                totals=_read_totals(cost),
                samples=samples.get(key, {}),
                paper=find_paper(architecture),
            )


@cache
def read_conditions() -> Mapping[str, ThroughputConditions]:
    """Return the conditions of the published throughputs, by device name."""
    return {
        name: ThroughputConditions(**{key: value for key, value in row.items() if key != "file"})
        for name, row in read_sources("timm")["device"].items()
    }


def find_device(name: str) -> str:
    """Return the name under which a device's throughputs were published.

    Raises:
        ArgumentError: no throughputs were published for it.
    """
    known = tuple(read_conditions())
    found = find_name(name, known)
    if found is None:
        hint = closest(name, known, f"there are {', '.join(known)}")
        raise ArgumentError(f"no throughputs were published for {name!r}; {hint}")
    return found


def check_pretraining(name: str) -> None:
    """Check a pretraining: "any", "in1k" for ImageNet-1k alone, or a name of PRETRAINING.

    Raises:
        ArgumentError: it does not exist.
    """
    known = (ANY, OWN, *PRETRAINING)
    if name not in known:
        raise ArgumentError(f"--pretraining {name}: {closest(name, known, 'there are ' + ', '.join(known))}")


def is_published(spec: str) -> bool:
    """Whether a spec names networks of a library with published figures: "timm:resnet*"."""
    return spec.partition(":")[0] in LIBRARIES and "?" not in spec and "::" not in spec


def select_published(specs: Iterable[str]) -> tuple[tuple[Published, ...], tuple[str, ...]]:
    """Return the published networks that some specs name, and the remaining specs.

    "timm:PATTERN" names architectures or models, with "@SIZE" of one size; without any, each size that was published.

    Raises:
        UnknownNetworkError: a name matches no network with figures.
    """
    chosen: dict[str, Published] = {}
    others = []
    for spec in specs:
        if not is_published(spec):
            others.append(spec)
            continue
        library, _, rest = spec.partition(":")
        pattern, _, size = rest.partition("@")
        known = [each for each in read_published_networks() if each.library == library]
        named = [each for each in known if fnmatchcase(each.model, pattern) or fnmatchcase(each.architecture, pattern)]
        found = [each for each in named if not size or str(each.size) == size]
        if not found:
            names = {name for each in known for name in (each.architecture, each.model)}
            hint = list_sizes(named) or closest(pattern, names, f"write {library}:NAME or a pattern")
            raise UnknownNetworkError(f"no figures were published for {spec!r}; {hint}")
        chosen.update({each.spec: each for each in found})
    return tuple(chosen.values()), tuple(others)


def list_sizes(networks: Iterable[Published]) -> str:
    """Return a hint at the sizes of some networks, "" without a network: "there are @224, @288"."""
    sizes = [f"@{size}" for size in sorted({each.size for each in networks})]
    return f"there {'is' if len(sizes) == 1 else 'are'} {', '.join(sizes)}" if sizes else ""


def list_libraries(names: Iterable[str]) -> tuple[str, ...]:
    """Return the libraries among some names, in the order of LIBRARIES."""
    found = set(names)
    return tuple(library for library in LIBRARIES if library in found)


@cache
def read_sources(library: str) -> dict[str, Any]:
    """Return the sources of a library's figures, and the versions that counted the costs."""
    return tomllib.loads((FOLDER / library / "sources.toml").read_text(encoding="utf-8"))


def find_pretraining(tag: str) -> str:
    """Return the pretraining data of weights by their tag; "in1k" if they saw only ImageNet-1k.

    Example:
        >>> find_pretraining("augreg_in21k_ft_in1k"), find_pretraining("a1_in1k")
        ('in22k', 'in1k')
    """
    lower = tag.lower()
    for name, words in PRETRAINING.items():
        if any(word in lower for word in words):
            return name
    return OWN


def build_row(network: Published, device: str | None = None) -> ComparisonRow:
    """Return a published network as a row of a comparison, with its images a second on a device."""
    sources, sample = read_sources(network.library), network.samples.get(device or "")
    time = None
    if device is not None and sample is not None:
        conditions = read_conditions()[device]
        time = MeasuredTime(
            network=network.spec,
            batch=sample.batch,
            seconds=sample.batch / sample.per_second,
            place=conditions.title,
            setting=conditions.setting,
        )
    return ComparisonRow(
        spec=network.spec,
        name=network.model,
        family=network.family,
        input=(3, network.size, network.size),
        totals=network.totals,
        pretraining=network.pretraining,
        published=True,
        per_second=None if sample is None else sample.per_second,
        time=time,
        real1=network.real1,
        year=network.year,
        accuracy=Accuracy(
            networks=(f"{network.library}:{network.model}",),
            dataset=str(sources["dataset"]),
            top1_error=round(100 - network.top1, 6),
            top5_error=round(100 - network.top5, 6),
            protocol=str(sources["protocol"]),
            split="validation",
            side=network.size,
            weights=network.tag,
            source=f"{network.library} {sources['file']}@{sources['commit']}",
            note=f"crop {network.crop:g}",
        ),
    )


def describe_published(device: str | None = None, libraries: Iterable[str] = LIBRARIES) -> tuple[str, ...]:
    """Return sentences about the sources of shipped figures and the conditions of a device's throughputs."""
    found = []
    for library in libraries:
        sources = read_sources(library)
        counted = ", ".join(f"{name} {version}" for name, version in sources["counted"].items())
        found.append(
            f"Costs of {library}'s networks are shipped ones, counted with {counted}; their accuracies are from "
            f"{sources['repository']} at {sources['commit']} ({sources['licence']})."
        )
    return (*found, *([f"Images a second are published ones: {read_conditions()[device].text}."] if device else ()))


_WORDS = {"all": "all", "None": None}


def _read_totals(row: Mapping[str, str]) -> Totals:
    known: dict[str, Any] = dict.fromkeys(TRAINED)
    known |= {name: int(row[name]) for name in COSTS if name != "receptive_field"}
    extents = row["receptive_field"].split("x") if row["receptive_field"] else None
    known["receptive_field"] = extents and tuple(int(one) if one.isdecimal() else _WORDS[one] for one in extents)
    return Totals(**known)


def _read(library: str, name: str) -> list[dict[str, str]]:
    path = FOLDER / library / name
    if not path.exists():  # nobody published throughputs of torchvision's networks
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _number(text: str) -> float | None:
    return float(text) if text else None
