//! Stopping what a server does for us, from wherever the wish comes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::conninfo::Keepalives;
use crate::error::PgError;
use crate::tls::TlsPlan;
use crate::wire::dial::{Endpoint, RawSocket};
use crate::wire::socket::Socket;

/// How long a CancelRequest may take.
const CANCEL_MAX: Duration = Duration::from_secs(2);
/// How long the end of the program waits for all of them.
const CANCEL_ALL_MAX: Duration = Duration::from_secs(1);
/// How long a connection that is given up waits for its statement to end.
const HANG_UP_MAX: Duration = Duration::from_secs(1);
/// The code in place of a protocol version that makes a startup packet a CancelRequest.
const CANCEL_CODE: u32 = 80_877_102;

/// BackendKeyData.
#[derive(Clone)]
pub(crate) struct CancelKey {
    pub(crate) pid: i32,
    pub(crate) secret: Vec<u8>,
}

/// The way to stop what a connection is doing. It goes by a connection of its own, to the
/// same server and encrypted in the same way.
#[derive(Clone)]
pub struct Canceller(Arc<Route>);

struct Route {
    endpoint: Endpoint,
    keepalives: Keepalives,
    tls: Option<Arc<TlsPlan>>,
    key: Option<CancelKey>,
}

impl std::fmt::Debug for Canceller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Canceller")
            .field("pid", &self.pid())
            .finish_non_exhaustive()
    }
}

impl Canceller {
    pub(crate) fn new(
        endpoint: Endpoint,
        keepalives: Keepalives,
        tls: Option<Arc<TlsPlan>>,
        key: Option<CancelKey>,
    ) -> Self {
        Self(Arc::new(Route {
            endpoint,
            keepalives,
            tls,
            key,
        }))
    }

    pub(crate) fn pid(&self) -> i32 {
        self.0.key.as_ref().map_or(0, |key| key.pid)
    }

    /// Asks the server to stop what the connection is doing now. Returns when the server
    /// has passed it on, at the latest after 2 s; the statement then ends with SQLSTATE 57014.
    pub async fn cancel(&self) -> Result<(), PgError> {
        match tokio::time::timeout(CANCEL_MAX, self.send()).await {
            Ok(result) => result,
            Err(_) => Err(PgError::Timeout {
                what: "Cancelling the statement".to_owned(),
                after: CANCEL_MAX,
            }),
        }
    }

    async fn send(&self) -> Result<(), PgError> {
        let Some(key) = &self.0.key else {
            return Err(PgError::Invalid(
                "The server gave no key for cancelling".to_owned(),
            ));
        };
        let mut request = BytesMut::new();
        request.put_u32(u32::try_from(12 + key.secret.len()).unwrap_or(16));
        request.put_u32(CANCEL_CODE);
        request.put_i32(key.pid);
        request.put_slice(&key.secret);
        let lost = |error: std::io::Error| PgError::Connect {
            to: format!("{:?}", self.0.endpoint),
            reason: format!("the request to cancel could not be sent: {error}"),
            hint: None,
        };
        let raw = self.0.endpoint.dial(&self.0.keepalives).await.map_err(lost)?;
        match (raw, &self.0.tls) {
            (RawSocket::Unix(stream), _) => hand_over(stream, &request).await.map_err(lost),
            (RawSocket::Tcp(stream), None) => hand_over(stream, &request).await.map_err(lost),
            (RawSocket::Tcp(stream), Some(plan)) => {
                let stream = plan.connect(stream).await?;
                hand_over(stream, &request).await.map_err(lost)
            }
        }
    }

    /// Cancels without being waited for, then closes the connection. Until it is done it
    /// counts as in flight, so that the end of the program waits for it.
    pub(crate) fn cancel_detached(&self, mut socket: Socket) {
        let flight = Flight::enter(self);
        let canceller = self.clone();
        let work = async move {
            let _flight = flight;
            if let Err(error) = canceller.cancel().await {
                tracing::warn!(pid = canceller.pid(), %error, "a statement could not be cancelled");
            }
            // A pooler forgets a client that hangs up, and its wish to cancel with it: stay
            // until the statement has answered.
            let _ = tokio::time::timeout(HANG_UP_MAX, socket.read_u8()).await;
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(work);
            }
            // Dropped outside of the runtime: a thread of its own does it.
            Err(_) => {
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    if let Ok(runtime) = runtime {
                        runtime.block_on(work);
                    }
                });
            }
        }
    }
}

/// Sends the request and waits until the server closes: it has signalled the backend by then.
async fn hand_over(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &[u8]) -> std::io::Result<()> {
    stream.write_all(request).await?;
    stream.flush().await?;
    // Closing is all that a server ever answers, by whatever kind of end.
    let _ = stream.read_u8().await;
    Ok(())
}

static IN_FLIGHT: Mutex<BTreeMap<u64, Canceller>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Makes a call known to [`cancel_all_in_flight`] while it lives.
pub(crate) struct Flight(u64);

impl Flight {
    pub(crate) fn enter(canceller: &Canceller) -> Self {
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        IN_FLIGHT
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, canceller.clone());
        Self(id)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        IN_FLIGHT
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.0);
    }
}

/// How many calls of this process are being answered by servers now.
pub fn in_flight() -> usize {
    IN_FLIGHT.lock().unwrap_or_else(PoisonError::into_inner).len()
}

/// Cancels everything that this process has servers doing, for the end of the program:
/// after SIGTERM, or when the client has closed its side. Returns after at most 1 s.
pub async fn cancel_all_in_flight() {
    let cancellers: Vec<Canceller> = IN_FLIGHT
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .values()
        .cloned()
        .collect();
    let all = futures::future::join_all(cancellers.iter().map(Canceller::cancel));
    if tokio::time::timeout(CANCEL_ALL_MAX, all).await.is_err() {
        tracing::warn!("not every statement could be cancelled in time");
    }
}
