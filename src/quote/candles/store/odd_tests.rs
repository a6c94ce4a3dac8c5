//! Whatever is wrong with the file, it costs what it had and nothing else.

use std::{fs, os::unix::fs::PermissionsExt};

use super::{
    super::{
        Walk,
        tests::{Kis, now},
    },
    file::{Fault, File, set_aside},
    tests::{SOURCE, Shelf, ten_years},
    *,
};
use crate::clock::ManualClock;

/// What a running store answers: how many spans it has of the series that a walk needs.
async fn spans(store: &CandleStore, kis: &Kis) -> usize {
    store.recall(SOURCE, kis.walk(&ten_years()).needs().unwrap()).await.spans.len()
}

/// A walk that has learned ten years.
fn learned(kis: &mut Kis) -> Learned {
    let mut walk: Walk = kis.walk(&ten_years());
    kis.lead(&mut walk);
    walk.learned().unwrap()
}

#[tokio::test]
async fn a_file_that_is_no_longer_one_is_moved_aside_and_begun_anew() {
    let shelf = Shelf::new();
    let clock = ManualClock::at(now());
    let mut kis = Kis::new(1000, 1, &[]);
    let settings = Settings { file: shelf.path(), max_bytes: 1 << 30 };
    fs::write(shelf.path(), "this is no database, and longer than the head of one would be: ".repeat(100)).unwrap();
    assert!(trouble(&settings).unwrap().contains("is damaged"));
    let store = CandleStore::open(settings.clone(), clock.shared());
    assert_eq!(spans(&store, &kis).await, 0);
    store.learn(SOURCE, learned(&mut kis));
    assert_eq!(spans(&store, &kis).await, 1);
    let aside = shelf.directory.path().join("candles.db.damaged");
    assert!(fs::read_to_string(&aside).unwrap().starts_with("this is no database"));
    assert!(trouble(&settings).unwrap().contains("can be deleted"));
    fs::remove_file(&aside).unwrap();
    assert_eq!(trouble(&settings), None);
    assert_eq!(fs::metadata(shelf.path()).unwrap().permissions().mode() & 0o777, 0o600);

    // In the middle of its work.
    let length = fs::metadata(shelf.path()).unwrap().len();
    let zeros = vec![0xa5_u8; usize::try_from(length).unwrap() - 100];
    let mut bytes = fs::read(shelf.path()).unwrap();
    bytes[100..].copy_from_slice(&zeros);
    fs::write(shelf.path(), bytes).unwrap();
    drop(store);
    let store = CandleStore::open(settings.clone(), clock.shared());
    assert_eq!(spans(&store, &kis).await, 0);
    assert!(aside.exists());
    store.learn(SOURCE, learned(&mut kis));
    assert_eq!(spans(&store, &kis).await, 1);
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_tried_again_later() {
    let shelf = Shelf::new();
    let clock = ManualClock::at(now());
    let mut kis = Kis::new(1000, 1, &[]);
    // A directory stands where the file should be, which root cannot write either.
    fs::create_dir(shelf.path()).unwrap();
    let settings = Settings { file: shelf.path(), max_bytes: 1 << 30 };
    assert!(trouble(&settings).unwrap().contains("cannot be used"));
    let store = CandleStore::open(settings, clock.shared());
    store.learn(SOURCE, learned(&mut kis));
    assert_eq!(spans(&store, &kis).await, 0);
    fs::remove_dir(shelf.path()).unwrap();
    assert_eq!(spans(&store, &kis).await, 0);
    clock.advance(Duration::from_secs(601));
    store.learn(SOURCE, learned(&mut kis));
    assert_eq!(spans(&store, &kis).await, 1);
}

#[tokio::test]
async fn a_file_of_a_later_kisd_is_left_alone() {
    let mut shelf = Shelf::new();
    shelf.file().connection.pragma_update(None, "user_version", 99).unwrap();
    shelf.file = None;
    let bytes = fs::read(shelf.path()).unwrap();
    let settings = Settings { file: shelf.path(), max_bytes: 1 << 30 };
    assert!(trouble(&settings).unwrap().contains("later kisd"));
    let store = CandleStore::open(settings, ManualClock::at(now()).shared());
    let mut kis = Kis::new(300, 1, &[]);
    store.learn(SOURCE, learned(&mut kis));
    assert_eq!(spans(&store, &kis).await, 0);
    assert!(fs::read(shelf.path()).unwrap() == bytes);
}

#[test]
fn a_link_is_not_followed() {
    let shelf = Shelf::new();
    let elsewhere = shelf.directory.path().join("elsewhere");
    fs::write(&elsewhere, "").unwrap();
    std::os::unix::fs::symlink(&elsewhere, shelf.path()).unwrap();
    assert!(matches!(File::open(&shelf.path()), Err(Fault::Io(_))));
    assert_eq!(fs::read(&elsewhere).unwrap(), b"");
    // Of what is moved aside the link is, and not what it leads to.
    set_aside(&shelf.path()).unwrap();
    assert!(elsewhere.exists());
}
