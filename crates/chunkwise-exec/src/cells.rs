use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chunkwise_core::{Chunk, Error, Grid, Pool, Region, Result, ViewMut};
use chunkwise_kernels::movement::copy;
use chunkwise_kernels::tile::State;
use chunkwise_plan::{CellRef, Picks, Plan};
use chunkwise_storage::{ScratchDir, ScratchFile};

use crate::evaluate::{Cells, copy_picks};

/// The cells that later tasks read: in memory, or in scratch files.
pub(crate) struct CellStore<'a> {
    plan: &'a Plan,
    cells: Mutex<HashMap<CellRef, Held>>,
    carries: Mutex<HashMap<(usize, usize), State>>,
    scratch: ScratchDir,
    /// Bytes read back since they were last asked for.
    loaded: AtomicU64,
}

#[derive(Clone)]
enum Held {
    Memory(Chunk),
    Scratch(Arc<ScratchFile>),
    /// Of a cell that was made elsewhere, the region that is read, counted from the cell's start.
    Part(Region, Chunk),
}

impl<'a> CellStore<'a> {
    pub(crate) fn new(plan: &'a Plan, scratch: ScratchDir) -> CellStore<'a> {
        CellStore {
            plan,
            cells: Mutex::default(),
            carries: Mutex::default(),
            scratch,
            loaded: AtomicU64::new(0),
        }
    }

    pub(crate) fn put(&self, cell: CellRef, chunk: Chunk) {
        self.lock().insert(cell, Held::Memory(chunk));
    }

    /// Takes in a region of a cell, counted from the cell's start.
    pub(crate) fn put_part(&self, cell: CellRef, region: Region, chunk: Chunk) {
        self.lock().insert(cell, Held::Part(region, chunk));
    }

    /// What tasks of scans have handed to others: the stage, the cell, the carry.
    pub(crate) fn carries_left(self) -> Vec<(usize, usize, State)> {
        let carries = self.carries.into_inner();
        let carries = carries.unwrap_or_else(PoisonError::into_inner);
        let mut left: Vec<(usize, usize, State)> = carries
            .into_iter()
            .map(|((stage, cell), carry)| (stage, cell, carry))
            .collect();
        left.sort_unstable_by_key(|(stage, cell, _)| (*stage, *cell));
        left
    }

    pub(crate) fn put_carry(&self, stage: usize, cell: usize, carry: State) {
        let mut carries = self.carries.lock().unwrap_or_else(PoisonError::into_inner);
        carries.insert((stage, cell), carry);
    }

    pub(crate) fn remove(&self, cell: &CellRef) {
        self.lock().remove(cell);
    }

    /// Writes a cell to a scratch file and gives its memory back; answers its bytes.
    pub(crate) fn spill(&self, cell: &CellRef) -> Result<u64> {
        let held = self.lock().get(cell).cloned();
        let Some(Held::Memory(chunk)) = held else {
            return Ok(0);
        };
        let of = &self.plan.stages[cell.stage].outputs[cell.output];
        let file = match &of.read_in {
            Some(parts) => {
                let own = of.grid.region(&of.grid.unravel(cell.cell));
                let axes = parts.axes().iter().enumerate();
                let cut = Grid::new(axes.map(|(a, axis)| axis.slice(own.range(a))));
                self.scratch.store_in_parts(&chunk, cut)?
            }
            None => self.scratch.store(&chunk)?,
        };
        self.lock()
            .insert(cell.clone(), Held::Scratch(Arc::new(file)));
        Ok(chunk.nbytes() as u64)
    }

    /// Bytes read back from scratch files since the last call.
    pub(crate) fn take_loaded(&self) -> u64 {
        match self.loaded.load(Ordering::Relaxed) {
            0 => 0,
            _ => self.loaded.swap(0, Ordering::Relaxed),
        }
    }

    fn note_loaded(&self, bytes: usize) {
        self.loaded.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// A cell, read back where it is in scratch.
    pub(crate) fn get(&self, cell: &CellRef, pool: &Pool) -> Result<Chunk> {
        match self.held(cell)? {
            Held::Memory(chunk) => Ok(chunk),
            Held::Scratch(file) => {
                self.note_loaded(file.nbytes() as usize);
                file.load(pool)
            }
            Held::Part(region, chunk) => {
                let of = &self.plan.stages[cell.stage].outputs[cell.output];
                let whole = Region::whole(&of.grid.region(&of.grid.unravel(cell.cell)).shape);
                within(cell, &region, &chunk, &whole)
            }
        }
    }

    fn held(&self, cell: &CellRef) -> Result<Held> {
        let held = self.lock().get(cell).cloned();
        held.ok_or_else(|| Error::internal("executor", format!("cell {cell:?} is not there")))
    }

    /// A region of a cell, counted from the cell's start: of a cell in scratch, nothing else is read.
    fn part(&self, cell: &CellRef, region: &Region, pool: &Pool) -> Result<Chunk> {
        let held = self.lock().get(cell).cloned();
        match held {
            Some(Held::Scratch(file)) if region.shape.as_slice() != file.shape() => {
                self.note_loaded(region.len() * file.dtype().size());
                Chunk::build(pool, file.dtype(), &region.shape, |out| {
                    file.read(region, out)
                })
            }
            Some(Held::Part(own, chunk)) => within(cell, &own, &chunk, region),
            _ => self.get(cell, pool)?.region(region),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<CellRef, Held>> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A region of a cell of which the region `own` is there.
fn within(cell: &CellRef, own: &Region, chunk: &Chunk, region: &Region) -> Result<Chunk> {
    let fits = (0..own.ndim()).all(|a| own.start[a] <= region.start[a]);
    if !fits || (0..own.ndim()).any(|a| region.end(a) > own.end(a)) {
        return Err(Error::internal(
            "executor",
            format!("of cell {cell:?} {own:?} is there, not {region:?}"),
        ));
    }
    chunk.region(&region.relative_to(&own.start))
}

impl Cells for CellStore<'_> {
    fn region(&self, stage: usize, output: usize, region: &Region, pool: &Pool) -> Result<Chunk> {
        let of = &self.plan.stages[stage].outputs[output];
        let grid = &of.grid;
        let reference = |cell: usize| CellRef {
            stage,
            output,
            cell,
        };
        let mut covering = grid.covering(region);
        let first = covering.next();
        if let (Some(index), None) = (&first, covering.next()) {
            let within = region.relative_to(&grid.region(index).start);
            return self.part(&reference(grid.ravel(index)), &within, pool);
        }
        Chunk::build(pool, of.dtype, &region.shape, |mut out| {
            for index in grid.covering(region) {
                let own = grid.region(&index);
                let Some(part) = own.intersect(region) else {
                    continue;
                };
                let within = part.relative_to(&own.start);
                let from = self.part(&reference(grid.ravel(&index)), &within, pool)?;
                copy(
                    &from.view(),
                    &mut out.region(&part.relative_to(&region.start)),
                )?;
            }
            Ok(())
        })
    }

    fn picked(
        &self,
        stage: usize,
        output: usize,
        picks: &Picks,
        pool: &Pool,
    ) -> Result<Option<Chunk>> {
        let of = &self.plan.stages[stage].outputs[output];
        let grid = &of.grid;
        let bounds = picks.bounds();
        let reference = |index: &[usize]| CellRef {
            stage,
            output,
            cell: grid.ravel(index),
        };
        let mut covering = grid.covering(&bounds);
        if let (Some(index), None) = (covering.next(), covering.next())
            && !matches!(self.held(&reference(&index))?, Held::Scratch(_))
        {
            return Ok(None);
        }
        let chunk = Chunk::build(pool, of.dtype, picks.shape(), |mut out| {
            for index in grid.covering(&bounds) {
                let own = grid.region(&index);
                let Some((place, picks)) = picks.within(&own) else {
                    continue;
                };
                let (cell, mut out) = (reference(&index), out.region(&place));
                let held = self.held(&cell)?;
                let item = match &held {
                    Held::Scratch(file) => file.dtype().size(),
                    // What lies in memory is there at once.
                    Held::Memory(_) | Held::Part(..) => 0,
                };
                for (place, part) in picks.parts(item, |_| true) {
                    let within = part.bounds().relative_to(&own.start);
                    let from = match &held {
                        Held::Memory(chunk) => chunk.region(&within)?,
                        _ => self.part(&cell, &within, pool)?,
                    };
                    copy_picks(&from.view(), &part, &mut out.region(&place))?;
                }
            }
            Ok::<_, Error>(())
        })?;
        Ok(Some(chunk))
    }

    fn fill(
        &self,
        stage: usize,
        output: usize,
        region: &Region,
        mut out: ViewMut<'_>,
    ) -> Result<()> {
        let grid = &self.plan.stages[stage].outputs[output].grid;
        for index in grid.covering(region) {
            let own = grid.region(&index);
            let Some(part) = own.intersect(region) else {
                continue;
            };
            let within = part.relative_to(&own.start);
            let mut target = out.region(&part.relative_to(&region.start));
            let cell = CellRef {
                stage,
                output,
                cell: grid.ravel(&index),
            };
            match self.held(&cell)? {
                Held::Memory(chunk) => copy(&chunk.view().region(&within), &mut target)?,
                Held::Scratch(file) => {
                    self.note_loaded(within.len() * file.dtype().size());
                    file.read(&within, target)?
                }
                Held::Part(own, chunk) => {
                    let part = self::within(&cell, &own, &chunk, &within)?;
                    copy(&part.view(), &mut target)?
                }
            }
        }
        Ok(())
    }

    fn take_carry(&self, stage: usize, cell: usize) -> Result<State> {
        let mut carries = self.carries.lock().unwrap_or_else(PoisonError::into_inner);
        carries.remove(&(stage, cell)).ok_or_else(|| {
            Error::internal(
                "executor",
                format!("carry {cell} of stage {stage} is not there"),
            )
        })
    }
}
