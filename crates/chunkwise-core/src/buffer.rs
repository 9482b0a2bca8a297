use std::alloc::{self, Layout};
use std::any::Any;
use std::collections::BTreeMap;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::{Error, Result};

/// Buffers start on a cache line.
const ALIGN: usize = 64;

/// From this size on, memory comes from the system in huge pages: the first touch of a fresh 4 KiB page
/// costs more than the arithmetic on it.
const HUGE: usize = 4 << 20;

/// Aligned, initialised bytes: either our own, which return to their [`Pool`], or borrowed from
/// another owner that is kept alive.
pub struct Buffer {
    data: NonNull<u8>,
    len: usize,
    owner: Owner,
}

enum Owner {
    Pooled {
        capacity: usize,
        pool: Arc<PoolState>,
    },
    Foreign(#[expect(dead_code, reason = "held for its drop")] Box<dyn Any + Send + Sync>),
}

// SAFETY: a buffer owns its bytes, or keeps alive an owner that is Send and Sync; writing needs
// `&mut`.
unsafe impl Send for Buffer {}
// SAFETY: as above; shared access only reads.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// A buffer over bytes of somebody else, read only, without a copy.
    pub fn foreign<T: crate::Element>(owner: impl AsRef<[T]> + Send + Sync + 'static) -> Buffer {
        let owner = Box::new(owner);
        let slice: &[T] = (*owner).as_ref();
        let (data, len) = (NonNull::from(slice).cast::<u8>(), size_of_val(slice));
        Buffer {
            data,
            len,
            owner: Owner::Foreign(owner),
        }
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first byte.
    pub fn as_ptr(&self) -> *const u8 {
        self.data.as_ptr()
    }

    /// The first byte, for writing; `None` where the bytes are somebody else's.
    pub fn as_mut_ptr(&mut self) -> Option<*mut u8> {
        match self.owner {
            Owner::Pooled { .. } => Some(self.data.as_ptr()),
            Owner::Foreign(_) => None,
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Owner::Pooled { capacity, pool } = &self.owner {
            pool.give_back(self.data, *capacity);
        }
    }
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Buffer({})", crate::format_bytes(self.len as u64))
    }
}

/// Where buffers come from: exact accounting of every byte handed out, and reuse of what was given
/// back. Cheap to clone; clones share the account.
#[derive(Clone)]
pub struct Pool(Arc<PoolState>);

struct PoolState {
    used: AtomicUsize,
    peak: AtomicUsize,
    /// Used and cached bytes together stay at or below this where dropping cached ones can do it.
    limit: usize,
    free: Mutex<Free>,
}

#[derive(Default)]
struct Free {
    cached: usize,
    by_capacity: BTreeMap<usize, Vec<Raw>>,
}

struct Raw(NonNull<u8>);
// SAFETY: an allocation that nobody refers to.
unsafe impl Send for Raw {}

impl Pool {
    /// A pool that keeps given-back memory for reuse while used and kept together stay below `limit`
    /// bytes. It accounts; refusing is the scheduler's part, which knows the plan.
    pub fn new(limit: usize) -> Pool {
        Pool(Arc::new(PoolState {
            used: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            limit,
            free: Mutex::new(Free::default()),
        }))
    }

    /// A buffer of `len` bytes. Its contents are initialised but arbitrary: zero where the memory is
    /// fresh, else what its last user left.
    pub fn alloc(&self, len: usize) -> Result<Buffer> {
        let capacity = capacity_for(len);
        let data = self.0.take(capacity)?;
        Ok(Buffer {
            data,
            len,
            owner: Owner::Pooled {
                capacity,
                pool: Arc::clone(&self.0),
            },
        })
    }

    /// The bytes that [`alloc`](Self::alloc) takes for a request: rounded up by at most an eighth.
    pub fn footprint(len: usize) -> usize {
        capacity_for(len)
    }

    /// Bytes handed out now.
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    /// The most bytes handed out at once since the start or [`reset_peak`](Self::reset_peak).
    pub fn peak(&self) -> usize {
        self.0.peak.load(Ordering::Relaxed)
    }

    /// Begins a new peak measurement.
    pub fn reset_peak(&self) {
        self.0.peak.store(self.used(), Ordering::Relaxed);
    }

    /// Whether both are the same account.
    pub fn is_same(&self, other: &Pool) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Bytes kept for reuse.
    pub fn cached(&self) -> usize {
        self.0.lock().cached
    }

    /// Gives all kept memory back to the system.
    pub fn trim(&self) {
        self.trim_to(0);
    }

    /// Gives kept memory back to the system but for so many bytes, largest buffers first.
    pub fn trim_to(&self, bytes: usize) {
        let mut free = self.0.lock();
        free.shrink_to(bytes);
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool {{ used: {}, peak: {} }}", self.used(), self.peak())
    }
}

/// Rounded up to a cache line, then to an eighth of its power of two, so that similar sizes share.
fn capacity_for(len: usize) -> usize {
    let step = (len.next_power_of_two() / 16).max(ALIGN);
    len.max(1).next_multiple_of(step)
}

impl PoolState {
    fn lock(&self) -> std::sync::MutexGuard<'_, Free> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, capacity: usize) -> Result<NonNull<u8>> {
        let used = self.used.fetch_add(capacity, Ordering::Relaxed) + capacity;
        self.peak.fetch_max(used, Ordering::Relaxed);
        let kept = {
            let mut free = self.lock();
            let kept = free.take(capacity);
            if kept.is_none() {
                free.shrink_to(self.limit.saturating_sub(used));
            }
            kept
        };
        if let Some(raw) = kept {
            return Ok(raw.0);
        }
        fresh(capacity).ok_or_else(|| {
            self.used.fetch_sub(capacity, Ordering::Relaxed);
            Error::OutOfMemory {
                bytes: capacity as u64,
            }
        })
    }

    fn give_back(&self, data: NonNull<u8>, capacity: usize) {
        let used = self.used.fetch_sub(capacity, Ordering::Relaxed) - capacity;
        let mut free = self.lock();
        free.cached += capacity;
        free.by_capacity
            .entry(capacity)
            .or_default()
            .push(Raw(data));
        free.shrink_to(self.limit.saturating_sub(used));
    }
}

impl Free {
    fn take(&mut self, capacity: usize) -> Option<Raw> {
        let raw = self.by_capacity.get_mut(&capacity)?.pop()?;
        self.cached -= capacity;
        Some(raw)
    }

    /// Returns memory to the system, largest first, until at most `target` bytes are kept.
    fn shrink_to(&mut self, target: usize) {
        while self.cached > target {
            let Some(mut entry) = self.by_capacity.last_entry() else {
                break;
            };
            let capacity = *entry.key();
            match entry.get_mut().pop() {
                Some(raw) => {
                    self.cached -= capacity;
                    release(raw.0, capacity);
                }
                None => {
                    entry.remove();
                }
            }
        }
    }
}

impl Drop for Free {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

/// Zeros that nobody refers to; `None` where there is no memory.
fn fresh(capacity: usize) -> Option<NonNull<u8>> {
    if pages::SERVED && capacity >= HUGE {
        return pages::map(capacity);
    }
    let layout = Layout::from_size_align(capacity, ALIGN).ok()?;
    // SAFETY: the layout's size is at least one cache line.
    NonNull::new(unsafe { alloc::alloc_zeroed(layout) })
}

fn release(data: NonNull<u8>, capacity: usize) {
    if pages::SERVED && capacity >= HUGE {
        // SAFETY: `fresh` mapped it with the same capacity, and the caller gives up the only reference.
        unsafe { pages::unmap(data, capacity) };
    } else if let Ok(layout) = Layout::from_size_align(capacity, ALIGN) {
        // SAFETY: `fresh` allocated it with the layout of the same capacity, and the caller gives up
        // the only reference.
        unsafe { alloc::dealloc(data.as_ptr(), layout) };
    }
}

/// Memory straight from the system. It is zero without being touched, so that its pages are made where
/// they are first written to, by the threads that do; a general allocator clears what is aligned this
/// way, on the thread that asks and before the system can be told to use huge pages.
#[cfg(target_os = "linux")]
mod pages {
    use std::ptr::{NonNull, null_mut};

    /// Whether there is such memory.
    pub const SERVED: bool = true;

    const ALIGN: usize = 2 << 20;

    /// New pages, from the start of a huge one on.
    pub fn map(capacity: usize) -> Option<NonNull<u8>> {
        let len = capacity.checked_add(ALIGN)?;
        let rights = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping of no file, at no given address, touches no memory that is in use.
        let at = unsafe { libc::mmap(null_mut(), len, rights, kind, -1, 0) };
        if at == libc::MAP_FAILED {
            return None;
        }
        let at = NonNull::new(at.cast::<u8>())?;
        let before = at.as_ptr().align_offset(ALIGN);
        // SAFETY: `before` is less than `ALIGN`, so both ends lie within the mapping, and what is
        // given back is what precedes and follows the capacity. The advice changes no contents.
        unsafe {
            let data = at.add(before);
            unmap(at, before);
            unmap(data.add(capacity), ALIGN - before);
            libc::madvise(data.as_ptr().cast(), capacity, libc::MADV_HUGEPAGE);
            Some(data)
        }
    }

    /// Gives pages back.
    ///
    /// # Safety
    /// They are of one mapping, whole, and nobody refers to them.
    pub unsafe fn unmap(data: NonNull<u8>, len: usize) {
        if len > 0 {
            // SAFETY: by the caller's promise. It fails only where the system cannot split a mapping;
            // then the pages stay until the process ends.
            unsafe { libc::munmap(data.as_ptr().cast(), len) };
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod pages {
    use std::ptr::NonNull;

    pub const SERVED: bool = false;

    pub fn map(_: usize) -> Option<NonNull<u8>> {
        None
    }

    /// # Safety
    /// Nothing is asked.
    pub unsafe fn unmap(_: NonNull<u8>, _: usize) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_exactly_and_reuses() {
        let pool = Pool::new(1 << 20);
        let a = pool.alloc(1000).unwrap();
        let b = pool.alloc(5000).unwrap();
        assert_eq!(pool.used(), Pool::footprint(1000) + Pool::footprint(5000));
        let at = a.as_ptr();
        drop(a);
        assert_eq!(pool.used(), Pool::footprint(5000));
        assert_eq!(pool.cached(), Pool::footprint(1000));
        assert_eq!(pool.alloc(1000).unwrap().as_ptr(), at);
        drop(b);
        assert_eq!(pool.used(), 0);
        assert_eq!(pool.peak(), Pool::footprint(1000) + Pool::footprint(5000));
    }

    #[test]
    fn keeps_no_more_than_its_limit() {
        let pool = Pool::new(100_000);
        let all: Vec<Buffer> = (0..10).map(|_| pool.alloc(30_000).unwrap()).collect();
        drop(all);
        assert!(pool.cached() <= 100_000);
        pool.trim();
        assert_eq!(pool.cached(), 0);
    }

    #[test]
    fn rounding_wastes_at_most_an_eighth() {
        for len in [1, 64, 65, 1000, 4097, 1_000_003, 5_000_000] {
            let c = Pool::footprint(len);
            assert!(c >= len && c <= len + (len / 8).max(64), "{len} {c}");
        }
    }

    #[test]
    fn large_buffers_are_zero_aligned_and_reused() {
        let pool = Pool::new(64 << 20);
        for len in [HUGE, HUGE + 1, 7_654_321, 33 << 20] {
            let mut buffer = pool.alloc(len).unwrap();
            let at = buffer.as_mut_ptr().unwrap();
            // SAFETY: the buffer has `len` bytes, and nobody else refers to them.
            let bytes = unsafe { std::slice::from_raw_parts_mut(at, len) };
            assert!(bytes.iter().all(|b| *b == 0), "{len}");
            assert_eq!(at.align_offset(ALIGN), 0);
            bytes.fill(7);
            drop(buffer);
            assert_eq!(pool.alloc(len).unwrap().as_ptr(), at.cast_const());
            pool.trim();
        }
        let absurd = Pool::new(0).alloc(1 << 60);
        assert!(matches!(absurd, Err(Error::OutOfMemory { .. })));
    }

    #[test]
    fn foreign_bytes_are_not_copied() {
        let v = vec![1.0f64, 2.0];
        let at = v.as_ptr().cast::<u8>();
        let b = Buffer::foreign(v);
        assert_eq!((b.as_ptr(), b.len()), (at, 16));
    }
}
