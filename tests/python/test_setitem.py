"""Assignment against NumPy's."""

import chunkwise.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from test_indexing import KEYS, X


@pytest.mark.parametrize("key", KEYS, ids=str)
@pytest.mark.parametrize("chunks", [2, -1])
def test_keys(key, chunks):
    shown = X[key].shape
    values = [7, np.int8(-3), -1 - np.arange(np.prod(shown, dtype=int)).reshape(shown)]
    if shown:
        # Not as a list: for some keys NumPy refuses one that is deeper than what it is for.
        values.append(np.array([[5]]))
        values.append(np.arange(shown[-1]) * 1.5)
        values.append(np.zeros((1, *shown), np.uint8))
    for value in values:
        want = X.copy()
        try:
            want[key] = value
        except TypeError:
            # A mask of all axes takes one axis of values in NumPy; here they may have more.
            continue
        except ValueError:
            with pytest.raises(ValueError):
                da.asarray(X, chunks=chunks)[key] = value
            continue
        x = da.asarray(X, chunks=chunks)
        before = x.chunks
        x[key] = value
        np.testing.assert_array_equal(x.compute(), want)
        assert (x.dtype, x.chunks) == (X.dtype, before)
        if isinstance(value, np.ndarray):
            x = da.asarray(X, chunks=chunks)
            x[key] = da.asarray(value, chunks=2)
            np.testing.assert_array_equal(x.compute(), want)


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_any_key(data):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=6))
    y = np.arange(np.prod(shape)).reshape(shape)
    x = da.asarray(y.copy(), chunks=data.draw(st.integers(1, 4)))
    for _ in range(3):
        key = data.draw(
            hnp.basic_indices(shape, allow_newaxis=True)
            | hnp.integer_array_indices(shape)
            | hnp.arrays(bool, shape)
        )
        value = -np.arange(y[key].size).reshape(y[key].shape) - 1
        y[key] = value
        x[key] = value
    np.testing.assert_array_equal(x.compute(), y)
    np.testing.assert_array_equal(x[..., ::-2].compute(), y[..., ::-2])


def test_lazy_conditions():
    x, y = da.asarray(X, chunks=3), X.copy()
    x[x % 2 == 0] = -1
    y[y % 2 == 0] = -1
    x[x > 200] = x[0, 0, 0]
    y[y > 200] = y[0, 0, 0]
    np.testing.assert_array_equal(x.compute(), y)
    x[da.asarray([0, 2]) + 0] = 5
    y[[0, 2]] = 5
    x[x == 5] = np.arange((y == 5).sum())
    y[y == 5] = np.arange((y == 5).sum())
    np.testing.assert_array_equal(x.compute(), y)
    x[x == 1] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    with pytest.raises(ValueError, match="cannot assign 9 input values to the"):
        x.compute()


def test_other_handles_stay():
    x = da.asarray(X, chunks=3)
    other, view, computed = x.copy(), x[0], x + 0
    x[:] = 0
    for untouched, want in [(other, X), (view, X[0]), (computed, X)]:
        np.testing.assert_array_equal(untouched.compute(), want)
    x[...] += 1
    assert (x.compute() == 1).all()


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float32", "complex64"])
def test_casts(dtype):
    for value in [1, 2.9, True, np.float64(2.5), np.array([1, 300]), [3, 4]]:
        want = np.zeros((3, 2), dtype)
        x = da.asarray(want.copy())
        with np.errstate(all="ignore"):
            want[1] = value
        x[1] = value
        np.testing.assert_array_equal(x.compute(), want)
        assert x.dtype == want.dtype


def test_errors():
    x = da.asarray(np.zeros((3, 4), np.int8))
    with pytest.raises(OverflowError):
        x[0] = 300
    with pytest.raises(TypeError):
        x[0] = 1j
    with pytest.raises(TypeError):
        x[0] = da.asarray([1j])
    with pytest.raises(
        ValueError, match=r"could not broadcast input array from shape \(3,\) into shape \(4,\)"
    ):
        x[0] = [1, 2, 3]
    with pytest.raises(
        ValueError,
        match=r"shape mismatch: value array of shape \(3,\) could not be broadcast to indexing "
        r"result of shape \(2, 4\)",
    ):
        x[[0, 1]] = [1, 2, 3]
