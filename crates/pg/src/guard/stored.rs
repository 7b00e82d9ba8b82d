//! What a tree of the server refers to: exact OIDs of what it would run.

use std::collections::BTreeSet;

use super::builtins::FIRST_NORMAL_OID;
use super::nodetree::{NoTree, Node, Value, parse};

/// What becomes of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// It is run: everything in it counts.
    Runs,
    /// It is looked at while a query is planned: what has only constants for arguments
    /// is computed then, and functions written in SQL are put in place of their calls.
    Folds,
}

/// The OIDs in a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct References {
    /// Functions and aggregates that are called.
    pub(crate) functions: BTreeSet<u32>,
    /// Operators that are applied.
    pub(crate) operators: BTreeSet<u32>,
    /// Types that values are converted to.
    pub(crate) types: BTreeSet<u32>,
    /// All types of values.
    pub(crate) all_types: BTreeSet<u32>,
    /// Relations that are read.
    pub(crate) relations: BTreeSet<u32>,
    /// Functions and operators of a tree that [`When::Folds`] which have a column among
    /// their arguments: they are not called, yet may be inlined.
    pub(crate) inlined_functions: BTreeSet<u32>,
    /// As before, operators.
    pub(crate) inlined_operators: BTreeSet<u32>,
    /// Whether it builds JSON, which uses the casts to json that types have.
    pub(crate) builds_json: bool,
    /// A node of a kind that is not known.
    pub(crate) unknown: Option<String>,
}

/// Reads the tree and gathers what it refers to.
pub(crate) fn references(text: &str, when: When) -> Result<References, NoTree> {
    let mut found = References::default();
    if text
        .trim_matches(|c: char| matches!(c, '(' | ')' | ' '))
        .is_empty()
    {
        return Ok(found);
    }
    let tree = parse(text)?;
    value(&tree, when, &mut found);
    Ok(found)
}

/// The kinds of nodes that a stored or rewritten query is made of, in the spellings of 13 to 18.
const KNOWN: &[&str] = &[
    "AGGREF",
    "ALIAS",
    "ARRAY",
    "ARRAYCOERCEEXPR",
    "ARRAYEXPR",
    "BOOLEANTEST",
    "BOOLEXPR",
    "CASE",
    "CASEEXPR",
    "CASETESTEXPR",
    "CASEWHEN",
    "COALESCE",
    "COALESCEEXPR",
    "COERCETODOMAIN",
    "COERCETODOMAINVALUE",
    "COERCEVIAIO",
    "COLLATE",
    "COLLATEEXPR",
    "COMMONTABLEEXPR",
    "CONST",
    "CONVERTROWTYPEEXPR",
    "CTECYCLECLAUSE",
    "CTESEARCHCLAUSE",
    "CURRENTOFEXPR",
    "DISTINCTEXPR",
    "FIELDSELECT",
    "FIELDSTORE",
    "FROMEXPR",
    "FUNCEXPR",
    "GROUPINGFUNC",
    "GROUPINGSET",
    "INFERENCEELEM",
    "JOINEXPR",
    "JSONBEHAVIOR",
    "JSONCONSTRUCTOREXPR",
    "JSONEXPR",
    "JSONFORMAT",
    "JSONISPREDICATE",
    "JSONRETURNING",
    "JSONTABLEPATH",
    "JSONTABLEPATHSCAN",
    "JSONTABLESIBLINGJOIN",
    "JSONVALUEEXPR",
    "MERGEACTION",
    "MERGESUPPORTFUNC",
    "MINMAX",
    "MINMAXEXPR",
    "NAMEDARGEXPR",
    "NEXTVALUEEXPR",
    "NULLIFEXPR",
    "NULLTEST",
    "ONCONFLICTEXPR",
    "OPEXPR",
    "PARAM",
    "QUERY",
    "RANGETBLENTRY",
    "RANGETBLFUNCTION",
    "RANGETBLREF",
    "RELABELTYPE",
    "RETURNINGEXPR",
    "ROW",
    "ROWCOMPARE",
    "ROWCOMPAREEXPR",
    "ROWEXPR",
    "ROWMARKCLAUSE",
    "RTE",
    "RTEPERMISSIONINFO",
    "SCALARARRAYOPEXPR",
    "SETOPERATIONSTMT",
    "SETTODEFAULT",
    "SORTGROUPCLAUSE",
    "SQLVALUEFUNCTION",
    "SUBLINK",
    "SUBSCRIPTINGREF",
    "TABLEFUNC",
    "TABLESAMPLECLAUSE",
    "TARGETENTRY",
    "VAR",
    "WHEN",
    "WINDOWCLAUSE",
    "WINDOWFUNC",
    "WINDOWFUNCRUNCONDITION",
    "WITHCHECKOPTION",
    "XMLEXPR",
];

/// Gathers from a value; tells whether a column, or anything else that is no constant, is in it.
fn value(tree: &Value<'_>, when: When, found: &mut References) -> bool {
    match tree {
        Value::Word(_) => false,
        Value::List(items) => items
            .iter()
            .fold(false, |any, item| value(item, when, found) | any),
        Value::Node(inner) => node(inner, when, found),
    }
}

fn node(node: &Node<'_>, when: When, found: &mut References) -> bool {
    if !KNOWN.contains(&node.tag) && found.unknown.is_none() {
        found.unknown = Some(node.tag.to_owned());
    }
    found.builds_json |= node.tag == "JSONCONSTRUCTOREXPR";
    let mut varies = matches!(node.tag, "VAR" | "PARAM" | "COERCETODOMAINVALUE");
    for (_, values) in &node.fields {
        for inner in values {
            varies |= value(inner, when, found);
        }
    }
    let called = when == When::Runs || !varies;
    for (field, values) in &node.fields {
        for oid in oids(values) {
            match *field {
                "funcid" | "aggfnoid" | "winfnoid" | "tsmhandler" | "startInRangeFunc" | "endInRangeFunc" => {
                    if called {
                        found.functions.insert(oid);
                    } else {
                        found.inlined_functions.insert(oid);
                    }
                }
                "opno" | "opnos" | "eqop" | "sortop" | "cycle_mark_neop" => {
                    if called {
                        found.operators.insert(oid);
                    } else {
                        found.inlined_operators.insert(oid);
                    }
                }
                "relid" => {
                    found.relations.insert(oid);
                }
                "paramtype" | "resulttype" | "funcresulttype" | "opresulttype" | "coltypes"
                | "funccoltypes" | "typid" => {
                    if called && !(*field == "resulttype" && passes_on(node.tag)) {
                        found.types.insert(oid);
                    }
                    found.all_types.insert(oid);
                }
                // The server's own aggregates only hand on what there is already.
                "aggtype" | "wintype" if is_added(node) => {
                    found.types.insert(oid);
                    found.all_types.insert(oid);
                }
                other if names_type(other) => {
                    found.all_types.insert(oid);
                }
                _ => {}
            }
        }
    }
    varies
}

/// Whether an aggregate or window function is not built in.
fn is_added(node: &Node<'_>) -> bool {
    let called = node
        .fields
        .iter()
        .filter(|(field, _)| matches!(*field, "aggfnoid" | "winfnoid"));
    called
        .flat_map(|(_, values)| oids(values))
        .any(|oid| oid >= FIRST_NORMAL_OID)
}

/// Nodes whose value is one that exists already.
fn passes_on(tag: &str) -> bool {
    matches!(tag, "FIELDSELECT" | "RELABELTYPE" | "FIELDSTORE")
}

fn names_type(field: &str) -> bool {
    let field = field.to_ascii_lowercase();
    ["type", "types", "typeid", "typid"]
        .iter()
        .any(|end| field.ends_with(end))
}

/// The OIDs in a field: one word, or a list of them.
fn oids(values: &[Value<'_>]) -> Vec<u32> {
    let numbers = |values: &[Value<'_>]| {
        values
            .iter()
            .filter_map(Value::number)
            .filter(|oid| *oid != 0)
            .collect()
    };
    match values {
        [Value::List(items)] => numbers(items),
        [one] => numbers(std::slice::from_ref(one)),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_runs_counts_wherever_it_stands() {
        let found = references(
            "({QUERY :rtable ({RTE :rtekind 0 :relid 16400}) :targetList ({TARGETENTRY :expr {FUNCEXPR :funcid 20001 \
             :funcresulttype 25 :args ({OPEXPR :opno 96 :opfuncid 65 :args ({VAR :vartype 23})})}}) :sortClause \
             ({SORTGROUPCLAUSE :eqop 98 :sortop 664})})",
            When::Runs,
        )
        .unwrap();
        assert_eq!(found.functions, BTreeSet::from([20001]));
        assert_eq!(found.operators, BTreeSet::from([96, 98, 664]));
        assert_eq!(found.relations, BTreeSet::from([16400]));
        assert_eq!(found.types, BTreeSet::from([25]));
        assert_eq!(found.all_types, BTreeSet::from([23, 25]));
        assert_eq!(found.unknown, None);
    }

    #[test]
    fn what_is_planned_counts_where_only_constants_are() {
        let found = references(
            "({FUNCEXPR :funcid 1 :args ({VAR :varno 1} {FUNCEXPR :funcid 2 :args ({CONST :consttype 23})})} \
             {FUNCEXPR :funcid 3 :args ({VAR :varno 1})} {ROWCOMPAREEXPR :opnos (o 7 8) :args <>})",
            When::Folds,
        )
        .unwrap();
        assert_eq!(found.functions, BTreeSet::from([2]));
        assert_eq!(found.inlined_functions, BTreeSet::from([1, 3]));
        assert_eq!(found.operators, BTreeSet::from([7, 8]));
    }

    #[test]
    fn unknown_nodes_are_told() {
        let found = references("{NEWEXPR :x 1}", When::Runs).unwrap();
        assert_eq!(found.unknown.as_deref(), Some("NEWEXPR"));
        assert_eq!(references("( )", When::Runs).unwrap(), References::default());
        assert!(references("{", When::Runs).is_err());
    }
}
