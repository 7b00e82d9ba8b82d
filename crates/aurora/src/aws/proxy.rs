//! RDS Proxy before a cluster: AWS makes it in the cluster's own network, lets it read the password from Secrets
//! Manager, and has it share few sessions among many clients. What it needs is looked for before anything is made.

mod refusals;
mod through;

use aws_sdk_rds::types::{
    AuthScheme, DbProxy, DbProxyStatus, DbProxyTarget, EngineFamily, IamAuthMode, TargetHealth,
    TargetHealthReason, TargetRole, TargetState, TargetType, UserAuthConfig,
};
use howdah_core::{Error, ErrorKind, Result};
use howdah_jobs::JobCx;

use super::call::{Caller, Failure};
use super::look::{job_of, tags};
use super::make::taken;
use crate::{ClusterName, OperationState, Proxy, ProxyOptions};

pub(super) use refusals::{check_create, check_delete};
pub(super) use through::through;

/// Pages of a hundred proxies, or targets.
const MOST_PAGES: usize = 20;
/// As often a writer is seen that the proxy does not reach before it is given up: one that has just been registered is
/// out of reach for a moment.
const UNREACHED: u32 = 30;
/// Where proxies of PostgreSQL listen.
const PORT: u16 = 5432;

/// The name of the proxy that Howdah makes for a cluster.
pub(super) fn of(cluster: &ClusterName) -> String {
    format!("{cluster}-proxy")
}

/// A proxy that has the cluster for a target, with all of its targets: Howdah's own before others.
pub(super) async fn before(
    caller: Caller<'_>,
    cluster: &ClusterName,
) -> Result<Option<(DbProxy, Vec<DbProxyTarget>)>> {
    let own = of(cluster);
    let mut proxies = all(caller).await?;
    proxies.sort_by_key(|proxy| proxy.db_proxy_name() != Some(own.as_str()));
    for proxy in proxies {
        let name = proxy.db_proxy_name().unwrap_or_default();
        let targets = targets(caller, name).await?;
        // One that is just being made has none yet.
        if targets.iter().any(|target| is_of(target, cluster)) || (name == own && targets.is_empty()) {
            return Ok(Some((proxy, targets)));
        }
    }
    Ok(None)
}

async fn all(caller: Caller<'_>) -> Result<Vec<DbProxy>> {
    let (mut all, mut marker) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let page = caller
            .read("list the proxies", |rds| {
                rds.describe_db_proxies().set_marker(marker.clone()).send()
            })
            .await?;
        all.extend_from_slice(page.db_proxies());
        match page.marker() {
            Some(next) if !next.is_empty() => marker = Some(next.to_owned()),
            _ => break,
        }
    }
    Ok(all)
}

/// The proxy of that name.
async fn find(caller: Caller<'_>, name: &str) -> Result<Option<DbProxy>, Failure> {
    let found = caller
        .read(&format!("describe the proxy {name}"), |rds| {
            rds.describe_db_proxies().db_proxy_name(name).send()
        })
        .await;
    match found {
        Ok(found) => Ok(found.db_proxies().first().cloned()),
        Err(failure) if failure.is("DBProxyNotFound") => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// What a proxy shares sessions of; nothing while it is being made.
async fn targets(caller: Caller<'_>, name: &str) -> Result<Vec<DbProxyTarget>> {
    let (mut all, mut marker) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let page = caller
            .read(&format!("list the targets of the proxy {name}"), |rds| {
                rds.describe_db_proxy_targets()
                    .db_proxy_name(name)
                    .set_marker(marker.clone())
                    .send()
            })
            .await;
        let page = match page {
            Err(failure)
                if [
                    "InvalidDBProxyState",
                    "DBProxyNotFound",
                    "DBProxyTargetNotFound",
                    "DBProxyTargetGroupNotFound",
                ]
                .iter()
                .any(|code| failure.is(code)) =>
            {
                break;
            }
            other => other?,
        };
        all.extend_from_slice(page.targets());
        match page.marker() {
            Some(next) if !next.is_empty() => marker = Some(next.to_owned()),
            _ => break,
        }
    }
    Ok(all)
}

fn is_of(target: &DbProxyTarget, cluster: &ClusterName) -> bool {
    [target.rds_resource_id(), target.tracked_cluster_id()].contains(&Some(cluster.as_str()))
}

/// The job of ours that made a proxy: unlike of clusters, its tags are not in its description.
async fn maker(caller: Caller<'_>, proxy: &DbProxy) -> Result<Option<String>, Failure> {
    let arn = proxy.db_proxy_arn().unwrap_or_default();
    let name = proxy.db_proxy_name().unwrap_or_default();
    let found = caller
        .read(&format!("list the tags of the proxy {name}"), |rds| {
            rds.list_tags_for_resource().resource_name(arn).send()
        })
        .await?;
    Ok(job_of(found.tag_list()).map(str::to_owned))
}

/// Asks for the proxy, with the network of the cluster and the secret that it reads.
pub(super) async fn create(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    options: &ProxyOptions,
) -> Result<()> {
    let name = of(cluster);
    if is_ours(caller, cx, &name).await? {
        return Ok(());
    }
    let found = caller.require_cluster(cluster).await?;
    let plan = refusals::plan(caller, &found, options).await?;
    let login = UserAuthConfig::builder()
        .auth_scheme(AuthScheme::Secrets)
        .secret_arn(plan.secret)
        .iam_auth(match options.iam {
            true => IamAuthMode::Required,
            false => IamAuthMode::Disabled,
        })
        .build();
    let made = caller
        .write(&format!("make the proxy {name}"), |rds| {
            rds.create_db_proxy()
                .db_proxy_name(&name)
                .engine_family(EngineFamily::Postgresql)
                .auth(login.clone())
                .role_arn(plan.role.clone())
                .set_vpc_subnet_ids(Some(plan.subnets.clone()))
                .set_vpc_security_group_ids(
                    Some(plan.security_groups.clone()).filter(|groups| !groups.is_empty()),
                )
                .require_tls(true)
                .set_tags(Some(tags(cx.id())))
                .send()
        })
        .await;
    match made {
        Ok(_) => Ok(()),
        // Perhaps an earlier call of this very job, whose reply was lost.
        Err(failure) if failure.is("DBProxyAlreadyExists") => match is_ours(caller, cx, &name).await? {
            true => Ok(()),
            false => Err(failure.into()),
        },
        Err(failure) => Err(failure.into()),
    }
}

async fn is_ours(caller: Caller<'_>, cx: &JobCx, name: &str) -> Result<bool> {
    let Some(proxy) = find(caller, name).await? else {
        return Ok(false);
    };
    match maker(caller, &proxy).await? {
        Some(job) if job == cx.id() => Ok(true),
        _ => Err(taken(&format!("proxy {name}"))),
    }
}

/// Waits until the proxy is there, and gives it the cluster for a target.
pub(super) async fn register(caller: Caller<'_>, cx: &JobCx, cluster: &ClusterName) -> Result<()> {
    let name = of(cluster);
    loop {
        let Some(proxy) = find(caller, &name).await? else {
            return Err(Error::not_found(format!(
                "The proxy {name} is not there any more."
            )));
        };
        match proxy.status() {
            Some(DbProxyStatus::Available) => {
                let targets = targets(caller, &name).await?;
                if targets.iter().any(|target| is_of(target, cluster)) {
                    return Ok(());
                }
                let registered = caller
                    .write(
                        &format!("register the cluster {cluster} at the proxy {name}"),
                        |rds| {
                            rds.register_db_proxy_targets()
                                .db_proxy_name(&name)
                                .db_cluster_identifiers(cluster.as_str())
                                .send()
                        },
                    )
                    .await;
                match registered {
                    Ok(_) => return Ok(()),
                    Err(failure) if failure.is("DBProxyTargetAlreadyRegistered") => return Ok(()),
                    Err(failure) if failure.is("InvalidDBProxyState") => {}
                    Err(failure) => return Err(failure.into()),
                }
            }
            Some(
                status @ (DbProxyStatus::IncompatibleNetwork
                | DbProxyStatus::InsufficientResourceLimits
                | DbProxyStatus::Suspended),
            ) => {
                return Err(Error::new(
                    ErrorKind::Server,
                    format!("The proxy {name} is in the state {}, which it does not leave by itself.", status.as_str()),
                )
                .hint("Its subnets need free addresses, and the account's quota a proxy more: the AWS console says which is short."));
            }
            status => cx.progress(format!("The proxy {name} is {}", said(status)), None),
        }
        caller.pause().await?;
    }
}

fn said(status: Option<&DbProxyStatus>) -> &str {
    status.map_or("in an unknown state", DbProxyStatus::as_str)
}

/// Waits until the proxy reaches the writer, and notes how to connect through it.
pub(super) async fn await_target(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    state: &mut OperationState,
) -> Result<()> {
    let name = of(cluster);
    let mut unreached = 0;
    loop {
        let targets = targets(caller, &name).await?;
        let writers = || {
            targets.iter().filter(|target| {
                target.r#type() == Some(&TargetType::RdsInstance)
                    && target.role() != Some(&TargetRole::ReadOnly)
            })
        };
        let health = |target: &DbProxyTarget| target.target_health().and_then(TargetHealth::state).cloned();
        if writers().any(|target| health(target) == Some(TargetState::Available)) {
            break;
        }
        match writers().find(|target| health(target) == Some(TargetState::Unavailable)) {
            Some(target) => {
                let reason = target.target_health().and_then(TargetHealth::reason);
                // It grows by itself.
                unreached += u32::from(reason != Some(&TargetHealthReason::PendingProxyCapacity));
                if unreached >= UNREACHED {
                    return Err(out_of_reach(&name, target));
                }
                cx.progress(unhealthy(target).unwrap_or_default(), None);
            }
            None => cx.progress(
                format!("The proxy {name} is getting to know the cluster {cluster}"),
                None,
            ),
        }
        caller.pause().await?;
    }
    let found = caller.require_cluster(cluster).await?;
    let Some(proxy) = find(caller, &name).await? else {
        return Err(Error::not_found(format!(
            "The proxy {name} is not there any more."
        )));
    };
    state.connection = Some(through::connection(caller, &found, &proxy).await?);
    Ok(())
}

/// Why a proxy does not reach an instance, where that is so.
fn unhealthy(target: &DbProxyTarget) -> Option<String> {
    let health = target.target_health()?;
    if health.state() != Some(&TargetState::Unavailable) {
        return None;
    }
    let reason = health
        .reason()
        .map_or_else(String::new, |reason| format!(" ({})", reason.as_str()));
    let why = health.description().unwrap_or("AWS does not say why");
    Some(format!(
        "the proxy does not reach {}{reason}: {}",
        target.rds_resource_id().unwrap_or("an instance"),
        why.trim_end_matches('.')
    ))
}

fn out_of_reach(name: &str, target: &DbProxyTarget) -> Error {
    let why = unhealthy(target).unwrap_or_default();
    let hint = match target.target_health().and_then(TargetHealth::reason) {
        Some(TargetHealthReason::AuthFailure) => {
            "Its role has to be allowed to read the secret (secretsmanager:GetSecretValue, and kms:Decrypt with its key), and the secret's username and password have to be those of a role of the cluster."
        }
        Some(TargetHealthReason::Unreachable | TargetHealthReason::ConnectionFailed) => {
            "A security group of the cluster has to let the proxy's in, and the proxy's has to let it out, at the cluster's port: the proxy has the cluster's own groups, so one of them needs a rule that names itself."
        }
        _ => "The events of the proxy in the AWS console say more.",
    };
    Error::new(
        ErrorKind::Server,
        format!("The proxy {name} is there, but {why}."),
    )
    .hint(hint)
}

/// Takes a proxy back that this job made.
pub(super) async fn unmake(caller: Caller<'_>, job: &str, cluster: &ClusterName) -> Result<()> {
    let name = of(cluster);
    match find(caller, &name).await? {
        Some(proxy) if maker(caller, &proxy).await?.as_deref() == Some(job) => {
            Ok(remove(caller, &name).await?)
        }
        _ => Ok(()),
    }
}

/// Removes the proxy that Howdah made for the cluster, if there is one.
pub(super) async fn delete(caller: Caller<'_>, cluster: &ClusterName) -> Result<(), Failure> {
    let name = of(cluster);
    match find(caller, &name).await? {
        Some(proxy) if maker(caller, &proxy).await?.is_some() => remove(caller, &name).await,
        _ => Ok(()),
    }
}

/// The same, where its cluster is gone: who may not see proxies has made none.
pub(super) async fn delete_with_cluster(caller: Caller<'_>, cx: &JobCx, cluster: &ClusterName) -> Result<()> {
    match delete(caller, cluster).await {
        Err(failure) if failure.is("AccessDenied") || failure.is("AccessDeniedException") => {
            let name = of(cluster);
            cx.log(format!(
                "These credentials may not see or remove proxies; if there is one by the name {name}, it stays."
            ))
            .await;
            Ok(())
        }
        done => Ok(done?),
    }
}

/// Removes a proxy, and waits until it is gone.
async fn remove(caller: Caller<'_>, name: &str) -> Result<(), Failure> {
    while let Some(proxy) = find(caller, name).await? {
        if proxy.status() != Some(&DbProxyStatus::Deleting) {
            let deleted = caller
                .write(&format!("delete the proxy {name}"), |rds| {
                    rds.delete_db_proxy().db_proxy_name(name).send()
                })
                .await;
            match deleted {
                Err(failure) if failure.is("DBProxyNotFound") => return Ok(()),
                // Still being made: AWS deletes it once it is.
                Err(failure) if failure.is("InvalidDBProxyState") => {}
                other => drop(other?),
            }
        }
        if let Some(cx) = caller.cx {
            cx.progress(format!("The proxy {name} is {}", said(proxy.status())), None);
        }
        caller.pause().await?;
    }
    Ok(())
}

/// In Howdah's terms.
pub(super) fn shown(proxy: &DbProxy, targets: &[DbProxyTarget]) -> Proxy {
    Proxy {
        name: proxy.db_proxy_name().map(str::to_owned),
        endpoint: format!("{}:{PORT}", proxy.endpoint().unwrap_or_default()),
        status: said(proxy.status()).to_owned(),
        iam: through::is_by_token(proxy),
        unhealthy: targets.iter().filter_map(unhealthy).collect(),
    }
}

/// What there is of Howdah's proxy, for people.
pub(super) async fn what_exists(caller: Caller<'_>, cluster: &ClusterName) -> Option<String> {
    let name = of(cluster);
    let proxy = find(caller, &name).await.ok()??;
    Some(format!("The proxy {name} is {}.", said(proxy.status())))
}
