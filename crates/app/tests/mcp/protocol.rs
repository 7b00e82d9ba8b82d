use std::io::{BufRead, BufReader, Seek, Write};
use std::process::Stdio;

use howdah_testkit::mcp::Era;
use serde_json::{Value, json};

use crate::{ERAS, Setup, is_error, server, text};

#[tokio::test(flavor = "multi_thread")]
async fn every_revision_is_served() {
    let url = server().await.url("postgres");
    for era in ERAS {
        let client = Setup::new(&url).era(era).start().await;
        if let Era::Initialize(version) = era {
            assert_eq!(client.server["protocolVersion"], version);
            assert_eq!(client.server["serverInfo"]["name"], "howdah");
        }
        let list = client.request("tools/list", json!({})).await.unwrap();
        let names: Vec<&str> = list["tools"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|tool| tool["name"].as_str())
            .collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(names, sorted, "the order is not deterministic");
        assert!(
            names.contains(&"run_query") && names.contains(&"connect_to_database"),
            "{names:?}"
        );
        assert!(!names.contains(&"doctor"), "{names:?}");

        let result = client
            .call_tool("run_query", json!({ "sql": "SELECT 40 + 2 AS answer" }))
            .await
            .unwrap();
        assert!(!is_error(&result), "{result}");
        assert!(result["structuredContent"].to_string().contains("42"), "{result}");
        let modern = era == Era::Stateless;
        assert_eq!(
            result["resultType"],
            if modern { json!("complete") } else { Value::Null }
        );
        assert!(list["cacheScope"].is_string() && list["ttlMs"].is_u64(), "{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stateless_client_discovers_first() {
    let client = Setup::new("postgres://nobody@127.0.0.1:1/x")
        .era(Era::Stateless)
        .start()
        .await;
    let discovered = client.request("server/discover", json!({})).await.unwrap();
    assert_eq!(
        discovered["supportedVersions"],
        json!(["2025-06-18", "2025-11-25", "2026-07-28"])
    );
    assert_eq!(discovered["resultType"], "complete");
    assert!(client.request("tools/list", json!({})).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_list_fits_into_8_kib() {
    let client = Setup::new("postgres://nobody@127.0.0.1:1/x").start().await;
    let list = client.request("tools/list", json!({})).await.unwrap().to_string();
    assert!(list.len() <= 8192, "{} bytes", list.len());
    let all = Setup::new("postgres://nobody@127.0.0.1:1/x")
        .arguments(&["--toolsets", "all"])
        .start()
        .await;
    assert!(all.list_tools().await.len() > client.list_tools().await.len());
}

/// Once the tools are listed, pages of the program that only the start needed are no longer in its memory, and what
/// is called afterwards works.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn what_the_start_needed_is_given_back() {
    let url = server().await.url("postgres");
    let client = Setup::new(&url).start().await;
    let mapped = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", client.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("RssFile:")).unwrap();
        let kib = line.split_ascii_whitespace().nth(1).unwrap();
        kib.parse::<u64>().unwrap()
    };
    let before = mapped();
    client.list_tools().await;
    let after = mapped();
    assert!(after < before, "{before} KiB of files before, {after} KiB after");
    let result = client
        .call_tool("run_query", json!({ "sql": "SELECT 41 + 1 AS n" }))
        .await
        .unwrap();
    assert!(result["structuredContent"].to_string().contains("42"), "{result}");
    assert!(client.list_tools().await.len() > 10);
}

/// What is wrong is answered, with the number that fits, and the next call works.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_answered_and_the_server_stays() {
    let url = server().await.url("postgres");
    for era in ERAS {
        let client = Setup::new(&url).era(era).start().await;
        for line in [
            "{nonsense",
            "[1,2]",
            "[]",
            "\"text\"",
            "7",
            "{}",
            "{\"id\":9001}",
            "\u{feff}{}",
            "{\"jsonrpc\":\"2.0\",\"id\":null}",
        ] {
            client.send_raw(line).await;
        }
        client
            .send_raw(&format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)))
            .await;
        client.notify("notifications/unheard-of", json!({ "x": 1 })).await;
        client
            .notify("notifications/cancelled", json!({ "requestId": 4711 }))
            .await;

        let code = |error: Result<Value, howdah_testkit::mcp::RpcError>| error.unwrap_err().code;
        assert_eq!(code(client.request("tools/frobnicate", json!({})).await), -32601);
        assert_eq!(code(client.call_tool("no_such_tool", json!({})).await), -32602);
        assert_eq!(code(client.call_tool("doctor", json!({})).await), -32602);
        assert_eq!(
            code(client.request("tools/call", json!({ "name": 7 })).await),
            -32602
        );
        assert_eq!(
            code(
                client
                    .request("tools/call", json!({ "name": "run_query", "arguments": "x" }))
                    .await
            ),
            -32602
        );
        let missing = code(
            client
                .request("resources/read", json!({ "uri": "howdah://book/none" }))
                .await,
        );
        assert_eq!(missing, if era == Era::Stateless { -32602 } else { -32002 });

        for arguments in [
            json!({}),
            json!({ "sql": 7 }),
            json!({ "sql": "SELECT 1", "sqll": "x" }),
            json!({ "sql": null }),
        ] {
            let result = client.call_tool("run_query", arguments.clone()).await.unwrap();
            assert!(is_error(&result), "{arguments}: {result}");
            assert_eq!(
                result["structuredContent"]["error"]["kind"], "invalid",
                "{result}"
            );
        }
        let result = client
            .call_tool("run_query", json!({ "sql": "SELECT nothing_of_that_name" }))
            .await
            .unwrap();
        assert!(is_error(&result), "{result}");
        assert_eq!(
            result["structuredContent"]["error"]["sqlstate"], "42703",
            "{result}"
        );
        assert!(text(&result).contains("nothing_of_that_name"), "{result}");

        let result = client
            .call_tool("run_query", json!({ "sql": "SELECT 1" }))
            .await
            .unwrap();
        assert!(!is_error(&result), "{result}");
    }
}

/// A line that is too long is refused; what follows it is read.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_may_be_big_but_not_endless() {
    let client = Setup::new(&server().await.url("postgres")).start().await;
    let padding = "x".repeat(900_000);
    let result = client
        .call_tool(
            "run_query",
            json!({ "sql": format!("SELECT length('{padding}')") }),
        )
        .await
        .unwrap();
    assert!(
        result.to_string().contains("900000"),
        "{}",
        &result.to_string()[..300]
    );
    client.send_raw(&"y".repeat(17 << 20)).await;
    assert!(!is_error(
        &client
            .call_tool("run_query", json!({ "sql": "SELECT 1" }))
            .await
            .unwrap()
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_before_the_session_do_not_end_it() {
    let client = Setup::new("postgres://nobody@127.0.0.1:1/x")
        .era(Era::Stateless)
        .start()
        .await;
    client.notify("notifications/initialized", json!({})).await;
    client
        .send_raw("{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{}}")
        .await;
    assert!(client.request("tools/list", json!({})).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_book_and_its_prompts_are_there() {
    for era in ERAS {
        let client = Setup::new("postgres://nobody@127.0.0.1:1/x")
            .era(era)
            .start()
            .await;
        let list = client.request("resources/list", json!({})).await.unwrap();
        let pages = list["resources"].as_array().unwrap();
        assert!(pages.len() >= 10, "{list}");
        for page in pages {
            assert!(
                page["title"].is_string() && page["mimeType"] == "text/markdown",
                "{page}"
            );
            let read = client
                .request("resources/read", json!({ "uri": page["uri"] }))
                .await
                .unwrap();
            let body = read["contents"][0]["text"].as_str().unwrap();
            assert_eq!(page["size"], body.len(), "{page}");
        }
        let prompts = client.request("prompts/list", json!({})).await.unwrap();
        for prompt in prompts["prompts"].as_array().unwrap() {
            let mut arguments = serde_json::Map::new();
            for argument in prompt["arguments"].as_array().unwrap() {
                arguments.insert(
                    argument["name"].as_str().unwrap().to_owned(),
                    "the very value".into(),
                );
            }
            let got = client
                .request(
                    "prompts/get",
                    json!({ "name": prompt["name"], "arguments": arguments }),
                )
                .await
                .unwrap();
            let text = got["messages"][0]["content"]["text"].as_str().unwrap();
            assert_eq!(text.contains("the very value"), !arguments.is_empty(), "{prompt}");
        }
        assert!(
            client
                .request("prompts/get", json!({ "name": "none" }))
                .await
                .is_err()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_the_protocol_is_on_standard_output() {
    // The client panics on a line that is no JSON.
    let client = Setup::new(&server().await.url("postgres"))
        .arguments(&["--log", "trace"])
        .start()
        .await;
    for sql in [
        "SELECT 1",
        "SELECT 1/0",
        "SELEC",
        "DO $$BEGIN RAISE NOTICE 'x'; END$$",
    ] {
        client
            .call_tool("run_query", json!({ "sql": sql }))
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_holds_neither_literals_nor_passwords() {
    let server = server().await;
    let url = server.url_as("scram", "postgres");
    let program = tokio::task::spawn_blocking(howdah_testkit::howdah).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let input = [
        json!({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}),
        json!({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"run_query","arguments":{"sql":"SELECT 'tell-tale literal'"}}}),
        json!({"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"run_query","arguments":{"sql":"SELECT 'tell-tale literal' FROM none"}}}),
    ];
    let input: String = input.iter().map(|line| format!("{line}\n")).collect();
    let mut child = std::process::Command::new(program)
        .args(["mcp", "--log", "trace"])
        .env("DATABASE_URL", &url)
        .env("HOWDAH_HOME", home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    let answers = BufReader::new(child.stdout.take().unwrap()).lines().take(3);
    let answers: Vec<String> = answers.map(Result::unwrap).collect();
    assert!(
        answers.iter().any(|line| line.contains("tell-tale literal")),
        "{answers:?}"
    );
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let log = String::from_utf8(output.stderr).unwrap();
    for secret in [
        "tell-tale",
        server.scram_password(),
        "correct horse",
        "correct%20horse",
    ] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}

/// A script that pipes its requests in ends its input before it has the answers.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_piped_in_is_answered() {
    let program = tokio::task::spawn_blocking(howdah_testkit::howdah).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut requests = tempfile::tempfile().unwrap();
    for request in [
        json!({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}),
        json!({"jsonrpc":"2.0","method":"notifications/initialized"}),
        json!({"jsonrpc":"2.0","id":2,"method":"tools/list"}),
        json!({"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"list_jobs","arguments":{}}}),
    ] {
        writeln!(requests, "{request}").unwrap();
    }
    requests.rewind().unwrap();
    let output = std::process::Command::new(program)
        .arg("mcp")
        .env("HOWDAH_HOME", home.path())
        .stdin(requests)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), 3, "{answers}");
    assert!(!answers.contains("isError\":true"), "{answers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_people_pipe_into_does_not_read_the_clients_messages() {
    let client = Setup::new("postgres://nobody@127.0.0.1:1/x")
        .arguments(&["--toolsets", "all"])
        .start()
        .await;
    for tool in ["review_sql", "plan_change", "explain_query"] {
        let result = client.call_tool(tool, json!({})).await.unwrap();
        assert!(is_error(&result), "{tool}: {result}");
    }
    let result = client
        .call_tool("review_sql", json!({ "sql": "SELECT 1" }))
        .await
        .unwrap();
    assert!(!is_error(&result), "the session lives on: {result}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argument_that_does_not_fit_is_named_and_null_is_none() {
    let url = server().await.url("postgres");
    let client = Setup::new(&url).start().await;
    let call = async |arguments: Value| client.call_tool("run_query", arguments).await.unwrap();
    let nulls = json!({ "sql": "SELECT 42", "max_rows": null, "timeout_ms": null, "params": null, "target": null, "database": null });
    let result = call(nulls).await;
    assert!(
        !is_error(&result) && result["structuredContent"].to_string().contains("42"),
        "{result}"
    );

    for (arguments, expected) in [
        (
            json!({ "sql": "SELECT 1", "max_rows": "many" }),
            "`max_rows` does not fit: string \"many\" was given, and a whole number",
        ),
        (
            json!({ "sql": "SELECT 1", "max_rows": -5 }),
            "`max_rows` does not fit",
        ),
        (
            json!({ "sql": { "text": "SELECT 1" } }),
            "`sql` does not fit: an object was given, and a string is expected",
        ),
        (
            json!({ "sql": "SELECT 1", "params": "x" }),
            "`params` does not fit",
        ),
        (json!({ "max_rows": 5 }), "missing field `sql`"),
        (json!({ "sql": null }), "missing field `sql`"),
    ] {
        let result = call(arguments.clone()).await;
        assert!(
            is_error(&result) && text(&result).contains(expected),
            "{arguments}: {result}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_does_not_repeat_a_page_of_what_was_sent() {
    let url = server().await.url("postgres");
    let client = Setup::new(&url).start().await;
    let long = "x".repeat(200_000);
    let words = "word ".repeat(40_000);
    for (tool, arguments) in [
        ("run_query", json!({ "sql": "SELECT 1", "target": long })),
        (
            "run_query",
            json!({ "sql": format!("SELECT 1 FROM \"{words}\"") }),
        ),
        ("get_job_status", json!({ "id": words })),
        ("get_table_schema", json!({ "name": long })),
    ] {
        let result = client.call_tool(tool, arguments).await.unwrap();
        assert!(is_error(&result), "{tool}: {result}");
        assert!(
            text(&result).chars().count() < 5_000,
            "{tool}: {} characters",
            text(&result).len()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relation_that_does_not_exist_is_told_with_those_like_it() {
    let database = server().await.database("near").await;
    database
        .execute(
            "CREATE TABLE orders (id int); CREATE SCHEMA sales; CREATE TABLE sales.\"Item List\" (id int);",
        )
        .await;
    let client = Setup::new(&database.url()).start().await;
    for (tool, sql, near) in [
        (
            "run_query",
            "SELECT 'ä' FROM ordres",
            "Did you mean public.orders?",
        ),
        (
            "run_query",
            "SELECT * FROM sales.\"Item Lists\"",
            "Did you mean sales.\"Item List\"?",
        ),
        (
            "explain_query",
            "SELECT * FROM ordres WHERE id = 1",
            "Did you mean public.orders?",
        ),
    ] {
        let result = client.call_tool(tool, json!({ "sql": sql })).await.unwrap();
        assert!(
            is_error(&result) && text(&result).contains(near),
            "{tool} {sql}: {result}"
        );
    }
    let result = client
        .call_tool("run_query", json!({ "sql": "SELECT * FROM zebra" }))
        .await
        .unwrap();
    assert!(
        is_error(&result) && !text(&result).contains("Did you mean"),
        "{result}"
    );
}
