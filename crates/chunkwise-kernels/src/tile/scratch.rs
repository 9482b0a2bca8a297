use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;

/// A thread's tile registers, kept from one run to the next.
#[derive(Debug, Default)]
pub struct Scratch {
    data: Option<(NonNull<u8>, Layout)>,
}

// SAFETY: it owns its memory.
unsafe impl Send for Scratch {}

impl Scratch {
    /// No memory yet.
    pub fn new() -> Scratch {
        Scratch::default()
    }

    /// At least `bytes` bytes, aligned to a cache line; null where there is no memory.
    pub(super) fn reserve(&mut self, bytes: usize) -> *mut u8 {
        if let Some((data, layout)) = self.data
            && layout.size() >= bytes
        {
            return data.as_ptr();
        }
        self.release();
        let Ok(layout) = Layout::from_size_align(bytes.max(64).next_power_of_two(), 64) else {
            return std::ptr::null_mut();
        };
        // SAFETY: the layout's size is not zero.
        let fresh = NonNull::new(unsafe { alloc_zeroed(layout) });
        self.data = fresh.map(|data| (data, layout));
        fresh.map_or(std::ptr::null_mut(), NonNull::as_ptr)
    }

    fn release(&mut self) {
        if let Some((data, layout)) = self.data.take() {
            // SAFETY: allocated in `reserve` with this layout, and not referred to any more.
            unsafe { dealloc(data.as_ptr(), layout) };
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.release();
    }
}
