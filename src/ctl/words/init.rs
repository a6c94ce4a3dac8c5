//! What `kisctl init` says.

/// The texts of `kisctl init`.
#[derive(Debug)]
pub(in crate::ctl) struct Init {
    pub(in crate::ctl) welcome: fn(&str) -> String,
    pub(in crate::ctl) mode: &'static str,
    pub(in crate::ctl) mode_is: &'static str,
    pub(in crate::ctl) app_key: &'static str,
    pub(in crate::ctl) app_key_is: &'static str,
    pub(in crate::ctl) app_secret: &'static str,
    pub(in crate::ctl) app_secret_is: &'static str,
    pub(in crate::ctl) account: &'static str,
    pub(in crate::ctl) account_is: &'static str,
    pub(in crate::ctl) replace: fn(&str) -> String,
    pub(in crate::ctl) change: fn(&str) -> String,
    pub(in crate::ctl) not_toml: fn(&str) -> String,
    pub(in crate::ctl) base_url_stays: fn(&str) -> String,
    pub(in crate::ctl) base_url_needed: fn(&str) -> String,
    pub(in crate::ctl) kept: fn(&str) -> String,
    pub(in crate::ctl) written: fn(&str) -> String,
    pub(in crate::ctl) install: fn(&str) -> String,
    pub(in crate::ctl) installed: fn(&str) -> String,
    pub(in crate::ctl) start_yourself: fn(&str) -> String,
    pub(in crate::ctl) system_service: &'static str,
    pub(in crate::ctl) user_service: &'static str,
    pub(in crate::ctl) install_first: fn(&str) -> String,
    pub(in crate::ctl) no_home: &'static str,
    pub(in crate::ctl) odd_name: &'static str,
    pub(in crate::ctl) no_input: &'static str,
    /// The name of an account is none.
    pub(in crate::ctl) no_name: &'static str,
    /// An account is there already.
    pub(in crate::ctl) is_there: fn(&str) -> String,
    /// An account is not there.
    pub(in crate::ctl) is_not_there: fn(&str) -> String,
    /// The app key of the first is that of the second.
    pub(in crate::ctl) shares_key: fn(&str, &str) -> String,
    /// There are several accounts, and one must be named.
    pub(in crate::ctl) which: &'static str,
    pub(in crate::ctl) no_configuration: fn(&str) -> String,
    /// The configuration is no TOML, and nothing can be added to it.
    pub(in crate::ctl) broken: fn(&str) -> String,
    /// The key file of an account is that of another as well.
    pub(in crate::ctl) file_of_another: fn(&str, &str) -> String,
    /// What was there is there again.
    pub(in crate::ctl) put_back: &'static str,
    /// Calls that name no account go on meaning this one.
    pub(in crate::ctl) default_stays: fn(&str) -> String,
    /// What to do with a configuration that is there.
    pub(in crate::ctl) menu: &'static str,
    pub(in crate::ctl) menu_is: &'static str,
    pub(in crate::ctl) name: &'static str,
    /// Whether KIS is asked before anything is written.
    pub(in crate::ctl) try_keys: &'static str,
    pub(in crate::ctl) trying: &'static str,
    pub(in crate::ctl) no_kisd: &'static str,
    pub(in crate::ctl) nothing_written: &'static str,
    pub(in crate::ctl) reload: &'static str,
    pub(in crate::ctl) restart: &'static str,
    pub(in crate::ctl) lingers: &'static str,
    pub(in crate::ctl) failed: fn(&str, &str) -> String,
}
