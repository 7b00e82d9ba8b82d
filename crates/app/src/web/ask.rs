//! The question before a write. A tool that writes asks; the page puts the question with all that
//! the tool says about it, and the form that answers carries what the question was bound to. It
//! is asked again where the effect became another one meanwhile.

use std::sync::{Mutex, PoisonError};

use futures::future::BoxFuture;
use howdah_core::{Answer, Confirmation, Human, Result};
use maud::{Markup, html};

use super::visit::Visit;
use crate::visible::visible;

/// The name under which a form carries the person's agreement.
const AGREED: &str = "agreed";

/// The person in front of the page.
pub(super) struct PageHuman {
    agreed: Option<String>,
    asked: Mutex<Option<Confirmation>>,
}

impl PageHuman {
    /// With what the form says.
    pub(super) fn new(said: &[(String, String)]) -> Self {
        let agreed = said
            .iter()
            .find(|(name, _)| name == AGREED)
            .map(|(_, binding)| binding.clone());
        Self {
            agreed,
            asked: Mutex::default(),
        }
    }

    /// The question that was put and is not answered.
    pub(super) fn asked(&self) -> Option<Confirmation> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Human for PageHuman {
    fn confirm(&self, question: Confirmation) -> BoxFuture<'_, Result<Answer>> {
        Box::pin(async move {
            if self.agreed.as_deref() == Some(question.binding.as_str()) {
                return Ok(Answer::Approved);
            }
            *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(question);
            Ok(Answer::AskAndReturn)
        })
    }
}

/// The question as a page.
pub(super) fn question(visit: &Visit, question: &Confirmation) -> Markup {
    let said = visit
        .said
        .iter()
        .filter(|(name, _)| name != AGREED && name != "part");
    html! {
        section.question aria-labelledby="question" {
            h2 id="question" { "Go ahead?" }
            @if let Some(about) = visit.word("about") { p { (visible(about)) } }
            // Also what merely cannot be seen is shown: a person judges this.
            pre tabindex="0" role="group" aria-label="What is to be done" { (visible(&question.message)) }
            form method="post" action=(visit.path) {
                @for (name, value) in said {
                    input type="hidden" name=(name) value=(value);
                }
                input type="hidden" name=(AGREED) value=(question.binding);
                p.buttons {
                    button.danger { "Yes, do it" }
                    a.button href=(visit.link(visit.path, &[])) { "No" }
                }
            }
        }
    }
}
