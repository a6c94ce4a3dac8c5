//! `kisctl balance`; [`watch`](super::watch) is the one that goes on.

use std::time::Duration;

use crate::{
    ctl::{
        Failure, Format,
        asking::{ask, patiently},
        output::Printer,
        show,
    },
    wire::{
        daemon::Daemon,
        method,
        types::{Balance, BalanceParams},
    },
};

pub(in crate::ctl) async fn run(
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    max_age: Option<Duration>,
    format: Format,
) -> Result<(), Failure> {
    let max_age_ms = max_age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
    let params = BalanceParams { account, max_age_ms, ..BalanceParams::default() };
    let asked = ask::<method::AccountBalance>(daemon, &params);
    let raw = patiently(daemon.places(), printer.words(), asked).await?;
    show(printer, format, &raw, |style, balance: Balance| style.balance(&balance))
}
