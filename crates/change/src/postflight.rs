use howdah_pg::Connection;

use crate::facts::text_array;
use crate::{ChangeError, Plan};

const POSTFLIGHT: &str = include_str!("postflight.sql");

/// What is not as it should be on the tables of a change that is done, in sentences: invalid indexes,
/// constraints that are not validated, disabled triggers. The script may have wanted it so.
pub async fn postflight(connection: &mut Connection, plan: &Plan) -> Result<Vec<String>, ChangeError> {
    let tables: Vec<String> = plan.tables().iter().map(ToString::to_string).collect();
    let rows = connection
        .query(POSTFLIGHT, &[Some(&text_array(&tables))])
        .await?;
    Ok(rows
        .iter()
        .filter_map(|row| row.get(0).map(str::to_owned))
        .collect())
}
