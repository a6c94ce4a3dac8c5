//! A simulator whose time a test moves, and a client that is nothing but a socket.

use chrono::{DateTime, TimeDelta};
use kis_catalog::{Fill, Operation, catalog};
use kis_simulator::{Hours, MarketSetup, Mode, Options, Setup, Simulator, clock::ManualClock};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) options: Options,
    pub(crate) clock: ManualClock,
    token: String,
}

/// A market that moves, by the hours of the exchange.
pub(crate) const KRX: MarketSetup = MarketSetup { hours: Hours::Krx, ..MarketSetup::MOVING };

impl World {
    pub(crate) async fn at(time: &str, market: MarketSetup) -> Self {
        Self::with(time, market, Options::demo(Mode::Real)).await
    }

    pub(crate) async fn with(time: &str, market: MarketSetup, options: Options) -> Self {
        let clock = ManualClock::at(DateTime::parse_from_rfc3339(time).unwrap().to_utc());
        let options = Options { calls_per_second: 1_000_000, ..options };
        let setup = Setup { market, ..Setup::from(options.clone()) };
        let simulator = Simulator::start(([127, 0, 0, 1], 0).into(), setup, clock.shared()).await.unwrap();
        let mut world = Self { simulator, options, clock, token: String::new() };
        world.log_in().await;
        world
    }

    async fn log_in(&mut self) {
        let body = json!({
            "grant_type": "client_credentials", "appkey": self.options.app_key, "appsecret": self.options.app_secret,
        });
        let (_, answer) = self.exchange("POST /oauth2/tokenP", &[], &body.to_string()).await;
        self.token = answer["access_token"].as_str().unwrap().to_owned();
    }

    pub(crate) async fn set(&mut self, time: &str) {
        let to = DateTime::parse_from_rfc3339(time).unwrap().to_utc();
        let steer = json!({ "set": to.to_rfc3339() });
        self.steer("time", &steer).await;
        self.clock.advance(std::time::Duration::ZERO);
        if to.signed_duration_since(kis_simulator::clock::Clock::now(&self.clock)).abs() > TimeDelta::hours(20) {
            self.steer("time", &json!({ "advance_ms": 0 })).await;
            self.log_in().await;
        }
    }

    pub(crate) async fn steer(&self, what: &str, body: &Value) -> Value {
        let headers = [("X-Kisd-Sim", "1"), ("Host", "127.0.0.1")];
        let (head, answer) = self.exchange(&format!("POST /__sim/{what}"), &headers, &body.to_string()).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head} {answer}");
        answer
    }

    async fn exchange(&self, request: &str, headers: &[(&str, &str)], body: &str) -> (String, Value) {
        let mut stream = TcpStream::connect(self.simulator.address()).await.unwrap();
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        let head =
            format!("{request} HTTP/1.1\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), serde_json::from_str(body).unwrap_or_default())
    }

    /// Asks, with the account and what is given; all other parameters are empty. The answer has what the catalogue says of it.
    pub(crate) async fn ask(&self, tr_id: &str, given: &[(&str, &str)]) -> Value {
        let operation = catalog().find(tr_id).unwrap().operation;
        let value = |param: kis_catalog::Param| match (param.fill, given.iter().find(|(name, _)| *name == param.name)) {
            (_, Some((_, value))) => (*value).to_owned(),
            (Some(Fill::AccountNumber), _) => self.options.cano.clone(),
            (Some(Fill::ProductCode), _) => self.options.product_code.clone(),
            (Some(Fill::HtsId), _) => self.options.hts_id.clone(),
            (None, None) => match param.name {
                "FID_COND_MRKT_DIV_CODE" => "J",
                "FID_INPUT_ISCD" => "005930",
                "AFHR_FLPR_YN" | "FUND_STTL_ICLD_YN" | "FNCG_AMT_AUTO_RDPT_YN" => "N",
                "INQR_DVSN" | "UNPR_DVSN" => "01",
                "PRCS_DVSN" => "00",
                _ => "",
            }
            .to_owned(),
        };
        let query: Vec<String> = operation.params().map(|param| format!("{}={}", param.name, value(param))).collect();
        let authorization = format!("Bearer {}", self.token);
        let headers = [
            ("authorization", authorization.as_str()),
            ("appkey", &self.options.app_key),
            ("appsecret", &self.options.app_secret),
            ("tr_id", tr_id),
            ("tr_cont", ""),
        ];
        let request = format!("GET {}?{}", operation.path(), query.join("&"));
        let (_, body) = self.exchange(&request, &headers, "").await;
        assert_eq!(body["rt_cd"], "0", "{tr_id}: {body}");
        check_fields(operation, &body);
        body
    }
}

/// An answer has exactly the containers and fields of the catalogue.
fn check_fields(operation: &Operation, body: &Value) {
    for container in operation.outputs().filter(|container| container.name() != "top") {
        let value = &body[container.name()];
        assert!(!value.is_null(), "{} lacks {}", operation.id(), container.name());
        let rows = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        for row in rows {
            let mut named: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
            let mut known: Vec<&str> = container.fields().map(|field| field.name).collect();
            named.sort_unstable();
            known.sort_unstable();
            known.dedup();
            assert_eq!(named, known, "{} {}", operation.id(), container.name());
            assert!(row.as_object().unwrap().values().all(Value::is_string), "{row}");
        }
    }
}

/// A field as a number.
pub(crate) fn number(row: &Value, field: &str) -> i64 {
    let text = row[field].as_str().unwrap_or_else(|| panic!("{field}: {row}"));
    text.parse().unwrap_or_else(|_| panic!("{field} is {text}"))
}

pub(crate) fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap_or_else(|| panic!("{field}: {row}"))
}

pub(crate) fn rows(answer: &Value, list: &str) -> Vec<Value> {
    answer[list].as_array().unwrap_or_else(|| panic!("{list}: {answer}")).clone()
}
