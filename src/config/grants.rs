//! `[[grants]]`: who may do what with which account, checked.

use std::fmt;

use super::{Config, accounts::Accounts, check::Check, raw::RawGrant};
use crate::{
    account::AccountName,
    book::{Grant, Rights},
    kis::Environment,
    wire::types::Right,
};

impl Check<'_> {
    /// Every grant. `accounts` is `None` where they have faults of their own.
    pub(super) fn grants(&mut self, raw: Vec<RawGrant>, accounts: Option<&Accounts>) -> Vec<Grant> {
        let grants = raw.into_iter().enumerate();
        grants.map(|(index, raw)| self.grant(&format!("grants.{}", index + 1), raw, accounts)).collect()
    }

    fn grant(&mut self, path: &str, raw: RawGrant, accounts: Option<&Accounts>) -> Grant {
        let RawGrant { uids, gids, rights, accounts: named } = raw;
        let (uids, gids) = (uids.unwrap_or_default(), gids.unwrap_or_default());
        if uids.is_empty() && gids.is_empty() {
            self.fault(
                &format!("{path}.uids"),
                "is missing, so that the grant is for nobody; give uids or gids, as in [1000]",
            );
        }
        let rights = self.rights(&format!("{path}.rights"), rights.unwrap_or_default());
        let key = format!("{path}.accounts");
        let named = named.map(|names| self.named(&key, &names, accounts));
        let is_real = |accounts: &Accounts, key: usize| {
            accounts.keys.get(key).is_some_and(|key| key.kis.environment == Environment::Real)
        };
        let all_are_real = accounts.is_some_and(|all| all.accounts.iter().all(|account| is_real(all, account.key)));
        if named.is_none() && rights.has_some_of(Rights::ONLY_NAMED) && all_are_real {
            self.fault(
                &key,
                "is missing, and trade and approve hold for a real account only where it is named; every account is real: name \
                 those that are meant",
            );
        }
        Grant { uids, gids, rights, accounts: named }
    }

    fn rights(&mut self, key: &str, written: Vec<String>) -> Rights {
        let allowed = || Right::ALL.map(Right::name).join(", ");
        let known: Vec<Right> =
            written.iter().filter_map(|text| Right::ALL.into_iter().find(|right| right.name() == text)).collect();
        if written.is_empty() {
            self.fault(key, format!("is missing; allowed are {}", allowed()));
        } else if known.len() < written.len() {
            self.fault(key, format!("has something that is no right; allowed are {}", allowed()));
        }
        Rights::of(known)
    }

    fn named(&mut self, key: &str, names: &[String], accounts: Option<&Accounts>) -> Vec<AccountName> {
        let known: Vec<AccountName> = names.iter().filter_map(|name| AccountName::try_new(name)).collect();
        let Some(accounts) = accounts else { return known };
        let is_there = |name: &AccountName| accounts.accounts.iter().any(|account| account.name == *name);
        if names.is_empty() {
            self.fault(key, "is empty, so that the grant is for no account; leave it out, or name some");
        } else if known.len() < names.len() || !known.iter().all(is_there) {
            let all: Vec<&str> = accounts.accounts.iter().map(|account| account.name.as_str()).collect();
            self.fault(key, format!("names an account that is not there; allowed are {}", all.join(", ")));
        }
        known
    }
}

/// As `kisd check` shows it.
struct Shown<'a>(&'a Grant);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Grant { uids, gids, rights, accounts } = self.0;
        let rights: Vec<&str> = rights.each().map(Right::name).collect();
        write!(f, "{} for uids {uids:?}, gids {gids:?}, in ", rights.join(", "))?;
        match accounts {
            Some(names) => write!(f, "{}", names.iter().map(AccountName::as_str).collect::<Vec<_>>().join(", ")),
            None => f.write_str("all accounts, to trade and approve in those that are not real"),
        }
    }
}

impl Config {
    /// The grants by name, as they are shown.
    pub(super) fn grants(&self) -> impl Iterator<Item = (String, String)> {
        let grants = self.rpc.grants.iter().enumerate();
        grants.map(|(index, grant)| (format!("grants.{}", index + 1), Shown(grant).to_string()))
    }

    /// Who may approve what it has asked for itself, as far as grants say so; who is in which group is not known here.
    pub(super) fn own_approvals(&self) -> Vec<String> {
        let grants = &self.rpc.grants;
        let of = |ids: fn(&Grant) -> &[u32], what: &str| {
            let mut all: Vec<u32> =
                grants.iter().flat_map(ids).copied().filter(|id| (what, *id) != ("uid", 0)).collect();
            all.sort_unstable();
            all.dedup();
            let both = |id: &u32, account: &super::AccountConfig| {
                let is_real = self.keys[account.key].kis.environment == Environment::Real;
                let given = grants.iter().filter(|grant| ids(grant).contains(id));
                let rights = given.fold(Rights::NONE, |all, grant| all.and(grant.rights_in(&account.name, is_real)));
                rights.has(Right::Trade) && rights.has(Right::Approve)
            };
            let warning = |id: u32| {
                let accounts = self.accounts.iter().filter(|account| both(&id, account));
                let names: Vec<&str> = accounts.map(|account| account.name.as_str()).collect();
                (!names.is_empty()).then(|| {
                    format!(
                        "grants: {what} {id} has trade and approve in {}, and so approves its own orders; give approve to another user",
                        names.join(", ")
                    )
                })
            };
            all.into_iter().filter_map(warning).collect::<Vec<_>>()
        };
        let mut warnings = of(|grant| &grant.uids, "uid");
        warnings.extend(of(|grant| &grant.gids, "gid"));
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Place, refused, two};

    fn granted(grant: &str) -> String {
        format!("{}[[grants]]\nuids = [7]\nrights = [\"read\"]\n[[grants]]\n{grant}", two())
    }

    #[test]
    fn what_gives_nothing_to_nobody_is_refused_with_its_place() {
        let place = Place::new();
        for (grant, key, words) in [
            ("rights = [\"read\"]\n", "grants.2.uids", "nobody"),
            ("uids = []\ngids = []\nrights = [\"read\"]\n", "grants.2.uids", "nobody"),
            ("uids = [8]\n", "grants.2.rights", "read, refresh, trade, approve, admin"),
            ("uids = [8]\nrights = [\"write\"]\n", "grants.2.rights", "no right"),
            ("uids = [8]\nrights = [\"?\"]\n", "grants.2.rights", "no right"),
            ("uids = [8]\nrights = [\"read\"]\naccounts = [\"gone\"]\n", "grants.2.accounts", "main, practice"),
            ("uids = [8]\nrights = [\"read\"]\naccounts = [\"../x\"]\n", "grants.2.accounts", "main, practice"),
            ("uids = [8]\nrights = [\"read\"]\naccounts = []\n", "grants.2.accounts", "no account"),
            ("uids = [8]\nrights = [\"read\"]\nuid = 8\n", "grants.2.uid", "is not a key"),
            ("uids = [\"me\"]\nrights = [\"read\"]\n", "grants.2.uids.0", "a whole number"),
        ] {
            refused(place.load(&granted(grant)), key, &["config.toml", words]);
        }
    }

    #[test]
    fn to_trade_where_every_account_is_real_names_the_account() {
        let place = Place::new();
        let real = two().replace("paper", "real");
        let trade = "[[grants]]\nuids = [7]\nrights = [\"read\", \"trade\"]\n";
        refused(place.load(&format!("{real}{trade}")), "grants.1.accounts", &["name those"]);
        assert!(place.load(&format!("{real}{trade}accounts = [\"main\"]\n")).is_ok());
        assert!(place.load(&format!("{}{trade}", two())).is_ok());
    }

    #[test]
    fn a_user_that_approves_its_own_orders_is_warned_of() {
        let place = Place::new();
        let warnings = |grants: &str| place.load(&format!("{}{grants}", two())).unwrap().warnings().join("\n");
        let grant = |right: &str, rest: &str| format!("[[grants]]\nrights = [\"{right}\"]\n{rest}\n");
        let both = grant("trade", "uids = [7]") + &grant("approve", "uids = [6, 7]");
        let warned = warnings(&both);
        assert!(warned.contains("uid 7 has trade and approve in practice,") && !warned.contains("uid 6"), "{warned}");
        let apart = grant("trade", "uids = [7]\naccounts = [\"main\"]")
            + &grant("approve", "uids = [7]\naccounts = [\"practice\"]");
        assert!(!warnings(&apart).contains("approve"), "not of the same account");
        let warned = warnings("[[grants]]\nrights = [\"trade\", \"approve\"]\ngids = [70]\n");
        assert!(warned.contains("gid 70 has trade and approve"), "{warned}");
    }

    #[test]
    fn grants_let_others_reach_the_socket_and_are_shown() {
        let place = Place::new();
        let config = place.load(&granted("gids = [70]\nrights = [\"trade\"]\naccounts = [\"main\"]\n")).unwrap();
        assert_eq!(config.rpc.socket_mode, 0o666);
        let shown = config.to_string();
        assert!(shown.contains("trade for uids [], gids [70], in main\n"), "{shown}");
    }
}
