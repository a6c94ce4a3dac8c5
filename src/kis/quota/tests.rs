use std::sync::Arc;

use proptest::prelude::*;
use tokio::sync::mpsc;

use super::*;
use crate::clock::SystemClock;

const FOREVER: Instant = Instant::at(Duration::from_secs(86_400));

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
    let quota = Arc::new(Quota::new(limit, clock.clone()));
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    for (travel, answer) in calls {
        let (quota, clock, arrived) = (quota.clone(), clock.clone(), arrived.clone());
        tokio::spawn(async move {
            let slot = quota.slot(FOREVER).await.unwrap();
            clock::sleep(&*clock, travel).await;
            arrived.send(clock.monotonic()).unwrap();
            clock::sleep(&*clock, answer).await;
            drop(slot);
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
    let quota = Arc::new(Quota::new(1, SystemClock::shared()));
    let (served, mut order) = mpsc::unbounded_channel();
    for caller in 0..5 {
        let (quota, served) = (quota.clone(), served.clone());
        tokio::spawn(async move {
            let _slot = quota.slot(FOREVER).await.unwrap();
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
    let quota = Arc::new(Quota::new(1, SystemClock::shared()));
    drop(quota.slot(FOREVER).await.unwrap());
    let given_up = tokio::time::timeout(Duration::from_millis(300), quota.slot(FOREVER)).await;
    assert!(given_up.is_err());
    let started = tokio::time::Instant::now();
    let _slot = quota.slot(FOREVER).await.unwrap();
    assert!(started.elapsed() <= Duration::from_millis(701), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_deadline_before_the_next_slot_is_answered_at_once_with_the_time_to_wait() {
    let quota = Quota::new(1, SystemClock::shared());
    drop(quota.slot(FOREVER).await.unwrap());
    let error = quota.slot(Instant::at(Duration::from_millis(400))).await.unwrap_err();
    assert_eq!(error, KisError::NoSlot { calls_per_second: 1, retry_after: Duration::from_secs(1) });
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_does_not_cost_calls() {
    let quota = Quota::new(1, SystemClock::shared());
    let started = tokio::time::Instant::now();
    let _unanswered = quota.slot(FOREVER).await.unwrap();
    let _next = quota.slot(FOREVER).await.unwrap();
    assert!(started.elapsed() <= Duration::from_millis(1251), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn being_counted_too_often_halves_the_pace_for_ten_seconds() {
    let quota = Quota::new(1, SystemClock::shared());
    quota.slow_down();
    let started = tokio::time::Instant::now();
    for _ in 0..2 {
        drop(quota.slot(FOREVER).await.unwrap());
    }
    let pause_and_two_windows = Duration::from_millis(2250);
    assert!(started.elapsed() >= pause_and_two_windows, "{:?}", started.elapsed());
    tokio::time::sleep(Duration::from_secs(10)).await;
    let recovered = tokio::time::Instant::now();
    for _ in 0..2 {
        drop(quota.slot(FOREVER).await.unwrap());
    }
    assert!(recovered.elapsed() <= Duration::from_millis(1001), "{:?}", recovered.elapsed());
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
