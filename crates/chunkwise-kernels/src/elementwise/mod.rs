//! Elementwise functions: a table with one row per function.
//!
//! A row has the name, the number of arguments, the dtype rule, a doc line and the scalar body;
//! everything else (the method, its documentation, its test) follows from the row.
//!
//! - `table`: the rows. Adding a function is adding one.
//! - `samplers`: the rows of random values with parameters of their own.
//! - `rule`: the dtypes that functions take and give.
//! - `stamp`: the loops, and the macros that make kernels from scalar bodies.
//! - `arithmetic`, `compare`, `complex`, `math`: bodies longer than a line.
//! - `cast`: conversions.

mod arithmetic;
mod cast;
mod compare;
mod complex;
pub mod internal;
mod math;
mod rule;
mod samplers;
mod stamp;
mod table;
#[cfg(test)]
mod tests;

use chunkwise_core::{DType, Error, Result};
use smallvec::SmallVec;

pub(crate) use math::Math;
pub use samplers::SAMPLERS;
pub use table::{FUNCTIONS, FUSED};

/// One argument of a [`Kernel`]: elements in a row, or one element that stands for all.
#[derive(Clone, Copy, Debug)]
pub struct Operand {
    /// The first element, aligned to its type.
    pub ptr: *const u8,
    /// Whether the one element at `ptr` is the argument at every position.
    pub splat: bool,
}

/// Applies a function to `n` elements.
///
/// # Safety
/// Every operand's `ptr` is aligned and readable for `n` elements (1 where splat) of the dtype that
/// [`Function::resolve`] named for it; `out` is aligned and writable for `n` elements of the output
/// dtype; an operand is either disjoint from `out` or, where the element sizes are equal, starts
/// exactly at it.
pub type Kernel = unsafe fn(out: *mut u8, args: &[Operand], n: usize);

/// A row of the table.
pub struct Function {
    /// NumPy's name, which is also the standard's: `"add"`, `"log1p"`.
    pub name: &'static str,
    /// Number of arguments, 1 to 3.
    pub arity: usize,
    /// One sentence for the documentation.
    pub doc: &'static str,
    /// About how many nanoseconds an element costs on one core, in cache, `f64`.
    pub cost: f32,
    /// The dtypes that the kernel takes and gives for arguments of these dtypes; `None` where the
    /// function has no meaning for them.
    pub(crate) rule: fn(&[DType]) -> rule::Signature,
    /// The kernel for arguments of the dtypes that `rule` gave.
    pub(crate) kernel: fn(&[DType]) -> Option<Kernel>,
}

/// A function made ready for arguments of certain dtypes.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The dtypes that the arguments must be cast to.
    pub inputs: SmallVec<[DType; 3]>,
    /// The dtype of the result.
    pub output: DType,
    /// What computes it.
    pub kernel: Kernel,
}

impl Function {
    /// The kernel, and the dtypes that it takes and gives, for arguments of these dtypes.
    pub fn resolve(&self, args: &[DType]) -> Result<Resolved> {
        let unsupported = || Error::UnsupportedDType {
            operation: self.name.to_owned(),
            dtypes: args.to_vec(),
        };
        if args.len() != self.arity {
            return Err(Error::argument(
                "function",
                "arguments",
                args.len(),
                format!("{} takes {}", self.name, self.arity),
            ));
        }
        let (inputs, output) = (self.rule)(args).ok_or_else(unsupported)?;
        let kernel = (self.kernel)(&inputs).ok_or_else(unsupported)?;
        Ok(Resolved {
            inputs,
            output,
            kernel,
        })
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The row with this name.
pub fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|f| f.name == name)
}

/// The row of [`FUSED`] with this name.
pub fn fused(name: &str) -> Option<&'static Function> {
    FUSED.iter().find(|f| f.name == name)
}

/// The kernel that converts elements from one dtype to another: integers wrap, floats to integers
/// truncate and saturate (NaN to 0), complex to real drops the imaginary part, anything to bool tests
/// for non-zero.
pub fn cast(from: DType, to: DType) -> Kernel {
    cast::cast(from, to)
}
