use chunkwise_core::{AxisGrid, Error, Result};
use serde_json::{Map, Value, json};
use zarrs::array::ArrayMetadata;

use crate::{Compressor, Layout, Version, ZarrArray};

/// Where tools that know version 2 only have the names of dimensions.
const DIMENSIONS: &str = "_ARRAY_DIMENSIONS";

impl Layout {
    /// The layout of an array that is there, in the same version of the format or in the other: its
    /// chunks, shards, codecs, fill value, dimension names and attributes. With a `compressor`, that
    /// is taken and the codecs are not.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use chunkwise_core::{DType, Sink};
    /// use chunkwise_zarr::{Layout, Location, MemoryStore, Version, ZarrArray, ZarrSink};
    /// let store: Arc<dyn chunkwise_zarr::Store> = Arc::new(MemoryStore::new());
    /// let at = Location { store: Arc::clone(&store), root: "x".to_owned(), path: String::new() };
    /// let layout = Layout { fortran_order: true, ..Layout::new(&[10, 5]) };
    /// ZarrSink::create(at, &layout, &[30, 20], DType::F32, false, false)?.commit()?;
    /// let old = Layout::like(&ZarrArray::open(store, "x")?, Version::V2, None)?;
    /// let document = old.document(&[30, 20], DType::F32)?;
    /// assert_eq!((&document["order"], &document["compressor"]["id"]), (&"F".into(), &"zstd".into()));
    /// # Ok::<_, chunkwise_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a codec that the other version does not have.
    pub fn like(
        array: &ZarrArray,
        version: Version,
        compressor: Option<Compressor>,
    ) -> Result<Layout> {
        let document = array.document();
        let longest = |grid: &chunkwise_core::Grid| {
            let axes = grid.axes().iter().map(AxisGrid::longest);
            axes.map(|n| n.max(1)).collect::<Vec<_>>()
        };
        let mut attributes: Map<String, Value> = array.attributes().clone();
        let dimension_names = array.dimension_names();
        if dimension_names.is_some() {
            attributes.remove(DIMENSIONS);
        }
        let mut layout = Layout {
            version,
            chunks: longest(array.inner_grid()).into(),
            attributes,
            dimension_names,
            fill_value: document.get("fill_value").cloned(),
            ..Layout::default()
        };
        if array.version() == 2 {
            layout.fortran_order = document.get("order") == Some(&"F".into());
            if version == Version::V2 {
                layout.separator = separator(document.get("dimension_separator"));
                layout.codecs = Some(json!({
                    "compressor": document.get("compressor"),
                    "filters": document.get("filters"),
                }));
                return Ok(layout.packed_by(compressor));
            }
            let newer = newer(array, compressor.is_none())?;
            layout.fill_value = newer.get("fill_value").cloned();
            layout.codecs = newer.get("codecs").cloned();
            return Ok(layout.packed_by(compressor));
        }
        let codecs = list(document.get("codecs"));
        let codecs = match codecs.as_slice() {
            [only] if name(only) == "sharding_indexed" => {
                layout.shards = Some(longest(array.grid()).into());
                list(only.pointer("/configuration/codecs"))
            }
            _ => {
                // Shards between other codecs stay as they are: such a chunk is a shard.
                layout.chunks = longest(array.grid()).into();
                codecs
            }
        };
        layout.fortran_order = codecs.iter().any(is_reversal);
        if version == Version::V3 {
            layout.separator =
                separator(document.pointer("/chunk_key_encoding/configuration/separator"));
            layout.codecs = Some(Value::Array(codecs));
            return Ok(layout.packed_by(compressor));
        }
        layout.shards = None;
        if compressor.is_none() {
            layout.codecs = Some(older(&codecs)?);
        }
        Ok(layout.packed_by(compressor))
    }

    fn packed_by(mut self, compressor: Option<Compressor>) -> Layout {
        if let Some(compressor) = compressor {
            self.compressor = compressor;
            self.codecs = None;
        }
        self
    }
}

/// The metadata of an array of version 2 as version 3 has it.
fn newer(array: &ZarrArray, with_codecs: bool) -> Result<Value> {
    let failed = |e: String| {
        let reason = format!("version 3 has no counterpart: {e}; choose a compressor");
        Error::argument("copying a Zarr array", "zarr_format", 3, reason)
    };
    let mut document = array.document().clone();
    if let (false, Some(map)) = (with_codecs, document.as_object_mut()) {
        map.insert("compressor".to_owned(), Value::Null);
        map.insert("filters".to_owned(), Value::Null);
    }
    let metadata: ArrayMetadata =
        serde_json::from_value(document).map_err(|e| failed(e.to_string()))?;
    let ArrayMetadata::V2(old) = metadata else {
        return Ok(array.document().clone());
    };
    let new = zarrs::convert::array_metadata_v2_to_v3(&old).map_err(|e| failed(e.to_string()))?;
    serde_json::to_value(new).map_err(|e| failed(e.to_string()))
}

/// Codecs of version 3 as version 2 has them.
fn older(codecs: &[Value]) -> Result<Value> {
    let mut compressor = Value::Null;
    for codec in codecs {
        let mut given = match codec.get("configuration") {
            Some(Value::Object(map)) => map.clone(),
            _ => Map::new(),
        };
        let id = name(codec);
        match id {
            "bytes" | "transpose" if id == "bytes" || is_reversal(codec) => continue,
            "blosc" => {
                let shuffle = match given.get("shuffle").and_then(Value::as_str) {
                    Some("noshuffle") => 0,
                    Some("bitshuffle") => 2,
                    _ => 1,
                };
                given.insert("shuffle".to_owned(), json!(shuffle));
                given.remove("typesize");
            }
            "zstd" | "gzip" | "zlib" | "bz2" => {}
            other => {
                let reason = format!("version 2 has no codec {other}; choose a compressor");
                return Err(Error::argument(
                    "copying a Zarr array",
                    "zarr_format",
                    2,
                    reason,
                ));
            }
        }
        given.insert("id".to_owned(), json!(id));
        compressor = Value::Object(given);
    }
    Ok(json!({"compressor": compressor, "filters": null}))
}

/// Whether a codec turns all axes around.
fn is_reversal(codec: &Value) -> bool {
    let order = list(codec.pointer("/configuration/order"));
    name(codec) == "transpose"
        && order
            .iter()
            .rev()
            .enumerate()
            .all(|(axis, there)| there.as_u64() == Some(axis as u64))
}

fn name(codec: &Value) -> &str {
    codec
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn list(value: Option<&Value>) -> Vec<Value> {
    value.and_then(Value::as_array).cloned().unwrap_or_default()
}

fn separator(value: Option<&Value>) -> Option<char> {
    value.and_then(Value::as_str).and_then(|s| s.chars().next())
}
