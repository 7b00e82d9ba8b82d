use std::collections::{HashMap, HashSet};

use howdah_pg::catalog::{Query, Reading};
use howdah_pg::{Connection, Rows};

use super::order::{Edge, Key, Node, Place, in_order};
use super::{Extension, Piece, Schema};
use crate::RehearseError;

/// For each statement; a catalog of ten thousand tables takes a few seconds.
const STATEMENT_TIMEOUT_MS: u32 = 60_000;

impl Schema {
    /// Reads the schema of the database that a connection leads to, in one
    /// snapshot and one round trip.
    pub async fn capture(connection: &mut Connection) -> Result<Self, RehearseError> {
        let queries = [
            include_str!("../../queries/schema/database.sql"),
            include_str!("../../queries/schema/roles.sql"),
            include_str!("../../queries/schema/memberships.sql"),
            include_str!("../../queries/schema/settings.sql"),
            include_str!("../../queries/schema/schemas.sql"),
            include_str!("../../queries/schema/extensions.sql"),
            include_str!("../../queries/schema/dependencies.sql"),
            include_str!("../../queries/schema/after.sql"),
            include_str!("../../queries/schema/types.sql"),
            include_str!("../../queries/schema/tables.sql"),
            include_str!("../../queries/schema/constraints.sql"),
            include_str!("../../queries/schema/code.sql"),
        ]
        .map(|sql| Query::new(sql, &[]));
        let rows = Reading::of(connection)
            .statement_timeout_ms(STATEMENT_TIMEOUT_MS)
            .all(&queries)
            .await
            .map_err(RehearseError::Target)?;
        Ok(Self::of_rows(&rows))
    }

    fn of_rows(rows: &[Rows]) -> Self {
        let [
            database,
            roles,
            memberships,
            settings,
            schemas,
            extensions,
            dependencies,
            after,
            objects @ ..,
        ] = rows
        else {
            return Self::default();
        };
        let text = |column| {
            let row = database.first();
            row.and_then(|row| row.get(column)).unwrap_or_default().to_owned()
        };
        let before = [roles, memberships, settings, schemas];
        let (nodes, notes) = nodes(objects);
        Self {
            server_version_num: text(3).parse().unwrap_or_default(),
            database: text(0),
            role: text(1),
            superuser: text(2) == "t",
            clients: roles
                .iter()
                .filter(|row| row.is_true(2))
                .filter_map(|row| row.get(0).map(str::to_owned))
                .collect(),
            before: before.into_iter().flat_map(|rows| pieces(rows, 0)).collect(),
            extensions: extensions
                .iter()
                .map(|row| Extension {
                    name: row.get(0).unwrap_or_default().to_owned(),
                    sql: row.get(1).unwrap_or_default().to_owned(),
                    types: split_names(row.get(2).unwrap_or_default()),
                })
                .collect(),
            objects: objects_in_order(nodes, edges(dependencies)),
            after: pieces(after, 1).collect(),
            notes,
        }
    }
}

impl Default for Schema {
    /// The schema of a new database, as migrations start with: of the newest
    /// version, used by a role that owns the database and may do what a
    /// superuser may.
    fn default() -> Self {
        Self {
            server_version_num: 0,
            database: "scratch".to_owned(),
            role: "postgres".to_owned(),
            superuser: true,
            clients: Vec::new(),
            before: vec![Piece {
                what: "postgres".to_owned(),
                sql: "CREATE ROLE postgres NOLOGIN CREATEROLE CREATEDB BYPASSRLS".to_owned(),
            }],
            extensions: Vec::new(),
            objects: Vec::new(),
            after: vec![Piece {
                what: "owners".to_owned(),
                sql: include_str!("../../queries/build/owners.sql").to_owned(),
            }],
            notes: Vec::new(),
        }
    }
}

/// Rows of a name and a statement, from column `first` on.
fn pieces(rows: &Rows, first: usize) -> impl Iterator<Item = Piece> + '_ {
    rows.iter().filter_map(move |row| {
        Some(Piece {
            what: row.get(first)?.to_owned(),
            sql: row.get(first + 1)?.to_owned(),
        })
    })
}

/// Rows of class, OID, place, name, statement and a remark. What has no
/// statement could not be written down by the server's own functions.
fn nodes(rows: &[Rows]) -> (Vec<Node>, Vec<String>) {
    let mut notes = Vec::new();
    let mut nodes = Vec::new();
    for row in rows.iter().flat_map(Rows::iter) {
        let what = row.get(3).unwrap_or_default();
        if let Some(remark) = row.get(5) {
            notes.push(format!("{what}: {remark}"));
        }
        let Some(sql) = row.get(4) else {
            notes.push(format!("{what} could not be read"));
            continue;
        };
        nodes.push(Node {
            key: (
                row.get(0).unwrap_or_default().to_owned(),
                row.parse(1).unwrap_or_default(),
            ),
            place: Place(row.parse(2).unwrap_or_default()),
            piece: Piece {
                what: what.to_owned(),
                sql: sql.to_owned(),
            },
        });
    }
    (nodes, notes)
}

/// What is done to a relation when all else is there, and has no entry in a catalog of its own.
const LAST: [&str; 4] = ["owned by", "identity", "security", "filled"];
/// The place of constraints and indexes, and all that comes after them.
const CONSTRAINTS: Place = Place(50);

fn objects_in_order(nodes: Vec<Node>, mut edges: Vec<Edge>) -> Vec<Piece> {
    let (mut last, nodes): (Vec<Node>, Vec<Node>) = nodes
        .into_iter()
        .partition(|node| LAST.contains(&node.key.0.as_str()));
    last.sort_by_key(|node| (node.place, node.key.1));
    edges.extend(attachments(&nodes, &edges));
    let mut pieces = in_order(nodes, &edges);
    pieces.extend(last.into_iter().map(|node| node.piece));
    pieces
}

/// Attaching comes after the child, and before what would then be made for the
/// child as well: constraints and indexes of the parent.
fn attachments(nodes: &[Node], edges: &[Edge]) -> Vec<Edge> {
    let class = |oid| ("pg_class".to_owned(), oid);
    let attached = nodes.iter().filter(|node| node.key.0.ends_with("attach"));
    let mut more: Vec<Edge> = attached
        .map(|node| Edge {
            from: node.key.clone(),
            to: class(node.key.1),
            is_part: false,
        })
        .collect();
    let late: HashSet<&Key> = nodes
        .iter()
        .filter(|node| node.place >= CONSTRAINTS && !node.key.0.ends_with("attach"))
        .map(|node| &node.key)
        .collect();
    let mut of_table: HashMap<&Key, Vec<&Key>> = HashMap::new();
    for edge in edges.iter().filter(|edge| late.contains(&edge.from)) {
        of_table.entry(&edge.to).or_default().push(&edge.from);
    }
    let tables: HashSet<u32> = nodes
        .iter()
        .filter(|node| node.key.0 == "attach")
        .map(|node| node.key.1)
        .collect();
    for edge in edges {
        if edge.from.0 != "pg_class" || edge.to.0 != "pg_class" || !tables.contains(&edge.from.1) {
            continue;
        }
        for late in of_table.get(&edge.to).into_iter().flatten() {
            more.push(Edge {
                from: (*late).clone(),
                to: ("attach".to_owned(), edge.from.1),
                is_part: false,
            });
        }
    }
    more
}

fn edges(rows: &Rows) -> Vec<Edge> {
    rows.iter()
        .map(|row| Edge {
            from: (
                row.get(0).unwrap_or_default().to_owned(),
                row.parse(1).unwrap_or_default(),
            ),
            to: (
                row.get(2).unwrap_or_default().to_owned(),
                row.parse(3).unwrap_or_default(),
            ),
            is_part: row.is_true(4),
        })
        .collect()
}

/// Splits names that are separated by blanks, which may be quoted.
fn split_names(text: &str) -> Vec<String> {
    let mut quoted = false;
    text.split(|c: char| {
        quoted ^= c == '"';
        c == ' ' && !quoted
    })
    .filter(|name| !name.is_empty())
    .map(str::to_owned)
    .collect()
}

#[cfg(test)]
mod tests {
    use super::split_names;

    #[test]
    fn names_may_hold_blanks() {
        assert_eq!(
            split_names(r#"a.b "x y"."z "" 1" c.d"#),
            ["a.b", r#""x y"."z "" 1""#, "c.d"]
        );
        assert!(split_names("").is_empty());
    }
}
