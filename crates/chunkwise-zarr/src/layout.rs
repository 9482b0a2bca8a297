use std::str::FromStr;

use chunkwise_core::{AxisGrid, DType, Dims, Error, Grid, Kind, Result};
use serde_json::{Map, Value, json};

/// The version of the Zarr format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// Version 2: `.zarray`, `.zattrs`.
    V2,
    /// Version 3: `zarr.json`.
    #[default]
    V3,
}

/// What Blosc does with bytes before it packs them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shuffle {
    /// Nothing.
    None,
    /// Puts bytes of equal place together.
    #[default]
    Bytes,
    /// Puts bits of equal place together.
    Bits,
}

/// How chunks are packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compressor {
    /// Not at all.
    None,
    /// Zstandard; the default, at level 0, which stands for the library's own default.
    Zstd {
        /// -131072 to 22.
        level: i32,
        /// Whether each chunk carries a checksum.
        checksum: bool,
    },
    /// Blosc.
    Blosc {
        /// The packer within: `lz4`, `lz4hc`, `blosclz`, `zstd` or `zlib`.
        name: String,
        /// 0 to 9.
        level: u8,
        /// What is done before.
        shuffle: Shuffle,
    },
    /// Gzip.
    Gzip {
        /// 0 to 9.
        level: u8,
    },
}

impl Default for Compressor {
    fn default() -> Compressor {
        Compressor::Zstd {
            level: 0,
            checksum: false,
        }
    }
}

impl FromStr for Compressor {
    type Err = Error;

    /// Reads `"zstd:3"`, `"gzip:5"`, `"blosc:lz4"`, `"blosc:zstd:9"`, `"none"`; levels may be left out.
    ///
    /// ```
    /// use chunkwise_zarr::Compressor;
    /// assert_eq!("gzip:9".parse::<Compressor>()?, Compressor::Gzip { level: 9 });
    /// assert_eq!("none".parse::<Compressor>()?, Compressor::None);
    /// assert!("gzip:10".parse::<Compressor>().is_err());
    /// # Ok::<_, chunkwise_core::Error>(())
    /// ```
    fn from_str(text: &str) -> Result<Compressor> {
        const KNOWN: &str = "known are zstd[:LEVEL], gzip[:LEVEL], none and \
             blosc[:lz4|lz4hc|blosclz|zstd|zlib][:LEVEL]";
        let bad = |reason: &str| {
            let reason = format!("{reason}; {KNOWN}");
            Error::argument("to_zarr", "compressor", text, reason)
        };
        let level = |given: Option<&str>, default: i32, least: i32, most: i32| {
            let Some(given) = given else {
                return Ok(default);
            };
            let fits = |n: &i32| (least..=most).contains(n);
            let number = given.parse().ok().filter(fits);
            number.ok_or_else(|| bad(&format!("its level is from {least} to {most}")))
        };
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let given: Vec<&str> = parts.collect();
        match (name, given.as_slice()) {
            ("none", []) => Ok(Compressor::None),
            ("zstd", [] | [_]) => Ok(Compressor::Zstd {
                level: level(given.first().copied(), 0, -131_072, 22)?,
                checksum: false,
            }),
            ("gzip", [] | [_]) => Ok(Compressor::Gzip {
                level: level(given.first().copied(), 5, 0, 9)? as u8,
            }),
            ("blosc", [] | [_] | [_, _]) => {
                let packer = given.first().copied().unwrap_or("lz4");
                if !["lz4", "lz4hc", "blosclz", "zstd", "zlib"].contains(&packer) {
                    return Err(bad("it has no such packer"));
                }
                Ok(Compressor::Blosc {
                    name: packer.to_owned(),
                    level: level(given.get(1).copied(), 5, 0, 9)? as u8,
                    shuffle: Shuffle::Bytes,
                })
            }
            _ => Err(bad("it is unknown")),
        }
    }
}

/// How a new array is stored: its chunks, codecs and description.
///
/// ```
/// use chunkwise_core::DType;
/// use chunkwise_zarr::Layout;
/// let layout = Layout::new(&[100, 100]);
/// let document = layout.document(&[1000, 250], DType::F32)?;
/// assert_eq!(document["chunk_grid"]["configuration"]["chunk_shape"][1], 100);
/// # Ok::<_, chunkwise_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The format's version.
    pub version: Version,
    /// The lengths of a chunk.
    pub chunks: Dims,
    /// The lengths of a shard, multiples of the chunk's; version 3.
    pub shards: Option<Dims>,
    /// How chunks are packed.
    pub compressor: Compressor,
    /// Instead of the above, the codecs as the metadata has them: in version 3 the list, in version 2
    /// an object with `compressor` and `filters`.
    pub codecs: Option<Value>,
    /// Whether the elements of a chunk are in Fortran order.
    pub fortran_order: bool,
    /// What elements are that were never written, as the metadata has it; 0 by default.
    pub fill_value: Option<Value>,
    /// The names of the dimensions.
    pub dimension_names: Option<Vec<Option<String>>>,
    /// The user's attributes.
    pub attributes: Map<String, Value>,
    /// What stands between the numbers of a chunk's key: `/` in version 3, `.` in version 2 by default.
    pub separator: Option<char>,
}

impl Layout {
    /// The default layout with chunks of some lengths.
    pub fn new(chunks: &[usize]) -> Layout {
        Layout {
            chunks: chunks.into(),
            ..Layout::default()
        }
    }

    /// The default layout for an array of this grid: its chunks where they are all equal, else of the
    /// length of the longest along each axis.
    pub fn of(grid: &Grid) -> Layout {
        let longest = grid.axes().iter().map(AxisGrid::longest);
        Layout {
            chunks: longest.map(|n| n.max(1)).collect(),
            ..Layout::default()
        }
    }

    /// The metadata of an array.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] where chunks or shards do not fit the shape or each other, and for
    /// what the version does not have.
    pub fn document(&self, shape: &[usize], dtype: DType) -> Result<Value> {
        let bad = |argument, value: String, reason: String| {
            Error::argument("to_zarr", argument, value, reason)
        };
        if self.chunks.len() != shape.len() || self.chunks.contains(&0) {
            return Err(bad(
                "chunks",
                format!("{:?}", self.chunks.as_slice()),
                format!("a length of at least 1 is needed for each axis of shape {shape:?}"),
            ));
        }
        if let Some(names) = &self.dimension_names
            && names.len() != shape.len()
        {
            return Err(bad(
                "dimension_names",
                format!("{names:?}"),
                format!("{} names for {} axes", names.len(), shape.len()),
            ));
        }
        if let Some(shards) = &self.shards {
            let fits = shards.len() == shape.len()
                && shards
                    .iter()
                    .zip(&self.chunks)
                    .all(|(s, c)| *s > 0 && s % c == 0);
            if !fits {
                return Err(bad(
                    "shards",
                    format!("{:?}", shards.as_slice()),
                    format!(
                        "multiples of the chunks {:?} are needed",
                        self.chunks.as_slice()
                    ),
                ));
            }
            if self.version == Version::V2 {
                return Err(bad(
                    "shards",
                    format!("{:?}", shards.as_slice()),
                    "version 2 has no shards".to_owned(),
                ));
            }
        }
        match self.version {
            Version::V3 => Ok(self.document_3(shape, dtype)),
            Version::V2 => Ok(self.document_2(shape, dtype)),
        }
    }

    fn document_3(&self, shape: &[usize], dtype: DType) -> Value {
        let codecs = self.codecs.clone().unwrap_or_else(|| self.codecs_3(dtype));
        let (chunk, codecs) = match &self.shards {
            None => (&self.chunks, codecs),
            Some(shards) => {
                let index = json!([bytes_codec(DType::U64), {"name": "crc32c"}]);
                let sharding = json!([{
                    "name": "sharding_indexed",
                    "configuration": {
                        "chunk_shape": self.chunks.as_slice(),
                        "codecs": codecs,
                        "index_codecs": index,
                        "index_location": "end",
                    },
                }]);
                (shards, sharding)
            }
        };
        let mut document = json!({
            "zarr_format": 3,
            "node_type": "array",
            "shape": shape,
            "data_type": dtype.name(),
            "chunk_grid": {
                "name": "regular",
                "configuration": {"chunk_shape": chunk.as_slice()},
            },
            "chunk_key_encoding": {
                "name": "default",
                "configuration": {"separator": self.separator.unwrap_or('/').to_string()},
            },
            "fill_value": self.fill_value.clone().unwrap_or_else(|| zero(dtype, Version::V3)),
            "codecs": codecs,
            "attributes": self.attributes,
            "storage_transformers": [],
        });
        if let (Some(names), Some(map)) = (&self.dimension_names, document.as_object_mut()) {
            map.insert("dimension_names".to_owned(), json!(names));
        }
        document
    }

    fn codecs_3(&self, dtype: DType) -> Value {
        let mut codecs = Vec::new();
        if self.fortran_order && self.chunks.len() > 1 {
            let order: Vec<usize> = (0..self.chunks.len()).rev().collect();
            codecs.push(json!({"name": "transpose", "configuration": {"order": order}}));
        }
        codecs.push(bytes_codec(dtype));
        match &self.compressor {
            Compressor::None => {}
            Compressor::Zstd { level, checksum } => codecs.push(json!({
                "name": "zstd",
                "configuration": {"level": level, "checksum": checksum},
            })),
            Compressor::Gzip { level } => {
                codecs.push(json!({"name": "gzip", "configuration": {"level": level}}));
            }
            Compressor::Blosc {
                name,
                level,
                shuffle,
            } => codecs.push(json!({
                "name": "blosc",
                "configuration": {
                    "cname": name,
                    "clevel": level,
                    "shuffle": match shuffle {
                        Shuffle::None => "noshuffle",
                        Shuffle::Bytes => "shuffle",
                        Shuffle::Bits => "bitshuffle",
                    },
                    "typesize": dtype.size(),
                    "blocksize": 0,
                },
            })),
        }
        Value::Array(codecs)
    }

    fn document_2(&self, shape: &[usize], dtype: DType) -> Value {
        let compressor = match &self.compressor {
            Compressor::None => Value::Null,
            Compressor::Zstd { level, checksum } => {
                json!({"id": "zstd", "level": level, "checksum": checksum})
            }
            Compressor::Gzip { level } => json!({"id": "gzip", "level": level}),
            Compressor::Blosc {
                name,
                level,
                shuffle,
            } => json!({
                "id": "blosc",
                "cname": name,
                "clevel": level,
                "shuffle": *shuffle as u8,
                "blocksize": 0,
            }),
        };
        let mut attributes = self.attributes.clone();
        if let Some(names) = &self.dimension_names {
            attributes.insert("_ARRAY_DIMENSIONS".to_owned(), json!(names));
        }
        let given = |name: &str| self.codecs.as_ref().and_then(|c| c.get(name)).cloned();
        let compressor = match &self.codecs {
            Some(_) => given("compressor").unwrap_or(Value::Null),
            None => compressor,
        };
        json!({
            "zarr_format": 2,
            "shape": shape,
            "chunks": self.chunks.as_slice(),
            "dtype": dtype_2(dtype),
            "compressor": compressor,
            "fill_value": self.fill_value.clone().unwrap_or_else(|| zero(dtype, Version::V2)),
            "order": if self.fortran_order { "F" } else { "C" },
            "filters": given("filters"),
            "dimension_separator": self.separator.unwrap_or('.').to_string(),
            "attributes": attributes,
        })
    }
}

fn bytes_codec(dtype: DType) -> Value {
    match dtype.size() {
        1 => json!({"name": "bytes"}),
        _ => json!({"name": "bytes", "configuration": {"endian": "little"}}),
    }
}

fn zero(dtype: DType, version: Version) -> Value {
    match (dtype.kind(), version) {
        (Kind::Bool, _) => json!(false),
        (Kind::Float, _) => json!(0.0),
        (Kind::Complex, _) => json!([0.0, 0.0]),
        (Kind::Signed | Kind::Unsigned, _) => json!(0),
    }
}

/// NumPy's name of a dtype with its byte order.
fn dtype_2(dtype: DType) -> String {
    let kind = match dtype.kind() {
        Kind::Bool => 'b',
        Kind::Unsigned => 'u',
        Kind::Signed => 'i',
        Kind::Float => 'f',
        Kind::Complex => 'c',
    };
    let order = if dtype.size() == 1 { '|' } else { '<' };
    format!("{order}{kind}{}", dtype.size())
}
