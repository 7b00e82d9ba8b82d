use howdah_core::Config;
use howdah_pg::{Mode, Origin, Targets};

use crate::connect::{Fake, permit};

const TOML: &str = r#"
[howdah]
default_target = "shop"

[targets.shop]
url = "postgres://alice:in-the-url@db.example.com:6432/shop?sslmode=require"
mode = "confirm"
statement_timeout_ms = 1000
max_rows = 999999999
allow_functions = ["app.total", "app.total(int)"]
allow_extensions = ["postgis"]

[targets.by-env]
url = "postgres://bob@localhost/b"
password_env = "BOBS_PASSWORD"
mode = "read-write"

[targets.by-file]
url = "postgres://carol@localhost/c"
password_file = "secret"

[targets.forgotten]
url = "postgres://bob@localhost/b"
password_env = "NOT_SET"

[targets.misspelt]
ulr = "postgres://bob@localhost/b"

[targets.empty]
"#;

fn load(url: Option<&str>, target: Option<&str>, environment: &Fake) -> Targets {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("howdah.toml");
    let secret = directory.path().join("secret");
    std::fs::write(&secret, "from-the-file\n").unwrap();
    permit(&secret, 0o600);
    let config = Config::parse(TOML, file.display().to_string()).unwrap();
    Targets::load_with(&config, url, target, environment).unwrap()
}

#[test]
fn sections_become_targets_and_broken_ones_break_alone() {
    let targets = load(None, None, &Fake::with(&[("BOBS_PASSWORD", "from-the-variable")]));
    let shop = targets.get(None).unwrap();
    assert_eq!(shop.name, "shop");
    assert_eq!(shop.mode, Mode::Confirm);
    assert_eq!(shop.origin, Origin::Config);
    assert_eq!(shop.limits.statement_timeout_ms, 1000);
    assert_eq!(shop.limits.max_rows, 100_000);
    assert_eq!(shop.guard.allow_functions, ["app.total", "app.total(int)"]);
    assert!(targets.any_writable());
    let passwords = [
        ("shop", "in-the-url"),
        ("by-env", "from-the-variable"),
        ("by-file", "from-the-file"),
    ];
    for (name, password) in passwords {
        let target = targets.get(Some(name)).unwrap();
        assert!(target.conninfo.to_url(true).contains(password), "{name}");
        for text in [
            format!("{target:?}"),
            format!("{:?}", target.conninfo),
            target.conninfo.to_string(),
            target.conninfo.to_url(false),
        ] {
            assert!(!text.contains(password), "{text}");
        }
    }
    for (name, reason) in [
        ("forgotten", "NOT_SET"),
        ("misspelt", "ulr"),
        ("empty", "neither url nor service"),
    ] {
        let error = targets.get(Some(name)).unwrap_err();
        assert!(error.message.contains(reason), "{}", error.message);
        assert!(error.message.contains(name), "{}", error.message);
    }
    assert_eq!(targets.list().len(), 3);
    assert_eq!(targets.broken().len(), 3);
    let error = targets.get(Some("nowhere")).unwrap_err();
    assert!(error.hint.unwrap().contains("shop"));
}

#[test]
fn a_url_makes_the_default_target() {
    let environment = Fake::with(&[("DATABASE_URL", "postgres://u@env.example.com/d")]);
    let host = |targets: &Targets| targets.get(None).unwrap().conninfo.hosts()[0].name();
    let targets = load(Some("postgres://u@cli.example.com/d"), None, &environment);
    assert_eq!(host(&targets), "cli.example.com");
    assert_eq!(targets.get(None).unwrap().origin, Origin::CommandLine);
    assert_eq!(targets.get(None).unwrap().mode, Mode::ReadOnly);
    let targets = load(None, Some("default"), &environment);
    assert_eq!(host(&targets), "env.example.com");
    assert_eq!(targets.get(None).unwrap().origin, Origin::DatabaseUrl);

    let nothing = Config::default();
    let only = |environment: &Fake| Targets::load_with(&nothing, None, None, environment).unwrap();
    let targets = only(&Fake::with(&[("PGHOST", "pg.example.com"), ("PGPASSWORD", "x")]));
    assert_eq!(host(&targets), "pg.example.com");
    assert_eq!(targets.get(None).unwrap().origin, Origin::Environment);
    let error = only(&Fake::with(&[("PGUSER", "u")])).get(None).unwrap_err();
    assert!(error.hint.unwrap().contains("DATABASE_URL"));
}

#[test]
fn another_database_of_a_target_is_one_target() {
    let targets = load(None, None, &Fake::default());
    let shop = targets.get(None).unwrap();
    let one = targets.database(&shop, "other");
    let two = targets.database(&shop, "other");
    assert!(std::sync::Arc::ptr_eq(&one, &two));
    assert_eq!(one.conninfo.database(), "other");
    assert_eq!(one.mode, Mode::Confirm);
    targets.forget("shop");
    assert!(targets.get(Some("shop")).is_err());
}
