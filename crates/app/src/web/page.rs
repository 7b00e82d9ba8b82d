use futures::future::BoxFuture;
use howdah_core::{Result, inventory};
use howdah_pg::Targets;
use maud::{DOCTYPE, Markup, html};

use super::visit::Visit;
use super::{server, words};

/// A page of the dashboard. One file in `pages/` registers one with `inventory::submit!`.
pub(super) struct Page {
    /// Its address.
    pub(super) path: &'static str,
    /// Its heading, and its name in the menu.
    pub(super) title: &'static str,
    /// Its place in the menu; none for one that others lead to.
    pub(super) place: Option<u8>,
    /// Draws it, or the one part that is asked for.
    pub(super) show: Show,
    /// Does what its forms ask for.
    pub(super) act: Option<Act>,
}

/// Draws a page.
pub(super) type Show = for<'a> fn(&'a Visit) -> BoxFuture<'a, Result<Markup>>;
/// Does something, and says where to look next.
pub(super) type Act = for<'a> fn(&'a Visit) -> BoxFuture<'a, Result<Done>>;

/// What follows on what a form asked for.
pub(super) enum Done {
    /// Another page, where it can be seen.
    See(String),
    /// This.
    Show(Markup),
}

inventory::collect!(Page);

/// The page at a path.
pub(super) fn page(path: &str) -> Option<&'static Page> {
    inventory::iter::<Page>().find(|page| page.path == path)
}

/// The pages of the menu, in order.
fn menu() -> Vec<&'static Page> {
    let mut pages: Vec<&Page> = inventory::iter::<Page>()
        .filter(|page| page.place.is_some())
        .collect();
    pages.sort_by_key(|page| (page.place, page.path));
    pages
}

/// The page around its content.
pub(super) fn whole(visit: &Visit, page: &Page, content: &Markup) -> Markup {
    let target = visit.target();
    let targets = visit.cx.get::<Targets>().ok();
    let default = targets
        .as_ref()
        .and_then(|targets| targets.get(None).ok())
        .map(|target| target.name.clone());
    let mut names: Vec<String> = targets
        .map(|targets| targets.list().iter().map(|target| target.name.clone()).collect())
        .unwrap_or_default();
    let shown = target.or(default);
    if let Some(shown) = &shown
        && !names.contains(shown)
    {
        names.push(shown.clone());
    }
    let title = match &shown {
        Some(shown) => format!("{} · {shown}", page.title),
        None => page.title.to_owned(),
    };
    frame(
        &title,
        &html! {
            header.top {
                a.brand href=(visit.link("/", &[])) { "Howdah" }
                nav aria-label="Pages" {
                    ul {
                        @for other in menu() {
                            li { a href=(visit.link(other.path, &[])) aria-current=[(other.path == page.path).then_some("page")] { (other.title) } }
                        }
                    }
                }
                @if names.len() > 1 {
                    form.targets method="get" action=(page_of(page)) {
                        label for="target" { "Target" }
                        select id="target" name="target" {
                            @for name in &names {
                                option value=(name) selected[Some(name) == shown.as_ref()] { (name) }
                            }
                        }
                        button { "Show" }
                    }
                } @else if let Some(shown) = &shown {
                    p.target { span.faint { "Target " } (shown) }
                }
            }
            main id="main" tabindex="-1" {
                h1 { (page.title) }
                (content)
            }
            footer { p { "Times are UTC. Howdah " (env!("CARGO_PKG_VERSION")) } }
        },
    )
}

/// Where the choice of another target leads: a page of the menu means the same there.
fn page_of(page: &Page) -> &'static str {
    if page.place.is_some() { page.path } else { "/" }
}

/// A document with nothing but what is given.
pub(super) fn frame(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (words::shortened(title, 80)) " · Howdah" }
                link rel="icon" href=(server::asset("icon.svg")) type="image/svg+xml";
                link rel="stylesheet" href=(server::asset("dashboard.css"));
                script src=(server::asset("dashboard.js")) defer {}
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                (body)
            }
        }
    }
}
