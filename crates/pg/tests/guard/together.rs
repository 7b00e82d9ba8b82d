//! Many statements judged together.

use howdah_pg::guard::{self, GuardError, Verdict};
use howdah_testkit::{majors, server};

use super::arena::Arena;

/// The statement that a verdict stands for is the one that it is about, wherever it stands among others.
#[tokio::test(flavor = "multi_thread")]
async fn each_has_the_verdict_that_it_has_alone() {
    for major in majors() {
        let arena = Arena::new(server(major).await).await;
        arena
            .setup("CREATE VIEW trap AS SELECT evil(id) FROM t; CREATE VIEW plain_view AS SELECT fine(id) FROM t")
            .await;
        let mut texts: Vec<String> = (0..150)
            .map(|n| format!("EXPLAIN SELECT name FROM t WHERE id = {n} ORDER BY at"))
            .collect();
        for (at, sql) in [
            (0, "EXPLAIN SELECT 1"),
            (7, "EXPLAIN SELECT evil()"),
            (63, "EXPLAIN SELECT * FROM trap"),
            (64, "EXPLAIN SELECT * FROM plain_view WHERE fine_true(1)"),
            (90, "EXPLAIN SELECT FROM WHERE"),
            (91, "EXPLAIN SELECT pg_input_is_valid('1', 'int4')"),
            (120, "DROP TABLE t"),
            (149, "EXPLAIN UPDATE t SET n = evil(n)"),
        ] {
            texts[at] = sql.to_owned();
        }
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let target = arena.target("postgres");
        let mut session = target.session().await.unwrap();
        let together = guard::examine_all(&mut session, &texts).await.unwrap();
        assert_eq!(together.len(), texts.len());
        let mut refused = Vec::new();
        for (at, (text, found)) in texts.iter().zip(&together).enumerate() {
            let alone = guard::examine(&mut session, text).await;
            let same = match (&alone, found) {
                (Ok(Verdict::Harmless(_)), Ok(Verdict::Harmless(_))) => true,
                (Ok(Verdict::Refused(a)), Ok(Verdict::Refused(b))) => a == b,
                (Err(GuardError::Syntax(a)), Err(GuardError::Syntax(b))) => a.to_string() == b.to_string(),
                _ => false,
            };
            assert!(same, "{major}: {text}\nalone {alone:?}\ntogether {found:?}");
            if !matches!(found, Ok(Verdict::Harmless(_))) {
                refused.push(at);
            }
        }
        for at in [7, 63, 90, 120, 149] {
            assert!(refused.contains(&at), "{major}: {at} of {refused:?}");
        }
        assert!(!arena.evil_ran().await, "{major}");
        assert!(
            guard::examine_all(&mut session, &[]).await.unwrap().is_empty(),
            "{major}"
        );
    }
}
