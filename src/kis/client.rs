//! One app key's way to KIS: every call, token calls included, passes through here and waits for the same quota.

mod call;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use tracing::{debug, warn};
use url::Url;

pub use self::call::{Call, Failed, Query, Trade};
use super::{
    Credentials, Environment, Settings,
    after::LEDGER_IS_BUSY,
    auth::ISSUE,
    error::KisError,
    http::{self, Exchange, Http, Pair, SetupError, is_loopback},
    quota::{Beginning, Claim, Claimants, Heard, Quota, Rate},
    reach::Reach,
    reply::{self, Verdict},
    totals::Totals,
};
use crate::clock::{self, Instant, SharedClock, Told};

/// A call is not sent when less than this is left for its answer: it would be cut off, and have used a slot.
const LEAST_ANSWER_TIME: Duration = Duration::from_millis(300);

/// The name of the call that only asks what time it is.
const TIME: &str = "time";

/// Longest wait for its answer: a token is waiting for it.
const TIME_WITHIN: Duration = Duration::from_secs(3);

/// The client of one app key.
#[derive(Debug)]
pub struct KisClient {
    http: reqwest::Client,
    /// Makes a connection for each call. A connection that was kept may be closed by KIS just as a call goes out, and whether
    /// that call had an effect is then unknown: bearable for a read, and a minute without a token for a token call.
    fresh: reqwest::Client,
    environment: Environment,
    base_url: Url,
    /// What a reload may replace while calls are in flight; each call uses the values it started with.
    live: ArcSwap<Live>,
    quota: Quota,
    reach: Reach,
    totals: Totals,
    clock: SharedClock,
    /// Whether KIS has been asked what time it is.
    asked_time: AtomicBool,
}

#[derive(Debug)]
struct Live {
    credentials: Credentials,
    request_timeout: Duration,
}

impl KisClient {
    /// A client that has not connected yet.
    pub fn new(settings: Settings, http: &Http, clock: SharedClock) -> Result<Self, SetupError> {
        // A simulator allows what it was told to, and its limit is told here as well: there is nothing to find out.
        let beginning = if is_loopback(&settings.base_url) { Beginning::Configured } else { Beginning::Low };
        let Pair { kept, fresh } = http.of(&settings.base_url)?;
        Ok(Self {
            http: kept,
            fresh,
            environment: settings.environment,
            base_url: settings.base_url,
            live: ArcSwap::from_pointee(Live {
                credentials: settings.credentials,
                request_timeout: settings.request_timeout,
            }),
            quota: Quota::new(settings.calls_per_second, beginning, clock.clone()),
            reach: Reach::default(),
            totals: Totals::default(),
            clock,
            asked_time: AtomicBool::new(false),
        })
    }

    /// This client, which takes into account what other processes have just called, by this small file.
    pub fn remembering_calls(self, path: &Path) -> Self {
        if let Err(error) = self.quota.keep_log(path) {
            warn!(file = %path.display(), %error, "calls are not written down; a restart within a second may exceed KIS's limit");
        }
        self
    }

    /// The environment that is called.
    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// Where KIS is called.
    pub fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// The clock that deadlines are read from.
    pub fn clock(&self) -> &SharedClock {
        &self.clock
    }

    /// The counters.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Whether KIS can be reached.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// The limit of calls a second, at least one.
    pub fn calls_per_second(&self) -> u32 {
        self.quota.limit()
    }

    /// The rate of calls that KIS is known to allow, at most the limit.
    pub fn learned_rate(&self) -> Rate {
        self.quota.rate()
    }

    /// Slots of the quota that are taken.
    pub fn slots_taken(&self) -> usize {
        self.quota.taken()
    }

    /// Replaces what can be replaced while running: credentials, limit and timeout. The environment and the host cannot.
    pub fn reload(&self, settings: &Settings) {
        self.live.store(Arc::new(Live {
            credentials: settings.credentials.clone(),
            request_timeout: settings.request_timeout,
        }));
        self.quota.set_limit(settings.calls_per_second);
    }

    /// Asks KIS what time it is, at most once in a process and only while it has not said so, by a request that holds no secret
    /// and whose answer does not matter otherwise.
    pub(crate) async fn learn_time(&self) {
        if !self.clock.is_confirmed() && !self.asked_time.swap(true, Ordering::Relaxed) {
            let deadline = self.clock.monotonic().saturating_add(TIME_WITHIN);
            // Without an answer the machine's clock is believed, as it was before.
            let _ = self
                .send(
                    TIME,
                    self.http.get(self.url("/")),
                    [""; 2],
                    &Claim::TOKEN.into(),
                    deadline,
                    std::future::ready(()),
                )
                .await;
        }
    }

    /// Posts a token call, which is never repeated here: that is a decision of `token`. What the answer is worth is left to the
    /// caller, who may find a token in one that claims to be an error.
    pub(super) async fn post(
        &self,
        name: &'static str,
        path: &'static str,
        body: &impl serde::Serialize,
        deadline: Instant,
        about_to_send: impl Future<Output = ()>,
    ) -> Result<(Exchange, Result<Verdict, KisError>), KisError> {
        let request = self.fresh.post(self.url(path)).json(body);
        self.send(name, request, [""; 2], &Claim::TOKEN.into(), deadline, about_to_send).await
    }

    async fn send(
        &self,
        tr_id: &'static str,
        request: reqwest::RequestBuilder,
        private: [&str; 2],
        claimants: &Claimants,
        deadline: Instant,
        about_to_send: impl Future<Output = ()>,
    ) -> Result<(Exchange, Result<Verdict, KisError>), KisError> {
        let asked = self.clock.monotonic();
        let waiting = self.totals.begin_wait();
        let permit = self.quota.permit(claimants, deadline.saturating_sub(LEAST_ANSWER_TIME)).await?;
        drop(waiting);
        claimants.sent();
        self.totals.waits.observe(self.clock.monotonic().since(asked).as_secs_f64());
        about_to_send.await;
        self.totals.count_sent(tr_id);
        let started = self.clock.monotonic();
        let live = self.live.load_full();
        let answer_by = deadline.min(started.saturating_add(live.request_timeout));
        let answer = clock::before(&*self.clock, answer_by, http::exchange(tr_id, request, &*self.clock)).await;
        let took = self.clock.monotonic().since(started);
        self.totals.note_duration(tr_id, took);
        let elapsed_ms = took.as_millis();
        let error = match answer {
            Some(Ok(exchange)) => {
                let [bearer, account] = private;
                let secrets =
                    [live.credentials.app_key.expose(), live.credentials.app_secret.expose(), bearer, account];
                let (msg_cd, verdict) = reply::classify(tr_id, exchange.http_status, &exchange.body, &secrets);
                permit.answered(heard(&verdict));
                // A gateway's page says what time it is on the gateway.
                let from_kis = verdict.as_ref().map_or_else(|error| error.answer().is_some(), |_| true);
                match &verdict {
                    Err(error) if !from_kis => self.missed(tr_id, error),
                    _ => self.reach.answered(tr_id),
                }
                if let Some(date) = exchange.date.filter(|_| from_kis || tr_id == TIME) {
                    let (at, connection) = (exchange.head_at, exchange.connection);
                    self.clock.discipline(Told { wall: date, at, connection });
                }
                debug!(tr_id, status = exchange.http_status, %msg_cd, elapsed_ms, "KIS answered");
                return Ok((exchange, verdict));
            }
            Some(Err(error)) => {
                debug!(tr_id, elapsed_ms, %error, "KIS did not answer");
                self.missed(tr_id, &error);
                error
            }
            None => {
                debug!(tr_id, elapsed_ms, "KIS did not answer in time");
                let error = KisError::Unreachable { tr_id, reason: "timed out".to_owned(), sent: true };
                // A caller with less time says nothing of KIS.
                if took >= live.request_timeout {
                    self.missed(tr_id, &error);
                }
                error
            }
        };
        permit.answered(Heard::Nothing);
        if tr_id != TIME {
            self.totals.count_failure(&error);
        }
        Err(error)
    }

    /// A call has ended without an answer of KIS. Of the want of a token callers are told by its keeper.
    fn missed(&self, tr_id: &'static str, error: &KisError) {
        if tr_id != TIME && tr_id != ISSUE {
            self.reach.failed(tr_id, error, self.clock.monotonic());
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.as_str().trim_end_matches('/'))
    }
}

/// What an answer says of the limit of calls.
fn heard(verdict: &Result<Verdict, KisError>) -> Heard {
    match verdict {
        Err(KisError::Throttled(answer)) if answer.msg_cd == LEDGER_IS_BUSY => Heard::Busy,
        Err(KisError::Throttled(_)) => Heard::TooMany,
        // Not KIS's answer.
        Err(error) if error.answer().is_none() => Heard::Nothing,
        _ => Heard::LetThrough,
    }
}
