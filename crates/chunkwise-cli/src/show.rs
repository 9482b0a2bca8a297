//! Arrays as text, in NumPy's layout: every value of a short one, the corners of a long one.

use std::fmt::Write;

use chunkwise::{Chunk, Complex32, Complex64, DType};

/// Above this many elements only the first and last of each axis are shown.
const WHOLE: usize = 1000;
/// How many of each end of an axis are shown then.
pub const EDGE: usize = 3;

/// Which positions along each axis are shown: all of them, or the first and last [`EDGE`].
pub fn shown_positions(shape: &[usize]) -> Vec<Vec<usize>> {
    let elements = shape.iter().fold(1usize, |n, d| n.saturating_mul(*d));
    let cut = |d: usize| elements > WHOLE && d > 2 * EDGE;
    let positions = |d: usize| match cut(d) {
        true => (0..EDGE).chain(d - EDGE..d).collect(),
        false => (0..d).collect(),
    };
    shape.iter().map(|d| positions(*d)).collect()
}

/// The values of an array of this shape. `values` holds the shown positions, or the whole.
///
/// Numbers are written with the fewest digits that give the same number when read back.
pub fn array(shape: &[usize], values: &Chunk) -> String {
    let positions = shown_positions(shape);
    let compact = values.shape() != shape;
    let mut texts = Vec::new();
    let mut index = Vec::new();
    collect(&positions, compact, values, &mut index, &mut texts);
    let width = texts.iter().map(|t| t.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    if shape.contains(&0) {
        return format!("[] (shape {shape:?})");
    }
    write(
        shape,
        &positions,
        width,
        0,
        &mut texts.into_iter(),
        &mut out,
    );
    out
}

fn collect(
    positions: &[Vec<usize>],
    compact: bool,
    values: &Chunk,
    index: &mut Vec<usize>,
    texts: &mut Vec<String>,
) {
    match positions.get(index.len()) {
        None => texts.push(element(values, index)),
        Some(along) => {
            for (n, position) in along.iter().enumerate() {
                index.push(if compact { n } else { *position });
                collect(positions, compact, values, index, texts);
                index.pop();
            }
        }
    }
}

fn write(
    shape: &[usize],
    positions: &[Vec<usize>],
    width: usize,
    depth: usize,
    texts: &mut impl Iterator<Item = String>,
    out: &mut String,
) {
    let Some((along, rest)) = positions.split_first() else {
        let text = texts.next().unwrap_or_default();
        let _ = write!(out, "{text:>width$}");
        return;
    };
    let cut = along.len() < shape[0];
    // Rows of the last axis are separated by spaces, higher axes by lines.
    let separator = match rest.len() {
        0 => " ".to_owned(),
        n => format!("{}{}", "\n".repeat(n), " ".repeat(depth + 1)),
    };
    out.push('[');
    for n in 0..along.len() {
        if n > 0 {
            let full = depth + 1 + 88;
            let line = out.rfind('\n').map_or(out.len(), |at| out.len() - at - 1);
            if rest.is_empty() && line + width + 1 > full {
                let _ = write!(out, "\n{}", " ".repeat(depth + 1));
            } else {
                out.push_str(&separator);
            }
        }
        if cut && n == EDGE {
            out.push_str("...");
            out.push_str(&separator);
        }
        write(&shape[1..], rest, width, depth + 1, texts, out);
    }
    out.push(']');
}

fn element(values: &Chunk, index: &[usize]) -> String {
    let view = values.view();
    macro_rules! text {
        ($($dtype:ident $t:ty, $show:expr;)*) => {
            match values.dtype() {
                $(DType::$dtype => view.get::<$t>(index).map($show),)*
            }
        };
    }
    text! {
        Bool bool, |v| if v { "True" } else { "False" }.to_owned();
        I8 i8, |v| v.to_string();
        I16 i16, |v| v.to_string();
        I32 i32, |v| v.to_string();
        I64 i64, |v| v.to_string();
        U8 u8, |v| v.to_string();
        U16 u16, |v| v.to_string();
        U32 u32, |v| v.to_string();
        U64 u64, |v| v.to_string();
        F32 f32, |v| real(format!("{v:?}"));
        F64 f64, |v| real(format!("{v:?}"));
        C64 Complex32, |v| complex(format!("{:?}", v.re), format!("{:+?}", v.im));
        C128 Complex64, |v| complex(format!("{:?}", v.re), format!("{:+?}", v.im));
    }
    .unwrap_or_default()
}

fn real(text: String) -> String {
    text.replace("NaN", "nan")
}

fn complex(re: String, im: String) -> String {
    let sign = if im.starts_with(['+', '-']) { "" } else { "+" };
    format!("{}{sign}{}j", real(re), real(im))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<T: chunkwise::Element>(data: Vec<T>, shape: &[usize]) -> String {
        array(shape, &Chunk::from_owner(data, shape).unwrap())
    }

    #[test]
    fn short_arrays_are_shown_whole_and_exactly() {
        assert_eq!(shown(vec![0.1f64], &[]), "0.1");
        assert_eq!(shown(vec![0.1f32 + 0.2], &[]), "0.3");
        assert_eq!(shown(vec![0.1f64 + 0.2], &[]), "0.30000000000000004");
        assert_eq!(
            shown(vec![f64::NAN, -1e300, f64::INFINITY], &[3]),
            "[   nan -1e300    inf]"
        );
        assert_eq!(shown(vec![true, false], &[2]), "[ True False]");
        assert_eq!(shown(vec![1u8, 2, 30, 4], &[2, 2]), "[[ 1  2]\n [30  4]]");
        assert_eq!(
            shown((0..8).collect::<Vec<i64>>(), &[2, 2, 2]),
            "[[[0 1]\n  [2 3]]\n\n [[4 5]\n  [6 7]]]"
        );
        assert_eq!(
            shown(
                vec![Complex64::new(1.5, -0.0), Complex64::new(0.0, f64::NAN)],
                &[2]
            ),
            "[1.5-0.0j 0.0+nanj]"
        );
        assert_eq!(shown::<f64>(vec![], &[0, 3]), "[] (shape [0, 3])");
    }

    #[test]
    fn long_arrays_show_their_corners() {
        let rows = shown((0..2000).collect::<Vec<i32>>(), &[1000, 2]);
        assert_eq!(rows.lines().next(), Some("[[   0    1]"));
        assert_eq!(rows.lines().nth(3), Some(" ..."));
        assert_eq!(rows.lines().last(), Some(" [1998 1999]]"));
        assert_eq!(
            shown((0..1001).collect::<Vec<i16>>(), &[1001]),
            "[   0    1    2 ...  998  999 1000]"
        );
    }

    #[test]
    fn corners_alone_give_the_same_text() {
        let whole = Chunk::from_owner((0..2000).collect::<Vec<i32>>(), &[2000]).unwrap();
        let corner = Chunk::from_owner(vec![0, 1, 2, 1997, 1998, 1999], &[6]).unwrap();
        assert_eq!(array(&[2000], &whole), array(&[2000], &corner));
    }

    #[test]
    fn lines_are_not_too_long() {
        let text = shown((0..1000).collect::<Vec<i32>>(), &[1000]);
        assert!(text.lines().all(|l| l.len() <= 90), "{text}");
        let numbers = text.trim_matches(['[', ']']).split_whitespace();
        assert!(numbers.eq((0..1000).map(|n| n.to_string())));
    }
}
