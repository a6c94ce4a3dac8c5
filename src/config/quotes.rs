//! `[quotes]`: what is kept of candles, checked.

use std::path::Path;

use super::{check::Check, raw::RawQuotes};
use crate::quote::Settings;

/// The file, beside the token.
const FILE: &str = "candles.db";

/// Its greatest size in megabytes, unless another is said: ten years of days of some 1,500 stocks.
const USUAL_MB: u64 = 256;

/// The most that may be said.
const MOST_MB: u64 = 65_536;

impl Check<'_> {
    /// The settings.
    pub(super) fn quotes(&mut self, raw: RawQuotes, token_file: &Path) -> Settings {
        let megabytes = self.number("quotes.candles_max_mb", raw.candles_max_mb, USUAL_MB, 0, MOST_MB);
        Settings {
            file: self.path("quotes.candles_file", raw.candles_file, || token_file.with_file_name(FILE)),
            max_bytes: megabytes.saturating_mul(1_000_000),
        }
    }
}
