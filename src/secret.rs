//! App key, app secret and access token as types that never print and are wiped from memory when dropped.
//!
//! None of them implements `Display`, `Serialize` or `PartialEq`. [`expose`](AppKey::expose) is called where a secret has to
//! leave the process, in `kis` (the wire) and `token::store` (the mirror), and nowhere else.

use secrecy::{ExposeSecret, SecretString};

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(SecretString);

        impl $name {
            /// The secret itself; the caller answers for where it goes.
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }

            /// Whether both are the same.
            pub fn same_as(&self, other: &Self) -> bool {
                self.expose() == other.expose()
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

secret! {
    /// `appkey`: identifies one account in one environment; 36 characters.
    AppKey
}
secret! {
    /// `appsecret`: proves the right to use the app key; 180 characters.
    AppSecret
}
secret! {
    /// `access_token`: the bearer token that KIS issues, one at a time for an app key.
    AccessToken
}

/// Why a text is not a credential; never quotes the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    /// Another length than KIS gives out.
    #[error("has {found} characters, KIS issues {expected}")]
    Length {
        /// Characters found.
        found: usize,
        /// Characters that KIS issues.
        expected: usize,
    },
    /// White space, control characters or anything that cannot stand in an HTTP header.
    #[error("holds a character that no KIS credential has (white space, a quote, or not ASCII)")]
    Character,
}

fn checked(text: String, expected: usize) -> Result<SecretString, SecretFault> {
    // Into the wiping type first: a refused text is as secret as an accepted one (a key pasted into the wrong place).
    let secret = SecretString::from(text);
    let found = secret.expose_secret().chars().count();
    if found != expected {
        return Err(SecretFault::Length { found, expected });
    }
    if !secret.expose_secret().bytes().all(is_credential_byte) {
        return Err(SecretFault::Character);
    }
    Ok(secret)
}

fn is_credential_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\')
}

impl AppKey {
    /// Characters of an app key.
    pub const LENGTH: usize = 36;

    /// Checks length and characters.
    pub fn try_new(text: String) -> Result<Self, SecretFault> {
        checked(text, Self::LENGTH).map(Self)
    }
}

impl AppSecret {
    /// Characters of an app secret.
    pub const LENGTH: usize = 180;

    /// Checks length and characters.
    pub fn try_new(text: String) -> Result<Self, SecretFault> {
        checked(text, Self::LENGTH).map(Self)
    }
}

impl AccessToken {
    /// Longest token taken from anybody; KIS documents 350 characters.
    pub const MAX_LENGTH: usize = 4096;

    /// Checks that the text can be sent as a bearer token.
    pub fn try_new(text: String) -> Result<Self, SecretFault> {
        let secret = SecretString::from(text);
        let found = secret.expose_secret().len();
        if found == 0 || found > Self::MAX_LENGTH {
            return Err(SecretFault::Length { found, expected: 350 });
        }
        if !secret.expose_secret().bytes().all(is_credential_byte) {
            return Err(SecretFault::Character);
        }
        Ok(Self(secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_type_and_not_a_character_of_the_secret() {
        let key = AppKey::try_new("P".repeat(36)).unwrap();
        assert_eq!(format!("{key:?}"), "AppKey(…)");
    }

    #[test]
    fn a_trailing_newline_is_a_wrong_length_and_the_error_does_not_quote_it() {
        let fault = AppKey::try_new(format!("{}\n", "P".repeat(36))).unwrap_err();
        assert_eq!(fault, SecretFault::Length { found: 37, expected: 36 });
        assert!(!fault.to_string().contains('P'));
    }

    #[test]
    fn a_space_inside_is_refused() {
        let fault = AppSecret::try_new(format!("{} {}", "a".repeat(90), "b".repeat(89))).unwrap_err();
        assert_eq!(fault, SecretFault::Character);
    }
}
