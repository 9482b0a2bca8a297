use std::cell::Cell;

/// The most bytes that one thread stages at a time: they stay in its second-level cache until they
/// are copied out, and a system call costs little beside that copy.
pub(crate) const LIMIT: usize = 512 << 10;

thread_local! {
    static STAGING: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Lends this thread's staging memory, `len` bytes of arbitrary contents. It is kept for the next
/// call, so a thread never holds more than its largest request.
pub(crate) fn with<R>(len: usize, body: impl FnOnce(&mut [u8]) -> R) -> R {
    let mut bytes = STAGING.take();
    if bytes.len() < len {
        bytes.reserve_exact(len - bytes.len());
        bytes.resize(len, 0);
    }
    let result = body(&mut bytes[..len]);
    STAGING.set(bytes);
    result
}

/// Bytes that this thread keeps.
#[cfg(test)]
pub(crate) fn held() -> usize {
    let bytes = STAGING.take();
    let held = bytes.capacity();
    STAGING.set(bytes);
    held
}

#[cfg(test)]
mod tests {
    #[test]
    fn memory_is_kept_and_grows_exactly() {
        let first = super::with(1000, |b| b.as_ptr() as usize);
        assert_eq!(
            super::with(500, |b| (b.as_ptr() as usize, b.len())),
            (first, 500)
        );
        super::with(3001, |_| ());
        assert_eq!(super::held(), 3001);
    }
}
