use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use howdah_core::{Context, Error, ErrorKind, Human, Result};
use maud::{Markup, html};

use super::State;
use super::ask::{self, PageHuman};
use super::door::{Closed, Door};
use super::lately::Lately;
use super::listen::Place;
use super::page::{Done, Page, frame, page, whole};
use super::visit::{Visit, problem};
use super::words::decoded;

/// What the browser gets beside pages.
const ASSETS: &[(&str, &str, &str)] = &[
    (
        "dashboard.css",
        "text/css; charset=utf-8",
        include_str!("dashboard.css"),
    ),
    (
        "dashboard.js",
        "text/javascript; charset=utf-8",
        include_str!("dashboard.js"),
    ),
    ("icon.svg", "image/svg+xml", include_str!("icon.svg")),
];
/// Where they are.
const ASSETS_AT: &str = "/assets/";
/// Where the token is given.
const LOGIN: &str = "/login";
/// Bytes of a form.
const FORM_MAX: usize = 1024 * 1024;
/// After a wrong token the next guess waits.
const WRONG_WAITS: Duration = Duration::from_millis(500);

/// What every answer tells the browser: nothing from elsewhere, nothing written in the page
/// itself, no frame around it. `no-referrer` would make the browser hide where a form comes from.
const HEADERS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Serves until the connection to the network fails.
pub(super) async fn serve(place: Place, door: Door, cx: Context) -> std::io::Result<()> {
    let state = Arc::new(State {
        cx,
        door,
        lately: Arc::new(Lately::default()),
    });
    let app = Router::new().fallback(move |request: Request| {
        let state = Arc::clone(&state);
        async move { Ok::<_, Infallible>(answer(&state, request).await) }
    });
    axum::serve(place.listener, app).await
}

/// The address of an asset. It names the build, so that the browser may keep it.
pub(super) fn asset(name: &str) -> String {
    let text = ASSETS
        .iter()
        .find(|(asset, _, _)| *asset == name)
        .map_or("", |(_, _, text)| text);
    format!("{ASSETS_AT}{name}?v={:08x}", fingerprint(text))
}

async fn answer(state: &Arc<State>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let is_open = path.starts_with(ASSETS_AT) || path == LOGIN;
    let mut response = match state.door.check(&method, request.headers(), is_open) {
        Err(closed) => turned_away(closed),
        Ok(()) if path.starts_with(ASSETS_AT) => served(&path[ASSETS_AT.len()..]),
        Ok(()) if path == LOGIN => login(state, request).await,
        Ok(()) => match page(&path) {
            None => plain(StatusCode::NOT_FOUND, "There is no such page."),
            Some(page) => match method {
                Method::GET | Method::HEAD => shown(state, page, request).await,
                Method::POST => done(state, page, request).await,
                _ => plain(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "Pages are read, and forms are posted.",
                ),
            },
        },
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

fn served(name: &str) -> Response {
    match ASSETS.iter().find(|(asset, _, _)| *asset == name) {
        None => plain(StatusCode::NOT_FOUND, "There is no such file."),
        Some((_, kind, text)) => (
            [
                (header::CONTENT_TYPE, *kind),
                (header::CACHE_CONTROL, "max-age=31536000, immutable"),
            ],
            *text,
        )
            .into_response(),
    }
}

async fn shown(state: &State, page: &'static Page, request: Request) -> Response {
    let visit = visit(state, page, words_of(&request));
    let drawn = (page.show)(&visit).await;
    match (drawn, visit.part()) {
        (Ok(part), Some(_)) => document(StatusCode::OK, &part),
        (Err(error), Some(_)) => document(status(&error), &problem(&error)),
        (Ok(content), None) => document(StatusCode::OK, &whole(&visit, page, &content)),
        (Err(error), None) => document(status(&error), &whole(&visit, page, &problem(&error))),
    }
}

async fn done(state: &State, page: &'static Page, request: Request) -> Response {
    let Some(act) = page.act else {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "This page takes no forms.");
    };
    let mut said = words_of(&request);
    match form(request).await {
        Ok(words) => said.extend(words),
        Err(response) => return response,
    }
    let human = Arc::new(PageHuman::new(&said));
    let mut visit = visit(state, page, said);
    visit.cx.human = Arc::clone(&human) as Arc<dyn Human>;
    let outcome = act(&visit).await;
    if let Some(question) = human.asked() {
        return document(
            StatusCode::OK,
            &whole(&visit, page, &ask::question(&visit, &question)),
        );
    }
    state.lately.forget();
    match outcome {
        Ok(Done::See(address)) => Redirect::to(&address).into_response(),
        Ok(Done::Show(content)) => document(StatusCode::OK, &whole(&visit, page, &content)),
        Err(error) => document(status(&error), &whole(&visit, page, &problem(&error))),
    }
}

fn visit(state: &State, page: &Page, said: Vec<(String, String)>) -> Visit {
    Visit {
        cx: state.cx.clone(),
        lately: Arc::clone(&state.lately),
        path: page.path,
        said,
    }
}

async fn login(state: &State, request: Request) -> Response {
    if request.method() != Method::POST {
        return document(StatusCode::OK, &login_page(None));
    }
    let words = match form(request).await {
        Ok(words) => words,
        Err(response) => return response,
    };
    let guess = words
        .iter()
        .find(|(name, _)| name == "token")
        .map_or("", |(_, token)| token.trim());
    match state.door.enter(guess) {
        Ok(Some(cookie)) => ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response(),
        Ok(None) => {
            tokio::time::sleep(WRONG_WAITS).await;
            document(StatusCode::FORBIDDEN, &login_page(Some("That is not the token.")))
        }
        Err(error) => document(status(&error), &login_page(Some(&error.message))),
    }
}

fn login_page(wrong: Option<&str>) -> Markup {
    frame(
        "Token",
        &html! {
            main.login id="main" tabindex="-1" {
                h1 { "Howdah" }
                form method="post" action=(LOGIN) {
                    label for="token" { "The token that howdah serve printed, or was given" }
                    input id="token" name="token" type="password" autocomplete="current-password" required;
                    @if let Some(wrong) = wrong { p.problem role="alert" { (wrong) } }
                    p { button { "Enter" } }
                }
            }
        },
    )
}

fn turned_away(closed: Closed) -> Response {
    match closed {
        Closed::Token => Redirect::to(LOGIN).into_response(),
        Closed::Host => plain(
            StatusCode::FORBIDDEN,
            "The browser means another host than this one. If the name is right, start with: howdah serve --host NAME",
        ),
        Closed::Origin => plain(
            StatusCode::FORBIDDEN,
            "This was sent by a page of another site, and is not carried out.",
        ),
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
        text,
    )
        .into_response()
}

fn document(status: StatusCode, markup: &Markup) -> Response {
    let headers: HeaderMap = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    )]
    .into_iter()
    .collect();
    (status, headers, Body::from(markup.0.clone())).into_response()
}

/// The words of the address.
fn words_of(request: &Request) -> Vec<(String, String)> {
    decoded(request.uri().query().unwrap_or_default().as_bytes())
}

/// The words of a form.
async fn form(request: Request) -> Result<Vec<(String, String)>, Response> {
    match axum::body::to_bytes(request.into_body(), FORM_MAX).await {
        Ok(bytes) => Ok(decoded(&bytes)),
        Err(_) => Err(plain(
            StatusCode::PAYLOAD_TOO_LARGE,
            "That is more than a form may hold.",
        )),
    }
}

fn status(error: &Error) -> StatusCode {
    match error.kind {
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::Refused => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Unavailable | ErrorKind::Server => StatusCode::BAD_GATEWAY,
        ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorKind::Cancelled | ErrorKind::Local | ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// FNV-1a.
fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}
