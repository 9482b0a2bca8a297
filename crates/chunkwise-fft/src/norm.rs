use serde::{Deserialize, Serialize};

/// Which direction is divided by what, so that one undoes the other.
///
/// ```
/// use chunkwise_fft::Norm;
/// assert_eq!(Norm::Backward.factor(4, true), 0.25);
/// assert_eq!(Norm::Backward.swapped(), Norm::Forward);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Norm {
    /// The inverse is divided by the length.
    #[default]
    Backward,
    /// Both are divided by the square root of the length.
    Ortho,
    /// The forward transform is divided by the length.
    Forward,
}

impl Norm {
    /// What a transform of length `n` is multiplied by.
    pub fn factor(self, n: usize, inverse: bool) -> f64 {
        match (self, inverse) {
            (Norm::Ortho, _) => 1.0 / (n as f64).sqrt(),
            (Norm::Backward, true) | (Norm::Forward, false) => 1.0 / n as f64,
            _ => 1.0,
        }
    }

    /// The norm that divides the other direction.
    pub fn swapped(self) -> Norm {
        match self {
            Norm::Backward => Norm::Forward,
            Norm::Ortho => Norm::Ortho,
            Norm::Forward => Norm::Backward,
        }
    }
}
