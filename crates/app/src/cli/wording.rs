//! The help of a tool as its reader at a shell needs it: what is written once for all faces
//! names tools, where a shell has commands, and examples are to be copied as they stand.

use clap::Command;
use clap::builder::StyledStr;
use howdah_core::commands;

/// What the examples of a command begin with.
const EXAMPLES: &str = "Examples:\n";
/// A longer line would be broken by the help, in the middle of a command.
const LINE_CHARS: usize = 98;

/// The command and all below it.
pub(super) fn for_the_shell(command: Command) -> Command {
    let names = Names::of_the_registry();
    reworded(command, &names)
}

fn reworded(mut command: Command, names: &Names) -> Command {
    let text = |text: Option<&StyledStr>| text.map(|text| names.as_commands(&text.to_string()));
    if let Some(about) = text(command.get_about()) {
        command = command.about(about);
    }
    if let Some(about) = text(command.get_long_about()) {
        command = command.long_about(about);
    }
    let after = command.get_after_help().map(ToString::to_string);
    if let Some(lines) = after.as_deref().and_then(|after| after.strip_prefix(EXAMPLES)) {
        command = command.after_help(format!("{EXAMPLES}{}", examples(lines)));
    }
    command
        .mut_args(|arg| {
            let worded = |help: Option<&StyledStr>| help.map(|help| names.as_commands(&help.to_string()));
            let (short, long) = (worded(arg.get_help()), worded(arg.get_long_help()));
            let arg = short.into_iter().fold(arg, clap::Arg::help);
            long.into_iter().fold(arg, clap::Arg::long_help)
        })
        .mut_subcommands(|below| reworded(below, names))
}

/// Tools and the commands that run them.
struct Names(Vec<(&'static str, String)>);

impl Names {
    /// Of those alone that are no word of the language: `diagnose` may be meant as one.
    fn of_the_registry() -> Self {
        let own = commands()
            .into_iter()
            .filter(|entry| entry.is_of_tool && entry.tool.contains('_'));
        Self(
            own.map(|entry| (entry.tool, format!("`howdah {}`", entry.path.join(" "))))
                .collect(),
        )
    }

    fn as_commands(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if !text.contains('_') {
            return text;
        }
        for (tool, command) in &self.0 {
            text = text.replace(&format!("`{tool}`"), command).replace(tool, command);
        }
        text
    }
}

/// Each example as a line that a shell takes: what it is for is a comment. Where the lines are
/// too long for that, the comment goes before.
fn examples(lines: &str) -> String {
    let lines: Vec<(&str, &str)> = lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| line.split_once("  ").unwrap_or((line, "")))
        .map(|(example, comment)| (example, comment.trim()))
        .collect();
    let chars = |text: &str| text.chars().count();
    let widest = lines.iter().map(|(example, _)| chars(example)).max().unwrap_or(0);
    let longest = lines.iter().map(|(_, comment)| chars(comment)).max().unwrap_or(0);
    let fit = widest + longest + "    # ".len() <= LINE_CHARS;
    let line = |(example, comment): &(&str, &str)| match (fit, comment.is_empty()) {
        (_, true) => format!("  {example}"),
        (true, _) => format!("  {example}{}  # {comment}", " ".repeat(widest - chars(example))),
        (false, _) => format!("  # {comment}\n  {example}"),
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_a_line_for_a_shell() {
        assert_eq!(
            examples("  howdah activity          who is at work\n  howdah activity --idle   every session\n"),
            "  howdah activity         # who is at work\n  howdah activity --idle  # every session"
        );
        let long = "x".repeat(90);
        assert_eq!(
            examples(&format!("howdah lint {long}   what is wrong\nhowdah lint")),
            format!("  # what is wrong\n  howdah lint {long}\n  howdah lint")
        );
    }

    #[test]
    fn what_a_shell_has_no_name_for_is_told_by_its_command() {
        let names = Names(vec![("get_job_status", "`howdah job show`".into())]);
        assert_eq!(
            names.as_commands("Follow it with get_job_status, or `get_job_status`."),
            "Follow it with `howdah job show`, or `howdah job show`."
        );
    }
}
