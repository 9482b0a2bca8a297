//! Memory and processors over the last minutes.

use std::collections::VecDeque;
use std::time::Duration;

use crate::sampler::Sample;
use crate::{now, resources};

/// Samples that are kept.
const MOST: usize = 600;

/// The latest samples.
#[derive(Debug, Default)]
pub(super) struct History {
    samples: VecDeque<Sample>,
    /// Time and processor time of the last one.
    last: Option<(Duration, Duration)>,
}

impl History {
    /// Takes a sample.
    pub fn take(&mut self, arrays: u64, limit: Option<u64>) {
        let (time, used) = (now(), resources::cpu_time());
        let cpu = used.zip(self.last).and_then(|(used, (then, before))| {
            let wall = time.saturating_sub(then).as_secs_f64();
            let share = used.saturating_sub(before).as_secs_f64() / wall;
            share.is_finite().then_some(100.0 * share)
        });
        self.last = used.map(|used| (time, used));
        if self.samples.len() == MOST {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample {
            time,
            cpu,
            resident: resources::resident(),
            arrays,
            limit,
        });
    }

    /// The latest so many, the oldest first.
    pub fn latest(&self, most: usize) -> impl Iterator<Item = &Sample> {
        let skipped = self.samples.len().saturating_sub(most);
        self.samples.iter().skip(skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_samples_make_room() {
        let mut history = History::default();
        for n in 0..MOST as u64 + 10 {
            history.take(n, None);
        }
        let arrays: Vec<u64> = history.latest(usize::MAX).map(|s| s.arrays).collect();
        assert_eq!(arrays.len(), MOST);
        assert_eq!((arrays[0], arrays[MOST - 1]), (10, MOST as u64 + 9));
        assert_eq!(history.latest(3).count(), 3);
    }
}
