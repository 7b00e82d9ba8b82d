//! Channels against what really listens: sockets, programs.

#![allow(clippy::unwrap_used)]

use howdah_notify::{Channel, News, Phase};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

fn news() -> News {
    News {
        trigger: "locks".to_owned(),
        target: "shop".to_owned(),
        phase: Phase::Began,
        status: "critical".to_owned(),
        message: "Process 1 blocks <!channel> & \"orders\"\r\nBcc: thief@example.com".to_owned(),
        details: vec!["Größe 🐘".to_owned()],
        at: "2026-11-28T14:05:00Z".to_owned(),
    }
}

fn channel(form: Value) -> Channel {
    serde_json::from_value(form).unwrap()
}

/// Answers one request, and gives its head and body.
async fn listener(answer: &'static str) -> (String, JoinHandle<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            stream.read_line(&mut head).await.unwrap();
        }
        let length = head.to_ascii_lowercase();
        let length = length
            .split("content-length: ")
            .nth(1)
            .unwrap()
            .split("\r\n")
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        stream.write_all(answer.as_bytes()).await.unwrap();
        (head, String::from_utf8(body).unwrap())
    });
    (format!("http://{address}/services/very-secret"), heard)
}

const WELL: &str = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn programs_and_chats_are_posted_to() {
    let (url, heard) = listener(WELL).await;
    channel(json!({ "webhook": { "url": url } }))
        .tell(&news())
        .await
        .unwrap();
    let (head, body) = heard.await.unwrap();
    assert!(
        head.starts_with("POST /services/very-secret HTTP/1.1\r\n"),
        "{head}"
    );
    let told: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&told["phase"], &told["target"]),
        (&json!("began"), &json!("shop"))
    );
    assert_eq!(told["details"][0], "Größe 🐘");

    let (url, heard) = listener(WELL).await;
    channel(json!({ "slack": { "url": url } }))
        .tell(&news())
        .await
        .unwrap();
    let told: Value = serde_json::from_str(&heard.await.unwrap().1).unwrap();
    let text = told["text"].as_str().unwrap();
    assert!(
        text.contains("CRITICAL shop locks") && text.contains("&lt;!channel&gt; &amp;"),
        "{text}"
    );
    assert!(!text.contains("<!channel>"), "{text}");
}

#[tokio::test]
async fn what_fails_is_told_without_the_address() {
    for answer in [
        "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        "no http at all\r\n\r\n",
    ] {
        let (url, heard) = listener(answer).await;
        let error = channel(json!({ "webhook": { "url": url } }))
            .tell(&news())
            .await
            .unwrap_err();
        assert!(!error.to_text().contains("very-secret"), "{error:?}");
        heard.await.unwrap();
    }
    for wrong in [
        "http://127.0.0.1:1/very-secret",
        "ftp://very-secret",
        "very-secret",
        "http://very secret/",
    ] {
        let error = channel(json!({ "webhook": { "url": wrong } }))
            .tell(&news())
            .await
            .unwrap_err();
        assert!(!error.to_text().contains("secret"), "{error:?}");
    }
    let unset = channel(json!({ "slack": { "url_env": "HOWDAH_TEST_IS_NOT_SET" } }));
    assert!(
        unset
            .tell(&news())
            .await
            .unwrap_err()
            .message
            .contains("HOWDAH_TEST_IS_NOT_SET")
    );
}

/// Takes one letter as a server for mail does.
async fn post_office() -> (u16, JoinHandle<(Vec<String>, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 test\r\n").await.unwrap();
        let (mut commands, mut letter) = (Vec::new(), String::new());
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap() == 0 {
                return (commands, letter);
            }
            let verb = line.split([' ', '\r']).next().unwrap().to_ascii_uppercase();
            commands.push(line.trim().to_owned());
            let answer: &[u8] = match verb.as_str() {
                "DATA" => {
                    stream.write_all(b"354 go\r\n").await.unwrap();
                    while !letter.ends_with("\r\n.\r\n") {
                        stream.read_line(&mut letter).await.unwrap();
                    }
                    b"250 taken\r\n"
                }
                "QUIT" => {
                    stream.write_all(b"221 bye\r\n").await.unwrap();
                    return (commands, letter);
                }
                _ => b"250 well\r\n",
            };
            stream.write_all(answer).await.unwrap();
        }
    });
    (port, heard)
}

#[tokio::test]
async fn letters_reach_all_and_none_else() {
    let (port, heard) = post_office().await;
    let form = json!({ "email": {
        "server": format!("smtp+plain://127.0.0.1:{port}"),
        "from": "Howdah <howdah@example.com>",
        "to": ["ops@example.com", "dba@example.com"],
    } });
    let letters = channel(form);
    letters.tell(&news()).await.unwrap();
    drop(letters);
    let (commands, letter) = tokio::time::timeout(std::time::Duration::from_secs(60), heard)
        .await
        .unwrap()
        .unwrap();
    let to: Vec<&String> = commands
        .iter()
        .filter(|line| line.to_ascii_uppercase().starts_with("RCPT"))
        .collect();
    assert_eq!(to.len(), 2, "{commands:?}");
    let head = letter.split("\r\n\r\n").next().unwrap();
    assert!(head.contains("Subject: [howdah] CRITICAL shop locks"), "{head}");
    assert!(
        !head
            .lines()
            .any(|line| line.to_ascii_lowercase().starts_with("bcc:")),
        "{head}"
    );

    for (server, user) in [
        ("smtp+plain://127.0.0.1:1", Some("me")),
        ("http://x", None),
        ("smtp+plain://127.0.0.1:1", None),
    ] {
        let form = json!({ "email": { "server": server, "from": "a@example.com", "to": ["b@example.com"], "user": user } });
        assert!(channel(form).tell(&news()).await.is_err(), "{server}");
    }
}

#[tokio::test]
async fn programs_are_told_on_their_input_and_no_shell_reads_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("told");
    let keeps = json!({ "command": ["sh", "-c", "cat > \"$0\"", file] });
    channel(keeps).tell(&news()).await.unwrap();
    let told: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(told["trigger"], "locks");
    for fails in [json!(["false"]), json!(["/no/such/program"]), json!([])] {
        assert!(channel(json!({ "command": fails })).tell(&news()).await.is_err());
    }
    // One that reads nothing is no failure.
    channel(json!({ "command": ["true"] }))
        .tell(&news())
        .await
        .unwrap();
}
