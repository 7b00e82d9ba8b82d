use howdah_pg::Connection;

use crate::ChangeError;

const PREFLIGHT: &str = include_str!("preflight.sql");

/// What is better settled before a change begins, in sentences: old transactions, replicas
/// that are behind, slots that nobody reads. None of it makes a change wrong.
pub async fn preflight(connection: &mut Connection) -> Result<Vec<String>, ChangeError> {
    let rows = connection.query(PREFLIGHT, &[]).await?;
    Ok(rows
        .iter()
        .filter_map(|row| row.get(0).map(str::to_owned))
        .collect())
}
