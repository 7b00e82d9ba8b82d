//! The allow list against fresh servers: every symbol of every installed version has a class.

use howdah_testkit::{majors, server};

/// The sections of the list, as `library → symbols`.
fn known() -> std::collections::HashMap<String, std::collections::HashSet<String>> {
    let mut known: std::collections::HashMap<String, std::collections::HashSet<String>> = Default::default();
    let mut library = String::new();
    for line in include_str!("../../src/guard/allow/symbols.txt").lines() {
        if line.starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_prefix('[') {
            let head = head.split_once("] ").unwrap().1.split_once(": ").unwrap().0;
            library = head.split_once(' ').unwrap().1.to_owned();
        } else {
            known
                .entry(library.clone())
                .or_default()
                .extend(line.split_whitespace().map(str::to_owned));
        }
    }
    known
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_of_a_fresh_server_has_a_class() {
    let known = known();
    let mut missing = Vec::new();
    for major in majors() {
        let database = server(major).await.database("allow").await;
        let probe = database.probe().await;
        let extensions = probe
            .query("SELECT name FROM pg_available_extensions", &[])
            .await
            .unwrap();
        for extension in extensions {
            let name: String = extension.get(0);
            // Languages that are not installed, and third parties', are left out.
            let _ = probe
                .batch_execute(&format!("CREATE EXTENSION IF NOT EXISTS \"{name}\" CASCADE"))
                .await;
        }
        let rows = probe
            .query(
                "SELECT DISTINCT l.lanname::text, coalesce(p.probin, ''), p.prosrc, p.provolatile::text \
                 FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE l.lanname IN ('internal', 'c')",
                &[],
            )
            .await
            .unwrap();
        for row in rows {
            let [language, library, symbol, volatile]: [String; 4] = std::array::from_fn(|at| row.get(at));
            let library = match language.as_str() {
                "internal" => "internal".to_owned(),
                _ => library.trim_start_matches("$libdir/").to_owned(),
            };
            let symbols = known.get(&library);
            if !symbols.is_some_and(|symbols| symbols.contains(&symbol) || symbols.contains("*")) {
                missing.push(format!("{major}: {library} {symbol} ({volatile})"));
            }
        }
    }
    assert!(missing.is_empty(), "no class covers:\n{}", missing.join("\n"));
}

/// Everything the server itself uses without a name is harmless, and all functions in
/// SQL that come with it can be judged: else ordinary statements would be refused.
#[tokio::test(flavor = "multi_thread")]
async fn ordinary_functions_in_sql_are_settled() {
    for major in majors() {
        let database = server(major).await.database("allow").await;
        let target = super::arena::target(&database.url());
        for sql in [
            "SELECT lpad('a', 3), rpad('a', 3), age(now()), log(10.0::numeric), substring('abc' FROM 'a(b)c')",
            "SELECT interval '1 day' + date '2020-01-01', date '2020-01-01' + time '10:00', 1 || 'a', 'a' || 1",
            "SELECT path '((0,0),(1,1))' @> point '(0,0)', (date '2020-01-01', date '2020-02-01') OVERLAPS (date '2020-01-15', date '2020-03-01')",
            "SELECT pg_relation_size('pg_class'), shobj_description(1, 'pg_database'), to_timestamp(0), pg_size_pretty(1::bigint)",
            "SELECT * FROM information_schema.table_constraints LIMIT 1",
            "SELECT * FROM ts_debug('english', 'a b') LIMIT 1",
        ] {
            super::arena::run(&target, sql)
                .await
                .unwrap_or_else(|error| panic!("{major}: {sql}: {error:?}"));
        }
    }
}
