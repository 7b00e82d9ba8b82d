use comfy_table::{ContentArrangement, Table, TableComponent, presets};

/// A result as a person reads it: a sequence of blocks that each face lays out
/// in its own way. The same facts are in the structured output; a report only
/// arranges them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// In reading order.
    pub blocks: Vec<Block>,
}

/// One piece of a [`Report`].
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A sentence or paragraph.
    Text(String),
    /// A heading.
    Heading(String),
    /// Aligned names and values.
    Facts(Vec<(String, String)>),
    /// A table with a header row.
    Table {
        /// Column titles.
        columns: Vec<String>,
        /// Rows of as many cells as there are columns.
        rows: Vec<Vec<String>>,
    },
    /// Text to be copied as it is: SQL, a plan, a configuration.
    Code(String),
    /// The same in parts, which a terminal may show in colours. It reads as well without.
    Marked(Vec<(Mark, String)>),
}

/// What a part of a text is, for a terminal that has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nothing in particular.
    Plain,
    /// What matters most.
    Strong,
    /// What leads the eye and says nothing: numbers of lines, frames.
    Faint,
    /// About something dangerous.
    Danger,
    /// About something doubtful.
    Warning,
    /// About something worth knowing.
    Note,
    /// What to do instead.
    Remedy,
}

impl Report {
    /// An empty report.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Text(text.into()));
        self
    }

    /// Adds a heading.
    #[must_use]
    pub fn heading(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Heading(text.into()));
        self
    }

    /// Adds names and values.
    #[must_use]
    pub fn facts<K: Into<String>, V: Into<String>>(
        mut self,
        facts: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let facts = facts.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        self.blocks.push(Block::Facts(facts));
        self
    }

    /// Adds a table; one without rows is left out.
    #[must_use]
    pub fn table(mut self, columns: &[&str], rows: Vec<Vec<String>>) -> Self {
        if !rows.is_empty() {
            let columns = columns.iter().map(|c| (*c).to_owned()).collect();
            self.blocks.push(Block::Table { columns, rows });
        }
        self
    }

    /// Adds text to be copied as it is.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.blocks.push(Block::Code(code.into()));
        self
    }

    /// Adds text to be copied as it is, in parts.
    #[must_use]
    pub fn marked(mut self, parts: Vec<(Mark, String)>) -> Self {
        self.blocks.push(Block::Marked(parts));
        self
    }

    /// Plain text without colours, `width` columns wide (`None`: as wide as it needs).
    pub fn to_text(&self, width: Option<u16>) -> String {
        let parts: Vec<String> = self.blocks.iter().map(|block| block.to_text(width)).collect();
        parts.join("\n\n")
    }
}

impl Block {
    fn to_text(&self, width: Option<u16>) -> String {
        match self {
            Self::Text(text) | Self::Code(text) => text.trim_end().to_owned(),
            Self::Marked(parts) => {
                let text: String = parts.iter().map(|(_, text)| text.as_str()).collect();
                text.trim_end().to_owned()
            }
            Self::Heading(text) => format!("{text}\n{}", "─".repeat(text.chars().count())),
            Self::Facts(facts) => aligned(facts.iter().map(|(name, value)| (name.as_str(), value.as_str()))),
            Self::Table { columns, rows } if width.is_some_and(|width| is_too_wide(columns, rows, width)) => {
                stacked(columns, rows)
            }
            Self::Table { columns, rows } => {
                let mut table = Table::new();
                table.load_preset(presets::NOTHING);
                table.set_style(TableComponent::HeaderLines, '─');
                table.set_style(TableComponent::MiddleHeaderIntersections, '─');
                if let Some(width) = width {
                    table
                        .set_width(width)
                        .set_content_arrangement(ContentArrangement::Dynamic);
                }
                table.set_header(columns);
                for row in rows {
                    table.add_row(row);
                }
                table
                    .lines()
                    .map(|line| line.trim_end().to_owned())
                    .collect::<Vec<_>>()
                    .join("\n")
            }
        }
    }
}

/// The least columns of a terminal for each column of a table, in which words are not torn apart.
const COLUMN_CHARS: usize = 11;

/// Whether a table would be squeezed until nobody can read it.
fn is_too_wide(columns: &[String], rows: &[Vec<String>], width: u16) -> bool {
    let chars = |cell: &String| cell.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    let widest = |(at, title): (usize, &String)| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(chars).max();
        cells.unwrap_or(0).max(chars(title)) + "   ".len()
    };
    let wanted: usize = columns.iter().enumerate().map(widest).sum();
    let width = usize::from(width);
    wanted > width && width < columns.len() * COLUMN_CHARS
}

/// A table as a paragraph for each row, names before values; empty cells are left out.
fn stacked(columns: &[String], rows: &[Vec<String>]) -> String {
    let paragraph = |row: &Vec<String>| {
        let cells = columns.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
        aligned(cells.map(|(title, cell)| (title.as_str(), cell.as_str())))
    };
    rows.iter().map(paragraph).collect::<Vec<_>>().join("\n\n")
}

/// Names and values below each other; further lines of a value begin where it does.
fn aligned<'a>(facts: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> String {
    let widest = facts
        .clone()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    let line = |(name, value): (&str, &str)| {
        let pad = " ".repeat(widest - name.chars().count());
        let value = value.replace('\n', &format!("\n{}", " ".repeat(widest + 2)));
        format!("{name}{pad}  {value}").trim_end().to_owned()
    };
    facts.map(line).collect::<Vec<_>>().join("\n")
}

/// A size in binary units with one decimal from KiB up: `512 B`, `1.5 MiB`.
pub fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// So many of something, named in the singular: `1 row`, `3 rows`, `2 indexes`, `0 queries`.
pub fn counted(number: impl std::fmt::Display, one: &str) -> String {
    let number = number.to_string();
    if number == "1" {
        return format!("1 {one}");
    }
    match one {
        _ if one.ends_with('x') || one.ends_with('s') => format!("{number} {one}es"),
        _ => match one.strip_suffix("ry") {
            Some(stem) => format!("{number} {stem}ries"),
            None => format!("{number} {one}s"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_binary_units() {
        assert_eq!(human_bytes(0), "0 B");
        assert_eq!(human_bytes(1023), "1023 B");
        assert_eq!(human_bytes(1024), "1.0 KiB");
        assert_eq!(human_bytes(1024 * 1024 - 1), "1.0 MiB");
        assert_eq!(human_bytes(3 << 30), "3.0 GiB");
        assert_eq!(human_bytes(u64::MAX), "16.0 EiB");
    }

    #[test]
    fn one_is_told_apart_from_many() {
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted("1,234", "row"), "1,234 rows");
        assert_eq!(counted(2.0, "index"), "2 indexes");
        assert_eq!(counted(0, "query"), "0 queries");
        assert_eq!(counted(3, "process"), "3 processes");
        assert_eq!(counted(2, "day"), "2 days");
    }

    #[test]
    fn a_report_reads_as_text() {
        let report = Report::new()
            .heading("Clusters")
            .facts([("Name", "shop"), ("Readers", "2")])
            .table(&["a", "b"], vec![vec!["1".into(), "2".into()]])
            .table(&["never shown"], vec![]);
        let text = report.to_text(None);
        assert!(
            text.starts_with("Clusters\n────────\n\nName     shop\nReaders  2"),
            "{text}"
        );
        assert!(!text.contains("never shown"));
    }

    #[test]
    fn a_table_that_does_not_fit_is_told_row_by_row() {
        let columns = ["Table", "Size", "Vacuumed", "Note"];
        let row = |name: &str| vec![name.into(), "2.5 MiB".into(), "3 min ago".into(), String::new()];
        let report = Report::new().table(&columns, vec![row("public.orders"), row("public.customers")]);
        let text = report.to_text(Some(40));
        assert_eq!(
            text,
            "Table     public.orders\nSize      2.5 MiB\nVacuumed  3 min ago\n\n\
             Table     public.customers\nSize      2.5 MiB\nVacuumed  3 min ago"
        );
        for width in [Some(80), Some(44), None] {
            assert!(report.to_text(width).starts_with(" Table"), "{width:?}");
        }
    }
}
