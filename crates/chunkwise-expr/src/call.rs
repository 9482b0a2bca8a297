use std::any::Any;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use chunkwise_core::{Chunk, DType, Dims, Grid, Pool, Region, Result};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::Expr;
use crate::plain::{PlainFunction, shared};

/// What a call's function is given for one chunk of each of its outputs.
#[derive(Clone, Copy, Debug)]
pub struct CallTask<'a> {
    /// The inputs' parts, in the order of [`Call::inputs`].
    pub inputs: &'a [Chunk],
    /// The region of each output that is made, in the order of [`Call::outputs`].
    pub regions: &'a [Region],
    /// Where the results' memory, and what is needed on the way, should come from.
    pub pool: &'a Pool,
}

impl CallTask<'_> {
    /// The region of the first output.
    pub fn region(&self) -> &Region {
        &self.regions[0]
    }
}

/// A function on whole chunks. Closures are such functions; a type of its own can be told apart by its
/// [`Any`], as what writes expressions must.
pub trait CallFunction: Any + Send + Sync {
    /// Answers a chunk for each output.
    fn call(&self, task: &CallTask<'_>) -> Result<Vec<Chunk>>;

    /// A name and parameters from which another process makes the same function; `None` for one that
    /// only its owner can write.
    fn plain(&self) -> Option<(&'static str, Vec<u8>)> {
        None
    }

    /// Whether an element of the only result is made from the one at its place in the first input, and
    /// from nothing else but all of the other inputs.
    fn is_elementwise(&self) -> bool {
        false
    }
}

impl<F> CallFunction for F
where
    F: Fn(&CallTask<'_>) -> Result<Vec<Chunk>> + Send + Sync + 'static,
{
    fn call(&self, task: &CallTask<'_>) -> Result<Vec<Chunk>> {
        self(task)
    }
}

/// An array that a call makes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallOutput {
    /// Its elements' dtype.
    pub dtype: DType,
    /// How it is cut. All outputs of a call have equally many axes, and equally many chunks along
    /// each: a task makes one chunk of each output. Axes of length 1 fill up where one has fewer.
    pub grid: Grid,
}

/// A function on whole chunks with its inputs: a user's, or one of linear algebra.
pub struct Call {
    /// A name for plans and errors.
    pub name: String,
    /// What is called for each chunk of the result.
    pub function: Arc<dyn CallFunction>,
    /// What makes two functions the same one: a name with all parameters. Where there is none, a
    /// function that has a plain form is equal to those of the same form, another to itself only.
    pub identity: Option<String>,
    /// What it is given.
    pub inputs: Vec<CallInput>,
    /// What it makes, at least one array.
    pub outputs: Vec<CallOutput>,
    /// Elements to cut from the start and the end of each axis of what it returns.
    pub trim: SmallVec<[(usize, usize); 4]>,
    /// The most bytes that one run of the function needs beside its inputs and its results. Where
    /// nothing is said, as much as its results twice, since a user's function says nothing.
    pub scratch: Option<u64>,
}

impl Call {
    /// A function that makes one array, given the inputs' chunks and the region of the result.
    /// [`Expr::call`] says what the array is.
    pub fn new(
        name: impl Into<String>,
        inputs: Vec<CallInput>,
        function: impl Fn(&[Chunk], &Region) -> Result<Chunk> + Send + Sync + 'static,
    ) -> Call {
        Call::many(name, inputs, Vec::new(), move |task| {
            Ok(vec![function(task.inputs, task.region())?])
        })
    }

    /// A function that makes several arrays at once. [`Expr::calls`] gives them.
    pub fn many(
        name: impl Into<String>,
        inputs: Vec<CallInput>,
        outputs: Vec<CallOutput>,
        function: impl Fn(&CallTask<'_>) -> Result<Vec<Chunk>> + Send + Sync + 'static,
    ) -> Call {
        Call::of(name, inputs, outputs, Arc::new(function))
    }

    /// The same with a function that can be written. Equal ones on equal inputs are computed once.
    pub fn plain(
        name: impl Into<String>,
        inputs: Vec<CallInput>,
        outputs: Vec<CallOutput>,
        function: impl PlainFunction,
    ) -> Call {
        Call::of(name, inputs, outputs, shared(function))
    }

    /// The same with a function of its own type.
    pub fn of(
        name: impl Into<String>,
        inputs: Vec<CallInput>,
        outputs: Vec<CallOutput>,
        function: Arc<dyn CallFunction>,
    ) -> Call {
        Call {
            name: name.into(),
            function,
            identity: None,
            inputs,
            outputs,
            trim: SmallVec::new(),
            scratch: None,
        }
    }

    /// The same call under an identity: equal identities on equal inputs are computed once.
    pub fn identity(mut self, identity: impl Into<String>) -> Call {
        self.identity = Some(identity.into());
        self
    }

    /// The same call, whose results are cut.
    pub fn trim(mut self, trim: impl IntoIterator<Item = (usize, usize)>) -> Call {
        self.trim = trim.into_iter().collect();
        self
    }

    /// The same call, which needs at most so many bytes beside its inputs and results.
    pub fn scratch(mut self, bytes: u64) -> Call {
        self.scratch = Some(bytes);
        self
    }

    /// Whether it can be made for any region of its result: its function is elementwise, and so is what
    /// it is given.
    pub fn is_elementwise(&self) -> bool {
        let ([only], [first, others @ ..]) = (&self.outputs[..], &self.inputs[..]) else {
            return false;
        };
        let whole = |i: &CallInput| i.follow.iter().all(|f| *f == Follow::Whole);
        self.function.is_elementwise()
            && first.expr.shape() == only.grid.shape().as_slice()
            && others.iter().all(whole)
            && self.trim.is_empty()
    }

    /// What makes two calls the same one, whichever of their outputs is asked for.
    pub fn key(&self) -> (u64, u64) {
        let mut h = DefaultHasher::new();
        match (&self.identity, self.function.plain()) {
            (Some(identity), _) => (&self.name, identity).hash(&mut h),
            (None, Some(plain)) => plain.hash(&mut h),
            (None, None) => (Arc::as_ptr(&self.function).cast::<()>() as usize).hash(&mut h),
        }
        (&self.trim, &self.outputs, self.inputs.len()).hash(&mut h);
        self.inputs
            .iter()
            .for_each(|i| (i.expr.id(), i.expr.grid(), &i.follow).hash(&mut h));
        let low = h.finish();
        0x9e37_79b9_7f4a_7c15u64.hash(&mut h);
        (low, h.finish())
    }
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
