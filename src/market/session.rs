//! What a market does at an instant, and when that changes.

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    calendar::{Calendar, Day},
    hours::{self, session_of},
};
use crate::wire::types::{KnownBy, Phase, Session};

/// What a market does at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The session; `None`: it is not known.
    pub session: Option<Session>,
    /// Which part of it.
    pub phase: Option<Phase>,
    /// The day of trading.
    pub date: NaiveDate,
    /// How it is known whether that is one.
    pub known_by: KnownBy,
    /// When the session changes next; `None`: that is not known.
    pub next_change: Option<DateTime<Utc>>,
    /// What it is then; `None`: that is not known.
    pub next_session: Option<Session>,
}

/// A time in which something is traded, or of which that is not known.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// `None`: it is not known.
    phase: Option<Phase>,
}

impl Stretch {
    fn session(&self) -> Option<Session> {
        self.phase.map(session_of)
    }
}

/// Days that are looked at for the next change: more than any market is closed in a row.
const LOOKED_AHEAD: usize = 30;

impl Calendar<'_> {
    /// What the market does at an instant.
    pub fn at(&self, now: DateTime<Utc>) -> Now {
        let date = self.date_at(now);
        let day = self.day(date);
        let found = self.stretches(&day).into_iter().find(|stretch| (stretch.from..stretch.to).contains(&now));
        let session = found.map_or(Some(Session::Closed), |stretch| stretch.session());
        let next_change = session.and_then(|session| self.next_change(now, date, session));
        let next_session = next_change.and_then(|next| self.session_at(next));
        Now {
            session,
            phase: found.and_then(|stretch| stretch.phase),
            date,
            known_by: if session.is_some() { day.known_by } else { KnownBy::Unknown },
            next_change,
            next_session,
        }
    }

    fn session_at(&self, instant: DateTime<Utc>) -> Option<Session> {
        let day = self.day(self.date_at(instant));
        let found = self.stretches(&day).into_iter().find(|stretch| (stretch.from..stretch.to).contains(&instant));
        found.map_or(Some(Session::Closed), |stretch| stretch.session())
    }

    /// When a session that is known ends.
    fn next_change(&self, now: DateTime<Utc>, date: NaiveDate, session: Session) -> Option<DateTime<Utc>> {
        let days = date.iter_days().take(LOOKED_AHEAD);
        let later = days.flat_map(|date| self.stretches(&self.day(date))).filter(|stretch| stretch.to > now);
        let mut end = None;
        for stretch in later {
            match end {
                // Closed: until something begins that is known.
                None if session == Session::Closed => return stretch.phase.map(|_| stretch.from),
                None => end = Some(stretch.to),
                // The same goes on in another part.
                Some(at) if stretch.from == at && stretch.session() == Some(session) => end = Some(stretch.to),
                Some(_) => break,
            }
        }
        end
    }

    /// What is not closed in a day, in the order of time.
    fn stretches(&self, day: &Day) -> Vec<Stretch> {
        let begin = hours::begin(self.market, day.date);
        let end = hours::begin(self.market, day.date.succ_opt().unwrap_or(day.date));
        if day.open.is_none() {
            return vec![Stretch { from: begin, to: end, phase: None }];
        }
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut is_missing = false;
        for part in self.parts(day) {
            let Some((from, to)) = part.hours else {
                is_missing = true;
                continue;
            };
            if is_missing {
                // Somewhere between the part before and this one.
                let last = stretches.last().map_or(begin, |stretch| stretch.to);
                stretches.push(Stretch { from: last, to: from, phase: None });
                is_missing = false;
            }
            stretches.push(Stretch { from, to, phase: Some(part.phase) });
        }
        if is_missing {
            let last = stretches.last().map_or(begin, |stretch| stretch.to);
            stretches.push(Stretch { from: last, to: end, phase: None });
        }
        stretches
    }
}
