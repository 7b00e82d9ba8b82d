//! Telling people. A [`Steady`] decides when a state has lasted long enough to be told, and when it is over;
//! [`Silence`] when nobody wants to be told; a [`Channel`] is the way: a webhook, a chat that takes what Slack
//! takes, e-mail, a command. What is told is a [`News`].

mod channel;
mod command;
mod email;
mod news;
mod silence;
mod steady;
mod webhook;

pub use channel::{Channel, Channels};
pub use news::{News, Phase};
pub use silence::Silence;
pub use steady::{Steady, Told};
