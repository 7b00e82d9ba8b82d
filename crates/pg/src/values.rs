//! Values: what the server sends as text, as JSON and as psql prints it.
//!
//! The wire asks for every column in text format, so the text form *is* what
//! psql prints. The JSON form is what the server's own `to_jsonb` makes of the
//! value, with these differences, each of them so that nothing is lost on the
//! way through a client that reads numbers as doubles:
//!
//! | type | JSON here | `to_jsonb` |
//! |---|---|---|
//! | `int8`, `numeric`, numbers inside `json` and `jsonb` | a number if a double holds exactly these digits, else a string with them | always a number |
//! | `json`, `jsonb` nested deeper than 100, or with a lone surrogate | a string with the document's text | embedded, or an error |
//! | date and time types | text as psql prints it, `2024-01-31 12:00:00+00` | `2024-01-31T12:00:00+00:00` |
//! | `record` without a named type | array of texts: the server does not say the fields' types | object with `f1`, `f2` … |
//! | types with a cast to `json` of their own (`hstore`) | text as psql prints it | what the cast gives |
//! | arrays whose lower bound is not 1 | array, and a [`CellNote`] with the bounds | array, the bounds are lost |
//!
//! serde_json's `arbitrary_precision` would keep every digit as a number, and was
//! decided against: with it every number inside an untagged or flattened type
//! (the MCP library's messages are such) no longer deserialises.

mod collect;
mod document;
mod json;
mod nested;
mod number;
mod psql;
mod shape;
mod types;

pub use collect::{Caps, CellNote, JsonRows, KeptCell, Limit, ResultColumn, ResultSet, RowCollector};
pub use json::{to_json, write_json, write_string};
pub use nested::array_bounds;
pub use psql::{PsqlTable, print_table};
pub use shape::{Field, Shape, TypeInfo};
pub use types::Types;
