//! PostgreSQL's own grammar (libpg_query, PostgreSQL 18) as Howdah uses it:
//! parse with exact positions, split scripts, tell what kind of statement
//! something is, mask literals, quote names.
//!
//! All of it takes text from outside: nothing here panics, overflows a stack
//! or takes more than the [`Limits`] allow.

mod autocommit;
mod comments;
mod error;
mod ffi;
mod fingerprint;
mod json;
mod kind;
mod lexer;
pub mod log;
mod name;
mod nodes;
mod normalize;
mod parse;
mod quote;
mod relations;
mod split;
mod stack;
mod statements;
mod tag;
mod tree;

pub use comments::comments;
pub use error::SyntaxError;
pub use fingerprint::fingerprint;
pub use kind::{Command, CopyEnd, Kind, StatementEffect};
pub use name::{NameError, RelationName};
pub use normalize::normalize;
pub use parse::{Limits, Script, Statement, parse};
/// The crate whose types [`Statement::node`] is made of.
pub use pg_query;
pub use quote::{quote_ident, quote_literal};
pub use relations::RelationUse;
pub use split::{Piece, Psql, SplitError, split, split_lossy};
pub use statements::Statements;
pub use tree::{plpgsql_tree, tree};
