"""Datasheet figures have a source, and there are no default figures."""

import pytest

from archcost.clock.datasheet import _table, device_named, peaks_of
from archcost.errors import NoDeviceError
from archcost.records import DTYPES, NamedDevice


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


def test_a_cpu_has_a_name_and_no_figures():
    """For the two CPUs of timm's measurements, no public page states the memory bandwidth."""
    with pytest.raises(NoDeviceError, match=r"no figures of Intel.* i9-10940X .*leave --datasheet out to measure"):
        peaks_of("i9-10940x")


@pytest.mark.parametrize("name", [name for name in _table() if device_named(name).memory_bytes])
def test_every_gpu_has_a_source_and_figures_that_can_be(name):
    peaks = peaks_of(name)

    assert any(word in peaks.source for word in ("datasheet", "whitepaper"))
    assert list(peaks.flops_per_second) == [dtype for dtype in DTYPES if dtype in peaks.flops_per_second]
    falling = [peaks.flops_per_second.get(dtype) for dtype in ("float16", "tf32", "float32", "float64")]
    said = [figure for figure in falling if figure is not None]
    assert said == sorted(said, reverse=True)
    assert 5e10 < peaks.bytes_per_second < 1e13


def test_a_device_has_a_name_that_torch_gives_it_and_those_that_people_type():
    for typed in ("h200", "H200", "NVIDIA H200", "nvidia h200", "nvidia-h200"):
        assert device_named(typed) == NamedDevice(
            name="NVIDIA H200", source=peaks_of("h200").source, memory_bytes=141 * 10**9, capability=(9, 0)
        )
    for typed in ("4090", "rtx 4090", "RTX-4090", "GeForce RTX 4090", "nvidia_rtx_4090"):
        assert device_named(typed).name == "NVIDIA GeForce RTX 4090"
    assert (device_named("A100 80GB").memory_bytes, device_named("V100").memory_bytes) == (80 * 10**9, 16 * 10**9)
    assert device_named("4090").memory_bytes == 24 * 10**9
    assert device_named("i7-12700h").memory_bytes is None  # its memory is the machine's
    with pytest.raises(NoDeviceError, match="did you mean h200"):
        device_named("h2000")
