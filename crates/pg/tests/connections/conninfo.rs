use howdah_pg::{ConnInfo, ConnInfoError, NoEnvironment, SessionAttrs, SslMode};
use proptest::prelude::*;

use crate::connect::Fake;

fn parse(text: &str) -> Result<ConnInfo, ConnInfoError> {
    ConnInfo::parse_with(text, &Fake::default())
}

fn hosts(info: &ConnInfo) -> Vec<(String, u16)> {
    info.hosts()
        .iter()
        .map(|host| (host.name(), host.port()))
        .collect()
}

#[test]
fn urls_and_pairs_mean_what_libpq_means() {
    for (text, host, port, user, database) in [
        ("postgres://h", "h", 5432, "postgres", "postgres"),
        ("postgresql://u@h:1/d", "h", 1, "u", "d"),
        ("postgres://u:p@h/", "h", 5432, "u", "u"),
        ("postgres://[::1]:5433/d", "::1", 5433, "postgres", "d"),
        (
            "postgres://[fe80::1%25eth0]/d",
            "fe80::1%eth0",
            5432,
            "postgres",
            "d",
        ),
        ("postgres://%2Ftmp:99/d", "/tmp", 99, "postgres", "d"),
        ("postgres:///d?host=/tmp", "/tmp", 5432, "postgres", "d"),
        ("postgres://u%40x:p%2F@h/d%20b", "h", 5432, "u@x", "d b"),
        ("postgres://u@h?dbname=d&port=7", "h", 7, "u", "d"),
        ("  host=h port=7 user = u dbname='d b' ", "h", 7, "u", "d b"),
        ("host=@abstract user=u", "@abstract", 5432, "u", "u"),
        (r"user='a\'b\\c' host=h", "h", 5432, r"a'b\c", r"a'b\c"),
        ("user='' host=h", "h", 5432, "postgres", "postgres"),
        ("host='h'user='u'", "h", 5432, "u", "u"),
    ] {
        let info = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(hosts(&info), [(host.to_owned(), port)], "{text}");
        assert_eq!((info.user(), info.database()), (user, database), "{text}");
    }
    let info = parse("postgres://a,b:2,[::3]:3/d?target_session_attrs=primary").unwrap();
    assert_eq!(
        hosts(&info),
        [("a".into(), 5432), ("b".into(), 2), ("::3".into(), 3)]
    );
    let info = parse("host=a,b,c port=9").unwrap();
    assert!(info.hosts().iter().all(|host| host.port() == 9));
    assert_eq!(
        parse("host=h sslrootcert=system").unwrap().ssl_mode(),
        SslMode::VerifyFull
    );
    assert_eq!(parse("host=h").unwrap().ssl_mode(), SslMode::Prefer);
    assert_eq!(SessionAttrs::PreferStandby.name(), "prefer-standby");
}

#[test]
fn what_is_wrong_is_named_with_a_way_out() {
    for (text, message, hint) in [
        (
            "host=h sslmod=require",
            "\"sslmod\" is no connection parameter",
            "sslmode",
        ),
        (
            "postgres://h/d?conect_timeout=1",
            "conect_timeout",
            "connect_timeout",
        ),
        (
            "postgres://h/d?schema=public",
            "\"schema\" is no connection parameter",
            "libpq",
        ),
        (
            "sslmode=full host=h",
            "sslmode=full is not possible",
            "verify-full",
        ),
        ("postgres://h:port/d", "\"port\" is no port", "percent-encoding"),
        ("host=h port=0", "\"0\" is no port", ""),
        ("host=h port=70000", "\"70000\" is no port", ""),
        (
            "host=a,b port=1,2,3",
            "port lists 3 values for 2 hosts",
            "one for each",
        ),
        ("host=a,b hostaddr=1.2.3.4", "hostaddr lists 1", ""),
        ("hostaddr=name", "no IP address", "host"),
        ("mydb", "there is no \"=\" in it", "postgres://"),
        ("user='x", "does not end", ""),
        ("postgres://[::1/d", "no closing", ""),
        ("postgres://h/%zz", "percent-encoding of dbname", "%25"),
        ("postgres://h/%0", "cut short", ""),
        ("postgres://h/a%00b", "%00", ""),
        ("postgres://h/d?x", "no \"=\"", "%40"),
        (
            "host=h sslmode=verify-ca",
            "which authority to trust",
            "sslrootcert",
        ),
        (
            "host=h sslmode=prefer sslnegotiation=direct",
            "cannot be combined",
            "require",
        ),
        ("host=h gssencmode=require", "gssencmode=require", "verify-full"),
        ("host=h replication=database", "Replication", ""),
        (
            "host=h sslpassword=x",
            "sslpassword is not supported",
            "decrypted",
        ),
        ("host=h connect_timeout=soon", "no whole number", ""),
        (
            "host=h ssl_max_protocol_version=TLSv1.1",
            "no longer safe",
            "TLSv1.2",
        ),
        ("host=h require_auth=md5,!password", "mixes", ""),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.message.contains(message), "{text}: {}", error.message);
        let shown = error.hint.unwrap_or_default();
        assert!(shown.contains(hint), "{text}: {shown}");
    }
    // What makes no difference is accepted.
    parse("host=h gssencmode=prefer krbsrvname=x client_encoding=LATIN1 sslcompression=1 replication=off")
        .unwrap();
}

#[test]
fn a_password_in_a_malformed_text_is_not_echoed() {
    for text in [
        "postgres://u:hunter2#x@h:5432/d:y?z",
        "postgres://u:hun/ter2@h/d",
        "password=hunter2 host",
        "host=h password='hunter2",
        "hunter2@host:5432/db",
        "u:hunter2@host",
    ] {
        if let Err(error) = parse(text) {
            let shown = format!("{error} {error:?} {:?}", error.hint);
            assert!(!shown.contains("hunter2"), "{text}: {shown}");
        }
    }
    let info = parse("postgres://u:hunter2@h/d").unwrap();
    for text in [info.to_string(), format!("{info:?}"), info.to_url(false)] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn without_an_environment_nothing_is_completed() {
    let error = ConnInfo::parse_with("postgres://h/d", &NoEnvironment).unwrap_err();
    assert!(error.message.contains("No user"), "{error}");
    let info = ConnInfo::parse_with("postgres://u@h/d", &NoEnvironment).unwrap();
    assert_eq!(info.to_url(true), "postgresql://u@h:5432/d?sslmode=prefer");
    assert!(info.notes()[0].contains("in the clear"));
}

/// Texts with much of what has a meaning in URLs and pairs.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}",
        r#"[ -~]{1,20}"#,
        r#"[%@:/?#\[\]'"\\ =&+,äß€😀]{1,12}"#,
        "\\PC{1,10}",
    ]
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}", tail in value()) {
        let _ = parse(&text);
        let _ = parse(&format!("postgres://{text}"));
        let _ = parse(&format!("postgres://{text}@{tail}/{text}?{tail}={text}"));
        let _ = parse(&format!("host={text} {tail}"));
    }

    #[test]
    fn what_is_written_as_pairs_survives_as_url(
        user in value(), password in value(), database in value(), application in value(),
        options in value(),
        host in prop_oneof!["[a-z][a-z0-9.-]{0,20}", "/[a-z/ ]{1,10}", Just("::1".to_owned()), Just("10.0.0.1".to_owned())],
        port in 1..=65535_u16,
        mode in prop_oneof![Just("disable"), Just("allow"), Just("prefer"), Just("require"), Just("verify-full")],
        timeout in 0..100_u32,
    ) {
        let text = format!(
            "user={} password={} dbname={} application_name={} options={} host={} port={port} sslmode={mode} connect_timeout={timeout} channel_binding=disable keepalives_idle=5 target_session_attrs=standby",
            quoted(&user), quoted(&password), quoted(&database), quoted(&application), quoted(&options), quoted(&host)
        );
        let info = parse(&text).unwrap();
        prop_assert_eq!(info.user(), user.as_str());
        prop_assert_eq!(info.database(), database.as_str());
        let again = parse(&info.to_url(true)).unwrap();
        prop_assert_eq!(&again, &info);
        prop_assert!(info.to_url(true).is_ascii());
    }

    #[test]
    fn lists_of_hosts_survive(hosts in prop::collection::vec(("[a-z]{1,8}|::[1-9]", 1..=65535_u16), 1..5)) {
        let names: Vec<&str> = hosts.iter().map(|(name, _)| name.as_str()).collect();
        let ports: Vec<String> = hosts.iter().map(|(_, port)| port.to_string()).collect();
        let info = parse(&format!("host={} port={} user=u", names.join(","), ports.join(","))).unwrap();
        prop_assert_eq!(info.hosts().len(), hosts.len());
        prop_assert_eq!(&parse(&info.to_url(true)).unwrap(), &info);
    }
}
