//! The socket, from the first byte of a connection on.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kisd::fuzzing::dialect(bytes));
