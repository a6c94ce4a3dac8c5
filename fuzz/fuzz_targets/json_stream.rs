//! The framing of the JSON stream.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kisd::fuzzing::json_stream(bytes));
