//! Random histories. `KISD_HISTORIES=20000 cargo test --release --lib histories` tries many.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Op {
    Pass(Duration),
    Step(i64),
    Confirm,
    Act,
    Answer,
    Lose,
    Refuse(u16),
    Call,
    Unexplained,
    Kill,
    Refresh,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0_u64..90).prop_map(|seconds| Op::Pass(Duration::from_secs(seconds))),
        2 => (0_u32..36).prop_map(|halves| Op::Pass(halves * HOUR / 2)),
        1 => (-100_i64..100).prop_map(Op::Step),
        1 => Just(Op::Confirm),
        6 => Just(Op::Act),
        5 => Just(Op::Answer),
        1 => Just(Op::Lose),
        1 => prop_oneof![Just(503), Just(502), Just(500)].prop_map(Op::Refuse),
        4 => Just(Op::Call),
        2 => Just(Op::Unexplained),
        1 => Just(Op::Kill),
        1 => Just(Op::Refresh),
    ]
}

/// Histories tried in the suite; `KISD_HISTORIES` asks for more.
fn histories() -> u32 {
    std::env::var("KISD_HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(100)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: histories(), ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_minute_is_kept_and_no_refused_token_is_offered(
        ops in prop::collection::vec(op(), 0..120),
        life in prop_oneof![Just(24 * HOUR), Just(12 * HOUR), Just(5 * MINUTE), Just(30 * SECOND)],
    ) {
        let mut story = Story { life, ..Story::new() };
        for op in ops {
            match op {
                Op::Pass(time) => story.pass(time),
                Op::Step(hours) => story.step(TimeDelta::hours(hours)),
                Op::Confirm => story.confirm(),
                Op::Act => story.act(),
                Op::Answer => story.answer_try(None),
                Op::Lose => {
                    let reason = String::new();
                    story.answer_try(Some(KisError::Unreachable { tr_id: "tokenP", reason, sent: true }));
                }
                Op::Refuse(http_status) => {
                    story.answer_try(Some(KisError::Foreign { tr_id: "tokenP", http_status, what: "a page" }));
                }
                Op::Call => story.call(),
                Op::Unexplained => {
                    if let Some(token) = story.offered() {
                        story.machine.unexplained(&token, story.now);
                    }
                }
                Op::Kill => story.kill(),
                Op::Refresh => {
                    let _ = story.machine.refresh(story.now);
                }
            }
            story.check();
        }
    }

    #[test]
    fn after_any_history_a_well_kis_serves_within_the_time_that_its_rules_ask_for(
        ops in prop::collection::vec(op(), 0..60),
    ) {
        let mut story = Story::new();
        for op in ops {
            match op {
                Op::Pass(time) => story.pass(time),
                Op::Act => story.act(),
                Op::Answer => story.answer_try(None),
                Op::Call => story.call(),
                Op::Kill => story.kill(),
                Op::Lose => story.answer_try(Some(KisError::Unreachable { tr_id: "tokenP", reason: String::new(), sent: true })),
                _ => {}
            }
        }
        // KIS hands out a dead token for up to six hours, and a wasted issuance is followed by ten minutes at most.
        let until = story.now.boot.saturating_add(policy::SAME_TOKEN + 11 * MINUTE);
        story.confirm();
        while story.now.boot < until {
            story.act();
            story.answer_try(None);
            story.call();
            story.pass(10 * SECOND);
        }
        let (_, issued, dead) = story.kis.expect("an issuance");
        prop_assert!(!dead && story.now.boot.since(issued) < story.life);
        prop_assert!(story.offered().is_some());
    }
}
