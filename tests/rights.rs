//! What several users of one daemon may do, account by account: what is not granted does not exist for them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use kisd::simulator::{Options, Setup};
use serde_json::{Value, json};
use support::{Lines, TestDaemon, World, eventually, process::Process, users};

const READER: u32 = 40_001;
const OTHER: u32 = 40_002;
const STRANGER: u32 = 40_003;

fn keys() -> [Options; 2] {
    Setup::both().keys.try_into().unwrap_or_else(|_| panic!("two keys"))
}

/// `main` (the default) and `child` over a real key, `practice` over a paper key, and these grants.
fn text(world: &World, grants: &str) -> String {
    let [real, paper] = keys();
    format!(
        "default_account = \"main\"\n{}[accounts.child]\nkey_of = \"main\"\naccount_no = \"{}\"\n{}{grants}",
        world.account("main", &real, &real.cano),
        real.more_accounts[0].cano,
        world.account("practice", &paper, &paper.cano),
    )
}

fn grant(uid: u32, rights: &[&str], accounts: &[&str]) -> String {
    format!("[[grants]]\nuids = [{uid}]\nrights = {rights:?}\naccounts = {accounts:?}\n")
}

/// A daemon with these grants, that holds every balance in memory; nothing where nobody can be another user.
async fn daemon(grants: &str) -> Option<(World, TestDaemon)> {
    if !users::are_at_hand() {
        return None;
    }
    let world = World::of_keys(Setup::both()).await;
    users::let_into(&world);
    let daemon = world.daemon_with(world.config_of("kisd", &text(&world, grants))).await;
    for account in ["main", "child", "practice"] {
        world.while_time_passes(daemon.ok("account.balance", json!({ "account": account }))).await;
    }
    Some((world, daemon))
}

fn from_memory(account: &str) -> Value {
    json!({ "account": account, "max_age_ms": 600_000 })
}

async fn reload(world: &World, daemon: &TestDaemon, grants: &str) {
    daemon.reloads.send(world.config_of("kisd", &text(world, grants))).await.unwrap();
    // The next is taken only when this one is in force.
    daemon.reloads.send(world.config_of("kisd", &text(world, grants))).await.unwrap();
    let _all_taken = daemon.reloads.reserve().await.unwrap();
}

#[tokio::test]
async fn a_balance_in_memory_is_not_given_to_whom_it_is_not_granted() {
    let Some((world, daemon)) = daemon(&grant(READER, &["read"], &["practice"])).await else { return };
    let asked = world.simulator.calls().len();
    let mut reader = users::connect(READER, &daemon.socket);
    let own = reader.call("account.balance", from_memory("practice")).await;
    assert_eq!(own["result"]["account_name"], "practice", "{own}");
    for method in ["account.balance", "token.status", "token.subscribeStatus", "account.subscribeBalance"] {
        let hidden = reader.call(method, json!({ "account": "main" })).await["error"].clone();
        assert_eq!((&hidden["code"], hidden.get("result")), (&json!(-32061), None), "{method}: {hidden}");
        let missing = reader.call(method, json!({ "account": "gone" })).await["error"].clone();
        assert_eq!(hidden.to_string().replace("main", "gone"), missing.to_string(), "{method} tells them apart");
    }
    let batch = json!([{ "jsonrpc": "2.0", "id": 1, "method": "account.balance", "params": from_memory("child") }]);
    reader.send(&format!("{batch}\n")).await;
    assert_eq!(reader.receive().await.unwrap()[0]["error"]["code"], -32061);
    assert_eq!(world.simulator.calls().len(), asked, "and KIS was not asked for it either");
}

#[tokio::test]
async fn the_same_text_of_a_call_means_to_each_caller_an_account_of_its_own() {
    let Some((world, daemon)) = daemon(&grant(READER, &["read"], &["practice"])).await else { return };
    let unnamed = json!({ "operation": "domestic-stock-trading-inquire-balance", "max_age_ms": 600_000, "params": {
        "AFHR_FLPR_YN": "N", "INQR_DVSN": "01", "UNPR_DVSN": "01", "FUND_STTL_ICLD_YN": "N",
        "FNCG_AMT_AUTO_RDPT_YN": "N", "PRCS_DVSN": "00",
    } });
    let mut named = unnamed.clone();
    named["account"] = json!("main");
    // From the third time on it is known by its text.
    for _ in 0..4 {
        for params in [&unnamed, &named] {
            let own = world.while_time_passes(daemon.ok("kis.call", params.clone())).await;
            assert_eq!((&own["account_name"], &own["tr_id"]), (&json!("main"), &json!("TTTC8434R")));
        }
    }
    let mut reader = users::connect(READER, &daemon.socket);
    world.while_time_passes(reader.call("kis.call", unnamed.clone())).await;
    let hidden = reader.call("kis.call", named.clone()).await;
    assert_eq!((&hidden["error"]["code"], hidden.get("result")), (&json!(-32061), None), "{hidden}");
    for _ in 0..4 {
        let own = reader.call("kis.call", unnamed.clone()).await["result"].clone();
        assert_eq!((&own["account_name"], &own["tr_id"]), (&json!("practice"), &json!("VTTC8434R")));
        let own = daemon.ok("kis.call", unnamed.clone()).await;
        assert_eq!((&own["account_name"], &own["tr_id"]), (&json!("main"), &json!("TTTC8434R")));
    }
    reload(&world, &daemon, &grant(OTHER, &["read"], &["practice"])).await;
    let refused = reader.call("kis.call", unnamed).await;
    assert_eq!(refused["error"]["code"], -32056, "{refused}");
}

#[tokio::test]
async fn accounts_that_a_caller_may_not_read_are_in_no_answer() {
    let Some((world, daemon)) = daemon(&grant(READER, &["read"], &["practice"])).await else { return };
    let [real, _] = keys();
    let main = daemon.ok("account.list", json!({})).await["accounts"][1].clone();
    let secrets = ["main", "child", main["account"].as_str().unwrap(), main["key"].as_str().unwrap(), &real.cano];
    let mut reader = users::connect(READER, &daemon.socket);
    for (method, params) in [
        ("account.list", json!({})),
        ("daemon.status", json!({})),
        ("daemon.metrics", json!({})),
        ("token.status", json!({})),
        ("account.balance", json!({ "max_age_ms": 600_000 })),
        ("token.status", json!({ "account": "gone" })),
    ] {
        let answer = reader.call(method, params).await.to_string();
        assert!(answer.contains("practice") || answer.contains("paper"), "{method}: {answer}");
        for secret in secrets {
            assert!(!answer.contains(secret), "{method} tells of {secret}: {answer}");
        }
    }
    let status = reader.call("daemon.status", json!({})).await["result"].clone();
    assert_eq!((&status["account_name"], &status["mode"]), (&json!("practice"), &json!("paper")));
    assert_eq!(status["calls"]["issuances"], 1, "the counters are those of its key");
    assert_eq!(status["accounts"].as_array().unwrap().len(), 1);
    let scraped = daemon.ok("daemon.metrics", json!({})).await;
    assert!(scraped.as_str().unwrap().contains("account=\"main\""), "root sees all");
    drop(world);
}

#[tokio::test]
async fn a_call_that_names_no_account_means_one_that_the_caller_may_read_or_none() {
    let both = grant(OTHER, &["read"], &["practice", "child"]);
    let Some((_world, daemon)) = daemon(&(grant(READER, &["read"], &["practice"]) + &both)).await else { return };
    let mut reader = users::connect(READER, &daemon.socket);
    assert_eq!(
        reader.call("account.balance", json!({ "max_age_ms": 600_000 })).await["result"]["account_name"],
        "practice"
    );
    assert_eq!(reader.call("account.list", json!({})).await["result"]["accounts"][0]["default"], true);
    let mut other = users::connect(OTHER, &daemon.socket);
    let error = other.call("account.balance", json!({})).await["error"].clone();
    assert_eq!(error["code"], -32061);
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("names no account") && message.ends_with("child, practice"), "{message}");
    let accounts = other.call("account.list", json!({})).await["result"]["accounts"].clone();
    assert_eq!((accounts[0]["default"].as_bool(), accounts[1]["default"].as_bool()), (Some(false), Some(false)));
    assert_eq!(other.call("daemon.status", json!({})).await["result"]["account_name"], "child");
}

#[tokio::test]
async fn a_right_holds_in_the_accounts_that_are_granted_and_a_refusal_says_how_to_get_it() {
    let grants = grant(READER, &["refresh"], &["practice"]) + &grant(READER, &["read"], &["child"]);
    let Some((world, daemon)) = daemon(&grants).await else { return };
    let mut reader = users::connect(READER, &daemon.socket);
    let accounts = reader.call("account.list", json!({})).await["result"]["accounts"].clone();
    assert_eq!((&accounts[0]["rights"], &accounts[1]["rights"]), (&json!(["read"]), &json!(["read", "refresh"])));
    let issued = world.simulator.calls_to("tokenP").len();
    let refused = reader.call("token.refresh", json!({ "account": "child" })).await["error"].clone();
    assert_eq!((&refused["code"], &refused["data"]["kind"]), (&json!(-32056), &json!("permission_denied")));
    let message = refused["message"].as_str().unwrap();
    for word in ["\"refresh\"", "uid 40001", "\"child\"", "[[grants]]", "rpc.allow_refresh_uids"] {
        assert!(message.contains(word), "{word} is missing: {message}");
    }
    assert_eq!(world.simulator.calls_to("tokenP").len(), issued);
    world.clock.advance(Duration::from_secs(3600));
    let refreshed = reader.call("token.refresh", json!({ "account": "practice" })).await;
    assert_eq!(refreshed["result"]["account_name"], "practice", "{refreshed}");
    let mut stranger = users::connect(STRANGER, &daemon.socket);
    let refused = stranger.call("rpc.discover", json!({})).await["error"].clone();
    assert!(refused["code"] == -32056 && refused["message"].as_str().unwrap().contains("[[grants]]"), "{refused}");
}

#[tokio::test]
async fn grants_of_a_new_configuration_hold_from_the_next_request_of_an_open_connection() {
    let Some((world, daemon)) = daemon(&grant(READER, &["read"], &["practice"])).await else { return };
    let mut reader = users::connect(READER, &daemon.socket);
    let reads = async |reader: &mut Lines, account| {
        reader.call("account.balance", from_memory(account)).await["error"]["code"].as_i64()
    };
    assert_eq!((reads(&mut reader, "practice").await, reads(&mut reader, "child").await), (None, Some(-32061)));
    reload(&world, &daemon, &grant(READER, &["read"], &["child"])).await;
    assert_eq!((reads(&mut reader, "practice").await, reads(&mut reader, "child").await), (Some(-32061), None));
    reload(&world, &daemon, &grant(OTHER, &["read"], &["child"])).await;
    for method in ["account.list", "daemon.status", "daemon.metrics", "rpc.discover", "token.status"] {
        let refused = reader.call(method, json!({})).await;
        assert_eq!(refused["error"]["code"], -32056, "{method}: {refused}");
    }
    reload(&world, &daemon, &grant(READER, &["read"], &["child"])).await;
    assert_eq!(reads(&mut reader, "child").await, None);
}

#[tokio::test]
async fn subscriptions_that_are_not_allowed_any_more_end_with_an_error_and_the_others_go_on() {
    let Some((world, daemon)) = daemon(&grant(READER, &["read"], &["practice", "child"])).await else { return };
    let mut reader = users::connect(READER, &daemon.socket);
    let mut numbers = Vec::new();
    for account in ["child", "practice"] {
        let reply = reader.call("token.subscribeStatus", json!({ "account": account })).await;
        numbers.push(reply["result"].clone());
        let first = reader.receive().await.unwrap();
        assert_eq!(first["params"]["result"]["account_name"], account, "{first}");
    }
    reload(&world, &daemon, &grant(READER, &["read"], &["practice"])).await;
    let last = reader.receive().await.unwrap();
    assert_eq!((&last["method"], &last["params"]["subscription"]), (&json!("token.status"), &numbers[0]), "{last}");
    assert_eq!((&last["params"]["error"]["code"], last["params"].get("result")), (&json!(-32061), None), "{last}");
    let end = |number: &Value| json!({ "subscription": number });
    assert_eq!(reader.call("token.unsubscribeStatus", end(&numbers[0])).await["result"], false, "it has ended");
    reload(&world, &daemon, "").await;
    let last = reader.receive().await.unwrap();
    assert_eq!((&last["params"]["subscription"], &last["params"]["error"]["code"]), (&numbers[1], &json!(-32056)));
}

#[tokio::test]
async fn the_use_of_a_right_has_a_line_of_audit_and_the_socket_is_open_to_who_is_granted_something() {
    if !users::are_at_hand() {
        return;
    }
    let world = World::in_real_time(Options { issue_interval: Duration::ZERO, ..keys()[0].clone() }).await;
    users::let_into(&world);
    let config = world.config_file("kisd", "[[grants]]\nuids = [40001]\nrights = [\"refresh\"]\n");
    let written = fs::read_to_string(&config).unwrap();
    fs::write(&config, written.replace("[token]\n", "[token]\nissue_interval = \"0s\"\n")).unwrap();
    let process = Process::start_configured(&world, "kisd").await;
    let mode = fs::metadata(&process.socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o666);
    eventually("a token", || process.log().contains("KIS issued an access token")).await;
    let mut reader = users::connect(READER, &process.socket);
    let hello = reader.call("daemon.hello", json!({ "client": "my-bot 1.2" })).await;
    assert_eq!(hello["result"]["contract"]["major"], 1, "{hello}");
    for odd in ["", "a\nb", &"x".repeat(65)] {
        let refused = reader.call("daemon.hello", json!({ "client": odd })).await;
        assert_eq!(refused["error"]["code"], -32602, "{odd}: {refused}");
    }
    let refreshed = reader.call("token.refresh", json!({})).await;
    assert_eq!(refreshed["result"]["state"], "valid", "{refreshed}");
    // A thread of its own writes the log.
    eventually("a line of audit", || process.log().contains("audit")).await;
    let log = process.log();
    let line = log.lines().find(|line| line.contains("audit")).unwrap_or_else(|| panic!("no line of audit: {log}"));
    let pid = format!("peer.pid={}", std::process::id());
    for word in [
        "peer.uid=40001",
        &pid,
        "token.refresh",
        "account=\"default\"",
        "outcome=\"done\"",
        "allowed=true",
        "claim=\"my-bot 1.2\"",
    ] {
        assert!(line.contains(word), "{word} is missing: {line}");
    }
    assert!(!line.contains(&world.options.cano), "{line}");
}
