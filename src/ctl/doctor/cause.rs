//! Why there is no token or no balance, by the codes that KIS and the daemon give. The token and KIS are judged by the same, so
//! that they cannot contradict each other.

use crate::wire::{
    codes::{ErrorData, Kind},
    types::{DaemonStatus, TokenState},
};

/// What is behind a failure, as far as codes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ctl) enum Cause {
    /// KIS has just issued a token for this key, and not to this daemon.
    AnotherProgram,
    /// A key of one environment was used in the other.
    ModeAndKey,
    /// KIS refuses the app key or secret.
    Credentials,
    /// KIS was not reached, or what answered was not KIS.
    Network,
    /// KIS answered, and refused or failed.
    Kis,
    /// The account or its mode.
    Account,
    /// KIS's answer is not as known.
    Malformed,
    /// This user may not ask.
    Permission,
    /// Nothing that is known; it may pass.
    Other,
}

/// A token was asked for within the minute of another.
const TOO_SOON: &str = "EGW00133";

/// A paper key on the real host; a real key on the paper host.
const WRONG_ENVIRONMENT: [&str; 2] = ["EGW02004", "EGW02007"];

impl Cause {
    /// Why there is no token.
    pub(super) fn of_token(status: &DaemonStatus) -> Self {
        let error = status.token.last_error.as_deref().unwrap_or_default();
        match status.token.state {
            _ if WRONG_ENVIRONMENT.iter().any(|code| error.contains(code)) => Self::ModeAndKey,
            TokenState::Rejected => Self::Credentials,
            _ if error.contains(TOO_SOON) => Self::AnotherProgram,
            _ if names_a_code(error) => Self::Kis,
            _ if status.calls.failed.upstream_unreachable > 0 => Self::Network,
            _ => Self::Other,
        }
    }

    /// Why there is no balance.
    pub(super) fn of_call(data: Option<&ErrorData>, status: &DaemonStatus) -> Self {
        let Some(data) = data else { return Self::Other };
        let code = data.kis.as_ref().map_or("", |kis| kis.msg_cd.as_str());
        match data.kind {
            _ if WRONG_ENVIRONMENT.contains(&code) => Self::ModeAndKey,
            Kind::TokenUnavailable => Self::of_token(status),
            Kind::CredentialsRejected => Self::Credentials,
            Kind::UpstreamUnreachable => Self::Network,
            Kind::UpstreamRejected if data.retryable => Self::Kis,
            Kind::UpstreamRejected => Self::Account,
            Kind::UpstreamMalformed => Self::Malformed,
            Kind::PermissionDenied => Self::Permission,
            _ => Self::Other,
        }
    }
}

/// Whether a message has one of KIS's codes, as `EGW00002`: KIS itself has answered then.
fn names_a_code(message: &str) -> bool {
    message.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
        let letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
        word.len() == 8 && (3..=4).contains(&letters) && word.bytes().skip(letters).all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_kis_is_told_from_other_words() {
        for (message, has_code) in [
            ("KIS has a temporary fault (EGW00002 to tokenP, HTTP 500)", true),
            ("KIS refuses the call (OPSQ2000 to TTTC8434R, HTTP 200)", true),
            ("no answer to TTTC8434R: connection refused", false),
            ("the answer to tokenP (HTTP 503) is not one of KIS's: a page of HTML or XML", false),
        ] {
            assert_eq!(names_a_code(message), has_code, "{message}");
        }
    }
}
