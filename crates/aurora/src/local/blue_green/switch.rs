//! The steps by which green takes blue's place.

use std::time::Duration;

use howdah_core::{Error, ErrorKind, Result};
use howdah_jobs::JobCx;
use howdah_localpg::{Instance, Status, StopMode, free_port, port_range};
use howdah_sql::quote_literal;
use tokio::time::Instant;

use super::super::layout::{ClusterDirectory, Layout, Phase, Side, reader_name, rename};
use super::super::server::connect;
use super::super::{blocking, create, proxy, run};
use super::link::{self, Database};
use super::schema::Schema;
use super::{examine, green, green_of, note, status};
use crate::{ClusterName, OperationState};

/// Green is close behind when it has all but so many bytes of blue's log: a moment's work.
const CLOSE: u64 = 1 << 20;

const LISTEN: &str = "listen_addresses";

/// After so long green writes down what it has applied, and only then confirms it; blue does not stop before.
const CONFIRMING: &str = "wal_writer_delay";
/// What PostgreSQL has.
const CONFIRMING_DEFAULT: &str = "200ms";

/// Looks whether green is whole and close behind, fills its materialized views, and has both sides write down what
/// they hold in memory, so that stopping and starting them is quick.
pub(super) async fn examine(
    layout: &Layout,
    blue: &ClusterDirectory,
    timeout_s: u32,
    cx: &JobCx,
    state: &mut OperationState,
) -> Result<()> {
    let green = green_of(layout, blue)?;
    let (from, to) = (blue.writer()?, green.writer()?);
    let databases = link::databases(&from).await?;
    examine::in_the_way(blue).await?;
    green::check_schema(&from, &green, blue).await?;
    for database in &databases {
        green::refresh(&to, &from, database).await?;
    }
    let limit = Instant::now() + Duration::from_secs(timeout_s.into());
    loop {
        cx.check_cancelled()?;
        let lag = status::lag(blue).await?;
        if lag.is_lost {
            return Err(Error::refused(format!(
                "The cluster {} grew its log by more than it keeps for {}, which cannot follow any more.",
                blue.name, green.name
            ))
            .hint(format!(
                "Make it anew: howdah cluster blue-green delete {}, then create.",
                blue.name
            )));
        }
        let (_, missing) = green::tables(&to, &databases).await?;
        if lag.follows && lag.bytes <= CLOSE && missing == 0 {
            break;
        }
        if Instant::now() > limit {
            return Err(too_slow(&green, timeout_s, lag.bytes).detail(to.log_tail(2048)));
        }
        cx.progress(
            format!("Green is {} behind", howdah_core::human_bytes(lag.bytes)),
            None,
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    if state.connection.is_none() {
        state.connection = Some(blue.connection()?);
        state.old = Some(old_name(layout, blue)?);
    }
    cx.checkpoint(state).await?;
    // Last, so that little is left to be written down while nobody is served.
    tokio::try_join!(write_down(&from), write_down(&to))?;
    for side in [blue, &green] {
        for number in side.readers() {
            // One that does not run has nothing in memory.
            if let Ok(reader) = side.instance(&reader_name(number)) {
                drop(write_down(&reader).await);
            }
        }
    }
    pause_archive(from, &[]).await?;
    let prompt = [(CONFIRMING.to_owned(), "10ms".to_owned())];
    pause_archive(to, &prompt).await
}

async fn write_down(writer: &Instance) -> Result<()> {
    Ok(connect(writer, "postgres").await?.batch("CHECKPOINT").await?)
}

/// Has a server keep the rest of its log to itself until it is told its parameters anew, as it would not stop before
/// that is archived; with other settings until then.
async fn pause_archive(mut writer: Instance, others: &[(String, String)]) -> Result<()> {
    let mut settings = others.to_vec();
    settings.push(("archive_command".to_owned(), String::new()));
    blocking(move || {
        writer.set(&settings)?;
        Ok(writer.reload()?)
    })
    .await
}

fn too_slow(green: &ClusterDirectory, timeout_s: u32, bytes: u64) -> Error {
    Error::new(
        ErrorKind::Refused,
        format!(
            "{} was still {} behind after {timeout_s} s; nothing was switched.",
            green.name,
            howdah_core::human_bytes(bytes)
        ),
    )
    .hint("Switch when less is written, or give it more time: --timeout-s.")
}

/// The name that blue will have: the first that is free.
fn old_name(layout: &Layout, blue: &ClusterDirectory) -> Result<ClusterName> {
    for number in 1..=9 {
        let name: ClusterName = format!("{}-old{number}", blue.name).parse()?;
        if !layout.cluster(&name).path().exists() {
            return Ok(name);
        }
    }
    Err(
        Error::refused(format!("There are {0}-old1 to {0}-old9 already.", blue.name))
            .hint("Delete those that nobody needs."),
    )
}

/// Starts blue anew where only Howdah reaches it: nobody can write to it any more.
pub(super) async fn close(layout: &Layout, blue: &ClusterDirectory) -> Result<()> {
    let green = green_of(layout, blue)?;
    note([&green, blue], Phase::Switching)?;
    let mut writer = blue.writer()?;
    if writer.status() == Status::Ready && is_closed(&writer).await? {
        return Ok(());
    }
    let (avoid, port) = (layout.ports(&blue.instance_dir("writer")), writer.port());
    {
        let mut writer = writer.clone();
        blocking(move || {
            writer.set(&[(LISTEN.to_owned(), String::new())])?;
            writer.stop(StopMode::Fast)?;
            Ok(writer.start(&avoid)?)
        })
        .await?;
    }
    writer = blue.writer()?;
    if writer.port() != port {
        link::point_at(&green.writer()?, &writer).await?;
    }
    match is_closed(&writer).await? {
        true => Ok(()),
        false => Err(Error::internal(format!(
            "The cluster {} still listens.",
            blue.name
        ))),
    }
}

async fn is_closed(writer: &Instance) -> Result<bool> {
    let rows = connect(writer, "postgres")
        .await?
        .query("SELECT current_setting('listen_addresses')", &[])
        .await?;
    Ok(rows.first().and_then(|row| row.get(0)) == Some(""))
}

/// Gives green the state of the sequences, which no log carries, and waits until it has confirmed all of blue's log.
pub(super) async fn drain(
    layout: &Layout,
    blue: &ClusterDirectory,
    timeout_s: u32,
    cx: &JobCx,
) -> Result<()> {
    let green = green_of(layout, blue)?;
    let (from, to) = (blue.writer()?, green.writer()?);
    if !is_closed(&from).await? {
        return Err(Error::internal(format!(
            "The cluster {} takes writes again.",
            blue.name
        )));
    }
    let databases = link::databases(&from).await?;
    if cx.attempt() > 1 {
        link::enable(&to, &databases, true).await?;
    }
    // Nobody is served meanwhile: all at once. Since the last look somebody may have changed the schema.
    let (free, same, carried) = tokio::join!(
        examine::in_the_way(blue),
        green::check_schema(&from, &green, blue),
        carry_all_sequences(&from, &to, &databases),
    );
    // A sequence that green does not know is told as what it is: a change of the schema.
    free?;
    same?;
    carried?;
    let mut connection = connect(&from, "postgres").await?;
    let rows = connection
        .query("SELECT pg_catalog.pg_current_wal_lsn()", &[])
        .await?;
    let end = rows
        .first()
        .and_then(|row| row.get(0))
        .unwrap_or_default()
        .to_owned();
    let limit = Instant::now() + Duration::from_secs(timeout_s.into());
    loop {
        cx.check_cancelled()?;
        let rows = connection
            .query(
                include_str!("../queries/blue_green/behind.sql"),
                &[Some(end.as_str())],
            )
            .await?;
        match rows.first().and_then(|row| row.parse::<u64>(0)) {
            Some(0) => break,
            _ if Instant::now() > limit => {
                let lag = status::lag(blue).await?;
                return Err(too_slow(&green, timeout_s, lag.bytes).detail(to.log_tail(2048)));
            }
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    // It would look for blue where nobody is.
    link::enable(&to, &databases, false).await
}

async fn carry_all_sequences(blue: &Instance, green: &Instance, databases: &[Database]) -> Result<()> {
    for database in databases {
        carry_sequences(blue, green, database).await?;
    }
    Ok(())
}

async fn carry_sequences(blue: &Instance, green: &Instance, database: &Database) -> Result<()> {
    const AT_ONCE: usize = 200;
    let mut from = connect(blue, &database.name).await?;
    let rows = from
        .query(include_str!("../queries/blue_green/sequences.sql"), &[])
        .await?;
    let names: Vec<&str> = rows.iter().filter_map(|row| row.get(0)).collect();
    if names.is_empty() {
        return Ok(());
    }
    let mut to = link::writing(green, &database.name).await?;
    for some in names.chunks(AT_ONCE) {
        let looks: Vec<String> = some
            .iter()
            .map(|name| {
                let text = quote_literal(name);
                format!("SELECT {text}, last_value, is_called FROM {name}")
            })
            .collect();
        let states = from.query(&looks.join(" UNION ALL "), &[]).await?;
        let sets: Vec<String> = states
            .iter()
            .filter_map(|row| {
                let name = quote_literal(row.get(0)?);
                let (value, called) = (row.parse::<i64>(1)?, row.is_true(2));
                Some(format!("SELECT pg_catalog.setval({name}, {value}, {called})"))
            })
            .collect();
        to.batch(&sets.join("; ")).await?;
    }
    Ok(())
}

/// The directories of a deployment whatever they are called now.
struct Sides {
    /// The name that clients know.
    name: ClusterDirectory,
    /// Green's name before the switch.
    green: ClusterDirectory,
    /// Blue's name after it.
    old: ClusterDirectory,
}

impl Sides {
    fn of(layout: &Layout, cluster: &ClusterDirectory, state: &OperationState) -> Result<Self> {
        let old = state
            .old
            .as_ref()
            .ok_or_else(|| Error::internal("No name was chosen for the old cluster."))?;
        Ok(Self {
            name: cluster.clone(),
            green: layout.cluster(&super::green_name(cluster)?),
            old: layout.cluster(old),
        })
    }

    /// What the cluster is that has the name now; none between two renames.
    fn side(&self) -> Result<Option<Side>> {
        let record = self.name.existing()?;
        Ok(record.and_then(|record| record.blue_green).map(|part| part.side))
    }

    /// Gives the name to green.
    fn turn(&self) -> Result<()> {
        if self.side()? == Some(Side::Blue) {
            rename(self.name.path(), self.old.path())?;
        }
        if self.side()?.is_none() {
            rename(self.green.path(), self.name.path())?;
        }
        move_proxy(&self.old, &self.name)?;
        pair(&self.old, &self.name)
    }

    /// Gives it back to blue.
    fn turn_back(&self) -> Result<()> {
        if self.side()? == Some(Side::Green) {
            // Its clients know it by the name, not by what is behind it.
            move_proxy(&self.name, &self.old)?;
            rename(self.name.path(), self.green.path())?;
        }
        if self.side()?.is_none() {
            rename(self.old.path(), self.name.path())?;
        }
        pair(&self.name, &self.green)
    }
}

/// A proxy goes where the name goes.
fn move_proxy(from: &ClusterDirectory, to: &ClusterDirectory) -> Result<()> {
    match from.proxy_dir().exists() && to.path().exists() {
        true => rename(&from.proxy_dir(), &to.proxy_dir()),
        false => Ok(()),
    }
}

/// Notes on both sides how the other is called.
fn pair(one: &ClusterDirectory, other: &ClusterDirectory) -> Result<()> {
    for (side, partner) in [(one, other), (other, one)] {
        let mut record = side.record()?;
        if let Some(part) = &mut record.blue_green
            && part.partner != partner.name
        {
            part.partner = partner.name.clone();
            side.write_record(&record)?;
        }
    }
    Ok(())
}

/// Stops both sides and gives green the name and the ports of blue.
pub(super) async fn exchange(
    layout: &Layout,
    cluster: &ClusterDirectory,
    state: &OperationState,
) -> Result<()> {
    let sides = Sides::of(layout, cluster, state)?;
    let all = [&sides.name, &sides.green, &sides.old];
    tokio::try_join!(
        green::stop_all(all[0], StopMode::Fast),
        green::stop_all(all[1], StopMode::Fast),
        green::stop_all(all[2], StopMode::Fast)
    )?;
    let (ports, layout) = (ports(state)?, layout.clone());
    blocking(move || {
        sides.turn()?;
        let mut old = sides.old.record()?;
        old.stopped = true;
        sides.old.write_record(&old)?;
        let mut taken = layout.ports(&sides.old.instance_dir("writer"));
        taken.extend(&ports);
        for name in names(&sides.old) {
            let free = free_port(port_range(), *port_range().start(), &taken)?;
            taken.insert(free);
            settle(&sides.old, &name, Some(free), "on")?;
        }
        settle(&sides.name, "writer", ports.first().copied(), "off")
    })
    .await
}

/// The ports that clients know, the writer's first.
fn ports(state: &OperationState) -> Result<Vec<u16>> {
    let connection = state
        .connection
        .as_ref()
        .ok_or_else(|| Error::internal("It was not noted where the cluster listened."))?;
    let readers = connection
        .reader_endpoints
        .iter()
        .filter_map(|endpoint| endpoint.rsplit_once(':')?.1.parse().ok());
    Ok(std::iter::once(connection.port).chain(readers).collect())
}

/// The instances of a cluster, the writer first.
fn names(cluster: &ClusterDirectory) -> Vec<String> {
    let readers = cluster.readers().into_iter().map(reader_name);
    std::iter::once("writer".to_owned()).chain(readers).collect()
}

/// Has a server of a cluster that was renamed find all that is theirs, and listen on this port.
fn settle(cluster: &ClusterDirectory, name: &str, port: Option<u16>, read_only: &str) -> Result<()> {
    let mut instance = cluster.instance(name)?;
    let mut settings = create::settings(cluster, instance.installation(), name);
    settings.push((LISTEN.to_owned(), "127.0.0.1".to_owned()));
    if name == "writer" {
        settings.push((green::READ_ONLY.to_owned(), read_only.to_owned()));
        settings.push((CONFIRMING.to_owned(), CONFIRMING_DEFAULT.to_owned()));
    }
    Ok(instance.relocated(&settings, port)?)
}

/// Gives name and ports back to blue.
pub(super) async fn unexchange(
    layout: &Layout,
    cluster: &ClusterDirectory,
    state: &OperationState,
) -> Result<()> {
    let sides = Sides::of(layout, cluster, state)?;
    let ports = ports(state)?;
    for cluster in [&sides.name, &sides.green, &sides.old] {
        green::stop_all(cluster, StopMode::Fast).await?;
    }
    blocking(move || {
        sides.turn_back()?;
        let mut record = sides.name.record()?;
        record.stopped = false;
        sides.name.write_record(&record)?;
        for name in names(&sides.green) {
            settle(&sides.green, &name, None, "on")?;
        }
        for (index, name) in names(&sides.name).iter().enumerate() {
            settle(&sides.name, name, ports.get(index).copied(), "off")?;
        }
        Ok(())
    })
    .await
}

/// Lets clients reach blue again, and green follow it.
pub(super) async fn reopen(layout: &Layout, blue: &ClusterDirectory) -> Result<()> {
    let green = green_of(layout, blue)?;
    let writer = blue.writer()?;
    if writer.status() != Status::Ready || is_closed(&writer).await? {
        blocking(move || Ok(writer.stop(StopMode::Fast)?)).await?;
    }
    resume_archive(layout, blue).await?;
    let mut nothing = OperationState::default();
    run::start_all(layout, blue, &mut nothing).await?;
    run::start_all(layout, &green, &mut nothing).await?;
    let (from, to) = (blue.writer()?, green.writer()?);
    link::point_at(&to, &from).await?;
    link::enable(&to, &link::databases(&from).await?, true).await?;
    note([&green, blue], Phase::Following)
}

/// Gives both sides the parameters back that they had before.
pub(super) async fn resume_archive(layout: &Layout, blue: &ClusterDirectory) -> Result<()> {
    let green = green_of(layout, blue)?;
    for (side, read_only) in [(blue, "off"), (&green, "on")] {
        let side = side.clone();
        blocking(move || {
            let mut writer = side.writer()?;
            let mut settings = create::settings(&side, writer.installation(), "writer");
            settings.push((LISTEN.to_owned(), "127.0.0.1".to_owned()));
            settings.push((green::READ_ONLY.to_owned(), read_only.to_owned()));
            settings.push((CONFIRMING.to_owned(), CONFIRMING_DEFAULT.to_owned()));
            writer.set(&settings)?;
            Ok(writer.reload()?)
        })
        .await?;
    }
    Ok(())
}

/// Starts the new writer. From here on clients write to it.
pub(super) async fn open(
    layout: &Layout,
    cluster: &ClusterDirectory,
    cx: &JobCx,
    state: &mut OperationState,
) -> Result<()> {
    state.point_of_no_return = true;
    cx.checkpoint(state).await?;
    let Err(error) = run::start_writer(layout, cluster).await else {
        return Ok(());
    };
    // It took no connection: blue can have its place back.
    state.point_of_no_return = false;
    cx.checkpoint(state).await?;
    Err(error)
}

/// Starts the new readers, where clients knew those of blue.
pub(super) async fn readers(
    layout: &Layout,
    cluster: &ClusterDirectory,
    state: &OperationState,
) -> Result<()> {
    let ports = ports(state)?;
    for (index, number) in cluster.readers().into_iter().enumerate() {
        let (cluster, name) = (cluster.clone(), reader_name(number));
        let port = ports.get(index.saturating_add(1)).copied();
        blocking(move || match cluster.instance(&name)?.status() {
            Status::Stopped => settle(&cluster, &name, port, "off"),
            _ => Ok(()),
        })
        .await?;
    }
    for number in cluster.readers() {
        create::start_reader(layout, cluster, &number.to_string()).await?;
    }
    proxy::refresh(layout, cluster).await
}

/// Ends the replication on both sides. The old blue stays, stopped, and takes no writes unless somebody insists.
pub(super) async fn clean(
    layout: &Layout,
    cluster: &ClusterDirectory,
    state: &mut OperationState,
) -> Result<()> {
    let sides = Sides::of(layout, cluster, state)?;
    let new = cluster.writer()?;
    for database in link::databases(&new).await? {
        link::unsubscribe(&new, &database.name).await?;
    }
    let system = Schema::kept(cluster)?.unwrap_or_default().system;
    let mut old = sides.old.writer()?;
    let avoid = layout.ports(&sides.old.instance_dir("writer"));
    {
        let mut old = old.clone();
        blocking(move || {
            old.set(&[(LISTEN.to_owned(), String::new())])?;
            Ok(old.start(&avoid)?)
        })
        .await?;
    }
    old = sides.old.instance("writer").unwrap_or(old);
    link::unpublish(&old, &system).await?;
    blocking(move || {
        old.stop(StopMode::Fast)?;
        Ok(old.set(&[(LISTEN.to_owned(), "127.0.0.1".to_owned())])?)
    })
    .await?;
    note([cluster, &sides.old], Phase::Switched)?;
    state.version = Some(cluster.record()?.version);
    state.connection = Some(cluster.connection()?);
    Ok(())
}

/// Finishes a switch that was given up when it could not be taken back any more.
pub(super) async fn finish(
    layout: &Layout,
    cluster: &ClusterDirectory,
    cx: &JobCx,
    state: &mut OperationState,
) -> Result<()> {
    if cluster
        .record()?
        .blue_green
        .is_some_and(|part| part.phase == Phase::Switched)
    {
        return Ok(());
    }
    open(layout, cluster, cx, state).await?;
    readers(layout, cluster, state).await?;
    clean(layout, cluster, state).await
}
