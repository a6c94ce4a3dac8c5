//! Pages of the documentation that are made from what the daemon says of itself. `KISD_BLESS=1 cargo test --test docs` writes them anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::{fmt::Write as _, fs, path::PathBuf};

use kis_catalog::{Effect, Mode, Operation, Paging, catalog};
use kisd::wire::codes::Kind;
use serde_json::{Value, json};
use support::World;

/// Compares a page with what it should be, or writes it.
fn page(name: &str, expected: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("KISD_BLESS").is_some() {
        return fs::write(path, expected).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(there == expected, "docs/{name} is out of date: KISD_BLESS=1 cargo test --test docs");
}

/// A type as a reader wants it: `integer`, `string or null`, `list of Holding`.
fn type_of(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    for combination in ["anyOf", "oneOf", "allOf"] {
        if let Some(options) = schema[combination].as_array() {
            return options.iter().map(type_of).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(constant) = schema.get("const") {
        return format!("`{constant}`");
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", type_of(&schema["items"])),
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => kinds.iter().map(|kind| kind.as_str().unwrap()).collect::<Vec<_>>().join(" or "),
        _ => "any".to_owned(),
    }
}

fn text(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().replace('\n', " ").replace('|', "\\|")
}

fn methods(document: &Value) -> String {
    let mut page = String::from(
        "# Methods\n\n<!-- Made by `KISD_BLESS=1 cargo test --test docs` from the OpenRPC document. -->\n\n\
         What the socket serves. `kisctl discover` prints the same as OpenRPC. Parameters are given by name.\n",
    );
    for method in document["methods"].as_array().unwrap() {
        let name = method["name"].as_str().unwrap();
        let (right, effect) = (method["x-right"].as_str().unwrap(), method["x-effect"].as_str().unwrap());
        let summary = method["summary"].as_str().unwrap();
        write!(page, "\n## `{name}`\n\n{summary}\n\nRight: `{right}`. Effect: `{effect}`.\n").unwrap();
        let params = method["params"].as_array().unwrap();
        if !params.is_empty() {
            page.push_str("\n| parameter | type | |\n|---|---|---|\n");
            for param in params {
                let required = if param["required"] == true { " Required." } else { "" };
                let (name, kind) = (param["name"].as_str().unwrap(), type_of(&param["schema"]));
                writeln!(page, "| `{name}` | {kind} | {}{required} |", text(&param["schema"])).unwrap();
            }
        }
        writeln!(page, "\nResult: {}", type_of(&method["result"]["schema"])).unwrap();
        if let Some(notification) = method.get("x-notification") {
            let (name, result) = (notification["method"].as_str().unwrap(), type_of(&notification["result"]));
            writeln!(page, "\nNotifications: `{name}` with `params.subscription` and `params.result`: {result}")
                .unwrap();
        }
    }
    page.push_str("\n# Types\n");
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        write!(page, "\n## {name}\n\n{}\n", text(schema)).unwrap();
        if let Some(members) = schema["properties"].as_object() {
            page.push_str("\n| member | type | |\n|---|---|---|\n");
            for (name, member) in members {
                writeln!(page, "| `{name}` | {} | {} |", type_of(member), text(member)).unwrap();
            }
        } else if let Some(options) = schema["oneOf"].as_array() {
            page.push_str("\n| value | |\n|---|---|\n");
            for option in options {
                let values = option.get("const").map(|value| vec![value.clone()]);
                for value in values.or_else(|| option["enum"].as_array().cloned()).unwrap_or_default() {
                    writeln!(page, "| `{}` | {} |", value.as_str().unwrap(), text(option)).unwrap();
                }
            }
        }
    }
    page
}

fn errors() -> String {
    let mut page = String::from(
        "# Errors\n\n<!-- Made by `KISD_BLESS=1 cargo test --test docs` from the table of kinds. -->\n\n\
         Beside the standard codes of JSON-RPC. Each has `data`: `kind`, `retryable`, `retry_after_ms` where it is known when a repetition is \
         worth it, and `kis` (`msg_cd`, `msg1`, `http_status`, `tr_id`) where KIS refused. Clients must take kinds that they do not know.\n\n\
         | code | kind | when |\n|---|---|---|\n",
    );
    for kind in Kind::ALL {
        let name = serde_json::to_value(kind).unwrap();
        writeln!(page, "| {} | `{}` | {} |", kind.code(), name.as_str().unwrap(), kind.summary()).unwrap();
    }
    page
}

/// How an operation is paged, as a reader wants it.
fn paging(operation: &Operation) -> String {
    match operation.paging() {
        Paging::None => String::new(),
        Paging::Header => "`tr_cont`".to_owned(),
        Paging::Keys { fk, nk, .. } => {
            let keys: Vec<String> = [fk, nk].into_iter().flatten().map(|key| format!("`{}`", key.request)).collect();
            keys.join(", ")
        }
        Paging::Cursor { param, flag, .. } => {
            let names: Vec<String> =
                [Some(param), flag].into_iter().flatten().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        }
    }
}

fn operations() -> String {
    let count = catalog().operations().len();
    let mut page = format!(
        "# Operations of KIS\n\n<!-- Made by `KISD_BLESS=1 cargo test --test docs` from catalog/. -->\n\n\
         The {count} operations of KIS that kisd knows. `kis.describe` says of each what it takes and what it replies, with KIS's labels. \
         `kis.call` makes those whose effect is `read`; realtime ones (`WS`) are described, and not served yet. Where the column \"paper\" is empty, paper \
         trading lacks the operation. Old TR ids, in brackets, find their successors.\n"
    );
    let mut group = "";
    for operation in catalog().operations() {
        if operation.group() != group {
            group = operation.group();
            write!(page, "\n## {group}\n\n{}\n\n", operation.group_name()).unwrap();
            page.push_str("| operation | | call | real | paper | effect | pages by |\n|---|---|---|---|---|---|---|\n");
        }
        let (id, korean, english) = (operation.id(), operation.korean_name(), operation.english_name());
        let tr = |mode| match operation.tr_id(mode) {
            Some(tr) => format!("`{tr}`"),
            None if operation.available(mode) => "no TR id".to_owned(),
            None => String::new(),
        };
        let old: Vec<String> = operation.old_tr_ids().map(|tr| format!("`{tr}`")).collect();
        let old = if old.is_empty() { String::new() } else { format!(" ({})", old.join(", ")) };
        let effect = match operation.effect() {
            Effect::Read => "read",
            Effect::Issue => "issue",
            Effect::Trade => "**trade**",
        };
        let call = format!("{} {}", operation.method().as_str(), operation.path());
        let (real, paper, paging) = (tr(Mode::Real), tr(Mode::Paper), paging(operation));
        writeln!(page, "| `{id}` | {korean}<br>{english} | `{call}` | {real}{old} | {paper} | {effect} | {paging} |")
            .unwrap();
    }
    page
}

#[test]
fn the_page_of_operations_is_current() {
    page("operations.md", &operations());
}

#[tokio::test]
async fn the_pages_of_methods_and_errors_are_current() {
    let world = World::new().await;
    let document = world.daemon("kisd").await.ok("rpc.discover", json!({})).await;
    page("methods.md", &methods(&document));
    page("errors.md", &errors());
}

#[test]
fn the_table_of_contents_names_every_page_and_no_other() {
    let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs");
    let contents = fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    let named: Vec<&str> = contents.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    for page in &named {
        assert!(docs.join(page).is_file(), "SUMMARY.md names {page}, which is not there");
    }
    for directory in ["", "decisions"] {
        for entry in fs::read_dir(docs.join(directory)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let page = if directory.is_empty() { name } else { format!("{directory}/{name}") };
            assert!(
                !page.ends_with(".md") || page == "SUMMARY.md" || named.contains(&page.as_str()),
                "{page} is in no contents"
            );
        }
    }
}

/// The headings of a page, as links name them.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings
        .map(|heading| {
            let kept = |c: &char| c.is_alphanumeric() || [' ', '-', '_'].contains(c);
            heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
        })
        .collect()
}

#[test]
fn every_link_within_the_repository_leads_somewhere() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut pages =
        ["README.md", "README.ko.md", "CONTRIBUTING.md", "SECURITY.md"].map(|name| root.join(name)).to_vec();
    for directory in ["docs", "docs/decisions"] {
        pages.extend(fs::read_dir(root.join(directory)).unwrap().map(|entry| entry.unwrap().path()));
    }
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    let mut links = 0;
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let there =
                fs::read_to_string(&target).unwrap_or_else(|error| panic!("{}: {link}: {error}", page.display()));
            let is_named = anchor.is_empty() || anchors(&there).iter().any(|name| name == anchor);
            assert!(is_named, "{}: {link} names no heading", page.display());
            links += 1;
        }
    }
    assert!(links >= 40, "{links} links");
}
