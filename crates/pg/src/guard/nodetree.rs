//! The server's own trees (`pg_node_tree`, and what `debug_print_rewritten` prints), as
//! any version from 13 on writes them.
//!
//! The reader knows the notation and not the nodes: fields are kept by name, so that a
//! field which a newer version adds is seen and not tripped over. What is no tree is an
//! error, and an error means that the statement is refused.

/// A value in a tree, borrowed from its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A word as it stands: a number, `true`, a name with its escapes, `<>` for nothing.
    Word(&'a str),
    /// `(…)`: nodes, words or OIDs. A leading `i`, `o`, `b` or `x` is the first word.
    List(Vec<Value<'a>>),
    /// `{TAG :field …}`.
    Node(Box<Node<'a>>),
}

/// A node with its fields in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node<'a> {
    /// In capitals: `FUNCEXPR`, in some versions with an underscore more or less.
    pub(crate) tag: &'a str,
    /// Name without its colon, and its values: one, but for the bytes of a constant.
    pub(crate) fields: Vec<(&'a str, Vec<Value<'a>>)>,
}

impl Value<'_> {
    /// The word as an OID or number.
    pub(crate) fn number(&self) -> Option<u32> {
        match self {
            Self::Word(word) => word.parse().ok(),
            _ => None,
        }
    }
}

/// What is no tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server's tree cannot be read at byte {at}")]
pub(crate) struct NoTree {
    /// Bytes into the text.
    pub(crate) at: usize,
}

/// Nesting that a tree may have; the server's own stack gives out earlier.
const DEPTH_MAX: usize = 3000;

/// Reads a tree: a node, a list, or a bare word (`<>` for an empty one).
pub(crate) fn parse(text: &str) -> Result<Value<'_>, NoTree> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value()?;
    match reader.token() {
        None => Ok(value),
        Some(_) => Err(reader.error()),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// A node or list that is still open.
enum Open<'a> {
    List(Vec<Value<'a>>),
    Node(Node<'a>),
}

impl<'a> Reader<'a> {
    /// Reads one value without recursion: a tree is as deep as its statement was.
    fn value(&mut self) -> Result<Value<'a>, NoTree> {
        let mut open: Vec<Open<'a>> = Vec::new();
        loop {
            let Some(token) = self.token() else {
                return Err(self.error());
            };
            let closed = match token {
                "(" => {
                    open.push(Open::List(Vec::new()));
                    None
                }
                "{" => {
                    let tag = self.token().ok_or_else(|| self.error())?;
                    open.push(Open::Node(Node {
                        tag,
                        fields: Vec::new(),
                    }));
                    None
                }
                ")" => match open.pop() {
                    Some(Open::List(values)) => Some(Value::List(values)),
                    _ => return Err(self.error()),
                },
                "}" => match open.pop() {
                    Some(Open::Node(node)) => Some(Value::Node(Box::new(node))),
                    _ => return Err(self.error()),
                },
                word => Some(Value::Word(word)),
            };
            if open.len() > DEPTH_MAX {
                return Err(self.error());
            }
            let Some(value) = closed else { continue };
            match open.last_mut() {
                None => return Ok(value),
                Some(Open::List(values)) => values.push(value),
                Some(Open::Node(node)) => match (&value, node.fields.last_mut()) {
                    // The first word after a field's name is its value whatever it
                    // looks like: a name may be written ":funcid".
                    (_, Some((_, values))) if values.is_empty() => values.push(value),
                    (Value::Word(word), _) if word.starts_with(':') => {
                        node.fields.push((&word[1..], Vec::new()));
                    }
                    (_, Some((_, values))) => values.push(value),
                    (_, None) => return Err(self.error()),
                },
            }
        }
    }

    /// The next token as the server splits them: at white space and brackets, where a
    /// backslash takes what follows into the word.
    fn token(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        while bytes
            .get(self.at)
            .is_some_and(|b| matches!(b, b' ' | b'\n' | b'\t'))
        {
            self.at += 1;
        }
        let start = self.at;
        let first = *bytes.get(start)?;
        if matches!(first, b'(' | b')' | b'{' | b'}') {
            self.at += 1;
            return Some(&self.text[start..self.at]);
        }
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b' ' | b'\n' | b'\t' | b'(' | b')' | b'{' | b'}' => break,
                b'\\' if self.at + 1 < bytes.len() => {
                    // The escaped character may be of several bytes; the others are no delimiters.
                    self.at += 2;
                    while !self.text.is_char_boundary(self.at) {
                        self.at += 1;
                    }
                }
                _ => self.at += 1,
            }
        }
        Some(&self.text[start..self.at])
    }

    fn error(&self) -> NoTree {
        NoTree { at: self.at }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    impl<'a> Node<'a> {
        fn field(&self, name: &str) -> Option<&Value<'a>> {
            self.fields.iter().find(|(field, _)| *field == name)?.1.first()
        }

        fn number(&self, name: &str) -> Option<u32> {
            self.field(name)?.number()
        }
    }

    fn node<'a>(value: &'a Value<'a>) -> &'a Node<'a> {
        match value {
            Value::Node(node) => node,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nodes_lists_and_constants_are_read() {
        let text = "({FUNCEXPR :funcid 1000 :args ({CONST :consttype 25 :constvalue 5 [ 20 0 0 0 97 ]} \
                    {VAR :varno 1}) :location -1} <>)";
        let value = parse(text).unwrap();
        let Value::List(items) = &value else { panic!() };
        let call = node(&items[0]);
        assert_eq!((call.tag, call.number("funcid")), ("FUNCEXPR", Some(1000)));
        let Some(Value::List(args)) = call.field("args") else {
            panic!()
        };
        assert_eq!(node(&args[0]).fields[1].1.len(), 8);
        assert_eq!(items[1], Value::Word("<>"));
    }

    #[test]
    fn a_name_that_looks_like_a_field_or_a_bracket_hides_nothing() {
        let text = r"{RTE :ctename :funcid :alias a\ \}\(b :relid 5}";
        let value = parse(text).unwrap();
        let rte = node(&value);
        assert_eq!(rte.field("ctename"), Some(&Value::Word(":funcid")));
        assert_eq!(rte.field("alias"), Some(&Value::Word(r"a\ \}\(b")));
        assert_eq!(rte.number("relid"), Some(5));
        assert_eq!(rte.number("funcid"), None);
    }

    #[test]
    fn what_is_no_tree_is_an_error() {
        for text in [
            "",
            "{",
            "{A :b",
            "(}",
            "{A b}",
            "a b",
            "{A :b (c}",
            "\\",
            "{A :é \\é",
        ] {
            let _ = parse(text).map(|value| assert_eq!(value, Value::Word(text), "{text}"));
        }
        assert!(parse(&"(".repeat(10_000)).is_err());
        assert!(parse("{A b}").is_err());
    }
}
