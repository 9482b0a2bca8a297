"""Indexing against NumPy's."""

import chunkwise.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

X = np.arange(5 * 6 * 7).reshape(5, 6, 7)
M1, M2, M3 = X[:, 0, 0] % 4 == 0, X[..., 0] % 3 == 0, X % 4 == 1
KEYS = [
    0,
    -1,
    np.int8(2),
    slice(1, 4),
    slice(None, None, -2),
    slice(10, 20),
    None,
    ...,
    (),
    (1, 2, 3),
    (..., 0),
    (0, ..., -1),
    (None, 1, None, slice(2)),
    [0, 2, -1],
    np.array([[0, 1], [2, 3]]),
    np.array([], np.int64),
    [],
    ([0, 1], [2, 3]),
    ([0, 1], slice(None), [2, 3]),
    (slice(None), [0, 1], [[2], [3]]),
    ([[0], [1]], [1, 2, 3], ...),
    (0, [1, 2]),
    (0, slice(None), [1, 2]),
    (slice(1, 3), 0, [1, 2]),
    ([1, 2], None, [3, 4]),
    (None, [1, 2], 0),
    ([0, 1], 1, [2, 3]),
    M1,
    M2,
    M3,
    list(M1),
    (slice(None), X[0, :, 0] % 3 == 1),
    (slice(None), X[0] % 3 == 1),
    (M1, 0),
    (0, slice(None), X[0, 0] % 2 == 0),
    (M1, [1, 2, 3]),
    (M2, slice(1, 3)),
    (..., X[0, 0] % 2 == 0),
    True,
    False,
    np.True_,
    (True, 0),
    (0, False),
    np.zeros(5, bool),
    (np.uint8(3), [0]),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
@pytest.mark.parametrize("chunks", [2, (3, 4, 5), -1])
def test_keys(key, chunks):
    got = da.asarray(X, chunks=chunks)[key]
    want = X[key]
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    np.testing.assert_array_equal(got.compute(), want)


@pytest.mark.parametrize("key", [M1, M2, M3, [1, 0, -1], [[0, 1]], np.array(2)], ids=str)
def test_lazy_keys(key):
    key = np.asarray(key)
    x = da.asarray(X, chunks=3)
    lazy = da.asarray(key, chunks=2)
    np.testing.assert_array_equal(x[lazy].compute(), X[key])
    assert x[lazy].shape == X[key].shape
    if key.ndim == 1:
        np.testing.assert_array_equal(x[lazy, 0].compute(), X[key, 0])
        np.testing.assert_array_equal(x[0, :, lazy[:3]].compute(), X[0, :, key[:3]]) if (
            key.dtype != bool
        ) else None
        np.testing.assert_array_equal(x[lazy, ..., [1, 2, 0]].compute(), X[key, ..., [1, 2, 0]])
    np.testing.assert_array_equal(
        x[lazy + 0 if key.dtype != bool else lazy][..., 1:].compute(), X[key][..., 1:]
    )


def test_lengths_are_known_when_asked_for():
    x = da.asarray(X, chunks=3)
    some = x[x > 100]
    assert some.ndim == 1
    assert some.shape == ((X > 100).sum(),)
    assert len(some) == some.size == (X > 100).sum()
    np.testing.assert_array_equal(some[::2].compute(), X[X > 100][::2])
    np.testing.assert_array_equal(x[x > 100][3:5].compute(), X[X > 100][3:5])
    assert x[x > 10_000].shape == (0,)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_key(data):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))
    x = np.arange(np.prod(shape)).reshape(shape)
    keys = hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True)
    if 0 not in shape:
        keys = keys | hnp.integer_array_indices(shape)
    key = data.draw(keys)
    chunks = data.draw(st.integers(1, 4))
    np.testing.assert_array_equal(da.asarray(x, chunks=chunks)[key].compute(), x[key])


WRONG = [
    5,
    (0, -7),
    (0, 0, 0, 0),
    [5],
    ([0], [-7]),
    "a",
    1.5,
    [1.5],
    np.array([1.5]),
    (..., ...),
    ([0, 1], [0, 1, 2]),
    np.zeros(4, bool),
    np.zeros((5, 5), bool),
    (0, 0, 7),
    {"a": 1},
    (0, [7]),
]


@pytest.mark.parametrize("key", WRONG, ids=str)
def test_errors_are_numpys(key):
    with pytest.raises(IndexError) as theirs:
        X[key]
    for index in (lambda x: x[key], lambda x: x.__setitem__(key, 0)):
        with pytest.raises(IndexError) as ours:
            index(da.asarray(X, chunks=3))
        if "shape mismatch" not in str(theirs.value):
            assert str(ours.value) == str(theirs.value)


def test_steps_of_zero_and_floats_in_slices():
    x = da.asarray(X)
    with pytest.raises(ValueError, match="slice step cannot be zero"):
        x[::0]
    with pytest.raises(TypeError):
        x[1.5:]


def test_positions_outside_are_found_when_computing():
    x = da.asarray(np.arange(4))
    with pytest.raises(IndexError, match="4"):
        x[da.asarray([4]) + 0].compute()


def test_points():
    x = da.asarray(X, chunks=2)
    np.testing.assert_array_equal(x.vindex[[0, 1], [2, 3]].compute(), X[[0, 1], [2, 3]])
    np.testing.assert_array_equal(
        x.vindex[:, [2, 3], [4, 5]].compute(), np.moveaxis(X[:, [2, 3], [4, 5]], 1, 0)
    )
    np.testing.assert_array_equal(x.vindex[[[0], [1]], 2].compute(), X[[[0], [1]], 2])
    with pytest.raises(IndexError):
        x.vindex[None, [0]]


def test_blocks():
    x = da.asarray(X, chunks=(2, 3, 4))
    assert x.blocks.shape == x.partitions.shape == (3, 2, 2)
    assert x.blocks.size == 12
    for key, want in [
        (0, X[:2]),
        ((slice(1, None), 1), X[2:, 3:]),
        ((..., -1), X[..., 4:]),
        ([2, 0], X[[4, 0, 1]]),
        ((slice(None, None, -1), 0, 0), X[[4, 2, 3, 0, 1], :3, :4]),
        (slice(0, 0), X[:0]),
    ]:
        np.testing.assert_array_equal(x.blocks[key].compute(), want)
    assert x.blocks[[2, 0]].chunks == ((1, 2), (3, 3), (4, 3))
    assert sum(b.size for b in x.blocks.ravel()) == X.size
    for key in (None, (0, None)):
        with pytest.raises(ValueError):
            x.blocks[key]
    with pytest.raises(IndexError):
        x.blocks[3]
    with pytest.raises(ValueError):
        x.blocks[[0], [0]]


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("which", [[1, 0, 3], 2, [[0, -1]], np.array([], int)], ids=str)
def test_take(axis, which):
    x = da.asarray(X, chunks=3)
    np.testing.assert_array_equal(da.take(x, which, axis=axis).compute(), X.take(which, axis))
    lazy = da.asarray(np.asarray(which)) + 0
    np.testing.assert_array_equal(da.take(x, lazy, axis=axis).compute(), X.take(which, axis))
    for mode in ("wrap", "clip"):
        far = np.asarray(which) * 3 - 4
        want = X.take(far, axis, mode=mode)
        np.testing.assert_array_equal(da.take(x, far, axis=axis, mode=mode).compute(), want)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_take_along_axis(axis):
    order = np.argsort(np.sin(X), axis=axis)
    got = da.take_along_axis(da.asarray(X, chunks=3), da.asarray(order, chunks=2), axis)
    np.testing.assert_array_equal(got.compute(), np.take_along_axis(X, order, axis))
    largest = order.take([-1], axis)
    got = da.take_along_axis(da.asarray(X, chunks=3), largest, axis)
    np.testing.assert_array_equal(got.compute(), np.take_along_axis(X, largest, axis))
    flat = da.take_along_axis(da.asarray(X), da.asarray([3, -1]), None)
    np.testing.assert_array_equal(flat.compute(), [3, X.size - 1])
    with pytest.raises(IndexError):
        da.take_along_axis(da.asarray(X), da.asarray(X * 1.0), 0)
    with pytest.raises(ValueError):
        da.take_along_axis(da.asarray(X), da.asarray([0]), 0)


def test_where_elements_are():
    y = X % 3
    x = da.asarray(y, chunks=2)
    for got, want in zip(da.nonzero(x), np.nonzero(y), strict=True):
        np.testing.assert_array_equal(got.compute(), want)
    for got, want in zip(da.where(x > 1), np.where(y > 1), strict=True):
        np.testing.assert_array_equal(got.compute(), want)
    np.testing.assert_array_equal(da.argwhere(x).compute(), np.argwhere(y))
    np.testing.assert_array_equal(da.flatnonzero(x).compute(), np.flatnonzero(y))
    np.testing.assert_array_equal(da.where(x > 1, x, -1.5).compute(), np.where(y > 1, y, -1.5))
    with pytest.raises(ValueError):
        da.nonzero(da.asarray(1))
    with pytest.raises(ValueError):
        da.where(x, x)


def test_compress_and_extract():
    x = da.asarray(X, chunks=3)
    for axis, condition in [(0, [1, 0, 1]), (1, [False] * 5 + [True]), (None, [0, 1, 1])]:
        want = np.compress(condition, X, axis)
        np.testing.assert_array_equal(da.compress(condition, x, axis).compute(), want)
        lazy = da.asarray(np.asarray(condition)) != 0
        np.testing.assert_array_equal(da.compress(lazy, x, axis).compute(), want)
    np.testing.assert_array_equal(da.extract(x > 50, x).compute(), np.extract(X > 50, X))
    with pytest.raises(IndexError):
        da.compress([0, 0, 0, 0, 0, 1], x, 0)
    with pytest.raises(ValueError):
        da.compress([[True]], x, 0)


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("obj", [0, -1, [0, 2], slice(1, None, 2), [], [1, 1]], ids=str)
def test_delete_and_insert(axis, obj):
    x = da.asarray(X, chunks=3)
    np.testing.assert_array_equal(da.delete(x, obj, axis).compute(), np.delete(X, obj, axis))
    np.testing.assert_array_equal(
        da.insert(x, obj, -5, axis).compute(), np.insert(X, obj, -5, axis)
    )


def test_insert_values_and_append():
    x, y = da.asarray(X[0], chunks=3), X[0]
    for obj, values, axis in [
        (1, [7, 8, 9, 10, 11, 12, 13], 0),
        (2, np.arange(6), 1),
        ([1, 3], np.arange(14).reshape(2, 7), 0),
        ([3, 1], [[1], [2]], 0),
        ([1], np.arange(12).reshape(6, 2), 1),
        (-1, 2.7, 1),
        ([0, 0, 6], 1, 0),
        (6, 5, 0),
    ]:
        want = np.insert(y, obj, values, axis)
        np.testing.assert_array_equal(da.insert(x, obj, values, axis).compute(), want)
    for values, axis in [([1, 2], None), (y[:2], 0), (y[:, :1] * 1.5, 1)]:
        want = np.append(y, values, axis)
        np.testing.assert_array_equal(da.append(x, values, axis).compute(), want)
    with pytest.raises(IndexError):
        da.insert(x, 7, 0, 0)
    with pytest.raises(IndexError):
        da.delete(x, 6, 0)
    with pytest.raises(ValueError):
        da.append(x, [1], 0)


@pytest.mark.parametrize("order", ["C", "F"])
def test_multi_indices(order):
    flat = np.array([[0, 17], [104, 209]])
    want = np.unravel_index(flat, X.shape, order)
    for indices in (flat, da.asarray(flat) + 0):
        got = da.unravel_index(indices, X.shape, order)
        for g, w in zip(got, want, strict=True):
            np.testing.assert_array_equal(g.compute(), w)
    back = da.ravel_multi_index([da.asarray(w) for w in want], X.shape, order=order)
    np.testing.assert_array_equal(back.compute(), flat)
    far = [w * 2 - 3 for w in want]
    for mode in ("wrap", "clip", ("clip", "wrap", "clip")):
        got = da.ravel_multi_index([da.asarray(f) for f in far], X.shape, mode, order)
        np.testing.assert_array_equal(
            got.compute(), np.ravel_multi_index(far, X.shape, mode, order)
        )
    with pytest.raises(ValueError):
        da.unravel_index([210], X.shape)


def test_choices():
    which = X % 3
    choices = [X, X[0] * 1.5, np.int8(7)]
    got = da.choose(da.asarray(which, chunks=2), choices)
    want = np.choose(which, choices)
    assert got.dtype == want.dtype
    np.testing.assert_array_equal(got.compute(), want)
    for mode in ("wrap", "clip"):
        got = da.choose(da.asarray(X % 8 - 2, chunks=2), choices, mode=mode)
        np.testing.assert_array_equal(got.compute(), np.choose(X % 8 - 2, choices, mode=mode))
    x = da.asarray(X, chunks=3)
    conditions, values = [X < 10, X > 20], [X, X**2]
    got = da.select([x < 10, x > 20], [x, x**2], 42)
    np.testing.assert_array_equal(got.compute(), np.select(conditions, values, 42))
    f = [lambda v: v * 2, -1, lambda v: v + 1]
    got = da.piecewise(x, [x < 10, x > 20], f)
    np.testing.assert_array_equal(got.compute(), np.piecewise(X, conditions, f))
    y = X[0, 0]
    got = da.piecewise(da.asarray(y), da.asarray(y) < 3, [5, 1.9])
    np.testing.assert_array_equal(got.compute(), np.piecewise(y, y < 3, [5, 1.9]))
    with pytest.raises(ValueError):
        da.select([x < 1], [])
    with pytest.raises(TypeError):
        da.select([x], [x])


def test_triangles():
    for n, k, m in [(3, 0, None), (3, 1, 5), (4, -1, 2)]:
        for name in ("tril_indices", "triu_indices"):
            got, want = getattr(da, name)(n, k, m), getattr(np, name)(n, k, m)
            for g, w in zip(got, want, strict=True):
                np.testing.assert_array_equal(g.compute(), w)
    square = np.ones((3, 3))
    for name in ("tril_indices_from", "triu_indices_from", "diag_indices_from"):
        got, want = getattr(da, name)(da.asarray(square)), getattr(np, name)(square)
        for g, w in zip(got, want, strict=True):
            np.testing.assert_array_equal(g.compute(), w)


def test_methods():
    x = da.asarray(X, chunks=3)
    np.testing.assert_array_equal(x.take([1, 0], axis=1).compute(), X.take([1, 0], axis=1))
    np.testing.assert_array_equal(x.compress([0, 1], 0).compute(), X.compress([0, 1], 0))
    np.testing.assert_array_equal((x % 2).choose([x, -1]).compute(), (X % 2).choose([X, -1]))
    for got, want in zip(x.nonzero(), X.nonzero(), strict=True):
        np.testing.assert_array_equal(got.compute(), want)
    some = x[x > 100]
    assert some.compute_chunk_sizes() is some
    assert sum(some.chunks[0]) == (X > 100).sum()


@pytest.mark.parametrize("shape, mask", [((0, 1), (0, 0)), ((2, 1), (2, 0)), ((2, 3), (0, 3))])
def test_masks_without_elements_choose_nothing(shape, mask):
    x = np.ones(shape)
    key = np.zeros(mask, bool)
    assert x[key].shape == da.asarray(x)[key].shape == da.asarray(x)[da.asarray(key)].shape
