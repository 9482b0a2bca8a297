"""Arrays from nothing, against NumPy."""

import chunkwise.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

DTYPES = [
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float32",
    "float64",
    "complex64",
    "complex128",
]
SHAPES = [(), (0,), (5,), (3, 4), (2, 0, 3), (2, 3, 4)]
CHUNKS = ["auto", 1, 2, -1]


def same(ours, numpys, exact=True):
    """Equal in shape, dtype and elements."""
    numpys = np.asarray(numpys)
    assert ours.shape == numpys.shape
    assert ours.dtype == numpys.dtype
    got = np.asarray(ours.compute())
    if exact:
        np.testing.assert_array_equal(got, numpys)
    else:
        np.testing.assert_allclose(got, numpys, rtol=1e-14, atol=1e-300)


@pytest.mark.parametrize("dtype", [None, *DTYPES])
@pytest.mark.parametrize("shape", [*SHAPES, 7, np.int64(3), [2, 3]])
def test_constants(shape, dtype):
    for chunks in CHUNKS:
        kwargs = {"chunks": chunks}
        same(da.zeros(shape, dtype, **kwargs), np.zeros(shape, dtype))
        same(da.ones(shape, dtype, **kwargs), np.ones(shape, dtype))
        same(da.full(shape, 3, dtype, **kwargs), np.full(shape, 3, dtype))
        assert da.empty(shape, dtype, **kwargs).shape == np.empty(shape, dtype).shape


@pytest.mark.parametrize(
    "value", [True, 3, -3, 2.5, 1j, np.float32(1.5), np.uint8(7), np.nan, 2**63]
)
def test_full_takes_the_dtype_of_its_value(value):
    same(da.full((2, 3), value, chunks=2), np.full((2, 3), value))
    same(da.full_like(np.ones(3, "complex64"), value), np.full_like(np.ones(3, "complex64"), value))


def test_full_of_an_array_broadcasts():
    same(da.full((2, 3), [1, 2, 3], chunks=2), np.full((2, 3), [1, 2, 3]))
    same(
        da.full((2, 3), da.arange(3), dtype="int8"),
        np.full((2, 3), [1, 2, 0][::-1], "int8") * 0 + np.arange(3, dtype="int8"),
    )
    with pytest.raises(ValueError):
        da.full((2, 3), [1, 2])


@pytest.mark.parametrize("value, dtype", [(300, "uint8"), (-1, "uint8"), (2**70, "int64")])
def test_a_number_that_does_not_fit(value, dtype):
    with pytest.raises(OverflowError):
        np.full(3, value, dtype)
    with pytest.raises(OverflowError):
        da.full(3, value, dtype)


@pytest.mark.parametrize("shape", [-1, (2, -3)])
def test_lengths_below_zero(shape):
    with pytest.raises(ValueError):
        da.zeros(shape)


@pytest.mark.parametrize("shape", [2.5, "ab", (2, 2.0)])
def test_what_is_no_shape(shape):
    with pytest.raises(TypeError):
        da.zeros(shape)


def test_dtypes_that_arrays_do_not_have():
    for dtype in ["U3", "datetime64[s]", object]:
        with pytest.raises(TypeError):
            da.zeros(3, dtype)


@pytest.mark.parametrize("dtype", [None, "int8", "complex64"])
def test_like(dtype):
    x = np.arange(12, dtype="float32").reshape(3, 4)
    d = da.asarray(x, chunks=2)
    for name in ["zeros_like", "ones_like"]:
        ours, numpys = getattr(da, name), getattr(np, name)
        same(ours(d, dtype=dtype), numpys(x, dtype=dtype))
        assert ours(d, dtype=dtype).chunks == d.chunks
        same(ours(d, dtype=dtype, shape=(5,)), numpys(x, dtype=dtype, shape=(5,)))
        assert ours(d, chunks=3).chunks == ((3,), (3, 1))
    same(da.full_like(d, [1, 2, 3, 4], dtype=dtype), np.full_like(x, [1, 2, 3, 4], dtype=dtype))
    assert da.empty_like(d, dtype).dtype == np.empty_like(x, dtype).dtype


@pytest.mark.parametrize(
    "arguments",
    [
        (5,),
        (0,),
        (-3,),
        (2, 9),
        (2, 9, 3),
        (9, 2, -3),
        (5.0,),
        (0.1, 1.0, 0.1),
        (1.0, 0.0, -0.25),
        (0.1, 3.5, 0.7),
        (True,),
        (np.float32(0.3), np.float32(7), np.float32(0.1)),
        (np.int8(3), np.int8(100)),
        (-5, 5, 0.5),
        (2**62, 2**62 + 5),
        (0, -0.0, 1),
        (1e300, 2e300, 3e299),
    ],
)
@pytest.mark.parametrize("chunks", ["auto", 3, -1])
def test_arange(arguments, chunks):
    same(da.arange(*arguments, chunks=chunks), np.arange(*arguments))


def test_arange_by_keywords():
    same(da.arange(stop=4), np.arange(stop=4))
    same(da.arange(start=1, stop=4), np.arange(start=1, stop=4))
    same(da.arange(1, stop=9, step=2), np.arange(1, stop=9, step=2))
    same(da.arange(da.asarray(3)), np.arange(3))


@pytest.mark.parametrize("dtype", [d for d in DTYPES if d != "bool"])
@pytest.mark.parametrize("arguments", [(7,), (1, 9, 2), (0.0, 3.0, 0.5)])
def test_arange_in_a_dtype(arguments, dtype):
    same(da.arange(*arguments, dtype=dtype, chunks=3), np.arange(*arguments, dtype=dtype))


@settings(max_examples=200, deadline=None)
@given(
    st.floats(-1e3, 1e3),
    st.floats(-1e3, 1e3),
    st.floats(0.5, 50),
    st.sampled_from("fd"),
    st.booleans(),
)
def test_arange_of_floats_is_numpys(start, stop, step, dtype, down):
    step = -step if down else step
    same(da.arange(start, stop, step, dtype, chunks=17), np.arange(start, stop, step, dtype))


@pytest.mark.parametrize(
    "arguments", [(), (None,), (1, 5, 0), (0.0, 5.0, 0.0), (0, np.inf), (0, np.nan)]
)
def test_arange_refuses(arguments):
    with pytest.raises((TypeError, ValueError, ZeroDivisionError)) as numpys:
        np.arange(*arguments)
    with pytest.raises(numpys.type):
        da.arange(*arguments)


def test_arange_beyond_int64():
    ends = (2**63, 2**63 + 9, 2)
    same(da.arange(*ends, dtype="uint64", chunks=2), np.arange(*ends, dtype="uint64"))
    for name in (np.arange, da.arange):
        with pytest.raises(OverflowError):
            name(2**63, 2**63 + 4, dtype="int64")


def test_arange_of_booleans():
    same(da.arange(2, dtype=bool), np.arange(2, dtype=bool))
    same(da.arange(0, dtype=bool), np.arange(0, dtype=bool))
    with pytest.raises(TypeError):
        da.arange(3, dtype=bool)


def test_arange_of_very_many():
    x = da.arange(10**15, chunks=10**9)
    assert x.shape == (10**15,)
    assert int(da.Array(da._array._native.basic_index(x._expr, (-1,)))) == 10**15 - 1


@pytest.mark.parametrize("endpoint", [True, False])
@pytest.mark.parametrize("num", [0, 1, 2, 5, 50])
@pytest.mark.parametrize(
    "ends",
    [
        (0, 1),
        (3, -2),
        (2, 2),
        (0.1, 0.7),
        (1e300, -1e300),
        (0, 5e-324),
        (1 + 2j, 3),
        (np.float32(0), np.float32(1)),
    ],
)
def test_linspace(ends, num, endpoint):
    want, step = np.linspace(*ends, num, endpoint=endpoint, retstep=True)
    ours, our_step = da.linspace(*ends, num, endpoint=endpoint, retstep=True, chunks=3)
    same(ours, want)
    np.testing.assert_equal(np.asarray(our_step), np.asarray(step))
    for dtype in ["int32", "float32"]:
        if not isinstance(ends[0], complex) and abs(ends[0]) < 1e9:
            same(
                da.linspace(*ends, num, endpoint=endpoint, dtype=dtype),
                np.linspace(*ends, num, endpoint=endpoint, dtype=dtype),
            )


def test_linspace_between_arrays():
    a, b = np.array([0.0, 1.0, 2.0]), np.array([[1.0], [2.0]])
    for axis in (0, 1, -1):
        for num in (1, 4):
            want, step = np.linspace(a, b, num, axis=axis, retstep=True)
            ours, our_step = da.linspace(da.asarray(a), b, num, axis=axis, retstep=True, chunks=2)
            same(ours, want)
            if num == 1:
                assert np.isnan(step) and np.isnan(our_step)
            else:
                same(our_step, step)


def test_linspace_refuses():
    with pytest.raises(ValueError):
        da.linspace(0, 1, -1)
    with pytest.raises(TypeError):
        da.linspace(0, 1, 2.5)


def test_spaces_on_a_logarithmic_scale():
    same(da.logspace(0, 3, 7, chunks=2), np.logspace(0, 3, 7), exact=False)
    same(da.logspace(0, 3, 4, base=2, dtype=int), np.logspace(0, 3, 4, base=2, dtype=int))
    same(da.geomspace(1, 1000, 4), np.geomspace(1, 1000, 4), exact=False)
    same(
        da.geomspace(-1, -8, 4, endpoint=False),
        np.geomspace(-1, -8, 4, endpoint=False),
        exact=False,
    )
    same(da.geomspace(1j, 8j, 4), np.geomspace(1j, 8j, 4), exact=False)
    for name in (da.geomspace, np.geomspace):
        with pytest.raises(ValueError):
            name(0, 1)


@pytest.mark.parametrize("n, m", [(3, None), (3, 5), (5, 3), (0, 4), (1, 1)])
@pytest.mark.parametrize("k", [-9, -1, 0, 2, 2**62])
def test_diagonals_of_ones(n, m, k):
    for dtype in ["float64", "bool", "int8"]:
        same(da.eye(n, m, k=k, dtype=dtype, chunks=2), np.eye(n, m, k=k, dtype=dtype))
        if abs(k) < 100:
            same(da.tri(n, m, k, dtype, chunks=2), np.tri(n, m, k, dtype))
    same(da.identity(n, chunks=2), np.identity(n))


@pytest.mark.parametrize("shape", [(3,), (4, 4), (3, 5), (0, 3), (2, 4, 3)])
@pytest.mark.parametrize("k", [-2, 0, 1])
def test_triangles(shape, k):
    x = np.arange(np.prod(shape), dtype="int16").reshape(shape) + 1
    d = da.asarray(x, chunks=2)
    same(da.tril(d, k), np.tril(x, k))
    same(da.triu(d, k=k), np.triu(x, k=k))


def test_triangles_keep_neither_nan_nor_inf():
    x = np.full((3, 3), np.nan)
    same(da.tril(x), np.tril(x))
    with pytest.raises(TypeError):
        da.tril(5)


@pytest.mark.parametrize("n, k, m", [(3, 0, None), (4, 1, 3), (3, -1, 5)])
def test_indices_of_triangles(n, k, m):
    for name in ["tril_indices", "triu_indices"]:
        for ours, want in zip(getattr(da, name)(n, k, m), getattr(np, name)(n, k, m), strict=True):
            same(ours, want)
    x = np.ones((3, 4))
    for name in ["tril_indices_from", "triu_indices_from"]:
        for ours, want in zip(getattr(da, name)(x, k), getattr(np, name)(x, k), strict=True):
            same(ours, want)
    with pytest.raises(ValueError):
        da.tril_indices_from(np.ones(3))


@pytest.mark.parametrize("k", [-7, -1, 0, 2, 7])
def test_diag(k):
    for dtype in ["float32", "bool", "complex128"]:
        v = np.arange(1, 4).astype(dtype)
        x = np.arange(12).astype(dtype).reshape(3, 4)
        same(da.diag(da.asarray(v, chunks=2), k), np.diag(v, k))
        same(da.diag(da.asarray(x, chunks=2), k), np.diag(x, k))
    for bad in (3, np.ones((2, 2, 2))):
        with pytest.raises(ValueError):
            da.diag(bad)


@pytest.mark.parametrize("axes", [(0, 1), (1, 0), (0, 2), (-1, 0)])
@pytest.mark.parametrize("offset", [-9, -1, 0, 1])
def test_diagonal(axes, offset):
    x = np.arange(24).reshape(2, 3, 4)
    d = da.asarray(x, chunks=2)
    same(da.diagonal(d, offset, *axes), x.diagonal(offset, *axes))
    same(d.diagonal(offset, *axes), x.diagonal(offset, *axes))


def test_diagonal_refuses():
    for arguments, error in [
        ((np.ones(3),), ValueError),
        ((np.ones((2, 2)), 0, 0, 0), ValueError),
        ((np.ones((2, 2)), 0, 0, 5), np.exceptions.AxisError),
    ]:
        with pytest.raises(error):
            np.diagonal(*arguments)
        with pytest.raises(error):
            da.diagonal(*arguments)


@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 3), (2, 3, 4)])
def test_indices(shape):
    same(da.indices(shape, chunks=2), np.indices(shape))
    same(da.indices(shape, dtype="float32"), np.indices(shape, dtype="float32"))
    for ours, want in zip(
        da.indices(shape, sparse=True), np.indices(shape, sparse=True), strict=True
    ):
        same(ours, want)


@pytest.mark.parametrize("indexing", ["xy", "ij"])
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_meshgrid(n, sparse, indexing):
    lines = [np.arange(3), np.linspace(0, 1, 4), np.array([[1j, 2j]])][:n]
    ours = da.meshgrid(*[da.asarray(x, chunks=2) for x in lines], sparse=sparse, indexing=indexing)
    want = np.meshgrid(*lines, sparse=sparse, indexing=indexing)
    assert len(ours) == len(want)
    for a, b in zip(ours, want, strict=True):
        same(a, b)


def test_meshgrid_refuses():
    with pytest.raises(ValueError):
        da.meshgrid([1], [2], indexing="ji")


def test_fromfunction():
    def function(i, j):
        return i * 10 + j

    same(da.fromfunction(function, chunks=2, shape=(3, 4)), np.fromfunction(function, (3, 4)))
    same(
        da.fromfunction(function, shape=(3, 4), dtype=int),
        np.fromfunction(function, (3, 4), dtype=int),
    )
    assert da.fromfunction(lambda i: 5, shape=(4,)).shape == (4,)


def test_devices():
    assert da.zeros(3, device="cpu").shape == (3,)
    for name in (da.zeros, da.ones, da.empty, da.arange, da.eye):
        with pytest.raises(ValueError):
            name(3, device="gpu")
