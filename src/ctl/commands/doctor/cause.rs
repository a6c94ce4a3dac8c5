//! Why there is no token or no balance, by the codes that KIS and the daemon give. The token and KIS are judged by the same, so
//! that they cannot contradict each other.

use crate::wire::{
    codes::{ErrorData, Kind},
    types::{TokenState, TokenStatus},
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
    pub(super) fn of_token(token: &TokenStatus) -> Self {
        let data = token.last_fault.as_ref().and_then(|fault| fault.data.as_ref());
        let code = code(data);
        match (token.state, data.map(|data| data.kind)) {
            _ if WRONG_ENVIRONMENT.contains(&code) => Self::ModeAndKey,
            (TokenState::Rejected, _) => Self::Credentials,
            _ if code == TOO_SOON => Self::AnotherProgram,
            (_, Some(Kind::UpstreamUnreachable)) => Self::Network,
            (_, Some(Kind::UpstreamMalformed)) => Self::Malformed,
            _ if data.is_some_and(|data| data.kis.is_some()) => Self::Kis,
            _ => Self::Other,
        }
    }

    /// Why there is no balance.
    pub(super) fn of_call(data: Option<&ErrorData>, token: &TokenStatus) -> Self {
        let Some(ErrorData { kind, retryable, .. }) = data else { return Self::Other };
        match kind {
            _ if WRONG_ENVIRONMENT.contains(&code(data)) => Self::ModeAndKey,
            Kind::TokenUnavailable => Self::of_token(token),
            Kind::CredentialsRejected => Self::Credentials,
            Kind::UpstreamUnreachable => Self::Network,
            Kind::UpstreamRejected if *retryable => Self::Kis,
            Kind::UpstreamRejected => Self::Account,
            Kind::UpstreamMalformed => Self::Malformed,
            Kind::PermissionDenied => Self::Permission,
            _ => Self::Other,
        }
    }
}

fn code(data: Option<&ErrorData>) -> &str {
    data.and_then(|data| data.kis.as_ref()).map_or("", |kis| &kis.msg_cd)
}
