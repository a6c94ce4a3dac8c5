//! `[accounts.NAME.orders]` and `[orders]`: whether orders are taken, and within which limits.
//!
//! `[orders]` gives values to paper accounts alone: the limits of a real one are written out in its own table.

use std::time::Duration;

use rust_decimal::Decimal;

use super::{
    Orders,
    accounts::Accounts,
    check::{Check, MINUTE, SECOND},
    raw::{RawOrders, RawOrdersOfAll},
};
use crate::{
    kis::Environment,
    order::{Approve, Sessions, Settings},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The ledger, beside the token.
const LEDGER: &str = "orders.db";

/// Users from this one on are people.
const PEOPLE: u32 = 1000;

/// Shells with which nobody logs in.
const NO_SHELLS: [&str; 3] = ["nologin", "false", "sync"];

impl Check<'_> {
    /// The settings of all accounts, put into them, and those of all.
    pub(super) fn orders(&mut self, raw: RawOrdersOfAll, accounts: Option<&mut Accounts>) -> Orders {
        let directory = self.state_directory();
        let usual = raw.usual();
        let RawOrdersOfAll { ledger, read_only, .. } = raw;
        let read_only = read_only.unwrap_or_default();
        let ledger = self.path("orders.ledger", ledger, || directory.join(LEDGER));
        let Some(accounts) = accounts else { return Orders { ledger, read_only } };
        let raws = std::mem::take(&mut accounts.orders);
        for (account, (table, own)) in accounts.accounts.iter_mut().zip(raws) {
            let environment = accounts.keys[account.key].kis.environment;
            let path = format!("{table}.orders");
            let settings = match environment {
                Environment::Paper => self.settings(&path, &own, &usual, environment),
                Environment::Real => self.settings(&path, &own, &RawOrders::default(), environment),
            };
            let enabled = settings.enabled && !read_only;
            account.orders = Settings { enabled, ..settings };
        }
        Orders { ledger, read_only }
    }

    fn settings(&mut self, path: &str, own: &RawOrders, usual: &RawOrders, environment: Environment) -> Settings {
        let is_real = environment == Environment::Real;
        let enabled = own.enabled.or(usual.enabled).unwrap_or_default();
        if enabled && is_real {
            let needed = [
                ("max_order_amount", own.max_order_amount.is_some()),
                ("max_daily_amount", own.max_daily_amount.is_some()),
                ("approve", own.approve.is_some()),
            ];
            for (key, _) in needed.into_iter().filter(|(_, given)| !given) {
                self.fault(
                    &format!("{path}.{key}"),
                    "is missing: orders of a real account are enabled only with its limits written out",
                );
            }
            if own.same_user != Some(true) && is_of_a_person() {
                let problem = "is missing: this daemon runs as a person's own user, whose other programs can read its key and change its \
                    limits; run it as a user of its own, or write true";
                self.fault(&format!("{path}.same_user"), problem);
            }
        }
        let mut amount = |key: &str, own: Option<i64>, usual: Option<i64>| {
            let raw = own.or(usual)?;
            let amount = u64::try_from(raw).ok().filter(|amount| *amount > 0);
            if amount.is_none() {
                self.fault(&format!("{path}.{key}"), "must be won, more than 0; leave it out for no limit");
            }
            amount
        };
        let max_order_amount = amount("max_order_amount", own.max_order_amount, usual.max_order_amount);
        let max_daily_amount = amount("max_daily_amount", own.max_daily_amount, usual.max_daily_amount);
        let max_sell_amount = amount("max_sell_amount", own.max_sell_amount, usual.max_sell_amount);
        let max_daily_sell_amount =
            amount("max_daily_sell_amount", own.max_daily_sell_amount, usual.max_daily_sell_amount);
        let per_minute = amount("max_orders_per_minute", own.max_orders_per_minute, usual.max_orders_per_minute);
        let default_absent = is_real.then_some(()).map_or(Some(MINUTE), |()| None);
        Settings {
            enabled,
            max_order_amount,
            max_daily_amount,
            max_sell_amount,
            max_daily_sell_amount,
            max_orders_per_minute: per_minute.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
            price_collar: self.percent(path, "price_collar", own.price_collar.as_ref().or(usual.price_collar.as_ref())),
            allow_stocks: own.allow_stocks.clone().or_else(|| usual.allow_stocks.clone()).unwrap_or_default(),
            deny_stocks: own.deny_stocks.clone().or_else(|| usual.deny_stocks.clone()).unwrap_or_default(),
            allow_margin: own.allow_margin.or(usual.allow_margin).unwrap_or_default(),
            sessions: self.sessions(path, own.sessions.as_deref().or(usual.sessions.as_deref())),
            approve: self.approve(path, own.approve.as_deref().or(usual.approve.as_deref())),
            approve_within: self.duration(
                &format!("{path}.approve_within"),
                own.approve_within.clone().or_else(|| usual.approve_within.clone()),
                5 * MINUTE,
                10 * SECOND,
                DAY,
            ),
            assume_absent_after: match own.assume_absent_after.as_deref().or(usual.assume_absent_after.as_deref()) {
                None => default_absent,
                Some("never") => None,
                Some(text) => Some(self.duration(
                    &format!("{path}.assume_absent_after"),
                    Some(text.to_owned()),
                    MINUTE,
                    30 * SECOND,
                    DAY,
                )),
            },
            fee_rate: self.percent(path, "fee_rate", own.fee_rate.as_ref().or(usual.fee_rate.as_ref())),
        }
    }

    fn percent(&mut self, path: &str, key: &str, raw: Option<&String>) -> Option<Decimal> {
        let text = raw?;
        let number = text.strip_suffix('%').and_then(|number| number.trim().parse::<Decimal>().ok());
        let number = number.filter(|number| *number > Decimal::ZERO && *number <= Decimal::ONE_HUNDRED);
        if number.is_none() {
            self.fault(&format!("{path}.{key}"), "is not a share; allowed is more than 0% to 100%, as in \"10%\"");
        }
        number
    }

    fn sessions(&mut self, path: &str, raw: Option<&str>) -> Sessions {
        match raw {
            None | Some("regular") => Sessions::Regular,
            Some("all") => Sessions::All,
            Some(_) => {
                self.fault(&format!("{path}.sessions"), "allowed are \"regular\" and \"all\"");
                Sessions::Regular
            }
        }
    }

    fn approve(&mut self, path: &str, raw: Option<&str>) -> Approve {
        let above = |text: &str| text.strip_prefix("above ")?.trim().replace('_', "").parse().ok();
        match raw {
            None | Some("never") => Approve::Never,
            Some("always") => Approve::Always,
            Some(text) => match above(text) {
                Some(won) => Approve::Above(won),
                None => {
                    self.fault(
                        &format!("{path}.approve"),
                        "allowed are \"always\", \"never\" and \"above WON\", as in \"above 500000\"",
                    );
                    Approve::Always
                }
            },
        }
    }
}

/// Whether the daemon's user is a person's: one who logs in.
fn is_of_a_person() -> bool {
    let uid = nix::unistd::geteuid();
    let shell = nix::unistd::User::from_uid(uid).ok().flatten().map(|user| user.shell);
    let logs_in = shell.is_some_and(|shell| !NO_SHELLS.iter().any(|none| shell.ends_with(none)));
    uid.as_raw() >= PEOPLE && logs_in
}
