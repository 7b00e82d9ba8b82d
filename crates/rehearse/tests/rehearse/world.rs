use howdah_pg::{ConnInfo, Connection, NoEnvironment};
use howdah_rehearse::{
    LockMode, Options, Rehearsal, Schema, Scratch, ScratchDatabase, StatementOutcome, Unit, rehearse,
};
use howdah_testkit::{installation, majors};

pub(crate) async fn scratch(major: u16) -> Scratch {
    Scratch::among(|| majors().into_iter().map(installation).collect(), Some(major))
        .await
        .unwrap()
}

pub(crate) async fn connect(url: &str) -> Connection {
    let info = ConnInfo::parse_with(url, &NoEnvironment).unwrap();
    Connection::connect(&info).await.unwrap()
}

/// A scratch copy of a database that `setup` fills, on a server of the same version.
pub(crate) async fn copy_of(major: u16, setup: &str) -> (Schema, ScratchDatabase) {
    let schema = schema_of(major, setup).await;
    let mut copy = scratch(major).await.database(&schema.database).await.unwrap();
    copy.build(&schema).await.unwrap();
    (schema, copy)
}

/// The statements of a script, each by itself.
pub(crate) fn autocommit(script: &str) -> Vec<Unit> {
    let pieces = howdah_sql::split(script).unwrap();
    pieces
        .iter()
        .map(|piece| Unit::autocommit(piece.text, piece.span()))
        .collect()
}

/// The statements of a script, all in one transaction of the runner's.
pub(crate) fn in_transaction(script: &str) -> Vec<Unit> {
    let pieces = howdah_sql::split(script).unwrap();
    pieces
        .iter()
        .map(|piece| Unit::in_transaction(1, piece.text, piece.span()))
        .collect()
}

/// The schema of a database that `setup` fills.
pub(crate) async fn schema_of(major: u16, setup: &str) -> Schema {
    let server = howdah_testkit::server(major).await;
    let database = server.database("target").await;
    database.execute(setup).await;
    Schema::capture(&mut connect(&database.url()).await)
        .await
        .unwrap()
}

pub(crate) async fn run_on(major: u16, schema: &Schema, script: &[Unit], clients: bool) -> Rehearsal {
    let mut copy = scratch(major).await.database(&schema.database).await.unwrap();
    copy.build(schema).await.unwrap();
    let options = Options {
        clients,
        ..Options::default()
    };
    let rehearsal = rehearse(copy, &[], script, &options).await.unwrap();
    assert_eq!(rehearsal.statements.len(), script.len());
    rehearsal
}

pub(crate) async fn run(major: u16, setup: &str, script: &[Unit]) -> Rehearsal {
    run_on(major, &schema_of(major, setup).await, script, true).await
}

/// What a script did, each statement's effects on a line of its own, in words
/// of their own; locks below SHARE are left out.
pub(crate) fn lines(rehearsal: &Rehearsal) -> Vec<String> {
    let one = |outcome: &StatementOutcome| {
        let effects = &outcome.effects;
        let mut words = Vec::new();
        let locks = effects.locks.iter().filter(|lock| lock.mode >= LockMode::Share);
        words.extend(locks.map(|lock| format!("{:?} {}", lock.mode, lock.relation)));
        words.extend(effects.work.iter().map(|work| {
            let index = work
                .index
                .as_deref()
                .map(|index| format!(" {index}"))
                .unwrap_or_default();
            format!("{:?} {}{index}", work.kind, work.relation)
        }));
        words.extend(effects.losses.iter().map(|loss| format!("lost {}", loss.what)));
        words.extend(
            effects
                .failure
                .iter()
                .map(|failure| format!("failed {}", failure.sqlstate)),
        );
        words.extend(effects.debris.iter().map(|debris| format!("{debris:?}")));
        words.extend(effects.breaks.iter().map(|broken| {
            let prepared = if broken.prepared_only { "prepared " } else { "" };
            format!("broke {prepared}{}: {}", broken.role, broken.failure.sqlstate)
        }));
        words.sort();
        words.dedup();
        words.join(", ")
    };
    rehearsal.statements.iter().map(one).collect()
}
