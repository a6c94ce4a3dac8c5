//! A simulator that is sent orders by a client that is nothing but a socket.

use std::time::Duration;

use chrono::DateTime;
use kis_catalog::{Method, catalog};
use kis_simulator::{Hours, MarketSetup, Mode, Options, Orders, Setup, Simulator, clock::ManualClock};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A market that moves, by the hours of the exchange.
pub(crate) const KRX: MarketSetup = MarketSetup { hours: Hours::Krx, ..MarketSetup::MOVING };
pub(crate) const CASH: &str = "/uapi/domestic-stock/v1/trading/order-cash";
pub(crate) const CHANGE: &str = "/uapi/domestic-stock/v1/trading/order-rvsecncl";

pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) options: Options,
    pub(crate) clock: ManualClock,
    token: String,
}

/// What came back: status, head and body.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl World {
    /// A market that stands still on a Thursday at noon.
    pub(crate) async fn new(mode: Mode) -> Self {
        Self::with("2026-11-26T12:00:00+09:00", MarketSetup::STILL, Options::demo(mode)).await
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

    pub(crate) async fn log_in(&mut self) {
        let body = json!({
            "grant_type": "client_credentials", "appkey": self.options.app_key, "appsecret": self.options.app_secret,
        });
        let reply = self.exchange("POST /oauth2/tokenP", &[], &body.to_string()).await.unwrap();
        self.token = reply.json["access_token"].as_str().unwrap().to_owned();
    }

    pub(crate) fn orders(&self) -> Orders<'_> {
        self.simulator.orders()
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// `None` if the connection was closed without an answer.
    pub(crate) async fn exchange(&self, request: &str, headers: &[(&str, &str)], body: &str) -> Option<Reply> {
        let mut stream = TcpStream::connect(self.simulator.address()).await.unwrap();
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        let head =
            format!("{request} HTTP/1.1\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        let (head, text) = answer.split_once("\r\n\r\n")?;
        let status = head[9..12].parse().unwrap();
        let json = serde_json::from_str(text).unwrap_or_default();
        Some(Reply { status, head: head.to_owned(), text: text.to_owned(), json })
    }

    pub(crate) async fn try_post(&self, path: &str, tr_id: &str, body: &Value) -> Option<Reply> {
        let authorization = format!("Bearer {}", self.token);
        let headers = [
            ("authorization", authorization.as_str()),
            ("appkey", &self.options.app_key),
            ("appsecret", &self.options.app_secret),
            ("tr_id", tr_id),
        ];
        self.exchange(&format!("POST {path}"), &headers, &body.to_string()).await
    }

    pub(crate) async fn post(&self, path: &str, tr_id: &str, body: &Value) -> Reply {
        self.try_post(path, tr_id, body).await.unwrap()
    }

    /// An order of ten shares at 75,000, unless something else is given.
    pub(crate) async fn order(&self, side: &str, given: &[(&str, &str)]) -> Reply {
        let tr_id = match (side, self.options.mode) {
            ("buy", Mode::Real) => "TTTC0012U",
            ("buy", Mode::Paper) => "VTTC0012U",
            (_, Mode::Real) => "TTTC0011U",
            (_, Mode::Paper) => "VTTC0011U",
        };
        let mut body = json!({
            "CANO": self.options.cano, "ACNT_PRDT_CD": self.options.product_code, "PDNO": "005930", "ORD_DVSN": "00",
            "ORD_QTY": "10", "ORD_UNPR": "75000", "EXCG_ID_DVSN_CD": "KRX",
        });
        set(&mut body, given);
        self.post(CASH, tr_id, &body).await
    }

    /// An order that is accepted; its number.
    pub(crate) async fn accepted(&self, side: &str, given: &[(&str, &str)]) -> String {
        number(&self.order(side, given).await)
    }

    /// An amendment or cancellation of all that is left, unless something else is given.
    pub(crate) async fn change(&self, number: &str, what: &str, given: &[(&str, &str)]) -> Reply {
        let tr_id = if self.options.mode == Mode::Real { "TTTC0013U" } else { "VTTC0013U" };
        let mut body = json!({
            "CANO": self.options.cano, "ACNT_PRDT_CD": self.options.product_code, "KRX_FWDG_ORD_ORGNO": "",
            "ORGN_ODNO": number, "ORD_DVSN": "00", "RVSE_CNCL_DVSN_CD": what, "ORD_QTY": "0", "ORD_UNPR": "0",
            "QTY_ALL_ORD_YN": "Y", "EXCG_ID_DVSN_CD": "KRX",
        });
        set(&mut body, given);
        self.post(CHANGE, tr_id, &body).await
    }

    /// A read with some parameters; the others are usual or empty.
    pub(crate) async fn get(&self, tr_id: &str, given: &[(&str, &str)], later: bool) -> Reply {
        let operation = catalog().find(tr_id).unwrap().operation;
        assert!(matches!(operation.method(), Method::Get));
        let value = |name: &str| match given.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => (*value).to_owned(),
            None => match name {
                "CANO" => self.options.cano.clone(),
                "ACNT_PRDT_CD" => self.options.product_code.clone(),
                "INQR_STRT_DT" | "INQR_END_DT" => "20261126".to_owned(),
                "SLL_BUY_DVSN_CD" | "CCLD_DVSN" | "INQR_DVSN_3" | "PRCS_DVSN" => "00".to_owned(),
                "INQR_DVSN" | "UNPR_DVSN" if tr_id.ends_with("8434R") => "01".to_owned(),
                "INQR_DVSN" => "00".to_owned(),
                "INQR_DVSN_1" | "INQR_DVSN_2" => "0".to_owned(),
                "AFHR_FLPR_YN" | "FUND_STTL_ICLD_YN" | "FNCG_AMT_AUTO_RDPT_YN" => "N".to_owned(),
                "EXCG_ID_DVSN_CD" if self.options.mode == Mode::Real => "ALL".to_owned(),
                "EXCG_ID_DVSN_CD" => "KRX".to_owned(),
                _ => String::new(),
            },
        };
        let query: Vec<String> =
            operation.params().map(|param| format!("{}={}", param.name, encoded(&value(param.name)))).collect();
        let authorization = format!("Bearer {}", self.token);
        let headers = [
            ("authorization", authorization.as_str()),
            ("appkey", &self.options.app_key),
            ("appsecret", &self.options.app_secret),
            ("tr_id", tr_id),
            ("tr_cont", if later { "N" } else { "" }),
        ];
        self.exchange(&format!("GET {}?{}", operation.path(), query.join("&")), &headers, "").await.unwrap()
    }

    pub(crate) async fn steer(&self, request: &str, body: &Value) -> (u16, Value) {
        let headers = [("X-Kisd-Sim", "1"), ("Host", "127.0.0.1")];
        let reply = self.exchange(request, &headers, &body.to_string()).await.unwrap();
        (reply.status, reply.json)
    }

    /// The list of the orders of the day.
    pub(crate) async fn rows(&self) -> Vec<Value> {
        let tr_id = if self.options.mode == Mode::Real { "TTTC0081R" } else { "VTTC0081R" };
        let reply = self.get(tr_id, &[], false).await;
        assert_eq!(reply.json["rt_cd"], "0", "{}", reply.text);
        reply.json["output1"].as_array().unwrap().clone()
    }

    /// The row of an order.
    pub(crate) async fn row(&self, number: &str) -> Value {
        let rows = self.rows().await;
        rows.iter().find(|row| row["odno"] == number).unwrap_or_else(|| panic!("{number}: {rows:?}")).clone()
    }

    /// Numbers of the open orders.
    pub(crate) async fn open(&self) -> Vec<String> {
        let reply = self.get("TTTC0084R", &[], false).await;
        let rows = reply.json["output"].as_array().unwrap_or_else(|| panic!("{}", reply.text));
        rows.iter().map(|row| row["odno"].as_str().unwrap().to_owned()).collect()
    }

    /// The balance: the row of an issue, and the totals.
    pub(crate) async fn balance(&self, code: &str) -> (Value, Value) {
        let tr_id = if self.options.mode == Mode::Real { "TTTC8434R" } else { "VTTC8434R" };
        let reply = self.get(tr_id, &[], false).await;
        let rows = reply.json["output1"].as_array().unwrap_or_else(|| panic!("{}", reply.text));
        let row = rows.iter().find(|row| row["pdno"] == code).cloned().unwrap_or_default();
        (row, reply.json["output2"][0].clone())
    }
}

fn set(body: &mut Value, given: &[(&str, &str)]) {
    for (name, value) in given {
        body[*name] = Value::String((*value).to_owned());
    }
}

fn encoded(text: &str) -> String {
    text.replace('%', "%25").replace('^', "%5E").replace('!', "%21").replace(' ', "%20")
}

pub(crate) fn code(reply: &Reply) -> &str {
    reply.json["msg_cd"].as_str().unwrap_or_else(|| panic!("{reply:?}"))
}

/// The number of an order that was accepted.
pub(crate) fn number(reply: &Reply) -> String {
    assert_eq!(reply.json["rt_cd"], "0", "{}", reply.text);
    reply.json["output"]["ODNO"].as_str().unwrap().to_owned()
}

/// Fields of a row.
pub(crate) fn fields<const N: usize>(row: &Value, names: [&str; N]) -> [String; N] {
    names.map(|name| row[name].as_str().unwrap_or_else(|| panic!("{name}: {row}")).to_owned())
}
