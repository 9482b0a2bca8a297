//! What can be written on the command line.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use chunkwise::formats::{self, OpenOptions, Shards};
use chunkwise::npy::parse_dtype;
use chunkwise::zarr_store::Version;
use chunkwise::{Axes, Chunks, RawLayout, Scalar, Session};
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
    /// Reduce an array of any size along some axes
    Reduce(ReduceOptions),
    /// Say what a file or store holds: of an array its first and last values, of a group its arrays
    Info(InfoOptions),
    /// Copy an array or a group of them to another format, or to other chunks and codecs
    Copy(CopyOptions),
    /// Copy a Zarr array to other chunks, within the memory limit
    Rechunk(RechunkOptions),
}

/// What a file without a header cannot say of itself.
#[derive(Debug, Args)]
pub struct SourceOptions {
    /// Read the file as raw elements of this dtype: f4, ">i2", float64
    #[arg(long, value_name = "DTYPE")]
    pub dtype: Option<String>,
    /// The shape of raw elements, as in "100,200"; 1-dimensional by default
    #[arg(long, value_name = "SHAPE", requires = "dtype")]
    pub shape: Option<String>,
    /// Bytes before the first raw element
    #[arg(long, value_name = "N", requires = "dtype")]
    pub offset: Option<u64>,
    /// The order of raw elements
    #[arg(long, value_name = "C|F", requires = "dtype")]
    pub order: Option<String>,
    /// What stands for nulls in a Parquet column that is not floating point
    #[arg(long, value_name = "V", allow_hyphen_values = true)]
    pub fill_value: Option<String>,
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
    /// The file or store, with the name of a member where it has several: x.npy, x.npz::u,
    /// air.zarr::day/t, s3://bucket/air.zarr, x.parquet::column
    pub file: String,
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
    /// Write the result instead of printing it: to a .npy, .npz or .raw file, which it replaces, or
    /// to a Zarr store
    #[arg(long, value_name = "OUT")]
    pub out: Option<String>,
    /// Replace a Zarr array that is there
    #[arg(long, requires = "out")]
    pub overwrite: bool,
    #[command(flatten)]
    pub source: SourceOptions,
    #[command(flatten)]
    pub run: RunOptions,
}

/// How something is computed.
#[derive(Debug, Args)]
pub struct RunOptions {
    /// Print the plan, its cost and its memory; compute nothing
    #[arg(long)]
    pub explain: bool,
    /// Print time and memory to standard error at the end
    #[arg(long)]
    pub stats: bool,
    /// The folder for intermediates that do not fit the memory limit; with --cluster one that all
    /// workers share
    #[arg(long, value_name = "DIR")]
    pub scratch: Option<PathBuf>,
    /// Compute on the workers of the Dask cluster whose scheduler is at this address, which must
    /// reach the files too: tcp://10.0.0.5:8786
    #[cfg(feature = "cluster")]
    #[arg(long, value_name = "ADDRESS")]
    pub cluster: Option<String>,
    #[command(flatten)]
    pub engine: EngineOptions,
    #[command(flatten)]
    pub progress: ProgressOptions,
}

#[derive(Debug, Args)]
pub struct InfoOptions {
    /// The file or store, with the name of a member where one is meant: x.npy, x.npz::u,
    /// air.zarr::day/t, s3://bucket/air.zarr
    pub file: String,
    #[command(flatten)]
    pub source: SourceOptions,
}

#[derive(Debug, Args)]
pub struct CopyOptions {
    /// What is copied: an array, or a group with all that is below it
    pub from: String,
    /// Where to: a .npy, .npz or .raw file, a Zarr store or a path in one: out.zarr::day/t
    pub to: String,
    /// The stored chunks, as in "100,10000"; -1 for a whole axis; the source's by default
    #[arg(long, value_name = "LENGTHS", allow_hyphen_values = true)]
    pub chunks: Option<String>,
    #[command(flatten)]
    pub copy: EncodingOptions,
    #[command(flatten)]
    pub source: SourceOptions,
    #[command(flatten)]
    pub run: RunOptions,
}

#[derive(Debug, Args)]
pub struct RechunkOptions {
    /// What is copied: an array, or a group with all that is below it
    pub from: String,
    /// The Zarr store, or a path in one: out.zarr::day/t
    pub to: String,
    /// The stored chunks, as in "100,10000"; -1 for a whole axis
    #[arg(long, value_name = "LENGTHS", allow_hyphen_values = true)]
    pub chunks: String,
    #[command(flatten)]
    pub copy: EncodingOptions,
    #[command(flatten)]
    pub source: SourceOptions,
    #[command(flatten)]
    pub run: RunOptions,
}

/// How a Zarr array is stored, beside its chunks.
#[derive(Debug, Args)]
pub struct EncodingOptions {
    /// The shards, as in "1000,10000", or "none"; the source's by default
    #[arg(long, value_name = "LENGTHS")]
    pub shards: Option<String>,
    /// How chunks are packed: zstd:3, blosc:lz4, gzip:5, none; as in the source by default
    #[arg(long, value_name = "CODEC")]
    pub compressor: Option<String>,
    /// The version of Zarr, 2 or 3; the source's by default
    #[arg(long, value_name = "N")]
    pub zarr_format: Option<u8>,
    /// Replace what is there, once the copy is complete
    #[arg(long)]
    pub overwrite: bool,
    /// Keep what is written if the run is interrupted, and go on from what such a run has kept
    #[arg(long)]
    pub resume: bool,
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
    #[command(flatten)]
    pub watch: WatchOptions,
}

/// What a run shows of itself beside the progress bar.
#[derive(Debug, Args)]
pub struct WatchOptions {
    /// Serve a page that shows the run on this machine, at any free port or the one given
    #[arg(long, value_name = "PORT", num_args = 0..=1, require_equals = true, default_missing_value = "0")]
    pub dashboard: Option<u16>,
    /// Write the run's tasks to a file that Perfetto shows
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
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

impl SourceOptions {
    /// What is said of a source beside its path.
    pub fn open_options(&self, scratch: Option<&Path>) -> Result<OpenOptions> {
        let raw = match &self.dtype {
            None => None,
            Some(dtype) => {
                let (dtype, swapped) = parse_dtype(dtype)?;
                let shape = self.shape.as_ref().map(|text| {
                    let lengths: Vec<usize> = lengths("--shape", text)?;
                    Ok::<_, Failure>(lengths.as_slice().into())
                });
                let fortran_order = match self.order.as_deref() {
                    None | Some("C") => false,
                    Some("F") => true,
                    Some(other) => {
                        return Err(Failure::option("--order", other, "it is C or F"));
                    }
                };
                Some(RawLayout {
                    dtype,
                    swapped,
                    shape: shape.transpose()?,
                    offset: self.offset.unwrap_or(0),
                    fortran_order,
                })
            }
        };
        let fill_value = self.fill_value.as_ref().map(|text| scalar(text));
        Ok(OpenOptions {
            raw,
            scratch: scratch.map(Path::to_owned),
            fill_value: fill_value.transpose()?,
        })
    }
}

impl EncodingOptions {
    /// The options of a copy to these chunks.
    pub fn copy_options(&self, chunks: Option<&str>) -> Result<formats::CopyOptions> {
        let chunks = chunks.map(|text| -> Result<Chunks> {
            let lengths: Vec<isize> = lengths("--chunks", text)?;
            Ok(match lengths.as_slice() {
                [one] => Chunks::Uniform(*one),
                _ => Chunks::Sizes(lengths),
            })
        });
        Ok(formats::CopyOptions {
            chunks: chunks.transpose()?,
            shards: match self.shards.as_deref() {
                None => Shards::Keep,
                Some("none") => Shards::None,
                Some(text) => Shards::Of(lengths("--shards", text)?),
            },
            compressor: self.compressor.as_ref().map(|c| c.parse()).transpose()?,
            version: match self.zarr_format {
                None => None,
                Some(2) => Some(Version::V2),
                Some(3) => Some(Version::V3),
                Some(n) => return Err(Failure::option("--zarr-format", n, "known are 2 and 3")),
            },
            overwrite: self.overwrite,
            resume: self.resume,
        })
    }
}

/// Integers with commas between them.
fn lengths<T: FromStr>(option: &'static str, text: &str) -> Result<Vec<T>> {
    let parts = text.split(',').map(str::trim).filter(|p| !p.is_empty());
    let parsed: Option<Vec<T>> = parts.map(|p| p.parse().ok()).collect();
    parsed.ok_or_else(|| Failure::option(option, text, "lengths are integers with commas between"))
}

fn scalar(text: &str) -> Result<Scalar> {
    match text {
        "true" => return Ok(Scalar::Bool(true)),
        "false" => return Ok(Scalar::Bool(false)),
        _ => {}
    }
    let int = text.parse().map(Scalar::Int).ok();
    let found = int.or_else(|| text.parse().map(Scalar::Float).ok());
    found.ok_or_else(|| Failure::option("--fill-value", text, "it is no number"))
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
