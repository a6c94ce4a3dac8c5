//! Agents and the simulator that bots are pointed at.

use std::{process::Stdio, time::Duration};

use kisd::simulator::{Mode, Options, Portfolio, Position, Setup, Simulator};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::support::{
    World,
    agent::{Agent, text},
    process::kisd,
};

/// Everything in a schema that says what a value is.
fn schemas<'a>(schema: &'a Value, found: &mut Vec<&'a Value>) {
    match schema {
        Value::Object(members) => {
            // A property may be named so.
            let has_type = members.get("type").is_some_and(|value| !value.is_object());
            if has_type || members.contains_key("$ref") || members.contains_key("anyOf") {
                found.push(schema);
            }
            members.values().for_each(|value| schemas(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| schemas(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn what_a_tool_takes_is_said_in_the_plain_subset_of_json_schema() {
    // Gemini and ADK refuse the whole server for one `"type": ["integer", "null"]`, and for keywords that they do not know.
    const KNOWN: [&str; 7] = ["type", "title", "description", "properties", "required", "items", "enum"];
    let world = World::new().await;
    let mut agent = Agent::start(&world.path("kisd.sock")).await;
    let listed = agent.ask("tools/list", json!({})).await["result"]["tools"].clone();
    let mut told = 0;
    for tool in listed.as_array().unwrap() {
        let input = &tool["inputSchema"];
        assert!(input["type"] == "object" && input["properties"].is_object(), "{tool}");
        let mut parts = Vec::new();
        schemas(input, &mut parts);
        for part in parts {
            told += 1;
            assert!(part["type"].is_string(), "one type: {part}");
            assert!(part["type"] != "object" || part.get("properties").is_some(), "no free object: {part}");
            for keyword in part.as_object().unwrap().keys() {
                assert!(KNOWN.contains(&keyword.as_str()), "{keyword} in {part}");
            }
        }
    }
    assert_eq!(listed[0]["inputSchema"]["properties"]["max_age_ms"]["type"], "integer");
    assert!(told >= listed.as_array().unwrap().len() + 3);
}

#[tokio::test]
async fn an_integer_is_one_by_value_for_a_tool_and_for_a_method() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let mut agent = Agent::start(&daemon.socket).await;
    for written in ["5000.0", "5e3", "5000", "null"] {
        let params: Value = serde_json::from_str(&format!("{{\"max_age_ms\":{written}}}")).unwrap();
        assert_eq!(agent.tool("account_balance", params).await["isError"], false, "{written}");
        let mut client = daemon.client().await;
        client
            .send(&format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"account.balance","params":{{"max_age_ms":{written}}}}}"#
            ))
            .await;
        assert!(client.receive().await.unwrap().get("result").is_some(), "{written}");
    }
    for wrong in [json!(5.5), json!(-1), json!("5"), json!(1e20)] {
        let refused = agent.tool("account_balance", json!({ "max_age_ms": wrong })).await;
        assert!(refused["isError"] == true && text(&refused).contains("integer"), "{refused}");
        let refused = daemon.error("account.balance", json!({ "max_age_ms": wrong })).await;
        assert_eq!(refused["code"], -32602, "{refused}");
    }
    let mut subscriber = daemon.client().await;
    let number = subscriber.call("account.subscribeBalance", json!({ "interval_ms": 5e3 })).await["result"].clone();
    subscriber.receive().await.unwrap();
    let number = json!(number.as_f64().unwrap());
    let ended = subscriber.call("account.unsubscribeBalance", json!({ "subscription": number })).await;
    assert_eq!(ended["result"], true, "{ended}");
}

#[tokio::test]
async fn three_hundred_holdings_come_in_bounded_pieces_with_the_totals_in_each() {
    let world = World::new().await;
    let mut portfolio = Portfolio::of_size(300);
    portfolio.positions[0].name = "이름".repeat(10_000);
    world.simulator.set_portfolio(portfolio);
    let daemon = world.daemon("kisd").await;
    let balance = world.while_time_passes(daemon.balance()).await;
    let mut agent = Agent::start(&daemon.socket).await;
    let (mut codes, mut offset) = (Vec::new(), json!(0));
    while !offset.is_null() {
        let result = agent.tool("account_balance", json!({ "offset": offset, "max_age_ms": 3_600_000 })).await;
        let page = &result["structuredContent"];
        assert!(result.to_string().len() < 40_000, "{} bytes", result.to_string().len());
        assert_eq!(
            (&page["total_evaluation"], &page["as_of"], &page["holdings_count"], &page["holdings_offset"]),
            (&balance["total_evaluation"], &balance["as_of"], &json!(300), &offset)
        );
        assert!(text(&result).contains(&balance["total_evaluation"].to_string()));
        let rows = page["holdings"].as_array().unwrap();
        codes.extend(rows.iter().map(|row| row["stock_code"].clone()));
        offset = page["next_offset"].clone();
        let how = format!("account_balance again with offset {offset}");
        assert_eq!(text(&result).contains(&how), !offset.is_null(), "{}", text(&result));
        assert_eq!(text(&result).contains("kisd://account/balance"), !offset.is_null());
    }
    let all: Vec<Value> = balance["holdings"].as_array().unwrap().iter().map(|row| row["stock_code"].clone()).collect();
    assert_eq!(codes, all);
    for (asked, rows) in [
        (json!({ "limit": 0 }), 0),
        (json!({ "limit": 3, "offset": 299 }), 1),
        (json!({ "limit": 300 }), 100),
        (json!({ "offset": 300 }), 0),
    ] {
        let result = agent.tool("account_balance", asked.clone()).await;
        let page = &result["structuredContent"];
        assert_eq!(page["holdings"].as_array().unwrap().len(), rows, "{asked}");
        assert_eq!(page["holdings_count"], 300);
        assert!(result.to_string().len() < 80_000, "{} bytes", result.to_string().len());
    }
}

#[tokio::test]
async fn what_nobody_sees_reaches_no_model_in_any_form() {
    let world = World::new().await;
    let hidden = "\u{202e}\u{2066}\u{e0041}\u{e007f}\u{200b}\u{feff}\u{e0100}\u{3164}\u{7}\u{85}";
    let odd = Position::cash("005930", &format!("삼성{hidden}전자"), 3, 70_000, 75_000);
    world.simulator.set_portfolio(Portfolio { positions: vec![odd], ..Portfolio::demo() });
    let daemon = world.daemon("kisd").await;
    let balance = daemon.balance().await;
    assert!(balance["holdings"][0]["stock_name"].as_str().unwrap().contains('\u{e0041}'));
    let mut agent = Agent::start(&daemon.socket).await;
    let result = agent.tool("account_balance", json!({ "max_age_ms": 60_000 })).await;
    let resource = agent.ask("resources/read", json!({ "uri": "kisd://account/balance" })).await["result"].clone();
    assert_eq!(result["structuredContent"]["holdings"][0]["stock_name"], "삼성 전자");
    let read: Value = serde_json::from_str(resource["contents"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(read["holdings"][0]["stock_name"], "삼성 전자");
    assert_eq!(read["total_evaluation"], balance["total_evaluation"]);
    for hidden in hidden.chars() {
        assert!(!result.to_string().contains(hidden) && !resource.to_string().contains(hidden), "{hidden:?}");
    }
}

/// What a client of KIS gets for these very bytes: head and body.
async fn exchange(base_url: &str, request: &str) -> (String, String) {
    let address = base_url.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    (head.to_owned(), body.to_owned())
}

fn token_request(options: &Options) -> String {
    json!({ "grant_type": "client_credentials", "appkey": options.app_key, "appsecret": options.app_secret })
        .to_string()
}

async fn token(base_url: &str, options: &Options) -> Value {
    let body = token_request(options);
    let head = format!("POST /oauth2/tokenP HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    serde_json::from_str(&exchange(base_url, &(head + &body)).await.1).unwrap()
}

async fn balance(
    base_url: &str,
    options: &Options,
    account: &str,
    tr_id: &str,
    token: &Value,
    path: &str,
) -> (String, Value) {
    let query = format!(
        "CANO={account}&ACNT_PRDT_CD=01&AFHR_FLPR_YN=N&OFL_YN=&INQR_DVSN=01&UNPR_DVSN=01&FUND_STTL_ICLD_YN=N\
         &FNCG_AMT_AUTO_RDPT_YN=N&PRCS_DVSN=00&CTX_AREA_FK100=&CTX_AREA_NK100="
    );
    let (head, body) = exchange(
        base_url,
        &format!(
            "GET {path}?{query} HTTP/1.1\r\nHost: kis\r\nConnection: close\r\nauthorization: Bearer {}\r\nappkey: {}\r\n\
             appsecret: {}\r\ntr_id: {tr_id}\r\n\r\n",
            token["access_token"].as_str().unwrap_or_default(),
            options.app_key,
            options.app_secret,
        ),
    )
    .await;
    (head, serde_json::from_str(&body).unwrap_or_default())
}

const BALANCE: &str = "/uapi/domestic-stock/v1/trading/inquire-balance";

#[tokio::test]
async fn a_path_with_two_slashes_is_the_path_that_mojito_means() {
    let world = World::new().await;
    let (url, options) = (world.simulator.base_url(), &world.options);
    let token = token(&url, options).await;
    let (head, page) = balance(&url, options, "12345678", "TTTC8434R", &token, &format!("/{BALANCE}")).await;
    assert!(head.starts_with("HTTP/1.1 200") && page["output1"][0]["pdno"] == "005930", "{head}\n{page}");
}

#[tokio::test]
async fn handshakes_and_unknown_paths_take_nothing_of_a_paper_accounts_one_call_a_second() {
    let world = World::with(Options::demo(Mode::Paper)).await;
    let (url, options) = (world.simulator.base_url(), &world.options);
    let token = token(&url, options).await;
    world.clock.advance(Duration::from_secs(1));
    let headers =
        format!("Connection: close\r\nappkey: {}\r\nappsecret: {}\r\n\r\n", options.app_key, options.app_secret);
    for target in ["/tryitout", "/"] {
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";
        let (head, _) = exchange(&url, &format!("GET {target} HTTP/1.1\r\n{upgrade}\r\n{headers}")).await;
        assert!(head.starts_with("HTTP/1.1 404"), "{head}");
    }
    let unknown =
        format!("GET /uapi/domestic-stock/v1/quotations/no-such-thing?FID_INPUT_ISCD=005930 HTTP/1.1\r\n{headers}");
    let (head, body) = exchange(&url, &unknown).await;
    assert!(head.starts_with("HTTP/1.1 404") && head.ends_with("Content-Length: 0") && body.is_empty(), "{head}");
    assert_eq!(balance(&url, options, "12345678", "VTTC8434R", &token, BALANCE).await.1["rt_cd"], "0");
    let (head, throttled) = balance(&url, options, "12345678", "VTTC8434R", &token, BALANCE).await;
    assert!(
        head.starts_with("HTTP/1.1 500") && throttled["msg_cd"] == "EGW00201" && throttled["message"] == "EGW00201",
        "{head}"
    );
}

#[tokio::test]
async fn latency_shows_the_race_of_programs_that_share_a_token_file() {
    let world = World::new().await;
    world.simulator.set_latency(Duration::from_millis(200));
    let url = world.simulator.base_url();
    let asks = || {
        let (url, options) = (url.clone(), world.options.clone());
        tokio::spawn(async move { token(&url, &options).await })
    };
    let calls = || world.simulator.calls_to("tokenP").len();
    // The first has its token, and the second looks into the file before it is there.
    let first = asks();
    super::support::eventually("the first call", || calls() == 1).await;
    let second = asks();
    super::support::eventually("the second call", || calls() == 2).await;
    world.clock.advance(Duration::from_millis(199));
    // Steering is not late, and takes as many turns as an answer would.
    assert_eq!(steer(&url, "GET /__sim/calls", &Value::Null).await.0, 200);
    assert!(!first.is_finished() && !second.is_finished());
    world.clock.advance(Duration::from_millis(1));
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    assert!(first["access_token"].is_string() && second["error_code"] == "EGW00133", "{first} {second}");
}

#[tokio::test]
async fn real_and_paper_keys_live_on_one_port_and_cost_each_other_nothing() {
    let setup = Setup::both();
    let clock = kisd::clock::ManualClock::at(super::support::noon());
    let simulator = Simulator::start(([127, 0, 0, 1], 0).into(), setup.clone(), clock.shared()).await.unwrap();
    let (url, real, paper) = (simulator.base_url(), &setup.keys[0], &setup.keys[1]);
    // Each has its own minute.
    let (real_token, paper_token) = (token(&url, real).await, token(&url, paper).await);
    assert!(real_token["access_token"].is_string() && paper_token["access_token"].is_string());
    assert_eq!(token(&url, real).await["error_code"], "EGW00133");
    let rows = |page: &Value| page["output1"].as_array().map(Vec::len);
    // TR ids and page sizes follow the key; a key has the accounts that it has.
    let (head, page) = balance(&url, real, "87654321", "TTTC8434R", &real_token, BALANCE).await;
    assert_eq!((rows(&page), head.contains("\r\ntr_cont: F\r\n")), (Some(50), true), "{head}");
    assert_eq!(
        balance(&url, real, "12345678", "TTTC8434R", &real_token, BALANCE).await.1["output1"][0]["pdno"],
        "005930"
    );
    assert_eq!(balance(&url, real, "50123456", "TTTC8434R", &real_token, BALANCE).await.1["msg_cd"], "OPSQ2000");
    // The second of the paper key is taken by its token.
    assert_eq!(balance(&url, paper, "50123456", "VTTC8434R", &paper_token, BALANCE).await.1["msg_cd"], "EGW00201");
    clock.advance(Duration::from_secs(1));
    let (_, page) = balance(&url, paper, "50123456", "TTTC8434R", &paper_token, BALANCE).await;
    assert_eq!(page["msg_cd"], "EGW02006");
    clock.advance(Duration::from_secs(1));
    assert_eq!(balance(&url, paper, "50123456", "VTTC8434R", &paper_token, BALANCE).await.1["msg_cd"], "20310000");
    // A token is its key's alone.
    assert_eq!(balance(&url, real, "12345678", "TTTC8434R", &paper_token, BALANCE).await.1["msg_cd"], "EGW00121");
    let keys: Vec<_> = simulator.calls().iter().map(|call| call.key).collect();
    assert_eq!(keys, [0, 1, 0, 0, 0, 0, 1, 1, 1, 0].map(Some));
}

#[tokio::test]
async fn a_body_in_chunks_is_read_and_what_cannot_be_read_is_answered() {
    let world = World::new().await;
    let url = world.simulator.base_url();
    let body = token_request(&world.options);
    let (first, second) = body.split_at(50);
    let request = format!(
        "POST /oauth2/tokenP HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len()
    );
    let (head, answer) = exchange(&url, &request).await;
    assert!(head.starts_with("HTTP/1.1 200") && answer.contains("access_token"), "{head}\n{answer}");
    for (request, status) in [
        ("POST /oauth2/tokenP HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"),
        ("POST /oauth2/tokenP HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", "413"),
        ("POST /oauth2/tokenP HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n", "400"),
        ("\u{16}\u{3}\u{1}\r\n\r\n", "400"),
    ] {
        let (head, answer) = exchange(&url, request).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")) && answer["rt_cd"] == "1", "{head}\n{answer}");
    }
    assert_eq!(world.simulator.calls().len(), 1);
}

/// A `kisd simulate` of its own, with what it says of itself.
struct Simulated {
    told: Value,
    child: tokio::process::Child,
}

impl Simulated {
    async fn start(arguments: &[&str]) -> Self {
        let mut command = kisd();
        command.args(["simulate", "--listen", "127.0.0.1:0", "--json"]).args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
        Self { told: serde_json::from_str(&line).unwrap(), child }
    }

    fn url(&self) -> &str {
        self.told["base_url"].as_str().unwrap()
    }

    /// What is logged until all of these were.
    async fn log_until(&mut self, wanted: &[&str]) -> String {
        let mut stderr = BufReader::new(self.child.stderr.as_mut().unwrap());
        let mut log = String::new();
        let reading = async {
            while !wanted.iter().all(|line| log.contains(line)) {
                assert_ne!(stderr.read_line(&mut log).await.unwrap(), 0, "{log}");
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reading)
            .await
            .unwrap_or_else(|_| panic!("not logged: {wanted:?}"));
        log
    }
}

/// Steers a simulator: status and answer.
async fn steer(url: &str, request: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = format!(
        "{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nX-Kisd-Sim: 1\r\nContent-Length: {}\r\n\r\n{body}",
        url.strip_prefix("http://").unwrap(),
        body.len()
    );
    let (head, answer) = exchange(url, &request).await;
    (head[9..12].parse().unwrap(), serde_json::from_str(&answer).unwrap_or_default())
}

#[tokio::test]
async fn simulate_says_on_one_line_what_a_bot_needs_and_names_what_it_lacks() {
    let mut simulated = Simulated::start(&["--mode", "both"]).await;
    let told = simulated.told.clone();
    let (key, secret) = (told["app_key"].as_str().unwrap(), told["app_secret"].as_str().unwrap());
    assert_eq!((key.len(), secret.len(), key.starts_with(kisd::simulator::KEY_MARK)), (36, 180, true));
    assert_eq!((&told["account_no"], &told["account_product_code"]), (&json!("12345678"), &json!("01")));
    assert!(told["hts_id"].is_string() && told["websocket_url"].is_null());
    assert_eq!(told["master_url"], format!("{}/common/master", told["base_url"].as_str().unwrap()));
    let accounts: Vec<(&str, &str)> = told["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|account| (account["mode"].as_str().unwrap(), account["account_no"].as_str().unwrap()))
        .collect();
    assert_eq!(accounts, [("real", "12345678"), ("real", "87654321"), ("paper", "50123456")]);
    let url = simulated.url().to_owned();
    exchange(
        &url,
        &format!(
            "GET /uapi/overseas-price/v1/quotations/no-such-thing?{key} HTTP/1.1\r\nappkey: {key}\r\nConnection: close\r\n\r\n"
        ),
    )
    .await;
    exchange(&url, &format!("GET /{secret} HTTP/1.1\r\nConnection: close\r\n\r\n")).await;
    exchange(&url, "GET /tryitout HTTP/1.1\r\nUpgrade: websocket\r\nConnection: close\r\n\r\n").await;
    assert_eq!(steer(&url, "POST /__sim/session", &json!({ "kick": true })).await.0, 409);
    let calls = steer(&url, "GET /__sim/calls", &Value::Null).await.1;
    assert_eq!(calls["calls"].as_array().unwrap().len(), 3);
    assert!(!calls.to_string().contains(key) && !calls.to_string().contains(secret), "{calls}");
    let log = simulated
        .log_until(&[
            "not simulated: GET /uapi/overseas-price/v1/quotations/no-such-thing\n",
            "not simulated: GET /***\n",
            "not simulated: GET /tryitout (WebSocket)\n",
        ])
        .await;
    assert!(!log.contains(key) && !log.contains(secret), "{log}");
}

#[tokio::test]
async fn a_bot_in_any_language_steers_the_simulator_that_it_is_pointed_at() {
    let simulated = Simulated::start(&["--mode", "real", "--latency", "30ms"]).await;
    let (url, options) = (simulated.url(), Options::demo(Mode::Real));
    let began = tokio::time::Instant::now();
    let first = token(url, &options).await;
    assert!(began.elapsed() >= Duration::from_millis(30));
    assert_eq!(token(url, &options).await["error_code"], "EGW00133");
    assert_eq!(steer(url, "POST /__sim/time", &json!({ "advance_ms": 7 * 3_600_000 })).await.0, 200);
    let second = token(url, &options).await;
    assert!(second["access_token"].is_string() && second["access_token"] != first["access_token"], "{second}");
    steer(url, "POST /__sim/faults", &json!([{ "path": "inquire-balance", "msg_cd": "EGW00121" }])).await;
    assert_eq!(balance(url, &options, "12345678", "TTTC8434R", &second, BALANCE).await.1["msg_cd"], "EGW00121");
    steer(url, "POST /__sim/prices", &json!({ "005930": 80_000 })).await;
    assert_eq!(
        balance(url, &options, "12345678", "TTTC8434R", &second, BALANCE).await.1["output1"][0]["prpr"],
        "80000"
    );
    let closed = Simulated::start(&["--no-control"]).await;
    assert_eq!(steer(closed.url(), "GET /__sim/calls", &Value::Null).await, (404, Value::Null));
}

#[tokio::test]
async fn a_key_of_kis_is_sent_to_this_machine_with_a_warning_only() {
    let kis = Options { app_key: "PSabcdefghijklmnopqrstuvwxyz01234567".to_owned(), ..Options::demo(Mode::Real) };
    for (options, warned) in [(kis, true), (Options::demo(Mode::Real), false)] {
        let world = World::with(options).await;
        let file = world.config_file("kisd", "");
        let output = kisd().arg("--config").arg(file).arg("check").output().await.unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{shown}");
        assert_eq!(shown.contains("note: kis.app_key is not one of kisd simulate"), warned, "{shown}");
    }
}
