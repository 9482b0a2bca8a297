//! stub
use chunkwise_core::{DType, Result};
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    pub ddof: f64,
    pub k: isize,
}
pub struct Reduction {
    pub name: &'static str,
}
impl std::fmt::Debug for Reduction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
impl Reduction {
    pub fn output_dtype(&self, d: DType) -> Result<DType> {
        Ok(d)
    }
    pub fn has_identity(&self) -> bool {
        true
    }
    pub fn is_topk(&self) -> bool {
        false
    }
}
