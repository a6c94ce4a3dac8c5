//! The methods. Each is described where it is registered, and the OpenRPC document is made from those descriptions.
//!
//! A method parses its parameters, calls a handle and maps the result: no logic, and no side effect that its connection could
//! take along when it goes.

mod account;
mod audit;
mod catalog;
mod daemon;
mod feed;
mod token;

use std::sync::Arc;

use self::catalog::Catalog;
pub(super) use self::{
    catalog::{Methods, Outcome},
    feed::Feed,
};
use super::Backend;
use crate::{clock, kis::Environment, wire::types::Mode};
use chrono::{DateTime, FixedOffset, SubsecRound, Utc};

/// Every method, `rpc.discover` included.
pub(super) fn all(backend: Arc<Backend>) -> Methods {
    let mut catalog = Catalog::new(backend);
    account::register(&mut catalog);
    token::register(&mut catalog);
    daemon::register(&mut catalog);
    catalog.finish()
}

/// An instant as it is shown: Korean time, to the millisecond.
fn instant(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    clock::kst(at).trunc_subsecs(3)
}

fn mode(environment: Environment) -> Mode {
    match environment {
        Environment::Real => Mode::Real,
        Environment::Paper => Mode::Paper,
    }
}
