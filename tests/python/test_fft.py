"""Fourier transforms against NumPy's."""

import chunkwise.array as da
import numpy as np
import pytest
from chunkwise.array import fft
from hypothesis import given, settings
from hypothesis import strategies as st

LINES = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]
PLANES = ["fftn", "ifftn", "rfftn", "irfftn", "fft2", "ifft2", "rfft2", "irfft2"]
REAL = ("rfft", "ihfft", "rfftn", "rfft2")
DTYPES = ["bool", "int8", "uint16", "int64", "float32", "float64", "complex64", "complex128"]


def noise(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape) * 10
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.standard_normal(shape)
    return np.abs(x).astype(dtype) if np.dtype(dtype).kind in "ub" else x.astype(dtype)


def close(got, want):
    computed = got.compute()
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    tolerance = 1e-4 if want.dtype in (np.float32, np.complex64) else 1e-10
    np.testing.assert_allclose(computed, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("norm", [None, "backward", "ortho", "forward"])
def test_along_an_axis(name, dtype, norm):
    x = noise((4, 5, 6), dtype)
    if name in REAL and np.dtype(dtype).kind == "c":
        with pytest.raises(TypeError):
            getattr(fft, name)(da.asarray(x))
        return
    for axis in (-1, 0, 1):
        for n in (None, 1, 3, 8):
            for chunks in (2, -1):
                got = getattr(fft, name)(da.asarray(x, chunks=chunks), n=n, axis=axis, norm=norm)
                close(got, getattr(np.fft, name)(x, n=n, axis=axis, norm=norm))


@pytest.mark.parametrize("name", PLANES)
@pytest.mark.parametrize("dtype", ["float32", "int16", "complex128"])
def test_over_several_axes(name, dtype):
    x = noise((4, 5, 6), dtype)
    if name in REAL and np.dtype(dtype).kind == "c":
        return
    cases = [{}, {"norm": "ortho"}, {"s": (3, 8)}, {"s": (7, 4), "axes": (2, 0)}]
    cases += [{"axes": (1, 0)}, {"s": (-1, 3), "axes": (1, 2)}]
    if name.endswith("n"):
        cases += [{"axes": (1,)}, {"axes": (0, 1, 2), "norm": "forward"}]
    for case in cases:
        theirs = dict(case)
        if "s" in theirs and "axes" not in theirs:
            theirs["axes"] = (-2, -1)
        got = getattr(fft, name)(da.asarray(x, chunks=3), **case)
        close(got, getattr(np.fft, name)(x, **theirs))


@settings(max_examples=60, deadline=None)
@given(
    shape=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    n=st.none() | st.integers(1, 40),
    chunks=st.integers(1, 5),
    data=st.data(),
)
def test_any_shape(shape, n, chunks, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    name = data.draw(st.sampled_from(LINES))
    if name in ("irfft", "hfft") and n is None and shape[axis] == 1:
        n = 4
    x = noise(shape, "float64" if name in REAL else "complex128")
    got = getattr(fft, name)(da.asarray(x, chunks=chunks), n, axis)
    close(got, getattr(np.fft, name)(x, n, axis))


def test_frequencies_and_shifts():
    for n in range(1, 9):
        for d in (1.0, 0.3, 2):
            np.testing.assert_array_equal(fft.fftfreq(n, d).compute(), np.fft.fftfreq(n, d))
            np.testing.assert_array_equal(fft.rfftfreq(n, d).compute(), np.fft.rfftfreq(n, d))
    assert fft.fftfreq(5, dtype=da.float32, device="cpu").dtype == np.float32
    x = np.arange(60).reshape(3, 4, 5)
    for axes in (None, 1, (0, 2), (-1,)):
        for name in ("fftshift", "ifftshift"):
            got = getattr(fft, name)(da.asarray(x, chunks=2), axes)
            np.testing.assert_array_equal(got.compute(), getattr(np.fft, name)(x, axes))


def test_wrong_arguments():
    x = da.asarray(np.ones(4))
    for wrong in (0, -2):
        with pytest.raises(ValueError, match="Invalid number of FFT data points"):
            fft.fft(x, wrong)
    with pytest.raises(ValueError, match="Invalid norm value"):
        fft.fft(x, norm="none")
    with pytest.raises(IndexError):
        fft.fft(x, axis=1)
    with pytest.raises(ValueError, match="different lengths"):
        fft.fftn(x, s=(2, 3), axes=(0,))
    with pytest.raises(ValueError, match="Invalid number of FFT data points"):
        fft.fft(da.asarray(np.ones(0)))
    with pytest.raises(ZeroDivisionError):
        fft.fftfreq(0)
    with pytest.raises(ValueError, match="should be an integer"):
        fft.fftfreq(2.5)
    assert fft.fft(da.asarray(np.ones((0, 3)))).compute().shape == (0, 3)


@pytest.mark.parametrize("n", [2**40, 2**55, 2**57, 2**58, 2**59, 2**60, 2**62, 2**63 - 1])
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_lengths_that_nothing_can_have(name, n):
    several = {"fft": "fftn", "ifft": "ifftn", "rfft": "rfftn", "irfft": "irfftn"}
    calls = [lambda: getattr(fft, name)(da.ones(4), n), lambda: getattr(fft, name)(da.ones(4), n=n)]
    calls.append(lambda: getattr(fft, name)(da.ones((3, 4), chunks=2), n=n, axis=0))
    if name in several:
        over = getattr(fft, several[name])
        calls.append(lambda: over(da.ones((2, 3)), s=(n, n)))
        calls.append(lambda: over(da.ones((2, 3)), s=(3, n)))
        calls.append(lambda: over(da.ones((2, 3)), s=(n, 3)))
        calls.append(lambda: over(da.ones((2, 1 << 30)), s=(1 << 29, 3)))
    for call in calls:
        # Refused when it is written, or before it is run.
        with pytest.raises((ValueError, MemoryError)):
            call().compute()


def test_lengths_beyond_any_array_are_refused_when_written():
    for call in (
        lambda: fft.ihfft(da.ones(4), n=2**62),
        lambda: fft.irfft(da.ones(4), n=2**62),
        lambda: fft.hfft(da.ones(4), n=2**62),
        lambda: fft.fftn(da.ones((2, 3)), s=(2**62, 2**62)),
        lambda: fft.rfftn(da.ones((2, 3)), s=(2**40, 2**40)),
    ):
        with pytest.raises(ValueError, match="more elements than"):
            call()


def test_chunks_and_wrapped_functions():
    x = da.asarray(noise((20, 30), "float64"), chunks=(7, 9))
    assert fft.rfft(x).chunks == ((7, 7, 6), (16,))
    close(fft.fft_wrap(np.fft.rfft)(x), np.fft.rfft(x.compute()))
    with pytest.raises(ValueError, match="unknown"):
        fft.fft_wrap(np.sin)
