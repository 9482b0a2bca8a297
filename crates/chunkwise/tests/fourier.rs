//! Fourier transforms of chunked arrays: the same as of the whole array at once, whatever the chunks,
//! and the laws between them. What a transform of one chunk is, is tested in `chunkwise-fft`.
#![allow(clippy::unwrap_used, reason = "tests")]

use chunkwise::fft::{self, Norm};
use chunkwise::*;

const NORMS: [Norm; 3] = [Norm::Backward, Norm::Ortho, Norm::Forward];

fn complex(a: &Array, session: &Session) -> Vec<Complex64> {
    let wide = a.astype(DType::C128).unwrap();
    session.compute(&[&wide]).unwrap()[0]
        .to_vec::<Complex64>()
        .unwrap()
}

fn assert_close(a: &Array, b: &Array, what: &str) {
    let session = Session::new(2, 1 << 28).unwrap().with_grain(50);
    assert_eq!((a.shape(), a.dtype()), (b.shape(), b.dtype()), "{what}");
    let (x, y) = (complex(a, &session), complex(b, &session));
    let tolerance = match a.dtype().size() / if a.dtype().is_complex() { 2 } else { 1 } {
        4 => 1e-4,
        _ => 1e-11,
    };
    for (x, y) in x.iter().zip(&y) {
        assert!((x - y).norm() <= tolerance, "{what}: {x} and {y}");
    }
}

fn noise(shape: &[usize], dtype: DType, chunks: usize) -> Array {
    let x = Random::new(3).standard_normal(shape, chunks).unwrap();
    let y = Random::new(4).standard_normal(shape, chunks).unwrap();
    match dtype.is_complex() {
        true => x
            .add(y.multiply(Complex64::new(0.0, 1.0)).unwrap())
            .unwrap()
            .astype(dtype)
            .unwrap(),
        false => x.multiply(10.0).unwrap().astype(dtype).unwrap(),
    }
}

#[test]
fn chunks_do_not_matter() {
    for dtype in [DType::F32, DType::F64, DType::C64, DType::C128, DType::I16] {
        for shape in [&[12, 5, 7][..], &[30], &[1, 40]] {
            for axis in 0..shape.len() as isize {
                let whole = noise(shape, dtype, 100);
                for chunks in [1, 3, 100] {
                    let cut = noise(shape, dtype, chunks);
                    for n in [None, Some(3), Some(9), Some(64)] {
                        let all = [fft::fft, fft::ifft, fft::irfft, fft::hfft];
                        for f in all {
                            let a = f(&cut, n, axis, Norm::Backward).and_then(|a| a.persist());
                            let b = f(&whole, n, axis, Norm::Backward);
                            // A length of 1 gives no default length to the real inverse.
                            match b {
                                Ok(b) => assert_close(&a.unwrap(), &b, "chunks"),
                                Err(_) => assert!(a.is_err() && n.is_none()),
                            }
                        }
                        if dtype.is_complex() {
                            assert!(fft::rfft(&cut, n, axis, Norm::Ortho).is_err());
                            continue;
                        }
                        for f in [fft::rfft, fft::ihfft] {
                            let a = f(&cut, n, axis, Norm::Backward).unwrap();
                            let b = f(&whole, n, axis, Norm::Backward).unwrap();
                            assert_close(&a, &b, "chunks of a real transform");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn the_inverse_undoes_it() {
    let ones: [&[isize]; 4] = [&[0], &[1], &[-1], &[0, 2]];
    for norm in NORMS {
        for dtype in [DType::F64, DType::C64] {
            let x = noise(&[6, 5, 8], dtype, 3);
            for axes in ones {
                let forth = fft::fftn(&x, None, Some(axes), norm).unwrap();
                let back = fft::ifftn(&forth, None, Some(axes), norm).unwrap();
                assert_close(&back, &x.astype(back.dtype()).unwrap(), "ifftn(fftn)");
            }
        }
        let x = noise(&[6, 5, 8], DType::F64, 3);
        let half = fft::rfftn(&x, None, None, norm).unwrap();
        assert_eq!(half.shape(), [6, 5, 5]);
        let back = fft::irfftn(&half, Some(&[6, 5, 8]), None, norm).unwrap();
        assert_close(&back, &x, "irfftn(rfftn)");
        let back = fft::irfftn(&half, None, None, norm).unwrap();
        assert_close(&back, &x, "irfftn(rfftn) of the default length");
        let odd = fft::ihfft(&x, Some(7), 1, norm).unwrap();
        let back = fft::hfft(&odd, Some(7), 1, norm).unwrap();
        let filled = x
            .pad(&[(0, 0), (0, 2), (0, 0)], Pad::Constant(0.0.into()))
            .unwrap();
        assert_close(&back, &filled, "hfft(ihfft) continued by zeros");
    }
}

#[test]
fn several_axes_are_one_after_another() {
    let x = noise(&[6, 5, 8], DType::F64, 3);
    let norm = Norm::Backward;
    let all = fft::fftn(&x, Some(&[4, 9]), Some(&[2, 0]), norm).unwrap();
    let one = fft::fft(&x, Some(9), 0, norm).unwrap();
    let both = fft::fft(&one, Some(4), 2, norm).unwrap();
    assert_close(&all, &both, "fftn");
    let twice = fft::fftn(&x, Some(&[3, 7]), Some(&[1, 1]), norm).unwrap();
    let one = fft::fft(&x, Some(7), 1, norm).unwrap();
    assert_close(&twice, &fft::fft(&one, Some(3), 1, norm).unwrap(), "twice");
    let last = fft::fft2(&x, None, [-2, -1], norm).unwrap();
    let same = fft::fftn(&x, Some(&[5, 8]), None, norm).unwrap();
    assert_close(&last, &same, "the last two axes");
    let none = fft::fftn(&x, None, Some(&[]), norm).unwrap();
    assert_close(&none, &x, "no axes");
    // Long lines along both axes, which no task holds together.
    let long = noise(&[600, 500], DType::F64, 100);
    let both = fft::fft2(&long, None, [0, 1], norm).unwrap();
    let back = fft::ifft2(&both, None, [0, 1], norm)
        .unwrap()
        .real()
        .unwrap();
    assert_close(&back, &long, "large planes");
    assert_eq!(
        fft::fft(&long, None, 0, norm).unwrap().chunks().to_string(),
        "(600, 100)"
    );
}

#[test]
fn parseval_and_shift_laws() {
    let session = Session::new(2, 1 << 28).unwrap();
    let x = noise(&[10, 33], DType::C128, 7);
    let y = fft::fft(&x, None, 1, Norm::Ortho).unwrap();
    let energy = |a: &Array| a.abs().unwrap().square().unwrap().sum(1).unwrap();
    assert_close(&energy(&x), &energy(&y), "Parseval");
    // A turn of the input is a phase of the result: exp(2 pi i f).
    let turned = fft::fft(&x.roll(&[1], 1).unwrap(), None, 1, Norm::Ortho).unwrap();
    let f = fft::fftfreq(33, 1.0, 5).unwrap();
    let phase = f
        .multiply(Complex64::new(0.0, -std::f64::consts::TAU))
        .unwrap();
    assert_close(&y.multiply(phase.exp().unwrap()).unwrap(), &turned, "shift");
    for n in 1..9 {
        let i = Array::arange(0, n, 1, 3).unwrap();
        let there = fft::fftshift(&i, ..).unwrap();
        let got = complex(&fft::ifftshift(&there, ..).unwrap(), &session);
        assert_eq!(got, complex(&i, &session), "{n}");
        // The frequencies in order.
        let sorted = fft::fftshift(&fft::fftfreq(n, 1.0, 3).unwrap(), 0).unwrap();
        let f = complex(&sorted, &session);
        assert!(f.windows(2).all(|w| w[0].re < w[1].re), "{f:?}");
    }
}

#[test]
fn empty_arrays_and_wrong_arguments() {
    let norm = Norm::Backward;
    let none = Array::zeros([0, 4], DType::F64, 2).unwrap();
    let made = fft::rfft(&none, None, 1, norm).unwrap();
    assert_eq!(made.compute().unwrap().shape(), [0, 3]);
    let says = |a: Result<Array>, text: &str| {
        let error = a.unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    };
    says(fft::fft(&none, None, 0, norm), "at least one data point");
    assert!(fft::fft(&none, Some(2), 0, norm).unwrap().compute().is_ok());
    says(fft::fft(&none, None, 2, norm), "axis 2 is out of range");
    let point = Array::zeros((), DType::F64, 1).unwrap();
    says(fft::fft(&point, None, -1, norm), "axis -1 is out of range");
    says(
        fft::fftn(&none, Some(&[2]), Some(&[0, 1]), norm),
        "different lengths",
    );
    says(
        fft::rfftn(&none, None, Some(&[]), norm),
        "at least one axis",
    );
    says(
        fft::irfft(&Array::ones(1, DType::F64, 1).unwrap(), None, 0, norm),
        "at least one data point",
    );
    says(fft::fftfreq(0, 1.0, 1), "must not be zero");
    let x = Array::ones([4, 4], DType::F64, 2).unwrap();
    let some = x
        .compress(&x.get(s![0]).unwrap().greater(0.0).unwrap(), 0)
        .unwrap();
    says(fft::fft(&some, None, 1, norm), "known only after computing");
}

#[test]
fn a_limit_below_the_array_is_enough() {
    // 16 MiB in, 16 MiB out; only a sum is kept.
    let x = noise(&[1024, 1024], DType::C128, 128);
    let session = Session::new(2, 24 << 20).unwrap();
    let y = fft::fft(&x, None, 0, Norm::Ortho).unwrap();
    let sum = y.abs().unwrap().square().unwrap().sum(..).unwrap();
    let want = x.abs().unwrap().square().unwrap().sum(..).unwrap();
    let got = session.compute(&[&sum, &want]).unwrap();
    let (a, b) = (got[0].item::<f64>().unwrap(), got[1].item::<f64>().unwrap());
    assert!((a - b).abs() < 1e-9 * b, "{a} {b}");
    assert!(session.memory_used().1 <= 24 << 20);
}
