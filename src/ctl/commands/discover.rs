//! `kisctl discover`: the OpenRPC document.

use crate::{
    ctl::{
        Failure,
        asking::{ask, in_time},
        output::Printer,
    },
    wire::{daemon::Daemon, method, types::NoParams},
};

pub(in crate::ctl) async fn run(printer: &mut Printer, daemon: &Daemon) -> Result<(), Failure> {
    let raw = in_time(ask::<method::RpcDiscover>(daemon, &NoParams {})).await?;
    printer.json(&raw).map_err(Failure::Output)
}
