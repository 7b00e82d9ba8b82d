use std::path::Path;

use howdah_core::{Error, ErrorKind, Result};
use sha2::{Digest, Sha256};

/// Where the token may be given.
const VARIABLE: &str = "HOWDAH_TOKEN";
/// Shorter ones can be guessed.
const LEAST_CHARS: usize = 16;

/// What lets a browser in. Never printed but by [`Token::reveal`].
#[derive(Clone)]
pub(super) struct Token(String);

impl Token {
    /// A new one: 192 bits of chance.
    pub(super) fn make() -> Result<Self> {
        Ok(Self(chance()?))
    }

    /// The text, for the person who started the program.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it was guessed right. How long that takes says nothing about how much of it was.
    pub(super) fn is(&self, guess: &str) -> bool {
        let (own, guess) = (
            Sha256::digest(self.0.as_bytes()),
            Sha256::digest(guess.as_bytes()),
        );
        own.iter()
            .zip(guess.iter())
            .fold(0, |differs, (a, b)| differs | (a ^ b))
            == 0
    }
}

/// The token that was given, by file or by environment.
pub(super) fn given(file: Option<&Path>) -> Result<Option<Token>> {
    let (text, place) = match file {
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|error| {
                Error::new(
                    ErrorKind::Local,
                    format!("The token cannot be read from {}: {error}.", file.display()),
                )
            })?;
            (text, file.display().to_string())
        }
        None => match std::env::var(VARIABLE) {
            Ok(text) => (text, VARIABLE.to_owned()),
            Err(_) => return Ok(None),
        },
    };
    let text = text.trim();
    if text.chars().count() < LEAST_CHARS {
        return Err(Error::invalid(format!(
            "The token in {place} has fewer than {LEAST_CHARS} characters."
        ))
        .hint("Take one that nobody guesses: head -c 24 /dev/urandom | base64"));
    }
    Ok(Some(Token(text.to_owned())))
}

/// Text that nobody guesses.
pub(super) fn chance() -> Result<String> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::internal(format!("The system gave no random bytes: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn only_the_whole_token_is_it() {
        let token = Token("0123456789abcdef".to_owned());
        assert!(token.is("0123456789abcdef"));
        for wrong in ["", "0123456789abcde", "0123456789abcdef0", "0123456789abcdeF"] {
            assert!(!token.is(wrong), "{wrong}");
        }
        assert_ne!(
            Token::make().map(|token| token.0).ok(),
            Token::make().map(|token| token.0).ok()
        );
    }
}
