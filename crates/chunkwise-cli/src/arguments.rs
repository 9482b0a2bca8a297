//! What can be written on the command line.

use std::path::PathBuf;

use chunkwise::{Axes, Session};
use chunkwise_core::parse_bytes;
use clap::{Args, Parser, Subcommand};

use crate::failure::{Failure, Result};

/// Lazy chunked arrays larger than memory.
#[derive(Debug, Parser)]
#[command(name = "chunkwise", version, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the project's main job step by step, each timed, measured and checked
    Recipe(RecipeOptions),
    /// Reduce a .npy file of any size along some axes
    Reduce(ReduceOptions),
    /// Say what a .npy file holds, with its first and last values
    Info(InfoOptions),
}

#[derive(Debug, Args)]
pub struct RecipeOptions {
    /// Take the mean of the whole 1.1 TB in the last step
    #[arg(long, conflicts_with = "fraction")]
    pub terabyte: bool,
    /// The share of the last step's rows that is computed; its time for all is extrapolated
    #[arg(long, value_name = "F", default_value_t = 0.02)]
    pub fraction: f64,
    /// The seed of the random arrays
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub seed: u64,
    #[command(flatten)]
    pub engine: EngineOptions,
    #[command(flatten)]
    pub progress: ProgressOptions,
}

#[derive(Debug, Args)]
pub struct ReduceOptions {
    /// The file
    pub file: PathBuf,
    /// sum, mean, std, min, argmax, any, nanmean, ...: all are named in the error for an unknown one
    #[arg(long)]
    pub op: String,
    /// The axes to reduce, as in "0" or "0,-1"; all of them by default
    #[arg(long, value_name = "AXES", allow_hyphen_values = true)]
    pub axis: Option<String>,
    /// Reduce only this part of the file, written as in Python: ":, 0:100"
    #[arg(long, value_name = "INDEX", allow_hyphen_values = true)]
    pub slice: Option<String>,
    /// What var and std subtract from the number of elements
    #[arg(long, value_name = "D", default_value_t = 0.0)]
    pub ddof: f64,
    /// Keep the reduced axes with length 1
    #[arg(long)]
    pub keepdims: bool,
    /// Write the result to this .npy file instead of printing it
    #[arg(long, value_name = "OUT.npy")]
    pub out: Option<PathBuf>,
    /// Print the plan and its memory; compute nothing
    #[arg(long)]
    pub explain: bool,
    /// Print time and memory to standard error at the end
    #[arg(long)]
    pub stats: bool,
    /// The folder for intermediates that do not fit the memory limit
    #[arg(long, value_name = "DIR")]
    pub scratch: Option<PathBuf>,
    #[command(flatten)]
    pub engine: EngineOptions,
    #[command(flatten)]
    pub progress: ProgressOptions,
}

#[derive(Debug, Args)]
pub struct InfoOptions {
    /// The file
    pub file: PathBuf,
}

#[derive(Debug, Args)]
pub struct EngineOptions {
    /// Bytes that the run may hold at once, as in "256MiB"; a share of the memory by default
    #[arg(long, value_name = "SIZE")]
    pub memory_limit: Option<String>,
    /// Number of threads; one per processor by default
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

#[derive(Debug, Args)]
pub struct ProgressOptions {
    /// Show progress even where standard error is no terminal
    #[arg(long, conflicts_with = "quiet")]
    pub progress: bool,
    /// Show no progress
    #[arg(long)]
    pub quiet: bool,
}

/// More threads than any machine has processors would only fail later, and less clearly.
const MOST_THREADS: usize = 4096;

impl EngineOptions {
    /// Bytes that a run may hold.
    pub fn memory_limit(&self, default: u64) -> Result<u64> {
        match &self.memory_limit {
            None => Ok(default),
            Some(text) => match parse_bytes(text)? {
                0 => Err(Failure::option(
                    "--memory-limit",
                    text,
                    "it must not be zero",
                )),
                bytes => Ok(bytes),
            },
        }
    }

    /// A session with these options.
    pub fn session(&self, default_limit: u64) -> Result<Session> {
        let threads = match self.threads {
            None => 0,
            Some(n @ 1..=MOST_THREADS) => n,
            Some(n) => {
                let reason = format!("it must be from 1 to {MOST_THREADS}");
                return Err(Failure::option("--threads", n, reason));
            }
        };
        Ok(Session::new(threads, self.memory_limit(default_limit)?)?)
    }
}

impl ReduceOptions {
    /// The axes to reduce.
    pub fn axes(&self) -> Result<Axes> {
        let axes = match &self.axis {
            None => Axes::ALL,
            Some(text) => {
                let parsed: Option<Vec<isize>> =
                    text.split(',').map(|a| a.trim().parse().ok()).collect();
                let reason = "axes are integers with commas between them";
                Axes::from(parsed.ok_or_else(|| Failure::option("--axis", text, reason))?)
            }
        };
        Ok(if self.keepdims { axes.keepdims() } else { axes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }
}
