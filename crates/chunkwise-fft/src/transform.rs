use std::fmt;
use std::sync::OnceLock;

use chunkwise_core::{Chunk, Complex, DType, Dims, Element, Error, Pool, Result};

use serde::{Deserialize, Serialize};

use crate::Norm;
use crate::lanes::{FEWEST, GAP, GATHERED, MOST, Planes, dense, each};
use crate::line::{Engine, Width, full, half, mirror, real, scale, scale_complex, wrong};

/// What a transform makes of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// `n` complex or real numbers become `n` complex ones.
    Full {
        /// Whether it is the inverse.
        inverse: bool,
    },
    /// `n` real numbers become the first `n / 2 + 1` of the complex ones.
    Half,
    /// The first `n / 2 + 1` of the complex numbers become `n` real ones.
    Real,
}

impl Kind {
    /// The dtype that numbers of `dtype` are cast to before a transform, NumPy's rule: single
    /// precision stays, all else becomes double. An error where real numbers are needed and complex
    /// ones are there.
    ///
    /// ```
    /// use chunkwise_core::DType;
    /// use chunkwise_fft::Kind;
    /// assert_eq!(Kind::Half.input(DType::F32)?, DType::F32);
    /// assert_eq!(Kind::Full { inverse: false }.input(DType::I8)?, DType::F64);
    /// assert!(Kind::Half.input(DType::C64).is_err());
    /// # Ok::<_, chunkwise_core::Error>(())
    /// ```
    pub fn input(self, dtype: DType) -> Result<DType> {
        let float = if dtype.is_inexact() {
            dtype
        } else {
            DType::F64
        };
        match self {
            Kind::Full { .. } => Ok(float),
            Kind::Half if float.is_complex() => Err(Error::UnsupportedDType {
                operation: "rfft".to_owned(),
                dtypes: vec![dtype],
            }),
            Kind::Half => Ok(float),
            Kind::Real => Ok(float.complex()),
        }
    }
}

/// A transform of chunks of one dtype along one axis. Lines that are longer than it needs are cut,
/// shorter ones are continued by zeros. Results of single-precision numbers are in single precision.
///
/// ```
/// use chunkwise_core::{Chunk, Complex64, DType, Pool};
/// use chunkwise_fft::{Kind, Norm, Transform};
/// let wave = Chunk::from_owner(vec![1.0, 0.0, -1.0, 0.0], &[4])?;
/// let transform = Transform::new(Kind::Half, DType::F64, 4, 0, Norm::Backward)?;
/// let made = transform.apply(&wave, &Pool::new(1 << 20))?;
/// let want = [0.0, 2.0, 0.0].map(|re| Complex64::new(re, 0.0));
/// assert_eq!(made.to_vec::<Complex64>()?, want);
/// # Ok::<_, chunkwise_core::Error>(())
/// ```
pub struct Transform {
    kind: Kind,
    input: DType,
    n: usize,
    axis: usize,
    factor: f64,
    engine: OnceLock<Engines>,
}

/// In the precision of the input.
enum Engines {
    Single(Engine<f32>),
    Double(Engine<f64>),
}

impl Transform {
    /// The transform of length `n` along `axis` of chunks of `dtype`, which is cast to
    /// [`Kind::input`]'s by the caller; an error where `n` is 0. Tables are made when it is first
    /// applied.
    pub fn new(kind: Kind, dtype: DType, n: usize, axis: usize, norm: Norm) -> Result<Transform> {
        if n == 0 {
            return Err(Error::argument(
                "fft",
                "n",
                n,
                "a transform has at least one data point",
            ));
        }
        let inverse = matches!(kind, Kind::Full { inverse: true } | Kind::Real);
        Ok(Transform {
            kind,
            input: kind.input(dtype)?,
            n,
            axis,
            factor: norm.factor(n, inverse),
            engine: OnceLock::new(),
        })
    }

    /// The axis.
    pub fn axis(&self) -> usize {
        self.axis
    }

    /// The dtype of the chunks that it takes.
    pub fn input(&self) -> DType {
        self.input
    }

    /// The dtype of the results.
    pub fn output(&self) -> DType {
        match self.kind {
            Kind::Full { .. } | Kind::Half => self.input.complex(),
            Kind::Real => self.input.real(),
        }
    }

    /// How many elements of a line are looked at, at most.
    pub fn wanted(&self) -> usize {
        match self.kind {
            Kind::Full { .. } | Kind::Half => self.n,
            Kind::Real => self.n / 2 + 1,
        }
    }

    /// The length of the results along the axis.
    pub fn made(&self) -> usize {
        match self.kind {
            Kind::Full { .. } | Kind::Real => self.n,
            Kind::Half => self.n / 2 + 1,
        }
    }

    /// About the most bytes that [`apply`](Self::apply) needs beside the chunk and its result;
    /// `usize::MAX` where that is more.
    pub fn scratch_bytes(&self, shape: &[usize]) -> usize {
        let item = self.input.complex().size();
        let axis = self.axis.min(shape.len().saturating_sub(1));
        let len = shape.get(axis).map_or(1, |len| (*len).max(self.n));
        let bytes = len.saturating_add(GAP).saturating_mul(item);
        let inner = shape
            .iter()
            .skip(axis + 1)
            .fold(1usize, |n, len| n.saturating_mul(*len));
        // Gathered lines of both sides; the line itself and up to four times as much while it is
        // transformed, with tables of up to four times the line.
        let gathered = if inner > 1 { 2 * MOST.min(inner) } else { 0 };
        let lanes = gathered.min(2 * FEWEST + 2 * GATHERED / bytes);
        bytes.saturating_mul(lanes + 9)
    }

    /// The transform of every line of a chunk along the axis, with its result from `pool`. An error
    /// where the chunk's dtype is not [`input`](Self::input), or the axis is not there.
    pub fn apply(&self, chunk: &Chunk, pool: &Pool) -> Result<Chunk> {
        if self.axis >= chunk.shape().len() {
            return Err(Error::AxisOutOfRange {
                axis: self.axis as isize,
                ndim: chunk.shape().len(),
            });
        }
        if chunk.dtype() != self.input {
            return Err(Error::DTypeMismatch {
                operation: "fft",
                expected: self.input,
                got: chunk.dtype(),
            });
        }
        let engines = self.engine.get_or_init(|| match self.input.real() {
            DType::F32 => Engines::Single(self.prepare()),
            _ => Engines::Double(self.prepare()),
        });
        match engines {
            Engines::Single(engine) => self.lines(engine, chunk, pool),
            Engines::Double(engine) => self.lines(engine, chunk, pool),
        }
    }

    fn prepare<T: Width>(&self) -> Engine<T> {
        match self.kind {
            Kind::Full { .. } if !self.input.is_complex() => Engine::half(self.n),
            Kind::Full { inverse } => Engine::full(self.n, inverse),
            Kind::Half => Engine::half(self.n),
            Kind::Real => Engine::real(self.n),
        }
    }

    fn lines<T: Width>(&self, engine: &Engine<T>, chunk: &Chunk, pool: &Pool) -> Result<Chunk>
    where
        Complex<T>: Element,
    {
        let mut scratch = vec![Complex::<T>::default(); engine.scratch()];
        match engine {
            Engine::Full(fft) => self.each(chunk, pool, |line, out| {
                full(&**fft, line, out, &mut scratch);
                scale_complex(out, self.factor);
                Ok(())
            }),
            Engine::Half(fft) => {
                let mut room = vec![T::default(); self.n];
                let mirrored = match self.kind {
                    Kind::Full { inverse } => Some(inverse),
                    _ => None,
                };
                self.each(chunk, pool, |line, out| {
                    let part = &mut out[..self.n / 2 + 1];
                    half(&**fft, line, part, &mut room, &mut scratch)?;
                    scale_complex(part, self.factor);
                    if let Some(inverse) = mirrored {
                        mirror(out, inverse);
                    }
                    Ok(())
                })
            }
            Engine::Real(fft) => {
                let mut room = vec![Complex::default(); self.n / 2 + 1];
                self.each(chunk, pool, |line, out| {
                    real(&**fft, line, out, &mut room, &mut scratch)?;
                    scale(out, self.factor);
                    Ok(())
                })
            }
        }
    }

    fn each<I: Element, O: Element>(
        &self,
        chunk: &Chunk,
        pool: &Pool,
        line: impl FnMut(&[I], &mut [O]) -> Result<()>,
    ) -> Result<Chunk> {
        let mut shape: Dims = chunk.shape().into();
        shape[self.axis] = self.made();
        let mut held = Vec::new();
        let input = dense::<I>(chunk, &mut held)?;
        Chunk::build(pool, O::DTYPE, &shape, |mut out| {
            let out = out
                .as_mut_slice::<O>()
                .ok_or_else(|| wrong("a new chunk is not dense"))?;
            let from = Planes::new(chunk.shape(), self.axis);
            each(input, from, out, Planes::new(&shape, self.axis), line)
        })
    }
}

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Transform({:?} of {} along {} in {}, times {:?})",
            self.kind, self.n, self.axis, self.input, self.factor
        )
    }
}
