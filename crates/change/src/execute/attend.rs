//! A statement that takes long is attended to from a second session: how far it is, who is in its way, and
//! whether it is still wanted. An index built concurrently waits, silently, for every older transaction of the database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use howdah_pg::{Rows, Session, Target};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::worker::Worker;
use crate::ChangeError;
use crate::journal::Wanted;

const ATTEND: &str = include_str!("attend.sql");

/// What is over by then needs no second session.
const QUICK: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Until a second session is tried again that could not be had.
const NO_SESSION: Duration = Duration::from_secs(10);
/// What holds a statement up for less is gone before a person has read its name.
const WORTH_SAYING: Duration = Duration::from_secs(2);
const SETTINGS: &str = "SET statement_timeout = '5s'; SET application_name = 'howdah change (looks on)'";

/// What a statement returns that is of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    /// Nothing.
    Nothing,
    /// Rows.
    Rows,
}

/// Whose wish may stop a statement half-way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heeds {
    /// Nobody's: it is part of stopping, or soon over.
    Nobody,
    /// The caller's, and that of a person who cancels the change.
    Everybody,
}

/// How a statement ended.
pub(super) enum Attended {
    /// Carried out.
    Done(Rows),
    /// Stopped by the server, since a person wanted that.
    Wanted(Wanted),
}

/// What one look showed.
struct Seen {
    wanted: Option<String>,
    fraction: Option<f64>,
    in_the_way: Option<String>,
}

impl Worker {
    /// Runs a statement for as long as it takes. Where the caller wants to stop, it is cancelled, and the error is `Stopped`.
    pub(super) async fn attended(
        &mut self,
        sql: &str,
        gives: Gives,
        heeds: Heeds,
    ) -> Result<Attended, ChangeError> {
        self.connection().await?;
        let Some(mut session) = self.session.take() else {
            return Err(ChangeError::Stopped);
        };
        let begun = Instant::now();
        let canceller = session.canceller();
        let (sender, mut seen) = mpsc::channel(1);
        // Ends when it is dropped, with this call.
        let mut attendant = JoinSet::new();
        attendant.spawn(look_on(
            Arc::clone(&self.target),
            session.backend_pid().to_string(),
            self.id.clone(),
            sender,
        ));
        let mut stop = None;
        let mut waits = Waits::default();
        let result = {
            let running = async {
                match gives {
                    Gives::Nothing => session.batch(sql).await.map(|()| Rows::default()),
                    Gives::Rows => session.query(sql, &[]).await,
                }
            };
            tokio::pin!(running);
            loop {
                tokio::select! {
                    result = &mut running => break result,
                    () = self.cancel.cancelled(), if heeds == Heeds::Everybody && stop.is_none() => stop = Some(None),
                    Some(seen) = seen.recv() => {
                        if let Some(fraction) = seen.fraction
                            && heeds == Heeds::Everybody
                        {
                            self.fraction(fraction);
                        }
                        if let Some(message) = waits.word(sql, seen.in_the_way) {
                            self.observer.says(&message);
                        }
                        match seen.wanted.as_deref() {
                            Some("cancel") if heeds == Heeds::Everybody && stop.is_none() => stop = Some(Some(Wanted::Cancel)),
                            Some("pause") if heeds == Heeds::Everybody => waits.pause(sql, &*self.observer),
                            // Asked again: a cancel that comes between two parts of a statement is lost.
                            _ if stop.is_some() => {}
                            _ => continue,
                        }
                    }
                }
                if stop.is_some()
                    && let Err(error) = canceller.cancel().await
                {
                    tracing::warn!("A statement could not be cancelled: {error}");
                }
            }
        };
        self.session = Some(session);
        self.observer.executed(
            sql,
            result
                .as_ref()
                .ok()
                .map(|rows| rows.len() as u64)
                .filter(|_| gives == Gives::Rows),
            begun.elapsed(),
            result
                .as_ref()
                .err()
                .map(|error| error.sqlstate().unwrap_or("08006")),
        );
        match (result, stop) {
            (Ok(rows), _) => Ok(Attended::Done(rows)),
            (Err(error), Some(wanted)) if error.sqlstate() == Some("57014") => match wanted {
                Some(wanted) => Ok(Attended::Wanted(wanted)),
                None => Err(ChangeError::Stopped),
            },
            (Err(error), _) => Err(error.into()),
        }
    }
}

/// What has been said of a statement that waits.
#[derive(Default)]
struct Waits {
    since: Option<(String, Instant)>,
    told: Option<String>,
    pause_told: bool,
}

impl Waits {
    /// What is to be said now that these are in the way.
    fn word(&mut self, sql: &str, in_the_way: Option<String>) -> Option<String> {
        let Some(who) = in_the_way else {
            self.since = None;
            return None;
        };
        match &self.since {
            Some((same, since)) if *same == who => {
                if since.elapsed() < WORTH_SAYING || self.told.as_ref() == Some(&who) {
                    return None;
                }
                self.told = Some(who.clone());
                Some(format!(
                    "\"{}\" waits until these transactions have ended: {who}",
                    shortened(sql)
                ))
            }
            _ => {
                self.since = Some((who, Instant::now()));
                None
            }
        }
    }

    fn pause(&mut self, sql: &str, observer: &dyn super::Observer) {
        if !std::mem::replace(&mut self.pause_told, true) {
            observer.says(&format!(
                "\"{}\" cannot be paused: the change pauses when it has ended. Cancelling the change stops it now.",
                shortened(sql)
            ));
        }
    }
}

fn shortened(sql: &str) -> String {
    let mut words: String = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = words.char_indices().nth(80) {
        words.truncate(at);
        words.push('…');
    }
    words
}

/// Looks on at a backend's statement until nobody wants to know.
async fn look_on(target: Arc<Target>, pid: String, change: String, sender: mpsc::Sender<Seen>) {
    tokio::time::sleep(QUICK).await;
    let mut session = None;
    while !sender.is_closed() {
        if session.is_none() {
            session = open(&target).await;
        }
        let Some(open) = &mut session else {
            tokio::time::sleep(NO_SESSION).await;
            continue;
        };
        match open.query(ATTEND, &[Some(&pid), Some(&change)]).await {
            Ok(rows) => {
                let cell = |at: usize| rows.first().and_then(|row| row.get(at)).map(str::to_owned);
                let seen = Seen {
                    wanted: cell(0),
                    fraction: cell(1).and_then(|text| text.parse().ok()),
                    in_the_way: cell(2),
                };
                if sender.send(seen).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::debug!("looking on at a change: {error}");
                session = None;
            }
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn open(target: &Arc<Target>) -> Option<Session> {
    let mut session = Box::pin(target.session()).await.ok()?;
    session.batch(SETTINGS).await.ok()?;
    Some(session)
}
