use super::worker::Worker;
use crate::facts::text_array;
use crate::{Action, ChangeError, Plan};

const WITHOUT: &str = include_str!("analyse.sql");

impl Worker {
    /// Gathers statistics where the change left the planner without, or wrote many rows. Again after
    /// a kill, it finds less to do.
    pub(super) async fn analyse(&mut self, plan: &Plan) -> Result<(), ChangeError> {
        let names: Vec<String> = plan.tables().iter().map(ToString::to_string).collect();
        let rows = self
            .connection()
            .await?
            .query(WITHOUT, &[Some(&text_array(&names))])
            .await?;
        let mut tables: Vec<String> = rows
            .iter()
            .filter_map(|row| row.get(0).map(str::to_owned))
            .collect();
        tables.extend(plan.steps.iter().filter_map(|step| match &step.action {
            Action::Batches(batches) => Some(batches.table.to_string()),
            _ => None,
        }));
        tables.sort();
        tables.dedup();
        for table in tables {
            match self.execute(&format!("ANALYZE {table}")).await {
                Ok(()) => {}
                Err(error) if self.is_lost(&error) => return Err(error),
                // Autovacuum will.
                Err(error) => self
                    .observer
                    .says(&format!("{table} could not be analysed: {error}")),
            }
        }
        Ok(())
    }
}
