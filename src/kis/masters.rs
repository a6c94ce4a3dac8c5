//! The host of KIS's master files: downloads without a key, of files that have not changed since.

use std::{sync::Arc, time::Duration};

use reqwest::{
    StatusCode,
    header::{ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED},
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::http::{Http, SetupError, cause};
use crate::clock::{self, SharedClock};

/// Where KIS serves its master files.
pub const MASTER_URL: &str = "https://new.real.download.dws.co.kr/common/master";

/// Longest wait for one file.
const WITHIN: Duration = Duration::from_secs(25);

/// What the host said of a file, to ask whether it has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// `ETag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Last-Modified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// A file as it was downloaded.
#[derive(Debug, Clone)]
pub enum Download {
    /// It is the one that is known.
    Same,
    /// It is another, or may be.
    File {
        /// The whole of it.
        content: Vec<u8>,
        /// Which it is.
        version: Version,
    },
}

/// Why a file did not come.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DownloadError {
    /// The host did not answer.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable {
        /// The host.
        host: Arc<str>,
        /// Why.
        reason: String,
    },
    /// It was too slow.
    #[error("{host} did not send it within {} s", WITHIN.as_secs())]
    TimedOut {
        /// The host.
        host: Arc<str>,
    },
    /// It answered something else.
    #[error("{host} answers HTTP {status}")]
    Status {
        /// The host.
        host: Arc<str>,
        /// Its answer.
        status: u16,
    },
    /// It sends more than that.
    #[error("{host} sends more than {most} MiB, which no master file has")]
    TooLarge {
        /// The host.
        host: Arc<str>,
        /// The cap.
        most: usize,
    },
}

/// The host of the master files.
#[derive(Debug)]
pub struct MasterHost {
    http: reqwest::Client,
    url: Url,
    host: Arc<str>,
    clock: SharedClock,
}

impl MasterHost {
    /// A host that has not been called yet.
    pub fn new(url: Url, http: &Http, clock: SharedClock) -> Result<Self, SetupError> {
        let host = url.authority().into();
        Ok(Self { http: http.of(&url)?.fresh, url, host, clock })
    }

    /// Where the files are.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Downloads a file of at most `most` bytes unless it is the one that is known.
    pub async fn download(&self, name: &str, known: &Version, most: usize) -> Result<Download, DownloadError> {
        let deadline = self.clock.monotonic().saturating_add(WITHIN);
        let download = clock::before(&*self.clock, deadline, self.at_leisure(name, known, most)).await;
        download.unwrap_or_else(|| Err(DownloadError::TimedOut { host: self.host.clone() }))
    }

    async fn at_leisure(&self, name: &str, known: &Version, most: usize) -> Result<Download, DownloadError> {
        let host = || self.host.clone();
        let unreachable =
            |error: reqwest::Error| DownloadError::Unreachable { host: host(), reason: cause(&error.without_url()) };
        let mut request = self.http.get(format!("{}/{name}", self.url.as_str().trim_end_matches('/')));
        let Version { etag, last_modified } = known;
        for (header, value) in [(IF_NONE_MATCH, etag), (IF_MODIFIED_SINCE, last_modified)] {
            if let Some(value) = value {
                request = request.header(header, value);
            }
        }
        let mut response = request.send().await.map_err(unreachable)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED if *known != Version::default() => return Ok(Download::Same),
            status => return Err(DownloadError::Status { host: host(), status: status.as_u16() }),
        }
        let too_large = || DownloadError::TooLarge { host: host(), most: most >> 20 };
        if response.content_length().is_some_and(|length| length > most as u64) {
            return Err(too_large());
        }
        let version =
            Version { etag: text(response.headers(), ETAG), last_modified: text(response.headers(), LAST_MODIFIED) };
        let mut content = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if content.len() + chunk.len() > most {
                return Err(too_large());
            }
            content.extend_from_slice(&chunk);
        }
        Ok(Download::File { content, version })
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
