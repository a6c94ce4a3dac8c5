//! Tests that need a network and mounts of their own: they are run once more, as root of namespaces that end with them.

use std::process::Command;

/// Whether a program ends well.
pub(crate) fn runs(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// Runs an ignored test of this binary apart from the rest of the machine, if this machine can.
pub(crate) fn run(test: &str) {
    let has_namespaces = runs("unshare", &["-rnm", "ip", "link", "set", "lo", "up"]);
    if !has_namespaces || !runs("curl", &["--version"]) {
        eprintln!(
            "SKIPPED, NOT PROVED: {test} needs unshare, ip and curl, and a kernel that allows unprivileged namespaces"
        );
        return;
    }
    let apart = Command::new("unshare")
        .args(["-rnm", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let (said, errors) = (String::from_utf8_lossy(&apart.stdout), String::from_utf8_lossy(&apart.stderr));
    assert!(apart.status.success() && said.contains("1 passed"), "{said}\n{errors}");
    eprint!("{errors}");
}
