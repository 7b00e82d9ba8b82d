//! How results and errors leave the command line: text for people, JSON for
//! programs, nothing else on standard output.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use howdah_core::{Block, Error, ErrorKind, Mark, Outcome, Report};
use serde_json::{Value, json};

use crate::cli::Globals;
use crate::visible::{harmless, visible};

/// The command did what it should.
pub(crate) const DONE: u8 = 0;
/// It was refused, or failed.
pub(crate) const FAILED: u8 = 1;
/// It could not run.
pub(crate) const COULD_NOT_RUN: u8 = 2;

/// Where and in which form a command prints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    colour: bool,
    terminal: bool,
}

impl Output {
    /// As the options, `NO_COLOR` and the terminal say.
    pub(crate) fn new(globals: &Globals) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            json: globals.json,
            quiet: globals.quiet,
            colour: terminal && wanted && !globals.no_color,
            terminal,
        }
    }

    /// For arguments that could not be parsed: as far as they can be understood.
    pub(crate) fn guess(args: &[OsString]) -> Self {
        let given = |flag: &str| args.iter().any(|arg| arg == flag);
        Self::new(&Globals {
            json: given("--json"),
            quiet: given("--quiet"),
            no_color: given("--no-color"),
            ..Globals::default()
        })
    }

    /// The same, with errors on standard error in any case.
    pub(crate) fn to_stderr(self) -> Self {
        Self { json: false, ..self }
    }

    /// Whether results are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether anything beside the result is wanted.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Help, the version, or what is wrong with the arguments.
    pub(crate) fn usage(&self, error: &clap::Error) -> ExitCode {
        if !error.use_stderr() {
            return written(error.print(), DONE);
        }
        if self.json {
            let text = error.render().to_string();
            let text = text.trim().trim_start_matches("error: ");
            return self.error(&Error::invalid(text));
        }
        // Standard error being closed leaves nobody to tell.
        let _ = error.print();
        ExitCode::from(COULD_NOT_RUN)
    }

    /// A finished call.
    pub(crate) fn outcome(&self, outcome: &Outcome) -> ExitCode {
        let result = if self.json {
            match outcome.value() {
                Ok(value) => self.write_json(&value),
                Err(error) => return self.error(&error),
            }
        } else {
            self.write_report(&outcome.report())
        };
        written(result, outcome.exit_code)
    }

    /// A part of a longer story, for people only.
    pub(crate) fn print(&self, report: &Report) {
        if !self.quiet && !self.json {
            // A reader that went away early misses nothing that matters.
            let _ = self.write_report(report);
        }
    }

    /// A value that has no other form than JSON.
    pub(crate) fn value(&self, value: &Value) -> ExitCode {
        written(self.write_json(value), DONE)
    }

    /// An error, where and in the form in which the caller looks for it.
    pub(crate) fn error(&self, error: &Error) -> ExitCode {
        let code = exit_code(error.kind);
        if self.json {
            return written(self.write_json(&json!({ "error": error })), code);
        }
        let mut stderr = std::io::stderr().lock();
        let label = if self.colour && std::io::stderr().is_terminal() {
            "\u{1b}[1;31mError:\u{1b}[0m"
        } else {
            "Error:"
        };
        let _ = writeln!(stderr, "{label} {}", visible(&error.to_text()));
        ExitCode::from(code)
    }

    /// A line for the person who waits, unless they want none.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
    }

    fn write_json(&self, value: &Value) -> std::io::Result<()> {
        let mut stdout = std::io::BufWriter::new(std::io::stdout().lock());
        if self.terminal {
            serde_json::to_writer_pretty(&mut stdout, value)?;
        } else {
            serde_json::to_writer(&mut stdout, value)?;
        }
        writeln!(stdout)?;
        stdout.flush()
    }

    fn write_report(&self, report: &Report) -> std::io::Result<()> {
        let mut stdout = std::io::BufWriter::new(std::io::stdout().lock());
        for (index, block) in report.blocks.iter().enumerate() {
            if index > 0 {
                writeln!(stdout)?;
            }
            if let Block::Marked(parts) = block
                && self.colour
            {
                for (mark, text) in parts {
                    write!(stdout, "{}{}\u{1b}[0m", colour(*mark), visible(text))?;
                }
                writeln!(stdout)?;
                continue;
            }
            let text = Report {
                blocks: vec![block.clone()],
            }
            .to_text(self.width());
            let text = match block {
                Block::Code(_) | Block::Marked(_) => visible(&text),
                _ => harmless(&text),
            };
            match block {
                Block::Heading(_) if self.colour => writeln!(stdout, "\u{1b}[1m{text}\u{1b}[0m")?,
                _ => writeln!(stdout, "{text}")?,
            }
        }
        stdout.flush()
    }

    /// The terminal's width; text that goes elsewhere is as wide as it needs.
    fn width(&self) -> Option<u16> {
        self.terminal.then(|| console::Term::stdout().size().1)
    }
}

/// What a terminal is told before a part of a text.
fn colour(mark: Mark) -> &'static str {
    match mark {
        Mark::Plain => "",
        Mark::Strong => "\u{1b}[1m",
        Mark::Faint => "\u{1b}[34m",
        Mark::Danger => "\u{1b}[1;31m",
        Mark::Warning => "\u{1b}[1;33m",
        Mark::Note => "\u{1b}[1;36m",
        Mark::Remedy => "\u{1b}[32m",
    }
}

/// The exit code after writing: a reader that went away early (`| head`) is no failure.
fn written(result: std::io::Result<()>, code: u8) -> ExitCode {
    match result {
        Ok(()) => ExitCode::from(code),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::from(code),
        Err(error) => {
            let _ = writeln!(
                std::io::stderr().lock(),
                "Error: The result could not be written: {error}"
            );
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Refused
        | ErrorKind::NotFound
        | ErrorKind::Server
        | ErrorKind::Timeout
        | ErrorKind::Cancelled => FAILED,
        ErrorKind::Invalid | ErrorKind::Unavailable | ErrorKind::Local | ErrorKind::Internal => COULD_NOT_RUN,
    }
}

/// Prints bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) -> ExitCode {
    let mut stdout = std::io::stdout().lock();
    written(stdout.write_all(bytes).and_then(|()| stdout.flush()), DONE)
}
