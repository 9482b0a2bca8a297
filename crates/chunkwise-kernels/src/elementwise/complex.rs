//! Scalar bodies of complex functions, computed in `f64` for both widths.
//!
//! Branch cuts and special values are those of C99's annex G as far as the formulas of Kahan, *Branch
//! cuts for complex elementary functions* (1987), give them.

use std::f64::consts::{FRAC_PI_2, LN_2};

use chunkwise_core::{Complex, Complex32, Complex64};

use super::math::{exp, hyperbolic, log, power, trig};

/// Complex functions as methods, so that one body in the table serves both widths.
macro_rules! functions {
    ($($method:ident = $name:ident;)*) => {
        pub(super) trait ComplexMath: Copy {
            $(fn $method(self) -> Self;)*
            /// `self` to the power of `w`.
            fn power(self, w: Self) -> Self;
            /// `self / w` by Smith's method, which does not overflow on the way.
            fn over(self, w: Self) -> Self;
        }
        impl ComplexMath for Complex64 {
            $(#[inline(always)] fn $method(self) -> Complex64 { $name(self) })*
            #[inline(always)]
            fn power(self, w: Complex64) -> Complex64 { pow(self, w) }
            #[inline(always)]
            fn over(self, w: Complex64) -> Complex64 { divide(self, w) }
        }
        impl ComplexMath for Complex32 {
            $(#[inline(always)] fn $method(self) -> Complex32 { narrow($name(wide(self))) })*
            #[inline(always)]
            fn power(self, w: Complex32) -> Complex32 { narrow(pow(wide(self), wide(w))) }
            #[inline(always)]
            fn over(self, w: Complex32) -> Complex32 { narrow(divide(wide(self), wide(w))) }
        }
    };
}

functions! {
    acos_ = acos;
    acosh_ = acosh;
    asin_ = asin;
    asinh_ = asinh;
    atan_ = atan;
    atanh_ = atanh;
    cos_ = cos;
    cosh_ = cosh;
    exp_ = exp_complex;
    exp2_ = exp2;
    expm1_ = expm1;
    log_ = log_complex;
    log10_ = log10;
    log1p_ = log1p;
    log2_ = log2;
    sign_ = sign;
    sin_ = sin;
    sinc_ = sinc;
    sinh_ = sinh;
    sqrt_ = sqrt;
    tan_ = tan;
    tanh_ = tanh;
}

#[inline(always)]
fn wide(z: Complex32) -> Complex64 {
    Complex::new(z.re as f64, z.im as f64)
}

#[inline(always)]
fn narrow(z: Complex64) -> Complex32 {
    Complex::new(z.re as f32, z.im as f32)
}

#[inline(always)]
fn new(re: f64, im: f64) -> Complex64 {
    Complex::new(re, im)
}

/// `i z`.
#[inline(always)]
fn times_i(z: Complex64) -> Complex64 {
    new(-z.im, z.re)
}

/// `-i z`.
#[inline(always)]
fn over_i(z: Complex64) -> Complex64 {
    new(z.im, -z.re)
}

#[inline(always)]
fn real_sin(x: f64) -> f64 {
    if trig::is_large(x) {
        trig::sin_large(x)
    } else {
        trig::sin(x)
    }
}

#[inline(always)]
fn real_cos(x: f64) -> f64 {
    if trig::is_large(x) {
        trig::cos_large(x)
    } else {
        trig::cos(x)
    }
}

/// The product, four multiplications without regard to infinities, as NumPy has it.
#[inline(always)]
pub(super) fn multiply<F>(a: Complex<F>, b: Complex<F>) -> Complex<F>
where
    F: Copy + std::ops::Mul<Output = F> + std::ops::Add<Output = F> + std::ops::Sub<Output = F>,
{
    Complex {
        re: a.re * b.re - a.im * b.im,
        im: a.re * b.im + a.im * b.re,
    }
}

#[inline(always)]
fn divide(a: Complex64, b: Complex64) -> Complex64 {
    let steep = b.re.abs() < b.im.abs();
    let (p, q) = if steep { (b.im, b.re) } else { (b.re, b.im) };
    let ratio = q / p;
    let scale = 1.0 / (p + q * ratio);
    let zero = b.re == 0.0 && b.im == 0.0;
    let y = if steep {
        new((a.re * ratio + a.im) * scale, (a.im * ratio - a.re) * scale)
    } else {
        new((a.re + a.im * ratio) * scale, (a.im - a.re * ratio) * scale)
    };
    if zero {
        new(a.re / b.re.abs(), a.im / b.re.abs())
    } else {
        y
    }
}

/// `z / |z|`, 0 for 0; along an axis for one infinite part.
#[inline(always)]
fn sign(z: Complex64) -> Complex64 {
    match (z.re.is_infinite(), z.im.is_infinite()) {
        (true, true) => new(f64::NAN, f64::NAN),
        (true, false) => new(1f64.copysign(z.re), 0.0),
        (false, true) => new(0.0, 1f64.copysign(z.im)),
        _ if z.re == 0.0 && z.im == 0.0 => new(0.0, 0.0),
        _ => {
            let r = power::hypot(z.re, z.im);
            new(z.re / r, z.im / r)
        }
    }
}

/// `r (cos t + i sin t)` where a zero angle keeps the sign of the imaginary part.
#[inline(always)]
fn polar(r: f64, t: f64) -> Complex64 {
    if t == 0.0 {
        new(r, t)
    } else {
        new(r * real_cos(t), r * real_sin(t))
    }
}

#[inline(always)]
fn exp_complex(z: Complex64) -> Complex64 {
    if z.re == f64::NEG_INFINITY && !z.im.is_finite() {
        return new(0.0, 0.0);
    }
    if z.re == f64::INFINITY && !z.im.is_finite() {
        return new(f64::INFINITY, f64::NAN);
    }
    if z.re.is_nan() && z.im == 0.0 {
        return z;
    }
    if z.re > 709.0 && z.re.is_finite() {
        let half = polar(exp::exp(z.re * 0.5), z.im);
        return half * exp::exp(z.re * 0.5);
    }
    polar(exp::exp(z.re), z.im)
}

#[inline(always)]
fn exp2(z: Complex64) -> Complex64 {
    let mut y = exp_complex(new(z.re * LN_2, z.im * LN_2));
    if z.im == 0.0 {
        y = new(exp::exp2(z.re), z.im);
    }
    y
}

#[inline(always)]
fn expm1(z: Complex64) -> Complex64 {
    let half = real_sin(z.im * 0.5);
    let e = exp_complex(z);
    if z.re.is_infinite() && !z.im.is_finite() {
        return new(if z.re > 0.0 { z.re } else { -1.0 }, e.im);
    }
    // e^x cos y - 1 = (e^x - 1) cos y - 2 sin(y/2)^2
    // A zero is positive, whatever the sign of x.
    new(
        exp::expm1(z.re) * real_cos(z.im) - 2.0 * half * half + 0.0,
        e.im,
    )
}

/// `log |z|`, accurate where `|z|` is near 1.
#[inline(always)]
fn log_abs(z: Complex64) -> f64 {
    let (x, y) = (z.re.abs(), z.im.abs());
    let (a, b) = if x > y { (x, y) } else { (y, x) };
    if a > 0.5 && a < 2.0 && b < 2.0 {
        // a^2 + b^2 - 1 in twice the precision.
        let square = (a - 1.0) * (a + 1.0);
        let lost = (a - 1.0).mul_add(a + 1.0, -square);
        let other = b * b;
        let sum = square + other;
        let t = sum - square;
        let low = (square - (sum - t)) + (other - t) + lost + b.mul_add(b, -other);
        if sum > -0.6 {
            return 0.5 * log::log1p(sum + low);
        }
    }
    log::log(power::hypot(x, y))
}

#[inline(always)]
fn log_complex(z: Complex64) -> Complex64 {
    let r = if z.re.abs() > 1e308 || z.im.abs() > 1e308 {
        log_abs(z * 0.25) + 2.0 * LN_2
    } else {
        log_abs(z)
    };
    new(r, trig::atan2(z.im, z.re))
}

#[inline(always)]
fn log2(z: Complex64) -> Complex64 {
    let y = log_complex(z);
    new(
        y.re * std::f64::consts::LOG2_E,
        y.im * std::f64::consts::LOG2_E,
    )
}

#[inline(always)]
fn log10(z: Complex64) -> Complex64 {
    let y = log_complex(z);
    new(
        y.re * std::f64::consts::LOG10_E,
        y.im * std::f64::consts::LOG10_E,
    )
}

#[inline(always)]
fn log1p(z: Complex64) -> Complex64 {
    let im = trig::atan2(z.im, 1.0 + z.re);
    if z.re.abs() < 0.5 && z.im.abs() < 0.5 {
        // |1 + z|^2 - 1 = x (2 + x) + y^2
        let first = z.re * (2.0 + z.re);
        let lost = z.re.mul_add(2.0 + z.re, -first);
        return new(0.5 * log::log1p(z.im.mul_add(z.im, first) + lost), im);
    }
    new(log_complex(new(1.0 + z.re, z.im)).re, im)
}

#[inline(always)]
fn sqrt(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if y.is_infinite() {
        return new(f64::INFINITY, y);
    }
    if x == f64::INFINITY {
        return new(x, if y.is_nan() { y } else { 0f64.copysign(y) });
    }
    if x == f64::NEG_INFINITY {
        let re = if y.is_nan() { y } else { 0.0 };
        return new(re, f64::INFINITY.copysign(y));
    }
    if x == 0.0 && y == 0.0 {
        return new(0.0, y);
    }
    // Scaled by powers of four so that the sum below neither overflows nor loses bits.
    let size = x.abs().max(y.abs());
    let (down, up) = match size {
        s if s > 1e300 => (0.0625, 4.0),
        s if s < 1e-290 => (2f64.powi(108), 2f64.powi(-54)),
        _ => (1.0, 1.0),
    };
    let (x, y) = (x * down, y * down);
    let r = (0.5 * (power::hypot(x, y) + x.abs())).sqrt();
    let other = y.abs() / (2.0 * r);
    let root = if x >= 0.0 {
        new(r, other.copysign(y))
    } else if x < 0.0 {
        new(other, r.copysign(y))
    } else {
        new(f64::NAN, f64::NAN)
    };
    new(root.re * up, root.im * up)
}

#[inline(always)]
fn cosh(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if y == 0.0 {
        return new(
            hyperbolic::cosh(x),
            if x.is_nan() { y } else { y * x.signum() },
        );
    }
    if x == 0.0 {
        let im = if y.is_finite() { x * real_sin(y) } else { x };
        return new(real_cos(y), im);
    }
    if x.is_infinite() && !y.is_finite() {
        return new(f64::INFINITY, f64::NAN);
    }
    if x.abs() > 709.0 && x.is_finite() {
        let e = exp_complex(new(x.abs() - LN_2, y.copysign(y * x)));
        return new(e.re, e.im);
    }
    new(
        hyperbolic::cosh(x) * real_cos(y),
        hyperbolic::sinh(x) * real_sin(y),
    )
}

#[inline(always)]
fn sinh(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if y == 0.0 {
        return new(hyperbolic::sinh(x), y);
    }
    if x == 0.0 {
        let re = if y.is_finite() { x * real_cos(y) } else { x };
        return new(re, real_sin(y));
    }
    if x.is_infinite() && !y.is_finite() {
        return new(x, f64::NAN);
    }
    if x.abs() > 709.0 && x.is_finite() {
        let e = exp_complex(new(x.abs() - LN_2, y));
        return new(e.re.abs().copysign(e.re * x), e.im);
    }
    new(
        hyperbolic::sinh(x) * real_cos(y),
        hyperbolic::cosh(x) * real_sin(y),
    )
}

#[inline(always)]
fn tanh(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if y == 0.0 {
        return new(hyperbolic::tanh(x), y);
    }
    if x.is_infinite() {
        return new(1f64.copysign(x), 0f64.copysign(y));
    }
    if !y.is_finite() {
        return new(if x == 0.0 { x } else { f64::NAN }, f64::NAN);
    }
    if x.abs() > 22.0 {
        let e = exp::exp(-x.abs());
        return new(1f64.copysign(x), 4.0 * real_sin(y) * real_cos(y) * e * e);
    }
    // Kahan's: with t = tan y, b = 1 + t^2, s = sinh x, r = sqrt(1 + s^2)
    let t = real_sin(y) / real_cos(y);
    let beta = 1.0 + t * t;
    let s = hyperbolic::sinh(x);
    let rho = (1.0 + s * s).sqrt();
    let denominator = 1.0 + beta * s * s;
    if t.is_infinite() {
        return new(rho / s, 1.0 / t);
    }
    new(beta * rho * s / denominator, t / denominator)
}

#[inline(always)]
fn cos(z: Complex64) -> Complex64 {
    cosh(times_i(z))
}

#[inline(always)]
fn sin(z: Complex64) -> Complex64 {
    over_i(sinh(times_i(z)))
}

#[inline(always)]
fn tan(z: Complex64) -> Complex64 {
    over_i(tanh(times_i(z)))
}

/// `sin(pi z) / (pi z)`, 1 at 0.
#[inline(always)]
fn sinc(z: Complex64) -> Complex64 {
    if z.re == 0.0 && z.im == 0.0 {
        return new(1.0, 0.0);
    }
    let y = z * std::f64::consts::PI;
    divide(sin(y), y)
}

/// Beyond this the inverse functions are logarithms.
const FAR: f64 = 1e150;

#[inline(always)]
fn is_far(z: Complex64) -> bool {
    !(z.re.abs() < FAR && z.im.abs() < FAR)
}

/// `log(2 |z|)`.
#[inline(always)]
fn log_twice(z: Complex64) -> f64 {
    log_complex(z).re + LN_2
}

#[inline(always)]
fn asinh(z: Complex64) -> Complex64 {
    over_i(asin(times_i(z)))
}

#[inline(always)]
fn asin(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if x.is_nan() || y.is_nan() {
        return match () {
            _ if x == 0.0 => new(x, f64::NAN),
            _ if y.is_infinite() => new(f64::NAN, y),
            _ if x.is_infinite() => new(f64::NAN, x),
            _ => new(f64::NAN, f64::NAN),
        };
    }
    if is_far(z) {
        return new(trig::atan2(x, y.abs()), log_twice(z).copysign(y));
    }
    let a = sqrt(new(1.0 - x, -y));
    let b = sqrt(new(1.0 + x, y));
    let re = trig::atan2(x, a.re * b.re - a.im * b.im);
    let im = hyperbolic::asinh(a.re * b.im - a.im * b.re);
    new(re, im.abs().copysign(y))
}

#[inline(always)]
fn acos(z: Complex64) -> Complex64 {
    let (x, y) = (z.re, z.im);
    if x.is_nan() || y.is_nan() {
        return match () {
            _ if x == 0.0 => new(FRAC_PI_2, f64::NAN),
            _ if y.is_infinite() => new(f64::NAN, -y),
            _ if x.is_infinite() => new(f64::NAN, x.abs()),
            _ => new(f64::NAN, f64::NAN),
        };
    }
    if is_far(z) {
        return new(trig::atan2(y.abs(), x), (-log_twice(z)).copysign(-y));
    }
    let a = sqrt(new(1.0 - x, -y));
    let b = sqrt(new(1.0 + x, y));
    let re = 2.0 * trig::atan2(a.re, b.re);
    let im = hyperbolic::asinh(b.re * a.im - b.im * a.re);
    new(re, im.abs().copysign(-y))
}

#[inline(always)]
fn acosh(z: Complex64) -> Complex64 {
    // acosh z = +-i acos z, with the sign that makes the real part positive.
    let w = acos(z);
    if z.re == 0.0 && z.im.is_nan() {
        return new(f64::NAN, FRAC_PI_2);
    }
    if w.re.is_nan() && w.im.is_nan() {
        return w;
    }
    if w.re.is_nan() {
        return new(w.im.abs(), w.re);
    }
    new(w.im.abs(), w.re.copysign(z.im))
}

#[inline(always)]
fn atan(z: Complex64) -> Complex64 {
    over_i(atanh(times_i(z)))
}

#[inline(always)]
fn atanh(z: Complex64) -> Complex64 {
    let (x, y) = (z.re.abs(), z.im);
    if x.is_nan() || y.is_nan() {
        return match () {
            _ if x == 0.0 => z,
            _ if x.is_infinite() => new(0f64.copysign(z.re), f64::NAN),
            _ if y.is_infinite() => new(0f64.copysign(z.re), FRAC_PI_2.copysign(y)),
            _ => new(f64::NAN, f64::NAN),
        };
    }
    if is_far(z) {
        let size = power::hypot(x * 1e-155, y * 1e-155);
        let re = if size.is_infinite() {
            0.0
        } else {
            x * 1e-155 / size / size * 1e-155
        };
        return new(re.copysign(z.re), FRAC_PI_2.copysign(y));
    }
    let one_less = 1.0 - x;
    let square = one_less.mul_add(one_less, y * y);
    let re = if x == 1.0 && y == 0.0 {
        f64::INFINITY
    } else if x == 1.0 && y.abs() < 1e-150 {
        0.5 * (LN_2 - log::log(y.abs()))
    } else {
        0.25 * log::log1p(4.0 * x / square)
    };
    let im = 0.5 * trig::atan2(2.0 * y, one_less.mul_add(1.0 + x, -(y * y)));
    new(re.copysign(z.re), im.abs().copysign(y))
}

#[inline(always)]
fn pow(z: Complex64, w: Complex64) -> Complex64 {
    if w.re == 0.0 && w.im == 0.0 {
        return new(1.0, 0.0);
    }
    if z.re == 0.0 && z.im == 0.0 {
        return if w.re > 0.0 {
            new(0.0, 0.0)
        } else {
            new(f64::NAN, f64::NAN)
        };
    }
    // Small whole powers by multiplication, as NumPy does.
    if w.im == 0.0 && w.re == w.re.trunc() && w.re.abs() < 100.0 {
        let mut n = w.re.abs() as u32;
        let (mut base, mut product) = (z, new(1.0, 0.0));
        while n > 0 {
            if n & 1 == 1 {
                product = multiply(product, base);
            }
            base = multiply(base, base);
            n >>= 1;
        }
        return if w.re < 0.0 {
            divide(new(1.0, 0.0), product)
        } else {
            product
        };
    }
    exp_complex(multiply(w, log_complex(z)))
}
