//! RDS Proxy at moto, behind a recorder that is stricter than AWS: with every fault at every call, and workers that
//! are killed at it.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used)]

#[path = "aws/mod.rs"]
#[macro_use]
mod account;

use account::case::{Case, PRODUCTION, on};
use account::{Account, PLANTED, in_account, names};
use howdah_aurora::{Action, Operation, ProxyOptions, Tier};
use howdah_core::{Error, ErrorKind};
use howdah_jobs::JobState;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/proxies";

fn create(cluster: &str) -> Operation {
    with(cluster, None, false)
}

fn with(cluster: &str, secret: Option<String>, iam: bool) -> Operation {
    let role = Some(ROLE.into());
    on(cluster, Action::CreateProxy(ProxyOptions { secret, iam, role }))
}

fn delete(cluster: &str) -> Operation {
    on(cluster, Action::DeleteProxy)
}

fn delete_cluster(cluster: &str) -> Operation {
    let final_snapshot = Some("last".parse().unwrap());
    on(cluster, Action::Delete { final_snapshot })
}

async fn refused(account: &Account, operation: &Operation) -> Error {
    account.clusters.check(operation).await.unwrap_err()
}

#[test]
fn a_proxy_through_its_whole_life() {
    in_account("body_life");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of a whole life"]
async fn body_life() {
    let account = Account::with(&format!("{PRODUCTION}\nproxy_role = '{ROLE}'"));
    account.reset(&json!({ "pool": 2 }), &json!({}));
    let create = on("pool", Action::CreateProxy(ProxyOptions::default()));
    assert!(matches!(
        account.clusters.tier(&create).await.unwrap(),
        Tier::Confirm { effect } if effect.contains("costs money") && !effect.contains("pauses")
    ));
    let error = account.clusters.url_through_proxy("pool").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.hint.unwrap().contains("howdah cluster proxy create pool"));

    let job = account.succeed(&create).await;
    let result = job.result.clone().unwrap();
    let endpoint = result["endpoint"].as_str().unwrap().to_owned();
    assert!(endpoint.starts_with("pool-proxy.db-proxy-"), "{result}");
    assert_eq!(result["port"], 5432);
    assert_eq!(result["status"], "available");
    assert_eq!(result["user"], "postgres");
    account.assert_clean(Some(&job)).await;
    let made = account.state()["proxies"]["pool-proxy"].clone();
    assert_eq!(made["tls"], true);
    assert_eq!(made["role"], ROLE);
    assert_eq!(made["targets"], json!(["pool"]));
    assert_eq!(made["auth"][0]["IAMAuth"], "DISABLED", "{made}");
    assert_eq!(made["auth"][0]["SecretArn"], result["secret"]);
    assert!(made["subnets"].as_u64().unwrap() >= 2, "{made}");
    assert_eq!(
        made["groups"].as_array().unwrap().len(),
        1,
        "those of the cluster"
    );

    let shown = account.clusters.describe("pool").await.unwrap().proxy.unwrap();
    assert_eq!(shown.name.as_deref(), Some("pool-proxy"));
    assert_eq!(shown.endpoint, format!("{endpoint}:5432"));
    assert_eq!((shown.status.as_str(), shown.iam), ("available", false));
    assert_eq!(shown.unhealthy, [""; 0]);
    let url = account.clusters.url_through_proxy("pool").await.unwrap();
    assert!(url.contains(&endpoint) && url.contains(PLANTED[0]), "by password");
    assert!(
        url.contains("verify-full") && url.contains("amazon-ca.pem"),
        "its certificate is of Amazon's public authority"
    );
    assert!(!account.clusters.url("pool").await.unwrap().contains(&endpoint));

    // One, and none before a cluster that is to be switched over.
    let error = refused(&account, &create).await;
    assert!(error.message.contains("already: pool-proxy"), "{error:?}");
    let (version, compute) = (None, None);
    let green = on("pool", Action::CreateBlueGreen { version, compute });
    let error = refused(&account, &green).await;
    assert!(error.message.contains("RDS Proxy pool-proxy"), "{error:?}");
    assert!(error.hint.unwrap().contains("howdah cluster proxy delete pool"));

    // What is out of reach is told with its reason.
    account.order(
        &json!({ "health": { "State": "UNAVAILABLE", "Reason": "UNREACHABLE", "Description": "No route." } }),
    );
    let shown = account.clusters.describe("pool").await.unwrap().proxy.unwrap();
    assert_eq!(shown.unhealthy.len(), 2, "{shown:?}");
    assert!(
        shown.unhealthy[0].contains("pool-1 (UNREACHABLE): No route"),
        "{shown:?}"
    );
    account.order(&json!({}));

    assert!(matches!(
        account.clusters.tier(&delete("pool")).await.unwrap(),
        Tier::Risk { effect } if effect.contains("lose their connections")
    ));
    account.succeed(&delete("pool")).await;
    assert_eq!(account.state()["proxies"], json!({}));
    assert!(account.clusters.describe("pool").await.unwrap().proxy.is_none());
    assert_eq!(refused(&account, &delete("pool")).await.kind, ErrorKind::NotFound);

    // It goes with its cluster.
    account.succeed(&create).await;
    account.succeed(&delete_cluster("pool")).await;
    let state = account.state();
    assert_eq!(
        (&state["proxies"], names(&state["clusters"]).len()),
        (&json!({}), 0)
    );
    account.assert_clean(None).await;
}

#[test]
fn what_a_proxy_needs_is_said_before_anything_is_made() {
    in_account("body_in_the_way");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of refusals"]
async fn body_in_the_way() {
    let account = Account::with(PRODUCTION);
    account.reset(
        &json!({ "pool-nowhere": 1, "pool-narrow": 1, "blue-pool": 1, "pool": 1, "pool-with-other": 1 }),
        &json!({}),
    );
    let plain = |cluster| on(cluster, Action::CreateProxy(ProxyOptions::default()));
    let error = refused(&account, &plain("pool-nowhere")).await;
    for what in ["no network of yours", "no role is known"] {
        assert!(error.message.contains(what), "{what}: {error:?}");
    }
    let hint = error.hint.unwrap();
    assert!(
        hint.contains("rds.amazonaws.com") && hint.contains("secretsmanager:GetSecretValue"),
        "{hint}"
    );
    assert!(hint.contains("proxy_role"), "{hint}");
    let error = refused(&account, &create("pool-narrow")).await;
    assert!(error.message.contains("subnets in 1 zone"), "{error:?}");
    let error = refused(&account, &create("blue-pool")).await;
    assert!(error.message.contains("no secret was named"), "{error:?}");
    assert!(error.hint.unwrap().contains("--secret"));
    let missing = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:missing-AAAAAA";
    let error = refused(&account, &with("blue-pool", Some(missing.into()), false)).await;
    assert!(error.message.contains("cannot be used"), "{error:?}");
    let error = refused(&account, &with("blue-pool", Some("hunter".into()), false)).await;
    assert!(error.message.contains("is no secret's ARN"), "{error:?}");
    let role = Some("proxies".into());
    let options = ProxyOptions {
        role,
        ..ProxyOptions::default()
    };
    let error = refused(&account, &on("pool", Action::CreateProxy(options))).await;
    assert!(error.message.contains("is no role's ARN"), "{error:?}");
    assert_eq!(
        names(&account.state()["proxies"]),
        ["pool-with-other-proxy"],
        "nothing was made"
    );

    // That of somebody else is neither used nor removed.
    let error = refused(&account, &delete("pool-with-other")).await;
    assert!(error.message.contains("No job of howdah"), "{error:?}");
    assert_eq!(
        refused(&account, &create("pool-with-other")).await.kind,
        ErrorKind::Refused
    );
    account.succeed(&delete_cluster("pool-with-other")).await;
    assert_eq!(names(&account.state()["proxies"]), ["pool-with-other-proxy"]);
    account.assert_clean(None).await;
}

#[test]
fn tokens_and_named_secrets() {
    in_account("body_tokens");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of tokens"]
async fn body_tokens() {
    let account = Account::with(PRODUCTION);
    account.reset(&json!({ "pool": 1, "blue-pool": 1 }), &json!({}));
    let secret = account
        .clusters
        .describe("pool")
        .await
        .unwrap()
        .connection
        .unwrap()
        .secret;
    // With a secret that is not the cluster's, its user is whom clients are.
    let job = account.succeed(&with("blue-pool", secret, true)).await;
    let result = job.result.clone().unwrap();
    assert_eq!(result["user"], "postgres");
    assert_eq!(result["secret"], Value::Null, "no password but a token");
    let state = account.state();
    assert_eq!(
        state["proxies"]["blue-pool-proxy"]["auth"][0]["IAMAuth"],
        "REQUIRED"
    );
    assert!(
        account
            .clusters
            .describe("blue-pool")
            .await
            .unwrap()
            .proxy
            .unwrap()
            .iam
    );
    let url = account.clusters.url_through_proxy("blue-pool").await.unwrap();
    assert!(
        url.contains("X-Amz-Signature") && url.contains("DBUser"),
        "a token"
    );
    assert!(
        PLANTED[..2].iter().all(|secret| !url.contains(secret)),
        "and no password"
    );
    account.assert_clean(Some(&job)).await;
}

#[test]
fn one_that_reaches_nobody_is_taken_back_and_says_why() {
    in_account("body_unreached");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of one that reaches nobody"]
async fn body_unreached() {
    let account = Account::with(PRODUCTION);
    for (reason, told) in [("AUTH_FAILURE", "kms:Decrypt"), ("UNREACHABLE", "names itself")] {
        let health = json!({ "State": "UNAVAILABLE", "Reason": reason, "Description": "It is so." });
        account.reset(&json!({ "pool": 1 }), &json!({ "health": health }));
        let job = account.run(&create("pool")).await;
        assert_eq!(job.state, JobState::Failed);
        let error = job.error.clone().unwrap();
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains(reason) && message.contains("It is so"),
            "{error}"
        );
        assert!(error["hint"].as_str().unwrap().contains(told), "{error}");
        assert_eq!(account.state()["proxies"], json!({}));
        account.assert_clean(Some(&job)).await;
    }
}

fn creation() -> Case {
    Case {
        operation: create("pool"),
        seed: json!({ "pool": 1 }),
        done: |state| {
            assert_eq!(names(&state["proxies"]), ["pool-proxy"]);
            assert_eq!(state["proxies"]["pool-proxy"]["targets"], json!(["pool"]));
        },
        undone: |state| assert_eq!(state["proxies"], json!({})),
        spared: &[],
    }
}

fn deletion() -> Case {
    Case {
        operation: delete("pool-with"),
        seed: json!({ "pool-with": 1 }),
        done: |state| {
            assert_eq!(state["proxies"], json!({}));
            assert_eq!(names(&state["clusters"]), ["pool-with"]);
        },
        undone: |state| assert_eq!(names(&state["clusters"]), ["pool-with"]),
        spared: &[],
    }
}

fn deletion_with_cluster() -> Case {
    Case {
        operation: delete_cluster("pool-with"),
        seed: json!({ "pool-with": 1 }),
        done: |state| {
            assert_eq!(names(&state["clusters"]), [""; 0]);
            assert_eq!(names(&state["snapshots"]), ["last"]);
            assert_eq!(state["proxies"], json!({}));
        },
        undone: |_| {},
        spared: &["DescribeAlarms"],
    }
}

scenarios! {
    a_proxy_survives_every_fault body_faults [creation(), deletion()], with_faults;
    a_proxy_survives_kills body_kills [creation(), deletion(), deletion_with_cluster()], with_kills;
}
