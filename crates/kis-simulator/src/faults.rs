//! What goes wrong, scripted: each fault is met once or a number of times, by the next calls to its path.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use super::http::Request;

/// Something that goes wrong with one call.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This JSON instead of an answer; nothing is issued, counted or looked up.
    Answer {
        /// HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
    /// These very headers and bytes instead of an answer.
    Raw {
        /// HTTP status.
        status: u16,
        /// Headers as they are to be spelled; the length of the body is added.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// These very bytes instead of an answer, which need not be text.
    Bytes {
        /// HTTP status.
        status: u16,
        /// The body.
        body: Vec<u8>,
    },
    /// KIS's refusal with this code, in the form of the call's family.
    Code(String),
    /// The connection is closed without an answer; nothing happened.
    Reset,
    /// The answer comes late, by the simulator's clock.
    Delay(Duration),
    /// The call takes effect, and the connection is cut after this many bytes of the body.
    Cut {
        /// Bytes of the body that arrive.
        after: usize,
    },
    /// The call takes effect once its [`Gate`] is opened.
    Hold(Hold),
    /// The order takes effect, and the answer has the number of another.
    OtherOrder(String),
}

/// The simulator's side of a gate.
#[derive(Debug, Clone)]
pub struct Hold {
    arrived: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Hold {
    pub(super) async fn wait(&self) {
        self.arrived.add_permits(1);
        // Neither semaphore is ever closed; if they were, the gate would stand open.
        let _ = self.open.acquire().await;
    }
}

/// A test's side of a gate: it knows when the call has arrived, and lets it go.
#[derive(Debug)]
pub struct Gate {
    arrived: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Gate {
    pub(super) fn new() -> (Self, Fault) {
        let (arrived, open) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let hold = Hold { arrived: arrived.clone(), open: open.clone() };
        (Self { arrived, open }, Fault::Hold(hold))
    }

    /// Completes once the call has arrived.
    pub async fn arrived(&self) {
        if let Ok(permit) = self.arrived.acquire().await {
            permit.forget();
        }
    }

    /// Lets the call go.
    pub fn open(self) {
        self.open.add_permits(1);
    }
}

/// Which calls meet a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Those to a path that ends so.
    PathEnding(String),
    /// Those of an operation, named by the last segment of its path (`inquire-balance`) or by its TR id.
    Operation(String),
}

impl Target {
    fn is_met_by(&self, request: &Request) -> bool {
        match self {
            Self::PathEnding(ending) => request.path.ends_with(ending.as_str()),
            Self::Operation(name) => {
                request.path.rsplit('/').next() == Some(name) || request.header("tr_id") == Some(name)
            }
        }
    }
}

/// A fault with the calls that meet it.
#[derive(Debug, Clone)]
pub struct Scripted {
    /// Which calls.
    pub target: Target,
    /// What goes wrong.
    pub fault: Fault,
    /// How many calls, one after another.
    pub times: u32,
    /// Whether the call takes effect before it goes wrong.
    pub after_effect: bool,
}

#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<Scripted>);

impl Faults {
    pub(super) fn script(&mut self, scripted: Scripted) {
        if scripted.times > 0 {
            self.0.push_back(scripted);
        }
    }

    /// What goes wrong with this call, and whether it takes effect before.
    pub(super) fn next(&mut self, request: &Request) -> Option<(Fault, bool)> {
        let index = self.0.iter().position(|scripted| scripted.target.is_met_by(request))?;
        let scripted = self.0.get_mut(index)?;
        scripted.times -= 1;
        let met = (scripted.fault.clone(), scripted.after_effect);
        if scripted.times == 0 {
            self.0.remove(index);
        }
        Some(met)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_one_target_are_met_one_after_another_and_as_often_as_said() {
        let mut faults = Faults::default();
        let script = |target, code: &str, times| Scripted {
            target,
            fault: Fault::Code(code.to_owned()),
            times,
            after_effect: false,
        };
        let ending = || Target::PathEnding("inquire-balance".to_owned());
        for scripted in [
            script(ending(), "first", 2),
            script(Target::Operation("tokenP".to_owned()), "token", 1),
            script(ending(), "second", 1),
            script(ending(), "never", 0),
            script(Target::Operation("TTTC8434R".to_owned()), "by id", 1),
        ] {
            faults.script(scripted);
        }
        let mut request = Request { path: "/uapi/x/inquire-balance".to_owned(), ..Request::default() };
        request.headers.push(("TR_ID".to_owned(), "TTTC8434R".to_owned()));
        let mut met = || match faults.next(&request) {
            Some((Fault::Code(code), false)) => code,
            other => format!("{other:?}"),
        };
        assert_eq!([met(), met(), met(), met(), met()], ["first", "first", "second", "by id", "None"]);
        request.path = "/oauth2/tokenP".to_owned();
        assert!(faults.next(&request).is_some() && faults.next(&request).is_none());
    }
}
