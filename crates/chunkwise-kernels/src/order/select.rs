use chunkwise_core::{Error, Result, ViewMut, dispatch};

use super::Keyed;

/// Brings the elements of these ranks of a dense lane to their places, as a sort would: `ranks` are
/// in ascending order and below the lane's length.
pub fn select(lane: &mut ViewMut<'_>, ranks: &[usize]) -> Result<()> {
    let dense = || Error::internal("select", "a lane that is not dense");
    dispatch!(all lane.dtype(), T => {
        let mut rest = lane.as_mut_slice::<T>().ok_or_else(dense)?;
        let mut before = 0;
        for &rank in ranks {
            let at = match rank.checked_sub(before) {
                Some(at) if at < rest.len() => at,
                // The same rank again.
                _ if rank + 1 == before => continue,
                _ => return Err(Error::internal("select", format!("ranks {ranks:?}"))),
            };
            let (_, _, after) = rest.select_nth_unstable_by_key(at, |x| x.key());
            rest = after;
            before = rank + 1;
        }
    });
    Ok(())
}
