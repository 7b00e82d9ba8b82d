use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use howdah_pg::{ConnInfo, Connection, Environment, PgError};
use howdah_testkit::{Server, ServerOptions, majors, private, server};

use crate::{connect, value};

/// An environment of the test's making.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) variables: HashMap<String, String>,
    pub(crate) home: Option<PathBuf>,
}

impl Fake {
    pub(crate) fn with(pairs: &[(&str, &str)]) -> Self {
        let variables = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Self {
            variables: variables.collect(),
            home: None,
        }
    }
}

impl Environment for Fake {
    fn var(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn home(&self) -> Option<PathBuf> {
        self.home.clone()
    }

    fn os_user(&self) -> Option<String> {
        Some("postgres".to_owned())
    }
}

async fn with(text: &str, environment: &Fake) -> Result<Connection, PgError> {
    Connection::connect(&ConnInfo::parse_with(text, environment)?).await
}

async fn failure(url: &str) -> (PgError, String) {
    let error = Connection::connect(&ConnInfo::parse(url).unwrap())
        .await
        .unwrap_err();
    let text = error.to_string();
    (error, text)
}

/// A password with everything that has a meaning somewhere.
const PASSWORD: &str = "pä:ss\\wörd@/?#%' \"€";
const ENCODED: &str = "p%C3%A4%3Ass%5Cw%C3%B6rd%40%2F%3F%23%25%27%20%22%E2%82%AC";

async fn server_with_passwords(major: u16) -> Server {
    let server = private(ServerOptions {
        major,
        hba: Some(
            "local all postgres trust\n\
             host all by_scram 127.0.0.1/32 scram-sha-256\n\
             host all by_md5 127.0.0.1/32 md5\n\
             host all by_password 127.0.0.1/32 password\n\
             local all by_scram scram-sha-256\n\
             host all postgres 127.0.0.1/32 trust\n\
             host all no_database 127.0.0.1/32 trust\n"
                .to_owned(),
        ),
        ..ServerOptions::default()
    })
    .await;
    let probe = server.probe("postgres").await;
    let literal = format!("E'{}'", PASSWORD.replace('\\', "\\\\").replace('\'', "\\'"));
    probe
        .batch_execute(&format!(
            "SET password_encryption = 'scram-sha-256';
             CREATE ROLE by_scram LOGIN PASSWORD {literal};
             CREATE ROLE by_password LOGIN PASSWORD {literal};
             SET password_encryption = 'md5';
             CREATE ROLE by_md5 LOGIN PASSWORD {literal};"
        ))
        .await
        .unwrap();
    server
}

#[tokio::test]
async fn every_way_to_give_a_password_works_and_a_wrong_one_is_not_echoed() {
    for major in majors() {
        let server = server_with_passwords(major).await;
        let port = server.port();
        for role in ["by_scram", "by_md5", "by_password"] {
            for mode in ["disable", "require"] {
                let url = format!("postgres://{role}:{ENCODED}@127.0.0.1:{port}/postgres?sslmode={mode}");
                let mut connection = connect(&url).await;
                assert_eq!(value(&mut connection, "SELECT current_user").await, role);
                assert_eq!(connection.is_tls(), mode == "require");
            }
            let url = format!("postgres://{role}:hunter2-secret@127.0.0.1:{port}/postgres");
            let (error, text) = failure(&url).await;
            assert_eq!(error.sqlstate(), Some("28P01"), "{text}");
            let shown = howdah_core::Error::from(error);
            for text in [format!("{shown:?}"), shown.to_text(), text] {
                assert!(!text.contains("hunter2"), "{text}");
            }
            assert!(shown.to_text().contains(role), "{}", shown.to_text());
            assert!(shown.hint.is_some());

            let (error, text) = failure(&format!(
                "postgres://{role}@127.0.0.1:{port}/postgres?passfile=/nonexistent"
            ))
            .await;
            assert!(matches!(error, PgError::Connect { .. }), "{text}");
            assert!(text.contains("none was given"), "{text}");
        }

        // key=value, PGPASSWORD, password file, service file.
        let quoted = PASSWORD.replace('\\', "\\\\").replace('\'', "\\'");
        let base = format!("host=127.0.0.1 port={port} dbname=postgres user=by_scram");
        with(&format!("{base} password='{quoted}'"), &Fake::default())
            .await
            .unwrap();
        with(&base, &Fake::with(&[("PGPASSWORD", PASSWORD)]))
            .await
            .unwrap();

        let directory = tempfile::tempdir().unwrap();
        let passfile = directory.path().join(".pgpass");
        let escaped = PASSWORD.replace('\\', "\\\\").replace(':', "\\:");
        std::fs::write(
            &passfile,
            format!("*:1:*:*:wrong\n127.0.0.1:{port}:postgres:by_scram:{escaped}\nlocalhost:*:*:by_scram:{escaped}\n"),
        )
        .unwrap();
        permit(&passfile, 0o600);
        let home = Fake {
            home: Some(directory.path().to_owned()),
            ..Fake::default()
        };
        with(&base, &home).await.unwrap();
        let sockets = server.socket_dir();
        let by_socket = format!(
            "host={} port={port} dbname=postgres user=by_scram",
            sockets.display()
        );
        with(&by_socket, &home).await.unwrap();
        permit(&passfile, 0o644);
        let error = with(&base, &home).await.unwrap_err().to_string();
        assert!(error.contains("others than its owner"), "{error}");

        let services = directory.path().join("services");
        std::fs::write(
            &services,
            format!("# ours\n[other]\nhost=nowhere\n\n[shop]\nhost=127.0.0.1\nport={port}\nuser=by_scram\ndbname=postgres\n"),
        )
        .unwrap();
        let services = services.display().to_string();
        let environment = Fake::with(&[("PGSERVICEFILE", &services), ("PGPASSWORD", PASSWORD)]);
        for text in [
            "service=shop",
            "postgres://?service=shop",
            "postgres:///postgres?service=shop",
        ] {
            let mut connection = with(text, &environment).await.unwrap();
            assert_eq!(value(&mut connection, "SELECT current_user").await, "by_scram");
        }
        let error = with("service=shup", &environment).await.unwrap_err();
        let shown = howdah_core::Error::from(error).to_text();
        assert!(shown.contains("other, shop"), "{shown}");
    }
}

pub(crate) fn permit(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn require_auth_limits_what_a_server_may_ask_for() {
    let server = server_with_passwords(15).await;
    let port = server.port();
    let url = |role: &str, methods: &str| {
        format!("postgres://{role}:{ENCODED}@127.0.0.1:{port}/postgres?require_auth={methods}")
    };
    connect(&url("by_scram", "scram-sha-256")).await;
    connect(&url("by_md5", "md5,scram-sha-256")).await;
    connect(&url("by_scram", "!password,!md5")).await;
    connect(&url("postgres", "none")).await;
    for (role, methods) in [
        ("by_password", "scram-sha-256"),
        ("by_password", "!password"),
        ("by_md5", "scram-sha-256"),
        ("postgres", "scram-sha-256"),
        ("by_scram", "none"),
    ] {
        let (_, text) = failure(&url(role, methods)).await;
        assert!(text.contains("require_auth"), "{role} {methods}: {text}");
    }
}

#[tokio::test]
async fn sockets_names_and_addresses() {
    let server = server(15).await;
    let (port, sockets) = (server.port(), server.socket_dir());
    let directory = sockets.display().to_string();
    let encoded = directory.replace('/', "%2F");
    for text in [
        format!("postgres://postgres@127.0.0.1:{port}/postgres"),
        format!("postgresql://postgres@localhost:{port}/postgres?sslmode=disable"),
        format!("postgres://postgres@{encoded}:{port}/postgres"),
        format!("postgres://postgres@/postgres?host={directory}&port={port}"),
        format!("host='{directory}' port={port} user=postgres dbname = 'postgres'"),
        format!("host=no.such.host hostaddr=127.0.0.1 port={port} user=postgres dbname=postgres"),
        format!("hostaddr=127.0.0.1 port={port} user=postgres dbname=postgres"),
    ] {
        let mut connection = with(&text, &Fake::default()).await.unwrap();
        assert_eq!(
            value(&mut connection, "SELECT current_database()").await,
            "postgres"
        );
        assert_eq!(
            value(&mut connection, "SELECT current_setting('application_name')").await,
            "howdah"
        );
    }
    let text = format!(
        "postgres://postgres@127.0.0.1:{port}/postgres?application_name=mine&options=-c%20search_path%3Dpg_temp%20-c%20work_mem%3D7MB"
    );
    let mut connection = with(&text, &Fake::default()).await.unwrap();
    assert_eq!(value(&mut connection, "SHOW application_name").await, "mine");
    assert_eq!(value(&mut connection, "SHOW work_mem").await, "7MB");
    assert_eq!(value(&mut connection, "SHOW client_encoding").await, "UTF8");
}

#[tokio::test]
async fn variables_complete_what_is_not_written() {
    let server = server(15).await;
    let port = server.port().to_string();
    let environment = Fake::with(&[
        ("PGHOST", "127.0.0.1"),
        ("PGPORT", &port),
        ("PGDATABASE", "template1"),
        ("PGUSER", "plain"),
        ("PGAPPNAME", "from env"),
        ("PGOPTIONS", "-c work_mem=5MB"),
        ("PGSSLMODE", "require"),
    ]);
    let mut connection = with("", &environment).await.unwrap();
    assert_eq!(
        value(&mut connection, "SELECT current_database()").await,
        "template1"
    );
    assert_eq!(value(&mut connection, "SELECT current_user").await, "plain");
    assert_eq!(value(&mut connection, "SHOW work_mem").await, "5MB");
    assert!(connection.is_tls());
    let mut connection = with("dbname=postgres sslmode=disable", &environment)
        .await
        .unwrap();
    assert_eq!(
        value(&mut connection, "SELECT current_database()").await,
        "postgres"
    );
    assert!(!connection.is_tls());
}

#[tokio::test]
async fn hosts_are_tried_in_turn() {
    let server = server(15).await;
    let port = server.port();
    let dead = dead_port();
    let began = Instant::now();
    let url = format!("postgres://postgres@127.0.0.1:{dead},127.0.0.1:{port}/postgres");
    let mut connection = connect(&url).await;
    assert_eq!(value(&mut connection, "SELECT 1").await, "1");
    for _ in 0..5 {
        connect(&format!("{url}?load_balance_hosts=random")).await;
    }
    assert!(began.elapsed() < howdah_testkit::allowed(Duration::from_secs(2)));
    let (error, text) = failure(&format!(
        "postgres://postgres@127.0.0.1:{dead},no.such.host.invalid:{dead}/postgres"
    ))
    .await;
    assert!(matches!(error, PgError::Connect { .. }));
    assert!(
        text.contains("connection refused") && text.contains("no.such.host"),
        "{text}"
    );
    // Being turned away is final: the second host is not asked.
    let (error, _) = failure(&format!(
        "postgres://nobody@127.0.0.1:{port},127.0.0.1:{port}/postgres"
    ))
    .await;
    assert_eq!(error.sqlstate(), Some("28000"));
}

pub(crate) fn dead_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test]
async fn a_silent_host_is_given_up_after_connect_timeout() {
    let server = server(15).await;
    // Accepts, and never says a word.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = listener.local_addr().unwrap().port();
    let began = Instant::now();
    let (error, text) = failure(&format!(
        "postgres://postgres@127.0.0.1:{silent}/postgres?connect_timeout=1"
    ))
    .await;
    assert!(matches!(error, PgError::Connect { .. }), "{text}");
    assert!(text.contains("no answer within 1 s"), "{text}");
    assert!(began.elapsed() < howdah_testkit::allowed(Duration::from_secs(2)));
    // The limit is each host's own.
    connect(&format!(
        "postgres://postgres@127.0.0.1:{silent},127.0.0.1:{}/postgres?connect_timeout=1",
        server.port()
    ))
    .await;
}

#[tokio::test]
async fn session_attributes_are_asked_of_old_and_new_servers() {
    for major in majors() {
        let writable = server(major).await;
        let database = writable.database("read_only").await;
        database
            .execute(&format!(
                "ALTER DATABASE \"{}\" SET default_transaction_read_only = on",
                database.name
            ))
            .await;
        let port = writable.port();
        let to = |database: &str, attrs: &str| {
            format!("postgres://postgres@127.0.0.1:{port}/{database}?target_session_attrs={attrs}")
        };
        for attrs in ["any", "read-write", "primary", "prefer-standby"] {
            connect(&to("postgres", attrs)).await;
        }
        for attrs in ["any", "read-only", "primary", "prefer-standby"] {
            connect(&to(&database.name, attrs)).await;
        }
        for (database, attrs) in [
            ("postgres", "read-only"),
            ("postgres", "standby"),
            (database.name.as_str(), "read-write"),
        ] {
            let (_, text) = failure(&to(database, attrs)).await;
            assert!(text.contains(&format!("target_session_attrs={attrs}")), "{text}");
        }
    }
}

#[tokio::test]
async fn a_standby_is_told_from_a_primary() {
    for major in majors() {
        let primary = server(major).await;
        let standby = private(ServerOptions {
            major,
            ..ServerOptions::default()
        })
        .await;
        standby.stop().await;
        let signal = standby.data_dir().join("standby.signal");
        std::fs::write(&signal, "").unwrap();
        own_as(&signal, &standby.data_dir());
        standby.start().await;
        let (one, two) = (primary.port(), standby.port());
        for (ports, attrs, expected) in [
            ([two, one], "any", two),
            ([two, one], "primary", one),
            ([two, one], "read-write", one),
            ([one, two], "standby", two),
            ([one, two], "read-only", two),
            ([one, two], "prefer-standby", two),
            ([one, one], "prefer-standby", one),
        ] {
            let [first, second] = ports;
            let url = format!(
                "postgres://postgres@127.0.0.1:{first},127.0.0.1:{second}/postgres?target_session_attrs={attrs}"
            );
            let mut connection = connect(&url).await;
            let port = value(&mut connection, "SHOW port").await;
            assert_eq!(port, expected.to_string(), "{attrs}");
        }
        let (_, text) = failure(&format!(
            "postgres://postgres@127.0.0.1:{two}/postgres?target_session_attrs=primary"
        ))
        .await;
        assert!(text.contains("target_session_attrs=primary"), "{text}");

        // After a failover the pool turns to whoever is the primary now.
        let url = format!("postgres://postgres@127.0.0.1:{two}/postgres?target_session_attrs=standby");
        let target = crate::pool::target(&url, howdah_pg::Limits::default());
        let mut session = target.session().await.unwrap();
        assert_eq!(value(&mut session, "SELECT pg_is_in_recovery()").await, "t");
        drop(session);
        let probe = standby.probe("postgres").await;
        probe.execute("SELECT pg_promote()", &[]).await.unwrap();
        // Servers from 14 on tell of it; older ones only when they are connected to anew.
        if major >= 14 {
            let mut outcome = target.session().await;
            for _ in 0..100 {
                let Ok(session) = &mut outcome else { break };
                // They do so with the answer to whatever comes next.
                value(session, "SELECT 1").await;
                drop(outcome);
                tokio::time::sleep(Duration::from_millis(20)).await;
                outcome = target.session().await;
            }
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains("target_session_attrs=standby"), "{error}");
        }
    }
}

/// Gives a file to the owner of another one.
pub(crate) fn own_as(path: &Path, other: &Path) {
    use std::os::unix::fs::MetadataExt;
    let owner = std::fs::metadata(other).unwrap().uid();
    std::os::unix::fs::chown(path, Some(owner), None).unwrap();
}

#[tokio::test]
async fn hostile_names_reach_the_server_as_they_are() {
    let server = server(15).await;
    for name in [
        "Mixed \"\" Case",
        "d'b\\ =%41&?#@/:",
        "ünï→😀",
        " leading and trailing ",
        "select",
    ] {
        let database = server.database_named(name).await;
        database
            .execute(&format!(
                "DROP ROLE IF EXISTS \"{0}\"; CREATE ROLE \"{0}\" LOGIN",
                name.replace('"', "\"\"")
            ))
            .await;
        let quoted = name.replace('\\', "\\\\").replace('\'', "\\'");
        let text = format!(
            "host=127.0.0.1 port={} dbname='{quoted}' user='{quoted}'",
            server.port()
        );
        let info = ConnInfo::parse_with(&text, &Fake::default()).unwrap();
        let by_url = ConnInfo::parse_with(&info.to_url(true), &Fake::default()).unwrap();
        for info in [info, by_url] {
            let mut connection = Connection::connect(&info).await.unwrap();
            assert_eq!(value(&mut connection, "SELECT current_database()").await, name);
            assert_eq!(value(&mut connection, "SELECT current_user").await, name);
        }
    }
}

#[tokio::test]
async fn what_does_not_exist_is_said_with_a_hint() {
    let server = server(15).await;
    let (error, _) = failure(&server.url("no_such_db")).await;
    let shown = howdah_core::Error::from(error);
    assert_eq!(shown.sqlstate.as_deref(), Some("3D000"));
    assert!(shown.message.contains("no_such_db"));
    assert!(shown.hint.unwrap().contains("database's name"));
    let began = Instant::now();
    let (error, _) = failure(&format!("postgres://u@127.0.0.1:{}/d", dead_port())).await;
    let shown = howdah_core::Error::from(error);
    assert!(shown.message.contains("connection refused"));
    assert!(shown.hint.unwrap().contains("Is it running"));
    assert!(began.elapsed() < howdah_testkit::allowed(Duration::from_secs(2)));
    let (_, text) = failure("postgres://u@%2Fno%2Fsuch%2Fdirectory/d").await;
    assert!(text.contains("/no/such/directory/.s.PGSQL.5432"), "{text}");
}
