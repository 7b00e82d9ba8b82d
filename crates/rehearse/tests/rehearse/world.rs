use howdah_pg::{ConnInfo, Connection, NoEnvironment};
use howdah_rehearse::{Options, Rehearsal, Schema, Scratch, ScratchDatabase, Unit, rehearse};
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
    let server = howdah_testkit::server(major).await;
    let database = server.database("target").await;
    database.execute(setup).await;
    let schema = Schema::capture(&mut connect(&database.url()).await)
        .await
        .unwrap();
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

pub(crate) async fn run(major: u16, setup: &str, script: &[Unit]) -> Rehearsal {
    let (_, copy) = copy_of(major, setup).await;
    let rehearsal = rehearse(copy, &[], script, &Options::default()).await.unwrap();
    assert_eq!(rehearsal.statements.len(), script.len());
    rehearsal
}
