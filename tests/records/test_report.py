"""A report survives the way to JSON and back; broken parts are refused with their place."""

import json

import pytest
import torch
from nets_sequence import ALL_NETS

import archcost
from archcost.errors import ReportError

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")


@pytest.mark.parametrize("net", ALL_NETS, ids=lambda net: net.__name__)
def test_json_to_report_to_json_is_the_identity(net):
    network = net()
    report = archcost.profile(network, network.arguments(), mode=net.mode)
    text = report.to_json()
    assert archcost.Report.from_json(text) == report
    assert archcost.Report.from_json(text).to_json() == text


@pytest.fixture(scope="module")
def data():
    return archcost.profile(torch.nn.Conv2d(3, 4, 3), torch.ones(1, 3, 8, 8)).to_json()


def test_keys_are_sorted_one_layer_on_a_line_newline_at_the_end(data):
    assert data.endswith("}\n")
    keys = list(json.loads(data))
    assert keys == sorted(keys)
    assert sum(line.startswith('{"activation_bytes"') for line in data.splitlines()) == 2


BROKEN = {
    "unknown key": (lambda d: d.update(speed=1), "report has an unknown key 'speed'"),
    "missing key": (lambda d: d.pop("totals"), "report has no key 'totals'"),
    "unknown key of the totals": (lambda d: d["totals"].update(speed=1), "report.totals has an unknown key 'speed'"),
    "missing key of a layer": (lambda d: d["layers"][1].pop("macs"), r"report.layers\[1\] has no key 'macs'"),
    "text for a number": (lambda d: d["totals"].update(macs="many"), "report.totals.macs must be of type int"),
    "a fraction for a number": (lambda d: d["totals"].update(macs=1.5), "report.totals.macs must be of type int"),
    "truth for a number": (lambda d: d["totals"].update(macs=True), "report.totals.macs must be of type int"),
    "nothing for a number": (lambda d: d["totals"].update(macs=None), "report.totals.macs must be of type int"),
    "truth for a number or nothing": (lambda d: d["totals"].update(backward_macs=True), "report.totals.backward_macs"),
    "a number for a text": (lambda d: d["network"].update(name=1), "report.network.name must be of type str"),
    "an object for a list": (lambda d: d.update(layers={}), "report.layers must be of type list"),
    "a list for an object": (lambda d: d.update(totals=[]), "report.totals must be an object"),
    "text in a list of sizes": (lambda d: d["layers"][1].update(inputs=["x"]), r"report.layers\[1\].inputs"),
    "text in a list of texts": (lambda d: d.update(uncalled=[1]), "report.uncalled"),
    "text for a count": (lambda d: d.update(uncovered={"aten.foo": "two"}), "report.uncovered"),
    "an operator without calls": (lambda d: d["operators"]["aten.convolution"].pop("calls"), "has no key 'calls'"),
    "a measurement": (lambda d: d.update(measured=1), "report.measured"),
    "infinity for a number": (lambda d: d["totals"].update(macs=float("inf")), "report.totals.macs must be a finite"),
    "no number for a size": (lambda d: d["layers"][1].update(jump=[float("nan")]), r"layers\[1\].jump\[0\] must be"),
    "a number that is too long": (lambda d: d["totals"].update(params=10**40), "report.totals.params must be a finite"),
    "a long number for a text": (lambda d: d["network"].update(spec=10**40), "report.network.spec must be a finite"),
    "half a character": (lambda d: d["layers"][0].update(name="\ud800"), r"layers\[0\].name has half of a"),
    "half a character in a key": (lambda d: d["modules"].update({"\udfff": "Net"}), "report.modules has half of a"),
    "less than nothing": (lambda d: d["layers"][1].update(macs=-3), r"layers\[1\].macs must be at least 0, not -3"),
    "lists where sizes belong": (
        lambda d: d["layers"][0].update(outputs=[json.loads("[" * 500 + "]" * 500)]),
        r"report.layers\[0\].outputs\[0\]\[0\] must be of type int, not \[\[.*\.\.\.",
    ),
    "another schema": (lambda d: d.update(schema="archcost.report/2"), "not a report: it must be of schema"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_report_is_refused_with_the_place(name, data):
    change, message = BROKEN[name]
    broken = json.loads(data)
    change(broken)
    with pytest.raises(ReportError, match=message):
        archcost.Report.from_json(json.dumps(broken))


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "1", "null", '{"schema": 1}', "[" * 100_000])
def test_what_is_no_report_is_refused(text):
    with pytest.raises(ReportError, match="not a report"):
        archcost.Report.from_json(text)


def test_a_number_of_any_length_is_refused_at_once_where_it_stands(data):
    for number in ("1e400", "-1e400", "9" * 41, "9" * 1_000_000, "NaN"):
        text = data.replace('"macs": ', f'"macs": {number}, "m": ', 1)
        with pytest.raises(ReportError, match=r"report.layers\[0\] has an unknown key 'm'"):
            archcost.Report.from_json(text)
        text = data.replace('"macs": 0', f'"macs": {number}', 1)
        assert text != data
        with pytest.raises(ReportError, match=r"report.layers\[0\].macs must be a finite number of at most 40 digits"):
            archcost.Report.from_json(text)


def test_every_truncation_is_refused(data):
    for length in range(0, len(data) - 2, 7):
        with pytest.raises(ReportError, match=r"not a report: .*line \d+ column \d+"):
            archcost.Report.from_json(data[:length])


def test_what_nests_too_deep_is_refused_with_its_place(data):
    text = data.replace('"outputs": ', '"outputs": ' + "[" * 200_000, 1)
    place = text.index("[" * 200_000) - text.rindex("\n", 0, text.index("[" * 200_000))
    with pytest.raises(ReportError, match=rf"it nests deeper than any at line \d+ column {place + 16 - 3}"):
        archcost.Report.from_json(text)
    with pytest.raises(ReportError, match="nests deeper"):
        archcost.Report.from_json('{"a}]": ' * 100_000)


def test_a_file_is_read_and_its_name_is_said(data, tmp_path):
    file = tmp_path / "cost.json"
    file.write_text(data)
    assert archcost.Report.from_file(file).to_json() == data
    file.write_bytes(b"\xff\xfe")
    for path, problem in ((file, "not UTF-8"), (tmp_path / "none.json", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ReportError, match=f"{path}: .*{problem}"):
            archcost.Report.from_file(path)
    file.write_text("{}")
    with pytest.raises(ReportError, match=f"{file}: not a report: it must be of schema"):
        archcost.Report.from_file(file)
