use std::path::PathBuf;

use chunkwise_core::{Error, Result};
use chunkwise_storage::Npz;
use chunkwise_zarr::{Location, children, is_consolidated};
use serde_json::{Map, Value};

use super::{Dataset, OpenOptions, Opened, Place, read};

/// Arrays by name: a Zarr group, a `.npz` file, a Parquet file.
#[derive(Debug)]
pub struct Group {
    place: Place,
    format: &'static str,
    members: Members,
    pub(super) attributes: Map<String, Value>,
}

#[derive(Debug)]
pub(super) enum Members {
    Npz(Npz, Option<PathBuf>),
    Zarr(Location),
    #[cfg(feature = "parquet")]
    Parquet(
        Box<chunkwise_parquet::ParquetFile>,
        Option<chunkwise_core::Scalar>,
    ),
}

impl Group {
    pub(super) fn new(place: &Place, format: &'static str, members: Members) -> Group {
        Group {
            place: place.clone(),
            format,
            members,
            attributes: Map::new(),
        }
    }

    /// Where it was opened.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The format, in words.
    pub fn format(&self) -> &str {
        self.format
    }

    /// The user's attributes, where the format has such.
    pub fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    /// Whether it has the metadata of all that is below it.
    pub(super) fn is_consolidated(&self) -> Result<bool> {
        match &self.members {
            Members::Zarr(location) => is_consolidated(&*location.store, &location.full()),
            _ => Ok(false),
        }
    }

    /// The names of its arrays and groups.
    ///
    /// # Errors
    /// [`Error::Io`] where they cannot be listed.
    pub fn names(&self) -> Result<Vec<String>> {
        match &self.members {
            Members::Npz(file, _) => Ok(file.names().to_vec()),
            Members::Zarr(location) => {
                let found = children(&*location.store, &location.full());
                let without_listing = self.place.at.starts_with("http");
                found.map_err(|e| match without_listing {
                    true => self.unlisted(),
                    false => e,
                })
            }
            #[cfg(feature = "parquet")]
            Members::Parquet(file, _) => Ok(file.names()),
        }
    }

    /// An array or group of it.
    ///
    /// # Errors
    /// As [`open`](super::open).
    pub fn open(&self, name: &str) -> Result<Opened> {
        let place = self.place.below(name);
        match &self.members {
            Members::Npz(file, scratch) => {
                let dataset = read::npz_member(&place, file, scratch.as_deref())?;
                Ok(Opened::Array(Box::new(dataset)))
            }
            Members::Zarr(_) => read::zarr(&place, &OpenOptions::default()),
            #[cfg(feature = "parquet")]
            Members::Parquet(file, fill_value) => {
                let dataset = read::parquet_column(&place, file, *fill_value)?;
                Ok(Opened::Array(Box::new(dataset)))
            }
        }
    }

    /// All that is below it, groups before their members, by the path from here.
    ///
    /// # Errors
    /// As [`open`](super::open): also where a member is no array of numbers.
    pub fn walk(&self) -> Result<Vec<(String, Opened)>> {
        let mut found = Vec::new();
        for name in self.names()? {
            let opened = self.open(&name)?;
            let below = match &opened {
                Opened::Array(_) => Vec::new(),
                Opened::Group(group) => group.walk()?,
            };
            found.push((name.clone(), opened));
            found.extend(below.into_iter().map(|(n, o)| (format!("{name}/{n}"), o)));
        }
        Ok(found)
    }

    /// Why the names behind a plain web server are not known.
    fn unlisted(&self) -> Error {
        Error::InvalidFile {
            path: self.place.to_string().into(),
            reason: format!(
                "is a group whose server lists no names and which has no consolidated metadata; name an \
                 array, as in {}",
                self.place.below("name")
            ),
        }
    }

    /// The array of a group of one.
    pub(super) fn only(&self) -> Result<Dataset> {
        let names = self.names()?;
        if let [name] = names.as_slice() {
            return self.open(name)?.into_dataset();
        }
        let reason = match names.first() {
            None => "has no arrays".to_owned(),
            Some(first) => format!(
                "has several arrays; name one, as in {}: {}",
                self.place.below(first),
                names.join(", ")
            ),
        };
        Err(Error::InvalidFile {
            path: self.place.to_string().into(),
            reason,
        })
    }
}
