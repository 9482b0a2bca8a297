"""Arrays made larger at their edges, against NumPy."""

import chunkwise.array as da
import numpy as np
import pytest
from cases import assert_same, quiet
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

MODES = [
    ("constant", {}),
    ("constant", {"constant_values": 5}),
    ("constant", {"constant_values": (3, -4)}),
    ("edge", {}),
    ("linear_ramp", {}),
    ("linear_ramp", {"end_values": (7, 3)}),
    ("maximum", {}),
    ("maximum", {"stat_length": 2}),
    ("minimum", {"stat_length": (1, 3)}),
    ("mean", {}),
    ("mean", {"stat_length": 2}),
    ("reflect", {}),
    ("reflect", {"reflect_type": "odd"}),
    ("symmetric", {}),
    ("symmetric", {"reflect_type": "odd"}),
    ("wrap", {}),
]
if hasattr(da, "median"):
    MODES += [("median", {}), ("median", {"stat_length": 3})]


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float64", "complex64"])
@pytest.mark.parametrize("mode, options", MODES)
def test_modes(mode, options, dtype):
    if dtype == "complex64" and mode in ("maximum", "minimum", "median"):
        pytest.skip("complex numbers have no order that the statistics agree on")
    for shape in [(5,), (1,), (3, 4)]:
        x = (np.arange(int(np.prod(shape))) ** 2 % 17 + 1).astype(dtype).reshape(shape)
        for width in (0, 1, (3, 1), 12)[: 4 if len(shape) == 1 else 3]:
            with quiet():
                want = np.pad(x, width, mode, **options)
                ours = da.pad(da.asarray(x, chunks=2), width, mode, **options)
            assert_same(ours, want, atol=1e-12, note=f"{shape} {width}")


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_widths(data):
    shape = data.draw(hnp.array_shapes(max_dims=3, max_side=4))
    x = np.arange(int(np.prod(shape))).reshape(shape) ** 2
    widths = [(data.draw(st.integers(0, 9)), data.draw(st.integers(0, 9))) for _ in shape]
    mode, options = data.draw(st.sampled_from(MODES))
    chunks = data.draw(st.integers(1, 4))
    ours = da.pad(da.asarray(x, chunks=chunks), widths, mode, **options)
    assert_same(ours, np.pad(x, widths, mode, **options), atol=1e-12, note=mode)


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap"])
@pytest.mark.parametrize("length", [1, 2, 3, 700])
def test_many_periods(mode, length):
    x = np.arange(length) ** 2 % 1013
    d = da.asarray(x, chunks=max(1, length // 2))
    for width in ((9, 40_001), (12_345, 0), (2_000_000, 6)):
        want = np.pad(x, width, mode)
        assert_same(da.pad(d, width, mode), want)
        # Any part of it, and in other chunks.
        assert_same(da.pad(d, width, mode)[5:-2:17], want[5:-2:17])
    rows = np.stack([x, x + 1, x[::-1]])
    for widths in (((0, 0), (2000, 3001)), ((4000, 4), (0, 1)), ((50, 7), (999, 0))):
        lazy = da.pad(da.asarray(rows, chunks=2), widths, mode)
        assert_same(lazy[:, 7:], np.pad(rows, widths, mode)[:, 7:])


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric", "wrap"])
def test_widths_of_any_size(mode):
    x = np.array([1, 2, 3])
    y = da.pad(x, (2**40, 2**40), mode)
    assert y.shape == (2**41 + 3,)
    near = slice(2**40 - 10, 2**40 + 13)
    assert_same(y[near], np.pad(x, 10, mode))
    assert_same(y[2**40 + 3 * 2**30 : 2**40 + 3 * 2**30 + 5], np.pad(x, 1200, mode)[1800:1805])
    for width in (2**59, 2**62, 2**63 - 1, da.asarray([2**63], dtype="uint64"), 2**64 - 1):
        with pytest.raises((ValueError, MemoryError)):
            da.pad([1, 2, 3], width, mode)


@pytest.mark.parametrize("mode", ["reflect", "symmetric"])
@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float32", "complex128"])
def test_many_periods_with_the_slope(mode, dtype):
    for length in (2, 3, 5):
        x = (np.arange(length) ** 2 % 13).astype(dtype)
        for width in (length, 9, (0, 31), (57, 4), 5000):
            with quiet():
                want = np.pad(x, width, mode, reflect_type="odd")
                ours = da.pad(da.asarray(x, chunks=2), width, mode, reflect_type="odd")
            assert_same(ours, want, rtol=1e-5 if dtype == "float32" else 1e-12, note=f"{width}")
    x = np.arange(15).reshape(3, 5) ** 2 % 17
    want = np.pad(x, 40, mode, reflect_type="odd")
    assert_same(da.pad(da.asarray(x, chunks=2), 40, mode, reflect_type="odd"), want)
    y = da.pad([1, 2, 4], (2**40, 2**40), mode, reflect_type="odd")
    assert y.shape == (2**41 + 3,)
    part = y[2**40 - 20 : 2**40 + 23]
    assert_same(part, np.pad([1, 2, 4], 20, mode, reflect_type="odd"))
    with pytest.raises((ValueError, MemoryError)):
        da.pad([1, 2, 4], 2**62, mode, reflect_type="odd")


def test_forms_of_widths_and_values():
    x = np.arange(6).reshape(2, 3)
    for width in (
        1,
        (1, 2),
        [(1, 2)],
        [(1, 2), (0, 3)],
        ((1,), (2,)),
        np.array([1, 2]),
        np.int8(2),
    ):
        assert_same(da.pad(x, width), np.pad(x, width))
    values = ((1, 2), (3, 4))
    assert_same(
        da.pad(x, 1, "constant", constant_values=values),
        np.pad(x, 1, "constant", constant_values=values),
    )
    assert_same(da.pad(x, 1, constant_values=2.7), np.pad(x, 1, constant_values=2.7))
    assert_same(da.pad(x, {1: (1, 2)}), np.pad(x, ((0, 0), (1, 2))))
    assert da.pad(x, 2, "empty").shape == (6, 7)
    assert_same(da.pad(np.array(5), 1), np.pad(np.array(5), 1))


def test_empty_arrays():
    x = np.zeros((0, 3))
    assert_same(da.pad(x, 2), np.pad(x, 2))
    assert_same(da.pad(x, ((0, 0), (1, 1)), "edge"), np.pad(x, ((0, 0), (1, 1)), "edge"))
    for mode in ("edge", "mean", "reflect", "wrap", "linear_ramp"):
        for name in (np.pad, da.pad):
            with pytest.raises(ValueError):
                name(x, 1, mode)


@pytest.mark.parametrize(
    "arguments, options",
    [
        ((3, "mirror"), {}),
        ((-1,), {}),
        ((1.5,), {}),
        (([1, 2, 3],), {}),
        ((1, "edge"), {"constant_values": 1}),
        ((1, "maximum"), {"stat_length": 0}),
        ((1, "mean"), {"stat_length": -1}),
    ],
)
def test_refused(arguments, options):
    x = np.arange(4.0)
    with pytest.raises(Exception) as numpys:
        np.pad(x, *arguments, **options)
    with pytest.raises(numpys.type):
        da.pad(x, *arguments, **options)


def test_not_a_number():
    x = np.array([np.nan, 1.0, np.inf])
    for mode in ("edge", "reflect", "wrap", "maximum", "mean"):
        with quiet():
            assert_same(da.pad(x, 2, mode), np.pad(x, 2, mode))
