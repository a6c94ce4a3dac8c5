//! `kisctl token`.

use clap::Subcommand;

use crate::{
    ctl::{
        Failure, Format,
        asking::{ask, in_time, patiently},
        output::Printer,
        show,
    },
    wire::{
        daemon::Daemon,
        method,
        types::{AccountParams, TokenStatus},
    },
};

#[derive(Debug, Clone, Copy, Subcommand)]
pub(in crate::ctl) enum TokenCommand {
    /// Renews the token now, if KIS's rule of one a minute allows it.
    Refresh,
    /// Shows the state of the token.
    Status,
}

pub(in crate::ctl) async fn run(
    command: TokenCommand,
    printer: &mut Printer,
    daemon: &Daemon,
    account: Option<String>,
    format: Format,
) -> Result<(), Failure> {
    let params = AccountParams { account };
    let raw = match command {
        TokenCommand::Status => in_time(ask::<method::TokenStatus>(daemon, &params)).await?,
        TokenCommand::Refresh => {
            patiently(daemon.places(), printer.words(), ask::<method::TokenRefresh>(daemon, &params)).await?
        }
    };
    show(printer, format, &raw, |style, status: TokenStatus| style.token_status(&status))
}
