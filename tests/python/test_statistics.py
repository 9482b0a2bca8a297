"""Differences, averages and covariances against NumPy's."""

import chunkwise.array as da
import numpy as np
import pytest
from cases import CHUNKINGS, assert_same, assert_same_error, outcome, quiet, values

NUMERIC = ["int8", "uint16", "int64", "float32", "float64", "complex64", "complex128"]


def near(dtype):
    single = np.dtype(dtype) in (np.float32, np.complex64)
    return {"rtol": 1e-5 if single else 1e-12, "atol": 1e-5 if single else 1e-12}


@pytest.mark.parametrize("chunks", CHUNKINGS, ids=str)
def test_diff(chunks):
    for dtype in ["bool", *NUMERIC]:
        x = values(dtype, specials=False)
        a = da.asarray(x, chunks=chunks)
        for n in (0, 1, 2, 7):
            for axis in (0, -1):
                got = da.diff(a, n, axis)
                assert_same(got, np.diff(x, n, axis), note=f"{dtype} {n} {axis}", **near(dtype))


def test_diff_prepend_and_append():
    x = values("int16", specials=False)
    row, column = x[:1], x[:, :2]
    for options in (
        {"prepend": 0},
        {"append": 7, "axis": 0},
        {"prepend": row, "append": row, "axis": 0},
        {"prepend": column, "append": 1, "n": 2},
        {"prepend": column.astype("float64")},
    ):
        want = np.diff(x, **options)
        assert_same(da.diff(da.asarray(x, chunks=2), **options), want)
        lazy = {k: da.asarray(v) if k in ("prepend", "append") else v for k, v in options.items()}
        assert_same(da.diff(da.asarray(x, chunks=2), **lazy), want)


def test_ediff1d():
    x = values("int16", specials=False)
    for options in ({}, {"to_end": 5}, {"to_begin": [1, 2], "to_end": [[3], [4]]}):
        assert_same(da.ediff1d(da.asarray(x, chunks=2), **options), np.ediff1d(x, **options))
    assert_same(da.ediff1d(np.ones(1)), np.ediff1d(np.ones(1)))


@pytest.mark.parametrize("edge_order", [1, 2])
def test_gradient(edge_order):
    uneven = np.array([0.0, 1.0, 2.5, 2.75, 6.0])
    for dtype in NUMERIC:
        x = values(dtype, specials=False)
        a = da.asarray(x, chunks=(2, 3))
        for steps in ((), (2,), (0.5, 3.0), (uneven, np.arange(6)), (1, uneven[:0])):
            options = {"edge_order": edge_order}
            want, expected = outcome(np.gradient, x, *steps, **options)
            got, raised = outcome(da.gradient, a, *steps, **options)
            if expected is not None:
                assert_same_error(raised, expected)
                continue
            assert raised is None, repr(raised)
            assert isinstance(got, tuple)
            for g, w in zip(got, want, strict=True):
                if w.dtype == np.float16:
                    assert_same(g, np.gradient(x.astype("float64"), *steps)[0])
                    continue
                assert_same(g, w, note=f"{dtype} {steps}", rtol=1e-4 if w.itemsize < 9 else 1e-12)
        one = da.gradient(a, uneven, axis=0, edge_order=edge_order)
        want = np.gradient(x, uneven, axis=0, edge_order=edge_order)
        assert_same(one, want, rtol=1e-4 if want.itemsize < 9 else 1e-12)


def test_gradient_of_short_axes():
    assert_same(da.gradient([1.0, 4.0]), np.gradient([1.0, 4.0]))
    x = [1.0, 4.0, 5.0]
    assert_same(da.gradient(x, edge_order=2), np.gradient(x, edge_order=2))


def test_average():
    for dtype in NUMERIC:
        x = values(dtype, specials=False)
        a = da.asarray(x, chunks=2)
        whole = np.arange(30).reshape(5, 6)
        for axis, weights in (
            (None, None),
            (0, None),
            (None, whole),
            (1, whole),
            (0, whole[:, 0]),
            (1, whole[0].astype("float32")),
            ((1, 0), whole.T),
        ):
            for keepdims in (False, True):
                options = {"axis": axis, "keepdims": keepdims}
                with quiet():
                    want, scale = np.average(x, weights=weights, returned=True, **options)
                lazy = None if weights is None else da.asarray(weights, chunks=3)
                for given in (weights, lazy):
                    got, sums = da.average(a, weights=given, returned=True, **options)
                    assert_same(got, want, note=f"{dtype} {axis}", **near("float32"))
                    assert_same(sums, scale, **near("float32"))
                assert_same(da.average(a, weights=weights, **options), want, **near("float32"))


def test_cov():
    x, y = values("float64", specials=False), values("float64", (3, 6), specials=False)
    z = x + 1j * x[::-1]
    a, b = da.asarray(x, chunks=2), da.asarray(y, chunks=4)
    for options in ({}, {"bias": True}, {"ddof": 0}, {"ddof": 3}, {"rowvar": False}):
        assert_same(da.cov(a, **options), np.cov(x, **options), rtol=1e-11, atol=1e-12)
        assert_same(da.cov(z, **options), np.cov(z, **options), rtol=1e-11, atol=1e-12)
    assert_same(da.cov(a, b), np.cov(x, y), rtol=1e-11, atol=1e-12)
    assert_same(
        da.cov(x.T, da.asarray(y.T, chunks=3), rowvar=False), np.cov(x, y), rtol=1e-11, atol=1e-12
    )
    assert_same(da.cov(x[0]), np.cov(x[0]), rtol=1e-12)
    assert_same(da.cov(x[0], y[0]), np.cov(x[0], y[0]), rtol=1e-11, atol=1e-13)
    small = x.astype("float32")
    assert_same(da.cov(small), np.cov(small), rtol=1e-10, atol=1e-12)
    assert_same(da.cov(small, dtype="float32"), np.cov(small, dtype="float32"), **near("float32"))
    times, weighs = np.array([1, 2, 0, 3, 1, 1]), np.linspace(0.5, 2, 6)
    for options in ({"fweights": times}, {"aweights": weighs, "fweights": times, "ddof": 1}):
        assert_same(da.cov(a, **options), np.cov(x, **options), rtol=1e-11, atol=1e-12)
    with quiet():
        one = np.cov(np.ones((2, 1)))
    assert_same(da.cov(np.ones((2, 1))), one)


def test_corrcoef():
    x, y = values("float64", specials=False), values("float64", (3, 6), specials=False)
    a = da.asarray(x, chunks=2)
    assert_same(da.corrcoef(a), np.corrcoef(x), rtol=1e-11)
    assert_same(da.corrcoef(a, y), np.corrcoef(x, y), rtol=1e-11)
    assert_same(da.corrcoef(a, rowvar=False), np.corrcoef(x, rowvar=False), rtol=1e-11)
    assert_same(da.corrcoef(x[0]), np.corrcoef(x[0]))
    z = x + 1j * x[::-1]
    assert_same(da.corrcoef(z), np.corrcoef(z), rtol=1e-11, atol=1e-14)


def test_moment():
    x = values("float64", specials=False)
    a = da.asarray(x, chunks=2)
    for order in range(5):
        for axis in (None, 0, (0, 1)):
            away = x - x.mean(axis=axis, keepdims=True)
            want = (away**order).mean(axis=axis)
            assert_same(da.moment(a, order, axis), want, rtol=1e-11, atol=1e-12)
            assert_same(a.moment(order, axis), want, rtol=1e-11, atol=1e-12)
    assert_same(da.moment(a, 2, 0, keepdims=True), x.var(axis=0, keepdims=True), rtol=1e-12)
    assert_same(da.moment(a, 2, 0, ddof=1), x.var(axis=0, ddof=1), rtol=1e-12)
    for order in (-1, 1.5):
        with pytest.raises(ValueError):
            da.moment(a, order)


def test_unwrap():
    phase = np.cumsum(values("float64", (4, 30), specials=False), axis=1)
    wrapped = np.angle(np.exp(1j * phase))
    for axis in (0, 1, -1):
        for options in ({}, {"discont": 4.0}, {"period": 3.0}):
            want = np.unwrap(wrapped, axis=axis, **options)
            got = da.unwrap(da.asarray(wrapped, chunks=7), axis=axis, **options)
            assert_same(got, want, rtol=1e-12, atol=1e-12)
    for period in (4, 5):
        x = np.array([0, 1, 2, -1, 0, 3, 1])
        assert_same(da.unwrap(x, period=period), np.unwrap(x, period=period))


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: m.diff(x, -1),
        lambda m, x: m.diff(x[0, 0]),
        lambda m, x: m.diff(x, axis=2),
        lambda m, x: m.diff(x, prepend=np.ones((2, 2))),
        lambda m, x: m.gradient(x, 1, 2, 3),
        lambda m, x: m.gradient(x, edge_order=3),
        lambda m, x: m.gradient(x[:1]),
        lambda m, x: m.gradient(x[:2], edge_order=2),
        lambda m, x: m.gradient(x, np.arange(3), axis=0),
        lambda m, x: m.gradient(x, np.ones((5, 6)), axis=0),
        lambda m, x: m.gradient(x, axis=(0, 0)),
        lambda m, x: m.gradient(x, axis=4),
        lambda m, x: m.gradient(x > 0),
        lambda m, x: m.average(x, weights=np.ones(5)),
        lambda m, x: m.average(x, axis=0, weights=np.ones(4)),
        lambda m, x: m.average(x, axis=0, weights=np.ones((2, 5))),
        lambda m, x: m.average(x, axis=3),
        lambda m, x: m.cov(np.ones((2, 2, 2))),
        lambda m, x: m.cov(x, ddof=1.5),
        lambda m, x: m.cov(x, np.ones((2, 4))),
        lambda m, x: m.cov(x, fweights=np.full(6, 1.5)),
        lambda m, x: m.cov(x, aweights=np.full(6, -1.0)),
        lambda m, x: m.ediff1d(np.arange(3), to_end=1.5),
        lambda m, x: m.unwrap(x, axis=2),
    ],
)
def test_errors_are_those_of_numpy(call):
    x = values("float64", specials=False)
    _, expected = outcome(call, np, x)
    _, raised = outcome(call, da, x)
    assert expected is not None
    assert_same_error(raised, expected)
