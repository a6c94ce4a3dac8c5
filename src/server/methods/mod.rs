//! The methods. Each is described where it is registered, and the OpenRPC document is made from those descriptions.
//!
//! A method parses its parameters, calls a handle and maps the result: no logic, and no side effect that its connection could
//! take along when it goes.

mod account;
mod assets;
mod audit;
mod catalog;
mod client;
mod daemon;
mod feed;
mod gateway;
mod kis;
mod market;
mod openrpc;
mod order;
mod quote;
mod recent;
mod stock;
mod token;
mod trades;

use std::{ops::RangeInclusive, sync::Arc, time::Duration};

use self::catalog::Catalog;
pub(super) use self::{
    catalog::{Methods, Outcome},
    feed::Feed,
};
use super::{
    Backend,
    error::{Refusal, standard},
};
use crate::{
    clock,
    kis::Environment,
    wire::{codes::INVALID_PARAMS, types::Mode},
};
use chrono::{DateTime, FixedOffset, SubsecRound, Utc};

/// Every method, `rpc.discover` included.
pub(super) fn all(backend: Arc<Backend>) -> Methods {
    let mut catalog = Catalog::new(backend);
    account::register(&mut catalog);
    trades::register(&mut catalog);
    assets::register(&mut catalog);
    order::register(&mut catalog);
    quote::register(&mut catalog);
    market::register(&mut catalog);
    kis::register(&mut catalog);
    stock::register(&mut catalog);
    token::register(&mut catalog);
    client::register(&mut catalog);
    gateway::register(&mut catalog);
    daemon::register(&mut catalog);
    catalog.finish()
}

/// An instant as it is shown: Korean time, to the millisecond.
fn instant(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    clock::kst(at).trunc_subsecs(3)
}

/// How long a caller may let a call take.
const TIMEOUTS_MS: RangeInclusive<u64> = 1_000..=600_000;

/// How long a caller lets a call take, if it says so.
fn timeout(timeout_ms: Option<u64>) -> Result<Option<Duration>, Refusal> {
    if timeout_ms.is_some_and(|timeout| !TIMEOUTS_MS.contains(&timeout)) {
        let (least, most) = (TIMEOUTS_MS.start(), TIMEOUTS_MS.end());
        return Err(standard(INVALID_PARAMS, format!("Invalid params: timeout_ms must be from {least} to {most}")));
    }
    Ok(timeout_ms.map(Duration::from_millis))
}

fn mode(environment: Environment) -> Mode {
    match environment {
        Environment::Real => Mode::Real,
        Environment::Paper => Mode::Paper,
    }
}
