use std::collections::HashSet;
use std::io::{self, Write};

use crate::Column;
use crate::values::{Shape, TypeInfo, write_json, write_string};

/// Writes rows as lines.
pub(super) struct Lines<W> {
    out: W,
    style: Style,
    line: Vec<u8>,
}

enum Style {
    /// Whether there is but one column, of which COPY quotes `\.`.
    Csv { alone: bool },
    /// What stands before each value, and how its text is read.
    Json {
        keys: Vec<Vec<u8>>,
        types: Vec<TypeInfo>,
    },
}

impl<W: Write> Lines<W> {
    /// CSV as COPY writes it, beginning with the names of the columns.
    pub(super) fn csv(out: W, columns: &[Column]) -> io::Result<Self> {
        let style = Style::Csv {
            alone: columns.len() == 1,
        };
        let mut lines = Self {
            out,
            style,
            line: Vec::new(),
        };
        lines.row(columns.iter().map(|column| Some(column.name.as_str())))?;
        Ok(lines)
    }

    /// JSON objects.
    pub(super) fn json(out: W, columns: &[Column], types: Vec<TypeInfo>) -> Self {
        let style = Style::Json {
            keys: keys(columns),
            types,
        };
        Self {
            out,
            style,
            line: Vec::new(),
        }
    }

    /// Writes a row; `None` is NULL.
    pub(super) fn row<T: AsRef<str>>(&mut self, cells: impl Iterator<Item = Option<T>>) -> io::Result<()> {
        let line = &mut self.line;
        line.clear();
        match &self.style {
            Style::Csv { alone } => {
                for (index, cell) in cells.enumerate() {
                    if index > 0 {
                        line.push(b',');
                    }
                    if let Some(cell) = cell {
                        write_csv(line, cell.as_ref(), *alone);
                    }
                }
                line.push(b'\n');
            }
            Style::Json { keys, types } => {
                line.push(b'{');
                for ((cell, key), type_) in cells.zip(keys).zip(types) {
                    line.extend_from_slice(key);
                    match cell {
                        None => line.extend_from_slice(b"null"),
                        Some(cell) if *type_.shape == Shape::Text => write_string(line, cell.as_ref()),
                        Some(cell) => write_json(line, cell.as_ref(), &type_.shape),
                    }
                }
                line.extend_from_slice(b"}\n");
            }
        }
        self.out.write_all(line)
    }

    /// What it was given to write to.
    pub(super) fn into_inner(self) -> W {
        self.out
    }
}

/// A value as COPY … CSV writes it: quoted where it would read as something else.
fn write_csv(line: &mut Vec<u8>, text: &str, alone: bool) {
    let bytes = text.as_bytes();
    let special = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    let quoted = bytes.is_empty() || bytes.iter().any(special) || (alone && text == "\\.");
    if !quoted {
        line.extend_from_slice(bytes);
        return;
    }
    line.push(b'"');
    for part in bytes.split_inclusive(|byte| *byte == b'"') {
        line.extend_from_slice(part);
        if part.last() == Some(&b'"') {
            line.push(b'"');
        }
    }
    line.push(b'"');
}

/// `"name":` for each column, with the comma that separates it; names that
/// occur again get a number, so that no value hides another.
fn keys(columns: &[Column]) -> Vec<Vec<u8>> {
    let mut taken: HashSet<String> = columns.iter().map(|column| column.name.clone()).collect();
    let mut seen = HashSet::new();
    let mut keys = Vec::with_capacity(columns.len());
    for (index, column) in columns.iter().enumerate() {
        let mut name = column.name.clone();
        let mut number = 1;
        while !seen.insert(name.clone()) {
            number += 1;
            let next = format!("{}_{number}", column.name);
            if taken.insert(next.clone()) {
                name = next;
            }
        }
        let mut key = Vec::new();
        if index > 0 {
            key.push(b',');
        }
        write_string(&mut key, &name);
        key.push(b':');
        keys.push(key);
    }
    keys
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn columns(names: &[&str]) -> Vec<Column> {
        let column = |name: &&str| Column {
            name: (*name).to_owned(),
            type_oid: 25,
            typmod: -1,
            table_oid: 0,
            attnum: 0,
        };
        names.iter().map(column).collect()
    }

    #[test]
    fn csv_quotes_what_needs_it() {
        let mut lines = Lines::csv(Vec::new(), &columns(&["a", "b,c"])).unwrap();
        for row in [
            [Some("x"), None],
            [Some(""), Some("a\"b\"")],
            [Some("\\."), Some("l\nm")],
        ] {
            lines.row(row.into_iter()).unwrap();
        }
        let text = String::from_utf8(lines.into_inner()).unwrap();
        assert_eq!(text, "a,\"b,c\"\nx,\n\"\",\"a\"\"b\"\"\"\n\\.,\"l\nm\"\n");
        let mut lines = Lines::csv(Vec::new(), &columns(&["a"])).unwrap();
        lines.row([Some("\\.")].into_iter()).unwrap();
        assert_eq!(lines.into_inner(), b"a\n\"\\.\"\n");
    }

    #[test]
    fn no_key_hides_another() {
        let named = |names: &[&str]| -> Vec<String> {
            let keys = keys(&columns(names));
            keys.iter()
                .map(|key| String::from_utf8(key.clone()).unwrap())
                .collect()
        };
        assert_eq!(
            named(&["id", "id", "id"]),
            ["\"id\":", ",\"id_2\":", ",\"id_3\":"]
        );
        assert_eq!(
            named(&["id", "id_2", "id"]),
            ["\"id\":", ",\"id_2\":", ",\"id_3\":"]
        );
        assert_eq!(named(&["a\"\n"]), ["\"a\\\"\\n\":"]);
    }
}
