//! Schemas as models read them: every byte of `tools/list` is paid for in each
//! conversation, so what tells a model nothing is left out.

use serde_json::{Map, Value};

/// The schema without dialect, titles, number formats, nullability of what may
/// be left out anyway, and references.
pub(super) fn compact(schema: Value) -> Map<String, Value> {
    let Value::Object(mut root) = schema else {
        return Map::new();
    };
    root.remove("$schema");
    let definitions = match root.remove("$defs") {
        Some(Value::Object(definitions)) => definitions,
        _ => Map::new(),
    };
    root.remove("description");
    let mut root = object(root, &definitions, 0);
    // Clients expect an object even of a tool without arguments.
    root.entry("type").or_insert_with(|| "object".into());
    root
}

/// References are followed this deep; what nests deeper is left as any value.
const DEPTH: usize = 8;

fn object(schema: Map<String, Value>, definitions: &Map<String, Value>, depth: usize) -> Map<String, Value> {
    let schema = resolved(schema, definitions, depth);
    let required: Vec<String> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| {
            names
                .iter()
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect()
        })
        .unwrap_or_default();
    let mut out = Map::new();
    for (key, value) in schema {
        let value = match (key.as_str(), value) {
            ("title" | "format" | "$comment", Value::String(_)) => continue,
            ("default", Value::Null) => continue,
            // A number's sign and a text's shortest length say little here.
            ("minimum", Value::Number(least)) if least.as_u64() == Some(0) => continue,
            // What an integer type happens to hold is no limit that anybody chose.
            ("maximum", Value::Number(most)) if matches!(most.as_u64(), Some(255 | 65_535)) => continue,
            ("required", Value::Array(names)) if names.is_empty() => continue,
            ("description", Value::String(text)) => one_line(&text).into(),
            ("properties", Value::Object(properties)) => properties
                .into_iter()
                .map(|(name, property)| {
                    let optional = !required.contains(&name);
                    (name, nested(property, definitions, depth, optional))
                })
                .collect::<Map<_, _>>()
                .into(),
            ("items" | "additionalProperties", value) => nested(value, definitions, depth, false),
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(schemas)) => schemas
                .into_iter()
                .map(|schema| nested(schema, definitions, depth, false))
                .collect(),
            (_, value) => value,
        };
        out.insert(key, value);
    }
    constants_as_enum(out)
}

fn nested(schema: Value, definitions: &Map<String, Value>, depth: usize, optional: bool) -> Value {
    match schema {
        Value::Object(schema) => {
            let schema = if optional { not_null(schema) } else { schema };
            object(schema, definitions, depth).into()
        }
        // `true` is any value.
        other => other,
    }
}

/// The definition in place of its reference, keeping the description beside it.
fn resolved(
    mut schema: Map<String, Value>,
    definitions: &Map<String, Value>,
    depth: usize,
) -> Map<String, Value> {
    let mut depth = depth;
    while let Some(Value::String(reference)) = schema.remove("$ref") {
        depth += 1;
        let name = reference.rsplit('/').next().unwrap_or_default();
        let Some(Value::Object(definition)) = definitions.get(name) else {
            return schema;
        };
        if depth > DEPTH {
            return schema;
        }
        for (key, value) in definition {
            schema.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    schema
}

/// What may be left out need not be null as well.
fn not_null(mut schema: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    let Some(Value::Array(mut choices)) = schema.remove("anyOf") else {
        return schema;
    };
    choices.retain(|choice| choice.get("type") != Some(&Value::from("null")));
    if choices.len() == 1
        && let Some(Value::Object(only)) = choices.pop()
    {
        for (key, value) in only {
            schema.entry(key).or_insert(value);
        }
    } else {
        schema.insert("anyOf".into(), choices.into());
    }
    schema
}

/// An enumeration written as one constant after the other, each with words, is
/// an enumeration.
fn constants_as_enum(mut schema: Map<String, Value>) -> Map<String, Value> {
    let Some(Value::Array(choices)) = schema.get("oneOf") else {
        return schema;
    };
    let constants: Option<Vec<Value>> = choices
        .iter()
        .map(|choice| match choice.get("const") {
            Some(constant) => Some(vec![constant.clone()]),
            None => choice.get("enum").and_then(Value::as_array).cloned(),
        })
        .collect::<Option<Vec<_>>>()
        .map(|groups| groups.into_iter().flatten().collect());
    if let Some(constants) = constants {
        schema.remove("oneOf");
        // A constant names its own type.
        schema.remove("type");
        schema.insert("enum".into(), constants.into());
    }
    schema
}

/// Doc comments are wrapped for the editor; a schema has no use for that.
pub(super) fn one_line(text: &str) -> String {
    text.split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("\n\n")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use schemars::JsonSchema;
    use serde_json::json;

    use super::*;

    /// An input.
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Input {
        /// The statement,
        /// one only.
        sql: String,
        /// How many.
        #[serde(default)]
        max_rows: Option<u32>,
        /// In what form.
        #[serde(default)]
        form: Option<Form>,
        any: serde_json::Value,
    }

    #[derive(JsonSchema)]
    #[serde(rename_all = "snake_case")]
    #[allow(dead_code)]
    enum Form {
        /// Short.
        Short,
        /// Long.
        Long,
    }

    #[test]
    fn only_what_tells_something_stays() {
        let schema = compact(schemars::schema_for!(Input).to_value());
        assert_eq!(
            Value::Object(schema),
            json!({
                "type": "object",
                "properties": {
                    "sql": {"description": "The statement, one only.", "type": "string"},
                    "max_rows": {"description": "How many.", "type": "integer"},
                    "form": {"description": "In what form.", "enum": ["short", "long"]},
                    "any": true
                },
                "required": ["sql", "any"]
            })
        );
    }

    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Tree {
        below: Vec<Tree>,
    }

    #[test]
    fn a_schema_that_contains_itself_ends() {
        let schema = compact(schemars::schema_for!(Tree).to_value());
        assert!(Value::Object(schema).to_string().len() < 2_000);
    }
}
