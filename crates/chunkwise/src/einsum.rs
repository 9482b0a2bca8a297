//! Einstein's summation: sums of products of labelled axes.

use std::collections::BTreeMap;

use chunkwise_core::{DType, Error, Result};

use crate::Array;
use crate::linalg::contract;

/// Labels of the axes that `...` stands for are numbers from here, counted from the last axis.
const ELLIPSIS: u32 = 1 << 24;

/// One array with a label for each axis.
struct Term {
    array: Array,
    labels: Vec<u32>,
}

/// Sums of products of labelled axes, as `numpy.einsum`: `"ij,jk->ik"` is the matrix product.
///
/// Letters are labels; `...` stands for the axes without one, which are broadcast. A label that is
/// repeated in one array is its diagonal; a label that the result lacks is summed over. Without `->`
/// the result has the labels that occur once, in alphabetical order, after those of `...`. More than
/// two arrays are multiplied in pairs, the pair with the smallest result first.
///
/// ```
/// # use chunkwise::{Array, DType, einsum};
/// let x = Array::ones([5, 3, 4], DType::F64, 2)?;
/// let y = Array::ones([4, 6], DType::F64, 2)?;
/// assert_eq!(einsum("...ij,jk->...ik", [&x, &y])?.shape(), [5, 3, 6]);
/// assert_eq!(einsum("bij->ji", [&x])?.shape(), [4, 3]);
/// assert_eq!(einsum("ij,jk,kl", [&y, &y.t()?, &y])?.shape(), [4, 6]);
/// assert_eq!(einsum("ii", [&x.get(chunkwise::s![0, .., ..3])?])?.ndim(), 0);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn einsum(
    subscripts: &str,
    arrays: impl IntoIterator<Item = impl AsRef<Array>>,
) -> Result<Array> {
    let arrays: Vec<Array> = arrays.into_iter().map(|a| a.as_ref().clone()).collect();
    for a in &arrays {
        a.check()?;
    }
    let (inputs, output) = parse(subscripts, &arrays)?;
    let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
    for (a, labels) in arrays.iter().zip(&inputs) {
        for (label, &len) in labels.iter().zip(a.shape()) {
            let size = sizes.entry(*label).or_insert(len);
            if *size == 1 {
                *size = len;
            } else if len != 1 && len != *size {
                return Err(bad(
                    subscripts,
                    &format!("{} has lengths {size} and {len}", written(*label)),
                ));
            }
        }
    }
    let dtype = arrays.iter().map(Array::dtype).reduce(DType::promote);
    let dtype = dtype.ok_or_else(|| bad(subscripts, "no arrays are given"))?;
    let mut terms = Vec::with_capacity(arrays.len());
    for (array, labels) in arrays.iter().zip(inputs) {
        let term = Term {
            array: array.astype(dtype)?,
            labels,
        };
        terms.push(term.diagonals(subscripts)?.without_ones(&sizes)?);
    }
    while terms.len() > 1 {
        for i in 0..terms.len() {
            let needed = needed_beside(&terms, &[i], &output);
            terms[i].sum_unneeded(&needed, dtype)?;
        }
        let (i, j) = cheapest(&terms, &output, &sizes);
        let needed = needed_beside(&terms, &[i, j], &output);
        let right = terms.remove(j);
        let left = std::mem::replace(
            &mut terms[i],
            Term {
                array: right.array.clone(),
                labels: Vec::new(),
            },
        );
        terms[i] = product(left, right, &needed)?;
    }
    let mut last = terms
        .pop()
        .ok_or_else(|| bad(subscripts, "no arrays are given"))?;
    last.sum_unneeded(&output, dtype)?;
    last.ordered(&output)
}

fn bad(subscripts: &str, reason: &str) -> Error {
    Error::argument("einsum", "subscripts", format!("{subscripts:?}"), reason)
}

fn written(label: u32) -> String {
    match char::from_u32(label).filter(|_| label < ELLIPSIS) {
        Some(c) => format!("label {c}"),
        None => "an axis of ...".to_owned(),
    }
}

/// The labels of each input and of the output.
fn parse(subscripts: &str, arrays: &[Array]) -> Result<(Vec<Vec<u32>>, Vec<u32>)> {
    let fail = |reason: String| bad(subscripts, &reason);
    let text: String = subscripts.chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = match text.split_once("->") {
        Some((left, right)) => (left, Some(right)),
        None => (&text[..], None),
    };
    let parts: Vec<&str> = left.split(',').collect();
    if parts.len() != arrays.len() {
        return Err(fail(format!(
            "it names {} arrays, {} are given",
            parts.len(),
            arrays.len()
        )));
    }
    // The labels before and after the ellipsis, if there is one.
    let split = |part: &str| -> Result<(Vec<u32>, Option<Vec<u32>>)> {
        let letters = |s: &str| -> Result<Vec<u32>> {
            match s.chars().find(|c| !c.is_ascii_alphabetic()) {
                Some(c) => Err(fail(format!("{c:?} is no label"))),
                None => Ok(s.chars().map(u32::from).collect()),
            }
        };
        match part.split_once("...") {
            None => Ok((letters(part)?, None)),
            Some((before, after)) => Ok((letters(before)?, Some(letters(after)?))),
        }
    };
    let dots = |n: usize| (0..n as u32).rev().map(|i| ELLIPSIS + i);
    let mut widest = 0;
    let mut inputs = Vec::with_capacity(parts.len());
    for (part, array) in parts.iter().zip(arrays) {
        let (mut labels, after) = split(part)?;
        let named = labels.len() + after.as_ref().map_or(0, Vec::len);
        let fits = match after {
            None => named == array.ndim(),
            Some(_) => named <= array.ndim(),
        };
        if !fits {
            let ndim = array.ndim();
            return Err(fail(format!(
                "{part:?} names {named} axes of an array with {ndim}"
            )));
        }
        if let Some(after) = after {
            widest = widest.max(array.ndim() - named);
            labels.extend(dots(array.ndim() - named));
            labels.extend(after);
        }
        inputs.push(labels);
    }
    let output = match right {
        Some(right) => {
            let (mut labels, after) = split(right)?;
            if let Some(after) = after {
                labels.extend(dots(widest));
                labels.extend(after);
            } else if widest > 0 {
                return Err(fail("the result needs ... too".to_owned()));
            }
            labels
        }
        None => {
            let mut once: Vec<u32> = inputs.iter().flatten().copied().collect();
            once.sort_unstable();
            let all = once.clone();
            once.retain(|l| *l < ELLIPSIS && all.iter().filter(|x| *x == l).count() == 1);
            dots(widest).chain(once).collect()
        }
    };
    for (i, label) in output.iter().enumerate() {
        if output[..i].contains(label) {
            return Err(fail(format!("{} is twice in the result", written(*label))));
        }
        if !inputs.iter().any(|labels| labels.contains(label)) {
            return Err(fail(format!("{} is in no array", written(*label))));
        }
    }
    Ok((inputs, output))
}

/// The labels that the result or a term outside `pair` has.
fn needed_beside(terms: &[Term], pair: &[usize], output: &[u32]) -> Vec<u32> {
    let mut needed = output.to_vec();
    for (i, term) in terms.iter().enumerate() {
        if !pair.contains(&i) {
            needed.extend(&term.labels);
        }
    }
    needed
}

/// The pair whose product saves the most memory, the first of equals.
fn cheapest(terms: &[Term], output: &[u32], sizes: &BTreeMap<u32, usize>) -> (usize, usize) {
    let volume = |labels: &mut dyn Iterator<Item = &u32>| -> f64 {
        labels
            .filter_map(|l| sizes.get(l))
            .map(|n| *n as f64)
            .product()
    };
    let mut best = (f64::INFINITY, (0, 1));
    for i in 0..terms.len() {
        for j in i + 1..terms.len() {
            let (a, b) = (&terms[i].labels, &terms[j].labels);
            let needed = needed_beside(terms, &[i, j], output);
            let other = b.iter().filter(|l| !a.contains(l));
            let made = volume(&mut a.iter().chain(other).filter(|l| needed.contains(l)));
            let cost = made - volume(&mut a.iter()) - volume(&mut b.iter());
            if cost < best.0 {
                best = (cost, (i, j));
            }
        }
    }
    best.1
}

/// The product of two terms, summed over the labels of both that are not needed.
#[track_caller]
fn product(a: Term, b: Term, needed: &[u32]) -> Result<Term> {
    let (mut batch, mut summed) = (Vec::new(), Vec::new());
    for label in a.labels.iter().filter(|l| b.labels.contains(l)) {
        if needed.contains(label) {
            batch.push(*label);
        } else {
            summed.push(*label);
        }
    }
    let only = |own: &Term, other: &Term| -> Vec<u32> {
        let own = own.labels.iter().copied();
        own.filter(|l| !other.labels.contains(l)).collect()
    };
    let (m, n) = (only(&a, &b), only(&b, &a));
    let left = a.ordered(&[&batch[..], &m, &summed].concat())?;
    let right = b.ordered(&[&batch[..], &summed, &n].concat())?;
    Ok(Term {
        array: contract(&left, &right, batch.len(), summed.len())?,
        labels: [batch, m, n].concat(),
    })
}

impl Term {
    /// With each label once: repeated ones are diagonals.
    #[track_caller]
    fn diagonals(mut self, subscripts: &str) -> Result<Term> {
        loop {
            let repeated = (0..self.labels.len()).find_map(|j| {
                let i = self.labels[..j].iter().position(|l| *l == self.labels[j])?;
                Some((i, j))
            });
            let Some((i, j)) = repeated else {
                return Ok(self);
            };
            let label = self.labels[i];
            let (x, y) = (self.array.shape()[i], self.array.shape()[j]);
            if x != y {
                return Err(bad(
                    subscripts,
                    &format!("{} has lengths {x} and {y} in one array", written(label)),
                ));
            }
            self.array = self.array.diagonal(0, i as isize, j as isize)?;
            self.labels.retain(|l| *l != label);
            self.labels.push(label);
        }
    }

    /// Without axes of length 1 that are broadcast to others.
    #[track_caller]
    fn without_ones(mut self, sizes: &BTreeMap<u32, usize>) -> Result<Term> {
        let shape = self.array.shape().to_vec();
        let broadcast = |k: usize| shape[k] == 1 && sizes.get(&self.labels[k]) != Some(&1);
        let gone: Vec<usize> = (0..shape.len()).filter(|k| broadcast(*k)).collect();
        self.array = self.array.squeeze(gone.clone())?;
        let mut k = 0;
        self.labels.retain(|_| {
            k += 1;
            !gone.contains(&(k - 1))
        });
        Ok(self)
    }

    /// Summed over the labels that are not needed.
    #[track_caller]
    fn sum_unneeded(&mut self, needed: &[u32], dtype: DType) -> Result<()> {
        let gone: Vec<usize> = (0..self.labels.len())
            .filter(|k| !needed.contains(&self.labels[*k]))
            .collect();
        if !gone.is_empty() {
            self.array = self.array.sum_as(gone, dtype)?;
            self.labels.retain(|l| needed.contains(l));
        }
        Ok(())
    }

    /// The array with its axes in the order of these labels, which are its own.
    #[track_caller]
    fn ordered(&self, labels: &[u32]) -> Result<Array> {
        let order: Vec<isize> = labels
            .iter()
            .filter_map(|l| self.labels.iter().position(|own| own == l))
            .map(|a| a as isize)
            .collect();
        self.array.transpose(&order)
    }
}
