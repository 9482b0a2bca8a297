"""Random arrays: every value depends on the seed, the array's number and the element's index alone.

Any chunks, any slice, any number of threads and any machine give the same values.

>>> rng = da.random.default_rng(42)
>>> x = rng.normal(size=(10_000, 10_000), chunks=(1000, 1000))
>>> x.mean(axis=0)[0:100].compute().shape
(100,)

The functions of this module draw from one generator that is seeded freshly; `default_rng` makes one
that can be repeated.
"""

from ._generator import Generator, default_rng
from ._state import RandomState

__all__ = [
    "Generator",
    "RandomState",
    "beta",
    "binomial",
    "chisquare",
    "choice",
    "default_rng",
    "dirichlet",
    "exponential",
    "f",
    "gamma",
    "geometric",
    "gumbel",
    "hypergeometric",
    "laplace",
    "logistic",
    "lognormal",
    "logseries",
    "multinomial",
    "negative_binomial",
    "noncentral_chisquare",
    "noncentral_f",
    "normal",
    "pareto",
    "permutation",
    "poisson",
    "power",
    "randint",
    "random",
    "random_integers",
    "random_sample",
    "rayleigh",
    "seed",
    "standard_cauchy",
    "standard_exponential",
    "standard_gamma",
    "standard_normal",
    "standard_t",
    "triangular",
    "uniform",
    "vonmises",
    "wald",
    "weibull",
    "zipf",
]

_shared = RandomState()

beta = _shared.beta
binomial = _shared.binomial
chisquare = _shared.chisquare
choice = _shared.choice
dirichlet = _shared.dirichlet
exponential = _shared.exponential
f = _shared.f
gamma = _shared.gamma
geometric = _shared.geometric
gumbel = _shared.gumbel
hypergeometric = _shared.hypergeometric
laplace = _shared.laplace
logistic = _shared.logistic
lognormal = _shared.lognormal
logseries = _shared.logseries
multinomial = _shared.multinomial
negative_binomial = _shared.negative_binomial
noncentral_chisquare = _shared.noncentral_chisquare
noncentral_f = _shared.noncentral_f
normal = _shared.normal
pareto = _shared.pareto
permutation = _shared.permutation
poisson = _shared.poisson
power = _shared.power
randint = _shared.randint
random = _shared.random
random_integers = _shared.random_integers
random_sample = _shared.random_sample
rayleigh = _shared.rayleigh
seed = _shared.seed
standard_cauchy = _shared.standard_cauchy
standard_exponential = _shared.standard_exponential
standard_gamma = _shared.standard_gamma
standard_normal = _shared.standard_normal
standard_t = _shared.standard_t
triangular = _shared.triangular
uniform = _shared.uniform
vonmises = _shared.vonmises
wald = _shared.wald
weibull = _shared.weibull
zipf = _shared.zipf
