//! Making a data directory, and who may enter what is in it.

use super::{InitOptions, Instance, last_lines};
use crate::{LocalError, write_private};

const STRICT_HBA: &str = "\
# Written by Howdah. The accounts that own this server are its superuser over
# the Unix socket; everybody else needs TLS and a password.
local    all          all                  peer map=howdah
local    replication  all                  peer map=howdah
hostssl  all          all    127.0.0.1/32  scram-sha-256
hostssl  all          all    ::1/128       scram-sha-256
";

impl Instance {
    pub(super) fn run_initdb(&self, options: &InitOptions) -> Result<(), LocalError> {
        let program = self.record.installation.bin_dir.join("initdb");
        let password_file = self.dir.join("initdb.password");
        if let Some(password) = &options.password {
            write_private(&password_file, password)?;
            self.account.own(&password_file)?;
        }
        // macOS and old C libraries have no C.UTF-8; plain C sorts the same.
        let mut failure = String::new();
        for locale in ["C.UTF-8", "C"] {
            let mut command = self.account.command(&program);
            command
                .arg("-D")
                .arg(self.data_dir())
                .args(["--username", &options.superuser]);
            command.args(["--encoding=UTF8", &format!("--locale={locale}")]);
            command.args(["--auth-local=peer", "--auth-host=scram-sha-256"]);
            if options.password.is_some() {
                command.arg("--pwfile").arg(&password_file);
            }
            if !options.durable {
                command.arg("--no-sync");
            }
            let output = command.output().map_err(|source| LocalError::Program {
                program: program.clone(),
                source,
            })?;
            if output.status.success() {
                failure.clear();
                break;
            }
            failure = format!(
                "{}\n{}",
                String::from_utf8_lossy(&output.stdout).trim(),
                String::from_utf8_lossy(&output.stderr).trim()
            );
            if !failure.contains("locale") {
                break;
            }
        }
        if options.password.is_some() {
            std::fs::remove_file(&password_file).map_err(LocalError::file("remove", &password_file))?;
        }
        match failure.is_empty() {
            true => Ok(()),
            false => Err(LocalError::Failed {
                what: format!(
                    "initdb of PostgreSQL {} failed.",
                    self.record.installation.version
                ),
                log: last_lines(&failure),
            }),
        }
    }

    pub(super) fn write_access(&self, hba: Option<&str>, superuser: &str) -> Result<(), LocalError> {
        let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let mut ident = String::from("# Written by Howdah: who may be whom over the Unix socket.\n");
        for account in [self.account.name.as_str(), "root"] {
            ident.push_str(&format!("howdah  {}  {}\n", quote(account), quote(superuser)));
        }
        for (name, text) in [
            ("pg_hba.conf", hba.unwrap_or(STRICT_HBA)),
            ("pg_ident.conf", &ident),
        ] {
            let path = self.data_dir().join(name);
            write_private(&path, text)?;
            self.account.own(&path)?;
        }
        let path = self.data_dir().join("postgresql.conf");
        let mut text = std::fs::read_to_string(&path).map_err(LocalError::file("read", &path))?;
        text.push_str("\n# Written anew at every start by Howdah.\ninclude 'howdah.conf'\n");
        write_private(&path, &text)?;
        self.account.own(&path)
    }
}
