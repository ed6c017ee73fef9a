"""Datasheet figures have a source, and no device has a default."""

import pytest

from archcost.clock.datasheet import _table, peaks_of
from archcost.errors import NoDeviceError
from archcost.records import DTYPES


def test_an_unknown_device_is_an_error():
    with pytest.raises(NoDeviceError, match="has no 'NVIDIA H2000'; did you mean NVIDIA H200"):
        peaks_of("NVIDIA H2000")
    with pytest.raises(NoDeviceError, match="it has NVIDIA H200, "):
        peaks_of("AMD EPYC")


def test_figures_are_those_of_the_datasheet():
    """A100: 312 TFLOP/s in half precision without sparsity, 2,039 GB/s; V100 has neither bfloat16 nor TF32."""
    a100 = peaks_of("NVIDIA A100-SXM4-80GB")
    assert (a100.flops_per_second["bfloat16"], a100.bytes_per_second) == (312e12, 2.039e12)
    assert set(peaks_of("Tesla V100-SXM2-16GB").flops_per_second) == {"float32", "float16", "float64"}


@pytest.mark.parametrize("name", _table())
def test_every_entry_has_a_source_and_figures_that_can_be(name):
    peaks = peaks_of(name)

    assert "datasheet" in peaks.source
    assert list(peaks.flops_per_second) == [dtype for dtype in DTYPES if dtype in peaks.flops_per_second]
    assert peaks.flops_per_second["float16"] >= peaks.flops_per_second.get("tf32", 0)
    assert peaks.flops_per_second["float16"] > peaks.flops_per_second["float32"] >= peaks.flops_per_second["float64"]
    assert 1e11 < peaks.bytes_per_second < peaks.flops_per_second["float64"]
