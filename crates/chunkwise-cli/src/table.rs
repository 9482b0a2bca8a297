use std::io::{self, Write};

/// Columns of text, the first `left` of them aligned to the left, the others to the right but for
/// the last.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
    left: usize,
}

impl Table {
    pub fn new(left: usize, heads: &[&str]) -> Table {
        Table {
            rows: vec![heads.iter().map(|h| (*h).to_owned()).collect()],
            left,
        }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |c: usize| {
            let cells = self.rows.iter().filter_map(|r| r.get(c));
            cells.map(|t| t.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (c, cell) in row.iter().enumerate() {
                let room = widths[c] - cell.chars().count();
                let before = if c < self.left || c + 1 == columns {
                    0
                } else {
                    room
                };
                line.push_str(&" ".repeat(before));
                line.push_str(cell);
                line.push_str(&" ".repeat(room - before + 2));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(1, &["step", "time", "check"]);
        table.row(["µ".into(), "12 ms".into(), "ok".into()]);
        table.row(["whole".into(), "1 s".into(), "FAILED".into()]);
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "step    time  check\nµ      12 ms  ok\nwhole    1 s  FAILED\n"
        );
    }
}
