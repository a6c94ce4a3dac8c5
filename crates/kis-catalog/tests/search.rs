//! The search answers questions that people ask.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;

use kis_catalog::{Hit, Mode, catalog};

/// Questions of a set that have a right answer first, and among the first three; the questions that have not.
struct Marks {
    all: usize,
    first: usize,
    three: usize,
    wrong: String,
}

fn marks(set: &str) -> Marks {
    let mut marks = Marks { all: 0, first: 0, three: 0, wrong: String::new() };
    for line in include_str!("questions.tsv").lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        let (of, question, ids) = (cells.next().unwrap(), cells.next().unwrap(), cells.next().unwrap());
        if of != set {
            continue;
        }
        let right: Vec<&str> = ids.split(',').collect();
        assert!(right.iter().all(|id| catalog().find(id).is_ok()), "{line}");
        let hits: Vec<&str> = catalog().search(question, 5).iter().map(|hit| hit.operation.id()).collect();
        let place = hits.iter().position(|id| right.contains(id)).unwrap_or(9);
        marks.all += 1;
        marks.first += usize::from(place == 0);
        marks.three += usize::from(place < 3);
        if place > 0 {
            marks.wrong += &format!("{place} {question}: {hits:?}, and not {right:?}\n");
        }
    }
    marks
}

#[test]
fn questions_find_their_operations() {
    // Per cent that have a right answer first, and among three. Nobody has looked at what is wrong in "unseen".
    for (set, all, first, three) in
        [("given", 40, 95, 98), ("own", 750, 97, 99), ("fresh", 500, 95, 98), ("unseen", 300, 92, 97)]
    {
        let marks = marks(set);
        assert!(marks.all >= all, "{set}: {} questions", marks.all);
        println!("{set}: {} of {} first, {} among three", marks.first, marks.all, marks.three);
        if set != "unseen" {
            println!("{}", marks.wrong);
        }
        assert!(
            marks.first * 100 >= marks.all * first,
            "{set}: {} of {} first\n{}",
            marks.first,
            marks.all,
            marks.wrong
        );
        assert!(
            marks.three * 100 >= marks.all * three,
            "{set}: {} of {} among three\n{}",
            marks.three,
            marks.all,
            marks.wrong
        );
    }
}

fn first(question: &str) -> &'static str {
    catalog().search(question, 1).first().map_or("nothing", |hit| hit.operation.id())
}

#[test]
fn every_operation_is_found_by_each_of_its_names() {
    for operation in catalog().operations() {
        let trs = [Mode::Real, Mode::Paper].into_iter().filter_map(|mode| operation.tr_id(mode));
        for name in trs.chain(operation.old_tr_ids()).chain([operation.id()]) {
            for asked in
                [name.to_owned(), name.to_ascii_lowercase(), format!("{name} 조회"), format!("what is {name}?")]
            {
                assert_eq!(first(&asked), operation.id(), "{asked}");
            }
        }
        // Several operations may share a path or a Korean name; one of them comes first.
        let found = |asked: &str| catalog().search(asked, 1)[0].operation;
        assert_eq!(found(operation.path()).path(), operation.path());
        assert_eq!(found(operation.korean_name()).korean_name(), operation.korean_name());
        assert_eq!(found(operation.english_name()), operation);
    }
}

#[test]
fn every_field_finds_an_operation_that_has_it() {
    let mut asked = BTreeSet::new();
    for operation in catalog().operations() {
        let params = operation.params().map(|param| param.name).collect::<Vec<_>>();
        let fields = operation.outputs().flat_map(|part| part.fields().map(|field| field.name).collect::<Vec<_>>());
        for name in fields.chain(params).filter(|name| name.contains('_') && !name.contains([' ', '-'])) {
            if !asked.insert(name.to_ascii_lowercase()) {
                continue;
            }
            let hits = catalog().search(name, 3);
            let has = |hit: &Hit| {
                let mut outputs = hit.operation.outputs();
                let replied = outputs.any(|part| part.fields().any(|field| field.name.eq_ignore_ascii_case(name)));
                replied || hit.operation.params().any(|param| param.name.eq_ignore_ascii_case(name))
            };
            assert!(!hits.is_empty() && hits.iter().take(1).all(has), "{name}: {hits:?}");
        }
    }
}

#[test]
fn a_label_finds_an_operation_that_has_such_a_field() {
    let asked = [
        ("신용등급", "신용등급"),
        ("신용등급은 뭐야", "신용등급"),
        ("베이시스", "베이시스"),
        ("자본지지점", "자본지지점"),
    ];
    for (question, label) in asked {
        let hits = catalog().search(question, 3);
        let has =
            |hit: &Hit| hit.operation.outputs().any(|part| part.fields().any(|field| field.label.contains(label)));
        assert!(hits.first().is_some_and(has), "{question}: {hits:?}");
    }
}

#[test]
fn spaces_and_one_wrong_letter_do_not_matter() {
    let balance = "domestic-stock-trading-inquire-balance";
    for asked in
        ["주식잔고", "주식 잔고", "주 식 잔 고", "주식 잔교", "balance", "balence", "inquire-balanc", "BALANCE"]
    {
        assert_eq!(first(asked), balance, "{asked}");
    }
    let holiday = "domestic-stock-quotations-chk-holiday";
    for asked in ["휴장일", "휴 장 일", "휴쟝일", "holidays", "holliday", "chk-holidy"] {
        assert_eq!(first(asked), holiday, "{asked}");
    }
}

#[test]
fn better_hits_have_more_points_and_there_are_as_many_as_asked_for() {
    for limit in [0, 1, 3, 20] {
        let hits = catalog().search("주식 현재가", limit);
        assert_eq!(hits.len(), limit);
        assert!(hits.is_sorted_by(|one, other| one.score >= other.score));
    }
    assert!(catalog().search("주식 현재가", usize::MAX).len() <= 370);
}

#[test]
fn what_says_nothing_finds_nothing_and_does_no_harm() {
    for nothing in ["", " ", "?", "😀", "ㅋㅋㅋ", "\0", "the", "-", "/", "__"] {
        let found = catalog().search(nothing, 5);
        assert!(found.is_empty(), "{nothing:?}: {found:?}");
    }
    for long in ["가나다라 ", "abcdefg-hijk ", "주식현재가", "a_b ", "/", "잔"] {
        assert!(catalog().search(&long.repeat(1_000_000 / long.len()), 5).len() <= 5);
    }
}
