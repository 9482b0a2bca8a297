use smallvec::SmallVec;

/// Axes of an array and of the same elements under another shape that hold the same indices, without
/// those of length 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AxisGroup {
    /// Axes of the array.
    pub from: SmallVec<[usize; 4]>,
    /// Axes of the other shape.
    pub to: SmallVec<[usize; 4]>,
}

impl AxisGroup {
    /// The smallest groups of axes of two shapes of equally many elements, of which there is one at least.
    ///
    /// ```
    /// # use chunkwise_core::AxisGroup;
    /// let groups = AxisGroup::between(&[2, 3, 4, 5], &[2, 12, 5]);
    /// assert_eq!(groups.len(), 3);
    /// assert_eq!((groups[1].from.as_slice(), groups[1].to.as_slice()), (&[1, 2][..], &[1][..]));
    /// ```
    pub fn between(from: &[usize], to: &[usize]) -> Vec<AxisGroup> {
        let real =
            |s: &[usize]| -> SmallVec<[usize; 4]> { (0..s.len()).filter(|a| s[*a] != 1).collect() };
        let (own, new) = (real(from), real(to));
        let mut found = Vec::new();
        let (mut i, mut j) = (0, 0);
        while i < own.len() && j < new.len() {
            let mut group = AxisGroup::default();
            let (mut a, mut b) = (1, 1);
            while a != b || group.from.is_empty() {
                if a <= b && i < own.len() {
                    a *= from[own[i]];
                    group.from.push(own[i]);
                    i += 1;
                } else if j < new.len() {
                    b *= to[new[j]];
                    group.to.push(new[j]);
                    j += 1;
                } else {
                    break;
                }
            }
            found.push(group);
        }
        found
    }

    /// The elements of one row of the first of some axes.
    pub fn row(shape: &[usize], axes: &[usize]) -> usize {
        axes.iter().skip(1).map(|a| shape[*a]).product()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_the_smallest_that_hold_the_same_elements() {
        let text = |from: &[usize], to: &[usize]| {
            let all: Vec<String> = AxisGroup::between(from, to)
                .iter()
                .map(|g| format!("{:?}-{:?}", g.from.as_slice(), g.to.as_slice()))
                .collect();
            all.join(" ")
        };
        assert_eq!(
            text(&[2, 3, 4, 5], &[2, 12, 5]),
            "[0]-[0] [1, 2]-[1] [3]-[2]"
        );
        assert_eq!(text(&[1, 6, 4], &[6, 1, 2, 2]), "[1]-[0] [2]-[2, 3]");
        assert_eq!(text(&[4, 3], &[2, 6]), "[0, 1]-[0, 1]");
        assert_eq!(text(&[24], &[2, 3, 4]), "[0]-[0, 1, 2]");
        assert_eq!(text(&[1, 1], &[1]), "");
    }
}
