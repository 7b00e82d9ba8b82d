//! The book's pages and prompts, embedded when the program is built: a new file
//! under `docs/` is a new resource, one under `docs/prompts/` a new prompt.

include!(concat!(env!("OUT_DIR"), "/documents.rs"));

/// A page of the book.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Its path below `docs/`, without the ending: `guide/indexes`.
    pub path: &'static str,
    /// Markdown.
    pub text: &'static str,
}

/// Where the book's pages are found by an MCP client.
pub const BOOK: &str = "howdah://book/";

/// Every page, sorted by path.
pub fn pages() -> impl Iterator<Item = Page> {
    DOCUMENTS
        .iter()
        .filter(|(path, _)| !path.starts_with(PROMPTS))
        .map(|&(path, text)| Page { path, text })
}

/// Every prompt, sorted by file name.
pub fn prompts() -> impl Iterator<Item = Prompt> {
    DOCUMENTS
        .iter()
        .filter(|(path, _)| path.starts_with(PROMPTS))
        .filter_map(|(path, text)| Prompt::parse(path.strip_prefix(PROMPTS)?, text))
}

const PROMPTS: &str = "prompts/";

impl Page {
    /// The first heading, or the path of a page without one.
    pub fn title(&self) -> &'static str {
        self.body()
            .lines()
            .find_map(|line| line.strip_prefix("# "))
            .map_or(self.path, str::trim)
    }

    /// The first paragraph's first sentence.
    pub fn summary(&self) -> Option<&'static str> {
        let line = self
            .body()
            .lines()
            .map(str::trim)
            .find(|line| line.starts_with(|first: char| first.is_alphanumeric()))?;
        Some(line.split_inclusive(". ").next().unwrap_or(line).trim())
    }

    fn body(&self) -> &'static str {
        front_matter(self.text).map_or(self.text, |(_, body)| body)
    }
}

/// A workflow that a person starts by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Its name in the client's menu.
    pub name: &'static str,
    /// A few words.
    pub title: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// What it may be started with.
    pub arguments: Vec<PromptArgument>,
    /// The instructions, with `{{argument}}` where a value goes.
    pub body: &'static str,
}

/// One argument of a [`Prompt`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptArgument {
    /// The name between the braces.
    pub name: &'static str,
    /// What to give.
    pub description: &'static str,
    /// Whether it must be given.
    pub required: bool,
}

impl Prompt {
    /// Reads a file of that name: front matter with `title:`, `description:` and
    /// below `arguments:` a line `- NAME (required): WORDS` for each, then the
    /// instructions. `None` without front matter.
    pub fn parse(name: &'static str, text: &'static str) -> Option<Self> {
        let (matter, body) = front_matter(text)?;
        let mut prompt = Self {
            name,
            body: body.trim(),
            ..Self::default()
        };
        for line in matter.lines() {
            if let Some(argument) = line.trim().strip_prefix("- ") {
                prompt.arguments.extend(PromptArgument::parse(argument));
            } else if let Some(title) = line.strip_prefix("title:") {
                prompt.title = title.trim();
            } else if let Some(description) = line.strip_prefix("description:") {
                prompt.description = description.trim();
            }
        }
        Some(prompt)
    }

    /// The instructions for these values; an argument that was not given is left
    /// out together with its line where it stands alone.
    pub fn fill(&self, value: impl Fn(&str) -> Option<String>) -> String {
        let mut text = String::with_capacity(self.body.len());
        'lines: for line in self.body.lines() {
            let mut line = line.to_owned();
            for argument in &self.arguments {
                let mark = format!("{{{{{}}}}}", argument.name);
                if !line.contains(&mark) {
                    continue;
                }
                match value(argument.name) {
                    Some(value) => line = line.replace(&mark, &value),
                    None => continue 'lines,
                }
            }
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

impl PromptArgument {
    fn parse(text: &'static str) -> Option<Self> {
        let (name, description) = text.split_once(':')?;
        let name = name.trim();
        let bare = name.strip_suffix("(required)").map(str::trim);
        Some(Self {
            name: bare.unwrap_or(name),
            description: description.trim(),
            required: bare.is_some(),
        })
    }
}

/// The text between two lines of `---` at the start, and what follows.
fn front_matter(text: &'static str) -> Option<(&'static str, &'static str)> {
    text.strip_prefix("---\n")?.split_once("\n---\n")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const PROMPT: &str = "---\ntitle: Explore\ndescription: Look around.\narguments:\n  - schema (required): The schema\n  - focus: What matters\n---\n\nLook at {{schema}}.\nMind {{focus}}.\nEnd.\n";

    #[test]
    fn a_prompt_is_one_file() {
        let prompt = Prompt::parse("explore", PROMPT).unwrap();
        assert_eq!((prompt.name, prompt.title), ("explore", "Explore"));
        let schema = PromptArgument {
            name: "schema",
            description: "The schema",
            required: true,
        };
        let focus = PromptArgument {
            name: "focus",
            description: "What matters",
            required: false,
        };
        assert_eq!(prompt.arguments, [schema, focus]);
    }

    #[test]
    fn a_line_about_what_was_not_given_is_left_out() {
        let prompt = Prompt::parse("explore", PROMPT).unwrap();
        let text = prompt.fill(|name| (name == "schema").then(|| "shop".to_owned()));
        assert_eq!(text, "Look at shop.\nEnd.\n");
    }

    #[test]
    fn text_without_front_matter_is_no_prompt() {
        assert_eq!(Prompt::parse("page", "# Title\n"), None);
    }

    #[test]
    fn every_prompt_in_the_book_can_be_read() {
        let files = DOCUMENTS
            .iter()
            .filter(|(path, _)| path.starts_with(PROMPTS))
            .count();
        assert_eq!(prompts().count(), files);
        for prompt in prompts() {
            assert!(
                !prompt.title.is_empty() && !prompt.description.is_empty(),
                "{}",
                prompt.name
            );
            let filled = prompt.fill(|_| Some("x".to_owned()));
            assert!(
                !filled.contains("{{"),
                "{}: an argument is not declared",
                prompt.name
            );
        }
    }
}
