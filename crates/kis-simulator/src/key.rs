//! One app key with everything that KIS keeps about it, and the calls that are simulated.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{
    Options, generic,
    http::{Answer, Request},
    ledger::{INQUIRE_BALANCE, Ledger},
    limits::Limits,
    market::Market,
    oauth::{self, OAuth},
    orders::{self, Call, Desk, Steering},
};
use crate::clock::Instant;

/// A call that is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Token,
    Revoke,
    Approval,
    Hashkey,
    Balance,
    /// Any other that the catalogue has.
    Other,
}

impl Operation {
    /// What a request asks for; `None` if it is not simulated. A WebSocket handshake is no call, whatever its path.
    pub(super) fn of(request: &Request) -> Option<Self> {
        if is_websocket(request) {
            return None;
        }
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/oauth2/tokenP") => Some(Self::Token),
            ("POST", "/oauth2/revokeP") => Some(Self::Revoke),
            ("POST", "/oauth2/Approval") => Some(Self::Approval),
            ("POST", "/uapi/hashkey") => Some(Self::Hashkey),
            ("GET", INQUIRE_BALANCE) => Some(Self::Balance),
            _ => generic::is_known(request).then_some(Self::Other),
        }
    }
}

/// Whether something is simulated at the path of a request, and not with its method.
pub(super) fn is_of_other_method(request: &Request) -> bool {
    let others = ["GET", "POST"].into_iter().filter(|method| *method != request.method);
    others.into_iter().any(|method| {
        let method = method.to_owned();
        let path = request.path.clone();
        Operation::of(&Request { method, path, ..Request::default() }).is_some()
    })
}

pub(super) fn is_websocket(request: &Request) -> bool {
    request.header_has("upgrade", "websocket")
}

/// One app key: its token, its quota, its accounts.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) options: Options,
    pub(super) oauth: OAuth,
    limits: Limits,
    /// By account number and product code.
    ledgers: BTreeMap<(String, String), Ledger>,
    places: generic::Places,
    pub(super) desk: Desk,
}

impl Key {
    pub(super) fn new(options: Options, market: &Market) -> Self {
        Self {
            desk: Desk::new(options.mode, Steering::of(market)),
            options,
            oauth: OAuth::default(),
            limits: Limits::default(),
            ledgers: BTreeMap::new(),
            places: generic::Places::default(),
        }
    }

    /// Answers a call that names this key.
    pub(super) fn answer(
        &mut self,
        operation: Operation,
        request: &Request,
        market: &Market,
        (now, arrived): (DateTime<Utc>, Instant),
    ) -> Answer {
        if !self.limits.allow(arrived, self.options.calls_per_second) {
            return Answer::refusal(&request.path, "EGW00201", "초당 거래건수를 초과하였습니다.");
        }
        if orders::is_order(request) && !self.desk.comes_late_enough(arrived, self.options.order_interval) {
            return Answer::refusal(&request.path, "EGW00201", "초당 거래건수를 초과하였습니다.");
        }
        let options = &self.options;
        match operation {
            Operation::Token => self.oauth.issue(request, options, now),
            Operation::Revoke => self.oauth.revoke(request, options),
            Operation::Approval => oauth::approval(request, options),
            Operation::Hashkey => oauth::hashkey(request, options),
            Operation::Balance | Operation::Other => {
                if let Err(refusal) = self.oauth.check(request, options, now) {
                    return refusal;
                }
                let request = &*orders::with_body_as_params(request);
                let param = |name| request.param(name).unwrap_or_default();
                self.desk.settle(&mut self.options, market, now, arrived);
                let options = self.desk.seen(&self.options, (param("CANO"), param("ACNT_PRDT_CD")), market, now);
                let answer = if operation == Operation::Other {
                    let Self { places, desk, options: own, .. } = self;
                    let call = Call { request, market, options: &options, now, arrived };
                    places.answer(&call, |operation| desk.answer(operation, own, call))
                } else {
                    let ledger = self.ledgers.entry((options.cano.clone(), options.product_code.clone())).or_default();
                    ledger.inquire_balance(request, &options)
                };
                answer.of_tr(request)
            }
        }
    }
}
