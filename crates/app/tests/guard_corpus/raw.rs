//! A plain client of the simple query protocol, blocking, with nothing between it and the server.
//!
//! The judge must not share code with what it judges, so it does not use Howdah's own client.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;

/// Where a server is and who asks.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) database: String,
}

impl Login {
    /// The same server and person, another database.
    pub(crate) fn database(&self, name: &str) -> Self {
        Self {
            database: name.to_owned(),
            ..self.clone()
        }
    }

    /// The same server and database, another person.
    pub(crate) fn user(&self, name: &str) -> Self {
        Self {
            user: name.to_owned(),
            ..self.clone()
        }
    }

    /// The URL that Howdah is given.
    pub(crate) fn url(&self) -> String {
        let Self {
            host,
            port,
            user,
            password,
            database,
        } = self;
        format!("postgres://{user}:{password}@{host}:{port}/{database}")
    }
}

/// What one message of SQL brought: the rows of all its results, and the first error.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) rows: Vec<Vec<Option<String>>>,
    pub(crate) error: Option<String>,
}

impl Answer {
    /// The rows, or a panic that shows the error: for statements that must work.
    pub(crate) fn expect(self, what: &str) -> Vec<Vec<Option<String>>> {
        match self.error {
            None => self.rows,
            Some(error) => panic!("{what}: {error}"),
        }
    }
}

/// One session.
pub(crate) struct Raw {
    stream: TcpStream,
    input: BytesMut,
    /// The backend's process id.
    pub(crate) pid: i32,
    /// Notifications that arrived so far, as `channel:payload`.
    pub(crate) notifications: Vec<String>,
    /// Whether a transaction is open.
    pub(crate) in_transaction: bool,
}

impl Raw {
    /// Connects; `options` are startup parameters (`application_name`, `options`, …).
    pub(crate) fn connect(login: &Login, options: &[(&str, &str)]) -> Result<Self, String> {
        let stream =
            TcpStream::connect((login.host.as_str(), login.port)).map_err(|e| format!("connect: {e}"))?;
        stream.set_nodelay(true).map_err(|e| e.to_string())?;
        stream
            .set_read_timeout(Some(Duration::from_secs(600)))
            .map_err(|e| e.to_string())?;
        let mut raw = Self {
            stream,
            input: BytesMut::new(),
            pid: 0,
            notifications: Vec::new(),
            in_transaction: false,
        };
        let mut parameters = vec![
            ("user", login.user.as_str()),
            ("database", login.database.as_str()),
            ("client_encoding", "UTF8"),
        ];
        parameters.extend_from_slice(options);
        let mut out = BytesMut::new();
        frontend::startup_message(parameters, &mut out).map_err(|e| e.to_string())?;
        raw.send(&out)?;
        raw.authenticate(&login.password)?;
        Ok(raw)
    }

    fn authenticate(&mut self, password: &str) -> Result<(), String> {
        let mut scram = None;
        loop {
            let mut out = BytesMut::new();
            match self.message()? {
                Message::AuthenticationOk | Message::ParameterStatus(_) | Message::NoticeResponse(_) => {}
                Message::AuthenticationCleartextPassword => {
                    frontend::password_message(password.as_bytes(), &mut out).map_err(|e| e.to_string())?;
                    self.send(&out)?;
                }
                Message::AuthenticationSasl(_) => {
                    let client = ScramSha256::new(password.as_bytes(), ChannelBinding::unsupported());
                    frontend::sasl_initial_response(SCRAM_SHA_256, client.message(), &mut out)
                        .map_err(|e| e.to_string())?;
                    self.send(&out)?;
                    scram = Some(client);
                }
                Message::AuthenticationSaslContinue(body) => {
                    let client = scram.as_mut().ok_or("SASL out of order")?;
                    client.update(body.data()).map_err(|e| e.to_string())?;
                    frontend::sasl_response(client.message(), &mut out).map_err(|e| e.to_string())?;
                    self.send(&out)?;
                }
                Message::AuthenticationSaslFinal(body) => {
                    scram
                        .as_mut()
                        .ok_or("SASL out of order")?
                        .finish(body.data())
                        .map_err(|e| e.to_string())?;
                }
                Message::BackendKeyData(body) => self.pid = body.process_id(),
                Message::ReadyForQuery(_) => return Ok(()),
                Message::ErrorResponse(body) => return Err(error_text(body.fields())),
                _ => return Err("unexpected message while connecting".to_owned()),
            }
        }
    }

    /// Runs a text of one or more statements; collects rows of all of them.
    pub(crate) fn simple(&mut self, sql: &str) -> Answer {
        let mut answer = Answer::default();
        if let Err(error) = self.run(sql, &mut answer) {
            answer.error.get_or_insert(error);
        }
        answer
    }

    fn run(&mut self, sql: &str, answer: &mut Answer) -> Result<(), String> {
        let mut out = BytesMut::new();
        frontend::query(sql, &mut out).map_err(|e| e.to_string())?;
        self.send(&out)?;
        loop {
            match self.message()? {
                Message::DataRow(body) => {
                    let mut ranges = body.ranges();
                    let mut row = Vec::new();
                    while let Some(range) = ranges.next().map_err(|e| e.to_string())? {
                        row.push(range.map(|r| String::from_utf8_lossy(&body.buffer()[r]).into_owned()));
                    }
                    answer.rows.push(row);
                }
                Message::CopyInResponse(_) => {
                    let mut fail = BytesMut::new();
                    frontend::copy_fail("no data", &mut fail).map_err(|e| e.to_string())?;
                    self.send(&fail)?;
                }
                Message::ErrorResponse(body) => {
                    answer.error.get_or_insert(error_text(body.fields()));
                }
                Message::ReadyForQuery(body) => {
                    self.in_transaction = body.status() != b'I';
                    return Ok(());
                }
                _ => {}
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.stream.write_all(bytes).map_err(|e| format!("write: {e}"))
    }

    /// The next message; notifications are put aside.
    fn message(&mut self) -> Result<Message, String> {
        loop {
            if let Some(message) = Message::parse(&mut self.input).map_err(|e| e.to_string())? {
                if let Message::NotificationResponse(body) = &message {
                    let (channel, payload) = (body.channel().unwrap_or("?"), body.message().unwrap_or("?"));
                    self.notifications.push(format!("{channel}:{payload}"));
                    continue;
                }
                return Ok(message);
            }
            let mut chunk = [0_u8; 16384];
            let read = match self.stream.read(&mut chunk) {
                // A child that ended is no answer of the server.
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                read => read.map_err(|e| format!("read: {e}"))?,
            };
            if read == 0 {
                return Err("the server closed the connection".to_owned());
            }
            self.input.extend_from_slice(&chunk[..read]);
        }
    }
}

fn error_text(fields: postgres_protocol::message::backend::ErrorFields<'_>) -> String {
    let mut message = String::new();
    let mut code = String::new();
    let mut fields = fields;
    while let Ok(Some(field)) = fields.next() {
        let value = String::from_utf8_lossy(field.value_bytes()).into_owned();
        match field.type_() {
            b'M' => message = value,
            b'C' => code = value,
            _ => {}
        }
    }
    format!("{message} ({code})")
}
