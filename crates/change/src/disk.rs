//! How much room the server's disk has left, where that can be known from here.

use std::path::{Path, PathBuf};

use howdah_pg::Connection;

use crate::facts::text_array;
use crate::{ChangeError, Plan};

const DISK: &str = include_str!("disk.sql");
/// What a server notes of its start and what it says of it differ by the time that starting takes.
const START_S: u64 = 60;

/// What is known of the room for a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// So many bytes are free, on the fullest of the disks that it needs.
    Free(u64),
    /// The storage grows by itself: Aurora's.
    Grows,
    /// The server's directories are not seen from here.
    Unknown,
}

impl Room {
    /// Asks the server where its data are, and this machine for the disk.
    pub(crate) async fn of(connection: &mut Connection, plan: &Plan) -> Result<Self, ChangeError> {
        let tables: Vec<String> = plan.tables().iter().map(ToString::to_string).collect();
        let rows = connection.query(DISK, &[Some(&text_array(&tables))]).await?;
        let Some(row) = rows.first() else {
            return Ok(Self::Unknown);
        };
        if row.is_true(3) {
            return Ok(Self::Grows);
        }
        let (Some(data), Some(port), Some(started)) = (row.get(0), row.get(1), row.parse::<u64>(2)) else {
            return Ok(Self::Unknown);
        };
        let data = PathBuf::from(data);
        if !is_here(&data, port, started) {
            return Ok(Self::Unknown);
        }
        let mut places: Vec<PathBuf> = serde_json::from_str(row.get(4).unwrap_or("[]"))?;
        places.push(data);
        let free: Option<Vec<u64>> = places.iter().map(|place| free_bytes(place)).collect();
        Ok(free
            .and_then(|free| free.into_iter().min())
            .map_or(Self::Unknown, Self::Free))
    }
}

/// Whether the directory of this machine is that server's: a tunnel makes a server elsewhere look
/// as if it were here, and two machines have directories of the same name.
fn is_here(data: &Path, port: &str, started: u64) -> bool {
    let Ok(text) = std::fs::read_to_string(data.join("postmaster.pid")) else {
        return false;
    };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let noted = lines.get(2).and_then(|line| line.parse::<u64>().ok());
    lines.get(3) == Some(&port) && noted.is_some_and(|noted| noted.abs_diff(started) <= START_S)
}

fn free_bytes(place: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(place).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}
