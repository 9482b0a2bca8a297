//! Cumulative sums and products along an axis.
