//! The gateway, where there is to be one: whether it serves, also under KIS's own host names, and how long its certificates are good.

use chrono::{DateTime, FixedOffset};

use super::{KIS, Mark, Report};
use crate::ctl::{commands::client, table::local, words::Words};
use crate::wire::types::{GatewayState, GatewayStatus};

/// The place of the gateway among what is looked at.
const GATEWAY: usize = KIS + 1;

/// A certificate is to be renewed so long before its end.
const RENEWED_BEFORE_DAYS: i64 = 30;

pub(super) fn examine(report: &mut Report, status: &GatewayStatus, words: &Words) {
    let off = GatewayStatus { certificate_ends_at: None, hosts: None, ..status.clone() };
    let found = client::gateway(words, &off);
    match status.state {
        GatewayState::Off | GatewayState::Unknown => {}
        GatewayState::Serving => report.add(GATEWAY, Mark::Good, found, None),
        GatewayState::Failed => report.add(GATEWAY, Mark::Bad, found, Some(words.doctor.free_the_port)),
    }
    if let Some(at) = status.certificate_ends_at {
        ends(report, at, status.certificate_days_left, words.trust.renew_own, words);
    }
    let Some(found) = client::hosts(words, status) else { return };
    match (status.hosts.as_ref().map(|hosts| hosts.state), status.trust_ends_at) {
        (Some(GatewayState::Serving), _) => report.add(GATEWAY, Mark::Good, found, None),
        // The message says to make one.
        (_, None) => report.add(GATEWAY, Mark::Bad, found, None),
        _ => report.add(GATEWAY, Mark::Bad, found, Some(words.doctor.free_the_port)),
    }
    if let Some(at) = status.trust_ends_at {
        ends(report, at, status.trust_days_left, words.trust.renew, words);
    }
}

fn ends(report: &mut Report, at: DateTime<FixedOffset>, days_left: Option<i64>, advice: &str, words: &Words) {
    let mark = match days_left {
        Some(..0) => Mark::Bad,
        Some(..RENEWED_BEFORE_DAYS) => Mark::Doubtful,
        _ => return,
    };
    report.add(GATEWAY, mark, (words.trust.ends)(&local(at)), Some(advice));
}
