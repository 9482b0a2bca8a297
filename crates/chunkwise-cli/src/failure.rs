//! Why a command ended without success, and what the shell is told.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use chunkwise::Error;

pub type Result<T> = std::result::Result<T, Failure>;

/// Why a command did not end well.
#[derive(Debug)]
pub enum Failure {
    /// The engine's error.
    Engine(Error),
    /// An option whose value is of no use.
    Option {
        name: &'static str,
        value: String,
        reason: String,
    },
    /// Standard output could not be written.
    Output(io::Error),
    /// The handler of interrupts could not be put in place.
    Handler(ctrlc::Error),
    /// Checks of the recipe that failed.
    Checks(usize),
}

/// What a shell gives a command that an interrupt has ended: 128 and the signal's number.
pub const INTERRUPTED: u8 = 130;

impl Failure {
    pub fn option(name: &'static str, value: impl Display, reason: impl Into<String>) -> Failure {
        Failure::Option {
            name,
            value: value.to_string(),
            reason: reason.into(),
        }
    }

    /// Says it in one line on standard error; the exit code.
    pub fn report(self) -> ExitCode {
        let line = match self {
            Failure::Engine(Error::Cancelled) => {
                say("interrupted");
                return ExitCode::from(INTERRUPTED);
            }
            // Whoever reads has seen enough.
            Failure::Output(e) if e.kind() == io::ErrorKind::BrokenPipe => {
                return ExitCode::SUCCESS;
            }
            Failure::Engine(error) => without_places(error).to_string(),
            Failure::Option {
                name,
                value,
                reason,
            } => format!("{name} {value}: {reason}"),
            Failure::Output(e) => format!("writing the output: {e}"),
            Failure::Handler(e) => format!("preparing for interrupts: {e}"),
            Failure::Checks(n) => format!("{n} check{} failed", if n == 1 { "" } else { "s" }),
        };
        say(&format!("error: {}", line.replace('\n', " ")));
        ExitCode::FAILURE
    }
}

/// A line on standard error, which may be closed.
fn say(line: &str) {
    writeln!(io::stderr(), "chunkwise: {line}").ok();
}

/// Places in this program's source say nothing to those who run it.
fn without_places(error: Error) -> Error {
    match error {
        Error::OverBudget {
            operation,
            needed,
            limit,
            smallest,
            ..
        } => Error::OverBudget {
            operation,
            location: None,
            needed,
            limit,
            smallest,
        },
        Error::Task {
            operation,
            index,
            cause,
            ..
        } => Error::Task {
            operation,
            location: None,
            index,
            cause: Arc::new(without_places((*cause).clone())),
        },
        Error::Deferred { cause, .. } => without_places((*cause).clone()),
        other => other,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Engine(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}
