"""The ledger of published figures: `data/*.toml`, read and checked entry by entry.

`[sources]` gives each source a short name; a `[[claim]]` is one printed figure. The error about a wrong entry names its
file, its number, the key, and the allowed values.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

from archcost.claims.expression import find_networks, find_sibling
from archcost.claims.measured import QUANTITIES
from archcost.claims.printed import parse_printed
from archcost.claims.verdict import CONVENTIONS, STATED, STEPS_OF_1024
from archcost.errors import LONGEST, ArgumentError, LedgerError, closest, cut, quote
from archcost.records import RECORDED, Claim, Source
from archcost.records.toml import parse_toml
from archcost.zoo import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

REQUIRED = ("network", "quantity", "printed", "source", "at", "verdict")
TEXTS = ("convention", "measured", "under", "explained_by", "nearest", "reading", "protocol")
ALLOWED = {**dict.fromkeys((*REQUIRED, *TEXTS), str), "significant": int}
# Each verdict needs one of these keys. Verdicts that are not listed must have none of them.
EVIDENCE = {"convention": ("under",), "differs": ("explained_by", "nearest"), "not comparable": ("reading",)}


def read_published() -> tuple[Claim, ...]:
    """Return all published figures of archcost, by file."""
    folder = resources.files("archcost.claims") / "data"
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return read_texts({entry.name: entry.read_text(encoding="utf-8") for entry in files})


def read_file(path: Path) -> tuple[Claim, ...]:
    """Return the figures of a user's file, which may refer to archcost's sources besides its own.

    Raises:
        LedgerError: the file cannot be read, or an entry is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    known = {claim.source.name: claim.source for claim in read_published()}
    return read_texts({str(path): text}, known)


def read_texts(texts: Mapping[str, str], known: Mapping[str, Source] | None = None) -> tuple[Claim, ...]:
    """Read the texts of files, by their names.

    Raises:
        LedgerError: an entry is wrong; names the file, the entry and the problem.
    """
    files = {name: _parse_toml(name, text) for name, text in texts.items()}
    sources = dict(known or {})
    for name, data in files.items():
        for short, title in data.get("sources", {}).items():
            if not isinstance(title, str) or short in sources:
                problem = "is declared twice" if short in sources else "must be a title in quotes"
                raise LedgerError(f"{name}: source {quote(short)} {problem}")
            sources[short] = Source(name=short, title=title)
    return tuple(claim for name, data in files.items() for claim in _yield_claims(name, data, sources))


def _parse_toml(name: str, text: str) -> dict[str, Any]:
    try:
        data = parse_toml(text)
    except ValueError as error:
        raise LedgerError(f"{name}: not TOML: {error}") from error
    unknown = sorted(data.keys() - {"sources", "claim"})
    if unknown:
        raise LedgerError(f"{name}: unknown table {quote(unknown[0])}; a file has [sources] and [[claim]]")
    if not isinstance(data.get("sources", {}), dict) or not isinstance(data.get("claim", []), list):
        raise LedgerError(f"{name}: a file has one table [sources] and tables [[claim]]")
    return data


def _yield_claims(name: str, data: Mapping[str, Any], sources: Mapping[str, Source]) -> Iterator[Claim]:
    for number, entry in enumerate(data.get("claim", []), start=1):
        try:
            yield _build_claim(entry, sources, name, number)
        except ArgumentError as error:
            title = f"{entry.get('network', '?')}: {entry.get('quantity', '?')}" if isinstance(entry, dict) else "?"
            title = cut(title, LONGEST)
            raise LedgerError(f"{name}, claim {number} ({title}): {error}") from error


def _build_claim(entry: Any, sources: Mapping[str, Source], file: str, number: int) -> Claim:
    if not isinstance(entry, dict):
        raise ArgumentError("a claim is a table: [[claim]]")
    _check_keys(entry)
    source = entry["source"]
    if source not in sources:
        raise ArgumentError(f"unknown source {quote(source)}; {closest(source, sources, _join_names(sources))}")
    texts = {key: entry[key] for key in (*REQUIRED, *TEXTS) if key in entry}
    claim = Claim(
        **{
            "convention": "count",
            "measured": None,
            **texts,
            "source": sources[source],
            "significant": entry.get("significant"),
            "file": file,
            "entry": number,
        }
    )
    _check(claim)
    return claim


def _check_keys(entry: Mapping[str, Any]) -> None:
    for key, value in entry.items():
        if key not in ALLOWED:
            raise ArgumentError(f"unknown key {quote(key)}; {closest(key, ALLOWED, _join_names(ALLOWED))}")
        if not isinstance(value, ALLOWED[key]) or isinstance(value, bool) or value in {"", 0}:
            raise ArgumentError(
                f"{key} must be a {'text' if ALLOWED[key] is str else 'number above 0'}, not {quote(value)}"
            )
    missing = [key for key in REQUIRED if key not in entry]
    if missing:
        raise ArgumentError(f"{missing[0]} is missing; a claim has at least {', '.join(REQUIRED)}")


def _check(claim: Claim) -> None:
    """Check what can be checked without measuring anything."""
    parse_printed(claim.printed, claim.significant)
    _check_allowed("verdict", claim.verdict, RECORDED)
    _check_allowed("convention", claim.convention, STATED)
    if claim.under is not None:
        _check_allowed("under", claim.under, CONVENTIONS)
    if claim.quantity == "macs" and claim.convention == "count":
        raise ArgumentError('macs need a convention: "multiply-adds", "2 x multiply-adds" or "unstated"')
    needed = EVIDENCE.get(claim.verdict, ())
    if needed and not any(getattr(claim, key) for key in needed):
        raise ArgumentError(f"the verdict {claim.verdict!r} needs {' or '.join(needed)}")
    given = [key for key in ("under", "explained_by", "nearest") if getattr(claim, key) is not None]
    wrong = [key for key in given if key not in needed] or given[1:]
    if wrong:
        allowed = " or ".join(key for key in needed if key != "reading") or "none of these"
        raise ArgumentError(f"{wrong[0]} does not belong here: the verdict {claim.verdict!r} takes {allowed}")
    for text in list_expressions(claim):
        find_networks(text)


def _check_allowed(key: str, value: str, allowed: Iterable[str]) -> None:
    if value not in allowed:
        raise ArgumentError(f"{key} must be one of {_join_names(allowed)}, not {quote(value)}")


def _join_names(names: Iterable[str]) -> str:
    return ", ".join(map(str, names))


def find_measured_expression(claim: Claim) -> str | None:
    """Return the expression of the claimed quantity; None if the claim's quantity cannot be measured.

    Raises:
        ArgumentError: the claim has no expression, and its quantity or network implies none.
    """
    if claim.measured is not None:
        return claim.measured
    if claim.verdict == "not comparable" and (claim.quantity not in QUANTITIES or claim.network not in REGISTRY):
        return None
    if claim.quantity not in QUANTITIES:
        hint = closest(claim.quantity, QUANTITIES, f"they are {_join_names(QUANTITIES)}")
        raise ArgumentError(f"{claim.quantity!r} is not a quantity: give `measured`, or use one; {hint}")
    twice = "2 * " if claim.convention == "2 x multiply-adds" else ""
    return f"{twice}net({claim.network!r}).{claim.quantity}"


def find_under_expression(claim: Claim) -> str | None:
    """Return the expression of the quantity under the other convention; None if that only changes the prefix.

    Raises:
        ArgumentError: the convention does not change this quantity.
    """
    if claim.under is None or claim.under == STEPS_OF_1024:
        return None
    measured = find_measured_expression(claim) or ""
    for quantity, template in CONVENTIONS[claim.under].items():
        if measured.endswith(f".{quantity}") and find_sibling(measured, quantity) is not None:
            return template.format(measured.removesuffix(f".{quantity}"))
    raise ArgumentError(f"{claim.under!r} does not change {measured or claim.quantity!r}")


def list_expressions(claim: Claim) -> tuple[str, ...]:
    """Return all expressions of a claim."""
    texts = (find_measured_expression(claim), find_under_expression(claim), claim.explained_by, claim.nearest)
    return tuple(text for text in texts if text is not None)
