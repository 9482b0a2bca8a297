"""Interpolation, integrals and convolutions against NumPy's."""

import chunkwise.array as da
import numpy as np
import pytest
from cases import DTYPES, assert_same, assert_same_error, outcome, quiet, values
from chunkwise.array import _sampled

XP = np.array([-2.0, -1.0, 0.5, 0.5, 3.0, np.inf])
FP = np.array([1.0, np.inf, 4.0, -4.0, np.nan, 2.0])


@pytest.mark.parametrize("chunks", ["auto", 2])
@pytest.mark.parametrize("kind", ["plain", "specials", "complex", "one", "integers"])
def test_interp(kind, chunks):
    x = np.array([[-9, -2, -1.5, -1, 0.2], [0.5, 1, 3, 9, np.nan]])
    xp, fp = {
        "plain": (np.array([-2.0, -1, 0.5, 3]), np.array([1.0, 3, -2, 7])),
        "specials": (XP, FP),
        "complex": (np.array([-2.0, -1, 0.5, 3]), np.array([1.0, 3j, -2 + 1j, 7])),
        "one": (np.array([0.5]), np.array([4.0])),
        "integers": (np.array([-2, 0, 3]), np.array([1, 5, 9], np.int16)),
    }[kind]
    a, ap, af = (da.asarray(v, chunks=chunks) for v in (x, xp, fp))
    with quiet():
        for ends in ({}, {"left": -7}, {"right": 8.5}, {"left": np.nan, "right": 0}):
            assert_same(da.interp(a, ap, af, **ends), np.interp(x, xp, fp, **ends), rtol=1e-14)
        assert_same(da.interp(a[:0], ap, af), np.interp(x[:0], xp, fp))
        assert_same(da.interp(0.25, ap, af), np.interp(0.25, xp, fp))


def test_interp_periodic():
    x = np.linspace(-400, 800, 41)
    xp, fp = np.array([190.0, -190, 350, -350]), np.array([5.0, 10, 3, 4])
    want = np.interp(x, xp, fp, period=360)
    assert_same(da.interp(da.asarray(x, chunks=7), xp, fp, period=360), want)
    assert_same(da.interp(x, xp, fp, left=1, period=-360), want)


BAD_INTERP = [
    (1, [], []),
    (1, [1, 2], [1]),
    (1, [[1, 2]], [[1, 2]]),
    ([1j], [1, 2], [1, 2]),
    (1, [1, 2], [1, 2], None, None, 0),
    (1, 3, 4),
]


@pytest.mark.parametrize("arguments", BAD_INTERP)
def test_interp_mistakes(arguments):
    _, theirs = outcome(np.interp, *arguments)
    _, ours = outcome(da.interp, *arguments)
    assert_same_error(ours, theirs, note=str(arguments))


@pytest.mark.parametrize("dtype", DTYPES)
def test_trapezoid(dtype):
    y = values(dtype, specials=False)
    a = da.asarray(y, chunks=(3, 2))
    x = np.arange(6.0) ** 2
    with quiet():
        for axis in (0, 1, -1):
            assert_same(da.trapezoid(a, axis=axis), np.trapezoid(y, axis=axis), rtol=1e-5)
            assert_same(
                da.trapezoid(a, dx=0.5, axis=axis), np.trapezoid(y, dx=0.5, axis=axis), rtol=1e-5
            )
        assert_same(da.trapezoid(a, da.asarray(x)), np.trapezoid(y, x), rtol=1e-5)
        wide = np.sort(y.real.astype(float), 0)
        assert_same(da.trapezoid(a, wide, axis=0), np.trapezoid(y, wide, axis=0), rtol=1e-5)
        assert_same(da.trapezoid(a[:, :0]), np.trapezoid(y[:, :0]))
        assert_same(da.trapezoid(a[0, :1]), np.trapezoid(y[0, :1]))
    for bad in ((3,), ([1, 2, 3], [1, 2, 3, 4]), ([1, 2], None, 1.0, 5)):
        with pytest.raises((ValueError, IndexError)):
            da.trapezoid(*bad)


@pytest.fixture(params=[1024, 0], ids=["added", "reduced"])
def taps(request, monkeypatch):
    """Both ways to add the products."""
    monkeypatch.setattr(_sampled, "_TAPS", request.param)


@pytest.mark.usefixtures("taps")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_convolutions(dtype, mode):
    small = dtype in ("float32", "complex64")
    for n, m in [(7, 3), (7, 4), (3, 7), (4, 7), (5, 5), (6, 1), (1, 1), (1, 4)]:
        x, v = values(dtype, (n,), specials=False), values(dtype, (m,), specials=False)
        options = {"rtol": 1e-4 if small else 1e-12, "atol": 1e-4 if small else 1e-12}
        for chunks in ("auto", 2):
            a, w = da.asarray(x, chunks=chunks), da.asarray(v, chunks=chunks)
            note = f"{n} {m} {chunks}"
            with quiet():
                want = np.convolve(x, v, mode), np.correlate(x, v, mode)
            if dtype == "bool":
                options = {}
            assert_same(da.convolve(a, w, mode), want[0], note=note, **options)
            assert_same(da.correlate(a, w, mode), want[1], note=note, **options)


@pytest.mark.usefixtures("taps")
def test_convolutions_of_infinities():
    """What lies beyond the ends is not multiplied: infinity makes no NaN there."""
    x = np.array([1.0, 2, 3, np.inf, 5, 6, np.nan, 8])
    v = np.array([np.inf, 1.0, -1.0])
    for mode in ("full", "same", "valid"):
        with quiet():
            assert_same(da.convolve(x, v, mode), np.convolve(x, v, mode), note=mode)
            assert_same(da.correlate(v, x[:2], mode), np.correlate(v, x[:2], mode), note=mode)


def test_convolutions_of_different_dtypes():
    x, v = np.arange(7, dtype=np.int8), np.array([0.5, 2], np.float32)
    assert_same(da.convolve(x, v), np.convolve(x, v))
    assert_same(da.correlate(v, x), np.correlate(v, x))
    assert_same(da.convolve(3, [1, 2]), np.convolve(3, [1, 2]))


BAD = [([], [1]), ([1], []), ([[1]], [2]), ([1], [2], "most"), ([1], [2], 3), (["a"], [1])]


@pytest.mark.parametrize("name", ["convolve", "correlate"])
@pytest.mark.parametrize("arguments", BAD, ids=str)
def test_convolution_mistakes(name, arguments):
    _, theirs = outcome(getattr(np, name), *arguments)
    _, ours = outcome(getattr(da, name), *arguments)
    if not isinstance(arguments[0], list) or arguments[0] != ["a"]:
        assert_same_error(ours, theirs)
    else:
        assert isinstance(ours, TypeError)


def test_correlate_wants_axes():
    with pytest.raises(ValueError, match="one axis"):
        da.correlate(1, 2)


def test_a_long_kernel():
    rng = np.random.default_rng(5)
    x, v = rng.integers(-9, 9, 5000), rng.integers(-9, 9, 1100)
    a = da.asarray(x, chunks=700)
    assert_same(da.convolve(a, v, "same"), np.convolve(x, v, "same"))
    assert_same(da.convolve(a, v[:1000]), np.convolve(x, v[:1000]))
