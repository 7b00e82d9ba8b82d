//! The book as resources, the workflows as prompts. Both are part of the
//! program, so a client may keep them for as long as it runs.

use rmcp::model::{
    CacheScope, ErrorData, GetPromptRequestParams, GetPromptResult, ListPromptsResult, ListResourcesResult,
    Prompt, PromptArgument, PromptMessage, ReadResourceResult, Resource, ResourceContents, Role,
};
use serde_json::Value;

use crate::documents::{self, BOOK};

const TTL_MS: u64 = 3_600_000;
const MARKDOWN: &str = "text/markdown";

pub(super) fn list_resources() -> ListResourcesResult {
    let resources = documents::pages()
        .map(|page| {
            let resource = Resource::new(format!("{BOOK}{}", page.path), page.path)
                .with_title(page.title())
                .with_mime_type(MARKDOWN)
                .with_size(page.text.len() as u64);
            match page.summary() {
                Some(summary) => resource.with_description(summary),
                None => resource,
            }
        })
        .collect();
    ListResourcesResult {
        ttl_ms: Some(TTL_MS),
        cache_scope: Some(CacheScope::Public),
        ..ListResourcesResult::with_all_items(resources)
    }
}

pub(super) fn read_resource(uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let path = uri
        .strip_prefix(BOOK)
        .map(|path| path.strip_suffix(".md").unwrap_or(path));
    let page = documents::pages()
        .find(|page| Some(page.path) == path)
        .ok_or_else(|| {
            ErrorData::resource_not_found(
                format!("There is no resource {uri}. resources/list names all of them."),
                Some(serde_json::json!({ "uri": uri })),
            )
        })?;
    let contents = ResourceContents::text(page.text, uri).with_mime_type(MARKDOWN);
    let mut result = ReadResourceResult::new(vec![contents]);
    result.ttl_ms = Some(TTL_MS);
    result.cache_scope = Some(CacheScope::Public);
    Ok(result)
}

pub(super) fn list_prompts() -> ListPromptsResult {
    let prompts = documents::prompts()
        .map(|prompt| {
            let arguments = prompt
                .arguments
                .iter()
                .map(|argument| {
                    PromptArgument::new(argument.name)
                        .with_description(argument.description)
                        .with_required(argument.required)
                })
                .collect();
            Prompt::new(prompt.name, Some(prompt.description), Some(arguments)).with_title(prompt.title)
        })
        .collect();
    ListPromptsResult {
        ttl_ms: Some(TTL_MS),
        cache_scope: Some(CacheScope::Public),
        ..ListPromptsResult::with_all_items(prompts)
    }
}

pub(super) fn get_prompt(request: &GetPromptRequestParams) -> Result<GetPromptResult, ErrorData> {
    let prompt = documents::prompts()
        .find(|prompt| prompt.name == request.name)
        .ok_or_else(|| {
            ErrorData::invalid_params(
                format!(
                    "There is no prompt {}. prompts/list names all of them.",
                    request.name
                ),
                None,
            )
        })?;
    let given = |name: &str| match request.arguments.as_ref()?.get(name)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        _ => None,
    };
    if let Some(missing) = prompt
        .arguments
        .iter()
        .find(|argument| argument.required && given(argument.name).is_none())
    {
        return Err(ErrorData::invalid_params(
            format!(
                "The prompt {} needs {}: {}.",
                prompt.name, missing.name, missing.description
            ),
            None,
        ));
    }
    let message = PromptMessage::new_text(Role::User, prompt.fill(given));
    Ok(GetPromptResult::new(vec![message]).with_description(prompt.description))
}
