"""Linear algebra against NumPy, over dtypes, shapes, stacks and chunks."""

import chunkwise as cw
import chunkwise.array as da
import numpy as np
import pytest
from chunkwise.array import linalg

DTYPES = ["float32", "float64", "complex64", "complex128"]
SHAPES = [(5, 3), (3, 5), (4, 4), (1, 1), (0, 3), (3, 0), (2, 3, 4, 4), (2, 0, 3, 3)]


def random(shape, dtype="float64", seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.standard_normal(shape)
    return x.astype(dtype)


def lazy(x, chunk=2):
    return da.asarray(x, chunks=chunk if x.size else "auto")


def tolerance(dtype):
    return 2e-4 if dtype in ("float32", "complex64") else 1e-10


def close(got, want, dtype="float64"):
    got = np.asarray(got)
    want = np.asarray(want)
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=tolerance(dtype), atol=tolerance(dtype))


def adjoint(x):
    return np.swapaxes(x, -1, -2).conj()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_qr(shape, dtype):
    x = random(shape, dtype)
    for mode in ["reduced", "complete"]:
        got = linalg.qr(lazy(x), mode=mode)
        want = np.linalg.qr(x, mode=mode)
        assert got._fields == want._fields
        q, r = (np.asarray(a) for a in got)
        assert (q.shape, r.shape) == (want.Q.shape, want.R.shape)
        assert q.dtype == r.dtype == x.dtype
        close(q @ r, x, dtype)
        close(
            adjoint(q) @ q,
            np.broadcast_to(
                np.eye(q.shape[-1], dtype=dtype), (*shape[:-2], q.shape[-1], q.shape[-1])
            ),
            dtype,
        )
        close(np.triu(r), r, dtype)
    close(abs(np.asarray(linalg.qr(lazy(x), mode="r"))), abs(np.linalg.qr(x, mode="r")), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_svd(shape, dtype):
    x = random(shape, dtype)
    for full in [True, False]:
        got = linalg.svd(lazy(x), full_matrices=full)
        want = np.linalg.svd(x, full_matrices=full)
        assert got._fields == want._fields
        u, s, vh = (np.asarray(a) for a in got)
        assert (u.shape, vh.shape) == (want.U.shape, want.Vh.shape)
        close(s, want.S, dtype)
        k = s.shape[-1]
        close((u[..., :k] * s[..., None, :]) @ vh[..., :k, :], x, dtype)
    close(linalg.svdvals(lazy(x)), np.linalg.svdvals(x), dtype)
    close(linalg.svd(lazy(x), compute_uv=False), np.linalg.svdvals(x), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(4, 4), (1, 1), (0, 0), (2, 3, 4, 4), (2, 0, 3, 3)])
def test_square_matrices(shape, dtype):
    x = random(shape, dtype)
    n = shape[-1]
    x = x + 2 * np.eye(n, dtype=dtype)
    h = x @ adjoint(x)
    close(linalg.det(lazy(x)), np.linalg.det(x), dtype)
    for got, want in zip(linalg.slogdet(lazy(x)), np.linalg.slogdet(x), strict=True):
        close(got, want, dtype)
    assert linalg.slogdet(lazy(x))._fields == ("sign", "logabsdet")
    close(linalg.inv(lazy(x)), np.linalg.inv(x), dtype)
    close(linalg.cholesky(lazy(h)), np.linalg.cholesky(h), dtype)
    close(linalg.cholesky(lazy(h), upper=True), np.linalg.cholesky(h, upper=True), dtype)
    close(linalg.cholesky(lazy(h), lower=True), np.linalg.cholesky(h), dtype)
    for uplo in "LU":
        w, v = linalg.eigh(lazy(h), UPLO=uplo)
        w, v = np.asarray(w), np.asarray(v)
        np.testing.assert_allclose(w, np.linalg.eigvalsh(h), rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(h @ v, v * w[..., None, :], rtol=2e-3, atol=2e-3)
        np.testing.assert_allclose(np.asarray(linalg.eigvalsh(lazy(h), UPLO=uplo)), w, atol=1e-3)
    w, v = (np.asarray(a) for a in linalg.eig(lazy(x)))
    np.testing.assert_allclose(x @ v, v * w[..., None, :], rtol=1e-3, atol=1e-3)
    assert w.dtype.kind == "c"
    close(
        np.sum(np.asarray(linalg.eigvals(lazy(x))), -1).real,
        np.trace(x, axis1=-2, axis2=-1).real.astype(w.real.dtype),
        dtype,
    )
    for k in [-2, 0, 1, 3]:
        np.testing.assert_allclose(
            np.asarray(linalg.matrix_power(lazy(x), k)),
            np.linalg.matrix_power(x, k),
            rtol=1e-3,
            atol=1e-3,
        )
    p, low, up = (np.asarray(a) for a in linalg.lu(lazy(x)))
    close(p @ low @ up, x, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_solutions(dtype):
    a = random((2, 4, 4), dtype) + 3 * np.eye(4, dtype=dtype)
    b = random((4, 5), dtype, 1)
    v = random((4,), dtype, 2)
    close(linalg.solve(lazy(a), lazy(b)), np.linalg.solve(a, b), dtype)
    close(linalg.solve(lazy(a), lazy(v)), np.linalg.solve(a, v), dtype)
    close(linalg.solve(lazy(a[0]), lazy(b)), np.linalg.solve(a[0], b), dtype)
    h = a[0] @ adjoint(a[0])
    close(linalg.solve(lazy(h), lazy(b), assume_a="pos"), np.linalg.solve(h, b), dtype)
    for lower, tri in [(True, np.tril(a)), (False, np.triu(a))]:
        close(
            linalg.solve_triangular(lazy(a), lazy(b), lower=lower), np.linalg.solve(tri, b), dtype
        )


@pytest.mark.parametrize("shape", [(7, 3), (3, 7), (4, 4)])
@pytest.mark.parametrize("columns", [None, 2])
def test_lstsq(shape, columns):
    a = random(shape)
    b = random(shape[:1] if columns is None else (shape[0], columns), seed=1)
    x, residuals, rank, s = linalg.lstsq(lazy(a), lazy(b))
    want = np.linalg.lstsq(a, b)
    close(x, want[0])
    close(s, want[3])
    assert int(rank) == want[2]
    close(residuals, np.atleast_1d((abs(a @ want[0] - b) ** 2).sum(axis=0)))


def test_ranks_and_inverses():
    for dtype in DTYPES:
        x = random((2, 5, 2), dtype) @ random((2, 2, 4), dtype, 1)
        assert np.asarray(linalg.matrix_rank(lazy(x))).tolist() == [2, 2]
        np.testing.assert_allclose(
            np.asarray(linalg.pinv(lazy(x), rtol=1e-4)), np.linalg.pinv(x, rtol=1e-4), atol=1e-3
        )
    h = np.diag([3.0, 1e-3, 0.0])
    for kwargs, want in [({}, 2), ({"tol": 0.01}, 1), ({"rtol": 0.1}, 1), ({"hermitian": True}, 2)]:
        assert int(linalg.matrix_rank(lazy(h), **kwargs)) == want
        assert int(np.linalg.matrix_rank(h, **kwargs)) == want
    assert int(linalg.matrix_rank(lazy(np.array([0.0, 1.0])))) == 1
    close(linalg.pinv(lazy(h), hermitian=True), np.linalg.pinv(h, hermitian=True))
    for p in [None, 2, -2, 1, -1, np.inf, -np.inf, "fro", "nuc"]:
        close(linalg.cond(lazy(h + np.eye(3)), p), np.linalg.cond(h + np.eye(3), p))
    assert np.isinf(float(linalg.cond(da.ones((2, 2)), 1)))


@pytest.mark.parametrize("dtype", ["int32", *DTYPES])
def test_norms(dtype):
    x = random((3, 4, 5), "complex128" if dtype.startswith("c") else "float64")
    x = (10 * x).astype(dtype)
    for ord in [None, 0, 1, 2, 3, -1, 0.5, np.inf, -np.inf]:
        for keepdims in [True, False]:
            got = linalg.norm(lazy(x), ord, axis=1, keepdims=keepdims)
            # Zeros have no reciprocal.
            with np.errstate(divide="ignore"):
                want = np.linalg.norm(x, ord, axis=1, keepdims=keepdims)
            close(got, want, dtype)
    for ord in [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]:
        for axis in [(0, 1), (2, 0), (-1, -2)]:
            for keepdims in [True, False]:
                got = linalg.norm(lazy(x), ord, axis=axis, keepdims=keepdims)
                want = np.linalg.norm(x, ord, axis=axis, keepdims=keepdims)
                np.testing.assert_allclose(np.asarray(got), want, rtol=1e-3)
    close(linalg.norm(lazy(x)), np.linalg.norm(x), dtype)
    close(
        linalg.vector_norm(lazy(x), axis=(0, 2), ord=3),
        np.linalg.vector_norm(x, axis=(0, 2), ord=3),
        dtype,
    )
    np.testing.assert_allclose(
        np.asarray(linalg.matrix_norm(lazy(x))), np.linalg.matrix_norm(x), rtol=1e-5
    )


def test_products():
    x, y, z = random((3, 40)), random((40, 5), seed=1), random((5, 6), seed=2)
    close(linalg.multi_dot([lazy(x), lazy(y), lazy(z)]), x @ y @ z)
    close(linalg.multi_dot([lazy(x[0]), lazy(y), lazy(z[:, 0])]), x[0] @ y @ z[:, 0])
    close(linalg.matmul(lazy(x), lazy(y)), x @ y)
    close(linalg.tensordot(lazy(x), lazy(y), axes=1), np.tensordot(x, y, 1))
    close(linalg.tensordot(lazy(x), lazy(y), axes=((1,), (0,))), np.tensordot(x, y, 1))
    close(linalg.outer(lazy(x[0]), lazy(z[0])), np.outer(x[0], z[0]))
    close(linalg.vecdot(lazy(x), lazy(x[0])), np.vecdot(x, x[0]))
    a, b = random((4, 3)), random((3,), seed=3)
    close(linalg.cross(lazy(a), lazy(b)), np.cross(a, b))
    close(
        linalg.cross(lazy(a.T.copy()), lazy(a.T.copy() + 1), axis=0), np.cross(a.T, a.T + 1, axis=0)
    )
    s = random((2, 3, 4))
    close(linalg.trace(lazy(s), offset=1), np.linalg.trace(s, offset=1))
    close(linalg.trace(lazy(s), dtype="float32"), np.linalg.trace(s).astype("float32"), "float32")
    close(linalg.diagonal(lazy(s), offset=-1), np.linalg.diagonal(s, offset=-1))
    close(linalg.matrix_transpose(lazy(s)), np.matrix_transpose(s))


def test_tall_matrices_in_rows():
    x = random((130_000, 8))
    q, r = cw.compute(*linalg.qr(da.asarray(x, chunks=(10_000, 8))))
    close(q @ r, x)
    close(q.T @ q, np.eye(8))
    u, s, vh = cw.compute(*linalg.svd(da.asarray(x), full_matrices=False))
    close(u * s @ vh, x)
    close(linalg.svdvals(da.asarray(x.T)), s)
    for make in [linalg.tsqr, linalg.sfqr]:
        small = x[:9, :] if make is linalg.tsqr else x[:5, :]
        q, r = make(lazy(small))
        close(np.asarray(q) @ np.asarray(r), small)
    u, s, vh = linalg.svd_compressed(da.asarray(x[:500] @ x[:8].T), 8, n_power_iter=1, seed=3)
    close(np.asarray(u) * np.asarray(s) @ np.asarray(vh), x[:500] @ x[:8].T)
    assert linalg.compression_level(1000, 10) == 20


def test_power_iterations_have_a_bound():
    x = da.asarray(np.eye(6, 4), chunks=2)
    _, s, _ = linalg.svd_compressed(x, 2, "QR", n_power_iter=1000)
    close(s, np.ones(2))
    for n in (1001, 2**31, 2**62):
        with pytest.raises(ValueError, match="1000"):
            linalg.svd_compressed(x, 2, n_power_iter=n)


def test_mistakes_raise_numpys_exceptions():
    assert linalg.LinAlgError is np.linalg.LinAlgError
    singular = da.ones((3, 3))
    for make in [linalg.inv, lambda a: linalg.solve(a, da.ones(3))]:
        with pytest.raises(np.linalg.LinAlgError, match="singular"):
            make(singular).compute()
    with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
        linalg.cholesky(da.asarray([[-1.0]])).compute()
    nan = da.asarray([[np.nan, 1.0], [1.0, 2.0]])
    for make in [linalg.svdvals, linalg.eigvals, linalg.eigvalsh]:
        with pytest.raises(np.linalg.LinAlgError, match="converge"):
            make(nan).compute()
    for make in [linalg.det, linalg.inv, linalg.eigh, linalg.cholesky, linalg.slogdet, linalg.eig]:
        for wrong in [da.ones((2, 3)), da.ones(3)]:
            with pytest.raises(np.linalg.LinAlgError):
                make(wrong)
    with pytest.raises(ValueError, match="mode"):
        linalg.qr(singular, mode="raw")
    with pytest.raises(ValueError, match="ord"):
        linalg.norm(singular, "no")
    with pytest.raises(ValueError):
        linalg.solve(singular, da.ones(4))
    with pytest.raises(ValueError):
        linalg.cross(da.ones(2), da.ones(2))


def test_integers_count_as_floats():
    x = np.array([[2, 1], [1, 3]])
    close(linalg.det(lazy(x)), np.linalg.det(x))
    close(linalg.inv(lazy(x)), np.linalg.inv(x))
    close(linalg.matrix_power(lazy(x), 3), np.linalg.matrix_power(x, 3))
