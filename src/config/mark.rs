//! Keys of the simulator are told from KIS's, so that neither is sent to the other.

use kis_simulator::KEY_MARK;

use super::Config;
use crate::kis;

/// The domain of KIS's own hosts.
const DOMAIN: &str = "koreainvestment.com";

/// Why the app key does not fit the host, if it does not.
pub(super) fn refused(kis: &kis::Settings) -> Option<&'static str> {
    let host = kis.base_url.host_str().unwrap_or_default().trim_end_matches('.');
    let of_kis = host.strip_suffix(DOMAIN).is_some_and(|before| before.is_empty() || before.ends_with('.'));
    (of_kis && is_marked(kis)).then_some(
        "is a key of kisd simulate, which KIS does not know; give KIS's own, or name the simulator in kis.base_url",
    )
}

fn is_marked(kis: &kis::Settings) -> bool {
    kis.credentials.app_key.expose().starts_with(KEY_MARK)
}

impl Config {
    /// What is allowed, and probably not meant.
    pub fn warnings(&self) -> Vec<String> {
        let elsewhere = |kis: &kis::Settings| kis::is_loopback(&kis.base_url) && !is_marked(kis);
        let accounts = self.accounts.iter().filter(|account| elsewhere(&self.keys[account.key].kis));
        let warning = |account| {
            let table = self.table(account);
            format!(
                "{table}.app_key is not one of kisd simulate, but {table}.base_url is on this machine: what listens there gets the key"
            )
        };
        accounts.map(warning).chain(self.own_approvals()).collect()
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::{
        kis::{Credentials, Environment},
        secret::{AppKey, AppSecret},
    };

    fn settings(key: &str, base_url: &str) -> kis::Settings {
        kis::Settings {
            environment: Environment::Paper,
            base_url: Url::parse(base_url).unwrap(),
            credentials: Credentials {
                app_key: AppKey::try_new(key.to_owned()).unwrap(),
                app_secret: AppSecret::try_new(kis_simulator::Options::app_secret()).unwrap(),
            },
            calls_per_second: 1,
            request_timeout: std::time::Duration::from_secs(1),
        }
    }

    #[test]
    fn a_simulators_key_is_refused_for_kis_and_only_there() {
        let kis = "PSabcdefghijklmnopqrstuvwxyz01234567";
        for (key, base_url, allowed) in [
            (kis_simulator::Options::APP_KEY, Environment::Real.base_url(), false),
            (kis_simulator::Options::APP_KEY, Environment::Paper.base_url(), false),
            (kis_simulator::Options::APP_KEY, "https://koreainvestment.com./", false),
            (kis_simulator::Options::APP_KEY, "http://127.0.0.1:8765/", true),
            (kis_simulator::Options::APP_KEY, "https://notkoreainvestment.com/", true),
            (kis, Environment::Real.base_url(), true),
        ] {
            assert_eq!(refused(&settings(key, base_url)).is_none(), allowed, "{base_url}");
        }
    }
}
