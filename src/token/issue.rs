//! One try to get a token: under the lock that all processes share, from the mirror if another has been issued one, from KIS
//! otherwise, and never within the minute.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tracing::{debug, info, warn};

use super::{
    Source, Token,
    store::{Distrust, IssueLock, Mirrored, Store},
};
use crate::{
    clock::{self, Instant, SharedClock},
    kis::{Credentials, KisClient, KisError, auth},
};

/// Longest wait for KIS's answer, the wait for a slot of the quota included.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Longest way of a call from here to KIS, a slow connection included.
const ARRIVES_WITHIN: Duration = Duration::from_secs(5);

/// Life of an individual's token.
const USUAL_LIFE: TimeDelta = TimeDelta::hours(24);

/// What is known before the try.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// The token held, if any.
    pub(super) current: Option<Arc<Token>>,
    /// The last token that KIS refused.
    pub(super) refused: Option<Arc<Token>>,
    /// Before this instant this process must not ask, whatever the disk says.
    pub(super) not_before: Instant,
}

/// How a try ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Another process had been issued this token.
    Adopted(Token),
    /// KIS issued this token, or handed out the one that is already held.
    Issued(Token),
    /// KIS handed out the token that it refuses.
    StillDead(Token),
    /// It is too early; KIS was not asked.
    TooEarly(Duration),
    /// KIS was asked in vain.
    Failed(KisError),
}

/// What the mirror has to offer.
enum InMirror {
    /// A token that is better than the one held.
    Better(Token),
    /// A token that has expired.
    Expired,
    /// Nothing of use.
    Nothing,
}

/// What a try works with.
#[derive(Debug, Clone)]
pub(super) struct Issuer {
    pub(super) client: Arc<KisClient>,
    pub(super) store: Arc<Store>,
    pub(super) clock: SharedClock,
    pub(super) issue_interval: Duration,
    /// The key pair that the store is bound to; a reload replaces both together.
    pub(super) credentials: Credentials,
    /// When this process began.
    pub(super) started: Instant,
}

impl Issuer {
    /// One try.
    pub(super) async fn attempt(self, known: Known) -> Outcome {
        let mut lock = self.lock().await;
        let previous = self.last_issue(&mut lock).await;
        let mut in_mirror = self.newer_in_mirror(&known).await;
        // What was written was written in KIS's time, and this machine's clock may be wrong: before an issuance is spent for what
        // it says, KIS is asked. Once a process.
        if matches!(in_mirror, InMirror::Expired) || previous.is_some() {
            self.client.learn_time().await;
            in_mirror = self.newer_in_mirror(&known).await;
        }
        if let InMirror::Better(token) = in_mirror {
            return Outcome::Adopted(token);
        }
        let previous = self.not_from_the_future(&mut lock, previous).await;
        let wait = self.wait(previous, known.not_before);
        if wait > Duration::ZERO {
            return Outcome::TooEarly(wait);
        }
        if !self.note(&mut lock, Some(self.clock.now())).await {
            // Neither a restart nor another process would know of this issuance. So that a daemon that cannot write and is
            // started again and again does not ask every time, it asks only when it has lived for the interval.
            let wait = self.started.saturating_add(self.issue_interval).saturating_sub(self.clock.monotonic());
            if wait > Duration::ZERO {
                return Outcome::TooEarly(wait);
            }
        }
        let deadline = self.clock.monotonic().saturating_add(ANSWER_WITHIN);
        let issued = {
            // The quota may have made us wait, and the call may take a while to arrive: its minute begins no earlier than noted.
            let about_to_send = async {
                let arrived = clock::after(self.clock.now(), ARRIVES_WITHIN.min(self.issue_interval));
                self.note(&mut lock, Some(arrived)).await;
            };
            auth::issue(&self.client, &self.credentials, deadline, about_to_send).await
        };
        match issued {
            Ok(issued) => {
                let token = self.token(issued, &known);
                let dead =
                    known.refused.as_ref().is_some_and(|refused| refused.access_token.same_as(&token.access_token));
                self.save(&token, dead.then(|| self.clock.now())).await;
                self.note(&mut lock, Some(self.clock.now())).await;
                if dead { Outcome::StillDead(token) } else { Outcome::Issued(token) }
            }
            Err(error) => {
                // EGW00133 proves that somebody's minute is running. Any other clear refusal has cost no issuance: the minute
                // still counts from the one before.
                let counts = error.may_have_issued() || matches!(error, KisError::IssuedTooSoon(_));
                self.note(&mut lock, if counts { Some(self.clock.now()) } else { previous }).await;
                Outcome::Failed(error)
            }
        }
    }

    /// A note from the future was written while somebody's clock was wrong: when is not known, so it counts as just now, once.
    async fn not_from_the_future(
        &self,
        lock: &mut Option<IssueLock>,
        noted: Option<DateTime<Utc>>,
    ) -> Option<DateTime<Utc>> {
        let now = self.clock.now();
        if noted.is_none_or(|at| at <= clock::after(now, ARRIVES_WITHIN)) {
            return noted;
        }
        // Where it cannot be noted, the first minute of this process is waited out below.
        self.note(lock, Some(now)).await.then_some(now)
    }

    fn wait(&self, last_issue: Option<DateTime<Utc>>, not_before: Instant) -> Duration {
        let by_disk = last_issue
            .map_or(Duration::ZERO, |at| clock::until(self.clock.now(), clock::after(at, self.issue_interval)));
        by_disk.max(not_before.saturating_sub(self.clock.monotonic()))
    }

    fn token(&self, issued: auth::IssuedToken, known: &Known) -> Token {
        let now = self.clock.now();
        let seen = [&known.current, &known.refused]
            .into_iter()
            .flatten()
            .find(|token| token.access_token.same_as(&issued.access_token));
        // A token new to us may still be hours old: KIS hands out the same one for six hours.
        let issued_at = match seen {
            Some(token) => token.issued_at,
            None if issued.is_new => now,
            None => issued.expires_at.checked_sub_signed(USUAL_LIFE).map_or(now, |at| at.min(now)),
        };
        Token {
            access_token: issued.access_token,
            token_type: issued.token_type,
            issued_at,
            expires_at: issued.expires_at,
            source: Source::Issued,
        }
    }

    /// Looks into the mirror. A refused token is marked there on the way.
    async fn newer_in_mirror(&self, known: &Known) -> InMirror {
        let (store, now) = (self.store.clone(), self.clock.now());
        let Some(read) = blocking(move || store.read(now)).await else { return InMirror::Nothing };
        let mirrored = match read {
            Ok(Some(Mirrored::Usable(token))) => token,
            Ok(Some(Mirrored::Refused(_)) | None) => return InMirror::Nothing,
            Err(Distrust::Expired(_)) => return InMirror::Expired,
            Err(distrust) => {
                // Said aloud when the daemon started.
                debug!(mirror = %self.store.path().display(), "the token mirror {distrust}; it is not used");
                return InMirror::Nothing;
            }
        };
        let is = |token: &Option<Arc<Token>>| {
            token.as_ref().is_some_and(|token| token.access_token.same_as(&mirrored.access_token))
        };
        if is(&known.refused) {
            self.save(&mirrored, Some(now)).await;
            return InMirror::Nothing;
        }
        let better = known.current.as_ref().is_none_or(|current| mirrored.expires_at > current.expires_at);
        if better && !is(&known.current) { InMirror::Better(mirrored) } else { InMirror::Nothing }
    }

    // The disk may be full, read-only or gone. Then kisd goes on with what it has in memory, and says so.

    async fn lock(&self) -> Option<IssueLock> {
        let store = self.store.clone();
        self.report("lock", blocking(move || store.lock()).await)
    }

    async fn last_issue(&self, lock: &mut Option<IssueLock>) -> Option<DateTime<Utc>> {
        let mut taken = lock.take()?;
        let (last, taken) = blocking(move || (taken.last_issue(), taken)).await?;
        *lock = Some(taken);
        self.report("read the last issuance beside", Some(last)).flatten()
    }

    /// Whether it could be noted.
    async fn note(&self, lock: &mut Option<IssueLock>, at: Option<DateTime<Utc>>) -> bool {
        let Some(mut taken) = lock.take() else { return false };
        let Some((noted, taken)) = blocking(move || (taken.note(at), taken)).await else { return false };
        *lock = Some(taken);
        self.report("note the issuance beside", Some(noted)).is_some()
    }

    async fn save(&self, token: &Token, refused_at: Option<DateTime<Utc>>) {
        let (store, token) = (self.store.clone(), token.clone());
        let expires_at = token.expires_at;
        let written = blocking(move || store.write(&token, refused_at)).await;
        if self.report("write", written).is_some() && refused_at.is_none() {
            info!(expires_at = %clock::kst(expires_at), "token mirrored");
        }
    }

    /// Takes back in the mirror that the token was refused.
    pub(super) async fn forgive(&self, token: &Token) {
        let lock = self.lock().await;
        self.save(token, None).await;
        drop(lock);
    }

    fn report<T>(&self, action: &str, result: Option<std::io::Result<T>>) -> Option<T> {
        match result? {
            Ok(value) => Some(value),
            Err(error) => {
                warn!(
                    mirror = %self.store.path().display(), %error,
                    "cannot {action} the token mirror; the token is kept in memory, and a restart may have to ask KIS for another"
                );
                None
            }
        }
    }
}

/// Runs what blocks on a thread made for it; `None` if it panicked or the runtime is going down.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
