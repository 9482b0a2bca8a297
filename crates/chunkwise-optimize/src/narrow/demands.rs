use chunkwise_expr::Expr;
use smallvec::SmallVec;

use super::narrowing;
use crate::selection::Selection;

/// The most versions that are made of one node.
const VERSIONS: usize = 4;
/// Two selections are made as one where it has at most this many times the elements of both: two
/// operations read the same chunks of their inputs twice.
const SHARING: usize = 2;

/// What is asked of one node, as few selections that the node can be made for.
#[derive(Debug, Default)]
pub(super) struct Demands {
    selections: SmallVec<[Selection; 1]>,
}

impl Demands {
    /// What is to be made; everything that was asked is in one of them.
    pub fn selections(&self) -> &[Selection] {
        &self.selections
    }

    /// Whether all of `e` is to be made.
    pub fn is_whole(&self, e: &Expr) -> bool {
        self.selections.iter().any(|s| s.is_whole(e.shape()))
    }

    /// Asks for elements of `e`.
    pub fn add(&mut self, e: &Expr, asked: Selection) {
        let widen = |s: Selection| match narrowing(e) {
            Some(n) if !s.is_whole(e.shape()) => (n.widen)(e, s),
            _ => Selection::whole(e.shape()),
        };
        let mut wanted = widen(asked);
        while !self.selections.iter().any(|s| s.holds(&wanted)) {
            let full = self.selections.len() >= VERSIONS;
            let worth_one = |s: &Selection| {
                let apart = s.elements() + wanted.elements();
                full || s.hull(&wanted).elements() <= SHARING * apart
            };
            match self.selections.iter().position(worth_one) {
                Some(place) => {
                    let other = self.selections.swap_remove(place);
                    wanted = widen(other.hull(&wanted));
                }
                None => self.selections.push(wanted.clone()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::Span;
    use chunkwise_core::{Chunks, DType};

    fn asked(spans: &[(usize, usize, usize)]) -> Vec<Selection> {
        let e = Expr::index(&[1000], 0, &Chunks::AUTO)
            .and_then(|e| e.cast(DType::F64))
            .unwrap();
        let mut demands = Demands::default();
        for (start, step, len) in spans {
            demands.add(&e, Selection::new([Span::new(*start, *step, *len)]));
        }
        demands.selections().to_vec()
    }

    #[test]
    fn near_demands_are_made_as_one_and_far_ones_apart() {
        assert_eq!(
            asked(&[(0, 1, 999), (1, 1, 999)]),
            [Selection::whole(&[1000])]
        );
        assert_eq!(
            asked(&[(0, 2, 500), (1, 2, 500)]),
            [Selection::whole(&[1000])]
        );
        assert_eq!(
            asked(&[(0, 1, 10), (5, 1, 10)]),
            [Selection::new([Span::new(0, 1, 15)])]
        );
        assert_eq!(asked(&[(0, 1, 10), (900, 1, 10)]).len(), 2);
        assert_eq!(asked(&[(5, 1, 10), (7, 1, 1)]).len(), 1);
    }

    #[test]
    fn the_number_of_versions_is_bounded_and_nothing_is_forgotten() {
        let spans: Vec<_> = (0..100).map(|i| ((i * 37) % 991, 1, 1)).collect();
        let made = asked(&spans);
        assert!(made.len() <= VERSIONS);
        for (start, _, _) in spans {
            let one = Selection::new([Span::new(start, 1, 1)]);
            assert!(made.iter().any(|s| s.holds(&one)));
        }
    }
}
