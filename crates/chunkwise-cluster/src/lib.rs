//! A plan on many machines.
//!
//! A plan is cut into [`Fragment`]s, of which there are a bounded number however many chunks there are: some tasks of a
//! stage each, a merge of what several reductions have seen, or a pick of what another fragment reads. A
//! fragment is data, a few bytes beside the plan; what it makes is a [`Bundle`], which others are given. Where there
//! would be very many picks, what many read of a bundle goes through a file in a folder that all share.
//!
//! - [`cut`]: a plan into fragments, each of which fits a worker.
//! - [`Work`]: what a fragment does, and its bytes.
//! - [`run_fragment`]: does it.
//! - [`collect`]: an array from the bundles that hold it.
//!
//! Which machine runs what, and how bundles get there, is somebody else's matter: nothing here knows of a
//! network. The bits of a result are those of a run of the plan in one process, however it is cut.
#![forbid(unsafe_code)]

mod boxes;
mod bundle;
mod collect;
mod cut;
mod cutter;
mod exchange;
mod explain;
mod follow;
mod give;
mod holders;
mod merges;
mod needs;
mod pieces;
mod run;
mod runs;
mod share;
mod stretch;
mod trees;
mod work;

pub use bundle::{Bundle, PartForm};
pub use collect::collect;
pub use cut::{Cut, Fragment, Limits, cut};
pub use needs::Read;
pub use run::{Given, run_fragment};
pub use work::{Picked, Pieces, Relabel, Shares, Work, decode, encode, fingerprint};
