//! One try to get a token: under the lease that all processes share, from the mirror if another has been issued one, from KIS
//! otherwise, and never within the minute.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tracing::{debug, info, warn};

use super::{
    Source, Token,
    store::{Held, Mirrored, Note, Obstacle, Remaining, Store},
};
use crate::{
    clock::{self, BootTime, SharedClock},
    kis::{Credentials, KisClient, KisError, auth, begins_minute},
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
    /// Before this time since boot this process must not ask, whatever the disk says.
    pub(super) not_before: BootTime,
}

/// How a try ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Another process had been issued this token.
    Adopted(Token),
    /// KIS handed out this token: a new one, or one that is known.
    Issued(Token),
    /// It is too early; KIS was not asked.
    TooEarly(Duration),
    /// KIS was asked, and handed out nothing.
    Failed(KisError),
}

/// What a try works with.
#[derive(Debug, Clone)]
pub(super) struct Issuer {
    pub(super) client: Arc<KisClient>,
    pub(super) store: Store,
    pub(super) clock: SharedClock,
    pub(super) issue_interval: Duration,
    /// The key pair that the store is bound to; a reload replaces both together.
    pub(super) credentials: Credentials,
    /// The time since boot when this process began.
    pub(super) started: BootTime,
    /// Who keeps this process from the lease.
    pub(super) obstacle: Arc<Obstacle>,
}

/// The lease, if it could be had.
type Lent = Option<Box<dyn Held>>;

impl Issuer {
    /// One try.
    pub(super) async fn attempt(self, known: Known) -> Outcome {
        let mut lent = self.acquire().await;
        let previous = self.last_issue(&mut lent).await;
        // What was noted by a wall clock was noted in KIS's time, and this machine's clock may be wrong.
        if previous.as_ref().is_some_and(|note| !matches!(self.remaining(note), Remaining::Exact(_))) {
            self.client.learn_time().await;
        }
        if let Some(token) = self.better_in_mirror(&known).await {
            return Outcome::Adopted(token);
        }
        let wait = self.wait_after(&previous, &mut lent).await;
        let wait = wait.max(known.not_before.since(self.clock.boottime()));
        if wait > Duration::ZERO {
            return Outcome::TooEarly(wait);
        }
        if !self.note(&mut lent, Some(self.now())).await {
            // Neither a restart nor another process would know of this issuance.
            let wait = self.unnoted_wait();
            if wait > Duration::ZERO {
                return Outcome::TooEarly(wait);
            }
        }
        let deadline = self.clock.monotonic().saturating_add(ANSWER_WITHIN);
        let issued = {
            // The quota may have made us wait, and the call may take a while to arrive: its minute begins no earlier than noted.
            let about_to_send = async {
                let arrived = Note::of(&*self.clock, ARRIVES_WITHIN.min(self.issue_interval));
                self.note(&mut lent, Some(arrived)).await;
            };
            auth::issue(&self.client, &self.credentials, deadline, about_to_send).await
        };
        match issued {
            Ok(issued) => {
                let token = self.token(issued, &known);
                let dead =
                    known.refused.as_ref().is_some_and(|refused| refused.access_token.same_as(&token.access_token));
                self.save(&token, dead.then(|| self.clock.now())).await;
                self.note(&mut lent, Some(self.now())).await;
                Outcome::Issued(token)
            }
            Err(error) => {
                self.note(&mut lent, if begins_minute(&error) { Some(self.now()) } else { previous }).await;
                Outcome::Failed(error)
            }
        }
    }

    fn now(&self) -> Note {
        Note::of(&*self.clock, Duration::ZERO)
    }

    fn remaining(&self, note: &Note) -> Remaining {
        note.remaining(&*self.clock, self.issue_interval)
    }

    /// How long to wait for the minute of the last issuance that was noted.
    async fn wait_after(&self, previous: &Option<Note>, lent: &mut Lent) -> Duration {
        match previous.as_ref().map(|note| self.remaining(note)) {
            None => Duration::ZERO,
            Some(Remaining::Exact(wait) | Remaining::ByWall(wait)) => wait,
            // When it was is not known, so it counts as just now, once.
            Some(Remaining::Unknown) => match self.note(lent, Some(self.now())).await {
                true => self.issue_interval,
                false => self.unnoted_wait(),
            },
        }
    }

    /// How long to wait where nothing can be noted. So that a daemon that is started again and again does not ask every time,
    /// it asks only when it has lived for the interval.
    fn unnoted_wait(&self) -> Duration {
        self.started.saturating_add(self.issue_interval).since(self.clock.boottime())
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

    /// A token of the mirror that is better than the one held. A refused one is marked there on the way.
    async fn better_in_mirror(&self, known: &Known) -> Option<Token> {
        let mirrored = match self.store.mirror.read().await {
            Ok(Some(Mirrored::Usable(token))) => token,
            Ok(Some(Mirrored::Refused(_)) | None) => return None,
            Err(distrust) => {
                // Said aloud when the daemon started.
                debug!(mirror = %self.store.mirror.name(), "the token mirror {distrust}; it is not used");
                return None;
            }
        };
        let is = |token: &Option<Arc<Token>>| {
            token.as_ref().is_some_and(|token| token.access_token.same_as(&mirrored.access_token))
        };
        let now = self.clock.now();
        if is(&known.refused) {
            self.save(&mirrored, Some(now)).await;
            return None;
        }
        // One that has ended only by this machine's clock is tried; KIS decides.
        let has_ended = self.clock.is_confirmed() && !mirrored.is_usable(now);
        let better = known.current.as_ref().is_none_or(|current| mirrored.expires_at > current.expires_at);
        (better && !has_ended && !is(&known.current)).then_some(mirrored)
    }

    // The disk may be full, read-only or gone. Then kisd goes on with what it has in memory, and says so.

    async fn acquire(&self) -> Lent {
        let lent = self.store.lease.acquire(&*self.clock, &self.obstacle).await;
        let lent = self.report("lock", lent);
        if let Some(obstacle) = &*self.obstacle.load() {
            warn!("{obstacle}");
        }
        lent
    }

    async fn last_issue(&self, lent: &mut Lent) -> Option<Note> {
        let last = lent.as_mut()?.last_issue().await;
        self.report("read the last issuance beside", last).flatten()
    }

    /// Whether it could be noted.
    async fn note(&self, lent: &mut Lent, issue: Option<Note>) -> bool {
        let Some(held) = lent else { return false };
        let noted = held.note(issue).await;
        self.report("note the issuance beside", noted).is_some()
    }

    async fn save(&self, token: &Token, refused_at: Option<DateTime<Utc>>) {
        let written = self.store.mirror.write(token, refused_at).await;
        if self.report("write", written).is_some() && refused_at.is_none() {
            info!(expires_at = %clock::kst(token.expires_at), "token mirrored");
        }
    }

    /// Takes back in the mirror that the token was refused.
    pub(super) async fn forgive(&self, token: &Token) {
        let lent = self.acquire().await;
        self.save(token, None).await;
        drop(lent);
    }

    fn report<T>(&self, action: &str, result: std::io::Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                warn!(
                    mirror = %self.store.mirror.name(), %error,
                    "cannot {action} the token mirror; the token is kept in memory, and a restart may have to ask KIS for another"
                );
                None
            }
        }
    }
}
