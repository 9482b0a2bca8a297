//! Random arrays.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chunkwise_core::{Chunks, DType, Error, Result};
use chunkwise_expr::Expr;
use chunkwise_kernels::elementwise::Function;
use chunkwise_kernels::random::{Distribution, Generator, RandomSpec};
use smallvec::SmallVec;

use crate::array::Here;
use crate::{Array, Operand, Shape};

/// Makes random arrays from a seed.
///
/// Every value depends on the seed, the array's stream number and the element's index alone: any
/// chunks, any slice, any number of threads and any machine give the same values. Each array takes
/// the next stream number, so that two of them differ; [`stream`](Random::stream) chooses one.
///
/// ```
/// use chunkwise::{DType, Random};
/// let random = Random::new(42);
/// let x = random.standard_normal([10_000, 10_000], 1000)?;
/// let y = random.with_dtype(DType::F32).uniform(-1.0, 1.0, [500], 100)?;
/// assert_eq!((x.dtype(), y.dtype()), (DType::F64, DType::F32));
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[derive(Debug)]
pub struct Random {
    seed: u64,
    generator: Generator,
    dtype: Option<DType>,
    next: Arc<AtomicU64>,
}

impl Random {
    /// Arrays of this seed, from stream 0 on.
    pub fn new(seed: u64) -> Random {
        Random {
            seed,
            generator: Generator::default(),
            dtype: None,
            next: Arc::new(AtomicU64::new(0)),
        }
    }

    /// The same seed from stream number `n` on: the arrays are those that this generator's `n`-th and
    /// later calls would give.
    ///
    /// ```
    /// # use chunkwise::Random;
    /// let random = Random::new(42);
    /// let first = random.random([5], 5)?;
    /// let again = random.stream(0).random([5], 2)?;
    /// assert_eq!(first.expr()?.id(), again.expr()?.id());
    /// assert_ne!(first.expr()?.id(), random.random([5], 5)?.expr()?.id());
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    pub fn stream(&self, n: u64) -> Random {
        Random {
            next: Arc::new(AtomicU64::new(n)),
            ..self.shared()
        }
    }

    /// The same seed and the same count of streams with another generator of bits.
    pub fn with_generator(&self, generator: Generator) -> Random {
        Random {
            generator,
            ..self.shared()
        }
    }

    /// The same seed and the same count of streams with a dtype for the values, where the
    /// distribution has a choice: `float32` or `float64`, and any integer dtype for
    /// [`integers`](Random::integers).
    pub fn with_dtype(&self, dtype: DType) -> Random {
        Random {
            dtype: Some(dtype),
            ..self.shared()
        }
    }

    fn shared(&self) -> Random {
        Random {
            seed: self.seed,
            generator: self.generator,
            dtype: self.dtype,
            next: Arc::clone(&self.next),
        }
    }

    #[track_caller]
    fn array(
        &self,
        distribution: Distribution,
        dtype: DType,
        shape: &Shape,
        chunks: &Chunks,
    ) -> Result<Array> {
        let spec = RandomSpec {
            generator: self.generator,
            seed: self.seed,
            stream: self.next.fetch_add(1, Ordering::Relaxed),
            distribution,
            dtype,
        };
        Expr::random(spec, &shape.0, chunks).here()
    }

    fn float(&self) -> DType {
        self.dtype.unwrap_or(DType::F64)
    }
}

macro_rules! distributions {
    ($($method:ident($($arg:ident: $t:ty),*) $example:literal $dtype:expr, $make:expr, $doc:literal;)*) => {
        impl Random {$(
            #[doc = $doc]
            ///
            /// ```
            /// # use chunkwise::Random;
            #[doc = concat!("let x = Random::new(1).", $example, "?;")]
            /// assert_eq!(x.shape(), [100, 20]);
            /// # Ok::<_, chunkwise::Error>(())
            /// ```
            #[track_caller]
            pub fn $method(
                &self,
                $($arg: $t,)*
                shape: impl Into<Shape>,
                chunks: impl Into<Chunks>,
            ) -> Result<Array> {
                let dtype: fn(&Random) -> DType = $dtype;
                self.array($make, dtype(self), &shape.into(), &chunks.into())
            }
        )*}
    };
}

distributions! {
    random() "random([100, 20], 10)" Random::float,
        Distribution::Uniform { low: 0.0, high: 1.0 },
        "Evenly in `[0, 1)`.";
    uniform(low: f64, high: f64) "uniform(-1.0, 1.0, [100, 20], 10)" Random::float,
        Distribution::Uniform { low, high },
        "Evenly in `[low, high)`.";
    standard_normal() "standard_normal([100, 20], 10)" Random::float,
        Distribution::Normal { mean: 0.0, std: 1.0 },
        "Gaussian with mean 0 and standard deviation 1.";
    normal(mean: f64, std: f64) "normal(5.0, 2.0, [100, 20], 10)" Random::float,
        Distribution::Normal { mean, std },
        "Gaussian.";
    exponential(scale: f64) "exponential(3.0, [100, 20], 10)" Random::float,
        Distribution::Exponential { scale },
        "With density `exp(-x / scale) / scale`, whose mean is `scale`.";
    poisson(rate: f64) "poisson(3.0, [100, 20], 10)" |_| DType::I64,
        Distribution::Poisson { rate },
        "How many events there are where `rate` are expected, as `int64`.";
    binomial(n: u64, p: f64) "binomial(10, 0.5, [100, 20], 10)" |_| DType::I64,
        Distribution::Binomial { n, p },
        "How many of `n` trials succeed with chance `p` each, as `int64`.";
    bernoulli(p: f64) "bernoulli(0.5, [100, 20], 10)" |_| DType::Bool,
        Distribution::Bernoulli { p },
        "True with chance `p`.";
    integers(low: i128, high: i128) "integers(0, 6, [100, 20], 10)"
        |r| r.dtype.unwrap_or(DType::I64),
        Distribution::Integers { low, high },
        "Integers in `[low, high)`, all equally likely.";
    choice(n: u64) "choice(6, [100, 20], 10)" |_| DType::I64,
        Distribution::Choice { n, cumulative: None },
        "Indices in `0..n`, all equally likely, drawn with replacement, as `int64`.";
}

impl Random {
    /// Indices of `weights`, drawn with replacement with chances proportional to them, as `int64`.
    ///
    /// ```
    /// # use chunkwise::Random;
    /// let x = Random::new(1).weighted_choice(&[1.0, 2.0, 1.0], [100], 10)?;
    /// assert_eq!(x.shape(), [100]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn weighted_choice(
        &self,
        weights: &[f64],
        shape: impl Into<Shape>,
        chunks: impl Into<Chunks>,
    ) -> Result<Array> {
        if let Some(w) = weights.iter().find(|w| !(w.is_finite() && **w >= 0.0)) {
            return Err(Error::argument(
                "choice",
                "weights",
                w,
                "weights are finite and not negative",
            ));
        }
        let total: f64 = weights.iter().sum();
        if !(total.is_finite() && total > 0.0) {
            return Err(Error::argument(
                "choice",
                "weights",
                total,
                "their sum must be finite and above zero",
            ));
        }
        let mut sum = 0.0;
        let mut cumulative: Vec<f64> = weights
            .iter()
            .map(|w| {
                sum += w;
                sum / total
            })
            .collect();
        // From the last weight on that counts, so that no rounding leaves a gap below 1.
        let end = weights.iter().rposition(|w| *w > 0.0).unwrap_or(0);
        cumulative[end..].fill(1.0);
        let distribution = Distribution::Choice {
            n: weights.len() as u64,
            cumulative: Some(cumulative.into()),
        };
        self.array(distribution, DType::I64, &shape.into(), &chunks.into())
    }

    /// The numbers `0..n` in random order, as `int64`.
    ///
    /// ```
    /// # use chunkwise::Random;
    /// assert_eq!(Random::new(1).permutation(1_000_000, 10_000)?.shape(), [1_000_000]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn permutation(&self, n: usize, chunks: impl Into<Chunks>) -> Result<Array> {
        let distribution = Distribution::Permutation { n: n as u64 };
        self.array(distribution, DType::I64, &Shape::from(n), &chunks.into())
    }

    /// The generator's words, `uint64` or [as chosen](Random::with_dtype) `uint32`.
    ///
    /// ```
    /// # use chunkwise::{DType, Random};
    /// assert_eq!(Random::new(1).bits([10], 10)?.dtype(), DType::U64);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn bits(&self, shape: impl Into<Shape>, chunks: impl Into<Chunks>) -> Result<Array> {
        let dtype = self.dtype.unwrap_or(DType::U64);
        self.array(Distribution::Bits, dtype, &shape.into(), &chunks.into())
    }
}

/// The samplers: distributions whose parameters differ from element to element.
static SAMPLERS: &[Function] = chunkwise_kernels::elementwise::SAMPLERS;

impl Random {
    /// A distribution whose parameters are arrays or numbers, broadcast to the shape: `"gamma"` (shape),
    /// `"ln_gamma"` (shape), `"poisson"` (mean), `"binomial"` (trials, chance), `"von_mises"`
    /// (concentration), `"zipf"` (exponent), and `"below"`, an integer below a `uint64`.
    ///
    /// Each element takes one word of the generator, which seeds a sequence of its own. Where a
    /// parameter has no meaning the value is NaN, or the least `int64`.
    ///
    /// ```
    /// # use chunkwise::{Array, DType, Random};
    /// let means = Array::linspace(0.0, 9.0, 10, true, 5)?;
    /// let x = Random::new(1).sample("poisson", &[means.into()], [1000, 10], 100)?;
    /// assert_eq!((x.shape(), x.dtype()), (&[1000, 10][..], DType::I64));
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    ///
    /// # Errors
    /// An unknown name, a wrong number of parameters, and shapes that cannot be broadcast to `shape`.
    #[track_caller]
    pub fn sample(
        &self,
        name: &str,
        parameters: &[Operand],
        shape: impl Into<Shape>,
        chunks: impl Into<Chunks>,
    ) -> Result<Array> {
        let Some(row) = SAMPLERS.iter().find(|f| f.name == name) else {
            return Err(Error::argument("sample", "name", name, "no such sampler"));
        };
        let words = self.with_dtype(DType::U64).bits(shape, chunks)?;
        let mut operands: SmallVec<[_; 3]> = SmallVec::new();
        operands.push(Operand::from(&words).lower()?);
        for p in parameters {
            operands.push(p.lower()?);
        }
        let drawn = Expr::map(row, &operands).here()?;
        if drawn.shape() != words.shape() {
            return Err(Error::ShapeMismatch {
                operation: "sample",
                expected: words.shape().to_vec(),
                got: drawn.shape().to_vec(),
            });
        }
        Ok(drawn)
    }
}
