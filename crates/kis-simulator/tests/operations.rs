//! Every operation that reads is answered, with all that the catalogue says of it.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;

use kis_catalog::{Effect, Fill, Method, Mode as OperationMode, Operation, Paging, Shape, catalog};
use kis_simulator::{Fault, Mode, Options, Setup, Simulator, clock::ManualClock};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

struct World {
    simulator: Simulator,
    options: Options,
    token: String,
}

impl World {
    async fn new(mode: Mode) -> Self {
        Self::with(Options { calls_per_second: 1_000_000, ..Options::demo(mode) }).await
    }

    async fn with(options: Options) -> Self {
        let noon = chrono::DateTime::parse_from_rfc3339("2026-11-26T12:00:00+09:00").unwrap();
        let clock = ManualClock::at(noon.to_utc());
        let setup = Setup::from(options.clone());
        let simulator = Simulator::start(([127, 0, 0, 1], 0).into(), setup, clock.shared()).await.unwrap();
        let mut world = Self { simulator, options, token: String::new() };
        let body = json!({
            "grant_type": "client_credentials", "appkey": world.options.app_key, "appsecret": world.options.app_secret,
        });
        let (_, _, answer) = world.exchange("POST /oauth2/tokenP", &[], &body.to_string()).await;
        world.token = answer["access_token"].as_str().unwrap().to_owned();
        world
    }

    /// Status, `tr_cont` and body.
    async fn exchange(&self, request: &str, headers: &[(&str, &str)], body: &str) -> (u16, String, Value) {
        let mut stream = TcpStream::connect(self.simulator.address()).await.unwrap();
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        let head =
            format!("{request} HTTP/1.1\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let tr_cont = head.lines().find_map(|line| line.strip_prefix("tr_cont: ")).unwrap_or_default();
        (head[9..12].parse().unwrap(), tr_cont.to_owned(), serde_json::from_str(body).unwrap_or_default())
    }

    async fn call(
        &self,
        operation: &Operation,
        tr_id: &str,
        params: &[(String, String)],
        later: bool,
    ) -> (u16, String, Value) {
        let query: Vec<String> =
            params.iter().map(|(name, value)| format!("{}={value}", name.replace(' ', "%20"))).collect();
        let authorization = format!("Bearer {}", self.token);
        let headers = [
            ("authorization", authorization.as_str()),
            ("appkey", &self.options.app_key),
            ("appsecret", &self.options.app_secret),
            ("tr_id", tr_id),
            ("tr_cont", if later { "N" } else { "" }),
        ];
        let method = operation.method().as_str();
        self.exchange(&format!("{method} {}?{}", operation.path(), query.join("&")), &headers, "").await
    }

    /// Every parameter with a value that is taken.
    fn params(&self, operation: &Operation) -> Vec<(String, String)> {
        let value = |param: kis_catalog::Param| match (param.fill, param.name) {
            (Some(Fill::AccountNumber), _) => self.options.cano.clone(),
            (Some(Fill::ProductCode), _) => self.options.product_code.clone(),
            (Some(Fill::HtsId), _) => self.options.hts_id.clone(),
            (None, "AFHR_FLPR_YN" | "FUND_STTL_ICLD_YN" | "FNCG_AMT_AUTO_RDPT_YN") => "N".to_owned(),
            (None, "INQR_DVSN" | "UNPR_DVSN") => "01".to_owned(),
            (None, "PRCS_DVSN") => "00".to_owned(),
            (None, "FID_BLNG_CLS_CODE") => "3".to_owned(),
            (None, name) if name.starts_with("CTX_AREA") => String::new(),
            (None, "PDNO" | "FID_INPUT_ISCD") => "005930".to_owned(),
            (None, _) => "1".to_owned(),
        };
        operation.params().map(|param| (param.name.to_owned(), value(param))).collect()
    }

    async fn ok(&self, tr_id: &str) -> Value {
        let operation = catalog().find(tr_id).unwrap().operation;
        let (status, _, body) = self.call(operation, tr_id, &self.params(operation), false).await;
        assert_eq!((status, body["rt_cd"].as_str()), (200, Some("0")), "{tr_id}: {body}");
        body
    }
}

/// What the names of lists have in them that nobody has done anything for here.
const MAY_BE_EMPTY: [&str; 6] = [
    "-trading-inquire-daily-ccld-",
    "domestic-stock-trading-inquire-psbl-rvsecncl",
    "domestic-stock-trading-inquire-period-trade-profit",
    "overseas-stock-trading-inquire-ccnl",
    "overseas-stock-trading-inquire-nccs",
    "-trading-order-resv-",
];

fn reads() -> impl Iterator<Item = &'static Operation> {
    catalog().operations().filter(|operation| operation.effect() == Effect::Read && operation.method() == Method::Get)
}

#[tokio::test]
async fn every_operation_that_reads_is_answered_with_every_container_and_field() {
    let world = World::new(Mode::Real).await;
    let mut answered = 0;
    for operation in reads() {
        let Some(tr_id) = operation.tr_id(OperationMode::Real) else { continue };
        let id = operation.id();
        let (status, _, body) = world.call(operation, tr_id, &world.params(operation), false).await;
        assert_eq!((status, body["rt_cd"].as_str()), (200, Some("0")), "{id}: {body}");
        answered += 1;
        // It has a portfolio of its own, and tests of its own.
        if tr_id == "TTTC8434R" {
            continue;
        }
        for container in operation.outputs().filter(|container| container.name() != "top") {
            let value = &body[container.name()];
            // Nothing was ordered: a list has no row then, or abroad one of blanks.
            if (value.as_array().is_some_and(Vec::is_empty) || value["odno"] == "")
                && MAY_BE_EMPTY.iter().any(|part| id.contains(part))
            {
                continue;
            }
            let row = match container.shape() {
                Shape::Object | Shape::Frame => value,
                Shape::Array | Shape::Unknown => &value[0],
            };
            for field in container.fields() {
                assert!(row[field.name].is_string(), "{id} lacks {}.{}: {value}", container.name(), field.name);
            }
        }
    }
    assert!(answered > 250, "{answered}");
}

#[tokio::test]
async fn a_stock_has_one_price_and_one_name_wherever_it_is_asked_for() {
    let world = World::new(Mode::Real).await;
    let price = world.ok("FHKST01010100").await["output"].clone();
    let row = world.ok("FHKST01010400").await["output"][0].clone();
    let held = world.ok("TTTC8434R").await["output1"][0].clone();
    let ranking = world.ok("FHPST01710000").await["output"].clone();
    let ranked = ranking.as_array().unwrap().iter().find(|row| row["mksc_shrn_iscd"] == "005930").unwrap();
    assert_eq!((&price["stck_prpr"], &held["pdno"]), (&json!("75000"), &json!("005930")));
    assert_eq!([&row["stck_clpr"], &held["prpr"], &ranked["stck_prpr"]], [&price["stck_prpr"]; 3]);
    assert_eq!((&ranked["hts_kor_isnm"], &held["prdt_name"]), (&json!("삼성전자"), &json!("삼성전자")));
    assert_eq!(world.ok("FHKST01010100").await["output"], price, "and it does not change by itself");
}

#[tokio::test]
async fn an_account_has_one_cash_and_one_worth_wherever_it_is_asked_for() {
    let world = World::new(Mode::Real).await;
    let summary = world.ok("TTTC8434R").await["output2"][0].clone();
    let orderable = world.ok("TTTC8908R").await["output"].clone();
    assert_eq!(orderable["ord_psbl_cash"], summary["dnca_tot_amt"]);
    let quantities = ["psbl_qty_calc_unpr", "nrcvb_buy_qty", "max_buy_qty"].map(|name| &orderable[name]);
    assert_eq!(quantities, ["1", "5000000", "12500000"]);
    let assets = world.ok("CTRP6548R").await["output2"].clone();
    let present = world.ok("CTRP6504R").await["output3"].clone();
    let won = |value: &Value| value.as_str().unwrap().split('.').next().unwrap().parse::<i64>().unwrap();
    let abroad = won(&present["evlu_amt_smtl"]) + won(&present["tot_frcr_cblc_smtl"]);
    assert_eq!(won(&assets["tot_asst_amt"]), won(&summary["tot_evlu_amt"]) + abroad);
    assert_eq!(won(&assets["frcr_evlu_tota"]), won(&present["tot_frcr_cblc_smtl"]));
}

#[tokio::test]
async fn days_go_back_from_today_and_no_two_are_one() {
    let world = World::new(Mode::Real).await;
    let rows = world.ok("FHKST01010400").await["output"].clone();
    let days: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["stck_bsop_date"].as_str().unwrap()).collect();
    assert_eq!((days.len(), &days[..3]), (30, &["20261126", "20261125", "20261124"][..]));
}

#[tokio::test]
async fn a_chart_has_the_days_of_trading_of_its_period_and_at_most_a_hundred() {
    let world = World::new(Mode::Real).await;
    let chart = catalog().find("FHKST03010100").unwrap().operation;
    for (first, last, count, ends) in [
        ("20261119", "20261123", 3, ["20261123", "20261119"]),
        // Nobody knows tomorrow, and a Sunday has no row.
        ("20261122", "20261231", 4, ["20261126", "20261123"]),
        ("20200101", "20261126", 100, ["20261126", "20260702"]),
    ] {
        let mut params = world.params(chart);
        for (name, value) in &mut params {
            match name.as_str() {
                "FID_INPUT_DATE_1" => *value = first.to_owned(),
                "FID_INPUT_DATE_2" => *value = last.to_owned(),
                _ => {}
            }
        }
        let (_, _, body) = world.call(chart, "FHKST03010100", &params, false).await;
        let days: Vec<&str> =
            body["output2"].as_array().unwrap().iter().map(|row| row["stck_bsop_date"].as_str().unwrap()).collect();
        assert_eq!((days.len(), [days[0], days[days.len() - 1]]), (count, ends), "{days:?}");
        assert_eq!(body["output1"]["stck_prpr"], "75000", "the price is that of today");
    }
}

#[tokio::test]
async fn wrong_calls_are_refused_as_kis_refuses_them() {
    let world = World::new(Mode::Real).await;
    let price = catalog().find("FHKST01010100").unwrap().operation;
    let all = world.params(price);
    let code = async |operation, tr_id, params: &[(String, String)]| {
        let (status, _, body) = world.call(operation, tr_id, params, false).await;
        (
            status,
            body["msg_cd"].as_str().unwrap_or_default().to_owned(),
            body["msg1"].as_str().unwrap_or_default().trim().to_owned(),
        )
    };
    let missing = code(price, "FHKST01010100", &all[..1]).await;
    assert_eq!(missing, (200, "OPSQ2001".to_owned(), "ERROR : INPUT FIELD NOT FOUND [FID_INPUT_ISCD]".to_owned()));
    assert_eq!(code(price, "FHKST01010400", &all).await.1, "OPSQ0002", "a TR of another path");
    assert_eq!(code(price, "", &all).await.1, "OPSQ9999");
    let orders = catalog().find("TTTC0081R").unwrap().operation;
    let mut of_another = world.params(orders);
    of_another.iter_mut().filter(|(name, _)| name == "CANO").for_each(|(_, value)| *value = "99999999".to_owned());
    assert_eq!(code(orders, "TTTC0081R", &of_another).await.1, "OPSQ2000");
    let balance = catalog().find("TTTC8434R").unwrap().operation;
    let mut by_issue = world.params(balance);
    by_issue.iter_mut().filter(|(name, _)| name == "INQR_DVSN").for_each(|(_, value)| *value = "02".to_owned());
    let refused = code(balance, "TTTC8434R", &by_issue).await;
    assert_eq!((refused.1.as_str(), refused.2.as_str()), ("OPSQ2001", "ERROR : INPUT INVALID_CHECK_INQR_DVSN"));
    world.simulator.reconfigure(|options| options.takes_by_issue = true);
    assert_eq!(code(balance, "TTTC8434R", &by_issue).await.1, "KIOK0510", "as before");
    let paper = World::new(Mode::Paper).await;
    let (_, _, body) = paper.call(price, "FHKST01010100", &all, false).await;
    assert_eq!(body["rt_cd"], "0");
    let short = catalog().find("domestic-stock-ranking-short-sale").unwrap().operation;
    let (status, _, body) = paper.call(short, "FHPST04820000", &paper.params(short), false).await;
    assert_eq!((status, &body["msg_cd"]), (500, &json!("EGW02006")));
}

#[tokio::test]
async fn a_hashkey_needs_key_and_secret_and_gives_the_body_back() {
    let world = World::new(Mode::Real).await;
    let (key, secret) = (world.options.app_key.as_str(), world.options.app_secret.as_str());
    let order = r#"{"ORD_QTY":"1","PDNO":"005930"}"#;
    let ask = async |headers: &[(&str, &str)], body| world.exchange("POST /uapi/hashkey", headers, body).await;
    let (status, _, hashed) = ask(&[("appKey", key), ("appSecret", secret)], order).await;
    assert_eq!((status, &hashed["BODY"]), (200, &json!({ "ORD_QTY": "1", "PDNO": "005930" })));
    let hash = hashed["HASH"].as_str().unwrap();
    assert!(hash.len() == 64 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()), "{hash}");
    let other = ask(&[("appkey", key), ("appsecret", secret)], "{}").await.2;
    assert_ne!(other["HASH"].as_str(), Some(hash), "another body, another hash");
    for (headers, body, msg_cd) in [
        (vec![("appkey", key)], order, "EGW00104"),
        (vec![("appkey", key), ("appsecret", "x")], order, "EGW00304"),
        (vec![("appsecret", secret)], order, "EGW00102"),
        (vec![("appkey", key), ("appsecret", secret)], "{", "EGW00101"),
    ] {
        let (status, _, refused) = ask(&headers, body).await;
        assert_eq!((status, &refused["rt_cd"], refused["msg_cd"].as_str()), (500, &json!("1"), Some(msg_cd)));
    }
}

#[tokio::test]
async fn a_known_path_with_another_method_is_refused_in_json_and_is_no_call() {
    let world = World::with(Options { calls_per_second: 1, ..Options::demo(Mode::Paper) }).await;
    let price = "/uapi/domestic-stock/v1/quotations/inquire-price";
    for (request, status, msg_cd) in [
        (format!("POST {price}"), 405, json!({ "msg_cd": "EGW00101", "rt_cd": "1" })),
        (format!("DELETE {price}"), 405, json!({ "msg_cd": "EGW00101", "rt_cd": "1" })),
        ("GET /uapi/hashkey".to_owned(), 405, json!({ "msg_cd": "EGW00101", "rt_cd": "1" })),
        ("GET /oauth2/tokenP".to_owned(), 403, json!({ "error_code": "EGW00101" })),
        // As recorded: nothing at all.
        ("GET /uapi/nothing".to_owned(), 404, Value::Null),
    ] {
        let (answered, _, body) = world.exchange(&request, &[], "").await;
        assert_eq!(answered, status, "{request}: {body}");
        for (name, value) in msg_cd.as_object().into_iter().flatten() {
            assert_eq!(&body[name], value, "{request}: {body}");
        }
    }
    let (status, _, none) = world.exchange(&format!("HEAD {price}"), &[], "").await;
    assert_eq!((status, none), (405, Value::Null), "a head alone");
}

#[tokio::test]
async fn an_old_tr_id_is_answered_like_its_successor() {
    let world = World::new(Mode::Real).await;
    let orders = catalog().find("TTTC8001R").unwrap().operation;
    let (_, _, old) = world.call(orders, "TTTC8001R", &world.params(orders), false).await;
    assert_eq!(old["rt_cd"], "0", "{old}");
    assert_eq!(old, world.ok("TTTC0081R").await);
}

/// The rows of every page, by what tells them apart, and the header of each.
async fn pages(world: &World, tr_id: &str, list: &str, field: &str) -> (Vec<String>, Vec<String>) {
    let operation = catalog().find(tr_id).unwrap().operation;
    let (mut params, mut rows, mut headers) = (world.params(operation), Vec::new(), Vec::new());
    loop {
        let (status, tr_cont, body) = world.call(operation, tr_id, &params, !headers.is_empty()).await;
        assert_eq!(status, 200, "{body}");
        rows.extend(body[list].as_array().unwrap().iter().map(|row| row[field].as_str().unwrap().to_owned()));
        let more = ["F", "M"].contains(&tr_cont.as_str());
        headers.push(tr_cont);
        if !more {
            return (rows, headers);
        }
        if let Paging::Keys { nk: Some(nk), .. } = operation.paging() {
            let next = body[nk.reply].as_str().unwrap();
            assert_eq!(next.len(), 100.max(next.len()), "padded to its width");
            params
                .iter_mut()
                .filter(|(name, _)| name == nk.request)
                .for_each(|(_, value)| *value = next.trim().to_owned());
        }
    }
}

#[tokio::test]
async fn pages_lose_no_row_and_repeat_none() {
    let options = Options { list_rows: 45, calls_per_second: 1000, ..Options::demo(Mode::Real) };
    let world = World::with(options).await;
    for (tr_id, list, field) in [("TTTC2208R", "output1", "pdno"), ("CTRP6010R", "output1", "pdno")] {
        let (rows, headers) = pages(&world, tr_id, list, field).await;
        assert_eq!((rows.len(), rows.iter().collect::<BTreeSet<_>>().len()), (45, 45), "{tr_id}");
        assert_eq!(headers, ["F", "M", "E"], "{tr_id}");
    }
    world.simulator.reconfigure(|options| options.list_rows = 0);
    let none = world.ok("TTTC2208R").await;
    assert_eq!((&none["output1"], &none["msg_cd"]), (&json!([]), &json!("KIOK0560")));
}

#[tokio::test]
async fn faults_and_records_are_as_for_the_balance() {
    let world = World::new(Mode::Real).await;
    world.simulator.fail_next("inquire-price", Fault::Code("EGW00201".to_owned()));
    let price = catalog().find("FHKST01010100").unwrap().operation;
    let (status, _, body) = world.call(price, "FHKST01010100", &world.params(price), false).await;
    assert_eq!((status, &body["msg_cd"]), (500, &json!("EGW00201")));
    world.ok("FHKST01010100").await;
    let calls = world.simulator.calls_to("inquire-price");
    assert_eq!((calls.len(), calls[1].msg_cd.as_str(), calls[1].tr_id.as_str()), (2, "MCA00000", "FHKST01010100"));
}
