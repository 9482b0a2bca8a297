//! Arrays among tasks, and tasks that give arrays.

use std::marker::PhantomData;
use std::sync::Arc;

use chunkwise_core::{Chunk, Chunks, DType, Result};
use chunkwise_expr::{Call, CallOutput, Expr};

use super::Delayed;
use super::node::{Node, Step};
use crate::session::default_session;
use crate::{Array, Shape};

impl Array {
    /// Its values as an input of tasks. All arrays that a run needs are computed together before the
    /// tasks, what they share once.
    ///
    /// ```
    /// use chunkwise::{Array, DType};
    /// let x = Array::ones([4, 5], DType::F64, 2)?;
    /// let shape = x.to_delayed().then(|chunk| chunk.shape().to_vec());
    /// assert_eq!(shape.compute()?, [4, 5]);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn to_delayed(&self) -> Delayed<Chunk> {
        Delayed {
            node: Arc::new(Node::new(Vec::new(), Step::Array(self.clone()))),
            makes: PhantomData,
        }
    }

    /// An array of one chunk that a task gives, which must have this shape and dtype.
    ///
    /// ```
    /// use chunkwise::{Array, DType};
    /// let x = Array::arange(0, 6, 1, 2)?;
    /// let twice = x.to_delayed().try_then(|chunk| {
    ///     Array::from_chunk(chunk.clone(), chunkwise::Chunks::AUTO)?.multiply(2)?.compute()
    /// });
    /// let y = Array::from_delayed(&twice, [6], DType::I64)?;
    /// assert_eq!(y.sum(..)?.compute()?.item::<i64>()?, 30);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Shapes that cannot be addressed. When it is computed: what the task fails with, and a result of
    /// another shape or dtype.
    #[track_caller]
    pub fn from_delayed(
        delayed: &Delayed<Chunk>,
        shape: impl Into<Shape>,
        dtype: DType,
    ) -> Result<Array> {
        let Shape(shape) = shape.into();
        let whole = shape.iter().map(|d| vec![*d]).collect();
        let grid = Chunks::Explicit(whole).resolve(&shape, dtype.size())?;
        let task = delayed.clone();
        let output = CallOutput { dtype, grid };
        let call = Call::many("from_delayed", Vec::new(), vec![output], move |_| {
            let mut values = default_session()?.compute_all_delayed(std::slice::from_ref(&task))?;
            Ok(values
                .pop()
                .map(|v| v.as_ref().clone())
                .into_iter()
                .collect())
        });
        let at = chunkwise_core::Location::caller();
        let mut made = Expr::calls(call)?;
        made.truncate(1);
        let made = made.pop().map(|e| Array::from(e.at(at)));
        made.ok_or_else(|| chunkwise_core::Error::internal("from_delayed", "no array was made"))
    }
}
