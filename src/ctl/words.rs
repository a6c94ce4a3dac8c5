//! What kisctl says, in English and Korean. A text that one language lacks does not compile.

mod assets;
pub(in crate::ctl) mod chart;
mod english;
pub(super) mod help;
mod help_order;
mod init;
mod korean;
mod market;
mod order;
mod quote;
mod token;
mod trades;
mod trust;

use std::env;

use clap::ValueEnum;

pub(super) use self::{init::Init, trades::TradeWords};
use super::commands::doctor::Cause;
use crate::wire::{
    codes::Kind,
    types::{Effect, Mode, Quota, StockKind, TokenState, Transport},
};

/// A language that kisctl speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English.
    #[value(name = "en")]
    English,
    /// 한국어.
    #[value(name = "ko")]
    Korean,
}

impl Language {
    /// The language of the locale: `LC_ALL`, `LC_MESSAGES`, `LANG`, as everywhere; English, unless it is Korean.
    pub fn of_locale() -> Self {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|name| env::var(name).ok());
        match locale.into_iter().find(|value| !value.is_empty()) {
            Some(value) if is_korean(&value) => Self::Korean,
            _ => Self::English,
        }
    }

    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::English => &english::WORDS,
            Self::Korean => &korean::WORDS,
        }
    }
}

/// Whether a locale is one of Korean: `ko`, `ko_KR.UTF-8`; not `kok_IN`.
fn is_korean(locale: &str) -> bool {
    locale.strip_prefix("ko").is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '.', '-', '@']))
}

/// What a call waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Waiting {
    /// The daemon does not say what it does.
    Daemon,
    /// A token: its state, and what went wrong last.
    Token(TokenState, Option<String>),
    /// The quota, with so many calls.
    Quota(u64),
    /// KIS's answer.
    Kis,
}

/// Texts about KIS's operations.
#[derive(Debug)]
pub(super) struct KisWords {
    pub(super) nothing_found: &'static str,
    /// What is to be known of an operation that is not simply called.
    pub(super) effect: fn(Effect, Transport) -> Option<&'static str>,
    pub(super) real_only: &'static str,
    pub(super) name: &'static str,
    pub(super) call: &'static str,
    pub(super) tr: &'static str,
    pub(super) note: &'static str,
    pub(super) not_called: &'static str,
    pub(super) pages: &'static str,
    pub(super) pages_by_next: &'static str,
    /// A parameter says where a page begins.
    pub(super) pages_by: fn(&str) -> String,
    pub(super) params: &'static str,
    pub(super) required: &'static str,
    pub(super) empty: &'static str,
    /// So many rows and columns are not shown.
    pub(super) left_out: fn(usize, usize) -> String,
    pub(super) more_pages: &'static str,
}

/// Texts about stocks.
#[derive(Debug)]
pub(super) struct StockWords {
    /// Code, name, market, kind, base price, lot, note.
    pub(super) columns: [&'static str; 7],
    pub(super) kind: fn(StockKind) -> &'static str,
    pub(super) halted: &'static str,
    pub(super) nothing_found: &'static str,
    /// These markets could not be looked through.
    pub(super) missing: fn(&str) -> String,
}

/// Texts about the clients of the gateway.
#[derive(Debug)]
pub(super) struct ClientWords {
    /// Name, accounts, rights, user, program, calls a second, last used, calls, refused, ends.
    pub(super) columns: [&'static str; 10],
    pub(super) none: &'static str,
    pub(super) any_user: &'static str,
    pub(super) never: &'static str,
    pub(super) expired: &'static str,
    pub(super) base_url: &'static str,
    pub(super) app_key: &'static str,
    pub(super) app_secret: &'static str,
    pub(super) account: &'static str,
    pub(super) secret_is_gone: &'static str,
    pub(super) shown_once: &'static str,
    pub(super) removed: fn(&str) -> String,
    pub(super) also_needs_account: &'static str,
    /// How the gateway stands.
    pub(super) gateway: &'static str,
    pub(super) serving: fn(&str) -> String,
    pub(super) failing: fn(&str, &str) -> String,
    pub(super) off: &'static str,
}

/// The texts of one language; those with gaps are functions.
#[derive(Debug)]
pub(super) struct Words {
    // A balance.
    pub(super) account_of: fn(Mode) -> &'static str,
    pub(super) as_of: fn(&str, &str, &str) -> String,
    pub(super) no_holdings: &'static str,
    pub(super) more_holdings: fn(usize) -> String,
    /// Code, name, quantity, paid each, price, value, profit or loss, the same in percent, position.
    pub(super) columns: [&'static str; 9],
    /// Total evaluation, net assets, stocks now, stocks paid, profit or loss, the same in percent, deposit, D+1, D+2.
    pub(super) totals: [&'static str; 9],

    // A watched balance.
    pub(super) age: fn(u64) -> String,
    pub(super) no_balance_yet: &'static str,
    pub(super) no_csv_watched: &'static str,
    pub(super) watching: &'static str,
    pub(super) changed: &'static str,
    pub(super) bought: fn(&str, &str) -> String,
    pub(super) gone: fn(&str) -> String,
    pub(super) not_current: fn(&str) -> String,

    // The status.
    pub(super) mode: fn(Mode) -> &'static str,
    pub(super) running: fn(&str, u32, &str) -> String,
    pub(super) account: &'static str,
    pub(super) token: &'static str,
    pub(super) token_state: fn(TokenState) -> &'static str,
    pub(super) issued: &'static str,
    pub(super) from_mirror: &'static str,
    pub(super) expires: &'static str,
    pub(super) next_renewal: &'static str,
    pub(super) last_error: &'static str,
    pub(super) calls: &'static str,
    pub(super) calls_made: fn(u64, u64) -> String,
    pub(super) failed: &'static str,
    /// Every account.
    pub(super) accounts: &'static str,
    /// Columns of the accounts: name, number, mode, key, token, rights.
    pub(super) account_columns: [&'static str; 6],
    /// Marks the default account.
    pub(super) default_account: &'static str,
    /// The last fetch of an account failed.
    pub(super) failing: &'static str,
    /// There is no account of a name; those that there are.
    pub(super) no_such_account: fn(&str, &str) -> String,
    /// All is well with these accounts.
    pub(super) accounts_healthy: fn(&str) -> String,
    /// An app key ends in so many days, on this day.
    pub(super) key_ends: fn(&str) -> String,
    /// Unreachable, refused, not understood, token refused, credentials refused.
    pub(super) failures: fn([u64; 5]) -> String,
    pub(super) rate_limited: &'static str,
    pub(super) quota: &'static str,
    pub(super) quota_now: fn(&Quota) -> String,
    pub(super) shared: &'static str,
    pub(super) shared_calls: fn(u64) -> String,
    pub(super) connections: &'static str,
    pub(super) connections_now: fn(u64, u64) -> String,
    pub(super) clock: &'static str,
    pub(super) clock_is_off: fn(i64) -> String,
    pub(super) last_failure: &'static str,
    pub(super) healthy: fn(&str) -> String,
    pub(super) unhealthy: fn(&str) -> String,

    /// KIS's operations.
    pub(super) kis: KisWords,

    /// Stocks.
    pub(super) stock: StockWords,
    pub(super) quote: quote::QuoteWords,
    pub(super) trades: trades::TradeWords,
    pub(super) order: order::OrderWords,

    /// The clients of the gateway.
    pub(super) client: ClientWords,

    /// The gateway under KIS's own host names.
    pub(super) trust: trust::TrustWords,

    // Errors.
    pub(super) no_daemon_on: fn(&str, &str) -> String,
    pub(super) not_asked: fn(&str, &str) -> String,
    pub(super) how_to_start: &'static str,
    pub(super) how_to_choose: &'static str,
    pub(super) socket_is_named: &'static str,
    pub(super) socket_of_another: &'static str,
    pub(super) connection_broke: fn(&str) -> String,
    pub(super) no_answer_in_time: &'static str,
    pub(super) waiting_for: fn(&Waiting) -> String,
    pub(super) kind: fn(Kind) -> &'static str,
    pub(super) refused: fn(&str, i32) -> String,
    pub(super) again_in: fn(u64) -> String,
    pub(super) again_later: &'static str,
    pub(super) not_understood: fn(&str) -> String,
    pub(super) cannot_print: fn(&str) -> String,
    pub(super) trying_again: &'static str,

    pub(super) doctor: Doctor,
    pub(super) init: Init,
    pub(super) logs: Logs,
}

/// The texts of `kisctl doctor`.
#[derive(Debug)]
pub(super) struct Doctor {
    /// Good, doubtful, bad, not known.
    pub(super) marks: [&'static str; 4],
    /// Configuration, socket, daemon, clock, token, quota, KIS, gateway.
    pub(super) subjects: [&'static str; 8],
    pub(super) configuration_good: fn(&str) -> String,
    pub(super) configuration_elsewhere: &'static str,
    pub(super) configuration_of_another: fn(&str, &str) -> String,
    pub(super) configuration_hidden: &'static str,
    pub(super) look_as_root: &'static str,
    pub(super) service_refused: &'static str,
    pub(super) service_log: &'static str,
    pub(super) start_again: &'static str,
    pub(super) no_kisd: &'static str,
    pub(super) make_configuration: &'static str,
    pub(super) correct_configuration: &'static str,
    pub(super) socket_answers: fn(&str, u32) -> String,
    pub(super) socket_directory_open: fn(&str) -> String,
    pub(super) versions_differ: fn(&str, &str) -> String,
    pub(super) upgrade: &'static str,
    pub(super) clock_agrees: &'static str,
    pub(super) clock_not_known: &'static str,
    pub(super) set_clock: &'static str,
    pub(super) token_until: fn(&str) -> String,
    pub(super) token_refused: fn(&str, u64) -> String,
    pub(super) another_issues: &'static str,
    pub(super) free_the_port: &'static str,
    pub(super) quota_advice: &'static str,
    pub(super) kis_answers: fn(&str) -> String,
    pub(super) advice: fn(Cause) -> &'static str,
    pub(super) not_known: &'static str,
    pub(super) all_well: &'static str,
    pub(super) look_at: fn(usize) -> String,
    pub(super) hangs: &'static str,
    pub(super) not_well: fn(usize) -> String,
}

/// The texts of `kisctl logs`.
#[derive(Debug)]
pub(super) struct Logs {
    pub(super) not_by_systemd: fn(u32) -> String,
    pub(super) no_journal: fn(&str) -> String,
    pub(super) may_not_read: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_korean_locale_is_not_any_that_begins_so() {
        for (locale, korean) in [
            ("ko", true),
            ("ko_KR.UTF-8", true),
            ("ko.EUC-KR", true),
            ("kok_IN", false),
            ("C", false),
            ("en_US", false),
        ] {
            assert_eq!(is_korean(locale), korean, "{locale}");
        }
    }
}
