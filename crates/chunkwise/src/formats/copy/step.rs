use std::sync::Arc;

use chunkwise_core::{Error, Result, Sink};
use chunkwise_storage::NpzSink;
use chunkwise_zarr::{Layout, ZarrArray};
use serde_json::Value;

use crate::Array;
use crate::formats::Target;

/// One run of a copy.
#[derive(Debug)]
pub struct CopyStep {
    pub(super) name: String,
    pub(super) arrays: Vec<Array>,
    pub(super) into: Into,
}

/// Where a run's arrays go.
#[derive(Debug)]
pub(super) enum Into {
    One {
        target: Target,
        layout: Box<Layout>,
        overwrite: bool,
        resume: bool,
    },
    Npz(std::path::PathBuf, Vec<String>),
}

impl CopyStep {
    /// What is copied, for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes of its elements.
    pub fn nbytes(&self) -> u64 {
        let bytes = |a: &Array| {
            let item = a.dtype().size() as u64;
            a.shape()
                .iter()
                .fold(item, |n, d| n.saturating_mul(*d as u64))
        };
        self.arrays.iter().map(bytes).sum()
    }

    pub(super) fn resume(&self) -> bool {
        matches!(self.into, Into::One { resume: true, .. })
    }

    pub(super) fn sinks(&self, resume: bool) -> Result<Vec<Arc<dyn Sink>>> {
        match &self.into {
            Into::One {
                target,
                layout,
                overwrite,
                ..
            } => {
                let array = &self.arrays[0];
                let sink = target.sink(layout, array.shape(), array.dtype(), *overwrite, resume)?;
                Ok(vec![sink])
            }
            Into::Npz(path, names) => {
                let named = names.iter().zip(&self.arrays);
                let described: Vec<_> = named
                    .map(|(name, a)| (name.as_str(), a.dtype(), a.shape()))
                    .collect();
                let sinks = NpzSink::create(path, &described)?;
                Ok(sinks.into_iter().map(|s| Arc::new(s) as _).collect())
            }
        }
    }

    /// Whether an earlier run has completed it: its array is there, in a place that is not final.
    pub(super) fn is_done(&self) -> Result<bool> {
        let Into::One {
            target: Target::Zarr(location),
            layout,
            overwrite: false,
            resume: true,
        } = &self.into
        else {
            return Ok(false);
        };
        if !location.root.ends_with(".unfinished") {
            return Ok(false);
        }
        let Ok(there) = ZarrArray::open(Arc::clone(&location.store), &location.full()) else {
            return Ok(false);
        };
        let wanted = layout.document(self.arrays[0].shape(), self.arrays[0].dtype())?;
        if *there.document() == wanted
            || there.version() == 2 && same_but_attributes(&there, &wanted)
        {
            return Ok(true);
        }
        let reason = format!(
            "the interrupted run wrote {} otherwise; remove {}",
            self.name, location.root
        );
        Err(Error::argument("copy", "resume", true, reason))
    }

    pub(super) fn describe(&self, sinks: &[Arc<dyn Sink>]) -> String {
        let mut text = String::new();
        for (array, sink) in self.arrays.iter().zip(sinks) {
            let to = sink.grid().map_or(String::new(), |g| format!(" -> {g}"));
            text.push_str(&format!(
                "copy {}: {} {:?}, {}, read by {}{to}\n",
                self.name,
                array.dtype(),
                array.shape(),
                chunkwise_core::format_bytes(self.nbytes()),
                array.chunks(),
            ));
        }
        text
    }
}

/// In version 2 empty attributes are not written.
fn same_but_attributes(there: &ZarrArray, wanted: &Value) -> bool {
    let without = |document: &Value| {
        let mut document = document.clone();
        if let Some(map) = document.as_object_mut() {
            map.remove("attributes");
        }
        document
    };
    without(there.document()) == without(wanted)
}
