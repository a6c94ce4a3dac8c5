//! What a client never sees: dead tokens, KIS's minute, too many calls.

use std::time::Duration;

use kisd::simulator::Fault;
use serde_json::json;
use tokio::net::TcpListener;

use super::{
    Program, World, open,
    program::{PRICE, Wire},
    served,
    support::{eventually, users},
};

#[tokio::test]
async fn a_token_that_dies_and_dies_again_is_not_seen() {
    let (world, daemon, program) = served().await;
    // One that dies young makes the pauses longer.
    world.clock.advance(Duration::from_secs(601));
    world.simulator.revoke_token();
    let answer = world.while_time_passes(program.price()).await;
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert_eq!(world.simulator.issuances(), 2);
    // Again within the minute: the call is held until the minute has passed.
    world.simulator.revoke_token();
    let before = world.elapsed();
    let answer = world.while_time_passes(program.balance()).await;
    assert_eq!(answer.status(), 200, "{answer:?} {}", daemon.token_status().await);
    assert!(world.elapsed() - before > Duration::from_secs(50), "{:?}", world.elapsed() - before);
    assert_eq!(world.simulator.issuances(), 3);
}

#[tokio::test]
async fn a_start_in_somebody_elses_minute_is_waited_out() {
    let world = World::new().await;
    // Another program has just had a token issued.
    Program::of_kis(&world).await;
    let daemon = world.daemon_with(world.config("kisd", super::OPEN)).await;
    daemon.status_until(|status| status["gateway"]["state"] == "serving").await;
    let program = Program::of(&daemon, json!({ "name": "bot" })).await;
    let answers = futures_util::future::join_all((0..5).map(|_| program.price()));
    let answers = world.while_time_passes(answers).await;
    assert!(answers.iter().all(|answer| answer.status() == 200), "{answers:?}");
    assert!(world.elapsed() >= Duration::from_secs(59), "{:?}", world.elapsed());
}

#[tokio::test]
async fn too_many_calls_are_not_seen() {
    let (world, _daemon, program) = served().await;
    for code in ["EGW00201", "EGW00215", "EGW00123", "EGW00121"] {
        world.clock.advance(Duration::from_secs(61));
        world.simulator.fail_next("inquire-price", Fault::Code(code.to_owned()));
        let answer = world.while_time_passes(program.price()).await;
        assert_eq!(answer.status(), 200, "{code}: {answer:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_healed_within_the_patience_is_later() {
    let world = World::new().await;
    let daemon = open(&world, "patience = \"5s\"\n").await;
    let program = Program::of(&daemon, json!({ "name": "bot" })).await;
    world.simulator.reconfigure(|options| options.calls_per_second = 0);
    let before = world.elapsed();
    let answer = world.while_time_passes(program.price()).await;
    assert_eq!((answer.status(), answer.msg_cd()), (500, "EGW00201".to_owned()), "{answer:?}");
    let took = world.elapsed() - before;
    assert!((4..=8).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test]
async fn who_hangs_up_leaves_the_line() {
    let (world, daemon, program) = served().await;
    // Nobody goes before the next second.
    world.clock.advance(Duration::from_secs(2));
    let busy: Vec<_> = (0..18).map(|at| PRICE.replace("005930", &format!("{at:06}"))).collect();
    let all = futures_util::future::join_all(busy.iter().map(|target| program.get(target, "FHKST01010100")));
    assert!(all.await.iter().all(|answer| answer.status() == 200));
    let mut leaving = Wire::connect(program.address).await;
    leaving.send(&program.request("GET", &PRICE.replace("005930", "000660"), "FHKST01010100", "")).await;
    daemon.status_until(|status| status["quota"]["waiting"] == 1).await;
    drop(leaving);
    daemon.status_until(|status| status["quota"]["waiting"] == 0).await;
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(program.price().await.status(), 200);
    assert_eq!(world.simulator.calls_to("inquire-price").len(), 19, "the one that left was not asked");
}

#[tokio::test]
async fn a_port_that_is_taken_costs_the_socket_nothing_and_is_tried_again() {
    let world = World::new().await;
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = format!("[gateway]\nlisten = \"{}\"\n", taken.local_addr().unwrap());
    let daemon = world.daemon_with(world.config("kisd", &settings)).await;
    let status = daemon.status_until(|status| status["gateway"]["state"] == "failed").await;
    let error = status["gateway"]["error"].as_str().unwrap();
    assert!(error.contains(&format!("the process {}", std::process::id())), "{error}");
    assert_eq!(daemon.balance().await["total_evaluation"], 10_000_000);
    drop(taken);
    world.while_time_passes(daemon.status_until(|status| status["gateway"]["state"] == "serving")).await;
}

#[tokio::test]
async fn the_gateway_opens_and_closes_when_the_configuration_says_so() {
    let (world, daemon, program) = served().await;
    let mut wire = Wire::connect(program.address).await;
    let request = program.request("GET", PRICE, "FHKST01010100", "");
    assert_eq!(wire.call(&request).await.status(), 200);
    daemon.reloads.send(world.config("kisd", "")).await.unwrap();
    daemon.status_until(|status| status["gateway"]["state"] == "off").await;
    assert_eq!(wire.receive(true).await, None, "its connections are closed");
    eventually("nobody listens", || std::net::TcpStream::connect(program.address).is_err()).await;
    daemon.reloads.send(world.config("kisd", super::OPEN)).await.unwrap();
    daemon.status_until(|status| status["gateway"]["state"] == "serving").await;
}

#[tokio::test]
async fn a_call_under_way_is_answered_at_a_shutdown() {
    let (world, daemon, program) = served().await;
    let gate = world.simulator.hold_next("inquire-price");
    let held = tokio::spawn(async move { program.price().await });
    gate.arrived().await;
    daemon.shutdown.cancel();
    gate.open();
    assert_eq!(held.await.unwrap().status(), 200);
    daemon.stop().await;
}

#[tokio::test]
async fn a_connection_too_many_is_told_to_come_later_and_gets_in_when_another_has_left() {
    let world = World::new().await;
    let daemon = open(&world, "max_connections = 2\n").await;
    let program = Program::of(&daemon, json!({ "name": "bot" })).await;
    let request = program.request("GET", PRICE, "FHKST01010100", "");
    let mut held = [Wire::connect(program.address).await, Wire::connect(program.address).await];
    for wire in &mut held {
        assert_eq!(wire.call(&request).await.status(), 200);
    }
    let refused = Wire::connect(program.address).await.receive(true).await.expect("an answer");
    assert_eq!((refused.status(), refused.msg_cd()), (500, "EGW00201".to_owned()));
    drop(held);
    eventually_served(&program).await;
}

#[tokio::test]
async fn one_user_has_half_of_the_connections_and_leaves_the_others_theirs() {
    const GREEDY: u32 = 40_021;
    const OTHER: u32 = 40_022;
    if !users::are_at_hand() {
        return;
    }
    let world = World::new().await;
    let daemon = open(&world, "hosts = \"127.77.1.5\"\nmax_connections = 8\n").await;
    // Of any user, so that it is the connections alone that are told apart; by whichever entrance.
    let program = Program::of(&daemon, json!({ "name": "bot", "any_user": true })).await;
    let plain = std::net::SocketAddr::from(([127, 77, 1, 5], 21000));
    eventually("the other entrance", || std::net::TcpStream::connect(plain).is_ok()).await;
    let request = program.request("GET", PRICE, "FHKST01010100", "");
    let at = |place: usize| if place.is_multiple_of(2) { program.address } else { plain };
    let mut held = Vec::new();
    for place in 0..4 {
        let mut wire = Wire::connect_as(GREEDY, at(place));
        assert_eq!(wire.call(&request).await.status(), 200, "{place}");
        held.push(wire);
    }
    for place in 0..2 {
        let refused = Wire::connect_as(GREEDY, at(place)).receive(true).await.expect("an answer");
        assert_eq!((refused.status(), refused.msg_cd()), (500, "EGW00201".to_owned()));
        assert!(refused.json()["msg1"].as_str().unwrap().contains("one user"), "{refused:?}");
    }
    for uid in [OTHER, 0] {
        assert_eq!(Wire::connect_as(uid, program.address).call(&request).await.status(), 200, "{uid}");
    }
    drop(held);
    eventually_served(&program).await;
}

async fn eventually_served(program: &Program) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    loop {
        let mut wire = Wire::connect(program.address).await;
        // A connection that is refused may be closed before it is written to.
        let request = program.request("GET", PRICE, "FHKST01010100", "Connection: close\r\n");
        wire.try_send(&request).await;
        if wire.receive(true).await.is_some_and(|answer| answer.status() == 200) {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "not within ten seconds");
    }
}
