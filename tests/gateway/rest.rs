//! What goes over the wire: KIS's bytes, KIS's spelling, KIS's errors.

use kisd::simulator::{Fault, Mode, Options};
use serde_json::json;

use super::{
    Program, World, open,
    program::{Answer, PRICE, Wire},
    served,
};

/// A head without what differs from one call to the next.
fn golden(answer: &Answer) -> String {
    let lines = answer.head.lines().map(|line| match line.split_once(": ") {
        Some((name @ ("Date" | "gt_uid"), _)) => format!("{name}: …"),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn an_answer_has_the_bytes_that_kis_gives_and_kis_spelling() {
    let (world, _daemon, program) = served().await;
    world.clock.advance(std::time::Duration::from_secs(61));
    let direct = Program::of_kis(&world).await;
    let rank = "/uapi/domestic-stock/v1/ranking/short-sale?FID_APLY_RANG_VOL=&FID_COND_MRKT_DIV_CODE=J&FID_COND_SCR_DIV_CODE=20482&\
                FID_INPUT_ISCD=0000&FID_PERIOD_DIV_CODE=D&FID_INPUT_CNT_1=0&FID_TRGT_EXLS_CLS_CODE=&FID_TRGT_CLS_CODE=&\
                FID_APLY_RANG_PRC_1=&FID_APLY_RANG_PRC_2=";
    let slashes = format!("/{PRICE}");
    let of = |program: &Program| program.holdings();
    for (target, tr_id) in [
        (of(&direct), "TTTC8434R"),
        (of(&direct), "FHKST01010100"),
        (of(&direct), ""),
        (PRICE.to_owned(), "FHKST01010100"),
        (slashes, "FHKST01010100"),
        (PRICE.replace("J", "%4A"), "FHKST01010100"),
        (rank.to_owned(), "FHPST04820000"),
        (of(&direct).replace("INQR_DVSN=01", "INQR_DVSN=02"), "TTTC8434R"),
        (of(&direct).replace("UNPR_DVSN=01&", ""), "TTTC8434R"),
        (of(&direct).replace("12345678", "87654321"), "TTTC8434R"),
        (of(&direct).replace("CANO=12345678&", ""), "TTTC8434R"),
        (of(&direct).replace("CANO", "cano"), "TTTC8434R"),
    ] {
        world.clock.advance(std::time::Duration::from_secs(2));
        let expected = direct.get(&target, tr_id).await;
        let answer = program.get(&target, tr_id).await;
        assert_eq!(String::from_utf8_lossy(&answer.body), String::from_utf8_lossy(&expected.body), "{target} {tr_id}");
        assert_eq!(golden(&answer), golden(&expected), "{target} {tr_id}");
    }
}

#[tokio::test]
async fn header_names_are_spelled_as_public_clients_need_them() {
    let (_world, _daemon, program) = served().await;
    let length = |answer: &Answer| answer.body.len();
    let price = program.price().await;
    let names = "HTTP/1.1 200 OK\nDate: …\nContent-Type: application/json; charset=utf-8\n";
    let ids = "tr_id: FHKST01010100\ntr_cont: \ngt_uid: …\n";
    assert_eq!(golden(&price), format!("{names}{ids}Content-Length: {}\n", length(&price)));
    let token = program.oauth("tokenP", json!({})).await;
    assert_eq!(golden(&token), format!("{names}Content-Length: {}\n", length(&token)));
    let unknown = program.get("/uapi/nothing", "X").await;
    assert!(
        golden(&unknown).starts_with("HTTP/1.1 404 Not Found\nDate: …\nContent-Type: application/json"),
        "{unknown:?}"
    );
    assert_eq!(unknown.msg_cd(), "KISD0063");
}

#[tokio::test]
async fn tokens_are_given_at_once_and_any_number_of_times() {
    let (world, _daemon, program) = served().await;
    for _ in 0..20 {
        let answer = program.oauth("tokenP", json!({})).await.json();
        let told = (&answer["token_type"], &answer["expires_in"], &answer["access_token_token_expired"]);
        assert_eq!(told, (&json!("Bearer"), &json!(86_400), &json!("2026-01-24 12:00:00")));
        assert_eq!(answer["access_token"].as_str().unwrap().split('.').count(), 3, "a JWT");
    }
    let revoked = program.oauth("revokeP", json!({})).await;
    assert_eq!((revoked.status(), &revoked.json()["code"]), (200, &json!(200)));
    assert_eq!(program.price().await.status(), 200, "nothing has ended");
    let approval = program.oauth("Approval", json!({})).await.json();
    assert_eq!(approval["approval_key"].as_str().unwrap().len(), 36);
    let asked = world.simulator.calls().iter().filter(|call| call.path.starts_with("/oauth2/")).count();
    assert_eq!((asked, world.simulator.issuances()), (1, 1), "KIS sees nothing of it");
    for (call, other, msg_cd) in [
        ("tokenP", json!({ "appkey": "" }), "EGW00102"),
        ("tokenP", json!({ "appkey": "P".repeat(36) }), "EGW00103"),
        ("tokenP", json!({ "appsecret": "" }), "EGW00104"),
        ("tokenP", json!({ "appsecret": "x".repeat(180) }), "EGW00105"),
        ("tokenP", json!({ "grant_type": "password" }), "EGW00116"),
        ("Approval", json!({ "secretkey": "x" }), "EGW00105"),
        ("nothing", json!({}), "EGW00101"),
    ] {
        let refused = program.oauth(call, other).await;
        let json = refused.json();
        assert_eq!((refused.status(), json["error_code"].as_str()), (403, Some(msg_cd)), "{json}");
        assert!(json["error_description"].is_string() && json.get("rt_cd").is_none(), "{json}");
        assert!(!json.to_string().contains(&"P".repeat(36)), "a key is not repeated");
    }
}

#[tokio::test]
async fn a_hashkey_is_made_here() {
    let (world, _daemon, program) = served().await;
    let asked = world.simulator.calls().len();
    let body = "{\"ORD_QTY\": \"1\"}";
    let request = program.request("POST", "/uapi/hashkey", "", &format!("Content-Length: {}\r\n", body.len()));
    let answer = Wire::connect(program.address).await.call(&format!("{request}{body}")).await.json();
    assert_eq!((&answer["BODY"], answer["HASH"].as_str().unwrap().len()), (&json!({ "ORD_QTY": "1" }), 64));
    assert_eq!(world.simulator.calls().len(), asked);
}

#[tokio::test]
async fn an_order_is_refused_in_the_form_of_kis_and_nothing_is_sent() {
    let (world, daemon, reader) = served().await;
    let trader = Program::of(&daemon, json!({ "name": "trader", "rights": ["trade"] })).await;
    let asked = world.simulator.calls().len();
    for (program, msg_cd) in [(&reader, "KISD0056"), (&trader, "KISD0062")] {
        let body = json!({ "CANO": program.cano, "ACNT_PRDT_CD": "01", "PDNO": "005930" }).to_string();
        let path = "/uapi/domestic-stock/v1/trading/order-cash";
        let request = program.request("POST", path, "TTTC0012U", &format!("Content-Length: {}\r\n", body.len()));
        let answer = Wire::connect(program.address).await.call(&format!("{request}{body}")).await;
        assert_eq!((answer.status(), answer.msg_cd().as_str(), &answer.json()["rt_cd"]), (200, msg_cd, &json!("1")));
        assert_eq!((answer.header("tr_id"), answer.header("tr_cont")), (Some("TTTC0012U"), Some("")));
    }
    assert_eq!(world.simulator.calls().len(), asked);
}

#[tokio::test]
async fn real_trs_become_paper_ones_on_a_paper_account_and_never_the_other_way_round() {
    let world = World::with(Options::demo(Mode::Paper)).await;
    let daemon = open(&world, "").await;
    let program = Program::of(&daemon, json!({ "name": "bot" })).await;
    for tr_id in ["TTTC8434R", "VTTC8434R"] {
        world.clock.advance(std::time::Duration::from_secs(2));
        let answer = program.get(&program.holdings(), tr_id).await;
        assert_eq!((answer.status(), answer.header("tr_id")), (200, Some(tr_id)), "{answer:?}");
    }
    let sent = world.simulator.calls_to("inquire-balance");
    assert!(sent.iter().all(|call| call.tr_id == "VTTC8434R"), "{sent:?}");
    let lacking = program.get("/uapi/domestic-stock/v1/trading/inquire-psbl-rvsecncl?CANO=1", "TTTC0084R").await;
    assert_eq!(lacking.msg_cd(), "OPSQ2000", "another's number comes first");
    let (_world, _daemon, real) = served().await;
    let refused = real.get(&real.holdings(), "VTTC8434R").await;
    assert_eq!((refused.status(), refused.msg_cd()), (500, "OPSQ0002".to_owned()));
}

#[tokio::test]
async fn a_request_that_could_be_read_in_two_ways_is_refused() {
    let (world, _daemon, program) = served().await;
    let asked = world.simulator.calls().len();
    let get = |target: &str, more: &str| program.request("GET", target, "FHKST01010100", more);
    let own = format!("{}&cano=87654321", program.holdings());
    for (request, status) in [
        (get(PRICE, "tr_id: TTTC8434R\r\n"), 400),
        (get(PRICE, "AppKey: x\r\n"), 400),
        (get(PRICE, "Host: localhost\r\n"), 400),
        (get(&own, ""), 400),
        (get(&format!("{PRICE}&FID_INPUT_ISCD=1"), ""), 400),
        (get(&format!("{PRICE}&x=%"), ""), 400),
        (get(&format!("{PRICE}&x=%ff"), ""), 400),
        (get(PRICE, "Content-Length: 1\r\nContent-Length: 2\r\n"), 400),
        (get(PRICE, "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"), 400),
        (get(PRICE, "Transfer-Encoding: gzip\r\n"), 501),
        (get(PRICE, &format!("x: {}\r\n", "x".repeat(40_000))), 431),
        ("\x16\x03\x01\r\n\r\n".to_owned(), 400),
        (program.request("POST", PRICE, "FHKST01010100", "Content-Length: 0\r\n"), 405),
        (program.request("DELETE", PRICE, "FHKST01010100", ""), 405),
        (get("/uapi/hashkey", ""), 405),
        (get("/uapi/../uapi/domestic-stock/v1/quotations/inquire-price", ""), 404),
        (get("/", ""), 404),
        (get("/tryitout", ""), 404),
    ] {
        let answer = Wire::connect(program.address).await.call(&request).await;
        assert_eq!((answer.status(), &answer.json()["rt_cd"]), (status, &json!("1")), "{request}");
    }
    let head = Wire::connect(program.address).await.call(&program.request("HEAD", PRICE, "FHKST01010100", "")).await;
    assert_eq!((head.status(), head.header("Content-Type")), (405, Some("application/json; charset=utf-8")));
    assert_eq!(world.simulator.calls().len(), asked, "KIS was not asked");
}

#[tokio::test]
async fn a_web_page_is_not_served() {
    let world = World::new().await;
    let daemon = open(&world, "allow_hosts = [\"kisd\"]\n").await;
    let program = Program::of(&daemon, json!({ "name": "bot" })).await;
    let usual = format!("Host: {}", program.address);
    let get = |host: &str, more: &str| program.request("GET", PRICE, "FHKST01010100", more).replace(&usual, host);
    let own = format!("Origin: http://{}\r\n", program.address);
    for (host, more, status) in [
        ("Host: evil.example:9443", "", 403),
        ("Host: 127.0.0.1.evil.example", "", 403),
        ("Host: 192.168.0.1", "", 403),
        (usual.as_str(), "Origin: http://evil.example\r\n", 403),
        (usual.as_str(), "Origin: null\r\n", 403),
        (usual.as_str(), own.as_str(), 200),
        ("Host: localhost:1", "", 200),
        ("Host: [::1]:9443", "", 200),
        ("Host: KISD:9443", "", 200),
    ] {
        let answer = Wire::connect(program.address).await.call(&get(host, more)).await;
        assert_eq!(answer.status(), status, "{host} {more}: {answer:?}");
    }
}

#[tokio::test]
async fn one_connection_serves_many_requests_in_every_form() {
    let (_world, _daemon, program) = served().await;
    let mut wire = Wire::connect(program.address).await;
    let price = program.request("GET", PRICE, "FHKST01010100", "");
    assert_eq!(wire.call(&price).await.status(), 200);
    // One after another without waiting, in pieces, with a body, in chunks.
    wire.send(&price.repeat(2)).await;
    assert_eq!(wire.receive(true).await.unwrap().status(), 200);
    assert_eq!(wire.receive(true).await.unwrap().status(), 200);
    for piece in price.as_bytes().chunks(7) {
        wire.send(std::str::from_utf8(piece).unwrap()).await;
    }
    assert_eq!(wire.receive(true).await.unwrap().status(), 200);
    let chunked = program.request("GET", PRICE, "FHKST01010100", "Transfer-Encoding: chunked\r\n");
    assert_eq!(wire.call(&format!("{chunked}2\r\n{{}}\r\n0\r\n\r\n")).await.status(), 200);
    let body = "{\"a\":1}";
    let expects = format!("Expect: 100-continue\r\nContent-Length: {}\r\n", body.len());
    wire.send(&program.request("POST", "/uapi/hashkey", "", &expects)).await;
    assert_eq!(wire.receive(false).await.unwrap().status(), 100);
    assert_eq!(wire.call(body).await.status(), 200);
    let last = wire.call(&program.request("GET", PRICE, "FHKST01010100", "Connection: close\r\n")).await;
    assert_eq!((last.status(), last.header("Connection")), (200, Some("close")));
    assert_eq!(wire.receive(true).await, None);
}

#[tokio::test]
async fn a_page_that_is_not_json_becomes_json() {
    let (world, _daemon, program) = served().await;
    for _ in 0..3 {
        world.simulator.fail_next("inquire-price", Fault::Answer { status: 502, body: "<html>".to_owned() });
    }
    let answer = world.while_time_passes(program.price()).await;
    assert_eq!((answer.status(), answer.msg_cd(), &answer.json()["rt_cd"]), (502, "KISD0502".to_owned(), &json!("1")));
    world.clock.advance(std::time::Duration::from_secs(5));
    // What KIS itself says goes through, whatever it is.
    let odd = "{ \"rt_cd\" : \"7\",\n\"msg_cd\":\"APBK0919\", \"msg1\":\"장종료\" }";
    world.simulator.fail_next("inquire-price", Fault::Answer { status: 200, body: odd.to_owned() });
    assert_eq!(program.price().await.body, odd.as_bytes());
}

#[tokio::test]
async fn nothing_of_the_real_key_or_token_reaches_a_client() {
    let (world, _daemon, program) = served().await;
    let token = kisd_token(&world);
    for answer in [program.price().await, program.balance().await, program.get("/uapi/x", "y").await] {
        let text = format!("{}{}", answer.head, String::from_utf8_lossy(&answer.body));
        for secret in [&world.options.app_key, &world.options.app_secret, &token] {
            assert!(!text.contains(secret.as_str()));
        }
    }
    let calls = world.simulator.calls_to("inquire-price");
    assert!(calls.iter().all(|call| call.status == 200 && call.key == Some(0)), "with the real key: {calls:?}");
}

fn kisd_token(world: &World) -> String {
    let mirror = std::fs::read_to_string(world.mirror()).unwrap();
    let mirror: serde_json::Value = serde_json::from_str(&mirror).unwrap();
    mirror["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn identical_reads_share_a_call_and_a_young_answer_is_served_again_where_it_is_wanted() {
    let world = World::with(Options::demo(Mode::Paper)).await;
    let daemon = open(&world, "[gateway.max_age]\nquotations = \"2s\"\n").await;
    let program = Program::of(&daemon, json!({ "name": "bot" })).await;
    world.clock.advance(std::time::Duration::from_secs(2));
    let ten = futures_util::future::join_all((0..10).map(|_| program.balance()));
    let answers = world.while_time_passes_by(std::time::Duration::from_millis(3), ten).await;
    assert!(answers.iter().all(|answer| answer.status() == 200));
    let asked = world.simulator.calls_to("inquire-balance").len();
    assert!(asked <= 2, "one, and one for those who came when it was under way: {asked}");
    world.clock.advance(std::time::Duration::from_secs(2));
    let first = program.price().await;
    assert_eq!(program.price().await.body, first.body);
    assert_eq!(world.simulator.calls_to("inquire-price").len(), 1);
}
