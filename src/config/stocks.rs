//! `[stocks]`: KIS's master files, checked.

use std::{path::Path, time::Duration};

use url::Url;

use super::{
    check::{Check, MINUTE},
    raw::RawStocks,
};
use crate::{
    kis::{self, masters::MASTER_URL},
    stock::Settings,
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The directory of the files, beside the token.
const DIRECTORY: &str = "masters";

/// Where a simulator has them.
const OF_A_SIMULATOR: &str = "/common/master";

impl Check<'_> {
    /// The settings; `base_url` is that of an app key, if all of them are for this machine.
    pub(super) fn stocks(&mut self, raw: RawStocks, base_url: Option<&Url>, token_file: &Path) -> Option<Settings> {
        let master_url = match (raw.master_url, base_url) {
            (Some(text), _) => self.master_url(&text),
            // Whoever tests with a simulator does not mean KIS.
            (None, Some(simulator)) => simulator.join(OF_A_SIMULATOR).ok(),
            // Ours, which parses.
            (None, None) => Url::parse(MASTER_URL).ok(),
        };
        let max_age = self.duration("stocks.master_max_age", raw.master_max_age, DAY, MINUTE, 30 * DAY);
        let directory = token_file.with_file_name(DIRECTORY);
        Some(Settings { master_url: master_url?, master_max_age: max_age, directory })
    }

    fn master_url(&mut self, text: &str) -> Option<Url> {
        const ALLOWED: &str = "allowed is https://HOST[:PORT]/PATH, and http:// for a loopback host";
        let key = "stocks.master_url";
        let Ok(url) = Url::parse(text) else { return self.none(key, format!("is not a URL; {ALLOWED}")) };
        let bare = url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && url.host().is_some();
        match url.scheme() {
            "https" if bare => Some(url),
            "http" if bare && kis::is_loopback(&url) => Some(url),
            "http" if bare => self.none(key, format!("would trust whoever is on the way; {ALLOWED}")),
            _ => self.none(key, ALLOWED),
        }
    }
}
