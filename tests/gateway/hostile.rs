//! What no program sends by intention: each is answered in KIS's form, and costs nobody else anything.

use std::fmt::Write as _;

use kisd::simulator::{Mode, Options};
use serde_json::json;

use super::{
    Program, World,
    program::{PRICE, Wire},
    served,
};

/// So many parameters, or members of an object, each with a name of its own.
fn many(count: u32, each: impl Fn(u32) -> String) -> String {
    let mut text = String::new();
    for number in 0..count {
        text.write_str(&each(number)).unwrap();
    }
    text
}

#[tokio::test]
async fn a_token_call_of_whatever_bytes_is_refused_in_the_form_of_kis() {
    let (world, _daemon, program) = served().await;
    let issued = world.simulator.issuances();
    let (key, secret) = (&program.app_key, &program.app_secret);
    let with = |key: &str, more: &str| {
        format!("{{\"grant_type\":\"client_credentials\",\"appkey\":\"{key}\",\"appsecret\":\"{secret}\"{more}}}")
            .into_bytes()
    };
    let mut not_utf8 = with("", "");
    let at = not_utf8.windows(8).position(|window| window == b"\"appkey\"").unwrap() + 10;
    not_utf8.splice(at..at, *b"\xff\xfe");
    for (what, body, outcome) in [
        ("nothing", Vec::new(), (403, "EGW00101")),
        ("no object", b"[1,2]".to_vec(), (403, "EGW00101")),
        ("a number for a text", b"{\"appkey\":1}".to_vec(), (403, "EGW00101")),
        ("a key given twice", with(key, &format!(",\"appkey\":\"{key}\"")), (403, "EGW00101")),
        ("a key of almost a megabyte", with(&"K".repeat(1_000_000), ""), (403, "EGW00103")),
        ("a key with NUL", with("KISD\\u0000", ""), (403, "EGW00103")),
        ("a key with a line's end", with("KISD\\r\\nx: y", ""), (403, "EGW00103")),
        ("no UTF-8", not_utf8, (403, "EGW00101")),
        ("a hundred thousand brackets", vec![b'['; 100_000], (403, "EGW00101")),
        (
            "a secret that is too short",
            with(key, "").into_iter().filter(|byte| *byte != secret.as_bytes()[9]).collect(),
            (403, ""),
        ),
        ("fifty thousand other members", with(key, &many(50_000, |number| format!(",\"m{number}\":1"))), (200, "")),
        ("more than a megabyte", vec![b' '; 1_048_577], (413, "EGW00101")),
    ] {
        let mut wire = Wire::connect(program.address).await;
        let head = format!("POST /oauth2/tokenP HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
        wire.send(&head).await;
        wire.send_bytes(&body).await;
        let answer = wire.receive(true).await.unwrap_or_else(|| panic!("{what}: no answer"));
        let said = answer.msg_cd();
        assert_eq!(answer.status(), outcome.0, "{what}: {said}");
        assert!(outcome.1.is_empty() || said == outcome.1, "{what}: {said}");
        assert!(answer.head.len() + answer.body.len() < 4096, "{what}: what was sent is not repeated");
    }
    assert_eq!((program.price().await.status(), world.simulator.issuances()), (200, issued));
    // What is said back must be JSON as well.
    let mut wire = Wire::connect(program.address).await;
    wire.send(&program.request("POST", "/uapi/hashkey", "", "Content-Length: 10\r\n")).await;
    wire.send_bytes(b"{\"a\":\"\xff\xfe\"}").await;
    let answer = wire.receive(true).await.unwrap();
    assert_eq!((answer.status(), answer.msg_cd()), (500, "EGW00101".to_owned()));
}

#[tokio::test]
async fn a_request_of_whatever_size_and_bytes_is_refused_before_kis_is_asked() {
    let (world, _daemon, program) = served().await;
    let asked = world.simulator.calls().len();
    let get = |more: &str| program.request("GET", &format!("{PRICE}{more}"), "FHKST01010100", "").into_bytes();
    let replaced = |from: &str, to: &[u8]| {
        let text = program.request("GET", PRICE, "FHKST01010100", "");
        let (before, after) = text.split_once(from).unwrap();
        [before.as_bytes(), to, after.as_bytes()].concat()
    };
    for (what, request, status) in [
        ("a value of a megabyte", get(&format!("&x={}", "x".repeat(1 << 20))), 431),
        ("a value of nine thousand", get(&format!("&x={}", "x".repeat(9_000))), 400),
        ("a thousand parameters", get(&many(1_000, |number| format!("&{number}"))), 400),
        ("a hundred thousand parameters", get(&many(100_000, |number| format!("&{number}"))), 431),
        ("NUL, encoded", get("&x=%00"), 400),
        ("NUL", replaced("FID_INPUT", b"FID\0INPUT"), 400),
        ("half a letter, encoded", get("&x=%EA%B0"), 400),
        ("no UTF-8", replaced("FID_INPUT", b"FID\xffINPUT"), 400),
        ("a fragment", replaced("?", b"#?"), 500),
        ("a TR id that is no UTF-8", replaced("FHKST01010100", b"FHK\xffST"), 500),
        ("a token that is no UTF-8", replaced(&program.token, b"\xff\xfe"), 500),
        ("a secret that is no UTF-8", replaced(&program.app_secret, &[0xff; 180]), 500),
        ("a key that is no UTF-8", replaced(&program.app_key, &[0xff; 36]), 500),
        (
            "a thousand headers",
            replaced("custtype: P\r\n", many(1_000, |number| format!("h{number}: x\r\n")).as_bytes()),
            431,
        ),
        ("a header with NUL", replaced("custtype: P", b"custtype: \0"), 400),
        ("a header in two lines", replaced("custtype: P", b"custtype: P\r\n x: y"), 400),
    ] {
        let mut wire = Wire::connect(program.address).await;
        wire.try_send_bytes(&request).await;
        let answer = wire.receive(true).await.unwrap_or_else(|| panic!("{what}: no answer"));
        // KIS is not asked for what lacks parameters either, but answers that itself.
        if what != "a fragment" {
            assert_eq!((answer.status(), &answer.json()["rt_cd"]), (status, &json!("1")), "{what}: {answer:?}");
        }
        assert!(answer.head.len() + answer.body.len() < 4096, "{what}");
    }
    let price = world.simulator.calls_to("inquire-price").len();
    assert!(world.simulator.calls().len() - asked <= 1 && price <= 1, "KIS was asked {price} times");
}

#[tokio::test]
async fn requests_one_after_another_are_answered_in_their_order_whatever_is_among_them() {
    let (_world, _daemon, program) = served().await;
    let mut wire = Wire::connect(program.address).await;
    let ask = |target: &str, tr_id: &str| program.request("GET", target, tr_id, "");
    let body = "{\"a\":1}";
    let hashkey = program.request("POST", "/uapi/hashkey", "", &format!("Content-Length: {}\r\n", body.len()));
    let all = [
        ask(PRICE, "FHKST01010100"),
        ask("/uapi/nothing", "X"),
        format!("{hashkey}{body}"),
        ask(&format!("{PRICE}&x=%"), "FHKST01010100"),
        ask(PRICE, ""),
        ask(PRICE, "FHKST01010100"),
    ];
    wire.send(&all.concat()).await;
    let mut statuses = Vec::new();
    for _ in 0..all.len() {
        statuses.push(wire.receive(true).await.unwrap().status());
    }
    assert_eq!(statuses, [200, 404, 200, 400, 500, 200]);
    // More than is read ahead while an answer is awaited.
    let flood = ask("/uapi/nothing", "X").repeat(500);
    let mut wire = Wire::connect(program.address).await;
    let (mut answered, sending) = (0, async { wire.send(&flood).await });
    tokio::join!(sending);
    while answered < 500 {
        assert_eq!(wire.receive(true).await.unwrap().status(), 404);
        answered += 1;
    }
}

#[tokio::test]
async fn what_a_paper_account_lacks_and_what_is_another_owners_is_refused() {
    let world = World::with(Options::demo(Mode::Paper)).await;
    let mut config = world.config("kisd", super::OPEN);
    config.accounts[0].hts_id = kisd::account::HtsId::try_new("kisdsim");
    let daemon = world.daemon_with(config).await;
    daemon.token_until(|token| token["state"] == "valid").await;
    daemon.status_until(|status| status["gateway"]["state"] == "serving").await;
    let program = Program::of(&daemon, json!({ "name": "bot" })).await;
    let asked = world.simulator.calls().len();
    let rank = "/uapi/domestic-stock/v1/ranking/short-sale?FID_INPUT_ISCD=0000";
    let lacking = program.get(rank, "FHPST04820000").await;
    assert_eq!((lacking.status(), lacking.msg_cd()), (500, "EGW02006".to_owned()));
    drop(daemon);
    let real = World::new().await;
    let mut config = real.config("kisd", super::OPEN);
    config.accounts[0].hts_id = kisd::account::HtsId::try_new("kisdsim");
    let daemon = real.daemon_with(config).await;
    daemon.token_until(|token| token["state"] == "valid").await;
    daemon.status_until(|status| status["gateway"]["state"] == "serving").await;
    let program = Program::of(&daemon, json!({ "name": "bot" })).await;
    let groups = "/uapi/domestic-stock/v1/quotations/intstock-grouplist?TYPE=1&FID_ETC_CLS_CODE=00&USER_ID=";
    let another = program.get(&format!("{groups}somebody"), "HHKCM113004C7").await;
    assert_eq!((another.status(), another.msg_cd()), (200, "OPSQ2000".to_owned()));
    assert_eq!(program.get(&format!("{groups}kisdsim"), "HHKCM113004C7").await.status(), 200);
    assert_eq!(world.simulator.calls().len(), asked);
}
