//! The reference pages as Markdown.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;

use crate::book::{Book, CommandEntry, ToolEntry};

const NOTE: &str = "<!-- Written by `cargo run -p xtask -- docs` from the program. -->\n";

/// The list of everything.
pub(crate) fn index(book: &Book) -> String {
    let mut page = format!("{NOTE}\n# Reference\n\n## Tools\n");
    let mut toolsets: Vec<&str> = book.tools.iter().map(|tool| tool.toolset.as_str()).collect();
    toolsets.sort_by_key(|toolset| (*toolset != "core", *toolset));
    toolsets.dedup();
    for toolset in toolsets {
        let _ = write!(page, "\nToolset `{toolset}`:\n\n");
        for tool in book.tools.iter().filter(|tool| tool.toolset == toolset) {
            let ToolEntry { name, doc, .. } = tool;
            let _ = writeln!(page, "- [`{name}`](tools/{name}.md): {}", first_sentence(doc));
        }
    }
    page.push_str("\n## Commands\n\n");
    for command in &book.commands {
        let (words, file) = (command.words(), command.file());
        let about = first_sentence(command.help.split("\nUsage:").next().unwrap_or_default());
        let _ = writeln!(page, "- [`{words}`](commands/{file}.md): {about}");
    }
    if let Some(options) = book
        .commands
        .iter()
        .find_map(|command| split_help(&command.help).1)
    {
        let _ = write!(page, "\n## Options of every command\n\n```text\n{options}\n```\n");
    }
    page
}

/// The page of a tool.
pub(crate) fn tool(book: &Book, tool: &ToolEntry) -> String {
    let ToolEntry {
        name, title, toolset, ..
    } = tool;
    let mut page = format!("{NOTE}\n# `{name}`: {title}\n\n{}\n\n", tool.doc.trim());
    let effect = match tool.effect.as_str() {
        "read_only" => "changes nothing",
        "as_target_allows" => "changes a database only where the target's mode allows it",
        "additive" => "adds something and destroys nothing",
        "destructive" => "may remove or replace something",
        other => other,
    };
    let _ = writeln!(page, "- Toolset: `{toolset}`");
    let _ = writeln!(page, "- Effect: {effect}");
    if tool.person_only {
        page.push_str("- For people only: MCP clients neither see nor reach it\n");
    }
    let commands = book.commands.iter().filter(|command| command.tool == *name);
    let commands: Vec<_> = commands
        .map(|command| format!("[`{}`](../commands/{}.md)", command.words(), command.file()))
        .collect();
    if !commands.is_empty() {
        let _ = writeln!(page, "- On the command line: {}", commands.join(", "));
    }
    for (heading, schema) in [("Input", &tool.input_schema), ("Output", &tool.output_schema)] {
        let _ = write!(page, "\n## {heading}\n\n");
        // An output may be nothing but a type that is defined below.
        let whole = schema["$ref"]
            .as_str()
            .and_then(|name| name.strip_prefix("#/$defs/"));
        let whole = whole.and_then(|name| Some((name, schema["$defs"].get(name)?)));
        page.push_str(&fields(whole.map_or(schema, |(_, definition)| definition)));
        for (name, definition) in
            definitions(schema).filter(|(name, _)| whole.is_none_or(|(whole, _)| whole != *name))
        {
            let _ = write!(page, "\n### {heading}: {name}\n\n");
            if let Some(doc) = description(definition) {
                let _ = write!(page, "{doc}\n\n");
            }
            page.push_str(&fields(definition));
        }
    }
    page
}

/// The page of a command.
pub(crate) fn command(command: &CommandEntry) -> String {
    let (help, _) = split_help(&command.help);
    let (words, tool) = (command.words(), &command.tool);
    format!(
        "{NOTE}\n# `{words}`\n\n```text\n{}\n```\n\nThe tool behind it: [`{tool}`](../tools/{tool}.md). Options of every command: [reference](../index.md#options-of-every-command).\n",
        help.trim_end()
    )
}

/// A help text without the options that every command has, and those.
fn split_help(help: &str) -> (String, Option<String>) {
    let mut own = Vec::new();
    let mut global = Vec::new();
    let mut in_global = false;
    for line in help.lines().map(str::trim_end) {
        if !line.is_empty() && !line.starts_with(' ') {
            in_global = line == "Global options:";
            if in_global {
                continue;
            }
        }
        if in_global { &mut global } else { &mut own }.push(line);
    }
    let global = global.join("\n");
    let global = global.trim_matches('\n').to_owned();
    (own.join("\n"), (!global.is_empty()).then_some(global))
}

/// A schema's fields as a table, or what else it is in a sentence.
fn fields(schema: &Value) -> String {
    let Some(properties) = schema["properties"]
        .as_object()
        .filter(|fields| !fields.is_empty())
    else {
        return match schema["oneOf"].as_array() {
            Some(variants) if variants.iter().any(|variant| variant.get("const").is_some()) => {
                choices(variants)
            }
            _ if schema["type"] == "object" && schema.get("additionalProperties").is_none() => {
                "Nothing.\n".to_owned()
            }
            _ => format!("{}\n", type_of(schema)),
        };
    };
    let required: BTreeSet<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut table = "| Field | Type | |\n|---|---|---|\n".to_owned();
    for (name, field) in properties {
        let mut about = description(field).unwrap_or_default();
        if !required.contains(name.as_str()) {
            let default = field.get("default").filter(|default| !default.is_null());
            let default = default.map(|default| format!(", `{default}` if not given"));
            let optional = format!("(optional{})", default.unwrap_or_default());
            about = format!("{about} {optional}").trim().to_owned();
        }
        let _ = writeln!(
            table,
            "| `{name}` | {} | {} |",
            cell(&type_of(field)),
            cell(&about)
        );
    }
    table
}

/// The words that a field may hold, with what each means.
fn choices(variants: &[Value]) -> String {
    let mut list = String::new();
    for variant in variants {
        let word = variant
            .get("const")
            .map_or_else(|| type_of(variant), |word| format!("`{word}`"));
        let about = description(variant).map(|about| format!(": {about}"));
        let _ = writeln!(list, "- {word}{}", about.unwrap_or_default());
    }
    list
}

fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or(name).to_owned();
    }
    if let Some(word) = schema.get("const") {
        return format!("`{word}`");
    }
    for key in ["anyOf", "oneOf"] {
        if let Some(variants) = schema[key].as_array() {
            return alternatives(
                variants
                    .iter()
                    .filter(|variant| variant["type"] != "null")
                    .map(type_of),
            );
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        return alternatives(
            words
                .iter()
                .filter(|word| !word.is_null())
                .map(|word| format!("`{word}`")),
        );
    }
    let one = |name: &str| match name {
        "array" => format!("list of {}", type_of(&schema["items"])),
        "object" => match schema.get("additionalProperties") {
            Some(values) if values.is_object() => format!("object of {}", type_of(values)),
            _ => "object".to_owned(),
        },
        name => name.to_owned(),
    };
    match &schema["type"] {
        Value::String(name) => one(name),
        Value::Array(names) => alternatives(
            names
                .iter()
                .filter_map(Value::as_str)
                .filter(|name| *name != "null")
                .map(one),
        ),
        _ => "any".to_owned(),
    }
}

fn alternatives(names: impl Iterator<Item = String>) -> String {
    let names: Vec<_> = names.collect();
    names.join(" or ")
}

fn definitions(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["$defs"].as_object().into_iter().flatten()
}

fn description(schema: &Value) -> Option<String> {
    Some(schema["description"].as_str()?.trim().to_owned())
}

fn cell(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

/// Up to the first point that ends a sentence, without it.
fn first_sentence(text: &str) -> String {
    let text = text.split("\n\n").next().unwrap_or_default();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.split(". ")
        .next()
        .unwrap_or_default()
        .trim_end_matches('.')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_schema_reads_as_a_table() {
        let schema = json!({
            "type": "object",
            "properties": {
                "sql": {"type": "string", "description": "A statement,\nor | none."},
                "limit": {"type": ["integer", "null"], "default": 5, "description": "Rows."},
                "kinds": {"type": "array", "items": {"$ref": "#/$defs/Kind"}},
                "mode": {"anyOf": [{"$ref": "#/$defs/Mode"}, {"type": "null"}]},
                "rows": {"type": "array", "items": {"type": "array", "items": true}},
                "map": {"type": "object", "additionalProperties": {"type": "string"}},
                "word": {"enum": ["a", "b"]},
            },
            "required": ["sql"],
        });
        assert_eq!(
            fields(&schema),
            "| Field | Type | |\n|---|---|---|\n\
             | `sql` | string | A statement, or \\| none. |\n\
             | `limit` | integer | Rows. (optional, `5` if not given) |\n\
             | `kinds` | list of Kind | (optional) |\n\
             | `mode` | Mode | (optional) |\n\
             | `rows` | list of list of any | (optional) |\n\
             | `map` | object of string | (optional) |\n\
             | `word` | `\"a\"` or `\"b\"` | (optional) |\n"
        );
        assert_eq!(fields(&json!({"type": "object", "properties": {}})), "Nothing.\n");
        let words = json!({"oneOf": [{"const": "x", "description": "An x."}, {"const": "y"}]});
        assert_eq!(fields(&words), "- `\"x\"`: An x.\n- `\"y\"`\n");
    }

    #[test]
    fn a_help_is_parted_from_the_options_of_every_command() {
        let help = "Does it\n\nOptions:\n  -a\n\nGlobal options:\n  --url <U>  The database\n\nExamples:\n  howdah x";
        let (own, global) = split_help(help);
        assert_eq!(own, "Does it\n\nOptions:\n  -a\n\nExamples:\n  howdah x");
        assert_eq!(global.as_deref(), Some("  --url <U>  The database"));
        assert_eq!(split_help("Does it").1, None);
    }

    #[test]
    fn sentences_end_at_points() {
        assert_eq!(first_sentence("One\nthing, v1.5. Two."), "One thing, v1.5");
        assert_eq!(first_sentence("Only one.\n\nMore."), "Only one");
    }
}
