//! What a proxy needs, and what is in its way: all of it at once, with what to do.

use std::collections::BTreeSet;

use aws_sdk_rds::types::DbCluster;
use howdah_core::{Error, ErrorKind, Result};

use super::{before, find, maker, of};
use crate::aws::call::Caller;
use crate::aws::permit::refuse;
use crate::aws::{blue_green, express, secret};
use crate::{ClusterName, ProxyOptions};

/// As long as the name of a proxy may be.
const LONGEST_NAME: usize = 63;
/// In so many zones a proxy has a subnet at least (AWS's manual).
const ZONES: usize = 2;

/// What a proxy is made with.
pub(super) struct Plan {
    pub(super) subnets: Vec<String>,
    /// The cluster's own, so that one rule which names itself lets the proxy in.
    pub(super) security_groups: Vec<String>,
    /// The ARN of the secret with the login that the proxy uses.
    pub(super) secret: String,
    /// The role by which it reads that.
    pub(super) role: String,
}

type Ways = Vec<(String, String)>;

/// Whether a cluster can have a proxy; an error says everything that is in the way.
pub(in crate::aws) async fn check_create(
    caller: Caller<'_>,
    cluster: &ClusterName,
    options: &ProxyOptions,
) -> Result<()> {
    let found = caller.require_cluster(cluster).await?;
    if let Some((proxy, _)) = before(caller, cluster).await? {
        let name = proxy.db_proxy_name().unwrap_or_default();
        return Err(
            Error::refused(format!("The cluster {cluster} has a proxy already: {name}.")).hint(format!(
                "howdah cluster show {cluster} says how it is, howdah cluster url {cluster} --proxy connects through it."
            )),
        );
    }
    if find(caller, &of(cluster)).await?.is_some() {
        return Err(Error::refused(format!(
            "There is a proxy {} already, before another cluster.",
            of(cluster)
        ))
        .hint(format!(
            "`aws rds delete-db-proxy --db-proxy-name {}` if nobody needs it.",
            of(cluster)
        )));
    }
    let (plan, mut ways) = look(caller, &found, options).await?;
    if let Some(deployment) = blue_green::find(caller, cluster.as_str()).await?
        && !blue_green::is_switched(&deployment)
    {
        ways.push((
            "it has a green environment, and a proxy does not follow a switch".into(),
            format!("Switch over first, or `howdah cluster blue-green delete {cluster} --yes`."),
        ));
    }
    if let Some(named) = &options.secret
        && let Err(error) = secret::login(caller, named).await
    {
        match error.kind {
            ErrorKind::Unavailable => return Err(error),
            _ => ways.push((
                format!(
                    "the secret {named} cannot be used: {}",
                    error.message.trim_end_matches('.')
                ),
                "A secret for a proxy is JSON with the members username and password, those of a role of the cluster; howdah reads it to tell whom clients log in as."
                    .into(),
            )),
        }
    }
    refuse(cluster.as_str(), "proxy", &ways).map(|()| drop(plan))
}

/// Whether there is a proxy to remove that Howdah made.
pub(in crate::aws) async fn check_delete(caller: Caller<'_>, cluster: &ClusterName) -> Result<()> {
    let name = of(cluster);
    if let Some(proxy) = find(caller, &name).await? {
        return match maker(caller, &proxy).await? {
            Some(_) => Ok(()),
            None => Err(others(&name)),
        };
    }
    match before(caller, cluster).await? {
        Some((proxy, _)) => Err(others(proxy.db_proxy_name().unwrap_or_default())),
        None => Err(Error::not_found(format!("The cluster {cluster} has no proxy."))
            .hint(format!("howdah cluster proxy create {cluster} makes one."))),
    }
}

fn others(name: &str) -> Error {
    Error::refused(format!("No job of howdah has made the proxy {name}.")).hint(format!(
        "Whoever made it may need it; `aws rds delete-db-proxy --db-proxy-name {name}` removes it."
    ))
}

/// What a proxy is made with, where nothing is in the way.
pub(super) async fn plan(caller: Caller<'_>, found: &DbCluster, options: &ProxyOptions) -> Result<Plan> {
    let (plan, ways) = look(caller, found, options).await?;
    refuse(found.db_cluster_identifier().unwrap_or_default(), "proxy", &ways)?;
    Ok(plan)
}

async fn look(caller: Caller<'_>, found: &DbCluster, options: &ProxyOptions) -> Result<(Plan, Ways)> {
    let mut ways = Ways::new();
    let cluster = found.db_cluster_identifier().unwrap_or_default();
    let longest = LONGEST_NAME - "-proxy".len();
    if cluster.len() > longest {
        ways.push((
            format!("its name leaves no room for that of its proxy, {cluster}-proxy"),
            format!("Clone it under one of up to {longest} characters."),
        ));
    }
    let subnets = subnets(caller, found, &mut ways).await?;
    let managed = found.master_user_secret();
    let secret = options
        .secret
        .clone()
        .or_else(|| managed.and_then(|secret| secret.secret_arn()).map(str::to_owned));
    match &secret {
        None => ways.push((
            "it has no password that Secrets Manager manages, and no secret was named".into(),
            "A proxy logs in with a secret: name one, with the members username and password: --secret ARN."
                .into(),
        )),
        Some(arn) if !is_arn(arn, ":secretsmanager:") => ways.push((
            format!("{arn:?} is no secret's ARN"),
            "--secret arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME".into(),
        )),
        Some(_) => {}
    }
    let role = options
        .role
        .clone()
        .or_else(|| caller.account.settings().proxy_role.clone());
    match &role {
        None => ways.push((
            "no role is known by which a proxy reads its secret".into(),
            policies(secret.as_deref(), managed.and_then(|secret| secret.kms_key_id())),
        )),
        Some(arn) if !is_arn(arn, ":iam:") || !arn.contains(":role/") => ways.push((
            format!("{arn:?} is no role's ARN"),
            "--role arn:aws:iam::ACCOUNT:role/NAME".into(),
        )),
        Some(_) => {}
    }
    let plan = Plan {
        subnets,
        security_groups: found
            .vpc_security_groups()
            .iter()
            .filter_map(|group| group.vpc_security_group_id().map(str::to_owned))
            .collect(),
        secret: secret.unwrap_or_default(),
        role: role.unwrap_or_default(),
    };
    Ok((plan, ways))
}

async fn subnets(caller: Caller<'_>, found: &DbCluster, ways: &mut Ways) -> Result<Vec<String>> {
    let Some(group) = found.db_subnet_group() else {
        ways.push((
            "it is in no network of yours, where a proxy would be: clusters of express configuration have none".into(),
            express::WAY_OUT.into(),
        ));
        return Ok(Vec::new());
    };
    let found = caller
        .read(&format!("describe the subnet group {group}"), |rds| {
            rds.describe_db_subnet_groups().db_subnet_group_name(group).send()
        })
        .await?;
    let subnets = || found.db_subnet_groups().iter().flat_map(|group| group.subnets());
    let zones: BTreeSet<&str> = subnets()
        .filter_map(|subnet| subnet.subnet_availability_zone()?.name())
        .collect();
    if zones.len() < ZONES {
        ways.push((
            format!(
                "its subnet group {group} has subnets in {} zone, and a proxy needs {ZONES}",
                zones.len()
            ),
            "Add a subnet of another zone to the group: `aws rds modify-db-subnet-group`.".into(),
        ));
    }
    Ok(subnets()
        .filter_map(|subnet| subnet.subnet_identifier().map(str::to_owned))
        .collect())
}

fn is_arn(text: &str, service: &str) -> bool {
    text.starts_with("arn:") && text.contains(service)
}

/// What a role for a proxy has to be, as IAM writes it.
fn policies(secret: Option<&str>, key: Option<&str>) -> String {
    let secret = secret.unwrap_or("ARN-OF-THE-SECRET");
    let key = key.map_or_else(String::new, |key| {
        format!(r#",{{"Effect":"Allow","Action":"kms:Decrypt","Resource":"{key}"}}"#)
    });
    format!(
        "Make a role, and name it: --role ARN, or proxy_role in [clusters.aws] of howdah.toml. It trusts\n\
         {{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Principal\":{{\"Service\":\"rds.amazonaws.com\"}},\"Action\":\"sts:AssumeRole\"}}]}}\n\
         and is allowed\n\
         {{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Action\":\"secretsmanager:GetSecretValue\",\"Resource\":\"{secret}\"}}{key}]}}"
    )
}
