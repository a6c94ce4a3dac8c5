//! `kisctl accounts`.

use crate::{
    ctl::{
        Failure, Format,
        asking::{ask, in_time},
        output::Printer,
        show,
    },
    wire::{
        daemon::Daemon,
        method,
        types::{AccountList, NoParams},
    },
};

pub(in crate::ctl) async fn run(printer: &mut Printer, daemon: &Daemon, format: Format) -> Result<(), Failure> {
    let raw = in_time(ask::<method::AccountList>(daemon, &NoParams {})).await?;
    show(printer, format, &raw, |style, list: AccountList| style.accounts(&list))
}
