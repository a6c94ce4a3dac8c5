//! Business calls: sent with the token, and again where that can help and do no harm.

use std::time::Duration;

use futures_util::{StreamExt, stream::FuturesUnordered};
use reqwest::{
    RequestBuilder,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use serde::{Serialize, Serializer};

use super::{KisClient, LEAST_ANSWER_TIME};
use crate::{
    backoff::Backoff,
    clock::{self, Instant},
    kis::{
        After, Effect, after,
        error::{DENIED, KisError},
        http::Exchange,
        quota::Claimants,
        reply::{More, Reply, Verdict},
    },
    secret::AccessToken,
};

/// Pauses between the tries of one read.
const READ_BACKOFF: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(2));

/// Tries of one call that meets faults. For a read, being throttled does not count: it passes, and the deadline ends it.
const TRIES: u32 = 3;

/// Tries of one trade, whatever it meets.
const TRADE_TRIES: u32 = 2;

/// Pause between tries of a KIS that does not answer: with the time that an answer takes, its return is noticed within five seconds.
const KNOCK_EVERY: Duration = Duration::from_secs(3);

/// Longest wait for the answer to one of these tries.
const KNOCK_WITHIN: Duration = Duration::from_secs(15);

/// The parameters of a call.
#[derive(Debug, Clone, Copy)]
pub enum Query<'a> {
    /// As KIS spells them.
    Params(&'a [(&'static str, &'a str)]),
    /// As a client of KIS has written them, with the account number that is among them.
    Written {
        /// The query.
        query: &'a str,
        /// The account number; empty: there is none.
        account: &'a str,
    },
}

/// A call that failed, with the answer as it was sent, if there was one.
#[derive(Debug)]
pub struct Failed {
    /// Why.
    pub error: KisError,
    /// The answer.
    pub exchange: Option<Box<Exchange>>,
}

impl From<KisError> for Failed {
    fn from(error: KisError) -> Self {
        Self { error, exchange: None }
    }
}

/// A business call.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Path under the base URL.
    pub path: &'a str,
    /// The transaction, by its id in this environment; what it is called in the log and in counters.
    pub tr_id: &'static str,
    /// The id that is sent in its place, where kisd does not know the transaction.
    pub unlisted: Option<&'a str>,
    /// What it does at KIS: decides whether it may be sent again.
    pub effect: Effect,
    /// Its parameters.
    pub query: Query<'a>,
    /// Whether this asks for a page after the first.
    pub next_page: bool,
}

/// A call that places, changes or cancels an order.
#[derive(Debug, Clone, Copy)]
pub struct Trade<'a> {
    /// Path under the base URL.
    pub path: &'static str,
    /// The transaction, by its id in this environment.
    pub tr_id: &'static str,
    /// The parameters as KIS spells them, in its order.
    pub params: &'a [(&'static str, String)],
}

/// Parameters as a JSON object, in their order.
struct Body<'a>(&'a [(&'static str, String)]);

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl KisClient {
    /// Sends a trade, once, on a connection of its own: one that was kept may be closed by KIS just as an order goes out, and then
    /// nobody knows what became of it. A failure after which KIS may have it says so.
    pub async fn trade(
        &self,
        trade: &Trade<'_>,
        token: &AccessToken,
        claimants: &Claimants,
        deadline: Instant,
    ) -> Result<Reply, KisError> {
        let Trade { path, tr_id, params } = *trade;
        let request = self.with_headers(self.fresh.post(self.url(path)), tr_id, token).json(&Body(params));
        let account = params.iter().find(|(name, _)| *name == "CANO").map_or("", |(_, number)| number);
        let sent = self.send(tr_id, request, [token.expose(), account], claimants, deadline, std::future::ready(()));
        let (exchange, verdict) = sent.await.map_err(|error| error.of(Effect::Trade))?;
        match verdict {
            Ok(Verdict::Success) => {
                let (more, http_status) = (More::of(exchange.tr_cont.as_deref()), exchange.http_status);
                Ok(Reply { tr_id, more, http_status, body: exchange.body })
            }
            Ok(Verdict::Flat) => {
                let what = "JSON without rt_cd";
                Err(KisError::Foreign { tr_id, http_status: exchange.http_status, what }.of(Effect::Trade))
            }
            Err(error) => {
                self.totals.count_failure(&error);
                Err(error.of(Effect::Trade))
            }
        }
    }

    /// Calls, and repeats the call with pauses where its effect and KIS's answer allow it, until `deadline`.
    pub async fn call(
        &self,
        call: &Call<'_>,
        token: &AccessToken,
        claimants: &Claimants,
        deadline: Instant,
    ) -> Result<Reply, KisError> {
        let answered = self.call_whole(call, token, claimants, deadline).await;
        answered.map(|(reply, _)| reply).map_err(|failed| failed.error)
    }

    /// The same, with the answer as KIS sent it.
    pub async fn call_whole(
        &self,
        call: &Call<'_>,
        token: &AccessToken,
        claimants: &Claimants,
        deadline: Instant,
    ) -> Result<(Reply, Exchange), Failed> {
        let (mut failures, mut faults, mut doubted) = (0, 0, false);
        loop {
            let result = self.call_once(call, token, claimants, deadline).await;
            let result = result.map_err(|failed| Failed { error: failed.error.of(call.effect), ..failed });
            // A success with a status that does not fit may be a proxy's: where that costs nothing, it is looked at twice.
            let doubtful = call.effect == Effect::Read
                && match &result {
                    Ok((reply, _)) => reply.http_status != 200,
                    Err(Failed { error: KisError::Foreign { http_status, what, .. }, .. }) => {
                        *what == DENIED && *http_status < 500
                    }
                    Err(_) => false,
                };
            if doubtful && !doubted {
                doubted = true;
                continue;
            }
            let failed = match result {
                Ok(answered) => return Ok(answered),
                Err(failed) => failed,
            };
            let error = &failed.error;
            failures += 1;
            let is_throttled = matches!(error, KisError::Throttled(_));
            faults += u32::from(!is_throttled);
            let has_had_its_tries = match call.effect {
                Effect::Trade => failures >= TRADE_TRIES,
                Effect::Read | Effect::Issue => faults >= TRIES,
            };
            let resume = self.clock.monotonic().saturating_add(READ_BACKOFF.delay(failures));
            if after(call.effect, error) != After::Repeat || has_had_its_tries || resume >= deadline {
                return Err(failed);
            }
            self.clock.sleep_until(resume).await;
        }
    }

    /// Reads, as soon as a KIS that has been silent answers again. While it does not, another try is sent beside the last every
    /// [`KNOCK_EVERY`]: its return is noticed soon, and a KIS that is merely slow is not taken for a silent one.
    pub async fn knock(
        &self,
        call: &Call<'_>,
        token: &AccessToken,
        claimants: &Claimants,
        deadline: Instant,
    ) -> Result<Reply, KisError> {
        let mut tries = FuturesUnordered::new();
        loop {
            let now = self.clock.monotonic();
            if tries.is_empty() || now.saturating_add(LEAST_ANSWER_TIME) < deadline {
                tries.push(self.call_once(call, token, claimants, deadline.min(now.saturating_add(KNOCK_WITHIN))));
            }
            let answered = async {
                loop {
                    match tries.next().await?.map(|(reply, _)| reply).map_err(|failed| failed.error) {
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
                Some(Ok(reply)) if reply.http_status != 200 => {
                    return self.call(call, token, claimants, deadline).await;
                }
                Some(result) => return result,
            }
        }
    }

    async fn call_once(
        &self,
        call: &Call<'_>,
        token: &AccessToken,
        claimants: &Claimants,
        deadline: Instant,
    ) -> Result<(Reply, Exchange), Failed> {
        let tr_id = call.tr_id;
        let (exchange, verdict) = self.exchange(call, token, claimants, deadline).await?;
        let http_status = exchange.http_status;
        let error = match verdict {
            Ok(Verdict::Success) => {
                let more = More::of(exchange.tr_cont.as_deref());
                return Ok((Reply { tr_id, more, http_status, body: exchange.body.clone() }, exchange));
            }
            Ok(Verdict::Flat) => KisError::Foreign { tr_id, http_status, what: "JSON without rt_cd" },
            Err(error) => error,
        };
        self.totals.count_failure(&error);
        Err(Failed { error, exchange: Some(Box::new(exchange)) })
    }

    /// Sends a call with the token, once.
    async fn exchange(
        &self,
        call: &Call<'_>,
        token: &AccessToken,
        claimants: &Claimants,
        deadline: Instant,
    ) -> Result<(Exchange, Result<Verdict, KisError>), KisError> {
        let url = match call.query {
            Query::Params(_) => self.url(call.path),
            Query::Written { query, .. } => self.url(&format!("{}?{query}", call.path)),
        };
        let request = self
            .with_headers(self.http.get(url), call.unlisted.unwrap_or(call.tr_id), token)
            .header("tr_cont", if call.next_page { "N" } else { "" });
        // KIS repeats account numbers in its messages.
        let (request, account) = match call.query {
            Query::Params(params) => {
                let account = params.iter().find(|(name, _)| *name == "CANO").map_or("", |(_, number)| *number);
                (request.query(params), account)
            }
            Query::Written { account, .. } => (request, account),
        };
        let private = [token.expose(), account];
        self.send(call.tr_id, request, private, claimants, deadline, std::future::ready(())).await
    }

    /// A request of a business call, with what each of them has.
    fn with_headers(&self, request: RequestBuilder, tr_id: &str, token: &AccessToken) -> RequestBuilder {
        let live = self.live.load_full();
        request
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .header(AUTHORIZATION, sensitive(&format!("Bearer {}", token.expose())))
            .header("appkey", sensitive(live.credentials.app_key.expose()))
            .header("appsecret", sensitive(live.credentials.app_secret.expose()))
            .header("tr_id", tr_id)
            .header("custtype", "P")
    }
}

fn sensitive(secret: &str) -> HeaderValue {
    // Checked characters are graphic ASCII, all of which a header may hold; an empty header is refused by KIS, not sent wrong.
    let mut value = HeaderValue::from_str(secret).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}
