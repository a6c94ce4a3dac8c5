//! What can be steered, each with its body.

use std::{collections::BTreeMap, str::FromStr, time::Duration};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use serde_json::{Value, json, value::RawValue};

use super::{Done, Refused};
use crate::{
    Fault, Options, Portfolio, Position, Scripted, Target,
    clock::kst,
    key::Key,
    world::{World, locked},
};

/// The longest that time is moved at once: a century.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| Refused::new(400, format!("the body is not as it must be: {error}")))
}

pub(super) fn instant(instant: DateTime<Utc>) -> String {
    kst(instant).to_rfc3339_opts(SecondsFormat::Millis, false)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Time {
    advance_ms: Option<u64>,
    set: Option<DateTime<Utc>>,
}

/// Moves the clock.
pub(super) fn time(world: &World, body: &[u8]) -> Done {
    let longest = TimeDelta::from_std(LONGEST).unwrap_or_default();
    match read(body)? {
        Time { advance_ms: Some(ms), set: None } if Duration::from_millis(ms) <= LONGEST => {
            world.clock.advance(Duration::from_millis(ms));
        }
        Time { advance_ms: None, set: Some(to) } if to.signed_duration_since(world.clock.now()).abs() <= longest => {
            world.clock.set(to);
        }
        _ => return Err(Refused::new(400, "it is one of advance_ms and set, at most a century away")),
    }
    Ok(json!({ "now": instant(world.clock.now()) }))
}

fn portfolios(key: &mut Key) -> impl Iterator<Item = &mut Portfolio> {
    let Options { portfolio, more_accounts, .. } = &mut key.options;
    std::iter::once(portfolio).chain(more_accounts.iter_mut().map(|account| &mut account.portfolio))
}

/// Sets prices in every account.
pub(super) fn prices(world: &World, body: &[u8]) -> Done {
    let prices: BTreeMap<String, i64> = read(body)?;
    if let Some((code, _)) = prices.iter().find(|(_, price)| **price < 0) {
        return Err(Refused::new(400, format!("the price of {code} is below zero")));
    }
    let mut changed = 0;
    let mut unheld: Vec<&str> = Vec::new();
    let mut keys = locked(&world.keys);
    for (code, price) in &prices {
        let before = changed;
        for portfolio in keys.iter_mut().flat_map(portfolios) {
            for position in portfolio.positions.iter_mut().filter(|position| position.code == *code) {
                position.price = *price;
                changed += 1;
            }
        }
        world.market.pin_price(code, *price, world.clock.now());
        if changed == before {
            unheld.push(code);
        }
    }
    Ok(json!({ "changed": changed, "not_held": unheld }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultBody {
    path: Option<String>,
    operation: Option<String>,
    #[serde(default = "once")]
    times: u32,
    #[serde(default)]
    after_effect: bool,
    msg_cd: Option<String>,
    answer: Option<AnswerBody>,
    delay_ms: Option<u64>,
    cut_after_bytes: Option<usize>,
    #[serde(default)]
    reset: bool,
    other_order: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerBody {
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// A text as it is, or JSON.
    #[serde(default)]
    body: Value,
}

fn once() -> u32 {
    1
}

fn ok() -> u16 {
    200
}

impl FaultBody {
    fn scripted(self) -> Result<Scripted, &'static str> {
        let target = match (self.path, self.operation) {
            (Some(ending), None) => Target::PathEnding(ending),
            (None, Some(operation)) => Target::Operation(operation),
            _ => return Err("it is one of path and operation"),
        };
        let delay = self.delay_ms.map(Duration::from_millis).filter(|delay| *delay <= LONGEST).map(Fault::Delay);
        let mut faults = [
            self.msg_cd.map(Fault::Code),
            self.answer.map(AnswerBody::fault),
            delay,
            self.cut_after_bytes.map(|after| Fault::Cut { after }),
            self.reset.then_some(Fault::Reset),
            self.other_order.map(Fault::OtherOrder),
        ]
        .into_iter()
        .flatten();
        match (faults.next(), faults.next()) {
            (Some(fault), None) => Ok(Scripted { target, fault, times: self.times, after_effect: self.after_effect }),
            _ => Err("it is one of msg_cd, answer, delay_ms, cut_after_bytes, reset and other_order"),
        }
    }
}

impl AnswerBody {
    fn fault(self) -> Fault {
        let mut headers: Vec<(String, String)> = self.headers.into_iter().collect();
        let body = match self.body {
            Value::Null => String::new(),
            Value::String(text) => text,
            json => {
                if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                    headers.push(("Content-Type".to_owned(), "application/json; charset=utf-8".to_owned()));
                }
                json.to_string()
            }
        };
        Fault::Raw { status: self.status, headers, body }
    }
}

/// Scripts faults: all of a list or none.
pub(super) fn faults(world: &World, body: &[u8]) -> Done {
    let bodies: Vec<FaultBody> = read(body)?;
    let scripted: Vec<Scripted> = bodies
        .into_iter()
        .enumerate()
        .map(|(at, body)| body.scripted().map_err(|error| Refused::new(400, format!("fault {at}: {error}"))))
        .collect::<Result<_, _>>()?;
    let count = scripted.len();
    let mut faults = locked(&world.faults);
    scripted.into_iter().for_each(|scripted| faults.script(scripted));
    Ok(json!({ "scripted": count }))
}

/// Does something to the keys that are meant: all, or the one with this app key.
fn each_key(world: &World, app_key: Option<&str>, change: impl FnMut(&mut Key)) -> Result<usize, Refused> {
    let mut keys = locked(&world.keys);
    let mut meant: Vec<_> =
        keys.iter_mut().filter(|key| app_key.is_none_or(|meant| key.options.app_key == meant)).collect();
    if meant.is_empty() {
        return Err(Refused::new(404, "there is no such app_key"));
    }
    meant.iter_mut().map(|key| &mut **key).for_each(change);
    Ok(meant.len())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    #[serde(default)]
    kill: bool,
    #[serde(default)]
    revoke: bool,
    app_key: Option<String>,
}

/// Ends the tokens of a key, or of all.
pub(super) fn token(world: &World, body: &[u8]) -> Done {
    let token: Token = read(body)?;
    let keys = match (token.kill, token.revoke) {
        (true, false) => each_key(world, token.app_key.as_deref(), |key| key.oauth.kill_all())?,
        (false, true) => each_key(world, token.app_key.as_deref(), |key| key.oauth.revoke_all())?,
        _ => return Err(Refused::new(400, "it is one of kill and revoke, and true")),
    };
    Ok(json!({ "keys": keys }))
}

/// There is no realtime, so there is no session to end.
pub(super) fn session(_: &World, _: &[u8]) -> Done {
    Err(Refused::new(409, "realtime is not simulated yet, so there is no session"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    calls_per_second: usize,
    app_key: Option<String>,
}

/// Sets the limit of calls of a key, or of all.
pub(super) fn limit(world: &World, body: &[u8]) -> Done {
    let limit: Limit = read(body)?;
    let calls_per_second = limit.calls_per_second;
    let keys = each_key(world, limit.app_key.as_deref(), |key| key.options.calls_per_second = calls_per_second)?;
    Ok(json!({ "keys": keys, "calls_per_second": calls_per_second }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PortfolioBody {
    account_no: Option<String>,
    account_product_code: Option<String>,
    /// Today, on D+1 and on D+2.
    cash: Option<i64>,
    deposit: Option<i64>,
    deposit_d1: Option<i64>,
    deposit_d2: Option<i64>,
    holdings: Option<Vec<HoldingBody>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HoldingBody {
    stock_code: String,
    stock_name: Option<String>,
    quantity: i64,
    avg_price: Exact,
    current_price: i64,
    position: Option<String>,
    #[serde(default)]
    loan_date: String,
    #[serde(default)]
    loan_amount: i64,
}

/// A number with exactly the digits it is written with.
pub(super) struct Exact(pub(super) Decimal);

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Box::<RawValue>::deserialize(deserializer)?;
        Decimal::from_str(written.get().trim_matches('"')).map(Self).map_err(D::Error::custom)
    }
}

impl From<HoldingBody> for Position {
    fn from(body: HoldingBody) -> Self {
        let name = body.stock_name.unwrap_or_else(|| body.stock_code.clone());
        let mut position = Self::cash(&body.stock_code, &name, body.quantity, 0, body.current_price);
        position.avg_price = body.avg_price.0;
        position.kind = body.position.unwrap_or(position.kind);
        position.loan_date = body.loan_date;
        position.loan_amount = body.loan_amount;
        position
    }
}

/// Changes what an account holds: what is left out stays. Without an account it is the first.
pub(super) fn portfolio(world: &World, body: &[u8]) -> Done {
    let body: PortfolioBody = read(body)?;
    let mut keys = locked(&world.keys);
    let (mut accounts, meant) = (Vec::new(), |number: &str, product: &str| {
        body.account_no.as_deref().is_none_or(|meant| meant == number)
            && body.account_product_code.as_deref().is_none_or(|meant| meant == product)
    });
    for key in keys.iter_mut() {
        let Options { cano, product_code, portfolio, more_accounts, .. } = &mut key.options;
        let more = more_accounts.iter_mut().map(|more| (&more.cano, &more.product_code, &mut more.portfolio));
        accounts.extend(std::iter::once((&*cano, &*product_code, portfolio)).chain(more));
    }
    let account = accounts.into_iter().find(|(number, product, _)| meant(number, product));
    let Some((number, product, portfolio)) = account else {
        return Err(Refused::new(404, "there is no such account"));
    };
    if let Some(cash) = body.cash {
        (portfolio.deposit, portfolio.deposit_d1, portfolio.deposit_d2) = (cash, cash, cash);
    }
    portfolio.deposit = body.deposit.unwrap_or(portfolio.deposit);
    portfolio.deposit_d1 = body.deposit_d1.unwrap_or(portfolio.deposit_d1);
    portfolio.deposit_d2 = body.deposit_d2.unwrap_or(portfolio.deposit_d2);
    if let Some(holdings) = body.holdings {
        portfolio.positions = holdings.into_iter().map(Position::from).collect();
    }
    Ok(json!({
        "account_no": number,
        "account_product_code": product,
        "holdings": portfolio.positions.len(),
        "deposit": portfolio.deposit,
    }))
}

/// Goes back to how it was at the start, but for the time that has passed.
pub(super) fn reset(world: &World, _: &[u8]) -> Done {
    world.reset();
    Ok(json!({ "now": instant(world.clock.now()) }))
}

/// Every call so far.
pub(super) fn calls(world: &World, _: &[u8]) -> Done {
    let calls: Vec<Value> = locked(&world.calls)
        .iter()
        .map(|call| {
            json!({
                "time": instant(call.time),
                "key": call.key,
                "method": call.method,
                "path": call.path,
                "tr_id": call.tr_id,
                "tr_cont": call.tr_cont,
                "status": call.status,
                "msg_cd": call.msg_cd,
            })
        })
        .collect();
    Ok(json!({ "calls": calls }))
}
