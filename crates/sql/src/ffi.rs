//! The C functions of libpg_query, and the only `unsafe` code of Howdah.
//!
//! The `pg_query` crate links the library and decodes its trees, but keeps the
//! C functions to itself and drops the position from every error; so the few
//! that are needed are declared here once more, and wrapped so that nothing
//! unsafe leaves this file. The declarations follow `pg_query.h` of the
//! version that the workspace's lock file pins; the tests at the end notice if
//! they no longer do.
#![allow(unsafe_code)]

use std::borrow::Cow;
use std::ffi::{CStr, CString, c_char, c_int};
use std::marker::PhantomData;

/// What libpg_query reports instead of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) message: String,
    /// In characters from 1; 0 when the library names no position.
    pub(crate) position: usize,
}

/// One token, comments included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Token {
    start: c_int,
    end: c_int,
    token: u32,
    keyword: u32,
}

impl Token {
    /// First byte.
    pub(crate) fn start(self) -> usize {
        self.start.max(0) as usize
    }

    /// One past the last byte.
    pub(crate) fn end(self) -> usize {
        self.end.max(self.start).max(0) as usize
    }

    /// The grammar's number of the token; `pg_query::protobuf::Token` names them.
    pub(crate) fn code(self) -> i32 {
        self.token as i32
    }

    /// `pg_query::protobuf::KeywordKind` names these.
    pub(crate) fn keyword_kind(self) -> u32 {
        self.keyword
    }
}

#[repr(C)]
struct ErrorStruct {
    message: *mut c_char,
    funcname: *mut c_char,
    filename: *mut c_char,
    lineno: c_int,
    cursorpos: c_int,
    context: *mut c_char,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Bytes {
    len: usize,
    data: *mut c_char,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct ProtobufResult {
    tree: Bytes,
    stderr_buffer: *mut c_char,
    error: *mut ErrorStruct,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct JsonResult {
    tree: *mut c_char,
    stderr_buffer: *mut c_char,
    error: *mut ErrorStruct,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct PlpgsqlResult {
    functions: *mut c_char,
    error: *mut ErrorStruct,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct FingerprintResult {
    fingerprint: u64,
    hex: *mut c_char,
    stderr_buffer: *mut c_char,
    error: *mut ErrorStruct,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct ScanResult {
    tokens: *mut Token,
    count: c_int,
    error: *mut ErrorStruct,
}

unsafe extern "C" {
    fn pg_query_parse(input: *const c_char) -> JsonResult;
    fn pg_query_free_parse_result(result: JsonResult);
    fn pg_query_parse_protobuf(input: *const c_char) -> ProtobufResult;
    fn pg_query_free_protobuf_parse_result(result: ProtobufResult);
    fn pg_query_parse_plpgsql(input: *const c_char) -> PlpgsqlResult;
    fn pg_query_free_plpgsql_parse_result(result: PlpgsqlResult);
    fn pg_query_fingerprint(input: *const c_char) -> FingerprintResult;
    fn pg_query_free_fingerprint_result(result: FingerprintResult);
    fn pg_query_scan_tokens(input: *const c_char) -> ScanResult;
    fn pg_query_free_scan_tokens_result(result: ScanResult);
}

/// A result of the library, freed by the function that belongs to it.
struct Owned<T: Copy> {
    value: T,
    free: unsafe extern "C" fn(T),
    // The library's memory belongs to the thread that made it.
    _not_send: PhantomData<*mut ()>,
}

impl<T: Copy> Owned<T> {
    /// # Safety
    /// `value` was just returned by the library, and `free` is its `pg_query_free_…`.
    unsafe fn new(value: T, free: unsafe extern "C" fn(T)) -> Self {
        Self {
            value,
            free,
            _not_send: PhantomData,
        }
    }
}

impl<T: Copy> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: `new` demands that value and function belong together, and
        // nobody but this destructor frees the value.
        unsafe { (self.free)(self.value) }
    }
}

/// Parses and hands the protobuf encoding of the tree to `read`.
pub(crate) fn parse_protobuf<T>(text: &CString, read: impl FnOnce(&[u8]) -> T) -> Result<T, Failure> {
    // SAFETY: the input is NUL-terminated and outlives the call; the library
    // sets itself up on each thread's first call and catches its own errors.
    let result = unsafe {
        Owned::new(
            pg_query_parse_protobuf(text.as_ptr()),
            pg_query_free_protobuf_parse_result,
        )
    };
    failure(&result, result.value.error)?;
    let Bytes { len, data } = result.value.tree;
    if data.is_null() || len == 0 {
        return Ok(read(&[]));
    }
    // SAFETY: without an error, `data` points to `len` bytes that live until
    // `result` is dropped, which is after `read` returned.
    Ok(read(unsafe {
        std::slice::from_raw_parts(data.cast::<u8>(), len)
    }))
}

/// Parses and hands the JSON text of the tree to `read`.
pub(crate) fn parse_json<T>(text: &CString, read: impl FnOnce(&str) -> T) -> Result<T, Failure> {
    // SAFETY: as in `parse_protobuf`.
    let result = unsafe { Owned::new(pg_query_parse(text.as_ptr()), pg_query_free_parse_result) };
    failure(&result, result.value.error)?;
    Ok(read(&string(&result, result.value.tree)))
}

/// Parses the PL/pgSQL bodies of the functions and DO blocks in a script and
/// hands their JSON text to `read`.
pub(crate) fn parse_plpgsql<T>(text: &CString, read: impl FnOnce(&str) -> T) -> Result<T, Failure> {
    // SAFETY: as in `parse_protobuf`.
    let result = unsafe {
        Owned::new(
            pg_query_parse_plpgsql(text.as_ptr()),
            pg_query_free_plpgsql_parse_result,
        )
    };
    failure(&result, result.value.error)?;
    Ok(read(&string(&result, result.value.functions)))
}

/// The fingerprint as 16 hexadecimal digits.
pub(crate) fn fingerprint(text: &CString) -> Result<String, Failure> {
    // SAFETY: as in `parse_protobuf`.
    let result = unsafe {
        Owned::new(
            pg_query_fingerprint(text.as_ptr()),
            pg_query_free_fingerprint_result,
        )
    };
    failure(&result, result.value.error)?;
    Ok(string(&result, result.value.hex).into_owned())
}

/// The tokens of a text, comments included.
pub(crate) fn scan(text: &CString) -> Result<Vec<Token>, Failure> {
    // SAFETY: as in `parse_protobuf`.
    let result = unsafe {
        Owned::new(
            pg_query_scan_tokens(text.as_ptr()),
            pg_query_free_scan_tokens_result,
        )
    };
    failure(&result, result.value.error)?;
    let ScanResult { tokens, count, .. } = result.value;
    let count = usize::try_from(count).unwrap_or(0);
    if tokens.is_null() || count == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: without an error, `tokens` points to `count` tokens, whose layout
    // is that of `PgQueryScanToken`; they are copied before `result` is dropped.
    Ok(unsafe { std::slice::from_raw_parts(tokens, count) }.to_vec())
}

fn failure<T: Copy>(owner: &Owned<T>, error: *const ErrorStruct) -> Result<(), Failure> {
    // SAFETY: the library sets the pointer to null or to an error that lives
    // as long as the result that it came with, which is `owner`.
    let Some(error) = (unsafe { error.as_ref() }) else {
        return Ok(());
    };
    Err(Failure {
        message: string(owner, error.message).into_owned(),
        position: usize::try_from(error.cursorpos).unwrap_or(0),
    })
}

/// A string inside of a result of the library.
fn string<T: Copy>(_owner: &Owned<T>, text: *const c_char) -> Cow<'_, str> {
    if text.is_null() {
        return "".into();
    }
    // SAFETY: not null, and every string of the library is NUL-terminated and
    // lives as long as the result that it is a part of.
    let text = unsafe { CStr::from_ptr(text) };
    // The library copies what it was given, which is UTF-8: this is the quicker way to see that.
    text.to_str()
        .map_or_else(|_| text.to_string_lossy(), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn c(text: &str) -> CString {
        CString::new(text).unwrap()
    }

    #[test]
    fn the_declarations_fit_the_library() {
        assert_eq!(
            parse_json(&c("SELECT 1"), |tree| tree.contains("SelectStmt")),
            Ok(true)
        );
        assert_eq!(parse_protobuf(&c("SELECT 1"), |tree| tree.len() > 10), Ok(true));
        assert_eq!(fingerprint(&c("SELECT 1")).unwrap().len(), 16);
        let tokens: Vec<_> = scan(&c("SELECT é, 'x' -- c"))
            .unwrap()
            .iter()
            .map(|token| (token.start(), token.end()))
            .collect();
        assert_eq!(tokens, [(0, 6), (7, 9), (9, 10), (11, 14), (15, 19)]);
        let error = parse_json(&c("SELECT FROM é WHERE )"), |_| ()).unwrap_err();
        assert_eq!(error.message, "syntax error at or near \")\"");
        assert_eq!(error.position, 21);
        let body = "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$BEGIN RETURN; END$$";
        assert_eq!(
            parse_plpgsql(&c(body), |tree| tree.contains("PLpgSQL_function")),
            Ok(true)
        );
    }
}
