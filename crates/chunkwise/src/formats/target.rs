use std::path::PathBuf;
use std::sync::Arc;

use chunkwise_core::{DType, Error, Result, Sink};
use chunkwise_storage::{NpySink, NpzSink, RawSink};
use chunkwise_zarr::{Layout, Location, Version, ZarrSink, write_group};

use super::Place;

/// Where arrays can be written to.
///
/// ```
/// use chunkwise::formats::Target;
/// assert!(matches!(Target::parse("out/x.npy")?, Target::Npy(_)));
/// // A path below a folder that is named as a store is a path in that store.
/// let Target::Zarr(location) = Target::parse("out/air.zarr/day/t")? else { unreachable!() };
/// assert_eq!((location.root.ends_with("air.zarr"), location.path.as_str()), (true, "day/t"));
/// assert!(Target::parse("x.jpeg").is_err());
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[derive(Clone, Debug)]
pub enum Target {
    /// A `.npy` file.
    Npy(PathBuf),
    /// A `.npz` file, and the array's name in it where there is one array.
    Npz(PathBuf, String),
    /// A file of nothing but elements.
    Raw(PathBuf),
    /// A Zarr array or group.
    Zarr(Location),
}

impl Target {
    /// What a path or URL means by its suffix: `.npy`, `.npz`, `.raw` and its like; `.zarr` and any
    /// URL are Zarr.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a name of another suffix, with those that are known.
    pub fn parse(text: &str) -> Result<Target> {
        let place = Place::parse(text);
        let bad = |reason: &str| Error::argument("writing", "path", text, reason);
        let alone = |target: Target| match place.member.as_str() {
            "" => Ok(target),
            _ => Err(bad("such a file is one array and has no members")),
        };
        if place.is_url() {
            return Ok(Target::Zarr(Location::parse(&place.at)?.at(&place.member)));
        }
        match place.suffix().as_str() {
            "npy" => return alone(Target::Npy(place.at.clone().into())),
            "npz" => return Ok(Target::Npz(place.at.clone().into(), place.member)),
            "raw" | "bin" | "dat" => return alone(Target::Raw(place.at.clone().into())),
            "zip" => return Err(bad("zip files are read, not written")),
            _ => {}
        }
        // The store is the outermost folder that is named as one.
        let parts: Vec<&str> = place.at.trim_end_matches('/').split('/').collect();
        let root = parts.iter().position(|p| p.ends_with(".zarr"));
        let Some(root) = root else {
            return Err(bad(
                "its suffix is of no format that can be written: known are .npy, .npz, .zarr, and \
                 .raw, .bin, .dat for raw elements",
            ));
        };
        let below = parts[root + 1..].join("/");
        let member = format!("{below}/{}", place.member);
        let location = Location::parse(&parts[..=root].join("/"))?;
        Ok(Target::Zarr(location.at(&member)))
    }

    /// A sink for an array. `layout` is for Zarr; `overwrite` and `resume` as for [`ZarrSink::create`],
    /// other formats replace what is there once the array is complete.
    ///
    /// # Errors
    /// As creating the file or store.
    pub fn sink(
        &self,
        layout: &Layout,
        shape: &[usize],
        dtype: DType,
        overwrite: bool,
        resume: bool,
    ) -> Result<Arc<dyn Sink>> {
        Ok(match self {
            Target::Npy(path) => Arc::new(NpySink::create(path, dtype, shape)?),
            Target::Raw(path) => Arc::new(RawSink::create(path, dtype, shape)?),
            Target::Npz(path, name) => {
                let name = if name.is_empty() { "arr_0" } else { name };
                let sinks = NpzSink::create(path, &[(name, dtype, shape)])?;
                let first = sinks.into_iter().next();
                Arc::new(first.ok_or_else(|| Error::internal("npz", "no sink for an array"))?)
            }
            Target::Zarr(location) => Arc::new(ZarrSink::create(
                location.clone(),
                layout,
                shape,
                dtype,
                overwrite,
                resume,
            )?),
        })
    }

    /// The version of the hierarchy in which the array will be, where it is there already.
    pub(super) fn version(&self) -> Result<Option<Version>> {
        let Target::Zarr(location) = self else {
            return Ok(None);
        };
        if location.path.is_empty() {
            return Ok(None);
        }
        for (file, version) in [("zarr.json", Version::V3), (".zgroup", Version::V2)] {
            let key = format!("{}/{file}", location.root.trim_matches('/'));
            let size = location.store.size(&key);
            let size = size.map_err(|e| Error::io("reading", location.store.name(), e))?;
            if size.is_some() {
                return Ok(Some(version));
            }
        }
        Ok(None)
    }

    /// The file, where it is one.
    pub(super) fn file(&self) -> Option<&PathBuf> {
        match self {
            Target::Npy(path) | Target::Npz(path, _) | Target::Raw(path) => Some(path),
            Target::Zarr(_) => None,
        }
    }
}

/// Makes the groups above a location.
pub(super) fn write_parents(location: &Location, version: Version) -> Result<()> {
    match location.path.rsplit_once('/') {
        Some((above, _)) => write_group(&*location.store, &location.root, above, version),
        None if location.path.is_empty() => Ok(()),
        None => write_group(&*location.store, &location.root, "", version),
    }
}
