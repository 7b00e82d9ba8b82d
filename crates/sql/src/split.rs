use std::ops::Range;

use crate::lexer::{Token, TokenKind, Tokens, tokens};
use crate::{Limits, parse};

/// One statement of a script, by its text alone: it need not parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// From its first token to its last, without the semicolon.
    pub text: &'a str,
    /// Offset of `text` in the script, in bytes.
    pub start: usize,
    /// The line on which it starts, counted from 1.
    pub line: usize,
}

impl Piece<'_> {
    /// Its bytes in the script.
    pub fn span(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

/// Something in a script that only psql understands, or that has no end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Line {line}: {message}")]
pub struct SplitError {
    /// What it is.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// The line where it starts, counted from 1.
    pub line: usize,
    /// Where it starts, in bytes from 0.
    pub position_bytes: usize,
    /// Where it starts, in characters counted from 1.
    pub position_chars: usize,
    /// What it is, where it is something that psql does.
    pub psql: Option<Psql>,
}

/// What psql does with a script that it runs, and the server alone cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Psql {
    /// It carries out a command of its own.
    Command {
        /// With its backslash.
        name: String,
    },
    /// It sends the rows behind a COPY … FROM STDIN.
    Copy {
        /// The bytes of the statement.
        statement: Range<usize>,
        /// How many rows follow it.
        rows: usize,
    },
}

impl From<SplitError> for howdah_core::Error {
    fn from(error: SplitError) -> Self {
        let mut converted = Self::invalid(error.to_string()).hint(error.hint);
        converted.position = Some(error.position_chars);
        converted
    }
}

/// Splits a script into its statements: at semicolons, but not at those in
/// strings, dollar quotes, comments, the parentheses of CREATE RULE and the
/// bodies that BEGIN ATOMIC opens. Empty statements are left out.
///
/// # Errors
/// At psql's own commands (`\d`, `\i`, `\;`, …), at COPY … FROM STDIN, whose
/// rows would follow in the script, and at quotes and comments without an end.
pub fn split(script: &str) -> Result<Vec<Piece<'_>>, SplitError> {
    let (pieces, errors) = split_lossy(script);
    errors.into_iter().next().map_or(Ok(pieces), Err)
}

/// As [`split`], but goes on behind an error: psql's commands are skipped to
/// the end of their line, rows of a COPY to their `\.`; what has no end is the
/// last piece.
pub fn split_lossy(script: &str) -> (Vec<Piece<'_>>, Vec<SplitError>) {
    let mut splitter = Splitter {
        script,
        tokens: tokens(script, 0),
        lines: Lines {
            script,
            at: 0,
            line: 1,
            characters: 0,
        },
        no_rows_from: usize::MAX,
        statement: Vec::new(),
        pieces: Vec::new(),
        errors: Vec::new(),
    };
    splitter.run();
    (splitter.pieces, splitter.errors)
}

struct Splitter<'a> {
    script: &'a str,
    tokens: Tokens<'a>,
    lines: Lines<'a>,
    /// The tokens of the statement that is being read, without comments.
    statement: Vec<Token>,
    pieces: Vec<Piece<'a>>,
    errors: Vec<SplitError>,
    /// From there on no line `\.` ends the rows of a COPY.
    no_rows_from: usize,
}

impl<'a> Splitter<'a> {
    fn run(&mut self) {
        let mut state = State::default();
        while let Some(token) = self.tokens.next() {
            if !token.closed {
                self.error_unclosed(token);
            }
            match (token.kind, self.text(token)) {
                (TokenKind::Comment, _) => continue,
                (TokenKind::Punctuation, "\\") => {
                    self.psql_command(token);
                    continue;
                }
                (TokenKind::Punctuation, ";")
                    if state.parentheses == 0 && (!state.atomic || self.ends_atomic(&state, token)) =>
                {
                    self.finish();
                    state = State::default();
                    continue;
                }
                _ => {}
            }
            self.statement.push(token);
            state.read(self.script, &self.statement);
        }
        self.finish();
    }

    fn text(&self, token: Token) -> &'a str {
        &self.script[token.start..token.end]
    }

    /// Whether the body that BEGIN ATOMIC opened is complete before a
    /// semicolon. The parser knows best; where it finds nothing but errors,
    /// CASE and END are counted.
    fn ends_atomic(&self, state: &State, semicolon: Token) -> bool {
        let (Some(first), Some(last)) = (self.statement.first(), self.statement.last()) else {
            return true;
        };
        if !is_word(self.script, last, "end") {
            return false;
        }
        let text = &self.script[first.start..semicolon.start];
        let limits = Limits::unbounded();
        parse(text, &limits).is_ok() || state.open_cases < 0
    }

    /// Makes a piece of the tokens since the last one.
    fn finish(&mut self) {
        let statement = std::mem::take(&mut self.statement);
        let (Some(first), Some(last)) = (statement.first(), statement.last()) else {
            return;
        };
        let (line, _) = self.lines.place(first.start);
        if copies_from_client(self.script, &statement) {
            let rows = self.skip_copied_rows();
            self.error(
                first.start,
                "COPY … FROM STDIN takes its rows from the client, and a script sent to the server has none"
                    .into(),
                "Write the rows as INSERT … VALUES, or load the file with psql's \\copy.".into(),
            );
            self.is_of_psql(Psql::Copy {
                statement: first.start..last.end,
                rows,
            });
            return;
        }
        self.pieces.push(Piece {
            text: &self.script[first.start..last.end],
            start: first.start,
            line,
        });
    }

    fn psql_command(&mut self, backslash: Token) {
        let rest = &self.script[backslash.start..];
        let end_of_line = rest.find('\n').unwrap_or(rest.len());
        let command = rest[..end_of_line].split_whitespace().next().unwrap_or("\\");
        if command.starts_with("\\;") {
            let message = "\\; joins statements for psql only; the server does not know it".to_owned();
            self.error(backslash.start, message, "Write a plain semicolon.".into());
            self.is_of_psql(Psql::Command { name: "\\;".into() });
            return;
        }
        self.error(
            backslash.start,
            format!("{command} is a command of psql, not of the server"),
            "Run the script with psql, or take the command out of it.".into(),
        );
        self.is_of_psql(Psql::Command {
            name: command.to_owned(),
        });
        self.tokens.seek(backslash.start + end_of_line);
    }

    /// To behind the line `\.`; without one there are no rows to be skipped. Says how many there are.
    fn skip_copied_rows(&mut self) -> usize {
        let at = self.tokens.position();
        if at >= self.no_rows_from {
            return 0;
        }
        let mut line_start = at;
        for (lines, line) in self.script[at..].split_inclusive('\n').enumerate() {
            line_start += line.len();
            if line.trim_end() == "\\." {
                self.tokens.seek(line_start);
                // The first is the rest of the statement's own.
                return lines.saturating_sub(1);
            }
        }
        self.no_rows_from = at;
        0
    }

    fn error_unclosed(&mut self, token: Token) {
        let what = match (token.kind, self.text(token).chars().next()) {
            (TokenKind::Comment, _) => "comment",
            (TokenKind::QuotedName, _) => "name in double quotes",
            (_, Some('$')) => "dollar-quoted string",
            _ => "string",
        };
        self.error(
            token.start,
            format!("A {what} starts here and never ends"),
            "Close it.".into(),
        );
    }

    fn error(&mut self, at: usize, message: String, hint: String) {
        let (line, characters) = self.lines.place(at);
        self.errors.push(SplitError {
            message,
            hint,
            line,
            position_bytes: at,
            position_chars: characters + 1,
            psql: None,
        });
    }

    /// The last error is about something that psql does.
    fn is_of_psql(&mut self, what: Psql) {
        if let Some(last) = self.errors.last_mut() {
            last.psql = Some(what);
        }
    }
}

/// What decides whether a semicolon ends the statement.
#[derive(Default)]
struct State {
    /// Open parentheses, counted in CREATE RULE only: anywhere else an open
    /// one is a mistake, which should not swallow the rest of the script.
    parentheses: usize,
    rule: bool,
    atomic: bool,
    /// CASEs less ENDs since BEGIN ATOMIC; −1 when the body has ended.
    open_cases: isize,
}

impl State {
    /// Takes note of the last of a statement's tokens.
    fn read(&mut self, script: &str, statement: &[Token]) {
        let [.., token] = statement else { return };
        let word = |back: usize| {
            let token = statement.len().checked_sub(back + 1).map(|at| &statement[at])?;
            (token.kind == TokenKind::Word).then(|| &script[token.start..token.end])
        };
        let is =
            |back: usize, expected: &str| word(back).is_some_and(|word| word.eq_ignore_ascii_case(expected));
        let creates = || is_word(script, &statement[0], "create");
        match &script[token.start..token.end] {
            "(" if self.rule => self.parentheses += 1,
            ")" => self.parentheses = self.parentheses.saturating_sub(1),
            _ if token.kind != TokenKind::Word => {}
            _ if is(0, "rule") && statement.len() <= 4 => self.rule = creates(),
            _ if is(0, "atomic") && is(1, "begin") => self.atomic |= creates(),
            // A label may be named so: AS end, t.end.
            _ if self.atomic && !is(1, "as") && !follows_dot(script, statement) => {
                self.open_cases += isize::from(is(0, "case")) - isize::from(is(0, "end"));
            }
            _ => {}
        }
    }
}

fn follows_dot(script: &str, statement: &[Token]) -> bool {
    matches!(statement, [.., dot, _] if &script[dot.start..dot.end] == ".")
}

fn is_word(script: &str, token: &Token, expected: &str) -> bool {
    token.kind == TokenKind::Word && script[token.start..token.end].eq_ignore_ascii_case(expected)
}

fn copies_from_client(script: &str, statement: &[Token]) -> bool {
    let is = |token: &Token, expected: &str| is_word(script, token, expected);
    statement.first().is_some_and(|first| is(first, "copy"))
        && statement
            .windows(2)
            .any(|pair| is(&pair[0], "from") && is(&pair[1], "stdin"))
}

/// Counts lines and characters on the way, so that a long script is read only once.
struct Lines<'a> {
    script: &'a str,
    at: usize,
    line: usize,
    /// Characters before `at`.
    characters: usize,
}

impl Lines<'_> {
    /// The line of an offset, counted from 1, and the characters before it. Cheap where it is
    /// behind the last one asked for, or near it.
    fn place(&mut self, at: usize) -> (usize, usize) {
        let count = |text: &str| (text.matches('\n').count(), text.chars().count());
        if at < self.at {
            let (lines, characters) = count(&self.script[at..self.at]);
            return (self.line - lines, self.characters - characters);
        }
        let (lines, characters) = count(&self.script[self.at..at]);
        self.line += lines;
        self.characters += characters;
        self.at = at;
        (self.line, self.characters)
    }
}
