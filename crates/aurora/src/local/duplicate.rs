//! Making a cluster of another one as it is now. Where the file system can, files share their blocks until one of them
//! is written to.

use howdah_core::Result;
use howdah_localpg::{Account, Installation, Instance, Status, copy_data_directory, write_private};

use super::layout::{ClusterDirectory, remove_directory};
use super::{backup, blocking, create};
use crate::AuroraError;

/// Makes the writer of `cluster` out of that of `source`, which goes on.
pub(super) async fn copy(source: &ClusterDirectory, cluster: &ClusterDirectory) -> Result<()> {
    let directory = cluster.instance_dir("writer");
    if Instance::open(&directory).is_ok() {
        return Ok(());
    }
    let from = source.writer()?;
    let staging = cluster.copy_of("writer");
    let label = match from.status() {
        Status::Ready => Some(backup::copy_running(&from, staging.clone()).await?),
        Status::Stopped => {
            let (from, to) = (from.data_dir(), staging.clone());
            blocking(move || {
                remove_directory(&to)?;
                Ok(copy_data_directory(&from, &to, true, &Account::of_servers()?)?)
            })
            .await?;
            None
        }
        Status::Busy => {
            return Err(AuroraError::NotAvailable {
                name: source.name.to_string(),
                status: "starting or stopping".to_owned(),
            }
            .into());
        }
    };
    let cluster = cluster.clone();
    blocking(move || {
        Instance::remove_remains(&directory)?;
        let installation = Installation::require(Some(cluster.record()?.major))?;
        let settings = create::settings(&cluster, &installation, "writer");
        Instance::from_copy(&directory, &installation, &settings, |data, account| {
            if let Some(label) = label {
                write_private(&staging.join("backup_label"), &label)?;
                account.own(&staging.join("backup_label"))?;
            }
            std::fs::rename(&staging, data).map_err(|source| howdah_localpg::LocalError::File {
                action: "rename",
                path: staging.clone(),
                source,
            })
        })?;
        Ok(())
    })
    .await
}
