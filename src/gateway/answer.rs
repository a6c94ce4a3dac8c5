//! Answers in the forms of KIS: the only place from which something goes to a client.

use chrono::{DateTime, Utc};
use serde::Serialize;
use spelled_http::Response;

use crate::{
    clock::kst,
    kis::{Exchange, KisError},
    token::{CallError, TokenError},
    wire::codes::Kind,
};

const JSON: &str = "application/json; charset=utf-8";

/// Width to which KIS pads the messages of its ledger, in bytes of CP949.
const PADDED: usize = 80;

/// Digits of the number that KIS gives a call.
const GT_UID: usize = 32;

/// Why a client does not get what it wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    /// `1`, and `2` for input that KIS refuses.
    rt_cd: &'static str,
    msg_cd: String,
    msg1: String,
    /// Whether it is the answer of a TR, and not of KIS's gateway before it.
    of_the_tr: bool,
}

#[derive(Serialize)]
struct Business<'a> {
    rt_cd: &'a str,
    msg1: &'a str,
    msg_cd: &'a str,
    /// The code once more, in this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

/// The same of a TR, whose members come in another order.
#[derive(Serialize)]
struct OfTr<'a> {
    rt_cd: &'a str,
    msg_cd: &'a str,
    msg1: &'a str,
}

#[derive(Serialize)]
struct OAuth<'a> {
    error_description: &'a str,
    error_code: &'a str,
}

impl Refusal {
    /// As KIS's gateway says no.
    pub(super) fn gateway(msg_cd: &str, msg1: impl Into<String>) -> Self {
        Self::status(500, msg_cd, msg1)
    }

    /// The same with another status.
    pub(super) fn status(status: u16, msg_cd: &str, msg1: impl Into<String>) -> Self {
        Self { status, rt_cd: "1", msg_cd: msg_cd.to_owned(), msg1: msg1.into(), of_the_tr: false }
    }

    /// As KIS refuses the input of a TR.
    pub(super) fn input(msg_cd: &str, msg1: &str) -> Self {
        let msg1 = format!("{msg1}{}", " ".repeat(PADDED.saturating_sub(msg1.len())));
        Self { status: 200, rt_cd: "2", msg_cd: msg_cd.to_owned(), msg1, of_the_tr: true }
    }

    /// One of kisd's own errors, as the answer of a TR: with a status that no client takes for a reason to send it again.
    pub(super) fn own(kind: Kind, msg1: impl Into<String>) -> Self {
        Self { of_the_tr: true, ..Self::status(200, &code(kind), msg1) }
    }

    /// One of kisd's own errors, as KIS's gateway would say it.
    pub(super) fn own_status(status: u16, kind: Kind, msg1: impl Into<String>) -> Self {
        Self::status(status, &code(kind), msg1)
    }

    /// KIS counts too many calls: what every client takes for "later".
    pub(super) fn later() -> Self {
        Self::gateway("EGW00201", "초당 거래건수를 초과하였습니다.")
    }

    /// Why KIS has not answered a call. What passes is not among it: that is waited for.
    pub(super) fn of(error: &CallError) -> Self {
        match error {
            CallError::Kis(KisError::CredentialsRejected(_)) | CallError::Token(TokenError::Rejected { .. }) => {
                Self::own_status(500, Kind::CredentialsRejected, format!("kisd: {error}"))
            }
            CallError::Token(_) => Self::own_status(500, Kind::TokenUnavailable, format!("kisd: {error}")),
            CallError::Kis(KisError::Foreign { http_status, .. }) => {
                let status = if *http_status < 400 { 502 } else { *http_status };
                Self::status(status, "KISD0502", format!("kisd: {error}"))
            }
            CallError::Kis(KisError::Malformed { .. }) => {
                Self::own_status(502, Kind::UpstreamMalformed, format!("kisd: {error}"))
            }
            CallError::Kis(error) => Self::own_status(502, Kind::UpstreamUnreachable, format!("kisd: {error}")),
        }
    }

    /// As the answer to a call of an operation.
    pub(super) fn response(&self, tr_id: &str, now: DateTime<Utc>) -> Response {
        let Self { status, rt_cd, msg_cd, msg1, of_the_tr } = self;
        if *of_the_tr {
            let gt_uid: String = std::iter::repeat_with(|| fastrand::char('0'..='9')).take(GT_UID).collect();
            let response = json(*status, &OfTr { rt_cd, msg_cd, msg1 }, now);
            return response.header("tr_id", tr_id).header("tr_cont", "").header("gt_uid", gt_uid);
        }
        let again = (msg_cd == "EGW00201").then_some(msg_cd.as_str());
        json(*status, &Business { rt_cd, msg1, msg_cd, message: again }, now)
    }

    /// As the answer to a token call.
    pub(super) fn of_oauth(&self, now: DateTime<Utc>) -> Response {
        // KIS's token calls fail with this one, whatever is wrong.
        json(403, &OAuth { error_description: &self.msg1, error_code: &self.msg_cd }, now)
    }
}

/// Our error codes, as the gateway says them.
fn code(kind: Kind) -> String {
    format!("KISD{:04}", -32_000 - kind.code())
}

/// An answer of our own.
pub(super) fn json(status: u16, body: &impl Serialize, now: DateTime<Utc>) -> Response {
    // Only our own structs of texts and numbers are written here, which cannot fail.
    dated(status, JSON, now).body(serde_json::to_vec(body).unwrap_or_default())
}

/// KIS's answer, with the TR id that the client knows.
pub(super) fn relayed(exchange: &Exchange, tr_id: &str, now: DateTime<Utc>) -> Response {
    let mut response = dated(exchange.http_status, exchange.content_type.as_deref().unwrap_or(JSON), now);
    if exchange.tr_id.is_some() {
        response = response.header("tr_id", tr_id);
    }
    for (name, value) in [("tr_cont", &exchange.tr_cont), ("gt_uid", &exchange.gt_uid)] {
        if let Some(value) = value {
            response = response.header(name, value);
        }
    }
    response.body(exchange.as_sent.to_vec())
}

fn dated(status: u16, content_type: &str, now: DateTime<Utc>) -> Response {
    let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    Response::new(status).header("Date", date).header("Content-Type", content_type)
}

/// An instant as KIS writes it: Korean time without saying so.
pub(super) fn kis_time(at: DateTime<Utc>) -> String {
    kst(at).format("%Y-%m-%d %H:%M:%S").to_string()
}
