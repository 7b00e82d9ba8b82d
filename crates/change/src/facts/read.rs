use std::collections::BTreeMap;

use howdah_pg::Connection;
use howdah_sql::RelationName;

use super::{Facts, Relation};
use crate::ChangeError;

const SERVER: &str = include_str!("server.sql");
const RELATIONS: &str = include_str!("relations.sql");
const RESOLVE: &str = include_str!("resolve.sql");

impl Facts {
    /// Reads what there is of the named relations and of those that are tied to them.
    pub async fn read(connection: &mut Connection, names: &[RelationName]) -> Result<Self, ChangeError> {
        let texts: Vec<String> = names.iter().map(ToString::to_string).collect();
        let array = text_array(&texts);
        let server = connection.query(SERVER, &[]).await?;
        let server = serde_json::from_str(server.first().and_then(|row| row.get(0)).unwrap_or("null"))?;
        let rows = connection.query(RELATIONS, &[Some(&array)]).await?;
        let relations: Vec<Relation> = rows
            .iter()
            .map(|row| serde_json::from_str(row.get(0).unwrap_or("null")))
            .collect::<Result<_, _>>()?;
        let rows = connection.query(RESOLVE, &[Some(&array)]).await?;
        let resolved: BTreeMap<String, u32> = rows
            .iter()
            .filter_map(|row| Some((row.get(0)?.to_owned(), row.parse(1)?)))
            .collect();
        Ok(Self {
            server,
            relations,
            resolved,
            created: Vec::new(),
        })
    }
}

/// A value of the type `text[]`.
pub(crate) fn text_array(texts: &[String]) -> String {
    let quoted: Vec<String> = texts
        .iter()
        .map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
        .collect();
    format!("{{{}}}", quoted.join(","))
}
