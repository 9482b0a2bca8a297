//! An operation without elements in its result is not done.

use chunkwise_core::{Chunks, Result, Scalar};
use chunkwise_expr::{Expr, Kind};

use crate::Rule;

pub(super) const RULE: Rule = Rule {
    name: "empty result",
    apply,
};

fn apply(e: &Expr) -> Result<Option<Expr>> {
    let stays = matches!(
        e.kind(),
        // A user's function is called whatever it gives; a boolean index has its length marked unknown.
        Kind::Constant(_) | Kind::Source(_) | Kind::Call { .. } | Kind::Compress { .. }
    );
    if stays || !e.is_empty() {
        return Ok(None);
    }
    let chunks = Chunks::Grid(e.grid().clone());
    Expr::constant(Scalar::Bool(false), e.dtype(), e.shape(), &chunks).map(Some)
}

#[cfg(test)]
mod tests {
    use chunkwise_core::DType;
    use chunkwise_expr::parse_indices;

    use super::*;
    use crate::rules::cases::{applied, array};

    #[test]
    fn only_empty_results_go() {
        let x = array(DType::F32, &[4, 5]);
        assert!(applied(&RULE, &x).is_none());
        let none = x.get(&parse_indices("2:2").unwrap()).unwrap();
        let made = applied(&RULE, &none).unwrap();
        assert!(matches!(made.kind(), Kind::Constant(_)));
        assert_eq!((made.shape(), made.dtype()), (&[0, 5][..], DType::F32));
        assert_eq!(made.grid(), none.grid());
        assert!(applied(&RULE, &made).is_none());
    }
}
