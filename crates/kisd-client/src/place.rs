//! Where the daemon's socket is when nobody names it. The daemon and its clients look in the same order.
//!
//! | | |
//! |---|---|
//! | 1 | `$XDG_RUNTIME_DIR/kisd/kisd.sock` |
//! | 2 | `/run/user/UID/kisd/kisd.sock`, if `/run/user/UID` belongs to the user: cron and some agents do not set the variable |
//! | 3 | `kisd/kisd.sock` in `$XDG_STATE_HOME`, else in `~/.local/state` |
//! | 4 | `/run/kisd/kisd.sock`, the system's |
//!
//! The first three are the user's own. Somebody who has a daemon of their own is never answered by the system's unasked: that one
//! serves another account.

use std::{
    ffi::OsString,
    fmt, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use super::client::ConnectError;

/// The system service's socket.
pub const SYSTEM: &str = "/run/kisd/kisd.sock";

/// The system service's configuration.
pub const SYSTEM_CONFIGURATION: &str = "/etc/kisd/config.toml";

/// The runtime directories of all users.
const RUNTIME_DIRECTORIES: &str = "/run/user";

const SOCKET: &str = "kisd/kisd.sock";

/// What looks an environment variable up.
type Variable<'a> = Box<dyn Fn(&str) -> Option<OsString> + 'a>;

/// The environment variables of a user, and where the system keeps what is the user's.
pub struct User<'a> {
    variable: Variable<'a>,
    home: Option<PathBuf>,
    runtime_directories: PathBuf,
    system: PathBuf,
    uid: u32,
}

impl fmt::Debug for User<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("uid", &self.uid).finish_non_exhaustive()
    }
}

impl<'a> User<'a> {
    /// The user of this process, with these variables. An empty variable is as good as none.
    pub fn new(variable: impl Fn(&str) -> Option<OsString> + 'a) -> Self {
        Self {
            variable: Box::new(variable),
            home: None,
            runtime_directories: RUNTIME_DIRECTORIES.into(),
            system: SYSTEM.into(),
            uid: rustix::process::geteuid().as_raw(),
        }
    }

    /// With the home directory that the system knows, for when `HOME` is not set.
    #[must_use]
    pub fn with_home(self, home: Option<PathBuf>) -> Self {
        Self { home, ..self }
    }

    /// The directory of a variable. A relative one would be anybody's who can write in the current directory.
    fn directory(&self, name: &str) -> Option<PathBuf> {
        (self.variable)(name).map(PathBuf::from).filter(|directory| directory.is_absolute())
    }

    /// A directory of the XDG specification: the variable, else the place under the home directory.
    fn xdg(&self, name: &str, under_home: &str) -> Option<PathBuf> {
        let home = || self.directory("HOME").or_else(|| self.home.clone().filter(|home| home.is_absolute()));
        self.directory(name).or_else(|| Some(home()?.join(under_home)))
    }

    /// The runtime directory of the user's session, whether or not the session says where it is.
    pub fn runtime_directory(&self) -> Option<PathBuf> {
        self.directory("XDG_RUNTIME_DIR").or_else(|| self.usual_runtime_directory())
    }

    fn usual_runtime_directory(&self) -> Option<PathBuf> {
        let directory = self.runtime_directories.join(self.uid.to_string());
        is_of(&directory, self.uid).then_some(directory)
    }

    /// The user's directories for configuration, one for each program.
    pub fn configurations(&self) -> Option<PathBuf> {
        self.xdg("XDG_CONFIG_HOME", ".config")
    }

    /// The user's configuration file for kisd; it need not be there.
    pub fn configuration(&self) -> Option<PathBuf> {
        Some(self.configurations()?.join("kisd/config.toml"))
    }

    /// The user's own places, in their order.
    pub fn sockets(&self) -> Vec<PathBuf> {
        let state = self.xdg("XDG_STATE_HOME", ".local/state");
        let directories = [self.directory("XDG_RUNTIME_DIR"), self.usual_runtime_directory(), state];
        let mut sockets: Vec<PathBuf> =
            directories.into_iter().flatten().map(|directory| directory.join(SOCKET)).collect();
        sockets.dedup();
        sockets
    }

    /// Where a daemon of this user serves that is told no place. `configuration` is the file that it was started with.
    pub fn daemon(&self, configuration: Option<&Path>) -> PathBuf {
        let system = self.system.clone();
        // systemd has given a service its directories; without one for the socket, the socket is systemd's own.
        let is_service = (self.variable)("STATE_DIRECTORY").is_some();
        // Root serves the system, unless root has started it as a user does.
        let is_roots = self.uid == 0 && configuration.is_none_or(|file| file == Path::new(SYSTEM_CONFIGURATION));
        let has_system = system.parent().is_some_and(|directory| is_of(directory, self.uid));
        if self.directory("XDG_RUNTIME_DIR").is_none() && (is_service || is_roots || has_system) {
            return system;
        }
        self.sockets().into_iter().next().unwrap_or(system)
    }

    /// A configuration of the user's own that is there: its daemon serves another account than the system's.
    fn own_configuration(&self) -> Option<PathBuf> {
        let named = (self.variable)("KISD_CONFIG").map(PathBuf::from);
        match named {
            Some(file) if file == Path::new(SYSTEM_CONFIGURATION) => None,
            Some(file) => Some(file),
            None => self.configuration().filter(|file| file.symlink_metadata().is_ok()),
        }
    }
}

fn is_of(directory: &Path, uid: u32) -> bool {
    directory.symlink_metadata().is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == uid)
}

/// Where a client looks for the daemon. Whichever daemon answers first is the one that is asked from then on: after a restart
/// of it, no other may answer in its place.
#[derive(Debug)]
pub struct Places {
    /// Looked at in this order.
    sockets: Vec<PathBuf>,
    /// Looked at in the end, unless the user has a daemon of their own.
    system: Option<PathBuf>,
    /// The user's own configuration, if there is one.
    configuration: Option<PathBuf>,
    found: OnceLock<PathBuf>,
}

impl Places {
    /// The one socket that was named.
    pub fn named(socket: PathBuf) -> Self {
        Self { sockets: vec![socket], system: None, configuration: None, found: OnceLock::new() }
    }

    /// The user's own daemon, and no other.
    pub fn of_user(user: &User<'_>) -> Self {
        let configuration = user.own_configuration();
        Self { sockets: user.sockets(), system: None, configuration, found: OnceLock::new() }
    }

    /// The user's own daemon; the system's, if the user has none.
    pub fn usual(user: &User<'_>) -> Self {
        Self { system: Some(SYSTEM.into()), ..Self::of_user(user) }
    }

    /// The socket on which a daemon has answered.
    pub fn found(&self) -> Option<&Path> {
        self.found.get().map(PathBuf::as_path)
    }

    /// The user's own configuration, if there is one and its daemon was looked for.
    pub fn configuration(&self) -> Option<&Path> {
        self.configuration.as_deref()
    }

    pub(super) fn sockets(&self) -> &[PathBuf] {
        self.found.get().map_or(&self.sockets, std::slice::from_ref)
    }

    pub(super) fn answered(&self, socket: &Path) {
        // Whoever was found first stays.
        let _ = self.found.set(socket.to_owned());
    }

    /// The system's socket, for when none of the user's own has answered; or why it is not asked.
    pub(super) fn system(&self, tried: &[ConnectError]) -> Option<Result<PathBuf, ConnectError>> {
        let system = self.system.clone().filter(|_| self.found.get().is_none())?;
        let refusing = tried.iter().find(|error| error.path.symlink_metadata().is_ok()).map(|error| error.path.clone());
        Some(match self.configuration.clone().or(refusing) {
            Some(own) => Err(ConnectError { path: system, reason: io::Error::other(NotAsked { own }) }),
            None => Ok(system),
        })
    }
}

/// Why the system's daemon is not asked: the user has one of their own, which does not answer.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} is a daemon of your own that does not answer, and the system's serves another account: start yours, or choose with --system",
    own.display()
)]
pub struct NotAsked {
    /// The configuration or the socket of the user's own daemon.
    pub own: PathBuf,
}

impl NotAsked {
    /// The refusal behind an error, if it is one.
    pub fn of(error: &ConnectError) -> Option<&Self> {
        error.reason.get_ref()?.downcast_ref()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn user<'a>(variables: &'a [(&'a str, &'a Path)], runtime_directories: &Path, uid: u32) -> User<'a> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_os_str().to_owned())
        };
        let (runtime_directories, system) = (runtime_directories.into(), "/none/kisd.sock".into());
        User { variable: Box::new(variable), home: None, runtime_directories, system, uid }
    }

    #[test]
    fn daemon_and_client_look_in_the_same_places_in_the_same_order() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let me = rustix::process::geteuid().as_raw();
        let (home, session, mine) = (at("home"), at("session"), at(&format!("run/{me}")));
        fs::create_dir_all(&mine).unwrap();
        let own = [session.join(SOCKET), mine.join(SOCKET), home.join(".local/state").join(SOCKET)];
        let in_session = [("HOME", home.as_path()), ("XDG_RUNTIME_DIR", session.as_path())];
        let file = at("config.toml");
        let (with, without) = (user(&in_session, &at("run"), me), user(&in_session[..1], &at("run"), me));
        assert_eq!((with.sockets(), with.daemon(Some(&file))), (own.to_vec(), own[0].clone()));
        assert_eq!((without.sockets(), without.daemon(Some(&file))), (own[1..].to_vec(), own[1].clone()));
        // A runtime directory of somebody else is not looked into.
        fs::create_dir_all(at("run/4000000000")).unwrap();
        let stranger = user(&in_session[..1], &at("run"), 4_000_000_000);
        assert_eq!((stranger.sockets(), stranger.daemon(Some(&file))), (own[2..].to_vec(), own[2].clone()));
        assert_eq!(user(&[], &at("run"), 4_000_000_000).daemon(None), Path::new("/none/kisd.sock"));
    }

    #[test]
    fn a_service_and_root_without_a_file_of_their_own_serve_the_system() {
        let home = [("HOME", Path::new("/nowhere")), ("STATE_DIRECTORY", Path::new("/var/lib/kisd"))];
        let none = Path::new("/none");
        let system = Path::new("/none/kisd.sock");
        assert_eq!(
            user(&home, none, 61_184).daemon(Some(Path::new("/run/credentials/kisd.service/config.toml"))),
            system
        );
        assert_eq!(user(&home[..1], none, 0).daemon(Some(Path::new(SYSTEM_CONFIGURATION))), system);
        assert_eq!(user(&home[..1], none, 0).daemon(None), system);
        assert_eq!(user(&home[..1], none, 4_000_000_000).daemon(None), Path::new("/nowhere/.local/state").join(SOCKET));
    }
}
