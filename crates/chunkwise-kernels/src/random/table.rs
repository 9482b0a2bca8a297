//! Drawing from a finite distribution by its cumulative sums: the first index whose sum is above a
//! uniform value. A guide (Chen and Asau, 1974) narrows the search to what one slice of the unit
//! interval can hit.

use std::sync::Arc;

/// Cumulative sums with their guide.
#[derive(Clone, Debug)]
pub(super) struct Table {
    sums: Arc<[f64]>,
    /// `guide[j]` is the first index whose sum is above `j / (guide.len() - 1)`.
    guide: Box<[u32]>,
    /// What uniform values are scaled to.
    total: f64,
}

impl Table {
    /// From non-decreasing sums, at least one, the last above 0.
    pub(super) fn new(sums: Arc<[f64]>) -> Table {
        let total = sums.last().copied().unwrap_or(1.0);
        let slices = sums.len().next_power_of_two().clamp(64, 1 << 16);
        let mut at = 0;
        let guide = (0..=slices)
            .map(|j| {
                let edge = j as f64 / slices as f64 * total;
                while at + 1 < sums.len() && sums[at] <= edge {
                    at += 1;
                }
                at as u32
            })
            .collect();
        Table { sums, guide, total }
    }

    /// From probabilities in order; what they leave to 1 is the last one's.
    pub(super) fn from_probabilities(chances: impl Iterator<Item = f64>) -> Table {
        let mut sum = 0.0;
        let mut sums: Vec<f64> = chances
            .map(|p| {
                sum += p;
                sum
            })
            .collect();
        if let Some(last) = sums.last_mut() {
            *last = 1.0;
        }
        // Rounding may have carried sums past 1 before the last.
        for s in &mut sums {
            *s = s.min(1.0);
        }
        Table::new(sums.into())
    }

    /// The index for a word, whose upper 53 bits are the uniform value.
    #[inline]
    pub(super) fn draw(&self, word: u64) -> u64 {
        let u = (word >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0);
        let slice = (u * (self.guide.len() - 1) as f64) as usize;
        let (low, high) = (self.guide[slice] as usize, self.guide[slice + 1] as usize);
        let u = u * self.total;
        let within = self.sums[low..high].partition_point(|s| *s <= u);
        (low + within) as u64
    }
}
