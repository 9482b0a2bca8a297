//! Encoded and decoded chunks on their way.

use std::cell::RefCell;

/// A thread keeps its buffers from chunk to chunk up to this size: fresh pages cost as much as decoding
/// into them. Larger ones would be memory that no limit knows of.
const KEPT: usize = 9 << 20;
/// The system's allocator for C gives what is larger than 32 MiB back as soon as it is freed, and may keep
/// what is smaller for later. Pages that are not touched take no memory.
const GIVEN_BACK: usize = (32 << 20) + 4096;

thread_local! {
    static BUFFERS: RefCell<(Vec<u8>, Vec<u8>)> = const { RefCell::new((Vec::new(), Vec::new())) };
}

/// Hands a thread's buffers for encoded and decoded bytes to a function that uses them for chunks of
/// `len` bytes.
pub(crate) fn with_buffers<T>(len: usize, run: impl FnOnce(&mut Vec<u8>, &mut Vec<u8>) -> T) -> T {
    BUFFERS.with_borrow_mut(|(encoded, decoded)| {
        if len > KEPT {
            for buffer in [&mut *encoded, &mut *decoded] {
                buffer.clear();
                buffer.reserve_exact(GIVEN_BACK.max(len));
            }
        }
        let result = run(encoded, decoded);
        for buffer in [encoded, decoded] {
            if buffer.capacity() > KEPT {
                *buffer = Vec::new();
            }
        }
        result
    })
}
