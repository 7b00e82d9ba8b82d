use howdah_core::{Report, counted, human_bytes};

use super::{Action, Estimate, LockTable, Phase, Plan, Step, Undo};

impl Plan {
    /// For people: every step with its reason.
    pub fn report(&self) -> Report {
        let mut report = Report::new();
        for refusal in &self.refusals {
            report = report.text(format!(
                "Statement {} is refused: {}",
                refusal.statement, refusal.reason
            ));
            if let Some(hint) = &refusal.hint {
                report = report.text(hint.clone());
            }
        }
        if self.refusals.is_empty() {
            report = report.text(format!(
                "Change {}: {}, {}",
                self.id,
                counted(self.steps.len(), "step"),
                self.estimate().words()
            ));
        }
        for (at, step) in self.steps.iter().enumerate() {
            report = report.heading(format!("{}. {}", at + 1, step.title));
            if !step.reason.is_empty() {
                report = report.text(step.reason.clone());
            }
            report = report.code(step.action_sql());
            report = report.text(step.footnote());
        }
        for note in &self.notes {
            report = report.text(format!("Note: {note}"));
        }
        report
    }

    /// For people who carry it out by hand: SQL with comments. Steps that work in batches
    /// are shown as the statement that is to be repeated.
    pub fn sql(&self) -> String {
        let mut text = format!(
            "-- Change {}, made for PostgreSQL {}.\n",
            self.id,
            self.server_version_num / 10_000
        );
        text.push_str("-- By hand: each step alone, in this order; a lock_timeout that strikes means: try again later.\n");
        for refusal in &self.refusals {
            text.push_str(&comment(&format!(
                "REFUSED, statement {}: {}",
                refusal.statement, refusal.reason
            )));
        }
        for note in &self.notes {
            text.push_str(&comment(&format!("Note: {note}")));
        }
        for (at, step) in self.steps.iter().enumerate() {
            text.push('\n');
            text.push_str(&comment(&format!("{}. {}. {}", at + 1, step.title, step.reason)));
            text.push_str(&step.action_sql());
            text.push('\n');
        }
        text
    }

    /// The way back, for people who go it by hand: the last step first, up to the first that
    /// cannot be taken back.
    pub fn rollback_sql(&self) -> String {
        let mut text = format!(
            "-- Takes the change {} back, from wherever it stopped.\n",
            self.id
        );
        for (at, step) in self.steps.iter().enumerate().rev() {
            let undo = match &step.undo {
                Undo::Nothing => continue,
                Undo::Impossible { reason } => {
                    text.push_str(&comment(&format!(
                        "{}. {}: after this step there is no way back, for {reason}",
                        at + 1,
                        step.title
                    )));
                    continue;
                }
                Undo::Transaction { lock, statements } => in_transaction(lock, statements),
                Undo::Autocommit { sql } => format!("{sql};"),
            };
            text.push_str(&format!(
                "\n{}{undo}\n",
                comment(&format!("{}. {}", at + 1, step.title))
            ));
        }
        text
    }
}

fn in_transaction(lock: &[LockTable], statements: &[String]) -> String {
    let mut text = "BEGIN;\nSET LOCAL lock_timeout = '20ms';\n".to_owned();
    for table in lock {
        text.push_str(&format!(
            "LOCK TABLE {} IN {} MODE;\n",
            table.relation,
            crate::proof::mode_sql(table.mode)
        ));
    }
    for statement in statements {
        text.push_str(&format!("{statement};\n"));
    }
    text + "COMMIT;"
}

impl Step {
    /// What is sent, for people.
    pub fn action_sql(&self) -> String {
        match &self.action {
            Action::Transaction { lock, statements } => in_transaction(lock, statements),
            Action::Autocommit { sql, .. } => format!("{sql};"),
            Action::Backfill(backfill) => {
                let set: Vec<String> = backfill
                    .set
                    .iter()
                    .map(|(column, expression)| format!("{} = {expression}", howdah_sql::quote_ident(column)))
                    .collect();
                format!(
                    "-- some hundred rows at a time, each in its own transaction:\nUPDATE ONLY {} SET {} WHERE {};",
                    backfill.table,
                    set.join(", "),
                    backfill.todo
                )
            }
            Action::Batches(batches) => {
                let key: Vec<String> = batches
                    .key
                    .iter()
                    .map(|column| howdah_sql::quote_ident(column))
                    .collect();
                let range = format!(
                    "({}) > /* last key */ AND ({0}) <= /* next key */",
                    key.join(", ")
                );
                format!(
                    "-- some hundred rows at a time, each in its own transaction:\n{};",
                    batches.sql.replace("{range}", &range)
                )
            }
            Action::Compact(compact) => {
                let column = howdah_sql::quote_ident(&compact.column);
                format!(
                    "-- some pages at a time from the end on, until no room is left before them, each in its own transaction, \
                     with session_replication_role = replica:\n\
                     UPDATE ONLY {0} SET {column} = {column} WHERE ctid >= '(/* page */,0)';\n\
                     VACUUM (INDEX_CLEANUP ON, TRUNCATE ON) {0};",
                    compact.table
                )
            }
            Action::Verify { sql, .. } => format!("{sql}; -- must be 0"),
            Action::Check { sql, .. } => format!("{sql}; -- must return no row"),
        }
    }

    /// Locks, cost and the way back, in a line.
    fn footnote(&self) -> String {
        let mut parts = Vec::new();
        let locks: Vec<String> = self
            .locks
            .iter()
            .map(|lock| {
                let how = if lock.brief { " for a moment" } else { "" };
                format!("{} on {}{how}", crate::proof::mode_sql(lock.mode), lock.relation)
            })
            .collect();
        if !locks.is_empty() {
            parts.push(format!("Locks: {}.", locks.join(", ")));
        }
        parts.push(format!("Takes {}.", self.estimate.words()));
        match &self.undo {
            Undo::Impossible { reason } => parts.push(format!("Cannot be taken back: {reason}")),
            Undo::Nothing | Undo::Transaction { .. } | Undo::Autocommit { .. } => {}
        }
        match self.phase {
            Phase::Expand | Phase::Swap => {}
            Phase::Contract => parts.push("After this step there is no way back.".to_owned()),
            Phase::Retire => {
                parts.push("Done only when you ask for it: howdah change contract.".to_owned());
            }
        }
        parts.join(" ")
    }
}

impl Estimate {
    /// `1 to 20 s, 40 MB of disk, 90 MB of WAL`.
    pub fn words(&self) -> String {
        let mut text = if self.seconds_max < 0.5 {
            "a moment".to_owned()
        } else {
            format!("{} to {}", seconds(self.seconds_min), seconds(self.seconds_max))
        };
        if self.disk_bytes > 0 {
            text.push_str(&format!(", {} of disk", human_bytes(self.disk_bytes)));
        }
        if self.wal_bytes > 0 {
            text.push_str(&format!(", {} of WAL", human_bytes(self.wal_bytes)));
        }
        text
    }
}

fn seconds(seconds: f64) -> String {
    match seconds {
        s if s >= 7200.0 => format!("{:.1} h", s / 3600.0),
        s if s >= 120.0 => format!("{:.0} min", s / 60.0),
        s if s >= 10.0 => format!("{s:.0} s"),
        s => format!("{s:.1} s"),
    }
}

fn comment(text: &str) -> String {
    text.lines().map(|line| format!("-- {line}\n")).collect()
}
