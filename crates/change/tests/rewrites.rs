//! The examples in the `.md` files of the rewrites: what the change makes of the database is
//! what the plain script makes of it, in every line of the catalog and every row.
//!
//! A fence marked `change` holds statements that set up a table; after `-- change` the script;
//! after `-- plan` the titles of all steps (optional); after `-- stops` a part of the error
//! with which it stops, everything then being as before; after `-- refused` a part of the
//! refusal; `-- only 15` or `-- from 15` on the first line names the major versions;
//! `-- accepts loss` is a person's consent; `-- volatile` says that values differ from run to run, so that only their number is compared.
//! Where the change leaves something else than the script on purpose, `-- plainly` is followed by the
//! statements that stand for the script, and `-- differs` by how each line of the catalog that differs
//! begins: `- ` only the script's, `+ ` only the change's.
//!
//! A second test takes every change back from every step on, as long as its steps can be taken back,
//! after writes to every table that has a key: those that succeeded are there afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::path::Path;

use howdah_testkit::tokio_postgres::Client;
use howdah_testkit::{Database, Server, majors, server};

#[derive(Default, Debug)]
struct Example {
    place: String,
    setup: String,
    script: String,
    plan: Vec<String>,
    stops: Option<String>,
    refused: Option<String>,
    plainly: Option<String>,
    differs: Vec<String>,
    volatile: bool,
    accepts: howdah_change::Accepts,
    from: u16,
    only: Option<u16>,
}

fn examples(only: Option<&str>) -> Vec<Example> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rewrites");
    let mut files: Vec<_> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut examples = Vec::new();
    for file in files {
        let stem = file.file_stem().unwrap().to_str().unwrap().to_owned();
        if file.extension().is_none_or(|extension| extension != "rs") || only.is_some_and(|only| only != stem)
        {
            continue;
        }
        let text = std::fs::read_to_string(file.with_extension("md"))
            .unwrap_or_else(|_| panic!("{stem}.rs has no {stem}.md"));
        let mut count = 0;
        for fence in text.split("```change\n").skip(1) {
            count += 1;
            let body = fence.split("```").next().unwrap();
            let mut example = Example {
                place: format!("{stem}.md, example {count}"),
                ..Example::default()
            };
            let mut part = "setup";
            for line in body.lines() {
                match line.trim() {
                    "-- change" => part = "change",
                    "-- plan" => part = "plan",
                    "-- stops" => part = "stops",
                    "-- refused" => part = "refused",
                    "-- plainly" => part = "plainly",
                    "-- differs" => part = "differs",
                    "-- volatile" => example.volatile = true,
                    "-- accepts loss" => example.accepts.loss = true,
                    line if line.starts_with("-- from ") => example.from = line[8..].parse().unwrap(),
                    line if line.starts_with("-- only ") => example.only = Some(line[8..].parse().unwrap()),
                    trimmed => match part {
                        "setup" => example.setup.push_str(&format!("{line}\n")),
                        "change" => example.script.push_str(&format!("{line}\n")),
                        "plainly" => {
                            let plainly = example.plainly.get_or_insert_default();
                            plainly.push_str(&format!("{line}\n"));
                        }
                        "differs" if !trimmed.is_empty() => example.differs.push(trimmed.to_owned()),
                        "plan" if !trimmed.is_empty() => example.plan.push(trimmed.to_owned()),
                        "stops" => example.stops = Some(trimmed.to_owned()),
                        "refused" => example.refused = Some(trimmed.to_owned()),
                        _ => {}
                    },
                }
            }
            examples.push(example);
        }
        assert!(count > 0, "{stem}.md has no example");
    }
    examples
}

/// Every line that differs is one that the example foresees, and the other way round.
fn unexpected(example: &Example, expected: &[String], found: &[String]) -> Result<(), String> {
    let text = support::difference(expected, found);
    // One entry may have several lines.
    let only_in = |some: &[String], others: &[String], sign: &str| -> Vec<String> {
        let only = some.iter().filter(|line| !others.contains(line));
        only.map(|line| format!("{sign} {line}")).collect()
    };
    let mut lines = only_in(expected, found, "-");
    lines.extend(only_in(found, expected, "+"));
    for foreseen in &example.differs {
        let Some(at) = lines.iter().position(|line| line.starts_with(foreseen.as_str())) else {
            return Err(format!(
                "no line begins with {foreseen:?}; the schemas differ:\n{text}"
            ));
        };
        lines.remove(at);
    }
    match lines.is_empty() {
        true => Ok(()),
        false => Err(format!("the schemas differ:\n{text}")),
    }
}

/// Runs them all; with HOWDAH_REWRITE=stem those of one file.
#[tokio::test(flavor = "multi_thread")]
async fn the_change_makes_what_the_script_makes() {
    let only = std::env::var("HOWDAH_REWRITE").ok();
    let examples = examples(only.as_deref());
    let mut failures = Vec::new();
    for major in majors() {
        for example in &examples {
            if major < example.from || example.only.is_some_and(|only| only != major) {
                continue;
            }
            if let Err(failure) = check(major, example).await {
                failures.push(format!("PostgreSQL {major}, {}:\n{failure}", example.place));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

async fn check(major: u16, example: &Example) -> Result<(), String> {
    let server = server(major).await;
    let (plain, changed) = (server.database("plain").await, server.database("changed").await);
    for database in [&plain, &changed] {
        database.execute(&example.setup).await;
        database.execute("ANALYZE").await;
    }
    let probe = changed.probe().await;
    let before = (support::schema(&probe).await, support::data(&probe).await);
    let options = howdah_change::Options {
        accepts: example.accepts,
        ..howdah_change::Options::default()
    };
    let mut result = support::executor(&changed.url(), options)
        .run(&example.script)
        .await;
    if let Ok((plan, howdah_change::Ended::Expanded)) = &result {
        // Old names go when that is asked for, and only then.
        let all = howdah_change::Options {
            contract: howdah_change::Contract::OldNames,
            ..howdah_change::Options::default()
        };
        result = support::executor(&changed.url(), all).resume(&plan.id).await;
    }
    let after = (support::schema(&probe).await, support::data(&probe).await);
    if let Some(expected) = example.refused.as_ref().or(example.stops.as_ref()) {
        let Err(error) = result else {
            return Err("it was carried out".to_owned());
        };
        if !error.to_string().contains(expected.as_str()) {
            return Err(format!("the error does not say {expected:?}: {error}"));
        }
        if before != after {
            return Err(format!(
                "it was not left as it was:\n{}{}",
                support::difference(&before.0, &after.0),
                support::difference(&before.1, &after.1)
            ));
        }
        return Ok(());
    }
    let (plan, _) = result.map_err(|error| format!("it failed: {error} {error:?}"))?;
    let titles: Vec<String> = plan.steps.iter().map(|step| step.title.clone()).collect();
    if !example.plan.is_empty() && titles != example.plan {
        return Err(format!("the plan is:\n{}", titles.join("\n")));
    }
    let reference = plain.probe().await;
    for piece in howdah_sql::split(example.plainly.as_ref().unwrap_or(&example.script))
        .map_err(|error| format!("{error:?}"))?
    {
        reference
            .batch_execute(piece.text)
            .await
            .map_err(|error| format!("the script itself: {error:?}"))?;
    }
    let expected = (support::schema(&reference).await, support::data(&reference).await);
    unexpected(example, &expected.0, &after.0)?;
    if example.volatile {
        if expected.1.len() != after.1.len() {
            return Err(format!("{} rows instead of {}", after.1.len(), expected.1.len()));
        }
    } else if expected.1 != after.1 {
        return Err(format!(
            "the rows differ:\n{}",
            support::difference(&expected.1, &after.1)
        ));
    }
    // Said once more, it finds that it is done, unless it only looks after what is there: then it is carried out again.
    let script = howdah_sql::parse(&example.script, &howdah_sql::Limits::default())
        .map_err(|error| format!("{error:?}"))?;
    let looks_after = script.statements.iter().all(|statement| {
        ["VACUUM", "ANALYZE", "REINDEX", "REFRESH MATERIALIZED VIEW"].contains(&statement.kind().name())
    });
    let expected = if looks_after {
        howdah_change::Ended::Done
    } else {
        howdah_change::Ended::WasDone
    };
    match support::run(&changed.url(), &example.script).await {
        Ok((_, ended)) if ended == expected => Ok(()),
        other => Err(format!("run again: {other:?}")),
    }
}

/// A change that is stopped before any of its steps, and taken back, leaves no trace.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_done_is_taken_back() {
    let only = std::env::var("HOWDAH_REWRITE").ok();
    let mut failures = Vec::new();
    let (mut taken_back, mut written) = (0, 0);
    for major in majors() {
        for example in &examples(only.as_deref()) {
            let fits = major >= example.from && example.only.is_none_or(|only| only == major);
            let carried_out = example.refused.is_none() && example.stops.is_none();
            if !fits || !carried_out || example.accepts.loss {
                continue;
            }
            match take_back(major, example).await {
                Ok((times, writes)) => {
                    taken_back += times;
                    written += writes;
                }
                Err(failure) => failures.push(format!("PostgreSQL {major}, {}:\n{failure}", example.place)),
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(
        only.is_some() || (taken_back > 100 && written > 100),
        "only {taken_back} changes were taken back, after {written} writes"
    );
}

/// Writes to tables with a key, told by the reference, which gets what the other database took:
/// how many that were. A constraint that is being added may refuse one.
async fn write(script: &str, reference: &Client, changed: &Client) -> Result<usize, String> {
    let sql = "SELECT c.oid::regclass::text, \
                   string_agg(format('r.%I::text COLLATE \"C\"', k.attname), ', ' ORDER BY k.attnum), \
                   (SELECT array_agg(format('%I', a.attname) ORDER BY a.attnum) FROM pg_attribute a \
                    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid IN ('int4'::regtype, 'text'::regtype)) \
               FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary \
               JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = ANY (i.indkey::int2[]) \
               WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.oid >= 16384 AND c.relnamespace <> coalesce(to_regnamespace('howdah')::oid, 0) \
               GROUP BY c.oid ORDER BY 1";
    let mut writes = Vec::new();
    for row in reference
        .query(sql, &[])
        .await
        .map_err(|error| format!("{error:?}"))?
    {
        let (table, key): (String, String) = (row.get(0), row.get(1));
        let chosen = format!("(SELECT (r.tableoid, r.ctid)::text FROM {table} r ORDER BY {key} LIMIT 1)");
        for column in row.get::<_, Option<Vec<String>>>(2).unwrap_or_default() {
            writes.push(format!("UPDATE {table} w SET {column} = length({column}::text) + 70 WHERE (w.tableoid, w.ctid)::text = {chosen}"));
        }
        // A foreign key that the change brings deletes what the reference keeps.
        if !script.contains("ON DELETE") {
            writes.push(format!(
                "DELETE FROM {table} w WHERE (w.tableoid, w.ctid)::text = {chosen}"
            ));
        }
    }
    let mut done = 0;
    for sql in writes {
        if changed.batch_execute(&sql).await.is_ok() {
            reference
                .batch_execute(&sql)
                .await
                .map_err(|error| format!("{sql}: only the change takes it: {error:?}"))?;
            done += 1;
        }
    }
    Ok(done)
}

/// A database that is changed, and one that gets the same writes and nothing else.
struct Pair<'a> {
    url: String,
    probe: Client,
    reference: Client,
    writes: usize,
    _databases: [Database<'a>; 2],
}

impl<'a> Pair<'a> {
    async fn of(server: &'a Server, example: &Example) -> Self {
        let (back, same) = (server.database("back").await, server.database("same").await);
        for database in [&back, &same] {
            database.execute(&example.setup).await;
        }
        Self {
            url: back.url(),
            probe: back.probe().await,
            reference: same.probe().await,
            writes: 0,
            _databases: [back, same],
        }
    }
}

/// From the last step on to the first: how many times that was done, and the writes meanwhile.
async fn take_back(major: u16, example: &Example) -> Result<(usize, usize), String> {
    let server = server(major).await;
    // What was taken back has left no trace: the next try starts where the first one did.
    let mut pair = Pair::of(server, example).await;
    let before = support::schema(&pair.probe).await;
    let (mut count, mut writes) = (0, 0);
    let mut steps = 1;
    loop {
        let (id, plan) = match support::run_until(&pair.url, &example.script, steps).await {
            Ok(known) => known,
            // Rows of the last try, or their lack, stand in the script's way.
            Err(_) if pair.writes > 0 => {
                pair = Pair::of(server, example).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        let done = &plan.steps[..steps.min(plan.steps.len())];
        if done
            .iter()
            .any(|step| matches!(step.undo, howdah_change::Undo::Impossible { .. }))
        {
            return Ok((count, writes));
        }
        let written = write(&example.script, &pair.reference, &pair.probe).await?;
        pair.writes += written;
        writes += written;
        let titles = || {
            done.iter()
                .map(|step| step.title.as_str())
                .collect::<Vec<_>>()
                .join("; ")
        };
        support::executor(&pair.url, howdah_change::Options::default())
            .rollback(&id)
            .await
            .map_err(|error| format!("after {}: {error} {error:?}", titles()))?;
        let (schema, rows) = (
            support::schema(&pair.probe).await,
            support::data(&pair.probe).await,
        );
        let data = support::data(&pair.reference).await;
        if before != schema || data != rows {
            return Err(format!(
                "after {}:\n{}{}",
                titles(),
                support::difference(&before, &schema),
                support::difference(&data, &rows)
            ));
        }
        count += 1;
        if steps >= plan.steps.len() {
            return Ok((count, writes));
        }
        steps += 1;
    }
}
