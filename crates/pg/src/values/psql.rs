use std::io::{self, Write};

use unicode_width::UnicodeWidthChar;

use super::collect::ResultSet;
use super::shape::is_flush_right;
use crate::Column;

/// A result as psql prints it (its aligned format, with borders of 1): first
/// every cell is measured, then every row is printed.
#[derive(Debug, Clone)]
pub struct PsqlTable {
    names: Vec<String>,
    flush_right: Vec<bool>,
    widths: Vec<usize>,
}

impl PsqlTable {
    /// A table with these columns and no rows.
    pub fn new(columns: &[Column]) -> Self {
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        Self {
            widths: names.iter().map(|name| width(name)).collect(),
            flush_right: columns
                .iter()
                .map(|column| is_flush_right(column.type_oid))
                .collect(),
            names,
        }
    }

    /// Makes column `index` wide enough for `cell`.
    pub fn measure(&mut self, index: usize, cell: &str) {
        if let Some(widest) = self.widths.get_mut(index) {
            // No character of n bytes is wider than 6 columns as an escape, and
            // plain ASCII is as wide as it is long.
            if cell.len() > *widest
                || !cell.is_ascii()
                || cell.bytes().any(|byte| byte < 0x20 || byte == 0x7f)
            {
                *widest = (*widest).max(width(cell));
            }
        }
    }

    /// Prints the names of the columns.
    pub fn print_header(&self, out: &mut dyn Write) -> io::Result<()> {
        let names: Vec<Vec<(String, usize)>> = self.names.iter().map(|name| lines(name)).collect();
        let height = names.iter().map(Vec::len).max().unwrap_or(0);
        let last = self.names.len().saturating_sub(1);
        for line in 0..height {
            for (index, name) in names.iter().enumerate() {
                let (text, wide) = name.get(line).map_or(("", 0), |(text, wide)| (text, *wide));
                let space = self.widths[index] - wide;
                let more = if line + 1 < name.len() { '+' } else { ' ' };
                fill(out, b' ', 1 + space / 2)?;
                write!(out, "{text}")?;
                fill(out, b' ', space.div_ceil(2))?;
                write!(out, "{more}")?;
                if index < last {
                    out.write_all(b"|")?;
                }
            }
            out.write_all(b"\n")?;
        }
        for (index, wide) in self.widths.iter().enumerate() {
            fill(out, b'-', wide + 2)?;
            if index < last {
                out.write_all(b"+")?;
            }
        }
        out.write_all(if self.names.is_empty() { b"--\n" } else { b"\n" })
    }

    /// Prints a row, which must have been measured; `None` is NULL.
    pub fn print_row(&self, out: &mut dyn Write, cells: &[Option<&str>]) -> io::Result<()> {
        let cells: Vec<Vec<(String, usize)>> =
            cells.iter().map(|cell| lines(cell.unwrap_or_default())).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        let last = cells.len().saturating_sub(1);
        for line in 0..height {
            for (index, cell) in cells.iter().enumerate() {
                let (text, wide) = cell.get(line).map_or(("", 0), |(text, wide)| (text, *wide));
                let space = self
                    .widths
                    .get(index)
                    .map_or(0, |widest| widest.saturating_sub(wide));
                let more = line + 1 < cell.len();
                out.write_all(b" ")?;
                let flush_right = self.flush_right.get(index) == Some(&true);
                if flush_right && line < cell.len() {
                    fill(out, b' ', space)?;
                    out.write_all(text.as_bytes())?;
                } else if index < last || more {
                    out.write_all(text.as_bytes())?;
                    fill(out, b' ', space)?;
                } else {
                    out.write_all(text.as_bytes())?;
                }
                if more {
                    out.write_all(b"+")?;
                } else if index < last {
                    out.write_all(b" ")?;
                }
                if index < last {
                    out.write_all(b"|")?;
                }
            }
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Prints the number of rows, with what is to be said about them.
    pub fn print_footer(&self, out: &mut dyn Write, rows: u64, remark: &str) -> io::Result<()> {
        let noun = if rows == 1 { "row" } else { "rows" };
        writeln!(out, "({rows} {noun}{remark})")
    }
}

/// Writes `count` times the same byte; a formatting width ends at 65,535, a cell does not.
fn fill(out: &mut dyn Write, byte: u8, count: usize) -> io::Result<()> {
    io::copy(&mut io::Read::take(io::repeat(byte), count as u64), out).map(drop)
}

/// The rows that were kept of a result, as psql prints them.
pub fn print_table(set: &ResultSet) -> String {
    let mut table = PsqlTable::new(&set.columns);
    let width = set.columns.len();
    for (index, cell) in set.cells().enumerate() {
        if let Some(cell) = cell {
            table.measure(index % width, &cell.marked());
        }
    }
    let mut out = Vec::new();
    // Writing to memory does not fail.
    let _ = table.print_header(&mut out);
    let mut cells = set.cells();
    for _ in 0..set.len() {
        let row: Vec<_> = cells
            .by_ref()
            .take(width)
            .map(|cell| cell.map(|cell| cell.marked().into_owned()))
            .collect();
        let row: Vec<_> = row.iter().map(Option::as_deref).collect();
        let _ = table.print_row(&mut out, &row);
    }
    let remark = if set.truncated().is_some() {
        ", there are more"
    } else {
        ""
    };
    let _ = table.print_footer(&mut out, set.len() as u64, remark);
    String::from_utf8_lossy(&out).into_owned()
}

/// The columns that a cell takes on a terminal.
fn width(cell: &str) -> usize {
    if cell.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return cell.len();
    }
    lines(cell).iter().map(|(_, wide)| *wide).max().unwrap_or(0)
}

/// The lines of a cell as psql writes them, with their widths: control
/// characters are spelled out, tabs go to the next multiple of eight.
fn lines(cell: &str) -> Vec<(String, usize)> {
    let mut lines = Vec::with_capacity(1);
    let mut text = String::with_capacity(cell.len());
    let mut wide = 0;
    for c in cell.chars() {
        match (c, UnicodeWidthChar::width(c)) {
            ('\n', _) => lines.push((std::mem::take(&mut text), std::mem::take(&mut wide))),
            ('\r', _) => {
                text.push_str("\\r");
                wide += 2;
            }
            ('\t', _) => loop {
                text.push(' ');
                wide += 1;
                if wide % 8 == 0 {
                    break;
                }
            },
            (_, Some(columns)) => {
                text.push(c);
                wide += columns;
            }
            (_, None) => {
                let code = u32::from(c);
                let escape = if code < 0x80 {
                    format!("\\x{code:02X}")
                } else {
                    format!("\\u{code:04X}")
                };
                wide += escape.len();
                text.push_str(&escape);
            }
        }
    }
    lines.push((text, wide));
    lines
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn cells_are_laid_out_as_psql_does() {
        let column = |name: &str, type_oid| Column {
            name: name.to_owned(),
            type_oid,
            typmod: -1,
            table_oid: 0,
            attnum: 0,
        };
        let columns = [column("n", 23), column("a longer\nname", 25), column("t", 25)];
        let mut table = PsqlTable::new(&columns);
        let rows = [
            [Some("12345"), Some("x\ny"), Some("é\tz")],
            [None, None, Some("a\u{1}\u{85}\r\nb")],
        ];
        for row in &rows {
            for (index, cell) in row.iter().enumerate() {
                table.measure(index, cell.unwrap_or_default());
            }
        }
        let mut out = Vec::new();
        table.print_header(&mut out).unwrap();
        for row in &rows {
            table.print_row(&mut out, row).unwrap();
        }
        table.print_footer(&mut out, 2, "").unwrap();
        let expected = concat!(
            "   n   | a longer+|       t       \n",
            "       |   name   |               \n",
            "-------+----------+---------------\n",
            " 12345 | x       +| é       z\n",
            "       | y        | \n",
            "       |          | a\\x01\\u0085\\r+\n",
            "       |          | b\n",
            "(2 rows)\n",
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
