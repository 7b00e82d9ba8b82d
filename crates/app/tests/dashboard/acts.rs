//! What can be done from the pages: asked first, bound by the target's mode, seen afterwards.

use std::time::{Duration, Instant};

use howdah_testkit::Browser;
use howdah_testkit::tokio_postgres::Client;

use crate::world::{counting, sessions, shop};
use crate::{Dashboard, Start, fits, settle};

/// Waits until a question of the probe is answered with that number.
async fn until(probe: &Client, sql: &str, wanted: i64) {
    let began = Instant::now();
    while probe.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) != wanted {
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "never {wanted}: {sql}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

const SLEEPERS: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
const OPEN: &str = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_ended_after_a_question_where_the_mode_allows() {
    let server = counting().await;
    let database = server.database("ends").await;
    shop(&database, &["orders"]).await;
    let held = sessions(&database, "orders", "report").await;
    let url = database.url();
    let config = format!(
        "[targets.asks]\nurl = {url:?}\nmode = \"confirm\"\n[targets.reads]\nurl = {url:?}\n[targets.writes]\nurl = {url:?}\nmode = \"read-write\"\n"
    );
    let start = Start {
        config: &config,
        arguments: &["--no-watch"],
        ..Start::default()
    };
    let dashboard = Dashboard::start(start, async |_| ()).await;
    let browser = Browser::start().await;
    let tab = browser.tab(1280).await;
    let probe = database.probe().await;
    let cancel = "[...document.querySelectorAll('tr')].find(r => r.textContent.includes('pg_sleep')).querySelector('button[value=cancel]').click()";
    let terminate = "[...document.querySelectorAll('tr')].find(r => r.textContent.includes('idle in transaction')).querySelector('button[value=terminate]').click()";

    // A target that only reads: refused, with the way to change that.
    tab.open(&dashboard.at("/activity?target=reads")).await;
    settle(&tab).await;
    tab.follow(cancel).await;
    let text = tab.text().await;
    assert!(
        text.contains("only reads") && text.contains("mode = \"confirm\""),
        "{text}"
    );
    assert_eq!(probe.query_one(SLEEPERS, &[]).await.unwrap().get::<_, i64>(0), 1);

    // Asked; no leaves everything as it is.
    tab.open(&dashboard.at("/activity?target=asks")).await;
    settle(&tab).await;
    tab.follow(cancel).await;
    let text = tab.text().await;
    assert!(
        text.contains("Go ahead?") && text.contains("pg_cancel_backend"),
        "{text}"
    );
    fits(&tab, "question").await;
    tab.follow("document.querySelector('.question a.button').click()")
        .await;
    settle(&tab).await;
    assert_eq!(probe.query_one(SLEEPERS, &[]).await.unwrap().get::<_, i64>(0), 1);

    // Asked, and yes.
    tab.follow(cancel).await;
    tab.follow("document.querySelector('.question button.danger').click()")
        .await;
    assert!(
        tab.text().await.contains("told to cancel"),
        "{}",
        tab.text().await
    );
    until(&probe, SLEEPERS, 0).await;

    // Where it may write, a person is asked all the same: a click is soon made.
    assert_eq!(probe.query_one(OPEN, &[]).await.unwrap().get::<_, i64>(0), 1);
    tab.open(&dashboard.at("/activity?target=writes")).await;
    settle(&tab).await;
    tab.follow(terminate).await;
    assert!(tab.text().await.contains("Go ahead?"), "{}", tab.text().await);
    assert_eq!(probe.query_one(OPEN, &[]).await.unwrap().get::<_, i64>(0), 1);
    tab.follow("document.querySelector('.question button.danger').click()")
        .await;
    until(&probe, OPEN, 0).await;
    drop(held);

    // A process that another session has meanwhile is not the one that was meant.
    let client = database.probe().await;
    let pid: i32 = client
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .unwrap()
        .get(0);
    tab.open(&dashboard.at("/activity?target=writes&idle=yes")).await;
    let post = format!(
        "fetch('/activity?target=writes', {{ method: 'POST', body: new URLSearchParams({{ pid: '{pid}', began: '2020-01-01T00:00:00Z', how: 'terminate' }}) }}).then(r => r.text())"
    );
    let asked = tab.eval(&post).await;
    let binding = asked
        .as_str()
        .unwrap()
        .split("name=\"agreed\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let agreed = post.replace(
        "how: 'terminate'",
        &format!("how: 'terminate', agreed: '{binding}'"),
    );
    let answer = tab.eval(&agreed).await;
    assert!(
        answer.as_str().unwrap().contains("not there any more"),
        "{answer}"
    );
    client.query_one("SELECT 1", &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_live_and_are_used_by_keyboard() {
    let server = counting().await;
    let database = server.database("live").await;
    let config = format!("[targets.live]\nurl = {:?}\n", database.url());
    let start = Start {
        config: &config,
        ..Start::default()
    };
    let dashboard = Dashboard::start(start, async |_| ()).await;
    let browser = Browser::start().await;
    let tab = browser.tab(1280).await;
    tab.open(&dashboard.at("/activity")).await;
    tab.until("!document.querySelector('.waiting')").await;
    tab.eval("window.isSame = true").await;
    assert!(!tab.text().await.contains("pg_sleep"));
    let client = database.probe().await;
    let mut sleeping = Box::pin(client.batch_execute("SELECT pg_sleep(3600) /* seen without a click */"));
    assert!(futures::poll!(&mut sleeping).is_pending());
    tab.until("document.body.textContent.includes('seen without a click') && window.isSame")
        .await;
    // Somebody who reads is not disturbed: the focus stays through exchanges.
    tab.eval("document.querySelector('button[value=terminate]').focus()")
        .await;
    tab.eval("window.part = document.getElementById('sessions')")
        .await;
    tab.until("document.getElementById('sessions') !== window.part")
        .await;
    assert_eq!(tab.eval("document.activeElement.value").await, "terminate");
    // It watches meanwhile, and tells of it.
    tab.open(&dashboard.at("/?last=15m")).await;
    tab.until("document.querySelectorAll('.stack rect').length > 0")
        .await;
    assert!(dashboard.home.join("store/samples").is_dir());
    // The first key leads past the menu.
    tab.open(&dashboard.at("/")).await;
    tab.press("Tab").await;
    assert_eq!(tab.eval("document.activeElement.className").await, "skip");
    tab.press("Enter").await;
    tab.until("document.activeElement.id === 'main'").await;
    drop(sleeping);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_planned_asked_for_and_followed() {
    let server = counting().await;
    let database = server.database("change").await;
    shop(&database, &["orders"]).await;
    let config = format!(
        "[targets.change]\nurl = {:?}\nmode = \"confirm\"\n",
        database.url()
    );
    let start = Start {
        config: &config,
        arguments: &["--no-watch"],
        ..Start::default()
    };
    let dashboard = Dashboard::start(start, async |_| ()).await;
    let browser = Browser::start().await;
    let tab = browser.tab(1280).await;
    tab.open(&dashboard.at("/changes")).await;
    settle(&tab).await;
    tab.follow("document.getElementById('sql').value = 'ALTER TABLE orders.orders ADD COLUMN seen boolean'; document.querySelector('button[value=plan]').click()").await;
    assert!(tab.text().await.contains("ADD COLUMN"), "{}", tab.text().await);
    fits(&tab, "planned change").await;
    tab.follow("document.querySelector('button[value=start]').click()")
        .await;
    assert!(tab.text().await.contains("Go ahead?"), "{}", tab.text().await);
    let columns = "SELECT count(*) FROM information_schema.columns WHERE column_name = 'seen'";
    let probe = database.probe().await;
    assert_eq!(probe.query_one(columns, &[]).await.unwrap().get::<_, i64>(0), 0);
    tab.follow("document.querySelector('.question button.danger').click()")
        .await;
    // The page of the job follows it to its end by itself.
    tab.until("document.body.textContent.includes('succeeded')").await;
    until(&probe, columns, 1).await;
    settle(&tab).await;
    fits(&tab, "job").await;
    tab.open(&dashboard.at("/changes")).await;
    settle(&tab).await;
    let text = tab.text().await;
    assert!(
        text.contains("ADD COLUMN seen") && text.contains("succeeded"),
        "{text}"
    );
    fits(&tab, "changes with something").await;
}
