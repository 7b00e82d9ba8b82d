use std::io::{Read, Write};

use howdah_core::{Error, ErrorKind, Result};
use howdah_tools::job_view::human_duration;
use howdah_tools::show_activity::{Activity, SessionLine};
use howdah_tools::top_queries::TopStatements;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::sync::mpsc;

use crate::visible::visible;

/// What is drawn.
pub(super) struct View<'a> {
    pub(super) target: &'a str,
    pub(super) said: Result<&'a Activity, &'a Error>,
    pub(super) statements: Option<&'a TopStatements>,
    /// Average active sessions on each wait, the most first.
    pub(super) waits: &'a [(String, f64)],
    pub(super) is_paused: bool,
}

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// The end.
    End,
    /// To stop for a while, or to go on.
    Pause,
    /// Sessions that do nothing, or not.
    Idle,
}

/// The terminal, with a second screen that is gone afterwards.
pub(super) struct Screen {
    terminal: console::Term,
    keys: mpsc::UnboundedReceiver<Key>,
    before: Option<Termios>,
}

const OPEN: &str = "\x1b[?1049h\x1b[?25l";
const CLOSE: &str = "\x1b[?25h\x1b[?1049l";
const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[1;31m";
const FAINT: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

impl Screen {
    /// Takes the terminal: keys come at once, and are not shown.
    pub(super) fn open() -> Result<Self> {
        let stdin = std::io::stdin();
        let before = tcgetattr(&stdin).ok();
        if let Some(before) = &before {
            let mut modes = before.clone();
            modes.local_modes &= !(LocalModes::ICANON | LocalModes::ECHO);
            tcsetattr(&stdin, OptionalActions::Now, &modes).map_err(|error| lost(error.into()))?;
        }
        let (sender, keys) = mpsc::unbounded_channel();
        // It ends with the process: nothing else wakes it.
        std::thread::spawn(move || {
            let mut byte = [0];
            while std::io::stdin().read(&mut byte).is_ok_and(|read| read == 1) {
                let key = match byte[0] {
                    b'q' | b'Q' => Key::End,
                    b'p' | b'P' | b' ' => Key::Pause,
                    b'i' | b'I' => Key::Idle,
                    _ => continue,
                };
                if sender.send(key).is_err() {
                    return;
                }
            }
        });
        let terminal = console::Term::stdout();
        write(&terminal, OPEN)?;
        Ok(Self {
            terminal,
            keys,
            before,
        })
    }

    /// The next key that means something; never, where there are none.
    pub(super) async fn key(&mut self) -> Key {
        match self.keys.recv().await {
            Some(key) => key,
            None => std::future::pending().await,
        }
    }

    pub(super) fn draw(&mut self, view: &View<'_>) -> Result<()> {
        let (height, width) = self.terminal.size();
        let lines = lines(view, usize::from(height), usize::from(width));
        // Line by line over what was there: to clear the screen first would make it flicker.
        let mut text = String::from("\x1b[H");
        for line in &lines {
            text.push_str(line);
            text.push_str("\x1b[K\r\n");
        }
        text.truncate(text.len().saturating_sub(2));
        text.push_str("\x1b[J");
        write(&self.terminal, &text)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // Nothing is left to do about a terminal that is gone.
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        }
        let _ = write(&self.terminal, CLOSE);
    }
}

fn write(mut terminal: &console::Term, text: &str) -> Result<()> {
    terminal
        .write_all(text.as_bytes())
        .and_then(|()| terminal.flush())
        .map_err(lost)
}

fn lost(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Local, format!("The terminal failed: {error}."))
}

/// The picture, no larger than the terminal.
fn lines(view: &View<'_>, height: usize, width: usize) -> Vec<String> {
    let average: f64 = view.waits.iter().map(|(_, average)| average).sum();
    let paused = if view.is_paused {
        "  stopped: p goes on"
    } else {
        ""
    };
    let head = format!(
        "{}  {average:.2} sessions at work on average{paused}",
        view.target
    );
    let mut lines = vec![marked(BOLD, &head, width)];
    lines.extend(view.waits.iter().take(5).map(|(wait, share)| {
        let bar = "█".repeat((share / average.max(1.0) * 30.0).round() as usize);
        cut(&format!("{wait:<28} {share:>6.2}  {bar}"), width)
    }));
    lines.push(String::new());
    match view.said {
        Err(error) => lines.extend(error.to_text().lines().map(|line| marked(RED, line, width))),
        Ok(activity) => {
            for queue in activity.queues.iter().take(5) {
                let waiting: Vec<String> = queue
                    .waiting
                    .iter()
                    .take(8)
                    .map(|one| one.pid.to_string())
                    .collect();
                let who = if queue.root == 0 {
                    "a prepared transaction".to_owned()
                } else {
                    queue.root.to_string()
                };
                let line = format!("{who} blocks {}: {}", queue.waiting.len(), waiting.join(", "));
                lines.push(marked(RED, &line, width));
            }
            let title = format!(
                "{:>8} {:<14} {:<12} {:>9} {:<22} {}",
                "PROCESS", "ROLE", "STATE", "FOR", "WAIT", "STATEMENT"
            );
            lines.push(marked(FAINT, &title, width));
            // Statements get a third of what is left.
            let room = height.saturating_sub(lines.len() + 2);
            let of_statements = view
                .statements
                .map_or(0, |top| (top.statements.len() + 2).min(room / 3));
            let sessions = activity.sessions.iter().take(room - of_statements);
            lines.extend(sessions.map(|session| cut(&line(session), width)));
            if let Some(top) = view.statements.filter(|_| of_statements > 2) {
                lines.push(String::new());
                lines.push(marked(
                    FAINT,
                    &format!("{:>7} {:>9} {:>11}  STATEMENT", "TIME", "CALLS", "MEAN"),
                    width,
                ));
                lines.extend(top.statements.iter().take(of_statements - 2).map(|one| {
                    cut(
                        &format!(
                            "{:>5.1} % {:>9} {:>8.2} ms  {}",
                            one.percent, one.calls, one.mean_ms, one.statement
                        ),
                        width,
                    )
                }));
            }
        }
    }
    lines.truncate(height);
    lines
}

fn line(session: &SessionLine) -> String {
    let took = session
        .query_s
        .or(session.state_s)
        .map_or(String::new(), human_duration);
    let wait = match session.blocked_by.first() {
        Some(blocker) => format!("behind {blocker}"),
        None => session.wait.clone(),
    };
    let state = session.state.replace("idle in transaction", "in trans.");
    format!(
        "{:>8} {:<14} {:<12} {:>9} {:<22} {}",
        session.pid,
        cut(&session.role, 14),
        cut(&state, 12),
        took,
        cut(&wait, 22),
        session.query
    )
}

fn marked(mark: &str, text: &str, width: usize) -> String {
    format!("{mark}{}{PLAIN}", cut(text, width))
}

/// The text in one line as wide as that at most, with nothing in it that moves the cursor.
fn cut(text: &str, width: usize) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect();
    console::truncate_str(&visible(&line), width, "…").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fits_the_terminal_and_nothing_moves_the_cursor() {
        let mut activity = Activity {
            counts: Default::default(),
            sessions: Vec::new(),
            queues: Vec::new(),
            left_out: 0,
            is_partial: false,
        };
        for pid in 0..100 {
            activity.sessions.push(SessionLine {
                pid,
                role: "röle \x1b[2J".to_owned(),
                query: format!("SELECT\n{}\r", "x".repeat(500)),
                ..SessionLine::default()
            });
        }
        let waits = [("CPU".to_owned(), 1.5), ("\x1b[31mLock".to_owned(), 0.5)];
        let view = View {
            target: "shop",
            said: Ok(&activity),
            statements: None,
            waits: &waits,
            is_paused: true,
        };
        let drawn = lines(&view, 24, 80);
        assert!(drawn.len() <= 24 && drawn.len() > 20, "{}", drawn.len());
        for line in &drawn {
            assert!(console::measure_text_width(line) <= 80, "{line:?}");
            assert!(
                !line.contains("\x1b[2J") && !line.contains("\x1b[31mLock") && !line.contains('\r'),
                "{line:?}"
            );
        }
        assert!(drawn[0].contains("2.00 sessions"), "{}", drawn[0]);
    }
}
