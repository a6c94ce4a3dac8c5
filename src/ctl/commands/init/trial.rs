//! Has KIS asked with keys that are not written yet: by kisd itself, which keeps the token that it is given.

use std::{
    fs, io,
    os::unix::{self, fs::MetadataExt},
    path::{Path, PathBuf},
    process::Command,
};

use super::{KEYS, Place, configuration::Configuration, failed, questions::Answers, stage, target::Target};
use crate::ctl::{Failure, beside, words::Words};

/// Where the service keeps its state.
const STATE: &str = "/var/lib/kisd";

/// What kisd says when KIS has taken the keys; an error with KIS's words otherwise.
pub(super) async fn attempt(
    place: &Place,
    configuration: &Configuration,
    target: &Target,
    files: &[PathBuf; 2],
    answers: &Answers,
    words: &Words,
) -> Result<String, Failure> {
    let told = |error: io::Error| failed(words, "kisd check --try-keys", &error);
    let Some(kisd) = beside("kisd") else { return Err(Failure::Told(words.init.no_kisd.to_owned())) };
    let directory = tempfile::Builder::new().prefix("kisctl-").tempdir().map_err(told)?;
    let mut command = Command::new(kisd);
    command.args(["check", "--try-keys", "--account", target.name()]);
    let staged = stage_keys(directory.path(), files, answers).map_err(told)?;
    let trial = match (place.is_system, &staged) {
        // As systemd hands them over, with those of the other accounts.
        (true, _) => {
            link_others(&place.directory, directory.path()).map_err(told)?;
            command.env("CREDENTIALS_DIRECTORY", directory.path()).env("STATE_DIRECTORY", STATE);
            configuration.clone()
        }
        (false, Some([key, secret])) => configuration.with_files(target, [key, secret]),
        (false, None) => configuration.clone(),
    };
    // Beside the one that it is for, so that the files which that one names from there are found.
    let beside = if place.directory.is_dir() { &place.directory } else { directory.path() };
    let config = stage(beside, trial.text().as_bytes()).map_err(told)?;
    command.arg("--config").arg(config.path());
    // Whoever interrupts this interrupts kisd as well, which ends.
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .map_err(io::Error::other)
        .flatten()
        .map_err(told)?;
    if place.is_system {
        hand_over(Path::new(STATE)).map_err(told)?;
    }
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.success() {
        true => Ok(said(&output.stdout)),
        false => Err(Failure::Told(format!("{}\n{}", said(&output.stderr), words.init.nothing_written))),
    }
}

/// The new keys in files of their own, under the names that they will have.
fn stage_keys(directory: &Path, files: &[PathBuf; 2], answers: &Answers) -> io::Result<Option<[PathBuf; 2]>> {
    let Some(keys) = &answers.keys else { return Ok(None) };
    let mut staged = [PathBuf::new(), PathBuf::new()];
    for ((place, file), content) in staged.iter_mut().zip(files).zip([&keys.app_key, &keys.app_secret]) {
        *place = directory.join(file.file_name().unwrap_or_default());
        stage(directory, content.as_bytes())?.persist(&place)?;
    }
    Ok(Some(staged))
}

/// The keys of the other accounts, where the new ones are.
fn link_others(from: &Path, to: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let is_key = KEYS.iter().any(|key| name.to_string_lossy().ends_with(key));
        if is_key && !to.join(&name).exists() {
            unix::fs::symlink(entry.path(), to.join(&name))?;
        }
    }
    Ok(())
}

/// Gives what root has written to the service, whose user systemd chooses.
fn hand_over(state: &Path) -> io::Result<()> {
    let Ok(owner) = fs::metadata(state) else { return Ok(()) };
    for entry in fs::read_dir(state)? {
        unix::fs::lchown(entry?.path(), Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}
