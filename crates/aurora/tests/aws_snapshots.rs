//! Copies of snapshots of AWS and with whom they are shared, against moto behind the recorder, with every fault at
//! every call, and workers that are killed at it.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used)]

#[path = "aws/mod.rs"]
#[macro_use]
mod account;

use account::case::{Case, on};
use account::{Account, in_account, names};
use howdah_aurora::{Action, Operation, Sharing, SnapshotCopy, Tier};
use howdah_core::ErrorKind;
use howdah_jobs::JobState;
use serde_json::{Value, json};

const AUTOMATED: &str = "rds:shop-2026-05-01-03-04";
const FAR: &str = "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:far";
const FRIEND: &str = "111111111111";
const OTHER: &str = "222222222222";

fn copied(source: &str, name: &str, region: Option<&str>, kms_key: Option<&str>) -> Operation {
    on(
        "shop",
        Action::CopySnapshot(SnapshotCopy {
            source: source.parse().unwrap(),
            snapshot: name.parse().unwrap(),
            region: region.map(str::to_owned),
            kms_key: kms_key.map(str::to_owned),
        }),
    )
}

fn sharing(with: &[&str]) -> Sharing {
    Sharing {
        accounts: with
            .iter()
            .filter(|who| **who != "all")
            .map(|id| id.parse().unwrap())
            .collect(),
        public: with.contains(&"all"),
    }
}

fn share(name: &str, with: &[&str]) -> Operation {
    let (snapshot, sharing) = (name.parse().unwrap(), sharing(with));
    on("shop", Action::ShareSnapshot { snapshot, sharing })
}

fn unshare(name: &str, with: &[&str]) -> Operation {
    let (snapshot, sharing) = (name.parse().unwrap(), sharing(with));
    on("shop", Action::UnshareSnapshot { snapshot, sharing })
}

/// Under the key that AWS manages, under one of the account's own, under none; one that AWS took; one far away.
fn seed() -> Value {
    json!({
        "shop": 1,
        "monday": { "of": "shop", "key": "aws", "tags": { "team": "orders", "howdah:job": "before" } },
        "owned": { "of": "shop", "key": "own" },
        "plain": { "of": "shop" },
        AUTOMATED: { "of": "shop", "key": "aws", "type": "automated" },
        "far": { "of": "far-shop", "region": "us-east-1", "key": "own" },
    })
}

#[test]
fn a_snapshot_is_copied_under_another_name_key_and_from_another_region() {
    in_account("body_copies");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of copies"]
async fn body_copies() {
    let account = Account::with("");
    account.reset(&seed(), &json!({}));
    let job = account.succeed(&copied("monday", "tuesday", None, None)).await;
    assert_eq!(job.subject, "snapshot tuesday of cluster shop");
    let result = job.result.clone().unwrap();
    assert_eq!(result["snapshot"], "tuesday", "{result}");
    assert_eq!(result["copy_of"], "monday", "{result}");
    let state = account.state();
    let copies = &state["copies"];
    assert_eq!(
        copies["tuesday"]["tags"],
        json!({ "team": "orders", "howdah:job": job.id }),
        "what people tagged goes along, and who made it is this job"
    );
    account.assert_clean(Some(&job)).await;

    // Under a key of the account's own; of one that AWS took; from afar, by region or by ARN.
    account
        .succeed(&copied("monday", "to-share", None, Some("alias/own")))
        .await;
    account.succeed(&copied(AUTOMATED, "kept", None, None)).await;
    let far = copied("far", "here", Some("us-east-1"), Some("alias/own"));
    match account.clusters.tier(&far).await.unwrap() {
        Tier::Confirm { effect } => assert!(effect.contains("the way from us-east-1"), "{effect}"),
        other => panic!("{other:?}"),
    }
    account.succeed(&far).await;
    account
        .succeed(&copied(FAR, "here-too", None, Some("alias/own")))
        .await;
    let state = account.state();
    for name in ["to-share", "here", "here-too"] {
        assert_eq!(state["copies"][name]["key"], state["own_key"], "{name}");
    }
    assert_eq!(
        names(&state["snapshots"]),
        [
            "here", "here-too", "kept", "monday", "owned", "plain", "to-share", "tuesday"
        ]
    );

    // What is not listed is found where it is.
    for (source, region, cluster) in [
        ("far", Some("us-east-1"), "far-shop"),
        (FAR, None, "far-shop"),
        (AUTOMATED, None, "shop"),
    ] {
        let (provider, found) = account
            .clusters
            .source_of(&source.parse().unwrap(), region)
            .await
            .unwrap();
        assert_eq!((provider, found.as_str()), ("aws", cluster));
    }
    account.assert_clean(None).await;
}

#[test]
fn the_key_of_the_operator_is_taken_where_one_is_needed() {
    in_account("body_operators_key");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of the operator's key"]
async fn body_operators_key() {
    let account = Account::with("kms_key = 'alias/own'");
    account.reset(&seed(), &json!({}));
    account
        .succeed(&copied("far", "here", Some("us-east-1"), None))
        .await;
    account.succeed(&copied("monday", "tuesday", None, None)).await;
    let state = account.state();
    assert_eq!(state["copies"]["here"]["key"], state["own_key"]);
    assert_eq!(
        state["copies"]["tuesday"]["key"], state["copies"]["monday"]["key"],
        "a copy beside its source keeps that one's key"
    );
    account.assert_clean(None).await;
}

#[test]
fn copies_that_aws_would_refuse_are_refused_first() {
    in_account("body_refused_copies");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of refused copies"]
async fn body_refused_copies() {
    let account = Account::with("");
    account.reset(&seed(), &json!({}));
    let refused = async |operation: Operation| account.clusters.check(&operation).await.unwrap_err();
    let error = refused(copied("monday", "owned", None, None)).await;
    assert!(error.message.contains("already"), "{error:?}");
    let error = refused(copied("sunday", "new", None, None)).await;
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.hint.unwrap().contains("monday, owned, plain"));
    let error = refused(copied("rds:shop-2020-01-01-03-04", "new", None, None)).await;
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(
        error.hint.unwrap().contains(AUTOMATED),
        "those that AWS took are named"
    );
    let error = refused(copied("monday", "new", Some("us-east-1"), None)).await;
    assert!(
        error.message.contains("no snapshot monday in us-east-1"),
        "{error:?}"
    );
    let error = refused(copied("far", "new", Some("us-east-1"), None)).await;
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert!(
        error.message.contains("eu-central-1") && error.hint.unwrap().contains("--kms-key"),
        "a key stays in its region"
    );
    let error = refused(copied("plain", "new", None, Some("alias/own"))).await;
    assert!(error.message.contains("is not encrypted"), "{error:?}");
    let error = refused(copied(FAR, "new", Some("us-west-2"), None)).await;
    assert!(error.message.contains("us-east-1, not in us-west-2"), "{error:?}");
    for bad in ["us east", "us-east-1.example.org", "US-EAST-1"] {
        let error = refused(copied("monday", "new", Some(bad), None)).await;
        assert_eq!(error.kind, ErrorKind::Invalid, "{bad}");
    }
    assert_eq!(
        names(&account.state()["snapshots"]),
        ["monday", "owned", "plain"],
        "nothing was made"
    );

    // A name that somebody else has meanwhile is neither used nor taken back.
    let job = account.run(&copied("monday", "owned", None, None)).await;
    assert_eq!(job.state, JobState::Failed);
    let state = account.state();
    assert_eq!(names(&state["snapshots"]), ["monday", "owned", "plain"]);
    account.assert_clean(Some(&job)).await;
}

#[test]
fn a_snapshot_is_shared_with_accounts_and_no_longer() {
    in_account("body_sharing");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of sharing"]
async fn body_sharing() {
    let account = Account::with("");
    account.reset(&seed(), &json!({}));
    let refused = async |operation: Operation| account.clusters.check(&operation).await.unwrap_err();

    // What can be shared with nobody, with what to do.
    let error = refused(share("monday", &[FRIEND])).await;
    assert!(error.message.contains("AWS manages"), "{error:?}");
    assert!(
        error
            .hint
            .unwrap()
            .contains("howdah cluster copy-snapshot monday monday-to-share --kms-key")
    );
    assert_eq!(
        refused(share("sunday", &[FRIEND])).await.kind,
        ErrorKind::NotFound
    );
    assert_eq!(refused(share("owned", &[])).await.kind, ErrorKind::Invalid);
    let error = refused(share("plain", &["all"])).await;
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.hint.unwrap().contains("public-access"));
    let many: Vec<String> = (0..21).map(|number| format!("{number:012}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(
        refused(share("owned", &many))
            .await
            .message
            .contains("AWS takes 20")
    );

    match account
        .clusters
        .tier(&share("owned", &[FRIEND, OTHER]))
        .await
        .unwrap()
    {
        Tier::Risk { effect } => assert!(
            effect.starts_with("The accounts 111111111111, 222222222222 can restore and copy")
                && effect.contains(account.state()["own_key"].as_str().unwrap())
                && effect.contains("kms:CreateGrant")
                && !effect.contains("was not seen"),
            "{effect}"
        ),
        other => panic!("{other:?}"),
    }
    let job = account.succeed(&share("owned", &[FRIEND, OTHER])).await;
    assert_eq!(job.result.clone().unwrap()["shared_with"], json!([FRIEND, OTHER]));
    // Again does no harm, and only what is new is asked for.
    account.succeed(&share("owned", &[FRIEND, "333333333333"])).await;
    let mut all = account.clusters.snapshots().await.unwrap();
    let untold = account.clusters.note_sharing(&mut all).await.unwrap();
    assert_eq!(untold, [""; 0]);
    let shared = |name: &str| {
        let found = all.iter().find(|one| one.name.as_str() == name).unwrap();
        found.shared_with.clone()
    };
    assert_eq!(shared("owned"), [FRIEND, OTHER, "333333333333"]);
    assert_eq!(shared("plain"), [""; 0]);

    // Whom it is not shared with is no longer's to end: a wrong digit would leave the door open.
    let error = refused(unshare("owned", &["111111111112"])).await;
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.hint.unwrap().contains(FRIEND));
    assert!(
        matches!(account.clusters.tier(&unshare("owned", &[FRIEND])).await.unwrap(), Tier::Confirm { effect } if effect.contains("stays theirs"))
    );
    let job = account.succeed(&unshare("owned", &[FRIEND, OTHER])).await;
    assert_eq!(job.result.unwrap()["shared_with"], json!(["333333333333"]));
    account.assert_clean(None).await;
}

#[test]
fn a_snapshot_is_public_where_the_operator_allows_it() {
    in_account("body_public");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of public snapshots"]
async fn body_public() {
    let account = Account::with("allow = ['public-access']");
    account.reset(&seed(), &json!({}));
    let error = account
        .clusters
        .check(&share("owned", &["all"]))
        .await
        .unwrap_err();
    assert!(
        error.message.contains("only one that is not can be made public"),
        "{error:?}"
    );
    assert!(
        matches!(account.clusters.tier(&share("plain", &["all"])).await.unwrap(), Tier::Risk { effect } if effect.starts_with("Everybody"))
    );
    account.succeed(&share("plain", &["all"])).await;
    assert_eq!(account.state()["copies"]["plain"]["shared"], json!(["all"]));
    account.succeed(&unshare("plain", &["all"])).await;
    assert_eq!(account.state()["copies"]["plain"]["shared"], json!([]));
    account.assert_clean(None).await;
}

#[test]
fn who_may_not_look_at_keys_hears_of_it() {
    in_account("body_unseen_key");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of keys that are not seen"]
async fn body_unseen_key() {
    let account = Account::with("");
    account.reset(&seed(), &json!({ "always": { "DescribeKey": "denied" } }));
    for name in ["monday", "owned"] {
        account.clusters.check(&share(name, &[FRIEND])).await.unwrap();
        match account.clusters.tier(&share(name, &[FRIEND])).await.unwrap() {
            Tier::Risk { effect } => assert!(effect.contains("was not seen"), "{effect}"),
            other => panic!("{other:?}"),
        }
    }
    // AWS knows.
    let job = account.run(&share("monday", &[FRIEND])).await;
    assert_eq!(job.state, JobState::Failed);
    let hint = job.error.clone().unwrap()["hint"].clone();
    assert!(
        hint.as_str()
            .unwrap()
            .contains("howdah cluster copy-snapshot monday"),
        "{hint}"
    );
    account.succeed(&share("owned", &[FRIEND])).await;

    // With whom they are shared may be hidden as well: the list says so, and is a list.
    account.order(&json!({ "always": { "DescribeDBClusterSnapshotAttributes": "denied" } }));
    let mut all = account.clusters.snapshots().await.unwrap();
    assert_eq!(all.len(), 3);
    let untold = account.clusters.note_sharing(&mut all).await.unwrap();
    assert!(
        matches!(untold.as_slice(), [one] if one.contains("AccessDenied")),
        "{untold:?}"
    );
    account.assert_clean(None).await;
}

fn cases() -> Vec<Case> {
    let case = |operation, done, undone| Case {
        operation,
        seed: json!({
            "shop": 1,
            "monday": { "of": "shop", "key": "own", "shared": [OTHER] },
            "far": { "of": "far-shop", "region": "us-east-1", "key": "own" },
        }),
        done,
        undone,
        spared: &[],
    };
    vec![
        case(
            copied("monday", "tuesday", None, Some("alias/own")),
            |state| assert_eq!(names(&state["snapshots"]), ["monday", "tuesday"]),
            |state| assert_eq!(names(&state["snapshots"]), ["monday"]),
        ),
        case(
            copied("far", "here", Some("us-east-1"), Some("alias/own")),
            |state| assert_eq!(names(&state["snapshots"]), ["here", "monday"]),
            |state| assert_eq!(names(&state["snapshots"]), ["monday"]),
        ),
        case(
            share("monday", &[FRIEND]),
            |state| assert_eq!(state["copies"]["monday"]["shared"], json!([FRIEND, OTHER])),
            |state| assert_eq!(state["copies"]["monday"]["shared"], json!([OTHER])),
        ),
        case(
            unshare("monday", &[OTHER]),
            |state| assert_eq!(state["copies"]["monday"]["shared"], json!([])),
            |_| {},
        ),
    ]
}

scenarios! {
    copies_and_sharing_survive_every_fault body_faults cases(), with_faults;
    copies_and_sharing_survive_kills body_kills cases(), with_kills;
}
