"""Elements moved to other places: open meshes, groups, chunks in other shapes, filled gaps."""

import chunkwise.array as da
import dask.array
import numpy as np
import pytest
from cases import DTYPES, assert_same, values


@pytest.mark.parametrize("dtype", DTYPES)
def test_copies_and_diagonals(dtype):
    x = values(dtype)
    a = da.asarray(x, chunks=2)
    assert_same(da.copy(a), x)
    for k in (0, 2, -1):
        assert_same(da.diagflat(a, k), np.diagflat(x, k))
    assert_same(da.diagflat(a[:0]), np.diagflat(x[:0]))
    assert_same(da.diagflat(a[0, 0]), np.diagflat(x[0, 0]))


def test_a_copy_is_apart():
    x = da.arange(3)
    y = da.copy(x)
    y[0] = 7
    assert x.tolist() == [0, 1, 2] and y.tolist() == [7, 1, 2]


def test_mask_indices():
    for function, k in [("triu", 0), ("tril", -1), ("triu", 5)]:
        ours = da.mask_indices(4, getattr(da, function), k)
        theirs = np.mask_indices(4, getattr(np, function), k)
        for got, want in zip(ours, theirs, strict=True):
            assert_same(got, want)


def test_open_meshes():
    x = np.arange(60).reshape(3, 4, 5)
    a = da.asarray(x, chunks=2)
    for index in [([0, 2], [1]), ([True, False, True], [-1, 0]), ([], [1, 2], [4]), ([2],)]:
        ours, theirs = da.ix_(*index), np.ix_(*index)
        for got, want in zip(ours, theirs, strict=True):
            assert_same(got, want)
        assert_same(a[ours], x[theirs])
    lazily = da.ix_(da.asarray([2, 0], chunks=1), da.arange(4) > 1)
    assert_same(a[lazily], x[np.ix_([2, 0], [2, 3])])
    assert da.ix_() == ()
    for bad in ([[1]], 3):
        with pytest.raises(ValueError, match="1 dimensional"):
            da.ix_(bad)


GROUPS = [
    [[6, 5, 2], [4, 1], [3, 0, 7]],
    [[0, 1, 2, 3], [4, 5, 6, 7]],
    [[7], [6], [5], [4], [3], [2], [1], [0]],
    [[0, 0, 0, 1, 1, 1], [2], [3, 3]],
    [[5]],
]


@pytest.mark.parametrize("groups", GROUPS, ids=str)
@pytest.mark.parametrize("chunks", [(2, 4), (1, 3), ((2, 1), (1, 7))])
def test_groups(groups, chunks):
    x = np.arange(24).reshape(3, 8)
    ours = da.asarray(x, chunks=chunks).shuffle(groups, 1)
    theirs = dask.array.from_array(x, chunks=chunks).shuffle(groups, 1)
    assert_same(ours, theirs.compute())
    assert ours.chunks[1] == theirs.chunks[1]
    assert_same(da.shuffle(x, groups, axis=-1), theirs.compute())


def test_groups_that_are_none():
    a = da.ones((3, 8))
    for bad in ([1, 2], ((1,), (2,)), "ab", [[1], (2,)]):
        with pytest.raises(ValueError, match="list of lists"):
            da.shuffle(a, bad, 0)
    with pytest.raises(IndexError):
        da.shuffle(a, [[8]], 1)
    with pytest.raises(np.exceptions.AxisError):
        da.shuffle(a, [[0]], 2)
    with pytest.raises(TypeError):
        da.shuffle(a, [[0.5]], 0)
    with pytest.raises(ValueError, match="auto"):
        da.shuffle(a, [[0]], 0, chunks=3)


SHAPES = [
    ((3, 3, 3), (3, 2, (2, 1)), (3, 9)),
    ((4, 6), (2, 3), (24,)),
    ((5, 7), (2, 3), (35,)),
    ((5, 7), ((1, 3, 1), (4, 1, 2)), (35,)),
    ((5, 3, 4), (2, 2, 3), (60,)),
    ((5, 3, 4), (2, 2, 3), (15, 4)),
    ((2, 5, 3, 4), (1, 2, 2, 3), (2, 15, 4)),
    ((2, 5, 3, 4), (1, 2, 2, 3), (10, 12)),
    ((1, 4, 6), (1, 2, 3), (1, 24)),
]


@pytest.mark.parametrize(("shape", "chunks", "joined"), SHAPES, ids=str)
def test_chunks_in_another_shape(shape, chunks, joined):
    x = np.arange(np.prod(shape)).reshape(shape)
    ours = da.asarray(x, chunks=chunks)
    theirs = dask.array.from_array(x, chunks=chunks)
    together = dask.array.reshape_blockwise(theirs, joined)
    made = da.reshape_blockwise(ours, joined)
    assert made.chunks == together.chunks
    assert_same(made, together.compute())
    apart = da.reshape_blockwise(made, shape, ours.chunks)
    assert apart.chunks == ours.chunks
    assert_same(apart, x)


def test_chunks_in_the_same_shape_and_in_a_line():
    x = np.arange(12).reshape(3, 4)
    a = da.asarray(x, chunks=2)
    assert_same(da.reshape_blockwise(a, (3, 4)), x)
    assert_same(da.reshape_blockwise(a, -1), [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 10, 11])
    assert_same(da.reshape_blockwise(a[:0], 0), x[:0].ravel())


def test_a_plan_that_does_not_grow_with_the_chunks():
    few, many = (
        da.reshape_blockwise(da.ones((n, n), chunks=7), n * n).explain().count("\n")
        for n in (50, 5000)
    )
    assert many < 1.5 * few


def test_chunks_that_are_in_no_other_shape():
    a = da.ones((4, 6), chunks=2)
    for shape in ((6, 4), (8, 3), (5,), (-1, -1), (3, 8), (7, -1)):
        with pytest.raises(ValueError):
            da.reshape_blockwise(a, shape)
    with pytest.raises(ValueError, match="chunks"):
        da.reshape_blockwise(a, 24, chunks=(2,))
    line = da.reshape_blockwise(a, 24)
    with pytest.raises(TypeError, match="chunks"):
        da.reshape_blockwise(line, (4, 6))
    with pytest.raises(ValueError, match="Chunk sizes"):
        da.reshape_blockwise(line, (4, 6), chunks=(3, 3))


def _pushed(x, n, axis):
    x = np.moveaxis(x.copy(), axis, -1)
    for line in x.reshape(-1, x.shape[-1]):
        last = None
        for k, value in enumerate(line.copy()):
            if not np.isnan(value):
                last = k
            elif last is not None and (n is None or k - last <= n):
                line[k] = line[last]
    return np.moveaxis(x, -1, axis)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_gaps_are_filled(dtype):
    rng = np.random.default_rng(4)
    x = rng.random((6, 9)).astype(dtype)
    x[rng.random((6, 9)) < 0.6] = np.nan
    for chunks in ("auto", 2, (3, 4)):
        a = da.asarray(x, chunks=chunks)
        for axis in (0, 1, -1):
            for n in (None, 0, 1, 2, 8, 100):
                assert_same(da.push(a, n, axis), _pushed(x, n, axis))
    assert_same(da.push(a[:0], None, 1), x[:0])
    assert_same(da.push(da.arange(4), 1, 0), np.arange(4))


def test_gaps_that_are_not_filled():
    with pytest.raises(ValueError, match="negative"):
        da.push(da.ones(3), -1, 0)
    with pytest.raises(TypeError):
        da.push(da.ones(3), 1.5, 0)
    with pytest.raises(np.exceptions.AxisError):
        da.push(da.ones(3), None, 1)


def test_several_at_once():
    x = da.arange(5)
    low, (high, text) = da.compute(x.min(), [x.max(), "text"], scheduler="threads")
    assert (low, high, text) == (0, 4, "text")
    with pytest.raises(TypeError, match="bogus"):
        da.compute(x, bogus=1)
