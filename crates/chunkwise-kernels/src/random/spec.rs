use std::sync::Arc;

use chunkwise_core::{DType, Error, Result};

use super::counts::LARGEST_TABLE_MEAN;

/// The source of random bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Generator {
    /// ARS with seven rounds: AES instructions where the machine has them. The default.
    #[default]
    Ars7,
    /// Philox4x32 with ten rounds.
    Philox4x32,
}

/// What random values are to be made; with an element's index it determines the element's value.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomSpec {
    /// The source of bits.
    pub generator: Generator,
    /// The user's seed.
    pub seed: u64,
    /// Tells arrays of the same seed apart.
    pub stream: u64,
    /// How the values are distributed.
    pub distribution: Distribution,
    /// The values' dtype.
    pub dtype: DType,
}

/// How random values are distributed.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Evenly in `[low, high)`; `float32`, `float64`.
    Uniform {
        /// The smallest value.
        low: f64,
        /// What all values are below.
        high: f64,
    },
    /// Gaussian; `float32`, `float64`.
    Normal {
        /// Centre.
        mean: f64,
        /// Standard deviation, at least 0.
        std: f64,
    },
    /// Integers in `[low, high)`; any integer dtype.
    Integers {
        /// The smallest value.
        low: i128,
        /// One above the largest value.
        high: i128,
    },
    /// Density `exp(-x / scale) / scale`; `float32`, `float64`.
    Exponential {
        /// The mean, at least 0.
        scale: f64,
    },
    /// Number of events where `rate` are expected; `int64`.
    Poisson {
        /// The mean, from 0 to 2^50.
        rate: f64,
    },
    /// Number of successes in `n` trials; `int64`.
    Binomial {
        /// Trials, up to 2^53.
        n: u64,
        /// Chance of success in each.
        p: f64,
    },
    /// True with chance `p`; `bool`.
    Bernoulli {
        /// The chance.
        p: f64,
    },
    /// Indices in `0..n`, drawn with replacement; `int64`.
    Choice {
        /// Number of things to choose from.
        n: u64,
        /// The cumulative sum of the things' weights, `n` long and scaled to end in 1; all alike
        /// where absent.
        cumulative: Option<Arc<[f64]>>,
    },
    /// The image of the index under a random bijection of `0..n`; `int64`. Indices from `n` on are
    /// taken modulo `n`.
    Permutation {
        /// Number of things, up to 2^62.
        n: u64,
    },
    /// The generator's words; `uint32`, `uint64`.
    Bits,
}

impl Distribution {
    /// The function's name, for errors and displays.
    pub fn name(&self) -> &'static str {
        match self {
            Distribution::Uniform { .. } => "uniform",
            Distribution::Normal { .. } => "normal",
            Distribution::Integers { .. } => "integers",
            Distribution::Exponential { .. } => "exponential",
            Distribution::Poisson { .. } => "poisson",
            Distribution::Binomial { .. } => "binomial",
            Distribution::Bernoulli { .. } => "bernoulli",
            Distribution::Choice { .. } => "choice",
            Distribution::Permutation { .. } => "permutation",
            Distribution::Bits => "bits",
        }
    }
}

/// The largest number of Bernoulli trials: counts stay exact as `f64`.
const MOST_TRIALS: u64 = 1 << 53;
const LARGEST_RATE: f64 = 1_125_899_906_842_624.0;
const LARGEST_PERMUTATION: u64 = 1 << 62;

impl RandomSpec {
    /// Whether the dtype and the parameters have a meaning; the error names the parameter and its
    /// value.
    pub fn validate(&self) -> Result<()> {
        let operation = self.distribution.name();
        let require = |ok: bool, argument: &'static str, value: f64, reason: &str| {
            if ok {
                Ok(())
            } else {
                Err(Error::argument(operation, argument, value, reason))
            }
        };
        if !self.takes(self.dtype) {
            return Err(Error::UnsupportedDType {
                operation: operation.to_owned(),
                dtypes: vec![self.dtype],
            });
        }
        let finite = |argument: &'static str, value: f64| {
            let in_dtype = self.dtype != DType::F32 || (value as f32).is_finite();
            require(
                value.is_finite() && in_dtype,
                argument,
                value,
                "must be finite",
            )
        };
        match &self.distribution {
            Distribution::Uniform { low, high } => {
                finite("low", *low)?;
                finite("high", *high)?;
                let below =
                    low < high && (self.dtype != DType::F32 || (*low as f32) < (*high as f32));
                require(below, "high", *high, &format!("must be above low = {low}"))?;
                finite("high - low", high - low)
            }
            Distribution::Normal { mean, std } => {
                finite("mean", *mean)?;
                finite("std", *std)?;
                require(*std >= 0.0, "std", *std, "must be at least 0")
            }
            Distribution::Integers { low, high } => {
                let (min, max) = integer_range(self.dtype);
                let error = |argument, value: &i128, reason: String| {
                    Err(Error::argument(operation, argument, value, reason))
                };
                if low >= high {
                    error("high", high, format!("must be above low = {low}"))
                } else if *low < min {
                    error(
                        "low",
                        low,
                        format!("is below the least {} {min}", self.dtype),
                    )
                } else if *high > max + 1 {
                    error(
                        "high",
                        high,
                        format!("goes above the largest {} {max}", self.dtype),
                    )
                } else {
                    Ok(())
                }
            }
            Distribution::Exponential { scale } => {
                finite("scale", *scale)?;
                require(*scale >= 0.0, "scale", *scale, "must be at least 0")
            }
            Distribution::Poisson { rate } => {
                let ok = (0.0..=LARGEST_RATE).contains(rate);
                require(ok, "rate", *rate, "must be between 0 and 2^50")
            }
            Distribution::Binomial { n, p } => {
                let few = *n <= MOST_TRIALS;
                require(few, "n", *n as f64, "must be at most 2^53")?;
                require((0.0..=1.0).contains(p), "p", *p, "must be between 0 and 1")
            }
            Distribution::Bernoulli { p } => {
                require((0.0..=1.0).contains(p), "p", *p, "must be between 0 and 1")
            }
            Distribution::Choice { n, cumulative } => {
                let ok = (1..=LARGEST_PERMUTATION).contains(n);
                require(ok, "n", *n as f64, "must be between 1 and 2^62")?;
                match cumulative {
                    None => Ok(()),
                    Some(sums) => valid_sums(sums, *n),
                }
            }
            Distribution::Permutation { n } => {
                let ok = *n <= LARGEST_PERMUTATION;
                require(ok, "n", *n as f64, "must be at most 2^62")
            }
            Distribution::Bits => Ok(()),
        }
    }

    fn takes(&self, dtype: DType) -> bool {
        match self.distribution {
            Distribution::Uniform { .. }
            | Distribution::Normal { .. }
            | Distribution::Exponential { .. } => dtype.is_float(),
            Distribution::Integers { .. } => dtype.is_integer(),
            Distribution::Poisson { .. }
            | Distribution::Binomial { .. }
            | Distribution::Choice { .. }
            | Distribution::Permutation { .. } => dtype == DType::I64,
            Distribution::Bernoulli { .. } => dtype == DType::Bool,
            Distribution::Bits => matches!(dtype, DType::U32 | DType::U64),
        }
    }

    /// About how many nanoseconds an element costs on one core.
    pub fn cost(&self) -> f32 {
        let half = if self.dtype.size() == 4 { 0.5 } else { 1.0 };
        let bits = half
            * match self.generator {
                Generator::Ars7 => 0.25,
                Generator::Philox4x32 => 1.3,
            };
        let count = |mean: f64| {
            if mean <= LARGEST_TABLE_MEAN {
                6.0
            } else {
                45.0
            }
        };
        let rest = match &self.distribution {
            Distribution::Uniform { .. } | Distribution::Bits => 0.1 * half,
            Distribution::Normal { .. } => 1.8 * half,
            Distribution::Exponential { .. } => 1.4 * half,
            Distribution::Integers { low, high } if high - low > 1 << 32 => 1.0,
            Distribution::Integers { .. } | Distribution::Bernoulli { .. } => 0.2,
            Distribution::Poisson { rate } => count(*rate),
            Distribution::Binomial { n, p } => count(*n as f64 * p.min(1.0 - p)),
            Distribution::Choice { cumulative, .. } => {
                if cumulative.is_some() {
                    4.0
                } else {
                    0.2
                }
            }
            Distribution::Permutation { n } if *n <= 1024 => 1.6,
            Distribution::Permutation { .. } => 12.5,
        };
        bits + rest
    }
}

fn integer_range(dtype: DType) -> (i128, i128) {
    let bits = 8 * dtype.size() as u32;
    match dtype.kind() {
        chunkwise_core::Kind::Signed => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
        _ => (0, (1i128 << bits) - 1),
    }
}

fn valid_sums(sums: &[f64], n: u64) -> Result<()> {
    let error =
        |value: f64, reason: String| Err(Error::argument("choice", "cumulative", value, reason));
    if sums.len() as u64 != n {
        return error(sums.len() as f64, format!("must hold n = {n} sums"));
    }
    let mut before = 0.0;
    for (i, sum) in sums.iter().enumerate() {
        if !sum.is_finite() || *sum < before {
            return error(
                *sum,
                format!("sum {i} must be at least the one before, {before}"),
            );
        }
        before = *sum;
    }
    if (before - 1.0).abs() > 1e-6 {
        return error(before, "the last sum must be 1".to_owned());
    }
    Ok(())
}
