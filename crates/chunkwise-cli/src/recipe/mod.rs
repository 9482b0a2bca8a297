//! The project's main job: random arrays far larger than they need to be, and what is asked of them.

mod check;
mod measure;
mod steps;

use std::io::{Write, stdout};

use chunkwise::Session;
use chunkwise_core::format_bytes;

use crate::arguments::RecipeOptions;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::table::Table;
use crate::watch::Watch;
use check::Check;
use measure::Measured;
use steps::Recipe;

/// What a step may hold at once unless told otherwise.
const MEMORY_LIMIT: u64 = 256 << 20;

/// One line of the table.
struct Row {
    what: String,
    measured: Option<Measured>,
    checks: Vec<Check>,
}

/// `chunkwise recipe`.
pub fn run(options: &RecipeOptions) -> Result<()> {
    if !(options.fraction > 0.0 && options.fraction <= 1.0) {
        let reason = "it must be above 0 and at most 1";
        return Err(Failure::option("--fraction", options.fraction, reason));
    }
    let watch = Watch::begin(&options.progress.watch)?;
    let session = options
        .engine
        .session(MEMORY_LIMIT)?
        .with_cancel(interrupt::token()?);
    let session = watch.session(session);
    watch.over(|| steps(options, &session))
}

fn steps(options: &RecipeOptions, session: &Session) -> Result<()> {
    let recipe = Recipe {
        fraction: if options.terabyte {
            1.0
        } else {
            options.fraction
        },
        options,
        session,
    };
    let mut out = stdout().lock();
    writeln!(
        out,
        "chunkwise {}, seed {}, {} thread{}, memory limit {}",
        env!("CARGO_PKG_VERSION"),
        options.seed,
        session.threads(),
        if session.threads() == 1 { "" } else { "s" },
        format_bytes(session.memory_limit()),
    )?;
    let mut rows = Vec::new();
    recipe.describe(&mut out, &mut rows)?;
    let narrow = recipe.first_means(&mut rows)?;
    recipe.all_means(&narrow, &mut rows)?;
    let note = recipe.terabyte(&mut rows)?;
    write_report(&mut out, &rows, &note)
}

fn write_report(out: &mut impl Write, rows: &[Row], note: &str) -> Result<()> {
    let heads = [
        "step",
        "time",
        "first run",
        "runs",
        "memory",
        "arrays",
        "check",
    ];
    let mut table = Table::new(1, &heads);
    for row in rows {
        let mut cells = vec![row.what.clone()];
        cells.extend(match &row.measured {
            Some(m) => m.cells(),
            None => vec![String::new(); 5],
        });
        let ok = row.checks.iter().all(|c| c.ok);
        cells.push(if ok { "ok" } else { "FAILED" }.to_owned());
        table.row(cells);
    }
    writeln!(out)?;
    table.write(out)?;
    writeln!(
        out,
        "\ntime: median of the runs; nothing was warmed up before the first run\n\
         memory: how far the process's resident memory rose during the step at most\n\
         arrays: the most that array buffers held at once\n{note}\n\nchecks"
    )?;
    for check in rows.iter().flat_map(|r| &r.checks) {
        let verdict = if check.ok { "ok    " } else { "FAILED" };
        writeln!(out, "  {verdict}  {}", check.text)?;
    }
    out.flush()?;
    match rows
        .iter()
        .flat_map(|r| &r.checks)
        .filter(|c| !c.ok)
        .count()
    {
        0 => Ok(()),
        n => Err(Failure::Checks(n)),
    }
}
