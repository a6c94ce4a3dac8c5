//! Configurations as editors, pasting and strangers leave them.

use std::{fs, path::Path};

use super::{
    load,
    tests::{KEY, Place, refused, secret, whole},
};

#[test]
fn a_file_over_a_mebibyte_is_refused_by_name_and_one_below_is_read_to_its_end() {
    let place = Place::new();
    let padded = |length: usize| {
        let last = "[log]\nlevel = \"debug\"\n";
        let comments = "#\n".repeat((length - whole().len() - last.len()) / 2);
        format!("{}{comments}{last}", whole())
    };
    let config = place.load(&padded((1 << 20) - 1)).unwrap();
    assert_eq!(config.log.level, "debug");
    refused(place.load(&padded((1 << 20) + 4)), "", &["config.toml", "larger than 1 MiB"]);
    let key = place.write("key", &format!("{KEY}{}", "\n".repeat(1 << 20)), 0o600);
    let text = whole().replace(&format!("app_key = \"{KEY}\""), &format!("app_key_file = \"{}\"", key.display()));
    refused(place.load(&text), "kis.app_key_file", &["/key", "larger than 1 MiB"]);
}

#[test]
fn a_secret_in_the_place_of_a_name_is_never_shown() {
    let place = Place::new();
    let bare = "s3cr3t_AbC".repeat(18);
    for (text, key) in [
        (format!("{}{KEY} = \"app_key\"\n", whole()), "kis"),
        (format!("{}\"{}\" = 1\n", whole(), secret()), "kis"),
        (format!("{}{bare} = 1\n", whole()), "kis"),
        (format!("{}[{KEY}]\nx = 1\n", whole()), ""),
        (format!("{KEY}.x = 1\n{}", whole()), ""),
        // Half of a key, as a torn paste leaves it.
        (format!("{}{} = 1\n", whole(), &KEY[..18].replace("defgh", "D3FGH")), "kis"),
    ] {
        let message = refused(place.load(&text), key, &["line ", "characters", "not shown"]);
        assert!(!message.contains(&bare[..30]) && !message.contains("PSabcD3FGH"), "{message}");
    }
    let variable = format!("KISD_KIS__{KEY}");
    let message =
        refused(place.load_with(&whole(), &[(&variable, "1")]), "kis", &["environment variable", "not shown"]);
    assert!(!message.contains(&KEY.to_uppercase()) && !message.contains(&KEY.to_lowercase()), "{message}");
    let message = refused(place.load_with(&whole(), &[(&format!("KISD_{KEY}"), "1")]), "", &["KISD_<TABLE>__<KEY>"]);
    assert!(!message.contains(KEY), "{message}");
    // The value of a key that should be a path.
    let swapped = whole().replace("app_key =", "app_key_file =");
    refused(place.load(&swapped), "kis.app_key_file", &["like a credential itself"]);
    let swapped = whole().replace("app_secret =", "app_secret_file =");
    refused(place.load(&swapped), "kis.app_secret_file", &["like a credential itself"]);
    let message = load(Some(Path::new(KEY)), &place.variables(&[])).map(|_| ()).unwrap_err().to_string();
    assert!(!message.contains(KEY) && message.contains("cannot be read"), "{message}");
    // A name that is only mistyped is shown.
    refused(
        place.load(&format!("{}account_number_of_mine = 1\n", whole())),
        "kis.account_number_of_mine",
        &["is not a key"],
    );
}

#[test]
fn deep_lists_are_refused_wherever_they_are_written() {
    let place = Place::new();
    for deep in ["[".repeat(100_000), "[{a=".repeat(30_000), format!("{}1{}", "[".repeat(60), "]".repeat(60))] {
        let result = place.load_with(&whole(), &[("KISD_RPC__ALLOW_UIDS", &deep)]);
        refused(result, "rpc.allow_uids", &["KISD_RPC__ALLOW_UIDS", "a list such as [1000]"]);
    }
    for deep in ["[".repeat(100_000), format!("{}1", "a.".repeat(100_000)), "{a=".repeat(100_000)] {
        refused(
            place.load(&format!("{}[rpc]\nallow_uids = {deep}\n", whole())),
            "",
            &["config.toml", "not valid TOML"],
        );
        refused(place.load(&format!("{}{deep} = 1\n", whole())), "", &["config.toml", "not valid TOML"]);
    }
}

#[test]
fn what_pasting_and_saving_add_to_a_credential_is_told_by_its_name() {
    let place = Place::new();
    let base = whole().replace(&format!("app_key = \"{KEY}\""), "app_key_file = \"app_key\"");
    for (content, words) in [
        (format!("\u{feff}{KEY}\n"), "byte order mark"),
        (format!("\"{KEY}\"\n"), "is in quotes"),
        (format!("‘{KEY}’"), "is in quotes"),
        (format!("{KEY}\u{200b}"), "invisible character (U+200B)"),
        (format!("{}\u{200d}{}", &KEY[..9], &KEY[9..]), "invisible character (U+200D)"),
        (format!("{KEY}\n{}\n", secret()), "more than one line"),
        (format!("{} {}", &KEY[..9], &KEY[9..]), "white space"),
        (KEY.replace('a', "а"), "not ASCII"),
        (secret(), "it may be the app_secret"),
        (String::new(), "is empty"),
        (KEY[1..].to_owned(), "has 35 characters, KIS issues 36"),
    ] {
        place.write("app_key", &content, 0o600);
        let message = refused(place.load(&base), "kis.app_key_file", &["config.toml", words]);
        assert!(words.contains("35") || !message.contains("has 3"), "{message}");
    }
    fs::write(place.write("app_key", "", 0o600), KEY.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())
        .unwrap();
    // ASCII in UTF-16 is text, with a control character after each letter.
    refused(place.load(&base), "kis.app_key_file", &["invisible character (U+0000)"]);
    fs::write(place.write("app_key", "", 0o600), [0xff, 0xfe, b'P', 0]).unwrap();
    refused(place.load(&base), "kis.app_key_file", &["UTF-16"]);
    // As docker's env files leave it.
    let quoted = format!("'{KEY}'");
    refused(
        place.load_with(&whole(), &[("KISD_KIS__APP_KEY", &quoted)]),
        "kis.app_key",
        &["KISD_KIS__APP_KEY", "quotes"],
    );
    // What only surrounds it is no part of it.
    place.write("app_key", &format!("\r\n {KEY}\t\r\n"), 0o600);
    assert_eq!(place.load(&base).unwrap().keys[0].kis.credentials.app_key.expose(), KEY);
}

#[test]
fn a_relative_path_is_meant_from_the_directory_of_the_file_that_names_it() {
    let place = Place::new();
    fs::create_dir(place.directory.path().join("keys")).unwrap();
    place.write("keys/key", KEY, 0o600);
    let text = whole().replace(&format!("app_key = \"{KEY}\""), "app_key_file = \"keys/key\"");
    assert_eq!(place.load(&text).unwrap().keys[0].kis.credentials.app_key.expose(), KEY);
    let missing = text.replace("keys/key", "keys/none");
    let there = place.directory.path().join("keys/none");
    refused(place.load(&missing), "kis.app_key_file", &[there.to_str().unwrap(), "cannot be read"]);
}

#[test]
fn two_configurations_are_the_same_if_they_say_the_same() {
    let place = Place::new();
    let one = place.load(&whole()).unwrap();
    assert!(one.same_as(&place.load(&format!("# again\n{}", whole())).unwrap()));
    let other_secret = secret().replace("s3", "S3");
    for other in [whole().replace(&secret(), &other_secret), format!("{}[balance]\nmax_age = \"2s\"\n", whole())] {
        assert!(!one.same_as(&place.load(&other).unwrap()));
    }
}
