use crate::{Error, Result};

/// A byte count for people: `"762.94 MiB"`.
///
/// ```
/// assert_eq!(chunkwise_core::format_bytes(800_000_000), "762.94 MiB");
/// assert_eq!(chunkwise_core::format_bytes(12), "12 B");
/// ```
pub fn format_bytes(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{bytes} B")
    } else {
        format!("{value:.2} {}", UNITS[unit])
    }
}

/// A count with thousands separators: `"1,500,000"`.
///
/// ```
/// assert_eq!(chunkwise_core::format_count(1500000), "1,500,000");
/// ```
pub fn format_count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Reads `"256MiB"`, `"1.5 GB"`, `"100_000"`: decimal units by powers of 1000, binary ones
/// (`KiB`, `MiB`, ...) by powers of 1024, case ignored.
///
/// ```
/// assert_eq!(chunkwise_core::parse_bytes("256MiB").unwrap(), 256 << 20);
/// assert_eq!(chunkwise_core::parse_bytes("2 kB").unwrap(), 2000);
/// assert!(chunkwise_core::parse_bytes("lots").is_err());
/// ```
pub fn parse_bytes(text: &str) -> Result<u64> {
    let bad = || Error::InvalidByteSize(text.to_owned());
    let trimmed = text.trim();
    let split = trimmed
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(split);
    let factor: f64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1048576.0,
        "gib" => 1073741824.0,
        "tib" => 1099511627776.0,
        _ => return Err(bad()),
    };
    let value: f64 = number.replace('_', "").parse().map_err(|_| bad())?;
    let bytes = value * factor;
    if !bytes.is_finite() || bytes >= u64::MAX as f64 {
        return Err(bad());
    }
    Ok(bytes as u64)
}
