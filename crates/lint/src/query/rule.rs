use howdah_core::{Applicability, Finding, Fix, Severity, Span};
use howdah_sql::{Limits, Statement};
use serde_json::Value;

use super::scope::{Query, Scope};
use super::tables::Tables;
use crate::migration::Script;
use crate::schema::SchemaModel;

/// What is known beside the script itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct QueryOptions<'a> {
    /// The target's schema.
    pub model: Option<&'a SchemaModel>,
    /// Whether the script changes a schema.
    pub is_migration: bool,
    /// Whether the script fills tables with rows that it brings along.
    pub is_seed: bool,
}

/// A rule of the query family. `query_rule!` registers one.
pub struct QueryRule {
    /// `query/` and the name of its file, with dashes.
    pub code: &'static str,
    /// The section of the guide that it comes from or corrects.
    pub guide: &'static str,
    /// Finds.
    pub check: QueryCheck,
}

/// What a rule looks at.
#[derive(Clone, Copy)]
pub enum QueryCheck {
    /// Each statement by itself.
    Statement(fn(&Query<'_>, &mut QueryFound)),
    /// The statements of a script together.
    Script(fn(&[ScriptStatement<'_>], &QueryOptions<'_>, &mut QueryFound)),
}

inventory::collect!(QueryRule);

/// Registers a rule of the query family.
#[macro_export]
macro_rules! query_rule {
    ($code:literal, $guide:literal) => {
        inventory::submit! {
            $crate::query::QueryRule { code: $code, guide: $guide, check: $crate::query::QueryCheck::Statement(check) }
        }
    };
    ($code:literal, $guide:literal, script) => {
        inventory::submit! {
            $crate::query::QueryRule { code: $code, guide: $guide, check: $crate::query::QueryCheck::Script(check) }
        }
    };
}

/// A statement of a script.
#[derive(Debug, Clone, Copy)]
pub struct ScriptStatement<'a> {
    /// The statement.
    pub statement: &'a Statement,
    /// Where its text starts in the script, in bytes.
    pub start: usize,
}

impl<'a> ScriptStatement<'a> {
    /// The statements of a script that was parsed as a whole.
    pub fn all(statements: &'a [Statement]) -> Vec<Self> {
        let all = statements.iter().map(|statement| Self {
            statement,
            start: statement.span().start,
        });
        all.collect()
    }

    /// Its first word, as a span in the script.
    pub fn span(&self) -> Span {
        let word = super::span_at(self.statement.text(), 0);
        Span {
            start: word.start + self.start,
            end: word.end + self.start,
        }
    }
}

/// Takes what rules find in one statement or script.
#[derive(Debug, Default)]
pub struct QueryFound {
    /// Where positions count from, in the script.
    offset: usize,
    drafts: Vec<QueryDraft>,
}

/// A finding that is being written.
#[derive(Debug)]
pub struct QueryDraft {
    severity: Severity,
    span: Span,
    message: String,
    evidence: Vec<String>,
    object: Option<String>,
    fix: Option<Fix>,
}

impl QueryFound {
    /// Begins a finding about a stretch of the statement's text; it is in the list from now on.
    pub fn add(&mut self, severity: Severity, span: Span, message: impl Into<String>) -> &mut QueryDraft {
        self.drafts.push(QueryDraft {
            severity,
            span: Span {
                start: span.start + self.offset,
                end: span.end + self.offset,
            },
            message: message.into(),
            evidence: Vec::new(),
            object: None,
            fix: None,
        });
        let last = self.drafts.len() - 1;
        &mut self.drafts[last]
    }

    fn finish(&mut self, rule: &QueryRule) -> impl Iterator<Item = Finding> {
        std::mem::take(&mut self.drafts).into_iter().map(|draft| Finding {
            code: rule.code.to_owned(),
            severity: draft.severity,
            object: draft.object,
            span: Some(draft.span),
            message: draft.message,
            evidence: draft.evidence,
            fix: draft.fix,
            guide: Some(rule.guide.to_owned()),
        })
    }
}

impl QueryDraft {
    /// A figure or a fact that it rests on.
    pub fn evidence(&mut self, fact: impl Into<String>) -> &mut Self {
        self.evidence.push(fact.into());
        self
    }

    /// The database object that it is about.
    pub fn object(&mut self, object: impl Into<String>) -> &mut Self {
        self.object = Some(object.into());
        self
    }

    /// The statement that means provably the same.
    pub fn safe_fix(&mut self, sql: impl Into<String>) -> &mut Self {
        self.fix(sql, Applicability::Safe)
    }

    /// A statement that is likely what was meant.
    pub fn unsafe_fix(&mut self, sql: impl Into<String>) -> &mut Self {
        self.fix(sql, Applicability::Unsafe)
    }

    /// How it could look.
    pub fn shown_fix(&mut self, sql: impl Into<String>) -> &mut Self {
        self.fix(sql, Applicability::Display)
    }

    fn fix(&mut self, sql: impl Into<String>, applicability: Applicability) -> &mut Self {
        self.fix = Some(Fix {
            sql: sql.into(),
            applicability,
        });
        self
    }
}

/// Every rule of the family, sorted by code.
pub fn query_rules() -> Vec<&'static QueryRule> {
    let mut rules: Vec<&QueryRule> = inventory::iter::<QueryRule>().collect();
    rules.sort_by_key(|rule| rule.code);
    rules
}

/// What the rules of the family find in a script that was read for a runner, in the order of the
/// text. What does not parse is left to others.
pub fn of_script(script: &Script<'_>, options: &QueryOptions<'_>) -> Vec<Finding> {
    let parsed = script.sentences.iter().filter_map(|sentence| {
        let statement = sentence.parsed.as_ref().ok()?;
        Some(ScriptStatement {
            statement,
            start: sentence.span.start + statement.span().start,
        })
    });
    check_script(&parsed.collect::<Vec<_>>(), options)
}

/// What the rules of the family find in a script, in the order of the text.
pub fn check_script(script: &[ScriptStatement<'_>], options: &QueryOptions<'_>) -> Vec<Finding> {
    let rules = query_rules();
    let mut findings = Vec::new();
    let mut found = QueryFound::default();
    for rule in &rules {
        if let QueryCheck::Script(check) = rule.check {
            found.offset = 0;
            check(script, options, &mut found);
            findings.extend(found.finish(rule));
        }
    }
    for &ScriptStatement { statement, start } in script.iter().filter(|of| is_looked_at(of.statement)) {
        let text = statement.text();
        // What was parsed once as part of the script parses again; beyond the limits there is nothing to say.
        let tree = match is_plain_insert(statement) {
            true => Value::Null,
            false => howdah_sql::tree(text, &Limits::default())
                .ok()
                .and_then(|mut all| all.pop())
                .unwrap_or(Value::Null),
        };
        let scopes = Scope::all(&tree);
        let query = Query {
            text,
            statement,
            tree: &tree,
            scopes: &scopes,
            tables: Tables { model: options.model },
            is_migration: options.is_migration,
        };
        found.offset = start;
        for rule in &rules {
            if let QueryCheck::Statement(check) = rule.check {
                check(&query, &mut found);
                findings.extend(found.finish(rule));
            }
        }
    }
    let place = |finding: &Finding| finding.span.map_or(0, |span| span.start);
    findings.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.code.cmp(&b.code)));
    findings
}

fn is_looked_at(statement: &Statement) -> bool {
    use howdah_sql::pg_query::NodeEnum as Node;
    matches!(
        statement.node(),
        Node::SelectStmt(_)
            | Node::InsertStmt(_)
            | Node::UpdateStmt(_)
            | Node::DeleteStmt(_)
            | Node::MergeStmt(_)
            | Node::ExplainStmt(_)
            | Node::ViewStmt(_)
            | Node::CreateTableAsStmt(_)
            | Node::DeclareCursorStmt(_)
            | Node::PrepareStmt(_)
            | Node::CopyStmt(_)
            | Node::VacuumStmt(_)
            | Node::AlterSystemStmt(_)
    )
}

/// Whether it inserts values and nothing else: then its tree may be very long, and holds nothing to look at.
fn is_plain_insert(statement: &Statement) -> bool {
    use howdah_sql::pg_query::NodeEnum as Node;
    let Node::InsertStmt(insert) = statement.node() else {
        return false;
    };
    let select = insert
        .select_stmt
        .as_ref()
        .and_then(|select| select.node.as_ref());
    matches!(select, Some(Node::SelectStmt(select)) if !select.values_lists.is_empty())
        && insert.with_clause.is_none()
}
