use std::collections::HashSet;

use howdah_sql::RelationName;

use super::error::CatalogError;
use super::reading::{Query, Reading};
use crate::{Connection, PgError};

const RESOLVE: &str = include_str!("../../queries/catalog/resolve.sql");
const RELATION_NAMES: &str = include_str!("../../queries/catalog/relation_names.sql");

/// Names that are suggested for one that does not exist.
const MAX_SUGGESTIONS: usize = 5;
/// How alike a suggestion must be, from 0 to 1.
const MIN_LIKENESS: f64 = 0.45;

/// The oid of the relation that `text` names.
///
/// It is read as SQL reads it. Where that does not exist it is taken as it is
/// written, so that `Orders` also finds `"Orders"`, and `sales.2024` the table
/// `"2024"` of `sales`.
pub async fn find_relation(connection: &mut Connection, text: &str) -> Result<u32, CatalogError> {
    let readings = readings(text)?;
    let schemas = text_array(readings.iter().map(|name| name.schema.as_deref()));
    let names = text_array(readings.iter().map(|name| Some(name.name.as_str())));
    let params = [Some(schemas.as_str()), Some(names.as_str())];
    let rows = Reading::of(connection).one(&Query::new(RESOLVE, &params)).await?;
    if let Some(oid) = rows.first().and_then(|row| row.parse(0)) {
        return Ok(oid);
    }
    let wanted = readings
        .into_iter()
        .next_back()
        .unwrap_or_else(|| RelationName::new(text));
    let near = near_names(connection, &wanted).await?;
    Err(CatalogError::NotFound {
        wanted: text.trim().to_owned(),
        near,
    })
}

/// Relations with names like this one: the same in another schema, in other
/// letter case, or with a typing mistake; the most alike first.
pub async fn near_names(
    connection: &mut Connection,
    wanted: &RelationName,
) -> Result<Vec<RelationName>, PgError> {
    let rows = Reading::of(connection)
        .one(&Query::new(RELATION_NAMES, &[]))
        .await?;
    let candidates = rows.iter().filter_map(|row| {
        let name = RelationName::in_schema(row.get(0)?, row.get(1)?);
        Some((name, row.is_true(2)))
    });
    Ok(rank(wanted, candidates))
}

/// What a text may mean, the likeliest first.
fn readings(text: &str) -> Result<Vec<RelationName>, CatalogError> {
    let mut readings = Vec::new();
    let as_sql = text.parse::<RelationName>();
    if let Ok(name) = &as_sql {
        readings.push(name.clone());
    }
    let text = text.trim();
    if as_sql.is_err() || !text.contains('"') {
        for (dot, _) in text.match_indices('.') {
            readings.push(RelationName::in_schema(&text[..dot], &text[dot + 1..]));
        }
    }
    readings.push(RelationName::new(text));
    let possible = |part: &str| !part.is_empty() && part.len() <= 63 && !part.contains('\0');
    let mut seen = HashSet::new();
    readings.retain(|name| {
        possible(&name.name) && name.schema.as_deref().is_none_or(possible) && seen.insert(name.clone())
    });
    match as_sql {
        Err(error) if readings.is_empty() => Err(error.into()),
        _ => Ok(readings),
    }
}

/// An array of texts and nulls as PostgreSQL reads it.
pub(super) fn text_array<'a>(items: impl Iterator<Item = Option<&'a str>>) -> String {
    let items: Vec<String> = items
        .map(|item| match item {
            None => "NULL".to_owned(),
            Some(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        })
        .collect();
    format!("{{{}}}", items.join(","))
}

/// The candidates that are most like `wanted`; those that come with `true` are
/// the system's, and come after others as alike.
fn rank(wanted: &RelationName, candidates: impl Iterator<Item = (RelationName, bool)>) -> Vec<RelationName> {
    let name = wanted.name.to_lowercase();
    let schema = wanted.schema.as_deref().map(str::to_lowercase);
    let mut ranked: Vec<(f64, RelationName)> = candidates
        .filter_map(|(candidate, is_system)| {
            let mut score = likeness(&name, &candidate.name.to_lowercase());
            if score < MIN_LIKENESS || (is_system && score < 0.6) {
                return None;
            }
            if let (Some(wanted), Some(schema)) = (&schema, &candidate.schema) {
                score += 0.2 * likeness(wanted, &schema.to_lowercase());
            }
            if is_system {
                score -= 0.3;
            }
            Some((score, candidate))
        })
        .collect();
    ranked.sort_by(|(a, a_name), (b, b_name)| b.total_cmp(a).then_with(|| a_name.cmp(b_name)));
    ranked
        .into_iter()
        .take(MAX_SUGGESTIONS)
        .map(|(_, name)| name)
        .collect()
}

/// How alike two names in lower case are: 1 for the same, 0 for nothing in common.
fn likeness(wanted: &str, candidate: &str) -> f64 {
    let (wanted_length, candidate_length) = (wanted.chars().count(), candidate.chars().count());
    let longest = wanted_length.max(candidate_length) as f64;
    let shortest = wanted_length.min(candidate_length) as f64;
    if longest == 0.0 {
        return 1.0;
    }
    let mut score = shared_trigrams(wanted, candidate);
    // The distance is at least the difference of the lengths: no need to count what cannot win.
    if shortest / longest > score.max(MIN_LIKENESS) {
        score = score.max(1.0 - strsim::osa_distance(wanted, candidate) as f64 / longest);
    }
    if shortest >= 3.0 && (candidate.contains(wanted) || wanted.contains(candidate)) {
        score = score.max(0.5 + 0.4 * shortest / longest);
    }
    score
}

/// The share of trigrams that two words have in common, as pg_trgm counts it.
fn shared_trigrams(a: &str, b: &str) -> f64 {
    let trigrams = |word: &str| -> HashSet<[char; 3]> {
        let padded: Vec<char> = [' ', ' '].into_iter().chain(word.chars()).chain([' ']).collect();
        padded
            .windows(3)
            .map(|part| [part[0], part[1], part[2]])
            .collect()
    };
    let (a, b) = (trigrams(a), trigrams(b));
    let shared = a.intersection(&b).count();
    shared as f64 / (a.len() + b.len() - shared) as f64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn meant(text: &str) -> Vec<String> {
        readings(text).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_name_is_read_as_sql_first_and_then_as_written() {
        assert_eq!(meant("orders"), ["orders"]);
        assert_eq!(
            meant("Sales.Orders"),
            ["sales.orders", "\"Sales\".\"Orders\"", "\"Sales.Orders\""]
        );
        assert_eq!(meant("\"Orders\""), ["\"Orders\"", "\"\"\"Orders\"\"\""]);
        assert_eq!(meant("order items"), ["\"order items\""]);
        assert_eq!(meant("s.a \" b"), ["s.\"a \"\" b\"", "\"s.a \"\" b\""]);
        assert_eq!(meant("a.b.c"), ["a.\"b.c\"", "\"a.b\".c", "\"a.b.c\""]);
        assert!(readings("  ").is_err());
        assert!(readings(&"x".repeat(64)).is_err());
        assert!(readings("a\0b").is_err());
    }

    #[test]
    fn the_most_alike_names_are_suggested() {
        let relations = [
            ("public", "orders", false),
            ("public", "order_items", false),
            ("archive", "orders", false),
            ("public", "Customers", false),
            ("public", "zebra", false),
            ("pg_catalog", "pg_stat_activity", true),
        ];
        let near = |wanted: &str| -> Vec<String> {
            let wanted: RelationName = wanted.parse().unwrap();
            let candidates = relations
                .iter()
                .map(|(s, n, system)| (RelationName::in_schema(*s, *n), *system));
            rank(&wanted, candidates)
                .iter()
                .map(ToString::to_string)
                .collect()
        };
        assert_eq!(near("oders")[..2], ["archive.orders", "public.orders"]);
        assert_eq!(near("archive.order")[0], "archive.orders");
        assert_eq!(near("orderitems")[0], "public.order_items");
        assert_eq!(near("customers"), ["public.\"Customers\""]);
        assert_eq!(near("pg_stat_activty"), ["pg_catalog.pg_stat_activity"]);
        assert!(near("quux").is_empty());
    }
}
