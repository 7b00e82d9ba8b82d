use howdah_pg::{Connection, Session};
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{LimitOption, Node, ObjectType, ResTarget, SelectStmt, SetOperation};
use howdah_sql::{Limits, RelationName, Script, Statement, quote_ident};

use crate::blocks::{self, Listed};
use crate::form::{Form, deparse, relation_name};
use crate::names::hash;
use crate::plan::{Action, Plan, Refusal, Step, Undo};
use crate::rewrite::rewrites;
use crate::rewrites::{drop_index, rename_column};
use crate::settings::{self, Setting};
use crate::{ChangeError, Facts, Relation};

/// What a person agrees to beforehand, which otherwise is refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accepts {
    /// That rows are removed for good, as TRUNCATE does it.
    pub loss: bool,
}

/// What is still in the catalog while the plan is made, and will not be when a statement's turn comes.
#[derive(Debug, Default)]
pub(crate) struct Gone {
    /// OIDs of relations, types and functions that the script drops.
    pub objects: Vec<u32>,
    /// Names that relations had which it drops or renames.
    pub names: Vec<RelationName>,
    /// Columns that it drops or gives another type: OID of the table and number.
    pub columns: Vec<(u32, i16)>,
    /// Columns whose default it drops or sets anew: OID of the table and number.
    pub defaults: Vec<(u32, i16)>,
    /// Statements that make types or rename them, in their order.
    pub types: Vec<String>,
}

/// A plan in the making: what rewrites add to.
pub struct Planning<'a> {
    /// What the target is like, and will be when the statement's turn comes.
    pub facts: &'a mut Facts,
    /// For questions that the facts do not answer; nothing is changed through it.
    pub connection: &'a mut Session,
    /// What a person agrees to.
    pub accepts: Accepts,
    change: String,
    statement: usize,
    steps: Vec<Step>,
    /// Checks of these tables that come after so many steps need what those make.
    fences: Vec<(usize, RelationName)>,
    /// Tables, by OID, of which a column has an old and a new name until somebody ends that.
    two_names: Vec<(u32, String, String)>,
    /// What the script drops, or takes from where it was.
    pub(crate) gone: Gone,
    /// Tables, by OID, and columns of them of which an earlier statement changed what the facts do not hold.
    changed: Vec<(u32, Option<String>, usize)>,
    /// Names that statements of the script give to relations, and which statements.
    given: Vec<(usize, RelationName)>,
    /// A name that nobody has after the last step, when there are so many.
    vacant: Option<(RelationName, usize)>,
    /// Names that tables had which clients write to.
    left: Vec<RelationName>,
    notes: Vec<String>,
    refusals: Vec<Refusal>,
}

impl Planning<'_> {
    /// Adds a step.
    pub fn step(&mut self, step: Step) {
        self.steps.push(Step {
            statement: self.statement,
            ..step
        });
    }

    /// Checks of the table that follow need the steps that are there: a column that they look at.
    pub(crate) fn fence(&mut self, table: &RelationName) {
        self.fences.push((self.steps.len(), table.clone()));
    }

    /// Whether the table and those below it have room for one more column; refused where not.
    pub(crate) fn takes_a_column(&mut self, relation: &Relation) -> bool {
        /// As PostgreSQL has it, dropped columns included.
        const COLUMNS_MOST: u32 = 1600;
        let family = self.facts.family(relation);
        let full = family.iter().find(|member| member.attributes >= COLUMNS_MOST);
        if let Some(full) = full.map(|full| full.name()) {
            self.refuse(
                format!("{full} has had {COLUMNS_MOST} columns, dropped ones included; PostgreSQL takes no more, and one is needed"),
                Some("A table made anew has room for those that were dropped."),
            );
            return false;
        }
        self.facts.record(relation.oid, |member| member.attributes += 1);
        true
    }

    /// From here on a column of the table has two names.
    pub(crate) fn two_names(&mut self, table: u32, old: &str, new: &str) {
        self.two_names.push((table, old.to_owned(), new.to_owned()));
    }

    /// Why a statement cannot follow those that gave a column two names.
    fn met_twice(&self, form: &Form<'_>, statement: &Statement) -> Option<String> {
        statement.relations().iter().find_map(|used| {
            let relation = self.facts.relation(&used.relation)?;
            self.two_names
                .iter()
                .filter(|(table, ..)| *table == relation.oid)
                .find_map(|(_, old, new)| rename_column::conflict(form, &relation.name(), old, new))
        })
    }

    /// The table of an `ALTER TABLE IF EXISTS` that is not there.
    fn may_be_missing(&self, form: &Form<'_>) -> Option<RelationName> {
        let name = form
            .altered()
            .filter(|_| form.alter().is_some_and(|(alter, ..)| alter.missing_ok))?;
        let known =
            self.facts.relation(&name).is_some() || self.facts.is_created(&name) || self.is_made(&name);
        (!known).then_some(name)
    }

    /// Whether an earlier statement of the script makes something of that name which is no table: an index,
    /// a view, a sequence.
    pub(crate) fn is_made(&self, name: &RelationName) -> bool {
        let index = drop_index::find(self, name).is_some();
        index
            || self
                .given
                .iter()
                .any(|(statement, given)| *statement < self.statement && may_be_same(given, name))
    }

    /// The statement changes of a table, by OID, or of one of its columns, what the facts do not hold.
    pub(crate) fn changes(&mut self, table: u32, column: Option<&str>) {
        self.changed
            .push((table, column.map(str::to_owned), self.statement));
    }

    /// Whether everything that hangs on the column is known; refused where an earlier statement changed more.
    pub(crate) fn is_as_known(&mut self, relation: &Relation, name: &str) -> bool {
        let earlier = self.changed.iter().find(|(table, column, statement)| {
            *table == relation.oid
                && *statement < self.statement
                && column.as_ref().is_none_or(|column| column == name)
        });
        let Some((.., statement)) = earlier else {
            return true;
        };
        let reason = format!(
            "Statement {statement} changes something of {} that would be lost with the column {}, which is replaced",
            relation.name(),
            quote_ident(name)
        );
        self.refuse(
            reason,
            Some("Put it after this one, or give it in a change of its own before."),
        );
        false
    }

    /// The last step left that name to nobody; clients may have written to what had it.
    pub(crate) fn vacates(&mut self, name: &RelationName, written: bool) {
        self.vacant = Some((name.clone(), self.steps.len()));
        if written {
            self.left.push(name.clone());
        }
    }

    /// Where the statement gives something else a name that clients write to, their rows are there from its first
    /// step on, and would be missing in what had the name before.
    fn hold_what_clients_write(&mut self, first: usize) {
        let taken = self.given.iter().find(|(statement, given)| {
            *statement == self.statement && self.left.iter().any(|left| may_be_same(left, given))
        });
        if let (Some((_, name)), Some(step)) = (taken.cloned(), self.steps.get_mut(first)) {
            step.undo = another_has_the_name(&name);
        }
    }

    /// The last step, to be gone on with, where it left that name to nobody.
    pub(crate) fn take_vacating(&mut self, name: &RelationName) -> Option<Step> {
        let (vacant, steps) = self.vacant.as_ref()?;
        if !may_be_same(vacant, name) || *steps != self.steps.len() {
            return None;
        }
        self.steps.pop()
    }

    /// Whether a later statement of the script gives that name to something else.
    pub(crate) fn is_given_later(&self, name: &RelationName) -> bool {
        self.given
            .iter()
            .any(|(statement, given)| *statement > self.statement && may_be_same(given, name))
    }

    /// Whether a step so far belongs to the end, when what a rollback needs is removed.
    pub(crate) fn retires(&self) -> bool {
        self.steps.iter().any(|step| step.phase == crate::Phase::Contract)
    }

    /// Something that a person should know before; said once.
    pub fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The statement cannot be carried out; nothing of the script is then touched.
    pub fn refuse(&mut self, reason: impl Into<String>, hint: Option<&str>) {
        let refusal = Refusal {
            statement: self.statement,
            reason: reason.into(),
            hint: hint.map(str::to_owned),
        };
        if !self.refusals.contains(&refusal) {
            self.refusals.push(refusal);
        }
    }

    /// The id that the change will have.
    pub fn change(&self) -> &str {
        &self.change
    }

    /// Which statement of the script is being planned, counted from 1.
    pub fn statement(&self) -> usize {
        self.statement
    }

    /// The relation of that name in its schema, as the steps should name it: what the search
    /// path finds, else the name as it is.
    pub fn qualified(&self, name: &RelationName) -> RelationName {
        self.facts
            .relation(name)
            .map_or_else(|| name.clone(), |relation| relation.name())
    }

    /// Asks the server for one value; an error of the server's is the answer `Err`.
    pub async fn ask(&mut self, sql: &str, params: &[Option<&str>]) -> Result<Option<String>, ChangeError> {
        let rows = self.connection.query(sql, params).await?;
        Ok(rows.first().and_then(|row| row.get(0).map(str::to_owned)))
    }
}

/// Why a step is not taken back which gives one relation the name of another.
pub(crate) fn another_has_the_name(name: &RelationName) -> Undo {
    Undo::Impossible {
        reason: format!(
            "what clients have written to {name} since is in the relation that has the name now, and would be missing in the other"
        ),
    }
}

/// Whether two names may be of one relation: without a schema a name is looked for in any.
fn may_be_same(one: &RelationName, other: &RelationName) -> bool {
    let in_one_schema = one.schema == other.schema || one.schema.is_none() || other.schema.is_none();
    one.name == other.name && in_one_schema
}

/// The names that statements give to relations: of new ones, and of those that are renamed or moved.
fn given(script: &[Listed]) -> Vec<(usize, RelationName)> {
    let of = |node: &NodeEnum| match node {
        NodeEnum::CreateStmt(create) => create.relation.as_ref().map(relation_name),
        NodeEnum::CreateSeqStmt(create) => create.sequence.as_ref().map(relation_name),
        NodeEnum::IndexStmt(index) if !index.idxname.is_empty() => {
            index.relation.as_ref().map(|range| RelationName {
                name: index.idxname.clone(),
                ..relation_name(range)
            })
        }
        NodeEnum::ViewStmt(view) => view.view.as_ref().map(relation_name),
        NodeEnum::CreateTableAsStmt(create) => create
            .into
            .as_ref()
            .and_then(|into| into.rel.as_ref())
            .map(relation_name),
        NodeEnum::SelectStmt(select) => select
            .into_clause
            .as_ref()
            .and_then(|into| into.rel.as_ref())
            .map(relation_name),
        NodeEnum::RenameStmt(rename)
            if matches!(
                rename.rename_type(),
                ObjectType::ObjectTable | ObjectType::ObjectView | ObjectType::ObjectMatview
            ) =>
        {
            rename.relation.as_ref().map(|range| RelationName {
                name: rename.newname.clone(),
                ..relation_name(range)
            })
        }
        NodeEnum::AlterObjectSchemaStmt(moved) => moved
            .relation
            .as_ref()
            .map(|range| RelationName::in_schema(&moved.newschema, &range.relname)),
        _ => None,
    };
    let named = script.iter();
    named
        .filter_map(|listed| Some((listed.number, of(listed.statement.node())?)))
        .collect()
}

/// Whether a statement makes a type, or gives one another name.
fn makes_a_type(form: &Form<'_>) -> bool {
    use NodeEnum::*;
    match &form.node {
        CreateEnumStmt(_) | CreateRangeStmt(_) | CompositeTypeStmt(_) | CreateDomainStmt(_) => true,
        RenameStmt(rename) => matches!(
            rename.rename_type(),
            ObjectType::ObjectType | ObjectType::ObjectDomain
        ),
        AlterObjectSchemaStmt(moved) => matches!(
            moved.object_type(),
            ObjectType::ObjectType | ObjectType::ObjectDomain
        ),
        _ => false,
    }
}

/// The change's id: the script's statements in that database.
pub(crate) fn plan_id(database: &str, script: &Script) -> String {
    let mut text = database.to_owned();
    for statement in &script.statements {
        text.push('\0');
        text.push_str(statement.text());
    }
    hash(&text)[..16].to_owned()
}

async fn database(connection: &mut Connection) -> Result<String, ChangeError> {
    let rows = connection
        .query("SELECT pg_catalog.current_database()", &[])
        .await?;
    Ok(rows
        .first()
        .and_then(|row| row.get(0))
        .unwrap_or_default()
        .to_owned())
}

/// Parses a script as a change takes it.
pub(crate) fn parse(sql: &str) -> Result<Script, ChangeError> {
    Ok(howdah_sql::parse(
        sql,
        &Limits {
            max_bytes: 16 * 1024 * 1024,
            ..Limits::default()
        },
    )?)
}

/// Plans a script for the database behind the connection, of which it only reads.
pub async fn plan(session: &mut Session, sql: &str) -> Result<Plan, ChangeError> {
    plan_accepting(session, sql, Accepts::default()).await
}

/// The same, for somebody who agrees to more.
pub async fn plan_accepting(session: &mut Session, sql: &str, accepts: Accepts) -> Result<Plan, ChangeError> {
    let script = parse(sql)?;
    let settings = settings::leading(&script)?;
    // Those of extensions and of the application say nothing that a plan hangs on, and may do what reads nothing.
    let heeded: Vec<&Setting> = settings.iter().filter(|setting| !setting.is_custom()).collect();
    for setting in &heeded {
        session.batch(&setting.sql).await?;
    }
    let plan = plan_script(session, sql, script, &settings, accepts).await;
    for setting in &heeded {
        session.batch(&settings::reset(setting)).await?;
    }
    plan
}

async fn plan_script(
    session: &mut Session,
    sql: &str,
    script: Script,
    settings: &[Setting],
    accepts: Accepts,
) -> Result<Plan, ChangeError> {
    let id = plan_id(&database(session).await?, &script);
    let unheeded = settings::unheeded(&script);
    let script = blocks::unwrapped(session, script).await?;
    let mut names: Vec<RelationName> = Vec::new();
    for Listed { statement, .. } in &script {
        names.extend(statement.relations().into_iter().map(|used| used.relation));
    }
    names.sort();
    names.dedup();
    let mut facts = Facts::read(session, &names).await?;
    let rewrites = rewrites();
    let mut planning = Planning {
        facts: &mut facts,
        connection: session,
        accepts,
        change: id.clone(),
        statement: 0,
        steps: Vec::new(),
        fences: Vec::new(),
        two_names: Vec::new(),
        gone: Gone::default(),
        changed: Vec::new(),
        given: given(&script),
        vacant: None,
        left: Vec::new(),
        notes: Vec::new(),
        refusals: Vec::new(),
    };
    for Listed {
        number,
        statement,
        tolerates,
    } in &script
    {
        planning.statement = *number;
        if let Some(setting) = settings.iter().find(|setting| setting.statement == *number) {
            planning.note(format!(
                "{} of the script holds for every step of the change.",
                setting.name
            ));
            continue;
        }
        if unheeded.contains(number) {
            continue;
        }
        let forms = Form::of(*number, statement)?;
        if !tolerates.is_empty() {
            match blocks::is_there(&forms, tolerates, &mut planning).await? {
                Some(false) => {}
                Some(true) => {
                    planning.note(format!(
                        "{} of statement {number} makes what is there already: nothing is done, as the block says.",
                        statement.kind().name()
                    ));
                    continue;
                }
                None => {
                    planning.refuse(
                        format!(
                            "Howdah does not know whether {} in a DO block would find it there already",
                            statement.kind().name()
                        ),
                        Some("Put the statement into the script by itself."),
                    );
                    continue;
                }
            }
        }
        for form in forms {
            if let Some(reason) = planning.met_twice(&form, statement) {
                planning.refuse(reason, Some("Give it in a change of its own, afterwards."));
                continue;
            }
            if let Some(missing) = planning.may_be_missing(&form) {
                planning.note(format!(
                    "{missing} does not exist: nothing is done, as the script says."
                ));
                continue;
            }
            let first = planning.steps.len();
            match rewrites.iter().find(|rewrite| rewrite.takes(&form)) {
                Some(rewrite) => rewrite.plan(&form, &mut planning).await?,
                None => planning.refuse(
                    format!(
                        "Howdah does not know how to carry out {} as a change",
                        form.kind.name()
                    ),
                    None,
                ),
            }
            planning.hold_what_clients_write(first);
            if makes_a_type(&form) {
                planning.gone.types.push(form.sql.clone());
            }
        }
    }
    let Planning {
        mut steps,
        fences,
        notes,
        refusals,
        ..
    } = planning;
    for step in &mut steps {
        shorten(step);
    }
    let mut steps = checks_first(steps, &fences);
    // What only a rollback would need goes when everything else is done.
    steps.sort_by_key(|step| step.phase.max(crate::Phase::Swap));
    Ok(Plan {
        id,
        script: sql.to_owned(),
        server_version_num: facts.server.version_num,
        search_path: facts.server.search_path,
        steps,
        notes,
        refusals,
    })
}

/// Rows that stand in the way are looked for before anything is touched, unless an earlier
/// statement of the script has first to change the tables that are looked at.
fn checks_first(steps: Vec<Step>, fences: &[(usize, RelationName)]) -> Vec<Step> {
    let (mut first, mut rest): (Vec<Step>, Vec<Step>) = (Vec::new(), Vec::new());
    for (at, step) in steps.into_iter().enumerate() {
        let looks_at = |relation: &RelationName| step.locks.iter().any(|lock| lock.relation == *relation);
        let waits = rest.iter().any(|before: &Step| {
            before.statement < step.statement
                && (before.locks.is_empty() || before.locks.iter().any(|lock| looks_at(&lock.relation)))
        }) || fences
            .iter()
            .any(|(fence, table)| *fence <= at && looks_at(table));
        if matches!(step.action, Action::Check { .. }) && !waits {
            first.push(step);
        } else {
            rest.push(step);
        }
    }
    first.append(&mut rest);
    first
}

/// Several locks are taken in one fixed order, whatever the plan's order was.
fn shorten(step: &mut Step) {
    if let Action::Transaction { lock, .. } = &mut step.action {
        lock.sort_by(|a, b| a.relation.cmp(&b.relation).then(b.mode.cmp(&a.mode)));
        lock.dedup_by(|later, first| later.relation == first.relation);
    }
}

/// Quoted identifiers, joined by commas.
pub(crate) fn columns_sql(columns: &[String]) -> String {
    columns
        .iter()
        .map(|column| quote_ident(column))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The text of an expression, through a SELECT that is nothing else.
pub(crate) fn expression_text(expression: &Node) -> Result<Option<String>, ChangeError> {
    let target = NodeEnum::ResTarget(Box::new(ResTarget {
        val: Some(Box::new(expression.clone())),
        ..ResTarget::default()
    }));
    let select = NodeEnum::SelectStmt(Box::new(SelectStmt {
        target_list: vec![Node { node: Some(target) }],
        limit_option: LimitOption::Default.into(),
        op: SetOperation::SetopNone.into(),
        ..SelectStmt::default()
    }));
    Ok(deparse(&select)?.strip_prefix("SELECT ").map(str::to_owned))
}

/// The names in a list of strings, as trees hold names of columns.
pub(crate) fn names(nodes: &[Node]) -> Vec<String> {
    nodes
        .iter()
        .filter_map(|node| match &node.node {
            Some(NodeEnum::String(text)) => Some(text.sval.clone()),
            _ => None,
        })
        .collect()
}
