//! What holds for every registered tool and command, whoever adds it.
//!
//! After adding or changing a tool: `INSTA_UPDATE=always cargo test -p howdah --test registry`
//! writes its snapshot, which belongs in the same commit.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use howdah_app::mcp::{Listing, Offer};
use howdah_app::{book, cli};
use howdah_core::{CommandEntry, Toolset, commands, find_tool, tools};
use serde_json::{Value, json};

/// The default `tools/list` is paid for in every conversation.
const CORE_LIST_BYTES: usize = 8 * 1024;
const CORE_TOOLS: usize = 12;

fn listing(toolsets: &[Toolset]) -> Listing {
    Listing::new(Offer {
        toolsets: toolsets.to_vec(),
        ..Offer::default()
    })
}

#[test]
fn there_are_tools_and_their_names_are_unique() {
    let names: Vec<&str> = tools().iter().map(|tool| tool.name).collect();
    assert!(names.len() >= 3, "{names:?}");
    let unique: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(unique.len(), names.len(), "{names:?}");
    for name in names {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(name.chars().all(fits) && name.len() <= 40, "{name}");
    }
}

#[test]
fn commands_are_unique_and_belong_to_tools() {
    let paths: Vec<_> = commands().iter().map(|entry| entry.path).collect();
    let unique: BTreeSet<_> = paths.iter().copied().collect();
    assert_eq!(unique.len(), paths.len(), "{paths:?}");
    for entry in commands() {
        assert!(!entry.path.is_empty(), "{}", entry.tool);
        assert!(
            find_tool(entry.tool).is_some(),
            "{:?}: no tool {}",
            entry.path,
            entry.tool
        );
    }
    for tool in tools() {
        assert!(
            commands().iter().any(|entry| entry.tool == tool.name),
            "{} has no command",
            tool.name
        );
    }
}

#[test]
fn every_tool_says_what_it_does() {
    for tool in tools() {
        let doc = tool.doc();
        let first = doc.split("\n\n").next().unwrap();
        assert!(
            first.trim_end().ends_with('.') && first.len() > 20,
            "{}: {first:?}",
            tool.name
        );
        assert!(!tool.title.is_empty() && tool.title.len() <= 40, "{}", tool.name);
        let schema = (tool.input_schema)();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            assert!(
                property["description"].is_string(),
                "{}.{name} has no doc comment",
                tool.name
            );
        }
    }
}

/// What the command line may leave out, a model may leave out too.
#[test]
fn arguments_are_as_optional_in_the_schema_as_at_the_command_line() {
    for tool in tools() {
        let entry = commands()
            .into_iter()
            .find(|entry| entry.tool == tool.name)
            .unwrap();
        let command = (entry.augment)(clap::Command::new("x"));
        let schema = (tool.input_schema)();
        for required in schema["required"].as_array().into_iter().flatten() {
            let name = required.as_str().unwrap();
            let Some(argument) = command.get_arguments().find(|argument| argument.get_id() == name) else {
                continue;
            };
            assert!(
                argument.get_default_values().iter().all(|value| value.is_empty()),
                "{}.{name} has a default at the command line and none in the schema: add #[serde(default = …)]",
                tool.name
            );
        }
    }
}

#[test]
fn every_command_has_help_and_examples_that_parse() {
    cli::command().debug_assert();
    for entry in commands() {
        let help = help(entry.path);
        assert!(help.len() > 40, "{:?}: {help}", entry.path);
        let lines: Vec<&str> = entry
            .examples
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        assert!(!lines.is_empty(), "{:?} has no examples", entry.path);
        for line in lines {
            example(entry, line);
        }
    }
}

#[test]
fn help_is_for_a_shell() {
    let tools: Vec<&str> = tools()
        .iter()
        .map(|tool| tool.name)
        .filter(|name| name.contains('_'))
        .collect();
    let mut seen = 0;
    let mut left = vec![cli::command()];
    while let Some(mut command) = left.pop() {
        let name = command.get_name().to_owned();
        assert!(
            command
                .get_about()
                .is_some_and(|about| !about.to_string().is_empty()),
            "{name} does not say what it is for"
        );
        let help = command.render_long_help().to_string();
        for tool in &tools {
            assert!(
                !help.contains(tool),
                "the help of {name} names the tool {tool}, which a shell does not have"
            );
        }
        let examples = help
            .split_once("Examples:\n")
            .map_or("", |(_, examples)| examples);
        for line in examples.lines().map(str::trim).filter(|line| !line.is_empty()) {
            // Spaces that are not before a comment would be in the way of copying the line.
            let words = line.split_once("# ").map_or(line, |(words, _)| words).trim_end();
            assert!(!words.contains("   "), "{name}: {line}");
            seen += usize::from(!words.is_empty());
        }
        left.extend(command.get_subcommands().cloned());
    }
    assert!(seen > 100, "{seen} examples");
}

/// Parses one line of EXAMPLES: a command line of a shell, then two or more
/// spaces, then what it does.
fn example(entry: &CommandEntry, line: &str) {
    // What a command substitution holds is the command that is meant.
    let plain = match line.split_once("$(") {
        Some((_, inner)) => inner.replacen(")\"", " ", 1).replacen(')', " ", 1),
        None => line.to_owned(),
    };
    let (words, rest) = shell_words(&plain);
    assert!(
        !rest.trim().is_empty(),
        "{line}: no word on what it does, after two spaces"
    );
    let start = words.iter().position(|word| word == "howdah");
    let start = start.unwrap_or_else(|| panic!("{line}: no howdah in it"));
    let matches = cli::command()
        .try_get_matches_from(&words[start..])
        .unwrap_or_else(|error| panic!("{line}\n{error}"));
    let (found, leaf) = cli::chosen(&matches).unwrap_or_else(|| panic!("{line}: no registered command"));
    assert_eq!(found.path, entry.path, "{line}");
    // Reading a file that only the example has is the one thing that may fail.
    if let Err(error) = (entry.to_input)(leaf) {
        assert_eq!(error.kind, howdah_core::ErrorKind::Local, "{line}: {error}");
    }
}

/// The words up to a pipe, a redirection or the explanation; and the rest.
fn shell_words(line: &str) -> (Vec<String>, &str) {
    let mut words = vec![];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut explanation = line.len();
    let mut over = false;
    let mut characters = line.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (Some('"'), '\\') => word
                .get_or_insert_default()
                .extend(characters.next().map(|(_, c)| c)),
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => {
                if let Some(word) = word.take()
                    && !over
                {
                    words.push(word);
                }
                if line[at..].starts_with("  ") {
                    explanation = at;
                    break;
                }
            }
            (None, '<' | '>') => over = true,
            // What comes before a pipe only feeds it.
            (None, '|') if !words.iter().any(|word: &String| word == "howdah") => words.clear(),
            (None, '|') => over = true,
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    assert!(quote.is_none(), "{line}: a quote is open");
    words.extend(word.filter(|_| !over));
    (words, &line[explanation..])
}

fn help(path: &[&str]) -> String {
    // Half a second's work, and there are many commands.
    static BOOK: LazyLock<Value> = LazyLock::new(book::value);
    let entry = BOOK["commands"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["path"] == json!(path))
        .cloned();
    entry.unwrap()["help"].as_str().unwrap().to_owned()
}

#[test]
fn the_book_has_every_tool_and_command() {
    let book = book::value();
    let names: Vec<&str> = book["tools"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    assert_eq!(names, tools().iter().map(|tool| tool.name).collect::<Vec<_>>());
    assert_eq!(book["commands"].as_array().unwrap().len(), commands().len());
    for command in book["commands"].as_array().unwrap() {
        assert!(
            command["help"].as_str().unwrap().contains("Usage: howdah"),
            "{command}"
        );
    }
}

#[test]
fn each_tool_is_listed_in_its_toolset_alone_and_those_for_people_nowhere() {
    for tool in tools() {
        for set in Toolset::ALL {
            let listed = listing(&[set]).tools().any(|listed| listed.name == tool.name);
            assert_eq!(
                listed,
                tool.toolset == set && !tool.person_only,
                "{} in {}",
                tool.name,
                set.name()
            );
        }
    }
}

#[test]
fn the_default_list_stays_within_its_budget() {
    let list = serde_json::to_string(&listing(&[Toolset::Core]).result(true)).unwrap();
    let count = listing(&[Toolset::Core]).tools().count();
    assert!(list.len() <= CORE_LIST_BYTES, "{} bytes:\n{list}", list.len());
    assert!(count <= CORE_TOOLS, "{count} tools");
}

#[test]
fn annotations_tell_the_truth_about_the_targets() {
    for writable in [false, true] {
        let list = json!(listing(&Toolset::ALL).result(writable));
        for listed in list["tools"].as_array().unwrap() {
            let tool = find_tool(listed["name"].as_str().unwrap()).unwrap();
            let hints = &listed["annotations"];
            assert_eq!(
                hints["readOnlyHint"],
                json!(tool.effect.is_read_only(writable)),
                "{}",
                tool.name
            );
            if hints["readOnlyHint"] == false {
                assert_eq!(
                    hints["destructiveHint"],
                    json!(tool.effect.is_destructive(writable)),
                    "{}",
                    tool.name
                );
            }
        }
    }
}

/// One file a tool, so that a new tool changes no other file.
#[test]
fn the_interface_of_every_tool_is_as_it_was() {
    let list = json!(listing(&Toolset::ALL).result(false));
    for tool in tools() {
        let listed = list["tools"]
            .as_array()
            .unwrap()
            .iter()
            .find(|listed| listed["name"] == tool.name);
        let interface = json!({
            "title": tool.title,
            "toolset": tool.toolset.name(),
            "effect": tool.effect,
            "person_only": tool.person_only,
            "listed": listed.cloned().unwrap_or(Value::Null),
            "output": (tool.output_schema)(),
        });
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_json_snapshot!(tool.name, interface);
        });
    }
}
