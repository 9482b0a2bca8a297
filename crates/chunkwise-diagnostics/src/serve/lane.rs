//! What a thread did when, in a bounded number of bars however many tasks there were.

/// A stretch of time in which a thread did a task, or several that lie too close to be told apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bar {
    /// Nanoseconds since the begin of the run.
    pub start: u64,
    pub end: u64,
    /// The stage that took most of it.
    pub stage: usize,
    pub tasks: u64,
    /// Nanoseconds of work in it.
    busy: u64,
}

impl Bar {
    /// The share of the time that was work, 0 to 1.
    pub fn share(&self) -> f64 {
        match self.end - self.start {
            0 => 1.0,
            span => (self.busy as f64 / span as f64).min(1.0),
        }
    }

    /// Whether this bar and a later one are one where times closer than `close` cannot be told apart.
    fn joins(&self, next: &Bar, close: u64) -> bool {
        let span = next.end.saturating_sub(self.start);
        span <= close || self.stage == next.stage && span <= 4 * close
    }

    fn join(&mut self, next: &Bar) {
        if next.busy > self.busy {
            self.stage = next.stage;
        }
        self.end = self.end.max(next.end);
        self.tasks += next.tasks;
        self.busy += next.busy;
    }
}

/// What was done in a stage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counts {
    pub tasks: u64,
    /// Nanoseconds of work.
    pub busy: u64,
    pub read: u64,
    pub written: u64,
    /// When the first task began and the last one ended, in nanoseconds since the begin of the run.
    pub span: Option<(u64, u64)>,
}

impl Counts {
    pub fn add(&mut self, other: &Counts) {
        self.tasks += other.tasks;
        self.busy += other.busy;
        self.read += other.read;
        self.written += other.written;
        self.span = match (self.span, other.span) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
    }
}

/// A thread of a run.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub bars: Vec<Bar>,
    /// Times closer than this are not told apart: grows with the number of tasks.
    close: u64,
    most: usize,
    /// What it does at present, and since when.
    pub running: Option<(usize, u64)>,
    /// By stage; short of the stages that this thread has not seen.
    pub counts: Vec<Counts>,
}

impl Lane {
    /// A lane of at most so many bars, eight at least.
    pub fn new(most: usize) -> Lane {
        Lane {
            most: most.max(8),
            ..Lane::default()
        }
    }

    /// A task has ended.
    pub fn push(&mut self, stage: usize, start: u64, end: u64, read: u64, written: u64) {
        self.running = None;
        let end = end.max(start);
        let busy = end - start;
        if self.counts.len() <= stage {
            self.counts.resize(stage + 1, Counts::default());
        }
        self.counts[stage].add(&Counts {
            tasks: 1,
            busy,
            read,
            written,
            span: Some((start, end)),
        });
        let bar = Bar {
            start,
            end,
            stage,
            tasks: 1,
            busy,
        };
        match self.bars.last_mut() {
            Some(last) if last.joins(&bar, self.close) => last.join(&bar),
            _ => self.bars.push(bar),
        }
        while self.bars.len() > self.most {
            self.coarsen();
        }
    }

    /// Joins what is close, until half of the room is free again.
    fn coarsen(&mut self) {
        let whole = self.bars.last().map_or(0, |b| b.end);
        // Two bars of the length so far, and the gap between them, are one from now on.
        self.close = (self.close * 5 / 2)
            .max(whole / self.most as u64 / 2)
            .max(1);
        while self.bars.len() > self.most / 2 {
            let close = self.close;
            self.bars.dedup_by(|next, kept| {
                let joined = kept.joins(next, close);
                if joined {
                    kept.join(next);
                }
                joined
            });
            if self.bars.len() > self.most / 2 {
                self.close *= 2;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_tasks_stay_as_they_are() {
        let mut lane = Lane::new(100);
        for n in 0..100 {
            lane.push(n % 3, 10 * n as u64, 10 * n as u64 + 7, 1, 2);
        }
        assert_eq!(lane.bars.len(), 100);
        assert_eq!((lane.bars[4].start, lane.bars[4].end), (40, 47));
        assert_eq!(lane.counts[0].tasks, 34);
        assert_eq!((lane.counts[1].read, lane.counts[1].written), (33, 66));
        assert_eq!(lane.counts[2].span, Some((20, 987)));
    }

    #[test]
    fn many_tasks_take_no_more_room_and_lose_no_time() {
        let mut lane = Lane::new(64);
        for n in 0..100_000u64 {
            // Every thousandth is a long one of another stage.
            let (stage, end) = if n % 1000 == 999 { (1, 9) } else { (0, 5) };
            lane.push(stage, 10 * n, 10 * n + end, 0, 0);
            assert!(lane.bars.len() <= 64);
        }
        assert!(lane.bars.len() > 16, "{}", lane.bars.len());
        let tasks: u64 = lane.bars.iter().map(|b| b.tasks).sum();
        assert_eq!(tasks, 100_000);
        let busy: u64 = lane.bars.iter().map(|b| b.busy).sum();
        assert_eq!(busy, 100_000 * 5 + 100 * 4);
        assert!(lane.bars.windows(2).all(|w| w[0].end <= w[1].start));
        assert_eq!(
            (lane.bars[0].start, lane.bars[lane.bars.len() - 1].end),
            (0, 999_999)
        );
        assert!((lane.bars[3].share() - 0.5).abs() < 0.05);
    }

    #[test]
    fn a_long_task_among_short_ones_keeps_its_bar() {
        let mut lane = Lane::new(64);
        for n in 0..10_000u64 {
            lane.push(0, n, n + 1, 0, 0);
        }
        lane.push(1, 10_000, 30_000, 0, 0);
        for n in 30_000..40_000u64 {
            lane.push(0, n, n + 1, 0, 0);
        }
        assert!(lane.bars.iter().any(|b| b.stage == 1
            && b.start >= 9_000
            && b.tasks < 2000
            && b.end >= 30_000
            && b.end < 32_000));
    }
}
