//! The catalog: what is in a database, read with SQL of our own.
//!
//! [`Reading`] is the way for every statement of ours that only looks: one
//! snapshot, read-only, with limits, nothing of the user's in the search path.

mod describe;
mod error;
mod names;
mod reading;
mod relation;
mod search;
mod versioned;

pub use describe::describe_relation;
pub use error::CatalogError;
pub use names::{find_relation, near_names};
pub use reading::{Partial, Query, Reading};
pub use relation::{
    Child, Constraint, ForeignReference, Index, Policy, Relation, RelationColumn, RelationKind, RowEstimate,
    Rule, SequenceParameters, Sizes, Statistics, Trigger,
};
pub use search::{Found, ObjectKind, Search, SearchResult, search_objects};
pub use versioned::for_major;
