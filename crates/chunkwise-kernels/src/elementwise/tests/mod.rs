mod accuracy;
mod casts;
mod dtypes;
mod integers;
mod layouts;
mod specials;

use chunkwise_core::{Complex32, Complex64, DType, Element};

use super::{Function, Operand};

/// Elements as bytes, 16-aligned, starting `offset` elements in.
pub(super) struct Elements {
    words: Vec<u128>,
    pub dtype: DType,
    offset: usize,
    pub len: usize,
}

impl Elements {
    pub fn zeros(dtype: DType, len: usize, offset: usize) -> Elements {
        Elements {
            words: vec![0; (len + offset) * dtype.size() / 16 + 1],
            dtype,
            offset,
            len,
        }
    }

    pub fn of<T: Element>(values: &[T]) -> Elements {
        let mut out = Elements::zeros(T::DTYPE, values.len(), 0);
        for (i, v) in values.iter().enumerate() {
            // SAFETY: there is room for the values.
            unsafe { out.ptr_mut().cast::<T>().add(i).write(*v) };
        }
        out
    }

    pub fn ptr(&self) -> *const u8 {
        // SAFETY: the words hold `offset + len` elements.
        unsafe {
            self.words
                .as_ptr()
                .cast::<u8>()
                .add(self.offset * self.dtype.size())
        }
    }

    pub fn ptr_mut(&mut self) -> *mut u8 {
        let offset = self.offset * self.dtype.size();
        // SAFETY: the words hold `offset + len` elements.
        unsafe { self.words.as_mut_ptr().cast::<u8>().add(offset) }
    }

    pub fn get<T: Element>(&self, i: usize) -> T {
        assert!(T::DTYPE == self.dtype && i < self.len);
        // SAFETY: just checked.
        unsafe { self.ptr().cast::<T>().add(i).read() }
    }

    /// The bits of element `i`, with one pattern for every NaN.
    pub fn bits(&self, i: usize) -> [u64; 2] {
        let float = |x: f64| if x.is_nan() { !0 } else { x.to_bits() };
        match self.dtype {
            DType::F32 => [float(self.get::<f32>(i) as f64), 0],
            DType::F64 => [float(self.get::<f64>(i)), 0],
            DType::C64 => {
                let z = self.get::<Complex32>(i);
                [float(z.re as f64), float(z.im as f64)]
            }
            DType::C128 => {
                let z = self.get::<Complex64>(i);
                [float(z.re), float(z.im)]
            }
            d => {
                let mut word = [0u8; 8];
                // SAFETY: the element lies in the words.
                let bytes =
                    unsafe { std::slice::from_raw_parts(self.ptr().add(i * d.size()), d.size()) };
                word[..d.size()].copy_from_slice(bytes);
                [u64::from_le_bytes(word), 0]
            }
        }
    }

    /// Copies element `from` of `other` to element `to`.
    pub fn set(&mut self, to: usize, other: &Elements, from: usize) {
        assert!(self.dtype == other.dtype && to < self.len && from < other.len);
        let size = self.dtype.size();
        // SAFETY: both lie in their words.
        unsafe {
            std::ptr::copy_nonoverlapping(
                other.ptr().add(from * size),
                self.ptr_mut().add(to * size),
                size,
            );
        }
    }
}

/// Calls the function on arguments of the dtypes that it takes.
pub(super) fn call(f: &Function, args: &[&Elements]) -> Elements {
    let dtypes: Vec<DType> = args.iter().map(|a| a.dtype).collect();
    let resolved = f.resolve(&dtypes).unwrap();
    assert_eq!(resolved.inputs.as_slice(), dtypes, "{f:?}");
    let mut out = Elements::zeros(resolved.output, args[0].len, 0);
    let operands: Vec<Operand> = args
        .iter()
        .map(|a| Operand {
            ptr: a.ptr(),
            splat: false,
        })
        .collect();
    // SAFETY: dtypes and lengths are those resolved.
    unsafe { (resolved.kernel)(out.ptr_mut(), &operands, args[0].len) };
    out
}

/// Random bits, by Marsaglia's xorshift.
pub(super) struct Bits(pub u64);

impl Bits {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.next() >> 11) as f64 / 2f64.powi(53))
    }
}
