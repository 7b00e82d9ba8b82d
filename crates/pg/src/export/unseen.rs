use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::TempPath;

/// How the names of files begin and end that are not complete.
const HIDDEN: (&str, &str) = (".howdah-export-", ".tmp");

/// The file that is written to before it gets its name. Where the system knows
/// files without a name it is one of those, of which nothing stays even when
/// this process is killed; elsewhere it is a hidden one.
pub(super) struct Unseen {
    file: File,
    hidden: Option<TempPath>,
}

impl Unseen {
    /// An empty one on the file system of `directory`.
    pub(super) fn create(directory: &Path) -> io::Result<Self> {
        match unnamed(directory) {
            Some(file) => Ok(Self { file, hidden: None }),
            None => Self::hidden(directory),
        }
    }

    fn hidden(directory: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(HIDDEN.0).suffix(HIDDEN.1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // Less the umask, as any program's files.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let (file, path) = builder.tempfile_in(directory)?.into_parts();
        Ok(Self {
            file,
            hidden: Some(path),
        })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Gives it the name `path`, in the directory that it was made in.
    pub(super) fn name(self, path: &Path, overwrite: bool) -> io::Result<()> {
        let hidden = match self.hidden {
            Some(hidden) => hidden,
            None => match link(&self.file, path) {
                // A link replaces nothing; a rename does.
                Err(error) if overwrite && error.kind() == io::ErrorKind::AlreadyExists => {
                    let directory = path.parent().unwrap_or(Path::new("."));
                    tempfile::Builder::new()
                        .prefix(HIDDEN.0)
                        .suffix(HIDDEN.1)
                        .make_in(directory, |hidden| link(&self.file, hidden))?
                        .into_temp_path()
                }
                linked => return linked,
            },
        };
        let named = match overwrite {
            true => hidden.persist(path),
            false => hidden.persist_noclobber(path),
        };
        named.map_err(|error| error.error)
    }
}

/// A file without a name; `None` where the system or the file system has none,
/// or offers no way to name it later.
#[cfg(target_os = "linux")]
fn unnamed(directory: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags};
    if !Path::new("/proc/self/fd").exists() {
        return None;
    }
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let opened = rustix::fs::open(directory, flags, Mode::from_raw_mode(0o666));
    opened.ok().map(File::from)
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Path) -> Option<File> {
    None
}

#[cfg(target_os = "linux")]
fn link(file: &File, path: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    use std::os::fd::AsRawFd;
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, open, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn link(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::{Read, Write};

    use super::*;

    fn names(directory: &Path) -> usize {
        std::fs::read_dir(directory).unwrap().count()
    }

    #[test]
    fn it_gets_its_name_at_the_end_and_replaces_only_what_it_may() {
        let room = tempfile::tempdir().unwrap();
        let path = room.path().join("out");
        for create in [Unseen::create, Unseen::hidden] {
            let unseen = create(room.path()).unwrap();
            unseen.file().write_all(b"first").unwrap();
            unseen.name(&path, false).unwrap();
            let error = create(room.path()).unwrap().name(&path, false).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
            let unseen = create(room.path()).unwrap();
            unseen.file().write_all(b"second").unwrap();
            unseen.name(&path, true).unwrap();
            let mut text = String::new();
            File::open(&path).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "second");
            drop(create(room.path()).unwrap());
            assert_eq!(names(room.path()), 1);
            std::fs::remove_file(&path).unwrap();
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_kill_leaves_nothing() {
        let room = tempfile::tempdir().unwrap();
        let unseen = Unseen::create(room.path()).unwrap();
        unseen.file().write_all(b"rows").unwrap();
        assert_eq!(names(room.path()), 0);
    }
}
