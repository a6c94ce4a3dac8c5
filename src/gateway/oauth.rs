//! Token calls of clients, answered here: at once, any number of times, in KIS's form. Nothing of them reaches KIS.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use spelled_http::{Request, Response};

use super::answer::{self, Refusal, kis_time};
use crate::clients::{self, Client};

/// The life of a token, in seconds, as it is told.
const LIFE: i64 = 86_400;

/// What a token call may hold.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Body {
    grant_type: String,
    pub(super) appkey: String,
    pub(super) appsecret: String,
    pub(super) secretkey: String,
}

#[derive(Serialize)]
struct Issued<'a> {
    access_token: &'a str,
    access_token_token_expired: String,
    token_type: &'a str,
    expires_in: i64,
}

#[derive(Serialize)]
struct Approval {
    approval_key: String,
}

#[derive(Serialize)]
struct Revoked<'a> {
    code: u32,
    message: &'a str,
}

#[derive(Serialize)]
struct Hashed<'a> {
    #[serde(rename = "BODY")]
    body: &'a serde_json::value::RawValue,
    #[serde(rename = "HASH")]
    hash: String,
}

/// The body of a token call.
pub(super) fn body(request: &Request) -> Result<Body, Refusal> {
    let body: Body =
        serde_json::from_slice(&request.body).map_err(|_| Refusal::gateway("EGW00101", "유효하지 않은 요청입니다."))?;
    if body.appkey.is_empty() { Err(Refusal::gateway("EGW00102", "AppKey는 필수입니다.")) } else { Ok(body) }
}

/// As KIS answers an app key that nobody has, with a word of why. It is not repeated: it may be one of KIS's, above all where a
/// program has found KIS's own host name.
pub(super) fn unknown_key(app_key: &str, is_hosts: bool) -> Refusal {
    let why = match (clients::is_local(app_key), is_hosts) {
        (true, _) => "kisd: this key was removed or replaced; kisctl client rotate gives another",
        (false, false) => "kisd: not a key of this gateway; kisctl client add makes one",
        (false, true) => {
            "kisd: on this machine KIS's host names lead to kisd, and this is not a key of kisd's; kisctl client add makes one"
        }
    };
    Refusal::gateway("EGW00103", format!("유효하지 않은 AppKey입니다. ({why})"))
}

/// Whether a secret is that of the client.
pub(super) fn prove(client: &Client, secret: &str) -> Result<(), Refusal> {
    match secret {
        "" => Err(Refusal::gateway("EGW00104", "AppSecret은 필수입니다.")),
        secret if !client.is_proved_by(secret) => Err(Refusal::gateway("EGW00105", "유효하지 않은 AppSecret입니다.")),
        _ => Ok(()),
    }
}

/// `POST /oauth2/tokenP`, of who has proved who it is.
pub(super) fn token(client: &Client, body: &Body, now: DateTime<Utc>) -> Result<Response, Refusal> {
    if body.grant_type != "client_credentials" {
        return Err(Refusal::gateway("EGW00116", "유효하지 않은 grant_type입니다."));
    }
    let (token, end) = client.token(now).ok_or_else(|| Refusal::gateway("EGW00002", "서버 에러가 발생했습니다."))?;
    let issued = Issued {
        access_token: &token,
        access_token_token_expired: kis_time(end),
        token_type: "Bearer",
        expires_in: LIFE,
    };
    Ok(answer::json(200, &issued, now))
}

/// `POST /oauth2/revokeP`: it ends nothing, since others use the one token that there is.
pub(super) fn revoke(now: DateTime<Utc>) -> Response {
    answer::json(200, &Revoked { code: 200, message: "접근토큰 폐기에 성공하였습니다" }, now)
}

/// `POST /oauth2/Approval`.
pub(super) fn approval(client: &Client, now: DateTime<Utc>) -> Response {
    answer::json(200, &Approval { approval_key: client.approval_key() }, now)
}

/// `POST /uapi/hashkey`: KIS does not require one, so that any will do.
pub(super) fn hashkey(request: &Request, now: DateTime<Utc>) -> Result<Response, Refusal> {
    let body =
        serde_json::from_slice(&request.body).map_err(|_| Refusal::gateway("EGW00101", "유효하지 않은 요청입니다."))?;
    let hash = Sha256::digest(&request.body).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(answer::json(200, &Hashed { body, hash }, now))
}
