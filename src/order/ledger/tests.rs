use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::{order::event::Event, order::life::tests::kept};

fn request(id: &str, contents: &str) -> Request {
    Request {
        account: "main 12****78-01".to_owned(),
        owner: "uid:0".to_owned(),
        client_order_id: id.to_owned(),
        order_id: "o-1".to_owned(),
        kind: "place",
        contents: contents.to_owned(),
    }
}

#[tokio::test]
async fn what_is_written_is_there_for_the_next_process_and_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state/orders.db");
    let ledger = Ledger::at(&path).unwrap();
    assert!(!ledger.is_there(), "nothing is made before it is needed");
    assert_eq!(ledger.create(kept(10), request("one", "a"), vec![Event::Created]).await.unwrap(), None);
    let next = Ledger::at(&path).unwrap();
    assert_eq!(next.get("o-1".to_owned()).await.unwrap(), Some(kept(10)));
    let claimed = next.create(kept(10), request("one", "b"), vec![Event::Created]).await.unwrap().unwrap();
    assert_eq!((claimed.order_id.as_str(), claimed.contents.as_str()), ("o-1", "a"), "an id is used once");
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.path());
    }
}

#[tokio::test]
async fn events_are_never_rewritten_and_a_newer_ledger_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("orders.db");
    Ledger::at(&path).unwrap().create(kept(1), request("one", "a"), vec![Event::Created]).await.unwrap();
    let connection = Connection::open(&path).unwrap();
    let rewritten = connection.execute("UPDATE events SET event = 'x'", []).unwrap_err();
    assert!(rewritten.to_string().contains("never rewritten"), "{rewritten}");
    connection.pragma_update(None, "user_version", 99).unwrap();
    let error = Ledger::at(&path).unwrap().get("o-1".to_owned()).await.unwrap_err();
    assert!(matches!(error, LedgerError::Newer { version: 99, .. }), "{error}");
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_told_and_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file/orders.db");
    std::fs::write(directory.path().join("file"), "no directory").unwrap();
    let ledger = Ledger::at(&path).unwrap();
    let error = ledger.create(kept(1), request("one", "a"), vec![Event::Created]).await.unwrap_err();
    assert!(error.to_string().contains("orders.db"), "{error}");
    std::fs::remove_file(directory.path().join("file")).unwrap();
    assert_eq!(ledger.create(kept(1), request("one", "a"), vec![Event::Created]).await.unwrap(), None);
}
