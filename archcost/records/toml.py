"""TOML that may come from anyone: what reading it costs is bounded, and it is refused in one way."""

from __future__ import annotations

import re
import tomllib
from typing import Any

CHARACTERS = 2**21
DEPTH = 32  # tables within tables, and lists within lists
WORD = r"""(?:(?<![\w-])[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
# possessive, and from the beginning of a word: going back would take the square of a text's length
DEEP_KEY = re.compile(rf"(?:{WORD}[ \t]*+\.[ \t]*+){{{DEPTH},}}+")


def parse_toml(text: str) -> dict[str, Any]:
    """Parse a TOML file.

    Raises:
        ValueError: not TOML, larger than any file of settings or figures, or nested too deeply.
    """
    if len(text) > CHARACTERS:
        raise ValueError(f"it has {len(text):,} characters, and at most {CHARACTERS:,} are read")
    # tomllib takes the square of a key's parts, and the parts are tables within tables
    if deep := DEEP_KEY.search(text):
        raise ValueError(f"a key has more than {DEPTH} parts (line {text.count(chr(10), 0, deep.start()) + 1})")
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise ValueError(f"it nests deeper than {DEPTH} levels") from None
    if _nests_deeper(data):
        raise ValueError(f"it nests deeper than {DEPTH} levels")
    return data


def _nests_deeper(data: Any) -> bool:
    """Whether values lie within more than `DEPTH` others, without calls within calls."""
    level = [data]
    for _ in range(DEPTH + 1):
        level = [
            item
            for value in level
            if isinstance(value, dict | list)
            for item in (value.values() if isinstance(value, dict) else value)
        ]
    return bool(level)
