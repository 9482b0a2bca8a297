//! Where sorted runs are cut so that each part of the sorted whole is made from a few elements of
//! each.
//!
//! Of each run every `step`-th element is known, its first included: a sample. Elements are ordered by
//! key, then by run, then by position, so that no two are equal. When `c` of a run's samples come
//! before an element, then more than `(c - 1) * step` and at most `c * step` of the run's elements do:
//! so the samples bound every rank, and a boundary between two parts lies, in each run, within a
//! stretch that is known without looking at the elements.

use chunkwise_core::{Error, Result, View, dispatch};

use super::Keyed;

/// Bytes that [`split`] takes for each sample.
pub const SAMPLE_BYTES: usize = 32;

/// How a lane was cut into runs.
#[derive(Clone, Copy, Debug)]
pub struct Split {
    /// Elements of the lane.
    pub len: usize,
    /// Elements of a run; the last may have fewer.
    pub run: usize,
    /// From a sample to the next.
    pub step: usize,
    /// Elements of a part of the sorted whole; the last may have fewer.
    pub part: usize,
    /// Whether the largest come first.
    pub descending: bool,
}

impl Split {
    /// Number of runs.
    pub fn runs(&self) -> usize {
        self.len.div_ceil(self.run.max(1))
    }

    /// Number of parts.
    pub fn parts(&self) -> usize {
        self.len.div_ceil(self.part.max(1))
    }

    /// Where the samples of a run begin among those of the lane, and how many they are.
    pub fn samples_of(&self, run: usize) -> (usize, usize) {
        let each = self.run.div_ceil(self.step.max(1));
        (run * each, self.length(run).div_ceil(self.step.max(1)))
    }

    /// Number of samples of the lane.
    pub fn samples(&self) -> usize {
        match self.runs() {
            0 => 0,
            runs => {
                let (start, len) = self.samples_of(runs - 1);
                start + len
            }
        }
    }

    /// Elements of a run.
    pub fn length(&self, run: usize) -> usize {
        self.run.min(self.len - run * self.run)
    }

    /// The most elements of all runs together that a part is made from.
    pub fn most(&self) -> usize {
        self.part + 2 * (self.runs() + 2) * self.step
    }
}

/// For each part and each run, the elements of the run that the part is made from: start and end. The
/// elements before the starts are the first of the whole, as many as they are.
pub fn split(of: &Split, samples: &[View<'_>]) -> Result<Vec<i64>> {
    let first = samples.first();
    let dtype = first.map_or(chunkwise_core::DType::Bool, View::dtype);
    dispatch!(all dtype, T => typed::<T>(of, samples))
}

fn typed<T: Keyed>(of: &Split, samples: &[View<'_>]) -> Result<Vec<i64>> {
    let (runs, parts) = (of.runs(), of.parts());
    let mut order: Vec<(T::Key, u32)> = Vec::new();
    for (view, run) in samples.iter().zip(0..) {
        let own = view.as_slice::<T>();
        let own = own.ok_or_else(|| Error::internal("sort", "samples that are not dense"))?;
        let keys = own.iter().map(|x| x.key());
        order.extend(keys.map(|k| (if of.descending { !k } else { k }, run)));
    }
    // The samples of a run are in order already, and equal ones stay so.
    order.sort();

    let mut seen = vec![0usize; runs];
    let start = |c: usize| c.checked_sub(1).map_or(0, |c| c * of.step + 1);
    let end = |c: usize, run: usize| (c * of.step).min(of.length(run));
    let mut table = vec![0i64; parts * runs * 2];
    let (mut next_start, mut next_end) = (0, 0);
    // Sums over the runs of `start` and `end`, and the run of the sample before.
    let (mut low, mut high) = (0, 0);
    let mut before: Option<usize> = None;
    for &(_, run) in &order {
        let run = run as usize;
        let c = seen[run];
        let place = c * of.step;
        // This sample has at most `high` elements before it, and at least `least`.
        let least = low - start(c) + place;
        while next_start < parts && next_start * of.part < high {
            // The sample before this one is the last that surely begins early enough.
            for (r, c) in seen.iter().enumerate() {
                let c = c - usize::from(before == Some(r));
                table[(next_start * runs + r) * 2] = start(c) as i64;
            }
            next_start += 1;
        }
        while next_end < parts && (next_end + 1) * of.part <= least {
            for (r, c) in seen.iter().enumerate() {
                table[(next_end * runs + r) * 2 + 1] = end(*c, r) as i64;
            }
            next_end += 1;
        }
        low += start(c + 1) - start(c);
        high += end(c + 1, run) - end(c, run);
        seen[run] += 1;
        before = Some(run);
    }
    for part in next_start..parts {
        for (r, c) in seen.iter().enumerate() {
            let c = c - usize::from(before == Some(r));
            table[(part * runs + r) * 2] = start(c) as i64;
        }
    }
    for part in next_end..parts {
        for r in 0..runs {
            table[(part * runs + r) * 2 + 1] = of.length(r) as i64;
        }
    }
    Ok(table)
}
