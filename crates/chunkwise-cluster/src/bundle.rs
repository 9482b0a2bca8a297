//! What fragments make and are given: named bytes.

use chunkwise_core::{Chunk, DType, Error, Pool, Region, Result};
use chunkwise_exec::{Item, reduction};
use chunkwise_kernels::reduce::Reducer;
use chunkwise_kernels::tile::State;
use chunkwise_plan::{CellRef, Plan, StageKind};
use serde::{Deserialize, Serialize};

/// What a fragment has made. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    label: Label,
    /// A cell's elements in C order, or the bytes of a state.
    chunk: Chunk,
}

/// What a part is: what is written into the header.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Label {
    stage: usize,
    output: usize,
    cell: usize,
    what: What,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum What {
    Cell {
        /// Where the region of the cell starts, if it is not the whole.
        start: Option<Vec<usize>>,
        shape: Vec<usize>,
        dtype: String,
    },
    Node {
        level: u32,
        place: usize,
        cells: usize,
        bytes: usize,
    },
    Carry {
        cells: usize,
        bytes: usize,
    },
}

impl Label {
    fn at(&self) -> CellRef {
        CellRef {
            stage: self.stage,
            output: self.output,
            cell: self.cell,
        }
    }
}

/// The shape and the dtype of a part's elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartForm {
    /// The shape.
    pub shape: Vec<usize>,
    /// The dtype.
    pub dtype: DType,
}

impl Bundle {
    /// A bundle of what a fragment has made. Cells that are small parts of larger buffers are copied:
    /// otherwise they would hold all of it.
    pub(crate) fn of(items: Vec<Item>, pool: &Pool) -> Result<Bundle> {
        let parts = items.into_iter().map(|item| {
            let at = item.at().clone();
            let (what, chunk) = match item {
                Item::Cell { region, chunk, .. } => {
                    let chunk = compact(chunk, pool)?;
                    let what = What::Cell {
                        start: region.map(|r| r.start.to_vec()),
                        shape: chunk.shape().to_vec(),
                        dtype: chunk.dtype().name().to_owned(),
                    };
                    (what, chunk)
                }
                Item::Node {
                    level,
                    place,
                    state,
                    ..
                } => {
                    let what = What::Node {
                        level,
                        place,
                        cells: state.cells(),
                        bytes: state.nbytes(),
                    };
                    (what, bytes_of(&state, pool)?)
                }
                Item::Carry { state, .. } => {
                    let (cells, bytes) = (state.cells(), state.nbytes());
                    (What::Carry { cells, bytes }, bytes_of(&state, pool)?)
                }
            };
            let label = Label {
                stage: at.stage,
                output: at.output,
                cell: at.cell,
                what,
            };
            Ok(Part { label, chunk })
        });
        Ok(Bundle {
            parts: parts.collect::<Result<_>>()?,
        })
    }

    /// Bytes of what it holds.
    pub fn nbytes(&self) -> usize {
        self.parts.iter().map(|p| p.chunk.nbytes()).sum()
    }

    /// What its parts are, as bytes.
    ///
    /// # Errors
    /// [`Error::Internal`] where that fails.
    pub fn header(&self) -> Result<Vec<u8>> {
        let labels: Vec<&Label> = self.parts.iter().map(|p| &p.label).collect();
        postcard::to_allocvec(&labels)
            .map_err(|e| Error::internal("cluster", format!("a bundle's header: {e}")))
    }

    /// The elements of its parts, each in C order without gaps.
    pub fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        self.parts.iter().map(|p| &p.chunk)
    }

    /// Shapes and dtypes of the parts that a header tells of.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for bytes that are no [`header`](Self::header).
    pub fn forms(header: &[u8]) -> Result<Vec<PartForm>> {
        labels(header)?.iter().map(form).collect()
    }

    /// The bundle with this header; the chunks have the [`forms`](Self::forms) that it tells of.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a header or chunks that do not fit.
    pub fn build(header: &[u8], chunks: Vec<Chunk>) -> Result<Bundle> {
        let labels = labels(header)?;
        if labels.len() != chunks.len() {
            return Err(wrong(header, format!("with {} chunks", chunks.len())));
        }
        let parts = labels.into_iter().zip(chunks).map(|(label, chunk)| {
            let expected = form(&label)?;
            if chunk.shape() != expected.shape || chunk.dtype() != expected.dtype {
                let got = (chunk.shape(), chunk.dtype());
                return Err(wrong(
                    header,
                    format!("of {expected:?}, where {got:?} came"),
                ));
            }
            Ok(Part { label, chunk })
        });
        Ok(Bundle {
            parts: parts.collect::<Result<_>>()?,
        })
    }

    /// What it holds, of this plan.
    pub(crate) fn items(&self, plan: &Plan, pool: &Pool) -> Result<Vec<Item>> {
        self.parts.iter().map(|p| item(p, plan, pool)).collect()
    }

    /// The cells of an output: each with its number and its elements.
    pub(crate) fn cells(
        &self,
        stage: usize,
        output: usize,
    ) -> impl Iterator<Item = (usize, &Chunk)> {
        let of = move |label: &Label| label.stage == stage && label.output == output;
        let cells = self.parts.iter().filter(move |p| of(&p.label));
        cells.filter_map(|p| match &p.label.what {
            What::Cell { start: None, .. } => Some((p.label.cell, &p.chunk)),
            _ => None,
        })
    }

    /// What another plan made, as cells of this one's stage `to`.
    pub(crate) fn relabelled(&self, from: (usize, usize), to: usize) -> Bundle {
        let of = |p: &&Part| {
            let cell = matches!(p.label.what, What::Cell { start: None, .. });
            cell && (p.label.stage, p.label.output) == from
        };
        let parts = self.parts.iter().filter(of).cloned().map(|mut part| {
            (part.label.stage, part.label.output) = (to, 0);
            part
        });
        Bundle {
            parts: parts.collect(),
        }
    }
}

fn wrong(header: &[u8], reason: String) -> Error {
    Error::argument(
        "reading a bundle",
        "header",
        format!("{} bytes", header.len()),
        reason,
    )
}

fn labels(header: &[u8]) -> Result<Vec<Label>> {
    postcard::from_bytes(header).map_err(|e| wrong(header, e.to_string()))
}

fn form(label: &Label) -> Result<PartForm> {
    Ok(match &label.what {
        What::Cell { shape, dtype, .. } => PartForm {
            shape: shape.clone(),
            dtype: dtype.parse()?,
        },
        What::Node { bytes, .. } | What::Carry { bytes, .. } => PartForm {
            shape: vec![*bytes],
            dtype: DType::U8,
        },
    })
}

fn item(part: &Part, plan: &Plan, pool: &Pool) -> Result<Item> {
    let at = part.label.at();
    let known = plan
        .stages
        .get(at.stage)
        .and_then(|s| s.outputs.get(at.output));
    let Some(of) = known.filter(|o| at.cell < o.grid.count()) else {
        return Err(Error::internal(
            "cluster",
            format!("{at:?} of another plan"),
        ));
    };
    let state = |reducer: &Reducer, cells: usize| {
        let bytes = part.chunk.as_slice::<u8>();
        let bytes = bytes.ok_or_else(|| Error::internal("cluster", "a state with gaps"))?;
        State::from_bytes(pool, reducer, cells, bytes)
    };
    match &part.label.what {
        What::Cell { start, shape, .. } => {
            let whole = of.grid.region(&of.grid.unravel(at.cell)).shape;
            // Of a boolean index, fewer elements may be left.
            let within = |start: &[usize]| {
                let lengths = start.len() == whole.len() && shape.len() == whole.len();
                let mut axes = start.iter().zip(shape).zip(&whole);
                lengths && axes.all(|((s, n), w)| s.checked_add(*n).is_some_and(|end| end <= *w))
            };
            let fits = match start {
                Some(start) => within(start),
                None => within(&vec![0; shape.len()]),
            };
            if !fits || part.chunk.dtype() != of.dtype {
                let got = (start, shape, part.chunk.dtype());
                return Err(Error::internal("cluster", format!("{at:?} as {got:?}")));
            }
            let region = start.as_ref().map(|start| Region::new(start, shape));
            Ok(Item::Cell {
                at,
                region,
                chunk: part.chunk.clone(),
            })
        }
        What::Node {
            level,
            place,
            cells,
            ..
        } => {
            let reducer = &reduction(plan, &at)?.reducer;
            let elements = of.grid.region(&of.grid.unravel(at.cell)).len();
            let own = elements / reducer.outputs_per_cell.max(1);
            if *cells != own || *level > usize::BITS {
                let got = format!("a state of {cells} cells for {at:?}, which has {own}");
                return Err(Error::internal("cluster", got));
            }
            let state = state(reducer, *cells)?;
            Ok(Item::Node {
                at,
                level: *level,
                place: *place,
                state,
            })
        }
        What::Carry { cells, .. } => match &plan.stages[at.stage].kind {
            StageKind::Scan(s) if at.output == 1 => {
                let own = carry_cells(plan, at.stage, &of.grid.unravel(at.cell));
                if *cells != own {
                    let got = format!("a carry of {cells} cells for {at:?}, which has {own}");
                    return Err(Error::internal("cluster", got));
                }
                let state = state(&s.scanner.carry, *cells)?;
                Ok(Item::Carry { at, state })
            }
            _ => Err(Error::internal("cluster", format!("a carry of {at:?}"))),
        },
    }
}

/// Cells of the carry that a task of a scan hands on.
pub(crate) fn carry_cells(plan: &Plan, stage: usize, index: &[usize]) -> usize {
    let of = &plan.stages[stage];
    let StageKind::Scan(s) = &of.kind else {
        return 0;
    };
    let shape = of.tasks.region(index).shape;
    let others = shape.iter().enumerate().filter(|(a, _)| *a != s.axis);
    others.map(|(_, len)| len).product()
}

/// The elements in C order, in a buffer of their own.
fn compact(chunk: Chunk, pool: &Pool) -> Result<Chunk> {
    if chunk.is_compact() {
        return Ok(chunk);
    }
    Chunk::build(pool, chunk.dtype(), chunk.shape(), |mut out| {
        match out.copy_from(&chunk.view()) {
            true => Ok(()),
            false => Err(Error::internal("cluster", "a copy of another shape")),
        }
    })
}

fn bytes_of(state: &State, pool: &Pool) -> Result<Chunk> {
    let bytes = state.as_bytes();
    Chunk::build(pool, DType::U8, &[bytes.len()], |mut out| {
        if let Some(out) = out.as_mut_slice::<u8>() {
            out.copy_from_slice(bytes);
        }
        Ok(())
    })
}
