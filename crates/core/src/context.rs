use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::{Error, Result};

/// Everything that a tool may use while it runs: the services that the program
/// put in, who called, whether the caller still waits, and where progress goes.
#[derive(Clone)]
pub struct Context {
    services: Arc<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    /// On whose behalf the tool runs.
    pub caller: Caller,
    /// Triggered when the caller went away or asked to stop.
    pub cancel: CancellationToken,
    /// Takes reports of progress.
    pub progress: Arc<dyn ProgressSink>,
    /// Reaches the person behind the caller, if that is possible.
    pub human: Arc<dyn Human>,
}

impl Context {
    /// A context without services, for a person, with nobody to ask.
    pub fn new(caller: Caller) -> Self {
        Self {
            services: Arc::default(),
            caller,
            cancel: CancellationToken::new(),
            progress: Arc::new(NoProgress),
            human: Arc::new(NoHuman),
        }
    }

    /// Adds a service, found again by its type with [`Context::get`].
    #[must_use]
    pub fn with<T: Any + Send + Sync>(mut self, service: Arc<T>) -> Self {
        let mut services = (*self.services).clone();
        services.insert(TypeId::of::<T>(), service);
        self.services = Arc::new(services);
        self
    }

    /// The service of type `T`; an error (a defect of the program) if it was never added.
    pub fn get<T: Any + Send + Sync>(&self) -> Result<Arc<T>> {
        self.services
            .get(&TypeId::of::<T>())
            .and_then(|service| Arc::clone(service).downcast::<T>().ok())
            .ok_or_else(|| {
                Error::internal(format!(
                    "The service {} was not set up.",
                    std::any::type_name::<T>()
                ))
            })
    }
}

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Caller {
    /// A model through MCP: bound by the target's mode.
    Agent,
    /// A person at the command line: consents by the command and `--yes`.
    Person {
        /// Whether `--yes` was given.
        consents: bool,
    },
    /// A person in the browser: bound by the target's mode, confirms in the page.
    Dashboard,
}

/// How far something has come.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    /// What is being done now, as a short present-tense phrase.
    pub phase: String,
    /// 0 to 1, where it is known.
    pub fraction: Option<f64>,
    /// Seconds that remain, where they can be estimated.
    pub eta_s: Option<f64>,
}

/// Takes reports of progress; must not block.
pub trait ProgressSink: Send + Sync {
    /// Called whenever there is news.
    fn report(&self, progress: Progress);
}

/// Drops every report.
pub struct NoProgress;

impl ProgressSink for NoProgress {
    fn report(&self, _: Progress) {}
}

/// A question put to a person before a write.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Confirmation {
    /// What the answer is bound to: changes whenever target, statement or
    /// measured effect change, so that one answer never serves another question.
    pub binding: String,
    /// The question with everything the person needs to decide, as text.
    pub message: String,
}

/// What became of a [`Confirmation`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A person said yes to exactly this.
    Approved,
    /// A person said no.
    Declined,
    /// The client cannot ask its person.
    Unavailable,
    /// The client must be answered first, and will call again with the person's reply.
    AskAndReturn,
}

/// The way to the person behind a caller. An answer must come from a person,
/// never from anything that a model could fill in.
pub trait Human: Send + Sync {
    /// Puts the question.
    fn confirm(&self, question: Confirmation) -> BoxFuture<'_, Result<Answer>>;
}

/// Nobody can be asked.
pub struct NoHuman;

impl Human for NoHuman {
    fn confirm(&self, _: Confirmation) -> BoxFuture<'_, Result<Answer>> {
        Box::pin(async { Ok(Answer::Unavailable) })
    }
}
