//! What is said to and taken from systemd: the socket, readiness, a line of status, the watchdog. Without systemd, nothing.

use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio::net::UnixListener;
use tracing::warn;

use crate::{
    clock,
    server::serve::Heartbeat,
    token::{State, TokenStatus},
};

/// The socket that systemd has opened for us (`LISTEN_FDS`), if it has.
pub fn listener() -> Option<UnixListener> {
    let listener = match ListenFd::from_env().take_unix_listener(0) {
        Ok(listener) => listener?,
        Err(error) => {
            warn!(%error, "what systemd has handed over is not a Unix stream socket");
            return None;
        }
    };
    let taken = listener.set_nonblocking(true).and_then(|()| UnixListener::from_std(listener));
    taken.inspect_err(|error| warn!(%error, "the socket of systemd cannot be used")).ok()
}

/// Feeds the watchdog from within the accepting loop, twice in the time that systemd allows.
pub fn heartbeat() -> Option<Heartbeat> {
    let every = sd_notify::watchdog_enabled()? / 2;
    Some(Heartbeat { every, beat: Box::new(|| notify(NotifyState::Watchdog)) })
}

pub(super) fn ready() {
    notify(NotifyState::Ready);
}

pub(super) fn stopping() {
    notify(NotifyState::Stopping);
}

/// Shows the state of the token in `systemctl status`, if it is not what was `said` last.
pub(super) fn status(token: &TokenStatus, said: &mut String) {
    let text = match (token.state, token.expires_at) {
        (State::Valid, Some(at)) => format!("token valid until {}", clock::kst(at).format("%Y-%m-%d %H:%M KST")),
        (State::Valid | State::Missing, _) => "no token".to_owned(),
        (State::Renewing, _) => "asking KIS for a token".to_owned(),
        (State::Waiting, _) => "waiting until KIS may be asked for a token again".to_owned(),
        (State::Rejected, _) => "KIS refuses the app key or secret; correct them, then restart".to_owned(),
    };
    if *said != text {
        notify(NotifyState::Status(&text));
        *said = text;
    }
}

fn notify(state: NotifyState<'_>) {
    // Not started by systemd is no error; a vanished socket of systemd is worth a line.
    if let Err(error) = sd_notify::notify(&[state]) {
        warn!(%error, "cannot notify systemd");
    }
}
