//! Asks Howdah: through `howdah mcp` and its tool `run_query`, as any client does, or, with `HOWDAH_CORPUS_DIRECT`, the guard
//! itself, to work on it without the program around.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use howdah_pg::guard::{self, Query};
use howdah_pg::{Cell, Column, ConnInfo, Flow, Origin, RowView, Sink, Target};
use howdah_testkit::mcp::{Client, Options};
use serde_json::{Value, json};

/// Whoever answers.
pub(crate) enum Asker {
    Mcp {
        client: Box<Client>,
        url: String,
        /// Its own, so that no other program locks the audit log meanwhile.
        home: tempfile::TempDir,
    },
    Direct(Arc<Target>),
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    /// All of it, to look for secrets in.
    pub(crate) text: String,
    /// The rows, when it succeeded.
    pub(crate) rows: Result<Vec<Vec<Value>>, String>,
}

impl Asker {
    pub(crate) async fn start(url: &str) -> Self {
        if std::env::var_os("HOWDAH_CORPUS_DIRECT").is_some() {
            let info = ConnInfo::parse(url).unwrap();
            return Self::Direct(Arc::new(Target::new("corpus", info, Origin::CommandLine)));
        }
        let home = tempfile::tempdir().unwrap();
        Self::Mcp {
            client: Box::new(client(url, home.path()).await),
            url: url.to_owned(),
            home,
        }
    }

    /// Runs one text; `None` when no answer came in time or at all: the program crashed or hangs.
    pub(crate) async fn ask(&mut self, sql: &str) -> Option<Reply> {
        match self {
            Self::Mcp { client, .. } => {
                let call = client
                    .begin(
                        "tools/call",
                        json!({"name": "run_query", "arguments": {"sql": sql}}),
                    )
                    .await;
                match call.answer_within(Duration::from_secs(600)).await? {
                    Ok(result) => Some(read(&result)),
                    Err(error) => Some(Reply {
                        text: format!("{error:?}"),
                        rows: Err(error.message),
                    }),
                }
            }
            Self::Direct(target) => Some(direct(target, sql).await),
        }
    }

    /// After a crash: the next process.
    pub(crate) async fn restart(&mut self) {
        if let Self::Mcp {
            client: crashed,
            url,
            home,
        } = self
        {
            **crashed = client(url, home.path()).await;
        }
    }

    /// The most memory that Howdah's process ever held, in bytes; 0 where it is not known.
    pub(crate) fn peak_memory(&self) -> u64 {
        let Self::Mcp { client, .. } = self else { return 0 };
        let status = std::fs::read_to_string(format!("/proc/{}/status", client.pid())).unwrap_or_default();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap_or_default();
        line.trim()
            .trim_end_matches(" kB")
            .parse::<u64>()
            .unwrap_or_default()
            * 1024
    }
}

async fn client(url: &str, home: &Path) -> Client {
    let home = home.to_string_lossy();
    let environment = [
        ("DATABASE_URL", url),
        ("HOWDAH_HOME", home.as_ref()),
        ("XDG_CONFIG_HOME", home.as_ref()),
    ];
    Client::start(Options {
        environment: environment
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        ..Options::default()
    })
    .await
}

fn read(result: &Value) -> Reply {
    let text = result.to_string();
    if result["isError"] == json!(true) {
        let message = result["content"][0]["text"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        return Reply {
            text,
            rows: Err(message),
        };
    }
    let rows = result["structuredContent"]["rows"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let cells = |row: Value| match row {
        Value::Array(cells) => cells,
        Value::Object(cells) => cells.into_iter().map(|(_, cell)| cell).collect(),
        other => vec![other],
    };
    Reply {
        text,
        rows: Ok(rows.into_iter().map(cells).collect()),
    }
}

async fn direct(target: &Arc<Target>, sql: &str) -> Reply {
    #[derive(Default)]
    struct Rows(Vec<Vec<Value>>);
    impl Sink for Rows {
        fn columns(&mut self, _: usize, _: Vec<Column>) {}
        fn row(&mut self, _: usize, row: &RowView<'_>) -> Flow {
            let text =
                |cell: Option<Cell<'_>>| cell.map_or(Value::Null, |cell| cell.text().into_owned().into());
            self.0.push(row.cells().map(text).collect());
            Flow::Continue
        }
    }
    let mut rows = Rows::default();
    let outcome = async {
        let mut session = target.session().await.map_err(|e| e.to_string())?;
        let query = Query::new(sql, &session);
        guard::query(&mut session, &query, &mut rows)
            .await
            .map_err(|e| e.to_string())?;
        Ok::<_, String>(())
    }
    .await;
    let rows = outcome.map(|()| rows.0);
    Reply {
        text: format!("{rows:?}"),
        rows,
    }
}
