//! Makes kernels from scalar bodies.
//!
//! A body is a type with one `#[inline(always)]` function. Its loop runs over blocks of [`BLOCK`]
//! elements: a block is read whole before any of it is written, so that an argument may be the output,
//! and its constant length lets the compiler vectorise without checks at run time. The last, shorter
//! block is padded, so that every element goes through the same instructions whatever the length.

// The loops index several blocks at once, of which some are unused where an argument is in a register.
#![allow(clippy::needless_range_loop)]

use std::marker::PhantomData;
use std::mem::MaybeUninit;

use super::Operand;
use crate::simd::simd_fn;

/// Elements per block. Long enough that the compiler vectorises the loop over it (it unrolls shorter
/// ones into straight code first) and short enough to stay in the first-level cache.
pub(super) const BLOCK: usize = 64;

type Block<T> = [MaybeUninit<T>; BLOCK];

const fn empty<T: Copy>() -> Block<T> {
    [const { MaybeUninit::uninit() }; BLOCK]
}

/// A function of one argument. Where `rare` holds for an element, `slow` gives its result.
pub(super) trait Unary {
    type A: Copy;
    type R: Copy;
    const RARE: bool = false;
    fn map(a: Self::A) -> Self::R;
    #[inline(always)]
    fn rare(_: Self::A) -> bool {
        false
    }
    #[inline(always)]
    fn slow(a: Self::A) -> Self::R {
        Self::map(a)
    }
}

/// A function of two arguments. `HEAVY` ones have one loop only, with a scalar argument spread over a
/// block in memory; the others have loops that keep it in a register.
pub(super) trait Binary {
    type A: Copy;
    type B: Copy;
    type R: Copy;
    const HEAVY: bool;
    const RARE: bool = false;
    fn map(a: Self::A, b: Self::B) -> Self::R;
    #[inline(always)]
    fn rare(_: Self::A, _: Self::B) -> bool {
        false
    }
    #[inline(always)]
    fn slow(a: Self::A, b: Self::B) -> Self::R {
        Self::map(a, b)
    }
}

/// A function of three arguments.
pub(super) trait Ternary {
    type A: Copy;
    type B: Copy;
    type C: Copy;
    type R: Copy;
    fn map(a: Self::A, b: Self::B, c: Self::C) -> Self::R;
}

/// Which arguments are one element held in a register.
trait Pattern {
    const A: bool;
    const B: bool;
    const C: bool;
}

struct Splat<const A: bool, const B: bool, const C: bool>;

impl<const A: bool, const B: bool, const C: bool> Pattern for Splat<A, B, C> {
    const A: bool = A;
    const B: bool = B;
    const C: bool = C;
}

/// Where an argument's blocks lie: `step` elements apart, 0 for a spread scalar.
struct Row<T> {
    ptr: *const T,
    step: usize,
}

impl<T> Clone for Row<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Row<T> {}

impl<T: Copy> Row<T> {
    /// The argument as rows of blocks; a scalar that has to lie in memory is written to `room`.
    #[inline(always)]
    unsafe fn new(operand: Operand, spread: bool, room: &mut Block<T>) -> Row<T> {
        let ptr = operand.ptr.cast::<T>();
        match (operand.splat, spread) {
            (false, _) => Row { ptr, step: BLOCK },
            (true, false) => Row { ptr, step: 0 },
            (true, true) => {
                // SAFETY: an operand has at least one readable element.
                *room = [MaybeUninit::new(unsafe { ptr.read() }); BLOCK];
                Row {
                    ptr: room.as_ptr().cast(),
                    step: 0,
                }
            }
        }
    }

    /// Block `k`; the last one, of `rest` elements, is copied to `tail` and padded with its first.
    #[inline(always)]
    unsafe fn pad(self, k: usize, rest: usize, tail: &mut Block<T>) {
        // SAFETY: the row has `rest` elements in block `k`, and `tail` has room for them.
        unsafe {
            let from = self.ptr.add(k * self.step);
            tail.fill(MaybeUninit::new(from.read()));
            std::ptr::copy_nonoverlapping(from, tail.as_mut_ptr().cast(), rest);
        }
    }
}

/// Reads a block unless the argument is held in a register.
#[inline(always)]
unsafe fn load<T: Copy>(splat: bool, ptr: *const T) -> Block<T> {
    if splat {
        empty()
    } else {
        // SAFETY: the caller names a whole block.
        unsafe { ptr.cast::<Block<T>>().read() }
    }
}

#[inline(always)]
unsafe fn pick<T: Copy>(splat: bool, one: T, block: &Block<T>, j: usize) -> T {
    if splat {
        one
    } else {
        // SAFETY: `load` filled the block where the argument is not in a register.
        unsafe { block[j].assume_init() }
    }
}

#[cold]
#[inline(never)]
fn fix1<K: Unary>(x: &Block<K::A>, r: &mut Block<K::R>) {
    for (x, r) in x.iter().zip(r) {
        // SAFETY: the block was filled before.
        let x = unsafe { x.assume_init() };
        if K::rare(x) {
            r.write(K::slow(x));
        }
    }
}

#[cold]
#[inline(never)]
fn fix2<K: Binary>(x: &Block<K::A>, y: &Block<K::B>, r: &mut Block<K::R>) {
    for ((x, y), r) in x.iter().zip(y).zip(r) {
        // SAFETY: the blocks were filled before: functions with rare cases are heavy, and their
        // arguments are never held in registers.
        let (x, y) = unsafe { (x.assume_init(), y.assume_init()) };
        if K::rare(x, y) {
            r.write(K::slow(x, y));
        }
    }
}

simd_fn! {
    unsafe fn loop1[K: Unary](_k: PhantomData<K>, out: *mut K::R, a: *const K::A, n: usize) {
        let (full, rest) = (n / BLOCK, n % BLOCK);
        let mut tail_a = empty::<K::A>();
        let mut tail_r = empty::<K::R>();
        if rest > 0 {
            Row { ptr: a, step: BLOCK }.pad(full, rest, &mut tail_a);
        }
        for k in 0..full + (rest > 0) as usize {
            let last = k == full;
            let p = if last { tail_a.as_ptr().cast() } else { a.add(k * BLOCK) };
            let o = if last { tail_r.as_mut_ptr().cast() } else { out.add(k * BLOCK) };
            let x = load(false, p);
            let mut r = empty::<K::R>();
            for j in 0..BLOCK {
                r[j].write(K::map(x[j].assume_init()));
            }
            if K::RARE {
                let mut any = false;
                for x in &x {
                    any |= K::rare(x.assume_init());
                }
                if any {
                    fix1::<K>(&x, &mut r);
                }
            }
            o.cast::<Block<K::R>>().write(r);
        }
        std::ptr::copy_nonoverlapping(tail_r.as_ptr().cast(), out.add(full * BLOCK), rest);
    }
}

simd_fn! {
    unsafe fn loop2[K: Binary, P: Pattern](
        _k: PhantomData<(K, P)>, out: *mut K::R, a: Row<K::A>, b: Row<K::B>, n: usize,
    ) {
        let (full, rest) = (n / BLOCK, n % BLOCK);
        let mut tail_a = empty::<K::A>();
        let mut tail_b = empty::<K::B>();
        let mut tail_r = empty::<K::R>();
        if rest > 0 {
            if !P::A { a.pad(full, rest, &mut tail_a); }
            if !P::B { b.pad(full, rest, &mut tail_b); }
        }
        let (one_a, one_b) = (a.ptr.read(), b.ptr.read());
        for k in 0..full + (rest > 0) as usize {
            let last = k == full;
            let p = if last { tail_a.as_ptr().cast() } else { a.ptr.add(k * a.step) };
            let q = if last { tail_b.as_ptr().cast() } else { b.ptr.add(k * b.step) };
            let o = if last { tail_r.as_mut_ptr().cast() } else { out.add(k * BLOCK) };
            let x = load(P::A, p);
            let y = load(P::B, q);
            let mut r = empty::<K::R>();
            for j in 0..BLOCK {
                r[j].write(K::map(pick(P::A, one_a, &x, j), pick(P::B, one_b, &y, j)));
            }
            if K::RARE {
                let mut any = false;
                for j in 0..BLOCK {
                    any |= K::rare(pick(P::A, one_a, &x, j), pick(P::B, one_b, &y, j));
                }
                if any {
                    fix2::<K>(&x, &y, &mut r);
                }
            }
            o.cast::<Block<K::R>>().write(r);
        }
        std::ptr::copy_nonoverlapping(tail_r.as_ptr().cast(), out.add(full * BLOCK), rest);
    }
}

simd_fn! {
    unsafe fn loop3[K: Ternary, P: Pattern](
        _k: PhantomData<(K, P)>, out: *mut K::R, a: Row<K::A>, b: Row<K::B>, c: Row<K::C>, n: usize,
    ) {
        let (full, rest) = (n / BLOCK, n % BLOCK);
        let mut tail_a = empty::<K::A>();
        let mut tail_b = empty::<K::B>();
        let mut tail_c = empty::<K::C>();
        let mut tail_r = empty::<K::R>();
        if rest > 0 {
            a.pad(full, rest, &mut tail_a);
            if !P::B { b.pad(full, rest, &mut tail_b); }
            if !P::C { c.pad(full, rest, &mut tail_c); }
        }
        let (one_a, one_b, one_c) = (a.ptr.read(), b.ptr.read(), c.ptr.read());
        for k in 0..full + (rest > 0) as usize {
            let last = k == full;
            let p = if last { tail_a.as_ptr().cast() } else { a.ptr.add(k * a.step) };
            let q = if last { tail_b.as_ptr().cast() } else { b.ptr.add(k * b.step) };
            let s = if last { tail_c.as_ptr().cast() } else { c.ptr.add(k * c.step) };
            let o = if last { tail_r.as_mut_ptr().cast() } else { out.add(k * BLOCK) };
            let x = load(false, p);
            let y = load(P::B, q);
            let z = load(P::C, s);
            let mut r = empty::<K::R>();
            for j in 0..BLOCK {
                r[j].write(K::map(
                    pick(P::A, one_a, &x, j),
                    pick(P::B, one_b, &y, j),
                    pick(P::C, one_c, &z, j),
                ));
            }
            o.cast::<Block<K::R>>().write(r);
        }
        std::ptr::copy_nonoverlapping(tail_r.as_ptr().cast(), out.add(full * BLOCK), rest);
    }
}

/// The kernel of a function of one argument.
///
/// # Safety
/// As for [`super::Kernel`].
pub(super) unsafe fn unary<K: Unary>(out: *mut u8, args: &[Operand], n: usize) {
    let [a] = args else { return };
    if n == 0 {
        return;
    }
    let mut room = empty();
    let out = out.cast::<K::R>();
    // SAFETY: the caller keeps the kernel's contract.
    unsafe {
        let row = Row::new(*a, true, &mut room);
        if a.splat {
            let mut block = empty::<K::R>();
            loop1::<K>(PhantomData, block.as_mut_ptr().cast(), row.ptr, BLOCK);
            let value = block[0].assume_init();
            for i in 0..n {
                out.add(i).write(value);
            }
        } else {
            loop1::<K>(PhantomData, out, row.ptr, n);
        }
    }
}

/// The kernel of a function of two arguments.
///
/// # Safety
/// As for [`super::Kernel`].
pub(super) unsafe fn binary<K: Binary>(out: *mut u8, args: &[Operand], n: usize) {
    let [a, b] = args else { return };
    if n == 0 {
        return;
    }
    let (mut room_a, mut room_b) = (empty(), empty());
    let out = out.cast::<K::R>();
    let registers = !K::HEAVY && a.splat != b.splat;
    // SAFETY: the caller keeps the kernel's contract.
    unsafe {
        let x = Row::new(*a, !registers, &mut room_a);
        let y = Row::new(*b, !registers, &mut room_b);
        if !K::HEAVY && registers && a.splat {
            loop2::<K, Splat<true, false, false>>(PhantomData, out, x, y, n);
        } else if !K::HEAVY && registers {
            loop2::<K, Splat<false, true, false>>(PhantomData, out, x, y, n);
        } else {
            loop2::<K, Splat<false, false, false>>(PhantomData, out, x, y, n);
        }
    }
}

/// The kernel of a function of three arguments.
///
/// # Safety
/// As for [`super::Kernel`].
pub(super) unsafe fn ternary<K: Ternary>(out: *mut u8, args: &[Operand], n: usize) {
    let [a, b, c] = args else { return };
    if n == 0 {
        return;
    }
    let (mut room_a, mut room_b, mut room_c) = (empty(), empty(), empty());
    let out = out.cast::<K::R>();
    // SAFETY: the caller keeps the kernel's contract.
    unsafe {
        let x = Row::new(*a, true, &mut room_a);
        let y = Row::new(*b, false, &mut room_b);
        let z = Row::new(*c, false, &mut room_c);
        match (b.splat, c.splat) {
            (true, true) => loop3::<K, Splat<false, true, true>>(PhantomData, out, x, y, z, n),
            (true, false) => loop3::<K, Splat<false, true, false>>(PhantomData, out, x, y, z, n),
            (false, true) => loop3::<K, Splat<false, false, true>>(PhantomData, out, x, y, z, n),
            (false, false) => loop3::<K, Splat<false, false, false>>(PhantomData, out, x, y, z, n),
        }
    }
}

/// A row of the table: name, arity, cost, rule, documentation, bodies by group of dtypes.
///
/// In a body `T` is the argument's type and `Real` its real part's. The groups are those of
/// [`stamp`]; the first that has the dtype gives the kernel.
macro_rules! row {
    ($name:literal, $arity:tt, $cost:literal, $rule:expr, $doc:literal, $($bodies:tt)*) => {
        $crate::elementwise::Function {
            name: $name,
            arity: $arity,
            doc: $doc,
            cost: $cost,
            rule: $rule,
            kernel: |dtypes| {
                $crate::elementwise::stamp::bodies!(dtypes; $($bodies)*);
                None
            },
        }
    };
}

macro_rules! bodies {
    ($d:ident;) => {};
    ($d:ident; $group:ident $(#$heavy:ident)? |$($x:ident $(: $xt:ty)?),+| -> $out:ty $body:block
        rare $cond:block slow $slow:block $($rest:tt)*) => {
        $crate::elementwise::stamp::stamp!($group $d [$($heavy)?]
            [$($x $(: $xt)?),+] [$out] $body [$cond $slow]);
        $crate::elementwise::stamp::bodies!($d; $($rest)*);
    };
    ($d:ident; $group:ident $(#$heavy:ident)? |$($x:ident $(: $xt:ty)?),+| -> $out:ty $body:block
        $($rest:tt)*) => {
        $crate::elementwise::stamp::stamp!($group $d [$($heavy)?]
            [$($x $(: $xt)?),+] [$out] $body []);
        $crate::elementwise::stamp::bodies!($d; $($rest)*);
    };
}

/// Returns the kernel where the main dtype is in the group: the last of three arguments, else the
/// first. `width` is the integers by size, for what does not look at the sign.
macro_rules! stamp {
    (mixed $d:ident $($x:tt)*) => {
        match $d {
            [chunkwise_core::DType::I64, chunkwise_core::DType::U64] =>
                return $crate::elementwise::stamp::mixed!(i64, u64, $($x)*),
            [chunkwise_core::DType::U64, chunkwise_core::DType::I64] =>
                return $crate::elementwise::stamp::mixed!(u64, i64, $($x)*),
            _ => {}
        }
    };
    (bool $($x:tt)*) => { $crate::elementwise::stamp::stamp!(@ [(Bool => bool, bool)] $($x)*) };
    (signed $($x:tt)*) => {
        $crate::elementwise::stamp::stamp!(@ [(I8 => i8, i8) (I16 => i16, i16) (I32 => i32, i32) (I64 => i64, i64)] $($x)*)
    };
    (unsigned $($x:tt)*) => {
        $crate::elementwise::stamp::stamp!(@ [(U8 => u8, u8) (U16 => u16, u16) (U32 => u32, u32) (U64 => u64, u64)] $($x)*)
    };
    (width $($x:tt)*) => {
        $crate::elementwise::stamp::stamp!(@ [(I8 | U8 => u8, u8) (I16 | U16 => u16, u16) (I32 | U32 => u32, u32)
            (I64 | U64 => u64, u64)] $($x)*)
    };
    (integer $($x:tt)*) => {
        $crate::elementwise::stamp::stamp!(@ [(I8 => i8, i8) (I16 => i16, i16) (I32 => i32, i32) (I64 => i64, i64)
            (U8 => u8, u8) (U16 => u16, u16) (U32 => u32, u32) (U64 => u64, u64)] $($x)*)
    };
    (float $($x:tt)*) => { $crate::elementwise::stamp::stamp!(@ [(F32 => f32, f32) (F64 => f64, f64)] $($x)*) };
    (complex $($x:tt)*) => {
        $crate::elementwise::stamp::stamp!(@ [(C64 => num_complex::Complex32, f32) (C128 => num_complex::Complex64, f64)] $($x)*)
    };
    (inexact $($x:tt)*) => {
        $crate::elementwise::stamp::stamp!(@ [(F32 => f32, f32) (F64 => f64, f64)
            (C64 => num_complex::Complex32, f32) (C128 => num_complex::Complex64, f64)] $($x)*)
    };
    (real $($x:tt)*) => {
        $crate::elementwise::stamp::stamp!(@ [(I8 => i8, i8) (I16 => i16, i16) (I32 => i32, i32) (I64 => i64, i64)
            (U8 => u8, u8) (U16 => u16, u16) (U32 => u32, u32) (U64 => u64, u64)
            (F32 => f32, f32) (F64 => f64, f64)] $($x)*)
    };
    (@ [$(($($name:ident)|+ => $t:ty, $real:ty))*] $d:ident $($x:tt)*) => {
        $crate::elementwise::stamp::stamp!(@@ [$(($($name)|+ => $t, $real))*] $d [$($x)*])
    };
    (@@ [$(($($name:ident)|+ => $t:ty, $real:ty))*] $d:ident $x:tt) => {
        #[allow(unreachable_patterns)]
        match $d {
            $(
                [$(chunkwise_core::DType::$name)|+] |
                [$(chunkwise_core::DType::$name)|+, _] |
                [_, _, $(chunkwise_core::DType::$name)|+] => {
                    #[allow(dead_code)]
                    type T = $t;
                    #[allow(dead_code)]
                    type Real = $real;
                    return Some($crate::elementwise::stamp::body!($x))
                }
            )*
            _ => {}
        }
    };
}

macro_rules! body {
    ([[$($heavy:ident)?] [$a:ident $(: $at:ty)?] [$out:ty] $body:block [$($cond:block $slow:block)?]]) => {{
        struct Body;
        impl $crate::elementwise::stamp::Unary for Body {
            type A = $crate::elementwise::stamp::given!(T $(, $at)?);
            type R = $out;
            #[inline(always)]
            fn map($a: Self::A) -> Self::R $body
            $(
                const RARE: bool = true;
                #[inline(always)]
                fn rare($a: Self::A) -> bool $cond
                #[inline(always)]
                fn slow($a: Self::A) -> Self::R $slow
            )?
        }
        $crate::elementwise::stamp::unary::<Body> as $crate::elementwise::Kernel
    }};
    ([[$($heavy:ident)?] [$a:ident $(: $at:ty)?, $b:ident $(: $bt:ty)?] [$out:ty] $body:block
        [$($cond:block $slow:block)?]]) => {{
        struct Body;
        impl $crate::elementwise::stamp::Binary for Body {
            type A = $crate::elementwise::stamp::given!(T $(, $at)?);
            type B = $crate::elementwise::stamp::given!(T $(, $bt)?);
            type R = $out;
            const HEAVY: bool = $crate::elementwise::stamp::is_heavy!($($heavy)?);
            #[inline(always)]
            fn map($a: Self::A, $b: Self::B) -> Self::R $body
            $(
                const RARE: bool = true;
                #[inline(always)]
                fn rare($a: Self::A, $b: Self::B) -> bool $cond
                #[inline(always)]
                fn slow($a: Self::A, $b: Self::B) -> Self::R $slow
            )?
        }
        $crate::elementwise::stamp::binary::<Body> as $crate::elementwise::Kernel
    }};
    ([[] [$a:ident $(: $at:ty)?, $b:ident, $c:ident] [$out:ty] $body:block []]) => {{
        struct Body;
        impl $crate::elementwise::stamp::Ternary for Body {
            type A = $crate::elementwise::stamp::given!(T $(, $at)?);
            type B = T;
            type C = T;
            type R = $out;
            #[inline(always)]
            fn map($a: Self::A, $b: T, $c: T) -> Self::R $body
        }
        $crate::elementwise::stamp::ternary::<Body> as $crate::elementwise::Kernel
    }};
}

/// A comparison of `i64` with `u64`, exact in `i128`.
macro_rules! mixed {
    ($A:ty, $B:ty, [$($heavy:ident)?] [$a:ident, $b:ident] [$out:ty] $body:block []) => {{
        struct Body;
        impl $crate::elementwise::stamp::Binary for Body {
            type A = $A;
            type B = $B;
            type R = $out;
            const HEAVY: bool = true;
            #[inline(always)]
            fn map($a: $A, $b: $B) -> $out {
                let ($a, $b) = ($a as i128, $b as i128);
                $body
            }
        }
        Some($crate::elementwise::stamp::binary::<Body> as $crate::elementwise::Kernel)
    }};
}

macro_rules! given {
    ($default:ty) => {
        $default
    };
    ($default:ty, $given:ty) => {
        $given
    };
}

macro_rules! is_heavy {
    () => {
        false
    };
    (heavy) => {
        true
    };
}

pub(super) use {bodies, body, given, is_heavy, mixed, row, stamp};
