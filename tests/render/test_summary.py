"""The texts around the table."""

from __future__ import annotations

from dataclasses import replace

from render.reports import layer, report

from archcost.records import InputInfo
from archcost.render.summary import list_facts, list_figures, list_remarks, spell_conventions, spell_title


def field(rows):
    found = [
        figure for figure in list_figures(report("Net", rows, modules={}), binary=False) if "field" in figure.label
    ]
    return (found[0].digits, found[0].remark) if found else None


def row(name, extents, **rest):
    return layer(name, "Conv2d", (1, 8), receptive_field=extents, **rest)


def test_the_title_says_the_spec_where_it_says_more(branched):
    assert spell_title(branched.network) == "Branched (branched)"
    assert spell_title(replace(branched.network, spec="Branched")) == "Branched"


def test_facts_are_the_inputs_the_mode_the_device_and_the_rows(branched):
    assert list_facts(branched) == ("input 1x3x16x16 float32", "eval mode", "on meta", "11 rows")
    named = replace(branched.network, inputs=(InputInfo(shape=(2, 5), dtype="int64", name="ids"),))
    assert list_facts(replace(branched, network=named, environment={}))[:2] == ("input ids=2x5 int64", "eval mode")


def test_the_receptive_field_is_that_of_the_last_row_that_makes_data_and_does_not_see_everything():
    rows = [
        row("input", None),
        row("pool", (212, 212)),
        row("flatten", (212, 212), kept=False),
        row("fc", ("all", "all")),
    ]
    assert field(rows) == ("212", "at pool; all after it")
    assert field(rows[:3]) == ("212", "at pool")
    assert field(rows[2:]) == ("212", "at flatten; all after it")
    assert field(rows[3:]) == ("all", "the whole input from fc")
    assert field([row("conv", (3, 1))]) == ("3x1", "at conv")
    assert field(rows[:1]) is None


def test_every_total_that_is_known_is_shown(branched):
    totals = replace(
        branched.totals,
        backward_macs=7, saved_bytes=8, peak_inference_bytes=9, peak_training_bytes=10, buffers=11,
    )  # fmt: skip
    labels = {figure.label: figure.digits for figure in list_figures(replace(branched, totals=totals), binary=False)}
    assert labels["backward MACs"] == "7"
    assert labels["Saved for backward"] == "8"
    assert labels["Inference peak"] == "9"
    assert labels["Training peak"] == "10"
    assert labels["Buffers"] == "11"
    assert "Saved for backward" not in {figure.label for figure in list_figures(branched, binary=False)}


def test_bytes_may_be_binary(vgg16):
    shorts = [figure.short for figure in list_figures(vgg16, binary=True)]
    assert "58.13 MiB" in shorts
    assert "1024" in spell_conventions(vgg16, binary=True)
    assert "1024" not in spell_conventions(vgg16, binary=False)


def test_conventions_name_the_batch_and_explain_calls_where_there_are_any(vgg16, branched):
    text = spell_conventions(vgg16, binary=False)
    assert text.startswith("MACs are multiply-adds; FLOPs = 2 x MACs; batch 1;")
    assert "#1" not in text
    assert "#1" in spell_conventions(branched, binary=False)


def test_remarks_begin_with_what_was_not_counted(branched):
    found = list_remarks(branched)
    assert [remark.kind for remark in found] == ["uncovered", "warning", "uncalled"]
    assert found[2].text == "never called: unused"


def test_notes_of_the_zoo_come_last(vgg16):
    assert list_remarks(vgg16)[-1].text.startswith("The lecture's table prints TOTAL memory 24M")
