//! Copies of snapshots: under another name, from another region or account, under another key.

use aws_sdk_rds::Client;
use aws_sdk_rds::types::{DbClusterSnapshot, Tag};
use aws_types::region::Region;
use howdah_core::{Error, ErrorKind, Result};
use howdah_jobs::JobCx;

use super::is_ours;
use crate::aws::call::{Caller, Failure};
use crate::aws::look::{ENGINE, JOB, tags};
use crate::aws::wait;
use crate::{AuroraError, ClusterName, OperationState, SnapshotCopy, SnapshotSource};

/// What a role needs beside the copy itself where a key is named.
const ALLOWING: &str = "rds:CopyDBClusterSnapshot, and for the key kms:DescribeKey, kms:CreateGrant, kms:Encrypt, kms:Decrypt and kms:ReEncrypt*,";

/// Whether the copy can be made; gives the region where the source is, if that is another one.
pub(in crate::aws) async fn check(caller: Caller<'_>, copy: &SnapshotCopy) -> Result<()> {
    super::check_free(caller, &copy.snapshot).await?;
    let region = region(caller, copy).await?;
    let (source, found) = (
        &copy.source,
        require(caller, &copy.source, region.as_deref()).await?,
    );
    if found.engine() != Some(ENGINE) {
        return Err(Error::refused(format!(
            "The snapshot {source} is of {}, not of Aurora PostgreSQL.",
            found.engine().unwrap_or("another engine")
        )));
    }
    if found.status() != Some("available") {
        return Err(Error::new(
            ErrorKind::Unavailable,
            format!(
                "The snapshot {source} is {}.",
                found.status().unwrap_or("in an unknown state")
            ),
        )
        .hint("A snapshot is copied once it is available: `howdah job list` shows what is under way."));
    }
    let encrypted = found.storage_encrypted().unwrap_or_default();
    if copy.kms_key.is_some() && !encrypted {
        return Err(Error::refused(format!(
            "The snapshot {source} is not encrypted, and a copy of it cannot be either."
        ))
        .hint("Leave the key out. Its data are encrypted in a cluster that is restored of it with a key: `aws rds restore-db-cluster-from-snapshot --kms-key-id …`."));
    }
    let own = own_region(caller).await?;
    if encrypted && needs_key(&found, region.as_deref()) && key(caller, copy, true).is_none() {
        return Err(Error::invalid(format!(
            "The snapshot {source} is encrypted with a key that a copy in {own} cannot have."
        ))
        .hint(format!(
            "Name a KMS key of {own} by its ARN, id or alias: --kms-key alias/NAME, or kms_key in [clusters.aws] of howdah.toml."
        )));
    }
    if let Some(region) = region
        && !own_partition(&own, &region)
    {
        return Err(Error::refused(format!(
            "The snapshot {source} of {region} cannot be copied to {own} by howdah: outside of the commercial regions that needs a URL which is signed in {region}."
        ))
        .hint(format!(
            "`aws rds copy-db-cluster-snapshot --source-region {region} --source-db-cluster-snapshot-identifier … --target-db-cluster-snapshot-identifier {}`",
            copy.snapshot
        )));
    }
    Ok(())
}

/// The cluster that a snapshot is of which nobody lists here.
pub(in crate::aws) async fn cluster(
    caller: Caller<'_>,
    source: &SnapshotSource,
    region: Option<&str>,
) -> Result<ClusterName> {
    let region = other_region(caller, source, region).await?;
    let found = require(caller, source, region.as_deref()).await?;
    Ok(found.db_cluster_identifier().unwrap_or_default().parse()?)
}

/// Where the copy costs something: `from us-east-1`; its source's size in GiB.
pub(in crate::aws) async fn effect(caller: Caller<'_>, copy: &SnapshotCopy) -> Result<String> {
    let region = region(caller, copy).await?;
    let found = require(caller, &copy.source, region.as_deref()).await?;
    let size = match found.allocated_storage() {
        Some(gib) if gib > 0 => format!(" ({gib} GiB)"),
        _ => String::new(),
    };
    Ok(match region {
        Some(region) => format!(
            "Its storage{size} costs money until it is deleted, and so does the way from {region}; that may take hours."
        ),
        None => format!("Its storage{size} costs money until it is deleted."),
    })
}

/// Asks for the copy, and waits until it is whole.
pub(in crate::aws) async fn make(
    caller: Caller<'_>,
    cx: &JobCx,
    copy: &SnapshotCopy,
    state: &mut OperationState,
) -> Result<()> {
    let name = &copy.snapshot;
    state.snapshot = Some(name.clone());
    if !is_ours(caller, cx.id(), name).await? {
        let region = region(caller, copy).await?;
        let found = require(caller, &copy.source, region.as_deref()).await?;
        let encrypted = found.storage_encrypted().unwrap_or_default();
        let key = key(caller, copy, encrypted && needs_key(&found, region.as_deref()));
        // In another region it has no name here.
        let source = match region {
            Some(_) => found.db_cluster_snapshot_arn(),
            None => Some(copy.source.as_str()),
        };
        let made = caller
            .write(&format!("copy the snapshot {} as {name}", copy.source), |rds| {
                rds.copy_db_cluster_snapshot()
                    .set_source_db_cluster_snapshot_identifier(source.map(str::to_owned))
                    .target_db_cluster_snapshot_identifier(name.as_str())
                    .set_kms_key_id(key.clone())
                    .set_tags(Some(with_its_own(cx.id(), &found)))
                    .send()
            })
            .await
            .map_err(|failure| failure.allowing(ALLOWING));
        match made {
            // Perhaps by an earlier call of this very job, whose reply was lost.
            Err(failure) if failure.is("DBClusterSnapshotAlreadyExists") => {
                if !is_ours(caller, cx.id(), name).await? {
                    return Err(failure.into());
                }
            }
            other => drop(other?),
        }
    }
    wait::snapshot_available(caller, name.as_str()).await
}

/// The tags of a copy: the job's, and those that people gave its source. AWS keeps those with `aws:` to itself.
fn with_its_own(job: &str, source: &DbClusterSnapshot) -> Vec<Tag> {
    let mut all = tags(job);
    all.extend(
        source
            .tag_list()
            .iter()
            .filter(|tag| {
                tag.key()
                    .is_some_and(|key| key != JOB && !key.starts_with("aws:"))
            })
            .cloned(),
    );
    all
}

/// Whether a copy of an encrypted one needs a key of its own: keys stay in their region, and those of another account
/// are not ours to encrypt with.
fn needs_key(source: &DbClusterSnapshot, region: Option<&str>) -> bool {
    region.is_some() || source.snapshot_type() == Some("shared")
}

fn key(caller: Caller<'_>, copy: &SnapshotCopy, needed: bool) -> Option<String> {
    let laid_down = || caller.account.settings().kms_key.clone().filter(|_| needed);
    copy.kms_key.clone().or_else(laid_down)
}

/// The region where the source is, if it is another one than that of the account.
async fn region(caller: Caller<'_>, copy: &SnapshotCopy) -> Result<Option<String>> {
    other_region(caller, &copy.source, copy.region.as_deref()).await
}

async fn other_region(
    caller: Caller<'_>,
    source: &SnapshotSource,
    asked: Option<&str>,
) -> Result<Option<String>> {
    let of_arn = source.place().map(|(_, region)| region);
    if let (Some(asked), Some(of_arn)) = (asked, of_arn)
        && asked != of_arn
    {
        return Err(Error::invalid(format!(
            "The snapshot {source} is in the region {of_arn}, not in {asked}."
        ))
        .hint("Leave the region out: the ARN has it."));
    }
    if let Some(bad) = asked.filter(|asked| !is_region(asked)) {
        return Err(Error::invalid(format!(
            "{:?} is no region of AWS.",
            bad.chars().take(40).collect::<String>()
        ))
        .hint("Regions are written so: us-east-1, eu-central-1."));
    }
    let own = own_region(caller).await?;
    Ok(asked
        .or(of_arn)
        .filter(|region| *region != own)
        .map(str::to_owned))
}

/// It becomes a part of a host's name.
fn is_region(text: &str) -> bool {
    let fits = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    text.len() <= 32 && text.contains('-') && text.split('-').all(fits)
}

/// Commercial regions copy from one another without a URL that is signed beforehand.
fn own_partition(own: &str, other: &str) -> bool {
    let apart = |region: &str| region.starts_with("us-gov-") || region.starts_with("cn-");
    !apart(own) && !apart(other)
}

async fn own_region(caller: Caller<'_>) -> Result<String> {
    let config = caller.account.config().await?;
    Ok(config.region().map(ToString::to_string).unwrap_or_default())
}

async fn require(
    caller: Caller<'_>,
    source: &SnapshotSource,
    region: Option<&str>,
) -> Result<DbClusterSnapshot> {
    let found = caller
        .repeat(&format!("describe the snapshot {source}"), true, |config| {
            let mut there = aws_sdk_rds::config::Builder::from(config);
            if let Some(region) = region {
                there = there.region(Region::new(region.to_owned()));
            }
            // Those that others share are known by their ARNs alone.
            Client::from_conf(there.build())
                .describe_db_cluster_snapshots()
                .db_cluster_snapshot_identifier(source.as_str())
                .set_include_shared(source.place().map(|_| true))
                .send()
        })
        .await;
    let missing = |failure: Option<Failure>| match (region, failure) {
        (_, Some(failure)) if !failure.is("DBClusterSnapshotNotFound") => Some(Error::from(failure)),
        (Some(region), _) => Some(
            Error::not_found(format!("There is no snapshot {source} in {region}.")).hint(format!(
                "`aws rds describe-db-cluster-snapshots --region {region}` names those that there are."
            )),
        ),
        (None, _) => None,
    };
    let none = match found {
        Ok(found) => match found.db_cluster_snapshots().first() {
            Some(snapshot) => return Ok(snapshot.clone()),
            None => missing(None),
        },
        Err(failure) => missing(Some(failure)),
    };
    match none {
        Some(error) => Err(error),
        None => Err(AuroraError::NoSnapshot {
            name: source.to_string(),
            known: known(caller, source).await?,
        }
        .into()),
    }
}

/// The snapshots that there are; those that AWS took, where one of those was asked for.
async fn known(caller: Caller<'_>, source: &SnapshotSource) -> Result<Vec<String>> {
    let automated = source.as_str().starts_with(crate::name::AUTOMATED);
    let all = caller
        .snapshots_of_type(if automated { "automated" } else { "manual" })
        .await?;
    Ok(all
        .iter()
        .filter_map(|one| one.db_cluster_snapshot_identifier().map(str::to_owned))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_parts_of_a_host() {
        for good in ["us-east-1", "eu-central-2", "us-gov-west-1", "ap-southeast-7"] {
            assert!(is_region(good), "{good}");
        }
        for bad in [
            "",
            "useast1",
            "us-east-1.evil.example",
            "US-EAST-1",
            "us--1",
            "-1",
            "us-east-1/",
        ] {
            assert!(!is_region(bad), "{bad}");
        }
    }

    #[test]
    fn what_people_tagged_goes_with_a_copy() {
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
        let source = DbClusterSnapshot::builder()
            .tag_list(tag(JOB, "before"))
            .tag_list(tag("aws:cloudformation:stack-name", "shop"))
            .tag_list(tag("team", "orders"))
            .build();
        assert_eq!(
            with_its_own("now", &source),
            [tag(JOB, "now"), tag("team", "orders")]
        );
    }
}
