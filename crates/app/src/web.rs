//! The dashboard: the tools' results as pages, served over HTTP.
//!
//! A page is one file in `pages/`. It asks tools and draws what they give; it has no question
//! of its own to a server. Everything is drawn here: the browser gets a page that is complete
//! without scripts, one style sheet, and one script that exchanges the parts that live.

mod ask;
mod door;
mod lately;
mod listen;
mod page;
mod parts;
mod server;
mod spark;
mod stack;
mod token;
mod treemap;
mod visit;
mod words;

/// The pages, one in each file of the directory.
mod pages {
    include!(concat!(env!("OUT_DIR"), "/pages.rs"));
}

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};
use howdah_core::{Caller, Context, Error, ErrorKind, Result, Tool};
use howdah_pg::Targets;
use howdah_tools::watch::Watch;

use crate::cli::Globals;
use crate::output::{DONE, Output};
use crate::services;
use crate::stop::{Signals, cancel_on_servers};

const AFTER_HELP: &str = "\
Examples:
  howdah serve                                   http://127.0.0.1:7777, every target of howdah.toml
  howdah --target prod serve                     with another target first
  howdah serve --listen 0.0.0.0:7777 --host db1  for others, who need the token that is printed

Only this machine is served, without a question, unless --listen says otherwise; then, and wherever one is
given, a token is asked for: HOWDAH_TOKEN, --token-file, or one that is made and printed at the start. What is
sent is not encrypted: towards others put it behind a proxy with TLS, or use ssh -L.";

/// Where it is served if nothing else is said.
const USUAL: &str = "127.0.0.1:7777";
/// How long a watcher may take to write down what it saw.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// `howdah serve`.
pub(crate) fn command() -> Command {
    Command::new("serve")
        .about("Serve the dashboard to browsers, and watch the targets meanwhile")
        .after_help(AFTER_HELP)
        .arg(
            Arg::new("listen")
                .long("listen")
                .value_name("ADDRESS")
                .default_value(USUAL)
                .help("Where to listen; port 0 takes a free one"),
        )
        .arg(
            Arg::new("host")
                .long("host")
                .value_name("NAME")
                .action(ArgAction::Append)
                .help("A name by which browsers may address it, beside addresses and localhost"),
        )
        .arg(
            Arg::new("token-file")
                .long("token-file")
                .value_name("FILE")
                .value_parser(value_parser!(std::path::PathBuf))
                .value_hint(ValueHint::FilePath)
                .help("Ask for the token in this file"),
        )
        .arg(
            Arg::new("no-watch")
                .long("no-watch")
                .action(ArgAction::SetTrue)
                .help("Watch nothing: show only what others have watched, and the servers as they are now"),
        )
}

/// Serves until a signal comes.
pub(crate) async fn run(
    matches: &ArgMatches,
    globals: &Globals,
    output: &Output,
    signals: &mut Signals,
) -> ExitCode {
    match serve(matches, globals, output, signals).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => output.error(&error),
    }
}

async fn serve(
    matches: &ArgMatches,
    globals: &Globals,
    output: &Output,
    signals: &mut Signals,
) -> Result<u8> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let place = listen::Place::open(text("listen").unwrap_or(USUAL)).await?;
    let given = token::given(
        matches
            .get_one::<std::path::PathBuf>("token-file")
            .map(std::path::PathBuf::as_path),
    )?;
    let is_made = given.is_none() && !place.is_loopback();
    let token = match is_made {
        true => Some(token::Token::make()?),
        false => given,
    };
    let cx = services::context(globals, Caller::Dashboard).await?;
    services::adopt_jobs(&cx).await;
    let names = matches.get_many::<String>("host").into_iter().flatten().cloned();
    output.note(&format!("The dashboard: {}", place.url()));
    if let (true, Some(token)) = (is_made, &token) {
        output.note(&format!(
            "Its token, which is not shown again: {}",
            token.reveal()
        ));
    }
    if !place.is_loopback() {
        output.note(
            "What is sent is not encrypted. Towards others put it behind a proxy with TLS, or use ssh -L.",
        );
    }
    let all = Watch {
        all: true,
        ..Watch::default()
    };
    let watching = (!matches.get_flag("no-watch")).then(|| watch(&cx, all));
    let door = door::Door::new(token, place.addresses(), names.collect());
    let serving = server::serve(place, door, cx.clone());
    let code = tokio::select! {
        served = serving => {
            served.map_err(|error| Error::new(ErrorKind::Local, format!("Serving failed: {error}")))?;
            DONE
        }
        stop = signals.next() => stop.exit_code(),
    };
    cx.cancel.cancel();
    if let Some(watching) = watching {
        // What was seen since it was last written down is not lost.
        drop(tokio::time::timeout(ENDS_WITHIN, watching).await);
    }
    cancel_on_servers().await;
    Ok(code)
}

/// A dashboard of this machine alone, beside something else.
pub(crate) struct Serving {
    url: String,
    cx: Context,
    serving: tokio::task::JoinHandle<()>,
    watching: tokio::task::JoinHandle<()>,
}

impl Serving {
    /// Begins to serve, and to watch a target.
    pub(crate) async fn start(cx: &Context, target: &str) -> Result<Self> {
        let place = match listen::Place::open(USUAL).await {
            Ok(place) => place,
            Err(_) => listen::Place::open("127.0.0.1:0").await?,
        };
        let mut cx = cx.clone();
        cx.caller = Caller::Dashboard;
        cx.cancel = cx.cancel.child_token();
        let one = Watch {
            target: Some(target.to_owned()),
            ..Watch::default()
        };
        let watching = watch(&cx, one);
        let url = place.url();
        let door = door::Door::new(None, place.addresses(), Vec::new());
        let served = server::serve(place, door, cx.clone());
        let serving = tokio::spawn(async move {
            if let Err(error) = served.await {
                tracing::warn!(%error, "serving failed");
            }
        });
        Ok(Self {
            url,
            cx,
            serving,
            watching,
        })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Ends it, once what was seen is written down.
    pub(crate) async fn stop(self) {
        self.cx.cancel.cancel();
        self.serving.abort();
        drop(tokio::time::timeout(ENDS_WITHIN, self.watching).await);
    }
}

/// Watches in the background, as `howdah watch` does.
fn watch(cx: &Context, watch: Watch) -> tokio::task::JoinHandle<()> {
    let mut cx = cx.clone();
    cx.caller = Caller::Person { consents: false };
    tokio::spawn(async move {
        let is_empty = cx.get::<Targets>().is_ok_and(|targets| targets.list().is_empty());
        if is_empty {
            return;
        }
        if let Err(error) = watch.run(&cx).await {
            tracing::warn!("nothing is watched: {}", error.to_text());
        }
    })
}

/// What every request shares.
struct State {
    cx: Context,
    door: door::Door,
    lately: Arc<lately::Lately>,
}
