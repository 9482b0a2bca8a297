/// Runs `$body` with the type alias `$T` bound to the Rust type of `$dtype`.
///
/// The groups are `all`, `numeric` (without `bool`), `integer`, `float`, `complex`, `inexact`,
/// `real` (integers and floats) and `ordered` (`bool` and `real`). A dtype outside the group runs
/// the `else` arm, which should make an error value: a missing case is never a panic.
///
/// ```
/// use chunkwise_core::{dispatch, DType};
/// let size = dispatch!(all DType::I16, T => size_of::<T>());
/// assert_eq!(size, 2);
/// let float = dispatch!(float DType::I16, T => Some(size_of::<T>()), else None);
/// assert_eq!(float, None);
/// ```
#[macro_export]
macro_rules! dispatch {
    (all $dtype:expr, $T:ident => $body:expr) => {
        $crate::dispatch!(@match $dtype, $T => $body, [Bool bool, I8 i8, I16 i16, I32 i32, I64 i64,
            U8 u8, U16 u16, U32 u32, U64 u64, F32 f32, F64 f64, C64 $crate::Complex32, C128 $crate::Complex64])
    };
    (numeric $dtype:expr, $T:ident => $body:expr, else $other:expr) => {
        $crate::dispatch!(@match $dtype, $T => $body, [I8 i8, I16 i16, I32 i32, I64 i64,
            U8 u8, U16 u16, U32 u32, U64 u64, F32 f32, F64 f64, C64 $crate::Complex32, C128 $crate::Complex64], $other)
    };
    (integer $dtype:expr, $T:ident => $body:expr, else $other:expr) => {
        $crate::dispatch!(@match $dtype, $T => $body, [I8 i8, I16 i16, I32 i32, I64 i64,
            U8 u8, U16 u16, U32 u32, U64 u64], $other)
    };
    (float $dtype:expr, $T:ident => $body:expr, else $other:expr) => {
        $crate::dispatch!(@match $dtype, $T => $body, [F32 f32, F64 f64], $other)
    };
    (complex $dtype:expr, $T:ident => $body:expr, else $other:expr) => {
        $crate::dispatch!(@match $dtype, $T => $body, [C64 $crate::Complex32, C128 $crate::Complex64], $other)
    };
    (inexact $dtype:expr, $T:ident => $body:expr, else $other:expr) => {
        $crate::dispatch!(@match $dtype, $T => $body, [F32 f32, F64 f64, C64 $crate::Complex32, C128 $crate::Complex64], $other)
    };
    (real $dtype:expr, $T:ident => $body:expr, else $other:expr) => {
        $crate::dispatch!(@match $dtype, $T => $body, [I8 i8, I16 i16, I32 i32, I64 i64,
            U8 u8, U16 u16, U32 u32, U64 u64, F32 f32, F64 f64], $other)
    };
    (ordered $dtype:expr, $T:ident => $body:expr, else $other:expr) => {
        $crate::dispatch!(@match $dtype, $T => $body, [Bool bool, I8 i8, I16 i16, I32 i32, I64 i64,
            U8 u8, U16 u16, U32 u32, U64 u64, F32 f32, F64 f64], $other)
    };
    (@match $dtype:expr, $T:ident => $body:expr, [$($d:ident $t:ty),*] $(, $other:expr)?) => {
        match $dtype {
            $($crate::DType::$d => { #[allow(dead_code)] type $T = $t; $body })*
            $(#[allow(unreachable_patterns)] _ => $other)?
        }
    };
}
