//! Arrays as bytes, to be kept or sent, and back.

mod packed;

use std::sync::Arc;

use chunkwise_core::{Result, Source};
use chunkwise_expr::{Attachments, CallFunction, PlainRow};

use crate::Array;
use crate::advanced::{TakeAlong, TakeAt};
use crate::assign::InOrder;
use crate::fft::Lines;
use crate::linalg::{Factor, Reflected};
use crate::masked::NotEmpty;
use crate::order::{Digit, Found, Lanes, Lookup};

pub use chunkwise_expr::Encoded;
pub use packed::{pack, unpack};

/// Arrays as bytes, what they share once; data and users' functions are left to the caller.
///
/// ```
/// use chunkwise::{Random, wire};
/// let x = Random::new(42).standard_normal([1000, 100], 100)?.mean(0)?;
/// let encoded = wire::encode(&[&x])?;
/// let back = wire::decode(&encoded.bytes, encoded.sources, encoded.functions)?;
/// assert_eq!(back[0].compute()?.to_vec::<f64>()?, x.compute()?.to_vec::<f64>()?);
/// # Ok::<_, chunkwise::Error>(())
/// ```
///
/// # Errors
/// The error of a failed array.
pub fn encode(arrays: &[&Array]) -> Result<Encoded> {
    let exprs = arrays.iter().map(|a| a.expr().cloned());
    chunkwise_expr::encode(&exprs.collect::<Result<Vec<_>>>()?)
}

/// The arrays that [`encode`] wrote, with the attachments in its order.
///
/// # Errors
/// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for bytes that `encode` did not write, for
/// those of a later version, and where an attachment is missing.
pub fn decode(
    bytes: &[u8],
    sources: Vec<Arc<dyn Source>>,
    functions: Vec<Arc<dyn CallFunction>>,
) -> Result<Vec<Array>> {
    let attachments = Attachments {
        sources,
        functions,
        plain: PLAIN,
    };
    let exprs = chunkwise_expr::decode(bytes, &attachments)?;
    Ok(exprs.into_iter().map(Array::from).collect())
}

/// The library's own functions on chunks that can be read back.
const PLAIN: &[PlainRow] = &[
    PlainRow::of::<NotEmpty>(),
    PlainRow::of::<Lines>(),
    PlainRow::of::<Factor>(),
    PlainRow::of::<Reflected>(),
    PlainRow::of::<Lookup>(),
    PlainRow::of::<Lanes>(),
    PlainRow::of::<Digit>(),
    PlainRow::of::<Found>(),
    PlainRow::of::<InOrder>(),
    PlainRow::of::<TakeAt>(),
    PlainRow::of::<TakeAlong>(),
];
