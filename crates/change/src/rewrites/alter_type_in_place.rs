use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableCmd, AlterTableType, ColumnDef, Node};
use howdah_sql::quote_ident;

use crate::ask::{TypeFacts, column_of};
use crate::fragment::{column_definition, strings, type_text};
use crate::proof;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Column, Estimate, Form, Planning, Relation, Step};

/// ALTER COLUMN … TYPE where the server keeps every row and index as it is.
struct AlterTypeInPlace;

rewrite!(AlterTypeInPlace);

/// Asked before the one that makes a second column.
const RANK: i32 = 10;

// Of PostgreSQL's own types, whose OIDs are the same everywhere.
const BIT_VARYING: u32 = 1562;
const VARCHAR: u32 = 1043;
const TEXT: u32 = 25;
const NUMERIC: u32 = 1700;
const TIMESTAMP: u32 = 1114;
const TIMESTAMPTZ: u32 = 1184;
const TIME: u32 = 1083;
const TIMETZ: u32 = 1266;

#[async_trait]
impl Rewrite for AlterTypeInPlace {
    fn code(&self) -> &'static str {
        "alter_type_in_place"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(form.alter(), Some((_, AlterTableType::AtAlterColumnType, _)))
    }

    fn rank(&self) -> i32 {
        RANK
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let (Some((_, _, cmd)), Some(written)) = (form.alter(), form.altered()) else { return Ok(()) };
        if planning.facts.is_created(&written) {
            planning.step(super::as_it_is::on_new_table(form, &written));
            return Ok(());
        }
        let Some(relation) = planning.facts.relation(&written).cloned() else {
            planning.refuse(format!("The table {written} does not exist"), None);
            return Ok(());
        };
        if !matches!(relation.kind, 'r' | 'p') {
            super::as_it_is::direct(form, planning, None, "There are no rows of its own.");
            return Ok(());
        }
        let (Some(column), Some(definition)) = (relation.column(&cmd.name).cloned(), definition(cmd)) else {
            planning.refuse(format!("{} has no column {}", relation.name(), quote_ident(&cmd.name)), None);
            return Ok(());
        };
        let Some(type_name) = &definition.type_name else { return Ok(()) };
        let to = type_text(type_name)?;
        if let Some(found) = planning.type_facts(&to).await?
            && is_plain(definition, &cmd.name)
            // A collation that changes with the type has every index on it built again.
            && definition.coll_clause.is_none()
            && column.collation.is_none()
        {
            let utc = is_utc(&planning.facts.server.time_zone);
            if keeps_values(planning, &column, &found, utc).await? && keeps_everything_else(planning, &relation, &column, &found) {
                in_place(planning, &relation, &column, definition, &found)?;
                return Ok(());
            }
            if found.kind == 'd' {
                planning.refuse(
                    format!("{} cannot become the domain {} while clients work: the server looks at every row", column_of(&relation.name(), &cmd.name), found.name),
                    Some(&format!("Give it the type {} and the domain's checks, each added NOT VALID and validated.", found.base_name.unwrap_or_default())),
                );
                return Ok(());
            }
        }
        planning.hand_on(form, RANK).await
    }
}

fn definition(cmd: &AlterTableCmd) -> Option<&ColumnDef> {
    match cmd.def.as_ref()?.node.as_ref()? {
        NodeEnum::ColumnDef(definition) => Some(definition),
        _ => None,
    }
}

/// Whether the value is converted by the types' own cast: no USING, or one that is the column itself or a cast of it.
fn is_plain(definition: &ColumnDef, column: &str) -> bool {
    fn is_column(node: &Node, column: &str) -> bool {
        match &node.node {
            Some(NodeEnum::ColumnRef(name)) => strings(&name.fields) == [column],
            _ => false,
        }
    }
    match &definition.raw_default {
        None => true,
        Some(using) if is_column(using, column) => true,
        Some(using) => match &using.node {
            Some(NodeEnum::TypeCast(cast)) => {
                let same = match (&cast.type_name, &definition.type_name) {
                    (Some(cast), Some(type_name)) => {
                        matches!((type_text(cast), type_text(type_name)), (Ok(a), Ok(b)) if a == b)
                    }
                    _ => false,
                };
                same && cast.arg.as_ref().is_some_and(|arg| is_column(arg, column))
            }
            _ => false,
        },
    }
}

/// Names of a time zone that never differs from UTC.
fn is_utc(zone: &str) -> bool {
    ["utc", "etc/utc", "gmt", "etc/gmt", "uct", "etc/uct", "zulu", "etc/zulu", "universal", "etc/universal", "greenwich", "etc/greenwich", "gmt0", "etc/gmt0", "gmt+0", "gmt-0"]
        .contains(&zone.to_lowercase().as_str())
}

/// Whether the stored values are values of the new type as they are, and the server knows it.
async fn keeps_values(planning: &mut Planning<'_>, column: &Column, to: &TypeFacts, utc: bool) -> Result<bool, ChangeError> {
    if to.is_constrained() {
        return Ok(false);
    }
    // Beneath domains, of which none is constrained on the new side.
    let (new, new_typmod) = if to.kind == 'd' { (to.base, to.base_typmod.unwrap_or(-1)) } else { (to.oid, to.typmod) };
    let (old, old_typmod) = if column.type_kind == 'd' {
        match planning.type_facts(&column.type_name).await? {
            Some(domain) => (domain.base, domain.base_typmod.unwrap_or(-1)),
            None => return Ok(false),
        }
    } else {
        (column.type_oid, column.typmod)
    };
    if old == new {
        return Ok(old_typmod == new_typmod || new_typmod == -1 || grows(old, old_typmod, new_typmod));
    }
    if matches!((old, new), (TIMESTAMP, TIMESTAMPTZ) | (TIMESTAMPTZ, TIMESTAMP)) {
        return Ok(utc && (new_typmod == -1 || grows(old, old_typmod, new_typmod)));
    }
    let (old, new) = (old.to_string(), new.to_string());
    let binary = planning
        .ask(
            "SELECT count(*) FROM pg_catalog.pg_cast WHERE castsource = $1::oid AND casttarget = $2::oid AND castmethod = 'b' AND castcontext <> 'e'",
            &[Some(&old), Some(&new)],
        )
        .await?;
    Ok(binary.as_deref() == Some("1") && new_typmod == -1)
}

/// Whether every value of the one modifier is one of the other, to the server's knowledge.
fn grows(type_oid: u32, from: i32, to: i32) -> bool {
    match type_oid {
        VARCHAR | BIT_VARYING => from >= 0 && to >= from,
        NUMERIC if from >= 4 && to >= 4 => {
            let (from, to) = (from - 4, to - 4);
            // The scale has eleven bits and a sign.
            (from & 0x7ff) == (to & 0x7ff) && (to >> 16) >= (from >> 16)
        }
        TIMESTAMP | TIMESTAMPTZ | TIME | TIMETZ => to >= 6 || (from >= 0 && to >= from),
        _ => false,
    }
}

/// Whether nothing that hangs on the column would be read or built again, or would be in the way.
fn keeps_everything_else(planning: &Planning<'_>, relation: &Relation, column: &Column, to: &TypeFacts) -> bool {
    let same_type = to.oid == column.type_oid;
    // Both have the same operators, and so the same index.
    let same_operators = same_type || matches!((column.type_oid, to.oid), (VARCHAR, TEXT) | (TEXT, VARCHAR));
    if !column.generated.is_empty() || relation.partition_columns.contains(&column.name) {
        return false;
    }
    planning.facts.family(relation).iter().all(|member| {
        let names = |columns: &[String]| columns.contains(&column.name);
        member.dependents.iter().all(|dependent| dependent.column != column.name)
            && member.statistics.iter().all(|statistics| !names(&statistics.columns))
            && member.indexes.iter().filter(|index| names(&index.mentions)).all(|index| {
                same_operators && !index.expressions && !index.partial
            })
            && member.constraints.iter().filter(|constraint| names(&constraint.columns)).all(|constraint| match constraint.kind {
                'p' | 'u' => same_operators,
                'f' => same_type,
                'n' => true,
                _ => false,
            })
            && member.referenced_by.iter().filter(|key| names(&key.referenced_columns)).all(|_| same_type)
            && member.kind != 'f'
    })
}

fn in_place(
    planning: &mut Planning<'_>,
    relation: &Relation,
    column: &Column,
    definition: &ColumnDef,
    to: &TypeFacts,
) -> Result<(), ChangeError> {
    let table = relation.name();
    let plain = ColumnDef { colname: "c".to_owned(), raw_default: None, ..definition.clone() };
    let text = column_definition(&plain)?;
    let text = text.strip_prefix("c ").unwrap_or(&text);
    let mut statements = vec![proof::alter(&table, &format!("ALTER COLUMN {} TYPE {text}", quote_ident(&column.name)))];
    let zoned = matches!(column.type_oid, TIMESTAMP | TIMESTAMPTZ) && to.oid != column.type_oid;
    if zoned {
        statements.insert(0, "SET LOCAL TimeZone = 'UTC'".to_owned());
    }
    planning.note(format!(
        "Prepared statements that read {} fail once with \"cached plan must not change result type\" in each session, and work again when they are prepared anew.",
        column_of(&table, &column.name)
    ));
    let collation = column.collation.as_ref().map_or(String::new(), |collation| format!(" COLLATE {collation}"));
    let back = proof::alter(
        &table,
        &format!("ALTER COLUMN {} TYPE {}{collation}", quote_ident(&column.name), column.type_name),
    );
    // The way back may not be the way there: a shorter varchar is looked through.
    let back_is_quick = zoned || to.oid != column.type_oid && column.typmod == -1;
    let undo = if back_is_quick {
        crate::Undo::Transaction {
            lock: Vec::new(),
            statements: if zoned { vec!["SET LOCAL TimeZone = 'UTC'".to_owned(), back] } else { vec![back] },
        }
    } else {
        crate::Undo::Impossible { reason: format!("rows may need the new type meanwhile; the old one comes back by a change of its own: {back}") }
    };
    planning.step(
        Step::transaction(format!("Change the type of {} of {table}", quote_ident(&column.name)), statements)
            .reason("The server keeps every row and every index as it is: the catalog says so.")
            .proof(proof::column(&table, &column.name, Some(&to.name)))
            .locks(&table, LockMode::AccessExclusive)
            .undo(undo)
            .estimate(Estimate::moment()),
    );
    let (oid, typmod, name) = (to.oid, to.typmod, to.name.clone());
    planning.facts.record(relation.oid, |member| {
        for other in member.columns.iter_mut().filter(|other| other.name == column.name) {
            other.type_oid = oid;
            other.typmod = typmod;
            other.type_name = name.clone();
        }
    });
    Ok(())
}
