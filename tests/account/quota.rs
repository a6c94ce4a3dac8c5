//! Calls a second, under load.

use std::time::Duration;

use futures_util::future::join_all;
use kisd::{
    clock::SystemClock,
    kis::{
        Environment, balance,
        paging::PageKey,
        quota::{CallerId, Claim},
    },
    simulator::{Account, Mode, Options, Portfolio},
};
use serde_json::json;
use tokio::process::Command;

use crate::{
    client,
    support::{TestDaemon, World},
};

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
            let (call, claim) = (balance::call(Environment::Real, &query, false), Claim::waiting(CallerId::Daemon));
            client.call(&call, &token, &claim.into(), deadline).await
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

#[tokio::test]
async fn a_limit_below_what_is_configured_is_learned_told_and_outlives_the_daemon() {
    let world = World::with(Options { portfolio: Portfolio::of_size(1_000), ..Options::demo(Mode::Real) }).await;
    let quota = async |daemon: &TestDaemon| daemon.ok("daemon.status", json!({})).await["quota"].clone();
    let refused = || world.simulator.calls().iter().filter(|call| call.msg_cd == "EGW00201").count();
    let daemon = world.daemon("kisd").await;
    let learned = quota(&daemon).await["learned"].clone();
    assert_eq!(learned, json!({ "calls": 18, "in_ms": 1000 }), "a simulator allows what is configured");
    world.simulator.reconfigure(|options| options.calls_per_second = 3);
    let whole = json!({ "max_age_ms": 0, "timeout_ms": 120_000 });
    world.while_time_passes(daemon.ok("account.balance", whole.clone())).await;
    let known = quota(&daemon).await;
    assert_eq!(known["calls_per_second"], 18);
    assert!((2..=3).contains(&known["learned"]["calls"].as_u64().unwrap()), "{known}");
    let metrics = daemon.ok("daemon.metrics", json!({})).await;
    let line = format!("kisd_quota_learned {}.0", known["learned"]["calls"]);
    assert!(metrics.as_str().unwrap().contains(&line), "{metrics}");
    daemon.stop().await;

    let (daemon, before) = (world.daemon("kisd").await, refused());
    assert_eq!(quota(&daemon).await["learned"], known["learned"]);
    // Less than the time to the next try.
    world.while_time_passes(daemon.ok("account.balance", json!({ "max_age_ms": 0, "timeout_ms": 30_000 }))).await;
    // To learn it costs more than one; by one a busy machine, on which steered time runs in steps, may bring two calls together.
    assert!(refused() <= before + 1, "what was known had to be learned again");
}

#[tokio::test]
async fn one_call_of_another_process_does_not_wait_for_all_of_one_that_has_many() {
    let mut options = Options { calls_per_second: 2, ..Options::demo(Mode::Real) };
    let account = |number: u32| Account {
        cano: format!("{}", 20_000_000 + number),
        product_code: "01".to_owned(),
        portfolio: Portfolio::of_size(1),
    };
    options.more_accounts = (0..60).map(account).collect();
    let world = World::with(options.clone()).await;
    let own =
        world.account("main", &options, &options.cano).replacen("account_no", "calls_per_second = 2\naccount_no", 1);
    let more = options.more_accounts.iter().enumerate();
    let more: String = more
        .map(|(index, account)| format!("[accounts.a{index}]\nkey_of = \"main\"\naccount_no = \"{}\"\n", account.cano))
        .collect();
    let daemon = world.daemon_with(world.config_of("kisd", &format!("default_account = \"main\"\n{own}{more}"))).await;
    let asked = || world.simulator.calls_to("inquire-balance").len();
    let mut many = daemon.client().await;
    for index in 0..60 {
        let params = json!({ "account": format!("a{index}"), "max_age_ms": 0, "timeout_ms": 120_000 });
        let call = json!({ "jsonrpc": "2.0", "id": index, "method": "account.balance", "params": params });
        many.send(&format!("{call}\n")).await;
    }
    daemon.status_until(|status| status["quota"]["waiting"].as_u64() >= Some(50)).await;
    // Something of its own, and something that the other process has asked for last.
    for account in ["main", "a59"] {
        let before = asked();
        let other = Command::new(env!("CARGO_BIN_EXE_kisctl"))
            .env_clear()
            .args(["--json", "--account", account, "--socket"])
            .arg(&daemon.socket)
            .arg("balance")
            .output();
        let output = world.while_time_passes_by(Duration::from_millis(2), other).await.unwrap();
        assert!(output.status.success(), "{output:?}");
        // The one that was next, its own, and what was called while the program started.
        assert!(asked() - before < 15, "{account}: {} calls", asked() - before);
    }
    assert_eq!(daemon.status_until(|_| true).await["calls"]["rate_limited"], 0);
}
