//! The bodies of the server's messages.

use super::row::Column;
use crate::error::ServerError;

/// Reads the fields of a message body; every getter is `None` where the body ends early.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self { rest: body }
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.rest.split_first_chunk::<N>()?;
        self.rest = tail;
        Some(*head)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    pub(crate) fn i16(&mut self) -> Option<i16> {
        self.take().map(i16::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }

    pub(crate) fn i32(&mut self) -> Option<i32> {
        self.take().map(i32::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    /// Bytes up to a NUL, or to the end where a bounded read cut the NUL off.
    pub(crate) fn cstr(&mut self) -> Option<String> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self
            .rest
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(self.rest.len());
        let text = String::from_utf8_lossy(&self.rest[..end]).into_owned();
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        Some(text)
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// ErrorResponse and NoticeResponse.
pub(crate) fn server_error(body: &[u8]) -> ServerError {
    let mut fields = Fields::new(body);
    let mut error = ServerError::default();
    while let Some(code) = fields.u8() {
        if code == 0 {
            break;
        }
        let Some(text) = fields.cstr() else { break };
        match code {
            // 'V' is never localised and comes after 'S'.
            b'V' => error.severity = text,
            b'S' if error.severity.is_empty() => error.severity = text,
            b'C' => error.sqlstate = text,
            b'M' => error.message = text,
            b'D' => error.detail = Some(text),
            b'H' => error.hint = Some(text),
            b'P' => error.position = text.parse().ok(),
            b'p' => error.internal_position = text.parse().ok(),
            b'q' => error.internal_query = Some(text),
            b'W' => error.where_ = Some(text),
            b's' => error.schema = Some(text),
            b't' => error.table = Some(text),
            b'c' => error.column = Some(text),
            b'd' => error.data_type = Some(text),
            b'n' => error.constraint = Some(text),
            b'F' => error.file = Some(text),
            b'L' => error.line = text.parse().ok(),
            b'R' => error.routine = Some(text),
            _ => {}
        }
    }
    error
}

/// RowDescription.
pub(crate) fn row_description(body: &[u8]) -> Option<Vec<Column>> {
    let mut fields = Fields::new(body);
    let count = fields.u16()?;
    let mut columns = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        let name = fields.cstr()?;
        let table_oid = fields.u32()?;
        let attnum = fields.i16()?;
        let type_oid = fields.u32()?;
        let _size = fields.i16()?;
        let typmod = fields.i32()?;
        let _format = fields.i16()?;
        columns.push(Column {
            name,
            type_oid,
            typmod,
            table_oid,
            attnum,
        });
    }
    Some(columns)
}

/// ParameterDescription: the type of each parameter.
pub(crate) fn parameter_description(body: &[u8]) -> Option<Vec<u32>> {
    let mut fields = Fields::new(body);
    let count = fields.u16()?;
    (0..count).map(|_| fields.u32()).collect()
}
