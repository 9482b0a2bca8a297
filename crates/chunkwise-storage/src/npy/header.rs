use chunkwise_core::{DType, Dims, element_count};

use super::literal::{Dict, Value};

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// The data begins at a multiple of this.
const ALIGN: usize = 64;
/// As many axes as NumPy allows.
const MAX_DIMS: usize = 64;
/// A header of the dtypes here has some hundred bytes; NumPy itself reads up to 10,000.
const MAX_LEN: usize = 1 << 20;

/// What a `.npy` file says about its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Format version: (1, 0), (2, 0) or (3, 0).
    pub version: (u8, u8),
    /// The elements' dtype.
    pub dtype: DType,
    /// Whether the bytes are in the other order than this machine's.
    pub swapped: bool,
    /// Whether the first axis varies fastest.
    pub fortran_order: bool,
    /// The array's shape.
    pub shape: Dims,
    /// Where in the file the data begins.
    pub data_offset: usize,
}

impl Header {
    /// Bytes of the data.
    pub fn nbytes(&self) -> usize {
        self.shape.iter().product::<usize>() * self.dtype.size()
    }
}

/// Why bytes are not a header that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The first bytes are another format's.
    #[error("not an .npy file: it does not begin with \\x93NUMPY")]
    BadMagic,
    /// A version that does not exist yet.
    #[error("unknown .npy version {0}.{1}; known are 1.0, 2.0 and 3.0")]
    UnknownVersion(u8, u8),
    /// The file ends within the header.
    #[error("the header ends at byte {needed}, the file has only {got}")]
    Truncated {
        /// Bytes up to the data, as far as is known.
        needed: usize,
        /// Bytes there are.
        got: usize,
    },
    /// A header length that no array has.
    #[error("the header claims to have {0} bytes")]
    TooLong(usize),
    /// Text that is not the expected dictionary.
    #[error("malformed header: {reason} at byte {at}")]
    Malformed {
        /// Byte of the file.
        at: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// An entry that is missing, of another kind, or unknown.
    #[error("malformed header: {0}")]
    Entry(String),
    /// Elements that are none of the thirteen dtypes.
    #[error("dtype {descr} ({meaning}) cannot be read; known are {KNOWN}")]
    UnsupportedDType {
        /// The dtype as the file has it.
        descr: String,
        /// In words.
        meaning: &'static str,
    },
    /// A shape that no array in memory or file can have.
    #[error("shape {0}")]
    BadShape(String),
}

const KNOWN: &str = "bool, int8..int64, uint8..uint64, float32, float64, complex64, complex128";

/// Bytes from the start of a file to its data, from its first 12 bytes (or fewer, where it has no
/// more).
pub(crate) fn header_len(prefix: &[u8]) -> Result<usize, HeaderError> {
    let got = prefix.len();
    let known = got.min(MAGIC.len());
    if prefix[..known] != MAGIC[..known] || got == 0 {
        return Err(HeaderError::BadMagic);
    }
    let version = match prefix.get(6..8) {
        Some(v) => (v[0], v[1]),
        None => return Err(HeaderError::Truncated { needed: 10, got }),
    };
    let (begin, len) = match (version, prefix.get(8..)) {
        ((1, 0), Some([a, b, ..])) => (10, u16::from_le_bytes([*a, *b]) as usize),
        ((1, 0), _) => return Err(HeaderError::Truncated { needed: 10, got }),
        ((2 | 3, 0), Some([a, b, c, d, ..])) => (12, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        ((2 | 3, 0), _) => return Err(HeaderError::Truncated { needed: 12, got }),
        ((major, minor), _) => return Err(HeaderError::UnknownVersion(major, minor)),
    };
    if len > MAX_LEN {
        return Err(HeaderError::TooLong(len));
    }
    Ok(begin + len)
}

/// Reads the header at the beginning of a file's bytes. Any bytes give a header or an error.
///
/// The dictionary is Python's: its keys in any order, either quotes, any white space, trailing
/// commas. Data beyond the header is not looked at.
///
/// ```
/// use chunkwise_storage::npy::parse_header;
/// let mut file = b"\x93NUMPY\x01\x00\x36\x00".to_vec();
/// file.extend(b"{'descr': '>f4', 'fortran_order': False, 'shape': (3,)}");
/// assert_eq!(parse_header(&file[..64]).unwrap_err().to_string(), "malformed header: } or a comma is missing at byte 64");
/// file[8] += 1;
/// let header = parse_header(&file)?;
/// assert_eq!((header.shape.as_slice(), header.data_offset), (&[3][..], 65));
/// # Ok::<_, chunkwise_storage::npy::HeaderError>(())
/// ```
pub fn parse_header(bytes: &[u8]) -> Result<Header, HeaderError> {
    let data_offset = header_len(&bytes[..bytes.len().min(12)])?;
    let version = (bytes[6], bytes[7]);
    let begin = if version.0 == 1 { 10 } else { 12 };
    let text = bytes
        .get(begin..data_offset)
        .ok_or(HeaderError::Truncated {
            needed: data_offset,
            got: bytes.len(),
        })?;
    let dict = Dict::parse(text, begin)?;
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    for (key, value) in dict.entries {
        match (key.as_str(), value) {
            ("descr", v) => descr = Some(v),
            ("fortran_order", Value::Bool(b)) => fortran_order = Some(b),
            ("shape", Value::Tuple(dims)) => shape = Some(dims),
            (known @ ("fortran_order" | "shape"), other) => {
                return Err(HeaderError::Entry(format!("{known} is {other}")));
            }
            (unknown, _) => return Err(HeaderError::Entry(format!("unknown key {unknown:?}"))),
        }
    }
    let missing = |key: &str| HeaderError::Entry(format!("no {key}"));
    let (dtype, swapped) = match descr.ok_or_else(|| missing("descr"))? {
        Value::Text(descr) => dtype_of(&descr)?,
        other => {
            return Err(HeaderError::UnsupportedDType {
                descr: other.to_string(),
                meaning: "structured",
            });
        }
    };
    let shape = checked_shape(&shape.ok_or_else(|| missing("shape"))?, data_offset)?;
    Ok(Header {
        version,
        dtype,
        swapped,
        fortran_order: fortran_order.ok_or_else(|| missing("fortran_order"))?,
        shape,
        data_offset,
    })
}

/// A dtype as NumPy writes it, `">f4"`, `"u2"` or `"float64"`, and whether its bytes are in the other
/// order than this machine's.
///
/// ```
/// use chunkwise_core::DType;
/// use chunkwise_storage::npy::parse_dtype;
/// let (dtype, swapped) = parse_dtype(">f4")?;
/// assert_eq!((dtype, swapped), (DType::F32, cfg!(target_endian = "little")));
/// assert_eq!(parse_dtype("int16")?, (DType::I16, false));
/// assert!(parse_dtype("f2").is_err());
/// # Ok::<_, chunkwise_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::UnknownDType`](chunkwise_core::Error::UnknownDType).
pub fn parse_dtype(text: &str) -> chunkwise_core::Result<(DType, bool)> {
    // NumPy's `i8` is 8 bytes long, as these files have it; Rust's, of 8 bits, is not meant.
    match dtype_of(text) {
        Ok(found) => Ok(found),
        Err(_) => {
            let names = DType::ALL.iter().find(|d| d.name() == text);
            let unknown = || chunkwise_core::Error::UnknownDType(text.to_owned());
            names.map(|d| (*d, false)).ok_or_else(unknown)
        }
    }
}

/// NumPy's array-protocol type strings: byte order, kind, bytes.
fn dtype_of(descr: &str) -> Result<(DType, bool), HeaderError> {
    let (order, code) = match descr.chars().next() {
        Some(order @ ('<' | '>' | '|' | '=')) => (order, &descr[1..]),
        _ => ('=', descr),
    };
    let dtype = match code {
        "b1" => DType::Bool,
        "i1" => DType::I8,
        "i2" => DType::I16,
        "i4" => DType::I32,
        "i8" => DType::I64,
        "u1" => DType::U8,
        "u2" => DType::U16,
        "u4" => DType::U32,
        "u8" => DType::U64,
        "f4" => DType::F32,
        "f8" => DType::F64,
        "c8" => DType::C64,
        "c16" => DType::C128,
        _ => {
            return Err(HeaderError::UnsupportedDType {
                descr: format!("{descr:?}"),
                meaning: meaning(code),
            });
        }
    };
    let other = if cfg!(target_endian = "little") {
        '>'
    } else {
        '<'
    };
    Ok((dtype, order == other && dtype.size() > 1))
}

fn meaning(code: &str) -> &'static str {
    match (code.chars().next(), code) {
        (_, "f2") => "float16",
        (Some('f'), _) => "extended precision",
        (Some('c'), _) => "extended precision complex",
        (Some('O'), _) => "Python objects",
        (Some('S' | 'a'), _) => "byte strings",
        (Some('U'), _) => "text",
        (Some('V'), _) => "raw or structured bytes",
        (Some('M'), _) => "datetime64",
        (Some('m'), _) => "timedelta64",
        (Some('T'), _) => "variable-width text",
        _ => "unknown",
    }
}

fn checked_shape(dims: &[i128], data_offset: usize) -> Result<Dims, HeaderError> {
    let text = || {
        let dims: Vec<String> = dims.iter().take(MAX_DIMS).map(i128::to_string).collect();
        format!("({})", dims.join(", "))
    };
    if dims.len() > MAX_DIMS {
        let reason = format!("with {} axes, more than {MAX_DIMS}", dims.len());
        return Err(HeaderError::BadShape(reason));
    }
    if dims.iter().any(|d| *d < 0) {
        return Err(HeaderError::BadShape(format!("{} is negative", text())));
    }
    let too_large = || HeaderError::BadShape(format!("{} is too large", text()));
    let shape: Dims = dims
        .iter()
        .map(|d| usize::try_from(*d).map_err(|_| too_large()))
        .collect::<Result<_, _>>()?;
    // An array without elements must have strides, too.
    let filled: Dims = shape.iter().map(|d| (*d).max(1)).collect();
    match element_count(&filled) {
        Ok(n)
            if n.checked_mul(16)
                .is_some_and(|b| b < isize::MAX as usize - data_offset) =>
        {
            Ok(shape)
        }
        _ => Err(too_large()),
    }
}

/// The header that NumPy writes for an array in C order and the machine's byte order: version 1.0, or
/// 2.0 where the text does not fit.
///
/// ```
/// use chunkwise_core::DType;
/// use chunkwise_storage::npy::{parse_header, write_header};
/// let bytes = write_header(DType::F64, &[3, 4]);
/// assert_eq!(bytes.len(), 128);
/// assert_eq!(parse_header(&bytes).unwrap().shape.as_slice(), [3, 4]);
/// ```
pub fn write_header(dtype: DType, shape: &[usize]) -> Vec<u8> {
    let order = match dtype.size() {
        1 => '|',
        _ if cfg!(target_endian = "little") => '<',
        _ => '>',
    };
    let kind = match dtype {
        DType::Bool => 'b',
        d if d.is_complex() => 'c',
        d if d.is_float() => 'f',
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => 'u',
        _ => 'i',
    };
    let size = dtype.size();
    let dims: Vec<String> = shape.iter().map(usize::to_string).collect();
    let tuple = match dims.as_slice() {
        [one] => format!("({one},)"),
        many => format!("({})", many.join(", ")),
    };
    let mut text =
        format!("{{'descr': '{order}{kind}{size}', 'fortran_order': False, 'shape': {tuple}, }}");
    // NumPy leaves room for the first axis to grow to 21 digits in place.
    if let Some(first) = dims.first() {
        text.push_str(&" ".repeat(21usize.saturating_sub(first.len())));
    }
    let padded = |prefix: usize| (prefix + text.len() + 1) / ALIGN * ALIGN + ALIGN - prefix;
    let mut out = MAGIC.to_vec();
    let len = match u16::try_from(padded(10)) {
        Ok(len) => {
            out.extend([1, 0]);
            out.extend(len.to_le_bytes());
            len as usize
        }
        Err(_) => {
            let len = padded(12);
            out.extend([2, 0]);
            out.extend((len as u32).to_le_bytes());
            len
        }
    };
    let spaces = len - text.len() - 1;
    out.extend(text.into_bytes());
    out.extend(std::iter::repeat_n(b' ', spaces));
    out.push(b'\n');
    out
}
