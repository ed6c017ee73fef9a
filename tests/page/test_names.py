"""Foreign names do no harm in any format."""

from __future__ import annotations

import pytest

from archcost.page.names import clean_lines, make_printable, write_code


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("features.0", "features.0"),
        ("aten::mm", "aten::mm"),
        ("::error::no", r"\x3a:error::no"),
        ("  ::set-output name=a::b", r"  \x3a:set-output name=a::b"),
        ("##[error]no", r"\x23#[error]no"),
        ("##vso[task.setvariable]x", r"\x23#vso[task.setvariable]x"),
        ("a\n::error::no", r"a\n::error::no"),
        ("\u202eevil\x1b[31m", r"\u202eevil\x1b[31m"),
    ],
)
def test_a_name_is_one_line_that_commands_nobody(name, shown):
    assert make_printable(name) == shown


def test_every_line_of_a_message_is_harmless():
    assert clean_lines("it failed\n::error::x\n\x1b[0m") == "it failed\n\\x3a:error::x\n\\x1b[0m"


def test_code_mentions_nobody_and_ends_no_cell():
    assert "@" not in write_code("@name|x")
    assert "|" not in write_code("@name|x")
