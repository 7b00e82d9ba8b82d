//! Advice on indexes: which a workload needs, and what is wrong with those that are there. Plans: what they say, and
//! what is wrong with them.

pub mod indexes;
pub mod plan;
pub mod plans;
pub mod problems;

/// An array as the server reads it.
fn array<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = items
        .map(|item| format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\"")))
        .collect();
    format!("{{{}}}", quoted.join(","))
}
