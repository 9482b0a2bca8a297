use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use chunkwise_core::{Error, Result, Scalar};
use chunkwise_storage::RawLayout;

use super::read;
use super::{Dataset, Group, Place};

/// What a path holds.
#[derive(Debug)]
pub enum Opened {
    /// An array.
    Array(Box<Dataset>),
    /// Arrays by name.
    Group(Box<Group>),
}

impl Opened {
    /// The array; the only one of a group of one.
    ///
    /// # Errors
    /// [`Error::InvalidFile`] for a group of none or several, with their names.
    pub fn into_dataset(self) -> Result<Dataset> {
        match self {
            Opened::Array(dataset) => Ok(*dataset),
            Opened::Group(group) => group.only(),
        }
    }
}

/// What is said of a place beside its path.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// What the file's elements are, where it has no header that says so: it is then read as a raw
    /// file, whatever it is.
    pub raw: Option<RawLayout>,
    /// The folder in which packed members of `.npz` files are unpacked; the system's by default.
    pub scratch: Option<PathBuf>,
    /// What stands for nulls in Parquet columns that are not floating point.
    pub fill_value: Option<Scalar>,
}

/// A format: a row of [`FORMATS`].
#[derive(Debug)]
pub struct Format {
    /// Its name.
    pub name: &'static str,
    /// Suffixes of names.
    pub suffixes: &'static [&'static str],
    /// The first bytes of its files.
    pub magic: &'static [&'static [u8]],
    /// How it is written on the command line, for people.
    pub usage: &'static str,
    pub(super) open: fn(&Place, &OpenOptions) -> Result<Opened>,
}

/// The formats. Of those whose first bytes are a file's, the one with its suffix is taken, else the
/// first.
pub const FORMATS: &[Format] = &[
    Format {
        name: "npy",
        suffixes: &["npy"],
        magic: &[b"\x93NUMPY"],
        usage: ".npy files",
        open: read::npy,
    },
    Format {
        name: "npz",
        suffixes: &["npz"],
        magic: &[b"PK\x03\x04", b"PK\x05\x06"],
        usage: ".npz files (FILE::name)",
        open: read::npz,
    },
    Format {
        name: "zarr",
        suffixes: &["zarr", "zip"],
        magic: &[b"PK\x03\x04"],
        usage: "Zarr stores in folders, zip files or behind URLs (STORE::path)",
        open: read::zarr,
    },
    #[cfg(feature = "parquet")]
    Format {
        name: "parquet",
        suffixes: &["parquet", "parq", "pq"],
        magic: &[b"PAR1"],
        usage: "Parquet files (FILE::column)",
        open: read::parquet,
    },
    Format {
        name: "raw",
        suffixes: &["raw", "bin", "dat"],
        magic: &[],
        usage: "raw elements, with a dtype and shape",
        open: read::raw,
    },
];

/// A format of which only it is known that it is read elsewhere.
struct Foreign {
    magic: &'static [&'static [u8]],
    suffixes: &'static [&'static str],
    /// Where.
    reason: &'static str,
}

const FOREIGN: [Foreign; 2] = [
    Foreign {
        magic: &[b"\x89HDF\r\n\x1a\n"],
        suffixes: &["h5", "hdf5", "he5", "nc4"],
        reason: "an HDF5 or NetCDF 4 file, which is read from Python: \
                 chunkwise.array.from_hdf5(path, name)",
    },
    Foreign {
        magic: &[b"CDF\x01", b"CDF\x02", b"CDF\x05"],
        suffixes: &["nc"],
        reason: "a NetCDF file, which is read from Python: \
                 xarray.open_dataset(path, chunks={}, chunked_array_type=\"chunkwise\")",
    },
];

/// Opens what a path or URL holds: a member of it where one is written behind `::`.
///
/// ```
/// use chunkwise::{Array, Layout, formats};
/// # let path = std::env::temp_dir().join(format!("chunkwise-doc-open-{}.zarr", std::process::id()));
/// # let path = path.to_str().unwrap();
/// Array::arange(0, 12, 1, 5)?.to_zarr(path, &Layout::new(&[5]))?;
/// let dataset = formats::open(path)?.into_dataset()?;
/// assert_eq!(dataset.shape(), [12]);
/// assert_eq!(dataset.stored_chunks().unwrap().to_string(), "(5 (last 2),)");
/// # std::fs::remove_dir_all(path).ok();
/// # Ok::<_, chunkwise::Error>(())
/// ```
///
/// # Errors
/// [`Error::Io`] where nothing is there; [`Error::InvalidFile`] for what is of no known format, which
/// the error lists, or is not what it says.
pub fn open(at: &str) -> Result<Opened> {
    open_with(at, &OpenOptions::default())
}

/// The same with more said of the place.
///
/// # Errors
/// As [`open`].
pub fn open_with(at: &str, options: &OpenOptions) -> Result<Opened> {
    let place = Place::parse(at);
    if options.raw.is_some() {
        return read::raw(&place, options);
    }
    // What a URL names is asked for by its keys.
    if place.is_url() {
        return read::zarr(&place, options);
    }
    let path = Path::new(&place.at);
    let there = fs::metadata(path).map_err(|e| Error::io("opening", path, e))?;
    let invalid = |reason: String| Error::InvalidFile {
        path: path.to_owned(),
        reason,
    };
    let suffix = place.suffix();
    let of_file = |f: &Format| f.name != "zarr" && f.suffixes.contains(&suffix.as_str());
    if there.is_dir() && path.join("info").is_file() && path.join("0.npy").is_file() {
        let reason = "a stack of .npy files, which is read from Python: \
                      chunkwise.array.from_npy_stack(path)";
        return Err(invalid(reason.to_owned()));
    }
    if there.is_dir() && !FORMATS.iter().any(of_file) {
        return read::zarr(&place, options);
    }
    if !there.is_file() {
        return Err(invalid("not a regular file".to_owned()));
    }
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(16).read_to_end(&mut head))
        .map_err(|e| Error::io("reading", path, e))?;
    let begins = |magic: &[&[u8]]| magic.iter().any(|m| head.starts_with(m));
    let named = |suffixes: &[&str]| suffixes.contains(&suffix.as_str());
    let is_known = FORMATS.iter().any(|f| begins(f.magic));
    for foreign in FOREIGN {
        if begins(foreign.magic) || (named(foreign.suffixes) && !is_known) {
            return Err(invalid(foreign.reason.to_owned()));
        }
    }
    let likely = |f: &&Format| begins(f.magic) && named(f.suffixes);
    let found = FORMATS
        .iter()
        .find(likely)
        .or_else(|| FORMATS.iter().find(|f| begins(f.magic)))
        .or_else(|| FORMATS.iter().find(|f| named(f.suffixes)));
    match found {
        Some(format) => (format.open)(&place, options),
        None if read::suffix_dtype(&suffix).is_some() => read::raw(&place, options),
        None => Err(invalid(format!("of no known format; {}", known()))),
    }
}

/// The known formats, for people.
fn known() -> String {
    let usages: Vec<&str> = FORMATS.iter().map(|f| f.usage).collect();
    format!("known are {}", usages.join(", "))
}
