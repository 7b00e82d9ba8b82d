//! The statements that advice is for, with their weights.

use std::collections::BTreeMap;

use howdah_sql::pg_query::{DeparseOptions, NodeEnum};
use howdah_sql::{Kind, Limits, comments, fingerprint, split_lossy};

use super::repaired::repaired;

/// How often each statement runs, relative to the others.
///
/// A text of statements separated by semicolons. A comment before or inside of a statement may give its
/// weight, such as how often it is called in an hour: `-- weight: 40` or `/* calls=40 */`; without one it is 1.
/// Statements that differ only in their constants are samples of one template and share its work. What `$1`… stand for
/// may be told as well, as a log does, one comment for each execution: `-- parameters: $1 = 'a', $2 = 5`.
#[derive(Debug, Clone, Default)]
pub struct Workload {
    /// In the order of the text.
    pub statements: Vec<Statement>,
    /// What has no plan or cannot be read.
    pub unread: Vec<Unread>,
}

/// A statement of a workload.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Without its semicolon. May hold `$1`….
    pub text: String,
    /// How often it runs, in any unit.
    pub weight: f64,
    /// The line that it starts on, counted from 1; 0 where it is not from a file.
    pub line: usize,
    /// The same for all samples of a template.
    pub template: String,
    /// Whether it writes.
    pub writes: bool,
    /// The values of its parameters, as far as they are known.
    pub values: Vec<Option<String>>,
    /// Milliseconds that all its executions took, where they were measured.
    pub ms: Option<f64>,
}

/// A statement that no index can be advised for.
#[derive(Debug, Clone, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Unread {
    /// Its text, cut to one line.
    pub statement: String,
    /// The line that it starts on, counted from 1; absent where it is not from a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Why, as a sentence.
    pub reason: String,
}

impl Unread {
    /// A statement and the reason.
    pub fn new(text: &str, line: usize, reason: impl Into<String>) -> Self {
        Self {
            statement: one_line(text),
            line: (line > 0).then_some(line),
            reason: reason.into(),
        }
    }
}

impl Workload {
    /// Reads a text of statements.
    pub fn read(text: &str) -> Self {
        let mut workload = Self::default();
        let (pieces, errors) = split_lossy(text);
        for error in errors {
            workload
                .unread
                .push(Unread::new("", error.line, error.to_string()));
        }
        let found: Vec<(usize, &str)> = comments(text).map(|span| (span.start, &text[span])).collect();
        let mut from = 0;
        for piece in pieces {
            let span = piece.span();
            let of_piece = found.iter().filter(|(at, _)| (from..span.end).contains(at));
            let comments: Vec<&str> = of_piece.map(|(_, comment)| *comment).collect();
            from = span.end;
            let mut sets: Vec<Vec<Option<String>>> =
                comments.iter().filter_map(|one| values_in(one)).collect();
            let weights = comments.iter().filter(|one| values_in(one).is_none());
            let weight = weights
                .filter_map(|one| weight_in(one))
                .next_back()
                .unwrap_or(1.0);
            if sets.is_empty() {
                sets.push(Vec::new());
            }
            let share = weight / sets.len() as f64;
            for values in sets {
                workload.add_run(piece.text, values, share, None, piece.line);
            }
        }
        workload
    }

    /// Adds a statement, or says why it cannot be.
    pub fn add(&mut self, text: &str, weight: f64, line: usize) {
        self.add_run(text, Vec::new(), weight, None, line);
    }

    /// Adds a statement that ran with these values of its parameters and took so many milliseconds in all.
    pub(crate) fn add_run(
        &mut self,
        text: &str,
        values: Vec<Option<String>>,
        weight: f64,
        ms: Option<f64>,
        line: usize,
    ) {
        match readable(&repaired(text)) {
            Ok((text, writes)) => {
                let template = template(&text);
                self.statements.push(Statement {
                    text,
                    weight,
                    line,
                    template,
                    writes,
                    values,
                    ms,
                });
            }
            Err(reason) => self.unread.push(Unread::new(text, line, reason)),
        }
    }

    /// The samples of each template that are costed, at most `most` of each, with the template's whole weight; and
    /// how many templates of least weight are left out where there are more than `templates_max`.
    pub(crate) fn samples(&self, most: usize, templates_max: usize) -> (Vec<Statement>, usize) {
        let mut by_template: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, statement) in self.statements.iter().enumerate() {
            by_template.entry(&statement.template).or_default().push(at);
        }
        let total = |places: &[usize]| places.iter().map(|at| self.statements[*at].weight).sum::<f64>();
        let mut templates: Vec<(f64, Vec<usize>)> = by_template
            .into_values()
            .map(|places| (total(&places), places))
            .collect();
        templates.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let left_out = templates.len().saturating_sub(templates_max);
        templates.truncate(templates_max);
        let mut kept: Vec<(usize, f64, Option<f64>)> = Vec::new();
        for (whole, places) in &templates {
            let count = places.len().min(most);
            // Evenly from first to last.
            let chosen: Vec<usize> = (0..count).map(|n| places[n * places.len() / count]).collect();
            let weight = total(&chosen);
            let share = if weight > 0.0 { whole / weight } else { 0.0 };
            let times: Option<Vec<f64>> = places.iter().map(|at| self.statements[*at].ms).collect();
            let ms = times.map(|times| times.iter().sum::<f64>());
            kept.extend(chosen.into_iter().map(|at| {
                let own = self.statements[at].weight * share;
                // Each stands for as much of the time as of the executions.
                (at, own, ms.filter(|_| *whole > 0.0).map(|ms| ms * own / whole))
            }));
        }
        kept.sort_by_key(|(at, ..)| *at);
        let samples = kept.into_iter().map(|(at, weight, ms)| Statement {
            weight,
            ms,
            ..self.statements[at].clone()
        });
        (samples.collect(), left_out)
    }
}

/// What the samples of a template have in common. The fingerprint takes tables whose names differ in their digits for
/// the same.
fn template(text: &str) -> String {
    let mut template = fingerprint(text).unwrap_or_else(|_| text.to_owned());
    if let Ok(script) = howdah_sql::parse(text, &Limits::default()) {
        let relations = script
            .statements
            .iter()
            .flat_map(howdah_sql::Statement::relations)
            .map(|found| found.relation.to_string());
        let names: std::collections::BTreeSet<String> = relations.collect();
        for name in names {
            template.push(' ');
            template.push_str(&name);
        }
    }
    template
}

/// The text to be planned, without what locks rows, and whether it writes.
fn readable(text: &str) -> Result<(String, bool), String> {
    howdah_pg::guard::bounded(text).map_err(|refusal| refusal.to_string())?;
    let script = howdah_sql::parse(text, &Limits::default()).map_err(|error| error.to_string())?;
    let [statement] = script.statements.as_slice() else {
        return Err("It is not one statement.".to_owned());
    };
    match statement.kind() {
        Kind::Select => Ok((text.to_owned(), false)),
        Kind::Insert | Kind::Update | Kind::Delete | Kind::Merge => Ok((without_locking(text), true)),
        Kind::SelectLocking | Kind::SelectWriting => {
            let plain = without_locking(text);
            let parsed = howdah_sql::parse(&plain, &Limits::default());
            let reads = parsed.is_ok_and(
                |script| matches!(script.statements.as_slice(), [one] if matches!(one.kind(), Kind::Select)),
            );
            match reads {
                true => Ok((plain, false)),
                false => Err(
                    "It writes in a WITH query or INTO, which is not planned without running it.".to_owned(),
                ),
            }
        }
        kind => match queried(statement.node()) {
            Some(query) => readable(&query),
            None => Err(format!("{} has no plan that an index could change.", kind.name())),
        },
    }
}

/// The statement whose plan is that of another: what is explained, prepared, read by a cursor, copied or stored.
fn queried(node: &NodeEnum) -> Option<String> {
    let query = match node {
        NodeEnum::ExplainStmt(statement) => statement.query.as_ref(),
        NodeEnum::PrepareStmt(statement) => statement.query.as_ref(),
        NodeEnum::DeclareCursorStmt(statement) => statement.query.as_ref(),
        NodeEnum::CopyStmt(statement) => statement.query.as_ref(),
        NodeEnum::CreateTableAsStmt(statement) => statement.query.as_ref(),
        _ => None,
    }?;
    query.node.as_ref()?.deparse(DeparseOptions::default()).ok()
}

/// Without FOR UPDATE and its kin: rows that are locked are found in the same way, and what reads only may be
/// planned in a transaction that only reads.
fn without_locking(text: &str) -> String {
    let Ok(scanned) = howdah_sql::pg_query::scan(text) else {
        return text.to_owned();
    };
    let place = |at: i32| usize::try_from(at).unwrap_or(0);
    let words: Vec<(usize, usize, String)> = scanned
        .tokens
        .iter()
        .map(|token| (place(token.start), place(token.end)))
        .filter_map(|(start, end)| Some((start, end, text.get(start..end)?.to_ascii_lowercase())))
        .filter(|(_, _, word)| !word.starts_with("--") && !word.starts_with("/*"))
        .collect();
    let word = |at: usize| words.get(at).map_or("", |(_, _, word)| word.as_str());
    let mut plain = String::with_capacity(text.len());
    let (mut copied, mut at) = (0, 0);
    while at < words.len() {
        let strength = match (word(at), word(at + 1), word(at + 2), word(at + 3)) {
            ("for", "update" | "share", ..) => 2,
            ("for", "key", "share", _) => 3,
            ("for", "no", "key", "update") => 4,
            _ => 0,
        };
        if strength == 0 {
            at += 1;
            continue;
        }
        plain.push_str(&text[copied..words[at].0]);
        at += strength;
        if word(at) == "of" {
            at += 2;
            while word(at) == "," || word(at) == "." {
                at += 2;
            }
        }
        match (word(at), word(at + 1)) {
            ("nowait", _) => at += 1,
            ("skip", "locked") => at += 2,
            _ => {}
        }
        copied = words[at - 1].1;
    }
    plain.push_str(&text[copied..]);
    plain
}

/// The number behind `weight` or `calls` in a comment.
fn weight_in(comment: &str) -> Option<f64> {
    let lower = comment.to_ascii_lowercase();
    let behind = ["weight", "calls"].iter().find_map(|word| {
        let at = lower.find(word)?;
        Some(lower[at + word.len()..].trim_start_matches([' ', ':', '=', '\t']))
    })?;
    let end = behind
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(behind.len());
    let weight: f64 = behind[..end].trim_end_matches('.').parse().ok()?;
    (weight.is_finite() && weight >= 0.0).then_some(weight)
}

/// The values behind `parameters` in a comment: `-- parameters: $1 = 'a', $2 = 5`.
fn values_in(comment: &str) -> Option<Vec<Option<String>>> {
    let inner = comment.trim_start_matches(['-', '/', '*', ' ', '\t']);
    let (word, values) = inner.split_once(':')?;
    let is_told = matches!(word.trim().to_ascii_lowercase().as_str(), "parameters" | "params");
    let values = howdah_sql::log::values(values.trim_end_matches(['*', '/']).trim());
    (is_told && !values.is_empty()).then_some(values)
}

/// A statement on one line, cut.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(160) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_stand_in_comments() {
        let text = "-- weight: 40\nSELECT 1 FROM t WHERE a = 1; SELECT 2; /* calls=7.5 */ SELECT 3\n-- weight: 9\n, 4;";
        let workload = Workload::read(text);
        let weights: Vec<f64> = workload
            .statements
            .iter()
            .map(|statement| statement.weight)
            .collect();
        assert_eq!(weights, [40.0, 1.0, 9.0]);
    }

    #[test]
    fn what_has_no_plan_is_told_and_the_rest_goes_on() {
        let text = "CREATE TABLE x (); SELEC 1; SELECT a FROM t; WITH d AS (DELETE FROM t RETURNING 1) SELECT * FROM d; \\d x\nSELECT 5";
        let workload = Workload::read(text);
        assert_eq!(workload.statements.len(), 2, "{:?}", workload.statements);
        assert_eq!(workload.unread.len(), 4, "{:?}", workload.unread);
    }

    #[test]
    fn what_holds_a_query_is_planned_as_that() {
        let text = "EXPLAIN (ANALYZE, BUFFERS) SELECT a FROM t; PREPARE p (int) AS UPDATE t SET a = 1 WHERE b = $1; \
            DECLARE c CURSOR FOR SELECT a FROM t WHERE b = 1 FOR UPDATE; COPY (SELECT a FROM t) TO STDOUT; \
            CREATE TABLE u AS SELECT a FROM t; EXPLAIN EXECUTE p(1); COPY t TO STDOUT; CREATE VIEW v AS SELECT a FROM t";
        let workload = Workload::read(text);
        let texts: Vec<&str> = workload.statements.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "SELECT a FROM t",
                "UPDATE t SET a = 1 WHERE b = $1",
                "SELECT a FROM t WHERE b = 1 ",
                "SELECT a FROM t",
                "SELECT a FROM t"
            ]
        );
        assert_eq!(workload.unread.len(), 3, "{:?}", workload.unread);
    }

    #[test]
    fn what_parameters_stand_for_is_told_in_comments() {
        let text = "-- weight: 10\n-- parameters: $1 = 'a''b', $2 = 5\n-- params: $1 = 'c', $2 = NULL\nSELECT 1 FROM t WHERE a = $1 AND b = $2; \
            /* parameters: none */ SELECT 2";
        let workload = Workload::read(text);
        let found: Vec<_> = workload
            .statements
            .iter()
            .map(|one| (one.weight, one.values.clone()))
            .collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            found,
            [
                (5.0, vec![some("a'b"), some("5")]),
                (5.0, vec![some("c"), None]),
                (1.0, vec![])
            ]
        );
    }

    #[test]
    fn locks_are_left_out() {
        for (text, plain) in [
            (
                "SELECT 1 FROM t FOR UPDATE OF t, u SKIP LOCKED",
                "SELECT 1 FROM t ",
            ),
            (
                "SELECT 1 FROM (SELECT 1 FROM t FOR NO KEY UPDATE NOWAIT) x WHERE a = ' for update '",
                "SELECT 1 FROM (SELECT 1 FROM t ) x WHERE a = ' for update '",
            ),
            (
                "SELECT substring(a FOR 3) FROM t",
                "SELECT substring(a FOR 3) FROM t",
            ),
        ] {
            assert_eq!(without_locking(text), plain);
        }
    }

    #[test]
    fn tables_that_are_numbered_are_not_one() {
        let text =
            "SELECT 1 FROM t_17 WHERE a = 1; SELECT 1 FROM t_18 WHERE a = 2; SELECT 1 FROM t_18 WHERE a = 3";
        let workload = Workload::read(text);
        let templates: Vec<&str> = workload
            .statements
            .iter()
            .map(|one| one.template.as_str())
            .collect();
        assert!(
            templates[0] != templates[1] && templates[1] == templates[2],
            "{templates:?}"
        );
    }

    #[test]
    fn samples_share_the_weight_of_their_template() {
        let text: String = (0..9)
            .map(|n| format!("SELECT 1 FROM t WHERE a = {n};"))
            .collect();
        let (samples, left_out) = Workload::read(&text).samples(3, 10);
        assert_eq!(left_out, 0);
        assert_eq!(samples.len(), 3);
        assert!((samples.iter().map(|sample| sample.weight).sum::<f64>() - 9.0).abs() < 1e-9);
        let mut timed = Workload::default();
        for n in 0..9 {
            let text = format!("SELECT 1 FROM t WHERE a = {n}");
            timed.add_run(&text, Vec::new(), 1.0, Some(f64::from(n)), 0);
        }
        let (samples, _) = timed.samples(3, 10);
        let ms: f64 = samples.iter().filter_map(|sample| sample.ms).sum();
        assert!((ms - 36.0).abs() < 1e-9, "{samples:?}");
    }
}
