use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const CLASS: [Class; CLASSES] = [Class::Cancellation, Class::Order, Class::Token, Class::Waiting, Class::Background];

fn caller(number: u64) -> CallerId {
    CallerId::Connection(number)
}

fn claim(class: Class, number: u64) -> Claim {
    Claim { class, caller: caller(number) }
}

fn waiting(number: u64) -> Claim {
    Claim::waiting(caller(number))
}

/// All that wait, in the order in which they go.
fn drained(lanes: &mut Lanes) -> Vec<Claim> {
    std::iter::from_fn(|| lanes.next()).map(|ticket| ticket.claim).collect()
}

#[test]
fn classes_go_by_rank() {
    let mut lanes = Lanes::default();
    for class in CLASS.iter().rev() {
        lanes.enter(claim(*class, 1), false);
    }
    let classes: Vec<Class> = drained(&mut lanes).iter().map(|claim| claim.class).collect();
    assert_eq!(classes, CLASS);
}

#[test]
fn a_caller_of_one_call_goes_before_the_next_of_one_with_a_thousand() {
    let mut lanes = Lanes::default();
    for _ in 0..1_000 {
        lanes.enter(waiting(1), false);
    }
    for round in 0..10 {
        assert_eq!(lanes.next().unwrap().claim, waiting(1), "{round}");
        assert_eq!(lanes.before(waiting(2)), 0);
        lanes.enter(waiting(2), false);
        assert_eq!(lanes.next().unwrap().claim, waiting(2), "{round}");
    }
}

#[test]
fn callers_of_one_call_do_not_starve_one_with_many() {
    let mut lanes = Lanes::default();
    for _ in 0..10 {
        lanes.enter(waiting(1), false);
    }
    let mut served = 0;
    for newcomer in 2..22 {
        lanes.enter(waiting(newcomer), false);
        served += u32::from(lanes.next().unwrap().claim == waiting(1));
    }
    assert_eq!(served, 5, "a quarter of the slots, with three others in the line at a time");
}

#[test]
fn a_class_has_its_turn_after_eight_calls_of_higher_ones() {
    let mut lanes = Lanes::default();
    for class in [Class::Background, Class::Waiting] {
        lanes.enter(claim(class, 1), false);
        lanes.enter(claim(class, 1), false);
    }
    let mut turns = Vec::new();
    for turn in 1..30 {
        lanes.enter(claim(Class::Order, 2), false);
        let class = lanes.next().unwrap().claim.class;
        if class != Class::Order {
            turns.push((turn, class));
        }
    }
    let (waiting, background) = (Class::Waiting, Class::Background);
    assert_eq!(turns, [(9, waiting), (10, background), (19, waiting), (20, background)]);
}

#[test]
fn who_leaves_is_not_served_and_leaves_no_gap() {
    let mut lanes = Lanes::default();
    let tickets: Vec<Ticket> = [1, 1, 2, 3].map(|number| lanes.enter(waiting(number), false)).into();
    assert!(lanes.leave(tickets[0]) && lanes.leave(tickets[2]) && !lanes.leave(tickets[2]));
    assert_eq!(lanes.before(waiting(2)), 2);
    assert_eq!(drained(&mut lanes), [waiting(1), waiting(3)]);
    assert!(lanes.is_empty() && !lanes.leave(tickets[1]));
}

#[test]
fn a_call_with_several_places_is_one_call_to_those_behind_it() {
    let mut lanes = Lanes::default();
    let tickets: Vec<Ticket> = (1..=5).map(|number| lanes.enter(waiting(number), number > 1)).collect();
    let order = lanes.enter(claim(Class::Order, 1), true);
    assert_eq!((lanes.before(waiting(6)), lanes.before(waiting(3))), (1, 1));
    assert_eq!(lanes.next(), Some(order));
    assert_eq!((lanes.next(), lanes.next()), (Some(tickets[0]), Some(tickets[1])));
    lanes.enter(waiting(7), false);
    assert_eq!(lanes.before(waiting(6)), 1);
    assert!(tickets[2..].iter().all(|ticket| lanes.leave(*ticket)));
    assert_eq!((lanes.before(waiting(6)), lanes.further.len()), (1, 0));
}

#[derive(Debug, Clone)]
enum Step {
    Enter(usize, u64),
    Leave(usize),
    Next,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (0..CLASSES, 0_u64..6).prop_map(|(class, caller)| Step::Enter(class, caller)),
        1 => (0_usize..64).prop_map(Step::Leave),
        4 => Just(Step::Next),
    ];
    prop::collection::vec(step, 1..400)
}

proptest! {
    /// Each call is served once, unless it has left; those of one caller and class in their order; and nobody waits longer than
    /// classes and callers explain.
    #[test]
    fn nobody_is_served_twice_or_forgotten_and_no_class_or_caller_starves(steps in steps()) {
        let mut lanes = Lanes::default();
        // With the calls of its class and of all that were served while it was waiting as the first of its caller.
        let mut line: Vec<(Ticket, usize, usize)> = Vec::new();
        let mut seen = HashSet::new();
        for step in steps.into_iter().chain(std::iter::repeat_n(Step::Next, 400)) {
            match step {
                Step::Enter(class, caller) => line.push((lanes.enter(claim(CLASS[class], caller), false), 0, 0)),
                Step::Leave(index) if !line.is_empty() => {
                    let (ticket, ..) = line.remove(index % line.len());
                    prop_assert!(lanes.leave(ticket));
                }
                Step::Leave(_) => {}
                Step::Next => {
                    let Some(ticket) = lanes.next() else {
                        prop_assert!(line.is_empty() && lanes.is_empty());
                        continue;
                    };
                    prop_assert!(seen.insert(ticket.number));
                    let index = line.iter().position(|(other, ..)| other.claim == ticket.claim).unwrap();
                    prop_assert_eq!(line.remove(index).0, ticket, "the first of that caller and class");
                    let mut first = HashSet::new();
                    for (other, in_class, in_all) in &mut line {
                        if first.insert(other.claim) {
                            *in_class += usize::from(other.claim.class == ticket.claim.class);
                            *in_all += 1;
                        }
                        // Six callers, each of whom may have been let go first by one newcomer.
                        prop_assert!(*in_class <= 12, "{in_class} of its class went before");
                        prop_assert!(*in_all <= 12 * (PASSED_BY + CLASSES), "{in_all} went before");
                    }
                }
            }
        }
        prop_assert!(line.is_empty());
    }

    /// A new call goes after no fewer others than was said, if none comes after it.
    #[test]
    fn a_new_call_is_told_how_many_go_before_it(
        others in prop::collection::vec((0..CLASSES, 0_u64..4), 0..60),
        class in 0..CLASSES,
        caller in 0_u64..4,
    ) {
        let mut lanes = Lanes::default();
        let is_alone = others.iter().all(|(other, _)| *other == class);
        for (class, caller) in others {
            lanes.enter(claim(CLASS[class], caller), false);
        }
        let claim = claim(CLASS[class], caller);
        let before = lanes.before(claim);
        let ticket = lanes.enter(claim, false);
        let gone = std::iter::from_fn(|| lanes.next()).position(|next| next == ticket).unwrap();
        prop_assert!(before <= gone, "{before} were said to go before, and {gone} went");
        prop_assert!(!is_alone || before == gone, "{before} were said to go before, and {gone} went");
    }
}
