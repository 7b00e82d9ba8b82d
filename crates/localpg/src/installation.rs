use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::LocalError;

/// The major versions that Howdah knows and is tested with.
pub const SUPPORTED_MAJORS: std::ops::RangeInclusive<u16> = 13..=18;

/// The server programs of one PostgreSQL version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installation {
    /// Major version: 13 to 18, or newer.
    pub major: u16,
    /// The version as the server prints it: `15.14`, `18beta1`.
    pub version: String,
    /// Holds at least `postgres` and `initdb`, or links to them.
    pub bin_dir: PathBuf,
}

impl Installation {
    /// All versions on this machine, newest first; of the same version the one
    /// named first by `HOWDAH_PG_DIRS`, then `PATH`, then `pg_config`, then the
    /// places where distributions and Homebrew put them.
    pub fn all() -> Vec<Self> {
        Self::all_with(&[])
    }

    /// As [`Installation::all`], with further directories that come first. Each
    /// holds `bin/`, or anything of the kind a few levels down.
    pub fn all_with(directories: &[PathBuf]) -> Vec<Self> {
        let mut seen = BTreeSet::new();
        let mut all: Vec<Self> = candidates(directories)
            .into_iter()
            .filter_map(|bin| bin.canonicalize().ok())
            .filter(|bin| seen.insert(bin.clone()))
            .filter_map(|bin| Self::at(&bin))
            .collect();
        all.sort_by_key(|found| std::cmp::Reverse(found.major));
        all
    }

    /// The installations of the servers that run on this machine, as far as
    /// this account may see their programs: a server that was started from
    /// somewhere unusual is found by it. Empty where there is no `/proc`.
    pub fn running() -> Vec<Self> {
        let processes = std::fs::read_dir("/proc").into_iter().flatten();
        let bins: BTreeSet<PathBuf> = processes
            .filter_map(|process| program_of(&process.ok()?.path()))
            .filter(|program| program.is_absolute() && program.ends_with("postgres"))
            .filter_map(|program| program.parent()?.canonicalize().ok())
            .collect();
        bins.iter().filter_map(|bin| Self::at(bin)).collect()
    }

    /// The installation whose programs are in `bin_dir`, if they are.
    pub fn at(bin_dir: &Path) -> Option<Self> {
        if !bin_dir.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(bin_dir.join("postgres"))
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let version = text
            .strip_prefix("postgres (PostgreSQL) ")?
            .split_whitespace()
            .next()?
            .to_owned();
        let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
        Some(Self {
            major: digits.parse().ok()?,
            version,
            bin_dir: bin_dir.to_owned(),
        })
    }

    /// The installation of that major version; without one the newest that
    /// Howdah supports.
    pub fn require(major: Option<u16>) -> Result<Self, LocalError> {
        Self::choose(Self::all(), major)
    }

    /// As [`Installation::require`], out of the given ones.
    pub fn choose(all: Vec<Self>, major: Option<u16>) -> Result<Self, LocalError> {
        let fits = |found: &&Self| match major {
            Some(major) => found.major == major,
            None => SUPPORTED_MAJORS.contains(&found.major),
        };
        all.iter()
            .find(fits)
            .cloned()
            .ok_or_else(|| LocalError::NotInstalled {
                wanted: major,
                found: match all.is_empty() {
                    true => "none".to_owned(),
                    false => all
                        .iter()
                        .map(|i| i.version.as_str())
                        .collect::<Vec<_>>()
                        .join(", "),
                },
            })
    }

    /// The path of a program, if this installation has it: `psql`, `pg_dump`.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        // A directory of links may have a few of the programs only.
        let real = self.root().map(|root| root.join("bin"));
        [Some(self.bin_dir.clone()), real]
            .into_iter()
            .flatten()
            .map(|directory| directory.join(name))
            .find(|path| path.is_file())
    }

    /// Whether a library that servers load by that name is there:
    /// `pg_stat_statements`.
    pub fn has_library(&self, name: &str) -> bool {
        let Some(root) = self.root() else {
            return false;
        };
        let file = format!("{name}.so");
        let file_mac = format!("{name}.dylib");
        ["lib", "lib/postgresql", "lib64", "lib64/pgsql"]
            .iter()
            .any(|dir| root.join(dir).join(&file).exists() || root.join(dir).join(&file_mac).exists())
    }

    /// Whether `CREATE EXTENSION` finds an extension of that name.
    pub fn has_extension(&self, name: &str) -> bool {
        let file = format!("extension/{name}.control");
        let mut shared: Vec<PathBuf> = Vec::new();
        if let Some(root) = self.root() {
            shared.extend(["share", "share/postgresql", "share/pgsql"].map(|dir| root.join(dir)));
            // Debian keeps what is the same on all machines apart.
            if root.starts_with("/usr/lib/postgresql") {
                shared.push(format!("/usr/share/postgresql/{}", self.major).into());
            }
        }
        shared.iter().any(|dir| dir.join(&file).is_file())
    }

    /// Above the directory in which the server program really is: `/usr/local/bin/postgres` may
    /// be a link, and the server looks for its libraries from where that leads.
    fn root(&self) -> Option<PathBuf> {
        let program = self.bin_dir.join("postgres").canonicalize().ok()?;
        Some(program.parent()?.parent()?.to_owned())
    }
}

/// The program of a process in `/proc`: as the kernel says, else (that is a
/// matter between accounts) as the process was called.
fn program_of(process: &Path) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;

    std::fs::read_link(process.join("exe")).ok().or_else(|| {
        let line = std::fs::read(process.join("cmdline")).ok()?;
        let name = line.split(|byte| *byte == 0).next()?;
        Some(PathBuf::from(std::ffi::OsString::from_vec(name.to_vec())))
    })
}

fn candidates(first: &[PathBuf]) -> Vec<PathBuf> {
    let mut bins = Vec::new();
    for directory in first {
        find_bins(directory, 4, &mut bins);
    }
    if let Some(list) = std::env::var_os("HOWDAH_PG_DIRS") {
        for directory in std::env::split_paths(&list).filter(|path| path.is_absolute()) {
            find_bins(&directory, 4, &mut bins);
        }
    }
    if let Some(path) = std::env::var_os("PATH") {
        bins.extend(std::env::split_paths(&path).filter(|path| path.is_absolute() && has_server(path)));
    }
    bins.extend(pg_config_bin_dir());
    for (parent, prefix) in [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/usr/lib", "postgresql"),
        ("/usr/local", "pgsql"),
        ("/opt/homebrew/opt", "postgresql"),
        ("/usr/local/opt", "postgresql"),
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql"),
        ("/Applications/Postgres.app/Contents/Versions", ""),
    ] {
        bins.extend(
            children(Path::new(parent), prefix)
                .into_iter()
                .map(|dir| dir.join("bin"))
                .filter(|bin| has_server(bin)),
        );
    }
    bins
}

fn has_server(bin: &Path) -> bool {
    bin.join("postgres").is_file()
}

/// The `bin` directories with a server in or below `directory`.
fn find_bins(directory: &Path, levels: u8, found: &mut Vec<PathBuf>) {
    let bin = directory.join("bin");
    if has_server(&bin) {
        found.push(bin);
    } else if levels > 0 {
        for child in children(directory, "") {
            find_bins(&child, levels - 1, found);
        }
    }
}

/// The directories in `parent` whose names start with `prefix`, in order of name.
fn children(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

fn pg_config_bin_dir() -> Option<PathBuf> {
    let output = Command::new("pg_config")
        .arg("--bindir")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let bin = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    has_server(&bin).then_some(bin)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn made_up(major: u16) -> Installation {
        Installation {
            major,
            version: format!("{major}.1"),
            bin_dir: PathBuf::from(format!("/pg/{major}/bin")),
        }
    }

    #[test]
    fn the_newest_supported_version_is_the_default() {
        let all = vec![made_up(19), made_up(18), made_up(15)];
        assert_eq!(Installation::choose(all.clone(), None).unwrap().major, 18);
        assert_eq!(Installation::choose(all.clone(), Some(15)).unwrap().major, 15);
        let error = Installation::choose(all, Some(14)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "PostgreSQL 14 is not installed on this machine (found: 19.1, 18.1, 15.1)."
        );
        let error = Installation::choose(vec![], None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "PostgreSQL is not installed on this machine (found: none)."
        );
    }

    #[test]
    fn finds_what_is_installed_here() {
        let all = Installation::all();
        assert!(!all.is_empty(), "the tests need a PostgreSQL server");
        assert!(all.windows(2).all(|pair| pair[0].major >= pair[1].major));
        for found in all {
            assert!(found.version.starts_with(&found.major.to_string()), "{found:?}");
            assert!(found.program("initdb").is_some());
            assert_eq!(found.program("no-such-program"), None);
        }
    }

    #[test]
    fn looks_below_a_named_directory() {
        let real = Installation::all().remove(0);
        let directory = tempfile::tempdir().unwrap();
        let deep = directory.path().join("99/package/native");
        std::fs::create_dir_all(&deep).unwrap();
        std::os::unix::fs::symlink(&real.bin_dir, deep.join("bin")).unwrap();
        let mut found = Vec::new();
        find_bins(directory.path(), 4, &mut found);
        assert_eq!(found, vec![deep.join("bin")]);
        assert_eq!(Installation::at(&found[0]).unwrap().major, real.major);
    }

    #[test]
    fn a_directory_of_links_has_what_they_lead_to() {
        let directory = tempfile::tempdir().unwrap();
        for (number, real) in Installation::all().into_iter().enumerate() {
            let bin = directory.path().join(number.to_string()).join("bin");
            std::fs::create_dir_all(&bin).unwrap();
            for program in ["postgres", "initdb"] {
                std::os::unix::fs::symlink(real.bin_dir.join(program), bin.join(program)).unwrap();
            }
            let linked = Installation::at(&bin).unwrap();
            assert_eq!(linked.bin_dir, bin, "shown as it was named");
            assert!(linked.program("pg_ctl").is_some(), "{real:?}");
            for name in ["pgbench", "psql", "no-such-program"] {
                let (here, there) = (linked.program(name), real.program(name));
                assert_eq!(here.is_some(), there.is_some(), "{name} of {real:?}");
            }
            // Every server has these two, whatever else was packaged with it.
            assert!(
                real.has_library("plpgsql") && real.has_extension("plpgsql"),
                "{real:?}"
            );
            for name in ["plpgsql", "pg_stat_statements", "no_such_library"] {
                assert_eq!(
                    linked.has_library(name),
                    real.has_library(name),
                    "{name} of {real:?}"
                );
                assert_eq!(
                    linked.has_extension(name),
                    real.has_extension(name),
                    "{name} of {real:?}"
                );
            }
        }
    }
}
