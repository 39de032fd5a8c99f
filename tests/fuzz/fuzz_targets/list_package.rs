#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| egate_fuzz::list_package::run(bytes));
