//! The rules of the house, held by a test: who may import whom, who owns which library, and that every file says what it is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Each room with the rooms it may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("secret", &[]),
    ("backoff", &[]),
    ("files", &[]),
    ("places", &[]),
    ("telemetry", &["clock"]),
    ("kis", &["secret", "clock", "backoff"]),
    ("token", &["kis", "secret", "clock", "backoff", "files"]),
    ("desk", &["kis", "token", "clock", "backoff"]),
    ("account", &["desk", "kis", "token", "clock", "files"]),
    // Which stocks there are, by files that need no key.
    ("stock", &["kis", "clock", "backoff", "files"]),
    ("trades", &["account", "clock", "desk", "kis", "quote", "wire"]),
    ("assets", &["account", "clock", "desk", "kis", "market", "quote", "token", "wire"]),
    // Pure: what is known of days and hours. Who asks KIS for its days hands them over.
    ("market", &["clock", "wire"]),
    ("order", &["account", "assets", "clock", "kis", "market", "quote", "stock", "token", "trades", "wire"]),
    ("quote", &["account", "clock", "desk", "files", "kis", "market", "stock", "wire"]),
    ("trust", &["kis", "clock", "files"]),
    ("book", &["account", "kis", "token", "clock", "wire"]),
    ("clients", &["account", "book", "kis", "secret", "clock", "files", "wire"]),
    (
        "server",
        &[
            "order", "account", "book", "clients", "desk", "places", "quote", "token", "kis", "secret", "stock",
            "trades", "assets", "trust", "wire", "clock", "market",
        ],
    ),
    // A second front door: neither knows the other.
    ("gateway", &["account", "book", "clients", "desk", "places", "token", "kis", "trust", "wire", "clock", "files"]),
    // The command line cannot hold a secret: it knows nothing but the wire.
    ("ctl", &["mcp", "wire"]),
    ("mcp", &["wire"]),
    (
        "config",
        &[
            "order",
            "account",
            "book",
            "gateway",
            "kis",
            "secret",
            "server",
            "stock",
            "telemetry",
            "token",
            "wire",
            "quote",
        ],
    ),
    // For the fuzzer only.
    (
        "fuzzing",
        &[
            "account",
            "book",
            "clients",
            "clock",
            "config",
            "desk",
            "gateway",
            "kis",
            "order",
            "quote",
            "secret",
            "server",
            "stock",
            "telemetry",
            "token",
            "trust",
            "wire",
        ],
    ),
    // For the fuzzer and tests only.
    (
        "daemon",
        &[
            "order", "book", "account", "clients", "clock", "config", "desk", "gateway", "kis", "quote", "server",
            "stock", "token", "trust",
        ],
    ),
];

/// Each library with the only places that may name it, so that it can be replaced in one.
const OWNERS: &[(&str, &[&str])] = &[
    ("reqwest", &["kis/"]),
    ("encoding_rs", &["kis/reply.rs", "stock/master/mod.rs"]),
    ("hickory_resolver", &["kis/resolver.rs"]),
    ("resolv_conf", &["kis/resolver.rs"]),
    ("rcgen", &["trust/issue.rs"]),
    ("rustls_native_certs", &["trust/roots.rs"]),
    ("x509_parser", &["trust/"]),
    ("pem", &["trust/"]),
    ("tokio_rustls", &["gateway/tls.rs"]),
    ("jsonrpsee", &["server/", "ctl/", "mcp/"]),
    ("rmcp", &["mcp/"]),
    ("prometheus_client", &["kis/totals.rs", "server/metrics.rs"]),
    ("axum", &["server/http.rs", "server/serve.rs"]),
    ("hyper", &["server/http.rs", "server/timing.rs"]),
    ("figment", &["config/load.rs", "config/environment.rs"]),
    ("tokio_cron_scheduler", &["daemon/schedule.rs"]),
    ("tracing_subscriber", &["telemetry.rs"]),
    ("tracing_appender", &["telemetry.rs"]),
    ("clap", &["ctl/", "bin/"]),
    ("comfy_table", &["ctl/table.rs"]),
    ("csv", &["ctl/output.rs"]),
    ("clap_mangen", &["ctl/commands/man.rs"]),
    ("toml_edit", &["ctl/commands/init/"]),
    ("sd_notify", &["daemon/systemd.rs"]),
    ("listenfd", &["daemon/systemd.rs"]),
    ("schemars", &["server/methods/openrpc.rs", "mcp/"]),
    ("sha2", &["token/store.rs", "clients/keys.rs", "gateway/oauth.rs"]),
    ("jsonwebtoken", &["clients/keys.rs"]),
    ("getrandom", &["clients/keys.rs"]),
    ("percent_encoding", &["gateway/check.rs", "mcp/resources.rs"]),
    ("spelled_http", &["gateway/"]),
    ("subtle", &["gateway/proved.rs"]),
    ("chacha20poly1305", &["account/calls/seal.rs"]),
    ("base64", &["account/calls/seal.rs"]),
    ("moka", &["desk/many.rs"]),
    ("procfs", &["token/store/lease.rs", "gateway/peer.rs"]),
    ("nix", &["book/groups.rs", "config/orders.rs"]),
    ("zip", &["stock/master/unpack.rs"]),
    ("memchr", &["stock/search.rs", "stock/letters.rs"]),
    // The mark of its keys only.
    ("kis_simulator", &["config/mark.rs"]),
    ("tokio_tungstenite", &["server/websocket.rs"]),
    ("chrono_tz", &["quote/", "trades/days.rs", "market/"]),
    ("netlink_sys", &["gateway/peer.rs"]),
    ("ulid", &["order/desk/place.rs"]),
    ("ratatui", &["ctl/commands/chart/"]),
    ("unicode_width", &["ctl/fit.rs"]),
    ("rusqlite", &["quote/", "order/ledger"]),
];

/// The only places where a secret is taken out of its type: the wire to KIS, the mirror, and the one comparison.
const EXPOSE: &[&str] = &[
    "secret.rs",
    "fuzzing.rs",
    "kis/auth.rs",
    "kis/client.rs",
    "kis/client/call.rs",
    "token/store.rs",
    "token/store/mirror.rs",
    "config/credential.rs",
    "config/mark.rs",
    // Of local secrets: the one time that it is told, and the hash that is kept.
    "server/methods/client.rs",
    "clients/keys.rs",
];

/// Each crate with those of ours that it may depend on; cargo holds it to it, this table says what is wanted.
const MAY_DEPEND: &[(&str, &[&str])] = &[
    // Facts of KIS, for whoever needs them.
    ("kis-catalog", &[]),
    // Must not agree with our misunderstandings of KIS.
    ("kis-simulator", &["kis-catalog", "kisd-clock", "spelled-http"]),
    // What others may build upon: no domain, no secret, no configuration.
    ("kisd-client", &[]),
    ("kisd-clock", &[]),
    // Knows nothing of KIS.
    ("spelled-http", &[]),
];

/// The sources of the package that is called as the repository.
fn sources() -> BTreeMap<String, String> {
    files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// The sources of all crates, and their tests.
fn everything() -> BTreeMap<String, String> {
    let crates = files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("crates"));
    sources().into_iter().chain(crates.into_iter().filter(|(file, _)| file.ends_with(".rs"))).collect()
}

fn files_below(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.insert(name, fs::read_to_string(path).unwrap());
        }
    }
    found
}

/// Code without comments and without the tests at its foot.
fn code(source: &str) -> String {
    let body = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    body.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The rooms that a file names: `crate::room`, alone or in a group.
fn rooms(code: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        let names: Vec<&str> = match rest.strip_prefix('{') {
            None => vec![rest],
            Some(group) => {
                // Top-level names of the group.
                let (mut depth, mut start, mut names) = (0, 0, Vec::new());
                for (index, letter) in group.char_indices() {
                    match letter {
                        '{' => depth += 1,
                        '}' if depth == 0 => {
                            names.push(&group[start..index]);
                            break;
                        }
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            names.push(&group[start..index]);
                            start = index + 1;
                        }
                        _ => {}
                    }
                }
                names
            }
        };
        for name in names {
            let name: String = name.trim_start().chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            rooms.extend((!name.is_empty()).then_some(name));
        }
    }
    rooms
}

#[test]
fn imports_go_down_only() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    for (file, source) in sources() {
        if file == "lib.rs" || file.starts_with("bin/") || file.ends_with("tests.rs") {
            continue;
        }
        let room = file.split(['/', '.']).next().unwrap();
        let allowed = allowed.get(room).unwrap_or_else(|| panic!("{file} is in a room that the table does not know"));
        for other in rooms(&code(&source)) {
            assert!(other == room || allowed.contains(&other.as_str()), "{file} must not import crate::{other}");
        }
    }
}

#[test]
fn crates_depend_on_what_they_may() {
    let manifests = files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("crates"));
    let root = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let tested = root.lines().find(|line| line.starts_with("default-members")).unwrap();
    let names: Vec<&str> = MAY_DEPEND.iter().map(|(name, _)| *name).collect();
    for (file, manifest) in manifests.iter().filter(|(file, _)| file.ends_with("Cargo.toml")) {
        let name = file.split('/').next().unwrap();
        let (_, allowed) = MAY_DEPEND.iter().find(|(known, _)| *known == name).expect("a crate that the table knows");
        assert!(tested.contains(&format!("\"crates/{name}\"")), "cargo test must test {name}");
        for line in manifest.lines() {
            let dependency = line.split(['=', '.', ' ']).next().unwrap();
            let ours = dependency == "kisd" || names.contains(&dependency);
            assert!(!ours || allowed.contains(&dependency), "{file} must not depend on {dependency}");
        }
    }
}

#[test]
fn every_library_has_its_owner() {
    for (file, source) in sources() {
        for (library, owners) in OWNERS {
            let code = code(&source);
            let named = code
                .match_indices(&format!("{library}::"))
                .any(|(at, _)| !code[..at].ends_with(|before: char| before.is_alphanumeric() || "_:".contains(before)));
            let owned = owners.iter().any(|owner| file.starts_with(owner)) || file.ends_with("tests.rs");
            assert!(!named || owned, "{file} must not use {library}");
        }
    }
}

#[test]
fn secrets_are_exposed_in_few_places() {
    for (file, source) in sources() {
        let exposes = code(&source).contains(".expose()") || code(&source).contains("expose_secret()");
        assert!(
            !exposes || EXPOSE.contains(&file.as_str()) || file.ends_with("tests.rs"),
            "{file} must not take a secret out of its type"
        );
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (file, source) in everything() {
        assert!(source.starts_with("//!") || file.ends_with("tests.rs"), "{file} does not begin with what it is for");
    }
}

#[test]
fn every_promise_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests: String = everything().into_values().collect();
    let mut open = vec![root.join("tests")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            tests.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    for page in ["docs/promises.md", "docs/ko.md"] {
        let text = fs::read_to_string(root.join(page)).unwrap();
        let is_name =
            |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let named: Vec<&str> = text.split('`').filter(|word| word.matches('_').count() >= 4 && is_name(word)).collect();
        assert!(named.len() >= 20, "{page} names {} tests", named.len());
        for test in named {
            assert!(tests.contains(&format!("fn {test}(")), "{page}: there is no test {test}");
        }
    }
}

#[test]
fn files_are_short_enough_to_be_one_thing() {
    for (file, source) in everything() {
        let lines = source.lines().count();
        assert!(lines <= 350, "{file} has {lines} lines");
    }
}
