use std::hint::select_unpredictable;

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

/// So many values are searched for side by side: their steps do not wait for each other.
const ABREAST: usize = 8;

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
        let found = |_, at| at as i64;
        match side {
            Side::Left => places(sorted, values, |y, x| y < x, out, found),
            Side::Right => places(sorted, values, |y, x| y <= x, out, found),
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
        places(sorted, values, |y, x| y < x, out, |x, at| {
            sorted.get(at).is_some_and(|y| y.key() == x)
        });
    });
    Ok(())
}

/// For each value what `found` makes of its key and of the number of elements that are `before` it.
fn places<T: Keyed, R>(
    sorted: &[T],
    values: &[T],
    before: impl Fn(T::Key, T::Key) -> bool + Copy,
    out: &mut [R],
    found: impl Fn(T::Key, usize) -> R,
) {
    if sorted.len() <= values.len() {
        // The keys once, not at every step.
        let keys: Vec<T::Key> = sorted.iter().map(|y| y.key()).collect();
        each(keys.len(), |i| keys[i], values, before, out, found);
    } else {
        each(
            sorted.len(),
            |i| sorted[i].key(),
            values,
            before,
            out,
            found,
        );
    }
}

#[inline(always)]
fn each<T: Keyed, R>(
    len: usize,
    key: impl Fn(usize) -> T::Key,
    values: &[T],
    before: impl Fn(T::Key, T::Key) -> bool,
    out: &mut [R],
    found: impl Fn(T::Key, usize) -> R,
) {
    let (groups, rest) = values.as_chunks::<ABREAST>();
    let (filled, last) = out.split_at_mut(groups.len() * ABREAST);
    for (group, out) in groups.iter().zip(filled.chunks_exact_mut(ABREAST)) {
        let keys = group.map(|x| x.key());
        let at = bisect(len, &key, &keys, &before);
        for ((x, at), out) in keys.into_iter().zip(at).zip(out) {
            *out = found(x, at);
        }
    }
    for (x, out) in rest.iter().zip(last) {
        let [at] = bisect(len, &key, &[x.key()], &before);
        *out = found(x.key(), at);
    }
}

/// How many of `len` keys in order are before each of some, without branches.
#[inline(always)]
fn bisect<K: Copy, const N: usize>(
    len: usize,
    key: &impl Fn(usize) -> K,
    wanted: &[K; N],
    before: &impl Fn(K, K) -> bool,
) -> [usize; N] {
    let mut low = [0; N];
    if len == 0 {
        return low;
    }
    // The place is from `low` to `low + left`.
    let mut left = len;
    while left > 1 {
        let half = left / 2;
        for (low, x) in low.iter_mut().zip(wanted) {
            let middle = *low + half;
            *low = select_unpredictable(before(key(middle), *x), middle, *low);
        }
        left -= half;
    }
    for (low, x) in low.iter_mut().zip(wanted) {
        *low += usize::from(before(key(*low), *x));
    }
    low
}
