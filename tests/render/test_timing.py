"""Measured times as text: the shown figures, the omitted untrustworthy ones, and the notes."""

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from render import reports, samples

from archcost.charts import draw
from archcost.charts.roofline import yield_points
from archcost.errors import ArgumentError
from archcost.page.emit import emit
from archcost.page.target import Target
from archcost.records import Report, Sweep, compute_achieved
from archcost.records.reading import read
from archcost.render.report import render
from archcost.render.sweep import build_document, spell_cell


def timed(sample):
    return replace(reports.branched(), measured=sample)


def render_sweep(sweep, form="table", *, color="auto", layers=False):
    return emit(build_document(sweep, layers=layers), form, Target(color=color))


def text_of(sample, **options):
    return render(timed(sample), view="time", color="never", **options)


def test_the_whole_page(golden):
    golden("timed_piped", text_of(samples.sample()))


@pytest.mark.parametrize("width", [80, 120])
def test_the_page_fits_a_terminal(golden, width):
    text = text_of(samples.gpu_sample(unmet=("end to end: 7 samples after 15.00 s, not 20",)), width=width)
    golden(f"timed_gpu_{width}", text)
    assert max(map(len, text.splitlines())) <= width


def lines_of(text):
    return {line.split("  ")[0]: line for line in text.splitlines() if line}


def test_rows_are_held_against_the_roof():
    """20 MFLOP in 0.4 ms are 50 of 100 GFLOP/s; 5 MB in 0.2 ms are 25 GB/s, above 10 GB/s without a cache."""
    lines = lines_of(text_of(samples.sample()))

    assert "50.0 %  arithmetic" in lines["stem"]
    assert "250.0 %  memory" in lines["relu #0"]
    assert "200.0 %  memory" in lines["relu #1"]
    assert "backward" in lines
    assert "%  memory" not in lines["backward"]


def test_what_libraries_keep_stands_apart_where_it_is_known():
    memory = samples.gpu_sample().memory
    assert "workspaces" not in text_of(samples.gpu_sample())
    text = text_of(samples.gpu_sample(memory=replace(memory, workspace_bytes=33_554_432)))
    assert re.search(r"workspaces +33\.55 MB", text)


def test_rows_above_the_roof_are_explained():
    text = text_of(samples.sample())
    assert "3 rows are above the roof, relu the first: their data is in a cache" in text


def test_shares_alone_are_shown_where_the_events_cost_too_much():
    few, many = (text_of(samples.sample(layers=samples.layers(overhead=part))) for part in (0.09, 0.11))

    assert "400.0" in few
    assert "GFLOP/s" in few
    table = many.split("Time per iteration")[0]
    assert "400.0" not in table
    assert "FLOP/s" not in table
    assert "40.0" in lines_of(table)["stem"]
    assert "+11.0 %" in many
    assert "above 10 %: only the rows' shares are shown" in many
    rows = list(
        csv.DictReader(io.StringIO(text_of(samples.sample(layers=samples.layers(overhead=0.11)), format="csv")))
    )
    assert "median_ns" not in rows[0]
    assert {row["row"]: float(row["share"]) for row in rows}["stem"] == pytest.approx(0.4)
    assert sum(float(row["share"]) for row in rows) == pytest.approx(1)


def test_coverage_overhead_n_and_spread_are_always_there():
    text = text_of(samples.sample())

    assert "n 20, p10 970.2 µs, p90 989.8 µs, spread 2.0 %" in text
    assert "overhead" in text
    assert "+2.0 %" in text
    assert "coverage" in text
    assert "90.0 %" in text  # all except 100 of 1000 microseconds


@pytest.mark.parametrize("format_", ["table", "markdown", "csv"])
def test_what_is_unmet_is_said(format_):
    sample = samples.sample(unmet=("throttled: heat",), layers=None, notes=("no times of layers: it is compiled",))
    if format_ == "csv":
        with pytest.raises(ArgumentError, match="the layers have no times: no times of layers: it is compiled"):
            text_of(sample, format=format_)
        return
    text = text_of(sample, format=format_)
    assert "unmet: throttled: heat" in text
    assert "no times of layers: it is compiled" in text


def test_a_device_that_waits_for_its_host_is_marked():
    text = text_of(samples.gpu_sample())

    assert "CPU-bound at a batch of 4" in text
    assert "the device is idle for 50.0 % of it" in text
    assert "upper bounds" in text
    assert "not been run on a GPU yet" in text
    assert "2,040.8 images/s" in text  # as fast as the host
    assert "predicted" not in text  # the branched report has no allocator peak
    assert "1.980 GHz under load at first, 1.755 GHz at last" in text


def test_medians_that_do_not_add_up_are_explained():
    skewed = replace(samples.layers(), spans=samples.series(1200 * samples.US), plain=samples.series(1200 * samples.US))
    assert "the rows' medians add up to 1.000 ms, the median pass takes 1.200 ms" in text_of(
        samples.sample(layers=skewed)
    )
    assert "medians add up" not in text_of(samples.sample())


def test_csv_has_raw_numbers():
    rows = list(csv.DictReader(io.StringIO(text_of(samples.sample(), format="csv"))))

    assert [row["row"] for row in rows] == [row.name for row in samples.layers().rows]
    assert float(rows[0]["median_ns"]) == 400_000
    assert float(rows[0]["flops_per_second"]) == pytest.approx(50e9)
    assert float(rows[1]["bytes_per_second"]) == pytest.approx(25e9)
    assert rows[-1]["flops_per_second"] == ""


def test_the_exact_views_show_the_times_below_their_totals():
    text = render(timed(samples.sample()), color="never")
    assert "MACs" in text
    assert "Time per iteration" in text


def test_a_report_without_times_has_no_such_view():
    with pytest.raises(ArgumentError, match="profile with --time"):
        render(reports.branched(), view="time")
    with pytest.raises(ArgumentError, match="--view time has the order of execution"):
        render(timed(samples.sample()), view="time", sort="macs")


def test_a_timed_report_survives_json():
    report = timed(samples.gpu_sample())
    assert Report.from_json(report.to_json()) == report
    assert json.loads(report.to_json())["measured"]["energy"] is None


def test_a_sweep_survives_json():
    data = json.loads(render_sweep(samples.sweep(), "json"))
    assert data.pop("schema") == "archcost.timing/1"
    assert read(Sweep, data, "sweep") == samples.sweep()


def test_a_sweep_shows_every_cell(golden):
    golden("sweep_piped", render_sweep(samples.sweep(), color="never"))


def test_a_sweep_in_csv_can_be_read_as_measured_times():
    rows = list(csv.DictReader(io.StringIO(render_sweep(samples.sweep(), "csv"))))

    assert [row["outcome"] for row in rows] == ["timed", "failed", "out of memory"]
    assert (rows[0]["network"], rows[0]["batch"], float(rows[0]["seconds"])) == ("branched", "1", 0.00098)
    assert rows[1]["seconds"] == ""
    assert rows[1]["message"] == "no halves"


def test_the_rows_of_a_sweep_follow_where_they_are_asked_for():
    text = render_sweep(samples.sweep(), layers=True, color="never")
    assert "between: blocks.0 (add)" in text
    rows = list(csv.DictReader(io.StringIO(render_sweep(samples.sweep(), "csv", layers=True))))
    assert len(rows) == 6
    assert {row["dtype"] for row in rows} == {"float32"}


def test_cells_are_told_apart_by_what_differs():
    cells = samples.sweep().cells
    assert [spell_cell(cell, samples.sweep()) for cell in cells] == [
        "batch 1, float32",
        "batch 1, bfloat16",
        "batch 64, float32",
    ]


def test_markdown_holds_a_sweep():
    assert "| `64` |" in render_sweep(samples.sweep(), "markdown")


def test_a_roofline_shows_the_rows_that_multiply_where_they_are():
    figure = draw("roofline", [timed(samples.sample())])
    (axes,) = figure.axes
    (cloud,) = axes.collections
    (x, y), *others = cloud.get_offsets()

    assert not others  # the backward's bytes are unknown, the others do not multiply
    done = compute_achieved(10**7, 10**5, 0.0004, samples.ROOF, "float32")
    assert (x, y) == (pytest.approx(done.intensity), pytest.approx(done.flops_per_second / 1e9))
    roofs = {line.get_gid(): line.get_xydata() for line in axes.lines}
    assert set(roofs) >= {"roof-memory", "roof-cache"}
    knee = roofs["roof-memory"][1]
    assert tuple(knee) == (pytest.approx(10), pytest.approx(100))  # 100 GFLOP/s over 10 GB/s
    assert "40.0 % of the time" in figure.get_supxlabel().replace("\n", " ")


def test_points_under_the_roof_have_a_share_of_at_most_one():
    sample = samples.sample()
    (point,) = yield_points(sample)
    ceiling = min(100e9, point.intensity * samples.ROOF.bytes_per_second(10**5))
    assert point.flops_per_second == pytest.approx(ceiling / 2)


@pytest.mark.parametrize(
    ("sample", "says"),
    [
        (None, "needs the times of layers"),
        (samples.sample(layers=None), "needs the times of layers"),
        (samples.sample(roof=None), "`archcost device` measures it"),
        (samples.sample(dtype="bfloat16"), "`archcost device` measures it"),
    ],
)
def test_without_times_or_a_roof_there_is_no_roofline(sample, says):
    with pytest.raises(ArgumentError, match=says):
        draw("roofline", [timed(sample)])


def test_what_several_cells_have_in_common_is_said_once():
    found = samples.sweep()
    timed, failed, _ = found.cells
    noted = replace(timed, sample=samples.sample(notes=("no times of layers",), unmet=("too noisy",)))
    text = render_sweep(
        replace(found, cells=(replace(noted, batch=2), replace(noted, batch=4), failed, replace(failed, batch=2))),
        color="never",
    )
    assert text.count("batch 2, float32; batch 4, float32: no times of layers") == 1
    assert text.count("batch 2, float32; batch 4, float32: unmet: too noisy") == 1
    assert text.count("batch 1, bfloat16; batch 2, bfloat16: failed: no halves") == 1
    assert text.count("no halves") == 1


def test_what_all_cells_have_in_common_names_none_of_them():
    found = samples.sweep()
    failed = found.cells[1]
    text = render_sweep(replace(found, cells=(failed, replace(failed, batch=2))), color="never")
    assert "! Warning: all: failed: no halves" in text
