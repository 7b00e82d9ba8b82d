//! `howdah index advise` in the built program: where the target cannot pretend indexes, and what is given that is none.
#![allow(clippy::unwrap_used)]

use std::process::{Command, Output, Stdio};

use howdah_localpg::Installation;
use howdah_testkit::{majors, server};
use serde_json::Value;

const TABLES: &str = "
    CREATE TABLE visits AS SELECT i AS id, i % 5000 AS customer, i % 2 = 0 AS paid, md5(i::text) AS note FROM generate_series(1, 50000) i;";

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(
            tempfile::Builder::new()
                .prefix("howdah-advise-")
                .tempdir_in("/tmp")
                .unwrap(),
        )
    }

    fn advise(&self, url: &str, statements: &str) -> Output {
        let file = self.0.path().join("statements.sql");
        std::fs::write(&file, statements).unwrap();
        Command::new(howdah_testkit::howdah())
            .args([
                "index",
                "advise",
                "--format",
                "json",
                "--seconds",
                "120",
                "--queries",
            ])
            .arg(&file)
            .env("DATABASE_URL", url)
            .env("HOWDAH_HOME", self.0.path().join("state"))
            .env("XDG_CONFIG_HOME", self.0.path().join("config"))
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_hypopg_a_copy_on_this_machine_does() {
    let is_here = Installation::all()
        .iter()
        .any(|found| found.has_extension("hypopg"));
    for major in majors() {
        let database = server(major).await.database("elsewhere").await;
        database.execute(TABLES).await;
        database.execute("VACUUM ANALYZE visits").await;
        let client = database.probe().await;
        let has_files: bool = client
            .query_one(
                "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'hypopg')",
                &[],
            )
            .await
            .unwrap()
            .get(0);
        // One who may read, but create nothing: as most applications are.
        client
            .batch_execute("GRANT SELECT ON visits TO plain")
            .await
            .unwrap();
        let home = Home::new();
        let output = home.advise(
            &database.url_as("plain"),
            "SELECT note FROM visits WHERE customer = 17",
        );
        let errors = String::from_utf8_lossy(&output.stderr);
        if !is_here {
            assert!(
                errors.contains("hypopg") && errors.contains("No PostgreSQL of this machine"),
                "{major}: {errors}"
            );
            continue;
        }
        let advice: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{major} ({has_files}): {error}: {errors}"));
        assert_eq!(
            advice["indexes"].as_array().unwrap().len(),
            1,
            "{major}: {advice:#}"
        );
        let ddl = advice["indexes"][0]["ddl"].as_str().unwrap();
        assert!(
            ddl.contains("public.visits USING btree (customer)"),
            "{major}: {ddl}"
        );
        let note = advice["notes"][0].as_str().unwrap();
        assert!(note.contains("statistics of the target alone"), "{major}: {note}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_statement_of_an_application_is_told() {
    let is_here = Installation::all()
        .iter()
        .any(|found| found.has_extension("hypopg"));
    if !is_here {
        return; // Then nothing is planned: see above.
    }
    for major in majors() {
        let database = server(major).await.database("input").await;
        database.execute(TABLES).await;
        database.execute("VACUUM ANALYZE visits").await;
        database
            .execute("CREATE FUNCTION visits_of(int) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM visits WHERE customer = $1'")
            .await;
        let statements = "CREATE TEMP TABLE mine (id int); SELECT * FROM mine WHERE id = 1; ALTER TABLE visits ADD x int;\n\
            SELECT FROM WHERE; SELECT * FROM absent; SELECT visits_of(5); TRUNCATE visits; EXECUTE p(1); \
            SELECT note FROM visits WHERE customer = $1;";
        let output = Home::new().advise(&database.url(), statements);
        let errors = String::from_utf8_lossy(&output.stderr);
        let advice: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{major}: {error}: {errors}"));
        let reasons = advice["not_planned"].as_array().unwrap();
        let of = |part: &str| {
            let found = reasons
                .iter()
                .find(|one| one["statement"].as_str().unwrap().contains(part));
            found.map_or("", |one| one["reason"].as_str().unwrap())
        };
        assert!(of("FROM mine").contains("does not exist"), "{major}: {advice:#}");
        assert!(of("visits_of").contains("function"), "{major}: {advice:#}");
        assert!(of("TRUNCATE").contains("no plan"), "{major}: {advice:#}");
        assert_eq!(reasons.len(), 8, "{major}: {advice:#}");
        assert!(
            advice["indexes"][0]["ddl"]
                .as_str()
                .unwrap()
                .contains("(customer)"),
            "{major}: {advice:#}"
        );
    }
}
