//! Setting up: nothing is lost, nothing asks KIS too early, and what is printed works.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use kisd::simulator::{Mode, Options};
use tokio::{io::AsyncWriteExt, process::Command};

use super::{kisctl, kisd, machine, said, text};
use crate::support::{World, chmod};

async fn answer(command: &mut Command, answers: &[&str]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may have ended before it has read everything.
    let _ = stdin.write_all((answers.join("\n") + "\n").as_bytes()).await;
    drop(stdin);
    child.wait_with_output().await.unwrap()
}

async fn init(world: &World, directory: &Path, before: &[&str], more: &[&str]) -> Output {
    let (key, secret) = (world.options.app_key.clone(), world.options.app_secret.clone());
    let answers: Vec<&str> = before.iter().copied().chain(["paper", &key, &secret, "12345678-01"]).collect();
    answer(kisctl().args(["init", "--directory"]).arg(directory).args(more), &answers).await
}

#[tokio::test]
async fn a_second_init_changes_what_was_asked_and_keeps_the_rest() {
    let world = World::new().await;
    let directory = world.path("kisd");
    fs::create_dir(&directory).unwrap();
    let config = directory.join("config.toml");
    let before = "# mine\n[kis] # of the account\nmode = \"real\" # for now\napp_key = \"old\"\nbase_url = \"http://127.0.0.1:9\"\n\
                  calls_per_second = 3\naccount_no = \"87654321\"\n\n[rpc]\n# the two of us\nallow_uids = [1000, 1001]\n\
                  allow_refresh_uids = [1000]\n\n[token]\nfile = \"/x/token.json\"\n[log]\nlevel = \"debug\"\n";
    fs::write(&config, before).unwrap();
    chmod(&config, 0o600);
    let output = init(&world, &directory, &["y"], &[]).await;
    assert!(output.status.success(), "{output:?}");
    let after = fs::read_to_string(&config).unwrap();
    for kept in [
        "# mine\n[kis] # of the account\n",
        "mode = \"paper\" # for now\n",
        "account_no = \"12345678\"\n",
        "base_url = \"http://127.0.0.1:9\"\n",
        "calls_per_second = 3\n",
        "[rpc]\n# the two of us\nallow_uids = [1000, 1001]\nallow_refresh_uids = [1000]\n",
        "[token]\nfile = \"/x/token.json\"\n",
        "[log]\nlevel = \"debug\"\n",
        "app_key_file = ",
    ] {
        assert!(after.contains(kept), "{kept:?} is missing in: {after}");
    }
    assert!(!after.contains("app_key = ") && !after.contains("87654321"), "{after}");
    assert!(said(&output).contains("http://127.0.0.1:9"), "it says where the keys are sent: {output:?}");
    assert_eq!(
        fs::read_to_string(directory.join("config.toml.bak")).unwrap(),
        before.replace("\"old\"", "\"replaced\"")
    );
}

#[tokio::test]
async fn keys_of_the_simulator_start_nothing_before_their_base_url_is_known() {
    let world = World::new().await;
    let (without, with) = (world.path("without"), world.path("with"));
    let output = init(&world, &without, &[], &[]).await;
    let message = said(&output);
    assert!(output.status.success() && message.contains("--base-url"), "{message}");
    assert!(!message.contains("start it with") && !message.contains("Install and start"), "{message}");
    let url = world.simulator.base_url();
    let output = init(&world, &with, &[], &["--base-url", &url]).await;
    assert!(output.status.success() && said(&output).contains("start it with"), "{output:?}");
    let config = fs::read_to_string(with.join("config.toml")).unwrap();
    assert!(config.contains(&format!("base_url = \"{url}\"\n")), "{config}");
    assert!(Options::APP_KEY.starts_with("PSkisdSimulator"), "as kisctl knows them");
    assert_eq!(world.simulator.calls(), []);
}

#[tokio::test]
async fn without_systemd_and_session_the_printed_command_starts_a_daemon_that_kisctl_finds() {
    let world = World::in_real_time(Options::demo(Mode::Paper)).await;
    let script = "\"$KISCTL\" init --user --base-url \"$URL\" 2>\"$HOME/said\" || exit 1\n\
                  command=$(sed -n 's/.*start it with: //p' \"$HOME/said\")\n\
                  sh -c \"exec $command\" 2>\"$HOME/log\" &\n\
                  for i in $(seq 100); do \"$KISCTL\" balance 2>/dev/null && break; sleep 0.1; done; kill $!; wait";
    let Some(mut command) = machine(&world, script).await else { return };
    command.env("URL", world.simulator.base_url());
    let answers = ["paper", world.options.app_key.as_str(), world.options.app_secret.as_str(), "12345678-01"];
    let output = answer(&mut command, &answers).await;
    let log = |name: &str| fs::read_to_string(world.path("home").join(name)).unwrap_or_default();
    assert!(text(&output.stdout).contains("005930"), "{output:?} {} {}", log("said"), log("log"));
}

#[tokio::test]
async fn without_systemd_the_printed_command_of_root_serves_the_user_who_was_let_in() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let world = World::in_real_time(Options::demo(Mode::Paper)).await;
    for directory in [world.path("").parent().unwrap(), &world.path("")] {
        chmod(directory, 0o755);
    }
    fs::copy(env!("CARGO_BIN_EXE_kisctl"), world.path("kisctl")).unwrap();
    // Whoever has become root by sudo is told a command for that.
    fs::write(world.path("sudo"), "#!/bin/sh\nexec \"$@\"\n").unwrap();
    chmod(&world.path("sudo"), 0o755);
    let script = "export PATH=\"$BIN:$PATH\"\n\
                  SUDO_UID=65534 \"$KISCTL\" init --base-url \"$URL\" 2>\"$HOME/said\" || exit 1\n\
                  command=$(sed -n 's/.*start it with: //p' \"$HOME/said\")\n\
                  setsid sh -c \"$command\" 2>\"$HOME/log\" &\n\
                  for i in $(seq 100); do \
                  setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent \"$BIN/kisctl\" balance && break; \
                  sleep 0.1; done 2>\"$HOME/tries\"; cat /etc/kisd/config.toml; kill -- -$!";
    let Some(mut command) = machine(&world, script).await else { return };
    command.env("URL", world.simulator.base_url()).env("BIN", world.path("")).env("KISCTL", world.path("kisctl"));
    // kisd is started from where it was installed, or from beside kisctl.
    fs::copy(env!("CARGO_BIN_EXE_kisd"), world.path("kisd")).unwrap();
    let answers = ["paper", world.options.app_key.as_str(), world.options.app_secret.as_str(), "12345678-01"];
    let output = answer(&mut command, &answers).await;
    let log = |name: &str| fs::read_to_string(world.path("home").join(name)).unwrap_or_default();
    let shown = text(&output.stdout);
    assert!(shown.contains("005930"), "{output:?} {} {} {}", log("said"), log("log"), log("tries"));
    assert!(shown.contains("allow_uids = [65534]"), "{shown}");
}

#[tokio::test]
async fn check_as_root_plays_the_part_of_systemd_for_the_service_and_for_nothing_else() {
    let world = World::new().await;
    let files = world.path("files");
    fs::create_dir(&files).unwrap();
    let write = |name: &str, text: &str| {
        fs::write(files.join(name), text).unwrap();
        chmod(&files.join(name), 0o600);
    };
    let url = world.simulator.base_url();
    write("config.toml", &format!("[kis]\nmode = \"paper\"\naccount_no = \"12345678\"\nbase_url = \"{url}\"\n"));
    write("app_key", &world.options.app_key);
    write("app_secret", &world.options.app_secret);
    let check = async |place: &str, arguments: &str| {
        let script = format!("mkdir -p {place} && cp -p \"$FILES\"/* {place} && exec \"$KISD\" check {arguments}");
        let mut command = machine(&world, &script).await?;
        Some(command.env("FILES", &files).output().await.unwrap())
    };
    let Some(output) = check("/etc/kisd", "").await else { return };
    assert!(output.status.success(), "{output:?}");
    let shown = text(&output.stdout);
    for words in ["/etc/kisd/config.toml", "/var/lib/kisd/token.json", "/run/kisd/kisd.sock", "needs a restart"] {
        assert!(shown.contains(words) || words == "needs a restart", "{words}: {shown}");
    }
    assert!(check("/etc/kisd", "--config /etc/kisd/config.toml").await.unwrap().status.success());
    // A daemon of one's own is handed nothing.
    let output = check("$HOME/.config/kisd", "").await.unwrap();
    assert_eq!(output.status.code(), Some(78), "{output:?}");
    fs::remove_dir_all(world.path("home")).unwrap();
    write("app_secret", "\"short\"");
    let output = check("/etc/kisd", "").await.unwrap();
    assert_eq!(output.status.code(), Some(78), "{output:?}");
    assert!(said(&output).contains("kis.app_secret: is in quotes"), "{output:?}");
}

/// What kisd says of a configuration that it refuses.
async fn refusal(command: &mut Command, of: &str) -> String {
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(78), "{of}: {output:?}");
    text(&output.stderr)
}

#[tokio::test]
async fn odd_configurations_are_refused_by_name_with_78_and_never_shown() {
    let world = World::new().await;
    let config = world.config_file("kisd", "");
    let good = fs::read_to_string(&config).unwrap();
    let (key, secret) = (&world.options.app_key, &world.options.app_secret);
    let check = async |text: &str, variables: &[(&str, &str)]| {
        fs::write(&config, text).unwrap();
        let mut command = kisd();
        let message =
            refusal(command.arg("check").arg("--config").arg(&config).envs(variables.iter().copied()), text).await;
        assert!(!message.contains(key.as_str()) && !message.contains(secret.as_str()), "{message}");
        assert!(!message.to_uppercase().contains(&key.to_uppercase()), "{message}");
        message
    };
    let message = check(&format!("{good}{}[log]\nlevel = \"debug\"\n", "#\n".repeat(1 << 19)), &[]).await;
    assert!(message.contains("kisd.toml") && message.contains("larger than 1 MiB"), "{message}");
    for text in [format!("{good}{key} = 1\n"), format!("{good}[{key}]\n"), format!("\"{secret}\" = 1\n{good}")] {
        let message = check(&text, &[]).await;
        assert!(message.contains("kisd.toml") && message.contains("not shown"), "{message}");
    }
    let message = check(&good.replace("app_key = ", "app_key_file = "), &[]).await;
    assert!(message.contains("kis.app_key_file"), "{message}");
    let message = check(&good, &[("KISD_RPC__ALLOW_UIDS", &"[".repeat(60_000))]).await;
    assert!(message.contains("KISD_RPC__ALLOW_UIDS") && message.contains("rpc.allow_uids"), "{message}");
    for (odd, words) in [
        (format!("\u{feff}{key}"), "byte order mark"),
        (format!("{key}\u{200b}"), "U+200B"),
        (format!("\"{key}\""), "quotes"),
    ] {
        fs::write(world.path("app_key"), odd).unwrap();
        chmod(&world.path("app_key"), 0o600);
        let message = check(&good.replace(&format!("app_key = \"{key}\""), "app_key_file = \"app_key\""), &[]).await;
        assert!(message.contains("kis.app_key_file") && message.contains(words), "{message}");
    }
}

#[tokio::test]
async fn a_relative_key_file_is_looked_for_beside_the_configuration() {
    let world = World::new().await;
    let config = world.config_file("kisd", "");
    let text = fs::read_to_string(&config).unwrap();
    let text = text.replace(&format!("app_key = \"{}\"", world.options.app_key), "app_key_file = \"key\"");
    fs::write(&config, text).unwrap();
    fs::write(world.path("key"), &world.options.app_key).unwrap();
    chmod(&world.path("key"), 0o600);
    let relative = PathBuf::from("kisd.toml");
    for (directory, file) in [(PathBuf::from("/"), &config), (world.path(""), &relative)] {
        let output = kisd().arg("check").arg("--config").arg(file).current_dir(&directory).output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}
