"""Products of vectors, matrices and tensors, against NumPy."""

import chunkwise.array as da
import numpy as np
import pytest
from cases import assert_all_same, assert_same, quiet

DTYPES = ["bool", "int8", "uint16", "int64", "float32", "float64", "complex64", "complex128"]


def operand(shape, dtype="float64", seed=0):
    """Small integers: sums of their products are exact in every order."""
    rng = np.random.default_rng([seed, *shape])
    x = rng.integers(-4, 5, shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.integers(-4, 5, shape)
    return (np.abs(x) if np.dtype(dtype).kind == "u" else x).astype(dtype)


def lazy(x, chunks=2):
    return da.asarray(x, chunks=chunks)


def refused(name, *arguments, **kwargs):
    with pytest.raises(Exception) as numpys:
        getattr(np, name)(*arguments, **kwargs)
    with pytest.raises(numpys.type):
        getattr(da, name)(*arguments, **kwargs)


SHAPES = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((3,), (5, 3, 4)),
    ((5, 2, 3), (3,)),
    ((5, 2, 3), (5, 3, 4)),
    ((6, 1, 2, 3), (5, 3, 4)),
    ((2, 0), (0, 3)),
    ((0, 3), (3, 2)),
    ((2, 3), (3, 0)),
]


@pytest.mark.parametrize("chunks", [-1, 1, 2])
@pytest.mark.parametrize("left, right", SHAPES)
def test_matmul(left, right, chunks):
    x, y = operand(left, seed=1), operand(right, seed=2)
    a, b = lazy(x, chunks), lazy(y, chunks)
    pairs = [
        (da.matmul(a, b), x @ y, {}),
        (a @ b, x @ y, {}),
        (a @ y, x @ y, {}),
        (x @ b, x @ y, {}),
    ]
    assert_all_same(pairs)


@pytest.mark.parametrize("first", DTYPES)
@pytest.mark.parametrize("second", DTYPES)
def test_products_of_dtypes(first, second):
    x, y = operand((3, 4), first, 1), operand((4, 3), second, 2)
    a, b = lazy(x), lazy(y)
    assert_all_same(
        [
            (da.matmul(a, b), np.matmul(x, y), {}),
            (da.dot(a, b), np.dot(x, y), {}),
            (da.vdot(a, b), np.vdot(x, y), {}),
            (da.inner(a, b.T), np.inner(x, y.T), {}),
            (da.outer(a, b), np.outer(x, y), {}),
            (da.kron(a, b), np.kron(x, y), {}),
            (da.tensordot(a, b, 1), np.tensordot(x, y, 1), {}),
            (da.vecdot(a, b.T), np.vecdot(x, y.T), {}),
            (da.einsum("ij,jk->ik", a, b), np.einsum("ij,jk->ik", x, y), {}),
        ]
    )


@pytest.mark.parametrize(
    "left, right",
    [
        ((), ()),
        ((), (3,)),
        ((2, 3), ()),
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (4, 3, 2)),
        ((2, 3), (4, 3, 2)),
    ],
)
def test_dot(left, right):
    x, y = operand(left, seed=1), operand(right, seed=2)
    assert_all_same([(da.dot(lazy(x), y), np.dot(x, y), {}), (lazy(x).dot(y), np.dot(x, y), {})])


@pytest.mark.parametrize("left, right", [((), ()), ((), (3,)), ((2, 3), (4, 3)), ((3,), (4, 2, 3))])
def test_inner(left, right):
    x, y = operand(left, seed=1), operand(right, seed=2)
    assert_same(da.inner(lazy(x), y), np.inner(x, y))


def test_vdot_conjugates_and_ravels():
    x, y = operand((2, 3), "complex128", 1), operand((3, 2), "complex128", 2)
    assert_same(da.vdot(lazy(x), y), np.vdot(x, y))


@pytest.mark.parametrize(
    "left, right", [((), (3,)), ((2,), (3,)), ((2, 3), (4,)), ((2,), (2, 3)), ((2, 1, 3), (2, 2))]
)
def test_kron(left, right):
    x, y = operand(left, seed=1), operand(right, seed=2)
    assert_all_same(
        [(da.kron(lazy(x), y), np.kron(x, y), {}), (da.outer(x, y), np.outer(x, y), {})]
    )


@pytest.mark.parametrize(
    "axes", [0, 2, ([1, 2], [0, 1]), ((2,), (1,)), (-1, -1), ([0], [-1]), ([], [])]
)
def test_tensordot(axes):
    x, y = operand((4, 3, 4), seed=1), operand((3, 4, 4), seed=2)
    assert_same(da.tensordot(lazy(x), lazy(y), axes), np.tensordot(x, y, axes))


@pytest.mark.parametrize(
    "subscripts, shapes",
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]),
        ("ij,jk", [(2, 3), (3, 4)]),
        ("ij->ji", [(2, 3)]),
        ("ij->", [(2, 3)]),
        ("ii", [(3, 3)]),
        ("ii->i", [(3, 3)]),
        ("i,i", [(3,), (3,)]),
        ("i,j->ij", [(3,), (4,)]),
        ("ij,j,kj->ik", [(2, 3), (3,), (4, 3)]),
        ("...ij,...jk->...ik", [(5, 2, 3), (3, 4)]),
        ("i...->...", [(3, 2)]),
        ("bij,bjk->bik", [(5, 2, 3), (5, 3, 4)]),
        ("ab,bc,cd,de->ae", [(2, 3), (3, 4), (4, 2), (2, 3)]),
        ("ij,ij->i", [(2, 3), (1, 3)]),
        (" i j , j k -> i k ", [(2, 3), (3, 4)]),
    ],
)
def test_einsum(subscripts, shapes):
    xs = [operand(s, seed=i) for i, s in enumerate(shapes)]
    want = np.einsum(subscripts, *xs)
    assert_same(da.einsum(subscripts, *map(lazy, xs), optimize="greedy"), want)
    assert_same(da.einsum(subscripts, *xs, dtype="complex128"), want.astype("complex128"))


def test_einsum_with_lists_of_numbers():
    x, y = operand((2, 3), seed=1), operand((3, 4), seed=2)
    for arguments in [
        (x, [0, 1], y, [1, 2], [0, 2]),
        (x, [0, 1], y, [1, 2]),
        (x, [..., 1], [..., 1]),
    ]:
        assert_same(da.einsum(*arguments), np.einsum(*arguments))


def test_vecdot():
    x, y = operand((5, 3, 2), "complex64", 1), operand((3, 2), "complex64", 2)
    assert_same(da.vecdot(lazy(x), y), np.vecdot(x, y))
    assert_same(da.vecdot(lazy(x), y, axis=-2), np.vecdot(x, y, axis=-2))
    z = operand((5, 3, 2), seed=3)
    assert_same(da.vecdot(lazy(z), z, axis=0), np.vecdot(z, z, axis=0))


def test_cross():
    x, y = operand((4, 3), seed=1), operand((4, 3), seed=2)
    assert_all_same(
        [
            (da.cross(lazy(x), y), np.cross(x, y), {}),
            (da.cross(lazy(x), [1, 2, 3]), np.cross(x, [1, 2, 3]), {}),
            (da.cross(x.T, y.T, axis=0), np.cross(x.T, y.T, axis=0), {}),
            (
                da.cross(x.T, y, axisa=0, axisb=1, axisc=0),
                np.cross(x.T, y, axisa=0, axisb=1, axisc=0),
                {},
            ),
        ]
    )
    with pytest.raises(ValueError):
        da.cross(np.ones(4), np.ones(4))


def test_refused():
    x = np.zeros((2, 3))
    refused("matmul", x, x)
    refused("matmul", x, 2)
    refused("matmul", 2, x)
    refused("matmul", np.zeros((2, 2, 3)), np.zeros((3, 3, 2)))
    refused("dot", x, x)
    refused("vdot", x, np.zeros(5))
    refused("inner", x, np.zeros(2))
    refused("tensordot", x, x, 1)
    refused("tensordot", x, x, ([0, 1], [0]))
    refused("einsum", "ij,jk", x)
    refused("einsum", "ij,jk", x, x)
    refused("einsum", "ij->k", x)
    refused("einsum", "ijk", x)
    refused("vecdot", x, np.zeros((2, 4)))
    with pytest.raises(TypeError):
        da.ones(3) @ "text"


def test_not_a_number_spreads():
    x = np.array([[1.0, np.nan], [np.inf, 2.0]])
    y = np.array([[1.0, 2.0], [3.0, 4.0]])
    with quiet():
        assert_same(da.matmul(lazy(x), y), x @ y)
        assert_same(da.tensordot(lazy(x), y), np.tensordot(x, y))


def test_views_on_both_sides():
    x, y = operand((7, 6), seed=1), operand((6, 5), seed=2)
    assert_same(da.flip(lazy(x, 3), 1) @ da.flip(lazy(y), 0), x[:, ::-1] @ y[::-1])
    assert_same(lazy(x).T @ lazy(x, 4), x.T @ x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_matrices_and_vectors(dtype):
    m, v, w = (operand(s, dtype) for s in [(3, 4, 5), (3, 5), (4,)])
    a, b, c = (lazy(x) for x in (m, v, w))
    if hasattr(np, "matvec"):
        assert_same(da.matvec(a, b), np.matvec(m, v))
        assert_same(da.matvec(a[0], b[1]), np.matvec(m[0], v[1]))
        assert_same(da.matvec(a[:, :0], b), np.matvec(m[:, :0], v))
        assert_same(da.vecmat(c, a), np.vecmat(w, m))
        assert_same(da.vecmat(c, a[0]), np.vecmat(w, m[0]))
        assert_same(da.vecmat(c[:0], a[0, :0]), np.vecmat(w[:0], m[0, :0]))


def test_matrices_and_vectors_that_do_not_fit():
    for name, left, right in [
        ("matvec", [1, 2], [3, 4]),
        ("matvec", [[1, 2]], [3, 4, 5]),
        ("matvec", [[1, 2]], 3),
        ("vecmat", 1, [[1]]),
        ("vecmat", [1, 2], [1, 2]),
        ("vecmat", [1, 2], [[1, 2, 3]]),
    ]:
        with pytest.raises(ValueError):
            getattr(da, name)(left, right)
