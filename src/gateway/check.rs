//! A request for an operation, against the catalogue and what the client may do. What goes to KIS is the catalogue's; of the client's
//! only the values go as they came.

use std::{borrow::Cow, sync::Arc};

use kis_catalog::{Effect, Fill, Kind as OperationKind, Method, Mode, Operation, Param, catalog};
use percent_encoding::percent_decode_str;
use spelled_http::Request;

use super::{answer::Refusal, unknown};
use crate::{
    account::{
        Account,
        relay::{RelayQuestion, Target},
    },
    book::{Book, Rights, Standing},
    clients::Client,
    kis::Environment,
    wire::{
        codes::Kind,
        types::{Program, Right},
    },
};

/// Longest query of a request that is passed on.
const LONGEST_QUERY: usize = 8 * 1024;

/// Most parameters of a request: KIS has 60 where it has the most, and each is compared with those before.
const MOST_PARAMETERS: usize = 256;

/// Programs that ask for a balance by issue.
const ASK_BY_ISSUE: [Program; 4] = [Program::PythonKis, Program::KisTrader, Program::KisWrapper, Program::KstockMcp];

/// Headers that may come once.
const ONCE: [&str; 5] = ["appkey", "appsecret", "authorization", "tr_id", "tr_cont"];

/// A request that may be asked of KIS.
#[derive(Debug)]
pub(super) struct Passed {
    /// The account whose key it is asked with.
    pub(super) account: Account,
    /// What is asked.
    pub(super) question: RelayQuestion,
}

/// A parameter, with its place in the query.
pub(super) struct Given<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) value: Cow<'a, str>,
    written: &'a str,
}

/// The request as what is asked of KIS, if the client may ask it.
pub(super) fn check(
    request: &Request,
    client: &Arc<Client>,
    book: &Book,
    maker: &Standing,
    passes_unknown: bool,
) -> Result<Passed, Refusal> {
    let given = parameters(&request.query)?;
    let allowed: Vec<(&Account, Rights)> = client.allowed(book, maker).collect();
    let tr_id = request.header("tr_id").unwrap_or_default().trim();
    let candidates = accounts(&given, &allowed, client)?;
    if !unknown::is_known(&request.path) {
        if !passes_unknown {
            let message = "kisd: no operation of KIS is known at this path; where kisd's owner sets gateway.unknown = true, \
                           others may be read";
            return Err(Refusal::own_status(404, Kind::NotFound, message));
        }
        let (target, account) = (unknown::target(request, tr_id)?, candidates[0].0);
        if !unknown::is_own(&given, account, book) {
            return Err(not_its_account());
        }
        let (query, cano) = (request.query.clone(), account.id.cano().to_owned());
        let question = RelayQuestion { target, query, cano, next_page: wants_next_page(request) };
        return Ok(Passed { account: account.clone(), question });
    }
    let found = |account: &Account| operation(request, tr_id, account.key.client.environment());
    let (account, rights, (operation, sent)) = match found(candidates[0].0) {
        Ok(found) => (candidates[0].0, candidates[0].1, found),
        // A quotation that the environment of the first lacks may be had in that of another: some programs on paper need it.
        Err(no) => {
            let mut others =
                candidates[1..].iter().filter_map(|(other, rights)| Some((*other, *rights, found(other).ok()?)));
            others.find(|(.., (operation, _))| operation.kind() == OperationKind::Quotation).ok_or(no)?
        }
    };
    if operation.effect() == Effect::Trade {
        return Err(match rights.has(Right::Trade) {
            true => Refusal::own(
                Kind::NotSupported,
                "kisd: orders through the gateway are not served yet; nothing was sent",
            ),
            false => Refusal::own(
                Kind::PermissionDenied,
                format!(
                    "kisd: the client \"{}\" has not the right to trade in this account; nothing was sent",
                    client.name
                ),
            ),
        });
    }
    let own = own_values(operation, &given, account)?;
    let question = RelayQuestion {
        target: Target::Known { operation, tr_id: sent },
        query: query(&request.query, &given, operation, client.program()).into_owned(),
        cano: if own { account.id.cano().to_owned() } else { String::new() },
        next_page: wants_next_page(request),
    };
    Ok(Passed { account: account.clone(), question })
}

/// Whether a request is for a page after the first.
fn wants_next_page(request: &Request) -> bool {
    request.header("tr_cont").is_some_and(|tr_cont| tr_cont.trim() == "N")
}

/// Whether a header comes twice that decides what a request is.
pub(super) fn is_ambiguous(request: &Request) -> bool {
    let count = |name: &str| request.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).count();
    ONCE.iter().any(|name| count(name) > 1)
}

/// The parameters of a query, if two readers would read them alike.
fn parameters(query: &str) -> Result<Vec<Given<'_>>, Refusal> {
    let odd = |problem: &str| Refusal::status(400, "EGW00101", format!("유효하지 않은 요청입니다. (kisd: {problem})"));
    if query.len() > LONGEST_QUERY {
        return Err(odd("the query is too long"));
    }
    // Where a URL ends for some readers, or what they leave out.
    if query.bytes().any(|byte| byte == b'#' || byte <= b' ' || byte == 0x7f) {
        return Err(odd("the query has a character that belongs to no query"));
    }
    let mut given: Vec<Given<'_>> = Vec::new();
    for written in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = written.split_once('=').unwrap_or((written, ""));
        let decoded = |text| decode(text).ok_or_else(|| odd("a parameter is not encoded as it must be"));
        let parameter = Given { name: decoded(name)?, value: decoded(value)?, written };
        if given.iter().any(|known| known.name.eq_ignore_ascii_case(&parameter.name)) {
            return Err(odd("a parameter comes twice"));
        }
        if given.len() == MOST_PARAMETERS {
            return Err(odd("there are too many parameters"));
        }
        given.push(parameter);
    }
    Ok(given)
}

/// A text without its percent signs; nothing, if they stand for what is no text.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let digits = rest.as_bytes().get(at + 1..at + 3)?;
        digits.iter().all(u8::is_ascii_hexdigit).then_some(())?;
        rest = &rest[at + 3..];
    }
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    (!decoded.chars().any(char::is_control)).then_some(decoded)
}

fn value<'a>(given: &'a [Given<'_>], name: &str) -> Option<&'a str> {
    given.iter().find(|known| known.name.eq_ignore_ascii_case(name)).map(|known| &*known.value)
}

/// The accounts with which a request may be asked, at least one: that of its number, or all of the client's.
fn accounts<'a, 'b>(
    given: &[Given<'_>],
    allowed: &'b [(&'a Account, Rights)],
    client: &Client,
) -> Result<&'b [(&'a Account, Rights)], Refusal> {
    if allowed.is_empty() {
        let message =
            format!("kisd: the client \"{}\", or who made it, may not read any of its accounts any more", client.name);
        return Err(Refusal::own_status(403, Kind::PermissionDenied, message));
    }
    let Some(cano) = value(given, "CANO") else { return Ok(allowed) };
    let product = value(given, "ACNT_PRDT_CD");
    let is_it = |(account, _): &(&Account, Rights)| {
        account.id.cano() == cano && product.is_none_or(|product| account.id.product_code() == product)
    };
    allowed.iter().position(is_it).map(|at| &allowed[at..=at]).ok_or_else(not_its_account)
}

/// As KIS answers for another's account.
fn not_its_account() -> Refusal {
    Refusal::input("OPSQ2000", "ERROR : INPUT INVALID_CHECK_ACNO")
}

/// The operation that is meant, and its TR in the account's environment.
fn operation(
    request: &Request,
    tr_id: &str,
    environment: Environment,
) -> Result<(&'static Operation, &'static str), Refusal> {
    let of_path = || catalog().operations().filter(|operation| operation.path() == request.path);
    let of_method = |operation: &&Operation| match operation.method() {
        Method::Get => request.method == "GET",
        Method::Post => request.method == "POST",
        Method::WebSocket => false,
    };
    if !of_path().any(|operation| of_method(&operation)) {
        return Err(no_method());
    }
    if tr_id.is_empty() {
        return Err(Refusal::gateway("OPSQ9999", "tr_id 값이 없습니다."));
    }
    let (mode, unknown) = match environment {
        Environment::Real => (Mode::Real, ("OPSQ0002", "없는 서비스 코드 입니다.")),
        Environment::Paper => (Mode::Paper, ("EGW02006", "모의투자 TR 이 아닙니다.")),
    };
    let is_meant = |operation: &&Operation| is_meant(operation, tr_id, mode);
    let found = of_path().filter(of_method).find(is_meant);
    let found = found.and_then(|operation| Some((operation, operation.tr_id(mode)?)));
    found.ok_or_else(|| Refusal::gateway(unknown.0, unknown.1))
}

/// KIS has a path, and not with this method.
pub(super) fn no_method() -> Refusal {
    Refusal::status(405, "EGW00101", "유효하지 않은 요청입니다. (kisd: KIS has not this method at this path)")
}

/// Whether a TR id means an operation in an environment. Those of real accounts mean it on paper accounts too, and never the other
/// way round: what was meant for paper must not reach real money.
fn is_meant(operation: &Operation, tr_id: &str, mode: Mode) -> bool {
    // Of a TR that KIS has replaced, KIS's own first letter says whose it was.
    let of_paper = |old: &str| old.starts_with('V');
    let old = || operation.old_tr_ids().any(|old| old == tr_id && (mode == Mode::Paper || !of_paper(old)));
    operation.tr_id(Mode::Real) == Some(tr_id)
        || mode == Mode::Paper && operation.tr_id(Mode::Paper) == Some(tr_id)
        || old()
}

/// Whether the account number is among the parameters. What is the account's must be this account's.
fn own_values(operation: &Operation, given: &[Given<'_>], account: &Account) -> Result<bool, Refusal> {
    let of_account = |param: &Param| param.fill.is_some();
    for param in operation.params().filter(of_account) {
        let value = value(given, param.name);
        let is_own = match param.fill {
            Some(Fill::AccountNumber) => value == Some(account.id.cano()),
            Some(Fill::ProductCode) => value == Some(account.id.product_code()),
            // Where kisd is not told the id, KIS decides: it knows whose key it is.
            Some(Fill::HtsId) => account.hts_id.as_ref().is_none_or(|id| value == Some(id.as_str())),
            None => true,
        };
        if !is_own {
            return Err(not_its_account());
        }
    }
    Ok(value(given, "CANO").is_some())
}

/// The query that goes out: the one that came, but for what is known to fail.
fn query<'a>(written: &'a str, given: &[Given<'_>], operation: &Operation, program: Option<Program>) -> Cow<'a, str> {
    // KIS refuses 02 (by issue) since February 2026; 01 lists the same, by issue and loan.
    let is_refused = |given: &Given<'_>| given.name == "INQR_DVSN" && given.value == "02";
    let by_issue = given.iter().find(|given| is_refused(given));
    let asks_so = program.is_some_and(|program| ASK_BY_ISSUE.contains(&program));
    match by_issue.filter(|_| asks_so && operation.tr_id(Mode::Real) == Some("TTTC8434R")) {
        Some(by_issue) => Cow::Owned(written.replacen(by_issue.written, "INQR_DVSN=01", 1)),
        None => Cow::Borrowed(written),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_that_two_readers_could_read_differently_is_refused() {
        let many = |count: u32| (0..count).map(|number| format!("{number:x}&")).collect::<String>();
        assert!(parameters(&many(256)).is_ok());
        for odd in [
            "A=1&a=2",
            "A=%4",
            "A=%zz",
            "A=%ff",
            "%41=1&A=2",
            "A=%00",
            "A=1%0d%0ab",
            "A=1#b",
            "A=1 2",
            &"A".repeat(9000),
            &many(257),
        ] {
            assert!(parameters(odd).is_err(), "{odd}");
        }
        let given = parameters("CANO=1%32&&b=%EA%B0%80+x&c&=").unwrap();
        let read: Vec<(&str, &str)> = given.iter().map(|given| (&*given.name, &*given.value)).collect();
        assert_eq!(read, [("CANO", "12"), ("b", "가+x"), ("c", ""), ("", "")]);
    }

    #[test]
    fn real_trs_mean_their_paper_ones_on_paper_and_never_the_other_way_round() {
        let balance = catalog().find("TTTC8434R").unwrap().operation;
        let executions = catalog().find("TTTC0081R").unwrap().operation;
        for (operation, tr_id, real, paper) in [
            (balance, "TTTC8434R", true, true),
            (balance, "VTTC8434R", false, true),
            (executions, "TTTC0081R", true, true),
            (executions, "VTTC0081R", false, true),
            (executions, "TTTC8001R", true, true),
            (executions, "VTTC8001R", false, true),
            (executions, "TTTC8434R", false, false),
            (executions, "", false, false),
        ] {
            let meant = [Mode::Real, Mode::Paper].map(|mode| is_meant(operation, tr_id, mode));
            assert_eq!(meant, [real, paper], "{tr_id}");
        }
    }

    #[test]
    fn what_some_programs_ask_by_issue_is_asked_by_loan() {
        let balance = catalog().find("TTTC8434R").unwrap().operation;
        let written = "CANO=12345678&INQR_DVSN=02&X=02";
        let out = |written, program| query(written, &parameters(written).unwrap(), balance, program).into_owned();
        assert_eq!(out(written, Some(Program::PythonKis)), "CANO=12345678&INQR_DVSN=01&X=02");
        assert_eq!(out(written, Some(Program::Mojito)), written);
        assert_eq!(out("INQR_DVSN=01", Some(Program::PythonKis)), "INQR_DVSN=01");
    }
}
