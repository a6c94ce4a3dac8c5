//! The way to the daemon, with what an agent is told where there is none.

use std::{io::ErrorKind, time::Duration};

use jsonrpsee::types::ErrorObjectOwned;
use serde_json::value::RawValue;

use crate::wire::{
    daemon::{Daemon, Failure},
    method::Method,
    place::Places,
};

/// A daemon answers within its rpc.call_timeout, half a minute unless configured; an agent does not wait for ever.
const ANSWERED_WITHIN: Duration = Duration::from_secs(120);

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The daemon says no.
    Refused(ErrorObjectOwned),
    /// No daemon answers.
    Away(String),
    /// There is a socket that we may not open.
    Shut(String),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        let told = failure.to_string();
        match failure {
            Failure::Refused(error) => Self::Refused(error),
            Failure::Away(tried) if tried.iter().any(|error| error.reason.kind() == ErrorKind::PermissionDenied) => {
                Self::Shut(told)
            }
            Failure::Away(_) | Failure::Lost(_) => Self::Away(told),
        }
    }
}

#[derive(Debug)]
pub(super) struct Link {
    daemon: Daemon,
    /// The account that is meant where a model names none.
    account: Option<String>,
}

impl Link {
    pub(super) fn new(places: Places, account: Option<String>) -> Self {
        Self { daemon: Daemon::new(places), account }
    }

    /// Tells the daemon who asks, as far as that is claimed.
    pub(super) fn calls_itself(&self, name: &str) {
        self.daemon.calls_itself(name);
    }

    pub(super) fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Calls a method, with a deadline of the caller's if that is later than the usual one.
    pub(super) async fn ask<M: Method>(
        &self,
        deadline: Duration,
        params: &M::Params,
    ) -> Result<Box<RawValue>, Trouble> {
        let deadline = deadline.max(ANSWERED_WITHIN);
        match tokio::time::timeout(deadline, self.daemon.call::<M>(params)).await {
            Ok(answer) => Ok(answer?),
            Err(_) => {
                self.daemon.disconnect().await;
                Err(Trouble::Away(format!("it takes longer than {} s to answer", deadline.as_secs())))
            }
        }
    }
}
