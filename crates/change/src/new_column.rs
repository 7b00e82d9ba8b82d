//! A new column whose value differs from row to row: added without one, then filled beside
//! readers and writers, whose new rows bring their own.

use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{ColumnDef, Constraint, TypeName};
use howdah_sql::{RelationName, quote_ident, quote_literal};

use crate::ask::{TypeFacts, beside, column_of};
use crate::fragment::{column_definition, dollar_quoted};
use crate::names::derived_name;
use crate::planner::parse;
use crate::proof;
use crate::rewrites::add_column::{dropped, record, required};
use crate::{Backfill, ChangeError, Estimate, Phase, Planning, Relation, Step, Undo};

/// What the rows get.
pub(crate) enum Value<'a> {
    /// The value of a volatile default.
    Default(String),
    /// What the other columns say: GENERATED … STORED.
    Computed(String),
    /// The next number of a sequence of the column's: `serial`; holds the type.
    Serial(&'a str),
    /// The same of an identity column.
    Identity(&'a Constraint),
}

/// The column that is to be.
#[derive(Clone, Copy)]
pub(crate) struct NewColumn<'a> {
    /// The table.
    pub relation: &'a Relation,
    /// The column's name.
    pub name: &'a str,
    /// Its definition without default and constraints.
    pub bare: &'a ColumnDef,
    /// Its type.
    pub found: &'a TypeFacts,
    /// Whether it is to be NOT NULL in the end.
    pub not_null: bool,
}

impl NewColumn<'_> {
    /// Plans it.
    pub(crate) async fn fill(
        &self,
        planning: &mut Planning<'_>,
        value: Value<'_>,
    ) -> Result<(), ChangeError> {
        let leaves: Vec<Relation> = planning
            .facts
            .leaves(self.relation)
            .into_iter()
            .cloned()
            .collect();
        if let Some(foreign) = leaves.iter().find(|leaf| leaf.kind == 'f') {
            planning.refuse(
                format!("{} is a foreign table, whose rows cannot be filled a few at a time", foreign.name()),
                Some("Add the column without a default, fill the foreign table at its own server, then set the default."),
            );
            return Ok(());
        }
        match value {
            Value::Default(default) => self.with_default(planning, &leaves, &default),
            Value::Computed(expression) => self.computed(planning, &leaves, &expression).await,
            Value::Serial(type_name) => self.serial(planning, &leaves, type_name).await,
            Value::Identity(identity) => self.identity(planning, &leaves, identity).await,
        }
    }

    /// The column and its default in one transaction: no row comes without a value from then on.
    fn with_default(
        &self,
        planning: &mut Planning<'_>,
        leaves: &[Relation],
        default: &str,
    ) -> Result<(), ChangeError> {
        let table = self.relation.name();
        planning.step(self.begin(
            vec![
                proof::alter(&table, &format!("ADD COLUMN {}", column_definition(self.bare)?)),
                self.set_default(default),
            ],
            "The default is volatile: with it from the start the server writes every row under a lock. Set afterwards, it concerns new rows only; those that are there are filled next.",
        ));
        record(planning, self.relation, self.name, self.found, false, "");
        self.backfill(
            planning,
            leaves,
            default,
            &format!("{} IS NULL", quote_ident(self.name)),
        );
        if self.not_null {
            required(planning, &table, self.name)?;
        }
        Ok(())
    }

    /// `serial`: a sequence that the column owns.
    async fn serial(
        &self,
        planning: &mut Planning<'_>,
        leaves: &[Relation],
        type_name: &str,
    ) -> Result<(), ChangeError> {
        let table = self.relation.name();
        let sequence = beside(&table, &planning.free_name(&table, self.name, "seq").await?);
        planning.facts.created.push(sequence.clone());
        let default = next_value(&sequence);
        let mut statements = vec![
            format!("CREATE SEQUENCE {sequence} AS {type_name}"),
            proof::alter(&table, &format!("ADD COLUMN {}", column_definition(self.bare)?)),
            self.set_default(&default),
            format!(
                "ALTER SEQUENCE {sequence} OWNED BY {}",
                column_of(&table, self.name)
            ),
        ];
        let granted = inserters(planning, &table).await?;
        if !granted.is_empty() {
            planning.note(format!(
                "The roles that may insert into {table} get USAGE on {sequence}: {}. Without it their inserts would fail, as they would after the statement as it stands.",
                granted.join(", ")
            ));
            statements.push(format!(
                "GRANT USAGE ON SEQUENCE {sequence} TO {}",
                granted.join(", ")
            ));
        }
        planning.step(self.begin(statements, "With the numbers from the start the server writes every row under a lock. The default concerns new rows only; those that are there are filled next."));
        record(planning, self.relation, self.name, self.found, false, "");
        self.backfill(
            planning,
            leaves,
            &default,
            &format!("{} IS NULL", quote_ident(self.name)),
        );
        required(planning, &table, self.name)
    }

    /// An identity: numbers of a sequence beside it, which takes over in the end.
    async fn identity(
        &self,
        planning: &mut Planning<'_>,
        leaves: &[Relation],
        identity: &Constraint,
    ) -> Result<(), ChangeError> {
        let table = self.relation.name();
        if self.relation.children.len() + self.relation.parents.len() > 0
            && planning.facts.server.major() < 17
        {
            planning.refuse(
                format!("Before PostgreSQL 17 an identity column of {table} would not number the rows of its children"),
                Some("Use a sequence of your own: CREATE SEQUENCE …; ADD COLUMN … DEFAULT nextval('…')."),
            );
            return Ok(());
        }
        let sequence = beside(&table, &derived_name("sequence", self.name));
        let options = options(identity)?;
        let default = next_value(&sequence);
        let type_name = &self.found.name;
        planning.step(self.begin(
            vec![
                format!("CREATE SEQUENCE {sequence} AS {type_name}{options}"),
                // Whoever may insert gets a number, as of an identity column.
                format!("GRANT USAGE ON SEQUENCE {sequence} TO PUBLIC"),
                proof::alter(&table, &format!("ADD COLUMN {}", column_definition(self.bare)?)),
                self.set_default(&default),
                format!("ALTER SEQUENCE {sequence} OWNED BY {}", column_of(&table, self.name)),
            ],
            "With the numbers from the start the server writes every row under a lock. New rows get theirs from a sequence; those that are there are filled next.",
        ));
        record(planning, self.relation, self.name, self.found, false, "");
        self.backfill(
            planning,
            leaves,
            &default,
            &format!("{} IS NULL", quote_ident(self.name)),
        );
        required(planning, &table, self.name)?;
        let when = if identity.generated_when == "a" {
            "ALWAYS"
        } else {
            "BY DEFAULT"
        };
        let column = quote_ident(self.name);
        let options = if options.is_empty() {
            String::new()
        } else {
            format!(" ({})", options.trim())
        };
        let own = format!(
            "pg_catalog.pg_get_serial_sequence({}, {})",
            quote_literal(&table.to_string()),
            quote_literal(self.name)
        );
        planning.step(
            Step::transaction(
                format!("Make {} an identity column, which goes on with the numbers", column_of(&table, self.name)),
                vec![
                    proof::alter(&table, &format!("ALTER COLUMN {column} DROP DEFAULT")),
                    format!("ALTER SEQUENCE {sequence} OWNED BY NONE"),
                    proof::alter(&table, &format!("ALTER COLUMN {column} ADD GENERATED {when} AS IDENTITY{options}")),
                    format!("SELECT pg_catalog.setval({own}, last_value, is_called) FROM {sequence}"),
                    format!("DROP SEQUENCE {sequence}"),
                ],
            )
            .reason("Every row has its number: only the catalog is written.")
            .phase(Phase::Swap)
            .proof(format!(
                "EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = {} AND attname = {} AND attidentity <> '' AND NOT attisdropped)",
                proof::regclass(&table),
                quote_literal(self.name)
            ))
            .locks(&table, LockMode::AccessExclusive)
            .undo_transaction(vec![proof::alter(&table, &format!("ALTER COLUMN {column} DROP IDENTITY IF EXISTS"))])
            .estimate(Estimate::moment()),
        );
        Ok(())
    }

    /// A stored generated column: an ordinary one that a trigger computes.
    async fn computed(
        &self,
        planning: &mut Planning<'_>,
        leaves: &[Relation],
        expression: &str,
    ) -> Result<(), ChangeError> {
        let table = self.relation.name();
        let place = column_of(&table, self.name);
        let function = beside(
            &table,
            &derived_name("compute", &format!("{}_{}", table.name, self.name)),
        );
        let path = planning.search_path().await?;
        // The columns of the row by their names, as the expression has them.
        let body = format!(
            "#variable_conflict use_column\nBEGIN\n    NEW.{} := (SELECT {expression} FROM (SELECT NEW.*) AS {});\n    RETURN NEW;\nEND",
            quote_ident(self.name),
            quote_ident(&table.name)
        );
        let owners: Vec<RelationName> = if self.relation.kind == 'p' {
            vec![table.clone()]
        } else {
            planning
                .facts
                .family(self.relation)
                .iter()
                .map(|member| member.name())
                .collect()
        };
        // Fires after all others, and also for what replication brings.
        let trigger = derived_name("compute", self.name).replacen("howdah", "zzz_howdah", 1);
        let trigger = crate::names::bounded(&trigger);
        let mut statements = vec![
            proof::alter(&table, &format!("ADD COLUMN {}", column_definition(self.bare)?)),
            format!(
                "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SET search_path = {path} AS {}",
                dollar_quoted(&body)
            ),
        ];
        for owner in &owners {
            statements.push(format!(
                "CREATE TRIGGER {} BEFORE INSERT OR UPDATE ON {owner} FOR EACH ROW EXECUTE FUNCTION {function}()",
                quote_ident(&trigger)
            ));
            statements.push(proof::alter(
                owner,
                &format!("ENABLE ALWAYS TRIGGER {}", quote_ident(&trigger)),
            ));
        }
        planning.note(format!(
            "{place} becomes an ordinary column that the trigger {} computes: a stored generated column writes every row under a lock, and an ordinary column cannot become one later without.{}",
            quote_ident(&trigger),
            if planning.facts.server.major() >= 18 { " GENERATED … VIRTUAL would be there at once." } else { "" }
        ));
        let undo: Vec<String> = std::iter::once(format!("DROP FUNCTION IF EXISTS {function}() CASCADE"))
            .chain([dropped(&table, self.name)])
            .collect();
        planning.step(
            self.begin(
                statements,
                "From now on every row that is written has the value. Those that are there are filled next.",
            )
            .undo_transaction(undo),
        );
        record(planning, self.relation, self.name, self.found, false, "");
        self.backfill(
            planning,
            leaves,
            expression,
            &format!("{} IS DISTINCT FROM ({expression})", quote_ident(self.name)),
        );
        planning.step(
            Step::verify(
                format!(
                    "Count rows of {table} whose {} is not what it should be",
                    quote_ident(self.name)
                ),
                format!(
                    "SELECT count(*) FROM {table} WHERE {} IS DISTINCT FROM ({expression})",
                    quote_ident(self.name)
                ),
                format!("Rows of {table} have another value in {}", quote_ident(self.name)),
            )
            .reason("Nothing is left out.")
            .holds(&table, LockMode::AccessShare)
            .estimate(Estimate::scan(planning.facts.family_bytes(self.relation))),
        );
        if self.not_null {
            required(planning, &table, self.name)?;
        }
        Ok(())
    }

    /// The first step, which adds the column.
    fn begin(&self, statements: Vec<String>, reason: &str) -> Step {
        let table = self.relation.name();
        Step::transaction(
            format!("Add the column {} to {table}, empty", quote_ident(self.name)),
            statements,
        )
        .reason(reason)
        .proof(proof::column(&table, self.name, None))
        .locks(&table, LockMode::AccessExclusive)
        .undo_transaction(vec![dropped(&table, self.name)])
        .estimate(Estimate::moment())
    }

    fn set_default(&self, default: &str) -> String {
        proof::alter(
            &self.relation.name(),
            &format!("ALTER COLUMN {} SET DEFAULT {default}", quote_ident(self.name)),
        )
    }

    fn backfill(&self, planning: &mut Planning<'_>, leaves: &[Relation], value: &str, todo: &str) {
        for leaf in leaves {
            let rows = leaf.row_estimate();
            planning.step(
                Step::backfill(
                    format!("Fill {}", column_of(&leaf.name(), self.name)),
                    Backfill {
                        table: leaf.name(),
                        set: vec![(self.name.to_owned(), value.to_owned())],
                        todo: todo.to_owned(),
                        rows,
                    },
                )
                .reason("Some hundred rows at a time, each time in a transaction of its own, with pauses.")
                .undo(Undo::Nothing)
                .holds(&leaf.name(), LockMode::RowExclusive)
                .estimate(Estimate::backfill(rows, leaf.heap_bytes)),
            );
        }
    }
}

/// `nextval('s'::regclass)`.
fn next_value(sequence: &RelationName) -> String {
    format!("nextval({}::regclass)", quote_literal(&sequence.to_string()))
}

/// A type as it is written, for a tree.
pub(crate) fn named_type(written: &str) -> TypeName {
    let script = parse(&format!("SELECT NULL::{written}"));
    let found = script.ok().and_then(|script| {
        let statement = script.statements.into_iter().next()?;
        statement
            .node()
            .nodes()
            .into_iter()
            .find_map(|(node, ..)| match node {
                howdah_sql::pg_query::NodeRef::TypeCast(cast) => cast.type_name.clone(),
                _ => None,
            })
    });
    found.unwrap_or_default()
}

/// The options of an identity's sequence, as CREATE SEQUENCE takes them.
fn options(identity: &Constraint) -> Result<String, ChangeError> {
    use howdah_sql::pg_query::protobuf::CreateSeqStmt;
    if identity.options.is_empty() {
        return Ok(String::new());
    }
    let text = crate::form::deparse(&NodeEnum::CreateSeqStmt(CreateSeqStmt {
        sequence: Some(crate::fragment::range(&RelationName::new("s"))),
        options: identity.options.clone(),
        ..CreateSeqStmt::default()
    }))?;
    Ok(text
        .strip_prefix("CREATE SEQUENCE s")
        .unwrap_or_default()
        .to_owned())
}

/// The roles, quoted, that may insert into the table and are not its owner.
async fn inserters(planning: &mut Planning<'_>, table: &RelationName) -> Result<Vec<String>, ChangeError> {
    let roles = planning
        .ask(
            "SELECT string_agg(DISTINCT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, E'\\n') \
             FROM pg_catalog.pg_class AS c, aclexplode(c.relacl) AS a \
             WHERE c.oid = to_regclass($1) AND a.privilege_type = 'INSERT' AND a.grantee <> c.relowner",
            &[Some(&table.to_string())],
        )
        .await?;
    Ok(roles.unwrap_or_default().lines().map(str::to_owned).collect())
}

/// A domain's check with the column in place of VALUE, as the server prints both.
pub(crate) fn value_replaced(definition: &str, column: &str) -> Result<String, ChangeError> {
    let scan = howdah_sql::pg_query::scan(definition).map_err(|error| ChangeError::Mismatch {
        message: format!("A domain's check could not be read: {error}"),
    })?;
    let mut text = String::new();
    let mut last = 0;
    for token in scan.tokens {
        let (start, end) = (token.start as usize, token.end as usize);
        // The server prints the keyword in capitals, and nothing else so without quotes.
        if definition.get(start..end) == Some("VALUE") {
            text.push_str(&definition[last..start]);
            text.push_str(column);
            last = end;
        }
    }
    text.push_str(&definition[last..]);
    Ok(text)
}
