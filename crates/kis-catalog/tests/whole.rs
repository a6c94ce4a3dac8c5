//! What is true of every row of the catalogue.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};

use kis_catalog::{By, Effect, Fill, Kind, Method, Mode, Operation, Paging, Scope, Shape, catalog};

fn all() -> Vec<&'static Operation> {
    catalog().operations().collect()
}

#[test]
fn every_operation_is_there_and_in_its_group() {
    let count = |kind| all().iter().filter(|operation| operation.kind() == kind).count();
    let kinds = [Kind::Auth, Kind::Quotation, Kind::AccountRead, Kind::Trading, Kind::Realtime].map(count);
    assert_eq!((all().len(), kinds), (370, [4, 202, 58, 43, 63]));
    let mut groups = BTreeMap::new();
    for operation in all() {
        *groups.entry((operation.group(), operation.group_name())).or_insert(0) += 1;
    }
    assert_eq!(groups.len(), 22);
    assert_eq!(groups[&("overseas-stock-account", "[해외주식] 주문/계좌")], 38);
    assert_eq!(groups[&("domestic-stock-ranking", "[국내주식] 순위분석")], 22);
}

#[test]
fn ids_are_unique_and_say_the_path() {
    let ids: BTreeSet<&str> = all().iter().map(|operation| operation.id()).collect();
    assert_eq!(ids.len(), all().len());
    for operation in all() {
        let path: Vec<&str> = operation.path().split('/').filter(|part| !["", "uapi", "v1"].contains(part)).collect();
        // tokenP is token-p here, and /tryitout/H0STCNT0 is realtime-h0stcnt0.
        let path = path.join("-").replace("tokenP", "token-p").replace("revokeP", "revoke-p");
        let path = path.replace("tryitout", "realtime").to_ascii_lowercase();
        assert!(operation.id().starts_with(&path), "{} is not {path}", operation.id());
    }
}

#[test]
fn every_name_of_an_operation_finds_it_in_any_case() {
    for operation in all() {
        let trs = [Mode::Real, Mode::Paper].into_iter().filter_map(|mode| operation.tr_id(mode));
        let names = [(operation.id(), By::Id)].into_iter().chain(trs.map(|tr| (tr, By::Tr)));
        for (name, by) in names.chain(operation.old_tr_ids().map(|tr| (tr, By::OldTr))) {
            for written in [name.to_owned(), name.to_ascii_lowercase(), name.to_ascii_uppercase()] {
                let found = catalog().find(&written).unwrap();
                assert_eq!((found.operation, found.by), (operation, by), "{written}");
            }
        }
    }
}

#[test]
fn tr_ids_belong_to_one_operation_and_to_their_mode() {
    let mut seen = BTreeSet::new();
    for operation in all() {
        let (real, paper) = (operation.tr_id(Mode::Real), operation.tr_id(Mode::Paper));
        assert_eq!(real.is_none(), operation.kind() == Kind::Auth, "{operation:?}");
        assert!(operation.available(Mode::Real) && (paper.is_none() || real.is_some()), "{operation:?}");
        for tr in BTreeSet::from([real, paper]).into_iter().flatten().chain(operation.old_tr_ids()) {
            assert!(seen.insert(tr), "{tr} belongs to two");
        }
        // On paper, what is of an account begins with V, and a notice ends with 9; prices are the same.
        let Some((real, paper)) = real.zip(paper) else { continue };
        match (operation.kind(), operation.scope()) {
            (Kind::AccountRead | Kind::Trading, _) => {
                assert!(paper.starts_with('V') && !real.starts_with('V'), "{paper}")
            }
            (Kind::Realtime, Scope::Owner) => assert_eq!(paper, format!("{}9", &real[..real.len() - 1])),
            _ => assert_eq!(paper, real),
        }
    }
    let paper = all().iter().filter(|operation| operation.tr_id(Mode::Paper).is_some()).count();
    assert_eq!(paper, 63);
}

#[test]
fn effect_and_method_follow_from_the_kind() {
    for operation in all() {
        let wanted = match operation.kind() {
            Kind::Auth => (Effect::Issue, Method::Post),
            Kind::Quotation | Kind::AccountRead => (Effect::Read, Method::Get),
            Kind::Trading => (Effect::Trade, Method::Post),
            Kind::Realtime => (Effect::Read, Method::WebSocket),
        };
        assert_eq!((operation.effect(), operation.method()), wanted, "{operation:?}");
        // KIS's own sign: an order's TR id ends with U.
        if let Some(tr) = operation.tr_id(Mode::Real).filter(|_| operation.kind() != Kind::Realtime) {
            assert_eq!(tr.ends_with('U'), operation.effect() == Effect::Trade, "{tr}");
            assert!(operation.effect() != Effect::Trade || operation.path().contains("/trading/"), "{tr}");
        }
    }
}

#[test]
fn the_trades_are_these_and_no_others() {
    let mut trades = Vec::new();
    for operation in all().into_iter().filter(|operation| operation.effect() == Effect::Trade) {
        let trs = [Mode::Real, Mode::Paper].into_iter().filter_map(|mode| operation.tr_id(mode));
        trades.push([operation.id()].into_iter().chain(trs).collect::<Vec<_>>().join(" "));
    }
    trades.sort();
    let golden: Vec<&str> = include_str!("trades.txt").lines().collect();
    assert_eq!(trades, golden);
}

#[test]
fn what_the_account_fills_in_says_whose_the_reply_is() {
    for operation in all() {
        let filled = |fill| operation.params().filter(|param| param.fill == Some(fill)).count();
        let (number, product, hts) = (filled(Fill::AccountNumber), filled(Fill::ProductCode), filled(Fill::HtsId));
        assert_eq!(number, product, "{operation:?}");
        let wanted = match operation.kind() {
            Kind::AccountRead | Kind::Trading => (1, 0, Scope::Account),
            Kind::Auth => (0, 0, Scope::Owner),
            _ if operation.scope() == Scope::Owner => (0, 1, Scope::Owner),
            _ => (0, 0, Scope::Public),
        };
        assert_eq!((number, hts, operation.scope()), wanted, "{operation:?}");
    }
}

#[test]
fn the_names_of_pages_are_parameters_and_fields() {
    let mut forms = BTreeMap::new();
    for operation in all() {
        let requested = |name: &str| operation.params().any(|param| param.name == name);
        let replied = |name: &str| operation.outputs().any(|part| part.fields().any(|field| field.name == name));
        let form = match operation.paging() {
            Paging::None => "none".to_owned(),
            Paging::Header => "header".to_owned(),
            Paging::Keys { fk, nk, .. } => {
                for key in [fk, nk].into_iter().flatten() {
                    assert!(requested(key.request), "{operation:?} {}", key.request);
                    // KIS's documentation has no rows for the keys of these two replies.
                    let silent =
                        ["inquire-period-profit", "margin-rate"].iter().any(|end| operation.id().ends_with(end));
                    assert!(silent || replied(key.reply), "{operation:?} {}", key.reply);
                }
                let name =
                    |key: Option<kis_catalog::Key>| key.map_or("-", |key| key.request.trim_start_matches("CTX_AREA_"));
                format!("{} {}", name(fk), name(nk))
            }
            Paging::Cursor { param, flag, reply } => {
                assert!(requested(param) && flag.is_none_or(requested) && reply.is_none_or(replied), "{operation:?}");
                param.to_owned()
            }
        };
        assert!(form == "none" || operation.effect() == Effect::Read, "{operation:?}");
        // No operation takes such a parameter without being one that is paged.
        let cursor = |name: &str| {
            name.starts_with("CTX_AREA") || ["KEYB", "INDEX_KEY"].contains(&name) || name.starts_with("CTS")
        };
        assert!(form != "none" || !operation.params().any(|param| cursor(param.name)), "{operation:?}");
        *forms.entry(form).or_insert(0) += 1;
    }
    let counted: Vec<(&str, i32)> = forms.iter().map(|(form, count)| (form.as_str(), *count)).collect();
    assert_eq!(
        counted,
        [
            ("- NK200", 1),
            ("CTS", 14),
            ("CTS_AREA", 1),
            ("CTS_KEY", 1),
            ("FK NK", 2),
            ("FK100 NK100", 16),
            ("FK100 NK30", 1),
            ("FK200 NK100", 1),
            ("FK200 NK200", 25),
            ("FK50 NK50", 1),
            ("INDEX_KEY", 10),
            ("KEYB", 15),
            ("header", 10),
            ("none", 272),
        ]
    );
}

#[test]
fn every_parameter_and_field_can_be_reached() {
    let params: usize = all().iter().map(|operation| operation.params().len()).sum();
    let fields: usize = all().iter().flat_map(|operation| operation.outputs()).map(|part| part.fields().len()).sum();
    assert_eq!((params, fields), (2347, 10_114));
    for operation in all() {
        assert!(operation.params().all(|param| !param.name.is_empty() && param.values != Some("")), "{operation:?}");
        for part in operation.outputs() {
            assert!(part.fields().len() > 0 && part.fields().all(|field| !field.name.is_empty()), "{operation:?}");
            assert_eq!(part.shape() == Shape::Frame, operation.method() == Method::WebSocket, "{operation:?}");
            assert!(operation.method() != Method::WebSocket || part.name() == "frame", "{operation:?}");
        }
        // What a reply has, it has at its top.
        if let Some(top) = operation.outputs().find(|part| part.name() == "top") {
            let members: BTreeSet<&str> = top.fields().map(|field| field.name).collect();
            for part in operation.outputs().filter(|part| part.name() != "top") {
                assert!(members.contains(part.name()), "{operation:?} {}", part.name());
            }
        }
    }
}

#[test]
fn english_names_tell_all_operations_apart() {
    let names: BTreeSet<&str> = all().iter().map(|operation| operation.english_name()).collect();
    assert_eq!(names.len(), all().len());
    assert!(names.iter().all(|name| name.is_ascii()));
}
