//! What goes wrong, scripted: each fault is met once, by the next call to its path.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::sync::Semaphore;

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

#[derive(Debug, Default)]
pub(super) struct Faults {
    scripted: VecDeque<(String, Fault)>,
}

impl Faults {
    pub(super) fn script(&mut self, path: &str, fault: Fault) {
        self.scripted.push_back((path.to_owned(), fault));
    }

    pub(super) fn next(&mut self, path: &str) -> Option<Fault> {
        let index = self.scripted.iter().position(|(suffix, _)| path.ends_with(suffix.as_str()))?;
        self.scripted.remove(index).map(|(_, fault)| fault)
    }
}
