//! Requests of the gateway's clients.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kisd::fuzzing::gateway(bytes));
