"""Arrays made by the engine's own functions on chunks survive being pickled."""

import pickle
import subprocess
import sys

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest

native = chunkwise._chunkwise
RNG = np.random.default_rng(11)
VALUES = RNG.normal(size=(12, 10))
SQUARE = VALUES.T @ VALUES + 4 * np.eye(10)


def lane(part):
    return np.cumsum(part, axis=-1)


X = da.from_array(VALUES, chunks=(5, 4))
A = da.from_array(SQUARE, chunks=4)
B = da.from_array(VALUES.T.copy(), chunks=5)
TALL = da.random.default_rng(1).normal(size=(60000, 4), chunks=(7000, 4))
LONG = da.random.default_rng(2).normal(size=1 << 21, chunks=1 << 18)
MASK = X > 0
PLACES = da.from_array(np.array([3, 0, -1, 3]), chunks=3)
BINS = np.array([-1.0, 0.0, 0.5, 2.0])


def assigned():
    y = X.copy()
    y[MASK] = da.arange(int(MASK.sum()), dtype="f8", chunks=7)
    return y


MADE = {f"fft.{name}": getattr(da.fft, name) for name in dir(da.fft) if "fft" in name[:5]}
MADE = {
    **{
        name: (lambda f=f: f(X))
        for name, f in MADE.items()
        if name.removeprefix("fft.") not in ("fft_wrap", "fftfreq", "rfftfreq")
    },
    "fft.fftfreq": lambda: da.fft.fftfreq(9),
    "fft.rfftfreq": lambda: da.fft.rfftfreq(9),
    "linalg.qr": lambda: da.linalg.qr(A),
    "linalg.qr of rows": lambda: da.linalg.qr(TALL),
    "linalg.svd": lambda: da.linalg.svd(A),
    "linalg.svd of rows": lambda: da.linalg.svd(TALL, full_matrices=False),
    "linalg.svd_compressed": lambda: da.linalg.svd_compressed(A, 3, seed=1),
    "linalg.svdvals": lambda: da.linalg.svdvals(X),
    "linalg.cholesky": lambda: da.linalg.cholesky(A),
    "linalg.lu": lambda: da.linalg.lu(A),
    "linalg.solve": lambda: da.linalg.solve(A, B),
    "linalg.solve_triangular": lambda: da.linalg.solve_triangular(A, B, lower=True),
    "linalg.inv": lambda: da.linalg.inv(A),
    "linalg.pinv": lambda: da.linalg.pinv(X),
    "linalg.det": lambda: da.linalg.det(A),
    "linalg.slogdet": lambda: da.linalg.slogdet(A),
    "linalg.eigh": lambda: da.linalg.eigh(A),
    "linalg.eigvalsh": lambda: da.linalg.eigvalsh(A),
    "linalg.eig": lambda: da.linalg.eig(A),
    "linalg.lstsq": lambda: da.linalg.lstsq(X, X[:, 0]),
    "linalg.lstsq of rows": lambda: da.linalg.lstsq(TALL, TALL[:, 0]),
    "linalg.norm": lambda: da.linalg.norm(X, 2),
    "sort": lambda: da.sort(X, axis=0),
    "argsort": lambda: da.argsort(X, axis=1),
    "unique": lambda: da.unique(X.round()),
    "unique_all": lambda: tuple(da.unique_all(X.round())),
    "median": lambda: da.median(X, axis=0),
    "median of a long lane": lambda: da.median(LONG),
    "nanmedian": lambda: da.nanmedian(da.where(MASK, X, np.nan), axis=1),
    "quantile": lambda: da.quantile(X, [0.1, 0.9], axis=1),
    "percentile": lambda: da.percentile(X, 30, axis=0, method="nearest"),
    "nanpercentile": lambda: da.nanpercentile(X, [30, 40]),
    "isin": lambda: da.isin(X.round(), [1.0, 0.0]),
    "searchsorted": lambda: da.searchsorted(da.from_array(BINS, chunks=4), X, side="right"),
    "digitize": lambda: da.digitize(X, BINS),
    "digitize, falling": lambda: da.digitize(X, BINS[::-1], right=True),
    "histogram": lambda: da.histogram(X, bins=BINS, weights=X),
    "histogram of equal bins": lambda: da.histogram(X, bins=5, range=(-1, 1), density=True),
    "bincount": lambda: da.bincount(abs(X[:, 0]).astype("i8"), weights=X[:, 1], minlength=6),
    "nonzero": lambda: da.nonzero(MASK),
    "argwhere": lambda: da.argwhere(MASK),
    "mask": lambda: X[MASK],
    "mask of rows": lambda: X[X[:, 0] > 0],
    "maximum behind a mask": lambda: X[MASK].max(),
    "assignment by a mask": assigned,
    "vindex": lambda: X.vindex[[0, 3, 11], [9, 2, 2]],
    "positions": lambda: X[[3, 1, 1], :],
    "lazy positions": lambda: X[PLACES],
    "take_along_axis": lambda: da.take_along_axis(X, da.argsort(X, axis=1), axis=1),
    "topk": lambda: da.topk(X, 3, axis=0),
    "argtopk": lambda: da.argtopk(X, -3, axis=1),
    "gufunc": lambda: da.apply_gufunc(lane, "(i)->(i)", X, output_dtypes="f8", allow_rechunk=True),
}


def arrays(made):
    return [made] if isinstance(made, da.Array) else [a for a in made if isinstance(a, da.Array)]


@pytest.mark.parametrize("name", MADE)
def test_the_same_again(name):
    made = arrays(MADE[name]())
    assert made
    back = pickle.loads(pickle.dumps(made))
    for one, other in zip(made, back, strict=True):
        assert (one.dtype, one.ndim) == (other.dtype, other.ndim)
        assert repr(one.chunks) == repr(other.chunks)
    for one, other in zip(chunkwise.compute(*made), chunkwise.compute(*back), strict=True):
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()


@pytest.mark.parametrize("name", sorted(set(MADE) - {"gufunc"}))
def test_only_functions_of_the_user_are_left_to_python(name):
    _, _, functions = native.encode([a._expr for a in arrays(MADE[name]())])
    assert functions == []


def test_another_process(tmp_path):
    made = [da.linalg.eigh(A)[0], da.fft.rfft2(X), da.median(X, axis=1), da.digitize(X, BINS)]
    path = tmp_path / "arrays.pickle"
    path.write_bytes(pickle.dumps(made))
    program = (
        "import pickle, sys, chunkwise\n"
        f"made = pickle.load(open({str(path)!r}, 'rb'))\n"
        "sys.stdout.write(' '.join(a.tobytes().hex() for a in chunkwise.compute(*made)))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    assert run.stdout.split() == [a.tobytes().hex() for a in chunkwise.compute(*made)]


def test_unknown_functions_and_wrong_parameters_are_errors():
    made = da.searchsorted(da.from_array(BINS, chunks=4), X)
    data, sources, functions = native.encode([made._expr])
    name = b"\x06lookup\x01\x00"
    assert data.count(name) == 1
    with pytest.raises(ValueError, match='unknown function on chunks "cookup"'):
        native.decode(data.replace(name, b"\x06cookup\x01\x00"), sources, functions)
    with pytest.raises(ValueError, match=r'\[9\] are no parameters of "lookup"'):
        native.decode(data.replace(name, b"\x06lookup\x01\x09"), sources, functions)
