"""Operations on sets against NumPy's."""

import chunkwise.array as da
import numpy as np
import pytest
from cases import DTYPES, assert_same

NAMES = ["union1d", "intersect1d", "setdiff1d", "setxor1d"]


def sides(dtype):
    """Two arrays that share some elements, with some of them twice."""
    if dtype == "bool":
        return np.array([True, True]), np.array([[False, True]])
    low = np.array([[3, 1, 4], [1, 5, 9]], dtype)
    high = np.array([9, 2, 6, 5, 3, 5, 8, 3], dtype)
    if np.dtype(dtype).kind in "fc":
        low[0, 2], high[1], high[2] = np.nan, np.nan, -np.inf
        low[1, 1] = -0.0
        high[0] = 0.0
    return low, high


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_sets(name, dtype):
    ours, theirs = getattr(da, name), getattr(np, name)
    x, y = sides(dtype)
    for chunks in ("auto", 1, 2):
        a, b = (da.asarray(v, chunks=chunks) for v in (x, y))
        for one, two, left, right in [
            (a, b, x, y),
            (b, a, y, x),
            (a, a, x, x),
            (a[:0], b, x[:0], y),
            (b, a[:0], y, x[:0]),
            (a[:0], a[:0], x[:0], x[:0]),
        ]:
            got, want = np.asarray(ours(one, two)), theirs(left, right)
            assert got.dtype == want.dtype
            np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("name", NAMES)
def test_sets_of_different_dtypes(name):
    x, y = np.array([3, 1, 2], np.int16), np.array([2.5, 1, 3], np.float32)
    assert_same(getattr(da, name)(x, y), getattr(np, name)(x, y))
    assert_same(getattr(da, name)(y, x), getattr(np, name)(y, x))
    assert_same(getattr(da, name)(3, [4, 3]), getattr(np, name)(3, [4, 3]))


@pytest.mark.parametrize("dtype", DTYPES)
def test_where_common_elements_are(dtype):
    x, y = sides(dtype)
    a, b = da.asarray(x, chunks=2), da.asarray(y, chunks=3)
    if dtype != "bool":
        for ours, theirs in zip(
            da.intersect1d(a, b, return_indices=True),
            np.intersect1d(x, y, return_indices=True),
            strict=True,
        ):
            assert_same(ours, theirs)
    assert [part.shape for part in da.intersect1d(a[:0], b, return_indices=True)] == [(0,)] * 3


def test_sets_of_unique_elements():
    x, y = np.array([5, 3, 9, 1]), np.array([9, 4, 5])
    for name in NAMES[1:]:
        ours, theirs = getattr(da, name), getattr(np, name)
        assert_same(ours(x, y, assume_unique=True), theirs(x, y, assume_unique=True))


def test_sets_of_what_a_mask_chooses():
    x = np.arange(20) % 7
    a = da.asarray(x, chunks=6)
    for name in NAMES:
        got = getattr(da, name)(a[a > 2], da.unique(a[a < 5]))
        assert_same(got, getattr(np, name)(x[x > 2], np.unique(x[x < 5])))
