//! Random numbers: every value a pure function of (seed, stream, distribution, element index).
