//! `kisctl gateway`: KIS's own host names, for programs whose host is a constant.

use clap::Subcommand;

use crate::ctl::{
    Failure, Format,
    asking::{ask, in_time},
    output::Printer,
    show,
    table::{Style, local},
};
use crate::wire::{
    daemon::Daemon,
    method,
    text::printable,
    types::{GatewayBundle, GatewayState, GatewayTrust, GatewayUntrusted, HostsStatus, NoParams},
};

/// What the hosts file is shown with where gateway.hosts is not set.
const USUAL_ADDRESS: &str = "127.0.0.77";

/// The variables that programs take a bundle from.
const VARIABLES: [&str; 3] = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"];

#[derive(Debug, Clone, Copy, Subcommand)]
pub(in crate::ctl) enum GatewayCommand {
    /// Makes the certificate with which the gateway is KIS under KIS's own host names, or another in its place, and says what to set.
    Trust,
    /// Removes that certificate, and says what to take back.
    Untrust,
    /// Prints what programs have to trust then: the system's roots and one of kisd's.
    Bundle,
}

pub(in crate::ctl) async fn run(
    command: GatewayCommand,
    printer: &mut Printer,
    daemon: &Daemon,
    format: Format,
) -> Result<(), Failure> {
    match command {
        GatewayCommand::Trust => {
            let raw = in_time(ask::<method::GatewayTrust>(daemon, &NoParams {})).await?;
            show(printer, format, &raw, |style, trust: GatewayTrust| trusted(style, &trust))
        }
        GatewayCommand::Untrust => {
            let raw = in_time(ask::<method::GatewayUntrust>(daemon, &NoParams {})).await?;
            show(printer, format, &raw, |style, untrusted: GatewayUntrusted| {
                let words = &style.words.trust;
                let found = if untrusted.removed { words.removed } else { words.nothing_to_remove };
                format!(
                    "{found}\n{}\n\n  {}\n",
                    words.take_back,
                    untrusted.hosts.iter().map(|host| printable(host)).collect::<Vec<_>>().join(" ")
                )
            })
        }
        GatewayCommand::Bundle => {
            let raw = in_time(ask::<method::GatewayBundle>(daemon, &NoParams {})).await?;
            // Lines for a file, whoever reads them.
            show(printer, format, &raw, |_, bundle: GatewayBundle| {
                bundle.pem.lines().map(|line| format!("{}\n", printable(line))).collect()
            })
        }
    }
}

fn trusted(style: Style, trust: &GatewayTrust) -> String {
    let words = &style.words.trust;
    let hosts: Vec<String> = trust.hosts.iter().map(|host| printable(host)).collect();
    let status = trust.gateway.hosts.as_ref();
    let address = status.map_or_else(|| USUAL_ADDRESS.to_owned(), |status| printable(&status.address));
    let bundle = printable(&trust.bundle);
    let variables: String = VARIABLES.map(|name| format!("  export {name}={bundle}\n")).concat();
    let mut text = format!(
        "{}\n\n{}\n\n  {address} {}\n\n{}\n\n{variables}\n{}\n",
        (words.made)(&local(trust.ends_at)),
        words.hosts_file,
        hosts.join(" "),
        words.variables,
        words.copy,
    );
    match status {
        None => text.push_str(&format!("\n{}\n", (words.not_configured)(&address))),
        // It has not looked at the certificate yet.
        Some(HostsStatus { state: GatewayState::Failed, error: Some(error), .. })
            if !error.contains("gateway trust") =>
        {
            text.push_str(&format!("\n{}\n", (words.failing)(&address, &printable(error))));
        }
        Some(_) => {}
    }
    text
}
