//! What `fuzz/` throws bytes at, each with what must hold for any bytes. Compiled for the fuzzer (`--cfg fuzzing`) and for tests only.
#![cfg_attr(
    test,
    allow(
        dead_code,
        reason = "the suite runs a short form of one target; the others have theirs beside what they try"
    )
)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a finding is a panic")]

mod gateway;

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use chrono::DateTime;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};
use tokio_util::{codec::Decoder, sync::CancellationToken};

use crate::{
    account::{self, Account, AccountId, AccountName, BalanceQuestion, Calls, Together},
    book::{Book, Shelf},
    clients::Clients,
    clock::{ManualClock, SharedClock},
    desk::{Desk, Desks},
    kis::{
        self, Credentials, Environment, Http,
        reply::{More, Reply},
    },
    order::Orders,
    quote,
    secret::{AppKey, AppSecret},
    server::{self, Backend, Server},
    stock,
    token::{
        self, KeySession,
        store::{self, Mirrored, Store},
    },
    trust::Trust,
    wire::frame::{Frame, FrameError, JsonStream},
};

pub use self::gateway::gateway;

const MAX_BYTES: usize = 4096;

/// The frames of the JSON stream, fed in chunks of this size.
fn frames(bytes: &[u8], chunk: usize) -> (Vec<Frame>, bool) {
    let (mut codec, mut buffer, mut frames) = (JsonStream::new(MAX_BYTES), BytesMut::new(), Vec::new());
    for chunk in bytes.chunks(chunk) {
        buffer.extend_from_slice(chunk);
        loop {
            match codec.decode(&mut buffer) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(FrameError::TooLong(_)) => return (frames, true),
                Err(FrameError::Io(error)) => panic!("there is no I/O here: {error}"),
            }
        }
    }
    while let Ok(Some(frame)) = codec.decode_eof(&mut buffer) {
        frames.push(frame);
    }
    (frames, false)
}

/// The framing: chunks make no difference, no message is longer than the limit, and JSON that is there is found.
pub fn json_stream(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let whole = frames(bytes, bytes.len().max(1));
    let chunked = frames(bytes, usize::from(*first) + 1);
    assert_eq!(whole, chunked);
    for frame in &whole.0 {
        if let Frame::Message(message) = frame {
            assert!(!message.is_empty() && message.len() <= MAX_BYTES + 1);
        }
    }
    // Objects that a parser finds one after another, the framing finds too.
    let objects: Result<Vec<serde_json::Map<String, serde_json::Value>>, _> =
        serde_json::Deserializer::from_slice(bytes).into_iter().collect();
    if let Ok(objects) = objects
        && bytes.len() <= MAX_BYTES
    {
        let messages: Vec<serde_json::Map<String, serde_json::Value>> = whole
            .0
            .iter()
            .map(|frame| match frame {
                Frame::Message(message) => serde_json::from_slice(message).expect("one object"),
                Frame::Malformed => panic!("JSON is called malformed"),
            })
            .collect();
        assert_eq!(messages, objects);
    }
}

/// The socket, from the first byte on: whatever is sent, the connection ends, and what it says is of its dialect.
pub fn dialect(bytes: &[u8]) {
    static RUNTIME: LazyLock<tokio::runtime::Runtime> =
        LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());
    static SERVER: LazyLock<Server> = LazyLock::new(idle_server);
    let Some(first) = bytes.first() else { return };
    let said = RUNTIME.block_on(async {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut begun = server::serve::Begun::default();
        SERVER.receive(theirs, &mut begun);
        let (mut reader, mut writer) = ours.into_split();
        let mut said = Vec::new();
        let talk = async {
            let write = async {
                // The daemon may have heard enough before all is sent.
                let _ = writer.write_all(bytes).await;
                drop(writer);
            };
            tokio::join!(write, reader.read_to_end(&mut said)).1
        };
        let ended = tokio::time::timeout(Duration::from_secs(5), talk).await;
        let _ = ended.expect("the connection does not end");
        said
    });
    if first.is_ascii_uppercase() {
        assert!(said.is_empty() || said.starts_with(b"HTTP/1."), "{}", String::from_utf8_lossy(&said));
    } else {
        for line in said.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let reply: serde_json::Value = serde_json::from_slice(line).expect("a reply is a line of JSON");
            let replies = reply.as_array().cloned().unwrap_or_else(|| vec![reply.clone()]);
            assert!(replies.iter().all(|reply| reply["jsonrpc"] == "2.0" && reply.get("id").is_some()), "{reply}");
        }
    }
}

/// The parsers of KIS's answers: envelope, token, page of a balance.
pub fn kis_answers(bytes: &[u8]) {
    let Some((first, body)) = bytes.split_first() else { return };
    let status = [200, 200, 403, 500, 404, 302][usize::from(*first) % 6];
    let (_, _) = kis::reply::classify("TTTC8434R", status, body, &["secret"]);
    if let Ok(issued) = kis::auth::parse(body, DateTime::UNIX_EPOCH) {
        assert!(issued.expires_at > DateTime::UNIX_EPOCH, "a token that was just handed out is alive");
        assert!(issued.expires_at <= DateTime::UNIX_EPOCH + chrono::TimeDelta::days(366));
    }
    let reply = Reply {
        tr_id: "TTTC8434R",
        more: [More::Yes, More::No, More::Unsaid][usize::from(*first) % 3],
        http_status: 200,
        body: Bytes::copy_from_slice(body),
    };
    let asked = kis::paging::PageKey { nk: "000050".to_owned(), ..Default::default() };
    if let Ok(page) = kis::balance::parse(&reply, &asked) {
        assert!(page.holdings.iter().all(|row| !row.key.stock_code.is_empty() && row.quantity != 0));
        let leads_on = |key: &kis::paging::PageKey| !["", "^^", "000050"].contains(&key.nk.trim());
        assert!(page.next.as_ref().is_none_or(|key| reply.more == More::Yes && leads_on(key)));
    }
}

/// The mirror: what is taken from it is a token that can be sent.
pub fn mirror(bytes: &[u8]) {
    static STORE: LazyLock<Store> =
        LazyLock::new(|| Store::files("/dev/null/token.json".into(), Environment::Real, &credentials()));
    // Most mutations would only damage the binding, so the right one is put into what claims one.
    let text = String::from_utf8_lossy(bytes).replace("BINDING", STORE.binding().as_str());
    if let Ok(Mirrored::Usable(token) | Mirrored::Refused(token)) =
        store::mirror::parse(text.as_bytes(), STORE.binding())
    {
        assert!(!token.access_token.expose().is_empty());
        let sendable = |byte: u8| byte.is_ascii_graphic();
        assert!(token.access_token.expose().bytes().all(sendable), "a header can hold it");
    }
}

fn credentials() -> Credentials {
    Credentials {
        app_key: AppKey::try_new("k".repeat(36)).unwrap(),
        app_secret: AppSecret::try_new("s".repeat(180)).unwrap(),
    }
}

/// A server whose account nobody answers for: every call comes back at once.
fn idle_server() -> Server {
    let clock: SharedClock = ManualClock::at(DateTime::UNIX_EPOCH).shared();
    let key = key(&clock);
    let account = account("default", "12345678", &key);
    let settings = server::Settings {
        socket: "/dev/null/kisd.sock".into(),
        socket_mode: 0o600,
        allow_uids: Vec::new(),
        allow_gids: Vec::new(),
        allow_refresh_uids: Vec::new(),
        grants: Vec::new(),
        max_connections: 16,
        max_request_bytes: MAX_BYTES,
    };
    let name = account.name.clone();
    let book = Book::new([account], &name, &[]).unwrap();
    let clients = Arc::new(Clients::open("/dev/null/clients.json".into(), clock.clone()));
    let trust = Arc::new(Trust::open("/dev/null".as_ref(), clock.clone()));
    let stocks = stock::Settings {
        master_url: "http://127.0.0.1:9".parse().unwrap(),
        master_max_age: Duration::from_secs(86_400),
        directory: "/dev/null/masters".into(),
    };
    let (stocks, _) = stock::StockHandle::new(&stocks, &Http::default(), clock.clone()).unwrap();
    let orders = Arc::new(Orders::new("/dev/null/orders.db".as_ref(), stocks.clone()).unwrap());
    let candles = quote::Settings { file: "/dev/null/candles.db".into(), max_bytes: 0 };
    let candles = quote::CandleStore::open(candles, clock.clone());
    let backend =
        Backend::new(Arc::new(Shelf::new(book)), clients, trust, (stocks, candles, orders), DateTime::UNIX_EPOCH);
    Server::new(Arc::new(backend), settings, clock)
}

/// An app key that nobody has asked with.
fn key(clock: &SharedClock) -> Arc<KeySession> {
    let settings = kis::Settings {
        environment: Environment::Real,
        base_url: "http://127.0.0.1:9".parse().unwrap(),
        credentials: credentials(),
        calls_per_second: 18,
        request_timeout: Duration::from_secs(10),
    };
    let token = token::Settings {
        file: "/dev/null/token.json".into(),
        refresh_before: Duration::from_secs(600),
        issue_interval: Duration::from_secs(60),
        remedy: token::Remedy::Reload,
    };
    KeySession::new(settings, None, token, &Http::default(), clock.clone()).unwrap().0
}

/// An account that nobody answers for.
fn account(name: &str, number: &str, key: &Arc<KeySession>) -> Account {
    let (name, id) = (AccountName::try_new(name).unwrap(), AccountId::try_new(number, "01").unwrap());
    let settings = account::Settings {
        max_age: Duration::ZERO,
        call_timeout: Duration::from_secs(30),
        prices: kis::balance::PriceBasis::Krx,
        accept_difference: false,
    };
    let (_, balance) = Desk::new(
        BalanceQuestion::new(id.clone(), &settings),
        key.client.clone(),
        key.token.clone(),
        settings.of_the_desk(),
        None,
    );
    let calls = Calls::new(key, settings.of_the_desk(), CancellationToken::new());
    let (client, token) = (key.client.clone(), key.token.clone());
    let relays = Arc::new(Desks::new(client, token, settings.of_the_desk(), 1 << 20, CancellationToken::new()));
    let together = Arc::new(Together::new(quote::MOST));
    Account { name, id, hts_id: None, key: key.clone(), balance, calls, together, relays }
}
