//! Order and counting: sorts, quantiles, sets, histograms.

mod sorting;
