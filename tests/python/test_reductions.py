"""Reductions and cumulative operations against NumPy's."""

import chunkwise.array as da
import numpy as np
import pytest
from cases import (
    CHUNKINGS,
    DTYPES,
    assert_all_same,
    assert_same,
    assert_same_error,
    layouts,
    outcome,
    quiet,
    values,
)

TOTALS = ["sum", "prod", "nansum", "nanprod"]
MEANS = ["mean", "nanmean"]
SPREADS = ["var", "std", "nanvar", "nanstd"]
EXTREMA = ["min", "max", "nanmin", "nanmax", "amin", "amax"]
INDICES = ["argmin", "argmax", "nanargmin", "nanargmax"]
OTHERS = ["any", "all", "count_nonzero", "ptp"]
ALL = TOTALS + MEANS + SPREADS + EXTREMA + INDICES + OTHERS
SCANS = ["cumsum", "cumprod", "nancumsum", "nancumprod"]


def near(dtype):
    """How near: NumPy adds up its rounding errors, ours carries them along."""
    dtype = np.dtype(dtype)
    single = dtype in (np.float32, np.complex64)
    return {"rtol": 1e-5 if single else 1e-12, "atol": 1e-5 if single else 1e-12}


def sample(name, dtype, shape=(5, 6)):
    x = values(dtype, shape, specials=name.startswith("nan") and np.dtype(dtype).kind != "c")
    if name.startswith("nan") and x.dtype.kind in "fc" and x.size:
        if x.dtype.kind == "f":
            x[np.isinf(x)] = 2.5
        x.flat[0] = np.nan
    if name.endswith("prod") and x.dtype.kind in "fc":
        x = x / 2
    return x


@pytest.mark.parametrize("name", ALL)
def test_dtypes_axes_keepdims(name):
    found = []
    for dtype in DTYPES:
        x = sample(name, dtype)
        a = da.asarray(x, chunks=(3, 4))
        for axis in (None, 0, 1, -1, (0, 1), (1,), ()):
            for keepdims in (False, True):
                options = {"axis": axis, "keepdims": keepdims}
                note = f"{dtype} {options}"
                want, expected = outcome(getattr(np, name), x, **options)
                got, raised = outcome(getattr(da, name), a, **options)
                if axis == () and name.startswith("nan"):
                    # NumPy's own answers differ from function to function.
                    continue
                if expected is not None:
                    assert_same_error(raised, expected, note=note)
                    continue
                assert raised is None, f"{note}: {raised!r}"
                found.append((got, want, {**near(dtype), "note": note}))
    assert_all_same(found)


@pytest.mark.parametrize("name", [n for n in ALL if n not in ("amin", "amax")])
def test_chunkings_and_layouts(name):
    found = []
    for dtype in ("int16", "float64"):
        for layout, x in layouts(sample(name, dtype)):
            for chunks in CHUNKINGS if layout == "c" else ("auto", 2):
                for axis in (None, 0, 1):
                    note = f"{dtype} {layout} {chunks} {axis}"
                    want, expected = outcome(getattr(np, name), x, axis=axis)
                    got, raised = outcome(getattr(da, name), da.asarray(x, chunks=chunks), axis)
                    if isinstance(expected, ValueError) and raised is None:
                        # All NaN along an axis is known when it is computed.
                        _, raised = outcome(got.compute)
                    if expected is not None:
                        assert_same_error(raised, expected, note=note)
                        continue
                    assert raised is None, f"{note}: {raised!r}"
                    found.append((got, want, {**near(dtype), "note": note}))
    assert_all_same(found)


@pytest.mark.parametrize("name", ALL)
def test_without_elements_and_without_axes(name):
    for dtype in ("bool", "int32", "float32", "complex64"):
        if dtype == "bool" and name == "ptp":
            # Not defined, with or without elements.
            continue
        for shape, axis in (((0,), None), ((0, 3), 0), ((0, 3), 1), ((), None), ((), 0), ((), -1)):
            x = np.ones(shape, dtype)
            note = f"{dtype} {shape} {axis}"
            if shape == () and name.removeprefix("nan") in ("mean", "var", "std"):
                # NumPy lets an array without axes have the axis 0 in the other functions only.
                axis = None
            want, expected = outcome(getattr(np, name), x, axis=axis)
            got, raised = outcome(getattr(da, name), da.asarray(x), axis=axis)
            if expected is not None:
                assert_same_error(raised, expected, note=note)
            else:
                assert raised is None, f"{note}: {raised!r}"
                assert_same(got, want, note=note)


@pytest.mark.parametrize("name", ["min", "max", "argmin", "argmax", "sum", "mean", "var", "ptp"])
def test_nan_and_infinities(name):
    for special in (np.nan, np.inf, -np.inf):
        x = values("float64", (20,), specials=False)
        x[7] = special
        with quiet():
            want = getattr(np, name)(x)
        assert_same(getattr(da, name)(da.asarray(x, chunks=3)), want, rtol=1e-12)


@pytest.mark.parametrize("name", ["nanargmin", "nanargmax"])
def test_an_index_of_nothing_but_nan(name):
    got = getattr(da, name)(da.asarray([[1.0, np.nan], [2.0, np.nan]], chunks=1), axis=0)
    with pytest.raises(ValueError, match="NaN"):
        got.compute()


def test_first_of_equal_elements_wins():
    x = np.array([3, 1, 3, 1, 3] * 7)
    for chunks in (1, 2, 5, "auto"):
        assert_same(da.argmax(da.asarray(x, chunks=chunks)), np.argmax(x))
        assert_same(da.argmin(da.asarray(x, chunks=chunks)), np.argmin(x))


# dtype, ddof, initial, where, out.


@pytest.mark.parametrize("name", [*TOTALS, *MEANS])
@pytest.mark.parametrize("dtype", ["int8", "int64", "float32", "float64", "complex128"])
def test_dtype(name, dtype):
    for own in ("bool", "int16", "uint8", "float32"):
        x = values(own, specials=False)
        if name.endswith("prod"):
            x = x[:2, :3]
        if np.dtype(dtype).kind in "iu" and (name in MEANS or own == "float32"):
            continue
        got = getattr(da, name)(da.asarray(x, chunks=4), axis=0, dtype=dtype)
        want = getattr(np, name)(x, axis=0, dtype=dtype)
        assert_same(got, want, note=own, **near("float32"))


@pytest.mark.parametrize("name", SPREADS)
def test_ddof_and_correction(name):
    x = values("float64", specials=False)
    a = da.asarray(x, chunks=(2, 4))
    for ddof in (0, 1, 1.5, 5, 9):
        with quiet():
            want = getattr(np, name)(x, axis=0, ddof=ddof)
        assert_same(getattr(da, name)(a, axis=0, ddof=ddof), want, rtol=1e-12)
        assert_same(getattr(da, name)(a, axis=0, correction=ddof), want, rtol=1e-12)
    with pytest.raises(ValueError, match="ddof"):
        getattr(da, name)(a, ddof=1, correction=1)
    assert_same(getattr(da, name)(a, dtype="float32"), getattr(np, name)(x, dtype="float32"))


@pytest.mark.parametrize("name", ["sum", "prod", "min", "max", "nansum", "nanprod", "nanmin"])
def test_initial_and_where(name):
    for dtype in ("bool", "int8", "float32", "complex128"):
        x = sample(name, dtype, (3, 4))
        mask = values("bool", (3, 4))
        a = da.asarray(x, chunks=2)
        for initial in (1, True) if dtype == "bool" else (3, np.float32(2)):
            for where in (True, mask, mask[0], False):
                for axis in (None, 0, (0, 1)):
                    options = {"axis": axis, "initial": initial, "where": where}
                    want, expected = outcome(getattr(np, name), x, **options)
                    note = f"{dtype} {options}"
                    assert expected is None, f"{note}: {expected}"
                    got = getattr(da, name)(a, **options)
                    assert_same(got, want, note=note, **near(dtype))
    empty = np.ones((0, 3))
    got = getattr(da, name)(da.asarray(empty), axis=0, initial=2.0)
    assert_same(got, getattr(np, name)(empty, axis=0, initial=2.0))


@pytest.mark.parametrize("name", [*MEANS, *SPREADS, "any", "all"])
def test_where(name):
    mask = values("bool", (5, 6))
    mask[:, 3] = False
    for dtype in ("int8", "float32", "complex128"):
        x = sample(name, dtype)
        for where in (mask, da.asarray(mask, chunks=2), mask[0]):
            for axis, keepdims in ((None, False), (0, True), (1, False)):
                plain = np.asarray(where)
                with quiet():
                    want = getattr(np, name)(x, axis=axis, keepdims=keepdims, where=plain)
                got = getattr(da, name)(
                    da.asarray(x, chunks=3), axis=axis, keepdims=keepdims, where=where
                )
                assert_same(got, want, note=f"{dtype} {axis}", **near(dtype))


@pytest.mark.parametrize("name", ["sum", "mean", "std", "max", "argmax", "all", "nansum", "cumsum"])
def test_out(name):
    x = values("float64", specials=False)
    want = getattr(np, name)(x, axis=1)
    out = da.asarray(np.zeros(want.shape, want.dtype))
    assert getattr(da, name)(da.asarray(x), axis=1, out=out) is out
    assert_same(out, want, rtol=1e-12)
    memory = np.zeros(want.shape, want.dtype)
    assert getattr(da, name)(da.asarray(x), axis=1, out=memory) is memory
    np.testing.assert_allclose(memory, want)
    with pytest.raises(ValueError):
        getattr(da, name)(da.asarray(x), axis=1, out=da.asarray(np.zeros((1, *want.shape))))


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: m.sum(x, axis=2),
        lambda m, x: m.sum(x, axis=(0, 0)),
        lambda m, x: m.sum(x, axis=(0, -2)),
        lambda m, x: m.sum(x, axis=1.0),
        lambda m, x: m.sum(x, axis="rows"),
        lambda m, x: m.sum(x, dtype="nothing"),
        lambda m, x: m.sum(x, where=np.ones((2, 3, 4), bool)),
        lambda m, x: m.sum(x, where=np.ones((3, 4))),
        lambda m, x: m.max(x, where=x > 0),
        lambda m, x: m.max(x[:0]),
        lambda m, x: m.argmax(x, axis=(0, 1)),
        lambda m, x: m.argmin(x[:, :0], axis=1),
        lambda m, x: m.argmin(x, axis=5),
        lambda m, x: m.ptp(x > 0),
        lambda m, x: m.max(x.astype("int8"), initial=300),
        lambda m, x: m.cumsum(x, axis=2),
        lambda m, x: m.cumsum(x, axis=(0, 1)),
        lambda m, x: m.cumulative_sum(x),
        lambda m, x: m.trace(x[0]),
        lambda m, x: m.trace(x, axis1=0, axis2=0),
    ],
)
def test_errors_are_those_of_numpy(call):
    x = values("float64", (3, 4), specials=False)
    _, expected = outcome(call, np, x)
    _, raised = outcome(call, da, x)
    assert expected is not None
    assert_same_error(raised, expected)


def test_methods_are_the_functions():
    x = values("float64", specials=False)
    a = da.asarray(x, chunks=2)
    for name in ("sum", "prod", "mean", "var", "std", "min", "max", "any", "all"):
        got = getattr(a, name)(axis=0, keepdims=True)
        assert_same(got, getattr(x, name)(axis=0, keepdims=True), rtol=1e-12)
        assert_same(getattr(a, name)(), getattr(x, name)(), rtol=1e-12)
    for name in ("argmin", "argmax", "cumsum", "cumprod"):
        assert_same(getattr(a, name)(axis=1), getattr(x, name)(axis=1), rtol=1e-12)
    assert_same(a.trace(1), x.trace(1))
    assert_same(a.sum(axis=0, split_every=2), x.sum(axis=0))
    assert_same(a.var(ddof=1), x.var(ddof=1), rtol=1e-12)


# Cumulative operations.


@pytest.mark.parametrize("name", SCANS)
def test_cumulative(name):
    found = []
    for dtype in DTYPES:
        x = sample(name, dtype)
        for chunks in CHUNKINGS:
            for axis in (None, 0, 1, -2):
                with quiet():
                    want = getattr(np, name)(x, axis=axis)
                got = getattr(da, name)(da.asarray(x, chunks=chunks), axis=axis)
                found.append((got, want, {**near(dtype), "note": f"{dtype} {chunks} {axis}"}))
    assert_all_same(found)
    for shape, axis in (((0,), None), ((0, 3), 0), ((0, 3), 1), ((), None), ((), 0)):
        x = np.ones(shape)
        assert_same(getattr(da, name)(da.asarray(x), axis), getattr(np, name)(x, axis))
    x = values("int16", specials=False)
    for dtype in ("int8", "float32", "complex128"):
        want = getattr(np, name)(x[:, :3], axis=1, dtype=dtype)
        assert_same(getattr(da, name)(x[:, :3], axis=1, dtype=dtype), want, **near("float32"))


@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
def test_cumulative_of_the_standard(name):
    for dtype in ("bool", "int8", "float32", "complex128"):
        x = values(dtype, (3, 4), specials=False)
        for axis in (0, 1, -1):
            for include_initial in (False, True):
                options = {"axis": axis, "include_initial": include_initial}
                want = getattr(np, name)(x, **options)
                got = getattr(da, name)(da.asarray(x, chunks=2), **options)
                assert_same(got, want, note=f"{dtype} {options}", **near("float32"))
    x = np.arange(4.0)
    assert_same(getattr(da, name)(x), getattr(np, name)(x))
    got = getattr(da, name)(x, include_initial=True, dtype="float32")
    assert_same(got, getattr(np, name)(x, include_initial=True, dtype="float32"))


@pytest.mark.parametrize("k", [1, 3, 30, -2])
def test_topk(k):
    for dtype in ("int8", "uint64", "float32"):
        x = values(dtype, specials=False)
        for axis in (0, 1, -1):
            order = np.argsort(x, axis=axis, kind="stable")
            descending = np.flip(order, axis) if k > 0 else order
            index = np.take(descending, range(min(abs(k), x.shape[axis])), axis=axis)
            a = da.asarray(x, chunks=(2, 3))
            assert_same(da.topk(a, k, axis), np.take_along_axis(x, index, axis))
            chosen = np.take_along_axis(x, da.argtopk(a, k, axis).compute(), axis)
            np.testing.assert_array_equal(chosen, np.take_along_axis(x, index, axis))
    assert_same(da.asarray([1, 3, 2]).topk(2), np.array([3, 2]))
    assert_same(da.asarray([1, 3, 2]).argtopk(-1), np.array([0]))


def test_trace():
    for shape in ((3, 5), (5, 3, 4)):
        x = values("int16", shape, specials=False)
        a = da.asarray(x, chunks=2)
        for offset in (0, 1, -2, 9):
            assert_same(da.trace(a, offset), np.trace(x, offset))
        assert_same(da.trace(a, 0, 1, 0, "float32"), np.trace(x, 0, 1, 0, "float32"))
