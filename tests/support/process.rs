//! kisd as a process of its own.

use std::{fs, path::PathBuf, process::Stdio};

use serde_json::Value;
use tokio::process::{Child, Command};

use super::{Lines, World, eventually};

pub fn kisd() -> Command {
    kisd_by(env!("CARGO_BIN_EXE_kisd"))
}

/// kisd, started by another program.
pub fn kisd_by(program: &str) -> Command {
    let mut command = Command::new(program);
    // Nothing of the machine's own configuration, and nothing of a systemd that may run the tests.
    command.env_clear().env("PATH", "/usr/bin:/bin").kill_on_drop(true).stdin(Stdio::null());
    command
}

/// A running `kisd`.
pub struct Process {
    pub child: Child,
    pub socket: PathBuf,
    pub log: PathBuf,
}

impl Process {
    pub async fn start(world: &World, name: &str, extra: &str) -> Self {
        world.config_file(name, extra);
        Self::start_configured(world, name).await
    }

    /// With the configuration file that is there.
    pub async fn start_configured(world: &World, name: &str) -> Self {
        let config = world.path(&format!("{name}.toml"));
        Self::start_with(world, name, kisd().arg("--config").arg(config)).await
    }

    pub async fn start_with(world: &World, name: &str, command: &mut Command) -> Self {
        let log = world.path(&format!("{name}.log"));
        let child = command.stderr(fs::File::create(&log).unwrap()).spawn().unwrap();
        let socket = world.path(&format!("{name}.sock"));
        let process = Self { child, socket, log };
        eventually("readiness", || process.log().contains("kisd is ready")).await;
        process
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    pub async fn call(&self, method: &str, params: Value) -> Value {
        Lines::connect(&self.socket).await.call(method, params).await
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.child.id().unwrap().cast_signed()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    pub async fn stop(mut self) -> Option<i32> {
        self.signal(rustix::process::Signal::TERM);
        self.child.wait().await.unwrap().code()
    }
}
