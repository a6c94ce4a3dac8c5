//! Local keys: made, shown once, limited, taken away.

use std::{fs, os::unix::fs::PermissionsExt};

use kisd::simulator::Setup;
use serde_json::{Value, json};

use super::{
    OPEN, Program, World, open,
    program::{PRICE, Wire},
    served,
    support::{TestDaemon, chmod, users},
};

const MAKER: u32 = 40_011;
const OTHER: u32 = 40_012;

/// A world with a real account `main` (the default) and a paper account `practice`, and a daemon with an open gateway.
async fn two_accounts(grants: &str) -> (World, TestDaemon) {
    let world = World::of_keys(Setup::both()).await;
    let daemon = world.daemon_with(world.config_of("kisd", &two(&world, grants))).await;
    for account in ["main", "practice"] {
        daemon.token_until_of(account, |token| token["state"] == "valid").await;
    }
    (world, daemon)
}

fn two(world: &World, grants: &str) -> String {
    let [real, paper] = Setup::both().keys.try_into().unwrap_or_else(|_| panic!("two keys"));
    let (main, practice) = (world.account("main", &real, &real.cano), world.account("practice", &paper, &paper.cano));
    format!("default_account = \"main\"\n{main}{practice}{OPEN}{grants}")
}

#[tokio::test]
async fn a_secret_is_shown_once_and_only_its_hash_is_kept() {
    let world = World::new().await;
    let daemon = open(&world, "").await;
    let setup = daemon.ok("client.add", json!({ "name": "bot" })).await;
    let (key, secret) = (setup["app_key"].as_str().unwrap(), setup["app_secret"].as_str().unwrap());
    assert_eq!((key.len(), secret.len(), &setup["account_no"]), (36, 180, &json!("12345678")));
    let file = world.path("state/clients.json");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let kept = fs::read_to_string(&file).unwrap();
    let shown = daemon.ok("client.show", json!({ "name": "bot" })).await;
    let list = daemon.ok("client.list", json!({})).await;
    assert!(kept.contains(key) && !kept.contains(secret));
    assert_eq!((&shown["app_secret"], &shown["account_no"]), (&Value::Null, &json!("12****78")));
    assert!(!shown.to_string().contains(secret) && !list.to_string().contains(secret));
    assert_eq!(list["clients"][0]["rights"], json!(["read"]));
}

#[tokio::test]
async fn a_token_is_good_after_a_restart_and_after_its_stated_end() {
    let (world, daemon, program) = served().await;
    daemon.stop().await;
    let daemon = open(&world, "").await;
    let list = daemon.ok("client.list", json!({})).await;
    let address = list["gateway"]["base_url"].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap();
    let program = Program { address, ..program };
    assert_eq!(program.price().await.status(), 200);
    // Clients on machines that are not on Korean time take it for good nine hours longer.
    world.clock.advance(std::time::Duration::from_secs(24 * 3600 - 590));
    let renewed = daemon.token_until(|token| token["issued_at"].as_str().unwrap() > "2026-01-24T11");
    world.while_time_passes(renewed).await;
    world.clock.advance(std::time::Duration::from_secs(9 * 3600));
    assert_eq!(world.while_time_passes(program.price()).await.status(), 200);
}

#[tokio::test]
async fn a_key_that_is_removed_or_replaced_ends_at_once_also_for_a_call_under_way() {
    let (world, daemon, program) = served().await;
    let gate = world.simulator.hold_next("inquire-price");
    let held = tokio::spawn({
        let program = program.clone();
        async move { program.price().await }
    });
    gate.arrived().await;
    let rotated = daemon.ok("client.rotate", json!({ "name": "bot" })).await;
    assert_eq!(held.await.unwrap().msg_cd(), "EGW00123");
    gate.open();
    let after = (program.price().await.msg_cd(), program.oauth("tokenP", json!({})).await.msg_cd());
    assert_eq!(after, ("EGW00123".to_owned(), "EGW00123".to_owned()));
    let mut new = Program::told(&rotated);
    new.token = program.token.clone();
    assert_eq!(new.price().await.msg_cd(), "EGW00121", "the token of the old key is not the new one's");
    new.token = new.new_token().await;
    assert_eq!(new.price().await.status(), 200);
    daemon.ok("client.remove", json!({ "name": "bot" })).await;
    assert_eq!(new.price().await.msg_cd(), "EGW00123");
    let gone = daemon.error("client.show", json!({ "name": "bot" })).await;
    assert_eq!((&gone["code"], &gone["data"]["what"]), (&json!(-32063), &json!("client")));
}

#[tokio::test]
async fn what_a_connection_has_proved_ends_with_the_keys_and_proves_nothing_else() {
    let world = World::new().await;
    let daemon = open(&world, "").await;
    let program = Program::of(&daemon, json!({ "name": "bot", "expires_in_ms": 3_600_000 })).await;
    let other = Program::of(&daemon, json!({ "name": "other" })).await;
    let price = |program: &Program| program.request("GET", PRICE, "FHKST01010100", "");
    let mut wire = Wire::connect(program.address).await;
    let cut = |text: &str| text[..text.len() - 1].to_owned();
    for _ in 0..2 {
        assert_eq!(wire.call(&price(&program)).await.status(), 200);
        for (wrong, msg_cd) in [
            (Program { app_secret: other.app_secret.clone(), ..program.clone() }, "EGW00304"),
            (Program { app_secret: cut(&program.app_secret), ..program.clone() }, "EGW00304"),
            (Program { token: other.token.clone(), ..program.clone() }, "EGW00121"),
            (Program { token: cut(&program.token), ..program.clone() }, "EGW00121"),
            (Program { app_key: other.app_key.clone(), ..program.clone() }, "EGW00304"),
        ] {
            assert_eq!(wire.call(&price(&wrong)).await.msg_cd(), msg_cd);
        }
        assert_eq!(wire.call(&price(&other)).await.status(), 200, "one connection may be of two clients");
    }
    // Several connections, since a client may have them: each learns of it at its next request.
    let mut wires = [wire, Wire::connect(program.address).await];
    for wire in &mut wires {
        assert_eq!(wire.call(&price(&other)).await.status(), 200);
        assert_eq!(wire.call(&price(&program)).await.status(), 200);
    }
    let rotated = Program::told(&daemon.ok("client.rotate", json!({ "name": "other" })).await);
    for wire in &mut wires {
        assert_eq!(wire.call(&price(&other)).await.msg_cd(), "EGW00123", "its keys were replaced");
        let with_old_token = Program { token: other.token.clone(), ..rotated.clone() };
        assert_eq!(wire.call(&price(&with_old_token)).await.msg_cd(), "EGW00121");
    }
    daemon.ok("client.remove", json!({ "name": "other" })).await;
    world.clock.advance(std::time::Duration::from_secs(3600));
    for wire in &mut wires {
        assert_eq!(wire.call(&price(&rotated)).await.msg_cd(), "EGW00123", "it was removed");
        assert_eq!(wire.call(&price(&program)).await.msg_cd(), "KISD0056", "it has ended");
    }
}

#[tokio::test]
async fn a_key_ends_when_it_was_said_to() {
    let world = World::new().await;
    let daemon = open(&world, "").await;
    let program = Program::of(&daemon, json!({ "name": "bot", "expires_in_ms": 3_600_000 })).await;
    assert_eq!(program.price().await.status(), 200);
    world.clock.advance(std::time::Duration::from_secs(3600));
    let ended = program.price().await;
    assert_eq!((ended.status(), ended.msg_cd()), (403, "KISD0056".to_owned()));
    let listed = &daemon.ok("client.list", json!({})).await["clients"][0];
    assert_eq!((&listed["expired"], &listed["calls"], &listed["refused"]), (&json!(true), &json!(2), &json!(1)));
}

#[tokio::test]
async fn a_client_reaches_its_own_accounts_alone() {
    let (world, daemon) = two_accounts("").await;
    world.clock.advance(std::time::Duration::from_secs(2));
    let paper = Program::of(&daemon, json!({ "name": "paper", "accounts": ["practice"] })).await;
    let both = Program::of(&daemon, json!({ "name": "both", "accounts": ["practice", "main"] })).await;
    assert_eq!(paper.balance().await.msg_cd(), "20310000");
    let real = Setup::both().keys[0].cano.clone();
    let foreign = Program { cano: real.clone(), ..paper }.balance().await;
    assert_eq!((foreign.status(), foreign.msg_cd()), (200, "OPSQ2000".to_owned()));
    assert_eq!(Program { cano: real, ..both }.balance().await.msg_cd(), "KIOK0510", "by its number");
}

#[tokio::test]
async fn a_client_has_never_more_than_who_made_it() {
    if !users::are_at_hand() {
        return;
    }
    let grant = |rights: &str| format!("[[grants]]\nuids = [{MAKER}]\nrights = {rights}\naccounts = [\"practice\"]\n");
    let (world, daemon) = two_accounts(&grant("[\"read\", \"admin\"]")).await;
    users::let_into(&world);
    daemon.ok("client.add", json!({ "name": "hidden" })).await;
    let mut maker = users::connect(MAKER, &daemon.socket);
    let refused = maker.call("client.add", json!({ "name": "a", "accounts": ["practice"], "rights": ["trade"] })).await;
    assert!(refused["error"]["message"].as_str().unwrap().contains("lacks trade"), "{refused}");
    let elsewhere = maker.call("client.add", json!({ "name": "a", "accounts": ["main"] })).await;
    assert_eq!(elsewhere["error"]["code"], -32061, "{elsewhere}");
    for rights in [json!(["approve"]), json!(["admin"]), json!([])] {
        let refused = maker.call("client.add", json!({ "name": "a", "rights": rights })).await;
        assert_eq!(refused["error"]["code"], -32602, "{refused}");
    }
    let made = maker.call("client.add", json!({ "name": "bot", "accounts": ["practice"], "uid": 0 })).await;
    let mut program = Program::told(&made["result"]);
    program.token = program.new_token().await;
    assert_eq!(world.while_time_passes(program.balance()).await.status(), 200);
    let list = maker.call("client.list", json!({})).await;
    assert!(!list.to_string().contains("hidden"), "{list}");
    assert_eq!(maker.call("client.remove", json!({ "name": "hidden" })).await["error"]["code"], -32063);
    // What is taken from who made it is taken from it.
    daemon.reloads.send(world.config_of("kisd", &two(&world, &grant("[\"refresh\"]")))).await.unwrap();
    daemon.reloads.send(world.config_of("kisd", &two(&world, ""))).await.unwrap();
    let _all_taken = daemon.reloads.reserve().await.unwrap();
    let refused = program.balance().await;
    assert_eq!((refused.status(), refused.msg_cd()), (403, "KISD0056".to_owned()));
}

#[tokio::test]
async fn a_key_is_for_the_programs_of_its_user() {
    if !users::are_at_hand() {
        return;
    }
    let world = World::new().await;
    let daemon = open(&world, "").await;
    let program = Program::of(&daemon, json!({ "name": "bot", "uid": OTHER })).await;
    let connect = |uid: u32| Wire::connect_as(uid, program.address);
    let request = program.request("GET", PRICE, "FHKST01010100", "");
    assert_eq!(connect(OTHER).call(&request).await.status(), 200);
    let stolen = connect(MAKER).call(&request).await;
    assert_eq!((stolen.status(), stolen.msg_cd()), (403, "KISD0056".to_owned()));
    assert!(stolen.json()["msg1"].as_str().unwrap().contains(&format!("is of uid {MAKER}")), "{stolen:?}");
}

#[tokio::test]
async fn a_file_of_clients_that_cannot_be_trusted_is_left_as_it_is() {
    let (world, daemon, program) = served().await;
    daemon.stop().await;
    let file = world.path("state/clients.json");
    let whole = fs::read(&file).unwrap();
    for (text, mode) in [(&whole[..whole.len() / 2], 0o600), (&whole[..], 0o644)] {
        fs::write(&file, text).unwrap();
        chmod(&file, mode);
        let daemon = open(&world, "").await;
        let refused = daemon.error("client.add", json!({ "name": "another" })).await;
        assert!(refused["message"].as_str().unwrap().contains("clients.json"), "{refused}");
        let list = daemon.ok("client.list", json!({})).await;
        assert_eq!(list["clients"], json!([]));
        let address = list["gateway"]["base_url"].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap();
        assert_eq!(Program { address, ..program.clone() }.price().await.msg_cd(), "EGW00123");
        daemon.stop().await;
        assert_eq!(fs::read(&file).unwrap(), text);
    }
}

#[tokio::test]
async fn a_client_keeps_to_its_own_limit() {
    let world = World::new().await;
    let daemon = open(&world, "").await;
    let slow = Program::of(&daemon, json!({ "name": "slow", "calls_per_second": 2 })).await;
    let before = world.elapsed();
    world
        .while_time_passes(async {
            for _ in 0..5 {
                assert_eq!(slow.price().await.status(), 200);
            }
        })
        .await;
    assert!((world.elapsed() - before).as_millis() >= 2000, "five calls, two a second");
    let refused = daemon.error("client.add", json!({ "name": "x", "calls_per_second": 0 })).await;
    assert_eq!(refused["code"], -32602);
}
