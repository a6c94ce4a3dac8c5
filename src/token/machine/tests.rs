//! The machine against a KIS in a few lines: stories here, random histories in `histories`.

mod histories;

use chrono::TimeDelta;

use super::*;
use crate::{
    kis::{After, Answer, Effect, KisError, after},
    secret::AccessToken,
    token::{Source, issue::Outcome},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const RULES: Rules = Rules { refresh_before: Duration::from_secs(600), issue_interval: MINUTE, remedy: Remedy::Reload };

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn answer(code: &str) -> Answer {
    Answer { tr_id: "TTTC8434R", msg_cd: code.to_owned(), msg1: String::new(), http_status: 500 }
}

/// A machine, the KIS that it asks, and the time.
struct Story {
    machine: Machine,
    now: Now,
    /// How far the wall clock is ahead of KIS's.
    ahead: TimeDelta,
    /// The live token by its number, when it was issued, and whether KIS refuses it.
    kis: Option<(u32, BootTime, bool)>,
    life: Duration,
    trying: Option<Known>,
    /// When KIS was asked for a token and may have issued one.
    issuances: Vec<BootTime>,
    /// Tokens that KIS has refused, and when; those that it has handed out since are in `trials` instead.
    refused: Vec<String>,
    /// Tokens that KIS has handed out again, and when it refused them last.
    trials: Vec<(String, Option<BootTime>)>,
}

impl Story {
    fn new() -> Self {
        let now = Now { wall: start(), confirmed: false, boot: BootTime::at(HOUR) };
        Self {
            machine: Machine::new(RULES),
            now,
            ahead: TimeDelta::zero(),
            kis: None,
            life: 24 * HOUR,
            trying: None,
            issuances: Vec::new(),
            refused: Vec::new(),
            trials: Vec::new(),
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now.wall = clock::after(self.now.wall, time);
        self.now.boot = self.now.boot.saturating_add(time);
    }

    fn step(&mut self, by: TimeDelta) {
        if !self.now.confirmed {
            self.now.wall += by;
            self.ahead += by;
        }
    }

    /// KIS tells the time.
    fn confirm(&mut self) {
        self.now.wall -= self.ahead;
        (self.ahead, self.now.confirmed) = (TimeDelta::zero(), true);
    }

    /// Lets the machine act; what it starts waits in `trying`.
    fn act(&mut self) {
        match self.machine.poll(self.now) {
            None => {}
            Some(Action::LearnTime) => self.machine.time_asked(self.now),
            Some(Action::Forgive(_)) => self.machine.idle(),
            Some(Action::Try(known)) => self.trying = Some(known),
        }
        if let (Some(Hold::SameToken(at)), Some(token)) =
            (self.machine.hold, self.offered().or(self.machine.refused.clone()))
        {
            let end = clock::until(self.now.wall, token.expires_at);
            // Ten minutes are the longest interval between wasted issuances.
            assert!(at.since(self.now.boot) <= end.max(10 * MINUTE), "held beyond the token's end");
        }
    }

    fn token(&self, number: u32, issued: BootTime) -> Token {
        let kis_now = self.now.wall - self.ahead;
        let issued_at = kis_now - clock::delta(self.now.boot.since(issued));
        Token {
            access_token: AccessToken::try_new(format!("token-{number}")).unwrap(),
            token_type: "Bearer".to_owned(),
            issued_at,
            expires_at: clock::after(issued_at, self.life),
            source: Source::Issued,
        }
    }

    /// The try under way reaches KIS.
    fn answer_try(&mut self, fault: Option<KisError>) {
        let Some(known) = self.trying.take() else { return };
        let wait = known.not_before.since(self.now.boot);
        let outcome = if wait > Duration::ZERO {
            Outcome::TooEarly(wait)
        } else if let Some(error) = fault {
            if after(Effect::Issue, &error) == After::Unknown {
                self.issuances.push(self.now.boot);
            }
            Outcome::Failed(error)
        } else {
            self.issuances.push(self.now.boot);
            let same = self.kis.filter(|(_, issued, _)| {
                self.now.boot.since(*issued) < policy::SAME_TOKEN && self.now.boot.since(*issued) < self.life
            });
            let (number, issued, dead) =
                same.unwrap_or((self.kis.map_or(1, |(number, ..)| number + 1), self.now.boot, false));
            self.kis = Some((number, issued, dead));
            let token = self.token(number, issued);
            let text = token.access_token.expose().to_owned();
            if self.refused.contains(&text) {
                self.refused.retain(|refused| *refused != text);
                self.trials.push((text, None));
            } else if let Some((_, refused_at)) = self.trials.iter_mut().find(|(known, _)| *known == text) {
                *refused_at = None;
            }
            Outcome::Issued(token)
        };
        let _ = self.machine.ended(outcome, self.now);
    }

    /// A call is made with the token that is offered.
    fn call(&mut self) {
        let Some(offer) = self.machine.snapshot(self.now).offer else { return };
        let alive = self.kis.is_some_and(|(number, issued, dead)| {
            offer.token.access_token.expose() == format!("token-{number}")
                && !dead
                && self.now.boot.since(issued) < self.life
        });
        if alive {
            self.machine.served(&offer.token, self.now);
        } else {
            let text = offer.token.access_token.expose();
            match self.trials.iter_mut().find(|(known, _)| known == text) {
                Some((_, refused_at)) => *refused_at = Some(self.now.boot),
                None => self.refused.push(text.to_owned()),
            }
            self.machine.refused(&offer.token, &answer("EGW00123"), self.now);
        }
    }

    fn kill(&mut self) {
        if let Some((.., dead)) = &mut self.kis {
            *dead = true;
        }
    }

    fn offered(&self) -> Option<Arc<Token>> {
        self.machine.snapshot(self.now).offer.map(|offer| offer.token)
    }

    fn check(&self) {
        for pair in self.issuances.windows(2) {
            assert!(pair[1].since(pair[0]) >= MINUTE, "two issuances {:?} apart", pair[1].since(pair[0]));
        }
        if let Some(token) = self.offered() {
            let text = token.access_token.expose();
            assert!(!self.refused.iter().any(|refused| refused == text), "a refused token is offered");
            let refused_at = self.trials.iter().find(|(known, _)| known == text).and_then(|(_, at)| *at);
            let rested = refused_at.is_none_or(|at| self.now.boot.since(at) >= MINUTE);
            assert!(rested, "a token on trial is offered again within a minute");
        }
        let held = self.machine.hold.and_then(|hold| hold.remaining(self.now.boot)).unwrap_or_default();
        assert!(held <= policy::SAME_TOKEN, "held for {held:?}");
        if self.machine.busy.is_none() && self.machine.hold != Some(Hold::Rejected) && self.offered().is_none() {
            let timer = self.machine.timer(self.now).expect("without a token there is always a next look");
            assert!(timer <= self.now.boot.saturating_add(LONGEST_SLEEP));
        }
    }
}

fn with_a_token() -> Story {
    let mut story = Story::new();
    story.act();
    story.answer_try(None);
    story
}

#[test]
fn a_token_that_has_ended_by_a_clock_is_offered_and_renewed() {
    let mut story = with_a_token();
    story.confirm();
    story.pass(25 * HOUR);
    assert!(story.offered().is_some());
    story.act();
    assert!(story.trying.is_some());
}

#[test]
fn a_token_that_has_ended_by_an_unconfirmed_clock_has_a_minute_to_be_used_before_another_is_asked_for() {
    let mut story = Story::new();
    story.kis = Some((1, story.now.boot, false));
    let token = story.token(1, story.now.boot);
    story.step(TimeDelta::days(400));
    story.machine.loaded(Mirrored::Usable(token), story.now);
    story.act();
    story.pass(59 * SECOND);
    story.act();
    assert!(story.trying.is_none(), "KIS was asked for the time, and for nothing else");
    let mut unused = Story { machine: story.machine, ..Story::new() };
    (unused.now, unused.ahead) = (story.now, story.ahead);
    unused.pass(SECOND);
    unused.act();
    assert!(unused.trying.is_some(), "nobody has used it");
}

#[test]
fn a_token_that_serves_after_its_end_by_an_unconfirmed_clock_is_not_renewed_by_that_clock() {
    let mut story = Story::new();
    story.kis = Some((1, story.now.boot, false));
    let token = story.token(1, story.now.boot);
    story.step(TimeDelta::days(400));
    story.machine.loaded(Mirrored::Usable(token), story.now);
    story.act();
    story.call();
    for _ in 0..20 {
        story.pass(HOUR);
        story.act();
        assert!(story.trying.is_none());
    }
    story.pass(5 * HOUR);
    story.call();
    story.act();
    assert!(story.trying.is_some(), "KIS has refused it");
}

#[test]
fn a_token_with_which_every_call_fails_without_a_reason_is_replaced_once_in_six_hours() {
    let mut story = with_a_token();
    story.confirm();
    story.pass(HOUR);
    for _ in 0..3600 {
        story.pass(4 * SECOND);
        let token = story.offered().unwrap();
        story.machine.unexplained(&token, story.now);
        story.act();
        story.answer_try(None);
    }
    assert_eq!(story.issuances.len(), 2, "{:?}", story.issuances);
    assert!(story.issuances[1].since(story.issuances[0]) < HOUR + 4 * MINUTE);
    // After six hours KIS has another.
    story.pass(3 * HOUR);
    for _ in 0..60 {
        story.pass(4 * SECOND);
        let token = story.offered().unwrap();
        story.machine.unexplained(&token, story.now);
        story.act();
        story.answer_try(None);
    }
    assert_eq!((story.issuances.len(), story.kis.unwrap().0), (3, 2));
}

#[test]
fn one_call_that_is_served_ends_the_suspicion() {
    let mut story = with_a_token();
    story.confirm();
    for round in 0..1000 {
        story.pass(4 * SECOND);
        let token = story.offered().unwrap();
        match round % 40 {
            0 => story.call(),
            _ => story.machine.unexplained(&token, story.now),
        }
        story.act();
        assert!(story.trying.is_none());
    }
}

#[test]
fn suspended_within_the_minute_of_an_issuance_it_asks_as_soon_as_the_machine_wakes() {
    let mut story = with_a_token();
    story.confirm();
    story.pass(10 * SECOND);
    // Suspend: the time since boot runs on.
    story.pass(25 * HOUR);
    story.act();
    story.answer_try(None);
    assert_eq!(story.issuances.len(), 2);
}

#[test]
fn refused_credentials_are_not_tried_again_until_somebody_says_so() {
    let mut story = Story::new();
    story.act();
    story.answer_try(Some(KisError::CredentialsRejected(answer("EGW00103"))));
    story.pass(100 * HOUR);
    story.act();
    assert!(story.trying.is_none() && story.machine.timer(story.now).is_none());
    story.machine.reconfigured(RULES);
    story.act();
    assert!(story.trying.is_some());
}
