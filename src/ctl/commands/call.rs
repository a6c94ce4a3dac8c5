//! `kisctl call`: any method by its name.

use serde_json::value::RawValue;

use crate::{
    ctl::{Failure, asking::patiently, output::Printer},
    wire::{daemon::Daemon, types::Effect},
};

pub(in crate::ctl) async fn run(
    method: &str,
    params: Option<Box<RawValue>>,
    printer: &mut Printer,
    daemon: &Daemon,
) -> Result<(), Failure> {
    // What a method does that is called by name is not known.
    let asked = daemon.call_named(method, Effect::Unknown, params);
    let raw = patiently(daemon.places(), printer.words(), asked).await?;
    printer.json(&raw).map_err(Failure::Output)
}
