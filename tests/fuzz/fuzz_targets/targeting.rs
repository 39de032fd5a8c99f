#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| egate_fuzz::targeting::run(bytes));
