//! stub
use chunkwise_core::{DType, Result};
#[derive(Debug)]
pub struct Scan {
    pub name: &'static str,
}
impl Scan {
    pub fn output_dtype(&self, d: DType) -> Result<DType> {
        Ok(d)
    }
}
