"""A reason is given exactly if the figures agree with it."""

from verify.calls import call, step

from archcost.verify.reasons import explain_fvcore, explain_torch


def test_normalisation_is_told_with_its_arithmetic():
    norm = call("batch_norm", step("aten.native_batch_norm", other_ops=48), inputs=((2, 3, 4),), outputs=((2, 3, 4),))
    assert explain_fvcore("batch_norm", [norm], 48, {}) == [
        (48, "fvcore counts normalisation, 2 for each of 24 input elements; archcost keeps it under other ops (48)")
    ]


def test_interpolation_goes_by_the_output():
    resized = call("upsample_nearest2d", step("aten.upsample_nearest2d"), inputs=((1, 4),), outputs=((1, 16),))
    assert explain_fvcore("upsample_nearest2d", [resized], 16, {}) == [
        (16, "fvcore counts interpolation, 1 for each of 16 output elements; archcost takes it for copying")
    ]


def test_an_operator_without_a_handle():
    calls = [call("mv", step("aten.mv", 8)), call("mv", step("aten.mv", 4))]
    assert explain_fvcore("mv", calls, 0, {"mv": 2}) == [
        (-12, "fvcore has no handle for aten::mv, called 2 times: it counts 0")
    ]


def test_a_users_operator_keeps_its_library():
    [(_, reason)] = explain_fvcore("mine::mul", [call("mine::mul", step("mine.mul", 8))], 0, {"mine::mul": 1})
    assert reason == "fvcore has no handle for mine::mul, called once: it counts 0"


def test_what_a_python_function_hides():
    parts = explain_fvcore("matmul", [call("matmul", step("aten.mm", 8))], 0, {"prim::PythonOp.Mine": 1})
    assert parts == [(-8, "fvcore does not look into prim::PythonOp.Mine: it counts 0")]


def test_a_trace_that_takes_another_path():
    assert explain_fvcore("linear", [call("linear", step(macs=8))], 0, {})[0][1].startswith("the trace that fvcore")
    assert explain_fvcore("linear", [], 8, {})[0][1].startswith("the run did not call it")


def test_broadcasting_and_complex_numbers_are_told_apart():
    broadcast = call("matmul", step("aten.bmm", 720), inputs=((6, 4), (5, 4, 6)))
    product = call("matmul", step("aten.mm", 4 * 27, complex=True), inputs=((3, 3), (3, 3)))
    (complex_macs, complex_reason), (batch_macs, batch_reason) = explain_fvcore(
        "matmul", [broadcast, product], 144 + 27, {}
    )
    assert (complex_macs, batch_macs) == (-81, 144 - 720)
    assert complex_reason.startswith("complex numbers: archcost counts one as four")
    assert batch_reason.endswith("as in 6x4 by 5x4x6")


def test_einsum_is_numpys_figure():
    [_, (macs, reason)] = explain_fvcore("einsum", [call("einsum", step("aten.bmm", 32768))], 32770, {})
    assert macs == 2
    assert "numpy.einsum_path" in reason


def test_a_figure_that_fits_no_property_is_left_open():
    product = call("linear", step(macs=10), inputs=((2, 5), (1, 5)))
    assert explain_fvcore("linear", [product], 11, {}) == [(1, None)]
    assert explain_torch("aten.addmm", [step(macs=10, torch=11)]) is None


def test_operators_without_a_rule_of_archcosts():
    unknown = step("mine.mul", covered=False, torch=8)
    assert explain_torch("mine.mul", [unknown]) == "archcost has no rule for mine.mul, called once: it counts 0"
    [(macs, reason)] = explain_fvcore("mine::mul", [call("mine::mul", unknown)], 8, {})
    assert (macs, reason) == (8, "archcost has no rule for mine::mul, called once: it counts 0")


def test_torchs_reasons():
    flash = step("aten._flash", 50, known=False, torch=0)
    assert (
        explain_torch("aten._flash", [flash, flash])
        == "torch has no formula for aten._flash, called 2 times: it counts 0"
    )
    assert explain_torch("aten.mm", [step("aten.mm", 40, complex=True, torch=10)]).endswith("torch as one")
