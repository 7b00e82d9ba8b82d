//! With whom a snapshot is shared: accounts that may restore and copy it, or everybody.

use aws_sdk_rds::types::DbClusterSnapshot;
use howdah_core::{Error, Result};
use howdah_jobs::JobCx;

use crate::aws::call::{Caller, Failure};
use crate::aws::key;
use crate::{OperationState, Sharing, SnapshotName};

/// The attribute that says who may restore it.
const RESTORE: &str = "restore";
/// As many accounts as RDS takes.
const MOST: usize = 20;

/// Who may restore it beside the account that has it, in order.
pub(in crate::aws) async fn with(caller: Caller<'_>, name: &SnapshotName) -> Result<Vec<String>, Failure> {
    let found = caller
        .read(&format!("tell with whom the snapshot {name} is shared"), |rds| {
            rds.describe_db_cluster_snapshot_attributes()
                .db_cluster_snapshot_identifier(name.as_str())
                .send()
        })
        .await?;
    let attributes = found.db_cluster_snapshot_attributes_result();
    let mut all: Vec<String> = attributes
        .map(|found| found.db_cluster_snapshot_attributes())
        .unwrap_or_default()
        .iter()
        .filter(|one| one.attribute_name() == Some(RESTORE))
        .flat_map(|one| one.attribute_values().to_vec())
        .collect();
    all.sort();
    Ok(all)
}

/// Whether it can be shared with them.
pub(in crate::aws) async fn check(caller: Caller<'_>, name: &SnapshotName, sharing: &Sharing) -> Result<()> {
    somebody(sharing)?;
    let found = super::described(caller, name).await?;
    if found.snapshot_type() == Some("automated") {
        return Err(automated(name.as_str()));
    }
    if found.storage_encrypted() == Some(true) {
        if sharing.public {
            return Err(Error::refused(format!(
                "The snapshot {name} is encrypted, and only one that is not can be made public."
            ))
            .hint(format!(
                "Name the accounts: `howdah cluster share-snapshot {name} --account 123456789012`."
            )));
        }
        if key_is_of_aws(caller, &found).await == Some(true) {
            return Err(Error::refused(format!(
                "The snapshot {name} is encrypted with the account's default key, which AWS manages and shares with nobody."
            ))
            .hint(format!(
                "Copy it under a key of your own first, and share the copy: `howdah cluster copy-snapshot {name} {name}-to-share --kms-key alias/NAME --wait`."
            )));
        }
    }
    let there = with(caller, name).await?;
    let others = |values: &[String]| values.iter().filter(|one| *one != Sharing::EVERYBODY).count();
    let all = others(&there) + others(&without(&sharing.values(), &there));
    if all > MOST {
        return Err(Error::refused(format!(
            "The snapshot {name} would be shared with {all} accounts; AWS takes {MOST}."
        ))
        .hint("End what is not needed any more with `howdah cluster unshare-snapshot`, or let an account copy it and share its copy."));
    }
    Ok(())
}

/// Whether it is shared with them.
pub(in crate::aws) async fn check_end(
    caller: Caller<'_>,
    name: &SnapshotName,
    sharing: &Sharing,
) -> Result<()> {
    somebody(sharing)?;
    super::require(caller, name).await?;
    let there = with(caller, name).await?;
    let unknown = without(&sharing.values(), &there);
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Error::not_found(format!(
        "The snapshot {name} is not shared with {}.",
        in_words(&unknown)
    ))
    .hint(match there.is_empty() {
        true => "It is shared with nobody.".to_owned(),
        false => format!("It is shared with {}.", in_words(&there)),
    }))
}

/// Says why what AWS took by itself is not shared.
pub(in crate::aws) fn automated(name: &str) -> Error {
    Error::refused(format!(
        "AWS took the snapshot {name} by itself, and such a one cannot be shared."
    ))
    .hint(format!(
        "Copy it first, and share the copy: `howdah cluster copy-snapshot {name} NAME --wait`."
    ))
}

/// What sharing it means, for the person who decides.
pub(in crate::aws) async fn effect(
    caller: Caller<'_>,
    name: &SnapshotName,
    sharing: &Sharing,
) -> Result<String> {
    let found = super::described(caller, name).await?;
    let who = match sharing.public {
        true => "Everybody with an account of AWS".to_owned(),
        false => capital(&sharing.in_words()),
    };
    let mut effect =
        format!("{who} can restore and copy all its data from then on; what was copied stays where it is.");
    if found.storage_encrypted() == Some(true) {
        let key = found.kms_key_id().unwrap_or("its key");
        effect.push_str(&format!(
            " They need {key} as well: its policy has to allow them kms:DescribeKey, kms:CreateGrant, kms:Decrypt and kms:ReEncrypt*."
        ));
        if key_is_of_aws(caller, &found).await.is_none() {
            effect.push_str(" Whether that key is one of yours was not seen (kms:DescribeKey): AWS refuses the account's default one.");
        }
    }
    Ok(effect)
}

/// Shares it with those with whom it is not yet.
pub(in crate::aws) async fn share(
    caller: Caller<'_>,
    cx: &JobCx,
    name: &SnapshotName,
    sharing: &Sharing,
    state: &mut OperationState,
) -> Result<()> {
    state.snapshot = Some(name.clone());
    let there = with(caller, name).await?;
    let new = without(&sharing.values(), &there);
    if !new.is_empty() {
        // Before the call, which may be carried out though nobody hears of it.
        state.admitted = new.clone();
        cx.checkpoint(state).await?;
        let shared = caller
            .write(&format!("share the snapshot {name}"), |rds| {
                rds.modify_db_cluster_snapshot_attribute()
                    .db_cluster_snapshot_identifier(name.as_str())
                    .attribute_name(RESTORE)
                    .set_values_to_add(Some(new.clone()))
                    .send()
            })
            .await;
        shared.map_err(|failure| of_its_key(failure, name))?;
    }
    state.shared_with = with(caller, name).await?;
    Ok(())
}

/// Ends it for those with whom it is shared.
pub(in crate::aws) async fn end(
    caller: Caller<'_>,
    name: &SnapshotName,
    values: &[String],
    state: &mut OperationState,
) -> Result<()> {
    state.snapshot = Some(name.clone());
    let there = with(caller, name).await?;
    let old: Vec<String> = values.iter().filter(|one| there.contains(one)).cloned().collect();
    if !old.is_empty() {
        caller
            .write(&format!("end the sharing of the snapshot {name}"), |rds| {
                rds.modify_db_cluster_snapshot_attribute()
                    .db_cluster_snapshot_identifier(name.as_str())
                    .attribute_name(RESTORE)
                    .set_values_to_remove(Some(old.clone()))
                    .send()
            })
            .await?;
    }
    state.shared_with = with(caller, name).await?;
    Ok(())
}

/// Takes back for whom this job has opened it.
pub(in crate::aws) async fn unmake(
    caller: Caller<'_>,
    name: &SnapshotName,
    state: &mut OperationState,
) -> Result<()> {
    let admitted = std::mem::take(&mut state.admitted);
    match admitted.is_empty() || caller.snapshot(name.as_str()).await?.is_none() {
        true => Ok(()),
        false => end(caller, name, &admitted, state).await,
    }
}

/// Within a sentence.
pub(in crate::aws) fn in_words(values: &[String]) -> String {
    let words: Vec<&str> = values
        .iter()
        .map(|value| match value.as_str() {
            Sharing::EVERYBODY => "everybody",
            account => account,
        })
        .collect();
    words.join(", ")
}

/// Whether AWS manages the key that it is encrypted with; none where that cannot be seen.
async fn key_is_of_aws(caller: Caller<'_>, found: &DbClusterSnapshot) -> Option<bool> {
    key::is_of_aws(caller, found.kms_key_id()?).await.ok()
}

/// The refusal of AWS that could not be foreseen: nobody may have been allowed to look at the key.
fn of_its_key(failure: Failure, name: &SnapshotName) -> Error {
    let of_key = failure.is("InvalidParameterValue") || failure.is("InvalidDBClusterSnapshotState");
    let error = Error::from(failure);
    match of_key {
        true => error.hint(format!(
            "Is it encrypted with the account's default key? Then copy it under one of your own, and share the copy: `howdah cluster copy-snapshot {name} {name}-to-share --kms-key alias/NAME --wait`."
        )),
        false => error,
    }
}

fn somebody(sharing: &Sharing) -> Result<()> {
    match sharing.values().is_empty() {
        true => Err(Error::invalid("This needs to know with whom.")
            .hint("Name an account by its 12 digits (--account 123456789012, argument `accounts`), or everybody (--public).")),
        false => Ok(()),
    }
}

/// Those of the first that are not among the second.
fn without(some: &[String], others: &[String]) -> Vec<String> {
    some.iter().filter(|one| !others.contains(one)).cloned().collect()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
