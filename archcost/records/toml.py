"""Reading of possibly hostile TOML, at a bounded cost and with one kind of error."""

from __future__ import annotations

import re
import tomllib
from typing import Any

CHARACTERS = 2**21
DEPTH = 32  # tables within tables, and lists within lists
WORD = r"""(?:(?<![\w-])[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
# possessive, from the beginning of a word: backtracking would take quadratic time
DEEP_KEY = re.compile(rf"(?:{WORD}[ \t]*+\.[ \t]*+){{{DEPTH},}}+")


def parse_toml(text: str) -> dict[str, Any]:
    """Parse a TOML file.

    Raises:
        ValueError: the text is not TOML, too large, or nested too deeply.
    """
    if len(text) > CHARACTERS:
        raise ValueError(f"it has {len(text):,} characters, and at most {CHARACTERS:,} are read")
    # tomllib takes time quadratic in a key's parts, and each part is a table within a table
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
    """Whether values are nested deeper than `DEPTH`, found without recursion."""
    level = [data]
    for _ in range(DEPTH + 1):
        level = [
            item
            for value in level
            if isinstance(value, dict | list)
            for item in (value.values() if isinstance(value, dict) else value)
        ]
    return bool(level)
