//! How a write is put to the person behind the client.
//!
//! Until 2025-11-25 the server asks with `elicitation/create` while the call
//! waits. From 2026-07-28 the call returns `input_required` with the question,
//! and the client calls again with the person's reply and the sealed state. What
//! counts is the reply that the client's own machinery fills in; nothing in a
//! tool's arguments, which are the model's, is ever a confirmation.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use howdah_core::{Answer, Confirmation, Error, Human, Result};
use rmcp::model::{
    ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema, InputRequest,
    InputRequiredResult, InputResponses, ProtocolVersion, RequestStateCodec, RequestStateError, SealOptions,
};
use rmcp::service::{Peer, RequestContext, RoleServer};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::visible::visible;

/// How long a person may take, and so how long a reply counts.
const ANSWER_WITHIN: Duration = Duration::from_secs(600);

/// The name of our one question in `inputRequests`.
const QUESTION: &str = "confirm";

/// Seals questions into `requestState` and takes each reply only once.
pub(super) struct Confirmations {
    codec: RequestStateCodec,
    taken: Mutex<HashMap<String, Instant>>,
}

/// What `requestState` holds. It is sealed, not secret: hashes only.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    /// What the question was bound to: tool, target, statement, measured effect.
    binding: String,
    /// Makes every question a different one.
    nonce: String,
}

impl Confirmations {
    /// With a key that lives as long as this process.
    pub(super) fn new() -> Result<Self> {
        let codec = RequestStateCodec::try_new(random::<32>()?)
            .map_err(|error| Error::internal(format!("The confirmation key was refused: {error}")))?;
        Ok(Self {
            codec,
            taken: Mutex::default(),
        })
    }

    fn seal(&self, binding: String) -> Result<String> {
        let asked = Asked {
            binding,
            nonce: hex(&random::<16>()?),
        };
        self.codec
            .seal_json_with(&asked, &SealOptions::new().ttl(ANSWER_WITHIN))
            .map_err(|error| Error::internal(format!("The question could not be sealed: {error}")))
    }

    /// Whether the state belongs to exactly this question, is fresh and was not
    /// used before. A state that this process did not seal is an error; one that
    /// is merely old or about something else is not, the person is asked again.
    fn redeem(&self, state: &str, binding: &str) -> Result<bool> {
        let asked: Asked = match self.codec.open_json(state) {
            Ok(asked) => asked,
            Err(RequestStateError::Expired) => return Ok(false),
            Err(_) => {
                return Err(
                    Error::refused("The requestState was altered, or comes from another session.").hint(
                        "Call again without requestState and inputResponses; the person is asked anew.",
                    ),
                );
            }
        };
        if asked.binding != binding {
            return Ok(false);
        }
        let now = Instant::now();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.retain(|_, at| now.duration_since(*at) < ANSWER_WITHIN);
        Ok(taken.insert(asked.nonce, now).is_none())
    }
}

/// The person behind one call.
pub(super) struct ClientHuman {
    confirmations: Arc<Confirmations>,
    tool: &'static str,
    way: Way,
    reply: Mutex<Option<Reply>>,
    pending: Mutex<Option<InputRequiredResult>>,
}

enum Way {
    /// The client cannot ask.
    None,
    /// The server asks while the call waits.
    Elicit(Peer<RoleServer>),
    /// The call returns and comes again.
    Return,
}

struct Reply {
    state: String,
    action: ElicitationAction,
}

impl ClientHuman {
    /// As the client's revision and capabilities allow for this call.
    pub(super) fn new(
        confirmations: Arc<Confirmations>,
        tool: &'static str,
        context: &RequestContext<RoleServer>,
        responses: Option<InputResponses>,
        state: Option<String>,
    ) -> Self {
        Self {
            confirmations,
            tool,
            way: Way::of(context),
            reply: Mutex::new(reply(responses, state)),
            pending: Mutex::default(),
        }
    }

    /// The question that the client must put, if the tool asked one.
    pub(super) fn pending(&self) -> Option<InputRequiredResult> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn ask_and_return(&self, question: Confirmation) -> Result<Answer> {
        let binding = bound(self.tool, &question.binding);
        let reply = self.reply.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reply) = reply
            && self.confirmations.redeem(&reply.state, &binding)?
        {
            return Ok(answer(&reply.action));
        }
        let ask = InputRequest::Elicitation(ElicitRequest::new(form(&question.message)));
        let state = self.confirmations.seal(binding)?;
        let required =
            InputRequiredResult::new(Some(BTreeMap::from([(QUESTION.to_owned(), ask)])), Some(state));
        *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = Some(required);
        Ok(Answer::AskAndReturn)
    }
}

impl Human for ClientHuman {
    fn confirm(&self, question: Confirmation) -> BoxFuture<'_, Result<Answer>> {
        Box::pin(async move {
            match &self.way {
                Way::None => Ok(Answer::Unavailable),
                Way::Return => self.ask_and_return(question),
                Way::Elicit(peer) => Ok(elicit(peer, question).await),
            }
        })
    }
}

impl Way {
    fn of(context: &RequestContext<RoleServer>) -> Self {
        // A form is the default; a client that names only the other mode has none.
        let asks = context
            .client_capabilities()
            .and_then(|capabilities| capabilities.elicitation)
            .is_some_and(|modes| modes.form.is_some() || modes.url.is_none());
        let stateless = context
            .protocol_version()
            .is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
        match (asks, stateless) {
            (false, _) => Self::None,
            (true, true) => Self::Return,
            (true, false) => Self::Elicit(context.peer.clone()),
        }
    }
}

async fn elicit(peer: &Peer<RoleServer>, question: Confirmation) -> Answer {
    match peer
        .create_elicitation_with_timeout(form(&question.message), Some(ANSWER_WITHIN))
        .await
    {
        Ok(result) => answer(&result.action),
        // It said that it can ask and then did not; the write may still be
        // approved in another way.
        Err(error) => {
            tracing::info!(%error, "the client could not put the question");
            Answer::Unavailable
        }
    }
}

/// A form without fields: to accept it is to say yes.
fn form(message: &str) -> ElicitRequestParams {
    ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: visible(message).into_owned(),
        requested_schema: ElicitationSchema::new(BTreeMap::new()),
    }
}

fn answer(action: &ElicitationAction) -> Answer {
    match action {
        ElicitationAction::Accept => Answer::Approved,
        _ => Answer::Declined,
    }
}

/// Both halves of the reply; one without the other is none.
fn reply(responses: Option<InputResponses>, state: Option<String>) -> Option<Reply> {
    let response = responses?.remove(QUESTION)?;
    let result: ElicitResult = serde_json::from_value(response).ok()?;
    Some(Reply {
        state: state?,
        action: result.action,
    })
}

fn bound(tool: &str, binding: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(tool.as_bytes());
    hash.update([0]);
    hash.update(binding.as_bytes());
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn random<const LENGTH: usize>() -> Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::internal(format!("The system gave no random bytes: {error}")))?;
    Ok(bytes)
}
