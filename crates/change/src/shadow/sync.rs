use howdah_sql::{quote_ident, quote_literal};

use super::{Names, Shadow, replace_columns};
use crate::ChangeError;

/// Settings of our functions: what they name is found where it was when they were made, and times and dates are
/// read as they were then, whatever a client's session says.
const PINNED: &str = "SET search_path FROM CURRENT SET TimeZone FROM CURRENT SET DateStyle FROM CURRENT SET IntervalStyle FROM CURRENT";

impl Shadow {
    /// Function and trigger that give what is written its new value.
    pub(super) fn forward_trigger(&self, names: &Names) -> Result<Vec<String>, ChangeError> {
        let new = format!("NEW.{}", quote_ident(&names.new));
        let value = replace_columns(&self.expression, &names.table, |column| {
            format!("NEW.{}", quote_ident(column))
        })?;
        // A value that does not convert is the change's trouble, not the client's: it is found
        // by the comparison of all rows, and the swap is not made.
        let body = if self.safe {
            format!("BEGIN {new} := {value}; RETURN NEW; END")
        } else {
            format!(
                "BEGIN BEGIN {new} := {value}; EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN {new} := NULL; END; RETURN NEW; END"
            )
        };
        // Where the comparison alone is cheap and cannot fail, rows that are right cost no call.
        let when = if self.safe {
            format!(
                " WHEN ({})",
                self.differ(&new, &format!("({value})::{}", self.type_name))
            )
        } else {
            String::new()
        };
        let pinned = if self.safe {
            String::new()
        } else {
            format!(" {PINNED}")
        };
        Ok(vec![
            format!(
                "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql{pinned} AS {}",
                names.forward,
                quote_literal(&body)
            ),
            self.trigger(names, &when, &names.forward),
            self.always(names),
        ])
    }

    /// Function and trigger that keep the old column in step after the swap.
    pub(super) fn backward_trigger(&self, names: &Names, change: &str) -> Vec<String> {
        let (old, now) = (
            format!("NEW.{}", quote_ident(&names.old)),
            format!("NEW.{}", quote_ident(&self.column.name)),
        );
        // A value that the old type cannot hold bars the way back, and is noted as such.
        let body = format!(
            "BEGIN BEGIN {old} := {now}; EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN {old} := NULL; \
             INSERT INTO howdah.misfits (change) VALUES ({}) ON CONFLICT DO NOTHING; END; RETURN NEW; END",
            quote_literal(change)
        );
        vec![
            format!(
                "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp \
                 SET TimeZone FROM CURRENT SET DateStyle FROM CURRENT SET IntervalStyle FROM CURRENT AS {}",
                names.backward,
                quote_literal(&body)
            ),
            self.trigger(names, "", &names.backward),
            self.always(names),
        ]
    }

    fn trigger(&self, names: &Names, when: &str, function: &str) -> String {
        format!(
            "CREATE TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW{when} EXECUTE FUNCTION {function}()",
            quote_ident(&names.trigger),
            names.table
        )
    }

    /// Writes under `session_replication_role = replica` must not pass it by.
    pub(super) fn always(&self, names: &Names) -> String {
        format!(
            "ALTER TABLE {} ENABLE ALWAYS TRIGGER {}",
            names.table,
            quote_ident(&names.trigger)
        )
    }
}
