//! Integer functions against the same in `i128`, and exact comparisons of mixed signs.

use super::{Elements, call};
use crate::elementwise::function;

const VALUES: [i128; 16] = [
    0,
    1,
    -1,
    2,
    -2,
    3,
    7,
    -7,
    8,
    63,
    64,
    100,
    127,
    -128,
    i64::MAX as i128,
    i64::MIN as i128,
];

fn floor_quotient(a: i128, b: i128) -> i128 {
    if b == 0 {
        0
    } else {
        a.div_euclid(b) - (b < 0 && a.rem_euclid(b) != 0) as i128
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

fn power(a: i128, n: i128) -> i128 {
    match (a, n) {
        (1, n) if n < 0 => 1,
        (-1, n) if n < 0 => 1 - 2 * (n & 1),
        (_, n) if n < 0 => 0,
        _ => {
            let (mut base, mut n, mut product) = (a, n, 1i128);
            while n > 0 {
                if n & 1 == 1 {
                    product = product.wrapping_mul(base);
                }
                base = base.wrapping_mul(base);
                n >>= 1;
            }
            product
        }
    }
}

macro_rules! check {
    ($($t:ty),*) => {$({
        let bits = <$t>::BITS as i128;
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for x in VALUES {
            for y in VALUES {
                a.push(x as $t);
                b.push(y as $t);
            }
        }
        let (x, y) = (Elements::of(&a), Elements::of(&b));
        type Reference = fn(i128, i128, i128) -> i128;
        let binary: [(&str, Reference); 15] = [
            ("add", |a, b, _| a + b),
            ("subtract", |a, b, _| a - b),
            ("multiply", |a, b, _| a.wrapping_mul(b)),
            ("floor_divide", |a, b, _| floor_quotient(a, b)),
            ("remainder", |a, b, _| if b == 0 { 0 } else { a - b * floor_quotient(a, b) }),
            ("fmod", |a, b, _| if b == 0 { 0 } else { a % b }),
            ("maximum", |a, b, _| a.max(b)),
            ("minimum", |a, b, _| a.min(b)),
            ("bitwise_and", |a, b, _| a & b),
            ("bitwise_or", |a, b, _| a | b),
            ("bitwise_xor", |a, b, _| a ^ b),
            ("bitwise_left_shift", |a, n, w| if n < 0 || n >= w { 0 } else { a << n }),
            ("bitwise_right_shift", |a, n, w| a >> if n < 0 || n >= w { 127 } else { n }),
            ("gcd", |a, b, _| gcd(a, b)),
            ("pow", |a, b, _| power(a, b)),
        ];
        for (name, want) in binary {
            let got = call(function(name).unwrap(), &[&x, &y]);
            for i in 0..a.len() {
                let want = want(a[i] as i128, b[i] as i128, bits) as $t;
                assert_eq!(got.get::<$t>(i), want, "{name} {} of {:?} {:?}", stringify!($t), a[i], b[i]);
            }
        }
        let unary: [(&str, Reference); 7] = [
            ("abs", |a, _, _| a.abs()),
            ("negative", |a, _, _| -a),
            ("sign", |a, _, _| a.signum()),
            ("square", |a, _, _| a.wrapping_mul(a)),
            ("bitwise_invert", |a, _, _| !a),
            ("floor", |a, _, _| a),
            ("reciprocal", |a, _, _| if a.abs() == 1 { a } else { 0 }),
        ];
        for (name, want) in unary {
            let got = call(function(name).unwrap(), &[&x]);
            for i in 0..a.len() {
                let want = want(a[i] as i128, 0, bits) as $t;
                assert_eq!(got.get::<$t>(i), want, "{name} {} of {:?}", stringify!($t), a[i]);
            }
        }
        let counted = call(function("bitwise_count").unwrap(), &[&x]);
        for i in 0..a.len() {
            assert_eq!(counted.get::<u8>(i) as u32, (a[i] as i128).abs().count_ones());
        }
    })*};
}

#[test]
fn integers_wrap_and_never_panic() {
    check!(i8, i16, i32, i64, u8, u16, u32, u64);
}

#[test]
fn comparisons_of_signed_and_unsigned_are_exact() {
    let signed = [0i64, -1, i64::MAX, i64::MIN, 1 << 53];
    let unsigned = [
        0u64,
        u64::MAX,
        i64::MAX as u64,
        i64::MAX as u64 + 1,
        (1 << 53) + 1,
    ];
    let pairs = signed
        .iter()
        .flat_map(|a| unsigned.iter().map(move |b| (*a, *b)));
    let (a, b): (Vec<i64>, Vec<u64>) = pairs.unzip();
    let (x, y) = (Elements::of(&a), Elements::of(&b));
    type Comparison = fn(&i128, &i128) -> bool;
    let rows: [(&str, Comparison); 6] = [
        ("equal", i128::eq),
        ("not_equal", i128::ne),
        ("less", i128::lt),
        ("less_equal", i128::le),
        ("greater", i128::gt),
        ("greater_equal", i128::ge),
    ];
    for (name, want) in rows {
        let (ab, ba) = (
            call(function(name).unwrap(), &[&x, &y]),
            call(function(name).unwrap(), &[&y, &x]),
        );
        for i in 0..a.len() {
            let (p, q) = (a[i] as i128, b[i] as i128);
            assert_eq!(ab.get::<bool>(i), want(&p, &q), "{p} {name} {q}");
            assert_eq!(ba.get::<bool>(i), want(&q, &p), "{q} {name} {p}");
        }
    }
}
