//! The store as several processes and hostile file systems meet it.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use howdah_core::{Error, ErrorKind};
use howdah_store::{
    ApprovalState, AuditEntry, AuditFilter, Decision, JobChange, JobFilter, NewApproval, NewEvent, NewJob,
    NewStep, Store, StoreError, now_ms,
};
use serde_json::json;

fn store() -> (tempfile::TempDir, Store) {
    let root = tempfile::tempdir().unwrap();
    let store = Store::open(root.path().join("store"));
    (root, store)
}

fn job() -> NewJob {
    NewJob {
        kind: "kind".into(),
        subject: "a subject".into(),
        exclusive_key: None,
        input: json!({ "password_file": "/where/it/is" }),
        created_by: "a test".into(),
        steps: vec![NewStep {
            name: "one".into(),
            title: "One".into(),
            weight: 1.0,
        }],
    }
}

fn entry(number: u64) -> AuditEntry {
    AuditEntry {
        at_ms: now_ms(),
        who: "somebody".into(),
        caller: "agent".into(),
        tool: "run_query".into(),
        target: "shop".into(),
        statement: format!("SELECT $1 -- {number}"),
        rows: Some(number),
        duration_ms: Some(0.5),
        outcome: "ok".into(),
        sqlstate: None,
    }
}

fn approval(binding: &str, ttl: Duration) -> NewApproval {
    NewApproval {
        target: "shop".into(),
        identity: "server 1".into(),
        statement: "ALTER ROLE app PASSWORD 'correct-horse-battery'".into(),
        masked: "ALTER ROLE app PASSWORD $1".into(),
        params: vec![Some("staple-in-a-parameter".into()), None],
        effect: json!({ "rows": 1 }),
        binding: binding.into(),
        requested_by: "an agent".into(),
        ttl,
    }
}

#[tokio::test]
async fn nothing_is_opened_before_it_is_used() {
    let (root, store) = store();
    assert!(!store.exists());
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    store.add_job(job()).await.unwrap();
    assert!(store.exists());
}

#[tokio::test]
async fn only_the_owner_can_read_it() {
    let (_root, store) = store();
    store.add_job(job()).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(store.directory()), 0o700);
    let files: Vec<_> = fs::read_dir(store.directory())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(files.len() >= 2, "the log of SQLite is there too: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    // What somebody opened up is closed again.
    fs::set_permissions(store.directory(), fs::Permissions::from_mode(0o755)).unwrap();
    Store::open(store.directory())
        .jobs(JobFilter::default())
        .await
        .unwrap();
    assert_eq!(mode(store.directory()), 0o700);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_programs_can_make_and_write_it_at_once() {
    let (root, _) = store();
    let writers: Vec<_> = (0..8)
        .map(|_| {
            // A store of its own has connections of its own, as another process would.
            let store = Store::open(root.path().join("store"));
            tokio::spawn(async move {
                for _ in 0..10 {
                    store.add_job(job()).await.unwrap();
                    store.audit(entry(1));
                }
                store.flush_audit().await;
                assert_eq!(store.audit_lost(), 0);
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let store = Store::open(root.path().join("store"));
    assert_eq!(store.jobs(JobFilter::default()).await.unwrap().len(), 80);
    let filter = AuditFilter {
        limit: 1000,
        ..AuditFilter::default()
    };
    assert_eq!(store.audit_entries(filter).await.unwrap().len(), 80);
}

#[tokio::test]
async fn a_damaged_store_says_what_to_do() {
    let (_root, store) = store();
    fs::create_dir(store.directory()).unwrap();
    let file = store.directory().join("howdah.db");
    fs::write(&file, "this is no database, whatever its name says; ".repeat(200)).unwrap();
    let error = Error::from(store.jobs(JobFilter::default()).await.unwrap_err());
    assert_eq!(error.kind, ErrorKind::Local);
    assert!(error.message.contains(file.to_str().unwrap()), "{error}");
    assert!(error.hint.as_ref().unwrap().contains("mv '"), "{error:?}");
    // Doing just that mends it, without restarting the program.
    fs::rename(&file, store.directory().join("howdah.db.damaged")).unwrap();
    store.add_job(job()).await.unwrap();
}

#[tokio::test]
async fn a_damaged_page_is_an_error_and_no_panic() {
    let (_root, store) = store();
    for _ in 0..200 {
        store.add_job(job()).await.unwrap();
    }
    drop(store.clone());
    let file = store.directory().join("howdah.db");
    let copy = store.directory().join("copy");
    fs::create_dir(&copy).unwrap();
    // Copied whole by SQLite, so that no log is beside it.
    let original = rusqlite::Connection::open(&file).unwrap();
    original
        .execute("VACUUM INTO ?1", [copy.join("howdah.db").to_str().unwrap()])
        .unwrap();
    let mut bytes = fs::read(copy.join("howdah.db")).unwrap();
    let from = 4096 * 3;
    bytes[from..].fill(0xA5);
    fs::write(copy.join("howdah.db"), bytes).unwrap();
    let error = Store::open(&copy).jobs(JobFilter::default()).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
}

#[tokio::test]
async fn a_store_that_cannot_be_made_says_where() {
    let root = tempfile::tempdir().unwrap();
    let blocked = root.path().join("file");
    fs::write(&blocked, "").unwrap();
    let error = Error::from(
        Store::open(blocked.join("store"))
            .add_job(job())
            .await
            .unwrap_err(),
    );
    assert_eq!(error.kind, ErrorKind::Local);
    assert!(error.message.contains(blocked.to_str().unwrap()), "{error}");
    assert!(error.hint.as_ref().unwrap().contains("HOWDAH_HOME"), "{error:?}");
}

#[tokio::test]
async fn a_newer_format_is_left_alone() {
    let (_root, store) = store();
    store.add_job(job()).await.unwrap();
    let file = store.directory().join("howdah.db");
    rusqlite::Connection::open(&file)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let error = Error::from(Store::open(store.directory()).job_ids().await.unwrap_err());
    assert!(error.message.contains("format 99"), "{error}");
    assert!(error.hint.as_ref().unwrap().contains("Upgrade"), "{error:?}");
}

#[tokio::test]
async fn a_deleted_store_is_made_anew_under_a_running_program() {
    let (_root, store) = store();
    store.add_job(job()).await.unwrap();
    fs::remove_dir_all(store.directory()).unwrap();
    store.add_job(job()).await.unwrap();
    assert_eq!(store.job_ids().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_locked_store_is_reported_after_the_timeout() {
    let (_root, store) = store();
    store.add_job(job()).await.unwrap();
    let other = rusqlite::Connection::open(store.directory().join("howdah.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Readers do not care.
    assert_eq!(store.job_ids().await.unwrap().len(), 1);
    let start = Instant::now();
    let error = Error::from(store.add_job(job()).await.unwrap_err());
    assert!(start.elapsed() >= Duration::from_secs(9), "{:?}", start.elapsed());
    assert!(error.message.contains("locked by another process"), "{error}");
}

#[tokio::test]
async fn the_diary_of_a_job_is_bounded() {
    let (_root, store) = store();
    let id = store.add_job(job()).await.unwrap().id;
    let howdah_store::Acquired::Taken(lease) = store.acquire_lease(&id).await.unwrap() else {
        panic!("nobody else wants it");
    };
    for batch in 0..6 {
        let events = (0..100).map(|line| NewEvent::info(format!("{batch}/{line} {}", "ä".repeat(5_000))));
        let change = JobChange {
            events: events.collect(),
            ..JobChange::default()
        };
        store.change_job(&lease, change).await.unwrap();
    }
    let events = store.job_events(&id, 0, 10_000).await.unwrap();
    assert_eq!(events.len(), 500);
    assert!(events.iter().all(|event| event.message.len() <= 2_000));
    assert!(events[499].message.starts_with("5/99 "));
    assert_eq!(store.job_events(&id, 0, 3).await.unwrap()[2], events[499]);
}

#[tokio::test]
async fn an_approval_is_used_once_and_only_for_what_was_shown() {
    let (_root, store) = store();
    let hour = Duration::from_secs(3600);
    let first = store.add_approval(approval("b1", hour)).await.unwrap();
    let again = store.add_approval(approval("b1", hour)).await.unwrap();
    assert_eq!(first.id, again.id, "asking twice asks the person once");

    let refused = |result: Result<_, StoreError>| matches!(result, Err(StoreError::NotPending { .. }));
    assert!(
        refused(store.claim_approval(&first.id, "b1").await),
        "nobody has approved it"
    );
    assert!(
        refused(
            store
                .decide_approval(&first.id, "b2", Decision::Approve, "eve")
                .await
        ),
        "of something else"
    );
    let approved = store
        .decide_approval(&first.id, "b1", Decision::Approve, "ann")
        .await
        .unwrap();
    assert_eq!(
        (approved.state, approved.decided_by.as_deref()),
        (ApprovalState::Approved, Some("ann"))
    );
    assert!(
        refused(
            store
                .decide_approval(&first.id, "b1", Decision::Decline, "ann")
                .await
        ),
        "decided is decided"
    );
    assert!(refused(store.claim_approval(&first.id, "b2").await));

    let claims: Vec<_> = (0..8).map(|_| (store.clone(), first.id.clone())).collect();
    let claims = claims
        .into_iter()
        .map(|(store, id)| async move { store.claim_approval(&id, "b1").await });
    let mut claimed = Vec::new();
    for claim in claims.map(tokio::spawn).collect::<Vec<_>>() {
        claimed.extend(claim.await.unwrap().ok());
    }
    assert_eq!(claimed.len(), 1, "used once");
    assert_eq!(
        claimed[0].statement,
        "ALTER ROLE app PASSWORD 'correct-horse-battery'"
    );
    assert_eq!(claimed[0].params[0].as_deref(), Some("staple-in-a-parameter"));
    assert_eq!(
        store.approval(&first.id).await.unwrap().state,
        ApprovalState::Executed
    );
}

#[tokio::test]
async fn an_approval_expires() {
    let (_root, store) = store();
    let waiting = store.add_approval(approval("b", Duration::ZERO)).await.unwrap();
    let result = store
        .decide_approval(&waiting.id, "b", Decision::Approve, "ann")
        .await;
    assert!(matches!(result, Err(StoreError::NotPending { .. })), "{result:?}");
    let approved = store
        .add_approval(approval("c", Duration::from_millis(300)))
        .await
        .unwrap();
    store
        .decide_approval(&approved.id, "c", Decision::Approve, "ann")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await;
    let result = store.claim_approval(&approved.id, "c").await;
    assert!(
        matches!(result, Err(StoreError::NotPending { .. })),
        "approved, but too late: {result:?}"
    );
    assert!(
        store
            .approvals(Some(ApprovalState::Pending))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.approvals(None).await.unwrap().len(), 2);
}

/// What a statement held is in no file once the statement is settled.
#[tokio::test]
async fn settled_approvals_leave_no_values_behind() {
    let (_root, store) = store();
    let hour = Duration::from_secs(3600);
    let executed = store.add_approval(approval("b1", hour)).await.unwrap();
    store
        .decide_approval(&executed.id, "b1", Decision::Approve, "ann")
        .await
        .unwrap();
    store.claim_approval(&executed.id, "b1").await.unwrap();
    let declined = store.add_approval(approval("b2", hour)).await.unwrap();
    assert!(
        holds(store.directory(), "correct-horse"),
        "it waits with its exact text"
    );
    store
        .decide_approval(&declined.id, "b2", Decision::Decline, "ann")
        .await
        .unwrap();
    let expired = store.add_approval(approval("b3", Duration::ZERO)).await.unwrap();
    assert_eq!(
        store.approval(&expired.id).await.unwrap().state,
        ApprovalState::Expired
    );
    for secret in ["correct-horse", "staple-in"] {
        assert!(!holds(store.directory(), secret), "{secret} is still in a file");
    }
}

fn holds(directory: &Path, text: &str) -> bool {
    fs::read_dir(directory).unwrap().any(|entry| {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[tokio::test]
async fn queued_entries_are_all_written_and_cost_little() {
    let (_root, store) = store();
    let start = Instant::now();
    for number in 0..5_000 {
        store.audit(entry(number));
    }
    let queued = start.elapsed();
    store.audit_write(entry(5_000)).await.unwrap();
    store.flush_audit().await;
    let filter = AuditFilter {
        target: Some("shop".into()),
        limit: 10_000,
        ..AuditFilter::default()
    };
    let entries = store.audit_entries(filter).await.unwrap();
    assert_eq!(entries.len(), 5_001);
    assert_eq!(store.audit_lost(), 0);
    assert!(
        queued < Duration::from_secs(10),
        "{queued:?} for 5,000, unoptimised"
    );
}

/// A command ends right after its statement: nothing but the store's end may be relied on.
#[tokio::test]
async fn a_program_that_ends_at_once_loses_no_entry() {
    let (_root, store) = store();
    let directory = store.directory().to_owned();
    for number in 0..1_000 {
        store.audit(entry(number));
    }
    drop(store);
    let filter = AuditFilter {
        limit: 10_000,
        ..AuditFilter::default()
    };
    assert_eq!(
        Store::open(directory).audit_entries(filter).await.unwrap().len(),
        1_000
    );
}
