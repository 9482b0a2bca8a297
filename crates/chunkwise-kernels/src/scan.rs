//! stub
use chunkwise_core::{DType, Kind, Result};
#[derive(Debug)]
pub struct Scan {
    pub name: &'static str,
}
pub static SCANS: &[Scan] = &[
    Scan { name: "cumsum" },
    Scan { name: "cumprod" },
    Scan { name: "nancumsum" },
    Scan { name: "nancumprod" },
];
impl Scan {
    pub fn output_dtype(&self, d: DType) -> Result<DType> {
        Ok(match d.kind() {
            Kind::Bool | Kind::Signed => DType::I64,
            Kind::Unsigned => DType::U64,
            _ => d,
        })
    }
}
