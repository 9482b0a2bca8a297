use super::*;
use chunkwise_core::{Complex64, Kind, Scalar, dispatch};

struct Lcg(u64);
impl Lcg {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        self.0 >> 33
    }
    fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }
    fn unit(&mut self) -> f64 {
        self.next() as f64 / (1u64 << 31) as f64
    }
}

/// Elements of a dtype: small steps so that there are ties; with `special` also NaN and infinity.
fn element(rng: &mut Lcg, dtype: DType, special: bool) -> Scalar {
    let mut real = || match rng.below(if special { 12 } else { 1000 }) {
        0 if special => f64::NAN,
        1 if special => f64::INFINITY,
        _ => ((rng.unit() * 4096.0).floor() - 1500.0) / 1024.0,
    };
    match dtype.kind() {
        Kind::Bool => Scalar::Bool(rng.below(3) > 0),
        Kind::Unsigned => Scalar::Int(rng.below(120) as i128),
        Kind::Signed => Scalar::Int(rng.below(240) as i128 - 120),
        Kind::Float => Scalar::Float(real()),
        Kind::Complex => Scalar::Complex(Complex64::new(real(), real())),
    }
}

fn bytes_of(x: Scalar, dtype: DType) -> Vec<u8> {
    x.to_bytes(dtype)[..dtype.size()].to_vec()
}

fn scalar_at(bytes: &[u8], dtype: DType) -> Scalar {
    use chunkwise_core::Element;
    // SAFETY: the callers give the bytes of a valid element.
    dispatch!(all dtype, T => unsafe { bytes.as_ptr().cast::<T>().read_unaligned() }.to_scalar())
}

/// Aligned memory for a state.
fn aligned(len: usize) -> Vec<[u64; 8]> {
    #[repr(align(64))]
    #[derive(Clone, Copy)]
    struct Line([u64; 8]);
    let mut lines = Vec::with_capacity(len.div_ceil(64) + 1);
    lines.resize(len.div_ceil(64) + 1, Line([0x5A5A_5A5A_5A5A_5A5A; 8]).0);
    lines
}

struct State(Vec<[u64; 8]>);
impl State {
    fn new(reducer: &Reducer, cells: usize) -> State {
        let mut state = State(aligned(reducer.state_len(cells)));
        let at = state.at();
        // SAFETY: aligned, and long enough.
        unsafe { reducer.init(at, cells) };
        state
    }
    fn at(&mut self) -> *mut u8 {
        let start = self.0.as_mut_ptr().cast::<u8>();
        start.wrapping_add(start.align_offset(64))
    }
}

/// A 2-d input with rows `stride` bytes apart, and which of its axes are reduced.
#[derive(Clone, Copy, Debug)]
struct Case {
    rows: usize,
    cols: usize,
    keep_rows: bool,
    keep_cols: bool,
}

impl Case {
    fn cell_row(&self) -> usize {
        match (self.keep_rows, self.keep_cols) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => self.cols,
        }
    }
    fn cells(&self) -> usize {
        (if self.keep_rows { self.rows } else { 1 }) * if self.keep_cols { self.cols } else { 1 }
    }
    /// The reduced index's steps along rows and columns.
    fn steps(&self) -> (i64, i64) {
        match (self.keep_rows, self.keep_cols) {
            (false, false) => (self.cols as i64, 1),
            (false, true) => (1, 0),
            (true, false) => (0, 1),
            (true, true) => (0, 0),
        }
    }
    /// The elements of a cell, in index order.
    fn cell<'a>(&self, data: &'a [Scalar], cell: usize) -> Vec<&'a Scalar> {
        let all = (0..self.rows).flat_map(|r| (0..self.cols).map(move |c| (r, c)));
        all.filter(|&(r, c)| r * self.cell_row() + c * self.keep_cols as usize == cell)
            .map(|(r, c)| &data[r * self.cols + c])
            .collect()
    }
}

/// Lays elements out in rows that are not aligned.
fn lay_out(data: &[Scalar], case: Case, dtype: DType) -> (Vec<u8>, isize) {
    let mut bytes = vec![0xEE];
    for row in data.chunks(case.cols.max(1)) {
        row.iter().for_each(|x| bytes.extend(bytes_of(*x, dtype)));
        bytes.extend([0xEE; 3]);
    }
    (bytes, (case.cols * dtype.size() + 3) as isize)
}

fn tile(
    bytes: &[u8],
    stride: isize,
    case: Case,
    dtype: DType,
    at: [usize; 2],
    shape: [usize; 2],
) -> Tile {
    let (row, col) = case.steps();
    Tile {
        ptr: bytes[1..]
            .as_ptr()
            .wrapping_offset(at[0] as isize * stride)
            .wrapping_add(at[1] * dtype.size()),
        rows: shape[0],
        cols: shape[1],
        row_stride: stride,
        cell: at[0] * case.cell_row() + at[1] * case.keep_cols as usize,
        cell_row: case.cell_row(),
        cell_col: case.keep_cols as usize,
        index: (at[0] as i64 * row + at[1] as i64 * col) as u64,
        index_row: row,
        index_col: col,
    }
}

fn finish(reducer: &Reducer, state: &mut State, cells: usize) -> Result<Vec<Scalar>> {
    let n = cells * reducer.outputs_per_cell;
    let size = reducer.output.size();
    let mut out = vec![0u128; n + 1];
    // SAFETY: room for n elements of any dtype, aligned to 16.
    unsafe { reducer.finish(state.at(), cells, out.as_mut_ptr().cast())? };
    // SAFETY: the same memory, as bytes.
    let bytes = unsafe { std::slice::from_raw_parts(out.as_ptr().cast::<u8>(), n * size) };
    Ok(bytes
        .chunks(size)
        .map(|b| scalar_at(b, reducer.output))
        .collect())
}

/// The whole input as one tile.
fn reduce(reducer: &Reducer, data: &[Scalar], case: Case, dtype: DType) -> Result<Vec<Scalar>> {
    let (bytes, stride) = lay_out(data, case, dtype);
    let mut state = State::new(reducer, case.cells());
    let whole = tile(&bytes, stride, case, dtype, [0, 0], [case.rows, case.cols]);
    // SAFETY: the tile lies in `bytes`, its cells below `case.cells()`.
    unsafe { reducer.accumulate(state.at(), case.cells(), &whole) };
    finish(reducer, &mut state, case.cells())
}

/// The input cut at random into four tiles, in states that are merged.
fn reduce_cut(
    rng: &mut Lcg,
    reducer: &Reducer,
    data: &[Scalar],
    case: Case,
    dtype: DType,
) -> Result<Vec<Scalar>> {
    let (bytes, stride) = lay_out(data, case, dtype);
    let (r, c) = (rng.below(case.rows + 1), rng.below(case.cols + 1));
    let mut total = State::new(reducer, case.cells());
    for (row, rows) in [(0, r), (r, case.rows - r)] {
        for (col, cols) in [(0, c), (c, case.cols - c)] {
            let mut part = State::new(reducer, case.cells());
            let cut = tile(&bytes, stride, case, dtype, [row, col], [rows, cols]);
            // SAFETY: as in `reduce`; the states are disjoint.
            unsafe {
                reducer.accumulate(part.at(), case.cells(), &cut);
                reducer.merge(total.at(), part.at(), case.cells());
            }
        }
    }
    finish(reducer, &mut total, case.cells())
}

/// The sum of numbers with an error far below half a unit in the last place.
fn exact_sum(xs: impl Iterator<Item = f64> + Clone) -> f64 {
    let naive: f64 = xs.clone().sum();
    if !naive.is_finite() {
        return naive;
    }
    let (mut high, mut low) = (0.0f64, 0.0f64);
    for x in xs {
        let (s, e) = sum::two_sum(high, x);
        low += e;
        high = s;
    }
    high + low
}

fn parts(x: &Scalar) -> Complex64 {
    match *x {
        Scalar::Complex(z) => z,
        other => Complex64::new(other.to_f64(), 0.0),
    }
}

fn exact_complex_sum(xs: &[Complex64]) -> Complex64 {
    Complex64::new(
        exact_sum(xs.iter().map(|z| z.re)),
        exact_sum(xs.iter().map(|z| z.im)),
    )
}

fn nan(z: Complex64) -> bool {
    z.re.is_nan() || z.im.is_nan()
}

/// The order of a sort: by real part, then imaginary part, NaN last.
fn order(a: Complex64, b: Complex64) -> std::cmp::Ordering {
    match (nan(a), nan(b)) {
        (false, false) => a.re.total_cmp(&b.re).then(a.im.total_cmp(&b.im)),
        (x, y) => x.cmp(&y),
    }
}

/// What a reduction should give, from its definition; and how far from it (relative to the sum of
/// magnitudes) rounding may lead. `None` where it should be an error.
fn definition(
    name: &str,
    dtype: DType,
    params: Params,
    xs: &[&Scalar],
) -> Option<(Vec<Scalar>, f64)> {
    let skip = name.starts_with("nan");
    let base = name.strip_prefix("nan").unwrap_or(name);
    let indexed: Vec<(usize, Complex64)> = xs
        .iter()
        .map(|x| parts(x))
        .enumerate()
        .filter(|(_, z)| !(skip && nan(*z)))
        .collect();
    let all: Vec<Complex64> = indexed.iter().map(|p| p.1).collect();
    let n = all.len();
    let output = reduction(name)?.output_dtype(dtype).ok()?;
    let magnitude = exact_sum(all.iter().map(|z| z.re.abs() + z.im.abs()));
    let typed = |z: Complex64| match output.kind() {
        Kind::Bool => Scalar::Bool(z.re != 0.0),
        Kind::Signed | Kind::Unsigned => Scalar::Int(z.re as i128),
        Kind::Float => Scalar::Float(if output == DType::F32 {
            z.re as f32 as f64
        } else {
            z.re
        }),
        Kind::Complex if output == DType::C64 => {
            Scalar::Complex(Complex64::new(z.re as f32 as f64, z.im as f32 as f64))
        }
        Kind::Complex => Scalar::Complex(z),
    };
    let one = |z: Complex64, slack: f64| Some((vec![typed(z)], slack));
    let real = |x: f64| Complex64::new(x, 0.0);
    let mean = exact_complex_sum(&all) / n as f64;
    let squares = || exact_sum(all.iter().map(|z| (z - mean).norm_sqr()));
    let freedom = n as f64 - params.ddof;
    let best = |wanted: std::cmp::Ordering| {
        let by_nan = indexed.iter().find(|p| nan(p.1));
        let folded = indexed
            .iter()
            .copied()
            .reduce(|a, b| if order(b.1, a.1) == wanted { b } else { a });
        by_nan.copied().or(folded)
    };
    use std::cmp::Ordering::{Greater, Less};
    let extreme = |o| {
        best(o).map_or(Complex64::new(f64::NAN, f64::NAN), |p| {
            if nan(p.1) {
                Complex64::new(f64::NAN, f64::NAN)
            } else {
                p.1
            }
        })
    };
    match base {
        "sum" if output.is_integer() => Some((
            vec![Scalar::Int(
                xs.iter()
                    .map(|x| match x {
                        Scalar::Int(i) => *i,
                        other => other.is_truthy() as i128,
                    })
                    .sum(),
            )],
            0.0,
        )),
        "prod" if output.is_integer() => {
            let product = xs.iter().fold(1u64, |p, x| {
                p.wrapping_mul(match x {
                    Scalar::Int(i) => *i as u64,
                    other => other.is_truthy() as u64,
                })
            });
            Some((
                vec![Scalar::Int(if output == DType::U64 {
                    product as i128
                } else {
                    product as i64 as i128
                })],
                0.0,
            ))
        }
        "sum" => one(exact_complex_sum(&all), magnitude),
        "prod" => {
            let product = all.iter().fold(real(1.0), |p, z| {
                if output.is_complex() {
                    p * z
                } else {
                    real(p.re * z.re)
                }
            });
            one(product, product.norm() * 1e3)
        }
        "mean" => one(mean, magnitude / n as f64),
        "var" if skip && freedom <= 0.0 => one(real(f64::NAN), 0.0),
        "std" if skip && freedom <= 0.0 => one(real(f64::NAN), 0.0),
        "var" => one(
            real(squares() / freedom.max(0.0)),
            squares() / freedom.max(0.0) * 16.0,
        ),
        "std" => one(
            real((squares() / freedom.max(0.0)).sqrt()),
            (squares() / freedom.max(0.0)).sqrt() * 16.0,
        ),
        "any" => one(real(all.iter().any(|z| *z != real(0.0)) as u8 as f64), 0.0),
        "all" => one(real(all.iter().all(|z| *z != real(0.0)) as u8 as f64), 0.0),
        "count_nonzero" => one(
            real(all.iter().filter(|z| **z != real(0.0)).count() as f64),
            0.0,
        ),
        "bincount" => {
            let count = |k: usize| xs.iter().filter(|x| **x == &Scalar::Int(k as i128)).count();
            let numbers = 0..params.k.unsigned_abs();
            Some((
                numbers.map(|k| Scalar::Int(count(k) as i128)).collect(),
                0.0,
            ))
        }
        "bincount_weighted" => {
            let within = |z: &&Complex64, k: usize| z.re >= 0.0 && z.re.floor() == k as f64;
            let total = |k| -> f64 { all.iter().filter(|z| within(z, k)).map(|z| z.im).sum() };
            let numbers = 0..params.k.unsigned_abs();
            Some((
                numbers.map(|k| Scalar::Float(total(k))).collect(),
                magnitude * 16.0,
            ))
        }
        _ if xs.is_empty() => None,
        "min" => one(extreme(Less), 0.0),
        "max" => one(extreme(Greater), 0.0),
        "ptp" => {
            let wide = (extreme(Greater) - extreme(Less)).re;
            // Integers wrap.
            let narrow = if dtype == DType::I8 {
                wide as i64 as i8 as f64
            } else {
                wide
            };
            one(real(narrow), 0.0)
        }
        "argmin" => best(Less).and_then(|p| one(real(p.0 as f64), 0.0)),
        "argmax" => best(Greater).and_then(|p| one(real(p.0 as f64), 0.0)),
        "topk" | "argtopk" => {
            let k = params.k.unsigned_abs();
            let mut sorted = indexed.clone();
            if params.k > 0 {
                sorted.sort_by(|a, b| order(b.1, a.1));
            } else {
                sorted.sort_by(|a, b| order(a.1, b.1));
            }
            if k > n {
                return None;
            }
            sorted.truncate(k);
            let out = |p: &(usize, Complex64)| {
                if base == "topk" {
                    typed(p.1)
                } else {
                    Scalar::Int(p.0 as i128)
                }
            };
            Some((sorted.iter().map(out).collect(), 0.0))
        }
        other => panic!("no definition of {other}"),
    }
}

fn close(got: Scalar, want: Scalar, slack: f64, output: DType) -> bool {
    let epsilon = if output.real() == DType::F32 {
        f32::EPSILON as f64
    } else {
        f64::EPSILON
    };
    let near = |a: f64, b: f64| {
        a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= epsilon * (b.abs() + slack)
    };
    match (got, want) {
        (Scalar::Complex(a), Scalar::Complex(b)) => near(a.re, b.re) && near(a.im, b.im),
        (Scalar::Float(a), Scalar::Float(b)) => near(a, b),
        (a, b) => a == b,
    }
}

const SHAPES: [(usize, usize); 9] = [
    (1, 1),
    (1, 1024),
    (3, 7),
    (16, 64),
    (5, 100),
    (2, 2500),
    (70, 37),
    (1, 15),
    (40, 1),
];

#[test]
fn every_reduction_is_what_its_definition_says() {
    let mut rng = Lcg(1);
    for row in REDUCTIONS {
        for dtype in DType::ALL {
            for params in [Params { ddof: 0.0, k: 2 }, Params { ddof: 1.0, k: -3 }] {
                let Ok(reducer) = row.resolve(dtype, params) else {
                    continue;
                };
                for (rows, cols) in SHAPES {
                    // Longer products overflow on some way or other.
                    if row.name.ends_with("prod") && dtype.is_inexact() && rows * cols > 512 {
                        continue;
                    }
                    for special in [false, true] {
                        if special
                            && (!dtype.is_inexact()
                                || (row.name.ends_with("prod") && dtype.is_complex()))
                        {
                            continue;
                        }
                        let data: Vec<Scalar> = (0..rows * cols)
                            .map(|_| element(&mut rng, dtype, special))
                            .collect();
                        for (keep_rows, keep_cols) in
                            [(false, false), (true, false), (false, true), (true, true)]
                        {
                            let case = Case {
                                rows,
                                cols,
                                keep_rows,
                                keep_cols,
                            };
                            let what = format!("{} of {dtype} {case:?} {params:?}", row.name);
                            let want: Option<Vec<_>> = (0..case.cells().min(50))
                                .map(|c| definition(row.name, dtype, params, &case.cell(&data, c)))
                                .collect();
                            let whole = reduce(&reducer, &data, case, dtype);
                            let cut = reduce_cut(&mut rng, &reducer, &data, case, dtype);
                            let Some(want) = want else {
                                assert!(whole.is_err() && cut.is_err(), "{what}");
                                continue;
                            };
                            for got in [&whole, &cut] {
                                let got = match got {
                                    Ok(got) => got,
                                    // Some cell after the first 50 may be all NaN.
                                    Err(Error::AllNan { .. }) if case.cells() > 50 => continue,
                                    Err(e) => panic!("{what}: {e}"),
                                };
                                for (cell, (want, slack)) in want.iter().enumerate() {
                                    for (i, want) in want.iter().enumerate() {
                                        let got = got[cell * reducer.outputs_per_cell + i];
                                        assert!(
                                            close(got, *want, *slack, reducer.output),
                                            "{what}: cell {cell}: {got} for {want}"
                                        );
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn output_dtypes_are_numpys() {
    // Rows of bool, int8..int64, uint8..uint64, float32, float64, complex64, complex128.
    let table = [
        (
            "sum prod nansum nanprod",
            "i8 i8 i8 i8 i8 u8 u8 u8 u8 f4 f8 c8 c16",
        ),
        ("mean nanmean", "f8 f8 f8 f8 f8 f8 f8 f8 f8 f4 f8 c8 c16"),
        (
            "var std nanvar nanstd",
            "f8 f8 f8 f8 f8 f8 f8 f8 f8 f4 f8 f4 f8",
        ),
        (
            "min max nanmin nanmax",
            "? i1 i2 i4 i8 u1 u2 u4 u8 f4 f8 c8 c16",
        ),
        (
            "argmin argmax nanargmin nanargmax count_nonzero",
            "i8 i8 i8 i8 i8 i8 i8 i8 i8 i8 i8 i8 i8",
        ),
        ("any all", "? ? ? ? ? ? ? ? ? ? ? ? ?"),
        ("ptp", "- i1 i2 i4 i8 u1 u2 u4 u8 f4 f8 - -"),
        ("topk", "? i1 i2 i4 i8 u1 u2 u4 u8 f4 f8 - -"),
        ("argtopk", "i8 i8 i8 i8 i8 i8 i8 i8 i8 i8 i8 - -"),
        ("bincount", "- i8 i8 i8 i8 i8 i8 i8 i8 - - - -"),
        ("bincount_weighted", "- - - - - - - - - - - - f8"),
    ];
    let short = |d: DType| match d.kind() {
        Kind::Bool => "?".to_owned(),
        Kind::Signed => format!("i{}", d.size()),
        Kind::Unsigned => format!("u{}", d.size()),
        Kind::Float => format!("f{}", d.size()),
        Kind::Complex => format!("c{}", d.size()),
    };
    let mut seen = 0;
    for (names, dtypes) in table {
        for name in names.split(' ') {
            let row = reduction(name).unwrap();
            seen += 1;
            for (input, want) in DType::ALL.into_iter().zip(dtypes.split(' ')) {
                let got = row.output_dtype(input).map_or("-".to_owned(), short);
                assert_eq!(got, want, "{name} of {input}");
                assert_eq!(row.resolve(input, Params::default()).is_ok(), want != "-");
            }
        }
    }
    assert_eq!(seen, REDUCTIONS.len());
}

#[test]
fn empty_reductions() {
    let case = Case {
        rows: 0,
        cols: 4,
        keep_rows: false,
        keep_cols: true,
    };
    for row in REDUCTIONS {
        let takes = |d: &DType| row.output_dtype(*d).is_ok();
        let dtype = [DType::F64, DType::I64, DType::C128]
            .into_iter()
            .find(takes)
            .unwrap();
        let reducer = row.resolve(dtype, Params::default()).unwrap();
        match reduce(&reducer, &[], case, dtype) {
            Err(Error::EmptyReduction { operation }) => {
                assert_eq!((operation, row.has_identity()), (row.name, false));
            }
            Ok(got) => {
                let (want, _) = definition(row.name, dtype, Params::default(), &[]).unwrap();
                assert!(row.has_identity());
                assert!(
                    got.iter().all(|x| close(*x, want[0], 0.0, reducer.output)),
                    "{}: {got:?}",
                    row.name
                );
            }
            Err(e) => panic!("{}: {e}", row.name),
        }
    }
}

fn whole(name: &str, data: &[f64]) -> f64 {
    let reducer = reduction(name)
        .unwrap()
        .resolve(DType::F64, Params::default())
        .unwrap();
    let case = Case {
        rows: 1,
        cols: data.len(),
        keep_rows: false,
        keep_cols: false,
    };
    let data: Vec<Scalar> = data.iter().map(|x| Scalar::Float(*x)).collect();
    reduce(&reducer, &data, case, DType::F64).unwrap()[0].to_f64()
}

#[test]
fn sums_of_many_blocks_are_exact_to_the_last_bits() {
    let mut rng = Lcg(5);
    let data: Vec<f64> = (0..1_000_000).map(|_| rng.unit() + 0.1).collect();
    let want = exact_sum(data.iter().copied());
    assert!(((whole("sum", &data) - want) / want).abs() < 2e-16);
    assert!((whole("mean", &data) * 1e6 / want - 1.0).abs() < 4e-16);
    let tenths = vec![0.1f64; 1 << 20];
    assert!((whole("sum", &tenths) / 104857.6 - 1.0).abs() < 4e-16);
    // A big element does not take the small ones with it.
    let mut data = vec![1.0; 5000];
    data[0] = 1e16;
    data[4999] = -1e16;
    assert!((whole("sum", &data) - 4998.0).abs() <= 128.0);
}

#[test]
fn sums_keep_infinities() {
    let max = f64::MAX;
    assert_eq!(whole("sum", &[max; 5000]), f64::INFINITY);
    assert_eq!(whole("sum", &[f64::NEG_INFINITY, 1.0]), f64::NEG_INFINITY);
    assert!(whole("sum", &[f64::NEG_INFINITY, f64::INFINITY]).is_nan());
    assert!(whole("sum", &[-0.0, -0.0]).is_sign_negative());
    assert!(whole("sum", &[]).is_sign_positive());
    assert!(whole("nansum", &[f64::NAN]).is_sign_positive());
}

#[test]
fn variances_far_from_zero_are_accurate() {
    let mut rng = Lcg(9);
    for shift in [0.0, 1e3, 1e8, -1e12] {
        let data: Vec<f64> = (0..100_000)
            .map(|_| shift + (rng.unit() * 4096.0).floor() / 256.0)
            .collect();
        let mean = exact_sum(data.iter().map(|x| x - shift)) / data.len() as f64;
        let want = exact_sum(data.iter().map(|x| (x - shift - mean).powi(2))) / data.len() as f64;
        let got = whole("var", &data);
        assert!(
            (got / want - 1.0).abs() < 1e-14,
            "{shift}: {got} for {want}"
        );
    }
    assert!(whole("var", &[1e8 + 0.1; 10_000]) < 1e-30);
    assert!(whole("var", &[1.0, f64::INFINITY]).is_nan());
    assert!(whole("std", &[]).is_nan());
    let huge: Vec<f64> = (0..4096)
        .map(|i| if i % 2 == 0 { 1e150 } else { -1e150 })
        .collect();
    assert!((whole("std", &huge) / 1e150 - 1.0).abs() < 1e-15);
}

/// Flipped and transposed walks: the lowest index wins whatever the order of the walk.
#[test]
fn first_of_equal_elements_wins_in_any_walk() {
    let reducer = reduction("argmax")
        .unwrap()
        .resolve(DType::I16, Params::default())
        .unwrap();
    let data = [1i16, 7, 3, 7, 7, 0];
    for (rows, cols, index, index_row, index_col, want) in [
        (1, 6, 0, 0, 1, 1),
        (1, 6, 5, 0, -1, 1),
        (2, 3, 0, 1, 2, 1),
        (2, 3, 5, -3, -1, 1),
        (6, 1, 5, -1, 0, 1),
    ] {
        for cell_col in [0, 1] {
            if cell_col == 1 && cols > 1 {
                continue;
            }
            let mut state = State::new(&reducer, 1);
            let tile = Tile {
                ptr: data.as_ptr().cast(),
                rows,
                cols,
                row_stride: 2 * cols as isize,
                cell: 0,
                cell_row: 0,
                cell_col,
                index,
                index_row,
                index_col,
            };
            // SAFETY: six elements and one cell.
            unsafe { reducer.accumulate(state.at(), 1, &tile) };
            let got = finish(&reducer, &mut state, 1).unwrap()[0].to_f64() as usize;
            assert_eq!(got, want, "{tile:?}");
        }
    }
}

/// A digest of the bits of every reduction over every case.
fn digest() -> u64 {
    let mut rng = Lcg(77);
    let mut hash = 0xcbf29ce484222325u64;
    for row in REDUCTIONS {
        for dtype in DType::ALL {
            let Ok(reducer) = row.resolve(dtype, Params { ddof: 1.0, k: 2 }) else {
                continue;
            };
            for (rows, cols) in [(3, 1500), (33, 75)] {
                let data: Vec<Scalar> = (0..rows * cols)
                    .map(|i| element(&mut rng, dtype, i % 700 == 699))
                    .collect();
                for (keep_rows, keep_cols) in [(false, false), (true, false), (false, true)] {
                    let case = Case {
                        rows,
                        cols,
                        keep_rows,
                        keep_cols,
                    };
                    for x in reduce(&reducer, &data, case, dtype).unwrap() {
                        for byte in x.to_bytes(reducer.output) {
                            hash = (hash ^ byte as u64).wrapping_mul(0x100000001b3);
                        }
                    }
                }
            }
        }
    }
    hash
}

#[test]
fn all_levels_give_the_same_bits() {
    const NAME: &str = "reduce::tests::all_levels_give_the_same_bits";
    let own = format!("digest {:x}", digest());
    if std::env::var_os("CHUNKWISE_SIMD").is_some() {
        println!("{own}");
        return;
    }
    for level in ["baseline", "avx2"] {
        let run = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--nocapture"])
            .env("CHUNKWISE_SIMD", level)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&run.stdout);
        assert!(text.contains(&own), "{level}: {text}");
    }
}
