"""Other shapes, joining, splitting and cutting, against NumPy."""

import chunkwise.array as da
import numpy as np
import pytest
from cases import assert_all_same, assert_same
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

AxisError = np.exceptions.AxisError
SHAPES = [(), (0,), (6,), (1,), (3, 4), (2, 0, 3), (1, 6, 1), (2, 3, 4)]
CHUNKS = [-1, 1, 2]


def pair(shape, chunks=2, dtype="int32"):
    x = np.arange(int(np.prod(shape))).astype(dtype).reshape(shape)
    return da.asarray(x, chunks=chunks), x


def both(name, *arguments, **kwargs):
    """The function of either library of the same arguments."""
    numpys = [np.asarray(a) if isinstance(a, da.Array) else a for a in arguments]
    return getattr(da, name)(*arguments, **kwargs), getattr(np, name)(*numpys, **kwargs)


def refused(name, *arguments, **kwargs):
    """Both libraries refuse, with the same type."""
    with pytest.raises(Exception) as numpys:
        getattr(np, name)(*arguments, **kwargs)
    with pytest.raises(numpys.type):
        getattr(da, name)(*arguments, **kwargs)


@pytest.mark.parametrize("chunks", CHUNKS)
@pytest.mark.parametrize(
    "old, new",
    [
        ((6,), (2, 3)),
        ((6,), (-1,)),
        ((6,), 6),
        ((6,), (3, -1, 1)),
        ((3, 4), (2, 6)),
        ((2, 3, 4), (4, -1)),
        ((2, 3, 4), (24,)),
        ((1,), ()),
        ((), (1, 1)),
        ((2, 0, 3), (0, 7)),
        ((0,), (3, 0)),
    ],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_reshape(old, new, order, chunks):
    d, x = pair(old, chunks)
    want = x.reshape(new, order=order)
    assert_all_same(
        [
            (da.reshape(d, new, order=order), want, {}),
            (d.reshape(new, order=order), want, {}),
            (d.reshape(*np.atleast_1d(new).tolist(), order=order), want, {}),
            (d.ravel(order), x.ravel(order), {}),
            (d.flatten(), x.flatten(), {}),
        ]
    )


def test_reshape_refuses():
    x = np.arange(6)
    refused("reshape", x, (4, 2))
    refused("reshape", x, (-1, 4))
    refused("reshape", x, (-1, -1))
    refused("reshape", x, 2.5)
    refused("reshape", np.zeros(0), (-1, 0))
    with pytest.raises(ValueError):
        da.reshape(x, (2, 3), order="Z")


@pytest.mark.parametrize("shape", SHAPES)
def test_axes_in_another_order(shape):
    d, x = pair(shape)
    n = len(shape)
    pairs = [
        (d.T, x.T),
        (da.transpose(d), np.transpose(x)),
        (d.transpose(), x.transpose()),
        (da.moveaxis(d, [], []), np.moveaxis(x, [], [])),
    ]
    if n > 1:
        order = tuple(np.roll(range(n), 1).tolist())
        pairs += [
            (d.transpose(order), x.transpose(order)),
            (d.transpose(*order), x.transpose(*order)),
            (da.permute_dims(d, order), np.permute_dims(x, order)),
            (da.swapaxes(d, 0, -1), np.swapaxes(x, 0, -1)),
            (d.swapaxes(-2, 0), x.swapaxes(-2, 0)),
            (da.moveaxis(d, 0, -1), np.moveaxis(x, 0, -1)),
            (da.moveaxis(d, (0, 1), (1, 0)), np.moveaxis(x, (0, 1), (1, 0))),
            (d.mT, x.mT),
            (da.matrix_transpose(d), np.matrix_transpose(x)),
        ]
        for axis in range(-n, n):
            for start in range(-n, n + 1):
                pairs.append((da.rollaxis(d, axis, start), np.rollaxis(x, axis, start)))
    assert_all_same([(a, b, {}) for a, b in pairs])


def test_axes_that_there_are_not():
    x = np.zeros((2, 3))
    refused("transpose", x, (0, 0))
    refused("transpose", x, (0,))
    refused("transpose", x, (0, 2))
    refused("swapaxes", x, 0, 2)
    refused("moveaxis", x, 0, 2)
    refused("moveaxis", x, (0, 1), 0)
    refused("rollaxis", x, 2)
    refused("rollaxis", x, 0, 4)
    refused("squeeze", x, 0)
    refused("squeeze", x, 5)
    refused("expand_dims", x, 4)
    refused("expand_dims", x, (0, 0))
    refused("flip", x, 2)
    refused("fliplr", np.zeros(3))
    refused("flipud", np.zeros(()))
    refused("matrix_transpose", np.zeros(3))


@pytest.mark.parametrize("shape", SHAPES)
def test_axes_of_length_one(shape):
    d, x = pair(shape)
    n = len(shape)
    pairs = [(da.squeeze(d), np.squeeze(x)), (d.squeeze(), x.squeeze())]
    for axis in [0, -1, n, (0, 1), (0, -1), (n + 1, 0)]:
        pairs.append((da.expand_dims(d, axis), np.expand_dims(x, axis)))
    if shape == (1, 6, 1):
        pairs += [(da.squeeze(d, a), np.squeeze(x, a)) for a in (0, -1, (0, 2), (-1, 0), ())]
    assert_all_same([(a, b, {}) for a, b in pairs])


@pytest.mark.parametrize("name", ["atleast_1d", "atleast_2d", "atleast_3d"])
def test_at_least_so_many_axes(name):
    for shape in SHAPES:
        assert_same(*both(name, pair(shape)[0]))
    ours, theirs = both(name, pair((3,))[0], 5)
    assert type(ours) is tuple and len(ours) == len(theirs) == 2
    assert_all_same([(a, b, {}) for a, b in zip(ours, theirs, strict=True)])


@pytest.mark.parametrize("chunks", CHUNKS)
@pytest.mark.parametrize("shape", SHAPES)
def test_turned_round(shape, chunks):
    d, x = pair(shape, chunks)
    n = len(shape)
    pairs = [(da.flip(d), np.flip(x)), (da.flip(d, ()), np.flip(x, ()))]
    pairs += [(da.flip(d, a), np.flip(x, a)) for a in range(-n, n)]
    pairs += [(da.roll(d, s), np.roll(x, s)) for s in (0, 1, -2, 100, (1, 2))]
    if n:
        pairs.append((da.flipud(d), np.flipud(x)))
    if n > 1:
        pairs.append((da.fliplr(d), np.fliplr(x)))
        pairs += [(da.rot90(d, k), np.rot90(x, k)) for k in range(-3, 6)]
        pairs += [(da.rot90(d, 1, (1, 0)), np.rot90(x, 1, (1, 0)))]
        for shift, axis in [
            (1, 0),
            (-3, -1),
            ((1, 2), (0, 1)),
            (2, (0, -1)),
            ((1, 2), 1),
            (10**12, 0),
        ]:
            pairs.append((da.roll(d, shift, axis), np.roll(x, shift, axis)))
    assert_all_same([(a, b, {}) for a, b in pairs])


def test_turning_refuses():
    x = np.zeros((2, 3))
    refused("rot90", x, 1, (0, 0))
    refused("rot90", x, 1, (0, 2))
    refused("rot90", x, 1, (0, 1, 2))
    refused("roll", x, 1, 2)
    refused("roll", x, (1, 2, 3), (0, 1))


def test_broadcasting():
    d, x = pair((3, 1))
    assert_all_same(
        [
            (da.broadcast_to(d, (2, 3, 4)), np.broadcast_to(x, (2, 3, 4)), {}),
            (da.broadcast_to(d, (3, 0)), np.broadcast_to(x, (3, 0)), {}),
            (da.broadcast_to(5, 3), np.broadcast_to(5, 3), {}),
        ]
    )
    assert da.broadcast_to(d, (3, 4), chunks=(1, 3)).chunks == ((1, 1, 1), (3, 1))
    ours, theirs = da.broadcast_arrays(d, 1, np.arange(4)), np.broadcast_arrays(x, 1, np.arange(4))
    assert type(ours) is tuple
    assert_all_same([(a, b, {}) for a, b in zip(ours, theirs, strict=True)])
    assert da.broadcast_arrays() == ()
    assert da.broadcast_shapes((3, 1), (4,), 1) == (3, 4)
    refused("broadcast_to", x, (3,))
    refused("broadcast_to", x, (2, 4))
    refused("broadcast_to", x, (3, -1))
    refused("broadcast_arrays", x, np.zeros(2), np.zeros(3))
    refused("broadcast_shapes", (2,), (3,))


@pytest.mark.parametrize("chunks", CHUNKS)
def test_repeat(chunks):
    pairs = []
    for shape in [(), (0,), (6,), (1,), (3, 4)]:
        d, x = pair(shape, chunks)
        for n in (0, 1, 3):
            pairs.append((da.repeat(d, n), np.repeat(x, n)))
            pairs += [(d.repeat(n, a), x.repeat(n, a)) for a in range(-len(shape), len(shape))]
    d, x = pair((3, 4), chunks)
    for counts in ([0, 2, 1], [2], np.array([3, 0, 0], "uint8"), (1, 1, 1)):
        pairs.append((da.repeat(d, counts, 0), np.repeat(x, counts, 0)))
    pairs.append((da.repeat(d, da.arange(12)), np.repeat(x, np.arange(12))))
    pairs.append((da.repeat([7], [2, 3][:1]), np.repeat([7], [2])))
    assert_all_same([(a, b, {}) for a, b in pairs])


def test_repeat_refuses():
    x = np.zeros((2, 3))
    refused("repeat", x, -1)
    refused("repeat", x, [1, 2, 3], 0)
    refused("repeat", x, [-1, 2], 0)
    refused("repeat", x, 2, 2)
    with pytest.raises(TypeError):
        da.repeat(x, 1.5)


@pytest.mark.parametrize("reps", [0, 1, 3, (2, 2), (1, 0), (2, 1, 3), (), [2]])
def test_tile(reps):
    for shape in [(), (0,), (3,), (2, 3), (1, 2, 2)]:
        assert_same(*both("tile", pair(shape)[0], reps))


@pytest.mark.parametrize("shape", [(2,), (700,), (3, 4), (2, 1, 5)])
@pytest.mark.parametrize("chunks", [-1, 2])
def test_tile_often(shape, chunks):
    d, x = pair(shape, chunks)
    for reps in [16, 17, 5000, (40, 30), (3000, 1, 2), (20, 1)]:
        want = np.tile(x, reps)
        ours = da.tile(d, reps)
        assert_same(ours, want)
        assert_same(ours[..., 1:-1:3], want[..., 1:-1:3])
    if x.ndim == 1:
        assert_same(da.tile(d, 2_000_001 // x.size), np.tile(x, 2_000_001 // x.size))


def test_tile_and_repeat_without_end():
    x = da.asarray([1, 2])
    assert da.tile(x, 2**40).shape == da.repeat(x, 2**40).shape == (2**41,)
    assert_same(da.tile(x, 2**40)[2**40 - 1 : 2**40 + 2], np.array([2, 1, 2]))
    assert_same(da.repeat(x, 2**40)[2**40 - 1 : 2**40 + 2], np.array([1, 2, 2]))
    assert da.tile(da.ones((0, 2)), 2**40).shape == (0, 2**41)
    for name in ("tile", "repeat"):
        for n in (2**59, 2**62, 2**63 - 1, 2**63):
            with pytest.raises((ValueError, OverflowError)):
                getattr(da, name)(x, n)


def test_tile_refuses():
    refused("tile", np.zeros(3), -1)


DTYPES = ["bool", "int8", "uint64", "float32", "complex64"]


@pytest.mark.parametrize("first", DTYPES)
@pytest.mark.parametrize("second", DTYPES)
def test_joined_dtypes(first, second):
    (d, x), (e, y) = pair((3, 2), 2, first), pair((3, 2), 1, second)
    for name in ["concatenate", "concat", "stack", "vstack", "hstack", "dstack", "column_stack"]:
        assert_same(getattr(da, name)([d, e]), getattr(np, name)([x, y]))
    assert_same(
        da.concatenate([d, y, [[True, False]]], axis=0), np.concatenate([x, y, [[True, False]]])
    )


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_concatenate(axis):
    (d, x), (e, y) = pair((3, 2)), pair((3, 2), 1, "float64")
    z = np.zeros((3, 0) if axis in (1, -1) else (0, 2))
    assert_same(da.concatenate((d, e, z), axis), np.concatenate((x, y, z), axis))
    assert_same(
        da.concatenate((d, e), axis, dtype="complex64"),
        np.concatenate((x, y), axis, dtype="complex64"),
    )
    assert_same(da.concatenate(d, 0), np.concatenate(x, 0))


@pytest.mark.parametrize("name", ["vstack", "hstack", "dstack", "column_stack", "stack"])
def test_stacks_of_all_dimensions(name):
    for shape in [(), (3,), (2, 3), (2, 3, 4), (0, 2)]:
        if name == "column_stack" and not shape:
            continue
        d, x = pair(shape)
        assert_same(getattr(da, name)([d, d + 1]), getattr(np, name)([x, x + 1]))
    assert_same(getattr(da, name)([[1, 2], [3, 4]]), getattr(np, name)([[1, 2], [3, 4]]))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_stack_along(axis):
    d, x = pair((2, 3))
    assert_same(da.stack([d, d, d], axis), np.stack([x, x, x], axis))


def test_joining_refuses():
    x = np.zeros((2, 3))
    refused("concatenate", [])
    refused("concatenate", [x, np.zeros((2, 2))])
    refused("concatenate", [x, np.zeros(3)])
    refused("concatenate", [x, x], 2)
    refused("concatenate", [1, 2])
    refused("concatenate", 3)
    refused("concatenate", [x, x + 1j], dtype="float64")
    refused("stack", [])
    refused("stack", [x, np.zeros(3)])
    refused("stack", [x, x], 3)
    refused("vstack", [])
    refused("hstack", [])
    refused("column_stack", [np.zeros(2), np.zeros(3)])


def test_block():
    (d, x), (e, y) = pair((2, 2)), pair((2, 1))
    z = np.zeros((1, 3))
    cases = [
        ([[d, e], [z]], [[x, y], [z]]),
        (d, x),
        ([d, e], [x, y]),
        ([1, 2, 3], [1, 2, 3]),
        ([[[d]], [[d]]], [[[x]], [[x]]]),
        ([[np.ones(2), 5]], [[np.ones(2), 5]]),
    ]
    assert_all_same([(da.block(a), np.block(b), {}) for a, b in cases])
    refused("block", [])
    refused("block", [[], [x]])
    refused("block", [[x], x])
    refused("block", (x, x))
    refused("block", [[x, z]])


@pytest.mark.parametrize("chunks", CHUNKS)
def test_parts(chunks):
    d, x = pair((6, 4, 2), chunks)
    pairs = []
    for axis, n in [(0, 3), (0, [2, 4]), (1, 2), (-1, 2), (0, [-2]), (1, [1, 1, 9]), (0, [])]:
        ours, theirs = da.split(d, n, axis), np.split(x, n, axis)
        assert len(ours) == len(theirs)
        pairs += zip(ours, theirs, strict=True)
    for n in (1, 4, 7):
        pairs += zip(da.array_split(d, n), np.array_split(x, n), strict=True)
    for name in ("hsplit", "vsplit", "dsplit"):
        pairs += zip(getattr(da, name)(d, 2), getattr(np, name)(x, 2), strict=True)
    line, y = pair((6,), chunks)
    pairs += zip(da.hsplit(line, 2), np.hsplit(y, 2), strict=True)
    for axis in (0, 1, -1):
        pairs += zip(da.unstack(d, axis=axis), np.unstack(x, axis=axis), strict=True)
    assert_all_same([(a, b, {}) for a, b in pairs])


def test_splitting_refuses():
    x = np.zeros((3, 4))
    refused("split", x, 2)
    refused("split", x, 2, 2)
    refused("array_split", x, 0)
    refused("hsplit", np.zeros(()), 1)
    refused("vsplit", np.zeros(3), 1)
    refused("dsplit", x, 1)
    refused("unstack", np.zeros(()))
    refused("unstack", x, axis=2)


def test_what_an_array_is():
    d, x = pair((2, 3))
    assert (da.shape(d), da.ndim(d), da.size(d)) == (x.shape, x.ndim, x.size)
    assert da.size(d, 1) == 3 and da.size([1, 2]) == 2 and da.ndim(5) == 0
    with pytest.raises(AxisError):
        da.size(d, 2)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_chain_of_moves(data):
    """Views of views: what the elements are does not depend on the cutting."""
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))
    x = np.arange(int(np.prod(shape))).reshape(shape)
    chunks = tuple(data.draw(st.integers(1, 4)) for _ in shape)
    d = da.asarray(x, chunks=chunks)
    for _ in range(data.draw(st.integers(1, 5))):
        n = x.ndim
        move = data.draw(
            st.sampled_from(
                ["flip", "transpose", "roll", "expand", "ravel", "join", "repeat", "rechunk"]
            )
        )
        axis = data.draw(st.integers(0, n - 1))
        if move == "flip":
            d, x = da.flip(d, axis), np.flip(x, axis)
        elif move == "transpose":
            order = data.draw(st.permutations(range(n)))
            d, x = da.transpose(d, order), np.transpose(x, order)
        elif move == "roll":
            k = data.draw(st.integers(-7, 7))
            d, x = da.roll(d, k, axis), np.roll(x, k, axis)
        elif move == "expand" and n < 5:
            d, x = da.expand_dims(d, axis), np.expand_dims(x, axis)
        elif move == "ravel":
            d, x = da.ravel(d), np.ravel(x)
        elif move == "join" and x.size < 500:
            d, x = da.concatenate([d, da.flip(d)], axis), np.concatenate([x, np.flip(x)], axis)
        elif move == "repeat" and x.size < 500:
            d, x = da.repeat(d, 2, axis), np.repeat(x, 2, axis)
        elif move == "rechunk":
            d = d.rechunk({axis: data.draw(st.integers(1, 5))})
    assert_same(d, x)


# How arrays are cut.


def test_rechunk():
    x = np.arange(60).reshape(6, 10)
    d = da.asarray(x, chunks=(2, 5))
    for chunks, want in [
        (3, ((3, 3), (3, 3, 3, 1))),
        ((4, -1), ((4, 2), (10,))),
        ((None, 3), ((2, 2, 2), (3, 3, 3, 1))),
        ({1: 4}, ((2, 2, 2), (4, 4, 2))),
        ({-1: -1, 0: None}, ((2, 2, 2), (10,))),
        (((1, 5), (10,)), ((1, 5), (10,))),
        ("auto", ((6,), (10,))),
        (-1, ((6,), (10,))),
        (100, ((6,), (10,))),
        ((np.int64(3), np.int32(5)), ((3, 3), (5, 5))),
    ]:
        y = d.rechunk(chunks)
        assert y.chunks == want, chunks
        assert_same(y, x)
    assert d.rechunk((4, -1), balance=True).chunks == ((3, 3), (10,))
    assert da.rechunk(x, "auto", block_size_limit=80).chunksize[0] * 10 <= 60
    assert d.rechunk(3, threshold=4, method="tasks").chunks == d.rechunk(3).chunks


@pytest.mark.parametrize(
    "chunks, error",
    [
        ((5,), ValueError),
        (((1, 2), (10,)), ValueError),
        (0, ValueError),
        ({5: 1}, AxisError),
        ("a lot", ValueError),
    ],
)
def test_rechunk_refuses(chunks, error):
    with pytest.raises(error):
        da.ones((6, 10)).rechunk(chunks)


def test_normalize_chunks():
    dask = pytest.importorskip("dask.array")
    for chunks, shape in [
        (4, (10, 3)),
        ((4, -1), (10, 3)),
        (((2, 2), (3,)), None),
        ({0: 4, 1: -1}, (10, 3)),
        (-1, (10,)),
        ((None, 2), (4, 4)),
        ((5,), (10,)),
        (((3, 7),), (10,)),
    ]:
        assert da.normalize_chunks(chunks, shape) == dask.core.normalize_chunks(chunks, shape)
    cut = da.normalize_chunks("auto", (1000, 1000), limit=80_000, dtype="float64")
    assert max(cut[0]) * max(cut[1]) * 8 <= 80_000
    assert cut[0][0] > 50
    with pytest.raises(ValueError):
        da.normalize_chunks(4)


def test_unify_chunks():
    dask = pytest.importorskip("dask.array")

    def cut(module):
        x = module.ones((10, 4), chunks=(5, 2))
        y = module.ones((10,), chunks=4)
        z = module.ones((1, 4), chunks=3)
        chunks, arrays = (module if module is da else module.core).unify_chunks(
            x, "ij", y, "i", z, "ij"
        )
        return chunks, [a.chunks for a in arrays]

    assert cut(da) == cut(dask)
    with pytest.raises(ValueError):
        da.unify_chunks(da.ones(3), "i", da.ones(4), "i")
    with pytest.raises(ValueError):
        da.unify_chunks(da.ones(3), "ij")


def test_coarsen():
    dask = pytest.importorskip("dask.array")
    x = np.arange(24.0).reshape(4, 6)
    d = da.asarray(x, chunks=(2, 4))
    for reduction in (np.sum, np.mean, np.max, np.min, np.std):
        theirs = dask.coarsen(reduction, dask.from_array(x, chunks=(2, 4)), {0: 2, 1: 3})
        assert_same(da.coarsen(reduction, d, {0: 2, 1: 3}), theirs.compute())
    assert_same(da.coarsen("sum", d, {1: 2}), x.reshape(4, 3, 2).sum(2))
    assert_same(da.coarsen(da.sum, d, {0: 3}, trim_excess=True), x[:3].sum(0, keepdims=True))
    assert_same(da.coarsen(np.sum, d, {}), x)
    assert_same(
        da.coarsen(lambda block, axis: (block * block).sum(axis), d, {1: 2}),
        (x * x).reshape(4, 3, 2).sum(2),
    )
    with pytest.raises(ValueError):
        da.coarsen(np.sum, d, {0: 3})
    with pytest.raises(TypeError, match="a reduction"):
        da.coarsen(np.ma.masked_array([1]), d, {0: 2})


def test_lengths_that_depend_on_data():
    x = np.arange(10)
    d = da.asarray(x, chunks=3)
    mask = d % 3 == 0
    kept = da.Array(da._array._native.compress(d._expr, mask._expr, 0))
    want = x[x % 3 == 0]
    assert_all_same(
        [
            (da.reshape(kept, (2, 2)), want.reshape(2, 2), {}),
            (da.flip(kept), want[::-1], {}),
            (da.concatenate([kept, kept]), np.concatenate([want, want]), {}),
            (da.roll(kept, 1), np.roll(want, 1), {}),
            (da.stack([kept, kept]), np.stack([want, want]), {}),
            (da.zeros_like(kept), np.zeros_like(want), {}),
        ]
    )
