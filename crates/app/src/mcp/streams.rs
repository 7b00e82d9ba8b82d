//! Standard input and output without a thread in between where they are pipes
//! or sockets, as clients make them: every message would else be handed over to
//! a thread that may block, and back.

use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;

/// Where messages come from.
pub(super) type Input = Pin<Box<dyn AsyncRead + Send + Sync>>;
/// Where they go.
pub(super) type Output = Pin<Box<dyn AsyncWrite + Send + Sync>>;

/// Standard input.
pub(super) fn input() -> Input {
    // Opened anew: not to wait is then a property of what is opened here, and
    // not of what other processes may share.
    #[cfg(target_os = "linux")]
    if let Ok(pipe) = tokio::net::unix::pipe::OpenOptions::new().open_receiver("/proc/self/fd/0") {
        return Box::pin(pipe);
    }
    match socket(std::io::stdin().as_fd()) {
        Some(socket) => Box::pin(socket),
        None => Box::pin(tokio::io::stdin()),
    }
}

/// Standard output.
pub(super) fn output() -> Output {
    #[cfg(target_os = "linux")]
    if let Ok(pipe) = tokio::net::unix::pipe::OpenOptions::new().open_sender("/proc/self/fd/1") {
        return Box::pin(pipe);
    }
    match socket(std::io::stdout().as_fd()) {
        Some(socket) => Box::pin(socket),
        None => Box::pin(tokio::io::stdout()),
    }
}

/// The stream as a socket, if it is one. It cannot be opened anew; but the client
/// made it for this process alone.
fn socket(stream: BorrowedFd<'_>) -> Option<UnixStream> {
    let found = rustix::fs::fstat(stream).ok()?;
    if !rustix::fs::FileType::from_raw_mode(found.st_mode).is_socket() {
        return None;
    }
    let socket = std::os::unix::net::UnixStream::from(stream.try_clone_to_owned().ok()?);
    socket.set_nonblocking(true).ok()?;
    UnixStream::from_std(socket).ok()
}
