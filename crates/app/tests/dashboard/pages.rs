//! Every page, with everything that there can be to show, and with nothing.

use howdah_testkit::{Browser, Tab};
use serde_json::json;

use crate::world::{HOSTILE, an_hour, counting, measured, quoted, sessions, shop};
use crate::{Dashboard, Start, fits, settle};

/// The pages of the menu, and those that others lead to.
async fn pages(tab: &Tab, dashboard: &Dashboard) -> Vec<String> {
    tab.open(&dashboard.at("/")).await;
    let menu = tab
        .eval("[...document.querySelectorAll('nav[aria-label=Pages] a')].map(a => a.getAttribute('href'))")
        .await;
    let mut pages: Vec<String> = menu
        .as_array()
        .unwrap()
        .iter()
        .map(|path| path.as_str().unwrap().to_owned())
        .collect();
    assert!(pages.len() >= 8, "{pages:?}");
    let more = [
        "/activity?idle=yes",
        "/health?symptom=lock-pile-ups",
        "/plan?sql=SELECT+1",
        "/job?id=nothing",
        "/statement?id=1",
        "/statements?order=calls&last=1d",
    ];
    pages.extend(more.map(str::to_owned));
    pages
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_names_are_text() {
    let server = counting().await;
    let name = "<i>\"data\"base</i> & 'co";
    let database = server.database_named(name).await;
    database.execute("CREATE EXTENSION pg_stat_statements").await;
    shop(&database, HOSTILE).await;
    let role = quoted(HOSTILE[0]);
    database.execute(&format!("CREATE ROLE {role}")).await;
    let held = sessions(&database, HOSTILE[1], HOSTILE[0]).await;
    let sqls: Vec<String> = HOSTILE
        .iter()
        .skip(2)
        .map(|name| {
            format!(
                "SELECT count(*), 'x' AS {0} FROM {0}.{0} /* {1} */",
                quoted(name),
                HOSTILE[0]
            )
        })
        .collect();
    let config = format!(
        "[targets.\"<b>shop</b>\"]\nurl = {:?}\nmode = \"confirm\"\n",
        database.url()
    );
    let start = Start {
        config: &config,
        arguments: &["--no-watch"],
        ..Start::default()
    };
    let seed = async |home: std::path::PathBuf| an_hour(&home, "<b>shop</b>", &database, &sqls).await;
    let dashboard = Dashboard::start(start, seed).await;
    let browser = Browser::start().await;
    let tab = browser.tab(1280).await;
    let mut pages = pages(&tab, &dashboard).await;
    // Those that were seen lead to further ones.
    tab.open(&dashboard.at("/statements")).await;
    settle(&tab).await;
    let links = tab
        .eval("[...document.querySelectorAll('th.statement a')].map(a => a.getAttribute('href'))")
        .await;
    assert!(links.as_array().unwrap().len() >= 3, "{links}");
    for link in links.as_array().unwrap().iter().take(3) {
        pages.push(link.as_str().unwrap().to_owned());
    }
    let sql = format!(
        "/plan?sql=SELECT+*+FROM+{0}.{0}",
        HOSTILE[3].replace('"', "%22%22")
    );
    pages.push(sql.replace(
        HOSTILE[3],
        &format!("%22{}%22", HOSTILE[3].replace('<', "%3C").replace('>', "%3E").replace(' ', "+")),
    ));
    for path in &pages {
        tab.open(&dashboard.at(path)).await;
        settle(&tab).await;
        let planted =
            "document.querySelectorAll('img, [onload], [onmouseover], [onerror], body script, b, i').length";
        assert_eq!(tab.eval(planted).await, json!(0), "{path}");
        fits(&tab, &format!("hostile {path}")).await;
    }
    // They are there, and as they are.
    for (path, names) in [
        ("/tables", HOSTILE),
        ("/activity", &HOSTILE[..2]),
        ("/health", &HOSTILE[..2]),
    ] {
        tab.open(&dashboard.at(path)).await;
        settle(&tab).await;
        let text = tab
            .eval("document.body.textContent")
            .await
            .as_str()
            .unwrap()
            .to_owned();
        for name in names {
            let as_named = name.replace('"', "\"\"");
            assert!(
                text.contains(*name) || text.contains(&as_named),
                "{path} does not show {name}:\n{text}"
            );
        }
    }
    drop(held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_something_to_see_and_without_scripts() {
    let server = counting().await;
    let database = server.database("shop").await;
    database.execute("CREATE EXTENSION pg_stat_statements").await;
    shop(&database, &["orders", "customers", "invoices"]).await;
    let held = sessions(&database, "orders", "report").await;
    let sqls = vec![
        "SELECT count(*) FROM customers.customers".to_owned(),
        "UPDATE invoices.invoices SET note = 'y' WHERE invoices = 1".to_owned(),
    ];
    let config = format!("[targets.shop]\nurl = {:?}\n", database.url());
    let start = Start {
        config: &config,
        arguments: &["--no-watch"],
        ..Start::default()
    };
    let seed = async |home: std::path::PathBuf| {
        an_hour(&home, "shop", &database, &sqls).await;
        measured(&home, "shop", &database).await;
    };
    let dashboard = Dashboard::start(start, seed).await;
    let browser = Browser::start().await;
    let tab = browser.tab(1280).await;
    let pages = pages(&tab, &dashboard).await;
    for path in &pages {
        tab.open(&dashboard.at(path)).await;
        settle(&tab).await;
        fits(&tab, &format!("shop {path}")).await;
    }
    // The overview tells the load, what to do, and where the time went.
    tab.open(&dashboard.at("/")).await;
    settle(&tab).await;
    let bars = tab.eval("document.querySelectorAll('.stack rect').length").await;
    assert!(bars.as_u64().unwrap() >= 60, "{bars}");
    let text = tab.text().await;
    for told in [
        "Timeout:PgSleep",
        "Lock:relation",
        "customers.customers",
        "What to do next",
    ] {
        assert!(text.contains(told), "{told} is not in:\n{text}");
    }
    // What AWS measures of several instances is one drawing; what we counted stands below.
    tab.open(&dashboard.at("/metrics?last=1h")).await;
    settle(&tab).await;
    let text = tab.text().await;
    for told in [
        "Measured by AWS",
        "Processors",
        "shop-2",
        "GiB",
        "TiB",
        "Counted in the database",
        "sessions.max",
    ] {
        assert!(text.contains(told), "{told} is not in:\n{text}");
    }
    let drawn = "[...document.querySelectorAll('figure.course')].filter(f => f.textContent.includes('Processors')) \
        .map(f => f.querySelectorAll('polyline').length)";
    assert_eq!(tab.eval(drawn).await, json!([2]));
    // Tables have areas, and what is wrong with them beside.
    tab.open(&dashboard.at("/tables")).await;
    settle(&tab).await;
    assert_eq!(
        tab.eval("document.querySelectorAll('.treemap a').length").await,
        json!(3)
    );
    // Statements are ordered as asked; the history of one has its course.
    tab.open(&dashboard.at("/statements?order=calls")).await;
    settle(&tab).await;
    assert_eq!(
        tab.eval("document.querySelector('[aria-sort]').textContent.trim()")
            .await,
        "Calls"
    );
    assert!(
        tab.eval("document.querySelectorAll('.spark polyline').length")
            .await
            .as_u64()
            .unwrap()
            >= 2
    );
    tab.follow("document.querySelector('th.statement a').click()")
        .await;
    settle(&tab).await;
    assert!(tab.text().await.contains("calls of"), "{}", tab.text().await);
    // A plan is drawn with its steps, and by form as by address.
    tab.open(&dashboard.at("/plan")).await;
    let plan = "document.getElementById('sql').value = 'SELECT * FROM customers.customers WHERE note = $$a$$'; \
                document.querySelector('[name=analyze]').click(); document.querySelector('form.query button').click()";
    tab.follow(plan).await;
    settle(&tab).await;
    let text = tab.text().await;
    assert!(text.contains("Seq Scan on") && text.contains("It took"), "{text}");
    fits(&tab, "shop plan that was run").await;
    // Without scripts each page is complete, once what it shows was looked at.
    let plain = browser.tab(1280).await;
    for (path, told) in [
        ("/", "Timeout:PgSleep"),
        ("/activity", "Who waits for whom"),
        ("/tables", "orders.orders"),
        ("/health", "connections"),
    ] {
        plain.scripts(true).await;
        plain.open(&dashboard.at(path)).await;
        settle(&plain).await;
        let raw = "fetch(location.href).then(r => r.text())";
        let html = plain.eval(raw).await.as_str().unwrap().to_owned();
        assert!(html.contains(told), "{path} without scripts lacks {told}");
    }
    drop(held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_nothing_to_see() {
    let server = howdah_testkit::server(*howdah_testkit::majors().first().unwrap()).await;
    let database = server.database("empty").await;
    let config = format!(
        "[howdah]\ndefault_target = \"empty\"\n[targets.empty]\nurl = {:?}\n[targets.gone]\nurl = \"postgres://nobody:very-secret@127.0.0.1:1/nothing\"\n[targets.broken]\nurl = \"mysql://x\"\n",
        database.url_as("plain")
    );
    let start = Start {
        config: &config,
        arguments: &["--no-watch"],
        ..Start::default()
    };
    let dashboard = Dashboard::start(start, async |_| ()).await;
    let nothing = Dashboard::start(Start::default(), async |_| ()).await;
    let browser = Browser::start().await;
    let tab = browser.tab(1280).await;
    let pages = pages(&tab, &dashboard).await;
    for (kind, dashboard, target) in [
        ("empty", &dashboard, "empty"),
        ("unreachable", &dashboard, "gone"),
        ("unconfigured", &nothing, ""),
    ] {
        let tab = browser.tab(1280).await;
        for path in &pages {
            let path = match (target, path.contains('?')) {
                ("", _) => path.clone(),
                (target, true) => format!("{path}&target={target}"),
                (target, false) => format!("{path}?target={target}"),
            };
            tab.open(&dashboard.at(&path)).await;
            settle(&tab).await;
            let text = tab.text().await;
            assert!(!text.contains("very-secret"), "{path}: {text}");
            assert!(
                !text.contains("defect") && !text.contains("was not set up"),
                "{path}: {text}"
            );
            fits(&tab, &format!("{kind} {path}")).await;
        }
    }
    tab.open(&dashboard.at("/?target=gone")).await;
    settle(&tab).await;
    assert!(tab.text().await.contains("refused"), "{}", tab.text().await);
    // The choice of a target leads to it.
    tab.open(&dashboard.at("/tables")).await;
    tab.follow(
        "document.getElementById('target').value = 'gone'; document.querySelector('.targets button').click()",
    )
    .await;
    assert!(
        tab.eval("location.href")
            .await
            .as_str()
            .unwrap()
            .ends_with("/tables?target=gone")
    );
}
