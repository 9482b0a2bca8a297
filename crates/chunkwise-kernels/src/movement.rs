//! Strided copies, specialised by element width.
