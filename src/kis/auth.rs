//! The token call, on the wire only: when to make it is `token`'s business.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Credentials,
    client::KisClient,
    error::KisError,
    field::{Field, Object, Place},
};
use crate::{
    clock::{self, Instant},
    secret::AccessToken,
};

/// The name of the call in logs and errors, where business calls have their TR id.
pub const ISSUE: &str = "tokenP";

/// Longest life believed; the longest that KIS documents is three months.
const LONGEST_LIFE: Duration = Duration::from_secs(366 * 24 * 3600);

/// Longest `token_type` taken; KIS has always said "Bearer".
const MAX_TOKEN_TYPE: usize = 32;

/// Life of an individual's token.
const USUAL_LIFE: Duration = Duration::from_secs(24 * 3600);

/// A token that has less than this less than its whole life is new: two clocks never agree to the second.
const CLOCKS_AGREE: Duration = Duration::from_secs(300);

/// A token as KIS handed it out.
#[derive(Debug)]
pub struct IssuedToken {
    /// The token.
    pub access_token: AccessToken,
    /// `token_type`, which has always been "Bearer".
    pub token_type: String,
    /// `access_token_token_expired`, read as Korean time, where it can be true.
    pub expires_at: DateTime<Utc>,
    /// Whether it has its whole life, `expires_in`, before it.
    pub is_new: bool,
}

#[derive(Serialize)]
struct IssueRequest<'a> {
    grant_type: &'a str,
    appkey: &'a str,
    appsecret: &'a str,
}

#[derive(Deserialize)]
struct IssueAnswer<'a> {
    #[serde(borrow, default)]
    access_token: Field<'a>,
    #[serde(borrow, default)]
    access_token_token_expired: Field<'a>,
    #[serde(borrow, default)]
    token_type: Field<'a>,
    #[serde(borrow, default)]
    expires_in: Field<'a>,
}

/// Asks KIS for a token, once. The owner of the account is notified by KIS of every success.
///
/// `about_to_send` is awaited when the quota has granted the call and nothing has been sent yet.
pub async fn issue(
    client: &KisClient,
    credentials: &Credentials,
    deadline: Instant,
    about_to_send: impl Future<Output = ()>,
) -> Result<IssuedToken, KisError> {
    let request = IssueRequest {
        grant_type: "client_credentials",
        appkey: credentials.app_key.expose(),
        appsecret: credentials.app_secret.expose(),
    };
    let (exchange, verdict) = client.post(ISSUE, "/oauth2/tokenP", &request, deadline, about_to_send).await?;
    // What is said of the token's end is measured by the clock of who said it.
    let parsed = parse(&exchange.body, exchange.date.unwrap_or_else(|| client.clock().now()));
    // A body with a token in it is an issuance, whatever else it claims to be.
    let issued = match (verdict, parsed) {
        (_, Ok(issued)) => Ok(issued),
        (Err(refusal), Err(_)) => Err(refusal),
        (Ok(_), Err(malformed)) => Err(malformed),
    };
    match &issued {
        Ok(_) => client.totals().count_issuance(),
        Err(error) => client.totals().count_failure(error),
    }
    issued
}

pub(crate) fn parse(body: &[u8], now: DateTime<Utc>) -> Result<IssuedToken, KisError> {
    let place = Place { tr_id: ISSUE, row: None };
    let Object(answer): Object<IssueAnswer<'_>> =
        serde_json::from_slice(body).map_err(|_| place.malformed("body", "is not a JSON object"))?;
    let access_token = AccessToken::try_new(answer.access_token.text("access_token", &place)?.to_owned())
        .map_err(|fault| place.malformed("access_token", fault.to_string()))?;
    let expires_at = expiry(&answer, now, &place)?;
    let whole_life = life(&answer, &place).map(|life| clock::after(now, life));
    Ok(IssuedToken {
        access_token,
        token_type: answer.token_type.as_str().filter(|kind| is_token_type(kind)).unwrap_or("Bearer").to_owned(),
        expires_at,
        is_new: whole_life.is_some_and(|end| clock::after(expires_at, CLOCKS_AGREE) >= end),
    })
}

/// `expires_in`, if it is a time.
fn life(answer: &IssueAnswer<'_>, place: &Place) -> Option<Duration> {
    let seconds = answer.expires_in.integer("expires_in", place).ok().and_then(|seconds| u64::try_from(seconds).ok());
    seconds.map(Duration::from_secs).filter(|life| !life.is_zero())
}

/// A token type as RFC 6749 has it, short enough to be kept: a word that a header can hold.
fn is_token_type(text: &str) -> bool {
    (1..=MAX_TOKEN_TYPE).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The stated instant, unless it cannot be true: it is past, or further away than any token lives. `expires_in` does not do, for
/// an old token is handed out again with the whole life of a new one; it serves when the instant is missing, unreadable or
/// impossible, be it by KIS's fault or because this machine's clock is wrong.
fn expiry(answer: &IssueAnswer<'_>, now: DateTime<Utc>, place: &Place) -> Result<DateTime<Utc>, KisError> {
    let stated = answer
        .access_token_token_expired
        .as_str()
        .and_then(|text| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok())
        .and_then(clock::from_kst);
    let by_life = life(answer, place).map(|life| clock::after(now, life.min(LONGEST_LIFE)));
    match stated {
        Some(instant) if now < instant && instant <= clock::after(now, LONGEST_LIFE) => Ok(instant),
        // Handed out a moment ago, so it is alive, whatever is said of its end: KIS will refuse it when it is not.
        Some(_) => Ok(by_life.unwrap_or_else(|| clock::after(now, USUAL_LIFE))),
        None => by_life.ok_or_else(|| {
            place.malformed("access_token_token_expired", "is missing or not a time, and so is expires_in")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stated_korean_time_wins_over_expires_in() {
        let body = br#"{"access_token":"a.b.c","access_token_token_expired":"2025-02-05 13:39:00","token_type":"Bearer","expires_in":86400}"#;
        let issued = parse(body, DateTime::from_timestamp(1_738_644_000, 0).unwrap()).unwrap();
        assert_eq!(issued.expires_at.timestamp(), 1_738_730_340);
    }

    #[test]
    fn without_a_stated_time_the_seconds_serve_and_without_both_the_field_is_named() {
        let issued = parse(br#"{"access_token":"a.b.c","expires_in":60}"#, DateTime::UNIX_EPOCH).unwrap();
        assert_eq!(issued.expires_at.timestamp(), 60);
        let error = parse(br#"{"access_token":"a.b.c"}"#, DateTime::UNIX_EPOCH).unwrap_err();
        assert!(error.to_string().contains("access_token_token_expired"), "{error}");
    }

    #[test]
    fn a_stated_time_that_cannot_be_true_is_not_believed() {
        const DAY: i64 = 86_400;
        let stated = "2025-02-05 13:39:00";
        for (now, expires_in, expected) in [
            // Past, by a clock that is right or one that is ahead: the token has just been handed out, so it is alive.
            (1_738_730_340 + 3 * DAY, Some(DAY), 1_738_730_340 + 4 * DAY),
            (1_738_730_340 + 3 * DAY, None, 1_738_730_340 + 4 * DAY),
            // Far away, by a clock that is right or one that is behind.
            (1_738_730_340 - 400 * DAY, None, 1_738_730_340 - 399 * DAY),
            // An old token that is handed out again, with the seconds of a new one.
            (1_738_730_340 - 3600, Some(DAY), 1_738_730_340),
            (1_738_730_340 - 5 * DAY, None, 1_738_730_340),
            // Seconds that contradict it.
            (1_738_730_340 - 5 * DAY, Some(DAY), 1_738_730_340),
            (1_738_730_340 - DAY, Some(60), 1_738_730_340),
        ] {
            let expires_in = expires_in.map(|seconds| format!(r#","expires_in":{seconds}"#)).unwrap_or_default();
            let body = format!(r#"{{"access_token":"a.b.c","access_token_token_expired":"{stated}"{expires_in}}}"#);
            let issued = parse(body.as_bytes(), DateTime::from_timestamp(now, 0).unwrap()).unwrap();
            assert_eq!(issued.expires_at.timestamp(), expected, "at {now} with {expires_in}");
        }
    }

    #[test]
    fn no_token_lives_longer_than_a_year() {
        let most = DateTime::UNIX_EPOCH + chrono::TimeDelta::days(366);
        let body = br#"{"access_token":"a.b.c","expires_in":8210266876799}"#;
        assert_eq!(parse(body, DateTime::UNIX_EPOCH).unwrap().expires_at, most);
    }

    #[test]
    fn a_token_type_that_is_no_word_is_taken_for_the_usual_one() {
        for kind in [String::new(), "B".repeat(200_000), "Bea rer".to_owned()] {
            let body = format!(r#"{{"access_token":"a.b.c","expires_in":60,"token_type":"{kind}"}}"#);
            assert_eq!(parse(body.as_bytes(), DateTime::UNIX_EPOCH).unwrap().token_type, "Bearer");
        }
    }

    #[test]
    fn a_token_that_could_not_be_sent_is_malformed_and_not_quoted() {
        let error = parse(br#"{"access_token":"line\nbreak","expires_in":60}"#, DateTime::UNIX_EPOCH).unwrap_err();
        assert!(error.to_string().contains("access_token") && !error.to_string().contains("break"), "{error}");
    }
}
