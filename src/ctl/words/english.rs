//! English.

use super::{Doctor, Init, Logs, Words};
use crate::wire::{
    codes::Kind,
    types::{Mode, TokenState},
};

pub(super) const WORDS: Words = Words {
    account_of: |mode| match mode {
        Mode::Real => "real account",
        Mode::Paper => "paper account (모의투자)",
    },
    as_of: |mode, account, at| format!("{mode} {account}, as of {at}"),
    no_holdings: "no holdings",
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
    no_csv_watched: "a watched balance is a table or JSON lines: --output table or json",
    watching: "watching; Ctrl-C ends it",
    changed: "changed",
    bought: |name, quantity| format!("{name}: new, {quantity} shares"),
    gone: |name| format!("{name}: gone"),
    not_current: |reason| format!("not current: {reason}"),
    mode: |mode| match mode {
        Mode::Real => "real",
        Mode::Paper => "paper",
    },
    running: |version, pid, since| format!("{version}, pid {pid}, since {since}"),
    account: "account",
    token: "token",
    token_state: |state| match state {
        TokenState::Valid => "valid",
        TokenState::Renewing => "renewing: KIS is being asked",
        TokenState::Waiting => "waiting until KIS may be asked again",
        TokenState::Rejected => "rejected: KIS refuses the app key or secret",
        TokenState::Missing => "missing",
    },
    issued: "issued",
    from_mirror: " (from the mirror)",
    expires: "expires",
    next_renewal: "next renewal",
    last_error: "last error",
    calls: "calls to KIS",
    calls_made: |sent, issuances| format!("{sent}, tokens issued {issuances}"),
    in_vain: "in vain",
    failures: |[unreachable, refused, malformed, token, credentials]| {
        format!(
            "{unreachable} unreachable, {refused} refused, {malformed} not understood, {token} token refused, \
             {credentials} credentials refused"
        )
    },
    rate_limited: "rate limited",
    quota: "quota",
    quota_now: |limit, taken, waiting| format!("{limit} calls a second, {taken} taken, {waiting} waiting"),
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
    no_daemon_on: |path, reason| format!("no daemon answers on {path}: {reason}"),
    how_to_start: "start the daemon with `systemctl start kisd` or `kisd run`, set it up with `kisctl init`, or try `kisd demo`; \
                   name another socket with --socket or KISD_SOCKET",
    socket_of_another: "a socket, or a directory above it, that you may not open belongs to another user: see rpc.socket_mode and \
                        rpc.allow_uids there, or name another socket with --socket or KISD_SOCKET",
    connection_broke: |reason| format!("the connection to the daemon broke: {reason}"),
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
        subjects: ["configuration", "socket", "daemon", "clock", "token", "quota", "KIS"],
        configuration_good: |file| format!("{file} is sound"),
        configuration_elsewhere: "none that you can read, and none needed to ask: the daemon has its own",
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
        set_clock: "kisd goes by KIS's clock; set this one: timedatectl set-ntp true",
        token_until: |at| format!("valid until {at}"),
        token_advice: |state| match state {
            TokenState::Rejected => "correct app key and secret, and see that they are for this mode (real or paper)",
            TokenState::Waiting => "another program has asked for a token with this key: let it ask kisd instead",
            _ => "wait some seconds; if it stays so, see kisctl logs",
        },
        quota_advice: "another program uses this app key, or KIS allows less: let it ask kisd, or lower kis.calls_per_second",
        kis_answers: |at| format!("a balance of {at}"),
        kis_advice: |kind| match kind {
            Some(Kind::UpstreamUnreachable) => {
                "look at network, firewall and proxy; KIS is closed on some nights and weekends"
            }
            Some(Kind::UpstreamRejected) => "see account_no, account_product_code and mode; KIS's message says more",
            Some(Kind::UpstreamMalformed) => "KIS answers otherwise than known: please report it with the message",
            Some(Kind::CredentialsRejected) => "correct app key and secret",
            Some(Kind::PermissionDenied) => "have your uid added to rpc.allow_uids",
            _ => "try again in a minute; kisctl logs says more",
        },
        not_known: "not known without a daemon",
        all_well: "all is well",
        look_at: |count| format!("it works; to look at: {count}"),
        no_answer_at_once: "connected, and no answer within 5 s",
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
        failed: |what, why| format!("{what}: {why}"),
    },
    logs: Logs {
        not_by_systemd: |pid| {
            format!(
                "the daemon (pid {pid}) was not started by systemd: its log is on its stderr, and in log.dir if that is set"
            )
        },
        no_journal: |reason| format!("journalctl cannot be run: {reason}"),
    },
};
