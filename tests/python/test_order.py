"""Sorts, quantiles, sets and counting against NumPy's."""

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest
from cases import DTYPES, assert_same, quiet, values

REAL = [d for d in DTYPES if not d.startswith("complex")]
CHUNKS = ["auto", 1, 2, (3, 2)]
METHODS = [
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "interpolated_inverted_cdf",
    "hazen",
    "weibull",
    "linear",
    "median_unbiased",
    "normal_unbiased",
    "lower",
    "higher",
    "midpoint",
    "nearest",
]


@pytest.mark.parametrize("dtype", DTYPES)
def test_sort(dtype):
    x = values(dtype)
    for chunks in CHUNKS:
        a = da.asarray(x, chunks=chunks)
        for axis in (0, 1, -1, None):
            assert_same(da.sort(a, axis), np.sort(x, axis, kind="stable"))
            assert_same(da.argsort(a, axis), np.argsort(x, axis, kind="stable"))
    assert_same(np.sort(da.asarray(x)), np.sort(x))


def test_sort_descending():
    x = np.array([[3, 1, 2, 1], [0, 5, 5, 4]])
    a = da.asarray(x, chunks=2)
    assert_same(da.sort(a, descending=True), -np.sort(-x))
    assert_same(da.argsort(a, descending=True, stable=True), np.argsort(-x, kind="stable"))


def test_sort_mistakes():
    with pytest.raises(np.exceptions.AxisError):
        da.sort(da.ones((2, 2)), axis=2)
    with pytest.raises(np.exceptions.AxisError):
        da.sort(da.asarray(1.0))
    with pytest.raises(ValueError, match="kind"):
        da.sort(da.ones(3), kind="bogo")
    with pytest.raises(ValueError, match="fields"):
        da.argsort(da.ones(3), order="x")


def test_sort_more_than_fits():
    n = 400_000
    x = np.random.default_rng(1).random(n)
    with chunkwise.config.set(memory_limit=6_000_000):
        got = da.sort(da.asarray(x, chunks=1000)).compute()
    np.testing.assert_array_equal(got, np.sort(x))


@pytest.mark.parametrize("method", METHODS)
def test_quantiles(method):
    for dtype in ["int16", "uint8", "int64", "float32", "float64"]:
        x = values(dtype, specials=False)
        a = da.asarray(x, chunks=2)
        single = dtype == "float32"
        near = {"rtol": 1e-5 if single else 1e-12, "atol": 1e-5 if single else 1e-12}
        # As floats: of the integers 0 and 1 NumPy takes the dtype, for "linear"; we do not.
        for q in (0.5, 0.0, 1.0, [0.1, 0.9], [[0.2], [0.7]], np.float64(0.3)):
            for axis in (None, 0, 1, -1, (0, 1)):
                for keepdims in (False, True):
                    options = {"axis": axis, "method": method, "keepdims": keepdims}
                    got = da.quantile(a, q, **options)
                    assert_same(got, np.quantile(x, q, **options), **near)
                    got = da.percentile(a, np.multiply(q, 100), **options)
                    assert got.shape == np.percentile(x, np.multiply(q, 100), **options).shape


@pytest.mark.parametrize("name", ["median", "nanmedian"])
def test_medians(name):
    ours, theirs = getattr(da, name), getattr(np, name)
    for dtype in REAL:
        x = values(dtype, specials=dtype.startswith("float"))
        if x.dtype.kind == "f":
            x[np.isinf(x)] = 5
        a = da.asarray(x, chunks=(3, 2))
        for axis in (None, 0, 1, (0, 1)):
            if dtype == "bool":
                assert ours(a, axis=axis).dtype == np.float64
                continue
            with quiet():
                want = theirs(x, axis=axis, keepdims=True)
            assert_same(ours(a, axis=axis, keepdims=True), want, rtol=1e-6)
    with quiet():
        assert np.isnan(ours(da.asarray(np.full(3, np.nan))).compute())


def test_nan_quantiles():
    x = np.arange(30.0).reshape(5, 6) % 7
    x[1:4, 2] = np.nan
    x[:, 4] = np.nan
    a = da.asarray(x, chunks=2)
    for axis in (None, 0, 1):
        with quiet():
            want = np.nanquantile(x, [0.2, 0.5], axis=axis)
            assert_same(da.nanquantile(a, [0.2, 0.5], axis=axis), want, rtol=1e-12)
            assert_same(da.nanpercentile(a, 30, axis=axis), np.nanpercentile(x, 30, axis=axis))
            assert_same(da.quantile(a, 0.5, axis=axis), np.quantile(x, 0.5, axis=axis))


def test_quantiles_of_many_elements():
    x = np.random.default_rng(3).standard_normal((1 << 20) + 5)
    a = da.asarray(x, chunks=100_000)
    assert_same(da.median(a), np.median(x))
    q = [0.0, 0.01, 0.5, 1.0]
    assert_same(da.quantile(a, q), np.quantile(x, q), rtol=1e-14)
    x[7] = np.nan
    a = da.asarray(x, chunks=100_000)
    assert_same(da.nanmedian(a), np.nanmedian(x))
    assert np.isnan(da.median(a).compute())


def test_quantile_mistakes():
    a = da.ones((3, 4))
    for q in (-0.1, 1.1, [0.5, 2]):
        with pytest.raises(ValueError, match="range"):
            da.quantile(a, q)
    with pytest.raises(ValueError, match="range"):
        da.percentile(a, 101)
    with pytest.raises(ValueError, match="method"):
        da.quantile(a, 0.5, method="mode")
    with pytest.raises(np.exceptions.AxisError):
        da.median(a, axis=2)
    with pytest.raises(TypeError):
        da.quantile(da.ones(3, dtype="complex128"), 0.5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_unique(dtype):
    x = values(dtype).repeat(2, axis=0)
    a = da.asarray(x, chunks=3)
    got = da.unique(a, return_index=True, return_inverse=True, return_counts=True)
    want = np.unique(x, return_index=True, return_inverse=True, return_counts=True)
    for ours, theirs in zip(got, want, strict=True):
        assert_same(ours, theirs)
    assert_same(da.unique(a), np.unique(x))


def test_unique_of_the_standard():
    x = np.array([3.0, np.nan, 1.0, np.nan, 3.0])
    every = da.unique_all(da.asarray(x, chunks=2))
    want = np.unique_all(x)
    assert_same(every.values, want.values)
    assert_same(every.indices, want.indices)
    assert_same(every.counts, want.counts)
    assert every._fields == want._fields
    assert da.unique_counts(da.asarray(x))._fields == np.unique_counts(x)._fields
    y = np.array([[4, 4], [1, 2]])
    assert_same(da.unique_inverse(da.asarray(y)).inverse_indices, np.unique_inverse(y)[1])
    # In NumPy these may be in any order; here they are sorted.
    assert_same(da.unique_values(da.asarray(y)), np.sort(np.unique_values(y)))
    assert_same(da.unique(da.ones((0, 3))), np.unique(np.ones((0, 3))))


@pytest.mark.parametrize("dtype", DTYPES)
def test_isin(dtype):
    x = values(dtype)
    for test in (x[1:3], x[:0], [1, 0], [np.nan, 2.5]):
        for invert in (False, True):
            got = da.isin(da.asarray(x, chunks=2), test, invert=invert)
            assert_same(got, np.isin(x, test, invert=invert))


@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted(side):
    rng = np.random.default_rng(5)
    for dtype in REAL:
        if dtype == "bool":
            continue
        a = np.sort(rng.integers(0, 20, 15).astype(dtype))
        v = rng.integers(0, 25, (4, 5)).astype(dtype)
        got = da.searchsorted(da.asarray(a, chunks=4), da.asarray(v, chunks=2), side)
        assert_same(got, np.searchsorted(a, v, side))
    assert_same(da.searchsorted([1, 2, 3], 2, side), np.searchsorted([1, 2, 3], 2, side))
    a, order = np.array([3, 1, 2]), np.array([1, 2, 0])
    want = np.searchsorted(a, [2, 4], side, sorter=order)
    assert_same(da.searchsorted(a, [2, 4], side, sorter=order), want)


def test_digitize():
    x = values("float64")
    a = da.asarray(x, chunks=2)
    for bins in ([-2, 0, 1.5], [3.0, 0.0, -1.0], [0]):
        for right in (False, True):
            assert_same(da.digitize(a, bins, right), np.digitize(x, bins, right))
    with pytest.raises(ValueError, match="monotonic"):
        da.digitize(a, [0, 2, 1])
    with pytest.raises(ValueError):
        da.searchsorted(da.ones((2, 2)), a)
    with pytest.raises(ValueError, match="side"):
        da.searchsorted(da.ones(2), a, "middle")


def test_bincount():
    x = np.array([1, 5, 1, 0, 3])
    w = np.array([0.5, 1, 2, np.inf, -1])
    for dtype in ["uint8", "int32", "int64", "bool"]:
        a = da.asarray(x.astype(dtype), chunks=2)
        y = x.astype(dtype).astype("int64")
        for minlength in (0, 3, 9):
            assert_same(da.bincount(a, minlength=minlength), np.bincount(y, minlength=minlength))
            assert_same(da.bincount(a, w, minlength), np.bincount(y, w, minlength))
    assert_same(da.bincount(da.asarray(x[:0])), np.bincount(x[:0]))
    for mistake, kind in (
        (([-1, 2],), ValueError),
        (([[1, 2]],), ValueError),
        ((np.array([1.5]),), TypeError),
        ((x, w[1:]), ValueError),
        ((x, None, -1), ValueError),
    ):
        with pytest.raises(kind):
            np.bincount(*mistake)
        with pytest.raises(kind):
            da.bincount(*mistake)


@pytest.mark.parametrize("chunks", CHUNKS, ids=str)
def test_histogram(chunks):
    x = values("float64", specials=False)
    a = da.asarray(x, chunks=chunks)
    w = np.arange(30.0).reshape(5, 6)
    for options in (
        {},
        {"bins": 7},
        {"bins": 5, "range": (-1, 2)},
        {"bins": [-3, -1, 0.5, 2]},
        {"bins": 4, "density": True},
        {"bins": 3, "weights": w},
        {"bins": 3, "weights": w.astype("int32")},
        {"bins": 3, "weights": w * 1j},
        {"bins": 3, "range": (1, 1)},
    ):
        got, edges = da.histogram(a, **options)
        want, theirs = np.histogram(x, **options)
        assert_same(got, want, rtol=1e-12)
        assert_same(edges, theirs, rtol=1e-15)
    for dtype in ("float32", "int16", "uint8", "bool"):
        y = values(dtype, specials=False)
        if dtype == "bool":
            y = y.astype("uint8")
        assert_same(da.histogram(da.asarray(y), 6)[0], np.histogram(y, 6)[0])
    for mistake in (
        {"bins": 0},
        {"bins": [3, 1]},
        {"bins": [[1, 2]]},
        {"range": (2, 1)},
        {"range": (0, np.inf)},
        {"weights": w[1:]},
    ):
        with pytest.raises(ValueError):
            np.histogram(x, **mistake)
        with pytest.raises(ValueError):
            da.histogram(a, **mistake)
    with pytest.raises(TypeError):
        da.histogram(a, bins=2.5)


def test_histograms_of_points():
    rng = np.random.default_rng(2)
    points = rng.random((200, 3))
    a = da.asarray(points, chunks=50)
    w = rng.random(200)
    for options in (
        {"bins": 3},
        {"bins": (2, 3, 4), "range": [(0, 1), (0.2, 0.7), (0, 2)]},
        {"bins": [[0, 0.5, 1], 3, [0, 0.1, 0.9]], "density": True},
        {"bins": 2, "weights": w},
    ):
        got, edges = da.histogramdd(a, **options)
        want, theirs = np.histogramdd(points, **options)
        assert_same(got, want, rtol=1e-12)
        for ours, other in zip(edges, theirs, strict=True):
            assert_same(ours, np.asarray(other, float), rtol=1e-15)
    x, y = points[:, 0], points[:, 1]
    for bins in (4, [2, 5], np.linspace(0, 1, 6), [[0, 0.5, 1], [0, 0.2, 1]]):
        got = da.histogram2d(da.asarray(x), da.asarray(y), bins)
        for ours, other in zip(got, np.histogram2d(x, y, bins), strict=True):
            assert_same(ours, np.asarray(other, float), rtol=1e-15)
    with pytest.raises(ValueError):
        da.histogram2d(x, y[1:])
    with pytest.raises(ValueError):
        da.histogramdd(a, bins=(2, 2))


@pytest.mark.parametrize("dtype", DTYPES)
def test_partitions(dtype):
    x = values(dtype)
    a = da.asarray(x, chunks=2)
    for axis in (0, 1, -1, None):
        n = x.size if axis is None else x.shape[axis]
        for kth in (0, n - 1, -2, [1, 3], np.int8(2)):
            parted = np.asarray(da.partition(a, kth, axis))
            want = np.partition(x, kth, axis)
            at = np.atleast_1d(kth)
            axes = 0 if axis is None else axis
            np.testing.assert_array_equal(parted.take(at, axes), want.take(at, axes))
            np.testing.assert_array_equal(np.sort(parted, axes), np.sort(x, axis))
            places = da.argpartition(a, kth, axis)
            flat = x.ravel() if axis is None else x
            np.testing.assert_array_equal(
                np.take_along_axis(flat, np.asarray(places), axes), parted
            )
    assert_same(da.partition(a, 3), da.sort(a).compute())


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (([1, 2], 2), ValueError),
        (([1, 2], -3), ValueError),
        (([1, 2], 1.5), TypeError),
        (([1, 2], True), ValueError),
        (([1, 2], [[0]]), ValueError),
        ((3, 0), np.exceptions.AxisError),
        (([1, 2], 0, 1), np.exceptions.AxisError),
        (([1, 2], 0, 0, "sort"), ValueError),
        (([1, 2], 0, 0, "introselect", "x"), ValueError),
    ],
)
def test_partition_mistakes(arguments, kind):
    for function in (da.partition, da.argpartition):
        with pytest.raises(kind):
            function(*arguments)


@pytest.mark.parametrize("dtype", DTYPES)
def test_lexsort(dtype):
    rng = np.random.default_rng(2)
    keys = [rng.integers(0, 3, (4, 7)).astype(dtype) for _ in range(3)]
    if np.dtype(dtype).kind == "f":
        keys[2][keys[2] == 1] = np.nan
    ours = [da.asarray(k, chunks=3) for k in keys]
    for axis in (0, 1, -1):
        assert_same(da.lexsort(ours, axis), np.lexsort(keys, axis))
        assert_same(da.lexsort(ours[:1], axis), np.lexsort(keys[:1], axis))
    assert_same(da.lexsort(da.asarray(np.array(keys), chunks=2)), np.lexsort(np.array(keys)))
    assert_same(da.lexsort((1, 2)), np.lexsort((1, 2)))
    assert_same(da.lexsort([ours[0][:, :0]]), np.lexsort([keys[0][:, :0]]))


def test_lexsort_mistakes():
    for keys in ([], 5):
        with pytest.raises(TypeError, match="keys"):
            da.lexsort(keys)
    with pytest.raises(ValueError, match="same shape"):
        da.lexsort(([1, 2], [1]))
    with pytest.raises(np.exceptions.AxisError):
        da.lexsort([[1, 2]], axis=1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_sort_complex(dtype):
    x = values(dtype)
    assert_same(da.sort_complex(da.asarray(x, chunks=2)), np.sort_complex(x))


@pytest.mark.parametrize("dtype", [d for d in REAL if d != "bool"])
def test_bin_edges(dtype):
    x = values(dtype, specials=False)
    a = da.asarray(x, chunks=2)
    for options in ({}, {"bins": 3}, {"bins": 4, "range": (0, 10)}, {"bins": [0, 1, 5]}):
        edges = da.histogram_bin_edges(a, **options)
        assert_same(edges, da.histogram(a, **options)[1].compute())
        np.testing.assert_allclose(edges, np.histogram_bin_edges(x, **options), rtol=1e-5)
    with pytest.raises(ValueError, match="positive"):
        da.histogram_bin_edges(a, 0)
