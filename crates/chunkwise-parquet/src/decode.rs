//! From pages to elements, a batch at a time.

use chunkwise_core::{Chunk, DType, Element, Region, Scalar, ViewMut};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{DataType, FixedLenByteArray};
use parquet::errors::ParquetError;

use crate::kind::Kind;

/// Values that are decoded at once: they stay in a core's cache until they are copied out.
pub(crate) const BATCH: usize = 16 << 10;

/// What can be wrong.
pub(crate) enum Fault {
    Parquet(ParquetError),
    /// A null that nothing stands for.
    Null,
    Short {
        expected: usize,
        got: usize,
    },
    Copy,
}

/// Fills `out` with a column's values behind the first `skip`.
pub(crate) fn decode(
    reader: ColumnReader,
    kind: &Kind,
    fill: Option<Scalar>,
    skip: usize,
    out: &mut ViewMut<'_>,
) -> Result<(), Fault> {
    use ColumnReader as R;
    let float = fill.map_or(f64::NAN, Scalar::to_f64);
    let int = match fill {
        Some(Scalar::Int(i)) => Some(i),
        Some(Scalar::Bool(b)) => Some(b as i128),
        _ => None,
    };
    macro_rules! ints {
        ($reader:expr, $($dtype:ident $t:ty),*) => {
            match kind.dtype {
                // The bits of a narrower or unsigned integer are the low ones.
                $(DType::$dtype => read($reader, skip, int.map(|i| i as $t), |v| *v as $t, out),)*
                _ => Err(Fault::Copy),
            }
        };
    }
    match reader {
        R::BoolColumnReader(r) => read(r, skip, int.map(|i| i != 0), |v| *v, out),
        R::FloatColumnReader(r) => read(r, skip, Some(float as f32), |v| *v, out),
        R::DoubleColumnReader(r) => read(r, skip, Some(float), |v| *v, out),
        R::Int32ColumnReader(r) => {
            ints!(r, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64)
        }
        R::Int64ColumnReader(r) => {
            ints!(r, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64)
        }
        R::Int96ColumnReader(r) => read(r, skip, int.map(|i| i as i64), |v| v.to_nanos(), out),
        R::FixedLenByteArrayColumnReader(r) => read(r, skip, Some(float as f32), half, out),
        R::ByteArrayColumnReader(_) => Err(Fault::Copy),
    }
}

fn half(bytes: &FixedLenByteArray) -> f32 {
    match bytes.data() {
        [low, high] => f16_to_f32(u16::from_le_bytes([*low, *high])),
        _ => f32::NAN,
    }
}

/// The value of a number of IEEE 754 binary16, which binary32 holds exactly.
fn f16_to_f32(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = ((bits >> 10) & 0x1f, (bits & 0x3ff) as f32);
    match exponent {
        0 => sign * fraction * (-24f32).exp2(),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * (exponent as f32 - 15.0).exp2(),
    }
}

fn read<D: DataType, T: Element>(
    mut reader: ColumnReaderImpl<D>,
    skip: usize,
    fill: Option<T>,
    convert: impl Fn(&D::T) -> T,
    out: &mut ViewMut<'_>,
) -> Result<(), Fault> {
    let len = out.shape().first().copied().unwrap_or(0);
    let skipped = reader.skip_records(skip).map_err(Fault::Parquet)?;
    if skipped < skip {
        return Err(Fault::Short {
            expected: skip + len,
            got: skipped,
        });
    }
    let mut values: Vec<D::T> = Vec::with_capacity(len.min(BATCH));
    let mut levels: Vec<i16> = Vec::new();
    let mut done = 0;
    while done < len {
        values.clear();
        levels.clear();
        let wanted = (len - done).min(BATCH);
        let (rows, present, _) = reader
            .read_records(wanted, Some(&mut levels), None, &mut values)
            .map_err(Fault::Parquet)?;
        if rows == 0 || values.len() < present {
            return Err(Fault::Short {
                expected: skip + len,
                got: skip + done,
            });
        }
        let part = Region::new([done], [rows]);
        let mut target = out.region(&part);
        let mut present_values = values.iter();
        // The level of a value that is there is 1, of a null 0: columns are not nested.
        let mut place = |slots: &mut [T]| -> Result<(), Fault> {
            if present == rows {
                for (slot, value) in slots.iter_mut().zip(&mut present_values) {
                    *slot = convert(value);
                }
                return Ok(());
            }
            for (slot, level) in slots.iter_mut().zip(&levels) {
                *slot = match level {
                    0 => fill.ok_or(Fault::Null)?,
                    _ => present_values.next().map(&convert).ok_or(Fault::Copy)?,
                };
            }
            Ok(())
        };
        match target.as_mut_slice::<T>() {
            Some(slots) => place(slots)?,
            None => {
                let mut made: Vec<T> = vec![T::default(); rows];
                place(&mut made)?;
                let chunk = Chunk::from_owner(made, &[rows]).map_err(|_| Fault::Copy)?;
                if !target.copy_from(&chunk.view()) {
                    return Err(Fault::Copy);
                }
            }
        }
        done += rows;
    }
    Ok(())
}
