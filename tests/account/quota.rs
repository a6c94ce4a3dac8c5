//! Calls a second, under load.

use std::time::Duration;

use futures_util::future::join_all;
use kisd::{
    clock::SystemClock,
    kis::{Environment, balance, paging::PageKey},
    simulator::{Mode, Options},
};

use crate::{client, support::World};

#[tokio::test]
async fn callers_by_the_hundred_never_exceed_the_quota_in_any_sliding_second() {
    let options = Options { calls_per_second: 60, ..Options::demo(Mode::Real) };
    let world = World::in_real_time(options.clone()).await;
    let clock = SystemClock::shared();
    let (client, token) = client(&world, clock.clone()).await;
    let deadline = clock.monotonic().saturating_add(Duration::from_secs(60));
    let callers = (0..300).map(|_| {
        let (client, token, cano) = (client.clone(), token.clone(), options.cano.clone());
        async move {
            let page = PageKey::default();
            let query = balance::query(&cano, "01", balance::PriceBasis::Krx, &page);
            client.call(&balance::call(Environment::Real, &query, false), &token, deadline).await
        }
    });
    let answers = join_all(callers).await;
    assert!(answers.iter().all(Result::is_ok));
    let calls = world.simulator.calls();
    assert_eq!(calls.len(), 301, "none was refused and made again");
    let second = Duration::from_secs(1);
    let busiest = calls
        .iter()
        .map(|last| calls.iter().filter(|call| call.at <= last.at && call.at.saturating_add(second) > last.at).count())
        .max();
    assert!(busiest <= Some(60), "{busiest:?}");
    let took = calls[300].at.since(calls[0].at);
    assert!(took < Duration::from_secs(7), "five full seconds would do: {took:?}");
}
