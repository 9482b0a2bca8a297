use chunkwise_core::{Buffer, Chunk, Error, Pool, Result};

use crate::reduce::Reducer;

/// What a reduction knows of the elements seen so far, for each of its cells.
#[derive(Debug)]
pub struct State {
    buffer: Buffer,
    reducer: Reducer,
    cells: usize,
}

impl State {
    /// A state that has seen nothing.
    pub fn new(pool: &Pool, reducer: &Reducer, cells: usize) -> Result<State> {
        let mut state = State {
            buffer: pool.alloc(reducer.state_len(cells))?,
            reducer: *reducer,
            cells,
        };
        let data = state.data()?;
        // SAFETY: pooled buffers start on a cache line and this one has the length asked for.
        unsafe { reducer.init(data, cells) };
        Ok(state)
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// What it is a state of.
    pub fn reducer(&self) -> &Reducer {
        &self.reducer
    }

    /// Bytes that it holds.
    pub fn nbytes(&self) -> usize {
        self.buffer.len()
    }

    /// Its bytes, to be sent: [`from_bytes`](Self::from_bytes) is the way back.
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: an initialised state, which has no other writer while it is shared.
        unsafe { std::slice::from_raw_parts(self.buffer.as_ptr(), self.buffer.len()) }
    }

    /// The state whose bytes these are.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for bytes that are no state of this reduction over so many cells.
    pub fn from_bytes(pool: &Pool, reducer: &Reducer, cells: usize, bytes: &[u8]) -> Result<State> {
        // No state has less than a byte for each cell, and no sum of this size overflows.
        let cells_fit = cells <= bytes.len();
        let expected = reducer.state_len(cells.min(bytes.len()));
        if !cells_fit || bytes.len() != expected || !reducer.holds(bytes, cells) {
            return Err(Error::argument(
                "reading a state",
                "bytes",
                bytes.len(),
                format!("no state of {reducer:?} over {cells} cells, which has {expected}"),
            ));
        }
        let mut state = State::new(pool, reducer, cells)?;
        let data = state.data()?;
        // SAFETY: both have this many bytes, and the state's are its own.
        unsafe { data.copy_from_nonoverlapping(bytes.as_ptr(), expected) };
        Ok(state)
    }

    /// Takes in a state of the same reduction over later elements.
    pub fn merge(&mut self, later: &State) -> Result<()> {
        if self.cells != later.cells || self.buffer.len() != later.buffer.len() {
            return Err(Error::internal(
                "reduce",
                "merging states of different shapes",
            ));
        }
        let (data, cells, reducer) = (self.data()?, self.cells, self.reducer);
        // SAFETY: both are initialised states of this many cells, in separate buffers.
        unsafe { reducer.merge(data, later.buffer.as_ptr(), cells) };
        Ok(())
    }

    /// The results, as a chunk of this shape with `cells * outputs_per_cell` elements.
    pub fn finish(&self, pool: &Pool, shape: &[usize]) -> Result<Chunk> {
        let elements: usize = shape.iter().product();
        if elements != self.cells * self.reducer.outputs_per_cell {
            return Err(Error::internal(
                "reduce",
                format!("{} cells as {shape:?}", self.cells),
            ));
        }
        Chunk::build(pool, self.reducer.output, shape, |mut out| {
            // Booleans are made 0 or 1: a state may have come as bytes.
            let done = out.fill_bytes(|out| {
                // SAFETY: an initialised state, and room for the elements it gives.
                unsafe {
                    self.reducer
                        .finish(self.buffer.as_ptr(), self.cells, out.as_mut_ptr())
                }
            });
            done.unwrap_or_else(|| Err(Error::internal("reduce", "a result with gaps")))
        })
    }

    pub(crate) fn data(&mut self) -> Result<*mut u8> {
        self.buffer
            .as_mut_ptr()
            .ok_or_else(|| Error::internal("reduce", "a state's buffer is not writable"))
    }
}
