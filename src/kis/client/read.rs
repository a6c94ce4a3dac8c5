//! Business calls that only read: sent with the token, and again where that can help.

use std::time::Duration;

use futures_util::{StreamExt, stream::FuturesUnordered};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};

use super::{KisClient, LEAST_ANSWER_TIME};
use crate::{
    backoff::Backoff,
    clock::{self, Instant},
    kis::{
        After, Effect, Tr, after,
        error::{DENIED, KisError},
        reply::{More, Reply, Verdict},
    },
    secret::AccessToken,
};

/// Pauses between the tries of one read.
const READ_BACKOFF: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(2));

/// Tries of one read that meets faults. Being throttled does not count: it passes, and the deadline ends it.
const READ_TRIES: u32 = 3;

/// Pause between tries of a KIS that does not answer: with the time that an answer takes, its return is noticed within five seconds.
const KNOCK_EVERY: Duration = Duration::from_secs(3);

/// Longest wait for the answer to one of these tries.
const KNOCK_WITHIN: Duration = Duration::from_secs(15);

/// A business call that only reads.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Path under the base URL.
    pub path: &'static str,
    /// The transaction.
    pub tr: Tr,
    /// Query parameters, as KIS spells them.
    pub query: &'a [(&'static str, &'a str)],
    /// Whether this asks for a page after the first.
    pub next_page: bool,
}

impl KisClient {
    /// Reads, and repeats the read with pauses where KIS's answer allows it, until `deadline`.
    pub async fn read(&self, call: &Call<'_>, token: &AccessToken, deadline: Instant) -> Result<Reply, KisError> {
        let (mut failures, mut faults, mut doubted) = (0, 0, false);
        loop {
            let result = self.read_once(call, token, deadline).await;
            // A success with a status that does not fit may be a proxy's: it is looked at twice.
            let doubtful = match &result {
                Ok(reply) => reply.http_status != 200,
                Err(KisError::Foreign { http_status, what, .. }) => *what == DENIED && *http_status < 500,
                Err(_) => false,
            };
            if doubtful && !doubted {
                doubted = true;
                continue;
            }
            let error = match result {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            failures += 1;
            if matches!(error, KisError::Throttled(_)) {
                self.quota.slow_down();
            } else {
                faults += 1;
            }
            let resume = self.clock.monotonic().saturating_add(READ_BACKOFF.delay(failures));
            if after(Effect::Read, &error) != After::Repeat || faults >= READ_TRIES || resume >= deadline {
                return Err(error);
            }
            self.clock.sleep_until(resume).await;
        }
    }

    /// Reads as soon as a KIS that has been silent answers again. While it does not, another try is sent beside the last every
    /// [`KNOCK_EVERY`]: its return is noticed soon, and a KIS that is merely slow is not taken for a silent one.
    pub async fn knock(&self, call: &Call<'_>, token: &AccessToken, deadline: Instant) -> Result<Reply, KisError> {
        let mut tries = FuturesUnordered::new();
        loop {
            let now = self.clock.monotonic();
            if tries.is_empty() || now.saturating_add(LEAST_ANSWER_TIME) < deadline {
                tries.push(self.read_once(call, token, deadline.min(now.saturating_add(KNOCK_WITHIN))));
            }
            let answered = async {
                loop {
                    match tries.next().await? {
                        // Its time is over, and that of those after it is not.
                        Err(KisError::Unreachable { sent: true, .. } | KisError::NoSlot { .. })
                            if !tries.is_empty() => {}
                        result => return Some(result),
                    }
                }
            };
            let again_at = now.saturating_add(KNOCK_EVERY);
            match clock::before(&*self.clock, again_at, answered).await.flatten() {
                None => {}
                // Doubtful, as in a read.
                Some(Ok(reply)) if reply.http_status != 200 => return self.read(call, token, deadline).await,
                Some(result) => {
                    if matches!(result, Err(KisError::Throttled(_))) {
                        self.quota.slow_down();
                    }
                    return result;
                }
            }
        }
    }

    async fn read_once(&self, call: &Call<'_>, token: &AccessToken, deadline: Instant) -> Result<Reply, KisError> {
        let tr_id = call.tr.id(self.environment);
        let live = self.live.load_full();
        let request = self
            .http
            .get(self.url(call.path))
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .header(AUTHORIZATION, sensitive(&format!("Bearer {}", token.expose())))
            .header("appkey", sensitive(live.credentials.app_key.expose()))
            .header("appsecret", sensitive(live.credentials.app_secret.expose()))
            .header("tr_id", tr_id)
            .header("tr_cont", if call.next_page { "N" } else { "" })
            .header("custtype", "P")
            .query(call.query);
        // KIS repeats account numbers in its messages.
        let account = call.query.iter().find(|(name, _)| *name == "CANO").map_or("", |(_, number)| *number);
        let private = [token.expose(), account];
        let (exchange, verdict) =
            self.send(tr_id, request, private, deadline, std::future::ready(())).await.map_err(of_a_read)?;
        match verdict.map_err(of_a_read).inspect_err(|error| self.totals.count_failure(error))? {
            Verdict::Success => {
                let more = More::of(exchange.tr_cont.as_deref());
                Ok(Reply { tr_id, more, http_status: exchange.http_status, body: exchange.body })
            }
            Verdict::Flat => {
                let error = KisError::Foreign { tr_id, http_status: exchange.http_status, what: "JSON without rt_cd" };
                self.totals.count_failure(&error);
                Err(error)
            }
        }
    }
}

/// During maintenance KIS refuses without a code: that is no decision about what was asked, and a read costs nothing to repeat.
fn of_a_read(error: KisError) -> KisError {
    match error {
        KisError::Rejected(answer) if answer.msg_cd.is_empty() && (200..300).contains(&answer.http_status) => {
            KisError::Transient(answer)
        }
        error => error,
    }
}

fn sensitive(secret: &str) -> HeaderValue {
    // Checked characters are graphic ASCII, all of which a header may hold; an empty header is refused by KIS, not sent wrong.
    let mut value = HeaderValue::from_str(secret).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}
