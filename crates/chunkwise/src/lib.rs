//! Lazy chunked arrays.
#![forbid(unsafe_code)]
