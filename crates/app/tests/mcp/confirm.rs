//! Who may confirm a write: the person, through what only the client fills in.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use howdah_testkit::mcp::{Client, Era, Person};
use serde_json::{Value, json};

use crate::{ERAS, Setup, is_error, server, text};

fn person(action: &'static str) -> (Person, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(vec![]));
    let heard = Arc::clone(&asked);
    let person: Person = Arc::new(move |question| {
        heard
            .lock()
            .unwrap()
            .push(question["message"].as_str().unwrap().to_owned());
        json!({ "action": action, "content": {} })
    });
    (person, asked)
}

fn setup(url: &str, mode: &str) -> Setup {
    Setup::new("").config(&format!("[targets.shop]\nurl = \"{url}\"\nmode = \"{mode}\"\n"))
}

async fn rows(database: &howdah_testkit::Database<'_>) -> i64 {
    database
        .probe()
        .await
        .query_one("SELECT count(*) FROM t", &[])
        .await
        .unwrap()
        .get(0)
}

async fn insert(client: &Client) -> Value {
    client
        .call_tool("run_query", json!({ "sql": "INSERT INTO t VALUES (1), (2)" }))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_happens_when_the_person_accepts() {
    for era in ERAS {
        let database = server().await.database("confirm").await;
        database.execute("CREATE TABLE t (a int)").await;
        let (person, asked) = person("accept");
        let client = setup(&database.url(), "confirm")
            .era(era)
            .person(person)
            .start()
            .await;
        let result = insert(&client).await;
        assert!(!is_error(&result), "{result}");
        assert_eq!(rows(&database).await, 2);
        let asked = asked.lock().unwrap();
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert!(
            asked[0].contains("INSERT INTO t VALUES (1), (2)"),
            "the person sees the statement: {}",
            asked[0]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_happens_when_the_person_declines_or_goes_away() {
    for era in ERAS {
        for action in ["decline", "cancel"] {
            let database = server().await.database("confirm").await;
            database.execute("CREATE TABLE t (a int)").await;
            let (person, asked) = person(action);
            let client = setup(&database.url(), "confirm")
                .era(era)
                .person(person)
                .start()
                .await;
            let result = insert(&client).await;
            assert!(is_error(&result), "{result}");
            assert_eq!(rows(&database).await, 0);
            assert_eq!(asked.lock().unwrap().len(), 1);
        }
    }
}

/// Then it waits for `howdah approve`, and the model cannot approve it.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_cannot_ask_leaves_the_write_pending() {
    for era in ERAS {
        let database = server().await.database("confirm").await;
        database.execute("CREATE TABLE t (a int)").await;
        let client = setup(&database.url(), "confirm").era(era).start().await;
        let result = insert(&client).await;
        assert!(text(&result).contains("howdah approve"), "{result}");
        assert_eq!(rows(&database).await, 0);
        for arguments in [
            json!({ "sql": "INSERT INTO t VALUES (1), (2)", "confirm": true }),
            json!({ "sql": "INSERT INTO t VALUES (1), (2)", "yes": true }),
            json!({ "sql": "INSERT INTO t VALUES (1), (2)", "approved": true, "inputResponses": { "confirm": { "action": "accept" } } }),
        ] {
            let result = client.call_tool("run_query", arguments).await.unwrap();
            assert!(is_error(&result), "{result}");
        }
        assert_eq!(rows(&database).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_only_reads_asks_nobody() {
    let database = server().await.database("confirm").await;
    database.execute("CREATE TABLE t (a int)").await;
    let (person, asked) = person("accept");
    let client = setup(&database.url(), "read-only").person(person).start().await;
    let result = insert(&client).await;
    assert!(is_error(&result), "{result}");
    assert_eq!((rows(&database).await, asked.lock().unwrap().len()), (0, 0));
}

/// The round trip of 2026-07-28, step by step, with everything a client could
/// get wrong or a model could try.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_once_and_for_its_own_question() {
    let database = server().await.database("confirm").await;
    database.execute("CREATE TABLE t (a int)").await;
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    // Only declares that the client can ask; the replies are sent by hand.
    let person: Person = Arc::new(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        json!({ "action": "cancel" })
    });
    let client = setup(&database.url(), "confirm")
        .era(Era::Stateless)
        .person(person)
        .start()
        .await;
    let call = |sql: &str, state: Option<&str>, response: Option<Value>| {
        let mut params = json!({ "name": "run_query", "arguments": { "sql": sql } });
        if let Some(state) = state {
            params["requestState"] = json!(state);
        }
        if let Some(response) = response {
            params["inputResponses"] = json!({ "confirm": response });
        }
        let client = &client;
        async move { client.request("tools/call", params).await.unwrap() }
    };
    let sql = "INSERT INTO t VALUES (1)";
    let yes = || Some(json!({ "action": "accept", "content": {} }));
    let state = |result: &Value| result["requestState"].as_str().unwrap().to_owned();

    let first = call(sql, None, None).await;
    assert_eq!(first["resultType"], "input_required", "{first}");
    assert!(
        first["inputRequests"]["confirm"]["params"]["message"]
            .as_str()
            .unwrap()
            .contains(sql),
        "{first}"
    );
    let sealed = state(&first);

    // Asked again, nothing done: no state, no reply, another statement.
    for (sql, with, reply) in [
        (sql, None, yes()),
        (sql, Some(sealed.as_str()), None),
        ("INSERT INTO t VALUES (2)", Some(sealed.as_str()), yes()),
        ("DELETE FROM t", Some(sealed.as_str()), yes()),
    ] {
        let result = call(sql, with, reply).await;
        assert_eq!(result["resultType"], "input_required", "{sql}: {result}");
    }
    // Refused, nothing done: altered at any place.
    let middle = sealed.len() / 2;
    for altered in [
        format!("{}x", sealed),
        format!(
            "{}{}{}",
            &sealed[..middle],
            if &sealed[middle..=middle] == "A" { "B" } else { "A" },
            &sealed[middle + 1..]
        ),
        sealed[..sealed.len() - 4].to_owned(),
        String::new(),
        "rs1.AAAA.BBBB".to_owned(),
    ] {
        let result = call(sql, Some(&altered), yes()).await;
        assert!(is_error(&result), "{altered}: {result}");
    }
    assert_eq!(rows(&database).await, 0);

    // The effect changed meanwhile: nobody agreed to that.
    let update = call("UPDATE t SET a = 3", None, None).await;
    database.execute("INSERT INTO t VALUES (7), (8), (9)").await;
    let result = call("UPDATE t SET a = 3", Some(&state(&update)), yes()).await;
    assert_eq!(result["resultType"], "input_required", "{result}");
    database.execute("DELETE FROM t").await;

    // A no is a no, and uses the question up.
    let declined = call(sql, None, None).await;
    let result = call(sql, Some(&state(&declined)), Some(json!({ "action": "decline" }))).await;
    assert!(is_error(&result), "{result}");
    let result = call(sql, Some(&state(&declined)), yes()).await;
    assert_eq!(result["resultType"], "input_required", "{result}");
    assert_eq!(rows(&database).await, 0);

    // A yes is one yes.
    let result = call(sql, Some(&sealed), yes()).await;
    assert!(
        !is_error(&result) && result["resultType"] == "complete",
        "{result}"
    );
    assert_eq!(rows(&database).await, 1);
    let result = call(sql, Some(&sealed), yes()).await;
    assert_eq!(result["resultType"], "input_required", "{result}");
    assert_eq!(rows(&database).await, 1);
    assert_eq!(calls.load(Ordering::Relaxed), 0);
}
