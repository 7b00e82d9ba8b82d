//! DO blocks: the statements that stand in the block are looked at as if they stood in the script.

use howdah_rehearse::WorkKind;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::{Limits, parse, plpgsql_tree};
use serde_json::Value;

use super::{Gathering, Place};

pub(super) fn read(place: &Place<'_>, to: &mut Gathering<'_>) {
    let limits = Limits {
        max_bytes: place.text.len().max(1),
        ..Limits::default()
    };
    let Ok(bodies) = plpgsql_tree(place.text) else {
        to.unsure("What the block does cannot be read without a server: --rehearse runs it on one.");
        return;
    };
    let mut found = Found::default();
    found.visit(&bodies);
    let batches = found.commits && found.loops;
    let grows = found.loops && !found.commits;
    to.loops |= grows;
    for sql in &found.statements {
        let Ok(script) = parse(sql, &limits) else { continue };
        for statement in &script.statements {
            super::statement(statement.node(), place, to);
            // Turn after turn of a loop is one transaction.
            match statement.node() {
                NodeEnum::UpdateStmt(update) if grows => {
                    update
                        .relation
                        .iter()
                        .for_each(|table| to.work(table, WorkKind::RowsWritten));
                }
                NodeEnum::DeleteStmt(delete) if grows => {
                    delete
                        .relation
                        .iter()
                        .for_each(|table| to.work(table, WorkKind::RowsWritten));
                }
                _ => {}
            }
        }
    }
    if found.dynamic {
        to.unsure("The block runs text that it puts together: --rehearse shows what that does.");
    }
    if batches && !place.in_block {
        // Each turn is a transaction of its own, and as short as the block makes it.
        to.effects.work.clear();
        to.effects.losses.clear();
    }
    if found.commits && place.in_block {
        to.fail("2D000", "invalid transaction termination");
    }
}

#[derive(Default)]
struct Found {
    statements: Vec<String>,
    dynamic: bool,
    commits: bool,
    loops: bool,
}

impl Found {
    fn visit(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                for (key, below) in map {
                    match key.as_str() {
                        "PLpgSQL_stmt_execsql" => {
                            if let Some(query) = query(&below["sqlstmt"]) {
                                self.statements.push(query);
                            }
                        }
                        "PLpgSQL_stmt_dynexecute" => {
                            match query(&below["query"]).as_deref().and_then(constant) {
                                Some(sql) => self.statements.push(sql),
                                None => self.dynamic = true,
                            }
                        }
                        "PLpgSQL_stmt_perform" => {
                            if let Some(query) = query(&below["expr"]) {
                                self.statements.push(query);
                            }
                        }
                        "PLpgSQL_stmt_commit" => self.commits = true,
                        "PLpgSQL_stmt_loop" | "PLpgSQL_stmt_while" | "PLpgSQL_stmt_fori"
                        | "PLpgSQL_stmt_fors" => self.loops = true,
                        _ => {}
                    }
                    self.visit(below);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.visit(item)),
            _ => {}
        }
    }
}

fn query(expression: &Value) -> Option<String> {
    expression["PLpgSQL_expr"]["query"].as_str().map(str::to_owned)
}

/// The text of a string constant, or of the pattern that `format` fills, as it stands in an expression.
fn constant(expression: &str) -> Option<String> {
    let text = expression.trim();
    if text
        .get(..7)
        .is_some_and(|start| start.eq_ignore_ascii_case("format("))
    {
        let rest = &text[7..];
        let end = rest.match_indices('\'').nth(1).map(|(at, _)| at + 1)?;
        let filled = constant(&rest[..end])?;
        let filled = filled.replace("%I", "some_name").replace("%L", "'some value'");
        return (!filled.contains('%')).then_some(filled);
    }
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    let plain = inner.replace("''", "");
    (!plain.contains('\'')).then(|| inner.replace("''", "'"))
}
