use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use howdah_core::{Error, ErrorKind, Outcome, Result, ToolEntry, find_tool};
use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Value, json};

use super::arguments;
use super::confirm::ClientHuman;
use super::progress::Reporter;
use super::server::Server;

/// The longest text beside a structured result, in bytes. The facts are in the
/// structure; the text only says what it is.
const SUMMARY_BYTES: usize = 800;

impl Server {
    /// Runs a tool. What goes wrong with the tool is a result that the model
    /// reads; only a call that reaches no tool is an error of the protocol.
    pub(super) async fn call(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = self.offered(&request.name)?;
        self.adopt_jobs();
        let human = Arc::new(ClientHuman::new(
            Arc::clone(&self.confirmations),
            tool.name,
            &context,
            request.input_responses,
            request.request_state,
        ));
        let reporter = Reporter::new(&context);
        let mut cx = self.cx.clone();
        cx.cancel = context.ct.child_token();
        cx.progress = reporter.sink();
        cx.human = Arc::clone(&human) as Arc<_>;

        let work = async {
            let input = arguments::checked(tool, request.arguments)?;
            let _permit = self.permits.acquire().await;
            (tool.run)(input, &cx).await
        };
        // Dropping the work is what cancels it: a connection that is given up in
        // the middle of a statement cancels the statement on its server.
        let result = tokio::select! {
            result = AssertUnwindSafe(work).catch_unwind() => result.unwrap_or_else(|_| {
                Err(Error::internal(format!("{} failed unexpectedly.", tool.name))
                    .hint("The log on standard error says where."))
            }),
            () = context.ct.cancelled() => Err(cancelled("The client cancelled the call.")),
            () = self.calls.cancelled() => Err(cancelled("The session ended.")),
        };
        reporter.finish().await;
        if let Some(question) = human.pending() {
            return Ok(question.into());
        }
        let result = result.and_then(|outcome| self.complete(&outcome));
        Ok(result.unwrap_or_else(|error| failed(&error)).into())
    }

    fn offered(&self, name: &str) -> Result<&'static ToolEntry, ErrorData> {
        let unknown = |why: String| ErrorData::invalid_params(why, None);
        let tool = find_tool(name)
            .filter(|tool| !tool.person_only)
            .ok_or_else(|| unknown(format!("There is no tool {name}. tools/list names all of them.")))?;
        if self.listing.offers(tool) {
            return Ok(tool);
        }
        Err(unknown(format!(
            "The tool {name} is not offered here: start howdah mcp with --toolsets {}.",
            tool.toolset.name()
        )))
    }

    fn complete(&self, outcome: &Outcome) -> Result<CallToolResult> {
        let (summary, value) = (outcome.summary(), outcome.value()?);
        if self.listing.offer().results_as_text {
            let text = format!("{}\n{value}", summary.trim_end());
            return Ok(CallToolResult::success(vec![ContentBlock::text(text)]));
        }
        let mut result = CallToolResult::success(vec![ContentBlock::text(short(summary))]);
        result.structured_content = Some(value);
        Ok(result)
    }
}

fn cancelled(why: &str) -> Error {
    Error::new(ErrorKind::Cancelled, why)
}

fn failed(error: &Error) -> CallToolResult {
    let mut result = CallToolResult::error(vec![ContentBlock::text(brief(&error.to_text()))]);
    result.structured_content = Some(json!({ "error": facts(error) }));
    result
}

/// What a program can act upon; the sentences are in the text already.
fn facts(error: &Error) -> Value {
    let mut facts = json!(error);
    if let Value::Object(facts) = &mut facts {
        facts.retain(|name, _| !matches!(name.as_str(), "message" | "detail" | "hint"));
    }
    facts
}

/// The longest word of an error, in characters; its beginning is enough to recognise it.
const WORD_CHARS: usize = 300;
/// The longest error, in characters. What is worth reading of it is shorter.
const ERROR_CHARS: usize = 4_000;

/// An error without the bulk of what it repeats: a name of 200,000 letters that was sent
/// would fill the context of the model that sent it.
fn brief(text: &str) -> String {
    if text.len() <= WORD_CHARS {
        return text.to_owned();
    }
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        if word.chars().count() <= WORD_CHARS {
            return word.to_owned();
        }
        let end = word.chars().last().filter(|last| last.is_whitespace());
        word.chars().take(WORD_CHARS).chain(['…']).chain(end).collect()
    });
    let text: String = words.collect();
    if text.chars().count() <= ERROR_CHARS {
        return text;
    }
    // What to do next is said at the end.
    let next = text.rfind("\nNext: ").map_or("", |at| &text[at..]);
    let next: String = next.chars().take(ERROR_CHARS / 2).collect();
    let first = text.chars().take(ERROR_CHARS - next.chars().count());
    first.chain(['…']).chain(next.chars()).collect()
}

/// The first lines that fit.
fn short(text: String) -> String {
    if text.len() <= SUMMARY_BYTES {
        return text;
    }
    let mut end = SUMMARY_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let end = text[..end].rfind('\n').unwrap_or(end);
    format!("{}\n…", &text[..end])
}
