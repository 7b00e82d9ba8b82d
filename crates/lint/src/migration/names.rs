use howdah_sql::RelationName;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{Node, RangeVar};

/// A name as two statements of a script mean the same object by it: `public` is where names
/// without a schema are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key(String);

impl Key {
    pub(crate) fn new(schema: &str, name: &str) -> Self {
        match schema {
            "" | "public" => Self(name.to_owned()),
            schema => Self(format!("{schema}\u{1f}{name}")),
        }
    }

    pub(crate) fn of(relation: &RangeVar) -> Self {
        Self::new(&relation.schemaname, &relation.relname)
    }

    /// Of a name as a list of strings, as `DROP` and `ALTER TYPE` have it.
    pub(crate) fn of_parts(parts: &[String]) -> Self {
        match parts {
            [name] => Self::new("", name),
            [.., schema, name] => Self::new(schema, name),
            [] => Self(String::new()),
        }
    }
}

/// The relation as effects name it.
pub(crate) fn relation_name(relation: &RangeVar) -> RelationName {
    RelationName {
        schema: Some(relation.schemaname.clone()).filter(|schema| !schema.is_empty()),
        name: relation.relname.clone(),
    }
}

/// The strings of a list of names.
pub(crate) fn strings(nodes: &[Node]) -> Vec<String> {
    nodes
        .iter()
        .filter_map(|node| match &node.node {
            Some(NodeEnum::String(string)) => Some(string.sval.clone()),
            _ => None,
        })
        .collect()
}

/// The name of an object in a `DROP`: a list of strings, or a type name, or a function with arguments.
pub(crate) fn object_parts(node: &Node) -> Vec<String> {
    match &node.node {
        Some(NodeEnum::List(list)) => strings(&list.items),
        Some(NodeEnum::TypeName(name)) => strings(&name.names),
        Some(NodeEnum::ObjectWithArgs(object)) => strings(&object.objname),
        Some(NodeEnum::String(string)) => vec![string.sval.clone()],
        _ => Vec::new(),
    }
}
