//! What has been learned of a key, in a small file beside the calls of the last second, replaced atomically.
//!
//! It is written without waiting for the disk: what is lost with the machine is learned again.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    learner::Learned,
    log::{open_own, read_all},
    rate::Rate,
};

/// More than any file of ours has.
const MAX_BYTES: usize = 256;

/// The file of one app key.
#[derive(Debug)]
pub(super) struct Kept {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Content {
    calls: u32,
    window_ms: u64,
    failures: u32,
}

impl Kept {
    /// The file beside the log of calls at `log`.
    pub(super) fn beside(log: &Path) -> Self {
        Self { path: log.with_extension("rate") }
    }

    /// What was learned; `None` where there is no such file, or it is none of ours.
    pub(super) fn read(&self) -> Option<Learned> {
        let file = open_own(OpenOptions::new().read(true), &self.path).ok()?;
        let mut text = [0; MAX_BYTES];
        let length = read_all(&file, &mut text).ok()?;
        let content: Content = serde_json::from_slice(&text[..length]).ok()?;
        Some(Learned { rate: Rate::of(content.calls, content.window_ms)?, failures: content.failures })
    }

    /// Writes down what is learned now.
    pub(super) fn write(&self, learned: Learned) -> io::Result<()> {
        let content =
            Content { calls: learned.rate.calls(), window_ms: learned.rate.window_ms(), failures: learned.failures };
        // Always of one name, so that what a killed process has left is used again.
        let new = self.path.with_extension("rate-new");
        let mut file = open_own(OpenOptions::new().write(true).create(true).truncate(true).mode(0o600), &new)?;
        file.write_all(&serde_json::to_vec(&content)?)?;
        fs::rename(new, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learned_is_read_again_and_garbage_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("token-real-00000000.calls");
        let kept = Kept::beside(&log);
        assert_eq!(kept.read(), None);
        fs::write(directory.path().join("token-real-00000000.rate-new"), [b'{'; 5000]).unwrap();
        for rate in [Rate::per_second(7), Rate::per_second(1).slower()] {
            let learned = Learned { rate, failures: 3 };
            kept.write(learned).unwrap();
            assert_eq!(Kept::beside(&log).read(), Some(learned));
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside it");
        let whole = fs::read(&kept.path).unwrap();
        let garbage: [&[u8]; 6] = [
            b"",
            &whole[..whole.len() - 1],
            br#"{"calls":0,"window_ms":1000,"failures":0}"#,
            br#"{"calls":3,"window_ms":1,"failures":0}"#,
            br#"{"calls":-3,"window_ms":1000,"failures":0}"#,
            &[b' '; 5000],
        ];
        for garbage in garbage {
            fs::write(&kept.path, garbage).unwrap();
            assert_eq!(kept.read(), None, "{}", String::from_utf8_lossy(garbage));
        }
        fs::remove_file(&kept.path).unwrap();
        std::os::unix::fs::symlink(directory.path().join("elsewhere"), &kept.path).unwrap();
        fs::write(directory.path().join("elsewhere"), &whole).unwrap();
        assert_eq!(kept.read(), None, "a link is not followed");
    }
}
