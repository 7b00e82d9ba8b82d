//! Who is let in, and what browsers are told to keep out.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use howdah_testkit::Browser;
use serde_json::json;

use crate::{Dashboard, Start, fits};

const TOKEN: &str = "correct-horse-battery-staple";

/// The answer to a request, head and all, written as no browser would.
fn raw(dashboard: &Dashboard, request: &str) -> String {
    let mut stream = TcpStream::connect(dashboard.url.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A server that closes early has said what it had to say.
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> u16 {
    answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_pages_of_ours_reach_it() {
    let dashboard = Dashboard::start(Start::default(), async |_| ()).await;
    let host = dashboard.url.strip_prefix("http://").unwrap().to_owned();
    let get = |host: &str| {
        raw(
            &dashboard,
            &format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        )
    };
    let own = get(&host);
    assert_eq!(status(&own), 200, "{own}");
    let head = own.split("\r\n\r\n").next().unwrap().to_ascii_lowercase();
    for told in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "cache-control: no-store",
    ] {
        assert!(head.contains(told), "{told}: {head}");
    }
    assert!(
        !head.contains("unsafe-inline") && !head.contains("access-control"),
        "{head}"
    );
    for foreign in [
        "evil.example",
        &format!("evil.example:{}", host.rsplit(':').next().unwrap()),
        "localhost:1",
    ] {
        let answer = get(foreign);
        assert_eq!(status(&answer), 403, "{answer}");
        assert!(!answer.contains("<html"), "{answer}");
    }
    let post = |origin: &str| {
        raw(
            &dashboard,
            &format!(
                "POST /activity HTTP/1.1\r\nHost: {host}\r\n{origin}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5\r\nConnection: close\r\n\r\npid=1"
            ),
        )
    };
    for origin in [
        "",
        "Origin: http://evil.example\r\n",
        "Origin: null\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
    ] {
        assert_eq!(status(&post(origin)), 403, "{origin:?}");
    }
    // From a page of ours it reaches the page, which misses something.
    assert_eq!(status(&post(&format!("Origin: http://{host}\r\n"))), 400);
    let other = raw(
        &dashboard,
        &format!("GET /etc/passwd HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
    );
    assert_eq!(status(&other), 404, "{other}");
    let large = format!(
        "POST /plan HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Length: 3000000\r\nConnection: close\r\n\r\nsql={}",
        "x".repeat(2_999_996)
    );
    assert_eq!(status(&raw(&dashboard, &large)), 413);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_is_asked_for_once() {
    let given = Start {
        environment: &[("HOWDAH_TOKEN", TOKEN)],
        ..Start::default()
    };
    let dashboard = Dashboard::start(given, async |_| ()).await;
    assert!(!dashboard.said.contains(TOKEN), "{}", dashboard.said);
    let browser = Browser::start().await;
    let tab = browser.tab(1280).await;
    tab.open(&dashboard.at("/tables")).await;
    assert!(tab.eval("location.pathname").await == "/login");
    fits(&tab, "login").await;
    let enter = |token: &str| {
        format!(
            "document.getElementById('token').value = '{token}'; document.querySelector('button').click()"
        )
    };
    tab.follow(&enter("not-the-token-at-all")).await;
    assert!(tab.text().await.contains("not the token"), "{}", tab.text().await);
    tab.follow(&enter(TOKEN)).await;
    assert_eq!(tab.eval("location.pathname").await, "/");
    assert_eq!(
        tab.eval("document.cookie").await,
        "",
        "scripts do not see the cookie"
    );
    tab.open(&dashboard.at("/tables")).await;
    assert_eq!(tab.eval("location.pathname").await, "/tables");
    // Another browser is asked anew.
    let other = browser.tab(1280).await;
    other.open(&dashboard.at("/")).await;
    assert_eq!(other.eval("location.pathname").await, "/login");
    let parts = other
        .eval("fetch('/?part=load', { redirect: 'manual' }).then(r => r.type)")
        .await;
    assert_eq!(parts, json!("opaqueredirect"));
}

#[test]
fn a_weak_token_is_refused_and_elsewhere_there_is_always_one() {
    let serve = |arguments: &[&str], token: Option<&str>| {
        let home = tempfile::tempdir().unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_howdah"));
        command
            .arg("serve")
            .args(arguments)
            .current_dir(home.path())
            .env("HOWDAH_HOME", home.path());
        command
            .env_remove("DATABASE_URL")
            .env_remove("HOWDAH_TOKEN")
            .stdin(std::process::Stdio::null());
        if let Some(token) = token {
            command.env("HOWDAH_TOKEN", token);
        }
        (command, home)
    };
    let (mut weak, _home) = serve(&["--listen", "127.0.0.1:0"], Some("short"));
    let output = weak.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("\"short\""));

    let (mut open, _home) = serve(&["--listen", "0.0.0.0:0"], None);
    let mut child = open.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    let said: Vec<String> = lines.by_ref().take(3).map(Result::unwrap).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let token = said
        .iter()
        .find_map(|line| line.split("shown again: ").nth(1))
        .unwrap_or_else(|| panic!("{said:?}"));
    assert_eq!(token.len(), 48, "{said:?}");
    assert!(said.iter().any(|line| line.contains("not encrypted")), "{said:?}");
}
