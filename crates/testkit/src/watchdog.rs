use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Ends the servers below a directory and removes it as soon as this process is
/// gone, SIGKILL included, or the value is dropped.
///
/// It is a shell that waits for the end of its input, whose other end only this
/// process holds. (`PR_SET_PDEATHSIG` would act at the end of the *thread* that
/// started the server, which in tests is much too early.)
pub(crate) struct Watchdog {
    shell: Child,
}

const SCRIPT: &str = r#"
trap '' INT TERM HUP
cat >/dev/null
for file in "$1"/*/data/postmaster.pid "$1"/*.pid; do
  pid=$(head -n 1 "$file" 2>/dev/null) || continue
  [ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null
done
tries=0
while [ $tries -lt 60 ]; do
  left=''
  for process in /proc/[0-9]*; do
    case "$(readlink "$process/cwd" 2>/dev/null)" in "$1"/*) left="$left ${process#/proc/}" ;; esac
  done
  [ -z "$left" ] && break
  [ $tries -ge 40 ] && kill -KILL $left 2>/dev/null
  tries=$((tries + 1))
  sleep 0.05
done
rm -rf "$1"
[ -e "$1" ] && sleep 1 && rm -rf "$1"
exit 0
"#;

impl Watchdog {
    /// Makes a directory with a short path, which is watched from now on.
    pub(crate) fn directory() -> (PathBuf, Self) {
        use std::os::unix::fs::PermissionsExt;

        let directory = tempfile::Builder::new()
            .prefix("howdah-test-")
            .tempdir_in("/tmp")
            .unwrap()
            .keep();
        // The account of the servers passes through on its way to its own.
        std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o711)).unwrap();
        let watchdog = Self::over(&directory);
        (directory, watchdog)
    }

    fn over(directory: &Path) -> Self {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "howdah-test-watchdog"])
            .arg(directory)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a shell");
        Self { shell }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Waiting closes the shell's input first.
        self.shell.wait().expect("the watchdog ends");
    }
}
