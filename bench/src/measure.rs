//! What is measured, how it is printed, and the client that measures.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::oneshot;

/// One figure.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Whose.
    pub(crate) program: String,
    /// Of what, with its unit.
    pub(crate) what: &'static str,
    /// The figure.
    pub(crate) value: f64,
    /// The same of the raw driver in this run, where there is one.
    pub(crate) raw: Option<f64>,
    /// What DESIGN.md asks for, in words.
    pub(crate) budget: &'static str,
}

/// An MCP server to measure and how its query tool is called.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// Shown in the table.
    pub(crate) name: String,
    /// The program and its arguments.
    pub(crate) command: Vec<String>,
    /// Environment variables.
    pub(crate) env: Vec<(String, String)>,
    /// The query tool.
    pub(crate) tool: &'static str,
    /// Further arguments of the query tool.
    pub(crate) arguments: Value,
    /// The database.
    pub(crate) url: String,
}

impl Setting {
    /// Howdah itself, as a client would start it.
    pub(crate) fn howdah(binary: &Path, url: &str) -> Self {
        Self {
            name: "howdah".into(),
            command: vec![binary.display().to_string(), "mcp".into()],
            env: vec![("DATABASE_URL".into(), url.into())],
            tool: "run_query",
            arguments: json!({}),
            url: url.into(),
        }
    }

    /// The arguments that run `sql`.
    pub(crate) fn query(&self, sql: &str) -> Value {
        let mut arguments = self.arguments.clone();
        arguments["sql"] = json!(sql);
        arguments
    }
}

type Waiting = Arc<Mutex<std::collections::HashMap<u64, oneshot::Sender<String>>>>;

/// A lean MCP client over stdio: a figure should be the server's, not the client's.
pub(crate) struct Client {
    child: Child,
    stdin: tokio::sync::Mutex<ChildStdin>,
    waiting: Waiting,
    next: AtomicU64,
}

impl Client {
    /// Starts the server and initialises the session.
    pub(crate) async fn start(setting: &Setting) -> Result<Self> {
        let mut child = Command::new(&setting.command[0])
            .args(&setting.command[1..])
            .envs(setting.env.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", setting.command.join(" ")))?;
        let stdin = child.stdin.take().context("no stdin")?;
        let stdout = child.stdout.take().context("no stdout")?;
        let waiting = Waiting::default();
        tokio::spawn(deliver(
            BufReader::with_capacity(1 << 16, stdout),
            Arc::clone(&waiting),
        ));
        let client = Self {
            child,
            stdin: stdin.into(),
            waiting,
            next: AtomicU64::new(1),
        };
        let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}});
        client.request("initialize", &hello).await?;
        client
            .send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string())
            .await?;
        Ok(client)
    }

    async fn send(&self, line: &str) -> Result<()> {
        let mut stdin = self.stdin.lock().await;
        stdin.write_all(format!("{line}\n").as_bytes()).await?;
        Ok(stdin.flush().await?)
    }

    /// Sends a request; the answer is the raw line, unparsed.
    pub(crate) async fn request(&self, method: &str, params: &Value) -> Result<String> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        self.waiting
            .lock()
            .expect("no panic while holding it")
            .insert(id, sender);
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string())
            .await?;
        Ok(tokio::time::timeout(Duration::from_secs(120), receiver).await??)
    }

    /// Calls a tool; fails when the answer is an error.
    pub(crate) async fn call(&self, tool: &str, arguments: &Value) -> Result<String> {
        let line = self
            .request("tools/call", &json!({"name": tool, "arguments": arguments}))
            .await?;
        if line.contains("\"isError\":true") || line.contains("\"error\":{") {
            bail!("{tool} failed: {}", line.chars().take(400).collect::<String>());
        }
        Ok(line)
    }

    /// `VmRSS` or `VmHWM` of the server, in MiB.
    pub(crate) fn memory_mib(&self, field: &str) -> Result<f64> {
        let pid = self.child.id().context("the server is gone")?;
        let status = std::fs::read_to_string(PathBuf::from(format!("/proc/{pid}/status")))?;
        let line = status
            .lines()
            .find(|line| line.starts_with(field))
            .context("no such field")?;
        let kib: f64 = line.split_whitespace().nth(1).context("no figure")?.parse()?;
        Ok(kib / 1024.0)
    }
}

async fn deliver(mut lines: BufReader<tokio::process::ChildStdout>, waiting: Waiting) {
    let mut line = String::new();
    while matches!(lines.read_line(&mut line).await, Ok(n) if n > 0) {
        if let Some(id) = answered_id(&line)
            && let Some(sender) = waiting.lock().expect("no panic while holding it").remove(&id)
        {
            let _ = sender.send(std::mem::take(&mut line));
        }
        line.clear();
    }
}

/// The id of a response, found without parsing megabytes of rows where the
/// server writes it near either end of the line.
fn answered_id(line: &str) -> Option<u64> {
    let digits = |from: usize| {
        let rest = line[from..].trim_start();
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        rest[..end].parse().ok()
    };
    let head = &line[..line.floor_char_boundary(64)];
    head.find("\"id\":").and_then(|at| digits(at + 5)).or_else(|| {
        let value: Value = serde_json::from_str(line).ok()?;
        value["id"].as_u64()
    })
}

/// The median.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Prints everything.
#[allow(clippy::print_stdout)]
pub(crate) fn print(lines: &[Line], major: u16, json: bool) {
    if json {
        let all: Vec<Value> = lines
            .iter()
            .map(|l| {
                let ratio = l.raw.map(|raw| l.value / raw);
                json!({"program": l.program, "what": l.what, "value": l.value, "raw": l.raw, "ratio": ratio, "budget": l.budget})
            })
            .collect();
        println!("{}", json!({"postgresql": major, "figures": all}));
        return;
    }
    let cell = |value: Option<f64>| value.map_or(String::new(), |v| format!("{v:.3}"));
    let rows = lines
        .iter()
        .map(|l| {
            let ratio = l
                .raw
                .map(|raw| format!("{:.2}×", l.value / raw))
                .unwrap_or_default();
            vec![
                l.program.clone(),
                l.what.into(),
                cell(Some(l.value)),
                cell(l.raw),
                ratio,
                l.budget.into(),
            ]
        })
        .collect();
    let report = howdah_core::Report::new()
        .text(format!(
            "PostgreSQL {major}, {} cores",
            std::thread::available_parallelism().map_or(0, |n| n.get())
        ))
        .table(
            &["program", "figure", "measured", "raw driver", "ratio", "budget"],
            rows,
        );
    println!("{}", report.to_text(None));
}
