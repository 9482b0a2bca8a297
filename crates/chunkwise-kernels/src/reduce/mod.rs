//! Reductions: a table with one row per reduction.
