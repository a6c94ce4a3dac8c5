//! `kisctl metrics`.

use crate::{
    ctl::{
        Failure,
        asking::{ask, in_time},
        output::Printer,
    },
    wire::{daemon::Daemon, method, types::NoParams},
};

pub(in crate::ctl) async fn run(printer: &mut Printer, daemon: &Daemon) -> Result<(), Failure> {
    let raw = in_time(ask::<method::DaemonMetrics>(daemon, &NoParams {})).await?;
    let text: String = serde_json::from_str(raw.get()).map_err(Failure::Answer)?;
    printer.text(&text).map_err(Failure::Output)
}
