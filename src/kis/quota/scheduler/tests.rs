//! The scheduler against a model of KIS that counts strictly, on a clock that is steered.

mod kis;

use proptest::prelude::*;

use self::kis::{Limit, World};
use super::*;
use crate::kis::quota::{lanes::CallerId, rate::WINDOW, window::ARRIVAL};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn at(seconds: u64) -> Instant {
    Instant::at(Duration::from_secs(seconds))
}

fn waiting(number: u64) -> Claim {
    Claim::waiting(CallerId::Connection(number))
}

/// The share of `calls` in `1 s + latency` that went through in the second minute, in thousandths.
fn share_after_a_minute(world: &World, calls: u64, latency_ms: u64) -> u64 {
    let possible = 60_000 * calls * 1_000 / (1_000 + latency_ms);
    u64::try_from(world.served_in(60, 120)).unwrap() * 1_000 * 1_000 / possible
}

#[test]
fn a_new_key_begins_with_three_calls_and_doubles_with_each_clean_second() {
    let mut world = World::learning(18, Limit::PerSecond(18), &[(10, 10)]);
    let mut rates = Vec::new();
    for quarter in 0..40 {
        world.run_until(Instant::at(ms(quarter * 250)));
        rates.push(world.scheduler.rate().calls());
    }
    rates.dedup();
    assert_eq!(rates, [3, 6, 12, 18]);
    assert_eq!((world.served_in(0, 1), world.refused.len()), (3, 0));
    assert_eq!(world.served_in(8, 9), 18);
}

#[test]
fn a_key_that_allows_three_costs_few_refusals() {
    for way in [vec![(5, 5)], vec![(30, 70)], vec![(100, 300)], vec![(10, 20), (200, 400), (50, 0), (0, 90)]] {
        let mut world = World::learning(18, Limit::PerSecond(3), &way);
        world.run_until(at(120));
        assert!(world.refused_in(0, 10) <= 5, "{way:?}: {:?}", world.refused);
        assert!(world.refused_in(10, 30) <= 1, "{way:?}: {:?}", world.refused);
        assert!(world.refused.len() <= 8, "{way:?}: {:?}", world.refused);
    }
}

#[test]
fn after_a_minute_nearly_all_that_kis_allows_is_used() {
    for (configured, allowed) in [(18, 18), (18, 3), (18, 11), (100, 40), (5, 18), (2, 2), (1, 1)] {
        for latency in [10, 50, 120, 200, 250] {
            let mut world =
                World::learning(configured, Limit::PerSecond(allowed), &[(latency / 2, latency - latency / 2)]);
            world.run_until(at(120));
            let most = u64::from(configured).min(u64::try_from(allowed).unwrap());
            let share = share_after_a_minute(&world, most, latency);
            assert!(share >= 950, "{allowed} of {configured} with {latency} ms: {share} ‰");
        }
    }
}

#[test]
fn a_limit_that_comes_back_is_found_within_two_minutes() {
    for way in [[(20, 30)], [(100, 100)], [(200, 300)]] {
        let mut world = World::learning(18, Limit::PerSecond(18), &way);
        world.run_until(at(30));
        assert_eq!(world.scheduler.rate(), Rate::per_second(18), "{way:?}");
        world.limit = Limit::PerSecond(3);
        world.run_until(at(1_200));
        assert_eq!(world.scheduler.rate(), Rate::per_second(3), "{way:?}");
        world.limit = Limit::PerSecond(18);
        world.run_until(at(1_320));
        assert_eq!(world.scheduler.rate(), Rate::per_second(18), "{way:?}");
    }
}

#[test]
fn a_key_that_wants_more_than_a_second_between_calls_is_learned() {
    for (spacing, most_window) in [(1_100, 1_250), (1_450, 1_500), (1_900, 2_000)] {
        for configured in [1, 18] {
            let way = [(5, 15), (20, 20), (40, 0)];
            let mut world = World::learning(configured, Limit::Spacing(ms(spacing)), &way);
            world.run_until(at(120));
            let window = world.scheduler.rate().window();
            assert!(ms(1_000) < window && window <= ms(most_window), "{spacing} ms: {window:?}");
            assert!(world.refused_in(30, 120) <= 3, "{spacing} ms: {:?}", world.refused);
            assert!(world.served_in(60, 120) >= 60 / 2 - 2, "{spacing} ms: {}", world.served_in(60, 120));
            world.limit = Limit::PerSecond(1);
            world.run_until(at(240));
            assert_eq!(world.scheduler.rate().window(), WINDOW, "{spacing} ms");
        }
    }
}

#[test]
fn where_nothing_is_to_be_found_out_all_that_is_configured_goes_at_once() {
    let ceiling = Rate::per_second(18);
    let scheduler = Scheduler::new(Local::default(), ceiling, Beginning::Configured);
    let mut world = World::new(scheduler, Limit::PerSecond(18), &[(10, 10)]);
    world.run_until(at(1));
    assert_eq!((world.served_in(0, 1), world.refused.len()), (18, 0));
    assert_eq!(world.scheduler.news(), None);
    world.limit = Limit::PerSecond(7);
    world.run_until(at(4));
    assert_eq!(world.scheduler.news().map(|learned| learned.rate), Some(Rate::per_second(7)));
}

#[test]
fn one_refusal_of_few_calls_halves_the_rate_and_a_busy_kis_does_not() {
    let mut scheduler = Scheduler::new(Local::default(), Rate::per_second(18), Beginning::Configured);
    let granted = |scheduler: &mut Scheduler, now| match scheduler.ask(waiting(1), false, Instant::MAX, now) {
        Asked::Granted(grant) => grant,
        other => panic!("{other:?}"),
    };
    let grant = granted(&mut scheduler, at(1));
    scheduler.heard(&grant, Heard::Busy, at(1));
    assert_eq!((scheduler.rate(), scheduler.news()), (Rate::per_second(18), None));
    let Asked::Waits(_) = scheduler.ask(waiting(1), false, Instant::MAX, at(1)) else {
        panic!("nothing is sent for a moment")
    };
    assert_eq!(scheduler.next_at(at(1)), Some(at(1).saturating_add(PAUSE)));
    let (_, grant) = scheduler.next(at(2)).unwrap();
    scheduler.heard(&grant, Heard::TooMany, at(2));
    assert_eq!(scheduler.rate(), Rate::per_second(9));
}

#[test]
fn steps_down_to_what_kis_allows_are_one_failure() {
    let mut scheduler = Scheduler::new(Local::default(), Rate::per_second(16), Beginning::Configured);
    for second in 1..=3 {
        let Asked::Granted(grant) = scheduler.ask(waiting(1), false, Instant::MAX, at(second)) else {
            panic!("a slot")
        };
        scheduler.heard(&grant, Heard::TooMany, at(second));
    }
    assert_eq!(scheduler.news(), Some(Learned { rate: Rate::per_second(2), failures: 1 }));
}

#[test]
fn what_was_learned_is_gone_on_from() {
    let mut world = World::learning(18, Limit::PerSecond(3), &[(10, 10)]);
    world.run_until(at(60));
    let learned = world.scheduler.news().unwrap();
    let mut next = World::learning(18, Limit::PerSecond(3), &[(10, 10)]);
    next.scheduler.resume(learned, Instant::ZERO);
    next.run_until(at(20));
    assert!(next.refused.is_empty(), "the next try is as far away as after a refusal: {:?}", next.refused);
    assert_eq!(next.scheduler.news(), None);
}

#[test]
fn after_a_failed_try_orders_and_tokens_are_not_delayed_by_another() {
    let mut scheduler = Scheduler::new(Local::default(), Rate::per_second(18), Beginning::Low);
    scheduler.resume(Learned { rate: Rate::per_second(1), failures: 1 }, Instant::ZERO);
    let now = at(100);
    let order = Claim { class: Class::Order, caller: CallerId::Daemon };
    assert!(matches!(scheduler.ask(order, false, Instant::MAX, now), Asked::Granted(_)));
    assert!(matches!(scheduler.ask(order, false, Instant::MAX, now), Asked::Waits(_)));
    assert!(scheduler.next(now).is_none());
    assert_eq!(scheduler.next_at(now), Some(now.saturating_add(ARRIVAL + WINDOW)));
    let mut scheduler = Scheduler::new(Local::default(), Rate::per_second(18), Beginning::Low);
    scheduler.resume(Learned { rate: Rate::per_second(1), failures: 1 }, Instant::ZERO);
    for _ in 0..2 {
        assert!(matches!(scheduler.ask(waiting(1), false, Instant::MAX, now), Asked::Granted(_)));
    }
}

#[test]
fn a_try_keeps_to_what_is_configured_and_one_that_is_not_made_leaves_no_trace() {
    let mut scheduler = Scheduler::new(Local::default(), Rate::per_second(4), Beginning::Low);
    scheduler.resume(Learned { rate: Rate::per_second(3), failures: 1 }, Instant::ZERO);
    for _ in 0..3 {
        assert!(matches!(scheduler.ask(waiting(1), false, Instant::MAX, at(10)), Asked::Granted(_)));
    }
    // None of them is answered, so they may have arrived just now.
    let now = Instant::at(ms(11_050));
    let Asked::Granted(tried) = scheduler.ask(waiting(1), false, Instant::MAX, now) else {
        panic!("the fourth is tried")
    };
    assert!(matches!(scheduler.ask(waiting(1), false, Instant::MAX, now), Asked::Waits(_)));
    assert!(scheduler.next(now).is_none(), "a fifth is more than configured");
    scheduler.give_back(&tried);
    assert!(scheduler.next(now).is_some(), "the fourth was not made");

    let mut scheduler = Scheduler::new(Local::default(), Rate::per_second(4), Beginning::Low);
    scheduler.resume(Learned { rate: Rate::per_second(1), failures: 1 }, Instant::ZERO);
    assert!(matches!(scheduler.ask(waiting(1), false, Instant::MAX, at(10)), Asked::Granted(_)));
    let Asked::Granted(tried) = scheduler.ask(waiting(1), false, Instant::MAX, at(10)) else {
        panic!("the second is tried")
    };
    scheduler.give_back(&tried);
    assert!(matches!(scheduler.ask(waiting(1), false, Instant::MAX, now), Asked::Granted(_)), "nothing is in flight");
}

#[test]
fn a_call_that_cannot_be_fitted_is_refused_at_once_by_the_line_before_it() {
    let mut scheduler = Scheduler::new(Local::default(), Rate::per_second(1), Beginning::Configured);
    let now = at(10);
    assert!(matches!(scheduler.ask(waiting(1), false, Instant::MAX, now), Asked::Granted(_)));
    for _ in 0..3 {
        assert!(matches!(scheduler.ask(waiting(1), false, at(20), now), Asked::Waits(_)));
    }
    // 1.25 s for the first, and a second for each of the three.
    let Asked::TooLate(free_at) = scheduler.ask(waiting(1), false, at(14), now) else { panic!("it does not fit") };
    assert_eq!(free_at, Instant::at(ms(14_250)));
    assert!(matches!(scheduler.ask(waiting(1), false, free_at, now), Asked::Waits(_)));
    // Another caller goes before those of the first, and an order before all of them.
    let second = Instant::at(ms(11_250));
    assert!(matches!(scheduler.ask(waiting(2), false, second, now), Asked::Waits(_)));
    let Asked::TooLate(_) = scheduler.ask(waiting(2), false, second, now) else { panic!("its own call is before it") };
    let order = Claim { class: Class::Order, caller: CallerId::Connection(1) };
    assert!(matches!(scheduler.ask(order, false, second, now), Asked::Waits(_)));
    assert!(matches!(scheduler.ask(order, false, at(9), now), Asked::TooLate(_)), "that time is over");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever KIS allows and however long calls are under way, no second has more calls than configured, the rate stays among
    /// those that there are, and KIS is hardly ever asked too often.
    #[test]
    fn no_second_has_more_than_configured_and_few_are_refused(
        configured in 1_u32..25,
        allowed in 1_usize..25,
        way in prop::collection::vec((0_u64..=250, 0_u64..1_500), 1..8),
    ) {
        let mut world = World::learning(configured, Limit::PerSecond(allowed), &way);
        world.run_until(at(60));
        let window = |end: &Instant| world.arrived.iter().filter(|at| **at <= *end && end.since(**at) < WINDOW).count();
        let busiest = world.arrived.iter().map(window).max().unwrap();
        prop_assert!(busiest <= configured as usize, "{busiest}");
        prop_assert!(Rate::per_second(1).slower() <= world.scheduler.rate());
        prop_assert!(world.scheduler.rate() <= Rate::per_second(configured));
        prop_assert!(world.refused.len() <= 20, "{:?}", world.refused);
    }

    /// Refusals never raise the rate, and it never leaves the rates that there are, whatever the answers.
    #[test]
    fn answers_in_any_order_keep_the_rate_within_its_bounds(
        answers in prop::collection::vec((0_u8..4, 0_u64..2_000, 0_usize..6), 1..200),
    ) {
        let ceiling = Rate::per_second(18);
        let slowest = (0..9).fold(Rate::per_second(1), |rate, _| rate.slower());
        let mut scheduler = Scheduler::new(Local::default(), ceiling, Beginning::Low);
        let (mut now, mut flying) = (Instant::ZERO, Vec::new());
        for (answer, pause, index) in answers {
            now = now.saturating_add(ms(pause));
            if let Asked::Granted(grant) = scheduler.ask(waiting(1), false, now, now) {
                flying.push(grant);
            }
            if flying.is_empty() || index >= flying.len() {
                continue;
            }
            let (grant, before) = (flying.swap_remove(index), scheduler.rate());
            match answer {
                0 => scheduler.heard(&grant, Heard::LetThrough, now),
                1 => scheduler.heard(&grant, Heard::TooMany, now),
                2 => scheduler.heard(&grant, Heard::Nothing, now),
                _ => scheduler.abandon(&grant),
            }
            prop_assert!(answer != 1 || scheduler.rate() <= before);
            prop_assert!(slowest <= scheduler.rate() && scheduler.rate() <= ceiling);
        }
    }
}
