"""`python -m benchmarks.bad_input`: how archcost reads damaged files.

Hypothesis changes valid reports, lock files, settings, figures and CSVs at random: values, keys, characters, lengths,
depths. Each read must end cleanly, in bounded time: either a short refusal with exit code 2 or 3, or an accepted file.
An accepted file must be consistent, and must survive writing and reading.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings, strategies as st

import archcost
from archcost import zoo
from archcost.claims.ledger import read_texts
from archcost.comparison.tables import yield_rows
from archcost.errors import ArchcostError
from archcost.records import add_up
from archcost.regression import lock, snapshot
from archcost.regression.settings import parse_settings

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = 1000  # files of each kind
SECONDS = 2.0  # of processor time
WORDS = 2000  # characters of the longest allowed refusal
PAGE = Path(__file__).parents[1] / "reports" / "measured" / "bad-input.md"
NASTY: list[Any] = [
    *(None, True, "", [], {}, 0, 1, -1, 2**63, 10**30, 0.5, -0.0, 1e308, float("nan"), float("inf")),
    *("\0", "\ud800", "\\ud800", "=1+1", "::error::x", "x" * 100_000, "../..", "1e999999999", "9" * 5000),
]
PIECES = [
    *("1e999999999", "0e9999999", "9" * 5000, "99999999999", "-1", "nan", "\0", '"', "'", "\\", "=", "\n", "\r\n"),
    *(",", ";", "[" * 2000, "{" * 2000, "a." * 20_000, "-" * 900 + "1", "1" + "+1" * 950, "(" * 500, "\ufeff"),
    *("\U0001f600", "\\ud800", "\\u0000", "x" * 140_000, "{}", "[]", "#", "[a]\n", "= ", "**", "@", "%", "::error::"),
]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of file: a valid example, its reader, and the check of an accepted file."""

    text: str
    read: Callable[[str], Any]
    check: Callable[[Any], bool] = lambda _: True


@dataclasses.dataclass(slots=True, kw_only=True)
class Tally:
    """The outcomes of the files of one kind."""

    accepted: int = 0
    refused: int = 0
    slowest: float = 0.0
    longest: int = 0


def make_kinds() -> dict[str, Kind]:
    """Return all kinds of files that archcost reads."""
    report = archcost.profile("lenet5", device="meta")
    metrics = lock.choose_metrics(())
    locked = {"net": lock.Locked(metrics=metrics, snapshot=snapshot(report))}
    names = ("network", "top1", "top5", "protocol", "source")
    return {
        "reports": Kind(text=report.to_json(), read=archcost.Report.from_json, check=_is_whole),
        "locks": Kind(
            text=lock.lock_text(locked),
            read=lock.parse_lock,
            check=lambda found: lock.parse_lock(lock.lock_text(found)).keys() == found.keys(),
        ),
        "settings": Kind(text=SETTINGS, read=lambda text: parse_settings(text, Path("pyproject.toml"))),
        "figures": Kind(text=FIGURES, read=lambda text: read_texts({"figures.toml": text})),
        "tables": Kind(text=TABLE, read=lambda text: [_read_row(row) for row in yield_rows(text, "t.csv", names)]),
    }


def _read_row(row: Any) -> Any:
    return row.text("network"), row.number("top1", 0, 100), row.choice("protocol", ("single crop", "ten crops"))


SETTINGS = """
[tool.archcost.networks.small]
spec = "lenet5"
input = ["1x32x32"]
batch = 2
mode = "eval"

[tool.archcost.budgets."*"]
params = { max_increase = "0.5%", max = "4.2M" }
macs = { max = 150000, level = "warn" }

[tool.archcost.budgets.small]
depth = { max = 9 }
"""
FIGURES = """
[sources]
paper = "A. Author 2020, A Title"

[[claim]]
network = "lenet5"
quantity = "params"
printed = "61.7K"
significant = 3
source = "paper"
at = "table 1"
verdict = "match"
measured = "(lenet5.params + 2 * lenet5.weights) / 3 - 1.5 ** 2"

[[claim]]
network = "vgg16"
quantity = "macs"
convention = "multiply-adds"
printed = "15.5 billion"
source = "paper"
at = "page 3"
verdict = "differs"
nearest = "vgg16.macs"
"""
TABLE = "network,top1,top5,protocol,source\nvgg16,71.6,90.4,single crop,paper\nresnet50,76.1,,,\n"


def _is_whole(report: archcost.Report) -> bool:
    sums = {name: getattr(report.totals, name) for name in add_up(report.layers)}
    return sums == add_up(report.layers) and archcost.Report.from_json(report.to_json()) == report


def change(text: str, data: Any) -> str:
    """Return a text that is changed in one to three places; JSON may also change in its values."""
    for _ in range(data.draw(st.integers(1, 3))):
        try:
            value = json.loads(text) if text.startswith("{") and data.draw(st.booleans()) else None
        except (ValueError, RecursionError):
            value = None
        if value:
            _change_value(value, data)
            text = json.dumps(value, ensure_ascii=False, indent=1)
            continue
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 40)))
        piece = data.draw(st.one_of(st.just(""), st.sampled_from(PIECES), st.just(text[start:end] * 2), st.text()))
        text = text[:start] + piece + text[end:]
    return text


def _change_value(value: Any, data: Any) -> None:
    """Change one value somewhere within a list or a mapping."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        inner = value[key]
        if isinstance(inner, dict | list) and inner and data.draw(st.integers(0, 4)):
            value = inner
            continue
        what = data.draw(st.sampled_from(("replace", "replace", "drop", "twice", "count")))
        if what == "drop":
            del value[key]
        elif what == "twice" and isinstance(value, list):
            value.append(inner)
        elif what == "count" and isinstance(inner, int):
            value[key] = inner + 1
        else:
            value[key] = data.draw(st.sampled_from(NASTY))
        return


def attempt(kind: Kind, text: str, tally: Tally) -> None:
    """Read one text, and record the outcome.

    Raises:
        AssertionError: the reader did not end cleanly.
    """
    start = time.process_time()
    try:
        found = kind.read(text)
    except ArchcostError as error:
        said = str(error)
        tally.refused += 1
        tally.longest = max(tally.longest, len(said))
        if error.exit_code not in {2, 3} or not 0 < len(said) <= WORDS:
            raise AssertionError(f"refused with {error.exit_code}, {len(said):,} characters: {said[:200]}") from error
    else:
        tally.accepted += 1
        assert kind.check(found), "what was accepted is not consistent"  # noqa: S101
    seconds = time.process_time() - start
    tally.slowest = max(tally.slowest, seconds)
    assert seconds <= SECONDS, f"it took {seconds:.1f} s"  # noqa: S101


def try_kind(kind: Kind, examples: int, *, seed: int | None = None) -> Tally:
    """Try changed files of one kind.

    Raises:
        AssertionError: a reader did not end cleanly; hypothesis shows the file.
    """
    tally = Tally()

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=seed is None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    @given(st.data())
    def attempt_one(data: Any) -> None:
        attempt(kind, change(kind.text, data), tally)

    attempt_one()
    return tally


def main() -> int:
    """Print a line for each kind, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bad_input", description=__doc__)
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="of each kind")
    parser.add_argument("-o", "--output", type=Path, default=PAGE)
    asked = parser.parse_args()
    lines = ["| files | tried | accepted | refused | longest refusal | slowest |", "|---|---:|---:|---:|---:|---:|"]
    for name, kind in make_kinds().items():
        tally = try_kind(kind, asked.examples)
        lines.append(
            f"| {name} | {tally.accepted + tally.refused:,} | {tally.accepted:,} | {tally.refused:,} | "
            f"{tally.longest:,} characters | {tally.slowest:.2f} s |"
        )
        print(lines[-1], flush=True)
    about = (
        f"Written by `python -m benchmarks.bad_input`, with the {len(zoo.REGISTRY.names)} networks of the zoo known. "
        "Files that are right at first are changed at random in one to three places. Each ended cleanly: accepted and "
        f"consistent, or refused with the exit code 2 or 3 in at most {WORDS:,} characters and {SECONDS:g} s of the "
        "processor."
    )
    asked.output.write_text("\n\n".join(("# Damaged files", about, "\n".join(lines))) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
