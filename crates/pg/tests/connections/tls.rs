use std::path::PathBuf;

use howdah_pg::{ConnInfo, Connection, PgError};
use howdah_testkit::{Server, ServerOptions, majors, private, server};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::connect::{own_as, permit};
use crate::{connect, value};

async fn failure(url: &str) -> String {
    let info = match ConnInfo::parse(url) {
        Ok(info) => info,
        Err(error) => return howdah_core::Error::from(error).to_text(),
    };
    match Connection::connect(&info).await {
        Ok(_) => panic!("{url} connects"),
        Err(error) => howdah_core::Error::from(error).to_text(),
    }
}

fn url(server: &Server, host: &str, query: &str) -> String {
    format!("postgres://postgres@{host}:{}/postgres?{query}", server.port())
}

/// What the server says of the connection.
async fn is_encrypted(connection: &mut Connection) -> bool {
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    value(connection, sql).await == "t"
}

#[tokio::test]
async fn sslmode_means_what_libpq_means() {
    for major in majors() {
        let server = server(major).await;
        let ca = server.ca_file().display().to_string();
        for (host, query, encrypted) in [
            ("127.0.0.1", "sslmode=disable".to_owned(), false),
            ("127.0.0.1", "sslmode=allow".to_owned(), false),
            ("127.0.0.1", "sslmode=prefer".to_owned(), true),
            ("127.0.0.1", "sslmode=require".to_owned(), true),
            ("127.0.0.1", format!("sslmode=require&sslrootcert={ca}"), true),
            ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={ca}"), true),
            ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={ca}"), true),
            ("localhost", format!("sslmode=verify-full&sslrootcert={ca}"), true),
            (
                "127.0.0.1",
                "ssl_min_protocol_version=TLSv1.3&sslmode=require".to_owned(),
                true,
            ),
            (
                "127.0.0.1",
                "ssl_max_protocol_version=TLSv1.2&sslmode=require".to_owned(),
                true,
            ),
            ("127.0.0.1", "ssl=true".to_owned(), true),
        ] {
            let mut connection = connect(&url(server, host, &query)).await;
            assert_eq!(is_encrypted(&mut connection).await, encrypted, "{host} {query}");
            assert_eq!(connection.is_tls(), encrypted);
        }
        if major >= 17 {
            let query = format!("sslmode=verify-full&sslrootcert={ca}&sslnegotiation=direct");
            let mut connection = connect(&url(server, "localhost", &query)).await;
            assert!(is_encrypted(&mut connection).await);
            let canceller = connection.canceller();
            canceller.cancel().await.unwrap();
        }
        // The name in the certificate is for localhost, 127.0.0.1 and ::1.
        let other = format!(
            "postgres://postgres@db.example.com:{}/postgres?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={ca}",
            server.port()
        );
        let text = failure(&other).await;
        assert!(text.contains("another name"), "{text}");
        connect(&other.replace("verify-full", "verify-ca")).await;
        let text = failure(&url(
            server,
            "localhost",
            "sslmode=verify-full&sslrootcert=system",
        ))
        .await;
        assert!(text.contains("not signed by an authority"), "{text}");
        let text = failure(&url(
            server,
            "localhost",
            "sslmode=verify-full&sslrootcert=/nowhere.crt",
        ))
        .await;
        assert!(text.contains("/nowhere.crt cannot be read"), "{text}");
        let text = failure(&url(server, "localhost", "sslmode=require&sslrootcert=system")).await;
        assert!(text.contains("verify-full"), "{text}");
    }
}

#[tokio::test]
async fn another_authority_is_not_trusted() {
    let server = server(15).await;
    let directory = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "someone else");
    let other = directory.path().join("other.crt");
    std::fs::write(&other, params.self_signed(&key).unwrap().pem()).unwrap();
    for mode in ["require", "verify-ca", "verify-full"] {
        let query = format!("sslmode={mode}&sslrootcert={}", other.display());
        let text = failure(&url(server, "localhost", &query)).await;
        assert!(text.contains("not signed by an authority"), "{mode}: {text}");
    }
}

#[tokio::test]
async fn scram_is_bound_to_the_channel() {
    for major in majors() {
        let server = server(major).await;
        let base = server.url_as("scram", "postgres");
        for query in [
            "sslmode=require&channel_binding=require",
            "sslmode=require&channel_binding=prefer",
            "sslmode=require&channel_binding=disable",
            "sslmode=disable&channel_binding=prefer",
            "sslmode=require&channel_binding=require&ssl_max_protocol_version=TLSv1.2",
        ] {
            let mut connection = connect(&format!("{base}?{query}")).await;
            assert_eq!(value(&mut connection, "SELECT current_user").await, "scram");
        }
        let text = failure(&format!("{base}?sslmode=disable&channel_binding=require")).await;
        assert!(text.contains("needs TLS"), "{text}");
        // Trust proves nothing, and is not enough.
        let text = failure(&url(
            server,
            "127.0.0.1",
            "sslmode=require&channel_binding=require",
        ))
        .await;
        assert!(text.contains("channel_binding=require"), "{text}");
    }
}

#[tokio::test]
async fn allow_and_prefer_find_the_encryption_that_the_server_lets_in() {
    let server = server(15).await;
    // `tls_only` is rejected without TLS.
    let base = server.url_as("tls_only", "postgres");
    for mode in ["allow", "prefer", "require"] {
        let mut connection = connect(&format!("{base}?sslmode={mode}")).await;
        assert!(is_encrypted(&mut connection).await);
    }
    let text = failure(&format!("{base}?sslmode=disable")).await;
    assert!(text.contains("pg_hba.conf"), "{text}");

    let plain = private(ServerOptions {
        major: 15,
        settings: vec![("ssl".into(), "off".into())],
        ..ServerOptions::default()
    })
    .await;
    for mode in ["disable", "allow", "prefer"] {
        let mut connection = connect(&url(&plain, "127.0.0.1", &format!("sslmode={mode}"))).await;
        assert!(!is_encrypted(&mut connection).await);
    }
    let text = failure(&url(&plain, "127.0.0.1", "sslmode=require")).await;
    assert!(text.contains("offers no encryption"), "{text}");
}

/// Files of a test's own, in a directory of its own.
struct Files(tempfile::TempDir);

impl Files {
    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        permit(&path, 0o600);
        path
    }
}

#[tokio::test]
async fn client_certificates_and_certificates_by_common_name() {
    let files = Files(tempfile::tempdir().unwrap());
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.distinguished_name.push(DnType::CommonName, "test authority");
    let ca_file = files.write("ca.crt", &ca.clone().self_signed(&ca_key).unwrap().pem());
    let issuer = Issuer::new(ca, ca_key);

    // A server certificate without alternative names, as PostgreSQL's documentation makes it.
    let server_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "*.db.test");
    let server_crt = params.signed_by(&server_key, &issuer).unwrap().pem();
    let client_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "plain");
    let client_crt = params.signed_by(&client_key, &issuer).unwrap().pem();
    let client_crt = files.write("client.crt", &client_crt);
    let client_key = files.write("client.key", &client_key.serialize_pem());

    let server = private(ServerOptions {
        major: 15,
        hba: Some(
            "local all all trust\nhostssl all plain 127.0.0.1/32 cert\nhost all postgres 127.0.0.1/32 trust\n"
                .to_owned(),
        ),
        ..ServerOptions::default()
    })
    .await;
    let probe = server.probe("postgres").await;
    let data = server.data_dir();
    for (name, text) in [
        ("own.crt", server_crt),
        ("own.key", server_key.serialize_pem()),
        ("own-ca.crt", std::fs::read_to_string(&ca_file).unwrap()),
    ] {
        let path = data.join(name);
        std::fs::write(&path, text).unwrap();
        permit(&path, 0o600);
        own_as(&path, &data);
    }
    for (name, value) in [
        ("ssl_cert_file", "own.crt"),
        ("ssl_key_file", "own.key"),
        ("ssl_ca_file", "own-ca.crt"),
    ] {
        let sql = format!("ALTER SYSTEM SET {name} = '{}'", data.join(value).display());
        probe.batch_execute(&sql).await.unwrap();
    }
    drop(probe);
    server.restart().await;

    let ca = ca_file.display();
    let to = |user: &str, host: &str, more: &str| {
        format!(
            "postgres://{user}@{host}:{}/postgres?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={ca}{more}",
            server.port()
        )
    };
    connect(&to("postgres", "one.db.test", "")).await;
    let text = failure(&to("postgres", "two.one.db.test", "")).await;
    assert!(text.contains("another name"), "{text}");
    let text = failure(&to("postgres", "db.test", "")).await;
    assert!(text.contains("another name"), "{text}");

    let cert = format!(
        "&sslcert={}&sslkey={}",
        client_crt.display(),
        client_key.display()
    );
    let mut connection = connect(&to("plain", "one.db.test", &cert)).await;
    assert_eq!(value(&mut connection, "SELECT current_user").await, "plain");
    let text = failure(&to(
        "plain",
        "one.db.test",
        &format!("{cert}&sslcertmode=disable"),
    ))
    .await;
    assert!(text.contains("certificate"), "{text}");
    let text = failure(&to("postgres", "one.db.test", "&sslcertmode=require")).await;
    assert!(text.contains("needs a client certificate"), "{text}");
    permit(&client_key, 0o644);
    let text = failure(&to("plain", "one.db.test", &cert)).await;
    assert!(text.contains("others than its owner"), "{text}");

    // The server's own certificate as the trusted one.
    let own = data.join("own.crt");
    let own = files.write("own.crt", &std::fs::read_to_string(own).unwrap());
    let pinned = to("postgres", "one.db.test", "").replace(&ca.to_string(), &own.display().to_string());
    connect(&pinned).await;
    let text = failure(&pinned.replace("one.db.test", "elsewhere.test")).await;
    assert!(text.contains("another name"), "{text}");
}

#[tokio::test]
async fn errors_within_tls_are_told_apart() {
    let server = server(15).await;
    let info = ConnInfo::parse(&url(
        server,
        "localhost",
        "sslmode=verify-ca&sslrootcert=/dev/null",
    ))
    .unwrap();
    let error = Connection::connect(&info).await.unwrap_err();
    assert!(matches!(&error, PgError::Tls { .. }), "{error}");
    assert!(
        error.to_string().contains("there is no certificate in it"),
        "{error}"
    );
}
