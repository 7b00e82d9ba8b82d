//! The guard against real servers. What became of an attack is judged by another client
//! afterwards, never by the guard's own answer.
#![allow(clippy::unwrap_used, clippy::panic)]

/// Runs the same cases on every major version, each in a database of its own.
macro_rules! class {
    ($name:ident, $arena:ident, $body:block) => {
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            for major in majors() {
                let $arena = Arena::new(server(major).await).await;
                $body
            }
        }
    };
}

mod allow_list;
mod arena;
mod classes;
mod owner;
mod session;
mod stored;
mod together;
mod writes;
