//! Copying the definitions of roles, databases and all that is in them, with PostgreSQL's own programs.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use howdah_core::{Error, ErrorKind, Result};
use howdah_localpg::{Installation, Instance};

use super::super::layout::USER;
use crate::clusters::value;

/// The programs that read the definitions of one server and make them on another.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    dump: PathBuf,
    dump_all: PathBuf,
    psql: PathBuf,
}

impl Programs {
    /// The newest on this machine that read a server of the major version `blue` and write for one of `green`.
    pub(super) fn find(blue: u16, green: u16) -> Result<Self> {
        let of = |installation: &Installation| {
            Some(Self {
                dump: installation.program("pg_dump")?,
                dump_all: installation.program("pg_dumpall")?,
                psql: installation.program("psql")?,
            })
        };
        let found = Installation::all()
            .iter()
            .filter(|installation| (blue..=green).contains(&installation.major))
            .find_map(of);
        found.ok_or_else(|| {
            Error::refused(format!(
                "There is no pg_dump on this machine that reads PostgreSQL {blue} and writes for {green}."
            ))
            .hint(format!("It comes with the client programs. Debian and Ubuntu: apt install postgresql-client-{green}; Red Hat: dnf install postgresql{green}; Homebrew: brew install postgresql@{green}."))
        })
    }

    /// Makes the roles of `blue` on `green`, their passwords' verifiers included, which never leave memory.
    pub(super) fn copy_roles(&self, blue: &Instance, green: &Instance) -> Result<()> {
        let mut dump = command(&self.dump_all, blue, None);
        dump.arg("--roles-only");
        let text = finished(&mut dump, "pg_dumpall")?;
        // The one that is there.
        let made = format!("CREATE ROLE {USER};");
        let roles: Vec<&str> = text.lines().filter(|line| *line != made).collect();
        self.run(green, "postgres", &roles.join("\n"))
    }

    /// Makes a database of `blue`, without rows, on `green`.
    pub(super) fn copy_schema(&self, blue: &Instance, green: &Instance, database: &str) -> Result<()> {
        let mut dump = command(&self.dump, blue, Some(database));
        dump.args(["--schema-only", "--no-subscriptions"]);
        let target = if database == "postgres" {
            database
        } else {
            dump.arg("--create");
            "template1"
        };
        let text = finished(&mut dump, "pg_dump")?;
        self.run(green, target, &text)
    }

    fn run(&self, instance: &Instance, database: &str, text: &str) -> Result<()> {
        let mut psql = command(&self.psql, instance, Some(database));
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse"])
            // Else the server's log would have a statement that fails, with what it says of passwords.
            .env(
                "PGOPTIONS",
                "-c log_min_error_statement=panic -c log_statement=none",
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = psql.spawn().map_err(|error| not_run("psql", &error))?;
        let input = child.stdin.take();
        let output = std::thread::scope(|scope| {
            scope.spawn(|| {
                if let Some(mut input) = input {
                    // What psql does not read to its end it complains about itself.
                    drop(input.write_all(text.as_bytes()));
                }
            });
            child.wait_with_output()
        });
        succeeded("psql", output).map(drop)
    }
}

/// A program that connects to an instance as its superuser.
fn command(program: &std::path::Path, instance: &Instance, database: Option<&str>) -> Command {
    let mut command = instance.account().command(program);
    let database = value(database.unwrap_or("postgres"));
    command.arg("--no-password").arg("-d").arg(format!(
        "host={} port={} user={USER} dbname={database} application_name=howdah",
        value(&instance.socket_dir().to_string_lossy()),
        instance.port(),
    ));
    command
}

fn finished(command: &mut Command, name: &str) -> Result<String> {
    let output = succeeded(name, command.output())?;
    String::from_utf8(output.stdout).map_err(|_| {
        Error::refused(format!("{name} wrote what is no UTF-8."))
            .hint("Names of objects in another encoding cannot be copied.")
    })
}

fn succeeded(name: &str, output: std::io::Result<Output>) -> Result<Output> {
    let output = output.map_err(|error| not_run(name, &error))?;
    match output.status.success() {
        true => Ok(output),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            let lines: Vec<&str> = said.lines().take(20).collect();
            Err(Error::new(
                ErrorKind::Local,
                format!("{name} could not copy the definitions ({}).", output.status),
            )
            .detail(lines.join("\n")))
        }
    }
}

fn not_run(name: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Local, format!("{name} could not be run: {error}."))
}
