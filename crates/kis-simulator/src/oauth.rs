//! Token calls of one app key: tokenP with its one-a-minute and its six-hour rule, revokeP, Approval; hashkey; and the check of a
//! business call's credentials.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{
    Options,
    http::{Answer, Request},
};
use crate::clock;

#[derive(Debug, Default)]
pub(super) struct OAuth {
    /// Every token ever issued, the live one last.
    tokens: Vec<Token>,
    last_call: Option<DateTime<Utc>>,
    issuances: usize,
}

#[derive(Debug)]
struct Token {
    text: String,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Live,
    /// Refused, and handed out again within six hours.
    Killed,
    /// Refused, and replaced at the next issuance.
    Revoked,
    /// Every call with it fails without a reason; replaced at the next issuance.
    Broken,
}

#[derive(Serialize)]
struct Issued<'a> {
    access_token: &'a str,
    access_token_token_expired: String,
    token_type: &'a str,
    expires_in: i64,
}

/// The body of an order, and a hash of it.
#[derive(Serialize)]
struct Hashed<'a> {
    #[serde(rename = "BODY")]
    body: &'a RawValue,
    #[serde(rename = "HASH")]
    hash: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    grant_type: String,
    appkey: String,
    appsecret: String,
    secretkey: String,
    token: String,
}

impl OAuth {
    pub(super) fn issuances(&self) -> usize {
        self.issuances
    }

    pub(super) fn serial_number(&self, text: &str) -> Option<usize> {
        self.tokens.iter().position(|token| token.text == text)
    }

    /// Every token ever issued.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().map(|token| token.text.as_str())
    }

    pub(super) fn revoke_all(&mut self) {
        self.tokens.iter_mut().for_each(|token| token.state = State::Revoked);
    }

    pub(super) fn break_all(&mut self) {
        self.tokens.iter_mut().for_each(|token| token.state = State::Broken);
    }

    pub(super) fn kill_all(&mut self) {
        self.tokens.iter_mut().for_each(|token| token.state = State::Killed);
    }

    /// `POST /oauth2/tokenP`.
    pub(super) fn issue(&mut self, request: &Request, options: &Options, now: DateTime<Utc>) -> Answer {
        let body = match checked_body(request, options, |body| &body.appsecret) {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        if body.grant_type != "client_credentials" {
            return Answer::oauth_error("EGW00116", "유효하지 않은 grant_type입니다.");
        }
        // A machine whose clock was set back does not get to wait for longer than a minute.
        if self.last_call.is_some_and(|at| now >= at && now - at < clock::delta(options.issue_interval)) {
            return Answer::oauth_error("EGW00133", "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)");
        }
        self.last_call = Some(now);
        self.issuances += 1;
        let same = self.tokens.last().is_some_and(|token| {
            !matches!(token.state, State::Revoked | State::Broken)
                && now - token.issued_at < clock::delta(options.same_token_for)
                && now < token.expires_at
        });
        if !same {
            // One live token for an app key: a new one ends the one before.
            self.revoke_all();
            self.tokens.push(Token::new(options, now));
        }
        let Some(token) = self.tokens.last() else {
            return Answer::oauth_error("EGW00002", "서버 에러가 발생했습니다.");
        };
        Answer::of(
            200,
            &Issued {
                access_token: &token.text,
                access_token_token_expired: clock::kst(token.expires_at).format("%Y-%m-%d %H:%M:%S").to_string(),
                token_type: "Bearer",
                // The whole life, also when the token is hours old: nobody should count on it.
                expires_in: i64::try_from(options.token_life.as_secs()).unwrap_or(i64::MAX),
            },
        )
    }

    /// `POST /oauth2/revokeP`.
    pub(super) fn revoke(&mut self, request: &Request, options: &Options) -> Answer {
        let body = match checked_body(request, options, |body| &body.appsecret) {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        match self.tokens.iter_mut().find(|token| token.text == body.token) {
            Some(token) => {
                token.state = State::Revoked;
                Answer::json(200, r#"{"code":200,"message":"접근토큰 폐기에 성공하였습니다"}"#)
            }
            None => Answer::oauth_error("EGW00121", "유효하지 않은 token 입니다."),
        }
    }

    /// Whether a business call may be made: secret and bearer token.
    pub(super) fn check(&self, request: &Request, options: &Options, now: DateTime<Utc>) -> Result<(), Answer> {
        check_secret(request, options)?;
        let Some(text) = request.header("authorization").unwrap_or_default().strip_prefix("Bearer ") else {
            return Err(Answer::gateway_error("EGW00205", "credentials_type이 유효하지 않습니다.(Bearer)"));
        };
        match self.tokens.iter().find(|token| token.text == text) {
            Some(token) if now >= token.expires_at => {
                Err(Answer::gateway_error("EGW00123", "기간이 만료된 token 입니다."))
            }
            Some(token) if token.state == State::Live => Ok(()),
            // Seen live, for one token only.
            Some(token) if token.state == State::Broken => {
                Err(Answer::json(500, r#"{"rt_cd":"1","msg1":"","msg_cd":""}"#))
            }
            _ => Err(Answer::gateway_error("EGW00121", "유효하지 않은 token 입니다.")),
        }
    }
}

impl Token {
    /// A JWT in shape: claims as recorded, a signature of random characters.
    fn new(options: &Options, now: DateTime<Utc>) -> Self {
        let issued_at = now;
        // KIS states whole seconds.
        let expires_at = clock::after(now, options.token_life);
        let expires_at = DateTime::from_timestamp(expires_at.timestamp(), 0).unwrap_or(expires_at);
        let claims = format!(
            r#"{{"sub":"token","aud":"{}","prdt_cd":"","iss":"unogw","exp":{},"iat":{},"jti":"{}"}}"#,
            uuid(),
            expires_at.timestamp(),
            now.timestamp(),
            options.app_key,
        );
        let signature: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(64).collect();
        let parts = [br#"{"typ":"JWT","alg":"HS512"}"#.as_slice(), claims.as_bytes(), &signature];
        let text = parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        Self { text, issued_at, expires_at, state: State::Live }
    }
}

/// `POST /oauth2/Approval`: the key for a WebSocket session.
pub(super) fn approval(request: &Request, options: &Options) -> Answer {
    match checked_body(request, options, |body| &body.secretkey) {
        Ok(_) => Answer::json(200, format!(r#"{{"approval_key":"{}"}}"#, uuid())),
        Err(refusal) => refusal,
    }
}

/// `POST /uapi/hashkey`: needs key and secret, and no token.
pub(super) fn hashkey(request: &Request, options: &Options) -> Answer {
    if let Err(refusal) = check_secret(request, options) {
        return refusal;
    }
    // KIS does not say how it makes the 64 digits, and requires them nowhere.
    let hash = Sha256::digest(&request.body).iter().map(|byte| format!("{byte:02x}")).collect();
    match serde_json::from_slice(&request.body) {
        Ok(body) => Answer::of(200, &Hashed { body, hash }),
        Err(_) => Answer::gateway_error("EGW00101", "유효하지 않은 요청입니다."),
    }
}

/// Whether the head of a call has the app secret.
fn check_secret(request: &Request, options: &Options) -> Result<(), Answer> {
    match request.header("appsecret").unwrap_or_default() {
        "" => Err(Answer::gateway_error("EGW00104", "AppSecret은 필수입니다.")),
        secret if secret != options.app_secret => {
            Err(Answer::gateway_error("EGW00304", "고객식별키(appSecret)가 유효하지 않습니다."))
        }
        _ => Ok(()),
    }
}

/// The body of a token call whose app key is known.
fn checked_body(request: &Request, options: &Options, secret: impl Fn(&Body) -> &String) -> Result<Body, Answer> {
    let refuse = |code, message| Err(Answer::oauth_error(code, message));
    let Ok(body) = serde_json::from_slice::<Body>(&request.body) else {
        return refuse("EGW00101", "유효하지 않은 요청입니다.");
    };
    match secret(&body).as_str() {
        "" => refuse("EGW00104", "AppSecret은 필수입니다."),
        secret if secret != options.app_secret => refuse("EGW00105", "유효하지 않은 AppSecret입니다."),
        _ => Ok(body),
    }
}

/// The app key that a call names: in its body if it is a token call, else in its head. Without one, KIS's answer.
pub(super) fn app_key(request: &Request) -> Result<String, Answer> {
    if request.path.starts_with("/oauth2/") {
        return match serde_json::from_slice::<Body>(&request.body) {
            Err(_) => Err(Answer::oauth_error("EGW00101", "유효하지 않은 요청입니다.")),
            Ok(body) if body.appkey.is_empty() => Err(Answer::oauth_error("EGW00102", "AppKey는 필수입니다.")),
            Ok(body) => Ok(body.appkey),
        };
    }
    match request.header("appkey") {
        None | Some("") => Err(Answer::gateway_error("EGW00102", "AppKey는 필수입니다.")),
        Some(key) => Ok(key.to_owned()),
    }
}

/// The answer to a call whose app key nobody has.
pub(super) fn unknown_key(request: &Request) -> Answer {
    let (code, message) = match request.header("appsecret") {
        None | Some("") if request.path.starts_with("/uapi/") => ("EGW00104", "AppSecret은 필수입니다."),
        _ => ("EGW00103", "유효하지 않은 AppKey입니다."),
    };
    Answer::refusal(&request.path, code, message)
}

/// Random, in the shape of a UUID of version 4.
fn uuid() -> String {
    let bits = fastrand::u128(..);
    let hex = format!("{:032x}", bits & !(0xf << 76) | (0x4 << 76));
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
