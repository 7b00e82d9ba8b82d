//! The texts that read a query's rows.
//!
//! `CAST(row AS text)` calls the output function of each column's type, as the wire would, so that
//! no type is beyond a service. What a row's text has beyond 15,000 characters comes as further
//! rows: no row of the answer comes near 64 KiB. The query stands in a WITH that is MATERIALIZED: it is planned as if it
//! stood alone, and its rows keep their order; it still is carried out only as far as rows are asked for.

use super::Fault;
use super::statement::{Ready, bounded, the_tree, unlike, without_places};

/// Characters of a piece of a row.
const PIECE: u32 = 15_000;
/// Pieces of one row: more than four million characters are refused, not brought here call by call.
pub(super) const PIECES_MAX: u32 = 280;
/// Rows of a first answer, which is asked for without a cursor.
pub(super) const FIRST_ROWS: u32 = 1_001;
/// Bytes of an answer that are aimed at, as JSON; the service allows 1 MiB.
const BYTES: u32 = 600_000;
/// Pages that always fit, and those that are taken where what lies ahead fits.
pub(super) const PAGES: [u32; 5] = [8, 50, 400, 1_500, 6_000];
/// Bytes of an answer around the text of a piece.
const AROUND: u32 = 160;

/// The kinds of rows in an answer.
pub(super) const HEADER: &str = "0";
pub(super) const PART: &str = "1";
pub(super) const LAST_PART: &str = "2";
pub(super) const CUT: &str = "3";

/// What the texts begin with, after which the statement stands.
const WITH: &str = "WITH howdah_s AS MATERIALIZED (\n";
const WITH_WRITE: &str = "WITH howdah_s AS (\n";

/// A text to send, and how many characters stand before the statement's own.
pub(super) struct Wrapped {
    pub(super) sql: String,
    pub(super) before: usize,
}

/// Our own text with its operators named in full: a search path must not choose others.
fn qualified(text: &str) -> String {
    ["<=", "+", "-", "*", "/", "=", ">"]
        .iter()
        .fold(text.to_owned(), |text, operator| {
            text.replace(
                &format!(" {operator} "),
                &format!(" OPERATOR(pg_catalog.{operator}) "),
            )
        })
}

/// Names and types of the columns.
const HEADER_OF: &str = "SELECT 0 AS k, CAST(pg_catalog.row_to_json(j.*) AS pg_catalog.text) AS a, \
     pg_catalog.encode(pg_catalog.record_send(j.*), 'hex') AS b \
     FROM (SELECT q.* FROM (SELECT 1) AS one LEFT JOIN (SELECT howdah_s.* FROM howdah_s LIMIT 0) AS q ON true) AS j";

/// The pieces of at most so many rows, each with its length in an answer.
fn pieces(limit: Option<u32>) -> String {
    let limit = limit.map_or_else(String::new, |rows| format!("LIMIT {rows} "));
    format!(
        ", howdah_d AS (SELECT CAST((s.*) AS pg_catalog.text) AS r FROM howdah_s AS s {limit}OFFSET 0)\
         , howdah_p AS (SELECT n, (pg_catalog.length(r) - 1) / {PIECE} AS last, \
         pg_catalog.substr(r, n * {PIECE} + 1, {PIECE}) AS p FROM howdah_d CROSS JOIN LATERAL \
         pg_catalog.generate_series(0, LEAST((pg_catalog.length(r) - 1) / {PIECE}, {PIECES_MAX})) AS n OFFSET 0)\
         , howdah_t AS (SELECT n, last, p, \
         pg_catalog.octet_length(CAST(pg_catalog.to_json(p) AS pg_catalog.text)) + {AROUND} AS len FROM howdah_p OFFSET 0) "
    )
}

/// The columns, and the rows as far as they fit into one answer.
pub(super) fn first(ready: &Ready, limit: u32) -> Result<Wrapped, Fault> {
    let tail = format!(
        "{}{HEADER_OF} UNION ALL SELECT CASE WHEN total > {BYTES} THEN 3 WHEN n = last THEN 2 ELSE 1 END, \
         CASE WHEN total <= {BYTES} THEN p END, NULL FROM (SELECT n, last, p, len, \
         pg_catalog.sum(len) OVER (ROWS UNBOUNDED PRECEDING) AS total FROM howdah_t) AS w \
         WHERE (total - len) <= {BYTES}",
        pieces(Some(limit)),
    );
    wrapped(ready, "", WITH, &tail)
}

/// The columns alone.
pub(super) fn columns(ready: &Ready) -> Result<Wrapped, Fault> {
    wrapped(ready, "", WITH, &format!(" {HEADER_OF}"))
}

/// A write with the columns and rows that it returns; all of them, or an error of the service.
pub(super) fn returning(ready: &Ready) -> Result<Wrapped, Fault> {
    let tail =
        format!(" {HEADER_OF} UNION ALL SELECT 2, CAST((s.*) AS pg_catalog.text), NULL FROM howdah_s AS s");
    wrapped(ready, "", WITH_WRITE, &tail)
}

/// A cursor over all rows, each with the bytes that lie ahead of it.
pub(super) fn cursor(ready: &Ready, name: &str, limit: Option<u32>) -> Result<Wrapped, Fault> {
    let ahead: Vec<String> = PAGES[1..]
        .iter()
        .map(|page| format!("pg_catalog.sum(len) OVER (ROWS BETWEEN 1 FOLLOWING AND {page} FOLLOWING)"))
        .collect();
    let tail = format!(
        "{}SELECT CASE WHEN n = last THEN 2 ELSE 1 END AS k, p, {} FROM howdah_t",
        pieces(limit),
        ahead.join(", ")
    );
    wrapped(
        ready,
        &format!("DECLARE {name} NO SCROLL CURSOR FOR "),
        WITH,
        &tail,
    )
}

/// The rows to fetch next, by what the last row says of those ahead.
pub(super) fn page(ahead: &[Option<String>]) -> u32 {
    let fits = |bytes: &Option<String>| match bytes {
        None => true,
        Some(bytes) => bytes.parse::<u64>().is_ok_and(|bytes| bytes <= u64::from(BYTES)),
    };
    let larger = PAGES[1..].iter().zip(ahead).rev().find(|(_, bytes)| fits(bytes));
    larger.map_or(PAGES[0], |(page, _)| *page)
}

/// Puts the statement between two texts, and makes sure by the grammar that it is in there as a
/// whole and as it was: nothing in it can end what it stands in.
fn wrapped(ready: &Ready, before: &str, with: &str, tail: &str) -> Result<Wrapped, Fault> {
    let head = format!("{before}{with}");
    let sql = format!("{head}{}\n){}", ready.text, qualified(tail));
    bounded(&sql)?;
    let tree = the_tree(&sql)?;
    let query = tree
        .get("DeclareCursorStmt")
        .map_or(&tree, |declare| &declare["query"]);
    let inner = &query["SelectStmt"]["withClause"]["ctes"][0]["CommonTableExpr"]["ctequery"];
    if inner.is_null() || without_places(inner.clone()) != without_places(the_tree(&ready.text)?) {
        return Err(unlike());
    }
    Ok(Wrapped {
        before: head.chars().count(),
        sql,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::statement::ready;
    use super::*;

    #[test]
    fn a_statement_stands_in_a_wrapper_as_it_was() {
        for sql in [
            "SELECT 1 -- to the end",
            "VALUES (1), (2) ORDER BY 1 DESC",
            "TABLE t",
            "WITH a AS (SELECT 1) SELECT * FROM a UNION ALL SELECT 2 LIMIT 3",
            "SELECT '/*', $$)$$, \")\" FROM t /* ) */",
        ] {
            let ready = ready(sql, &[]).unwrap().unwrap();
            let wrapped = first(&ready, 10).unwrap();
            assert!(wrapped.sql[wrapped.before..].starts_with(&ready.text), "{sql}");
            assert!(cursor(&ready, "c", None).is_ok(), "{sql}");
            assert!(columns(&ready).is_ok(), "{sql}");
        }
    }

    #[test]
    fn pages_are_as_large_as_what_lies_ahead_allows() {
        let ahead = |bytes: [u32; 4]| page(&bytes.map(|bytes| Some(bytes.to_string())));
        assert_eq!(ahead([BYTES, BYTES + 1, BYTES + 1, BYTES + 1]), 50);
        assert_eq!(ahead([1, 2, 3, 4]), 6_000);
        assert_eq!(ahead([BYTES + 1; 4]), 8);
        // Behind the last row there is nothing.
        assert_eq!(page(&[None, None, None, None]), 6_000);
    }
}
