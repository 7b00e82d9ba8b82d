use std::borrow::Cow;
use std::sync::{Arc, Once};

use howdah_core::{Context, Result};
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CustomRequest, CustomResult, ErrorCode, ErrorData,
    GetPromptRequestParams, GetPromptResponse, Implementation, ListPromptsResult, ListResourcesResult,
    ListToolsResult, PaginatedRequestParams, ProtocolVersion, ReadResourceRequestParams,
    ReadResourceResponse, ServerCapabilities, ServerConfig,
};
use rmcp::service::{RequestContext, RoleServer};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::confirm::Confirmations;
use super::listing::{Listing, Offer};
use super::{reading, resident};
use crate::services;

/// Calls that run at the same time: as many as a target's pool has connections.
/// A further one waits here, for as long as its client does, and not for a
/// connection, where waiting has a limit.
const PARALLEL_CALLS: usize = 32;

const INSTRUCTIONS: &str = "\
PostgreSQL and Aurora PostgreSQL. `get_database_connection_info` says which databases there are; `connect_to_database` \
chooses one. Look with `search_objects` and `get_table_schema` before you write SQL for `run_query`, which takes one \
statement a call and only reads unless the target's mode allows more; a person confirms writes, you cannot. What \
takes long is a job: `start_…_job` returns at once, `get_job_status` reports. The resources are Howdah's book.";

/// The handler of everything that a client may ask.
pub(super) struct Server {
    pub(super) cx: Context,
    pub(super) listing: Listing,
    pub(super) calls: CancellationToken,
    pub(super) permits: Semaphore,
    pub(super) confirmations: Arc<Confirmations>,
    adopting: Once,
}

impl Server {
    pub(super) fn new(cx: Context, offer: Offer, calls: CancellationToken) -> Result<Self> {
        Ok(Self {
            cx,
            listing: Listing::new(offer),
            calls,
            permits: Semaphore::new(PARALLEL_CALLS),
            confirmations: Arc::new(Confirmations::new()?),
            adopting: Once::new(),
        })
    }

    /// With the first call, not at the start: a client that only lists tools
    /// should not wait for a store to be opened.
    pub(super) fn adopt_jobs(&self) {
        self.adopting.call_once(|| {
            let cx = self.cx.clone();
            tokio::spawn(async move { services::adopt_jobs(&cx).await });
        });
    }

    fn any_target_writable(&self) -> bool {
        self.cx
            .get::<howdah_pg::Targets>()
            .is_ok_and(|targets| targets.any_writable())
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_resources()
            .build();
        ServerConfig::new(capabilities)
            .with_protocol_version(ProtocolVersion::V_2025_11_25)
            .with_server_info(Implementation::new("howdah", env!("CARGO_PKG_VERSION")).with_title("Howdah"))
            .with_instructions(INSTRUCTIONS)
    }

    /// Structured results came with 2025-06-18, so nothing older is served.
    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(&[
            ProtocolVersion::V_2025_06_18,
            ProtocolVersion::V_2025_11_25,
            ProtocolVersion::V_2026_07_28,
        ])
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let listed = self.listing.result(self.any_target_writable());
        resident::give_back();
        Ok(listed)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        // On the heap: the library moves the future several times before it first polls it.
        Box::pin(self.call(request, context)).await
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(reading::list_resources())
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        reading::read_resource(&request.uri).map(Into::into)
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(reading::list_prompts())
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        reading::get_prompt(&request).map(Into::into)
    }

    /// Reached by methods that do not exist, and by those that do with
    /// parameters of the wrong shape.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        const SERVED: &[&str] = &[
            "tools/call",
            "tools/list",
            "resources/read",
            "resources/list",
            "resources/templates/list",
            "prompts/get",
            "prompts/list",
        ];
        let method = request.method;
        Err(if SERVED.contains(&method.as_str()) {
            ErrorData::invalid_params(format!("The parameters of {method} have the wrong shape."), None)
        } else {
            ErrorData::new(
                ErrorCode::METHOD_NOT_FOUND,
                format!("There is no method {method}."),
                None,
            )
        })
    }
}
