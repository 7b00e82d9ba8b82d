//! An MCP client for tests: plain JSON-RPC over the standard streams of a
//! `howdah mcp`, in both eras of the protocol, with nothing of the server's own
//! library in it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::oneshot;

/// Which protocol the client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// `initialize` with this revision: `2025-06-18` or `2025-11-25`.
    Initialize(&'static str),
    /// Revision 2026-07-28: no handshake, everything in each request's `_meta`.
    Stateless,
}

/// Answers a server's question to the person: takes the parameters of
/// `elicitation/create`, gives `{"action": …, "content": …}`.
pub type Person = Arc<dyn Fn(&Value) -> Value + Send + Sync>;

/// How to start the server.
#[derive(Clone)]
pub struct Options {
    /// The protocol; 2025-11-25 by default.
    pub era: Era,
    /// Arguments after `mcp`.
    pub arguments: Vec<String>,
    /// Environment variables over those of the test.
    pub environment: Vec<(String, String)>,
    /// The person behind the client; without one it cannot ask (and says so).
    pub person: Option<Person>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            era: Era::Initialize("2025-11-25"),
            arguments: vec![],
            environment: vec![],
            person: None,
        }
    }
}

/// An error that the server answered with.
#[derive(Debug, Clone, PartialEq)]
pub struct RpcError {
    /// JSON-RPC's number.
    pub code: i64,
    /// Its text.
    pub message: String,
    /// Whatever came with it.
    pub data: Value,
}

type Waiting = Arc<Mutex<BTreeMap<i64, oneshot::Sender<Result<Value, RpcError>>>>>;

/// A running `howdah mcp` and the connection to it. It is killed when dropped.
pub struct Client {
    options: Options,
    child: Child,
    input: Arc<tokio::sync::Mutex<Option<ChildStdin>>>,
    waiting: Waiting,
    notifications: Arc<Mutex<Vec<Value>>>,
    next: AtomicI64,
    /// The result of `initialize`; null in the stateless era.
    pub server: Value,
}

/// A request that is under way.
pub struct Call {
    /// Its id, as `notifications/cancelled` names it.
    pub id: i64,
    answer: oneshot::Receiver<Result<Value, RpcError>>,
}

impl Call {
    /// Waits for the answer; `None` when the server went away without one.
    pub async fn answer(self) -> Option<Result<Value, RpcError>> {
        self.answer.await.ok()
    }

    /// As [`Call::answer`], at most so long; `None` also when none came in time.
    pub async fn answer_within(self, limit: Duration) -> Option<Result<Value, RpcError>> {
        tokio::time::timeout(limit, self.answer()).await.ok().flatten()
    }
}

impl Client {
    /// Starts `howdah mcp` on a database and shakes hands.
    pub async fn on(url: &str) -> Self {
        Self::start(Options {
            environment: vec![("DATABASE_URL".into(), url.into())],
            ..Options::default()
        })
        .await
    }

    /// Starts `howdah mcp` and shakes hands where the era has that.
    pub async fn start(options: Options) -> Self {
        let program = tokio::task::spawn_blocking(crate::howdah).await.unwrap();
        let mut child = Command::new(program)
            .arg("mcp")
            .args(&options.arguments)
            .envs(options.environment.iter().cloned())
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let input = Arc::new(tokio::sync::Mutex::new(child.stdin.take()));
        let waiting = Waiting::default();
        let notifications = Arc::<Mutex<Vec<Value>>>::default();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        tokio::spawn(read(
            lines,
            Arc::clone(&waiting),
            Arc::clone(&notifications),
            Arc::clone(&input),
            options.person.clone(),
        ));
        let mut client = Self {
            options,
            child,
            input,
            waiting,
            notifications,
            next: AtomicI64::new(1),
            server: Value::Null,
        };
        if let Era::Initialize(version) = client.options.era {
            let params = json!({
                "protocolVersion": version,
                "capabilities": client.capabilities(),
                "clientInfo": client_info(),
            });
            client.server = client.request("initialize", params).await.expect("initialize");
            client.notify("notifications/initialized", json!({})).await;
        }
        client
    }

    /// Calls a tool and waits; questions to the person are answered on the way
    /// in either era. The result is that of `tools/call`: look at `isError`.
    pub async fn call_tool(&self, name: &str, arguments: Value) -> Result<Value, RpcError> {
        let mut params = json!({ "name": name, "arguments": arguments });
        loop {
            let result = self.request("tools/call", params.clone()).await?;
            if result["resultType"] != "input_required" {
                return Ok(result);
            }
            let Some(person) = &self.options.person else {
                return Ok(result);
            };
            let requests = result["inputRequests"].as_object().cloned().unwrap_or_default();
            let responses: serde_json::Map<String, Value> = requests
                .into_iter()
                .map(|(id, request)| (id, person(&request["params"])))
                .collect();
            params["inputResponses"] = responses.into();
            params["requestState"] = result["requestState"].clone();
        }
    }

    /// Starts a call of a tool without waiting for its end.
    pub async fn begin_tool(&self, name: &str, arguments: Value) -> Call {
        self.begin("tools/call", json!({ "name": name, "arguments": arguments }))
            .await
    }

    /// All tools, as `tools/list` gives them.
    pub async fn list_tools(&self) -> Vec<Value> {
        let result = self.request("tools/list", json!({})).await.expect("tools/list");
        result["tools"].as_array().cloned().unwrap_or_default()
    }

    /// Sends a request and waits for its answer; panics when the server goes
    /// away instead.
    pub async fn request(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        let call = self.begin(method, params).await;
        call.answer()
            .await
            .unwrap_or_else(|| panic!("the server went away during {method}"))
    }

    /// Sends a request.
    pub async fn begin(&self, method: &str, mut params: Value) -> Call {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        if self.options.era == Era::Stateless {
            params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
            params["_meta"]["io.modelcontextprotocol/clientInfo"] = client_info();
            params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = self.capabilities();
        }
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().unwrap().insert(id, sender);
        self.send_raw(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string())
            .await;
        Call { id, answer }
    }

    /// Sends `notifications/cancelled` for a call.
    pub async fn cancel(&self, call: &Call) {
        self.notify(
            "notifications/cancelled",
            json!({ "requestId": call.id, "reason": "test" }),
        )
        .await;
    }

    /// Sends a notification.
    pub async fn notify(&self, method: &str, params: Value) {
        self.send_raw(&json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string())
            .await;
    }

    /// Sends a line as it is, however wrong.
    pub async fn send_raw(&self, line: &str) {
        if let Some(input) = self.input.lock().await.as_mut() {
            // A server that is gone shows when the answer does not come.
            drop(input.write_all(format!("{line}\n").as_bytes()).await);
            drop(input.flush().await);
        }
    }

    /// The notifications that came in so far, in order.
    pub fn notifications(&self) -> Vec<Value> {
        self.notifications.lock().unwrap().clone()
    }

    /// Process number of the server.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("the server runs")
    }

    /// Closes the server's input, as a client that ends does.
    pub async fn close_input(&self) {
        self.input.lock().await.take();
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let pid = self.pid().to_string();
        assert!(
            std::process::Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Sends SIGKILL and waits for the end.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Waits for the server's end, at most so long; its exit code, `None` when
    /// it goes on or was killed.
    pub async fn exit_code(&mut self, limit: Duration) -> Option<i32> {
        tokio::time::timeout(limit, self.child.wait())
            .await
            .ok()?
            .unwrap()
            .code()
    }

    fn capabilities(&self) -> Value {
        match self.options.person {
            Some(_) => json!({ "elicitation": { "form": {} } }),
            None => json!({}),
        }
    }
}

fn client_info() -> Value {
    json!({ "name": "howdah-testkit", "version": "1" })
}

async fn read(
    mut lines: Lines<BufReader<ChildStdout>>,
    waiting: Waiting,
    notifications: Arc<Mutex<Vec<Value>>>,
    input: Arc<tokio::sync::Mutex<Option<ChildStdin>>>,
    person: Option<Person>,
) {
    while let Ok(Some(line)) = lines.next_line().await {
        let message: Value = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("not JSON on stdout ({error}): {line}"));
        match (message.get("method"), message.get("id")) {
            (Some(method), Some(id)) => {
                let answer = match (method.as_str(), &person) {
                    (Some("elicitation/create"), Some(person)) => {
                        json!({ "jsonrpc": "2.0", "id": id, "result": person(&message["params"]) })
                    }
                    (Some("ping"), _) => json!({ "jsonrpc": "2.0", "id": id, "result": {} }),
                    _ => json!({ "jsonrpc": "2.0", "id": id,
                        "error": { "code": -32601, "message": "this client cannot do that" } }),
                };
                if let Some(input) = input.lock().await.as_mut() {
                    drop(input.write_all(format!("{answer}\n").as_bytes()).await);
                }
            }
            (Some(_), None) => notifications.lock().unwrap().push(message),
            (None, _) => {
                let Some(sender) = message["id"]
                    .as_i64()
                    .and_then(|id| waiting.lock().unwrap().remove(&id))
                else {
                    continue;
                };
                let answer = match message.get("error") {
                    Some(error) => Err(RpcError {
                        code: error["code"].as_i64().unwrap_or_default(),
                        message: error["message"].as_str().unwrap_or_default().to_owned(),
                        data: error["data"].clone(),
                    }),
                    None => Ok(message["result"].clone()),
                };
                // The test may have given up on this call.
                drop(sender.send(answer));
            }
        }
    }
    // Whoever still waits learns that nothing will come.
    waiting.lock().unwrap().clear();
}
