//! KIS's own host names: the certificate, the entrances under them, and who is served there.

use std::{fs, net::SocketAddr, os::unix::fs::PermissionsExt, time::Duration};

use kisd::clock::Clock;
use serde_json::json;

use super::{
    Program, World,
    program::{Answer, PRICE, Wire},
    secured::connect,
    support::{TestDaemon, eventually, noon},
};

const REAL: &str = "openapi.koreainvestment.com";
const PAPER: &str = "openapivts.koreainvestment.com";

/// A daemon that listens on loopback, and under KIS's names at an address of the test's own.
async fn open(world: &World, hosts: &str) -> TestDaemon {
    let settings = format!("[gateway]\nlisten = \"127.0.0.1:0\"\nhosts = \"{hosts}\"\n");
    let daemon = world.daemon_with(world.config("kisd", &settings)).await;
    daemon.token_until(|token| token["state"] == "valid").await;
    daemon.status_until(|status| status["gateway"]["state"] == "serving").await;
    daemon
}

async fn is_serving(daemon: &TestDaemon) {
    daemon.status_until(|status| status["gateway"]["hosts"]["state"] == "serving").await;
}

fn at(hosts: &str, port: u16) -> SocketAddr {
    format!("{hosts}:{port}").parse().unwrap()
}

/// The price, as a program asks for it that knows only KIS's name.
fn price(program: &Program, host: &str, port: u16) -> String {
    let request = program.request("GET", PRICE, "FHKST01010100", "");
    request.replace(&format!("Host: {}", program.address), &format!("Host: {host}:{port}"))
}

#[tokio::test]
async fn a_program_finds_kisd_under_the_names_of_kis_and_is_told_by_its_key() {
    const HOSTS: &str = "127.77.1.1";
    let world = World::new().await;
    let daemon = open(&world, HOSTS).await;
    let waiting = daemon.status_until(|status| status["gateway"]["hosts"]["state"] == "failed").await;
    assert!(waiting["gateway"]["hosts"]["error"].as_str().unwrap().contains("kisctl gateway trust"), "{waiting}");
    let trust = daemon.ok("gateway.trust", json!({})).await;
    assert_eq!(trust["hosts"], json!([REAL, PAPER, "ops.koreainvestment.com"]));
    is_serving(&daemon).await;
    let bundle = fs::read_to_string(trust["bundle"].as_str().unwrap()).unwrap();
    assert_eq!(daemon.ok("gateway.bundle", json!({})).await["pem"], json!(bundle));
    let program = Program::of(&daemon, json!({ "name": "bot" })).await;
    // Of the real host and of the one of paper accounts: whose key it is decides, and neither host nor port.
    for (host, port) in [(REAL, 9443), (PAPER, 29443), (REAL, 29443)] {
        let mut wire = connect(at(HOSTS, port), host, &bundle, noon()).await.unwrap();
        let answer = wire.call(&price(&program, host, port)).await;
        assert_eq!((answer.status(), answer.msg_cd()), (200, "MCA00000".to_owned()), "{host}");
    }
    for name in ["example.com", "koreainvestment.com"] {
        assert!(connect(at(HOSTS, 9443), name, &bundle, noon()).await.is_err(), "not of {name}");
    }
    // KIS's names are the gateway's under its own port as little as any other.
    let mut wire = Wire::connect(program.address).await;
    assert_eq!(wire.call(&price(&program, REAL, 9443)).await.status(), 403);
    // The ports of the WebSocket answer what the port of `listen` answers.
    let upgrade = |host: &str| {
        format!(
            "GET /tryitout HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
    };
    let said = |answer: Answer| (answer.status(), answer.body);
    let usual = said(Wire::connect(program.address).await.call(&upgrade("localhost")).await);
    for port in [21000, 31000] {
        let answer = Wire::connect(at(HOSTS, port)).await.call(&upgrade("ops.koreainvestment.com:21000")).await;
        assert_eq!(said(answer), usual, "{port}");
    }
}

#[tokio::test]
async fn a_key_of_kis_that_arrives_under_its_names_is_told_why_it_is_refused() {
    const HOSTS: &str = "127.77.1.2";
    const KEY: &str = "PSabcdefghijklmnopqrstuvwxyz01234567";
    let world = World::new().await;
    let daemon = open(&world, HOSTS).await;
    let trust = daemon.ok("gateway.trust", json!({})).await;
    is_serving(&daemon).await;
    let bundle = fs::read_to_string(trust["bundle"].as_str().unwrap()).unwrap();
    let body = json!({ "grant_type": "client_credentials", "appkey": KEY, "appsecret": "s".repeat(180) }).to_string();
    let issuance =
        format!("POST /oauth2/tokenP HTTP/1.1\r\nHost: {REAL}:9443\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let call = format!("GET {PRICE} HTTP/1.1\r\nHost: {REAL}:9443\r\nappkey: {KEY}\r\nappsecret: s\r\n\r\n");
    for request in [issuance, call] {
        let answer = connect(at(HOSTS, 9443), REAL, &bundle, noon()).await.unwrap().call(&request).await;
        assert_eq!(answer.msg_cd(), "EGW00103");
        let said = String::from_utf8(answer.body).unwrap();
        assert!(said.contains("host names lead to kisd") && !said.contains(KEY), "{said}");
    }
}

#[tokio::test]
async fn a_certificate_is_renewed_and_removed_while_the_gateway_serves() {
    const HOSTS: &str = "127.77.1.3";
    let world = World::new().await;
    let daemon = open(&world, HOSTS).await;
    let first = daemon.ok("gateway.trust", json!({})).await;
    is_serving(&daemon).await;
    let bundle = |trust: &serde_json::Value| fs::read_to_string(trust["bundle"].as_str().unwrap()).unwrap();
    let (of_first, now) = (bundle(&first), world.clock.now());
    assert!(connect(at(HOSTS, 9443), REAL, &of_first, now).await.is_ok());
    world.clock.advance(Duration::from_secs(3600));
    let second = daemon.ok("gateway.trust", json!({})).await;
    assert!(second["ends_at"].as_str() > first["ends_at"].as_str());
    let of_second = bundle(&second);
    let mut is_renewed = false;
    for _ in 0..1000 {
        is_renewed = connect(at(HOSTS, 29443), PAPER, &of_second, now).await.is_ok();
        if is_renewed {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(is_renewed);
    let status = daemon.ok("daemon.status", json!({})).await;
    assert_eq!(
        (&status["gateway"]["trust_ends_at"], &status["gateway"]["trust_days_left"]),
        (&second["ends_at"], &json!(397))
    );
    // A restart finds it.
    daemon.stop().await;
    let daemon = open(&world, HOSTS).await;
    is_serving(&daemon).await;
    assert!(connect(at(HOSTS, 9443), REAL, &of_second, now).await.is_ok());
    let private_key = second["private_key"].as_str().unwrap();
    assert_eq!(fs::metadata(private_key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(daemon.ok("gateway.untrust", json!({})).await["removed"], json!(true));
    daemon.status_until(|status| status["gateway"]["hosts"]["state"] == "failed").await;
    assert!(!fs::exists(private_key).unwrap());
    // What has no certificate does not listen.
    let refuses = |port| std::net::TcpStream::connect(at(HOSTS, port)).is_err();
    eventually("nobody listens", || refuses(9443) && refuses(29443)).await;
    assert_eq!(daemon.error("gateway.bundle", json!({})).await["code"], json!(-32063));
    assert_eq!(daemon.ok("gateway.untrust", json!({})).await["removed"], json!(false));
}

#[tokio::test]
async fn a_port_of_kis_that_is_taken_is_told_and_tried_again() {
    const HOSTS: &str = "127.77.1.4";
    let world = World::new().await;
    let taken = std::net::TcpListener::bind(at(HOSTS, 21000)).unwrap();
    let daemon = open(&world, HOSTS).await;
    daemon.ok("gateway.trust", json!({})).await;
    let pid = format!("the port is taken by the process {}", std::process::id());
    let failed = daemon.status_until(|status| status["gateway"]["hosts"]["error"] == json!(pid)).await;
    assert_eq!(failed["gateway"]["state"], "serving", "the other entrance");
    drop(taken);
    let mut world_goes_on = tokio::time::interval(Duration::from_millis(5));
    loop {
        let status = daemon.ok("daemon.status", json!({})).await;
        if status["gateway"]["hosts"]["state"] == "serving" {
            break;
        }
        world_goes_on.tick().await;
        world.clock.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn addresses_that_cannot_be_kis_are_refused_in_the_configuration() {
    let world = World::new().await;
    for (settings, key) in [
        ("hosts = \"192.0.2.1\"", "gateway.hosts"),
        ("hosts = \"127.0.0.77:9443\"", "gateway.hosts"),
        ("listen = \"127.0.0.77:9000\"\nhosts = \"127.0.0.77\"", "gateway.hosts"),
        ("hosts = \"127.0.0.77\"\nresolver = \"dns.example\"", "gateway.resolver"),
    ] {
        let refused = world.try_config_of("kisd", &format!("[gateway]\n{settings}\n")).unwrap_err();
        assert!(refused.faults.iter().any(|fault| fault.key == key), "{settings}: {refused}");
    }
    let config = world.config("kisd", "[gateway]\nhosts = \"127.0.0.77\"\nresolver = \"192.0.2.53\"\n");
    assert_eq!(config.gateway.resolver, Some("192.0.2.53:53".parse().unwrap()));
}
