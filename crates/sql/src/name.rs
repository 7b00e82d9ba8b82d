use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::quote_ident;

/// The name of a relation, with its schema where that was given.
///
/// Held as the catalog holds it. [`Display`](fmt::Display) quotes where SQL
/// needs it; [`FromStr`] reads what a person or a model writes as SQL would
/// read it: `Users` is `users`, `"Users"` is `Users`. Serialises as the
/// displayed text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RelationName {
    /// The schema; `None` leaves it to the search path.
    pub schema: Option<String>,
    /// The relation itself.
    pub name: String,
}

/// Why a text is not the name of a relation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing at all, or nothing between two dots or two quotes.
    #[error("A name is empty in {0:?}")]
    Empty(String),
    /// A quote is not closed.
    #[error("A double quote is not closed in {0:?}")]
    Unclosed(String),
    /// More than `schema.name`.
    #[error("{0:?} has more parts than a schema and a name")]
    TooManyParts(String),
    /// A character that needs quotes.
    #[error("{text:?} cannot be read as a name at {character:?}")]
    Unexpected {
        /// The whole text.
        text: String,
        /// The first character that does not fit.
        character: char,
    },
    /// Longer than the server keeps.
    #[error("The name {0:?} is longer than 63 bytes, which is all that PostgreSQL keeps of a name")]
    TooLong(String),
}

impl From<NameError> for howdah_core::Error {
    fn from(error: NameError) -> Self {
        Self::invalid(error.to_string()).hint(
            "Write it as in SQL: name, schema.name, or in double quotes where it has capitals, blanks or dots: \"My Schema\".\"My Table\".",
        )
    }
}

impl RelationName {
    /// A name without a schema, as the catalog holds it.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            schema: None,
            name: name.into(),
        }
    }

    /// A name in a schema, both as the catalog holds them.
    pub fn in_schema(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            schema: Some(schema.into()),
            name: name.into(),
        }
    }
}

impl fmt::Display for RelationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{}.", quote_ident(schema))?;
        }
        f.write_str(&quote_ident(&self.name))
    }
}

impl FromStr for RelationName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let mut parts = identifiers(text)?.into_iter();
        match (parts.next(), parts.next(), parts.next()) {
            (Some(name), None, None) => Ok(Self { schema: None, name }),
            (Some(schema), Some(name), None) => Ok(Self {
                schema: Some(schema),
                name,
            }),
            (None, ..) => Err(NameError::Empty(text.to_owned())),
            _ => Err(NameError::TooManyParts(text.to_owned())),
        }
    }
}

impl From<RelationName> for String {
    fn from(name: RelationName) -> Self {
        name.to_string()
    }
}

impl TryFrom<String> for RelationName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

/// Reads dotted identifiers as the server's lexer does: without quotes ASCII
/// letters are folded to lower case, within quotes `""` is a quote.
///
/// Unlike the server it refuses names that are longer than 63 bytes: they
/// would silently name something else.
pub(crate) fn identifiers(text: &str) -> Result<Vec<String>, NameError> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    loop {
        let (name, after) = match rest.strip_prefix('"') {
            Some(quoted) => take_quoted(quoted).ok_or_else(|| NameError::Unclosed(text.to_owned()))?,
            None => take_plain(rest),
        };
        if name.is_empty() {
            let character = after.chars().next().filter(|c| *c != '.');
            return Err(match character {
                Some(character) => NameError::Unexpected {
                    text: text.to_owned(),
                    character,
                },
                None => NameError::Empty(text.to_owned()),
            });
        }
        if name.len() > 63 {
            return Err(NameError::TooLong(name));
        }
        if name.contains('\0') {
            return Err(NameError::Unexpected {
                text: text.to_owned(),
                character: '\0',
            });
        }
        parts.push(name);
        let after = after.trim_start();
        match after.chars().next() {
            None => return Ok(parts),
            Some('.') => rest = after[1..].trim_start(),
            Some(character) => {
                return Err(NameError::Unexpected {
                    text: text.to_owned(),
                    character,
                });
            }
        }
    }
}

fn take_quoted(mut rest: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    loop {
        let (before, after) = rest.split_once('"')?;
        name.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, after)),
        }
    }
}

fn take_plain(rest: &str) -> (String, &str) {
    let start = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    let inside = |c: char| start(c) || c.is_ascii_digit() || c == '$';
    let end = if rest.starts_with(start) {
        rest.find(|c: char| !inside(c)).unwrap_or(rest.len())
    } else {
        0
    };
    (rest[..end].to_ascii_lowercase(), &rest[end..])
}
