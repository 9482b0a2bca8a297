"""Users' functions on chunks."""

import threading
import traceback

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest

GRID = np.arange(7 * 5, dtype="f8").reshape(7, 5)


def ones(shape, chunks="auto"):
    return da.from_array(np.ones(shape), chunks=chunks)


def zeros(shape, chunks="auto"):
    return da.from_array(np.zeros(shape), chunks=chunks)


def arange(n, chunks="auto"):
    return da.from_array(np.arange(n), chunks=chunks)


def cut(x, chunks):
    return da.Array(chunkwise._chunkwise.rechunk(x._expr, chunks))


@pytest.fixture
def x():
    return da.from_array(GRID, chunks=(3, 2))


def equal(array, expected):
    __tracebackhide__ = True
    expected = np.asarray(expected)
    assert array.shape == expected.shape
    assert array.dtype == expected.dtype
    np.testing.assert_array_equal(array.compute(), expected)


# map_blocks


def test_a_function_is_called_once_for_each_chunk(x):
    seen = []

    def double(part):
        seen.append(part.shape)
        return part * 2

    y = x.map_blocks(double, dtype="f8")
    assert seen == []
    equal(y, GRID * 2)
    assert sorted(seen) == sorted((a, b) for a in (3, 3, 1) for b in (2, 2, 1))


def test_the_dtype_is_found_by_one_trial(x):
    calls = []

    def small(part):
        calls.append(part.shape)
        return part.astype("f4")

    y = x.map_blocks(small)
    assert y.dtype == np.float32
    assert calls == [(1, 1)]
    equal(y, GRID.astype("f4"))
    assert x.map_blocks(small, meta=np.empty((0, 0), "i2")).dtype == np.int16


def test_what_goes_beside_arrays(x):
    def add(part, number, table, *, power=1, other=None):
        assert type(number) is int
        return (part + number + table[0]) ** power + other.sum()

    other = ones((4,), chunks=1)
    y = da.map_blocks(add, x, 3, np.array([10, 20]), power=2, other=other, dtype="f8")
    equal(y, (GRID + 13) ** 2 + 4)


@pytest.mark.parametrize("shape", [(7, 5), (5,), (1, 5), (7, 1), ()])
def test_arrays_are_broadcast(x, shape):
    other = np.arange(np.prod(shape, dtype=int), dtype="f8").reshape(shape)
    y = da.map_blocks(np.add, x, da.from_array(other, chunks=4))
    equal(y, GRID + other)


def test_axes_that_come_and_go(x):
    equal(
        x.map_blocks(lambda p: p.sum(axis=1), drop_axis=1, dtype="f8"),
        GRID.sum(axis=1),
    )
    equal(x.map_blocks(lambda p: p[:, None], new_axis=1, dtype="f8"), GRID[:, None])
    wide = x.map_blocks(
        lambda p: np.repeat(p[..., None], 3, -1), new_axis=2, chunks=((3, 3, 1), (2, 2, 1), 3)
    )
    equal(wide, np.repeat(GRID[..., None], 3, -1))
    twice = x.map_blocks(lambda p: np.repeat(p, 2, 0), chunks=((6, 6, 2), (2, 2, 1)))
    equal(twice, np.repeat(GRID, 2, 0))
    per_chunk = x.map_blocks(lambda p: np.array([[p.size]]), chunks=(1, 1))
    equal(per_chunk, [[6, 6, 3], [6, 6, 3], [2, 2, 1]])


def test_arrays_from_nothing():
    def place(block_info=None, block_id=None):
        ((start, stop),) = block_info[None]["array-location"]
        assert block_info[None]["chunk-location"] == block_id
        return np.arange(start, stop)

    equal(da.map_blocks(place, chunks=((4, 3, 4),), dtype="i8"), np.arange(11))


def test_block_info_is_dasks(x):
    got = {}
    lock = threading.Lock()

    def look(part, row, block_info=None, block_id=None):
        with lock:
            got[block_id] = block_info
        return part

    row = ones(5, chunks=2)
    da.map_blocks(look, x, row, dtype="f8").compute()
    assert set(got) == {(i, j) for i in range(3) for j in range(3)}
    info = got[2, 1]
    assert info[0] == {
        "shape": (7, 5),
        "num-chunks": (3, 3),
        "array-location": [(6, 7), (2, 4)],
        "chunk-location": (2, 1),
    }
    assert info[1]["array-location"] == [(2, 4)]
    assert info[None]["chunk-shape"] == (1, 2)
    assert info[None]["dtype"] == np.float64


def test_mistakes_are_found_when_building(x):
    with pytest.raises(TypeError, match="must be a function"):
        da.map_blocks(x, x)
    with pytest.raises(ValueError, match="drop_axis out of range"):
        x.map_blocks(np.abs, drop_axis=2)
    with pytest.raises(ValueError, match="chunks are given for 3 axes"):
        x.map_blocks(np.abs, chunks=(1, 1, 1), new_axis=[])
    with pytest.raises(ValueError, match="cannot be broadcast"):
        da.map_blocks(np.add, x, ones(4, chunks=2))
    with pytest.raises(ValueError, match="has 3 chunks, but 2 lengths"):
        x.map_blocks(np.abs, chunks=((3, 4), (2, 2, 1)))

    def fails(part):
        raise KeyError("nothing here")

    with pytest.raises(ValueError, match="dtype of what fails returns is unknown") as caught:
        x.map_blocks(fails)
    assert isinstance(caught.value.__cause__, KeyError)
    with pytest.raises(TypeError, match="datetime64"):
        x.map_blocks(lambda p: p.astype("M8[s]"))


@pytest.mark.parametrize("returned", ["shape", "dtype", "object", "none", "text"])
def test_wrong_results_name_the_chunk(x, returned):
    def wrong(part, block_id=None):
        if block_id != (1, 2):
            return part
        return {
            "shape": part[:1],
            "dtype": part + 1j,
            "object": np.full(part.shape, None),
            "none": None,
            "text": "text",
        }[returned]

    y = x.map_blocks(wrong, dtype="f8")
    kind, text = {
        "shape": (ValueError, r"wrong returned an array of shape \(1, 1\)"),
        "dtype": (TypeError, "wrong returned elements of dtype complex128"),
        "object": (TypeError, "wrong returned elements of dtype object"),
        "none": (TypeError, "wrong returned elements of dtype object"),
        "text": (TypeError, "wrong returned elements of dtype <U4"),
    }[returned]
    with pytest.raises(kind, match=text + r".*chunk \(1, 2\)"):
        y.compute()


class Peculiar(Exception):
    """An exception with a state of its own."""

    def __init__(self, code):
        super().__init__(f"code {code}")
        self.code = code


def test_exceptions_keep_type_cause_and_traceback(x):
    def inner(part):
        try:
            return part / {}["missing"]
        except KeyError as error:
            raise Peculiar(42) from error

    def outer(part, block_id=None):
        return inner(part) if block_id == (2, 0) else part

    y = x.map_blocks(outer, dtype="f8", name="brittle") + 1
    line = traceback.extract_stack()[-1].lineno - 1
    with pytest.raises(Peculiar) as caught:
        y.compute()
    error = caught.value
    assert error.code == 42
    assert isinstance(error.__cause__, KeyError)
    names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    assert names[-2:] == ["outer", "inner"]
    (note,) = error.__notes__
    assert "brittle" in note
    assert "chunk (2, 0)" in note
    assert f"{__file__}:{line}" in note
    # The same array fails in the same way again, and others still compute.
    with pytest.raises(Peculiar):
        y.compute()
    assert (x + 1).compute().sum() == GRID.sum() + 35


def test_chunks_are_read_only_and_results_are_their_own(x):
    def write(part):
        part[...] = 0
        return part

    with pytest.raises(ValueError, match="read-only"):
        x.map_blocks(write, dtype="f8").compute()
    source = np.arange(4.0)
    result = da.from_array(source).map_blocks(lambda part: part).compute()
    result[:] = 7
    assert source.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "i4", "u8", "f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("layout", ["C", "F", "reversed", "swapped"])
def test_every_dtype_and_layout_of_a_result(dtype, layout):
    values = np.arange(12).reshape(3, 4).astype(dtype)

    def give(part):
        if layout == "reversed":
            return part[::-1, ::-1][::-1, ::-1]
        if layout == "swapped":
            return part.astype(part.dtype.newbyteorder())
        return np.asarray(part, order=layout)

    equal(da.from_array(values, chunks=(2, 3)).map_blocks(give, dtype=dtype), values)


def test_empty_arrays():
    x = zeros((0, 3), chunks=2)
    equal(x.map_blocks(lambda p: p + 1), np.zeros((0, 3)))
    equal(zeros((), chunks=-1).map_blocks(lambda p: p + 1), 1.0)


# blockwise


def test_blockwise_products(x):
    a, b = np.arange(5), np.arange(7) * 10
    outer = da.blockwise(
        np.outer, "ij", da.from_array(a, chunks=2), "i", da.from_array(b, chunks=3), "j"
    )
    equal(outer, np.outer(a, b))
    equal(da.blockwise(np.transpose, "ji", x, "ij"), GRID.T)


def test_blockwise_contracts_with_lists_or_joined(x):
    def by_list(parts, others):
        assert isinstance(parts, list) and len(parts) == len(others) == 3
        return sum(p @ q for p, q in zip(parts, others, strict=True))

    other = np.arange(5 * 2.0).reshape(5, 2)
    y = da.from_array(other, chunks=(2, 1))
    equal(da.blockwise(by_list, "ik", x, "ij", y, "jk", dtype="f8"), GRID @ other)
    joined = da.blockwise(np.matmul, "ik", x, "ij", y, "jk", concatenate=True, dtype="f8")
    equal(joined, GRID @ other)


def test_blockwise_sizes(x):
    equal(
        da.blockwise(
            lambda p: np.repeat(p, 2, 0), "ij", x, "ij", adjust_chunks={"i": lambda n: 2 * n}
        ),
        np.repeat(GRID, 2, 0),
    )
    new = da.blockwise(
        lambda p: np.ones((*p.shape, 5)) * p[..., None],
        "ijk",
        x,
        "ij",
        new_axes={"k": 5},
        dtype="f8",
    )
    equal(new, np.repeat(GRID[..., None], 5, -1))
    equal(da.blockwise(np.add, "ij", x, "ij", 1000, None, dtype="f8"), GRID + 1000)
    with pytest.raises(ValueError, match="repeated"):
        da.blockwise(np.add, "ii", x, "ij")
    with pytest.raises(ValueError, match="no array has"):
        da.blockwise(np.add, "iz", x, "ij")
    with pytest.raises(ValueError, match="labels"):
        da.blockwise(np.add, "ij", x, "ijk")
    with pytest.raises(ValueError, match="align_arrays is False"):
        da.blockwise(np.add, "ij", x, "ij", cut(x, (4, 5)), "ij", align_arrays=False)


# apply_gufunc and its family


def test_gufunc_of_one_and_of_several_outputs(x):
    whole = cut(x, (3, -1))
    equal(da.apply_gufunc(lambda v: v.sum(-1), "(i)->()", whole), GRID.sum(-1))
    calls = []

    def stats(v):
        calls.append(v.shape)
        return v.mean(-1), v.argmax(-1), np.sort(v, axis=-1)

    mean, where, ordered = da.apply_gufunc(
        stats, "(i)->(),(),(i)", whole, output_dtypes=("f8", "i8", "f8")
    )
    results = chunkwise.compute(mean, where, ordered)
    assert sorted(calls) == [(1, 5), (3, 5), (3, 5)]
    np.testing.assert_array_equal(results[0], GRID.mean(-1))
    np.testing.assert_array_equal(results[1], GRID.argmax(-1))
    np.testing.assert_array_equal(results[2], np.sort(GRID))
    equal(where, GRID.argmax(-1))


def test_gufunc_axes(x):
    total = lambda v: v.sum(-1)  # noqa: E731
    tall = cut(x, (-1, 2))
    equal(da.apply_gufunc(total, "(i)->()", tall, axis=0), GRID.sum(0))
    kept = da.apply_gufunc(total, "(i)->()", tall, axis=0, keepdims=True)
    equal(kept, GRID.sum(0, keepdims=True))
    product = da.apply_gufunc(
        np.matmul, "(i,j),(j,k)->(i,k)", GRID, GRID, axes=[(1, 0), (0, 1), (0, 1)]
    )
    equal(product, GRID.T @ GRID)
    with pytest.raises(ValueError, match="cut into 3 chunks"):
        da.apply_gufunc(total, "(i)->()", x)
    equal(da.apply_gufunc(total, "(i)->()", x, allow_rechunk=True), GRID.sum(-1))


def test_gufunc_vectorized_and_sizes():
    a, b = np.random.default_rng(1).normal(size=(4, 3)), np.arange(5.0)
    outer = da.apply_gufunc(
        lambda v, w: np.outer(v, w),
        "(i),(j)->(i,j)",
        da.from_array(a, chunks=(2, 3)),
        b,
        vectorize=True,
    )
    equal(outer, np.einsum("ki,j->kij", a, b))
    twice = da.apply_gufunc(
        lambda v: np.concatenate([v, v], -1),
        "(i)->(k)",
        a,
        output_sizes={"k": 6},
        output_dtypes="f8",
    )
    equal(twice, np.concatenate([a, a], -1))

    @da.as_gufunc(signature="(i)->()", output_dtypes="f8", vectorize=True)
    def largest(v):
        assert v.shape == (3,)
        return v.max()

    equal(largest(a), a.max(-1))
    for signature in ["", "(i)", "(i)->", "i->i", "(i)->()()"]:
        with pytest.raises(ValueError, match="not a signature"):
            da.apply_gufunc(np.sum, signature, a)
    with pytest.raises(ValueError, match="lengths of"):
        da.apply_gufunc(np.sum, "(i)->(q)", a, output_dtypes="f8")
    with pytest.raises(ValueError, match="2 inputs, 1"):
        da.apply_gufunc(np.sum, "(i),(i)->()", a)
    with pytest.raises(ValueError, match="must return 2 arrays, got 3"):
        first, _ = da.apply_gufunc(
            lambda v: (v, v, v), "(i)->(i),(i)", a, output_dtypes=("f8", "f8")
        )
        first.compute()


def test_a_gufunc_without_inputs_and_wrong_lengths():
    with pytest.raises(ValueError, match="core axis 'i' has lengths"):
        da.apply_gufunc(np.add, "(i),(i)->(i)", np.ones(3), np.ones(4))
    one = da.apply_gufunc(lambda: np.arange(3), "->(i)", output_sizes={"i": 3}, output_dtypes="i8")
    equal(one, np.arange(3))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_apply_along_axis(x, axis):
    square = lambda v: np.outer(v[:2], v[:3])  # noqa: E731
    for function in (np.sum, np.sort, lambda v: v[:2], square):
        equal(da.apply_along_axis(function, axis, x), np.apply_along_axis(function, axis, GRID))
    with pytest.raises(np.exceptions.AxisError):
        da.apply_along_axis(np.sum, 2, x)


def test_apply_over_axes(x):
    def total(a, axis):
        return da.apply_along_axis(np.sum, axis, a)

    equal(da.apply_over_axes(total, x, [0, 1]), np.apply_over_axes(np.sum, GRID, [0, 1]))
    with pytest.raises(ValueError, match="where 2 or 1 were expected"):
        da.apply_over_axes(lambda a, axis: 1.0, x, 0)


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("concatenate", [False, True])
def test_reduction(axis, keepdims, concatenate):
    values = np.random.default_rng(2).normal(size=(23, 17))
    x = da.from_array(values, chunks=(2, 3))

    def total(parts, axis, keepdims):
        if concatenate:
            return np.sum(parts, axis=axis, keepdims=keepdims)
        return np.sum(join(parts, list(axis)), axis=axis, keepdims=keepdims)

    def join(parts, axes):
        assert isinstance(parts, list)
        return np.concatenate([join(p, axes[1:]) if axes[1:] else p for p in parts], axes[0])

    made = da.reduction(
        x, np.sum, total, axis=axis, keepdims=keepdims, split_every=4, concatenate=concatenate
    )
    expected = values.sum(axis=axis, keepdims=keepdims)
    assert made.shape == np.shape(expected)
    np.testing.assert_allclose(made.compute(), expected, rtol=1e-12)


def test_reduction_with_weights_and_combine(x):
    def chunk(part, weights, axis, keepdims):
        return (part * weights).sum(axis=axis, keepdims=keepdims)

    steps = []

    def combine(parts, axis, keepdims):
        steps.append(parts.shape)
        return parts.sum(axis=axis, keepdims=keepdims)

    made = da.reduction(
        x, chunk, np.sum, axis=0, weights=np.arange(5.0), combine=combine, split_every=2, dtype="f8"
    )
    np.testing.assert_allclose(made.compute(), (GRID * np.arange(5.0)).sum(0))
    assert steps


def test_fromfunction_and_frompyfunc():
    made = da.fromfunction(lambda i, j: i * 10 + j, shape=(5, 4), chunks=(2, 3), dtype="i8")
    equal(made, np.fromfunction(lambda i, j: i * 10 + j, (5, 4), dtype="i8"))
    equal(da.fromfunction(lambda i: 3.0, shape=(4,), chunks=2), np.full(4, 3.0))
    parity = da.frompyfunc(lambda a, b: (a + b) % 2 == 0, 2, 1)
    a = np.arange(6)
    equal(parity(da.from_array(a, chunks=4), 1), (a + 1) % 2 == 0)
    divide = da.frompyfunc(divmod, 2, 2)
    quotient, rest = divide(da.from_array(a, chunks=4), 4)
    equal(quotient, a // 4)
    equal(rest, a % 4)
    assert (divide.nin, divide.nout) == (2, 2)
    with pytest.raises(TypeError, match="takes 2 arguments"):
        divide(a)


# map_overlap

SIDES = {"reflect": "symmetric", "periodic": "wrap", "nearest": "edge"}


@pytest.mark.parametrize("boundary", [*SIDES, "none", 0, 7.5])
@pytest.mark.parametrize("depth", [1, (2, 0), {0: 2, 1: 1}, {1: (0, 2)}, 3])
def test_overlap_against_one_chunk(x, boundary, depth):
    """Elements and their neighbours are the same however the array is cut."""
    sides = [(d, d) if isinstance(d, int) else d for d in _each(depth)]

    def spread(part):
        total = part.copy()
        for axis, (before, after) in enumerate(sides):
            for shift in range(-after, before + 1):
                total += (shift + 1) * np.roll(part, shift, axis)
        return total

    made = da.map_overlap(spread, x, depth=depth, boundary=boundary, dtype="f8")
    if boundary == "none":
        wide, cut = GRID, (slice(None), slice(None))
        # What rolls in at a bare edge is another chunk's element: only inner ones are alike.
        inner = tuple(slice(b + a, n - a - b) for (b, a), n in zip(sides, GRID.shape, strict=True))
        np.testing.assert_array_equal(made.compute()[inner], spread(GRID)[inner])
        return
    if boundary in SIDES:
        wide = np.pad(GRID, sides, SIDES[boundary])
    else:
        wide = np.pad(GRID, sides, constant_values=boundary)
    cut = tuple(slice(b, b + n) for (b, _), n in zip(sides, GRID.shape, strict=True))
    equal(made, spread(wide)[cut])


def _each(depth):
    if isinstance(depth, int):
        return [depth, depth]
    if isinstance(depth, tuple):
        return list(depth)
    return [depth.get(0, 0), depth.get(1, 0)]


def test_bare_edges_have_less():
    x = arange(10, chunks=4)
    shapes = []

    def look(part):
        shapes.append(part.shape)
        return part

    equal(da.map_overlap(look, x, depth=2, boundary="none", dtype="i8"), np.arange(10))
    assert sorted(shapes) == [(4,), (6,), (8,)]


def test_overlap_of_several_arrays_and_untrimmed(x):
    row = np.arange(5.0)
    made = da.map_overlap(
        lambda p, q: p + q, x, da.from_array(row, chunks=3), depth=1, boundary="reflect", dtype="f8"
    )
    equal(made, GRID + row)
    made = x.map_overlap(lambda p: p[1:-1, 1:-1], 1, 0, trim=False, dtype="f8")
    equal(made, GRID)
    made = x.map_overlap(lambda p: p[None], {0: 1}, "nearest", new_axis=0, dtype="f8")
    equal(made, GRID[None])
    total = da.map_overlap(
        lambda p: p.sum(),
        ones(10, chunks=10),
        chunks=(),
        drop_axis=0,
        depth=1,
        boundary="reflect",
        trim=False,
        dtype="f8",
    )
    assert float(total) == 12


def test_overlap_and_back(x):
    for depth in (1, {0: 2}, {1: (1, 0)}):
        for boundary in ("reflect", "periodic", "nearest", "none", 3):
            wide = da.overlap.overlap(x, depth, boundary)
            equal(da.overlap.trim_overlap(wide, depth, boundary), GRID)
    g = da.overlap.overlap(
        da.from_array(np.arange(64).reshape(8, 8), chunks=4), {0: 2, 1: 1}, {0: 100, 1: "reflect"}
    )
    assert g.chunks == ((8, 8), (6, 6))
    np.testing.assert_array_equal(g.compute()[2], [0, 0, 1, 2, 3, 4, 3, 4, 5, 6, 7, 7])


def test_overlap_mistakes(x):
    with pytest.raises(ValueError, match="larger than the array"):
        x.map_overlap(np.abs, 6, "reflect")
    with pytest.raises(ValueError, match="boundary must be"):
        x.map_overlap(np.abs, 1, "mirror")
    with pytest.raises(ValueError, match="allow_rechunk is False"):
        x.map_overlap(np.abs, 2, 0, allow_rechunk=False)
    with pytest.raises(TypeError, match="takes arrays"):
        da.map_overlap(np.abs, GRID, depth=1)
    with pytest.raises(TypeError, match="comes first"):
        da.map_overlap(x, np.abs, depth=1)
