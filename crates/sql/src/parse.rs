use std::ffi::CString;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{CheckPointStmt, ParseResult, RawStmt, Token as TokenCode};
use prost::Message;

use crate::error::accept;
use crate::nodes::{self, read_nodes};
use crate::relations::RelationUse;
use crate::stack::{SPARE_BYTES, with_stack};
use crate::{Kind, SyntaxError, ffi};

/// How much text, and how deep a tree, is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Longest text in bytes.
    pub max_bytes: usize,
    /// Deepest parse tree in nodes from the statement to a leaf: `1 + 1 + 1`
    /// nests two levels, a chain of ANDs one, however long it is. More than
    /// [`DEEPEST`](Self::DEEPEST) is taken as that. The library's own stack may
    /// set a lower bound, never a higher one.
    pub max_depth: usize,
}

impl Limits {
    /// The deepest tree that is ever given out. Walking it by recursion, and
    /// dropping it, fits the 2 MiB that a thread usually has, with 2 kB for a node.
    pub const DEEPEST: usize = 1000;

    /// For text that is known to be of a bearable length.
    pub(crate) fn unbounded() -> Self {
        Self {
            max_bytes: usize::MAX,
            max_depth: Self::DEEPEST,
        }
    }

    pub(crate) fn depth(&self) -> usize {
        self.max_depth.min(Self::DEEPEST)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 1024 * 1024,
            max_depth: 500,
        }
    }
}

/// A parsed text: any number of statements, none if it is empty or a comment.
#[derive(Debug)]
pub struct Script {
    /// In the order of the text.
    pub statements: Vec<Statement>,
}

/// One statement of a script and where it stands there.
///
/// Neither `Clone` nor `PartialEq`: on a deep tree they would use up the stack
/// where the code is not optimised (some 16 kB for each node).
pub struct Statement {
    script: Arc<str>,
    span: Range<usize>,
    /// Statements of [`Statements`](crate::Statements) share some.
    node: Arc<NodeEnum>,
    kind: Kind,
    depth: usize,
}

impl Statement {
    /// An INSERT that is all of a text, with the tree of another that is the same but for its values.
    pub(crate) fn of_insert(text: &str, node: Arc<NodeEnum>) -> Self {
        Self {
            script: text.into(),
            span: 0..text.len(),
            node,
            kind: Kind::Insert,
            depth: nodes::DEEPEST,
        }
    }

    pub(crate) fn shared_node(&self) -> Arc<NodeEnum> {
        Arc::clone(&self.node)
    }

    /// Changes its tree, where no other statement has the same.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut NodeEnum)) {
        if let Some(node) = Arc::get_mut(&mut self.node) {
            change(node);
        }
    }

    /// Its bytes in the script: from its first token to its last, without the
    /// semicolon and without comments or white space before and after it.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The text of [`span`](Self::span).
    pub fn text(&self) -> &str {
        &self.script[self.span.clone()]
    }

    /// The parse tree. Positions in it count bytes from the start of the script.
    pub fn node(&self) -> &NodeEnum {
        &self.node
    }

    /// What sort of statement it is.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The relations that it names, each with what is done to it; views,
    /// functions and triggers behind them are not looked into.
    pub fn relations(&self) -> Vec<RelationUse> {
        crate::relations::relations(self.text())
    }
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Statement");
        debug.field("span", &self.span).field("kind", &self.kind);
        debug.field("text", &self.text()).finish_non_exhaustive()
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        let bytes = self.depth * DROP_BYTES_PER_LEVEL;
        if bytes > SPARE_BYTES {
            let leaf = Arc::new(NodeEnum::CheckPointStmt(CheckPointStmt {}));
            let node = std::mem::replace(&mut self.node, leaf);
            // Without a thread the tree is dropped here, as it was passed by value.
            let _ = with_stack(bytes, move || drop(node));
        }
    }
}

/// Parses a script with PostgreSQL 18's own grammar.
///
/// Takes a few microseconds for a short statement. Never panics and never
/// overflows the stack, whatever the text and the thread: long texts are
/// parsed on a thread of their own.
///
/// # Errors
/// Where PostgreSQL would report a syntax error, with its message and position;
/// for NUL characters; and beyond the limits.
pub fn parse(text: &str, limits: &Limits) -> Result<Script, SyntaxError> {
    let input = accept(text, limits)?;
    let (tree, depth) = with_parser_stack(text, || {
        ffi::parse_protobuf(&input, |bytes| decode(bytes, limits))
            .map_err(|failure| SyntaxError::of_parser(text, failure))?
    })?;
    let may_lock = may_lock(text);
    let statements = statements(text, &input, tree.stmts, depth, |statement| {
        may_lock && locks(statement)
    })?;
    Ok(Script { statements })
}

/// As [`parse`], with a third of the work for trees that [`nodes`] can read.
pub(crate) fn parse_quickly(text: &str, limits: &Limits) -> Result<Script, SyntaxError> {
    if limits.depth() < nodes::DEEPEST {
        return parse(text, limits);
    }
    let input = accept(text, limits)?;
    let may_lock = may_lock(text);
    let read = with_parser_stack(text, || {
        Ok(ffi::parse_json(&input, |json| {
            let has_lock = may_lock && has_locking_clause(json);
            read_nodes(json).map(|statements| (statements, has_lock))
        }))
    });
    let Ok(Ok(Ok((raw, has_lock)))) = read else {
        // Whatever is wrong is told there.
        return parse(text, limits);
    };
    let is_single = raw.len() == 1;
    let statements = statements(text, &input, raw, nodes::DEEPEST, |statement| {
        has_lock && (is_single || locks(statement))
    })?;
    Ok(Script { statements })
}

fn statements(
    text: &str,
    input: &CString,
    raw: Vec<RawStmt>,
    depth: usize,
    locks: impl Fn(&str) -> bool,
) -> Result<Vec<Statement>, SyntaxError> {
    let script: Arc<str> = text.into();
    let spans = Spans::new(text, input)?;
    let statements = raw.into_iter().filter_map(|raw| {
        let span = spans.trim(raw.stmt_location, raw.stmt_len);
        let node = raw.stmt?.node?;
        let kind = Kind::of(&node, locks(&text[span.clone()]));
        Some(Statement {
            script: script.clone(),
            span,
            node: Arc::new(node),
            kind,
            depth,
        })
    });
    Ok(statements.collect())
}

/// Whether the words of a locking clause stand in a text.
fn may_lock(text: &str) -> bool {
    let has = |word| contains_ignoring_case(text, word);
    has("for") && (has("update") || has("share"))
}

fn has_locking_clause(json: &str) -> bool {
    json.contains("\"lockingClause\":")
}

/// Whether a statement holds a locking clause, at any depth. The key stands in
/// its tree for nothing else: within a string its quotes would be escaped.
fn locks(statement: &str) -> bool {
    let Ok(input) = CString::new(statement) else {
        return false;
    };
    let found = with_parser_stack(statement, || Ok(ffi::parse_json(&input, has_locking_clause)));
    matches!(found, Ok(Ok(true)))
}

fn contains_ignoring_case(text: &str, word: &str) -> bool {
    text.as_bytes()
        .windows(word.len())
        .any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

/// Runs one call of the C library where it has the stack that the text may make it use.
///
/// The library checks its own depth, but against a limit that it only sets
/// where plenty is left; short of that it trusts an older one.
pub(crate) fn with_parser_stack<T: Send>(
    text: &str,
    work: impl FnOnce() -> Result<T, SyntaxError> + Send,
) -> Result<T, SyntaxError> {
    let needed = if tokens_at_most(text) <= TOKENS_IN_PLACE {
        0
    } else {
        C_STACK_BYTES
    };
    with_stack(needed, work).map_err(|error| SyntaxError::no_thread(&error))?
}

/// No fewer than the tokens of the text: its words and its other characters.
/// No tree nests deeper than a small multiple of that.
fn tokens_at_most(text: &str) -> usize {
    let mut in_word = false;
    let mut count = 0;
    for byte in text.bytes() {
        let word = byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
        if word != in_word {
            in_word = word;
            count += usize::from(word);
        }
        // A comma starts a sibling, and blanks are nothing.
        count += usize::from(!word && !byte.is_ascii_whitespace() && byte != b',');
    }
    count
}

/// The library never uses more than 2 MiB, and wants half of one to spare.
const C_STACK_BYTES: usize = 4 * 1024 * 1024;

/// Some 3.5 kB for each level of a tree where C is not optimised, 0.2 where it is.
const TOKENS_IN_PLACE: usize = if cfg!(debug_assertions) { 64 } else { 1000 };

/// Stack for decoding one level of protobuf messages; 15 kB were measured
/// where Rust is not optimised.
const DECODE_BYTES_PER_LEVEL: usize = if cfg!(debug_assertions) {
    24 * 1024
} else {
    4 * 1024
};

/// Stack for dropping one node.
const DROP_BYTES_PER_LEVEL: usize = 1024;

fn decode(bytes: &[u8], limits: &Limits) -> Result<(ParseResult, usize), SyntaxError> {
    let messages = message_depth(bytes);
    // Every node is a message inside of a `Node` message.
    let depth = messages / 2;
    if depth > limits.depth() {
        return Err(SyntaxError::too_deep(Some(depth), limits.depth()));
    }
    let tree = with_stack(messages * DECODE_BYTES_PER_LEVEL, || ParseResult::decode(bytes))
        .map_err(|error| SyntaxError::no_thread(&error))?;
    let tree = tree.map_err(|error| {
        SyntaxError::at_byte("", 0, format!("The parser's answer could not be read: {error}"))
    })?;
    Ok((tree, depth))
}

/// How deep protobuf messages nest, found without their schema and without
/// recursion: bytes that read as a message are taken for one. A string may
/// happen to, so this is never too little and hardly ever too much.
fn message_depth(bytes: &[u8]) -> usize {
    // Ends of the messages that are open, the outermost first.
    let mut open = vec![bytes.len()];
    let mut at = 0;
    let mut deepest = 1;
    while let Some(&end) = open.last() {
        if at == end {
            open.pop();
            continue;
        }
        match field(&bytes[..end], at) {
            Some((next, true)) => {
                // Its content is looked at before what follows it.
                at = next.0;
                open.push(next.1);
                deepest = deepest.max(open.len());
            }
            Some((next, false)) => at = next.1,
            // Not a message after all; go on behind it.
            None => {
                at = end;
                open.pop();
            }
        }
    }
    deepest
}

/// Reads the field at an offset: the range of its value, and whether it may hold a message.
fn field(bytes: &[u8], at: usize) -> Option<((usize, usize), bool)> {
    let (tag, start) = varint(bytes, at)?;
    let (end, nested) = match tag & 7 {
        0 => (varint(bytes, start)?.1, false),
        1 => (start + 8, false),
        5 => (start + 4, false),
        2 => {
            let (len, content) = varint(bytes, start)?;
            let end = content.checked_add(usize::try_from(len).ok()?)?;
            return (tag >> 3 != 0 && end <= bytes.len()).then_some(((content, end), end > content));
        }
        _ => return None,
    };
    (tag >> 3 != 0 && end <= bytes.len()).then_some(((start, end), nested))
}

fn varint(bytes: &[u8], mut at: usize) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(at)?;
        at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((value, at));
        }
    }
    None
}

/// Finds where statements really begin and end between their semicolons.
struct Spans<'a> {
    text: &'a str,
    /// Tokens other than comments; empty where the text has no comment.
    tokens: Vec<Range<usize>>,
}

impl<'a> Spans<'a> {
    fn new(text: &'a str, input: &CString) -> Result<Self, SyntaxError> {
        let mut tokens = Vec::new();
        if text.contains("--") || text.contains("/*") {
            let scanned = ffi::scan(input).map_err(|failure| SyntaxError::of_parser(text, failure))?;
            let comment = [TokenCode::SqlComment as i32, TokenCode::CComment as i32];
            let real = scanned
                .into_iter()
                .filter(|token| !comment.contains(&token.code()));
            tokens = real.map(|token| token.start()..token.end()).collect();
        }
        Ok(Self { text, tokens })
    }

    /// `len` is 0 for a statement that reaches the end of the text.
    fn trim(&self, location: i32, len: i32) -> Range<usize> {
        let start = usize::try_from(location).unwrap_or(0).min(self.text.len());
        let end = match usize::try_from(len) {
            Ok(len) if len > 0 => (start + len).min(self.text.len()),
            _ => self.text.len(),
        };
        let first = self.tokens.partition_point(|token| token.start < start);
        let behind = self.tokens.partition_point(|token| token.end <= end);
        if let Some(tokens) = self.tokens.get(first..behind)
            && let (Some(first), Some(last)) = (tokens.first(), tokens.last())
        {
            return first.start..last.end;
        }
        let blank = |c: char| c.is_ascii_whitespace() || c == '\x0b';
        let text = self.text.get(start..end).unwrap_or_default();
        let start = start + (text.len() - text.trim_start_matches(blank).len());
        start..start + text.trim_matches(blank).len()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// On a thread with no more than what callers are expected to have.
    fn with_little_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
        let thread = std::thread::Builder::new().stack_size(SPARE_BYTES + 256 * 1024);
        thread.spawn(work).unwrap().join().unwrap()
    }

    #[test]
    fn trees_are_dropped_where_there_is_little_stack() {
        for depth in [100, 200, 400, 900] {
            let text = format!("SELECT 1 FROM a{}", " UNION SELECT 1".repeat(depth));
            let script = parse(&text, &Limits::unbounded()).unwrap();
            with_little_stack(move || drop(script));
        }
        for depth in [20, 40, 60, 80] {
            let text = format!("SELECT {}1{}", "(SELECT ".repeat(depth), ")".repeat(depth));
            let script = parse(&text, &Limits::unbounded()).unwrap();
            let depth = script.statements[0].depth;
            let needed = depth * DROP_BYTES_PER_LEVEL;
            with_little_stack(move || drop(script));
            assert!(needed < 4 * 1024 * 1024, "{needed}");
        }
    }

    #[test]
    fn little_stack_is_enough_for_what_is_read_in_place() {
        with_little_stack(|| {
            for n in 1..=70 {
                for text in [
                    format!("SELECT {}1", "1+".repeat(n)),
                    format!("SELECT {}1{}", "(SELECT ".repeat(n), ")".repeat(n)),
                    format!("SELECT {}1{}", "CASE WHEN a THEN ".repeat(n), " END".repeat(n)),
                    format!(
                        "SELECT 1 FROM {}x{}",
                        "(SELECT 1 FROM ".repeat(n),
                        ") x".repeat(n)
                    ),
                    format!("SELECT 1 FROM a{}", " JOIN b ON true".repeat(n)),
                ] {
                    // The library may find the stack too small; that is an error and no crash.
                    if let Ok(script) = parse(&text, &Limits::default()) {
                        assert_eq!(script.statements.len(), 1);
                    }
                }
            }
        });
    }

    #[test]
    fn message_depth_is_that_of_the_messages() {
        // {1: {1: {}}, 2: "ab"}
        assert_eq!(message_depth(&[0x0a, 2, 0x0a, 0, 0x12, 2, b'a', b'b']), 2);
        assert_eq!(message_depth(&[]), 1);
        // Lengths that reach too far, tags without a field, endless numbers.
        for garbage in [&[0x0a, 200][..], &[0x00, 1], &[0x08], &[0xff; 30], &[0x09, 1]] {
            assert_eq!(message_depth(garbage), 1, "{garbage:?}");
        }
        let nested = (0..60).fold(Vec::new(), |inner: Vec<u8>, _| {
            [&[0x0a, inner.len() as u8][..], &inner].concat()
        });
        assert_eq!(message_depth(&nested), 60);
    }

    #[test]
    fn tokens_are_never_fewer_than_counted() {
        for text in [
            "SELECT 1",
            "a+b-(c)",
            "f(x, y)[1]",
            "- - - NOT NOT é",
            "'a' || $1",
        ] {
            let counted = tokens_at_most(text) + text.matches(',').count();
            let scanned = ffi::scan(&CString::new(text).unwrap()).unwrap().len();
            assert!(counted >= scanned, "{text}: {counted} < {scanned}");
        }
    }
}
