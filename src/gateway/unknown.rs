//! Paths that the catalogue does not know, where `gateway.unknown` lets programs read: KIS may have more than it has told.
//!
//! Nothing is known of such an operation, so that it is passed on only where it cannot be a trade, by three signs that every trade
//! of KIS has: its method, its path and its TR id.

use kis_catalog::{Effect, Kind as OperationKind, Mode, Operation, catalog};
use spelled_http::Request;

use super::{answer::Refusal, check::Given};
use crate::{
    account::{Account, relay::Target},
    book::Book,
    wire::codes::Kind,
};

/// Where KIS's operations are.
const ROOT: &str = "/uapi/";

/// What is in every path where KIS trades.
const TRADING: &str = "trading";

/// Longest path and longest TR id that are passed on; KIS's own have 71 and 13 letters.
const LONGEST_PATH: usize = 128;
const LONGEST_TR_ID: usize = 16;

/// Whether KIS has an operation at this path that is called by requests of its own, by the catalogue.
pub(super) fn is_known(path: &str) -> bool {
    catalog().operations().any(|operation| {
        operation.path() == path && !matches!(operation.kind(), OperationKind::Auth | OperationKind::Realtime)
    })
}

/// What may be asked at a path that is not known.
pub(super) fn target(request: &Request, tr_id: &str) -> Result<Target, Refusal> {
    let no = |why: &str| Err(Refusal::own_status(404, Kind::NotFound, format!("kisd: {why}; nothing was sent")));
    if request.method != "GET" {
        return no("at a path that kisd does not know only GET is passed on");
    }
    if !is_plain(&request.path) {
        return no("a path that kisd does not know is passed on only below /uapi/, in letters, digits, - and _");
    }
    if request.path.to_ascii_lowercase().contains(TRADING) {
        return no("a path that kisd does not know is not passed on where KIS trades");
    }
    if tr_id.is_empty() {
        return Err(Refusal::gateway("OPSQ9999", "tr_id 값이 없습니다."));
    }
    let is_plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    if tr_id.len() > LONGEST_TR_ID || !tr_id.bytes().all(is_plain) {
        return no("a TR id has capital letters and digits, 16 at most");
    }
    if may_trade(tr_id) {
        return no("this TR id is that of a trade");
    }
    Ok(Target::Unknown { path: request.path.as_str().into(), tr_id: tr_id.into() })
}

/// Whether a path can be read in one way only.
fn is_plain(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(is_plain);
    path.len() <= LONGEST_PATH && path.strip_prefix(ROOT).is_some_and(|rest| rest.split('/').all(is_part))
}

/// Whether a TR may change something: the catalogue says so, or its last letter, which KIS gives to updates.
fn may_trade(tr_id: &str) -> bool {
    let has_it = |operation: &&Operation| {
        let of_today = [Mode::Real, Mode::Paper].into_iter().filter_map(|mode| operation.tr_id(mode));
        of_today.chain(operation.old_tr_ids()).any(|known| known == tr_id)
    };
    tr_id.ends_with('U') || catalog().operations().filter(has_it).any(|known| known.effect() != Effect::Read)
}

/// Whether a request names nobody's account but this one. Which of the parameters are accounts nobody knows.
pub(super) fn is_own(given: &[Given<'_>], account: &Account, book: &Book) -> bool {
    let is_it = |name: &str, own: &str| {
        let mut named = given.iter().filter(|known| known.name.eq_ignore_ascii_case(name));
        named.all(|known| known.value == own)
    };
    let others = book.accounts().map(|other| other.id.cano()).filter(|other| *other != account.id.cano());
    let has = |given: &Given<'_>, number: &str| given.value.contains(number) || given.name.contains(number);
    let names_another = others.into_iter().any(|other| given.iter().any(|given| has(given, other)));
    let is_own_user = account.hts_id.as_ref().is_none_or(|id| is_it("USER_ID", id.as_str()));
    is_it("CANO", account.id.cano())
        && is_it("ACNT_PRDT_CD", account.id.product_code())
        && is_own_user
        && !names_another
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(method: &str, path: &str, tr_id: &str) -> bool {
        let request = Request { method: method.to_owned(), path: path.to_owned(), ..Request::default() };
        target(&request, tr_id).is_err()
    }

    #[test]
    fn only_what_cannot_be_a_trade_is_passed_on() {
        let new = "/uapi/domestic-stock/v2/quotations/inquire-new";
        assert!(!refused("GET", new, "FHKST99999900") && !refused("GET", "/uapi/x_1", "TTTC9999R"));
        for (method, path, tr_id) in [
            ("POST", new, "FHKST99999900"),
            ("get", new, "FHKST99999900"),
            ("GET", "/uapi/domestic-stock/v1/trading/inquire-new", "TTTC9999R"),
            ("GET", "/uapi/domestic-stock/v1/Trading/order-new", "TTTC9999R"),
            ("GET", "/uapi/trading", "TTTC9999R"),
            ("GET", "/uapi/a/pretrading-b/c", "TTTC9999R"),
            ("GET", "/uapi/a/%74rading/b", "TTTC9999R"),
            ("GET", "/uapi/a/../trading/b", "TTTC9999R"),
            ("GET", "/uapi/a//b", "TTTC9999R"),
            ("GET", "/uapi/a/", "TTTC9999R"),
            ("GET", "/uapi/", "TTTC9999R"),
            ("GET", "/oauth2/tokenP", "TTTC9999R"),
            ("GET", "/uapi/a@b", "TTTC9999R"),
            ("GET", "/uapi/주문", "TTTC9999R"),
            ("GET", &format!("/uapi/{}", "a".repeat(LONGEST_PATH)), "TTTC9999R"),
            ("GET", new, ""),
            ("GET", new, "TTTC0012U"),
            ("GET", new, "TTTC9999U"),
            ("GET", new, "tttc9999r"),
            ("GET", new, "TTTC 9999R"),
            ("GET", new, &"A".repeat(LONGEST_TR_ID + 1)),
        ] {
            assert!(refused(method, path, tr_id), "{method} {path} {tr_id}");
        }
    }

    #[test]
    fn every_trade_of_the_catalogue_is_taken_for_one_at_whatever_path() {
        for operation in catalog().operations().filter(|operation| operation.effect() == Effect::Trade) {
            let tr_ids = [Mode::Real, Mode::Paper].into_iter().filter_map(|mode| operation.tr_id(mode));
            for tr_id in tr_ids.chain(operation.old_tr_ids()) {
                assert!(may_trade(tr_id), "{tr_id}");
            }
            assert!(refused("GET", operation.path(), "TTTC9999R"), "{}", operation.path());
        }
    }
}
