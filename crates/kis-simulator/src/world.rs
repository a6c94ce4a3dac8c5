//! Everything that the simulated KIS knows, and the way of a call through it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use spelled_http::{Delivery, Refusal, Response, Service};
use tracing::{info, warn};

use super::{
    Setup,
    calls::{CallRecord, Calls, shown},
    control,
    faults::{Fault, Faults},
    http::{Answer, Request},
    key::{self, Key, Operation},
    market::Market,
    masters, oauth,
    orders::{self, Received},
    steered::Steered,
};
use crate::clock::SharedClock;

/// Everything that the simulated KIS knows.
#[derive(Debug)]
pub(super) struct World {
    pub(super) clock: Steered,
    /// What a reset goes back to.
    setup: Setup,
    pub(super) latency: Mutex<Duration>,
    pub(super) keys: Mutex<Vec<Key>>,
    pub(super) faults: Mutex<Faults>,
    pub(super) market: Market,
    /// Master files that were put in the place of those of the listing.
    pub(super) masters: Mutex<BTreeMap<String, Vec<u8>>>,
    pub(super) calls: Mutex<Calls>,
    /// Orders, amendments and cancellations that arrived.
    pub(super) received: Mutex<Received>,
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How an answer ends.
enum Ending {
    Whole,
    Cut(usize),
    Closed,
}

impl World {
    pub(super) fn new(setup: Setup, machine: SharedClock) -> io::Result<Self> {
        let different: BTreeSet<_> = setup.keys.iter().map(|options| &options.app_key).collect();
        if setup.keys.is_empty() || different.len() < setup.keys.len() {
            let message = "a simulator needs at least one app key, and no two may be the same";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let market = Market::new(&setup.market);
        Ok(Self {
            clock: Steered::new(machine),
            latency: Mutex::new(setup.latency),
            keys: Mutex::new(setup.keys.iter().map(|options| Key::new(options.clone(), &market)).collect()),
            faults: Mutex::default(),
            market,
            masters: Mutex::default(),
            calls: Mutex::default(),
            received: Mutex::default(),
            setup,
        })
    }

    /// Goes back to how it was at the start. Time that has passed has passed.
    pub(super) fn reset(&self) {
        let fresh = self.setup.keys.iter().map(|options| Key::new(options.clone(), &self.market)).collect();
        *locked(&self.keys) = fresh;
        *locked(&self.latency) = self.setup.latency;
        *locked(&self.faults) = Faults::default();
        self.market.reset();
        locked(&self.masters).clear();
        locked(&self.calls).clear();
        locked(&self.received).clear();
        self.clock.put_right();
    }

    /// Answers a call, with whatever was scripted for it.
    async fn call(&self, request: &Request, received: Option<usize>) -> (Answer, Ending) {
        let Some((fault, after_effect)) = locked(&self.faults).next(request) else {
            return (self.effect(request, received), Ending::Whole);
        };
        let effect = after_effect.then(|| self.effect(request, received));
        let answer = || effect.unwrap_or_else(|| self.effect(request, received));
        match fault {
            Fault::Answer { status, body } => (Answer::json(status, body), Ending::Whole),
            Fault::Raw { status, headers, body } => {
                (Answer(Response { status, headers, body: body.into_bytes() }), Ending::Whole)
            }
            Fault::Bytes { status, body } => (Answer(Response { status, headers: Vec::new(), body }), Ending::Whole),
            Fault::Code(code) => {
                let answer = Answer::refusal(&request.path, &code, &format!("simulated: {code}"));
                (answer, Ending::Whole)
            }
            Fault::Reset => (Answer::empty(0), Ending::Closed),
            Fault::Delay(by) => {
                self.clock.sleep(by).await;
                (answer(), Ending::Whole)
            }
            Fault::Cut { after } => (answer(), Ending::Cut(after)),
            Fault::Hold(hold) => {
                hold.wait().await;
                (answer(), Ending::Whole)
            }
            Fault::OtherOrder(number) => (orders::with_number(answer(), &number), Ending::Whole),
        }
    }

    /// What a call does, which is noted of an order.
    fn effect(&self, request: &Request, received: Option<usize>) -> Answer {
        let answer = self.handle(request);
        if let Some(at) = received {
            locked(&self.received).has_effect(at, &answer);
        }
        answer
    }

    fn handle(&self, request: &Request) -> Answer {
        if masters::is_meant(request) {
            let name = request.path.rsplit('/').next().unwrap_or_default();
            return masters::answer(request, locked(&self.masters).get(name), self.clock.now());
        }
        let Some(operation) = Operation::of(request) else {
            if !key::is_websocket(request) && key::is_of_other_method(request) {
                return Answer::other_method(&request.path);
            }
            let mut what = format!("{} {}", request.method, request.path);
            if key::is_websocket(request) {
                what.push_str(" (WebSocket)");
            }
            warn!("not simulated: {}", self.shown(&what));
            return Answer::empty(404);
        };
        let app_key = match oauth::app_key(request) {
            Ok(app_key) => app_key,
            Err(refusal) => return refusal,
        };
        let (now, arrived) = (self.clock.now(), self.clock.monotonic());
        match locked(&self.keys).iter_mut().find(|key| key.options.app_key == app_key) {
            Some(key) => key.answer(operation, request, &self.market, (now, arrived)),
            // The quota is a key's, so this counts for nobody.
            None => oauth::unknown_key(request),
        }
    }

    /// A text that a client has sent, without what is secret here.
    fn shown(&self, text: &str) -> String {
        let keys = locked(&self.keys);
        let secrets = keys.iter().flat_map(|key| {
            let credentials = [key.options.app_key.as_str(), key.options.app_secret.as_str()];
            credentials.into_iter().chain(key.oauth.texts())
        });
        shown(text, secrets)
    }

    /// The call as it will be told, its answer still to come.
    fn arrived(&self, request: &Request) -> CallRecord {
        let app_key = oauth::app_key(request).ok();
        let key = locked(&self.keys).iter().position(|key| Some(&key.options.app_key) == app_key.as_ref());
        let header = |name| self.shown(request.header(name).unwrap_or_default());
        CallRecord {
            at: self.clock.monotonic(),
            time: self.clock.now(),
            key,
            method: self.shown(&request.method),
            path: self.shown(&request.path),
            tr_id: header("tr_id"),
            tr_cont: header("tr_cont"),
            status: 0,
            msg_cd: String::new(),
        }
    }

    /// Whether answers to this key have a `Date`; those to nobody's have one.
    fn dates(&self, key: Option<usize>) -> bool {
        key.and_then(|key| locked(&self.keys).get(key).map(|key| key.options.dates_answers)).unwrap_or(true)
    }

    fn record(&self, call: CallRecord, answer: &Response) {
        let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let code = ["msg_cd", "error_code"].iter().find_map(|name| json.get(name)?.as_str());
        let call = CallRecord { status: answer.status, msg_cd: code.unwrap_or_default().to_owned(), ..call };
        let CallRecord { path, tr_id, status, msg_cd, .. } = &call;
        info!(path, tr_id, status, msg_cd, "answered");
        locked(&self.calls).push(call);
    }
}

impl Service for World {
    async fn answer(&self, request: Request) -> Delivery {
        if self.setup.control && control::is_meant(&request) {
            return Delivery::Whole(control::answer(self, &request).dated(self.clock.now()).0);
        }
        let call = self.arrived(&request);
        let key = call.key;
        let received = orders::is_order(&request)
            .then(|| locked(&self.received).push(&request, key, self.clock.monotonic(), self.clock.now()));
        let (answer, ending) = self.call(&request, received).await;
        self.record(call, &answer.0);
        let latency = *locked(&self.latency);
        if !latency.is_zero() {
            self.clock.sleep(latency).await;
        }
        let Answer(response) = if self.dates(key) { answer.dated(self.clock.now()) } else { answer };
        if let Some(at) = received {
            let status = if matches!(ending, Ending::Closed) { 0 } else { response.status };
            locked(&self.received).is_answered(at, status);
        }
        match ending {
            Ending::Whole => Delivery::Whole(response),
            Ending::Cut(after) => Delivery::Cut { response, after },
            Ending::Closed => Delivery::Closed,
        }
    }

    fn refuse(&self, refusal: Refusal) -> Response {
        warn!("refused a request: {refusal}");
        Answer::business_error(refusal.status(), "EGW00101", &refusal.to_string()).dated(self.clock.now()).0
    }
}
