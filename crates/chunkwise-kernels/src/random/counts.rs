//! Poisson and binomial counts. Up to a mean of 128 by a table of cumulative probabilities; above, by
//! Hörmann's transformed rejection with squeeze (PTRS: "The transformed rejection method for generating
//! Poisson random variables", 1993; BTRS: "The generation of binomial random variates", 1993), where
//! every attempt of an element takes a block of its own. Probabilities follow Loader (2000).

use super::bits::Bits;
use super::math::{HALF_LN_TAU, deviance, exp, ln, ln_1p, stirling_error};
use super::table::Table;

/// Means up to this are drawn from a table.
pub(super) const LARGEST_TABLE_MEAN: f64 = 128.0;

/// The sub-counter of an element's first attempt; the next ones follow.
pub(super) const FIRST_ATTEMPT: u32 = 1;

/// A prepared distribution of counts.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    method: Method,
    /// Where successes are likelier than failures, failures are drawn.
    mirror: Option<u64>,
}

#[derive(Clone, Debug)]
enum Method {
    Table(Table),
    Rejection(Rejection),
}

/// Transformed rejection, for means of 10 and above.
#[derive(Clone, Debug)]
pub(super) struct Rejection {
    pmf: Pmf,
    a: f64,
    b: f64,
    centre: f64,
    squeeze: f64,
    ln_alpha: f64,
}

/// A logarithm of probabilities.
#[derive(Clone, Debug)]
enum Pmf {
    Poisson { rate: f64 },
    Binomial { n: f64, p: f64, of_n: f64 },
}

impl Pmf {
    fn ln(&self, k: f64) -> f64 {
        match *self {
            Pmf::Poisson { rate } if k == 0.0 => -rate,
            Pmf::Poisson { rate } => {
                -stirling_error(k) - deviance(k, rate) - HALF_LN_TAU - 0.5 * ln(k)
            }
            Pmf::Binomial { n, p, .. } if k == 0.0 => n * ln_1p(-p),
            Pmf::Binomial { n, p, .. } if k == n => n * ln(p),
            Pmf::Binomial { n, p, of_n } => {
                let rest = n - k;
                of_n - stirling_error(k)
                    - stirling_error(rest)
                    - deviance(k, n * p)
                    - deviance(rest, n * (1.0 - p))
                    - HALF_LN_TAU
                    - 0.5 * ln(k * (rest / n))
            }
        }
    }

    fn largest(&self) -> f64 {
        match self {
            Pmf::Poisson { .. } => 9e15,
            Pmf::Binomial { n, .. } => *n,
        }
    }
}

impl Counts {
    /// `rate` is at least 0.
    pub(super) fn poisson(rate: f64) -> Counts {
        let method = if rate <= LARGEST_TABLE_MEAN {
            let ratio = move |k: f64| rate / (k + 1.0);
            Method::Table(walk(exp(-rate), rate, f64::INFINITY, ratio))
        } else {
            Method::Rejection(Rejection::poisson(rate))
        };
        Counts {
            method,
            mirror: None,
        }
    }

    /// `p` is between 0 and 1, `n` at most 2^53.
    pub(super) fn binomial(trials: u64, p: f64) -> Counts {
        let mirror = (p > 0.5).then_some(trials);
        let p = if p > 0.5 { 1.0 - p } else { p };
        let n = trials as f64;
        let method = if n * p <= LARGEST_TABLE_MEAN {
            let odds = p / (1.0 - p);
            let ratio = move |k: f64| (n - k) / (k + 1.0) * odds;
            Method::Table(walk(exp(n * ln_1p(-p)), n * p, n, ratio))
        } else {
            Method::Rejection(Rejection::binomial(n, p))
        };
        Counts { method, mirror }
    }

    /// The count of an element, given the block of its first attempt.
    #[inline]
    pub(super) fn draw(&self, bits: &Bits, index: u64, first: [u64; 2]) -> i64 {
        let k = match &self.method {
            Method::Table(table) => table.draw(first[0]),
            Method::Rejection(rejection) => rejection.draw(bits, index, first),
        };
        match self.mirror {
            Some(n) => (n - k) as i64,
            None => k as i64,
        }
    }
}

/// The table of a distribution from its probability of 0 and the ratios of neighbours, up to where the
/// rest is below a uniform value's resolution.
fn walk(zero: f64, mean: f64, last: f64, ratio: impl Fn(f64) -> f64) -> Table {
    let first = Some((0.0f64, zero));
    let chances = std::iter::successors(first, |(k, p)| {
        let more = *k < last && (*k < mean || *p > 1e-20);
        more.then(|| (k + 1.0, p * ratio(*k)))
    });
    Table::from_probabilities(chances.map(|(_, p)| p))
}

impl Rejection {
    pub(super) fn poisson(rate: f64) -> Rejection {
        let b = 0.931 + 2.53 * rate.sqrt();
        Rejection {
            pmf: Pmf::Poisson { rate },
            a: -0.059 + 0.02483 * b,
            b,
            centre: rate + 0.43,
            squeeze: 0.9277 - 3.6224 / (b - 2.0),
            ln_alpha: ln(1.1239 + 1.1328 / (b - 3.4)),
        }
    }

    /// `p` is at most a half.
    pub(super) fn binomial(n: f64, p: f64) -> Rejection {
        let deviation = (n * p * (1.0 - p)).sqrt();
        let b = 1.15 + 2.53 * deviation;
        let pmf = Pmf::Binomial {
            n,
            p,
            of_n: stirling_error(n),
        };
        let at_mode = pmf.ln(((n + 1.0) * p).floor());
        Rejection {
            pmf,
            a: -0.0873 + 0.0248 * b + 0.01 * p,
            b,
            centre: n * p + 0.5,
            squeeze: 0.92 - 4.2 / b,
            ln_alpha: ln((2.83 + 5.1 / b) * deviation) + at_mode,
        }
    }

    fn draw(&self, bits: &Bits, index: u64, first: [u64; 2]) -> u64 {
        let mut attempt = FIRST_ATTEMPT;
        self.attempts(|| {
            let words = match attempt {
                FIRST_ATTEMPT => first,
                later => bits.block(index, later),
            };
            attempt = attempt.wrapping_add(1);
            words
        })
    }

    /// The count that the first of these pairs of words gives that is not turned down.
    pub(super) fn attempts(&self, mut pair: impl FnMut() -> [u64; 2]) -> u64 {
        const UNIT: f64 = 1.0 / 9_007_199_254_740_992.0;
        loop {
            let words = pair();
            let u = (words[0] >> 11) as f64 * UNIT - 0.5;
            let v = ((words[1] >> 11) + 1) as f64 * UNIT;
            let us = 0.5 - u.abs();
            let k = ((2.0 * self.a / us + self.b) * u + self.centre).floor();
            if us >= 0.07 && v <= self.squeeze {
                return k as u64;
            }
            // A `us` of 0 makes `k` infinite, which the first comparison turns down.
            let possible = (0.0..=self.pmf.largest()).contains(&k);
            if possible {
                let hat = self.a / (us * us) + self.b;
                if ln(v) + self.ln_alpha - ln(hat) <= self.pmf.ln(k) {
                    return k as u64;
                }
            }
        }
    }
}
