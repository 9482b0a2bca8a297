//! Any bytes give a header or an error.
#![no_main]

use chunkwise_storage::npy::parse_header;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(header) = parse_header(bytes) {
        let n: usize = header.shape.iter().product();
        assert_eq!(header.nbytes(), n * header.dtype.size());
        assert!(header.data_offset <= bytes.len());
    }
});
