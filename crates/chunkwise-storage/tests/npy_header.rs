//! The header parser is total, reads whatever Python would, and what is written is NumPy's to the byte.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;

use chunkwise_core::DType;
use chunkwise_storage::npy::{HeaderError, parse_header, write_header};
use common::{bytes, fixture, values};

fn v1(text: &str) -> Vec<u8> {
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((text.len() as u16).to_le_bytes());
    file.extend(text.as_bytes());
    file
}

#[test]
fn spellings_of_a_dictionary() {
    let cases: [(&str, DType, bool, &[usize]); 9] = [
        (
            "{'descr':'<f8','fortran_order':False,'shape':(3,4)}",
            DType::F64,
            false,
            &[3, 4],
        ),
        (
            "{'shape': (3, 4, ), 'descr': '<f8', 'fortran_order': True, }",
            DType::F64,
            true,
            &[3, 4],
        ),
        (
            "  { \"descr\" :\t\"|u1\" ,\n'fortran_order': False, 'shape': ( ) }  \n",
            DType::U8,
            false,
            &[],
        ),
        (
            "{'descr': 'i4', 'fortran_order': False, 'shape': (7,)}",
            DType::I32,
            false,
            &[7],
        ),
        (
            "{'descr': '=c8', 'fortran_order': False, 'shape': ( 7 , )}",
            DType::C64,
            false,
            &[7],
        ),
        (
            "{'descr': '|b1', 'fortran_order': False, 'shape': (3L, 4L)}",
            DType::Bool,
            false,
            &[3, 4],
        ),
        (
            "{'descr': '<u8', 'fortran_order': False, 'shape': (0, 5)}",
            DType::U64,
            false,
            &[0, 5],
        ),
        (
            "{'descr': '>i1', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1)}",
            DType::I8,
            false,
            &[1; 8],
        ),
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (00012,)}",
            DType::F32,
            false,
            &[12],
        ),
    ];
    for (text, dtype, fortran_order, shape) in cases {
        let header = parse_header(&v1(text)).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(
            (header.dtype, header.fortran_order, header.shape.as_slice()),
            (dtype, fortran_order, shape),
            "{text}"
        );
        assert_eq!(header.data_offset, 10 + text.len());
    }
}

#[test]
fn what_is_wrong_is_said() {
    let cases = [
        ("", "no dictionary at byte 10"),
        ("{", "a key should stand at byte 11"),
        ("{'descr' '<f8'}", "a colon is missing at byte 19"),
        ("{'descr': }", "a value is missing at byte 20"),
        ("{'descr': '<f8', 'descr': '<f8'}", "a key is there twice"),
        ("{'descr': '<f8}", "a text without end"),
        ("{'descr': '<f8', 'fortran_order': False}", "no shape"),
        ("{'fortran_order': False, 'shape': (1,)}", "no descr"),
        ("{'descr': '<f8', 'shape': (1,)}", "no fortran_order"),
        (
            "{'descr': '<f8', 'fortran_order': 0, 'shape': (1,)}",
            "fortran_order is 0",
        ),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1)}",
            "shape is (1)",
        ),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': [1, 2]}",
            "shape is [1, 2]",
        ),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1.5,)}",
            "shape is (1.5,)",
        ),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'x': 1}",
            "unknown key \"x\"",
        ),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)} + 1",
            "text after the dictionary",
        ),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-2, 3)}",
            "shape (-2, 3) is negative",
        ),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
            "shape (4294967296, 4294967296) is too large",
        ),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 9223372036854775807, 8)}",
            "is too large",
        ),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999999999999999999999999,)}",
            "is too large",
        ),
        (
            "{'descr': '<f3', 'fortran_order': False, 'shape': (2,)}",
            "dtype \"<f3\"",
        ),
        (
            "{'descr': '<é8', 'fortran_order': False, 'shape': (2,)}",
            "(unknown) cannot be read",
        ),
        (
            "{'descr': '', 'fortran_order': False, 'shape': (2,)}",
            "dtype \"\"",
        ),
        (
            "{'descr': [('a', '<f4'), ('b', '<i4')], 'fortran_order': False, 'shape': (2,)}",
            "dtype [('a', '<f4'), ('b', '<i4')] (structured)",
        ),
    ];
    for (text, want) in cases {
        let error = parse_header(&v1(text)).unwrap_err().to_string();
        assert!(error.contains(want), "{text}: {error}");
    }
    let dims = "1,".repeat(65);
    let many = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({dims})}}");
    let error = parse_header(&v1(&many)).unwrap_err().to_string();
    assert_eq!(error, "shape with 65 axes, more than 64");
}

#[test]
fn prefixes_and_versions() {
    let whole = fs::read(fixture("float64.npy")).unwrap();
    for n in 0..128 {
        let error = parse_header(&whole[..n]).unwrap_err();
        match n {
            0 => assert_eq!(error, HeaderError::BadMagic),
            1..10 => assert_eq!(error, HeaderError::Truncated { needed: 10, got: n }),
            _ => assert_eq!(
                error,
                HeaderError::Truncated {
                    needed: 128,
                    got: n
                }
            ),
        }
    }
    assert_eq!(
        parse_header(b"PK\x03\x04\x14\x00\x00\x00"),
        Err(HeaderError::BadMagic)
    );
    for (major, minor) in [(0, 0), (1, 1), (4, 0), (255, 255)] {
        let mut other = whole.clone();
        (other[6], other[7]) = (major, minor);
        assert_eq!(
            parse_header(&other),
            Err(HeaderError::UnknownVersion(major, minor))
        );
    }
    let mut long = whole;
    long[6] = 2;
    long[8..12].copy_from_slice(&[255; 4]);
    assert_eq!(
        parse_header(&long),
        Err(HeaderError::TooLong(u32::MAX as usize))
    );
}

#[test]
#[cfg(target_endian = "little")]
fn headers_are_those_of_numpy_to_the_byte() {
    let cases = DType::ALL
        .map(|d| (d.to_string(), d, vec![3, 4]))
        .into_iter()
        .chain([
            ("zero_dimensional".to_owned(), DType::I32, vec![]),
            ("one_dimensional".to_owned(), DType::I32, vec![7]),
            ("empty".to_owned(), DType::F32, vec![0, 3]),
            ("empty_inner".to_owned(), DType::F32, vec![3, 0, 2]),
        ]);
    for (name, dtype, shape) in cases {
        let mut file = write_header(dtype, &shape);
        file.extend(bytes(&values(dtype, &shape)));
        assert_eq!(
            file,
            fs::read(fixture(&format!("{name}.npy"))).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn written_headers_are_read_back_and_aligned() {
    for ndim in 0..=64 {
        let shape: Vec<usize> = (0..ndim).map(|a| [1, 1, 1, 2][a % 4]).collect();
        let bytes = write_header(DType::I16, &shape);
        let header = parse_header(&bytes).unwrap();
        assert_eq!(header.shape.as_slice(), shape);
        assert_eq!((header.data_offset, bytes.len() % 64), (bytes.len(), 0));
    }
    let long = write_header(DType::I16, &[1; 30_000]);
    assert_eq!((long[6], long.len() % 64), (2, 0));
    assert_eq!(
        u32::from_le_bytes([long[8], long[9], long[10], long[11]]) as usize,
        long.len() - 12
    );
}

/// Bytes changed, removed, inserted, doubled: the parser answers, and an answer makes sense.
#[test]
fn damaged_headers_give_an_answer() {
    let names = [
        "float64",
        "bool",
        "zero_dimensional",
        "version_2",
        "version_3",
        "fortran_order",
    ];
    let unsupported = ["structured", "object", "datetime"];
    let seeds: Vec<Vec<u8>> = names
        .iter()
        .map(|n| format!("{n}.npy"))
        .chain(unsupported.iter().map(|n| format!("unsupported/{n}.npy")))
        .map(|n| fs::read(fixture(&n)).unwrap())
        .collect();
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut dice = |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) as usize % n.max(1)
    };
    let alphabet = b"{}()[]'\",:\\ \n0123456789-LTrueFalsdcpnoy<>|=\xff\x00\x80";
    let mut parsed = 0;
    for round in 0..60_000 {
        let mut bytes = seeds[round % seeds.len()].clone();
        for _ in 0..1 + dice(4) {
            let at = dice(bytes.len().min(100));
            match dice(5) {
                0 => bytes[at] = alphabet[dice(alphabet.len())],
                1 => bytes[at] = dice(256) as u8,
                2 => drop(bytes.remove(at)),
                3 => bytes.insert(at, alphabet[dice(alphabet.len())]),
                _ => bytes.truncate(10 + dice(bytes.len())),
            }
            if bytes.is_empty() {
                break;
            }
        }
        // Half of them with a length that fits again, so that the dictionary is what is wrong.
        if bytes.len() > 12 && bytes[6] == 1 && dice(2) == 0 {
            let len = bytes.len().min(128) as u16 - 10;
            bytes[8..10].copy_from_slice(&len.to_le_bytes());
        }
        match parse_header(&bytes) {
            Ok(header) => {
                parsed += 1;
                assert!(header.data_offset <= bytes.len());
                let n: usize = header.shape.iter().product();
                assert_eq!(header.nbytes(), n * header.dtype.size());
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    assert!(
        parsed > 1000,
        "{parsed} of the damaged headers are still valid"
    );
}
