use chunkwise_core::{DType, Error, Result, ViewMut, dispatch};

use super::Keyed;

fn not_dense() -> Error {
    Error::internal("sort", "lanes that are not dense")
}

/// Bytes per element that sorting takes on the way, beside the elements: where positions go along,
/// and where not.
pub fn pair_bytes(dtype: DType, pairs: bool) -> usize {
    let item = dtype.size();
    match (pairs, dtype.is_complex()) {
        // A key and a place, and the copies that they are gathered from.
        (true, false) => 16 + item + 8,
        (true, true) => 2 * item.max(16) + item + 8,
        // Equal elements that are kept in order, or the room of a stable sort.
        (false, _) => item,
    }
}

/// Sorts each lane of a dense block along its last axis: NaN last, -0.0 equal to 0.0, equal elements
/// in the order that they have; all reversed but that where `descending`.
pub fn sort_rows(rows: &mut ViewMut<'_>, descending: bool) -> Result<()> {
    let len = rows.shape().last().copied().unwrap_or(1).max(1);
    dispatch!(all rows.dtype(), T => {
        let all = rows.as_mut_slice::<T>().ok_or_else(not_dense)?;
        all.chunks_mut(len).for_each(|lane| T::sort(lane, descending));
    });
    Ok(())
}

/// Sorts each lane of a dense block along its last axis as [`sort_rows`] does, and the positions that
/// stand beside the elements with them.
pub fn sort_pairs(
    rows: &mut ViewMut<'_>,
    positions: &mut ViewMut<'_>,
    descending: bool,
) -> Result<()> {
    let len = rows.shape().last().copied().unwrap_or(1).max(1);
    let positions = positions.as_mut_slice::<i64>().ok_or_else(not_dense)?;
    if u32::try_from(len).is_err() {
        return Err(Error::internal("sort", format!("a lane of {len} elements")));
    }
    dispatch!(all rows.dtype(), T => {
        let all = rows.as_mut_slice::<T>().ok_or_else(not_dense)?;
        if all.len() != positions.len() {
            return Err(not_dense());
        }
        let lanes = all.chunks_mut(len).zip(positions.chunks_mut(len));
        lanes.for_each(|(lane, at)| pairs(lane, at, descending));
    });
    Ok(())
}

fn pairs<T: Keyed>(lane: &mut [T], positions: &mut [i64], descending: bool) {
    // The place in the lane makes all pairs different, so that any sort is stable.
    let mut order: Vec<(T::Key, u32)> = lane
        .iter()
        .zip(0..)
        .map(|(x, place)| (if descending { !x.key() } else { x.key() }, place))
        .collect();
    order.sort_unstable();
    let (values, places) = (lane.to_vec(), positions.to_vec());
    for ((x, at), (_, from)) in lane.iter_mut().zip(positions).zip(&order) {
        *x = values[*from as usize];
        *at = places[*from as usize];
    }
}
