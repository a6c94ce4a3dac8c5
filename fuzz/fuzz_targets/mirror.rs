//! The token mirror.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kisd::fuzzing::mirror(bytes));
