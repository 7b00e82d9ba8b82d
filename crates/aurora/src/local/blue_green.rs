//! Blue/green deployments, by logical replication.
//!
//! Green is a cluster of its own, of the same or a newer major version, made of blue's definitions and filled with
//! blue's rows, which it follows from then on: a publication and a slot for each database on blue, a subscription on
//! green. For the switch blue is started anew where only Howdah reaches it, so that nothing can be written that green
//! does not get; when green has confirmed all of blue's log, it takes the sequences, and then blue's name, ports,
//! password and certificate: clients find it where blue was. Until then everything can be, and is, taken back.

mod dump;
mod end;
mod examine;
mod green;
mod link;
mod schema;
mod status;
mod switch;

use howdah_core::{Error, Result};
use howdah_jobs::{JobCx, Step};
use howdah_localpg::Status;

use super::layout::{ClusterDirectory, Layout, Phase, Side};
use super::unknown_step;
use crate::{Action, ClusterName, Operation, OperationState, Tier};

pub(super) use status::of as status;

/// Whether this module carries an action out.
pub(super) fn is_about(action: &Action) -> bool {
    matches!(
        action,
        Action::CreateBlueGreen { .. } | Action::SwitchBlueGreen { .. } | Action::DeleteBlueGreen { .. }
    )
}

/// The steps of the actions that this module is about; none of others.
pub(super) fn steps(action: &Action) -> Vec<Step> {
    match action {
        Action::CreateBlueGreen { .. } => vec![
            Step::new("prepare", "Preparing the directory of the green environment").weight(0.2),
            Step::new("schema", "Making its server and copying the definitions").weight(3.0),
            Step::new("follow", "Beginning to keep blue's changes").weight(0.5),
            Step::new("copy", "Copying the rows").weight(3.0),
            Step::new("readers", "Making its readers").weight(1.0),
            Step::new("base", "Copying the data that its log begins with").weight(0.5),
            Step::new("finish", "Noting how to connect").weight(0.1),
        ],
        Action::SwitchBlueGreen { .. } => vec![
            Step::new("examine", "Looking whether green is whole and close behind"),
            Step::new(
                "close",
                "Ending the connections to blue, until green has all of its changes",
            )
            .weight(0.7),
            Step::new(
                "exchange",
                "Giving green the name and the ports of blue, and starting it",
            )
            .weight(0.6),
            Step::new("readers", "Starting the new readers").weight(0.5),
            Step::new("clean", "Ending the replication").weight(1.0),
        ],
        Action::DeleteBlueGreen { keep } => vec![
            Step::new("part", "Ending the replication").weight(0.5),
            match keep {
                true => Step::new("release", "Making both clusters of their own").weight(0.2),
                false => Step::new("remove", "Removing the data").weight(0.5),
            },
        ],
        _ => Vec::new(),
    }
}

/// Whether one of these actions can be begun.
pub(super) async fn check(layout: &Layout, cluster: &ClusterDirectory, action: &Action) -> Result<()> {
    match action {
        Action::CreateBlueGreen { version, compute } => {
            super::capacity::check(compute.as_ref())?;
            examine::create(layout, cluster, *version).await
        }
        Action::SwitchBlueGreen { timeout_s } => examine::switch(layout, cluster, *timeout_s).await,
        Action::DeleteBlueGreen { keep } => examine::delete(layout, cluster, *keep),
        _ => Ok(()),
    }
}

/// Whether a cluster's part in a deployment allows something else to be done with it.
pub(super) fn check_other(cluster: &ClusterDirectory, action: &Action) -> Result<()> {
    let Some(part) = cluster.existing()?.and_then(|record| record.blue_green) else {
        return Ok(());
    };
    let name = &cluster.name;
    let home = match (part.side, part.phase) {
        (Side::Blue, Phase::Switched) => &part.partner,
        (Side::Green, phase) if phase != Phase::Switched => &part.partner,
        _ => name,
    };
    let end = format!("howdah cluster blue-green delete {home} ends it first.");
    match action {
        Action::Delete { .. } => Err(Error::refused(format!(
            "The cluster {name} is part of the blue/green deployment of {home}."
        ))
        .hint(end)),
        Action::Failover { .. } if part.phase != Phase::Switched => Err(Error::refused(format!(
            "The cluster {name} is part of the blue/green deployment of {home}, whose replication a failover would leave behind."
        ))
        .hint(format!("Switch over (howdah cluster blue-green switch {home}), or {end}"))),
        // A copy would take the changes that the original waits for.
        Action::Snapshot { .. } | Action::Clone { .. } | Action::RestoreToTime { .. }
            if part.side == Side::Green && part.phase != Phase::Switched =>
        {
            Err(Error::refused(format!(
                "The cluster {name} follows {home}, and so would every copy of it."
            ))
            .hint(format!("Copy {home}, or wait until it has been switched over.")))
        }
        _ => Ok(()),
    }
}

/// How much of a word one of these actions needs.
pub(super) fn tier(layout: &Layout, operation: &Operation) -> Tier {
    let cluster = &operation.cluster;
    match &operation.action {
        Action::CreateBlueGreen { .. } => Tier::Confirm {
            effect: format!("{cluster} goes on serving, and keeps up to 4 GB of its log for the green environment. From then on its schema must not be changed: rows follow, changes of tables do not."),
        },
        Action::SwitchBlueGreen { .. } => Tier::Risk {
            effect: format!("All connections to {cluster} end, and for some seconds it takes none; then clients work on the green environment. What they write there does not come back to the old one."),
        },
        Action::DeleteBlueGreen { keep: true } => Tier::Confirm {
            effect: "Both sides go on as clusters of their own; what is written to one no longer comes to the other.".to_owned(),
        },
        Action::DeleteBlueGreen { keep: false } => {
            let partner = layout.cluster(cluster).existing().ok().flatten();
            let partner = partner.and_then(|record| record.blue_green).map(|part| part.partner);
            Tier::Risk {
                effect: partner.map_or_else(
                    || "Nothing is left of the other side.".to_owned(),
                    |partner| format!("The data of {partner} are gone for good; {cluster} stays as it is."),
                ),
            }
        }
        _ => Tier::Free,
    }
}

/// Carries out a step of one of these actions.
pub(super) async fn run_step(
    layout: &Layout,
    step: &str,
    operation: &Operation,
    cx: &JobCx,
    state: &mut OperationState,
) -> Result<()> {
    let cluster = layout.cluster(&operation.cluster);
    match (step, &operation.action) {
        ("prepare", Action::CreateBlueGreen { version, compute }) => {
            green::prepare(layout, &cluster, *version, compute.as_ref(), cx.id()).await
        }
        ("schema", _) => green::schema(layout, &cluster).await,
        ("follow", _) => green::follow(layout, &cluster).await,
        ("copy", _) => green::copy(layout, &cluster, cx).await,
        ("readers", Action::CreateBlueGreen { .. }) => green::readers(layout, &cluster, cx).await,
        ("base", _) => super::log_archive::keep_base(&green_of(layout, &cluster)?).await,
        ("finish", _) => green::finish(layout, &cluster, state).await,
        ("examine", Action::SwitchBlueGreen { timeout_s }) => {
            switch::examine(layout, &cluster, *timeout_s, cx, state).await
        }
        ("close", Action::SwitchBlueGreen { timeout_s }) => {
            switch::close(layout, &cluster).await?;
            switch::drain(layout, &cluster, *timeout_s, cx).await
        }
        ("exchange", _) => {
            if !state.point_of_no_return {
                switch::exchange(layout, &cluster, state).await?;
            }
            switch::open(layout, &cluster, cx, state).await
        }
        ("readers", _) => switch::readers(layout, &cluster, state).await,
        ("clean", _) => switch::clean(layout, &cluster, state).await,
        ("part", _) => end::part(layout, &cluster).await,
        ("remove", _) => end::remove(layout, &cluster, cx.id()).await,
        ("release", _) => end::release(layout, &cluster).await,
        _ => Err(unknown_step(step)),
    }
}

/// Takes back a step of one of these actions.
pub(super) async fn undo_step(
    layout: &Layout,
    step: &str,
    operation: &Operation,
    cx: &JobCx,
    state: &mut OperationState,
) -> Result<()> {
    let cluster = layout.cluster(&operation.cluster);
    match (step, &operation.action) {
        ("follow", Action::CreateBlueGreen { .. }) => green::unfollow(layout, &cluster, cx.id()).await,
        ("prepare", Action::CreateBlueGreen { .. }) => green::unprepare(layout, &cluster, cx.id()).await,
        // Clients may have written to the new writer: the way on is the only one.
        ("close" | "exchange" | "readers" | "clean", Action::SwitchBlueGreen { .. })
            if state.point_of_no_return =>
        {
            switch::finish(layout, &cluster, cx, state).await
        }
        ("exchange", Action::SwitchBlueGreen { .. }) => switch::unexchange(layout, &cluster, state).await,
        ("close", Action::SwitchBlueGreen { .. }) => switch::reopen(layout, &cluster).await,
        ("examine", Action::SwitchBlueGreen { .. }) if !state.point_of_no_return => {
            switch::resume_archive(layout, &cluster).await
        }
        _ => Ok(()),
    }
}

/// Tells green where blue is, which may have been started on another port.
pub(super) async fn reconnect(layout: &Layout, cluster: &ClusterDirectory) -> Result<()> {
    let part = cluster.record()?.blue_green;
    let Some(part) = part.filter(|part| part.phase == Phase::Following) else {
        return Ok(());
    };
    let partner = layout.cluster(&part.partner);
    let (blue, green) = match part.side {
        Side::Blue => (cluster, &partner),
        Side::Green => (&partner, cluster),
    };
    let (blue, green) = (blue.writer()?, green.writer()?);
    match [&blue, &green]
        .iter()
        .all(|writer| writer.status() == Status::Ready)
    {
        true => link::point_at(&green, &blue).await,
        false => Ok(()),
    }
}

/// What there is of the green environment of a cluster.
pub(super) async fn what_exists(layout: &Layout, cluster: &ClusterDirectory) -> Option<String> {
    let green = green_name(cluster).ok()?;
    let found = super::describe::describe(layout, &green).await.ok()?;
    Some(format!("The cluster {green} is {}.", found.status.as_str()))
}

/// The name of the green environment of a cluster.
fn green_name(blue: &ClusterDirectory) -> Result<ClusterName> {
    format!("{}-green", blue.name).parse().map_err(|_| {
        Error::invalid(format!(
            "The name {} leaves no room for that of its green environment, {0}-green.",
            blue.name
        ))
    })
}

/// The green environment of a cluster that has one.
fn green_of(layout: &Layout, blue: &ClusterDirectory) -> Result<ClusterDirectory> {
    let part = blue.record()?.blue_green;
    let part = part.filter(|part| part.side == Side::Blue && part.phase != Phase::Switched);
    match part {
        Some(part) => Ok(layout.cluster(&part.partner)),
        None => Err(examine::none(blue)),
    }
}

/// Notes on both sides how far the deployment is.
fn note(sides: [&ClusterDirectory; 2], phase: Phase) -> Result<()> {
    for side in sides {
        let Some(mut record) = side.existing()? else {
            continue;
        };
        if let Some(part) = &mut record.blue_green
            && part.phase != phase
        {
            part.phase = phase;
            side.write_record(&record)?;
        }
    }
    Ok(())
}
