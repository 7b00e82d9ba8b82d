//! Who comes in. A page that runs in the same browser must neither read what is shown here nor
//! post to it: the name that the browser believes to talk to is checked against those that are
//! ours (a foreign name that was pointed at this address is none), and what changes something
//! must come from a page of ours.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderValue, Method, header};
use howdah_core::Result;

use super::token::{Token, chance};

/// The cookie of a browser that was let in.
const COOKIE: &str = "howdah";
/// How long a browser stays in.
const STAYS: Duration = Duration::from_secs(30 * 86_400);
/// Browsers that are remembered at most.
const BROWSERS_MAX: usize = 1_000;

/// Decides which requests are answered.
pub(super) struct Door {
    token: Option<Token>,
    address: SocketAddr,
    names: Vec<String>,
    inside: Mutex<HashMap<String, Instant>>,
}

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// It is addressed to a name that is not ours.
    Host,
    /// It would change something, and comes from elsewhere.
    Origin,
    /// The token has not been given.
    Token,
}

impl Door {
    pub(super) fn new(token: Option<Token>, address: SocketAddr, names: Vec<String>) -> Self {
        let names = names.into_iter().map(|name| name.to_ascii_lowercase()).collect();
        Self {
            token,
            address,
            names,
            inside: Mutex::default(),
        }
    }

    /// Whether the request may be answered; that of the style sheet and of the form for the token
    /// without one.
    pub(super) fn check(&self, method: &Method, headers: &HeaderMap, is_open: bool) -> Result<(), Closed> {
        let host = text(headers, header::HOST).ok_or(Closed::Host)?;
        if !self.is_ours(host) {
            return Err(Closed::Host);
        }
        if !method.is_safe() && !comes_from(headers, host) {
            return Err(Closed::Origin);
        }
        match is_open || self.is_inside(headers) {
            true => Ok(()),
            false => Err(Closed::Token),
        }
    }

    /// The cookie for a browser that gave the right token.
    pub(super) fn enter(&self, guess: &str) -> Result<Option<HeaderValue>> {
        if !self.token.as_ref().is_some_and(|token| token.is(guess)) {
            return Ok(None);
        }
        let pass = chance()?;
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.retain(|_, since| since.elapsed() < STAYS);
        if inside.len() >= BROWSERS_MAX
            && let Some(oldest) = inside
                .iter()
                .min_by_key(|(_, since)| **since)
                .map(|(pass, _)| pass.clone())
        {
            inside.remove(&oldest);
        }
        let cookie = format!(
            "{COOKIE}={pass}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}",
            STAYS.as_secs()
        );
        inside.insert(pass, Instant::now());
        Ok(HeaderValue::from_str(&cookie).ok())
    }

    fn is_inside(&self, headers: &HeaderMap) -> bool {
        if self.token.is_none() {
            return true;
        }
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|cookies| cookies.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='))
            .any(|pass| inside.get(pass).is_some_and(|since| since.elapsed() < STAYS))
    }

    /// Whether a browser that talks to `host` means this program. An address cannot be pointed
    /// elsewhere, as a name can; one of another machine is still none of ours where only this
    /// one is served.
    fn is_ours(&self, host: &str) -> bool {
        let Some((name, port)) = split(host) else {
            return false;
        };
        let is_loopback = self.address.ip().is_loopback();
        let is_named = self.names.contains(&name);
        // Behind a proxy the browser sees the proxy's port.
        let is_port = is_named
            || !is_loopback
            || port == Some(self.address.port())
            || (port.is_none() && self.address.port() == 80);
        let is_known = is_named
            || name == "localhost"
            || name
                .parse::<IpAddr>()
                .is_ok_and(|ip| !is_loopback || ip.is_loopback());
        is_port && is_known
    }
}

/// Whether a page of this host sent the request. Browsers say so of everything that is posted.
fn comes_from(headers: &HeaderMap, host: &str) -> bool {
    match text(headers, header::ORIGIN) {
        Some(origin) => origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"))
            .is_some_and(|origin| origin.eq_ignore_ascii_case(host)),
        None => headers
            .get("sec-fetch-site")
            .is_some_and(|site| site == "same-origin"),
    }
}

/// A host as name or address, without brackets, and its port.
fn split(host: &str) -> Option<(String, Option<u16>)> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (name, port) = rest.split_once(']')?;
            match port {
                "" => (name, None),
                port => (name, Some(port.strip_prefix(':')?)),
            }
        }
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    let port = port.map(str::parse).transpose().ok()?;
    Some((name.trim_end_matches('.').to_ascii_lowercase(), port))
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn door(address: &str, names: &[&str], token: Option<Token>) -> Door {
        Door::new(
            token,
            address.parse().unwrap(),
            names.iter().map(|name| (*name).to_owned()).collect(),
        )
    }

    fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
        of.iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_foreign_name_is_not_answered() {
        let local = door("127.0.0.1:7777", &["db.example"], None);
        for (host, is_ours) in [
            ("127.0.0.1:7777", true),
            ("localhost:7777", true),
            ("LocalHost:7777", true),
            ("[::1]:7777", true),
            ("db.example", true),
            ("localhost", false),
            ("localhost:7778", false),
            ("evil.example:7777", false),
            ("127.0.0.1.evil.example:7777", false),
            ("192.0.2.7:7777", false),
            ("localhost:7777:1", false),
            ("", false),
        ] {
            let checked = local.check(&Method::GET, &headers(&[("host", host)]), false);
            assert_eq!(checked.is_ok(), is_ours, "{host}");
        }
        assert_eq!(local.check(&Method::GET, &headers(&[]), true), Err(Closed::Host));
        let open = door("0.0.0.0:7777", &[], None);
        assert!(open.is_ours("192.0.2.7:7777") && !open.is_ours("evil.example:7777"));
    }

    #[test]
    fn what_changes_something_comes_from_here() {
        let door = door("127.0.0.1:7777", &[], None);
        let host = ("host", "127.0.0.1:7777");
        for (sent, is_from_here) in [
            (("origin", "http://127.0.0.1:7777"), true),
            (("sec-fetch-site", "same-origin"), true),
            (("sec-fetch-site", "same-site"), false),
            (("origin", "http://127.0.0.1:7778"), false),
            (("origin", "http://evil.example"), false),
            (("origin", "null"), false),
            (("accept", "*/*"), false),
        ] {
            let checked = door.check(&Method::POST, &headers(&[host, sent]), false);
            assert_eq!(checked.is_ok(), is_from_here, "{sent:?}");
        }
    }

    #[test]
    fn the_token_opens_once_for_a_browser() {
        let token = Token::make().unwrap();
        let door = door("0.0.0.0:7777", &[], Some(token.clone()));
        let host = ("host", "192.0.2.7:7777");
        assert_eq!(
            door.check(&Method::GET, &headers(&[host]), false),
            Err(Closed::Token)
        );
        assert!(door.enter("wrong").unwrap().is_none());
        let cookie = door.enter(token.reveal()).unwrap().unwrap();
        let cookie = cookie.to_str().unwrap();
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
            "{cookie}"
        );
        assert!(
            !cookie.contains(token.reveal()),
            "the token itself stays out of the browser"
        );
        let pass = cookie.split(';').next().unwrap();
        assert!(
            door.check(&Method::GET, &headers(&[host, ("cookie", pass)]), false)
                .is_ok()
        );
        let both = format!("other=1; {pass}");
        assert!(
            door.check(&Method::GET, &headers(&[host, ("cookie", &both)]), false)
                .is_ok()
        );
        let other = [host, ("cookie", "howdah=0")];
        assert_eq!(
            door.check(&Method::GET, &headers(&other), false),
            Err(Closed::Token)
        );
    }
}
