use std::collections::HashMap;
use std::sync::Arc;

use howdah_core::Result;

use super::shape::{Field, Shape, TypeInfo};
use crate::catalog::{Query, Reading};
use crate::{Column, Connection};

const TYPES: &str = include_str!("../../queries/catalog/types.sql");

/// The types of a database, as one connection has met them.
///
/// Built-in types cost nothing. Others are read once, all that a result has in
/// one query, and remembered for the connection if their oid can never mean
/// anything else: enums, domains, ranges, base types and arrays of these. Types
/// with fields are read for each result anew, so that the columns that ALTER
/// TYPE and ALTER TABLE add, rename or drop are seen at once.
///
/// Keep one per connection, no longer: the same oid is another type in a
/// database that was restored or created anew under the same address.
#[derive(Debug, Default)]
pub struct Types {
    known: HashMap<u32, TypeInfo>,
}

impl Types {
    /// Knows only what is built in.
    pub fn new() -> Self {
        Self::default()
    }

    /// The types of these columns; asks the server, outside of any transaction,
    /// only if one of them is neither built in nor known.
    ///
    /// A type that was dropped meanwhile is plain text without a name of its own.
    pub async fn resolve(
        &mut self,
        connection: &mut Connection,
        columns: &[Column],
    ) -> Result<Vec<TypeInfo>> {
        let mut unknown: Vec<u32> = columns
            .iter()
            .map(|column| column.type_oid)
            .filter(|oid| TypeInfo::built_in(*oid).is_none() && !self.known.contains_key(oid))
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        let fresh = if unknown.is_empty() {
            HashMap::new()
        } else {
            self.read(connection, &unknown).await?
        };
        let type_of = |column: &Column| {
            let oid = &column.type_oid;
            let found = TypeInfo::built_in(*oid)
                .or_else(|| self.known.get(oid))
                .or_else(|| fresh.get(oid));
            found.cloned().unwrap_or_else(|| TypeInfo {
                name: format!("type with oid {oid}"),
                shape: Arc::new(Shape::Text),
            })
        };
        Ok(columns.iter().map(type_of).collect())
    }

    async fn read(&mut self, connection: &mut Connection, oids: &[u32]) -> Result<HashMap<u32, TypeInfo>> {
        let list: Vec<String> = oids.iter().map(u32::to_string).collect();
        let list = format!("{{{}}}", list.join(","));
        let rows = Reading::of(connection)
            .one(&Query::new(TYPES, &[Some(&list)]))
            .await?;
        let mut definitions = HashMap::new();
        for row in rows.iter() {
            let definition: Definition =
                serde_json::from_str(row.get(0).unwrap_or_default()).map_err(|error| {
                    howdah_core::Error::internal(format!("types.sql gave what is not expected: {error}"))
                })?;
            definitions.insert(definition.oid, definition);
        }
        let mut fresh = HashMap::new();
        for oid in oids {
            let Some(definition) = definitions.get(oid) else {
                continue;
            };
            let mut steady = true;
            let shape = shape_of(*oid, &definitions, &mut steady, 0);
            let info = TypeInfo {
                name: definition.name.clone(),
                shape,
            };
            if steady {
                self.known.insert(*oid, info);
            } else {
                fresh.insert(*oid, info);
            }
        }
        Ok(fresh)
    }
}

/// A row of `types.sql`.
#[derive(serde::Deserialize)]
struct Definition {
    oid: u32,
    name: String,
    /// The type below a domain.
    base: Option<u32>,
    /// The type of an array's elements.
    element: Option<u32>,
    delimiter: String,
    /// Names and types of a composite's fields.
    fields: Option<Vec<(String, u32)>>,
}

/// The shape of a type among `definitions`; clears `steady` if it can change under its oid.
fn shape_of(oid: u32, definitions: &HashMap<u32, Definition>, steady: &mut bool, depth: usize) -> Arc<Shape> {
    if let Some(info) = TypeInfo::built_in(oid) {
        return Arc::clone(&info.shape);
    }
    // The server keeps types from containing themselves; a catalog that changes
    // while it is read could still look as if one did.
    let Some(definition) = definitions.get(&oid).filter(|_| depth < super::json::MAX_DEPTH) else {
        *steady = false;
        return Arc::new(Shape::Text);
    };
    let mut inner = |oid: u32| shape_of(oid, definitions, steady, depth + 1);
    if let Some(base) = definition.base {
        return inner(base);
    }
    if let Some(element) = definition.element {
        let delimiter = definition.delimiter.bytes().next().unwrap_or(b',');
        return Arc::new(Shape::Array {
            element: inner(element),
            delimiter,
        });
    }
    let Some(fields) = &definition.fields else {
        return Arc::new(Shape::Text);
    };
    let field = |(name, oid): &(String, u32)| Field {
        name: name.clone(),
        shape: inner(*oid),
    };
    let fields = fields.iter().map(field).collect();
    *steady = false;
    Arc::new(Shape::Composite(fields))
}
