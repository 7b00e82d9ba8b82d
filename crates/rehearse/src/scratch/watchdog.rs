use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use howdah_localpg::LocalError;

/// Ends the server below a directory and removes it as soon as this process is
/// gone, however it ended: a shell that waits for the end of its input, whose
/// other end only this process holds.
#[derive(Debug)]
pub(super) struct Watchdog {
    shell: Child,
}

const SCRIPT: &str = include_str!("watchdog.sh");

impl Watchdog {
    /// Watches over `directory`, which holds one instance named `server`.
    pub(super) fn over(directory: &Path) -> Result<Self, LocalError> {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "howdah-scratch-watchdog"])
            .arg(directory)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|source| LocalError::Program {
                program: "sh".into(),
                source,
            })?;
        Ok(Self { shell })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Waiting closes the shell's input first.
        if let Err(error) = self.shell.wait() {
            tracing::warn!(%error, "the watchdog of the scratch server was lost");
        }
    }
}
