//! Answers in the forms that KIS gives them.

use chrono::{DateTime, Utc};
use serde::Serialize;
pub(super) use spelled_http::Request;
use spelled_http::Response;

/// An answer before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer(pub(super) Response);

#[derive(Serialize)]
struct OAuthError<'a> {
    error_description: &'a str,
    error_code: &'a str,
}

#[derive(Serialize)]
struct GatewayError<'a> {
    rt_cd: &'a str,
    msg1: &'a str,
    msg_cd: &'a str,
    /// The code once more, for some of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

impl Answer {
    pub(super) fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self(Response::new(status).header("Content-Type", "application/json; charset=utf-8").body(body))
    }

    pub(super) fn of(status: u16, body: &impl Serialize) -> Self {
        // Only our own structs of strings and numbers are serialized here, which cannot fail.
        Self::json(status, serde_json::to_vec(body).unwrap_or_default())
    }

    /// No body at all: what an unknown path gets.
    pub(super) fn empty(status: u16) -> Self {
        Self(Response::new(status))
    }

    /// The shape that the token calls fail in.
    pub(super) fn oauth_error(code: &str, message: &str) -> Self {
        Self::of(403, &OAuthError { error_description: message, error_code: code })
    }

    /// The shape that the gateway refuses business calls in.
    pub(super) fn gateway_error(code: &str, message: &str) -> Self {
        Self::business_error(500, code, message)
    }

    /// The shape of every refused business call, with the status that it is refused with.
    pub(super) fn business_error(status: u16, code: &str, message: &str) -> Self {
        // Recorded of this one only.
        let again = (code == "EGW00201").then_some(code);
        Self::of(status, &GatewayError { rt_cd: "1", msg1: message, msg_cd: code, message: again })
    }

    /// A refusal in the shape of the family that the path and the code belong to.
    pub(super) fn refusal(path: &str, code: &str, message: &str) -> Self {
        match (path.starts_with("/oauth2/"), code.starts_with("EGW")) {
            (true, _) => Self::oauth_error(code, message),
            (false, true) => Self::gateway_error(code, message),
            (false, false) => Self::business_error(200, code, message),
        }
    }

    /// What a known path gets with another method than its own. Nobody has recorded how KIS says so.
    pub(super) fn other_method(path: &str) -> Self {
        let (code, message) = ("EGW00101", "유효하지 않은 요청입니다.");
        match path.starts_with("/oauth2/") {
            true => Self::oauth_error(code, message),
            false => Self::business_error(405, code, message),
        }
    }

    pub(super) fn header(self, name: &str, value: impl Into<String>) -> Self {
        Self(self.0.header(name, value))
    }

    /// The answer with what every answer of a TR has in its head, refusals too.
    pub(super) fn of_tr(self, request: &Request) -> Self {
        // What is refused with another status has not come so far as to a TR.
        if self.0.status != 200 || self.0.has_header("gt_uid") {
            return self;
        }
        let tr_id = request.header("tr_id").unwrap_or_default();
        let gt_uid: String = std::iter::repeat_with(|| fastrand::char('0'..='9')).take(32).collect();
        let mut response = self.0;
        let at = response.headers.iter().position(|(name, _)| name == "tr_cont");
        let at = at.unwrap_or_else(|| {
            response.headers.push(("tr_cont".to_owned(), String::new()));
            response.headers.len() - 1
        });
        response.headers.insert(at, ("tr_id".to_owned(), tr_id.to_owned()));
        Self(response.header("gt_uid", gt_uid))
    }

    /// The answer with the time on KIS's clock, unless it has one.
    pub(super) fn dated(self, now: DateTime<Utc>) -> Self {
        let mut response = self.0;
        if !response.has_header("date") {
            response.headers.insert(0, ("Date".to_owned(), now.format("%a, %d %b %Y %H:%M:%S GMT").to_string()));
        }
        Self(response)
    }
}
