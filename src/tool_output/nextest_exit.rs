//! What the exit codes of cargo-nextest mean.

use nextest_metadata::NextestExitCode as Code;

/// The meaning of an exit code, in a few words, but for those that say that tests failed or did not build.
pub(super) fn exit_code_in_words(code: i32) -> Option<&'static str> {
    let words = match code {
        Code::NO_TESTS_RUN => "no tests to run",
        Code::RERUN_TESTS_OUTSTANDING => "some tests still have to be run again",
        Code::DOUBLE_SPAWN_ERROR => "nextest could not start itself again",
        Code::WRITE_OUTPUT_ERROR => "nextest could not write its output",
        Code::EXPERIMENTAL_FEATURE_NOT_ENABLED => "an experimental feature of nextest is not enabled",
        Code::INVALID_FILTERSET => "a nextest filter does not parse",
        Code::REQUIRED_VERSION_NOT_MET => "a newer version of nextest is required",
        Code::RECOMMENDED_VERSION_NOT_MET => "a newer version of nextest is recommended",
        Code::SETUP_ERROR => "nextest is not set up correctly",
        Code::CARGO_METADATA_FAILED => "cargo metadata failed",
        Code::ARCHIVE_CREATION_FAILED => "the archive of the tests could not be made",
        Code::TEST_LIST_CREATION_FAILED => "the tests could not be listed",
        Code::SETUP_SCRIPT_FAILED => "a setup script failed",
        Code::INCOMPLETE_RUN => "the recorded run is not complete",
        _ => return None,
    };
    Some(words)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_failure_has_its_own_words() {
        let codes = [4, 5, 10, 70, 92, 94, 95, 96, 102, 103, 104, 105, 106, 110];
        let words: BTreeSet<_> = codes.into_iter().filter_map(exit_code_in_words).collect();
        assert_eq!(words.len(), codes.len());
        for code in [0, 1, 2, 100, 101] {
            assert_eq!(exit_code_in_words(code), None, "{code}");
        }
    }
}
