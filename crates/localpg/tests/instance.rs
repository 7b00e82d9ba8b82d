//! Instances of PostgreSQL under the conditions that a machine can produce.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use howdah_localpg::{
    Account, InitOptions, Installation, Instance, LocalError, Status, StopMode, TlsFiles, generate_password,
};
use tokio_postgres::NoTls;

/// A directory whose instances are ended when the test is over, however it ends.
struct Room(PathBuf);

impl Room {
    fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let path = tempfile::Builder::new()
            .prefix("howdah-room-")
            .tempdir_in("/tmp")
            .unwrap()
            .keep();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o711)).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn init(&self, name: &str, options: InitOptions) -> Instance {
        Instance::init(&self.path(name), &installation(), &options).unwrap()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        for entry in std::fs::read_dir(&self.0).unwrap() {
            drop(Instance::remove_remains(&entry.unwrap().path()));
        }
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn installation() -> Installation {
    Installation::require(None).unwrap()
}

fn quick() -> InitOptions {
    InitOptions {
        durable: false,
        ..InitOptions::default()
    }
}

fn none() -> BTreeSet<u16> {
    BTreeSet::new()
}

/// A process like a server's, but of something else.
fn bystander() -> std::process::Child {
    let account = Account::of_servers().unwrap();
    account
        .command(Path::new("/bin/sleep"))
        .arg("60")
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn only_tls_and_a_password_over_tcp_and_the_owner_over_the_socket() {
    let room = Room::new();
    let account = Account::of_servers().unwrap();
    let tls_dir = room.path("tls");
    std::fs::create_dir(&tls_dir).unwrap();
    let tls = TlsFiles::create(&tls_dir, &account).unwrap();
    let password = generate_password().unwrap();
    let options = InitOptions {
        password: Some(password.clone()),
        settings: tls.settings().to_vec(),
        ..InitOptions::default()
    };
    let mut instance = room.init("server", options);
    instance.start(&none()).unwrap();
    instance.start(&none()).unwrap();
    assert_eq!(instance.status(), Status::Ready);

    let plain = format!(
        "postgresql://postgres:{password}@127.0.0.1:{}/postgres",
        instance.port()
    );
    let error = tokio_postgres::connect(&plain, NoTls)
        .await
        .map(|_| ())
        .unwrap_err();
    let server_error = error.as_db_error().unwrap().message().to_owned();
    assert!(
        server_error.contains("no encryption") || server_error.contains("SSL off"),
        "{server_error}"
    );

    let mut socket = tokio_postgres::Config::new();
    socket
        .host_path(instance.socket_dir())
        .port(instance.port())
        .user("postgres")
        .dbname("postgres");
    let (client, connection) = socket.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let verifier: String = client
        .query_one(
            "SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = 'postgres'",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert!(verifier.starts_with("SCRAM-SHA-256$"));

    // Through the eyes of libpq, where psql is installed.
    if let Some(psql) = Installation::all().iter().find_map(|found| found.program("psql")) {
        let url = format!(
            "postgresql://postgres@localhost:{}/postgres?sslmode=verify-full&sslrootcert={}",
            instance.port(),
            tls.ca.display()
        );
        let run = |password: &str| {
            let query = "SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()";
            let command = Command::new(&psql)
                .args([&url, "-wAtXc", query])
                .env("PGPASSWORD", password)
                .output();
            let output = command.unwrap();
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
        };
        assert_eq!(run(&password).trim(), "t");
        assert!(run("wrong").contains("password authentication failed"));
    }

    let environment = std::fs::read(format!("/proc/{}/environ", instance.pid().unwrap())).unwrap_or_default();
    assert!(
        !String::from_utf8_lossy(&environment).contains("CARGO"),
        "inherited our environment"
    );

    let pid = instance.pid().unwrap();
    instance.stop(StopMode::Fast).unwrap();
    instance.stop(StopMode::Fast).unwrap();
    assert_eq!(instance.status(), Status::Stopped);
    assert!(!Path::new(&format!("/proc/{pid}/cwd")).exists());

    let again = Instance::open(&room.path("server")).unwrap();
    assert_eq!(again.port(), instance.port());
    again.remove().unwrap();
    assert!(!room.path("server").exists());
}

#[test]
fn a_port_taken_meanwhile_is_passed_over() {
    let room = Room::new();
    let mut instance = room.init("server", quick());
    instance.start(&none()).unwrap();
    let first = instance.port();
    instance.stop(StopMode::Fast).unwrap();
    instance.start(&none()).unwrap();
    assert_eq!(instance.port(), first, "a server keeps its port");
    instance.stop(StopMode::Fast).unwrap();
    let thief = TcpListener::bind(("127.0.0.1", first)).unwrap();
    instance.start(&none()).unwrap();
    assert_ne!(instance.port(), first);
    drop(thief);
}

#[test]
fn servers_that_start_at_once_get_ports_of_their_own() {
    let room = Room::new();
    let instances: Vec<Instance> = (0..3).map(|n| room.init(&format!("s{n}"), quick())).collect();
    let starts: Vec<_> = instances
        .into_iter()
        .map(|mut instance| {
            std::thread::spawn(move || {
                instance.start(&none()).unwrap();
                instance.port()
            })
        })
        .collect();
    let ports: BTreeSet<u16> = starts.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(ports.len(), 3);
}

#[test]
fn the_pid_file_of_a_crashed_server_may_name_a_bystander() {
    let room = Room::new();
    let mut instance = room.init("server", quick());
    instance.start(&none()).unwrap();
    let pid_file = instance.data_dir().join("postmaster.pid");
    let text = std::fs::read_to_string(&pid_file).unwrap();
    let pid = instance.pid().unwrap();
    assert!(
        Command::new("kill")
            .args(["-KILL", &pid.to_string()])
            .status()
            .unwrap()
            .success()
    );
    while instance.status() != Status::Stopped {
        std::thread::yield_now();
    }
    let mut bystander = bystander();
    std::fs::write(
        &pid_file,
        text.replacen(&pid.to_string(), &bystander.id().to_string(), 1),
    )
    .unwrap();

    instance.stop(StopMode::Fast).unwrap();
    assert!(
        bystander.try_wait().unwrap().is_none(),
        "stop ended a foreign process"
    );
    instance.start(&none()).unwrap();
    assert_eq!(instance.status(), Status::Ready);
    assert!(bystander.try_wait().unwrap().is_none());
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[test]
fn a_path_too_long_for_a_socket() {
    let room = Room::new();
    let deep = room.path(&"x".repeat(90));
    let mut instance = Instance::init(&deep, &installation(), &quick()).unwrap();
    instance.start(&none()).unwrap();
    let sockets = instance.socket_dir().to_owned();
    assert!(sockets.starts_with("/tmp") && sockets.as_os_str().len() < 40);
    // A cleaned /tmp is no obstacle.
    instance.stop(StopMode::Fast).unwrap();
    std::fs::remove_dir_all(&sockets).unwrap();
    instance.start(&none()).unwrap();
    instance.remove().unwrap();
    assert!(!sockets.exists());
    assert!(!deep.exists());

    // An instance whose making was killed is found by its link alone.
    let instance = Instance::init(&deep, &installation(), &quick()).unwrap();
    let sockets = instance.socket_dir().to_owned();
    std::fs::remove_file(deep.join("instance.json")).unwrap();
    assert!(sockets.exists());
    Instance::remove_remains(&deep).unwrap();
    assert!(!sockets.exists());
    assert!(!deep.exists());
}

#[test]
fn what_a_killed_start_left_half_written_goes_with_the_stop() {
    let room = Room::new();
    let instance = room.init("server", quick());
    let left = [
        instance.dir().join(".new-instance.json"),
        instance.data_dir().join(".new-howdah.conf"),
    ];
    for path in &left {
        std::fs::write(path, "half").unwrap();
    }
    instance.stop(StopMode::Fast).unwrap();
    for path in &left {
        assert!(!path.exists(), "{}", path.display());
    }
    instance.remove().unwrap();
}

#[test]
fn a_path_with_everything_that_needs_quoting() {
    let room = Room::new();
    let mut instance = room.init("it's, a \"path\" \\ $HOME ü", quick());
    instance.start(&none()).unwrap();
    instance.remove().unwrap();
}

#[test]
fn a_server_that_does_not_start_says_why() {
    use std::os::unix::fs::PermissionsExt;
    let room = Room::new();
    let mut instance = room.init("server", quick());
    instance.set(&[("shared_buffers".into(), "many".into())]).unwrap();
    let error = howdah_core::Error::from(instance.start(&none()).unwrap_err());
    assert!(error.message.contains("did not start"), "{error:?}");
    assert!(error.detail.unwrap().contains("shared_buffers"));
    instance.set(&[("shared_buffers".into(), "16MB".into())]).unwrap();
    instance.start(&none()).unwrap();
    instance.stop(StopMode::Fast).unwrap();

    std::fs::set_permissions(instance.data_dir(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let error = howdah_core::Error::from(instance.start(&none()).unwrap_err());
    assert!(error.detail.unwrap().contains("permissions"));
    assert_eq!(instance.status(), Status::Stopped);
}

#[test]
fn a_failed_init_leaves_nothing() {
    let room = Room::new();
    let options = InitOptions {
        superuser: "pg_not_allowed".into(),
        ..quick()
    };
    let error = Instance::init(&room.path("bad"), &installation(), &options).unwrap_err();
    assert!(
        matches!(&error, LocalError::Failed { log, .. } if log.contains("pg_")),
        "{error:?}"
    );
    assert!(!room.path("bad").exists());

    let there = room.init("there", quick());
    let error = Instance::init(&room.path("there"), &installation(), &quick()).unwrap_err();
    assert!(error.to_string().contains("there"), "{error}");
    assert!(
        there.data_dir().exists(),
        "the instance that was there is untouched"
    );
}

#[test]
fn a_full_disk_is_named_and_leaves_nothing() {
    let room = Room::new();
    let disk = room.path("disk");
    std::fs::create_dir(&disk).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=12m,mode=0711", "howdah-test"])
        .arg(&disk)
        .output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        eprintln!("no permission to mount a small disk: not tested");
        return;
    }
    let result = Instance::init(&disk.join("server"), &installation(), &quick());
    let left = std::fs::read_dir(&disk).unwrap().count();
    assert!(Command::new("umount").arg(&disk).status().unwrap().success());
    let error = howdah_core::Error::from(result.unwrap_err());
    assert!(
        error.hint.as_deref().unwrap_or_default().contains("disk is full"),
        "{error:?}"
    );
    assert_eq!(left, 0);
}

#[test]
fn what_a_killed_init_leaves_can_be_removed() {
    let room = Room::new();
    let directory = room.path("server");
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "init_in_another_process"])
        .env("HOWDAH_TEST_DIRECTORY", &directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !directory.join("data/global").exists() {
        std::thread::yield_now();
    }
    victim.kill().unwrap();
    victim.wait().unwrap();
    Instance::remove_remains(&directory).unwrap();
    assert!(!directory.exists());
    // Nothing comes back: initdb and what it started are gone too.
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(!directory.exists());
    let listed = Command::new("ps")
        .args(["-axww", "-o", "command="])
        .output()
        .unwrap();
    assert!(!String::from_utf8_lossy(&listed.stdout).contains(directory.to_str().unwrap()));
    Instance::remove_remains(&directory).unwrap();
}

#[test]
#[ignore = "run by what_a_killed_init_leaves_can_be_removed"]
fn init_in_another_process() {
    let directory = PathBuf::from(std::env::var("HOWDAH_TEST_DIRECTORY").unwrap());
    Instance::init(&directory, &installation(), &quick()).unwrap();
}

#[test]
fn an_account_that_does_not_exist_is_named() {
    if !Account::of_servers().unwrap().differs() {
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "--nocapture",
            "account_in_another_process",
        ])
        .env("HOWDAH_PG_USER", "nobody-by-that-name")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("no account \"nobody-by-that-name\""), "{text}");
    assert!(text.contains("HOWDAH_PG_USER"), "{text}");
}

#[test]
#[ignore = "run by an_account_that_does_not_exist_is_named"]
fn account_in_another_process() {
    let error = howdah_core::Error::from(Account::of_servers().unwrap_err());
    print!("{}", error.to_text());
}

#[test]
fn a_large_log_is_put_aside() {
    let room = Room::new();
    let mut instance = room.init("server", quick());
    std::fs::write(room.path("server/server.log"), vec![b'x'; 17 << 20]).unwrap();
    instance.start(&none()).unwrap();
    assert!(std::fs::metadata(room.path("server/server.log")).unwrap().len() < 1 << 20);
    assert!(room.path("server/server.log.1").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn a_running_server_shows_where_its_programs_are() {
    let room = Room::new();
    let mut instance = room.init("shown", quick());
    instance.start(&none()).unwrap();
    // It may have been started through a link or a script elsewhere.
    let running = Installation::running();
    let version = installation().version;
    assert!(
        running.iter().any(|found| found.version == version),
        "{running:?}"
    );
}
