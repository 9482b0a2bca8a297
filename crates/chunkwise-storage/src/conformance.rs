//! The script that every source and every sink passes. It gives a sentence about the first thing that
//! is wrong, so that any test harness can use it.

use std::sync::Arc;

use chunkwise_core::{Chunk, DType, Dims, Error, Grid, Pool, Region, Sink, Source, ViewMut};

/// What is wrong, in words.
pub type Finding = String;

/// Reads the whole of a source, empty regions and `rounds` random ones, into gapless and into strided
/// memory, from several threads, and compares bytes with what it should hold.
pub fn check_source(source: &dyn Source, expected: &Chunk, rounds: usize) -> Result<(), Finding> {
    if source.shape() != expected.shape() || source.dtype() != expected.dtype() {
        return Err(format!(
            "{}: {:?} {} instead of {:?} {}",
            source.name(),
            source.shape(),
            source.dtype(),
            expected.shape(),
            expected.dtype()
        ));
    }
    if source
        .grid()
        .is_some_and(|g| g.shape().as_slice() != source.shape())
    {
        return Err(format!("{}: the grid has another shape", source.name()));
    }
    let whole = Region::whole(source.shape());
    check_region(source, expected, &whole)?;
    for axis in 0..whole.ndim() {
        let mut empty = whole.clone();
        (empty.start[axis], empty.shape[axis]) = (whole.shape[axis], 0);
        check_region(source, expected, &empty)?;
    }
    if let Some(view) = source.in_memory() {
        same(&whole, &bytes_of(&view)?, &bytes_of(&expected.view())?)?;
    }
    let threads = 3;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|t| {
                scope.spawn(move || {
                    let mut dice = Dice(0x9e37_79b9_7f4a_7c15 + t);
                    (0..rounds.div_ceil(threads as usize)).try_for_each(|_| {
                        check_region(source, expected, &dice.region(source.shape()))
                    })
                })
            })
            .collect();
        workers.into_iter().try_for_each(|w| {
            w.join()
                .unwrap_or_else(|_| Err("a reader panicked".to_owned()))
        })
    })?;
    match source.scratch_bytes(&whole) {
        bytes if bytes <= 64 << 20 || source.in_memory().is_some() => Ok(()),
        bytes => Err(format!("{}: stages {bytes} bytes", source.name())),
    }
}

fn check_region(source: &dyn Source, expected: &Chunk, region: &Region) -> Result<(), Finding> {
    let about = |e: Error| format!("{} {region}: {e}", source.name());
    let want = bytes_of(&expected.region(region).map_err(about)?.view())?;
    let pool = Pool::new(0);
    let gapless = Chunk::build(&pool, source.dtype(), &region.shape, |out| {
        source.read(region, out)
    });
    same(region, &bytes_of(&gapless.map_err(about)?.view())?, &want)?;
    // In the middle of a larger array, whose other elements must stay as they are.
    let outer: Dims = region.shape.iter().map(|n| n + 2).collect();
    let inner = Region::new(vec![1; region.ndim()], &region.shape);
    let strided = Chunk::build(&pool, source.dtype(), &outer, |mut out| {
        mark(&mut out);
        source.read(region, out.region(&inner))
    })
    .map_err(about)?;
    let got = strided.region(&inner).map_err(about)?;
    same(region, &bytes_of(&got.view())?, &want)?;
    let untouched = Chunk::build(&pool, source.dtype(), &outer, |mut out| {
        mark(&mut out);
        match out.region(&inner).copy_from(&got.view()) {
            true => Ok(()),
            false => Err(Error::internal("conformance", "a copy failed")),
        }
    })
    .map_err(about)?;
    if bytes_of(&strided.view())? != bytes_of(&untouched.view())? {
        return Err(format!(
            "{} {region}: wrote outside its view",
            source.name()
        ));
    }
    Ok(())
}

/// Writes `expected` through a sink that `create` makes, in pieces of random sizes, from several
/// threads, gapless and strided, and reads it back through `open` after the commit. Then writes half
/// of another array and aborts: `open` must still give the first.
pub fn check_sink<S: Sink>(
    create: impl Fn() -> Result<S, Error>,
    open: impl Fn() -> Result<Arc<dyn Source>, Error>,
    expected: &Chunk,
) -> Result<(), Finding> {
    let shape = expected.shape();
    let mut dice = Dice(88_172_645_463_325_252);
    let sink = create().map_err(|e| format!("create: {e}"))?;
    let pieces: Dims = shape
        .iter()
        .map(|n| 1 + dice.below(n.max(&1) / 2 + 1))
        .collect();
    let grid = sink.grid().unwrap_or_else(|| Grid::regular(shape, &pieces));
    write_all(&sink, &grid, expected)?;
    sink.commit().map_err(|e| format!("commit: {e}"))?;
    let zero = vec![0; shape.len()];
    let again = Region::new(&zero, &zero);
    let empty = expected.region(&again).map_err(|e| e.to_string())?;
    if !shape.is_empty() && sink.write(&again, empty.view()).is_ok() {
        return Err(format!("{}: writes after the commit", sink.name()));
    }
    drop(sink);
    let reopened = open().map_err(|e| format!("open: {e}"))?;
    check_source(&*reopened, expected, 30)?;
    drop(reopened);

    let sink = create().map_err(|e| format!("create again: {e}"))?;
    let half = Region::new(&zero, shape.iter().map(|n| n / 2).collect::<Dims>());
    let part = expected.region(&half).map_err(|e| e.to_string())?;
    sink.write(&half, part.view())
        .map_err(|e| format!("write: {e}"))?;
    sink.abort();
    drop(sink);
    let reopened = open().map_err(|e| format!("open after an abort: {e}"))?;
    check_source(&*reopened, expected, 3)
}

fn write_all(sink: &dyn Sink, grid: &Grid, data: &Chunk) -> Result<(), Finding> {
    let threads = 3;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|t| {
                scope.spawn(move || {
                    let mut dice = Dice(t as u64 + 1);
                    // Each thread its own chunks, last first.
                    for n in (0..grid.count()).rev().filter(|n| n % threads == t) {
                        let region = grid.region(&grid.unravel(n));
                        let part = data.region(&region).map_err(|e| e.to_string())?;
                        let part = match dice.below(2) {
                            0 => part,
                            _ => gapless(&part)?,
                        };
                        sink.write(&region, part.view())
                            .map_err(|e| format!("{} {region}: {e}", sink.name()))?;
                    }
                    Ok(())
                })
            })
            .collect();
        workers.into_iter().try_for_each(|w| {
            w.join()
                .unwrap_or_else(|_| Err("a writer panicked".to_owned()))
        })
    })
}

fn gapless(chunk: &Chunk) -> Result<Chunk, Finding> {
    let copied = Chunk::build(
        &Pool::new(0),
        chunk.dtype(),
        chunk.shape(),
        |mut out| match out.copy_from(&chunk.view()) {
            true => Ok(()),
            false => Err(Error::internal("conformance", "a copy failed")),
        },
    );
    copied.map_err(|e| e.to_string())
}

fn bytes_of(view: &chunkwise_core::View<'_>) -> Result<Vec<u8>, Finding> {
    let n: usize = view.shape().iter().product();
    let mut bytes = vec![0; n * view.dtype().size()];
    match view.copy_to_bytes(&mut bytes) {
        true => Ok(bytes),
        false => Err("a view has another size than its shape".to_owned()),
    }
}

fn same(region: &Region, got: &[u8], want: &[u8]) -> Result<(), Finding> {
    if got == want {
        return Ok(());
    }
    let at = got.iter().zip(want).position(|(a, b)| a != b);
    Err(format!(
        "{region}: differs from byte {at:?} on, of {}",
        want.len()
    ))
}

/// Fills with a value that data seldom has.
fn mark(out: &mut ViewMut<'_>) {
    let value = if out.dtype() == DType::Bool { 1 } else { 0xa5 };
    out.fill_bytes(|bytes| bytes.fill(value));
}

/// A xorshift generator (Marsaglia 2003): the script is the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n.max(1)
    }

    fn region(&mut self, shape: &[usize]) -> Region {
        let start: Dims = shape.iter().map(|n| self.below(n + 1)).collect();
        let extent: Dims = shape
            .iter()
            .zip(&start)
            .map(|(n, s)| self.below(n - s + 1))
            .collect();
        Region::new(start, extent)
    }
}
