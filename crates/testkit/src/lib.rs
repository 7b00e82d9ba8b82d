//! Real servers for tests, and the runner of tests written in Markdown.
