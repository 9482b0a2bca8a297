use std::sync::atomic::{AtomicBool, Ordering};

use chunkwise_core::{DType, Error, Result, Strides, View, ViewMut};
use smallvec::{SmallVec, smallvec};

use super::layout::{Steps, Walk, Walker};
use super::program::{Origin, Program};
use super::{Scratch, State};
use crate::elementwise::Operand;
use crate::movement::{copy, gather_tile, scatter_tile};
use crate::random::Sampler;
use crate::reduce::Tile;

/// Where the elements of a leaf come from. Steps are per axis of the region.
#[derive(Debug)]
pub enum Leaf<'a> {
    /// Memory, shaped as the region; broadcast axes have stride zero.
    Memory(View<'a>),
    /// Random numbers: the element index at the region's start, and its steps.
    Random {
        /// What makes them.
        sampler: &'a Sampler,
        /// Element index at the start.
        start: u64,
        /// Element indices per step.
        steps: Strides,
    },
    /// An index: its value at the region's start, and its steps; `i64`.
    Index {
        /// Value at the start.
        start: i64,
        /// Values per step.
        steps: Strides,
    },
}

/// Where the elements of an output go.
#[derive(Debug)]
pub enum Output<'a> {
    /// Memory, shaped as the region.
    Store(ViewMut<'a>),
    /// A reduction.
    Reduce(Accumulator<'a>),
}

/// A reduction that takes in the elements of a region.
#[derive(Debug)]
pub struct Accumulator<'a> {
    /// What it knows.
    pub state: &'a mut State,
    /// Cells per step along each axis of the region; zero along reduced axes.
    pub cells: Strides,
    /// Index, among the reduced elements of a cell, of the region's start.
    pub index: u64,
    /// Its steps along each axis.
    pub index_steps: Strides,
}

/// Runs a program over a region of shape `shape`. Stops within a tile once `cancelled` is set.
pub fn run(
    program: &Program,
    shape: &[usize],
    leaves: &[Leaf<'_>],
    outputs: &mut [Output<'_>],
    scratch: &mut Scratch,
    cancelled: &AtomicBool,
) -> Result<()> {
    check(program, shape, leaves, outputs)?;
    if shape.contains(&0) {
        return Ok(());
    }
    // Nothing to compute and one place to put it: a copy.
    if let [Output::Store(out)] = outputs {
        let value = &program.values[program.outputs()[0].index()];
        match (&value.origin, program.output_leaf(0).map(|n| &leaves[n])) {
            (_, Some(Leaf::Memory(view))) => return copy(view, out),
            (Origin::Constant(bytes), _) => {
                let still = Strides::from_elem(0, shape.len());
                // SAFETY: every index is the one element, which is the constant in its dtype.
                let view =
                    unsafe { View::from_raw(bytes.as_ptr(), value.dtype, shape.into(), still) };
                return copy(&view, out);
            }
            _ => {}
        }
    }
    let direct = program.operations().next().is_none()
        && leaves.iter().all(|l| matches!(l, Leaf::Memory(_)))
        && outputs.iter().all(|o| matches!(o, Output::Reduce(_)));
    let walk = plan(program, shape, leaves, outputs, direct);
    if !direct && walk.tile.0 * walk.tile.1 > super::TILE {
        return Err(Error::internal(
            "tile",
            format!("a tile of {:?}", walk.tile),
        ));
    }
    let base = scratch.reserve(program.scratch_bytes());
    if base.is_null() {
        return Err(Error::OutOfMemory {
            bytes: program.scratch_bytes() as u64,
        });
    }
    let mut tiles = Tiles::new(program, &walk, leaves, outputs, base, direct)?;

    let axes = walk.lens.len();
    let (rows, cols) = (walk.lens[axes - 2], walk.lens[axes - 1]);
    let outer = &walk.lens[..axes - 2];
    let mut index: SmallVec<[usize; 6]> = smallvec![0; outer.len()];
    loop {
        for row in (0..rows).step_by(walk.tile.0) {
            for col in (0..cols).step_by(walk.tile.1) {
                if cancelled.load(Ordering::Relaxed) {
                    return Err(Error::Cancelled);
                }
                let size = (walk.tile.0.min(rows - row), walk.tile.1.min(cols - col));
                // SAFETY: the walk stays within the region, which `check` found all leaves and
                // outputs to cover.
                unsafe { tiles.run(&index, (row, col), size) };
            }
        }
        if !advance(&mut index, outer) {
            return Ok(());
        }
    }
}

/// The next index in C order; `false` after the last.
fn advance(index: &mut [usize], lens: &[usize]) -> bool {
    for axis in (0..lens.len()).rev() {
        index[axis] += 1;
        if index[axis] < lens[axis] {
            return true;
        }
        index[axis] = 0;
    }
    false
}

/// Everything that the unsafe code below relies on.
fn check(
    program: &Program,
    shape: &[usize],
    leaves: &[Leaf<'_>],
    outputs: &[Output<'_>],
) -> Result<()> {
    let wrong = |what: &str| {
        Err(Error::internal(
            "tile",
            format!("{what} for region {shape:?}"),
        ))
    };
    if leaves.len() != program.leaves() || outputs.len() != program.outputs().len() {
        return wrong("wrong number of leaves or outputs");
    }
    for definition in &program.values {
        let Origin::Leaf(n) = definition.origin else {
            continue;
        };
        let (dtype, fits) = match &leaves[n] {
            Leaf::Memory(view) => (view.dtype(), view.shape() == shape),
            Leaf::Random { sampler, steps, .. } => (sampler.dtype(), steps.len() == shape.len()),
            Leaf::Index { steps, .. } => (DType::I64, steps.len() == shape.len()),
        };
        if dtype != definition.dtype || !fits {
            return wrong("leaf of another dtype or shape");
        }
    }
    for (output, value) in outputs.iter().zip(program.outputs()) {
        let dtype = program.dtype(*value);
        let fits = match output {
            Output::Store(view) => view.dtype() == dtype && view.shape() == shape,
            Output::Reduce(a) => {
                let last: isize = a
                    .cells
                    .iter()
                    .zip(shape)
                    .map(|(step, len)| step * (len.saturating_sub(1)) as isize)
                    .sum();
                a.cells.len() == shape.len()
                    && a.index_steps.len() == shape.len()
                    && a.cells.iter().all(|s| *s >= 0)
                    && (shape.contains(&0) || (last as usize) < a.state.cells())
                    && a.state.reducer().input == dtype
            }
        };
        if !fits {
            return wrong("output of another dtype or shape");
        }
    }
    Ok(())
}

fn plan(
    program: &Program,
    shape: &[usize],
    leaves: &[Leaf<'_>],
    outputs: &[Output<'_>],
    direct: bool,
) -> Walk {
    let mut walkers: SmallVec<[Walker; 8]> = SmallVec::new();
    let walker = |steps: &[isize], unit: isize, weight: u32| Walker {
        steps: steps.into(),
        unit,
        strict: false,
        weight,
    };
    for leaf in leaves {
        walkers.push(match leaf {
            Leaf::Memory(v) => walker(v.strides(), v.dtype().size() as isize, 2),
            Leaf::Random { steps, .. } => walker(steps, 1, 8),
            Leaf::Index { steps, .. } => walker(steps, 1, 0),
        });
    }
    for output in outputs {
        match output {
            Output::Store(v) => walkers.push(walker(v.strides(), v.dtype().size() as isize, 3)),
            Output::Reduce(a) => {
                walkers.push(Walker {
                    strict: true,
                    ..walker(&a.cells, 1, 0)
                });
                if a.state.reducer().needs_index {
                    walkers.push(walker(&a.index_steps, 1, 0));
                }
            }
        }
    }
    let columns = |axis: usize| {
        outputs.iter().any(|o| match o {
            Output::Reduce(a) => a.cells[axis] != 0,
            Output::Store(_) => false,
        })
    };
    debug_assert!(program.outputs().len() == outputs.len());
    Walk::plan(shape, &walkers, columns, direct)
}

/// A leaf on the walk.
struct Load<'a> {
    source: Place<'a>,
    steps: Steps,
    dtype: DType,
}

enum Place<'a> {
    /// Memory at the region's start; whether every element is aligned.
    Memory(*const u8, bool),
    Random(&'a Sampler, u64),
    Index(i64),
}

#[expect(
    clippy::large_enum_variant,
    reason = "a handful for each run, and looked at for each tile"
)]
enum Target {
    Store {
        ptr: *mut u8,
        steps: Steps,
        item: usize,
        aligned: bool,
    },
    Reduce {
        state: *mut u8,
        cells: usize,
        reducer: crate::reduce::Reducer,
        steps: Steps,
        index: u64,
        index_steps: Steps,
    },
}

struct Tiles<'a> {
    program: &'a Program,
    loads: SmallVec<[Load<'a>; 4]>,
    targets: SmallVec<[Target; 2]>,
    /// Where each value's tile is now; a splat stands for all elements.
    tiles: Vec<Operand>,
    registers: *mut u8,
    register_bytes: usize,
    axes: usize,
    direct: bool,
}

impl<'a> Tiles<'a> {
    fn new(
        program: &'a Program,
        walk: &Walk,
        leaves: &[Leaf<'a>],
        outputs: &mut [Output<'_>],
        registers: *mut u8,
        direct: bool,
    ) -> Result<Tiles<'a>> {
        let loads = leaves
            .iter()
            .map(|leaf| match leaf {
                Leaf::Memory(view) => Load {
                    source: Place::Memory(
                        view.as_ptr(),
                        is_aligned(view.as_ptr(), view.strides(), view.dtype()),
                    ),
                    steps: walk.steps(view.strides()),
                    dtype: view.dtype(),
                },
                Leaf::Random {
                    sampler,
                    start,
                    steps,
                } => Load {
                    source: Place::Random(sampler, *start),
                    steps: walk.steps(steps),
                    dtype: sampler.dtype(),
                },
                Leaf::Index { start, steps } => Load {
                    source: Place::Index(*start),
                    steps: walk.steps(steps),
                    dtype: DType::I64,
                },
            })
            .collect();
        let targets = outputs
            .iter_mut()
            .map(|output| {
                Ok(match output {
                    Output::Store(view) => Target::Store {
                        ptr: view.as_mut_ptr(),
                        aligned: is_aligned(view.as_mut_ptr(), view.strides(), view.dtype()),
                        steps: walk.steps(view.strides()),
                        item: view.dtype().size(),
                    },
                    Output::Reduce(a) => Target::Reduce {
                        cells: a.state.cells(),
                        reducer: *a.state.reducer(),
                        state: a.state.data()?,
                        steps: walk.steps(&a.cells),
                        index: a.index,
                        index_steps: walk.steps(&a.index_steps),
                    },
                })
            })
            .collect::<Result<_>>()?;
        let tiles = program
            .values
            .iter()
            .map(|d| match &d.origin {
                Origin::Constant(bytes) => Operand {
                    ptr: bytes.as_ptr(),
                    splat: true,
                },
                _ => Operand {
                    ptr: std::ptr::null(),
                    splat: false,
                },
            })
            .collect();
        Ok(Tiles {
            program,
            loads,
            targets,
            tiles,
            registers,
            register_bytes: program.register_bytes(),
            axes: walk.lens.len(),
            direct,
        })
    }

    /// Computes one tile.
    ///
    /// # Safety
    /// The tile lies within the region for which the leaves and outputs were checked.
    unsafe fn run(&mut self, outer: &[usize], at: (usize, usize), size: (usize, usize)) {
        let n = size.0 * size.1;
        let program = self.program;
        // Where an output lies dense in memory, its last operation writes there at once.
        for (target, value) in self.targets.iter().zip(&program.outputs) {
            let i = value.index();
            if !matches!(program.values[i].origin, Origin::Apply { .. }) {
                continue;
            }
            self.tiles[i].ptr = self.register(i);
            if let Target::Store {
                ptr,
                steps,
                item,
                aligned: true,
            } = target
                && is_dense(steps, self.axes, size, *item)
            {
                self.tiles[i].ptr = ptr.wrapping_offset(self.offset(steps, outer, at));
            }
        }
        for &value in &program.order {
            let i = value.index();
            match &program.values[i].origin {
                Origin::Constant(_) => {}
                Origin::Leaf(leaf) => {
                    // SAFETY: as for this function.
                    self.tiles[i] = unsafe { self.load(*leaf, i, outer, at, size) };
                }
                Origin::Apply { kernel, args } => {
                    let mut operands = [Operand {
                        ptr: std::ptr::null(),
                        splat: false,
                    }; 3];
                    for (operand, arg) in operands.iter_mut().zip(args) {
                        *operand = self.tiles[arg.index()];
                    }
                    let is_output = program.outputs.contains(&value);
                    let out = if is_output {
                        self.tiles[i].ptr.cast_mut()
                    } else {
                        self.register(i)
                    };
                    self.tiles[i].ptr = out;
                    // SAFETY: operands hold n elements of the dtypes that the kernel takes, or are
                    // splats; `out` has room for n, and shares memory with an argument only where
                    // `Program::finish` gave both one register, their sizes being equal.
                    unsafe { kernel(out, &operands[..args.len()], n) };
                }
            }
        }
        for o in 0..self.targets.len() {
            // SAFETY: as for this function; every output's tile is computed.
            unsafe { self.store(o, outer, at, size) };
        }
    }

    fn register(&self, value: usize) -> *mut u8 {
        self.registers
            .wrapping_add(self.program.values[value].register * self.register_bytes)
    }

    /// The sum of the steps to the tile's first element.
    fn offset(&self, steps: &Steps, outer: &[usize], at: (usize, usize)) -> isize {
        let mut sum = steps[self.axes - 2] * at.0 as isize + steps[self.axes - 1] * at.1 as isize;
        for (step, i) in steps.iter().zip(outer) {
            sum += step * *i as isize;
        }
        sum
    }

    /// Brings a leaf's tile to where kernels can read it.
    ///
    /// # Safety
    /// As for [`run`](Self::run).
    unsafe fn load(
        &self,
        leaf: usize,
        value: usize,
        outer: &[usize],
        at: (usize, usize),
        size: (usize, usize),
    ) -> Operand {
        let Load {
            source,
            steps,
            dtype,
        } = &self.loads[leaf];
        let (row_step, col_step) = (steps[self.axes - 2], steps[self.axes - 1]);
        let offset = self.offset(steps, outer, at);
        let register = self.register(value);
        let item = dtype.size();
        let in_register = Operand {
            ptr: register,
            splat: false,
        };
        match source {
            Place::Memory(base, aligned) => {
                let ptr = base.wrapping_offset(offset);
                if self.direct && *aligned && col_step == item as isize {
                    return Operand { ptr, splat: false };
                }
                if *aligned && is_dense(steps, self.axes, size, item) {
                    return Operand { ptr, splat: false };
                }
                let still = |step: isize, len: usize| step == 0 || len == 1;
                if *aligned && still(row_step, size.0) && still(col_step, size.1) && !self.direct {
                    return Operand { ptr, splat: true };
                }
                if self.direct {
                    // Too large for a register: `store` takes it row by row.
                    return Operand { ptr, splat: false };
                }
                // SAFETY: the tile's elements are readable at these steps; a register has room.
                unsafe { gather_tile(register, ptr, item, size.0, size.1, row_step, col_step) };
                in_register
            }
            Place::Random(sampler, start) => {
                let first = start.wrapping_add_signed(offset as i64);
                let even = size.0 == 1 || row_step == col_step * size.1 as isize;
                let (runs, len) = if even { (1, size.0 * size.1) } else { size };
                for r in 0..runs {
                    let from = first.wrapping_add_signed((row_step * r as isize) as i64);
                    // SAFETY: a register has room for the tile, aligned to a cache line.
                    unsafe {
                        sampler.fill(from, col_step as i64, register.add(r * len * item), len)
                    };
                }
                in_register
            }
            Place::Index(start) => {
                let out = register.cast::<i64>();
                for r in 0..size.0 {
                    let from = start + (offset + row_step * r as isize) as i64;
                    for c in 0..size.1 {
                        // SAFETY: a register has room for the tile, aligned to a cache line.
                        unsafe {
                            out.add(r * size.1 + c)
                                .write(from + (col_step * c as isize) as i64)
                        };
                    }
                }
                in_register
            }
        }
    }

    /// Hands an output's tile on.
    ///
    /// # Safety
    /// As for [`run`](Self::run), and the output's value is computed.
    unsafe fn store(
        &self,
        output: usize,
        outer: &[usize],
        at: (usize, usize),
        size: (usize, usize),
    ) {
        let value = self.program.outputs[output];
        let definition = &self.program.values[value.index()];
        let tile = self.tiles[value.index()];
        let item = definition.dtype.size();
        match &self.targets[output] {
            Target::Store { ptr, steps, .. } => {
                let to = ptr.wrapping_offset(self.offset(steps, outer, at));
                if to.cast_const() == tile.ptr {
                    return;
                }
                let (row_step, col_step) = (steps[self.axes - 2], steps[self.axes - 1]);
                if tile.splat {
                    for r in 0..size.0 {
                        for c in 0..size.1 {
                            let at =
                                to.wrapping_offset(row_step * r as isize + col_step * c as isize);
                            // SAFETY: the tile's elements are writable at these steps; the splat
                            // holds one element.
                            unsafe { std::ptr::copy_nonoverlapping(tile.ptr, at, item) };
                        }
                    }
                } else {
                    // SAFETY: as above, the tile holding all elements in C order.
                    unsafe { scatter_tile(to, tile.ptr, item, size.0, size.1, row_step, col_step) };
                }
            }
            Target::Reduce {
                state,
                cells,
                reducer,
                steps,
                index,
                index_steps,
            } => {
                let leaf = match definition.origin {
                    Origin::Leaf(n) if self.direct => Some(&self.loads[n]),
                    _ => None,
                };
                let mut part = Tile {
                    ptr: tile.ptr,
                    rows: size.0,
                    cols: size.1,
                    row_stride: (size.1 * item) as isize,
                    cell: self.offset(steps, outer, at) as usize,
                    cell_row: steps[self.axes - 2] as usize,
                    cell_col: steps[self.axes - 1] as usize,
                    index: index.wrapping_add_signed(self.offset(index_steps, outer, at) as i64),
                    index_row: index_steps[self.axes - 2] as i64,
                    index_col: index_steps[self.axes - 1] as i64,
                };
                match leaf {
                    Some(Load {
                        source: Place::Memory(_, aligned),
                        steps: from,
                        ..
                    }) => {
                        let (row_step, col_step) = (from[self.axes - 2], from[self.axes - 1]);
                        if *aligned && col_step == item as isize {
                            part.row_stride = row_step;
                            // SAFETY: the tile's rows are readable in place and its cells exist.
                            unsafe { reducer.accumulate(*state, *cells, &part) };
                        } else {
                            // SAFETY: as above, piece by piece through a register.
                            unsafe { self.accumulate_gathered(output, part, (row_step, col_step)) };
                        }
                    }
                    _ if tile.splat => {
                        // SAFETY: a splat is an element that can be read again and again.
                        unsafe { self.accumulate_gathered(output, part, (0, 0)) };
                    }
                    // SAFETY: the tile is dense and its cells exist.
                    _ => unsafe { reducer.accumulate(*state, *cells, &part) },
                }
            }
        }
    }

    /// Accumulates a tile whose elements are not dense, by way of a register.
    ///
    /// # Safety
    /// The tile's elements are readable at these steps and its cells exist.
    unsafe fn accumulate_gathered(&self, output: usize, tile: Tile, steps: (isize, isize)) {
        let Target::Reduce {
            state,
            cells,
            reducer,
            ..
        } = &self.targets[output]
        else {
            return;
        };
        let item = reducer.input.size();
        // A constant output has no register of its own, and needs only a few elements.
        let mut own = [0u128; 128];
        let most = (size_of_val(&own) / item).min(super::TILE);
        let register = own.as_mut_ptr().cast::<u8>();
        let width = tile.cols.min(most);
        let height = (most / width).max(1);
        for row in (0..tile.rows).step_by(height) {
            for col in (0..tile.cols).step_by(width) {
                let (rows, cols) = (height.min(tile.rows - row), width.min(tile.cols - col));
                let from = tile
                    .ptr
                    .wrapping_offset(steps.0 * row as isize + steps.1 * col as isize);
                let part = Tile {
                    ptr: register,
                    rows,
                    cols,
                    row_stride: (cols * item) as isize,
                    cell: tile.cell + row * tile.cell_row + col * tile.cell_col,
                    index: tile.index.wrapping_add_signed(
                        tile.index_row * row as i64 + tile.index_col * col as i64,
                    ),
                    ..tile
                };
                // SAFETY: the piece lies within the tile and fits the register.
                unsafe {
                    gather_tile(register, from, item, rows, cols, steps.0, steps.1);
                    reducer.accumulate(*state, *cells, &part);
                }
            }
        }
    }
}

/// Whether a tile's elements follow each other in C order.
fn is_dense(steps: &Steps, axes: usize, size: (usize, usize), item: usize) -> bool {
    let item = item as isize;
    (size.1 == 1 || steps[axes - 1] == item)
        && (size.0 == 1 || steps[axes - 2] == item * size.1 as isize)
}

fn is_aligned(ptr: *const u8, strides: &[isize], dtype: DType) -> bool {
    let align = if dtype.is_complex() {
        dtype.size() / 2
    } else {
        dtype.size()
    };
    (ptr as usize).is_multiple_of(align) && strides.iter().all(|s| s % align as isize == 0)
}
