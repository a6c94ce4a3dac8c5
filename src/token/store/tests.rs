use std::{
    fs::{self, File},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::PathBuf,
};

use super::*;
use crate::{
    clock::{ManualClock, SharedClock},
    secret::{AccessToken, AppKey, AppSecret},
};

fn credentials(letter: &str) -> Credentials {
    Credentials {
        app_key: AppKey::try_new(letter.repeat(36)).unwrap(),
        app_secret: AppSecret::try_new(letter.repeat(180)).unwrap(),
    }
}

fn file(directory: &tempfile::TempDir) -> PathBuf {
    directory.path().join("state/token.json")
}

fn store_of(directory: &tempfile::TempDir, environment: Environment, letter: &str) -> Store {
    Store::files(file(directory), environment, &credentials(letter))
}

fn store(directory: &tempfile::TempDir) -> Store {
    store_of(directory, Environment::Paper, "P")
}

fn lock_file(store: &Store, directory: &tempfile::TempDir) -> PathBuf {
    file(directory).with_file_name(format!("token-paper-{}.lock", &store.binding().as_str()[..8]))
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

async fn usable(store: &Store) -> Token {
    match store.mirror.read().await.unwrap().unwrap() {
        Mirrored::Usable(token) => token,
        Mirrored::Refused(_) => panic!("refused"),
    }
}

async fn acquire(store: &Store) -> Box<dyn Held> {
    store.lease.acquire(&*clocks().1, &Obstacle::empty()).await.unwrap()
}

#[tokio::test]
async fn what_was_written_is_read_again_and_only_its_owner_can() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    store.mirror.write(&token("first"), None).await.unwrap();
    store.mirror.write(&token("second"), None).await.unwrap();
    let read = usable(&store).await;
    assert_eq!(read.access_token.expose(), "second");
    assert_eq!((read.issued_at, read.expires_at), (now(), now() + TimeDelta::hours(24)));
    assert_eq!(fs::metadata(file(&directory)).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(file(&directory).parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    assert!(!fs::read_to_string(file(&directory)).unwrap().contains("PPPP"));
}

#[tokio::test]
async fn a_mirror_torn_at_any_byte_is_set_aside_and_written_again() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    store.mirror.write(&token("whole"), None).await.unwrap();
    let whole = fs::read(file(&directory)).unwrap();
    // From the end of its binding, by which it is known to be ours, to before the closing brace.
    let binding = whole.iter().position(|byte| *byte == b',').unwrap();
    for length in binding..whole.len() - 1 {
        fs::write(file(&directory), &whole[..length]).unwrap();
        assert!(matches!(store.mirror.read().await, Err(Distrust::Unreadable)), "{length}");
    }
    store.mirror.write(&token("again"), None).await.unwrap();
    assert_eq!(usable(&store).await.access_token.expose(), "again");
    assert_eq!(fs::read_dir(file(&directory).parent().unwrap()).unwrap().count(), 1, "in the same file");
}

#[tokio::test]
async fn each_app_key_and_mode_has_a_mirror_of_its_own_and_leaves_the_others_alone() {
    let directory = tempfile::tempdir().unwrap();
    let ours = store(&directory);
    ours.mirror.write(&token("ours"), None).await.unwrap();
    for (other, text) in [
        (store_of(&directory, Environment::Paper, "Q"), "of-another-key"),
        (store_of(&directory, Environment::Real, "P"), "of-another-mode"),
    ] {
        assert!(other.mirror.read().await.unwrap().is_none());
        other.mirror.write(&token(text), None).await.unwrap();
        assert_eq!(usable(&other).await.access_token.expose(), text);
    }
    assert_eq!(usable(&ours).await.access_token.expose(), "ours");
}

#[tokio::test]
async fn a_file_that_is_no_mirror_is_left_alone_and_an_empty_one_is_filled() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    fs::create_dir(file(&directory).parent().unwrap()).unwrap();
    fs::write(file(&directory), "{\"somebody's\": 1}").unwrap();
    store.mirror.write(&token("beside"), None).await.unwrap();
    assert_eq!(fs::read_to_string(file(&directory)).unwrap(), "{\"somebody's\": 1}");
    assert_eq!(usable(&store).await.access_token.expose(), "beside");

    let directory = tempfile::tempdir().unwrap();
    let store = self::store(&directory);
    fs::create_dir(file(&directory).parent().unwrap()).unwrap();
    fs::write(file(&directory), "").unwrap();
    fs::set_permissions(file(&directory), fs::Permissions::from_mode(0o600)).unwrap();
    assert!(store.mirror.read().await.unwrap().is_none());
    store.mirror.write(&token("filled"), None).await.unwrap();
    assert!(fs::read_to_string(file(&directory)).unwrap().contains("filled"));
}

#[tokio::test]
async fn a_mirror_that_others_could_read_is_set_aside() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    store.mirror.write(&token("seen"), None).await.unwrap();
    fs::set_permissions(file(&directory), fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(store.mirror.read().await, Err(Distrust::NotPrivate(0o640))));
}

#[tokio::test]
async fn a_link_and_a_directory_are_left_alone_and_a_mirror_of_the_own_name_is_used() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    store.mirror.write(&token("old"), None).await.unwrap();
    let elsewhere = directory.path().join("elsewhere");
    fs::rename(file(&directory), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, file(&directory)).unwrap();
    assert!(store.mirror.read().await.unwrap().is_none());
    store.mirror.write(&token("beside"), None).await.unwrap();
    assert!(fs::read_to_string(&elsewhere).unwrap().contains("old"));
    assert_eq!(usable(&store).await.access_token.expose(), "beside");
    let named = lock_file(&store, &directory).with_extension("json");
    fs::remove_file(&named).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &named).unwrap();
    assert!(matches!(store.mirror.read().await, Err(Distrust::NotAFile)));
}

#[tokio::test]
async fn an_expiry_without_zone_is_korean_time() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    store.mirror.write(&token("zone"), None).await.unwrap();
    let text = fs::read_to_string(file(&directory)).unwrap();
    let stated = clock::kst(now() + TimeDelta::hours(24)).to_rfc3339();
    fs::write(file(&directory), text.replace(&stated, stated.trim_end_matches("+09:00"))).unwrap();
    assert_eq!(usable(&store).await.expires_at, now() + TimeDelta::hours(24));
}

#[tokio::test]
async fn a_mirror_larger_than_any_of_ours_is_unreadable_and_not_cut() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    store.mirror.write(&token("large"), None).await.unwrap();
    let text = fs::read_to_string(file(&directory)).unwrap();
    fs::write(file(&directory), text + &" ".repeat(70_000)).unwrap();
    assert!(matches!(store.mirror.read().await, Ok(None) | Err(Distrust::Unreadable)));
}

#[tokio::test]
async fn a_refused_token_is_remembered_as_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    store.mirror.write(&token("dead"), Some(now())).await.unwrap();
    let read = store.mirror.read().await;
    assert!(matches!(read, Ok(Some(Mirrored::Refused(token))) if token.access_token.expose() == "dead"));
}

fn clocks() -> (ManualClock, SharedClock) {
    let clock = ManualClock::at(now());
    (clock.clone(), clock.shared())
}

#[tokio::test]
async fn the_last_issue_is_kept_by_both_clocks_and_a_torn_note_counts_as_one() {
    let (directory, (_, clock)) = (tempfile::tempdir().unwrap(), clocks());
    let ours = store(&directory);
    let mut held = acquire(&ours).await;
    assert_eq!(held.last_issue().await.unwrap(), None);
    let note = Note::of(&*clock, Duration::from_millis(1500));
    held.note(Some(note.clone())).await.unwrap();
    assert_eq!(held.last_issue().await.unwrap(), Some(note));
    held.note(None).await.unwrap();
    assert_eq!(held.last_issue().await.unwrap(), None);
    drop(held);
    for content in ["", "{\"at\":\"20"] {
        fs::write(lock_file(&ours, &directory), content).unwrap();
        assert!(acquire(&ours).await.last_issue().await.unwrap().is_some(), "{content}");
    }
}

#[test]
fn within_one_boot_the_time_since_boot_decides_and_else_the_wall_clock_with_the_tolerance_added() {
    const MINUTE: Duration = Duration::from_secs(60);
    let seconds = Duration::from_secs;
    for step in [-TimeDelta::days(3), -TimeDelta::seconds(65), TimeDelta::seconds(65), TimeDelta::days(3)] {
        let (manual, clock) = clocks();
        let note = Note::of(&*clock, Duration::ZERO);
        manual.step_wall(step);
        manual.advance(seconds(20));
        manual.suspend(seconds(10));
        assert_eq!(note.remaining(&*clock, MINUTE), Remaining::Exact(seconds(30)), "{step}");
    }
    type Disturb = fn(&ManualClock);
    let cases: [(&str, Disturb, Remaining); 4] = [
        ("another boot", ManualClock::reboot, Remaining::ByWall(seconds(35))),
        ("no boot id", ManualClock::hide_boot_id, Remaining::ByWall(seconds(35))),
        (
            "another boot and a step ahead",
            |clock| {
                clock.reboot();
                clock.step_wall(TimeDelta::seconds(34));
            },
            Remaining::ByWall(seconds(1)),
        ),
        (
            "another boot and a note from the future",
            |clock| {
                clock.reboot();
                clock.step_wall(-TimeDelta::hours(1));
            },
            Remaining::Unknown,
        ),
    ];
    for (case, disturb, remaining) in cases {
        let (manual, clock) = clocks();
        let note = Note::of(&*clock, Duration::ZERO);
        manual.advance(seconds(30));
        disturb(&manual);
        assert_eq!(note.remaining(&*clock, MINUTE), remaining, "{case}");
    }
}

#[tokio::test]
async fn what_a_killed_process_left_half_written_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    store.mirror.write(&token("first"), None).await.unwrap();
    let leftover = format!("state/.token.json.kisd-{}-Ab12cd", store.binding().short());
    let (leftover, of_another) =
        (directory.path().join(leftover), directory.path().join("state/.token.json.kisd-0-Ab"));
    fs::write(&of_another, "another key's").unwrap();
    fs::write(&leftover, "half a token").unwrap();
    store.mirror.write(&token("whole"), None).await.unwrap();
    assert!(!leftover.exists() && of_another.exists());
    assert_eq!(usable(&store).await.access_token.expose(), "whole");
}

#[tokio::test]
async fn the_lease_is_held_against_others_until_it_is_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    let held = acquire(&store).await;
    let other = File::open(lock_file(&store, &directory)).unwrap();
    assert!(other.try_lock().is_err());
    drop(held);
    other.try_lock().unwrap();
}

#[tokio::test]
async fn a_lock_file_that_was_removed_and_made_again_is_locked_anew() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(&directory);
    let first = acquire(&store).await;
    fs::remove_file(lock_file(&store, &directory)).unwrap();
    let second = acquire(&store).await;
    let other = File::open(lock_file(&store, &directory)).unwrap();
    assert!(other.try_lock().is_err(), "the lock is on the file of that name");
    drop((first, second));
}
