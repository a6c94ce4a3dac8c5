//! Paths of KIS that the catalogue does not know: refused, and read where the owner wants it, never more.

use kisd::simulator::{Fault, Mode, Options, Setup};
use serde_json::json;

use super::{
    OPEN, Program, World, open,
    program::{Answer, PRICE, Wire},
    served,
};

/// One that KIS may have tomorrow.
const NEW: &str = "/uapi/domestic-stock/v2/quotations/inquire-new";
const TR: &str = "FHKST99990000";

/// What KIS answers there.
const SAYS: &str = "{ \"rt_cd\":\"0\", \"msg_cd\":\"MCA00000\", \"msg1\":\"정상\", \"output\":{\"new\":\"1\"} }";

fn kis_has_it(world: &World) {
    world.simulator.fail_next("inquire-new", Fault::Answer { status: 200, body: SAYS.to_owned() });
}

fn outcome(answer: &Answer) -> (u16, String) {
    (answer.status(), answer.msg_cd())
}

#[tokio::test]
async fn a_path_that_is_not_known_is_refused_unless_the_owner_wants_it() {
    let (world, _daemon, program) = served().await;
    let asked = world.simulator.calls().len();
    let refused = program.get(&format!("{NEW}?A=1"), TR).await;
    assert_eq!(outcome(&refused), (404, "KISD0063".to_owned()));
    assert!(refused.json()["msg1"].as_str().unwrap().contains("gateway.unknown"), "{refused:?}");
    assert_eq!(world.simulator.calls().len(), asked);
}

#[tokio::test]
async fn where_the_owner_wants_it_kis_is_asked_with_the_real_key_and_answers_byte_for_byte() {
    for mode in [Mode::Real, Mode::Paper] {
        let world = World::with(Options::demo(mode)).await;
        let daemon = open(&world, "unknown = true\n").await;
        let program = Program::of(&daemon, json!({ "name": "bot" })).await;
        kis_has_it(&world);
        world.clock.advance(std::time::Duration::from_secs(2));
        let target = format!("/{NEW}?CANO={}&ACNT_PRDT_CD=01&X=%EA%B0%80", program.cano);
        let answer = program.get(&target, TR).await;
        assert_eq!((answer.status(), answer.body.as_slice()), (200, SAYS.as_bytes()));
        let calls = world.simulator.calls_to("inquire-new");
        let [call] = calls.as_slice() else { panic!("{calls:?}") };
        assert_eq!(
            (call.path.as_str(), call.tr_id.as_str(), call.method.as_str(), call.key),
            (NEW, TR, "GET", Some(0))
        );
        // What KIS does not have either is said so.
        let nowhere = world.while_time_passes(program.get("/uapi/nowhere", TR)).await;
        assert_eq!(nowhere.status(), 404, "{nowhere:?}");
        // What is known stays as it was.
        world.clock.advance(std::time::Duration::from_secs(2));
        assert_eq!(program.get(PRICE, "FHKST01010100").await.status(), 200);
        let metrics = daemon.ok("daemon.metrics", json!({})).await.to_string();
        assert!(metrics.contains("tr_id=\\\"unknown\\\"") && !metrics.contains(TR), "names of others are no labels");
    }
}

#[tokio::test]
async fn a_trade_is_never_passed_on_and_neither_is_another_account() {
    let world = World::of_keys(Setup::both()).await;
    let [real, paper] = Setup::both().keys.try_into().unwrap_or_else(|_| panic!("two keys"));
    let (main, practice) = (world.account("main", &real, &real.cano), world.account("practice", &paper, &paper.cano));
    let config = format!("default_account = \"main\"\n{main}{practice}{OPEN}unknown = true\n");
    let daemon = world.daemon_with(world.config_of("kisd", &config)).await;
    for account in ["main", "practice"] {
        daemon.token_until_of(account, |token| token["state"] == "valid").await;
    }
    let params = json!({ "name": "bot", "accounts": ["practice"], "rights": ["read", "trade"] });
    let program = Program::of(&daemon, params).await;
    let (own, other) = (&program.cano, &real.cano);
    let asked = world.simulator.calls().len();
    let get = |target: &str, tr_id: &str| program.request("GET", target, tr_id, "");
    for request in [
        get("/uapi/domestic-stock/v1/trading/order-new", "VTTC9999R"),
        get("/uapi/domestic-stock/v1/TRADING/order-new", "VTTC9999R"),
        get("/uapi/domestic-stock/v1/%74rading/order-new", "VTTC9999R"),
        get("/uapi/domestic-stock/v1/quotations/../trading/order-cash", "VTTC9999R"),
        get(NEW, "VTTC0012U"),
        get(NEW, "TTTC9999U"),
        get(NEW, "ttc"),
        get("/oauth2x/tokenP", TR),
        get("/tryitout/H0STCNT0", "H0STCNT0"),
        get("http://evil.example/uapi/../x", TR),
        program.request("POST", NEW, TR, "Content-Length: 0\r\n"),
        program.request("PUT", NEW, TR, ""),
    ] {
        let answer = Wire::connect(program.address).await.call(&request).await;
        assert_eq!(outcome(&answer), (404, "KISD0063".to_owned()), "{request}");
    }
    for query in [
        format!("CANO={other}"),
        format!("CANO={own}&ACNT_PRDT_CD=22"),
        "ACNT_PRDT_CD=22".to_owned(),
        format!("CANO={own}&ACNT_PRDT_CD=01&ACCT_NO={other}01"),
        format!("ACCT_NO=%{:x}{}", other.as_bytes()[0], &other[1..]),
    ] {
        let answer = program.get(&format!("{NEW}?{query}"), TR).await;
        assert_eq!(outcome(&answer), (200, "OPSQ2000".to_owned()), "{query}");
    }
    assert_eq!(program.get(NEW, "").await.msg_cd(), "OPSQ9999");
    assert_eq!(world.simulator.calls().len(), asked, "KIS was not asked");
}
