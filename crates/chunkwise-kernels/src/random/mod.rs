//! stub
use chunkwise_core::{DType, Result};
#[derive(Clone, Debug, PartialEq)]
pub struct RandomSpec {
    pub seed: u64,
    pub distribution: u8,
    pub dtype: DType,
}
impl RandomSpec {
    pub fn validate(&self) -> Result<()> {
        Ok(())
    }
}
