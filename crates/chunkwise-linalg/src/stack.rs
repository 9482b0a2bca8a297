//! Stacks of matrices: typed slices of chunks, item by item.

use std::borrow::Cow;

use chunkwise_core::{Chunk, DType, Dims, Element, Error, Pool, Result, ViewMut};

/// Fills several new chunks at once.
pub(crate) fn build(
    pool: &Pool,
    outputs: &[(DType, Dims)],
    fill: &mut dyn FnMut(&mut [ViewMut<'_>]) -> Result<()>,
) -> Result<Vec<Chunk>> {
    let mut made = Vec::with_capacity(outputs.len());
    build_rest(pool, outputs, Vec::new(), fill, &mut made)?;
    made.reverse();
    Ok(made)
}

/// One chunk within the other, so that all are writable together; the last is done first.
fn build_rest<'v>(
    pool: &Pool,
    outputs: &[(DType, Dims)],
    mut views: Vec<ViewMut<'v>>,
    fill: &mut dyn FnMut(&mut [ViewMut<'_>]) -> Result<()>,
    made: &mut Vec<Chunk>,
) -> Result<()> {
    let Some(((dtype, shape), rest)) = outputs.split_first() else {
        return fill(&mut views);
    };
    let chunk = Chunk::build(pool, *dtype, shape, |view| {
        let mut inner: Vec<ViewMut<'_>> = views;
        inner.push(view);
        build_rest(pool, rest, inner, fill, made)
    })?;
    made.push(chunk);
    Ok(())
}

/// The elements of a chunk in C order.
pub(crate) fn elements<T: Element>(chunk: &Chunk) -> Result<Cow<'_, [T]>> {
    match chunk.as_slice::<T>() {
        Some(slice) => Ok(Cow::Borrowed(slice)),
        None => Ok(Cow::Owned(chunk.to_vec::<T>()?)),
    }
}

/// The part of item `n` in all elements.
pub(crate) fn item<T>(all: &[T], n: usize, len: usize) -> &[T] {
    &all[n * len..(n + 1) * len]
}

/// The part of item `n` of an output.
pub(crate) fn item_mut<'v, T: Element>(
    view: &'v mut ViewMut<'_>,
    n: usize,
    len: usize,
) -> Result<&'v mut [T]> {
    let dtype = view.dtype();
    let all = view.as_mut_slice::<T>().ok_or(Error::DTypeMismatch {
        operation: "a factorization's result",
        expected: T::DTYPE,
        got: dtype,
    })?;
    Ok(&mut all[n * len..(n + 1) * len])
}

/// As many outputs as expected.
pub(crate) fn outputs<'v, 'a, const N: usize>(
    views: &'v mut [ViewMut<'a>],
) -> Result<&'v mut [ViewMut<'a>; N]> {
    let got = views.len();
    views
        .try_into()
        .map_err(|_| Error::internal("linalg", format!("{got} outputs where {N} are made")))
}
