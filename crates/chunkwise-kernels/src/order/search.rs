use chunkwise_core::{Error, Result, View, ViewMut, dispatch};

use super::Keyed;

/// Which place [`search`] answers among equal elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The first: before all equal ones.
    Left,
    /// The last: after all equal ones.
    Right,
}

/// For each value the place in `sorted` where it belongs, as `i64`. `sorted` is 1-dimensional, dense
/// and in ascending order; values, dense too, have its dtype.
pub fn search(
    sorted: &View<'_>,
    values: &View<'_>,
    side: Side,
    out: &mut ViewMut<'_>,
) -> Result<()> {
    let dense = || Error::internal("searchsorted", "operands that are not dense");
    let out = out.as_mut_slice::<i64>().ok_or_else(dense)?;
    dispatch!(all sorted.dtype(), T => {
        let sorted = sorted.as_slice::<T>().ok_or_else(dense)?;
        let values = values.as_slice::<T>().ok_or_else(dense)?;
        if values.len() != out.len() {
            return Err(dense());
        }
        for (x, at) in values.iter().zip(out) {
            *at = place(sorted, x.key(), side) as i64;
        }
    });
    Ok(())
}

/// Whether each value is among those of `sorted`, as bools; otherwise as [`search`].
pub fn contains(sorted: &View<'_>, values: &View<'_>, out: &mut ViewMut<'_>) -> Result<()> {
    let dense = || Error::internal("isin", "operands that are not dense");
    let out = out.as_mut_slice::<bool>().ok_or_else(dense)?;
    dispatch!(all sorted.dtype(), T => {
        let sorted = sorted.as_slice::<T>().ok_or_else(dense)?;
        let values = values.as_slice::<T>().ok_or_else(dense)?;
        if values.len() != out.len() {
            return Err(dense());
        }
        for (x, found) in values.iter().zip(out) {
            let at = sorted.get(place(sorted, x.key(), Side::Left));
            *found = at.is_some_and(|y| y.key() == x.key());
        }
    });
    Ok(())
}

#[inline(always)]
fn place<T: Keyed>(sorted: &[T], key: T::Key, side: Side) -> usize {
    match side {
        Side::Left => sorted.partition_point(|y| y.key() < key),
        Side::Right => sorted.partition_point(|y| y.key() <= key),
    }
}
