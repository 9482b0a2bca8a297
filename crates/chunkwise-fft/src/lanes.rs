//! Lines along any axis: in place where they are dense, else gathered a few at a time.

use chunkwise_core::{Chunk, Element, Result};

/// Bytes of the lines that are gathered at once: within a second-level cache.
pub(crate) const GATHERED: usize = 256 << 10;
/// Lines gathered at once: whole cache lines of their elements, and no more than pages that a
/// first-level TLB holds.
pub(crate) const FEWEST: usize = 8;
pub(crate) const MOST: usize = 32;
/// Elements between lines beside their length: lines whose lengths are powers of two would
/// otherwise fall on the same sets of a cache.
pub(crate) const GAP: usize = 8;

/// An array in C order as `outer` planes of `len` by `inner` elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planes {
    pub outer: usize,
    pub len: usize,
    pub inner: usize,
}

impl Planes {
    pub fn new(shape: &[usize], axis: usize) -> Planes {
        Planes {
            outer: shape[..axis].iter().product(),
            len: shape[axis],
            inner: shape[axis + 1..].iter().product(),
        }
    }
}

/// Calls `line` with every line of `input` along an axis and the same line of `out`.
pub(crate) fn each<I: Element, O: Element>(
    input: &[I],
    from: Planes,
    out: &mut [O],
    to: Planes,
    mut line: impl FnMut(&[I], &mut [O]) -> Result<()>,
) -> Result<()> {
    if from.inner == 1 {
        for row in 0..from.outer {
            line(
                &input[row * from.len..][..from.len],
                &mut out[row * to.len..][..to.len],
            )?;
        }
        return Ok(());
    }
    let bytes = (from.len * size_of::<I>() + to.len * size_of::<O>()).max(1);
    let lanes = (GATHERED / bytes).clamp(FEWEST, MOST).min(from.inner);
    let mut lines_in = vec![I::default(); lanes * (from.len + GAP)];
    let mut lines_out = vec![O::default(); lanes * (to.len + GAP)];
    for plane in 0..from.outer {
        let input = &input[plane * from.len * from.inner..][..from.len * from.inner];
        let out = &mut out[plane * to.len * to.inner..][..to.len * to.inner];
        for first in (0..from.inner).step_by(lanes) {
            let n = lanes.min(from.inner - first);
            for (i, row) in input.chunks_exact(from.inner).enumerate() {
                for (lane, x) in row[first..first + n].iter().enumerate() {
                    lines_in[lane * (from.len + GAP) + i] = *x;
                }
            }
            for lane in 0..n {
                line(
                    &lines_in[lane * (from.len + GAP)..][..from.len],
                    &mut lines_out[lane * (to.len + GAP)..][..to.len],
                )?;
            }
            for (i, row) in out.chunks_exact_mut(to.inner).enumerate() {
                for (lane, x) in row[first..first + n].iter_mut().enumerate() {
                    *x = lines_out[lane * (to.len + GAP) + i];
                }
            }
        }
    }
    Ok(())
}

/// The elements in C order: in place where they are, else a copy in `held`.
pub(crate) fn dense<'a, T: Element>(chunk: &'a Chunk, held: &'a mut Vec<T>) -> Result<&'a [T]> {
    if let Some(data) = chunk.as_slice::<T>() {
        return Ok(data);
    }
    let shape = chunk.shape();
    let width = shape.last().copied().unwrap_or(1);
    let view = chunk.view();
    let mut region = chunkwise_core::Region::whole(shape);
    for len in region.shape.iter_mut().rev().skip(1) {
        *len = 1;
    }
    held.reserve(chunk.len());
    // Row after row where rows are dense, as those of a part of a larger chunk are.
    for row in 0..chunk.len().checked_div(width).unwrap_or(0) {
        let mut left = row;
        for axis in (0..shape.len().saturating_sub(1)).rev() {
            region.start[axis] = left % shape[axis];
            left /= shape[axis];
        }
        match view.region(&region).as_slice::<T>() {
            Some(row) => held.extend_from_slice(row),
            None => {
                *held = chunk.to_vec::<T>()?;
                break;
            }
        }
    }
    Ok(held)
}
