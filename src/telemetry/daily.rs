//! Log files, one for each day in Korea, in a directory in which nobody else can put anything.
//!
//! A file is opened by way of its directory, follows no link, waits for no reader of a pipe, and is used only if it is the owner's
//! alone to write. What is not is named and left alone: then there is no file until the next day, and stderr has the log.

use std::{
    fs::{DirBuilder, File},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use chrono::NaiveDate;
use rustix::fs::{AtFlags, Mode, OFlags};
use tracing::error;

use crate::clock::{self, SharedClock};

/// Daily files kept before the oldest is removed.
const FILES_KEPT: usize = 30;

/// Bits of those who may write besides the owner.
const OTHERS_WRITE: u32 = 0o022;

/// Why a directory or a file is not used.
#[derive(Debug, thiserror::Error)]
pub enum Distrust {
    /// Not what it should be: a link, a pipe, a file in the place of a directory.
    #[error("{0} is not {1}; a link is not followed")]
    Kind(PathBuf, &'static str),
    /// Somebody else's.
    #[error("{0} belongs to uid {1}; allowed is one's own")]
    Owner(PathBuf, u32),
    /// Somebody else may write in it.
    #[error("{0} has mode {1:04o}, so that others can write in it; remove it, or chmod go-w")]
    Writable(PathBuf, u32),
    /// Another name of a file that was something else before.
    #[error("{0} is a file of {1} names; remove it")]
    Linked(PathBuf, u64),
    /// The system refuses.
    #[error("{0} cannot be used: {1}")]
    Io(PathBuf, io::Error),
}

impl Distrust {
    /// Whether somebody has to correct it first.
    pub fn is_lasting(&self) -> bool {
        !matches!(self, Self::Io(..))
    }
}

/// Writes to the file of the day.
#[derive(Debug)]
pub(super) struct Daily {
    directory: PathBuf,
    clock: SharedClock,
    /// The day, and its file if it can be used.
    open: Option<(NaiveDate, Option<File>)>,
}

impl Daily {
    /// Makes the directory if it is missing, and looks whether it can be used.
    pub(super) fn new(directory: &Path, clock: SharedClock) -> Result<Self, Distrust> {
        let failed = |error| Distrust::Io(directory.to_owned(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        trusted(directory)?;
        Ok(Self { directory: directory.to_owned(), clock, open: None })
    }

    /// The file of this day.
    fn file(&mut self) -> Option<&mut File> {
        let today = clock::kst(self.clock.now()).date_naive();
        if self.open.as_ref().is_none_or(|(day, _)| *day != today) {
            let file = open(&self.directory, today).inspect_err(|reason| {
                error!("log.dir: {reason}; there is no log file until the next day");
            });
            prune(&self.directory, today);
            self.open = Some((today, file.ok()));
        }
        self.open.as_mut()?.1.as_mut()
    }
}

impl Write for Daily {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.file() {
            Some(file) => file.write(line),
            // The log is on stderr all the same.
            None => Ok(line.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.open {
            Some((_, Some(file))) => file.flush(),
            _ => Ok(()),
        }
    }
}

/// The directory, if it is ours and nobody else can put files into it.
fn trusted(path: &Path) -> Result<File, Distrust> {
    let failed = |error: io::Error| Distrust::Io(path.to_owned(), error);
    let uid = rustix::process::geteuid().as_raw();
    // A link to it may be made by who may write above it: by root, or by ourselves.
    let link = path.symlink_metadata().map_err(failed)?;
    if link.is_symlink() && link.uid() != 0 && link.uid() != uid {
        return Err(Distrust::Kind(path.to_owned(), "a directory of one's own"));
    }
    let directory = File::open(path).map_err(failed)?;
    let metadata = directory.metadata().map_err(failed)?;
    match metadata.mode() & 0o7777 {
        _ if !metadata.is_dir() => Err(Distrust::Kind(path.to_owned(), "a directory")),
        _ if metadata.uid() != uid => Err(Distrust::Owner(path.to_owned(), metadata.uid())),
        mode if mode & OTHERS_WRITE != 0 => Err(Distrust::Writable(path.to_owned(), mode)),
        _ => Ok(directory),
    }
}

fn open(directory: &Path, day: NaiveDate) -> Result<File, Distrust> {
    let (parent, name) = (trusted(directory)?, name(day));
    let path = directory.join(&name);
    // A pipe without a reader is not waited for; one with a reader is found out below.
    let flags =
        OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(&parent, &name, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::LOOP | rustix::io::Errno::NXIO | rustix::io::Errno::ISDIR) => {
            return Err(Distrust::Kind(path, "a regular file"));
        }
        Err(errno) => return Err(Distrust::Io(path, errno.into())),
    };
    let metadata = file.metadata().map_err(|error| Distrust::Io(path.clone(), error))?;
    match metadata.mode() & 0o7777 {
        _ if !metadata.is_file() => Err(Distrust::Kind(path, "a regular file")),
        _ if metadata.uid() != rustix::process::geteuid().as_raw() => Err(Distrust::Owner(path, metadata.uid())),
        _ if metadata.nlink() > 1 => Err(Distrust::Linked(path, metadata.nlink())),
        mode if mode & OTHERS_WRITE != 0 => Err(Distrust::Writable(path, mode)),
        _ => Ok(file),
    }
}

/// The name of a day's file.
fn name(day: NaiveDate) -> String {
    format!("kisd.{}.log", day.format("%Y-%m-%d"))
}

/// The day of a file that has the name of one of ours.
fn day_of(name: &str) -> Option<NaiveDate> {
    let day = name.strip_prefix("kisd.")?.strip_suffix(".log")?;
    NaiveDate::parse_from_str(day, "%Y-%m-%d").ok().filter(|day| self::name(*day) == name)
}

/// Removes the oldest files beyond those that are kept; nothing but regular files of ours with the names of days.
fn prune(directory: &Path, today: NaiveDate) {
    let Ok(parent) = trusted(directory) else { return };
    let Ok(entries) = directory.read_dir() else { return };
    let uid = rustix::process::geteuid().as_raw();
    let is_ours =
        |entry: &std::fs::DirEntry| entry.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.uid() == uid);
    let mut days: Vec<NaiveDate> =
        entries.flatten().filter(is_ours).filter_map(|entry| day_of(entry.file_name().to_str()?)).collect();
    days.sort_unstable();
    // A day to come is none of these: it may be from a clock that was wrong, and is not to cost a day that was.
    let past: Vec<NaiveDate> = days.into_iter().filter(|day| *day <= today).collect();
    for day in past.iter().take(past.len().saturating_sub(FILES_KEPT)) {
        // One that cannot be removed now may be on another day.
        let _ = rustix::fs::unlinkat(&parent, name(*day), AtFlags::empty());
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt, symlink},
        time::Duration,
    };

    use chrono::{DateTime, Utc};

    use super::*;
    use crate::clock::ManualClock;

    const HOUR: Duration = Duration::from_secs(3600);

    /// 23:00 on 2026-01-23 in Korea, where it is the 24th an hour later; in UTC it stays the 23rd for ten hours.
    fn late() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-01-23T14:00:00Z").unwrap().with_timezone(&Utc)
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_for_a_day_in_korea() {
        let directory = tempfile::tempdir().unwrap();
        let clock = ManualClock::at(late());
        let mut daily = Daily::new(&directory.path().join("logs"), clock.shared()).unwrap();
        for line in ["one\n", "two\n"] {
            daily.write_all(line.as_bytes()).unwrap();
        }
        clock.advance(HOUR);
        daily.write_all(b"three\n").unwrap();
        clock.advance(9 * HOUR);
        daily.write_all(b"four\n").unwrap();
        let logs = directory.path().join("logs");
        assert_eq!(names(&logs), ["kisd.2026-01-23.log", "kisd.2026-01-24.log"]);
        assert_eq!(fs::read_to_string(logs.join("kisd.2026-01-23.log")).unwrap(), "one\ntwo\n");
        assert_eq!(fs::read_to_string(logs.join("kisd.2026-01-24.log")).unwrap(), "three\nfour\n");
        assert_eq!(fs::metadata(&logs).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn thirty_files_are_kept_and_nothing_is_removed_that_is_not_kisds() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let others = ["kisd.1.log", "kisd.2020-01-01.log.gz", "kisd.2020-1-1.log", "kisd.log", "kisd.+2020-01-01.log"];
        for other in others {
            fs::write(path(other), "mine").unwrap();
        }
        symlink(path("kisd.log"), path("kisd.2020-01-02.log")).unwrap();
        fs::create_dir(path("kisd.2020-01-03.log")).unwrap();
        let first = late().date_naive() - chrono::Days::new(40);
        for day in first.iter_days().take(40) {
            fs::write(path(&name(day)), "old").unwrap();
        }
        let mut daily = Daily::new(directory.path(), ManualClock::at(late()).shared()).unwrap();
        daily.write_all(b"new\n").unwrap();
        let names = names(directory.path());
        assert_eq!(names.len(), FILES_KEPT + others.len() + 2, "{names:?}");
        assert!(others.iter().all(|other| names.iter().any(|name| name == other)), "{names:?}");
        assert!(!path("kisd.2025-12-24.log").exists() && path("kisd.2025-12-25.log").exists(), "{names:?}");
    }

    #[test]
    fn a_directory_that_others_can_write_in_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        for mode in [0o777, 0o1777, 0o770] {
            fs::set_permissions(directory.path(), Permissions::from_mode(mode)).unwrap();
            let refused = Daily::new(directory.path(), ManualClock::at(late()).shared()).unwrap_err();
            assert!(refused.is_lasting() && refused.to_string().contains(&format!("{mode:04o}")), "{refused}");
        }
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(Daily::new(&file, ManualClock::at(late()).shared()).is_err());
    }

    #[test]
    fn what_was_planted_is_neither_used_nor_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let planted = directory.path().join(name(clock::kst(late()).date_naive()));
        let elsewhere = tempfile::NamedTempFile::new().unwrap();
        let plant: [(&str, &dyn Fn()); 4] = [
            ("a link", &|| symlink(elsewhere.path(), &planted).unwrap()),
            ("a second name", &|| fs::hard_link(elsewhere.path(), &planted).unwrap()),
            ("a pipe", &|| {
                rustix::fs::mknodat(rustix::fs::CWD, &planted, rustix::fs::FileType::Fifo, Mode::from(0o666), 0)
                    .unwrap();
            }),
            ("a file that others can write", &|| {
                fs::write(&planted, "").unwrap();
                fs::set_permissions(&planted, Permissions::from_mode(0o666)).unwrap();
            }),
        ];
        for (what, plant) in plant {
            plant();
            let mut daily = Daily::new(directory.path(), ManualClock::at(late()).shared()).unwrap();
            daily.write_all(b"a line\n").unwrap();
            let refused = open(directory.path(), clock::kst(late()).date_naive()).unwrap_err().to_string();
            assert!(refused.contains(planted.to_str().unwrap()), "{what}: {refused}");
            if planted.is_file() {
                assert_eq!(fs::read_to_string(&planted).unwrap(), "", "{what}");
            }
            fs::remove_file(&planted).unwrap();
        }
        assert_eq!(fs::read_to_string(elsewhere.path()).unwrap(), "");
    }
}
