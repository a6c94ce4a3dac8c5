//! The gateway's check of requests: whatever a client sends, what goes to KIS reads, and is about its own account.

use std::sync::{Arc, LazyLock};

use chrono::DateTime;
use kis_catalog::Effect;
use url::Url;

use super::{account, key};
use crate::{
    account::{AccountName, RelayQuestion, Target},
    book::{Book, Principal, Principals, Rights},
    clients::{Client, Clients, NewClient},
    clock::{ManualClock, SharedClock},
    gateway,
    wire::types::Right,
};

/// The client's account, and another of the same app key.
const OWN: &str = "12345678";
const OTHER: &str = "87654321";

struct World {
    book: Book,
    client: Arc<Client>,
    maker: Arc<Principal>,
}

/// A client of one of two accounts, which may trade there.
fn world() -> World {
    let clock: SharedClock = ManualClock::at(DateTime::UNIX_EPOCH).shared();
    let key = key(&clock);
    let name = AccountName::try_new("own").unwrap();
    let accounts = [account("own", OWN, &key), account("other", OTHER, &key)];
    let book = Book::new(accounts, &name, &[]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let clients = Clients::open(directory.path().join("clients.json"), clock.clone());
    let new = NewClient {
        name: name.clone(),
        accounts: vec![name],
        rights: Rights::of([Right::Read, Right::Trade]),
        uid: 0,
        any_user: false,
        made_by: 0,
        program: None,
        calls_per_second: None,
        expires_at: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (client, maker) = runtime.block_on(async {
        let (client, _) = clients.add(new).await.unwrap();
        (client, Principals::of_the_system(clock).of(0, book.grants()).await)
    });
    World { book, client, maker }
}

/// A request, a line each: method, path, query, TR id.
pub fn gateway(bytes: &[u8]) {
    passes(bytes);
}

/// Whether something is asked of KIS: where only what the catalogue knows may be asked, and where more may.
fn passes(bytes: &[u8]) -> [bool; 2] {
    static WORLD: LazyLock<World> = LazyLock::new(world);
    let World { book, client, maker } = &*WORLD;
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.splitn(4, '\n');
    let parts = std::array::from_fn(|_| lines.next().unwrap_or_default());
    [false, true].map(|passes_unknown| {
        let passed = gateway::passed(parts, client, book, &maker.standing(book.grants()), passes_unknown);
        if let Some((account, question)) = &passed {
            assert_eq!(account.id.cano(), OWN);
            only_reads(parts, question, passes_unknown);
        }
        passed.is_some()
    })
}

/// Panics unless what goes to KIS reads, is what was asked for, and names the client's account alone.
fn only_reads([method, path, ..]: [&str; 4], question: &RelayQuestion, passes_unknown: bool) {
    let query = &question.query;
    assert_eq!(method, "GET");
    let (asked, tr_id) = match &question.target {
        Target::Known { operation, tr_id } => {
            assert_eq!(operation.effect(), Effect::Read);
            (operation.path(), *tr_id)
        }
        Target::Unknown { path, tr_id } => {
            assert!(passes_unknown && !path.to_ascii_lowercase().contains("trading"), "{path}");
            let pairs = url::form_urlencoded::parse(query.as_bytes());
            let has_other = |text: &str| text.contains(OTHER);
            assert!(!pairs.into_iter().any(|(name, value)| has_other(&name) || has_other(&value)), "{query}");
            assert!(!tr_id.ends_with('U'), "{tr_id}");
            (&**path, &**tr_id)
        }
    };
    assert_eq!(asked, path);
    assert!(!tr_id.is_empty() && tr_id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "a header can hold it");
    // As it is sent, and as any other reader would read it.
    let url = Url::parse(&format!("https://kis.example{asked}?{query}")).unwrap();
    assert_eq!((url.host_str(), url.path(), url.fragment()), (Some("kis.example"), path, None));
    for name in ["CANO", "ACNT_PRDT_CD"] {
        let named: Vec<String> = url
            .query_pairs()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.into_owned())
            .collect();
        assert!(named.len() <= 1, "{name} comes twice");
        let own = if name == "CANO" { OWN } else { "01" };
        assert!(named.iter().all(|value| value == own), "{name} is another's");
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    /// A seed of the fuzzer.
    fn seed(name: &str) -> Vec<u8> {
        fs::read(format!("{}/fuzz/seeds/gateway/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    #[test]
    fn the_seeds_pass_where_they_should() {
        let of = |name| passes(&seed(name));
        assert_eq!(["price", "balance", "unknown", "order"].map(of), [[true; 2], [true; 2], [false, true], [false; 2]]);
    }

    proptest! {
        #[test]
        fn no_request_passes_that_could_trade_or_is_about_another_account(
            seed_name in prop::sample::select(vec!["price", "balance", "unknown", "order"]),
            changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(vec![
                "", "&CANO=87654321", "&cano=12345678", "%43ANO=87654321&", "CANO", "87654321", "12345678", "#", "?", "+", "%", "%00",
                "\n", "/", "//", "/../", "trading", "U", "&", "=", "가", " ", "TTTC0012U", "GET", "POST",
            ]), 0..12_usize), 0..6),
        ) {
            let mut text = String::from_utf8(seed(seed_name)).unwrap();
            for (at, new, cut) in changes {
                let start = text.floor_char_boundary(at.index(text.len() + 1));
                let end = text.floor_char_boundary((start + cut).min(text.len())).max(start);
                text.replace_range(start..end, new);
            }
            gateway(text.as_bytes());
        }
    }
}
