//! Several accounts over several app keys in one daemon: told apart by name, and none touched by what goes wrong with another.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::{fs, time::Duration};

use kisd::{
    config::Config,
    simulator::{Fault, Mode, Options, Portfolio, Setup},
};
use serde_json::{Value, json};
use support::{World, chmod, eventually};

const HOUR: Duration = Duration::from_secs(3600);

/// A real key with two accounts, and a paper key with one.
async fn world() -> World {
    World::of_keys(Setup::both()).await
}

fn keys() -> (Options, Options) {
    let Ok([real, paper]) = <[Options; 2]>::try_from(Setup::both().keys) else { panic!("two keys") };
    (real, paper)
}

/// `main` and `second` over the real key, `practice` over the paper key.
fn accounts(world: &World) -> String {
    let (real, paper) = keys();
    let second = &real.more_accounts[0].cano;
    format!(
        "default_account = \"main\"\n{}[accounts.second]\nkey_of = \"main\"\naccount_no = \"{second}\"\n{}",
        world.account("main", &real, &real.cano),
        world.account("practice", &paper, &paper.cano),
    )
}

fn of(name: &str) -> Value {
    json!({ "account": name, "max_age_ms": 0 })
}

fn calls_with(world: &World, tr_id: &str) -> usize {
    world.simulator.calls().iter().filter(|call| call.tr_id == tr_id).count()
}

#[tokio::test]
async fn every_account_has_its_own_balance_and_accounts_of_one_key_share_its_token() {
    let world = world().await;
    let daemon = world.daemon_with(world.config_of("kisd", &accounts(&world))).await;
    let main = daemon.ok("account.balance", json!({})).await;
    assert_eq!((main["account_name"].as_str(), main["mode"].as_str()), (Some("main"), Some("real")));
    let second = daemon.ok("account.balance", of("second")).await;
    assert_eq!(second["holdings"].as_array().unwrap().len(), 60);
    assert_eq!(second["account_name"], "second");
    let practice = world.while_time_passes(daemon.ok("account.balance", of("practice"))).await;
    assert_eq!((practice["account_name"].as_str(), practice["mode"].as_str()), (Some("practice"), Some("paper")));
    assert_eq!(world.simulator.calls_to("tokenP").len(), 2, "one for each key");
    assert_eq!(daemon.ok("token.status", json!({ "account": "second" })).await["account_name"], "second");
    // From memory each is its own as well.
    let again = daemon.ok("account.balance", json!({ "account": "second", "max_age_ms": 60_000 })).await;
    assert_eq!(again, second);
}

#[tokio::test]
async fn the_list_names_the_accounts_their_keys_and_what_the_caller_may_do() {
    let world = world().await;
    let daemon = world.daemon_with(world.config_of("kisd", &accounts(&world))).await;
    world.while_time_passes(daemon.ok("account.balance", of("practice"))).await;
    let list = daemon.ok("account.list", json!({})).await["accounts"].clone();
    let names: Vec<&str> = list.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["main", "practice", "second"]);
    assert_eq!((&list[0]["default"], &list[1]["default"]), (&json!(true), &json!(false)));
    assert_eq!(list[0]["key"], list[2]["key"], "one app key");
    assert_ne!(list[0]["key"], list[1]["key"]);
    let of_root = json!(["read", "refresh", "trade", "approve", "admin"]);
    let own = if rustix::process::geteuid().is_root() { of_root } else { json!(["read", "refresh"]) };
    assert_eq!(list[1]["rights"], own);
    assert_eq!((list[0]["product_code"].as_str(), list[1]["mode"].as_str()), (Some("01"), Some("paper")));
    let status = daemon.ok("daemon.status", json!({})).await;
    assert_eq!((&status["accounts"], &status["account_name"]), (&list, &json!("main")));
    let (real, paper) = keys();
    let text = status.to_string();
    assert!([&real, &paper].iter().all(|key| !text.contains(&key.app_key) && !text.contains(&key.cano)), "{text}");
}

#[tokio::test]
async fn an_unknown_account_is_refused_with_the_names_that_there_are() {
    let world = world().await;
    let daemon = world.daemon_with(world.config_of("kisd", &accounts(&world))).await;
    let long = "x".repeat(60_000);
    for (method, name) in [
        ("account.balance", "third"),
        ("account.subscribeBalance", "../main"),
        ("token.status", "MAIN"),
        ("token.refresh", ""),
        ("account.balance", &long),
    ] {
        let error = daemon.error(method, json!({ "account": name })).await;
        assert_eq!((error["code"].as_i64(), error["data"]["kind"].as_str()), (Some(-32061), Some("unknown_account")));
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("main, practice, second") && message.len() < 200, "{message}");
    }
}

#[tokio::test]
async fn refused_credentials_and_a_hanging_host_of_one_key_cost_the_other_nothing() {
    let world = world().await;
    let (_, paper) = keys();
    world.simulator.reconfigure_key(&paper.app_key, |key| key.app_secret = "x".repeat(180));
    let daemon = world.daemon_with(world.config_of("kisd", &accounts(&world))).await;
    let refused = world.while_time_passes(daemon.error("account.balance", of("practice"))).await;
    assert_eq!((refused["code"].as_i64(), refused["data"]["account_name"].as_str()), (Some(-32051), Some("practice")));
    for _ in 0..5 {
        daemon.ok("account.balance", of("main")).await;
        world.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(daemon.token_status().await["state"], "valid");
    assert_eq!(daemon.ok("token.status", json!({ "account": "practice" })).await["state"], "rejected");
    daemon.stop().await;

    // A paper host that hangs: its calls wait, and nobody else's.
    world.simulator.reconfigure_key(&paper.app_key, |key| key.app_secret = paper.app_secret.clone());
    let daemon = world.daemon_with(world.config_of("kisd", &accounts(&world))).await;
    let practice = daemon.token_until_of("practice", |status| status["state"] == "valid");
    world.while_time_passes(practice).await;
    // The token call has taken the paper key's one call of that second.
    world.clock.advance(Duration::from_secs(3));
    let gate = world.simulator.hold_next("inquire-balance");
    let mut hanging = daemon.client().await;
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "account.balance", "params": of("practice") });
    hanging.send(&format!("{call}\n")).await;
    gate.arrived().await;
    let before = calls_with(&world, "TTTC8434R");
    daemon.ok("account.balance", of("main")).await;
    assert_eq!(calls_with(&world, "TTTC8434R"), before + 1);
    gate.open();
    assert!(hanging.receive().await.unwrap().get("result").is_some());
}

#[tokio::test]
async fn the_quota_is_the_keys_and_not_the_accounts() {
    let world = world().await;
    let (real, _) = keys();
    world.simulator.reconfigure_key(&real.app_key, |key| key.calls_per_second = 4);
    let text = accounts(&world).replacen("account_no", "calls_per_second = 4\naccount_no", 1);
    let daemon = world.daemon_with(world.config_of("kisd", &text)).await;
    daemon.token_status().await;
    for _ in 0..6 {
        let both = async {
            tokio::join!(daemon.ok("account.balance", of("main")), daemon.ok("account.balance", of("second")))
        };
        world.while_time_passes(both).await;
    }
    let refused = world.simulator.calls().iter().filter(|call| call.msg_cd == "EGW00201").count();
    assert_eq!(refused, 0, "two accounts of one key share four calls a second");
}

#[tokio::test]
async fn a_reload_adds_and_removes_accounts_and_leaves_the_others_as_they_are() {
    let world = world().await;
    let (real, paper) = keys();
    let one = world.account("main", &real, &real.cano);
    let daemon = world.daemon_with(world.config_of("kisd", &one)).await;
    daemon.balance().await;
    daemon.reloads.send(world.config_of("kisd", &accounts(&world))).await.unwrap();
    daemon.status_until(|status| status["accounts"].as_array().unwrap().len() == 3).await;
    world.while_time_passes(daemon.ok("account.balance", of("practice"))).await;
    daemon.ok("account.balance", json!({ "account": "main", "max_age_ms": 600_000 })).await;
    assert_eq!(calls_with(&world, "TTTC8434R"), 1, "main was served from memory");
    assert_eq!(world.simulator.calls_to("tokenP").len(), 2);

    let other = world.account("practice", &paper, &paper.cano);
    daemon.reloads.send(world.config_of("kisd", &other)).await.unwrap();
    let status = daemon.status_until(|status| status["accounts"].as_array().unwrap().len() == 1).await;
    assert_eq!((&status["account_name"], &status["mode"]), (&json!("practice"), &json!("paper")));
    assert_eq!(daemon.error("account.balance", of("main")).await["code"], -32061);
    world.clock.advance(HOUR);
    assert_eq!(daemon.ok("account.balance", json!({ "max_age_ms": 0 })).await["account_name"], "practice");
    assert_eq!(world.simulator.calls_to("tokenP").len(), 2, "no issuance was spent on the change");
}

#[tokio::test]
async fn subscribers_stay_when_the_app_key_of_their_account_is_replaced() {
    let world = World::of_keys(Setup::from(Options::demo(Mode::Real))).await;
    let daemon = world.daemon("kisd").await;
    let mut subscriber = daemon.client().await;
    subscriber.call("account.subscribeBalance", json!({ "interval_ms": 1000 })).await;
    assert!(subscriber.receive().await.unwrap()["params"]["result"]["balance"].is_object());

    let (old, new) = (world.options.app_key.clone(), world.options.app_key.replace('1', "2"));
    let text = fs::read_to_string(world.config_file("kisd", "")).unwrap().replace(&old, &new);
    fs::write(world.path("kisd.toml"), text).unwrap();
    world.simulator.reconfigure(|options| {
        options.app_key = new;
        options.portfolio = Portfolio::of_size(3);
    });
    let config: Config = kisd::config::load(Some(&world.path("kisd.toml")), &Default::default()).unwrap();
    daemon.reloads.send(config).await.unwrap();
    let changed = async {
        loop {
            let state = subscriber.receive().await.unwrap()["params"]["result"].clone();
            if state["balance"]["holdings"].as_array().is_some_and(|holdings| holdings.len() == 3) {
                return;
            }
        }
    };
    world.while_time_passes(changed).await;
}

#[tokio::test]
async fn a_mirror_that_cannot_be_written_for_one_key_costs_the_other_nothing() {
    let world = world().await;
    let daemon = world.daemon_with(world.config_of("kisd", &accounts(&world))).await;
    world.while_time_passes(daemon.ok("account.balance", of("practice"))).await;
    daemon.balance().await;
    let mirrors = || -> Vec<std::path::PathBuf> {
        let entries = fs::read_dir(world.path("state")).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect()
    };
    eventually("two mirrors", || mirrors().len() == 2).await;
    let spoiled = mirrors().into_iter().find(|path| path.file_name().unwrap() != "token.json").unwrap();
    fs::remove_file(&spoiled).unwrap();
    fs::create_dir(&spoiled).unwrap();
    world.clock.advance(24 * HOUR - Duration::from_secs(300));
    let renewed = |status: &Value| status["expires_at"] != "2026-01-24T12:00:00+09:00" && status["state"] == "valid";
    world.while_time_passes(daemon.token_until_of("main", renewed)).await;
    world.while_time_passes(daemon.token_until_of("practice", renewed)).await;
    daemon.ok("account.balance", of("main")).await;
    chmod(&spoiled, 0o700);
}

#[tokio::test]
async fn twenty_keys_start_side_by_side_and_none_waits_for_another() {
    let mut setup = Setup::from(Options::demo(Mode::Real));
    let first = setup.keys[0].clone();
    for number in 1..20 {
        let app_key = format!("{}{}", &first.app_key[..34], 50 + number);
        let cano = format!("200000{number:02}");
        setup.keys.push(Options { app_key, cano, ..first.clone() });
    }
    let world = World::of_keys(setup.clone()).await;
    let mut text = "default_account = \"a0\"\n".to_owned();
    for (number, key) in setup.keys.iter().enumerate() {
        text += &world.account(&format!("a{number}"), key, &key.cano);
    }
    let gate = world.simulator.hold_next("tokenP");
    let daemon = world.daemon_with(world.config_of("kisd", &text)).await;
    gate.arrived().await;
    let all_but_one = |status: &Value| {
        status["accounts"].as_array().unwrap().iter().filter(|entry| entry["token"] == "valid").count() == 19
    };
    daemon.status_until(all_but_one).await;
    gate.open();
    daemon
        .status_until(|status| status["accounts"].as_array().unwrap().iter().all(|entry| entry["token"] == "valid"))
        .await;
    assert_eq!(world.simulator.calls_to("tokenP").len(), 20);
}

#[tokio::test]
async fn configurations_that_contradict_themselves_are_refused_with_file_and_key() {
    let world = world().await;
    let (real, paper) = keys();
    let (main, practice) = (world.account("main", &real, &real.cano), world.account("practice", &paper, &paper.cano));
    let key_of = |name: &str, of: &str| format!("[accounts.{name}]\nkey_of = \"{of}\"\naccount_no = \"11111111\"\n");
    let thousand: String = (0..1000).map(|n| key_of(&format!("a{n}"), "main")).collect();
    let kis = main.replace("[accounts.main]", "[kis]");
    for (text, key, words) in [
        (format!("{main}{practice}"), "default_account", "main, practice"),
        (format!("default_account = \"third\"\n{main}{practice}"), "default_account", "main, practice"),
        (format!("{main}{main}"), "", "not valid TOML"),
        (main.replace("accounts.main", "accounts.\"../main\""), "accounts", "a-z, 0-9 and -"),
        (main.replace("accounts.main", &format!("accounts.{}", "x".repeat(33))), "accounts", "up to 32"),
        (format!("{main}{thousand}"), "accounts", "allowed are 100"),
        (format!("{}{}", key_of("a", "b"), key_of("b", "a")), "accounts.a.key_of", "circle"),
        (format!("{main}{}", key_of("a", "a")), "accounts.a.key_of", "circle"),
        (format!("{main}{}", key_of("a", "third")), "accounts.a.key_of", "not the name of an account"),
        (
            format!("{main}{}", world.account("other", &real, "11111111").replace("\"real\"", "\"paper\"")),
            "accounts.other.app_key",
            "another mode",
        ),
        (
            format!("{main}{}", key_of("a", "main").replace("key_of", "mode = \"real\"\nkey_of")),
            "accounts.a.mode",
            "key_of",
        ),
        (format!("{main}{}", world.account("again", &real, &real.cano)), "accounts.main.account_no", "already"),
        (format!("{kis}{}", practice.replace("practice", "default")), "accounts.default", "[kis]"),
        (format!("{main}colour = 1\n"), "accounts.main.colour", "is not a key"),
        (
            main.replace("account_no", "key_expires_on = \"soon\"\naccount_no"),
            "accounts.main.key_expires_on",
            "is not a day",
        ),
    ] {
        let error = world.try_config_of("bad", &text).expect_err(words);
        let fault = error.faults.iter().find(|fault| fault.key == key).unwrap_or_else(|| panic!("{key}: {error}"));
        assert!(fault.problem.contains(words) && fault.source.ends_with("bad.toml"), "{key}: {error}");
        let text = error.to_string();
        assert!(!text.contains(&real.app_key) && !text.contains(&real.app_secret), "{text}");
    }
}

#[tokio::test]
async fn kis_is_the_account_default_and_the_environment_reaches_every_account() {
    let world = world().await;
    let (real, paper) = keys();
    let kis = world.account("x", &real, &real.cano).replace("[accounts.x]", "[kis]");
    let config = world.config_of("kisd", &format!("{kis}{}", world.account("my-paper", &paper, &paper.cano)));
    assert_eq!(config.default.as_str(), "default");
    let variables = kisd::config::Variables::new(
        [
            ("KISD_ACCOUNTS__MY_PAPER__ACCOUNT_NO", "00000007"),
            ("KISD_ACCOUNTS__MY_PAPER__CALLS_PER_SECOND", "2"),
            ("KISD_DEFAULT_ACCOUNT", "my-paper"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let config = kisd::config::load(Some(&world.path("kisd.toml")), &variables).unwrap();
    assert_eq!(config.default.as_str(), "my-paper");
    let account = config.accounts.iter().find(|account| account.name.as_str() == "my-paper").unwrap();
    assert_eq!((account.id.cano(), config.keys[account.key].kis.calls_per_second), ("00000007", 2));
}

#[tokio::test]
async fn credentials_of_systemd_have_the_name_of_their_account() {
    let world = world().await;
    let (real, paper) = keys();
    let directory = world.path("credentials");
    fs::create_dir(&directory).unwrap();
    for (name, key) in [("", &real), ("practice.", &paper)] {
        fs::write(directory.join(format!("{name}app_key")), &key.app_key).unwrap();
        fs::write(directory.join(format!("{name}app_secret")), &key.app_secret).unwrap();
    }
    let without = |text: String| -> String {
        text.lines().filter(|line| !line.starts_with("app_")).map(|line| format!("{line}\n")).collect()
    };
    let text = format!(
        "default_account = \"main\"\n{}{}",
        without(world.account("main", &real, &real.cano)),
        without(world.account("practice", &paper, &paper.cano))
    );
    world.try_config_of("kisd", &text).unwrap_err();
    let variables = ("CREDENTIALS_DIRECTORY".to_owned(), directory.display().to_string());
    let variables = kisd::config::Variables::new([variables]);
    let config = kisd::config::load(Some(&world.path("kisd.toml")), &variables).unwrap();
    let daemon = world.daemon_with(config).await;
    daemon.balance().await;
    world.while_time_passes(daemon.ok("account.balance", of("practice"))).await;
}

#[tokio::test]
async fn a_fault_of_one_account_is_told_with_its_name_and_the_others_stay_well() {
    let world = world().await;
    let daemon = world.daemon_with(world.config_of("kisd", &accounts(&world))).await;
    for name in ["main", "practice"] {
        daemon.token_until_of(name, |status| status["state"] == "valid").await;
    }
    let refusal = r#"{"rt_cd":"1","msg_cd":"APBK0919","msg1":"no"}"#.to_owned();
    world.simulator.fail_next("inquire-balance", Fault::Answer { status: 200, body: refusal });
    let error = daemon.error("account.balance", of("second")).await;
    assert_eq!(error["data"]["account_name"], "second");
    let list = daemon.ok("account.list", json!({})).await["accounts"].clone();
    let failing: Vec<bool> = list.as_array().unwrap().iter().map(|entry| !entry["fault"].is_null()).collect();
    assert_eq!(failing, [false, false, true]);
    let metrics = daemon.ok("daemon.metrics", json!({})).await;
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.contains("kisd_account_failing{account=\"second\""), "{metrics}");
}
