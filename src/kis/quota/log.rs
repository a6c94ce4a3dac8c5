//! The calls of the last second in a small file, so that a process that starts at once after another does not spend them again.
//!
//! A ring of instants since boot, written in place without waiting for the disk: it has to outlive a process, not the machine.
//! After another boot an instant may look recent by chance; that costs a wait of a second at most.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt},
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use rustix::fs::OFlags;

use crate::clock::BootTime;

/// Calls that it has room for; more than any limit of KIS allows in the time that a call counts. A simulator may allow more:
/// after a restart the last of them count.
const ROOM: u64 = 128;

/// Bytes of one instant, in nanoseconds.
const INSTANT: u64 = 8;

/// The log of one app key.
#[derive(Debug)]
pub(super) struct CallLog {
    file: File,
    next: AtomicU64,
    /// What processes before this one have left.
    found: Vec<BootTime>,
}

impl CallLog {
    /// Opens the log, or makes one that is its owner's alone.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if let Some(directory) = path.parent().filter(|directory| !directory.is_dir()) {
            DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        let file = open_own(OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600), path)?;
        let mut ring = [0; (ROOM * INSTANT) as usize];
        let read = read_all(&file, &mut ring)?;
        if read < ring.len() {
            // In full, so that later writes need no room on the disk.
            file.write_all_at(&ring, 0)?;
        }
        let instant = |nanos| BootTime::at(Duration::from_nanos(u64::from_le_bytes(nanos)));
        let found: Vec<BootTime> = ring.as_chunks().0.iter().copied().map(instant).collect();
        // After the newest, so that the others are overwritten last.
        let newest = found.iter().enumerate().max_by_key(|(_, at)| **at).map_or(0, |(index, _)| index as u64);
        Ok(Self { file, next: AtomicU64::new(newest + 1), found })
    }

    /// How long ago, now that the time since boot is `now`, calls were made that are at most `age` old.
    pub(super) fn recent(&self, now: BootTime, age: Duration) -> impl Iterator<Item = Duration> {
        self.found
            .iter()
            .filter(move |at| **at > BootTime::ZERO && **at <= now)
            .map(move |at| now.since(*at))
            .filter(move |ago| *ago <= age)
    }

    /// Notes a call that is made when the time since boot is `at`.
    pub(super) fn note(&self, at: BootTime) {
        let place = self.next.fetch_add(1, Ordering::Relaxed) % ROOM * INSTANT;
        let nanos = u64::try_from(at.after_start().as_nanos()).unwrap_or(u64::MAX);
        // Without it a restart within the second may be told EGW00201, and recovers from it.
        let _ = self.file.write_all_at(&nanos.to_le_bytes(), place);
    }
}

/// Opens a file of this user's. It is neither followed (a link is not what kisd made) nor waited for (a pipe would hold up the
/// start).
pub(super) fn open_own(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = options.custom_flags(flags.bits().cast_signed()).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it is not a file of this user"));
    }
    Ok(file)
}

pub(super) fn read_all(file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match file.read_at(&mut buffer[read..], read as u64)? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(ms: u64) -> BootTime {
        BootTime::at(Duration::from_millis(ms))
    }

    fn recent(path: &Path, now: BootTime) -> Vec<Duration> {
        let mut recent: Vec<Duration> = CallLog::open(path).unwrap().recent(now, SECOND).collect();
        recent.sort();
        recent
    }

    #[test]
    fn calls_of_the_last_second_outlive_the_process_and_older_ones_do_not_count() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state/token.json.calls");
        let log = CallLog::open(&path).unwrap();
        for number in 1..=300 {
            log.note(at(number * 10));
        }
        let ago = |ms| Duration::from_millis(ms);
        assert_eq!(recent(&path, at(3_000)).len(), 101);
        assert_eq!(recent(&path, at(3_990)), [ago(990), ago(1_000)]);
        assert!(recent(&path, at(5_000)).is_empty());
        assert_eq!(recent(&path, at(2_000)).len(), 28, "what another boot has left may only look recent");
        let again = CallLog::open(&path).unwrap();
        again.note(at(3_500));
        assert_eq!(recent(&path, at(3_500)).len(), 52, "the oldest was overwritten");
    }

    #[test]
    fn what_is_not_a_file_of_ours_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let (target, link) = (directory.path().join("target"), directory.path().join("link"));
        std::fs::write(&target, "precious").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(CallLog::open(&link).is_err());
        assert!(CallLog::open(directory.path()).is_err());
        assert_eq!(std::fs::read(&target).unwrap(), b"precious");
    }

    #[test]
    fn a_log_that_was_cut_or_is_garbage_is_used_all_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("calls");
        for garbage in [&b""[..], &[0xFF; 13], &[0xFF; 5000]] {
            std::fs::write(&path, garbage).unwrap();
            let log = CallLog::open(&path).unwrap();
            assert_eq!(log.recent(at(5_000), SECOND).count(), 0, "{}", garbage.len());
            log.note(at(5_000));
            assert_eq!(recent(&path, at(5_000)).len(), 1);
        }
    }
}
