//! The query family: what SELECT, INSERT, UPDATE and DELETE statements, and scripts of them, do
//! that costs more, or means something else, than it seems.

mod expression;
mod rule;
mod scope;
mod tables;
mod text;

pub use expression::{
    Node, Relations, Source, cast_type, column_of, columns_in, conjuncts, constant_of, disjuncts,
    function_name, is_aggregate, is_always_true, is_value, names_of, operator, own_nodes, place, string_of,
};
pub use rule::{
    QueryCheck, QueryDraft, QueryFound, QueryOptions, QueryRule, ScriptStatement, check_script, of_script,
    query_rules,
};
pub use scope::{Query, Role, Scope};
pub use tables::Tables;
pub use text::{closing, span_at, word_end};
