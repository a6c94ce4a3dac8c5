//! `[kis]` and `[accounts.NAME]`: app keys, and accounts over them.
//!
//! `[kis]` is the account `default`. Accounts that name one app key share it: its token, its quota and its session are one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use url::Url;

use super::{
    AccountConfig, KeyConfig,
    check::{Check, MINUTE, SECOND},
    credential, mark,
    raw::{RawAccount, RawOrders},
};
use crate::{
    account::{self, AccountFault, AccountId, AccountName, HtsId},
    kis::{self, Credentials, Environment},
    order,
};

/// Accounts of one daemon.
const MOST: usize = 100;

/// Calls a second of one app key; KIS allows far fewer.
const MOST_CALLS: u32 = 100;

/// Calls a second where KIS is simulated, so that what kisd adds to a call can be measured.
const MOST_SIMULATED_CALLS: u32 = 100_000;

/// The account that `[kis]` is.
const OF_KIS: &str = "default";

/// What was configured, checked.
pub(super) struct Accounts {
    pub(super) keys: Vec<KeyConfig>,
    /// By name.
    pub(super) accounts: Vec<AccountConfig>,
    /// For each of them its table, and what is written there of orders.
    pub(super) orders: Vec<(String, RawOrders)>,
    pub(super) default: AccountName,
}

/// A table that describes an account.
struct Table {
    /// `kis` or `accounts.NAME`.
    path: String,
    raw: RawAccount,
}

impl Check<'_> {
    /// All accounts; `None` if there is a fault.
    pub(super) fn accounts(
        &mut self,
        kis: Option<RawAccount>,
        others: BTreeMap<String, RawAccount>,
        default: Option<&str>,
        settings: account::Settings,
    ) -> Option<Accounts> {
        let mut tables = self.tables(kis, others)?;
        let mut written: BTreeMap<AccountName, RawOrders> =
            tables.iter_mut().map(|(name, table)| (name.clone(), std::mem::take(&mut table.raw.orders))).collect();
        let default = self.default(&tables, default);
        // An app key that several tables name is one key.
        let mut keys: Vec<(KeyConfig, &AccountName)> = Vec::new();
        let mut key_of_table: BTreeMap<&AccountName, usize> = BTreeMap::new();
        for (name, Table { path, raw }) in tables.iter().filter(|(_, table)| table.raw.key_of.is_none()) {
            let handed_over = if default.as_ref() == Some(name) { String::new() } else { format!("{name}.") };
            let expires_on = self.expiry(path, raw);
            let Some(kis) = self.key(path, &handed_over, raw) else { continue };
            let same = |(known, _): &(KeyConfig, _)| known.kis.credentials.app_key.same_as(&kis.credentials.app_key);
            let index = match keys.iter().position(same) {
                None => {
                    keys.push((KeyConfig { kis, expires_on }, name));
                    keys.len() - 1
                }
                Some(index) => {
                    let (known, owner) = &keys[index];
                    if (known.kis.environment, &known.kis.base_url) != (kis.environment, &kis.base_url) {
                        let problem = format!("is that of the account {owner}, which has another mode or base_url");
                        self.fault(&format!("{path}.app_key"), problem);
                    }
                    index
                }
            };
            key_of_table.insert(name, index);
        }
        let (mut accounts, mut orders): (Vec<AccountConfig>, Vec<_>) = Default::default();
        for (name, Table { path, raw }) in &tables {
            let key = self.resolve(name, &tables, &key_of_table);
            let id = self.account_id(path, raw);
            let hts_id = self.hts_id(path, raw);
            if let (Some(key), Some(id)) = (key, id) {
                if let Some(other) = accounts.iter().find(|other| (&other.id, other.key) == (&id, key)) {
                    let problem = format!("is that of the account {} already", other.name);
                    self.fault(&format!("{path}.account_no"), problem);
                }
                let accept_difference = raw.accept_difference.unwrap_or_default();
                let settings = account::Settings { accept_difference, ..settings };
                orders.push((path.clone(), written.remove(name).unwrap_or_default()));
                accounts.push(AccountConfig {
                    name: name.clone(),
                    id,
                    hts_id,
                    key,
                    settings,
                    orders: order::Settings::default(),
                });
            }
        }
        let keys = keys.into_iter().map(|(key, _)| key).collect();
        Some(Accounts { keys, accounts, orders, default: default? })
    }

    /// Every table by the name of its account.
    fn tables(
        &mut self,
        kis: Option<RawAccount>,
        others: BTreeMap<String, RawAccount>,
    ) -> Option<BTreeMap<AccountName, Table>> {
        if others.len() + usize::from(kis.is_some()) > MOST {
            return self.none("accounts", format!("are more than one daemon serves; allowed are {MOST}"));
        }
        // Without any, what is missing is told of the table that most people have.
        let kis = kis.or_else(|| others.is_empty().then(RawAccount::default));
        let mut tables = BTreeMap::new();
        for (name, raw) in others {
            let Some(account) = AccountName::try_new(&name) else {
                let shown = match credential::shown(&name) {
                    Some(name) => format!("\"{name}\" is not a name"),
                    None => format!("{} is not a name", credential::hidden(&name)),
                };
                self.fault("accounts", format!("{shown}; allowed are up to 32 of a-z, 0-9 and -"));
                continue;
            };
            tables.insert(account, Table { path: format!("accounts.{name}"), raw });
        }
        if let Some(raw) = kis {
            let name = AccountName::try_new(OF_KIS)?;
            if tables.contains_key(&name) {
                self.fault("accounts.default", "is given together with [kis], which is the account of that name");
            }
            tables.insert(name, Table { path: "kis".to_owned(), raw });
        }
        Some(tables)
    }

    /// The account that is meant where none is named.
    fn default(&mut self, tables: &BTreeMap<AccountName, Table>, written: Option<&str>) -> Option<AccountName> {
        let names = || tables.keys().map(AccountName::as_str).collect::<Vec<_>>().join(", ");
        match written {
            Some(text) => match AccountName::try_new(text).filter(|name| tables.contains_key(name)) {
                Some(name) => Some(name),
                None => self.none("default_account", format!("is not an account; allowed are {}", names())),
            },
            None => {
                let of_kis = AccountName::try_new(OF_KIS)
                    .filter(|name| tables.get(name).is_some_and(|table| table.path == "kis"));
                match of_kis {
                    Some(name) => Some(name),
                    None if tables.len() == 1 => tables.keys().next().cloned(),
                    None => {
                        let problem = format!("is missing, and there are several accounts; allowed are {}", names());
                        self.none("default_account", problem)
                    }
                }
            }
        }
    }

    /// The key of an account, which may be that of another.
    fn resolve(
        &mut self,
        name: &AccountName,
        tables: &BTreeMap<AccountName, Table>,
        keys: &BTreeMap<&AccountName, usize>,
    ) -> Option<usize> {
        let path = format!("{}.key_of", tables.get(name)?.path);
        let (mut at, mut seen) = (name, BTreeSet::new());
        while let Some(text) = &tables.get(at)?.raw.key_of {
            if !seen.insert(at) {
                return self.none(&path, "leads round in a circle; one of the accounts must have the app key");
            }
            let Some((next, _)) = AccountName::try_new(text).and_then(|name| tables.get_key_value(&name)) else {
                return self.none(&path, "is not the name of an account");
            };
            at = next;
        }
        if at != name {
            self.refuse_own_key(&tables.get(name)?.path, &tables.get(name)?.raw);
        }
        // A fault of that account has been told there.
        keys.get(at).copied()
    }

    /// What belongs to a key stands with the account that has it.
    fn refuse_own_key(&mut self, path: &str, raw: &RawAccount) {
        let given = [
            ("mode", raw.mode.is_some()),
            ("app_key", raw.app_key.is_some()),
            ("app_key_file", raw.app_key_file.is_some()),
            ("app_secret", raw.app_secret.is_some()),
            ("app_secret_file", raw.app_secret_file.is_some()),
            ("base_url", raw.base_url.is_some()),
            ("calls_per_second", raw.calls_per_second.is_some()),
            ("request_timeout", raw.request_timeout.is_some()),
            ("key_expires_on", raw.key_expires_on.is_some()),
        ];
        for (key, _) in given.into_iter().filter(|(_, given)| *given) {
            self.fault(&format!("{path}.{key}"), "belongs to the app key, which key_of says another account has");
        }
    }

    fn expiry(&mut self, table: &str, raw: &RawAccount) -> Option<NaiveDate> {
        let text = raw.key_expires_on.as_deref()?;
        match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(date) => Some(date),
            Err(_) => self.none(&format!("{table}.key_expires_on"), "is not a day, as in \"2027-11-30\""),
        }
    }

    fn key(&mut self, table: &str, credential: &str, raw: &RawAccount) -> Option<kis::Settings> {
        let environment = match raw.mode.as_deref() {
            Some("paper") => Some(Environment::Paper),
            Some("real") => Some(Environment::Real),
            Some(_) => self.none(&format!("{table}.mode"), "is not a mode; allowed are \"paper\" and \"real\""),
            None => self.none(&format!("{table}.mode"), "is missing; allowed are \"paper\" and \"real\""),
        };
        let app_key = self.app_key(table, credential, raw);
        let app_secret = self.app_secret(table, credential, raw);
        let base_url = match (raw.base_url.as_deref(), environment) {
            (Some(text), _) => self.base_url(table, text),
            // One of ours, which parse.
            (None, Some(environment)) => Url::parse(environment.base_url()).ok(),
            (None, None) => None,
        };
        let default = environment.map_or(1, Environment::default_calls_per_second);
        let is_simulated = base_url.as_ref().is_some_and(kis::is_loopback);
        let most = if is_simulated { MOST_SIMULATED_CALLS } else { MOST_CALLS };
        let calls_per_second =
            self.number(&format!("{table}.calls_per_second"), raw.calls_per_second, default, 1, most);
        let request_timeout = self.duration(
            &format!("{table}.request_timeout"),
            raw.request_timeout.clone(),
            10 * SECOND,
            SECOND,
            2 * MINUTE,
        );
        let settings = kis::Settings {
            environment: environment?,
            base_url: base_url?,
            credentials: Credentials { app_key: app_key?, app_secret: app_secret? },
            calls_per_second,
            request_timeout,
        };
        if let Some(problem) = mark::refused(&settings) {
            self.fault(&format!("{table}.app_key"), problem);
        }
        Some(settings)
    }

    fn base_url(&mut self, table: &str, text: &str) -> Option<Url> {
        const ALLOWED: &str = "allowed is https://HOST[:PORT], and http:// for a loopback host";
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(_) => return self.none(&format!("{table}.base_url"), format!("is not a URL; {ALLOWED}")),
        };
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && url.host().is_some();
        match url.scheme() {
            "https" if bare => Some(url),
            "http" if bare && kis::is_loopback(&url) => Some(url),
            "http" if bare => {
                self.none(&format!("{table}.base_url"), format!("would send the app secret in the clear; {ALLOWED}"))
            }
            _ => self.none(&format!("{table}.base_url"), ALLOWED),
        }
    }

    fn hts_id(&mut self, table: &str, raw: &RawAccount) -> Option<HtsId> {
        let text = raw.hts_id.as_deref()?;
        HtsId::try_new(text).or_else(|| {
            let allowed = format!("is not an HTS id; allowed are up to {} letters, digits and signs", HtsId::LONGEST);
            self.none(&format!("{table}.hts_id"), allowed)
        })
    }

    fn account_id(&mut self, table: &str, raw: &RawAccount) -> Option<AccountId> {
        let Some(number) = raw.account_no.as_deref() else {
            return self.none(
                &format!("{table}.account_no"),
                "is missing; it must be the first 8 digits of the account number",
            );
        };
        match AccountId::try_new(number, raw.account_product_code.as_deref().unwrap_or("01")) {
            Ok(account) => Some(account),
            Err(fault @ AccountFault::Number) => self.none(&format!("{table}.account_no"), fault),
            Err(fault @ AccountFault::ProductCode) => self.none(&format!("{table}.account_product_code"), fault),
        }
    }
}
