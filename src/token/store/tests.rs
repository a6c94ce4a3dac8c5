use std::{fs, os::unix::fs::PermissionsExt};

use chrono::TimeDelta;

use super::*;
use crate::secret::{AppKey, AppSecret};

fn credentials(letter: &str) -> Credentials {
    Credentials {
        app_key: AppKey::try_new(letter.repeat(36)).unwrap(),
        app_secret: AppSecret::try_new(letter.repeat(180)).unwrap(),
    }
}

fn store(directory: &tempfile::TempDir) -> Store {
    Store::new(directory.path().join("state/token.json"), Environment::Paper, &credentials("P"))
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn token(text: &str) -> Token {
    Token {
        access_token: AccessToken::try_new(text.to_owned()).unwrap(),
        token_type: "Bearer".to_owned(),
        issued_at: now(),
        expires_at: now() + TimeDelta::hours(24),
        source: Source::Issued,
    }
}

fn usable(store: &Store) -> Token {
    match store.read(now()).unwrap().unwrap() {
        Mirrored::Usable(token) => token,
        Mirrored::Refused(_) => panic!("refused"),
    }
}

#[test]
fn what_was_written_is_read_again_and_only_its_owner_can() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    store.write(&token("first"), None).unwrap();
    store.write(&token("second"), None).unwrap();
    let read = usable(&store);
    assert_eq!(read.access_token.expose(), "second");
    assert_eq!((read.issued_at, read.expires_at), (now(), now() + TimeDelta::hours(24)));
    assert_eq!(fs::metadata(store.path()).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(store.path().parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    assert!(!fs::read_to_string(store.path()).unwrap().contains("PPPP"));
}

#[test]
fn a_mirror_torn_at_any_byte_is_set_aside() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    store.write(&token("whole"), None).unwrap();
    let whole = fs::read(store.path()).unwrap();
    // Without its last two bytes (brace and newline) at most.
    for length in 0..whole.len() - 1 {
        fs::write(store.path(), &whole[..length]).unwrap();
        assert!(matches!(store.read(now()), Err(Distrust::Unreadable)), "{length}");
    }
}

#[test]
fn a_mirror_of_another_key_or_mode_is_set_aside() {
    let directory = tempfile::tempdir().unwrap();
    let ours = store(&directory);
    ours.write(&token("ours"), None).unwrap();
    for other in [
        Store::new(ours.path().to_owned(), Environment::Paper, &credentials("Q")),
        Store::new(ours.path().to_owned(), Environment::Real, &credentials("P")),
    ] {
        assert!(matches!(other.read(now()), Err(Distrust::OtherKey)));
    }
}

#[test]
fn a_mirror_that_others_could_read_is_set_aside() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    store.write(&token("seen"), None).unwrap();
    fs::set_permissions(store.path(), fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(store.read(now()), Err(Distrust::NotPrivate(0o640))));
}

#[test]
fn a_link_a_directory_and_an_expired_mirror_are_set_aside() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    store.write(&token("old"), None).unwrap();
    let later = now() + TimeDelta::hours(24);
    assert!(matches!(store.read(later), Err(Distrust::Expired(at)) if at == later));
    let elsewhere = directory.path().join("elsewhere");
    fs::rename(store.path(), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, store.path()).unwrap();
    assert!(matches!(store.read(now()), Err(Distrust::NotAFile)));
    fs::remove_file(store.path()).unwrap();
    fs::create_dir(store.path()).unwrap();
    assert!(matches!(store.read(now()), Err(Distrust::NotAFile)));
}

#[test]
fn an_expiry_without_zone_is_korean_time() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    store.write(&token("zone"), None).unwrap();
    let text = fs::read_to_string(store.path()).unwrap();
    let stated = clock::kst(now() + TimeDelta::hours(24)).to_rfc3339();
    fs::write(store.path(), text.replace(&stated, stated.trim_end_matches("+09:00"))).unwrap();
    assert_eq!(usable(&store).expires_at, now() + TimeDelta::hours(24));
}

#[test]
fn a_refused_token_is_remembered_as_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    store.write(&token("dead"), Some(now())).unwrap();
    assert!(matches!(store.read(now()), Ok(Some(Mirrored::Refused(token))) if token.access_token.expose() == "dead"));
}

#[test]
fn the_last_issue_is_kept_for_each_app_key_and_a_torn_note_counts_as_one() {
    let directory = tempfile::tempdir().unwrap();
    let ours = store(&directory);
    let mut lock = ours.lock().unwrap();
    assert_eq!(lock.last_issue().unwrap(), None);
    lock.note(Some(now())).unwrap();
    drop(lock);
    let other = Store::new(ours.path().to_owned(), Environment::Real, &credentials("P"));
    let mut lock = other.lock().unwrap();
    assert_eq!(lock.last_issue().unwrap(), None);
    lock.note(Some(now() + TimeDelta::hours(1))).unwrap();
    drop(lock);
    let mut lock = ours.lock().unwrap();
    assert_eq!(lock.last_issue().unwrap(), Some(now()));
    lock.note(None).unwrap();
    assert_eq!(lock.last_issue().unwrap(), None);
    for length in [7, 0] {
        lock.file.set_len(length).unwrap();
        drop(lock);
        lock = ours.lock().unwrap();
        assert!(lock.last_issue().unwrap().is_some(), "{length} bytes");
    }
}

#[test]
fn what_a_killed_process_left_half_written_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    store.write(&token("whole"), None).unwrap();
    let leftover = directory.path().join("state/.token.json.kisd-Ab12cd");
    fs::write(&leftover, "half a token").unwrap();
    drop(store.lock().unwrap());
    assert!(!leftover.exists());
    assert_eq!(usable(&store).access_token.expose(), "whole");
}

#[test]
fn the_lock_is_held_against_others_until_it_is_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    let lock = store.lock().unwrap();
    let path = directory.path().join("state/token.json.lock");
    let other = File::open(&path).unwrap();
    assert!(other.try_lock().is_err());
    drop(lock);
    other.try_lock().unwrap();
}
