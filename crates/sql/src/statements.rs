use std::collections::HashMap;
use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, SelectStmt};

use crate::parse::parse_quickly;
use crate::{Limits, Script, Statement, SyntaxError};

/// Parses the statements of long scripts, one text after another.
///
/// Some trees are most of the memory that a long script takes, and come without what is largest in them:
/// a CREATE VIEW without its query, an INSERT of values without these. It has as many lists of values
/// as the statement has, but two at most, and each is as long as it was and holds nothing. Where only
/// such values differ, the tree is that of an earlier statement, and nothing is parsed at all.
#[derive(Debug, Default)]
pub struct Statements {
    /// Trees of INSERTs by their shapes.
    known: HashMap<Box<[u8]>, Arc<NodeEnum>>,
    known_bytes: usize,
    shape: Vec<u8>,
}

/// Shapes that are kept, in bytes altogether and each.
const MOST_BYTES: usize = 8 * 1024 * 1024;
const LONGEST: usize = 256 * 1024;

impl Statements {
    /// As [`parse`](crate::parse()) would.
    ///
    /// # Errors
    /// As there.
    pub fn parse(&mut self, text: &str, limits: &Limits) -> Result<Script, SyntaxError> {
        let has_shape = text.len() <= limits.max_bytes && write_shape(text, &mut self.shape).is_some();
        if has_shape && let Some(node) = self.known.get(&*self.shape) {
            let statement = Statement::of_insert(text, Arc::clone(node));
            return Ok(Script {
                statements: vec![statement],
            });
        }
        let mut script = parse_quickly(text, limits)?;
        for statement in &mut script.statements {
            statement.change(leave_out);
        }
        if let [only] = script.statements.as_slice()
            && has_shape
            && only.span().len() == text.len()
            && values_of(only.node()).is_some()
            && self.shape.len() <= LONGEST
            && self.known_bytes + self.shape.len() <= MOST_BYTES
        {
            self.known_bytes += self.shape.len();
            self.known
                .insert(self.shape.as_slice().into(), only.shared_node());
        }
        Ok(script)
    }
}

/// The rows of an INSERT of values without a WITH clause.
fn values_of(node: &NodeEnum) -> Option<&SelectStmt> {
    let NodeEnum::InsertStmt(insert) = node else {
        return None;
    };
    match insert.select_stmt.as_ref()?.node.as_ref()? {
        NodeEnum::SelectStmt(select) if !select.values_lists.is_empty() && insert.with_clause.is_none() => {
            Some(select)
        }
        _ => None,
    }
}

fn leave_out(node: &mut NodeEnum) {
    if let NodeEnum::ViewStmt(view) = node {
        view.query = None;
    }
    if values_of(node).is_none() {
        return;
    }
    let NodeEnum::InsertStmt(insert) = node else {
        return;
    };
    let Some(NodeEnum::SelectStmt(select)) = insert.select_stmt.as_mut().and_then(|node| node.node.as_mut())
    else {
        return;
    };
    select.values_lists.truncate(2);
    select.values_lists.shrink_to_fit();
    for list in &mut select.values_lists {
        if let Some(NodeEnum::List(list)) = &mut list.node {
            list.items = vec![Node { node: None }; list.items.len()];
        }
    }
}

/// What stands for a string and for a number in a shape; neither is a part of any text that has one.
const STRING: u8 = 1;
const NUMBER: u8 = 2;

/// The text of an INSERT of values with each string and number among them exchanged for a mark:
/// texts of one shape are the same to the grammar. `None` for any other statement, and where a value
/// is more than a constant.
fn write_shape(text: &str, shape: &mut Vec<u8>) -> Option<()> {
    let bytes = text.as_bytes();
    let mut at = values_start(bytes)?;
    shape.clear();
    shape.extend_from_slice(&bytes[..at]);
    let mut is_within = false;
    while let Some(&byte) = bytes.get(at) {
        let follows_word = is_part_of_word(bytes[at - 1]);
        match byte {
            b' ' | b'\n' | b'\t' | b'\r' | b',' => {}
            b'(' if !is_within => is_within = true,
            b')' if is_within => is_within = false,
            // Two are a comment.
            b'-' if is_within && bytes.get(at + 1) != Some(&b'-') => {}
            b'\'' if is_within && !follows_word => {
                at = string_end(bytes, at)?;
                shape.push(STRING);
                continue;
            }
            b'0'..=b'9' if is_within && !follows_word => {
                at = number_end(bytes, at)?;
                shape.push(NUMBER);
                continue;
            }
            b'a'..=b'z' | b'A'..=b'Z' if is_within => {
                let end = word_end(bytes, at);
                let word = &bytes[at..end];
                let constants: [&[u8]; 4] = [b"null", b"true", b"false", b"default"];
                if !constants
                    .iter()
                    .any(|constant| word.eq_ignore_ascii_case(constant))
                {
                    return None;
                }
                shape.extend_from_slice(word);
                at = end;
                continue;
            }
            // What follows the values: as it is.
            b'a'..=b'z' | b'A'..=b'Z' => {
                let rest = &bytes[at..];
                shape.extend_from_slice(rest);
                let is_plain = |byte: &u8| is_part_of_word(*byte) || b" \n\t\r.,()=".contains(byte);
                return rest.iter().all(is_plain).then_some(());
            }
            _ => return None,
        }
        shape.push(byte);
        at += 1;
    }
    (!is_within).then_some(())
}

/// The offset behind the word VALUES of an INSERT that begins plainly: a table, perhaps columns.
fn values_start(bytes: &[u8]) -> Option<usize> {
    const INSERT: &[u8] = b"insert";
    let mut at = INSERT.len();
    if !bytes.get(..at)?.eq_ignore_ascii_case(INSERT) {
        return None;
    }
    let mut is_within = false;
    loop {
        match *bytes.get(at)? {
            b' ' | b'\n' | b'\t' | b'\r' | b',' | b'.' => at += 1,
            b'(' if !is_within => {
                is_within = true;
                at += 1;
            }
            b')' if is_within => {
                is_within = false;
                at += 1;
            }
            b'"' => at += 2 + bytes[at + 1..].iter().position(|byte| *byte == b'"')?,
            byte if is_part_of_word(byte) && !byte.is_ascii_digit() => {
                let end = word_end(bytes, at);
                if !is_within && bytes[at..end].eq_ignore_ascii_case(b"values") {
                    return Some(end);
                }
                at = end;
            }
            _ => return None,
        }
    }
}

fn is_part_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn word_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes[at..].iter();
    at + rest.take_while(|byte| is_part_of_word(**byte)).count()
}

/// Behind the quote that closes a string; two quotes in it are one.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            // The library takes no such text.
            0 => return None,
            b'\'' if bytes.get(at + 1) == Some(&b'\'') => at += 2,
            b'\'' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Behind a number such as `12` or `3.25`; there is none where more follows it, as in `1e5`.
fn number_end(bytes: &[u8], start: usize) -> Option<usize> {
    let digits = |at: usize| {
        let rest = bytes.get(at..).unwrap_or_default().iter();
        rest.take_while(|byte| byte.is_ascii_digit()).count()
    };
    let mut at = start + digits(start);
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    }
    let follows = bytes.get(at).copied().unwrap_or(b' ');
    (!is_part_of_word(follows) && follows != b'.' && follows != b'$').then_some(at)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shape(text: &str) -> Option<Vec<u8>> {
        let mut shape = Vec::new();
        write_shape(text, &mut shape).map(|()| shape)
    }

    /// The tree without its values.
    fn without_values(text: &str) -> String {
        let mut script = crate::parse(text, &Limits::default()).unwrap();
        let mut statement = script.statements.pop().unwrap();
        statement.change(leave_out);
        format!("{:?}", statement.node())
    }

    #[test]
    fn texts_of_one_shape_have_one_tree() {
        let mut statements = Statements::default();
        for same in [
            &[
                "INSERT INTO a VALUES (1, 'x')",
                "INSERT INTO a VALUES (23, 'it''s -- ;')",
            ][..],
            &[
                "insert into \"A b\".c (d, e) values (-1.5, NULL), (2, 'é\\')",
                "insert into \"A b\".c (d, e) values (-17, NULL), (99999999999999999999.25, '')",
            ],
            &[
                "INSERT INTO a (b) VALUES ('1') ON CONFLICT (b) DO NOTHING",
                "INSERT INTO a (b) VALUES ('a longer one') ON CONFLICT (b) DO NOTHING",
            ],
            &["INSERT INTO a VALUES (true, 1)", "INSERT INTO a VALUES (true, 2)"],
        ] {
            assert_eq!(shape(same[0]), shape(same[1]), "{same:?}");
            let [first, second] = [same[0], same[1]].map(|text| {
                let mut script = statements.parse(text, &Limits::default()).unwrap();
                let statement = script.statements.pop().unwrap();
                assert_eq!((statement.text(), statement.kind()), (text, &crate::Kind::Insert));
                assert_eq!(statement.span(), 0..text.len());
                statement
            });
            assert!(
                Arc::ptr_eq(&first.shared_node(), &second.shared_node()),
                "{same:?}"
            );
            let tail = |text: &str| text.contains("CONFLICT");
            if !same.iter().any(|text| tail(text)) {
                assert_eq!(without_values(same[0]), without_values(same[1]));
                assert_eq!(format!("{:?}", first.node()), without_values(same[1]));
            }
        }
    }

    #[test]
    fn what_may_mean_something_else_has_a_shape_of_its_own_or_none() {
        for (one, other) in [
            ("INSERT INTO a VALUES (1)", "INSERT INTO a VALUES ('1')"),
            ("INSERT INTO a VALUES (1)", "INSERT INTO a VALUES (-1)"),
            ("INSERT INTO a VALUES (1)", "INSERT INTO b VALUES (1)"),
            ("INSERT INTO a VALUES (1)", "INSERT INTO a VALUES (1), (1)"),
            ("INSERT INTO a VALUES (null)", "INSERT INTO a VALUES (true)"),
        ] {
            assert!(shape(one).is_some() && shape(one) != shape(other), "{one}");
        }
        for none in [
            "SELECT 1",
            "INSERT INTO a VALUES (now())",
            "INSERT INTO a VALUES (1e5)",
            "INSERT INTO a VALUES (1.)",
            "INSERT INTO a VALUES (0x1F)",
            "INSERT INTO a VALUES (1_000)",
            "INSERT INTO a VALUES ($1)",
            "INSERT INTO a VALUES (E'\\'')",
            "INSERT INTO a VALUES (U&'\\0041')",
            "INSERT INTO a VALUES (b'01')",
            "INSERT INTO a VALUES (null'1')",
            "INSERT INTO a VALUES ('open",
            "INSERT INTO a VALUES ('a\0')",
            "INSERT INTO a VALUES (1 -- '\n)",
            "INSERT INTO a VALUES (1 /* ' */)",
            "INSERT INTO a VALUES ($$x$$)",
            "INSERT INTO a VALUES (interval '1 day')",
            "INSERT INTO a VALUES ((1))",
            "INSERT INTO a VALUES (1",
            "INSERT INTO a VALUES (1) RETURNING 'x'",
            "INSERT INTO a (b[1]) VALUES (1)",
            "INSERT INTO a SELECT 1",
            "WITH x AS (SELECT 1) INSERT INTO a VALUES (1)",
            "INSERT",
        ] {
            assert_eq!(shape(none), None, "{none}");
        }
    }

    #[test]
    fn errors_stay_errors() {
        let mut statements = Statements::default();
        for text in [
            "INSERT INTO a VALUES (1,)",
            "INSERT INTO a VALUES (1 2)",
            "INSERT INTO a VALUES ('a' 'b')",
            "INSERT INTO a VALUES (1),",
            "INSERT INTO a VALUES",
            "INSERT a VALUES (1)",
            "INSERT INTO a VALUES (1) ON CONFLICT",
        ] {
            for _ in 0..2 {
                let error = statements.parse(text, &Limits::default()).unwrap_err();
                assert_eq!(error, crate::parse(text, &Limits::default()).unwrap_err());
            }
        }
    }

    #[test]
    fn of_values_their_number_is_left() {
        let mut statements = Statements::default();
        for (rows, left) in [
            ("(1, 2)", 1),
            ("(1, 2), (3, 4)", 2),
            ("(1, 2), (3, 4), (5, f(6))", 2),
        ] {
            let text = format!("INSERT INTO a VALUES {rows}");
            let script = statements.parse(&text, &Limits::default()).unwrap();
            let values = &values_of(script.statements[0].node()).unwrap().values_lists;
            assert_eq!(values.len(), left);
            for list in values {
                let Some(NodeEnum::List(list)) = &list.node else {
                    panic!("{list:?}");
                };
                assert_eq!(list.items, [Node { node: None }, Node { node: None }]);
            }
        }
    }
}
