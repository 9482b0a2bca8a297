use chunkwise_core::{Error, Result};
use chunkwise_zarr::{Location, Version, check_replaceable, consolidate, describe_group};
use serde_json::{Map, Value};

use crate::formats::target::write_parents;

/// A group that is written beside its place, which it takes when all of it is there.
#[derive(Debug)]
pub(super) struct Staged {
    pub target: Location,
    /// Where it is written.
    pub at: String,
    pub version: Version,
    /// Groups by their path from the target, with their attributes.
    pub groups: Vec<(String, Map<String, Value>)>,
    pub resume: bool,
    pub overwrite: bool,
    /// Whether the target gets the metadata of all that is below it, as the source has.
    pub consolidated: bool,
}

impl Staged {
    /// Describes the groups and puts the whole in its place.
    pub fn commit(&self) -> Result<()> {
        let store = &*self.target.store;
        for (path, attributes) in &self.groups {
            let at = format!("{}/{path}", self.at);
            describe_group(store, &at, self.version, attributes)?;
        }
        if self.consolidated {
            consolidate(store, &self.at, self.version)?;
        }
        let target = self.target.full();
        check_replaceable(store, &target, self.overwrite)?;
        write_parents(&self.target, self.version)?;
        let failed = |e| Error::io("committing", format!("{}/{target}", store.name()), e);
        let replaced = store.replace(&format!("{}/", self.at), &format!("{target}/"));
        replaced.map_err(failed)
    }

    pub fn abort(&self) {
        if !self.resume {
            // The run has failed already: there is nobody left to tell.
            self.target.store.remove_all(&format!("{}/", self.at)).ok();
        }
    }

    /// Removes what an explanation has begun.
    pub fn clear_if_empty(&self) {
        if !self.resume {
            self.abort();
        }
    }
}
