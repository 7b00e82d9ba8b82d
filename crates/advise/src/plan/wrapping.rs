//! Takes off what psql, other clients, mails and notes put around a plan.

/// What a line of a frame is drawn with, in ASCII and in Unicode.
const FRAME: &str = "-+|=─│┼┌┐└┘├┤┬┴━═║╪╞╡╔╗╚╝╠╣╦╩╬";
/// What stands between the cells of a row.
const BARS: [char; 3] = ['|', '│', '║'];

/// The lines of the plan alone.
pub(super) fn unwrapped(text: &str) -> String {
    let text = text.replace('\u{a0}', " ").replace("\r\n", "\n");
    let text = unquoted(&text);
    if let Some(cells) = of_csv(&text) {
        return cells;
    }
    let mut lines: Vec<String> = Vec::new();
    let is_quoted = |line: &str| line.len() > 1 && line.starts_with('"') && line.ends_with('"');
    let mut column = Column {
        is_quoted: text
            .lines()
            .map(str::trim)
            .all(|line| line.is_empty() || is_quoted(line)),
        ..Column::default()
    };
    for line in text.lines() {
        // A block of code in a note; the record of an expanded display.
        let begins = line.trim_start();
        let is_record = begins.contains("[ RECORD ") && begins.starts_with(|c| FRAME.contains(c));
        if begins.starts_with("```") || is_record {
            column.is_framed |= is_record;
            continue;
        }
        let is_frame = !line.trim().is_empty() && line.trim().chars().all(|c| FRAME.contains(c));
        if is_frame {
            continue;
        }
        // A line that psql cut to the width of the terminal goes on behind a mark.
        let goes_on = line.strip_prefix(['.', '…']).filter(|_| column.is_headed);
        if let (Some(rest), Some(last)) = (goes_on, lines.last_mut()) {
            let rest = column.line(rest);
            *last = format!("{}{rest}", last.strip_suffix(['.', '…']).unwrap_or(last));
            continue;
        }
        if let Some(line) = column.cell(line) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// What is known of the column that the plan stands in.
#[derive(Default)]
struct Column {
    /// There was a heading, below which a cell of several lines has its lines marked.
    is_headed: bool,
    /// Every row ends with a bar.
    ends_with_bar: bool,
    /// In an expanded display: where the bar before the value is, in characters.
    bar: Option<usize>,
    is_framed: bool,
    /// Every line is between quotes.
    is_quoted: bool,
}

impl Column {
    /// What a line says of the plan; `None` where it is of the frame.
    fn cell(&mut self, line: &str) -> Option<String> {
        let mut line = line.trim_end();
        if self.is_quoted {
            line = line
                .trim()
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'))
                .unwrap_or(line);
        }
        let is_closed = line.ends_with(BARS);
        let outer = line.trim_start();
        if let Some(inner) = outer.strip_prefix(BARS).filter(|_| is_closed) {
            // A border around everything.
            line = inner.strip_suffix(BARS).unwrap_or(inner).trim_end();
            line = line.strip_prefix(' ').unwrap_or(line);
        }
        let heading = line
            .trim()
            .trim_end_matches(BARS)
            .trim_end_matches(['+', '↵'])
            .trim();
        if heading == "QUERY PLAN" {
            self.is_headed = true;
            self.ends_with_bar = is_closed;
            return None;
        }
        if self.ends_with_bar {
            line = line.strip_suffix(BARS).unwrap_or(line).trim_end();
        }
        if let Some(rest) = line.trim_start().strip_prefix("QUERY PLAN") {
            // Expanded: the heading is before each value.
            if let Some((before, value)) = rest
                .split_once(BARS)
                .filter(|(before, _)| before.trim().is_empty())
            {
                let lead = line.len() - line.trim_start().len();
                self.bar = Some(lead + "QUERY PLAN".len() + before.chars().count());
                self.is_headed = true;
                return Some(self.line(value));
            }
        }
        if let Some(bar) = self.bar {
            let (before, value): (String, String) =
                (line.chars().take(bar).collect(), line.chars().skip(bar).collect());
            if let Some(value) = value.strip_prefix(BARS).filter(|_| before.trim().is_empty()) {
                return Some(self.line(value));
            }
        }
        let text = line.trim();
        let counts_rows = text.starts_with('(') && (text.ends_with(" rows)") || text == "(1 row)");
        (!counts_rows).then(|| self.line(line))
    }

    /// Without the mark of a cell that goes on in the next line.
    fn line(&self, text: &str) -> String {
        let text = text
            .strip_prefix(' ')
            .filter(|_| self.bar.is_some())
            .unwrap_or(text);
        let text = match self.is_headed || self.is_framed {
            true => text.strip_suffix(['+', '↵']).unwrap_or(text),
            false => text,
        };
        text.trim_end().to_owned()
    }
}

/// Without the marks of a reply in a mail.
fn unquoted(text: &str) -> String {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).peekable();
    if lines.peek().is_none() || !lines.all(|line| line.starts_with('>')) {
        return text.to_owned();
    }
    let without = |line: &str| {
        let line = line.strip_prefix('>').unwrap_or(line);
        line.strip_prefix(' ').unwrap_or(line).to_owned()
    };
    text.lines().map(without).collect::<Vec<_>>().join("\n")
}

/// The cells of a column that was written as CSV, or line by line in quotes as pgAdmin copies it.
fn of_csv(text: &str) -> Option<String> {
    let text = text.trim_start();
    let first = text.lines().next()?.trim_end();
    let is_headed = first.trim_matches('"') == "QUERY PLAN";
    let body = if is_headed {
        text[first.len()..].trim_start_matches(['\r', '\n'])
    } else {
        text
    };
    let is_quoted = body.starts_with('"') || is_headed && body.lines().any(|line| line.starts_with('"'));
    if !is_quoted {
        return None;
    }
    let mut cells = String::new();
    let mut rest = body;
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut inner = quoted;
            loop {
                let end = inner.find('"')?;
                cells.push_str(&inner[..end]);
                inner = &inner[end + 1..];
                match inner.strip_prefix('"') {
                    Some(after) => {
                        cells.push('"');
                        inner = after;
                    }
                    None => break,
                }
            }
            // Quotes inside that are not doubled: it is no CSV.
            if !(inner.is_empty() || inner.starts_with(['\n', '\r'])) {
                return None;
            }
            rest = inner;
        }
        let end = rest.find('\n').unwrap_or(rest.len());
        cells.push_str(rest[..end].trim_end());
        cells.push('\n');
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    Some(cells)
}
