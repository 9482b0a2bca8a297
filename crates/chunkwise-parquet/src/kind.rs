use chunkwise_core::DType;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::schema::types::ColumnDescriptor;

/// What a column's values are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kind {
    pub dtype: DType,
    /// In words.
    pub meaning: String,
}

/// The kind of a column of numbers, or why it is none.
pub(crate) fn kind_of(column: &ColumnDescriptor) -> Result<Kind, String> {
    if column.max_rep_level() > 0 || column.path().parts().len() > 1 {
        return Err("nested; columns of plain numbers can be read".to_owned());
    }
    let physical = column.physical_type();
    let (logical, converted) = (column.logical_type_ref(), column.converted_type());
    let plain = |dtype: DType| {
        Ok(Kind {
            dtype,
            meaning: dtype.name().to_owned(),
        })
    };
    let told = |dtype: DType, meaning: String| Ok(Kind { dtype, meaning });
    if let Some(integer) = integer(logical, converted) {
        return match (physical, integer) {
            (Type::INT32 | Type::INT64, dtype) => plain(dtype),
            (other, dtype) => Err(format!("{dtype} in {other}, which is no integer")),
        };
    }
    match (physical, logical, converted) {
        (_, Some(LogicalType::Decimal(_)), _) | (_, _, ConvertedType::DECIMAL) => {
            Err("decimal numbers, which no dtype holds".to_owned())
        }
        (Type::BOOLEAN, ..) => plain(DType::Bool),
        (Type::FLOAT, ..) => plain(DType::F32),
        (Type::DOUBLE, ..) => plain(DType::F64),
        (Type::INT96, ..) => told(
            DType::I64,
            "timestamp, nanoseconds since 1970 (int96)".to_owned(),
        ),
        (Type::INT32, Some(LogicalType::Date), _) | (Type::INT32, _, ConvertedType::DATE) => {
            told(DType::I32, "date, days since 1970".to_owned())
        }
        (Type::INT32 | Type::INT64, _, _) => {
            let dtype = match physical {
                Type::INT32 => DType::I32,
                _ => DType::I64,
            };
            let unit = |unit: &TimeUnit| match unit {
                TimeUnit::MILLIS => "milliseconds",
                TimeUnit::MICROS => "microseconds",
                TimeUnit::NANOS => "nanoseconds",
            };
            match (logical, converted) {
                (Some(LogicalType::Timestamp(t)), _) => {
                    told(dtype, format!("timestamp, {} since 1970", unit(&t.unit)))
                }
                (Some(LogicalType::Time(t)), _) => {
                    told(dtype, format!("time of day, {}", unit(&t.unit)))
                }
                (_, ConvertedType::TIMESTAMP_MILLIS) => {
                    told(dtype, "timestamp, milliseconds since 1970".to_owned())
                }
                (_, ConvertedType::TIMESTAMP_MICROS) => {
                    told(dtype, "timestamp, microseconds since 1970".to_owned())
                }
                _ => plain(dtype),
            }
        }
        (Type::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Float16), _) => {
            told(DType::F32, "float16, as float32".to_owned())
        }
        (Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY, ..) => {
            Err("text or bytes; columns of numbers can be read".to_owned())
        }
    }
}

/// The dtype of an integer whose width is said beside its physical type.
fn integer(logical: Option<&LogicalType>, converted: ConvertedType) -> Option<DType> {
    let (bits, signed) = match (logical, converted) {
        (Some(LogicalType::Integer(i)), _) => (i.bit_width, i.is_signed),
        (_, ConvertedType::INT_8) => (8, true),
        (_, ConvertedType::INT_16) => (16, true),
        (_, ConvertedType::INT_32) => (32, true),
        (_, ConvertedType::INT_64) => (64, true),
        (_, ConvertedType::UINT_8) => (8, false),
        (_, ConvertedType::UINT_16) => (16, false),
        (_, ConvertedType::UINT_32) => (32, false),
        (_, ConvertedType::UINT_64) => (64, false),
        _ => return None,
    };
    match (bits, signed) {
        (8, true) => Some(DType::I8),
        (16, true) => Some(DType::I16),
        (32, true) => Some(DType::I32),
        (64, true) => Some(DType::I64),
        (8, false) => Some(DType::U8),
        (16, false) => Some(DType::U16),
        (32, false) => Some(DType::U32),
        (64, false) => Some(DType::U64),
        _ => None,
    }
}
