//! The command `chunkwise`: arrays on disk that are larger than memory, from the shell.
#![forbid(unsafe_code)]

mod arguments;
mod copy;
mod failure;
mod info;
mod interrupt;
mod recipe;
mod reduce;
mod run;
mod show;
mod table;
mod watch;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Recipe(options) => recipe::run(&options),
        Command::Reduce(options) => reduce::run(&options),
        Command::Info(options) => info::run(&options),
        Command::Copy(options) => copy::run(&options),
        Command::Rechunk(options) => copy::rechunk(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
