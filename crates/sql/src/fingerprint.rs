use crate::error::accept;
use crate::parse::with_parser_stack;
use crate::{Limits, SyntaxError, ffi};

/// Sixteen hexadecimal digits that are the same for statements which differ
/// only in their constants, in white space and comments, in schema names, and
/// in digits within relation names.
///
/// # Errors
/// As for [`parse`](crate::parse()), within the default [`Limits`].
pub fn fingerprint(text: &str) -> Result<String, SyntaxError> {
    let input = accept(text, &Limits::default())?;
    with_parser_stack(text, || {
        ffi::fingerprint(&input).map_err(|failure| SyntaxError::of_parser(text, failure))
    })
}
