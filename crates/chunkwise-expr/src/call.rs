use std::any::Any;
use std::fmt;
use std::sync::Arc;

use chunkwise_core::{Chunk, Dims, Region, Result};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::Expr;

/// A user's function on whole chunks. Closures are such functions; a type of its own can be told apart by
/// its [`Any`], as what writes expressions must.
pub trait ChunkFunction: Any + Send + Sync {
    /// Makes the elements of a region of the result from the inputs' chunks.
    fn call(&self, chunks: &[Chunk], region: &Region) -> Result<Chunk>;

    /// A name and parameters from which another process makes the same function; `None` for one that
    /// only its owner can write.
    fn plain(&self) -> Option<(&'static str, Vec<u8>)> {
        None
    }
}

impl<F> ChunkFunction for F
where
    F: Fn(&[Chunk], &Region) -> Result<Chunk> + Send + Sync + 'static,
{
    fn call(&self, chunks: &[Chunk], region: &Region) -> Result<Chunk> {
        self(chunks, region)
    }
}

/// A user's function with its inputs.
pub struct Call {
    /// A name for plans and errors.
    pub name: String,
    /// What is called for each chunk of the result.
    pub function: Arc<dyn ChunkFunction>,
    /// What it is given.
    pub inputs: Vec<CallInput>,
    /// Elements to cut from the start and the end of each axis of what it returns.
    pub trim: SmallVec<[(usize, usize); 4]>,
}

/// An input of a [`Call`].
#[derive(Clone, Debug)]
pub struct CallInput {
    /// The array.
    pub expr: Expr,
    /// Which part of each of its axes a chunk of the result is made from.
    pub follow: SmallVec<[Follow; 4]>,
}

/// The part of an input's axis that one chunk of the result is made from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Follow {
    /// All of it.
    Whole,
    /// The input's chunk with the same number as the result's along `axis`.
    Chunk {
        /// The result's axis.
        axis: usize,
    },
    /// The elements of the result's chunk along `axis`, and some before and after. Those outside the
    /// input are left out: the input is padded beforehand where they should not be.
    Window {
        /// The result's axis.
        axis: usize,
        /// Added to the chunk's start.
        offset: usize,
        /// Elements before.
        before: usize,
        /// Elements after.
        after: usize,
    },
}

impl CallInput {
    /// The region of the input for the chunk of the result at `index`, which is `chunk`.
    pub fn region(&self, index: &[usize], chunk: &Region) -> Region {
        let mut start = Dims::new();
        let mut shape = Dims::new();
        for (axis, follow) in self.follow.iter().enumerate() {
            let len = self.expr.shape()[axis];
            let range = match follow {
                Follow::Whole => 0..len,
                Follow::Chunk { axis: of } => {
                    let cuts = &self.expr.grid().axes()[axis];
                    cuts.extent(index[*of].min(cuts.count() - 1))
                }
                Follow::Window {
                    axis: of,
                    offset,
                    before,
                    after,
                } => {
                    let from = (chunk.start[*of] + offset).saturating_sub(*before).min(len);
                    from..(chunk.end(*of) + offset + after).min(len)
                }
            };
            start.push(range.start);
            shape.push(range.len());
        }
        Region { start, shape }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({}, {:?})", self.name, self.inputs)
    }
}
