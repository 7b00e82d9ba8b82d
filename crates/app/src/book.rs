//! Every tool and command as data, from which the reference pages are made and
//! checked.

use howdah_core::{commands, tools};
use serde_json::{Value, json};

/// `{tools: […], commands: […]}`, sorted by name and by words.
pub fn value() -> Value {
    let tools: Vec<Value> = tools()
        .into_iter()
        .map(|tool| {
            json!({
                "name": tool.name,
                "title": tool.title,
                "toolset": tool.toolset.name(),
                "effect": tool.effect,
                "person_only": tool.person_only,
                "doc": tool.doc(),
                "input_schema": (tool.input_schema)(),
                "output_schema": (tool.output_schema)(),
            })
        })
        .collect();
    let commands: Vec<Value> = commands()
        .into_iter()
        .map(|entry| {
            json!({
                "path": entry.path,
                "tool": entry.tool,
                "examples": entry.examples,
                "help": help(entry.path),
            })
        })
        .collect();
    json!({ "tools": tools, "commands": commands })
}

/// The `--help` of a command, as wide on every terminal.
fn help(path: &[&str]) -> String {
    let mut command = crate::cli::command().term_width(100);
    command.build();
    let mut found = &mut command;
    for word in path {
        let Some(below) = found.find_subcommand_mut(word) else {
            return String::new();
        };
        found = below;
    }
    found.render_long_help().to_string()
}
