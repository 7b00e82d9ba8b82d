//! Plans in files, as psql, pgAdmin and logs hold them.

use howdah_advise::plan::{Figures, Role, read_plans, read_text, tree};
use howdah_testkit::{ServerOptions, majors, private};

const TEXT: &str = "                                   QUERY PLAN                                   
--------------------------------------------------------------------------------
 Limit  (cost=1.00..2.00 rows=1 width=4) (actual time=0.100..0.200 rows=1 loops=1)
   InitPlan 1 (returns $0)
     ->  Result  (cost=0.00..0.01 rows=1 width=4) (actual time=0.001..0.001 rows=1 loops=1)
   ->  Index Scan Backward using \"My \"\"Index\" on shop.\"Or ders\" o  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..0.020 rows=1 loops=1)
         Index Cond: (note = 'two
lines (cost='::text)
         Filter: (id > $0)
         Rows Removed by Filter: 3
 Planning Time: 0.100 ms
 Execution Time: 0.300 ms
(9 rows)
";

#[test]
fn what_psql_prints() {
    let (found, unread) = read_plans(TEXT).unwrap();
    assert!(unread.is_empty());
    let plan = &found[0].plan;
    assert_eq!(plan.nodes.len(), 3);
    assert_eq!(plan.nodes[1].role, Role::InitPlan);
    let scan = &plan.nodes[2];
    assert_eq!(
        scan.name(),
        "Index Scan Backward using \"My \"\"Index\" on shop.\"Or ders\" o"
    );
    assert_eq!(
        scan.text("Index Cond"),
        Some("(note = 'two\nlines (cost='::text)")
    );
    assert_eq!(scan.removed("Rows Removed by Filter"), 3.0);
    assert_eq!((plan.planning_ms, plan.execution_ms), (Some(0.1), Some(0.3)));
    // Each line between quotes, as pgAdmin copies it.
    let quoted: String = TEXT.lines().skip(2).map(|line| format!("\"{line}\"\n")).collect();
    assert!(read_plans(&quoted).is_ok());
    let json = "                 QUERY PLAN                 \n--------------------------------------------\n [                                         +\n   {                                       +\n     \"Plan\": {                             +\n       \"Node Type\": \"Result\",              +\n       \"Plan Rows\": 1                      +\n     }                                     +\n   }                                       +\n ]\n(1 row)\n";
    assert_eq!(read_plans(json).unwrap().0[0].plan.root().label, "Result");
    let wrapped = r#"[{"QUERY PLAN": [{"Plan": {"Node Type": "Result"}}]}]"#;
    assert_eq!(read_plans(wrapped).unwrap().0[0].plan.root().label, "Result");
}

#[test]
fn what_is_no_plan_is_said_to_be_none() {
    for text in [
        "",
        "SELECT 1;",
        "{}",
        "[",
        "[{\"Plan\": {\"Node Type\": \"Result\"",
        "{\"a\": [1, 2}",
        "  ->  Seq Scan on t",
        " \n ",
        "S\0e\0q\0 \0S\0c\0a\0n\0",
        "Limit  (cost=0.00..1.00 rows=1 width=4)\n  ->  Seq Scan on t  (cost=0.00..1.00 ro",
    ] {
        let error = read_plans(text).unwrap_err().to_string();
        assert!(error.ends_with('.'), "{text}: {error}");
    }
    assert!(
        read_text("Result\n  One-Time Filter: false").is_ok(),
        "with COSTS OFF"
    );
}

/// What the server's own auto_explain writes, in each form and each format of the log.
#[tokio::test]
async fn what_auto_explain_logs() {
    for major in majors() {
        let destination = if major >= 15 {
            "stderr,csvlog,jsonlog"
        } else {
            "stderr,csvlog"
        };
        let settings = [
            ("logging_collector", "on"),
            ("log_destination", destination),
            ("log_directory", "log"),
            ("log_filename", "server"),
            ("log_line_prefix", "%t:%r:%u@%d:[%p]:"),
        ];
        let server = private(ServerOptions {
            major,
            settings: settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..ServerOptions::default()
        })
        .await;
        let client = server.probe("postgres").await;
        if client.batch_execute("LOAD 'auto_explain'").await.is_err() {
            // Some builds come without the contributed libraries.
            continue;
        }
        client
            .batch_execute("SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on")
            .await
            .unwrap();
        for format in ["text", "json"] {
            client
                .batch_execute(&format!("SET auto_explain.log_format = {format}"))
                .await
                .unwrap();
            client
                .batch_execute("SELECT 'a\n\tb' AS x,\n\n  count(*)\nFROM generate_series(1, 100) AS \"se\"\"ries\" WHERE 'q''\nr' <> ''")
                .await
                .unwrap();
        }
        for name in destination.split(',') {
            let ending = match name {
                "stderr" => "",
                "csvlog" => ".csv",
                _ => ".json",
            };
            let path = server.data_dir().join("log").join(format!("server{ending}"));
            let mut seen = 0;
            // The collector writes when it gets to it.
            for _ in 0..600 {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                if text.contains("duration: ")
                    && let Ok((found, unread)) = read_plans(&text)
                {
                    assert!(unread.is_empty(), "{major}: {name}: {unread:?}");
                    let ours: Vec<_> = found
                        .iter()
                        .filter(|one| {
                            one.plan
                                .query
                                .as_deref()
                                .is_some_and(|query| query.contains("generate_series"))
                        })
                        .collect();
                    seen = ours.len();
                    if seen == 2 {
                        for one in ours {
                            assert!(one.duration_ms.is_some() && one.line.is_some());
                            assert!(one.plan.is_analyzed());
                            assert_eq!(one.plan.nodes.last().unwrap().alias.as_deref(), Some("se\"ries"));
                            assert!(
                                one.plan.query.as_deref().unwrap().ends_with("<> ''"),
                                "{:?}",
                                one.plan.query
                            );
                        }
                        break;
                    }
                }
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            assert_eq!(seen, 2, "{major}: {name}");
        }
    }
}

#[test]
fn what_a_limit_cut_short_was_not_estimated_wrongly() {
    let marked = |limit: &str| {
        let text = format!(
            " {limit}  (cost=0.4..9.0 rows=10 width=4) (actual time=0.010..1.160 rows=10 loops=1)\n   ->  Seq Scan on o  (cost=0.4..9.0 rows=199 width=4) (actual time=0.010..1.150 rows=10 loops=1)\n"
        );
        let plan = read_plans(&text).unwrap().0.remove(0).plan;
        tree(&plan, &Figures::of(&plan)).contains('⚠')
    };
    assert!(!marked("Limit"));
    assert!(marked("Sort"));
}
