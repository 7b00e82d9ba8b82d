//! The dashboard in a real browser, over real servers.

#![allow(clippy::unwrap_used, clippy::panic)]

mod acts;
mod door;
mod pages;
mod world;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use howdah_testkit::{Tab, axe};
use serde_json::Value;

/// `howdah serve`, with a home of its own.
struct Dashboard {
    child: Child,
    url: String,
    /// What it printed while it started.
    said: String,
    home: PathBuf,
    _directory: tempfile::TempDir,
}

/// What a dashboard is started with.
#[derive(Default)]
struct Start<'a> {
    /// `howdah.toml`.
    config: &'a str,
    arguments: &'a [&'a str],
    environment: &'a [(&'a str, &'a str)],
}

impl Dashboard {
    /// Starts it once `prepare` is done with its home.
    async fn start<F: Future<Output = ()>>(start: Start<'_>, prepare: impl FnOnce(PathBuf) -> F) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().join("state");
        std::fs::write(directory.path().join("howdah.toml"), start.config).unwrap();
        prepare(home.clone()).await;
        let mut child = Command::new(env!("CARGO_BIN_EXE_howdah"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(start.arguments)
            .current_dir(directory.path())
            .env("HOWDAH_HOME", &home)
            .env("XDG_CONFIG_HOME", directory.path())
            .env_remove("DATABASE_URL")
            .envs(start.environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        let url = loop {
            let line = lines
                .next()
                .unwrap_or_else(|| panic!("it ended: {said}"))
                .unwrap();
            said.push_str(&line);
            said.push('\n');
            if let Some(url) = line.strip_prefix("The dashboard: ") {
                break url.to_owned();
            }
        };
        // What it says later would fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            url,
            said,
            home,
            _directory: directory,
        }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Windows of a telephone, a tablet and a computer.
const WIDTHS: [u32; 3] = [375, 768, 1280];

/// Waits until everything on the page has been looked at, and stops it from changing.
async fn settle(tab: &Tab) {
    tab.until("!document.querySelector('.waiting')").await;
    let stop = "[...document.querySelectorAll('footer button')].find(b => b.textContent === 'Stop updating')?.click()";
    tab.eval(stop).await;
}

/// What must hold for every page, whatever it shows.
async fn fits(tab: &Tab, what: &str) {
    for width in WIDTHS {
        tab.resize(width).await;
        let widths = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]";
        let widths = tab.eval(widths).await;
        assert!(
            widths[0].as_u64() <= widths[1].as_u64(),
            "{what} is wider than {width}: {widths}, because of {}",
            tab.eval(WIDE).await
        );
    }
    tab.eval(&format!("{}; true", axe())).await;
    for (width, is_dark) in [(1280, false), (1280, true), (375, false)] {
        tab.resize(width).await;
        tab.dark(is_dark).await;
        let found = tab.eval(VIOLATIONS).await;
        assert_eq!(
            found,
            Value::Array(Vec::new()),
            "{what}, {width} wide, dark: {is_dark}"
        );
    }
    tab.dark(false).await;
    assert_eq!(tab.complaints(), Vec::<String>::new(), "{what}");
    let own = tab.eval("location.origin").await;
    let elsewhere: Vec<String> = tab
        .requests()
        .into_iter()
        .filter(|url| !url.starts_with(own.as_str().unwrap()))
        .collect();
    assert_eq!(elsewhere, Vec::<String>::new(), "{what}");
    if let Some(directory) = std::env::var_os("HOWDAH_PICTURES") {
        picture(tab, Path::new(&directory), what).await;
    }
}

/// Pictures for who wants to see the pages: `HOWDAH_PICTURES=directory`.
async fn picture(tab: &Tab, directory: &Path, what: &str) {
    let name: String = what
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(60)
        .collect();
    for (width, is_dark) in [(1280, false), (1280, true), (375, false)] {
        tab.resize(width).await;
        tab.dark(is_dark).await;
        let file = format!("{name}-{width}{}.png", if is_dark { "-dark" } else { "" });
        tab.picture(&directory.join(file)).await;
    }
    tab.dark(false).await;
}

/// The elements that reach beyond the window.
const WIDE: &str = "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 \
    && !e.closest('.wide, pre, svg')).map(e => e.outerHTML.slice(0, 120)).slice(0, 3)";
const VIOLATIONS: &str = "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }) \
    .then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 200) + ' ' + n.failureSummary).join(' | ')))";
