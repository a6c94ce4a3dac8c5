//! The machine's clocks, with a wall time that holds although the machine's own is wrong or is stepped.
//!
//! What a server says of the time is carried on by the time since boot, which neither steps nor stops. A wall clock that agrees
//! with the server to a few seconds is better than the server's whole seconds, and is taken instead.
//!
//! A clock that has agreed once is contradicted only by several answers, on more than one connection, over minutes: fewer may
//! come from one gateway that is wrong. Until then the clock is as it was.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, TimeDelta, Utc};
use tracing::{info, warn};

use super::{BootId, BootTime, Clock, Instant, SharedClock, Told, Wait, after};

/// A wall clock that is off by less is left alone. Far less than the minute between issuances; more than `Date`, in whole
/// seconds, is off by itself.
const TOLERATED: TimeDelta = TimeDelta::seconds(5);

/// A contradiction is believed when this many answers agree on it,
const ANSWERS: usize = 3;

/// on this many connections,
const CONNECTIONS: usize = 2;

/// over this time.
const OVER: Duration = Duration::from_secs(120);

/// A clock that listens to [`discipline`](Clock::discipline).
#[derive(Debug)]
pub struct DisciplinedClock {
    machine: SharedClock,
    /// The last time that was known to be right; none: the machine's wall clock is all there is.
    anchor: ArcSwapOption<Anchor>,
    /// What contradicts the anchor. Held for a few instructions, never across an await.
    contradiction: Mutex<Option<Contradiction>>,
}

#[derive(Debug)]
struct Anchor {
    wall: DateTime<Utc>,
    boottime: BootTime,
    source: Source,
}

/// Why an anchor is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The machine's clock fits what a server told an earlier process.
    Vouched,
    /// The machine's clock agrees with the server's.
    Agreed,
    /// The server's clock, from which the machine's differs.
    Corrected,
}

#[derive(Debug)]
struct Contradiction {
    claim: Anchor,
    answers: usize,
    connections: Vec<Option<SocketAddr>>,
    since: BootTime,
}

impl Anchor {
    /// What time it is, now that the time since boot is `boottime`.
    fn now(&self, boottime: BootTime) -> DateTime<Utc> {
        after(self.wall, boottime.since(self.boottime))
    }

    fn agrees(&self, told: DateTime<Utc>, boottime: BootTime) -> bool {
        self.now(boottime).signed_duration_since(told).abs() <= TOLERATED
    }
}

impl Contradiction {
    fn new(claim: Anchor) -> Self {
        let since = claim.boottime;
        Self { claim, answers: 0, connections: Vec::new(), since }
    }

    /// Counts an answer; true if there is evidence enough.
    fn add(&mut self, connection: Option<SocketAddr>, boottime: BootTime) -> bool {
        self.answers += 1;
        if self.connections.len() < CONNECTIONS && !self.connections.contains(&connection) {
            self.connections.push(connection);
        }
        let over = boottime.since(self.since);
        self.answers >= ANSWERS && self.connections.len() >= CONNECTIONS && over >= OVER
    }
}

impl DisciplinedClock {
    /// The clocks of `machine`, which are believed until a server says otherwise.
    pub fn shared(machine: SharedClock) -> SharedClock {
        Arc::new(Self { machine, anchor: ArcSwapOption::empty(), contradiction: Mutex::default() })
    }

    /// True if the anchor is to give way to a server that says that it is `told`.
    fn believes(&self, told: DateTime<Utc>, boottime: BootTime, connection: Option<SocketAddr>) -> bool {
        let mut contradiction = self.contradiction.lock().unwrap_or_else(PoisonError::into_inner);
        if self.anchor.load().as_ref().is_none_or(|anchor| anchor.agrees(told, boottime)) {
            *contradiction = None;
            return true;
        }
        let before = contradiction.take().filter(|before| before.claim.agrees(told, boottime));
        let claim = || Contradiction::new(Anchor { wall: told, boottime, source: Source::Corrected });
        let mut now = before.unwrap_or_else(claim);
        let believed = now.add(connection, boottime);
        *contradiction = (!believed).then_some(now);
        believed
    }
}

impl Clock for DisciplinedClock {
    fn now(&self) -> DateTime<Utc> {
        match &*self.anchor.load() {
            Some(anchor) => anchor.now(self.machine.boottime()),
            None => self.machine.now(),
        }
    }

    fn monotonic(&self) -> Instant {
        self.machine.monotonic()
    }

    fn boottime(&self) -> BootTime {
        self.machine.boottime()
    }

    fn boot_id(&self) -> Option<BootId> {
        self.machine.boot_id()
    }

    fn sleep_until(&self, at: Instant) -> Wait {
        self.machine.sleep_until(at)
    }

    fn offset(&self) -> TimeDelta {
        let anchor = self.anchor.load();
        match anchor.as_ref().filter(|anchor| anchor.source == Source::Corrected) {
            Some(anchor) => anchor.now(self.machine.boottime()).signed_duration_since(self.machine.now()),
            None => TimeDelta::zero(),
        }
    }

    fn is_confirmed(&self) -> bool {
        self.anchor.load().as_ref().is_some_and(|anchor| anchor.source != Source::Vouched)
    }

    fn discipline(&self, told: Told) {
        let (machine, boottime) = (self.machine.now(), self.machine.boottime());
        let wall = after(told.wall, boottime.since(told.at));
        if !self.believes(wall, boottime, told.connection) {
            return;
        }
        let ahead = machine.signed_duration_since(wall);
        let source = if ahead.abs() > TOLERATED { Source::Corrected } else { Source::Agreed };
        let anchor = Anchor { wall: if source == Source::Corrected { wall } else { machine }, boottime, source };
        let before = self.anchor.swap(Some(Arc::new(anchor))).map(|before| before.source);
        match (before == Some(Source::Corrected), source == Source::Corrected) {
            (false, true) => {
                let by = humantime::format_duration(Duration::from_secs(ahead.num_seconds().unsigned_abs()));
                let way = if ahead > TimeDelta::zero() { "ahead of" } else { "behind" };
                warn!("this machine's clock is {by} {way} KIS's; kisd goes by KIS's until it is right");
            }
            (true, false) => info!("this machine's clock is right again"),
            _ => {}
        }
    }

    fn vouch(&self) {
        if self.anchor.load().is_none() {
            let (wall, boottime) = (self.machine.now(), self.machine.boottime());
            self.anchor.store(Some(Arc::new(Anchor { wall, boottime, source: Source::Vouched })));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn clocks() -> (ManualClock, ManualClock, SharedClock) {
        let right = ManualClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let machine = right.twin();
        (right.clone(), machine.clone(), DisciplinedClock::shared(machine.shared()))
    }

    /// What a server says on the connection of this port.
    fn told(clock: &SharedClock, wall: DateTime<Utc>, port: u16) -> Told {
        Told { wall, at: clock.boottime(), connection: Some(([127, 0, 0, 1], port).into()) }
    }

    #[test]
    fn until_somebody_says_otherwise_the_machine_is_believed() {
        let (_, machine, clock) = clocks();
        machine.step_wall(TimeDelta::hours(30));
        assert_eq!(clock.now(), machine.now());
        assert!(!clock.is_confirmed());
    }

    #[test]
    fn a_wall_clock_that_is_wrong_or_stepped_is_corrected_either_way() {
        for step in [TimeDelta::hours(30), TimeDelta::hours(-60), TimeDelta::days(400)] {
            let (right, machine, clock) = clocks();
            machine.step_wall(step);
            clock.discipline(told(&clock, right.now(), 1));
            assert_eq!(clock.now(), right.now(), "{step}");
            machine.step_wall(step);
            right.advance(Duration::from_secs(3600));
            right.suspend(Duration::from_secs(86_400));
            assert_eq!(clock.now(), right.now(), "stepped again, suspended, and nobody has said anything");
        }
    }

    #[test]
    fn a_clock_that_agreed_is_contradicted_only_by_several_answers_on_several_connections_over_minutes() {
        let minute = Duration::from_secs(60);
        for (name, ports, pause, believed) in [
            ("two answers", vec![1, 2], 5 * minute, false),
            ("one connection", vec![1; 20], minute, false),
            ("seconds", (1..20).collect(), Duration::from_secs(5), false),
            ("three answers, two connections, four minutes", vec![1, 1, 2], 2 * minute, true),
        ] {
            for vouched in [false, true] {
                let (right, _, clock) = clocks();
                if vouched {
                    clock.vouch()
                } else {
                    clock.discipline(told(&clock, right.now(), 1))
                }
                for port in &ports {
                    right.advance(pause);
                    clock.discipline(told(&clock, right.now() + TimeDelta::days(2), *port));
                }
                let is = if believed { right.now() + TimeDelta::days(2) } else { right.now() };
                assert_eq!((clock.now(), clock.is_confirmed()), (is, believed || !vouched), "{name}, {vouched}");
            }
        }
    }

    #[test]
    fn an_answer_that_agrees_takes_the_contradiction_back() {
        let (right, _, clock) = clocks();
        clock.discipline(told(&clock, right.now(), 1));
        for port in 1..20 {
            right.advance(Duration::from_secs(90));
            let wrong = right.now() + TimeDelta::days(if port % 3 == 0 { 0 } else { 2 });
            clock.discipline(told(&clock, wrong, port));
            assert_eq!(clock.now(), right.now(), "{port}");
        }
    }

    #[test]
    fn a_wall_clock_that_is_off_by_a_few_seconds_is_left_alone() {
        let (right, machine, clock) = clocks();
        machine.step_wall(TimeDelta::seconds(-4));
        clock.discipline(told(&clock, right.now(), 1));
        assert_eq!(clock.now(), machine.now());
    }
}
