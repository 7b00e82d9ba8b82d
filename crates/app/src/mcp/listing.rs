use std::sync::Arc;

use howdah_core::{ToolEntry, Toolset, tools};
use rmcp::model::{CacheScope, ListToolsResult, Tool, ToolAnnotations};

use super::schema;

/// How long a client may keep the list, in milliseconds: it changes only with
/// the mode of a target that is connected meanwhile.
const TTL_MS: u64 = 60_000;

/// What is offered to the client.
#[derive(Debug, Clone, Default)]
pub struct Offer {
    /// The groups of tools.
    pub toolsets: Vec<Toolset>,
    /// Whether the schemas of results are listed.
    pub output_schemas: bool,
    /// Whether results are sent as text instead of as structured content.
    pub results_as_text: bool,
}

/// The tools that a client is told of and may call.
#[derive(Debug, Clone)]
pub struct Listing {
    offer: Offer,
}

impl Listing {
    /// The tools of the offer; those for people are never among them.
    pub fn new(offer: Offer) -> Self {
        Self { offer }
    }

    /// What is offered.
    pub fn offer(&self) -> &Offer {
        &self.offer
    }

    /// The offered tools, sorted by name.
    pub fn tools(&self) -> impl Iterator<Item = &'static ToolEntry> {
        tools().into_iter().filter(|tool| self.offers(tool))
    }

    /// Whether the tool may be called.
    pub fn offers(&self, tool: &ToolEntry) -> bool {
        !tool.person_only && self.offer.toolsets.contains(&tool.toolset)
    }

    /// The answer to `tools/list`.
    pub fn result(&self, any_target_writable: bool) -> ListToolsResult {
        let tools = self
            .tools()
            .map(|tool| self.describe(tool, any_target_writable))
            .collect();
        ListToolsResult {
            ttl_ms: Some(TTL_MS),
            cache_scope: Some(CacheScope::Private),
            ..ListToolsResult::with_all_items(tools)
        }
    }

    fn describe(&self, entry: &ToolEntry, any_target_writable: bool) -> Tool {
        let doc = schema::one_line(&entry.doc());
        let input = schema::compact((entry.input_schema)());
        let tool = Tool::new(entry.name, doc, Arc::new(input))
            .with_title(entry.title)
            .with_annotations(annotations(entry, any_target_writable));
        if self.offer.output_schemas && !self.offer.results_as_text {
            tool.with_raw_output_schema(Arc::new(schema::compact((entry.output_schema)())))
        } else {
            tool
        }
    }
}

/// Hints that are true of the targets as they are. A database is no open world,
/// and what only reads needs no word about destroying.
fn annotations(tool: &ToolEntry, any_target_writable: bool) -> ToolAnnotations {
    let hints = ToolAnnotations::new().open_world(false);
    if tool.effect.is_read_only(any_target_writable) {
        return hints.read_only(true);
    }
    hints
        .read_only(false)
        .destructive(tool.effect.is_destructive(any_target_writable))
}
