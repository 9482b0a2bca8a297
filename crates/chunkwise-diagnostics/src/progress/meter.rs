use std::time::Duration;

use chunkwise_core::format_count;

/// How far a run is, how fast it goes and how long it still takes: a state machine over units of work
/// and times since the start, which the caller brings.
///
/// ```
/// use chunkwise_diagnostics::progress::Meter;
/// use std::time::Duration;
/// let mut meter = Meter::new(1000).with_rate(|r| format!("{r:.0} rows/s"));
/// for second in 1..=4 {
///     meter.update(100 * second, Duration::from_secs(second));
/// }
/// let now = Duration::from_secs(4);
/// assert_eq!(meter.remaining(now), Some(Duration::from_secs(6)));
/// assert_eq!(
///     meter.line(now, 60),
///     " 40% [============>                 ] 100 rows/s 0:04 < 0:06",
/// );
/// ```
pub struct Meter {
    total: u64,
    done: u64,
    /// Time of the last update that brought anything.
    advanced: Duration,
    advances: u32,
    /// Exponentially weighted sum of units per second, and of the weights.
    recent: f64,
    weight: f64,
    rate_text: Box<dyn Fn(f64) -> String + Send>,
}

/// Before this nothing is said about the time remaining.
const BASIS: Duration = Duration::from_millis(500);

impl Meter {
    /// A meter of a run of `total_units`, in whatever unit its cost is counted.
    pub fn new(total_units: u64) -> Meter {
        Meter {
            total: total_units,
            done: 0,
            advanced: Duration::ZERO,
            advances: 0,
            recent: 0.0,
            weight: 0.0,
            rate_text: Box::new(|rate| format!("{}/s", format_count(rate as u64))),
        }
    }

    /// The same with the text for a rate in units per second; without it, a count: `"1,200/s"`.
    pub fn with_rate(mut self, text: impl Fn(f64) -> String + Send + 'static) -> Meter {
        self.rate_text = Box::new(text);
        self
    }

    /// Notes that `done_units` of the total are done at `now`, counted from the start. A smaller
    /// number than before changes nothing, and more than the total counts as the total.
    pub fn update(&mut self, done_units: u64, now: Duration) {
        let done = done_units.min(self.total);
        let dt = now.saturating_sub(self.advanced).as_secs_f64();
        if done <= self.done || dt == 0.0 {
            self.done = self.done.max(done);
            return;
        }
        let (recent, weight) = self.weighed((done - self.done) as f64, dt);
        (self.recent, self.weight) = (recent, weight);
        self.done = done;
        self.advanced = now;
        self.advances += 1;
    }

    /// The share done, 0 to 1; 1 where there is nothing to do.
    pub fn fraction(&self) -> f64 {
        if self.total == 0 {
            return 1.0;
        }
        self.done as f64 / self.total as f64
    }

    /// Whether all is done.
    pub fn is_complete(&self) -> bool {
        self.done == self.total
    }

    /// Units per second since the start; `None` before anything is done.
    pub fn rate(&self, now: Duration) -> Option<f64> {
        let elapsed = now.max(self.advanced).as_secs_f64();
        (self.done > 0 && elapsed > 0.0).then(|| self.done as f64 / elapsed)
    }

    /// The time that the rest will take: the mean of what the whole run's rate and the recent one
    /// give. `None` before there is a basis (half a second and two advances), and where nothing has
    /// moved for so long that no honest number can be given.
    pub fn remaining(&self, now: Duration) -> Option<Duration> {
        if self.is_complete() {
            return Some(Duration::ZERO);
        }
        let overall = self
            .rate(now)
            .filter(|_| self.advances >= 2 && now >= BASIS)?;
        let recent = self.recent_rate(now).filter(|r| *r > overall / 20.0)?;
        let left = (self.total - self.done) as f64;
        Duration::try_from_secs_f64((left / overall + left / recent) / 2.0).ok()
    }

    /// One line of at most `width` characters: percent, bar, rate, time elapsed < time remaining. What
    /// does not fit is left out, the bar first, then the rate.
    pub fn line(&self, now: Duration, width: usize) -> String {
        self.line_with_bar(now, width, usize::MAX)
    }

    /// The same with a bar of at most `cells` characters between its brackets; without one where
    /// they are none.
    pub fn line_with_bar(&self, now: Duration, width: usize, cells: usize) -> String {
        // Rounded down: 100% means that all is done.
        let percent = format!("{:3}%", (self.fraction() * 100.0).floor());
        let rate = self.recent_rate(now).or_else(|| self.rate(now));
        let rate = rate.map(|r| (self.rate_text)(r)).unwrap_or_default();
        let remaining = self.remaining(now).map_or("-:--".to_owned(), clock);
        let times = format!("{} < {remaining}", clock(now));
        let join = |parts: &[&str]| {
            let shown: Vec<&str> = parts.iter().copied().filter(|p| !p.is_empty()).collect();
            shown.join(" ")
        };
        let full = join(&[&percent, &rate, &times]);
        let room = width.saturating_sub(full.chars().count() + 1);
        if room >= 8 && cells > 0 {
            let bar = self.bar(room.min(cells.saturating_add(2)));
            return join(&[&percent, &bar, &rate, &times]);
        }
        [full, join(&[&percent, &times]), percent]
            .into_iter()
            .find(|line| line.chars().count() <= width)
            .unwrap_or_default()
    }

    /// What is left to say when the run is over: `"done in 0:42, 1,200/s"`, or how far it came.
    pub fn summary(&self, now: Duration) -> String {
        let rate = self.rate(now).map(|r| (self.rate_text)(r));
        let rate = rate.map(|r| format!(", {r}")).unwrap_or_default();
        let end = match self.is_complete() {
            true => "done in".to_owned(),
            false => format!("stopped at {}% after", (self.fraction() * 100.0).floor()),
        };
        format!("{end} {}{rate}", clock(now))
    }

    fn bar(&self, room: usize) -> String {
        let cells = room - 2;
        let filled = (self.fraction() * cells as f64) as usize;
        let tip = (filled < cells && self.done > 0) as usize;
        format!(
            "[{}{}{}]",
            "=".repeat(filled),
            ">".repeat(tip),
            " ".repeat(cells - filled - tip)
        )
    }

    /// The smoothed rate, as if an update without progress came now where the pause is longer than
    /// usual.
    fn recent_rate(&self, now: Duration) -> Option<f64> {
        let usual = self.advanced.as_secs_f64() / self.advances.max(1) as f64;
        let pause = now.saturating_sub(self.advanced).as_secs_f64() - usual;
        let (recent, weight) = if pause > 0.0 {
            self.weighed(0.0, pause)
        } else {
            (self.recent, self.weight)
        };
        (self.weight > 0.0).then(|| recent / weight)
    }

    fn weighed(&self, units: f64, dt: f64) -> (f64, f64) {
        // What counts as recent grows with the run, so that a long one's estimate is a calm one.
        let horizon = (self.advanced.as_secs_f64() / 4.0).clamp(3.0, 60.0);
        let keep = (-dt / horizon).exp();
        (
            self.recent * keep + units / dt * (1.0 - keep),
            self.weight * keep + (1.0 - keep),
        )
    }
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Meter({} of {})", self.done, self.total)
    }
}

/// `0:07`, `12:34`, `1:02:03`, `3 d 04 h`.
fn clock(time: Duration) -> String {
    let s = time.as_secs();
    match s {
        0..3600 => format!("{}:{:02}", s / 60, s % 60),
        3600..86_400 => format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60),
        _ => format!("{} d {:02} h", s / 86_400, s / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn seconds(meter: &Meter, now: f64) -> f64 {
        meter.remaining(at(now)).unwrap().as_secs_f64()
    }

    #[test]
    fn a_steady_run_is_foretold_exactly() {
        let mut meter = Meter::new(1000);
        for step in 1..=99u64 {
            meter.update(step * 10, at(step as f64 * 0.3));
            let now = step as f64 * 0.3;
            if step >= 2 {
                let left = (100 - step) as f64 * 0.3;
                assert!((seconds(&meter, now) - left).abs() < 1e-6, "{step}");
            }
        }
    }

    #[test]
    fn nothing_is_foretold_without_a_basis() {
        let mut meter = Meter::new(1000);
        assert_eq!(meter.remaining(at(100.0)), None);
        meter.update(10, at(0.1));
        meter.update(20, at(0.2));
        assert_eq!(meter.remaining(at(0.2)), None);
        meter.update(60, at(0.6));
        assert!((seconds(&meter, 0.6) - 9.4).abs() < 1e-6);
        let mut once = Meter::new(1000);
        once.update(10, at(5.0));
        assert_eq!(once.remaining(at(6.0)), None);
    }

    #[test]
    fn a_run_that_slows_down_takes_longer_than_its_mean_rate_says() {
        let mut meter = Meter::new(2000);
        for s in 1..=10u64 {
            meter.update(s * 100, at(s as f64));
        }
        for s in 1..=20u64 {
            meter.update(1000 + s * 10, at(10.0 + s as f64));
        }
        // 800 left: 20 s at the mean rate of 40, 80 s at the recent 10.
        let left = seconds(&meter, 30.0);
        assert!((35.0..80.0).contains(&left), "{left}");
    }

    #[test]
    fn a_stall_raises_the_estimate_and_then_withdraws_it() {
        let mut meter = Meter::new(1000);
        for s in 1..=10u64 {
            meter.update(s * 10, at(s as f64));
        }
        let mut before = seconds(&meter, 10.0);
        for now in [12.0, 15.0, 20.0] {
            let left = seconds(&meter, now);
            assert!(left > before, "{now}: {left}");
            before = left;
        }
        assert_eq!(meter.remaining(at(500.0)), None);
        assert!(meter.line(at(500.0), 80).ends_with("8:20 < -:--"));
        assert_eq!(meter.remaining(at(60.0)), None);
    }

    #[test]
    fn rare_large_steps_do_not_make_the_estimate_jump() {
        let mut meter = Meter::new(100);
        for step in 1..=5u64 {
            meter.update(step * 10, at(step as f64 * 7.0));
        }
        // Half done after 35 s; within the usual pause of 7 s the recent rate stays what it was.
        for now in [35.0, 38.0, 41.9] {
            assert!((35.0..45.0).contains(&seconds(&meter, now)), "{now}");
        }
    }

    #[test]
    fn odd_updates_do_no_harm() {
        let mut meter = Meter::new(100);
        meter.update(50, at(1.0));
        meter.update(40, at(2.0));
        meter.update(60, at(1.0));
        meter.update(70, at(0.5));
        assert_eq!(meter.fraction(), 0.7);
        meter.update(u64::MAX, at(3.0));
        assert!(meter.is_complete());
        assert_eq!(meter.remaining(at(2.0)), Some(Duration::ZERO));
        let empty = Meter::new(0);
        assert_eq!(
            (empty.fraction(), empty.remaining(at(0.0))),
            (1.0, Some(Duration::ZERO))
        );
        assert!(empty.line(at(0.0), 40).starts_with("100% [==="));
        let mut slow = Meter::new(u64::MAX);
        slow.update(1, at(1e6));
        slow.update(2, at(2e6));
        assert_eq!(
            slow.remaining(at(2e6)),
            None,
            "longer than a duration can say"
        );
        assert!(slow.line(at(2e6), 80).starts_with("  0%"));
    }

    #[test]
    fn lines_fit_any_width() {
        let mut meter = Meter::new(3000).with_rate(|r| format!("{r:.0} µ/s"));
        for s in 1..=10u64 {
            meter.update(s * 100, at(s as f64));
        }
        let line = |width| meter.line(at(10.0), width);
        assert_eq!(
            line(50),
            " 33% [=======>               ] 100 µ/s 0:10 < 0:20"
        );
        assert_eq!(line(32), " 33% 100 µ/s 0:10 < 0:20");
        assert_eq!(line(16), " 33% 0:10 < 0:20");
        assert_eq!(line(15), " 33%");
        let barred = |width, cells| meter.line_with_bar(at(10.0), width, cells);
        assert_eq!(barred(80, 6), " 33% [==>   ] 100 µ/s 0:10 < 0:20");
        assert_eq!(barred(80, 0), " 33% 100 µ/s 0:10 < 0:20");
        assert_eq!(barred(50, 99), line(50));
        for width in 0..200 {
            assert!(line(width).chars().count() <= width);
        }
    }

    #[test]
    fn one_hundred_percent_means_done() {
        let mut meter = Meter::new(1000);
        meter.update(999, at(1.0));
        assert!(meter.line(at(1.0), 80).starts_with(" 99% ["));
        assert_eq!(meter.summary(at(1.0)), "stopped at 99% after 0:01, 999/s");
        meter.update(1000, at(2.0));
        assert!(meter.line(at(2.0), 80).starts_with("100% [="));
        assert_eq!(meter.summary(at(2.0)), "done in 0:02, 500/s");
    }

    #[test]
    fn times_as_people_write_them() {
        for (s, text) in [
            (0, "0:00"),
            (59, "0:59"),
            (61, "1:01"),
            (3599, "59:59"),
            (3600, "1:00:00"),
            (86_399, "23:59:59"),
            (273_600, "3 d 04 h"),
        ] {
            assert_eq!(clock(Duration::from_secs(s)), text);
        }
    }
}
