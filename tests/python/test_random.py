"""Random arrays: their distributions, and that a value depends on seed, array and index alone.

Distributions are compared with samples of NumPy's by the Kolmogorov-Smirnov distance. Seeds are
fixed, so that a test either always passes or never.
"""

import copy
import pickle
import threading

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest

N = 40_000

#: Name, parameters.
CASES = [
    ("random", ()),
    ("standard_normal", ()),
    ("standard_exponential", ()),
    ("uniform", (-2, 3)),
    ("normal", (3, 2)),
    ("exponential", (2,)),
    ("gumbel", (1, 2)),
    ("laplace", (1, 2)),
    ("logistic", (1, 2)),
    ("lognormal", (0.5, 0.7)),
    ("pareto", (3,)),
    ("power", (0.3,)),
    ("power", (4,)),
    ("rayleigh", (2,)),
    ("standard_cauchy", ()),
    ("triangular", (-1, 0, 3)),
    ("triangular", (0, 0, 3)),
    ("wald", (3, 2)),
    ("wald", (1, 50)),
    ("weibull", (0.5,)),
    ("weibull", (3,)),
    ("standard_gamma", (0.05,)),
    ("standard_gamma", (1,)),
    ("standard_gamma", (55,)),
    ("gamma", (2.5, 3)),
    ("beta", (0.1, 0.2)),
    ("beta", (2, 5)),
    ("chisquare", (1,)),
    ("chisquare", (30,)),
    ("noncentral_chisquare", (0.5, 2)),
    ("noncentral_chisquare", (3, 20)),
    ("f", (3, 7)),
    ("noncentral_f", (3, 7, 2)),
    ("standard_t", (1,)),
    ("standard_t", (9,)),
    ("vonmises", (0, 1e-7)),
    ("vonmises", (2, 4)),
    ("vonmises", (0, 1e5)),
    ("vonmises", (0, 1e7)),
    ("poisson", (0.5,)),
    ("poisson", (9.5,)),
    ("poisson", (300,)),
    ("binomial", (10, 0.3)),
    ("binomial", (1000, 0.7)),
    ("geometric", (0.9,)),
    ("geometric", (0.01,)),
    ("negative_binomial", (3, 0.2)),
    ("negative_binomial", (0.5, 0.01)),
    ("logseries", (0.5,)),
    ("logseries", (0.99,)),
    ("zipf", (1.2,)),
    ("zipf", (3,)),
    ("hypergeometric", (10, 20, 7)),
    ("hypergeometric", (1_000_000, 2_000_000, 50_000)),
    ("integers", (-3, 9)),
]

#: The same, with the parameters as arrays.
ARRAYS = [
    ("uniform", (-2.0, 3.0)),
    ("normal", (3.0, 2.0)),
    ("exponential", (2.0,)),
    ("gumbel", (1.0, 2.0)),
    ("gamma", (0.5, 3.0)),
    ("beta", (2.0, 5.0)),
    ("noncentral_f", (3.0, 7.0, 2.0)),
    ("standard_t", (9.0,)),
    ("triangular", (-1.0, 0.0, 3.0)),
    ("vonmises", (2.0, 4.0)),
    ("weibull", (2.0,)),
    ("wald", (3.0, 2.0)),
    ("poisson", (9.9,)),
    ("poisson", (10.1,)),
    ("poisson", (1e6,)),
    ("binomial", (33, 0.31)),
    ("binomial", (1000, 0.7)),
    ("binomial", (40, 0.99)),
    ("geometric", (0.2,)),
    ("negative_binomial", (3, 0.2)),
    ("logseries", (0.7,)),
    ("zipf", (2.5,)),
    ("integers", (-3, 9)),
    ("integers", (-(2**62), 2**62)),
]


def distance(a, b):
    """The largest difference of two samples' distribution functions."""
    a, b = np.sort(a.astype("float64")), np.sort(b.astype("float64"))
    both = np.concatenate([a, b])
    at = [np.searchsorted(x, both, side="right") / len(x) for x in (a, b)]
    return np.abs(at[0] - at[1]).max()


#: Two samples of one distribution are further apart once in a thousand times.
FAR = 1.95 * np.sqrt(2 / N)


@pytest.mark.parametrize("name, parameters", CASES)
def test_distributions(name, parameters):
    ours = getattr(da.random.default_rng(11), name)(*parameters, size=N, chunks=7001)
    theirs = getattr(np.random.default_rng(12), name)(*parameters, size=N)
    got = ours.compute()
    assert got.dtype == ours.dtype == theirs.dtype
    assert np.isfinite(got).all()
    assert distance(got, theirs) < FAR
    # The test can fail: a neighbouring distribution is told apart.
    if name != "standard_cauchy":
        assert distance(got, theirs * 1.25 + 0.25) > FAR


@pytest.mark.parametrize("name, parameters", ARRAYS)
def test_distributions_with_arrays_of_parameters(name, parameters):
    arrays = [np.full(N, p) for p in parameters]
    lazy = [da.asarray(a, chunks=999) for a in arrays]
    got = getattr(da.random.default_rng(21), name)(*lazy, chunks=7001).compute()
    theirs = getattr(np.random.default_rng(22), name)(*arrays)
    assert got.dtype == theirs.dtype
    assert distance(got, theirs) < FAR


def test_each_element_has_its_own_parameters():
    rng = da.random.default_rng(3)
    rates = np.array([0.0, 1.0, 20.0, 1000.0])
    means = rng.poisson(rates, size=(20_000, 4)).mean(axis=0).compute()
    np.testing.assert_allclose(means, rates, atol=5 * np.sqrt(rates / 20_000).max())
    low = np.array([[0], [100]])
    x = rng.integers(low, low + 3, size=(2, 500)).compute()
    assert set(x[0]) == {0, 1, 2} and set(x[1]) == {100, 101, 102}
    x = rng.integers([5, 250], [5, 255], endpoint=True, dtype="uint8", size=(100, 2)).compute()
    assert set(x[:, 0]) == {5} and x[:, 1].min() >= 250 and x.dtype == np.uint8


@pytest.mark.parametrize("name, parameters", CASES)
def test_chunks_do_not_matter(name, parameters):
    got = [
        getattr(da.random.default_rng(5), name)(*parameters, size=(31, 17), chunks=chunks).compute()
        for chunks in (-1, 4, (31, 1), ((1, 30), (10, 7)))
    ]
    for other in got[1:]:
        np.testing.assert_array_equal(got[0], other)


def test_neither_slices_nor_threads_matter():
    def gammas():
        return da.random.default_rng(5).gamma(0.7, size=(300, 200), chunks=50)

    want = gammas().compute()
    part = da.split(da.flip(gammas(), 0), [17, 30])[1]
    np.testing.assert_array_equal(part.compute(), want[::-1][17:30])
    with chunkwise.config.set(num_threads=1):
        np.testing.assert_array_equal(gammas().compute(), want)


def test_seeds():
    def numbers(seed):
        return da.random.default_rng(seed).random(5).compute().tolist()

    assert numbers(7) == numbers(7) == numbers(np.int64(7))
    assert numbers(7) != numbers(8)
    assert numbers(None) != numbers(None)
    big = [2**200 + 1, [1, 2, 3], np.array([1, 2, 3]), np.random.SeedSequence(5), 2**64]
    seen = {tuple(numbers(seed)) for seed in [7, *big]}
    assert len(seen) == 5
    assert numbers(2**200 + 1) == numbers(2**200 + 1)
    assert numbers(np.random.PCG64(1)) == numbers(np.random.default_rng(1))
    rng = da.random.default_rng(1)
    assert da.random.default_rng(rng) is rng
    for bad in (-1, 1.5, "seed"):
        with pytest.raises((TypeError, ValueError)):
            da.random.default_rng(bad)


def test_the_native_engine_gives_the_same():
    """`Random::new(42)` in Rust and `default_rng(42)` here are the same numbers."""
    native = chunkwise._chunkwise.Random(42, 0, "ars7").draw("random", [], [5], -1, None)
    rng = da.random.default_rng(42)
    assert (da.Array(native) == rng.random(5)).all()


def test_arrays_of_one_seed_differ():
    rng = da.random.default_rng(1)
    a, b = rng.random(1000), rng.random(1000)
    assert not (a == b).any()
    assert abs(np.corrcoef(a.compute(), b.compute())[0, 1]) < 0.1


def test_spawn():
    def children():
        return da.random.default_rng(1).spawn(3)

    drawn = [c.random(100).compute() for c in children()]
    again = [c.random(100).compute() for c in children()]
    np.testing.assert_array_equal(drawn, again)
    assert len({tuple(d) for d in drawn}) == 3
    rng = da.random.default_rng(1)
    first, second = rng.spawn(1), rng.spawn(1)
    assert not (first[0].random(5) == second[0].random(5)).any()
    assert not (first[0].random(5) == rng.random(5)).any()


def test_copies_go_on_from_the_same_place():
    for rng in (da.random.default_rng(1), da.random.RandomState(1)):
        rng.random(3)
        others = [pickle.loads(pickle.dumps(rng)), copy.deepcopy(rng)]
        want = rng.random(5).compute()
        for other in others:
            np.testing.assert_array_equal(other.random(5).compute(), want)


def test_threads_take_different_numbers():
    rng = da.random.default_rng(1)
    drawn = []

    def draw():
        for _ in range(50):
            drawn.append(rng.random(2))

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len({tuple(x) for x in map(np.ndarray.tolist, chunkwise.compute(*drawn))}) == 200


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtypes_of_floats(dtype):
    rng = da.random.default_rng(1)
    for x in (
        rng.random(1000, dtype=dtype),
        rng.standard_normal(1000, dtype=dtype),
        rng.standard_exponential(1000, dtype=dtype),
    ):
        assert x.dtype == dtype == x.compute().dtype
    with pytest.raises(TypeError):
        rng.random(5, dtype="int32")


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
)
def test_dtypes_of_integers(dtype):
    rng = da.random.default_rng(1)
    low, high = (0, 1) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    x = rng.integers(low, high, size=5000, dtype=dtype, endpoint=True)
    assert x.dtype == dtype
    got = x.compute()
    assert abs(got.astype("float64").mean() - (low + high) / 2) < 0.05 * (high - low)
    with pytest.raises(ValueError):
        rng.integers(low, high + 2, size=3, dtype=dtype)
    with pytest.raises(ValueError):
        rng.integers(low - 1, high, size=3, dtype=dtype)


def test_shapes_of_results():
    rng = da.random.default_rng(1)
    assert rng.random().shape == rng.normal().shape == rng.integers(5).shape == ()
    assert rng.random(3).shape == (3,)
    assert rng.random((2, 0)).compute().shape == (2, 0)
    assert rng.normal([0.0, 1.0]).shape == (2,)
    assert rng.normal([0.0, 1.0], size=(3, 2)).shape == (3, 2)
    assert rng.normal(np.zeros((3, 1)), [1.0, 2.0]).shape == (3, 2)
    assert rng.normal(size=(10, 10), chunks=(5, 2)).chunks == ((5, 5), (2,) * 5)
    with pytest.raises(ValueError):
        rng.normal([0.0, 1.0], size=3)
    with pytest.raises(ValueError):
        rng.random(-1)
    with pytest.raises(TypeError):
        rng.random(3, out=np.zeros(3))


@pytest.mark.parametrize(
    "name, parameters",
    [
        ("normal", (0, -1)),
        ("exponential", (-1,)),
        ("gumbel", (0, -1)),
        ("laplace", (0, -1)),
        ("pareto", (0,)),
        ("power", (-1,)),
        ("triangular", (0, 5, 3)),
        ("triangular", (0, -1, 3)),
        ("triangular", (1, 1, 1)),
        ("wald", (0, 1)),
        ("weibull", (-1,)),
        ("standard_gamma", (-1,)),
        ("beta", (0, 1)),
        ("chisquare", (0,)),
        ("f", (1, 0)),
        ("standard_t", (0,)),
        ("vonmises", (0, -1)),
        ("poisson", (-1,)),
        ("binomial", (-1, 0.5)),
        ("binomial", (5, 1.5)),
        ("binomial", (5, np.nan)),
        ("geometric", (0,)),
        ("geometric", (1.5,)),
        ("negative_binomial", (0, 0.5)),
        ("logseries", (1.0,)),
        ("zipf", (1.0,)),
        ("hypergeometric", (1, 2, 4)),
        ("hypergeometric", (-1, 2, 1)),
        ("multinomial", (5, [0.8, 0.8, 0.1])),
        ("multinomial", (-5, [0.5, 0.5])),
        ("dirichlet", ([1, -1],)),
        ("integers", (5, 5)),
        ("choice", (0,)),
        ("choice", (5, 3, True, [0.5, 0.5])),
        ("choice", (2, 3, True, [0.5, 0.6])),
        ("choice", (2, 3, True, [1.5, -0.5])),
        ("choice", (2, 3, False)),
    ],
)
def test_parameters_without_meaning(name, parameters):
    with pytest.raises(ValueError):
        getattr(np.random.default_rng(1), name)(*parameters)
    with pytest.raises(ValueError):
        getattr(da.random.default_rng(1), name)(*parameters)


def test_edges_of_parameters():
    rng = da.random.default_rng(1)
    assert (rng.normal(5, 0, size=9) == 5).all()
    assert (rng.uniform(2, 2, size=9) == 2).all()
    assert (rng.exponential(0, size=9) == 0).all()
    assert (rng.standard_gamma(0, size=9) == 0).all()
    assert (rng.poisson(0, size=9) == 0).all()
    assert (rng.binomial(9, 1.0, size=9) == 9).all()
    assert (rng.binomial(np.full(9, 9), 0.0) == 0).all()
    assert (rng.geometric(1.0, size=9) == 1).all()
    assert (rng.weibull(0, size=9) == 0).all()
    assert (rng.zipf(1e300, size=9) == 1).all()
    assert (rng.hypergeometric(0, 5, 3, size=9) == 0).all()
    assert (rng.hypergeometric(5, 0, 3, size=9) == 3).all()
    assert (rng.hypergeometric(0, 0, 0, size=9) == 0).all()
    x = rng.beta(1e-300, 1e-300, size=1000).compute()
    assert set(x) <= {0.0, 1.0} and 300 < x.sum() < 700


def test_open_intervals_stay_open():
    rng = da.random.default_rng(1)
    for x in (rng.gumbel(size=10**6), rng.laplace(size=10**6), rng.logistic(size=10**6)):
        assert np.isfinite(x.sum().compute())


def test_multinomial():
    rng = da.random.default_rng(1)
    p = [0.1, 0.0, 0.6, 0.3]
    x = rng.multinomial(50, p, size=(200, 100), chunks=50)
    assert x.shape == (200, 100, 4) and x.chunks == ((50,) * 4, (50,) * 2, (4,))
    got = x.compute()
    assert (got.sum(-1) == 50).all() and (got[..., 1] == 0).all() and got.min() >= 0
    np.testing.assert_allclose(got.mean((0, 1)), 50 * np.array(p), atol=0.1)
    np.testing.assert_allclose(
        np.cov(got.reshape(-1, 4).T), 50 * (np.diag(p) - np.outer(p, p)), atol=0.5
    )
    x = rng.multinomial([3, 5], [0.5, 0.5], size=(10, 2)).compute()
    assert (x.sum(-1) == [3, 5]).all()
    assert rng.multinomial(5, [1.0]).compute().tolist() == [5]


def test_dirichlet():
    rng = da.random.default_rng(1)
    alpha = np.array([0.5, 2.0, 7.0])
    x = rng.dirichlet(alpha, size=20_000, chunks=5000)
    got = x.compute()
    np.testing.assert_allclose(got.sum(-1), 1)
    np.testing.assert_allclose(got.mean(0), alpha / alpha.sum(), atol=0.01)
    theirs = np.random.default_rng(1).dirichlet(alpha, size=20_000)
    np.testing.assert_allclose(got.std(0), theirs.std(0), atol=0.01)


def test_choice():
    rng = da.random.default_rng(1)
    x = rng.choice(6, size=(300, 100), chunks=50)
    assert x.shape == (300, 100) and x.chunksize == (50, 50)
    np.testing.assert_allclose(np.bincount(x.compute().ravel()) / 30_000, 1 / 6, atol=0.01)
    p = [0.1, 0.0, 0.6, 0.3]
    got = rng.choice(4, size=30_000, p=p).compute()
    np.testing.assert_allclose(np.bincount(got, minlength=4) / 30_000, p, atol=0.01)
    assert rng.choice(5).shape == ()
    things = np.array([10.5, 20.5, 30.5])
    got = rng.choice(things, size=(4, 5)).compute()
    assert got.shape == (4, 5) and set(got.ravel()) <= set(things)
    rows = da.asarray(np.arange(12).reshape(4, 3), chunks=2)
    assert rng.choice(rows, size=7).shape == (7, 3)
    assert rng.choice(rows, size=(2, 2), axis=1).shape == (4, 2, 2)
    assert rng.choice(rows).shape == (3,)


def test_choice_without_replacement():
    rng = da.random.default_rng(1)
    x = rng.choice(1000, size=(10, 20), replace=False, chunks=5).compute()
    assert x.shape == (10, 20) and len(set(x.ravel())) == 200 and x.dtype == np.int64
    assert sorted(rng.choice(10, size=10, replace=False).compute()) == list(range(10))
    got = rng.choice([1.5, 2.5, 3.5], size=2, replace=False).compute()
    assert len(set(got)) == 2
    p = np.array([0.5, 0.3, 0.2, 0.0])
    firsts, seen = np.zeros(4), np.zeros(4)
    for _ in range(2000):
        got = rng.choice(4, size=2, replace=False, p=p).compute()
        firsts[got[0]] += 1
        seen[got] += 1
    assert seen[3] == 0 and seen.sum() == 4000
    np.testing.assert_allclose(firsts / 2000, p, atol=0.05)
    with pytest.raises(ValueError):
        rng.choice(4, size=4, replace=False, p=p)


def test_permutation():
    rng = da.random.default_rng(1)
    x = rng.permutation(5000).compute()
    assert sorted(x) == list(range(5000)) and (x != np.arange(5000)).sum() > 4900
    rows = np.arange(30).reshape(10, 3)
    got = rng.permutation(da.asarray(rows, chunks=4)).compute()
    assert sorted(map(tuple, got)) == sorted(map(tuple, rows)) and (got != rows).any()
    got = rng.permutation(rows, axis=1).compute()
    assert sorted(map(tuple, got.T)) == sorted(map(tuple, rows.T))
    counts = np.zeros((4, 4))
    for _ in range(2000):
        counts[np.arange(4), rng.permutation(4).compute()] += 1
    np.testing.assert_allclose(counts / 2000, 0.25, atol=0.05)
    assert rng.permutation(0).compute().shape == (0,)


def test_bytes():
    rng = da.random.default_rng(1)
    assert [len(rng.bytes(n)) for n in (0, 1, 8, 9)] == [0, 1, 8, 9]
    assert rng.bytes(16) != rng.bytes(16)
    with pytest.raises(ValueError):
        rng.bytes(-1)


def test_the_older_interface():
    state = da.random.RandomState(5)
    a = state.normal(size=5).compute()
    state.seed(5)
    np.testing.assert_array_equal(state.normal(size=5).compute(), a)
    got = state.randint(0, 5, size=1000).compute()
    assert got.min() == 0 and got.max() == 4 and got.dtype == np.int64
    assert state.randint(5, size=10, dtype="int8").dtype == "int8"
    got = state.random_integers(5, size=1000).compute()
    assert got.min() == 1 and got.max() == 5
    assert state.tomaxint(size=10).compute().min() >= 0
    assert state.random_sample((2, 3)).shape == state.random((2, 3)).shape == (2, 3)


def test_the_module_has_a_function_for_every_distribution():
    dask = pytest.importorskip("dask.array")
    names = (n for n in dir(dask.random) if not n.startswith("_"))
    theirs = [n for n in names if hasattr(np.random, n)]
    ours = [n for n in theirs if n in dir(da.random)]
    assert set(theirs) - set(ours) == set()
    da.random.seed(3)
    a = da.random.normal(0, 1, size=(4, 4), chunks=2).compute()
    da.random.seed(3)
    np.testing.assert_array_equal(da.random.normal(0, 1, size=(4, 4), chunks=3).compute(), a)


def test_methods_are_those_of_dask():
    dask = pytest.importorskip("dask.array")
    for theirs, ours in [
        (dask.random.Generator, da.random.Generator),
        (dask.random.RandomState, da.random.RandomState),
    ]:
        names = {n for n in dir(theirs) if not n.startswith("_")}
        missing = names - set(dir(ours))
        # It takes draws whose three parameters are arrays; samplers take two.
        assert missing <= {"multivariate_hypergeometric"}
