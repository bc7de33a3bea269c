//! Reads the lists that `cargo nextest list --message-format json` writes.

use std::collections::BTreeMap;

use nextest_metadata::{BinaryListSummary, TestListSummary};

use crate::model::CrateName;

/// A list that cargo-nextest wrote does not parse.
#[derive(Debug, thiserror::Error)]
#[error("what `cargo nextest list` wrote is no list of tests: {0}; is cargo-nextest up to date?")]
pub(super) struct TestListError(#[from] serde_json::Error);

/// How many tests of each crate would run: those that match the filter and are not ignored. A crate whose tests are
/// all left out is listed with none.
///
/// # Errors
///
/// If this is not what `cargo nextest list --message-format json` writes.
pub(super) fn tests_per_crate(json: &str) -> Result<BTreeMap<CrateName, usize>, TestListError> {
    let list = TestListSummary::parse_json(json)?;
    let mut counts = BTreeMap::new();
    for suite in list.rust_suites.values() {
        let cases = suite.test_cases.values();
        let runs = cases
            .filter(|case| case.filter_match.is_match() && !case.ignored)
            .count();
        *counts.entry(CrateName::from(suite.package_name.as_str())).or_default() += runs;
    }
    Ok(counts)
}

/// How many test binaries a list of them names, as `cargo nextest list --list-type binaries-only` writes it. Nothing where
/// it is none, or one of a nextest that is newer than this program knows.
#[must_use]
pub fn test_binaries(json: &[u8]) -> Option<usize> {
    let list: BinaryListSummary = serde_json::from_slice(json).ok()?;
    Some(list.rust_binaries.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded: `cargo nextest list --list-type binaries-only --message-format json`.
    #[test]
    fn test_binaries_are_counted() {
        let list = include_bytes!("recorded/nextest_binaries.json");
        assert_eq!(test_binaries(list), Some(3));
        for other in [&b""[..], b"{}", b"error", &list[..list.len() / 2], b"\xff"] {
            assert_eq!(test_binaries(other), None);
        }
    }

    const TESTS: &str = include_str!("recorded/nextest_list.json");

    fn counts<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<CrateName, usize> {
        expected.map(|(name, count)| (CrateName::from(name), count)).into()
    }

    #[test]
    fn tests_that_would_run_are_counted() {
        assert_eq!(
            tests_per_crate(TESTS).unwrap(),
            counts([("crate-a", 3), ("crate-b", 2)])
        );
        let unmatched = r#"{"status":"mismatch","reason":"string"}"#;
        let filtered = TESTS.replace(r#"{"status":"matches"}"#, unmatched);
        assert_eq!(
            tests_per_crate(&filtered).unwrap(),
            counts([("crate-a", 0), ("crate-b", 0)])
        );
    }

    #[test]
    fn other_text_is_no_list() {
        for text in ["", "{}", "error: no tests"] {
            assert!(tests_per_crate(text).is_err(), "{text}");
        }
    }
}
