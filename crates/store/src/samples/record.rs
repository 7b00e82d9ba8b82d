use std::collections::BTreeMap;

use crate::StoreError;
use crate::samples::statement::{Bundle, Statement};
use crate::samples::{Activity, Change, Collected, LEVELS, Level, Sampled, Samples};

/// The name, which nothing has, of the row that says that a kind was looked at: there may be none of it.
const LOOKED_BEFORE: &str = "";

impl Samples {
    /// Adds sessions that were seen at work.
    pub async fn record_activity(&self, activity: Vec<Activity>) -> Result<(), StoreError> {
        let mut bundle = Bundle::default();
        for span in &activity {
            add_activity(&mut bundle, span, LEVELS[0]);
        }
        self.write(bundle).await
    }

    /// Adds what a look at the counters brought.
    pub async fn record(&self, collected: Collected) -> Result<(), StoreError> {
        let mut bundle = Bundle::default();
        add(&mut bundle, &collected);
        self.write(bundle).await
    }

    /// Compares what there is of each kind with what there was, and records
    /// what differs; the first time there is nothing to compare it with.
    pub async fn compare(
        &self,
        at_s: i64,
        kind: &'static str,
        now: BTreeMap<String, String>,
    ) -> Result<Vec<Change>, StoreError> {
        let mut before = self.known(kind).await?;
        let changes = match before.remove(LOOKED_BEFORE) {
            None => Vec::new(),
            Some(_) => differences(at_s, kind, &before, &now),
        };
        if before.is_empty() || before != now {
            let mut bundle = Bundle::default();
            for change in &changes {
                bundle.push(insert_change(change));
            }
            bundle.push(
                Statement::new("DELETE FROM known WHERE target = :target AND kind = :kind")
                    .with(":kind", kind),
            );
            let mut facts = now;
            facts.insert(LOOKED_BEFORE.to_owned(), String::new());
            for (name, value) in &facts {
                bundle.push(
                    Statement::new(
                        "INSERT INTO known (target, kind, name, value) VALUES (:target, :kind, :name, :value)",
                    )
                    .together(include_str!("server/known.sql"))
                    .with(":kind", kind)
                    .with(":name", name.as_str())
                    .with(":value", value.as_str()),
                );
            }
            self.write(bundle).await?;
            self.remember(kind, facts);
        }
        Ok(changes)
    }

    /// What there was of a kind when it was looked at last.
    async fn known(&self, kind: &'static str) -> Result<BTreeMap<String, String>, StoreError> {
        if let Some(known) = self.remembered(kind) {
            return Ok(known);
        }
        let asked = Statement::new("SELECT name, value FROM known WHERE target = :target AND kind = :kind")
            .with(":kind", kind);
        let rows = self.ask_one(asked, |row| Ok((row.text(0)?, row.text(1)?)));
        let known: BTreeMap<String, String> = rows.await?.into_iter().collect();
        self.remember(kind, known.clone());
        Ok(known)
    }
}

fn differences(
    at_s: i64,
    kind: &str,
    before: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) -> Vec<Change> {
    let change = |name: &str, before: Option<&String>, after: Option<&String>| Change {
        at_s,
        kind: kind.to_owned(),
        name: name.to_owned(),
        before: before.cloned(),
        after: after.cloned(),
    };
    let gone = before.iter().filter(|(name, _)| !now.contains_key(*name));
    let gone = gone.map(|(name, value)| change(name, Some(value), None));
    let other = now.iter().filter_map(|(name, value)| {
        let was = before.get(name);
        (was != Some(value)).then(|| change(name, was, Some(value)))
    });
    gone.chain(other).collect()
}

pub(super) fn add_activity(bundle: &mut Bundle, span: &Activity, level: Level) {
    let length = match level.number {
        0 => Level::ACTIVITY_S,
        _ => level.span_s,
    };
    let at = span.at_s - span.at_s.rem_euclid(length);
    bundle.push(
        Statement::new(
            "INSERT INTO tick (target, level, at, ticks) VALUES (:target, :level, :at, :ticks) \
             ON CONFLICT (target, level, at) DO UPDATE SET ticks = tick.ticks + excluded.ticks",
        )
        .together(include_str!("server/add_ticks.sql"))
        .with(":level", level.number)
        .with(":at", at)
        .with(":ticks", i64::from(span.ticks)),
    );
    for seen in &span.seen {
        if let Some(query_id) = seen.query_id {
            bundle.statement(query_id, span.at_s);
        }
        bundle.name("wait", &seen.wait);
        bundle.name("role", &seen.role);
        bundle.push(
            Statement::new(include_str!("add_activity.sql"))
                .together(include_str!("server/add_activity.sql"))
                .with(":level", level.number)
                .with(":at", at)
                .with(":wait", seen.wait.as_str())
                .with(":query_id", seen.query_id)
                .with(":role", seen.role.as_str())
                .with(":seen", i64::from(seen.count)),
        );
    }
}

fn add(bundle: &mut Bundle, collected: &Collected) {
    let at = collected.at_s - collected.at_s.rem_euclid(LEVELS[0].span_s);
    for (query_id, text) in &collected.texts {
        bundle.statement(*query_id, collected.at_s);
        bundle.push(
            Statement::new(
                "UPDATE statement SET text = :text WHERE target = :target AND query_id = :query_id",
            )
            .together(include_str!("server/statement_texts.sql"))
            .with(":query_id", *query_id)
            .with(":text", text.as_str()),
        );
    }
    for (query_id, used) in &collected.statements {
        let query_id = Some(*query_id).filter(|id| *id != 0);
        if let Some(query_id) = query_id {
            bundle.statement(query_id, collected.at_s);
        }
        bundle.push(
            Statement::new(include_str!("add_statement.sql"))
                .together(include_str!("server/add_statements.sql"))
                .with(":at", at)
                .with(":query_id", query_id)
                .with(":calls", used.calls)
                .with(":time_us", used.time_us)
                .with(":plan_us", used.plan_us)
                .with(":rows", used.rows)
                .with(":hit", used.hit)
                .with(":read", used.read)
                .with(":temp", used.temp)
                .with(":wal_bytes", used.wal_bytes),
        );
    }
    for (relation, used) in &collected.relations {
        let kind = relation.as_ref().map(|relation| named(bundle, relation));
        bundle.push(
            Statement::new(include_str!("add_relation.sql"))
                .together(include_str!("server/add_relations.sql"))
                .with(":at", at)
                .with(":kind", kind)
                .with(
                    ":relation",
                    relation.as_ref().map(|relation| relation.name.as_str()),
                )
                .with(":scans", used.scans)
                .with(":tuples_read", used.tuples_read)
                .with(":index_scans", used.index_scans)
                .with(":tuples_found", used.tuples_found)
                .with(":inserted", used.inserted)
                .with(":updated", used.updated)
                .with(":hot_updated", used.hot_updated)
                .with(":deleted", used.deleted)
                .with(":hit", used.hit)
                .with(":read", used.read),
        );
    }
    for (relation, state) in &collected.sizes {
        let kind = named(bundle, relation);
        bundle.push(
            Statement::new(include_str!("add_size.sql"))
                .together(include_str!("server/add_sizes.sql"))
                .with(":at", at)
                .with(":kind", kind)
                .with(":relation", relation.name.as_str())
                .with(":bytes", state.bytes)
                .with(":live", state.live)
                .with(":dead", state.dead),
        );
    }
    for metric in &collected.metrics {
        let kind = if metric.is_counter { "counter" } else { "gauge" };
        bundle.name(kind, &metric.name);
        bundle.push(
            Statement::new(include_str!("add_metric.sql"))
                .together(include_str!("server/add_metrics.sql"))
                .with(":at", at)
                .with(":kind", kind)
                .with(":name", metric.name.as_str())
                .with(":value", metric.value)
                .with(":counts", metric.is_counter),
        );
    }
    for change in &collected.changes {
        bundle.push(insert_change(change));
    }
}

fn insert_change(change: &Change) -> Statement {
    Statement::new(
        "INSERT INTO change (target, at, kind, name, before, after) \
         VALUES (:target, :at, :kind, :name, :before, :after)",
    )
    .with(":at", change.at_s)
    .with(":kind", change.kind.as_str())
    .with(":name", change.name.as_str())
    .with(":before", change.before.as_deref())
    .with(":after", change.after.as_deref())
}

/// Makes the name of a relation known; its kind.
fn named(bundle: &mut Bundle, relation: &Sampled) -> &'static str {
    let kind = if relation.is_index { "index" } else { "table" };
    bundle.name(kind, &relation.name);
    kind
}
