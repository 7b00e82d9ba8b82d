//! The job under test: it writes pages into a directory, one a step, and can
//! be told to misbehave. Whoever looks at the directory afterwards sees
//! whether it was done wholly, or taken back wholly.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use howdah_core::{Error, ErrorKind, Result};
use howdah_jobs::{JobCx, JobKind, OnFailure, Step, async_trait, job_kind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) directory: PathBuf,
    pub(crate) pages: usize,
    /// How long each step takes; it watches for a cancel meanwhile.
    pub(crate) step_ms: u64,
    /// How long each undo takes.
    pub(crate) undo_ms: u64,
    /// What goes wrong, by the step's name.
    pub(crate) mischief: HashMap<String, Mischief>,
    pub(crate) exclusive: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mischief {
    Fail,
    Panic,
    /// An error that is worth another try, twice.
    FailTwice,
    /// The process ends itself.
    Die,
    /// The thread is blocked for seven seconds.
    Block,
    /// The step does not heed a cancel, and takes a second.
    Deaf,
    /// The undo fails until the file `mended` exists.
    UndoFails,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Written {
    pages: Vec<String>,
}

pub(crate) struct WritePages;
job_kind!(WritePages);

#[async_trait]
impl JobKind for WritePages {
    const NAME: &'static str = "write_pages";
    const TITLE: &'static str = "Write pages";
    type Input = Order;
    type State = Written;

    fn subject(order: &Order) -> String {
        format!("pages in {}", order.directory.display())
    }

    fn exclusive_key(order: &Order) -> Option<String> {
        order.exclusive.then(|| Self::subject(order))
    }

    fn steps(order: &Order) -> Vec<Step> {
        (0..order.pages)
            .map(|page| Step::new(format!("page{page}"), format!("Writing page {page}")))
            .collect()
    }

    async fn run_step(&self, step: &str, order: &Order, cx: &JobCx, state: &mut Written) -> Result<()> {
        write(step, order, cx, state).await
    }

    async fn undo_step(&self, step: &str, order: &Order, cx: &JobCx, state: &mut Written) -> Result<()> {
        let _alone = Alone::enter(&order.directory, cx);
        assert!(!cx.cancel.is_cancelled(), "an undo is never cancelled");
        if order.mischief.get(step) == Some(&Mischief::UndoFails) && !order.directory.join("mended").exists()
        {
            return Err(Error::new(ErrorKind::Local, format!("{step} sticks to the desk")));
        }
        tokio::time::sleep(Duration::from_millis(order.undo_ms)).await;
        for name in [step.to_owned(), format!("{step}.part")] {
            remove(&order.directory.join(name));
        }
        state.pages.retain(|page| page != step);
        Ok(())
    }

    async fn what_exists(&self, _: &Order, _: &JobCx, state: &Written) -> Vec<String> {
        state
            .pages
            .iter()
            .map(|page| format!("The page {page}."))
            .collect()
    }

    fn result(_: &Order, state: &Written) -> Value {
        json!({ "pages": state.pages })
    }
}

/// The same, whose work stays when it fails.
pub(crate) struct KeepPages;
job_kind!(KeepPages);

#[async_trait]
impl JobKind for KeepPages {
    const NAME: &'static str = "keep_pages";
    const TITLE: &'static str = "Write pages for good";
    const ON_FAILURE: OnFailure = OnFailure::Keep;
    type Input = Order;
    type State = Written;

    fn subject(order: &Order) -> String {
        WritePages::subject(order)
    }

    fn steps(order: &Order) -> Vec<Step> {
        WritePages::steps(order)
    }

    async fn run_step(&self, step: &str, order: &Order, cx: &JobCx, state: &mut Written) -> Result<()> {
        // What goes wrong is mended by the file `mended`.
        let mended = order.directory.join("mended").exists();
        let order = Order {
            mischief: if mended {
                HashMap::new()
            } else {
                order.mischief.clone()
            },
            ..order.clone()
        };
        write(step, &order, cx, state).await
    }

    async fn what_exists(&self, _: &Order, _: &JobCx, state: &Written) -> Vec<String> {
        state
            .pages
            .iter()
            .map(|page| format!("The page {page}."))
            .collect()
    }

    fn result(order: &Order, state: &Written) -> Value {
        WritePages::result(order, state)
    }
}

/// Looks, then does: a page that is there is not written again.
async fn write(step: &str, order: &Order, cx: &JobCx, state: &mut Written) -> Result<()> {
    let _alone = Alone::enter(&order.directory, cx);
    let mischief = order.mischief.get(step).copied();
    if !state.pages.iter().any(|page| page == step) {
        state.pages.push(step.to_owned());
        cx.checkpoint(state).await?;
    }
    let page = order.directory.join(step);
    if page.exists() {
        return Ok(());
    }
    let part = order.directory.join(format!("{step}.part"));
    fs::write(&part, "half a page").unwrap();
    match mischief {
        Some(Mischief::Fail) => return Err(Error::new(ErrorKind::Local, "The ink ran out.").hint("Buy ink.")),
        Some(Mischief::Panic) => panic!("a blot"),
        Some(Mischief::FailTwice) if cx.attempt() <= 2 => {
            return Err(Error::new(ErrorKind::Unavailable, "The pen is away."));
        }
        Some(Mischief::Die) => std::process::abort(),
        Some(Mischief::Block) => std::thread::sleep(Duration::from_secs(7)),
        Some(Mischief::Deaf) => tokio::time::sleep(Duration::from_secs(1)).await,
        _ => {}
    }
    for tenth in 0..10 {
        cx.progress(format!("Writing {step}"), Some(f64::from(tenth) / 10.0));
        tokio::time::sleep(Duration::from_millis(order.step_ms / 10)).await;
        if mischief != Some(Mischief::Deaf) {
            cx.check_cancelled()?;
        }
    }
    fs::rename(&part, &page).unwrap();
    Ok(())
}

/// Nobody else may be in a step of this job at the same time. Who finds a
/// living process inside leaves the file `overlap`, which no test forgives.
struct Alone(PathBuf);

impl Alone {
    fn enter(directory: &Path, cx: &JobCx) -> Self {
        let door = directory.join("inside");
        if let Ok(pid) = fs::read_to_string(&door)
            && pid != std::process::id().to_string()
            && alive(&pid)
        {
            fs::write(
                directory.join("overlap"),
                format!("{pid} met {} in {}", std::process::id(), cx.id()),
            )
            .unwrap();
        }
        fs::write(&door, std::process::id().to_string()).unwrap();
        Self(door)
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

fn alive(pid: &str) -> bool {
    let output = std::process::Command::new("ps")
        .args(["-o", "stat=", "-p", pid])
        .output()
        .unwrap();
    let state = String::from_utf8(output.stdout).unwrap();
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{}", path.display());
    }
}
