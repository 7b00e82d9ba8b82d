//! What no ordered index serves: words within texts, parts of documents, elements of arrays, ranges that overlap.

use std::collections::BTreeSet;

use super::candidates::part;
use super::catalog::{Relation, Server};
use super::definition::{Key, Method};
use super::deparsed::{Condition, Shape};
use super::pattern;

/// What an index that answers a condition would be made of.
#[derive(Debug, Clone)]
pub(crate) struct Inverted {
    pub(crate) method: Method,
    pub(crate) keys: Vec<Key>,
    pub(crate) columns: BTreeSet<String>,
}

/// The keys of an inverted or spatial index that answers a condition.
pub(crate) fn inverted(condition: &Condition, relation: &Relation, server: &Server) -> Option<Inverted> {
    if let Shape::Either(arms) = &condition.shape {
        let mut keys: Vec<Key> = Vec::new();
        let mut columns = BTreeSet::new();
        let mut methods = BTreeSet::new();
        for arm in arms {
            let found = arm.iter().find_map(|one| inverted(one, relation, server))?;
            keys.extend(found.keys);
            columns.extend(found.columns);
            methods.insert(found.method);
        }
        keys.sort();
        keys.dedup();
        let method = methods.pop_first().filter(|_| methods.is_empty())?;
        return Some(Inverted {
            method,
            keys,
            columns,
        });
    }
    let part = part(&condition.key, relation)?;
    let value = condition.value.as_ref()?;
    let column = relation
        .plain(&condition.key)
        .and_then(|name| relation.column(name));
    let base_type = column.map_or("", |column| column.base_type.as_str());
    let is_spatial =
        column.is_some_and(|column| matches!(column.category, 'R' | 'G') && column.is_searchable);
    if is_spatial
        && matches!(&condition.shape, Shape::Contains(operator) if matches!(operator.as_str(), "@>" | "<@" | "&&"))
    {
        return Some(Inverted {
            method: Method::Gist,
            keys: vec![part.key],
            columns: part.columns,
        });
    }
    let class = match &condition.shape {
        Shape::Like {
            ignores_case,
            pattern,
        } => {
            let needs = *ignores_case || pattern::prefix_length(pattern) == 0;
            Some(trigrams(server).filter(|_| needs && pattern::has_trigram(pattern))?)
        }
        Shape::Matches { ignores_case, regex } => {
            let needs = *ignores_case || pattern::prefix_of_regex(regex).is_none();
            Some(trigrams(server).filter(|_| needs && pattern::regex_has_trigram(regex))?)
        }
        Shape::Contains(operator) if operator == "%" => {
            Some(trigrams(server).filter(|_| is_text(base_type))?)
        }
        Shape::Contains(operator) => {
            let is_json = base_type == "jsonb" || (column.is_none() && value.sql.ends_with("::jsonb"));
            let is_array = column.is_some_and(|column| column.category == 'A' && column.is_searchable);
            let is_text = base_type == "tsvector" || part.key.sql.starts_with("(to_tsvector(");
            match operator.as_str() {
                "@>" if is_json => Some("jsonb_path_ops".to_owned()),
                "@?" | "@@" if base_type == "jsonb" => Some("jsonb_path_ops".to_owned()),
                "?" | "?|" | "?&" => None,
                "@>" | "&&" | "<@" if is_array => None,
                "@@" if is_text => None,
                _ => return None,
            }
        }
        _ => return None,
    };
    let key = match class {
        Some(class) => part.key.with_class(class),
        None => part.key,
    };
    Some(Inverted {
        method: Method::Gin,
        keys: vec![key],
        columns: part.columns,
    })
}

/// The operator class of trigrams, where the extension is there.
fn trigrams(server: &Server) -> Option<String> {
    let schema = server.trigrams.as_ref()?;
    Some(match schema.as_str() {
        "public" => "gin_trgm_ops".to_owned(),
        schema => format!("{schema}.gin_trgm_ops"),
    })
}

fn is_text(base_type: &str) -> bool {
    matches!(base_type, "text" | "varchar")
}
