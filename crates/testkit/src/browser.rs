use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::oneshot;

/// How long the browser may take for anything; machines that test are slow and busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// A real browser without a window, driven over its debugging protocol. It ends with the test.
pub struct Browser {
    shared: Arc<Shared>,
    _child: Child,
    _profile: tempfile::TempDir,
}

struct Shared {
    to: tokio::sync::Mutex<ChildStdin>,
    next: AtomicU64,
    replies: Mutex<HashMap<u64, oneshot::Sender<Value>>>,
    events: Mutex<Vec<Value>>,
}

/// A page in a browser.
pub struct Tab {
    shared: Arc<Shared>,
    session: String,
}

impl Browser {
    /// Starts Chromium: `$HOWDAH_BROWSER`, or the one that is installed.
    pub async fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let arguments = [
            "--headless",
            "--remote-debugging-pipe",
            "--no-first-run",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            // Containers have no user namespaces; what is looked at is our own.
            "--no-sandbox",
        ];
        // The protocol is spoken on the descriptors 3 and 4. When they close, the browser ends.
        let mut child = Command::new("sh")
            .arg("-c")
            .arg("exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1")
            .arg("sh")
            .arg(program())
            .args(arguments)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let from = child.stdout.take().unwrap();
        let shared = Arc::new(Shared {
            to: tokio::sync::Mutex::new(child.stdin.take().unwrap()),
            next: AtomicU64::new(1),
            replies: Mutex::default(),
            events: Mutex::default(),
        });
        let listener = Arc::clone(&shared);
        tokio::spawn(async move {
            let mut from = BufReader::new(from);
            let mut message = Vec::new();
            while from
                .read_until(0, &mut message)
                .await
                .is_ok_and(|length| length > 0)
            {
                message.pop();
                if let Ok(said) = serde_json::from_slice::<Value>(&message) {
                    listener.take(said);
                }
                message.clear();
            }
            // Whoever still waits for a reply hears that there is none.
            lock(&listener.replies).clear();
        });
        Self {
            shared,
            _child: child,
            _profile: profile,
        }
    }

    /// An empty page of its own, as wide as that.
    pub async fn tab(&self, width: u32) -> Tab {
        let context = self
            .shared
            .call(None, "Target.createBrowserContext", json!({}))
            .await;
        let target = json!({ "url": "about:blank", "browserContextId": context["browserContextId"] });
        let created = self.shared.call(None, "Target.createTarget", target).await;
        let attach = json!({ "targetId": created["targetId"], "flatten": true });
        let attached = self.shared.call(None, "Target.attachToTarget", attach).await;
        let tab = Tab {
            shared: Arc::clone(&self.shared),
            session: attached["sessionId"].as_str().unwrap().to_owned(),
        };
        for domain in ["Page.enable", "Runtime.enable", "Network.enable", "Log.enable"] {
            tab.call(domain, json!({})).await;
        }
        tab.resize(width).await;
        tab
    }
}

impl Tab {
    /// Gives the window that width.
    pub async fn resize(&self, width: u32) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Prefers dark colours, or light ones.
    pub async fn dark(&self, is_dark: bool) {
        let value = if is_dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.call("Emulation.setEmulatedMedia", features).await;
    }

    /// Whether scripts of pages run.
    pub async fn scripts(&self, run: bool) {
        self.call("Emulation.setScriptExecutionDisabled", json!({ "value": !run }))
            .await;
    }

    /// Goes to an address, and waits until the page is there.
    pub async fn open(&self, url: &str) {
        self.eval("window.isBefore = true").await;
        let went = self.call("Page.navigate", json!({ "url": url })).await;
        assert!(went["errorText"].is_null(), "{url}: {went}");
        self.until("!window.isBefore && document.readyState === 'complete'")
            .await;
    }

    /// Does what leads to another page, and waits until it is there.
    pub async fn follow(&self, script: &str) {
        self.eval(&format!("window.isBefore = true; {script}; true"))
            .await;
        self.until("!window.isBefore && document.readyState === 'complete'")
            .await;
    }

    /// The value of an expression in the page, awaited where it is a promise.
    pub async fn eval(&self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let said = self.call("Runtime.evaluate", asked).await;
        assert!(
            said["exceptionDetails"].is_null(),
            "{expression}: {}",
            said["exceptionDetails"]
        );
        said["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub async fn until(&self, condition: &str) {
        let began = Instant::now();
        loop {
            // While a page is exchanged for another one there is nothing to ask.
            let asked = json!({ "expression": format!("!!({condition})"), "returnByValue": true });
            let said = self
                .shared
                .ask(Some(&self.session), "Runtime.evaluate", asked)
                .await;
            if said["result"]["result"]["value"] == json!(true) {
                return;
            }
            if began.elapsed() > PATIENCE {
                let text = self.text().await;
                panic!("waited in vain for {condition}: {said}\n{text}");
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// All text that the page shows.
    pub async fn text(&self) -> String {
        self.eval("document.body.innerText")
            .await
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Presses a key: `Tab`, `Enter`.
    pub async fn press(&self, key: &str) {
        let code = if key == "Tab" { 9 } else { 13 };
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let event =
                json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// A picture of the whole page.
    pub async fn picture(&self, file: &std::path::Path) {
        let asked = json!({ "format": "png", "captureBeyondViewport": true });
        let said = self.call("Page.captureScreenshot", asked).await;
        let decoded = BASE64_STANDARD.decode(said["data"].as_str().unwrap()).unwrap();
        std::fs::write(file, decoded).unwrap();
    }

    /// The addresses that the page asked for so far.
    pub fn requests(&self) -> Vec<String> {
        let events = self.events("Network.requestWillBeSent");
        events
            .iter()
            .filter_map(|event| Some(event["request"]["url"].as_str()?.to_owned()))
            .collect()
    }

    /// What went wrong in the page so far: errors of scripts, what its policy forbade, dialogs.
    pub fn complaints(&self) -> Vec<String> {
        let thrown = self.events("Runtime.exceptionThrown");
        let dialogs = self.events("Page.javascriptDialogOpening");
        let logged = self.events("Log.entryAdded").into_iter().filter(|event| {
            // That a page is about an error is its status, which the log repeats.
            event["entry"]["level"] == "error" && event["entry"]["source"] != "network"
        });
        thrown
            .into_iter()
            .chain(dialogs)
            .chain(logged)
            .map(|event| event.to_string())
            .collect()
    }

    fn events(&self, method: &str) -> Vec<Value> {
        let events = lock(&self.shared.events);
        let own = events
            .iter()
            .filter(|event| event["sessionId"] == json!(self.session) && event["method"] == json!(method));
        own.map(|event| event["params"].clone()).collect()
    }

    async fn call(&self, method: &str, params: Value) -> Value {
        self.shared.call(Some(&self.session), method, params).await
    }
}

impl Shared {
    fn take(&self, said: Value) {
        match said["id"].as_u64() {
            Some(id) => {
                if let Some(reply) = lock(&self.replies).remove(&id) {
                    // Who asked may have given up.
                    drop(reply.send(said));
                }
            }
            None => lock(&self.events).push(said),
        }
    }

    async fn call(&self, session: Option<&str>, method: &str, params: Value) -> Value {
        let said = self.ask(session, method, params).await;
        assert!(said["error"].is_null(), "{method}: {}", said["error"]);
        said["result"].clone()
    }

    async fn ask(&self, session: Option<&str>, method: &str, params: Value) -> Value {
        let id = self.next.fetch_add(1, Ordering::SeqCst);
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = json!(session);
        }
        let (reply, replied) = oneshot::channel();
        lock(&self.replies).insert(id, reply);
        let mut bytes = serde_json::to_vec(&message).unwrap();
        bytes.push(0);
        self.to
            .lock()
            .await
            .write_all(&bytes)
            .await
            .expect("the browser runs");
        tokio::time::timeout(PATIENCE, replied)
            .await
            .unwrap_or_else(|_| panic!("the browser does not answer {method}"))
            .expect("the browser runs")
    }
}

fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("HOWDAH_BROWSER") {
        return PathBuf::from(program);
    }
    [
        "/usr/bin/chromium-headless-shell",
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ]
    .into_iter()
    .map(PathBuf::from)
    .find(|path| path.is_file())
    .expect("the tests of the dashboard need Chromium: run ./dev test, which installs it")
}

/// The script of axe-core, which finds what keeps people from using a page.
pub fn axe() -> String {
    let file = crate::server::checkout().join(".dev/axe/axe.min.js");
    std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}: run ./dev test, which fetches it", file.display()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
