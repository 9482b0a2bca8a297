//! Every kernel gives the same bits for an element whatever the length, offset, arrangement of scalars,
//! reuse of an argument as output, and vector level.

use chunkwise_core::DType;

use super::{Bits, Elements, call};
use crate::elementwise::{FUNCTIONS, FUSED, Function, Operand, SAMPLERS};
use crate::simd::{OVERRIDE, levels};

const LENGTH: usize = 1000;

/// The argument dtypes that the function takes without a cast.
fn signatures(f: &Function) -> Vec<Vec<DType>> {
    let mut found = Vec::new();
    let mut visit = |dtypes: Vec<DType>| {
        if let Ok(r) = f.resolve(&dtypes)
            && r.inputs.as_slice() == dtypes
        {
            found.push(dtypes);
        }
    };
    for d in DType::ALL {
        match f.arity {
            1 => visit(vec![d]),
            2 => DType::ALL.iter().for_each(|e| visit(vec![d, *e])),
            _ => {
                visit(vec![d; 3]);
                visit(vec![DType::U64, d, d]);
                if d != DType::Bool {
                    visit(vec![DType::Bool, d, d]);
                }
            }
        }
    }
    found
}

fn data(dtype: DType, bits: &mut Bits) -> Elements {
    let mut out = Elements::zeros(dtype, LENGTH, 0);
    let special = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        2.5,
        f64::INFINITY,
        f64::NAN,
        1e7,
        -3e-310,
    ];
    for i in 0..LENGTH {
        let any = bits.next();
        let mut real = || match bits.next() % 8 {
            0 => special[(bits.next() % 9) as usize],
            1 => f64::from_bits(bits.next()),
            _ => bits.uniform(-9.0, 9.0),
        };
        let one = match dtype {
            DType::Bool => Elements::of(&[any & 1 == 1]),
            DType::I8 => Elements::of(&[any as i8]),
            DType::I16 => Elements::of(&[any as i16 >> (any >> 60)]),
            DType::I32 => Elements::of(&[any as i32 >> (any >> 59)]),
            DType::I64 => Elements::of(&[any as i64 >> (any >> 58)]),
            DType::U8 => Elements::of(&[any as u8]),
            DType::U16 => Elements::of(&[any as u16 >> (any >> 60)]),
            DType::U32 => Elements::of(&[any as u32 >> (any >> 59)]),
            DType::U64 => Elements::of(&[any >> (any >> 58)]),
            DType::F32 => Elements::of(&[real() as f32]),
            DType::F64 => Elements::of(&[real()]),
            DType::C64 => {
                Elements::of(&[chunkwise_core::Complex32::new(real() as f32, real() as f32)])
            }
            DType::C128 => Elements::of(&[chunkwise_core::Complex64::new(real(), real())]),
        };
        out.set(i, &one, 0);
    }
    out
}

fn shifted(x: &Elements, len: usize, offset: usize) -> Elements {
    let mut out = Elements::zeros(x.dtype, len, offset);
    (0..len).for_each(|i| out.set(i, x, i));
    out
}

fn check(f: &Function, dtypes: &[DType], bits: &mut Bits) {
    let args: Vec<Elements> = dtypes.iter().map(|d| data(*d, bits)).collect();
    let kernel = f.resolve(dtypes).unwrap().kernel;
    for pattern in 0..1usize << f.arity {
        let splat = |k: usize| pattern >> k & 1 == 1;
        // The reference: whole arguments, lowest level.
        OVERRIDE.set(Some(levels()[0]));
        let mut whole: Vec<Elements> = args.iter().map(|a| shifted(a, LENGTH, 0)).collect();
        for (k, w) in whole.iter_mut().enumerate().filter(|(k, _)| splat(*k)) {
            (0..LENGTH).for_each(|i| w.set(i, &args[k], 0));
        }
        let want = call(f, &whole.iter().collect::<Vec<_>>());
        for level in levels() {
            OVERRIDE.set(Some(level));
            for (len, offset) in [(0, 0), (1, 1), (7, 3), (64, 1), (LENGTH, 1)] {
                let moved: Vec<Elements> = args
                    .iter()
                    .map(|a| shifted(a, len.max(1), offset))
                    .collect();
                let operands: Vec<Operand> = (0..f.arity)
                    .map(|k| Operand {
                        ptr: moved[k].ptr(),
                        splat: splat(k),
                    })
                    .collect();
                let mut out = Elements::zeros(want.dtype, len + 1, offset);
                // SAFETY: the arguments have `len` elements, or one, of the resolved dtypes.
                unsafe { kernel(out.ptr_mut(), &operands, len) };
                let same = |out: &Elements, how: &str| {
                    for i in 0..len {
                        assert_eq!(
                            out.bits(i),
                            want.bits(i),
                            "{f:?} {dtypes:?} pattern {pattern} {level:?} length {len} {how} element {i}",
                        );
                    }
                };
                same(&out, "into its own output");
                assert_eq!(out.bits(len), [0, 0], "{f:?} {dtypes:?} wrote past its end");
                for k in 0..f.arity {
                    if len > 0 && !splat(k) && dtypes[k].size() == want.dtype.size() {
                        let mut out = shifted(&args[k], len, offset);
                        let place = out.ptr_mut();
                        let mut operands = operands.clone();
                        operands[k].ptr = place;
                        // SAFETY: as above; the output is argument `k`.
                        unsafe { kernel(place, &operands, len) };
                        out.dtype = want.dtype;
                        same(&out, "in place");
                    }
                }
            }
        }
    }
    OVERRIDE.set(None);
}

#[test]
fn layouts_and_levels_agree() {
    let rows: Vec<&Function> = FUNCTIONS.iter().chain(FUSED).chain(SAMPLERS).collect();
    std::thread::scope(|scope| {
        for half in 0..2 {
            let rows = &rows;
            scope.spawn(move || {
                for (i, f) in rows.iter().enumerate().filter(|(i, _)| i % 2 == half) {
                    let mut bits = Bits(0x9e37_79b9_7f4a_7c15 + i as u64);
                    let signatures = signatures(f);
                    assert!(!signatures.is_empty(), "{f:?} takes nothing");
                    for dtypes in signatures {
                        check(f, &dtypes, &mut bits);
                    }
                }
            });
        }
    });
}

#[test]
fn fused_rows_round_as_two() {
    let mut bits = Bits(77);
    let f = |name: &str| crate::elementwise::function(name).unwrap();
    let two = |name: &str, a: &Elements, b: &Elements| call(f(name), &[a, b]);
    for d in DType::ALL.into_iter().filter(|d| *d != DType::Bool) {
        let (a, b, c) = (data(d, &mut bits), data(d, &mut bits), data(d, &mut bits));
        let product = two("multiply", &a, &b);
        let square = two("multiply", &a, &a);
        let other = two("multiply", &b, &b);
        let cases = [
            ("multiply_add", two("add", &product, &c), vec![&a, &b, &c]),
            (
                "multiply_subtract",
                two("subtract", &product, &c),
                vec![&a, &b, &c],
            ),
            (
                "subtract_multiply",
                two("subtract", &c, &product),
                vec![&a, &b, &c],
            ),
            ("square_add", two("add", &square, &b), vec![&a, &b]),
            ("sum_of_squares", two("add", &square, &other), vec![&a, &b]),
        ];
        for (name, want, args) in cases {
            let got = call(crate::elementwise::fused(name).unwrap(), &args);
            for i in 0..LENGTH {
                assert_eq!(got.bits(i), want.bits(i), "{name} {d} element {i}");
            }
        }
    }
}
