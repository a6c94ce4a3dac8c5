//! `kisctl status`.

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
        types::{DaemonStatus, NoParams},
    },
};

pub(in crate::ctl) async fn run(printer: &mut Printer, daemon: &Daemon, format: Format) -> Result<(), Failure> {
    let raw = in_time(ask::<method::DaemonStatus>(daemon, &NoParams {})).await?;
    show(printer, format, &raw, |style, status: DaemonStatus| style.daemon_status(&status))
}
