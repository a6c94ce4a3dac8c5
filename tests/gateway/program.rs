//! A program that speaks to KIS, made of nothing but a TCP connection: what it sends and gets is seen byte by byte.

use std::net::SocketAddr;

use rustix::{
    process::{Gid, Uid},
    thread::{set_thread_res_gid, set_thread_res_uid},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{TestDaemon, World};

pub(crate) const PRICE: &str =
    "/uapi/domestic-stock/v1/quotations/inquire-price?FID_COND_MRKT_DIV_CODE=J&FID_INPUT_ISCD=005930";

/// An answer, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    pub(crate) fn msg_cd(&self) -> String {
        let json = self.json();
        ["msg_cd", "error_code"].iter().find_map(|name| json[name].as_str()).unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }
}

/// A connection.
pub(crate) struct Wire<S = TcpStream>(S, Vec<u8>);

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::of(TcpStream::connect(address).await.unwrap())
    }

    /// One of another user, whose group has the same number.
    pub(crate) fn connect_as(uid: u32, address: SocketAddr) -> Self {
        let connecting = std::thread::spawn(move || {
            let (user, group) = (Uid::from_raw(uid), Gid::from_raw(uid));
            set_thread_res_gid(group, group, group).unwrap();
            set_thread_res_uid(user, user, user).unwrap();
            std::net::TcpStream::connect(address).unwrap()
        });
        let stream = connecting.join().unwrap();
        stream.set_nonblocking(true).unwrap();
        Self::of(TcpStream::from_std(stream).unwrap())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn of(stream: S) -> Self {
        Self(stream, Vec::new())
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// The same to who may have closed the connection already.
    pub(crate) async fn try_send_bytes(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes).await;
    }

    /// A text to who may have closed the connection already.
    pub(crate) async fn try_send(&mut self, text: &str) {
        let _ = self.0.write_all(text.as_bytes()).await;
    }

    /// The next answer; `None` once the connection is closed.
    pub(crate) async fn receive(&mut self, has_body: bool) -> Option<Answer> {
        let end = loop {
            if let Some(at) = self.1.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            if !matches!(self.0.read_buf(&mut self.1).await, Ok(1..)) {
                return None;
            }
        };
        let head = String::from_utf8(self.1.drain(..end).collect()).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap_or("0");
        let length: usize = if has_body { length.parse().unwrap() } else { 0 };
        while self.1.len() < length {
            self.0.read_buf(&mut self.1).await.unwrap();
        }
        Some(Answer { head, body: self.1.drain(..length).collect() })
    }

    pub(crate) async fn call(&mut self, text: &str) -> Answer {
        self.send(text).await;
        self.receive(!text.starts_with("HEAD ")).await.expect("an answer")
    }
}

/// A program with a key pair and, once it has asked for one, a token.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) address: SocketAddr,
    pub(crate) app_key: String,
    pub(crate) app_secret: String,
    pub(crate) token: String,
    pub(crate) cano: String,
    pub(crate) product_code: String,
}

impl Program {
    /// One that kisd has made a client for.
    pub(crate) async fn of(daemon: &TestDaemon, params: Value) -> Self {
        let setup = daemon.ok("client.add", params).await;
        let mut program = Self::told(&setup);
        program.token = program.new_token().await;
        program
    }

    /// By what `client.add` tells.
    pub(crate) fn told(setup: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let url = text(&setup["gateway"]["base_url"]);
        Self {
            address: url.split_once("://").unwrap().1.parse().unwrap(),
            app_key: text(&setup["app_key"]),
            app_secret: text(&setup["app_secret"]),
            token: String::new(),
            cano: text(&setup["account_no"]),
            product_code: text(&setup["account_product_code"]),
        }
    }

    /// One that speaks to the simulated KIS itself.
    pub(crate) async fn of_kis(world: &World) -> Self {
        let options = &world.options;
        let mut program = Self {
            address: world.simulator.address(),
            app_key: options.app_key.clone(),
            app_secret: options.app_secret.clone(),
            token: String::new(),
            cano: options.cano.clone(),
            product_code: options.product_code.clone(),
        };
        program.token = program.new_token().await;
        program
    }

    pub(crate) async fn new_token(&self) -> String {
        let answer = self.oauth("tokenP", json!({})).await;
        answer.json()["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    }

    /// A token call, with what differs from the usual.
    pub(crate) async fn oauth(&self, call: &str, other: Value) -> Answer {
        let mut body = json!({
            "grant_type": "client_credentials", "appkey": self.app_key, "appsecret": self.app_secret,
            "secretkey": self.app_secret, "token": self.token,
        });
        body.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        let body = body.to_string();
        let text =
            format!("POST /oauth2/{call} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        Wire::connect(self.address).await.call(&text).await
    }

    /// A request for an operation, as text; `more` are headers, each with its line's end.
    pub(crate) fn request(&self, method: &str, target: &str, tr_id: &str, more: &str) -> String {
        format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\ncontent-type: application/json\r\nauthorization: Bearer {}\r\n\
             appkey: {}\r\nappsecret: {}\r\ntr_id: {tr_id}\r\ncusttype: P\r\n{more}\r\n",
            self.address, self.token, self.app_key, self.app_secret
        )
    }

    pub(crate) async fn get(&self, target: &str, tr_id: &str) -> Answer {
        Wire::connect(self.address).await.call(&self.request("GET", target, tr_id, "")).await
    }

    pub(crate) async fn price(&self) -> Answer {
        self.get(PRICE, "FHKST01010100").await
    }

    /// The target of the balance, with the account number.
    pub(crate) fn holdings(&self) -> String {
        format!(
            "/uapi/domestic-stock/v1/trading/inquire-balance?CANO={}&ACNT_PRDT_CD={}&AFHR_FLPR_YN=N&OFL_YN=&INQR_DVSN=01&\
             UNPR_DVSN=01&FUND_STTL_ICLD_YN=N&FNCG_AMT_AUTO_RDPT_YN=N&PRCS_DVSN=00&CTX_AREA_FK100=&CTX_AREA_NK100=",
            self.cano, self.product_code
        )
    }

    pub(crate) async fn balance(&self) -> Answer {
        self.get(&self.holdings(), "TTTC8434R").await
    }
}
