//! Hand-written loops, compiled for AVX2 and run on several threads: what a careful programmer would
//! write for one problem.

/// Splits a slice evenly over threads and adds up what each gives.
pub fn sum(data: &[f64], threads: usize, part: fn(&[f64]) -> f64) -> f64 {
    let len = data.len().div_ceil(threads);
    std::thread::scope(|s| {
        let parts: Vec<_> = data.chunks(len).map(|c| s.spawn(move || part(c))).collect();
        parts.into_iter().map(|p| p.join().unwrap()).sum()
    })
}

pub fn polynomial(data: &[f64]) -> f64 {
    #[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
    fn body(data: &[f64]) -> f64 {
        let mut lanes = [0.0; 16];
        let (head, tail) = data.as_chunks::<16>();
        for block in head {
            for (lane, x) in lanes.iter_mut().zip(block) {
                let y = x * 2.0 + 1.0;
                *lane += y * y - x / 3.0;
            }
        }
        let rest: f64 = tail.iter().map(|x| (x * 2.0 + 1.0).powi(2) - x / 3.0).sum();
        lanes.iter().sum::<f64>() + rest
    }
    // SAFETY: benchmarks run on machines with AVX2.
    unsafe { body(data) }
}

pub fn zip(a: &[f64], b: &[f64], out: &mut [f64], threads: usize, f: fn(f64, f64) -> f64) {
    let len = a.len().div_ceil(threads);
    std::thread::scope(|s| {
        for ((a, b), out) in a.chunks(len).zip(b.chunks(len)).zip(out.chunks_mut(len)) {
            s.spawn(move || {
                for ((a, b), out) in a.iter().zip(b).zip(out) {
                    *out = f(*a, *b);
                }
            });
        }
    });
}

/// `(x - mean) / std` of each column, in two passes for the moments and one to write.
pub fn standardise(data: &[f64], cols: usize, out: &mut [f64], threads: usize) {
    let rows = data.len() / cols;
    let len = rows.div_ceil(threads) * cols;
    let columns = |f: &(dyn Fn(&[f64], &mut [f64]) + Sync)| -> Vec<f64> {
        std::thread::scope(|s| {
            let parts: Vec<_> = data
                .chunks(len)
                .map(|c| {
                    s.spawn(move || {
                        let mut sums = vec![0.0; cols];
                        c.chunks(cols).for_each(|row| f(row, &mut sums));
                        sums
                    })
                })
                .collect();
            parts
                .into_iter()
                .map(|p| p.join().unwrap())
                .fold(vec![0.0; cols], |mut a, b| {
                    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
                    a
                })
        })
    };
    let mut mean = columns(&|row, sums| sums.iter_mut().zip(row).for_each(|(s, x)| *s += x));
    mean.iter_mut().for_each(|m| *m /= rows as f64);
    let centre = &mean;
    let mut std = columns(&|row, sums| {
        for ((s, x), m) in sums.iter_mut().zip(row).zip(centre) {
            *s += (x - m) * (x - m);
        }
    });
    std.iter_mut().for_each(|s| *s = (*s / rows as f64).sqrt());
    let spread = &std;
    std::thread::scope(|s| {
        for (part, out) in data.chunks(len).zip(out.chunks_mut(len)) {
            s.spawn(move || {
                for (row, out) in part.chunks(cols).zip(out.chunks_mut(cols)) {
                    for (((x, o), m), d) in row.iter().zip(out).zip(centre).zip(spread) {
                        *o = (x - m) / d;
                    }
                }
            });
        }
    });
}

/// The sum of `x + x.T` in square tiles.
pub fn transposed(data: &[f64], n: usize, threads: usize) -> f64 {
    const SIDE: usize = 32;
    let part = |from: usize, to: usize| {
        let mut sum = 0.0;
        for i0 in (from..to).step_by(SIDE) {
            for j0 in (0..n).step_by(SIDE) {
                let mut tile = 0.0;
                for i in i0..(i0 + SIDE).min(to) {
                    for j in j0..(j0 + SIDE).min(n) {
                        tile += data[i * n + j] + data[j * n + i];
                    }
                }
                sum += tile;
            }
        }
        sum
    };
    let len = n.div_ceil(threads);
    std::thread::scope(|s| {
        let part = &part;
        let parts: Vec<_> = (0..threads)
            .map(|t| s.spawn(move || part(t * len, ((t + 1) * len).min(n))))
            .collect();
        parts.into_iter().map(|p| p.join().unwrap()).sum()
    })
}

/// The 5-point Laplacian with zeros outside.
pub fn laplacian(data: &[f64], n: usize, out: &mut [f64], threads: usize) {
    let rows = n.div_ceil(threads);
    let zeros = vec![0.0; n];
    std::thread::scope(|s| {
        for (t, out) in out.chunks_mut(rows * n).enumerate() {
            let zeros = &zeros;
            s.spawn(move || {
                for (r, out) in out.chunks_mut(n).enumerate() {
                    let i = t * rows + r;
                    let row = &data[i * n..(i + 1) * n];
                    let up = if i > 0 {
                        &data[(i - 1) * n..i * n]
                    } else {
                        zeros
                    };
                    let down = if i + 1 < n {
                        &data[(i + 1) * n..(i + 2) * n]
                    } else {
                        zeros
                    };
                    out[0] = up[0] + down[0] + row[1] - 4.0 * row[0];
                    for j in 1..n - 1 {
                        out[j] = up[j] + down[j] + row[j - 1] + row[j + 1] - 4.0 * row[j];
                    }
                    out[n - 1] = up[n - 1] + down[n - 1] + row[n - 2] - 4.0 * row[n - 1];
                }
            });
        }
    });
}
