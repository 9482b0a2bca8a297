use std::io::Write;

use chunkwise::{Array, Random, Session, s};
use chunkwise_core::{format_bytes, format_count};

use super::Row;
use super::check::{Check, values};
use super::measure::{Measured, seconds};
use crate::arguments::RecipeOptions;
use crate::failure::Result;
use crate::run::with_bar;

/// Rows and columns of the normal array.
const SIDE: usize = 10_000;
/// How many column means the second and third step ask for.
const FIRST: usize = 100;
/// Rows and columns of the uniform array of 1.1 TB.
const ROWS: usize = 1_500_000;
const COLUMNS: usize = 100_000;
/// Building an array of any size may cost this much memory. What runs for the first time is read from
/// the program's file besides, which without optimisation is many times as large.
const DESCRIPTION: u64 = if cfg!(debug_assertions) {
    4 << 20
} else {
    1 << 20
};

/// The steps, in order.
pub struct Recipe<'a> {
    pub options: &'a RecipeOptions,
    pub session: &'a Session,
    /// The share of the last step that is computed.
    pub fraction: f64,
}

impl Recipe<'_> {
    fn normal(&self, chunks: [isize; 2]) -> chunkwise::Result<Array> {
        Random::new(self.options.seed).standard_normal([SIDE, SIDE], chunks)
    }

    /// Step 1: the array and its description.
    pub fn describe(&self, out: &mut impl Write, rows: &mut Vec<Row>) -> Result<()> {
        let (x, measured) = Measured::once(self.session, || self.normal([1000, 1000]))?;
        let blocks = x.numblocks();
        let chunks: usize = blocks.iter().product();
        let chunk_bytes = x.nbytes() / chunks.max(1) as u64;
        writeln!(
            out,
            "\nx = Random::new({}).standard_normal([{SIDE}, {SIDE}], 1000)",
            self.options.seed
        )?;
        writeln!(out, "{x}")?;
        writeln!(
            out,
            "{} chunks ({} x {}) of {}; nothing is computed yet",
            format_count(chunks as u64),
            blocks[0],
            blocks[1],
            format_bytes(chunk_bytes),
        )?;
        let expected = "Array<float64 (10000, 10000) chunks (1000, 1000), 762.94 MiB>";
        let allocated = measured.resident().unwrap_or(0);
        let checks = vec![
            Check::new(
                x.to_string() == expected && chunks == 100 && chunk_bytes == 8_000_000,
                "1: 100 chunks of 8,000,000 bytes, 800,000,000 in all",
            ),
            Check::new(
                allocated <= DESCRIPTION,
                format!(
                    "1: nothing is allocated: memory rose by {}, bound {}",
                    format_bytes(allocated),
                    format_bytes(DESCRIPTION)
                ),
            ),
        ];
        rows.push(Row {
            what: "1  x: 10,000 x 10,000 normals, lazy".to_owned(),
            measured: Some(measured),
            checks,
        });
        Ok(())
    }

    /// Steps 2 and 3: a hundred column means, with two chunkings. Answers the means.
    pub fn first_means(&self, rows: &mut Vec<Row>) -> Result<Vec<f64>> {
        let mut found: Vec<Vec<f64>> = Vec::new();
        for (step, chunks) in [(2, [1000, 1000]), (3, [SIDE as isize, 100])] {
            let y = self.normal(chunks)?.mean(0)?.get(s![0..FIRST])?;
            let (results, measured) = Measured::compute(self.session, &[&y])?;
            let means = values(&results[0])?;
            let error = 1.0 / (SIDE as f64).sqrt();
            let mut checks = vec![Check::near(
                &format!("{step}: {FIRST} column means"),
                &means,
                0.0,
                error,
            )];
            if let Some(first) = found.first() {
                checks.push(Check::same_bits("3: the bits of step 2", &means, first));
            }
            found.push(means);
            rows.push(Row {
                what: format!(
                    "{step}  x.mean(0)[0:100], chunks {} x {}",
                    chunks[0], chunks[1]
                ),
                measured: Some(measured),
                checks,
            });
        }
        Ok(found.swap_remove(0))
    }

    /// Step 4: all column means and the total sum in one run, on one thread and on all.
    pub fn all_means(&self, narrow: &[f64], rows: &mut Vec<Row>) -> Result<()> {
        let x = self.normal([1000, 1000])?;
        let (means, total) = (x.mean(0)?, x.sum(..)?);
        let single =
            Session::new(1, self.session.memory_limit())?.with_cancel(self.session.cancel_token());
        let mut found: Vec<Vec<f64>> = Vec::new();
        for session in [&single, self.session] {
            let (results, measured) = Measured::compute(session, &[&means, &total])?;
            let (mut all, sum) = (values(&results[0])?, values(&results[1])?);
            let n = (SIDE * SIDE) as f64;
            let mut checks = Vec::new();
            if found.is_empty() {
                let error = 1.0 / (SIDE as f64).sqrt();
                checks.push(Check::near("4: 10,000 column means", &all, 0.0, error));
                checks.push(Check::near(
                    "4: the sum of 100,000,000 normals",
                    &sum,
                    0.0,
                    n.sqrt(),
                ));
                let again: f64 = all.iter().sum::<f64>() * SIDE as f64;
                checks.push(Check::agree(
                    "4: the sum from the means",
                    &sum,
                    &[again],
                    1e-6,
                ));
                checks.push(Check::agree(
                    "4: the means of step 2",
                    &all[..FIRST],
                    narrow,
                    1e-12,
                ));
            }
            all.extend(sum);
            if let Some(first) = found.first() {
                let text = format!("4: the bits of 1 thread on {}", session.threads());
                checks.push(Check::same_bits(&text, &all, first));
            }
            found.push(all);
            rows.push(Row {
                what: format!(
                    "4  x.mean(0) and x.sum(), {} thread{}",
                    session.threads(),
                    if session.threads() == 1 { "" } else { "s" }
                ),
                measured: Some(measured),
                checks,
            });
        }
        Ok(())
    }

    /// Step 5: the mean of the uniform array of 1.1 TB, or of its first rows. Answers what to say
    /// about it.
    pub fn terabyte(&self, rows: &mut Vec<Row>) -> Result<String> {
        let u = Random::new(self.options.seed).uniform(0.0, 1.0, [ROWS, COLUMNS], 1000)?;
        let taken = ((ROWS as f64 * self.fraction).round() as usize).clamp(1, ROWS);
        let mean = u.get(s![0..taken])?.mean(..)?;
        let session = with_bar(self.session.clone(), &self.options.progress, None);
        let (result, measured) = Measured::once(&session, || session.compute(&[&mean]))?;
        let n = taken as f64 * COLUMNS as f64;
        let error = (1.0 / 12.0 / n).sqrt();
        let what = format!("5: the mean of {} uniforms", format_count(n as u64));
        let checks = vec![Check::near(&what, &values(&result[0])?, 0.5, error)];
        let time = measured.median();
        let rate = n / time.as_secs_f64() / 1e6;
        let share = taken as f64 / ROWS as f64;
        let bytes = format_bytes(u.nbytes());
        let note = match taken == ROWS {
            true => {
                format!("step 5: all 1,500,000 rows ({bytes}), {rate:.0} million values a second")
            }
            false => format!(
                "step 5: the first {} of 1,500,000 rows ({:.2} % of {bytes}), {rate:.0} million values \
                 a second; extrapolated to the whole: {} (--terabyte runs it)",
                format_count(taken as u64),
                share * 100.0,
                seconds(time.div_f64(share)),
            ),
        };
        let part = match taken == ROWS {
            true => "1.1 TB".to_owned(),
            false => format!("{} of 1.1 TB", format_bytes(n as u64 * 8)),
        };
        rows.push(Row {
            what: format!("5  mean of 1,500,000 x 100,000 uniforms, {part}"),
            measured: Some(measured),
            checks,
        });
        Ok(note)
    }
}
