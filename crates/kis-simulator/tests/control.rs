//! Steering over HTTP, as a test in any language does it.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use kis_simulator::{
    Account, Mode, Options, Portfolio, Setup, Simulator,
    clock::{Clock, ManualClock},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

struct World {
    clock: ManualClock,
    simulator: Simulator,
    setup: Setup,
}

impl World {
    async fn new() -> Self {
        Self::with(Setup::both()).await
    }

    async fn with(setup: Setup) -> Self {
        let noon = chrono::DateTime::parse_from_rfc3339("2026-01-23T12:00:00+09:00").unwrap();
        let clock = ManualClock::at(noon.to_utc());
        let simulator = Simulator::start(([127, 0, 0, 1], 0).into(), setup.clone(), clock.shared()).await.unwrap();
        Self { clock, simulator, setup }
    }

    /// Status, head and body of the answer to these very bytes.
    async fn exchange(&self, request: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.simulator.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        match answer.split_once("\r\n\r\n") {
            Some((head, body)) => (head[9..12].parse().unwrap(), head.to_owned(), body.to_owned()),
            None => (0, answer, String::new()),
        }
    }

    async fn steer(&self, request: &str, body: Value) -> (u16, Value) {
        self.steer_with(request, &body.to_string(), "Host: localhost\r\nX-Kisd-Sim: 1\r\n").await
    }

    async fn steer_with(&self, request: &str, body: &str, headers: &str) -> (u16, Value) {
        let length = body.len();
        let head = format!("{request} HTTP/1.1\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n");
        let (status, _, body) = self.exchange(&(head + body)).await;
        (status, serde_json::from_str(&body).unwrap_or_default())
    }

    /// A steering that must succeed.
    async fn done(&self, request: &str, body: Value) -> Value {
        let (status, done) = self.steer(request, body).await;
        assert_eq!(status, 200, "{done}");
        done
    }

    async fn token_answer(&self, key: usize) -> (u16, Value) {
        let key = &self.setup.keys[key];
        let body = json!({ "grant_type": "client_credentials", "appkey": key.app_key, "appsecret": key.app_secret });
        self.steer_with("POST /oauth2/tokenP", &body.to_string(), "").await
    }

    async fn token(&self, key: usize) -> String {
        let (status, answer) = self.token_answer(key).await;
        assert_eq!(status, 200, "{answer}");
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// The answer to a balance call, whole.
    async fn balance_answer(&self, key: usize, account: &str, token: &str) -> (u16, String, String) {
        let key = &self.setup.keys[key];
        let tr_id = if key.mode == Mode::Real { "TTTC8434R" } else { "VTTC8434R" };
        self.exchange(&format!(
            "GET /uapi/domestic-stock/v1/trading/inquire-balance?CANO={account}&ACNT_PRDT_CD=01&AFHR_FLPR_YN=N&INQR_DVSN=01\
             &UNPR_DVSN=01&FUND_STTL_ICLD_YN=N&FNCG_AMT_AUTO_RDPT_YN=N&PRCS_DVSN=00 HTTP/1.1\r\nConnection: close\r\n\
             authorization: Bearer {token}\r\nappkey: {}\r\nappsecret: {}\r\ntr_id: {tr_id}\r\n\r\n",
            key.app_key, key.app_secret
        ))
        .await
    }

    async fn balance(&self, key: usize, account: &str, token: &str) -> (u16, Value) {
        let (status, _, body) = self.balance_answer(key, account, token).await;
        (status, serde_json::from_str(&body).unwrap_or_default())
    }

    async fn first_row(&self, key: usize, account: &str, token: &str) -> Value {
        let (_, page) = self.balance(key, account, token).await;
        page["output1"][0].clone()
    }
}

#[tokio::test]
async fn only_a_program_on_this_machine_steers() {
    let world = World::new().await;
    let host = "Host: 127.0.0.1:80\r\n";
    for (headers, status) in [
        (format!("{host}X-Kisd-Sim: 1\r\n"), 200),
        (host.to_owned(), 403),
        (format!("{host}X-Kisd-Sim: 0\r\n"), 403),
        (format!("{host}X-Kisd-Sim: 1\r\nOrigin: http://127.0.0.1:80\r\n"), 403),
        // A name that somebody has pointed to this machine.
        ("Host: rebound.example:80\r\nX-Kisd-Sim: 1\r\n".to_owned(), 403),
        ("X-Kisd-Sim: 1\r\n".to_owned(), 403),
    ] {
        let answer = world.steer_with("GET /__sim/calls", "", &headers).await;
        assert_eq!(answer.0, status, "{headers} {}", answer.1);
        assert_eq!(answer.1["error"].is_string(), status != 200);
    }
    let (status, head, body) = world.exchange("OPTIONS /__sim/calls HTTP/1.1\r\nConnection: close\r\n\r\n").await;
    assert!(status == 403 && !head.contains("Access-Control") && body.contains("X-Kisd-Sim"), "{head}");
    let closed = World::with(Setup { control: false, ..Setup::both() }).await;
    assert_eq!(closed.steer("GET /__sim/calls", Value::Null).await, (404, Value::Null));
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_in_words_and_changes_nothing() {
    let world = World::new().await;
    let fault = |body: Value| ("faults", json!([{ "path": "x", "reset": true }, body]));
    for ((name, body), word) in [
        (("time", json!({})), "one of advance_ms and set"),
        (("time", json!({ "advance_ms": 1, "set": "2026-01-23T12:00:00+09:00" })), "one of"),
        (("time", json!({ "advance_ms": u64::MAX })), "century"),
        (("time", json!({ "set": "2226-01-23T12:00:00+09:00" })), "century"),
        (("time", json!({ "set": "noon" })), "the body"),
        (("time", json!({ "advance": 1 })), "advance_ms"),
        (("prices", json!({ "005930": -1 })), "below zero"),
        (("prices", json!([])), "the body"),
        (fault(json!({ "reset": true })), "fault 1: it is one of path and operation"),
        (fault(json!({ "path": "a", "operation": "b", "reset": true })), "one of path and operation"),
        (fault(json!({ "path": "a" })), "msg_cd, answer"),
        (fault(json!({ "path": "a", "reset": true, "delay_ms": 1 })), "msg_cd, answer"),
        (fault(json!({ "path": "a", "unknown": 1 })), "after_effect"),
        (("faults", json!({ "path": "a", "reset": true })), "the body"),
        (("token", json!({})), "one of kill and revoke"),
        (("token", json!({ "kill": true, "revoke": true })), "one of kill and revoke"),
        (("limit", json!({})), "calls_per_second"),
        (("portfolio", json!({ "holdings": [{ "stock_code": "1" }] })), "quantity"),
        (("portfolio", json!({ "cash": 1.5 })), "the body"),
    ] {
        let (status, answer) = world.steer(&format!("POST /__sim/{name}"), body.clone()).await;
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(status == 400 && error.contains(word), "{name} {body}: {status} {error}");
    }
    for (request, status, word) in [
        ("GET /__sim/time", 405, "POST /__sim/time"),
        ("POST /__sim/unknown", 404, "GET /__sim/calls"),
        ("POST /__sim/session", 409, "realtime"),
    ] {
        let (answered, answer) = world.steer(request, json!({ "kick": true })).await;
        assert!(answered == status && answer["error"].as_str().unwrap().contains(word), "{request}: {answer}");
    }
    for (name, body) in [
        ("token", json!({ "kill": true, "app_key": "PS" })),
        ("limit", json!({ "calls_per_second": 1, "app_key": "PS" })),
        ("portfolio", json!({ "cash": 1, "account_no": "1" })),
    ] {
        assert_eq!(world.steer(&format!("POST /__sim/{name}"), body).await.0, 404, "{name}");
    }
    // No fault of a refused list is met, and steering is no call.
    assert_eq!(world.exchange("GET /x HTTP/1.1\r\nConnection: close\r\n\r\n").await.0, 404);
    assert_eq!(world.simulator.calls().len(), 1);
}

#[tokio::test]
async fn time_is_advanced_and_set() {
    let world = World::new().await;
    let first = world.token(0).await;
    assert_eq!(world.token_answer(0).await.1["error_code"], "EGW00133");
    let now = world.done("POST /__sim/time", json!({ "advance_ms": 61_000 })).await;
    assert_eq!(now["now"], "2026-01-23T12:01:01.000+09:00");
    assert_eq!(world.token(0).await, first, "the same token for six hours");
    world.done("POST /__sim/time", json!({ "set": "2026-01-24T12:00:00+09:00" })).await;
    let (_, head, body) = world.balance_answer(0, "12345678", &first).await;
    assert!(body.contains("EGW00123") && head.contains("Date: Sat, 24 Jan 2026 03:00:00 GMT"), "{head}\n{body}");
    // The program that is tested is on its own clock.
    assert_eq!(world.clock.monotonic(), kis_simulator::clock::Instant::ZERO);
}

#[tokio::test]
async fn prices_holdings_and_limits_are_those_of_the_accounts_that_are_meant() {
    let world = World::new().await;
    let (real, paper) = (world.token(0).await, world.token(1).await);
    world.done("POST /__sim/limit", json!({ "calls_per_second": 1000 })).await;
    let prices = world.done("POST /__sim/prices", json!({ "005930": 80_000, "100000": 0, "999999": 1 })).await;
    assert_eq!(prices, json!({ "changed": 3, "not_held": ["999999"] }));
    for (key, account, token) in [(0, "12345678", &real), (1, "50123456", &paper)] {
        assert_eq!(world.first_row(key, account, token).await["prpr"], "80000");
    }
    let holding = json!({
        "stock_code": "000660", "stock_name": "SK하이닉스", "quantity": 3, "avg_price": 58836.3636, "current_price": 60_000,
        "position": "자기융자", "loan_date": "20260102", "loan_amount": 100_000,
    });
    let body = json!({ "account_no": "87654321", "cash": 7_000_000, "deposit_d2": 1, "holdings": [holding] });
    let done = world.done("POST /__sim/portfolio", body).await;
    assert_eq!(
        done,
        json!({ "account_no": "87654321", "account_product_code": "01", "holdings": 1, "deposit": 7_000_000 })
    );
    let (_, page) = world.balance(0, "87654321", &real).await;
    let row = &page["output1"][0];
    assert_eq!(
        (&row["pchs_avg_pric"], &row["trad_dvsn_name"], &row["loan_dt"], &row["loan_amt"]),
        (&json!("58836.3636"), &json!("자기융자"), &json!("20260102"), &json!("100000"))
    );
    let totals = &page["output2"][0];
    assert_eq!((&totals["dnca_tot_amt"], &totals["prvs_rcdl_excc_amt"]), (&json!("7000000"), &json!("1")));
    assert_eq!(world.first_row(0, "12345678", &real).await["pdno"], "005930", "the other account");
    // What is left out stays; without an account it is the first.
    world.done("POST /__sim/portfolio", json!({ "deposit": 5 })).await;
    let (_, page) = world.balance(0, "12345678", &real).await;
    assert_eq!((&page["output1"][0]["pdno"], &page["output2"][0]["dnca_tot_amt"]), (&json!("005930"), &json!("5")));
    let paper_key = &world.setup.keys[1].app_key;
    world.done("POST /__sim/limit", json!({ "calls_per_second": 0, "app_key": paper_key })).await;
    assert_eq!(world.balance(1, "50123456", &paper).await.1["msg_cd"], "EGW00201");
    assert_eq!(world.balance(0, "12345678", &real).await.0, 200);
}

#[tokio::test]
async fn faults_are_met_as_often_as_said_before_or_after_the_call_took_effect() {
    let world = World::new().await;
    let script = async |fault: Value| assert_eq!(world.done("POST /__sim/faults", json!([fault])).await["scripted"], 1);
    // Issued, and the answer is lost: what no client can tell from nothing issued.
    script(json!({ "operation": "tokenP", "reset": true, "after_effect": true })).await;
    assert_eq!(world.token_answer(0).await.0, 0);
    assert_eq!(
        (world.token_answer(0).await.1["error_code"].clone(), world.simulator.issuances()),
        (json!("EGW00133"), 1)
    );
    script(json!({ "operation": "tokenP", "reset": true })).await;
    assert_eq!((world.token_answer(1).await.0, world.simulator.issuances()), (0, 1));
    script(json!({ "operation": "tokenP", "msg_cd": "EGW00002" })).await;
    let refused = world.token_answer(1).await;
    assert_eq!((refused.0, &refused.1["error_code"]), (403, &json!("EGW00002")));
    world.done("POST /__sim/time", json!({ "advance_ms": 61_000 })).await;
    let token = world.token(0).await;
    world.done("POST /__sim/limit", json!({ "calls_per_second": 1000 })).await;
    let balance = async || world.balance_answer(0, "12345678", &token).await;
    script(json!({ "path": "inquire-balance", "msg_cd": "EGW00121", "times": 2 })).await;
    script(json!({ "operation": "TTTC8434R", "msg_cd": "APBK0918" })).await;
    for (status, code) in [(500, "EGW00121"), (500, "EGW00121"), (200, "APBK0918"), (200, "KIOK0510")] {
        let (answered, _, body) = balance().await;
        assert!(answered == status && body.contains(code), "{code}: {body}");
    }
    let answer = json!({ "status": 503, "headers": { "x-Odd_Case": "y", "Date": "never" }, "body": "<html>" });
    script(json!({ "path": "inquire-balance", "answer": answer })).await;
    let (status, head, body) = balance().await;
    assert!(status == 503 && body == "<html>" && head.contains("\r\nx-Odd_Case: y\r\n"), "{head}\n{body}");
    assert_eq!(head.matches("Date: ").count(), 1, "{head}");
    script(json!({ "path": "inquire-balance", "answer": { "body": { "rt_cd": "7" } } })).await;
    let (status, head, body) = balance().await;
    assert!(status == 200 && body == r#"{"rt_cd":"7"}"# && head.contains("Content-Type: application/json"), "{head}");
    script(json!({ "path": "inquire-balance", "cut_after_bytes": 10 })).await;
    let (status, head, body) = balance().await;
    assert!(status == 200 && body.len() == 10 && !head.contains("Content-Length: 10\r\n"), "{head}\n{body}");
    script(json!({ "path": "inquire-balance", "delay_ms": 3_600_000 })).await;
    let now = async |by: u64| {
        let now = world.done("POST /__sim/time", json!({ "advance_ms": by })).await["now"].clone();
        chrono::DateTime::parse_from_rfc3339(now.as_str().unwrap()).unwrap()
    };
    let (before, late) = (now(0).await, balance());
    tokio::pin!(late);
    // It counts from the arrival, which may be after some steps.
    let (status, ..) = loop {
        tokio::select! {
            biased;
            answer = &mut late => break answer,
            _ = now(600_000) => {}
        }
    };
    assert!(status == 200 && now(0).await - before >= chrono::TimeDelta::hours(1));
}

#[tokio::test]
async fn tokens_end_for_the_key_that_is_meant_or_for_all() {
    let world = World::new().await;
    world.done("POST /__sim/limit", json!({ "calls_per_second": 1000 })).await;
    let (real, paper) = (world.token(0).await, world.token(1).await);
    let codes = async || {
        let real = world.balance(0, "12345678", &real).await.1["msg_cd"].clone();
        (real, world.balance(1, "50123456", &paper).await.1["msg_cd"].clone())
    };
    let paper_key = &world.setup.keys[1].app_key;
    world.done("POST /__sim/token", json!({ "kill": true, "app_key": paper_key })).await;
    assert_eq!(codes().await, (json!("KIOK0510"), json!("EGW00121")));
    assert_eq!(world.done("POST /__sim/token", json!({ "revoke": true })).await["keys"], 2);
    assert_eq!(codes().await.0, "EGW00121");
    world.done("POST /__sim/time", json!({ "advance_ms": 61_000 })).await;
    assert_ne!(world.token(0).await, real, "revoked: a new one");
}

#[tokio::test]
async fn the_record_has_every_call_and_nothing_secret_and_a_reset_begins_anew() {
    let world = World::new().await;
    let token = world.token(0).await;
    world.balance(0, "12345678", &token).await;
    let (key, secret) = (&world.setup.keys[0].app_key, &world.setup.keys[0].app_secret);
    let odd = format!(
        "GET /{key}/{token}?{secret} HTTP/1.1\r\nConnection: close\r\ntr_id: {secret}\r\ntr_cont: {token}\r\n\r\n"
    );
    world.exchange(&odd).await;
    world.steer_with("POST /oauth2/tokenP", "{}", "").await;
    let calls = world.done("GET /__sim/calls", Value::Null).await["calls"].clone();
    let balance = "/uapi/domestic-stock/v1/trading/inquire-balance";
    let time = "2026-01-23T12:00:00.000+09:00";
    let call = |key: Value, method: &str, path: &str, tr_id: &str, tr_cont: &str, status: u16, msg_cd: &str| {
        json!({ "time": time, "key": key, "method": method, "path": path, "tr_id": tr_id, "tr_cont": tr_cont,
                "status": status, "msg_cd": msg_cd })
    };
    assert_eq!(
        calls,
        json!([
            call(json!(0), "POST", "/oauth2/tokenP", "", "", 200, ""),
            call(json!(0), "GET", balance, "TTTC8434R", "", 200, "KIOK0510"),
            call(Value::Null, "GET", "/***/***", "***", "***", 404, ""),
            call(Value::Null, "POST", "/oauth2/tokenP", "", "", 403, "EGW00102"),
        ])
    );
    world.done("POST /__sim/faults", json!([{ "path": "inquire-balance", "reset": true }])).await;
    world.done("POST /__sim/portfolio", json!({ "holdings": [] })).await;
    world.done("POST /__sim/limit", json!({ "calls_per_second": 0 })).await;
    world.done("POST /__sim/time", json!({ "set": "2020-01-01T00:00:00+09:00" })).await;
    assert_eq!(world.done("POST /__sim/reset", Value::Null).await["now"], "2026-01-23T12:00:00.000+09:00");
    assert_eq!(world.done("GET /__sim/calls", Value::Null).await["calls"], json!([]));
    assert_eq!(world.balance(0, "12345678", &token).await.1["msg_cd"], "EGW00121", "nobody knows the old token");
    let token = world.token(0).await;
    assert_eq!(world.first_row(0, "12345678", &token).await["pdno"], "005930");
    assert_eq!(world.simulator.issuances(), 1);
}

#[tokio::test]
async fn a_setup_that_cannot_be_told_apart_by_key_does_not_start() {
    let clock = ManualClock::at(chrono::DateTime::UNIX_EPOCH);
    let one = Options::demo(Mode::Real);
    let account = Account { cano: "1".to_owned(), product_code: "01".to_owned(), portfolio: Portfolio::demo() };
    let twice = Setup { keys: vec![one.clone(), Options { more_accounts: vec![account], ..one }], ..Setup::both() };
    for setup in [twice, Setup { keys: Vec::new(), ..Setup::both() }] {
        let refused = Simulator::start(([127, 0, 0, 1], 0).into(), setup, clock.shared()).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
    }
}
