use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use tokio::sync::mpsc;

use super::*;
use crate::clock::{self, SystemClock};

const CLAIM: Claim = Claim::waiting(CallerId::Daemon);

const FOREVER: Instant = Instant::at(Duration::from_secs(86_400));

fn quota(limit: u32, clock: SharedClock) -> Quota {
    Quota::new(limit, Beginning::Configured, clock)
}

/// The next permit, whose call is answered at once.
async fn answered(quota: &Quota) {
    quota.permit(&CLAIM.into(), FOREVER).await.unwrap().answered(Heard::LetThrough);
}

/// The most arrivals in any sliding second.
fn busiest_second(arrivals: &[Instant]) -> usize {
    arrivals
        .iter()
        .map(|end| arrivals.iter().filter(|at| **at <= *end && at.saturating_add(WINDOW) > *end).count())
        .max()
        .unwrap_or(0)
}

/// Sends calls that arrive and are answered after the given times, all asked for at once; returns when each arrived.
async fn run(limit: u32, calls: Vec<(Duration, Duration)>) -> Vec<Instant> {
    let clock = SystemClock::shared();
    let quota = Arc::new(quota(limit, clock.clone()));
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    for (travel, answer) in calls {
        let (quota, clock, arrived) = (quota.clone(), clock.clone(), arrived.clone());
        tokio::spawn(async move {
            let slot = quota.permit(&CLAIM.into(), FOREVER).await.unwrap();
            clock::sleep(&*clock, travel).await;
            arrived.send(clock.monotonic()).unwrap();
            clock::sleep(&*clock, answer).await;
            slot.answered(Heard::LetThrough);
        });
    }
    drop(arrived);
    let mut seen = Vec::new();
    while let Some(at) = arrivals.recv().await {
        seen.push(at);
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn after_a_quiet_second_the_whole_quota_goes_out_at_once() {
    let arrivals = run(18, vec![(Duration::ZERO, Duration::from_millis(5)); 36]).await;
    assert_eq!(arrivals.iter().filter(|at| at.after_start() < Duration::from_millis(5)).count(), 18);
    assert!(arrivals.iter().all(|at| at.after_start() < Duration::from_millis(1100)), "{arrivals:?}");
}

#[tokio::test(start_paused = true)]
async fn waiters_are_served_in_the_order_they_came() {
    let quota = Arc::new(quota(1, SystemClock::shared()));
    let (served, mut order) = mpsc::unbounded_channel();
    for caller in 0..5 {
        let (quota, served) = (quota.clone(), served.clone());
        tokio::spawn(async move {
            let _slot = quota.permit(&CLAIM.into(), FOREVER).await.unwrap();
            served.send(caller).unwrap();
        });
        tokio::task::yield_now().await;
    }
    drop(served);
    let mut seen = Vec::new();
    while let Some(caller) = order.recv().await {
        seen.push(caller);
    }
    assert_eq!(seen, [0, 1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_gives_up_does_not_hold_up_the_next() {
    let quota = Arc::new(quota(1, SystemClock::shared()));
    answered(&quota).await;
    let given_up = tokio::time::timeout(Duration::from_millis(300), quota.permit(&CLAIM.into(), FOREVER)).await;
    assert!(given_up.is_err());
    let started = tokio::time::Instant::now();
    let _slot = quota.permit(&CLAIM.into(), FOREVER).await.unwrap();
    assert!(started.elapsed() <= Duration::from_millis(701), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_deadline_before_the_next_slot_is_answered_at_once_with_the_time_to_wait() {
    let quota = quota(1, SystemClock::shared());
    answered(&quota).await;
    let error = quota.permit(&CLAIM.into(), Instant::at(Duration::from_millis(400))).await.unwrap_err();
    assert_eq!(error, KisError::NoSlot { rate: Rate::per_second(1), retry_after: Duration::from_secs(1) });
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_does_not_cost_calls() {
    let quota = quota(1, SystemClock::shared());
    let started = tokio::time::Instant::now();
    let _unanswered = quota.permit(&CLAIM.into(), FOREVER).await.unwrap();
    let _next = quota.permit(&CLAIM.into(), FOREVER).await.unwrap();
    assert!(started.elapsed() <= Duration::from_millis(1251), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_counts_as_if_it_had_arrived_as_late_as_it_can() {
    let quota = quota(1, SystemClock::shared());
    let started = tokio::time::Instant::now();
    drop(quota.permit(&CLAIM.into(), FOREVER).await.unwrap());
    answered(&quota).await;
    assert!(started.elapsed() >= ARRIVAL + WINDOW, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn being_counted_too_often_lowers_the_rate_to_one_call_in_two_seconds_at_least() {
    let quota = quota(1, SystemClock::shared());
    for _ in 0..9 {
        quota.permit(&CLAIM.into(), FOREVER).await.unwrap().answered(Heard::TooMany);
    }
    assert_eq!((quota.limit(), quota.rate().window()), (1, Duration::from_secs(2)));
    let started = tokio::time::Instant::now();
    answered(&quota).await;
    assert!((1_990..2_010).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
    let now = Instant::at(started.elapsed());
    let error = quota.permit(&CLAIM.into(), now).await.unwrap_err();
    assert_eq!(error.to_string(), "the call could not be fitted into the quota of 1 call in 2s in time");
}

#[tokio::test(start_paused = true)]
async fn one_call_beside_a_thousand_of_another_caller_takes_the_next_free_slot() {
    let quota = Arc::new(quota(18, SystemClock::shared()));
    for _ in 0..1_000 {
        let quota = quota.clone();
        tokio::spawn(async move { answered(&quota).await });
    }
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let asked = tokio::time::Instant::now();
    let other = Claim::waiting(CallerId::Connection(7));
    quota.permit(&other.into(), FOREVER).await.unwrap().answered(Heard::LetThrough);
    assert!(asked.elapsed() <= WINDOW, "{:?}", asked.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_as_soon_as_it_would_for_any_of_those_who_want_it() {
    let quota = Arc::new(quota(2, SystemClock::shared()));
    for _ in 0..1_000 {
        let quota = quota.clone();
        tokio::spawn(async move { answered(&quota).await });
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    let shared = Claimants::from(CLAIM);
    let call = tokio::spawn({
        let (quota, shared) = (quota.clone(), shared.clone());
        async move { quota.permit(&shared, FOREVER).await.unwrap().answered(Heard::LetThrough) }
    });
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!call.is_finished(), "hundreds are before it");
    let asked = tokio::time::Instant::now();
    for joining in 0..20 {
        shared.join(Claim::waiting(CallerId::Connection(joining % 10)));
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    let alone = Claim::waiting(CallerId::Connection(10));
    let other = quota.permit(&alone.into(), Instant::at(Duration::from_millis(5_010))).await;
    assert!(call.is_finished() && asked.elapsed() <= WINDOW, "{:?}", asked.elapsed());
    other.expect("ten places of one call are one call").answered(Heard::LetThrough);
    assert_eq!(quota.shared.state().waiting.len(), 992);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_among_many_leaves_their_slots_to_the_others() {
    let quota = Arc::new(quota(4, SystemClock::shared()));
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let quota = quota.clone();
            tokio::spawn(async move { answered(&quota).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(1)).await;
    for (_, task) in tasks.iter().enumerate().filter(|(index, _)| index % 10 != 0) {
        task.abort();
    }
    let started = tokio::time::Instant::now();
    for task in tasks {
        let _ = task.await;
    }
    // Nine are left.
    assert!(started.elapsed() <= Duration::from_millis(3_010), "{:?}", started.elapsed());
    assert_eq!(quota.shared.state().waiting.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_has_given_up_is_not_in_the_line_before_a_new_call() {
    let quota = quota(1, SystemClock::shared());
    answered(&quota).await;
    {
        let claimants = Claimants::from(CLAIM);
        let mut waiting: Vec<_> = (0..50).map(|_| Box::pin(quota.permit(&claimants, FOREVER))).collect();
        for call in &mut waiting {
            assert!(futures_util::poll!(call).is_pending());
        }
        assert!(
            quota.permit(&CLAIM.into(), Instant::at(Duration::from_secs(40))).await.is_err(),
            "fifty are before it"
        );
    }
    assert!(quota.permit(&CLAIM.into(), Instant::at(Duration::from_secs(2))).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_was_learned_and_the_calls_of_the_last_seconds_outlive_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("token-real-00000000.calls");
    let before = quota(18, SystemClock::shared());
    before.keep_log(&log).unwrap();
    for _ in 0..3 {
        before.permit(&CLAIM.into(), FOREVER).await.unwrap().answered(Heard::TooMany);
    }
    let learned = before.rate();
    assert!(learned < Rate::per_second(18));
    let after = quota(18, SystemClock::shared());
    after.keep_log(&log).unwrap();
    assert_eq!((after.rate(), after.limit()), (learned, 18));
    assert!(after.taken() >= 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_sliding_second_ever_holds_more_than_the_limit(
        limit in 1_u32..20,
        calls in prop::collection::vec((0_u64..=250, 0_u64..3000), 1..80),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let calls = calls.iter().map(|(t, a)| (Duration::from_millis(*t), Duration::from_millis(*a))).collect();
        let arrivals = runtime.block_on(run(limit, calls));
        prop_assert!(busiest_second(&arrivals) <= limit as usize);
    }
}
