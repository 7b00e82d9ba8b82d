use std::path::PathBuf;

use howdah_core::{Error, Result};
use howdah_localpg::{Account, Instance, copy_data_directory, copy_wal};

use super::blocking;
use super::layout::remove_directory;
use super::server::connect;

/// Copies the data of a running server to `to`, whatever a broken attempt left
/// there, without stopping anybody. Gives the content of the file
/// `backup_label`, without which the copy must not be started.
///
/// The backup belongs to this session: if this process dies, the server
/// forgets it.
pub(super) async fn copy_running(source: &Instance, to: PathBuf) -> Result<String> {
    let account = Account::of_servers()?;
    let from = source.data_dir();
    let mut session = connect(source, "postgres").await?;
    let newer = session.version_num() >= 150_000;
    let slot = format!("howdah_backup_{}", session.backend_pid());
    session
        .query(include_str!("queries/hold_log.sql"), &[Some(&slot)])
        .await?;
    let start = match newer {
        true => include_str!("queries/backup_start.sql"),
        false => include_str!("queries/backup_start_14.sql"),
    };
    session.query(start, &[]).await?;
    {
        let (from, to, account) = (from.clone(), to.clone(), account.clone());
        blocking(move || {
            remove_directory(&to)?;
            Ok(copy_data_directory(&from, &to, false, &account)?)
        })
        .await?;
    }
    let stop = match newer {
        true => include_str!("queries/backup_stop.sql"),
        false => include_str!("queries/backup_stop_14.sql"),
    };
    let rows = session.query(stop, &[]).await?;
    let label = rows.first().and_then(|row| row.get(0)).map(str::to_owned);
    let label = label.ok_or_else(|| Error::internal("The server ended the backup without a label."))?;
    blocking(move || Ok(copy_wal(&from, &to, &account)?)).await?;
    Ok(label)
}
