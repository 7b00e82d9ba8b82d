//! What the server's text calls a node, and what its JSON does.

use super::Node;

/// The text's words for a node that was read from JSON.
pub(super) fn of_json(node: &Node) -> String {
    let detail = |name: &str| node.text(name).unwrap_or_default();
    let kind = node.kind.as_str();
    let words = match kind {
        "Hash Join" | "Merge Join" | "Nested Loop" => {
            let method = kind.strip_suffix(" Join").unwrap_or(kind);
            match (detail("Join Type"), kind) {
                ("Inner" | "", "Nested Loop") => kind.to_owned(),
                ("Inner" | "", _) => format!("{method} Join"),
                (join, _) => format!("{method} {join} Join"),
            }
        }
        "Aggregate" => {
            let words = match detail("Strategy") {
                "Sorted" => "GroupAggregate",
                "Hashed" => "HashAggregate",
                "Mixed" => "MixedAggregate",
                _ => "Aggregate",
            };
            match detail("Partial Mode") {
                mode @ ("Partial" | "Finalize") => format!("{mode} {words}"),
                _ => words.to_owned(),
            }
        }
        "SetOp" => {
            let hashed = if detail("Strategy") == "Hashed" {
                "Hash"
            } else {
                ""
            };
            format!("{hashed}SetOp {}", detail("Command"))
        }
        "ModifyTable" => detail("Operation").to_owned(),
        "Foreign Scan" => match detail("Operation") {
            change @ ("Insert" | "Update" | "Delete") => format!("Foreign {change}"),
            _ => kind.to_owned(),
        },
        "Custom Scan" => format!("Custom Scan ({})", detail("Custom Plan Provider")),
        "Index Scan" | "Index Only Scan" if detail("Scan Direction") == "Backward" => {
            format!("{kind} Backward")
        }
        _ => kind.to_owned(),
    };
    let parallel = if detail("Parallel Aware") == "true" {
        "Parallel "
    } else {
        ""
    };
    let is_async = if detail("Async Capable") == "true" {
        "Async "
    } else {
        ""
    };
    format!("{parallel}{is_async}{words}")
}

/// Sets what the words of the text tell: kind, relation, index, join and so on. False where they name no node.
pub(super) fn read_text(node: &mut Node, words: &str) -> bool {
    let (label, named) = match outside_quotes(words, " using ") {
        Some(at) => (&words[..at], &words[at..]),
        None => match outside_quotes(words, " on ") {
            Some(at) => (&words[..at], &words[at..]),
            None => (words, ""),
        },
    };
    node.label = label.to_owned();
    let mut set = |name: &str, value: &str| {
        node.details.insert(name.to_owned(), value.to_owned());
    };
    let mut kind = label;
    if let Some(rest) = kind.strip_prefix("Parallel ") {
        set("Parallel Aware", "true");
        kind = rest;
    }
    if let Some(rest) = kind.strip_prefix("Async ") {
        set("Async Capable", "true");
        kind = rest;
    }
    for mode in ["Partial", "Finalize"] {
        if let Some(rest) = kind.strip_prefix(mode).and_then(|rest| rest.strip_prefix(' ')) {
            set("Partial Mode", mode);
            kind = rest;
        }
    }
    let kind = match kind {
        "Insert" | "Update" | "Delete" | "Merge" => {
            set("Operation", kind);
            "ModifyTable"
        }
        "Foreign Insert" | "Foreign Update" | "Foreign Delete" => {
            set("Operation", &kind["Foreign ".len()..]);
            "Foreign Scan"
        }
        "GroupAggregate" | "HashAggregate" | "MixedAggregate" | "Aggregate" => {
            let strategy = match kind {
                "GroupAggregate" => "Sorted",
                "HashAggregate" => "Hashed",
                "MixedAggregate" => "Mixed",
                _ => "Plain",
            };
            set("Strategy", strategy);
            "Aggregate"
        }
        "Nested Loop" | "Hash Join" | "Merge Join" => {
            set("Join Type", "Inner");
            kind
        }
        "Index Scan Backward" | "Index Only Scan Backward" => {
            set("Scan Direction", "Backward");
            kind.trim_end_matches(" Backward")
        }
        _ => {
            let mut found = kind;
            for (begins, method) in [
                ("Hash ", "Hash Join"),
                ("Merge ", "Merge Join"),
                ("Nested Loop ", "Nested Loop"),
            ] {
                if let Some(join) = kind
                    .strip_prefix(begins)
                    .and_then(|rest| rest.strip_suffix(" Join"))
                {
                    set("Join Type", join);
                    found = method;
                }
            }
            for (begins, strategy) in [("HashSetOp ", "Hashed"), ("SetOp ", "Sorted")] {
                if let Some(command) = kind.strip_prefix(begins) {
                    set("Strategy", strategy);
                    set("Command", command);
                    found = "SetOp";
                }
            }
            if let Some(provider) = kind
                .strip_prefix("Custom Scan (")
                .and_then(|rest| rest.strip_suffix(')'))
            {
                set("Custom Plan Provider", provider);
                found = "Custom Scan";
            }
            found
        }
    };
    node.kind = kind.to_owned();
    named_objects(node, named);
    is_known(&node.kind)
}

/// ` using index on schema.relation alias`, or a part of it.
fn named_objects(node: &mut Node, named: &str) {
    let mut rest = named;
    if let Some(after) = rest.strip_prefix(" using ") {
        let (index, after) = identifier(after);
        node.index = Some(index);
        rest = after;
    }
    let Some(after) = rest.strip_prefix(" on ") else {
        return;
    };
    let (mut name, mut after) = identifier(after);
    if node.kind == "Bitmap Index Scan" {
        node.index = Some(name);
        return;
    }
    if let Some(qualified) = after.strip_prefix('.') {
        node.schema = Some(name);
        (name, after) = identifier(qualified);
    }
    let alias = after.strip_prefix(' ').map(|alias| identifier(alias).0);
    match node.kind.as_str() {
        // These have no name but what the statement calls them.
        "Subquery Scan" | "Values Scan" => node.alias = Some(name),
        _ => {
            node.alias = alias.or_else(|| Some(name.clone()));
            node.relation = Some(name);
        }
    }
}

/// The identifier at the beginning, without quotes, and what follows it.
fn identifier(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '.']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut name = String::new();
    let mut rest = quoted;
    while let Some(at) = rest.find('"') {
        name.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                name.push('"');
                rest = after;
            }
            None => return (name, rest),
        }
    }
    (name + rest, "")
}

/// Where `part` is outside of quoted identifiers.
pub(super) fn outside_quotes(text: &str, part: &str) -> Option<usize> {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        if c == '"' {
            quoted = !quoted;
        }
        if !quoted && text[at..].starts_with(part) {
            return Some(at);
        }
    }
    None
}

/// Whether the server has a node of that name.
fn is_known(kind: &str) -> bool {
    const OTHERS: &[&str] = &[
        "Result",
        "ProjectSet",
        "ModifyTable",
        "Append",
        "Merge Append",
        "Recursive Union",
        "BitmapAnd",
        "BitmapOr",
        "Nested Loop",
        "Merge Join",
        "Hash Join",
        "Gather",
        "Gather Merge",
        "Materialize",
        "Memoize",
        "Sort",
        "Incremental Sort",
        "Group",
        "Aggregate",
        "WindowAgg",
        "Unique",
        "SetOp",
        "LockRows",
        "Limit",
        "Hash",
    ];
    kind.ends_with(" Scan") || OTHERS.contains(&kind)
}
