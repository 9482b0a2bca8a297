//! Arrays with their data as bytes: files by their places, what is in memory by its elements.

use std::any::Any;
use std::path::Path;
use std::sync::Arc;

use chunkwise_core::{Chunk, DType, Error, Pool, Result, Source};
use chunkwise_expr::DTypeForm;
use chunkwise_storage::{MemorySource, NpySource, Npz, NpzSource, RawLayout, RawSource};
use chunkwise_zarr::{ZarrArray, ZarrSource};
use serde::{Deserialize, Serialize};

use super::{decode, encode};
use crate::Array;

/// What the bytes begin with: `cwp` and the version of the format.
const HEADER: [u8; 4] = *b"cwp\x01";

#[derive(Serialize, Deserialize)]
struct Packed {
    arrays: Vec<u8>,
    sources: Vec<Form>,
}

/// A source as plain data.
#[derive(Serialize, Deserialize)]
enum Form {
    Memory {
        name: String,
        #[serde(with = "DTypeForm")]
        dtype: DType,
        shape: Vec<usize>,
        bytes: Vec<u8>,
    },
    Npy(String),
    Npz {
        path: String,
        member: String,
    },
    Raw {
        path: String,
        #[serde(with = "DTypeForm")]
        dtype: DType,
        swapped: bool,
        shape: Vec<usize>,
        offset: u64,
        fortran_order: bool,
    },
    Zarr(Vec<u8>),
    #[cfg(feature = "parquet")]
    Parquet {
        path: String,
        column: String,
        fill_value: Option<Fill>,
    },
}

#[cfg(feature = "parquet")]
#[derive(Serialize, Deserialize)]
enum Fill {
    Bool(bool),
    Int(i128),
    Float(f64),
}

/// Arrays as bytes from which [`unpack`] makes them in another process: files and stores by their places, arrays in
/// memory with their elements.
///
/// ```
/// use chunkwise::{Array, Random, wire};
/// let x = Array::from_vec(vec![1.0, 2.0, 3.0], [3], 3)?;
/// let y = x.multiply(&Random::new(1).uniform(0.0, 1.0, [3], 3)?)?;
/// let back = wire::unpack(&wire::pack(&[&y])?)?;
/// assert_eq!(back[0].compute()?.to_vec::<f64>()?, y.compute()?.to_vec::<f64>()?);
/// # Ok::<_, chunkwise::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidArgument`] for what has no plain form: functions of the program, stores in memory.
pub fn pack(arrays: &[&Array]) -> Result<Vec<u8>> {
    let encoded = encode(arrays)?;
    if !encoded.functions.is_empty() {
        return Err(Error::argument(
            "arrays as bytes",
            "functions",
            encoded.functions.len(),
            "functions of this program cannot be sent to others",
        ));
    }
    let sources = encoded.sources.iter().map(|s| form(&**s));
    let packed = Packed {
        arrays: encoded.bytes,
        sources: sources.collect::<Result<_>>()?,
    };
    postcard::to_extend(&packed, HEADER.to_vec())
        .map_err(|e| Error::internal("arrays as bytes", e.to_string()))
}

/// The arrays that [`pack`] wrote. Files are opened.
///
/// # Errors
/// [`Error::InvalidArgument`] for bytes that `pack` did not write, or that another version has written, and the errors
/// of opening files.
pub fn unpack(bytes: &[u8]) -> Result<Vec<Array>> {
    let wrong = |reason: String| Error::argument("arrays of bytes", "bytes", bytes.len(), reason);
    let body = bytes
        .strip_prefix(&HEADER)
        .ok_or_else(|| wrong(format!("they do not begin with {HEADER:?}")))?;
    let packed: Packed = postcard::from_bytes(body).map_err(|e| wrong(e.to_string()))?;
    let sources = packed.sources.into_iter().map(opened);
    decode(&packed.arrays, sources.collect::<Result<_>>()?, Vec::new())
}

fn form(source: &dyn Source) -> Result<Form> {
    let any: &dyn Any = source;
    if let Some(memory) = any.downcast_ref::<MemorySource>() {
        let chunk = memory.chunk();
        return Ok(Form::Memory {
            name: source.name(),
            dtype: chunk.dtype(),
            shape: chunk.shape().to_vec(),
            bytes: elements(chunk)?,
        });
    }
    if let Some(file) = any.downcast_ref::<NpySource>() {
        return Ok(Form::Npy(text(file.path())?));
    }
    if let Some(member) = any.downcast_ref::<NpzSource>() {
        return Ok(Form::Npz {
            path: text(member.path())?,
            member: member.member_name().to_owned(),
        });
    }
    if let Some(file) = any.downcast_ref::<RawSource>() {
        let layout = file.layout();
        return Ok(Form::Raw {
            path: text(file.path())?,
            dtype: layout.dtype,
            swapped: layout.swapped,
            shape: source.shape().to_vec(),
            offset: layout.offset,
            fortran_order: layout.fortran_order,
        });
    }
    if let Some(stored) = any.downcast_ref::<ZarrSource>()
        && let Some(bytes) = stored.array().to_bytes()
    {
        return Ok(Form::Zarr(bytes));
    }
    #[cfg(feature = "parquet")]
    if let Some(column) = any.downcast_ref::<chunkwise_parquet::ParquetColumn>() {
        use chunkwise_core::Scalar;
        return Ok(Form::Parquet {
            path: text(column.path())?,
            column: column.column_name().to_owned(),
            fill_value: match column.fill_value() {
                None | Some(Scalar::Complex(_)) => None,
                Some(Scalar::Bool(b)) => Some(Fill::Bool(b)),
                Some(Scalar::Int(i)) => Some(Fill::Int(i)),
                Some(Scalar::Float(x)) => Some(Fill::Float(x)),
            },
        });
    }
    Err(Error::argument(
        "arrays as bytes",
        "source",
        source.name(),
        "it is of this process alone",
    ))
}

fn opened(form: Form) -> Result<Arc<dyn Source>> {
    Ok(match form {
        Form::Memory {
            name,
            dtype,
            shape,
            bytes,
        } => {
            let chunk = Chunk::build(&Pool::new(0), dtype, &shape, |mut out| {
                match out.copy_from_bytes(&bytes) {
                    true => Ok(()),
                    false => Err(Error::argument(
                        "arrays of bytes",
                        "elements",
                        bytes.len(),
                        format!("bytes for {dtype} elements of shape {shape:?}"),
                    )),
                }
            });
            Arc::new(MemorySource::new(name, chunk?))
        }
        Form::Npy(path) => Arc::new(NpySource::open(path)?),
        Form::Npz { path, member } => Arc::new(Npz::open(path)?.member(&member)?),
        Form::Raw {
            path,
            dtype,
            swapped,
            shape,
            offset,
            fortran_order,
        } => {
            let layout = RawLayout {
                dtype,
                swapped,
                shape: Some(shape.into()),
                offset,
                fortran_order,
            };
            Arc::new(RawSource::open(path, &layout)?)
        }
        Form::Zarr(bytes) => Arc::new(ZarrSource::new(ZarrArray::from_bytes(&bytes)?)),
        #[cfg(feature = "parquet")]
        Form::Parquet {
            path,
            column,
            fill_value,
        } => {
            use chunkwise_core::Scalar;
            let fill_value = fill_value.map(|fill| match fill {
                Fill::Bool(b) => Scalar::Bool(b),
                Fill::Int(i) => Scalar::Int(i),
                Fill::Float(x) => Scalar::Float(x),
            });
            Arc::new(chunkwise_parquet::ParquetFile::open(path)?.column(&column, fill_value)?)
        }
    })
}

/// The elements in C order.
fn elements(chunk: &Chunk) -> Result<Vec<u8>> {
    if let Some(bytes) = chunk.view().as_bytes() {
        return Ok(bytes.to_vec());
    }
    let dense = Chunk::build(
        &Pool::new(0),
        chunk.dtype(),
        chunk.shape(),
        |mut out| match out.copy_from(&chunk.view()) {
            true => Ok::<_, Error>(()),
            false => Err(Error::internal(
                "arrays as bytes",
                "a copy of another shape",
            )),
        },
    )?;
    let bytes = dense.view().as_bytes().map(<[u8]>::to_vec);
    bytes.ok_or_else(|| Error::internal("arrays as bytes", "elements with gaps"))
}

/// A path from any working directory.
fn text(path: &Path) -> Result<String> {
    let whole = std::path::absolute(path).map_err(|e| Error::io("finding", path, e))?;
    let text = whole.to_str().map(str::to_owned);
    text.ok_or_else(|| {
        let reason = "it is no Unicode text";
        Error::argument("arrays as bytes", "path", whole.display(), reason)
    })
}
