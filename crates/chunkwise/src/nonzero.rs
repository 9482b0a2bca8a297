//! Where elements are not zero, and how many: indices of unknown length, and their lengths.

use chunkwise_core::{Chunks, DType, Error, Result, Scalar};
use chunkwise_expr::Kind;

use crate::joining::stack;
use crate::{Array, Operand, Session, where_};

impl Array {
    #[track_caller]
    fn is_nonzero(&self) -> Result<Array> {
        match self.check()?.dtype() {
            DType::Bool => Ok(self.clone()),
            _ => self.not_equal(false),
        }
    }

    /// For each axis, the positions along it of the elements that are not zero, in C order; of unknown
    /// length. An array without axes is an error.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::eye(3, 3, 1, DType::I32, 2)?;
    /// let columns = x.nonzero()?[1].compute()?;
    /// assert_eq!(columns.to_vec::<i64>()?, [1, 2]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn nonzero(&self) -> Result<Vec<Array>> {
        if self.check()?.ndim() == 0 {
            return Err(Error::argument(
                "nonzero",
                "ndim",
                0,
                "an array of at least 1 dimension is needed",
            ));
        }
        let mask = self.is_nonzero()?.ravel()?;
        let chunks = Chunks::Grid(self.chunks().clone());
        let mut out = Vec::with_capacity(self.ndim());
        for axis in 0..self.ndim() {
            let places = Array::indices_along(self.shape(), axis as isize, &chunks)?;
            out.push(places.ravel()?.compress(&mask, 0)?);
        }
        Ok(out)
    }

    /// The positions of the elements that are not zero, a row for each, in C order; of unknown length.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::eye(3, 3, 1, DType::I32, 2)?;
    /// assert_eq!(x.argwhere()?.compute()?.to_vec::<i64>()?, [0, 1, 1, 2]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn argwhere(&self) -> Result<Array> {
        let mask = self.is_nonzero()?.ravel()?;
        let chunks = Chunks::Grid(self.chunks().clone());
        let mut columns = Vec::with_capacity(self.ndim());
        for axis in 0..self.ndim() {
            let places = Array::indices_along(self.shape(), axis as isize, &chunks)?;
            columns.push(places.ravel()?);
        }
        if columns.is_empty() {
            return Array::zeros([1, 0], DType::I64, 1)?.compress(&mask, 0);
        }
        stack(&columns, 1)?.compress(&mask, 0)
    }

    /// The positions, in C order, of the elements that are not zero; of unknown length.
    ///
    /// ```
    /// # use chunkwise::{Array, DType};
    /// let x = Array::eye(3, 3, 1, DType::I32, 2)?;
    /// assert_eq!(x.flatnonzero()?.compute()?.to_vec::<i64>()?, [1, 5]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn flatnonzero(&self) -> Result<Array> {
        let mask = self.is_nonzero()?.ravel()?;
        let cuts = Chunks::Grid(mask.chunks().clone());
        Array::indices_along(mask.shape(), 0, &cuts)?.compress(&mask, 0)
    }

    /// What a boolean index is made of, where this is one: the array, the mask along one of its axes,
    /// and the axis. `None` for any other array.
    ///
    /// ```
    /// # use chunkwise::Array;
    /// let x = Array::arange(0, 100, 1, 10)?;
    /// let (all, _, axis) = x.mask(&x.greater(89)?)?.selection()?.unwrap();
    /// assert_eq!((all.shape(), axis), (&[100][..], 0));
    /// assert!(x.selection()?.is_none());
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    pub fn selection(&self) -> Result<Option<(Array, Array, usize)>> {
        Ok(match self.expr()?.kind() {
            Kind::Compress { input, mask, axis } => {
                Some((input.clone().into(), mask.clone().into(), *axis))
            }
            _ => None,
        })
    }

    /// The length of the axis that a boolean index has made, for which its mask alone is computed;
    /// without such an axis, the length of the first, 1 where there is none.
    ///
    /// ```
    /// # use chunkwise::{Array, Session};
    /// let session = Session::new(2, 1 << 26)?;
    /// let x = Array::arange(0, 100, 1, 10)?;
    /// assert_eq!(x.mask(&x.greater(89)?)?.known_length(&session)?, 10);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    pub fn known_length(&self, session: &Session) -> Result<usize> {
        match self.selection()? {
            Some((_, mask, _)) => {
                let count = mask.sum(..)?.astype(DType::I64)?;
                let counted = session.compute(&[&count])?;
                let first = counted.first().map(|c| c.item::<i64>()).transpose()?;
                Ok(first.unwrap_or(0) as usize)
            }
            None => Ok(self.shape().first().copied().unwrap_or(1)),
        }
    }

    /// The same array with every length known: of a boolean index, the mask is computed, and its
    /// positions are kept; the values are not computed.
    ///
    /// ```
    /// # use chunkwise::{Array, Session};
    /// let session = Session::new(2, 1 << 26)?;
    /// let x = Array::arange(0, 100, 1, 10)?;
    /// let large = x.mask(&x.greater(89)?)?.resolved(&session)?;
    /// assert_eq!(large.reshape([2, 5])?.shape(), [2, 5]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn resolved(&self, session: &Session) -> Result<Array> {
        match self.selection()? {
            Some((input, mask, axis)) => {
                let places = mask.flatnonzero()?;
                let positions = session.compute(&[&places])?;
                let positions = match positions.first() {
                    Some(chunk) => chunk.to_vec::<i64>()?,
                    None => Vec::new(),
                };
                let positions: Vec<isize> = positions.iter().map(|p| *p as isize).collect();
                input.take(&positions, axis as isize)
            }
            None => Ok(self.clone()),
        }
    }
}

/// For each element, that of the first choice whose condition is true; `default` where none is:
/// NumPy's `select`.
///
/// ```
/// # use chunkwise::{Array, DType, Operand, select};
/// let x = Array::arange(0, 6, 1, 3)?;
/// let conditions = [x.less(2)?, x.greater(3)?];
/// let chosen = select(&conditions, [Operand::from(&x), x.multiply(10)?.into()], -1)?;
/// assert_eq!(chosen.compute()?.to_vec::<i64>()?, [0, 1, -1, -1, 40, 50]);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn select(
    conditions: &[Array],
    choices: impl IntoIterator<Item = impl Into<Operand>>,
    default: impl Into<Scalar>,
) -> Result<Array> {
    let choices: Vec<Operand> = choices.into_iter().map(Into::into).collect();
    if choices.len() != conditions.len() || conditions.is_empty() {
        return Err(Error::argument(
            "select",
            "conditions",
            conditions.len(),
            format!("as many as choices, {}, and at least one", choices.len()),
        ));
    }
    let mut out = Operand::Scalar(default.into());
    for (condition, choice) in conditions.iter().zip(choices).rev() {
        out = where_(condition, choice, out)?.into();
    }
    match out {
        Operand::Array(made) => Ok(made),
        Operand::Scalar(s) => Array::full((), s, s.dtype(), 1),
    }
}
