//! The parsers of what KIS answers.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kisd::fuzzing::kis_answers(bytes));
