//! How to connect through a proxy: with the login of its secret, or as that user with an IAM token.

use aws_sdk_rds::types::{DbCluster, DbProxy, DbProxyStatus, IamAuthMode};
use howdah_core::{Error, Result};
use howdah_pg::Secret;

use super::{PORT, before, said};
use crate::aws::call::Caller;
use crate::aws::{certificates, describe, secret, token};
use crate::{AuroraError, ClusterName, Connection};

/// Whether clients give it an IAM token, and no password.
pub(super) fn is_by_token(proxy: &DbProxy) -> bool {
    match proxy.auth().first().and_then(|login| login.iam_auth()) {
        Some(mode) => *mode == IamAuthMode::Required,
        None => proxy.default_auth_scheme() == Some("IAM_AUTH"),
    }
}

/// How to connect through a proxy of the cluster.
pub(super) async fn connection(caller: Caller<'_>, found: &DbCluster, proxy: &DbProxy) -> Result<Connection> {
    let name = proxy.db_proxy_name().unwrap_or_default();
    let (Some(direct), Some(endpoint)) = (describe::connection(caller.account, found)?, proxy.endpoint())
    else {
        return Err(AuroraError::NotAvailable {
            name: format!(
                "{} behind its proxy {name}",
                found.db_cluster_identifier().unwrap_or_default()
            ),
            status: "without an endpoint".to_owned(),
        }
        .into());
    };
    let secret = proxy.auth().first().and_then(|login| login.secret_arn());
    let managed = found.master_user_secret().and_then(|secret| secret.secret_arn());
    let user = match secret {
        Some(arn) if Some(arn) != managed => secret::login(caller, arn).await?.0,
        Some(_) => found.master_username().unwrap_or(&direct.user).to_owned(),
        None => direct.user.clone(),
    };
    Ok(Connection {
        endpoint: endpoint.to_owned(),
        port: PORT,
        reader_endpoints: Vec::new(),
        secret: secret.filter(|_| !is_by_token(proxy)).map(str::to_owned),
        user,
        ca_file: certificates::of_proxies(caller.account)?,
        ..direct
    })
}

/// The same where there is one, with the password.
pub(in crate::aws) async fn through(
    caller: Caller<'_>,
    cluster: &ClusterName,
) -> Result<(Connection, Secret)> {
    let found = caller.require_cluster(cluster).await?;
    let Some((proxy, _)) = before(caller, cluster).await? else {
        return Err(Error::not_found(format!("The cluster {cluster} has no proxy."))
            .hint(format!("howdah cluster proxy create {cluster} makes one.")));
    };
    if proxy.status() != Some(&DbProxyStatus::Available) {
        return Err(AuroraError::NotAvailable {
            name: format!(
                "{cluster} behind its proxy {}",
                proxy.db_proxy_name().unwrap_or_default()
            ),
            status: said(proxy.status()).to_owned(),
        }
        .into());
    }
    let connection = connection(caller, &found, &proxy).await?;
    let password = match &connection.secret {
        Some(arn) => secret::login(caller, arn).await?.1,
        None => token::for_connection(caller, &connection).await?,
    };
    Ok((connection, password))
}
