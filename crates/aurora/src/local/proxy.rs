//! A proxy before a cluster: pgbouncer in transaction mode, over TLS, which knows the cluster's roles by the verifiers
//! of their passwords. It comes, goes and moves with the cluster.

use howdah_core::{Error, Result};
use howdah_localpg::{Pooled, Pooler, Status};

use super::blocking;
use super::layout::{ClusterDirectory, HOST, Layout};
use super::server::connect;
use crate::{AuroraError, Connection, Proxy, ProxyOptions};

/// Whether the cluster can have a proxy.
pub(super) fn check_create(cluster: &ClusterDirectory, options: &ProxyOptions) -> Result<()> {
    let name = &cluster.name;
    if *options != ProxyOptions::default() {
        return Err(super::cannot(
            "choose secret, role or tokens for a proxy: clients give pgbouncer the passwords of the cluster's roles",
        ));
    }
    if Pooler::open(&cluster.proxy_dir())?.is_some() {
        return Err(Error::refused(format!("The cluster {name} has a proxy already.")).hint(format!(
            "howdah cluster show {name} says where it listens; howdah cluster start {name} starts it and tells it of new roles and passwords."
        )));
    }
    Pooler::program()?;
    match cluster.writer()?.status() {
        Status::Ready => Ok(()),
        _ => Err(AuroraError::NotAvailable {
            name: name.to_string(),
            status: if cluster.record()?.stopped {
                "stopped"
            } else {
                "down"
            }
            .to_owned(),
        }
        .into()),
    }
}

/// Whether there is one to remove.
pub(super) fn check_delete(cluster: &ClusterDirectory) -> Result<()> {
    match Pooler::open(&cluster.proxy_dir())? {
        Some(_) => Ok(()),
        None => Err(
            Error::not_found(format!("The cluster {} has no proxy.", cluster.name))
                .hint(format!("howdah cluster proxy create {} makes one.", cluster.name)),
        ),
    }
}

/// Makes and starts it.
pub(super) async fn create(layout: &Layout, cluster: &ClusterDirectory) -> Result<()> {
    let (directory, avoid) = (cluster.proxy_dir(), layout.ports(&cluster.proxy_dir()));
    blocking(move || Ok(Pooler::create(&directory, &avoid)?)).await?;
    refresh(layout, cluster).await
}

/// Ends and removes it.
pub(super) async fn remove(cluster: &ClusterDirectory) -> Result<()> {
    let directory = cluster.proxy_dir();
    blocking(move || Ok(Pooler::remove_remains(&directory)?)).await
}

/// Starts the proxy of a cluster that has one, or tells it where the writer is and which roles there are now.
pub(super) async fn refresh(layout: &Layout, cluster: &ClusterDirectory) -> Result<()> {
    let directory = cluster.proxy_dir();
    let Some(mut pooler) = Pooler::open(&directory)? else {
        return Ok(());
    };
    let writer = cluster.writer()?;
    let rows = connect(&writer, "postgres")
        .await?
        .query(include_str!("queries/verifiers.sql"), &[])
        .await?;
    let roles = rows
        .iter()
        .filter_map(|row| Some((row.get(0)?.to_owned(), row.get(1)?.to_owned())))
        .collect();
    let before = Pooled {
        port: writer.port(),
        tls: cluster.tls(),
        roles,
    };
    let avoid = layout.ports(&directory);
    blocking(move || Ok(pooler.start(&before, &avoid)?)).await
}

/// How to connect to the writer through it.
pub(super) fn connection(cluster: &ClusterDirectory) -> Result<Connection> {
    check_delete(cluster)?;
    let not_available = || AuroraError::NotAvailable {
        name: format!("{} behind its proxy", cluster.name),
        status: "stopped".to_owned(),
    };
    let pooler = Pooler::open(&cluster.proxy_dir())?.filter(Pooler::is_running);
    let pooler = pooler.ok_or_else(|| {
        Error::from(not_available()).hint(format!("howdah cluster start {} starts it.", cluster.name))
    })?;
    Ok(Connection {
        port: pooler.port(),
        reader_endpoints: Vec::new(),
        ..cluster.connection()?
    })
}

/// As it is described.
pub(super) fn describe(cluster: &ClusterDirectory) -> Option<Proxy> {
    let pooler = Pooler::open(&cluster.proxy_dir()).ok().flatten()?;
    Some(Proxy {
        name: None,
        iam: false,
        unhealthy: Vec::new(),
        endpoint: format!("{HOST}:{}", pooler.port()),
        status: match pooler.is_running() {
            true => "available",
            false => "stopped",
        }
        .to_owned(),
    })
}

impl ClusterDirectory {
    pub(super) fn proxy_dir(&self) -> std::path::PathBuf {
        self.path().join("proxy")
    }
}
