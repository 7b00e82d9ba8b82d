//! What only the server can tell while a plan is made. Nothing is changed by asking.

use howdah_pg::Session;
use howdah_pg::guard::{self, GuardError, Verdict};
use howdah_sql::{RelationName, quote_ident};
use serde::Deserialize;

use crate::names::chosen_name;
use crate::planner::parse;
use crate::rewrite::rewrites;
use crate::{ChangeError, Form, Planning, Relation};

const TYPE: &str = include_str!("ask/type.sql");

/// A type as the script writes it, looked up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct TypeFacts {
    /// Its OID.
    pub oid: u32,
    /// As in `pg_type.typtype`: `b` base, `d` domain, …
    pub kind: char,
    /// The type beneath all domains; itself where it is none.
    pub base: u32,
    /// That type with its modifier, of a domain.
    pub base_name: Option<String>,
    /// The modifier of a domain's base type.
    pub base_typmod: Option<i32>,
    /// Whether a domain says NOT NULL.
    pub not_null: bool,
    /// The default of a domain.
    pub default: Option<String>,
    /// Name and definition (`CHECK ((VALUE > 0))`) of a domain's checks, innermost first.
    pub checks: Vec<(String, String)>,
    /// The modifier, −1 for none.
    #[serde(skip)]
    pub typmod: i32,
    /// As `format_type` prints it.
    #[serde(skip)]
    pub name: String,
}

impl TypeFacts {
    /// Whether values have to be looked at one by one before they are of this type.
    pub(crate) fn is_constrained(&self) -> bool {
        self.not_null || !self.checks.is_empty()
    }
}

/// Whether the guard lets a question through that is made of what a script says: a plan is made for whoever may
/// but read, and runs nothing that such a one could not run.
pub(crate) async fn is_harmless(session: &mut Session, question: &str) -> Result<bool, ChangeError> {
    match guard::examine(session, question).await {
        Ok(Verdict::Harmless(_)) => Ok(true),
        Err(GuardError::Pg(error)) => Err(error.into()),
        Ok(Verdict::Refused(_)) | Err(_) => Ok(false),
    }
}

impl Planning<'_> {
    /// Whether an expression is volatile once functions are inlined: what makes ADD COLUMN
    /// write every row. A condition that is not is evaluated once, by a node above the scan.
    pub(crate) async fn is_volatile(&mut self, expression: &str) -> Result<bool, ChangeError> {
        let sql = format!(
            "EXPLAIN (FORMAT JSON, COSTS OFF) SELECT FROM pg_catalog.pg_class WHERE ({expression}) IS NULL"
        );
        let plan = match self.ask(&sql, &[]).await {
            Ok(plan) => plan.unwrap_or_default(),
            // It calls what the script makes before: whatever that does, filling the rows is right.
            Err(ChangeError::Pg(error)) if self.statement() > 1 && error.server().is_some() => {
                return Ok(true);
            }
            Err(error) => return Err(error),
        };
        let plan: serde_json::Value = serde_json::from_str(&plan)?;
        Ok(has_filter(&plan))
    }

    /// The type that the script writes like this.
    pub(crate) async fn type_facts(&mut self, written: &str) -> Result<Option<TypeFacts>, ChangeError> {
        let made = self.make_types().await?;
        let found = self.type_facts_now(written).await;
        self.unmake_types(made).await?;
        found
    }

    /// Makes the types that the script makes before, for questions about them, in a transaction that
    /// [`Self::unmake_types`] rolls back; not where an event trigger would see it, or where it fails.
    /// Whether it did.
    pub(crate) async fn make_types(&mut self) -> Result<bool, ChangeError> {
        /// Whether some fire whatever the session says, and whether there are others.
        const EVENT_TRIGGERS: &str = "SELECT CASE WHEN bool_or(evtenabled IN ('A', 'R')) THEN 'always' WHEN bool_or(evtenabled = 'O') THEN 'usual' END \
                                      FROM pg_catalog.pg_event_trigger WHERE evtevent LIKE 'ddl%'";
        if self.gone.types.is_empty() {
            return Ok(false);
        }
        let sees = self.ask(EVENT_TRIGGERS, &[]).await?;
        if sees.as_deref() == Some("always") {
            return Ok(false);
        }
        let silent = sees.map(|_| "SET LOCAL session_replication_role = replica".to_owned());
        let begin = ["BEGIN".to_owned(), "SET LOCAL lock_timeout = '200ms'".to_owned()];
        let statements: Vec<String> = begin
            .into_iter()
            .chain(silent)
            .chain(self.gone.types.iter().cloned())
            .collect();
        for statement in &statements {
            match self.connection.batch(statement).await {
                Ok(()) => {}
                Err(error) if error.server().is_some() => {
                    self.unmake_types(true).await?;
                    return Ok(false);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }

    /// The end of [`Self::make_types`].
    pub(crate) async fn unmake_types(&mut self, made: bool) -> Result<(), ChangeError> {
        if made {
            self.connection.batch("ROLLBACK").await?;
        }
        Ok(())
    }

    async fn type_facts_now(&mut self, written: &str) -> Result<Option<TypeFacts>, ChangeError> {
        let Some(found) = self.ask(TYPE, &[Some(written)]).await? else {
            return Ok(None);
        };
        let mut found: TypeFacts = serde_json::from_str(&found)?;
        let described = self
            .connection
            .columns_of(&format!("SELECT NULL::{written}"))
            .await?;
        // Of a domain the server describes the base type.
        let typmod = described.first().map_or(-1, |column| column.typmod);
        found.typmod = if found.kind == 'd' { -1 } else { typmod };
        let (oid, modifier) = (found.oid.to_string(), found.typmod.to_string());
        found.name = self
            .ask(
                "SELECT pg_catalog.format_type($1::oid, $2::int)",
                &[Some(&oid), Some(&modifier)],
            )
            .await?
            .unwrap_or_default();
        Ok(Some(found))
    }

    /// Whether a relation that is there now has a row; the first is enough.
    pub(crate) async fn has_rows(&mut self, relation: &RelationName) -> Result<bool, ChangeError> {
        let answer = self
            .ask(&format!("SELECT EXISTS (SELECT FROM {relation})"), &[])
            .await?;
        Ok(answer.as_deref() == Some("t"))
    }

    /// Whether a column that comes and goes would reach no subscriber, who would stop at it;
    /// refused where one gets all columns.
    pub(crate) async fn has_no_subscriber(&mut self, relation: &Relation) -> Result<bool, ChangeError> {
        const SUBSCRIBERS: &str = include_str!("ask/subscribers.sql");
        let oids: Vec<String> = self
            .facts
            .family(relation)
            .iter()
            .map(|member| member.oid.to_string())
            .collect();
        let oids = format!("{{{}}}", oids.join(","));
        let Some(publications) = self.ask(SUBSCRIBERS, &[Some(&oids)]).await? else {
            return Ok(true);
        };
        self.refuse(
            format!("{} is published by {publications}, and a subscriber that lacks the column which is added for a while would stop", relation.name()),
            Some("From PostgreSQL 15 on, give the publication a list of the columns as they are (ALTER PUBLICATION … SET TABLE … (…)); else take the table out of it for the time."),
        );
        Ok(false)
    }

    /// The schemas in which names are looked up, as `SET search_path` takes them.
    pub(crate) async fn search_path(&mut self) -> Result<String, ChangeError> {
        let path = self
            .ask(
                "SELECT string_agg(quote_ident(s), ', ') FROM unnest(current_schemas(false)) AS s",
                &[],
            )
            .await?;
        Ok(path.unwrap_or_else(|| "''".to_owned()))
    }

    /// The name that PostgreSQL would choose for something that shares the names of relations:
    /// the first that is free now and is not made by the script before.
    pub(crate) async fn free_name(
        &mut self,
        table: &RelationName,
        columns: &str,
        label: &str,
    ) -> Result<String, ChangeError> {
        let mut attempt = label.to_owned();
        let mut number = 0;
        loop {
            let name = chosen_name(&table.name, columns, &attempt);
            if !self.is_taken(table, &name).await? {
                return Ok(name);
            }
            number += 1;
            attempt = format!("{label}{number}");
        }
    }

    /// Whether a relation, or a constraint of the table, has that name in the table's schema.
    async fn is_taken(&mut self, table: &RelationName, name: &str) -> Result<bool, ChangeError> {
        let schema = table.schema.clone().unwrap_or_default();
        let planned = self.facts.relations.iter().any(|relation| {
            relation.schema() == schema
                && (relation.index(name).is_some()
                    || relation.name().name == name
                    || (relation.name() == *table && relation.constraint(name).is_some()))
        });
        let full = RelationName::in_schema(&schema, name);
        if planned || self.facts.created.contains(&full) {
            return Ok(true);
        }
        self.is_there(&full).await
    }

    /// Whether a relation has that name, and is neither dropped nor renamed before.
    pub(crate) async fn is_there(&mut self, full: &RelationName) -> Result<bool, ChangeError> {
        if self.gone.names.contains(full) {
            return Ok(false);
        }
        let there = self
            .ask("SELECT to_regclass($1) IS NOT NULL", &[Some(&full.to_string())])
            .await?;
        Ok(there.as_deref() == Some("t"))
    }

    /// Plans another statement in this one's place.
    pub(crate) async fn also(&mut self, sql: &str) -> Result<(), ChangeError> {
        let script = parse(sql)?;
        for statement in &script.statements {
            for used in statement.relations() {
                self.resolve(&used.relation).await?;
            }
            for form in Form::of(self.statement(), statement)? {
                self.hand_on(&form, i32::MAX).await?;
            }
        }
        Ok(())
    }

    /// A name that the script does not have, as the server prints it, is one of a relation that is known.
    async fn resolve(&mut self, name: &RelationName) -> Result<(), ChangeError> {
        if self.facts.relation(name).is_none() && !self.facts.is_created(name) {
            let oid = self
                .ask("SELECT to_regclass($1)::oid", &[Some(&name.to_string())])
                .await?;
            if let Some(oid) = oid.and_then(|oid| oid.parse().ok())
                && self.facts.by_oid(oid).is_some()
            {
                self.facts.resolved.insert(name.to_string(), oid);
            }
        }
        Ok(())
    }

    /// Has a form planned by the first rewrite that takes it below that rank.
    pub(crate) async fn hand_on(&mut self, form: &Form<'_>, below: i32) -> Result<(), ChangeError> {
        let rewrite = rewrites()
            .into_iter()
            .find(|rewrite| rewrite.rank() < below && rewrite.takes(form));
        match rewrite {
            Some(rewrite) => rewrite.plan(form, self).await,
            None => {
                let reason = format!("Howdah does not know how to carry out: {}", form.sql);
                self.refuse(reason, None);
                Ok(())
            }
        }
    }

    /// From here on the script has dropped a relation; with CASCADE, the views that are made of it too.
    pub(crate) async fn drops(&mut self, relation: u32, cascade: bool) -> Result<(), ChangeError> {
        const DROPPED_WITH: &str = include_str!("ask/dropped_with.sql");
        let views = if cascade {
            let found = self.ask(DROPPED_WITH, &[Some(&relation.to_string())]).await?;
            serde_json::from_str(&found.unwrap_or_default())?
        } else {
            vec![relation]
        };
        let names = self
            .ask(
                "SELECT coalesce(json_agg(oid::regclass::text), '[]') FROM unnest($1::oid[]) AS oid",
                &[Some(&array(
                    &views.iter().map(u32::to_string).collect::<Vec<_>>(),
                ))],
            )
            .await?;
        let names: Vec<String> = serde_json::from_str(&names.unwrap_or_default())?;
        for other in &mut self.facts.relations {
            other
                .dependents
                .retain(|dependent| dependent.what != "view" || !names.contains(&dependent.name));
        }
        let dropped = self
            .facts
            .relations
            .iter()
            .filter(|other| views.contains(&other.oid));
        let freed = dropped.flat_map(|other| {
            let table = other.name();
            let indexes: Vec<RelationName> = other
                .indexes
                .iter()
                .map(|index| beside(&table, &index.name))
                .collect();
            indexes.into_iter().chain([table])
        });
        self.gone.names.extend(freed);
        self.facts.relations.retain(|other| !views.contains(&other.oid));
        self.gone.objects.extend(views);
        Ok(())
    }

    /// Everything that depends on an object, in words; what belongs to it is left out.
    pub(crate) async fn dependents(
        &mut self,
        class: &str,
        object: &str,
        column: Option<&str>,
    ) -> Result<Vec<String>, ChangeError> {
        const DEPENDENTS: &str = include_str!("ask/dependents.sql");
        let objects: Vec<String> = self.gone.objects.iter().map(u32::to_string).collect();
        let places = |of: &[(u32, i16)]| {
            let places = of.iter().map(|(table, number)| format!("{table}.{number}"));
            array(&places.collect::<Vec<_>>())
        };
        let (columns, defaults) = (places(&self.gone.columns), places(&self.gone.defaults));
        let objects = array(&objects);
        let found = self
            .ask(
                DEPENDENTS,
                &[
                    Some(class),
                    Some(object),
                    column,
                    Some(&objects),
                    Some(&columns),
                    Some(&defaults),
                ],
            )
            .await?
            .unwrap_or_default();
        Ok(found.lines().map(str::to_owned).collect())
    }
}

/// An array of numbers as the server reads it.
fn array(numbers: &[String]) -> String {
    format!("{{{}}}", numbers.join(","))
}

/// Whether a node of a plan has a filter of its own.
fn has_filter(plan: &serde_json::Value) -> bool {
    match plan {
        serde_json::Value::Object(node) => node.contains_key("Filter") || node.values().any(has_filter),
        serde_json::Value::Array(items) => items.iter().any(has_filter),
        _ => false,
    }
}

/// `schema.name` of something beside a table.
pub(crate) fn beside(table: &RelationName, name: &str) -> RelationName {
    RelationName {
        schema: table.schema.clone(),
        name: name.to_owned(),
    }
}

/// `"table"."column"` for people.
pub(crate) fn column_of(table: &RelationName, column: &str) -> String {
    format!("{table}.{}", quote_ident(column))
}
