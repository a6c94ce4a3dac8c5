//! An answer of KIS: read under a size cap, its JSON parsed whatever the HTTP status, classified once.

use bytes::Bytes;
use encoding_rs::EUC_KR;
use serde::Deserialize;

use super::{
    codes::{self, Class},
    error::{A_PAGE, Answer, DENIED, KisError},
    field::{Field, Object},
};

/// Largest answer taken; the largest known page is under 100 KiB.
pub(crate) const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// Longest `msg1` passed on; KIS's own are at most 80 bytes.
const MAX_MESSAGE_CHARS: usize = 200;

/// So much of a secret is struck out of messages.
const PART_OF_SECRET: usize = 8;

/// A successful answer to a business call.
#[derive(Debug)]
pub struct Reply {
    /// The TR.
    pub tr_id: &'static str,
    /// What the response header `tr_cont` says of further pages.
    pub more: More,
    /// HTTP status; one of 2xx.
    pub http_status: u16,
    /// The whole body, valid JSON.
    pub body: Bytes,
}

/// Whether pages follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum More {
    /// `F` on the first page, `M` on later ones.
    Yes,
    /// `D` or `E`.
    No,
    /// It says nothing, as where a list has no pages, or a proxy has dropped a header whose name has an underscore.
    Unsaid,
}

impl More {
    pub(crate) fn of(tr_cont: Option<&str>) -> Self {
        match tr_cont.map(str::trim) {
            Some("F" | "M") => Self::Yes,
            Some("D" | "E") => Self::No,
            _ => Self::Unsaid,
        }
    }
}

/// The parts of an answer that say whether it is one.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    rt_cd: Field<'a>,
    #[serde(borrow, default)]
    msg_cd: Field<'a>,
    #[serde(borrow, default)]
    msg1: Field<'a>,
    #[serde(borrow, default)]
    error_code: Field<'a>,
    #[serde(borrow, default)]
    error_description: Field<'a>,
}

/// What an answer turned out to be.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// `rt_cd` is "0".
    Success,
    /// A JSON object without `rt_cd` and `error_code` and with a 2xx status: the flat form of the token calls.
    Flat,
}

/// The body as UTF-8, which is all that JSON may be. KIS's older parts write CP949, and cut a text off within a letter.
pub(crate) fn readable(body: Bytes) -> Bytes {
    if std::str::from_utf8(&body).is_ok() {
        return body;
    }
    // By this name the Encoding Standard knows CP949.
    let (text, damaged) = EUC_KR.decode_without_bom_handling(&body);
    // What is neither has lost some letters of a text, and its codes and numbers can be read all the same.
    if damaged { String::from_utf8_lossy(&body).into_owned().into() } else { text.into_owned().into() }
}

/// Decides what an answer is. `msg_cd` is returned for the log. Should KIS repeat one of the `secrets`, it is struck out.
pub(crate) fn classify(
    tr_id: &'static str,
    http_status: u16,
    body: &[u8],
    secrets: &[&str],
) -> (String, Result<Verdict, KisError>) {
    let envelope: Envelope<'_> = match serde_json::from_slice(body) {
        Ok(Object(envelope)) => envelope,
        Err(_) => {
            let foreign = KisError::Foreign { tr_id, http_status, what: describe(body) };
            return (String::new(), Err(foreign));
        }
    };
    let printable = |text: &str| printable(text, secrets);
    let code = |field: &Field<'_>| field.code().map(|code| printable(&code)).filter(|code| !code.is_empty());
    let oauth_code = code(&envelope.error_code);
    let msg_cd = oauth_code.clone().or_else(|| code(&envelope.msg_cd)).unwrap_or_default();
    let success = (200..300).contains(&http_status);
    let verdict = match (envelope.rt_cd.code().as_deref(), &oauth_code) {
        (Some("0"), None) if success => Ok(Verdict::Success),
        (Some(_), None) if msg_cd == codes::NOTHING_FOUND => Ok(Verdict::Success),
        (None, None) if success => Ok(Verdict::Flat),
        (None, None) => Err(KisError::Foreign { tr_id, http_status, what: "JSON without rt_cd" }),
        (Some("0"), None) => Err(KisError::Foreign { tr_id, http_status, what: DENIED }),
        _ => {
            let message = if oauth_code.is_some() { &envelope.error_description } else { &envelope.msg1 };
            let msg1 = message.as_str().map(printable).unwrap_or_default();
            let answer = Answer { tr_id, msg_cd: msg_cd.clone(), msg1, http_status };
            Err(refusal(answer))
        }
    };
    (msg_cd, verdict)
}

fn refusal(answer: Answer) -> KisError {
    // Seen in outages, and with bad tokens: the body says nothing, so the server's failure is all there is to go by. During
    // maintenance KIS refuses without a code and with status 200, which is no decision about what was asked either.
    if answer.msg_cd.is_empty() && matches!(answer.http_status, 200..300 | 500..) {
        return KisError::Transient(answer);
    }
    match codes::class(&answer.msg_cd) {
        Class::TokenRefused => KisError::TokenRefused(answer),
        Class::CredentialsRejected => KisError::CredentialsRejected(answer),
        Class::IssuedTooSoon => KisError::IssuedTooSoon(answer),
        Class::Throttled => KisError::Throttled(answer),
        Class::Transient => KisError::Transient(answer),
        Class::Changed => KisError::Changed(answer),
        Class::Rejected => KisError::Rejected(answer),
    }
}

/// Text from outside that goes into logs and messages: one line, of bounded length.
pub(crate) fn printable(text: &str, secrets: &[&str]) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).take(MAX_MESSAGE_CHARS).collect();
    without(&text, secrets)
}

/// Strikes out whatever is a part of a secret and long enough to be no accident.
fn without(text: &str, secrets: &[&str]) -> String {
    let mut secret = vec![false; text.len()];
    for start in 0..text.len().saturating_sub(PART_OF_SECRET - 1) {
        let part = text.get(start..start + PART_OF_SECRET);
        if part.is_some_and(|part| secrets.iter().any(|secret| secret.contains(part))) {
            secret[start..start + PART_OF_SECRET].fill(true);
        }
    }
    let mut shown = String::new();
    for (at, c) in text.char_indices() {
        match (secret[at], at > 0 && secret[at - 1]) {
            (false, _) => shown.push(c),
            (true, false) => shown.push_str("[secret]"),
            (true, true) => {}
        }
    }
    shown
}

fn describe(body: &[u8]) -> &'static str {
    match body.trim_ascii_start() {
        [] => "an empty body",
        [b'<', ..] => A_PAGE,
        [b'{', ..] => "JSON that breaks off or does not parse",
        _ => "not a JSON object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kis::{After, Effect, after};

    fn verdict(status: u16, body: &str) -> Result<Verdict, KisError> {
        classify("TTTC8434R", status, body.as_bytes(), &["the-app-key-of-somebody"]).1
    }

    #[test]
    fn the_body_decides_and_not_the_status() {
        let expired = r#"{"rt_cd":"1","msg1":"기간이 만료된 token 입니다.","msg_cd":"EGW00123"}"#;
        for status in [200, 401, 500] {
            assert!(matches!(verdict(status, expired), Err(KisError::TokenRefused(_))), "{status}");
        }
    }

    #[test]
    fn both_shapes_of_a_token_error_are_read() {
        let too_soon = r#"{"error_description":"잠시 후 다시 시도하세요","error_code":"EGW00133"}"#;
        assert!(matches!(verdict(403, too_soon), Err(KisError::IssuedTooSoon(_))));
    }

    #[test]
    fn a_failure_without_a_code_is_passing_when_the_server_failed_or_is_being_maintained() {
        let empty = r#"{"rt_cd":"1","msg_cd":"","msg1":""}"#;
        assert!(matches!(verdict(500, empty), Err(KisError::Transient(_))));
        assert!(matches!(verdict(200, empty), Err(KisError::Transient(_))));
        assert!(matches!(verdict(400, empty), Err(KisError::Rejected(_))));
    }

    #[test]
    fn codes_are_read_as_texts_and_as_numbers() {
        assert!(matches!(verdict(200, r#"{"rt_cd":0,"msg_cd":20310000}"#), Ok(Verdict::Success)));
        let Err(KisError::Rejected(answer)) = verdict(200, r#"{"rt_cd":1,"msg_cd":40570000}"#) else { panic!() };
        assert_eq!(answer.msg_cd, "40570000");
    }

    #[test]
    fn a_body_in_cp949_or_cut_within_a_letter_does_not_hide_its_code() {
        let said = r#"{"rt_cd":"1","msg_cd":"EGW00123","msg1":"기간이 만료된 token"}"#;
        let (cp949, _, _) = EUC_KR.encode(said);
        assert_eq!(readable(Bytes::from(cp949.into_owned())), said.as_bytes());
        assert_eq!(readable(Bytes::from_static(said.as_bytes())), said.as_bytes());
        let mut cut = b"{\"rt_cd\":\"1\",\"msg_cd\":\"EGW00123\",\"msg1\":\"".to_vec();
        cut.extend_from_slice(&"기간이".as_bytes()[..7]);
        cut.extend_from_slice(b"\"}");
        let error = classify("TTTC8434R", 500, &readable(cut.into()), &[]).1.unwrap_err();
        assert!(matches!(error, KisError::TokenRefused(_)), "{error}");
    }

    #[test]
    fn an_empty_list_is_a_success_whatever_rt_cd_says() {
        let nothing = r#"{"rt_cd":"7","msg_cd":"KIOK0560","msg1":"조회할 내용이 없습니다   ","output1":[]}"#;
        assert!(matches!(verdict(200, nothing), Ok(Verdict::Success)));
    }

    #[test]
    fn what_is_not_json_is_not_an_answer_of_kis() {
        for (status, body) in [(404, ""), (502, "<html>"), (200, "{\"rt_cd\":"), (200, "[]")] {
            assert!(matches!(verdict(status, body), Err(KisError::Foreign { .. })), "{body}");
        }
    }

    #[test]
    fn padding_and_control_characters_do_not_reach_a_message() {
        let padded = "{\"rt_cd\":\"2\",\"msg_cd\":\"OPSQ2000\",\"msg1\":\"ERROR\\u001b[2J : ACNO      \"}";
        let Err(KisError::Rejected(answer)) = verdict(200, padded) else { panic!() };
        assert_eq!(answer.msg1, "ERROR[2J : ACNO");
    }

    #[test]
    fn a_secret_that_is_repeated_does_not_reach_a_message() {
        for (echo, shown) in [
            ("키 the-app-key-of-somebody 없음", "키 [secret] 없음"),
            ("the-app-key-of-some", "[secret]"),
            ("key-of-some and app-key-of", "[secret] and [secret]"),
            ("the key", "the key"),
        ] {
            let body = format!(r#"{{"rt_cd":"1","msg_cd":"EGW00103","msg1":"{echo}"}}"#);
            let Err(KisError::CredentialsRejected(answer)) = verdict(500, &body) else { panic!() };
            assert_eq!(answer.msg1, shown);
        }
    }

    #[test]
    fn a_success_with_a_status_that_says_otherwise_is_none() {
        let success = r#"{"rt_cd":"0","msg_cd":"KIOK0510","msg1":"ok"}"#;
        // 302 is looked at once more by whoever reads.
        for (status, repeated) in [(503, true), (302, false)] {
            let error = verdict(status, success).unwrap_err();
            assert!(
                matches!(error, KisError::Foreign { .. }) && (after(Effect::Read, &error) == After::Repeat) == repeated,
                "{error}"
            );
        }
    }

    #[test]
    fn f_and_m_promise_another_page_and_d_and_e_none() {
        let more = [Some("F"), Some("M "), Some("D"), Some("E"), Some(""), Some("x"), None].map(More::of);
        assert_eq!(more, [More::Yes, More::Yes, More::No, More::No, More::Unsaid, More::Unsaid, More::Unsaid]);
    }
}
