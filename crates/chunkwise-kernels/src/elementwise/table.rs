use chunkwise_core::DType;

use super::{Function, Kernel};

/// Every elementwise function, by name.
pub static FUNCTIONS: &[Function] = &[];

pub(super) fn cast(_from: DType, _to: DType) -> Kernel {
    |_, _, _| {}
}
