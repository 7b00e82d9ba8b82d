//! Upgrades in place of clusters of AWS in the built program, as a person and as an agent meet them: a look into every
//! database first.
#![allow(clippy::unwrap_used)]

#[path = "aws/account.rs"]
#[allow(dead_code, reason = "other tests use more of it")]
mod account;

use account::Account;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_waits_until_nothing_is_in_its_way() {
    let server = howdah_testkit::private(howdah_testkit::ServerOptions::default()).await;
    let account = Account::new();
    let settings = format!(
        "[clusters.aws]\npoll_seconds = 0.05\niam_user = 'postgres'\nca_file = '{}'\n",
        server.ca_file().display()
    );
    std::fs::write(account.home.path().join("howdah.toml"), settings).unwrap();
    let shop = server.database_named("The \"Shop\"").await;
    shop.execute("CREATE TABLE jobs (handler regproc)").await;
    account.order(&json!({ "reset": true, "seed": { "blue": 1 }, "endpoint_port": server.port() }));

    // What is in the way is said with what mends it; nothing is asked of AWS.
    let look = ["cluster", "check-upgrade", "blue", "--to", "17"];
    let output = account.run(&look);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in [
        "blue: from 16.8 to 17.10: one thing is in the way.",
        "public.jobs.handler is regproc",
        "database The \"Shop\"",
        "ALTER TABLE public.jobs ALTER COLUMN handler TYPE text",
        "There is no way back to 16.8",
        "blue-green create blue --pg-version 17",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let refused = account.refusal(&["cluster", "upgrade", "blue", "--to", "17", "--unchecked", "--yes"]);
    assert!(
        refused.contains("cannot be upgraded to 17.10 as it is: public.jobs.handler is regproc")
            && refused.contains("howdah cluster check-upgrade blue --to 17.10"),
        "{refused}"
    );
    let agent = account.agent(None).await;
    let ask = json!({ "name": "blue", "action": "upgrade", "to_version": "17" });
    let reply = account.call(&agent, "start_cluster_job", ask.clone()).await;
    assert!(
        reply["isError"] == true && reply.to_string().contains("is regproc"),
        "{reply}"
    );

    shop.execute("ALTER TABLE jobs ALTER COLUMN handler TYPE text USING handler::text")
        .await;
    let looked = account
        .call(&agent, "check_upgrade", json!({ "name": "blue", "to": "17" }))
        .await;
    let looked = &looked["structuredContent"];
    assert_eq!(
        (&looked["verdict"], &looked["to"]),
        (&json!("ready"), &json!("17.10")),
        "{looked}"
    );
    let databases: Vec<&str> = looked["databases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["database"].as_str().unwrap())
        .collect();
    assert_eq!(databases, ["The \"Shop\"", "postgres", "template1"]);
    // A person's word is wanted all the same, from themselves and for an agent.
    let refused = account.refusal(&["cluster", "upgrade", "blue", "--to", "17"]);
    assert!(
        refused.contains("howdah cluster upgrade blue --to 17.10 --snapshot blue-before-17-10 --yes"),
        "{refused}"
    );
    let reply = account.call(&agent, "start_cluster_job", ask).await;
    assert!(
        reply["isError"] == true && reply.to_string().contains("only a person may decide"),
        "{reply}"
    );
    let done = account.text(&[
        "cluster", "upgrade", "blue", "--to", "17", "--yes", "--wait", "--json",
    ]);
    let done: Value = serde_json::from_str(&done).unwrap();
    assert_eq!(
        (&done["result"]["version"], &done["result"]["snapshot"]),
        (&json!("17.10"), &json!("blue-before-17-10")),
        "{done}"
    );

    // Where its databases are out of reach, that is to be said.
    account.order(&json!({ "reset": true, "seed": { "shop": 1 } }));
    let output = account.run(&["cluster", "check-upgrade", "shop", "--to", "17"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("the whole cluster"), "{said}");
    let upgrade = ["cluster", "upgrade", "shop", "--to", "17", "--yes", "--wait"];
    let refused = account.refusal(&upgrade);
    assert!(
        refused.contains("could not be seen everywhere") && refused.contains("--unchecked"),
        "{refused}"
    );
    account.text(&[&upgrade[..], &["--unchecked"]].concat());
    // A minor version changes nothing in them.
    account.order(&json!({ "reset": true, "seed": { "shop": 1 } }));
    account.text(&["cluster", "upgrade", "shop", "--to", "16.10", "--yes", "--wait"]);
    account.assert_clean();
}
