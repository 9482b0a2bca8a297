use std::time::{Duration, Instant};

use chunkwise::diagnostics::resources;
use chunkwise::{Array, Chunk, Result, Session};
use chunkwise_core::format_bytes;

/// What running something took.
#[derive(Clone, Debug)]
pub struct Measured {
    times: Vec<Duration>,
    /// How far resident memory rose, where the system tells.
    resident: Option<u64>,
    arrays: u64,
}

/// Short runs are repeated until they have filled this time, or as often as told.
const REPEAT: Duration = Duration::from_millis(500);
const MOST: usize = 9;

impl Measured {
    /// Computes arrays in one run, again and again where that is short.
    pub fn compute(session: &Session, arrays: &[&Array]) -> Result<(Vec<Chunk>, Measured)> {
        let before = resources::resident();
        let reset = resources::reset_peak_resident();
        let begun = Instant::now();
        let mut last = session.compute(arrays)?;
        let mut times = vec![begun.elapsed()];
        while times.iter().sum::<Duration>() < REPEAT && times.len() < MOST {
            // The results are dropped first: two of them at once would count twice.
            last.clear();
            let begun = Instant::now();
            last = session.compute(arrays)?;
            times.push(begun.elapsed());
        }
        let peak = resources::peak_resident().filter(|_| reset);
        let measured = Measured {
            times,
            resident: peak.zip(before).map(|(p, b)| p.saturating_sub(b)),
            arrays: session.memory_used().1,
        };
        Ok((last, measured))
    }

    /// Something other than a run of arrays, done once.
    pub fn once<T>(session: &Session, what: impl FnOnce() -> Result<T>) -> Result<(T, Measured)> {
        let before = resources::resident();
        let reset = resources::reset_peak_resident();
        let begun = Instant::now();
        let value = what()?;
        let time = begun.elapsed();
        let peak = resources::peak_resident().filter(|_| reset);
        let measured = Measured {
            times: vec![time],
            resident: peak.zip(before).map(|(p, b)| p.saturating_sub(b)),
            arrays: session.memory_used().1,
        };
        Ok((value, measured))
    }

    /// The middle one of the times.
    pub fn median(&self) -> Duration {
        let mut sorted = self.times.clone();
        sorted.sort();
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }

    /// Bytes by which resident memory rose.
    pub fn resident(&self) -> Option<u64> {
        self.resident
    }

    /// As the table has it: time, first run, runs, memory, arrays.
    pub fn cells(&self) -> Vec<String> {
        let first = self.times.first().copied().unwrap_or_default();
        vec![
            seconds(self.median()),
            seconds(first),
            self.times.len().to_string(),
            self.resident
                .map_or("unknown".to_owned(), |b| format!("+{}", format_bytes(b))),
            format_bytes(self.arrays),
        ]
    }
}

/// A time with three or four digits.
pub fn seconds(time: Duration) -> String {
    let s = time.as_secs_f64();
    match s {
        s if s < 1e-3 => format!("{:.1} us", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s if s < 600.0 => format!("{s:.2} s"),
        s => format!("{:.1} min", s / 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_for_people() {
        for (nanoseconds, text) in [
            (12_340, "12.3 us"),
            (2_346_000, "2.35 ms"),
            (3_456_000_000, "3.46 s"),
            (960_000_000_000, "16.0 min"),
        ] {
            assert_eq!(seconds(Duration::from_nanos(nanoseconds)), text);
        }
    }

    #[test]
    fn the_median_is_no_outlier() {
        let times = [5, 1, 900].map(Duration::from_millis).to_vec();
        let measured = Measured {
            times,
            resident: None,
            arrays: 0,
        };
        assert_eq!(measured.median(), Duration::from_millis(5));
        assert_eq!(measured.cells()[3], "unknown");
    }
}
