//! An advisor as they are common: for each statement, B-trees on single columns of its tables are pretended, and
//! those that its plan uses are taken.

use std::collections::BTreeSet;

use anyhow::Result;
use tokio_postgres::Client;

use super::workload::Application;

pub(crate) async fn advise(client: &Client, application: &Application) -> Result<Vec<String>> {
    let mut found = BTreeSet::new();
    for template in application.templates.iter().filter(|template| !template.writes) {
        let sql = application.statement(template, 0, 0);
        let script = howdah_sql::parse(&sql, &howdah_sql::Limits::default())?;
        let relations: BTreeSet<String> = script.statements[0]
            .relations()
            .iter()
            .map(|one| one.relation.to_string())
            .collect();
        let relations: Vec<String> = relations.into_iter().collect();
        client.batch_execute("SELECT hypopg_reset()").await?;
        let columns = "SELECT format('CREATE INDEX ON %s (%I)', a.attrelid::regclass, a.attname) FROM pg_attribute a \
             JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' JOIN pg_type t ON t.oid = a.atttypid \
             WHERE a.attrelid = ANY ($1::text[]::regclass[]) AND a.attnum > 0 AND NOT a.attisdropped AND t.typcategory IN ('N', 'S', 'D', 'B')";
        let create = format!(
            "SELECT h.indexrelid::text, i FROM ({columns}) x(i) CROSS JOIN LATERAL hypopg_create_index(i) h"
        );
        let rows = client.query(&create, &[&relations]).await?;
        let plan: String = client
            .query(&format!("EXPLAIN {sql}"), &[])
            .await?
            .iter()
            .map(|row| row.get::<_, String>(0))
            .collect();
        for row in rows {
            if plan.contains(&format!("<{}>", row.get::<_, String>(0))) {
                found.insert(row.get::<_, String>(1));
            }
        }
    }
    client.batch_execute("SELECT hypopg_reset()").await?;
    Ok(found.into_iter().collect())
}
