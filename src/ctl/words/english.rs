//! English.

use super::{ClientWords, Doctor, Init, KisWords, Logs, StockWords, Waiting, Words, order, quote, trades, trust};
use crate::{
    ctl::commands::doctor::Cause,
    wire::types::{Effect, LearnedRate, Mode, StockKind, TokenState, Transport},
};

pub(super) const WORDS: Words = Words {
    account_of: |mode| match mode {
        Mode::Real => "real account",
        Mode::Paper => "paper account (모의투자)",
        Mode::Unknown => "account",
    },
    as_of: |mode, account, at| format!("{mode} {account}, as of {at}"),
    no_holdings: "no holdings",
    more_holdings: |count| format!(" … and {count} more"),
    columns: ["Code", "Name", "Quantity", "Paid each", "Price", "Value", "P/L", "P/L %", "Position"],
    totals: [
        "Total evaluation",
        "Net assets",
        "Stocks now",
        "Stocks paid",
        "Profit / loss",
        "Profit / loss %",
        "Deposit",
        "Deposit D+1",
        "Deposit D+2",
    ],
    age: |seconds| format!("unchanged for {seconds} s"),
    no_balance_yet: "no balance yet",
    no_csv_watched: "with --watch it is a table or JSON lines: --output table or json",
    watching: "watching; Ctrl-C ends it",
    changed: "changed",
    bought: |name, quantity| format!("{name}: new, {quantity} shares"),
    gone: |name| format!("{name}: gone"),
    not_current: |reason| format!("not current: {reason}"),
    mode: |mode| match mode {
        Mode::Real => "real",
        Mode::Paper => "paper",
        Mode::Unknown => "unknown",
    },
    running: |version, pid, since| format!("{version}, pid {pid}, since {since}"),
    account: "account",
    token: "token",
    token_state,
    issued: "issued",
    from_mirror: " (from the mirror)",
    expires: "expires",
    next_renewal: "next renewal",
    last_error: "last error",
    calls: "calls to KIS",
    calls_made: |sent, issuances| format!("{sent}, tokens issued {issuances}"),
    accounts: "accounts",
    account_columns: ["Name", "Account", "Mode", "Key", "Token", "You may"],
    default_account: "(default)",
    failing: "the last fetch of its balance failed",
    no_such_account: |name, names| format!("there is no account {name}; the accounts are {names}"),
    accounts_healthy: |names| format!("OK: {names}"),
    key_ends: |day| format!("ends {day}"),
    failed: "failed",
    failures: |[unreachable, refused, malformed, token, credentials]| {
        format!(
            "{unreachable} unreachable, {refused} refused, {malformed} not understood, {token} token refused, \
             {credentials} credentials refused"
        )
    },
    rate_limited: "rate limited",
    quota: "quota",
    quota_now: |quota| {
        let allowed = match quota.lowered() {
            Some(LearnedRate { calls, in_ms: 1000 }) => format!(" (KIS allows {calls} now)"),
            Some(LearnedRate { in_ms, .. }) => format!(" (KIS allows one in {in_ms} ms now)"),
            None => String::new(),
        };
        format!("{} calls a second{allowed}, {} taken, {} waiting", quota.calls_per_second, quota.taken, quota.waiting)
    },
    shared: "shared",
    shared_calls: |count| format!("{count} calls of clients answered together with another"),
    connections: "connections",
    connections_now: |open, subscriptions| format!("{open}, subscriptions {subscriptions}"),
    clock: "clock",
    clock_is_off: |seconds| match seconds {
        0.. => format!("this machine's clock is {seconds} s behind KIS's"),
        _ => format!("this machine's clock is {} s ahead of KIS's", seconds.unsigned_abs()),
    },
    last_failure: "last failure",
    healthy: |expires| {
        format!("OK: the token is valid until {expires}, and KIS has not failed since it was last asked")
    },
    unhealthy: |reason| format!("FAILING: {reason}"),
    kis: KisWords {
        nothing_found: "KIS has no operation that fits",
        effect: |effect, transport| match (effect, transport) {
            (_, Transport::Websocket) => Some("realtime"),
            (Effect::Trade, _) => Some("trades"),
            (Effect::Issue, _) => Some("tokens"),
            _ => None,
        },
        real_only: "real only",
        name: "Name",
        call: "Call",
        tr: "TR",
        note: "Note",
        not_called: "Not called",
        pages: "Pages",
        pages_by_next: "--pages, --next",
        pages_by: |param| format!("{param} says where a page begins"),
        params: "Parameters",
        required: "required",
        empty: "(empty)",
        left_out: |rows, columns| format!("not shown: {rows} rows, {columns} columns; --json has all"),
        more_pages: "There are more pages: --pages 0 reads all, and --json has the cursor for --next",
    },
    quote: quote::ENGLISH,
    trades: trades::ENGLISH,
    order: order::ENGLISH,
    stock: StockWords {
        columns: ["Code", "Name", "Market", "Kind", "Base price", "Lot", "Note"],
        kind: |kind| match kind {
            StockKind::Stock => "stock",
            StockKind::Etf => "ETF",
            StockKind::Etn => "ETN",
            StockKind::Elw => "ELW",
            StockKind::Reit => "REIT",
            StockKind::DepositaryReceipt => "DR",
            StockKind::Fund => "fund",
            StockKind::Warrant => "warrant",
            StockKind::Index => "index",
            StockKind::Other | StockKind::Unknown => "other",
        },
        halted: "halted",
        nothing_found: "No stock fits",
        missing: |markets| format!("not looked through, their lists have not come yet: {markets}"),
    },
    client: ClientWords {
        columns: ["Name", "Accounts", "Rights", "User", "For", "Calls/s", "Last used", "Calls", "Refused", "Ends"],
        none: "There are no clients yet; `kisctl client add NAME` makes one",
        any_user: "any",
        never: "–",
        expired: "ended",
        base_url: "Base URL",
        app_key: "App key",
        app_secret: "App secret",
        account: "Account",
        secret_is_gone: "(shown once, when it was made; `kisctl client rotate` gives another)",
        shown_once: "The secret is shown this once.",
        removed: |name| format!("The client \"{name}\" is removed; its key has ended"),
        also_needs_account: "--also needs --account, which names the first account",
        gateway: "gateway",
        serving: |url| format!("The gateway serves on {url}"),
        failing: |url, reason| format!("The gateway does not serve on {url}: {reason}"),
        off: "The gateway is off: set listen = \"127.0.0.1:9443\" in [gateway] of the configuration",
    },
    trust: trust::ENGLISH,
    no_daemon_on: |path, reason| format!("no daemon answers on {path}: {reason}"),
    not_asked: |path, own| {
        format!("{path}, the system's, is not asked: you have a daemon of your own ({own}), and it does not answer")
    },
    how_to_start: "start the daemon with `systemctl start kisd` or `kisd run`, set it up with `kisctl init`, or try `kisd demo`; \
                   name another socket with --socket or KISD_SOCKET",
    how_to_choose: "the system's daemon may serve another account: start your own with `systemctl --user start kisd` or `kisd run`, or \
                    choose with --system, or name a socket with --socket or KISD_SOCKET",
    socket_is_named: "KISD_SOCKET names the socket, so --user and --system are not looked at",
    socket_of_another: "a socket, or a directory above it, that you may not open belongs to another user: see rpc.socket_mode and \
                        rpc.allow_uids there, or name another socket with --socket or KISD_SOCKET",
    connection_broke: |reason| format!("the connection to the daemon broke: {reason}"),
    no_answer_in_time: "connected, and the daemon does not answer in time; kisctl logs may say why",
    waiting_for: |waiting| match waiting {
        Waiting::Daemon => "waiting for the daemon, which does not answer".to_owned(),
        Waiting::Token(state, None) => format!("waiting for a token: {}", token_state(*state)),
        Waiting::Token(state, Some(error)) => format!("waiting for a token: {}: {error}", token_state(*state)),
        Waiting::Quota(calls) => format!("waiting for KIS's quota, with {calls} calls"),
        Waiting::Kis => "waiting for KIS to answer".to_owned(),
    },
    // The message says it already.
    kind: |_| "",
    refused: |message, code| format!("{message} (code {code})"),
    again_in: |seconds| format!("; try again in {seconds} s"),
    again_later: "; try again later",
    not_understood: |reason| {
        format!("the daemon's answer is not understood ({reason}); do kisctl and kisd have the same version?")
    },
    cannot_print: |reason| format!("cannot print the result: {reason}"),
    trying_again: "the connection ended; trying again",
    doctor: Doctor {
        marks: ["ok", "look", "BAD", "?"],
        subjects: ["configuration", "socket", "daemon", "clock", "token", "quota", "KIS", "gateway"],
        configuration_good: |file| format!("{file} is sound"),
        configuration_elsewhere: "none that you can read, and none needed to ask: the daemon has its own",
        configuration_of_another: |file, socket| {
            format!("{file} is sound, and is not that of the daemon on {socket}, which has its own")
        },
        configuration_hidden: "the service has one that you may not read",
        look_as_root: "have it looked at: sudo kisctl doctor --system",
        service_refused: "the service has refused its configuration and has ended (exit code 78)",
        service_log: "kisctl logs names the key; correct it, then start the service again: sudo systemctl restart kisd",
        start_again: "start it: sudo systemctl restart kisd, or kisd run for one of your own; kisctl logs says why it has ended",
        no_kisd: "kisd is not beside kisctl nor in PATH, so the configuration cannot be checked",
        make_configuration: "make one: kisctl init",
        correct_configuration: "correct it as the message says, then start the daemon again",
        socket_answers: |path, mode| format!("{path} answers, mode {mode:04o}"),
        socket_directory_open: |directory| {
            format!("everybody may write in {directory}, and put a socket of their own there: chmod go-w")
        },
        versions_differ: |kisd, kisctl| format!("kisd is {kisd}, kisctl is {kisctl}"),
        upgrade: "restart the daemon after an upgrade: systemctl restart kisd",
        clock_agrees: "agrees with KIS's to five seconds",
        clock_not_known: "not known: KIS has not answered since the daemon was started",
        set_clock: "kisd goes by KIS's clock; set this one: timedatectl set-ntp true",
        token_until: |at| format!("valid until {at}"),
        token_refused: |state, count| format!("{state}; KIS has refused it {count} times since the daemon was started"),
        another_issues: "another program has tokens issued with this app key, and each ends ours: give it a client of the gateway \
                         instead (kisctl client add NAME)",
        free_the_port: "end the process that has the port, or set another in gateway.listen; it is tried again every five seconds",
        quota_advice: "another program uses this app key, or KIS allows less: let it ask kisd, or lower kis.calls_per_second",
        kis_answers: |at| format!("a balance of {at}"),
        advice: |cause| match cause {
            Cause::AnotherProgram => "another program has asked for a token with this key: let it ask kisd instead",
            Cause::ModeAndKey => {
                "mode and app key do not fit: kis.mode = \"paper\" needs a key of a paper account (모의투자), \"real\" one of a real \
                 account; correct one of them, then restart the daemon"
            }
            Cause::Credentials => {
                "correct app key and app secret, and see that they are for this mode (real or paper); then restart the daemon"
            }
            Cause::Network => {
                "look at network, DNS, firewall, proxy and the system's certificates; KIS is closed on some nights and weekends"
            }
            Cause::Kis => {
                "KIS answers, but with an error of its own or a temporary refusal: try again in a minute; its message says more"
            }
            Cause::Account => "see account_no, account_product_code and mode; KIS's message says more",
            Cause::Malformed => "KIS answers otherwise than known: please report it with the message",
            Cause::Permission => "have your uid added to rpc.allow_uids",
            Cause::Other => "wait a minute; if it stays so, see kisctl logs",
        },
        not_known: "not known without a daemon",
        all_well: "all is well",
        look_at: |count| format!("it works; to look at: {count}"),
        hangs: "it hangs, or is something else: kisctl logs, then systemctl restart kisd",
        not_well: |count| format!("to mend: {count}"),
    },
    init: Init {
        welcome: |directory| {
            format!(
                "This writes the configuration of kisd below {directory}. Key and secret are on https://apiportal.koreainvestment.com\n"
            )
        },
        mode: "Real money or paper trading (real/paper)",
        mode_is: "it is real or paper",
        app_key: "App key (hidden)",
        app_key_is: "an app key has 36 letters, digits or marks",
        app_secret: "App secret (hidden)",
        app_secret_is: "an app secret has 180 letters, digits or marks",
        account: "Account number (12345678-01)",
        account_is: "an account number has 8 digits and 2 more",
        replace: |path| format!("{path} is there. Replace it? (y/N)"),
        change: |path| format!("{path} is there. Change what is asked here, and keep the rest? (y/N)"),
        not_toml: |path| format!("{path} is no TOML and is written anew; what it was is in {path}.bak"),
        base_url_stays: |url| format!("note: base_url = \"{url}\" stays as it was: the keys are sent there"),
        base_url_needed: |file| {
            format!(
                "these are keys of the simulator, which are not for KIS: nothing is started before base_url is known. Run this \
                 again with --base-url URL, as `kisd simulate` prints it, or write base_url into the table of the account in {file}"
            )
        },
        kept: |path| format!("{path} is left as it is"),
        written: |path| format!("written: {path}"),
        install: |what| format!("Install and start it as {what}? (y/N)"),
        installed: |what| format!("installed and started as {what}; kisctl doctor looks whether all is well"),
        start_yourself: |command| format!("start it with: {command}"),
        system_service: "a service of the system",
        user_service: "a service of your own",
        install_first: |kisd| {
            format!(
                "a service of the system cannot see {kisd}: install it in /usr/local/bin first, then run this again"
            )
        },
        no_home: "there is no home directory: name one with --directory",
        odd_name: "the name has characters that cannot be written in a configuration",
        no_input: "the input ended before everything was answered; nothing was written",
        no_name: "an account's name has up to 32 of a-z, 0-9 and -",
        is_there: |name| format!("there is an account {name} already; --keys replaces its app key and secret"),
        is_not_there: |name| format!("there is no account {name} in this configuration"),
        shares_key: |name, owner| format!("{name} has the app key of {owner}: name that account with --account"),
        which: "there are several accounts: name one with --account",
        no_configuration: |file| format!("there is no {file}: run kisctl init first"),
        broken: |file| {
            format!("{file} is no TOML, and nothing can be added to it: mend it first (kisd check says where)")
        },
        file_of_another: |file, name| {
            format!(
                "{file} is the key file of {name} as well: give each its own app_key_file and app_secret_file first"
            )
        },
        put_back: "the check failed, and everything is as it was:",
        default_stays: |name| format!("calls that name no account go on meaning {name} (default_account)"),
        menu: "kisd is set up here.\n  1  add an account\n  2  new app key and secret\n  3  install the service\n  4  change what is asked, and \
               keep the rest\nWhich (1 to 4; Enter: nothing)",
        menu_is: "it is a number from 1 to 4",
        name: "Name of the account (a-z, 0-9, -)",
        try_keys: "Ask KIS for a token with these keys before they are written? KIS sends the account's owner a message (y/N)",
        trying: "asking KIS for a token and a balance; if a token was issued within the last minute, that takes a minute",
        no_kisd: "kisd is not beside kisctl, and it is kisd that asks KIS",
        nothing_written: "nothing was written",
        restart: "restart kisd, which systemd hands the keys at its start only: sudo systemctl restart kisd",
        reload: "have kisd read it again: systemctl --user reload kisd, or SIGHUP",
        lingers: "note: a service of your own ends when you log out, unless you run: loginctl enable-linger",
        failed: |what, why| format!("{what}: {why}"),
    },
    logs: Logs {
        not_by_systemd: |pid| {
            format!(
                "the daemon (pid {pid}) was not started by systemd: its log is on its stderr, and in log.dir if that is set"
            )
        },
        may_not_read: "the log is in the journal of the system, which you may not read: use sudo kisctl logs, or become one of its readers \
                       (sudo usermod -aG systemd-journal \"$USER\") and log in again",
        no_journal: |reason| format!("journalctl cannot be run: {reason}"),
    },
};

fn token_state(state: TokenState) -> &'static str {
    match state {
        TokenState::Valid => "valid",
        TokenState::Renewing => "renewing: KIS is being asked",
        TokenState::Waiting => "waiting until KIS may be asked again",
        TokenState::Rejected => "rejected: KIS refuses the app key or secret",
        TokenState::Missing => "missing",
        TokenState::Unknown => "in a state that this kisctl does not know",
    }
}
