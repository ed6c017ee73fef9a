"""Files of claims are checked entry by entry; errors name their place."""

import pytest

from archcost.claims import check, read_file
from archcost.claims.ledger import read_texts
from archcost.errors import LedgerError

SOURCE = '[sources]\nslides = "Our own slides"\n'
GOOD = {
    "network": '"block_3x3"',
    "quantity": '"params"',
    "printed": '"36,864"',
    "source": '"slides"',
    "at": '"slide 3"',
    "verdict": '"match"',
}


def entry(**changes):
    lines = {**GOOD, **changes}
    return SOURCE + "[[claim]]\n" + "\n".join(f"{key} = {value}" for key, value in lines.items() if value is not None)


def test_a_good_entry_is_read():
    (claim,) = read_texts({"own.toml": entry()})

    assert claim.source.title == "Our own slides"
    assert (claim.file, claim.entry, claim.convention) == ("own.toml", 1, "count")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"netwrok": '"vgg16"'}, "unknown key 'netwrok'; did you mean network"),
        ({"printed": None}, "printed is missing"),
        ({"printed": '"lots"'}, "'lots' is not a figure"),
        ({"printed": "5"}, "printed must be a text"),
        ({"printed": '""'}, "printed must be a text"),
        ({"significant": '"3"'}, "significant must be a number"),
        ({"significant": "true"}, "significant must be a number"),
        ({"source": '"slide"'}, "unknown source 'slide'; did you mean slides"),
        ({"verdict": '"true"'}, "verdict must be one of match, rounding, convention, differs, not comparable"),
        ({"verdict": '"unexplained"'}, "verdict must be one of"),
        ({"convention": '"flops"'}, "convention must be one of"),
        ({"quantity": '"macs"'}, "macs need a convention"),
        ({"quantity": '"parms"'}, "'parms' is not a quantity: give `measured`, or use one; did you mean params"),
        ({"measured": '"block_3x3.parms"'}, "no quantity 'parms'"),
        ({"measured": "\"open('x')\""}, "not allowed"),
        ({"verdict": '"differs"'}, "needs explained_by or nearest"),
        ({"verdict": '"convention"'}, "needs under"),
        ({"verdict": '"not comparable"'}, "needs reading"),
        ({"explained_by": '"1"'}, "explained_by does not belong here"),
        ({"verdict": '"differs"', "explained_by": '"1"', "nearest": '"2"'}, "nearest does not belong here"),
        ({"verdict": '"convention"', "under": '"half of it"'}, "under must be one of"),
        ({"verdict": '"convention"', "under": '"2 x multiply-adds"'}, "does not change"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_place(changes, message):
    with pytest.raises(LedgerError) as error:
        read_texts({"own.toml": entry(**changes)})

    assert str(error.value).startswith("own.toml, claim 1 (block_3x3")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[claim]\n", "not TOML"),
        ("[claims]\n", "unknown table 'claims'"),
        ("claim = 3\n", "tables"),
        ("[sources]\na = 3\n", "must be a title"),
        ('[sources]\ncs231n = "x"\n', "declared twice"),
        ("claim = [3]\n", "a claim is a table"),
    ],
)
def test_a_wrong_file_is_refused(text, message, tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(text)

    with pytest.raises(LedgerError, match=message):
        read_file(path)


def test_a_file_of_ones_own_may_name_known_sources(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(entry(source='"vgg"').removeprefix(SOURCE))

    (claim,) = read_file(path)

    assert "Simonyan" in claim.source.title


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(LedgerError, match="No such file"):
        read_file(tmp_path / "none.toml")


def test_a_row_that_the_network_does_not_have_is_named_with_the_entry():
    claims = read_texts({"own.toml": entry(measured="\"block_3x3.layer('conv7').params\"")})

    with pytest.raises(LedgerError, match=r"own.toml, claim 1 \(block_3x3: params\): .* has no row 'conv7'"):
        check(claims)


def test_a_verdict_that_is_not_the_recorded_one_is_found():
    wrong = read_texts({"own.toml": entry(printed='"37,100"')})
    (finding,) = check(wrong)

    assert not finding.expected
    assert finding.verdict == "unexplained"
    assert finding.measured == 36_864
