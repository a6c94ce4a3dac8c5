//! A call that trades is sent once, unless KIS's gateway itself says that it did not pass it on.

use std::time::Duration;

use kisd::{
    clock::SystemClock,
    kis::{
        Call, Effect, Environment, KisError, balance,
        paging::PageKey,
        quota::{CallerId, Claim},
    },
    simulator::{Fault, Mode, Options},
};

use crate::{client, support::World};

/// How a call with this effect ends where KIS meets it with these faults, and how often it was sent.
async fn sent(effect: Effect, faults: Vec<Fault>) -> (Option<KisError>, usize) {
    let world = World::in_real_time(Options::demo(Mode::Real)).await;
    let clock = SystemClock::shared();
    let (client, token) = client(&world, clock.clone()).await;
    for fault in faults {
        world.simulator.fail_next("inquire-balance", fault);
    }
    let page = PageKey::default();
    let query = balance::query(&world.options.cano, "01", balance::PriceBasis::Krx, &page);
    let call = Call { effect, ..balance::call(Environment::Real, &query, false) };
    let deadline = clock.monotonic().saturating_add(Duration::from_secs(20));
    let error = client.call(&call, &token, &Claim::waiting(CallerId::Daemon).into(), deadline).await.err();
    (error, world.simulator.calls_to("inquire-balance").len())
}

fn refusal(status: u16, code: &str) -> Fault {
    Fault::Answer { status, body: format!(r#"{{"rt_cd":"1","msg_cd":"{code}","msg1":"-"}}"#) }
}

#[tokio::test]
async fn a_trade_whose_answer_is_lost_is_not_sent_again_and_a_read_is() {
    let page = || Fault::Raw { status: 502, headers: Vec::new(), body: "<html></html>".to_owned() };
    let cases: [fn() -> Fault; 7] = [
        || Fault::Reset,
        || Fault::Cut { after: 40 },
        || refusal(500, ""),
        || refusal(200, ""),
        || refusal(500, "EGW00302"),
        || refusal(500, "EGW00215"),
        || Fault::Answer { status: 500, body: r#"{"rt_cd":"0","msg_cd":"KIOK0510","msg1":""}"#.to_owned() },
    ];
    for fault in cases.iter().map(|fault| fault()).chain([page()]) {
        let told = format!("{fault:?}");
        let (error, sent_times) = sent(Effect::Trade, vec![fault.clone()]).await;
        assert!(matches!(error, Some(KisError::OutcomeUnknown(_))), "{told}: {error:?}");
        assert_eq!(sent_times, 1, "{told}");
        assert_eq!(sent(Effect::Read, vec![fault]).await, (None, 2), "{told}");
    }
}

#[tokio::test]
async fn a_trade_that_the_gateway_did_not_pass_on_is_sent_once_more_and_no_third_time() {
    let throttled = || refusal(500, "EGW00201");
    assert_eq!(sent(Effect::Trade, vec![throttled()]).await, (None, 2));
    let (error, sent_times) = sent(Effect::Trade, vec![throttled(), throttled()]).await;
    assert!(matches!(error, Some(KisError::Throttled(_))), "{error:?}");
    assert_eq!(sent_times, 2);
    let (error, sent_times) = sent(Effect::Trade, vec![refusal(200, "APBK0919")]).await;
    assert!(matches!(error, Some(KisError::Rejected(_))), "{error:?}");
    assert_eq!(sent_times, 1);
}
