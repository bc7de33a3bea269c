//! Cuts a list of arguments so that each part fits a command line.

use std::ffi::OsString;

/// An argument that no command line can hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong {
    /// What it costs.
    pub(super) bytes: usize,
}

/// The list in as few parts as its order allows, each of which costs at most `limit`. An empty list is one empty part.
pub(super) fn parts(list: Vec<OsString>, limit: usize) -> Result<Vec<Vec<OsString>>, TooLong> {
    let mut parts = Vec::new();
    let mut part = Vec::new();
    let mut used = 0;
    for argument in list {
        let bytes = cost(&argument);
        if bytes > limit {
            return Err(TooLong { bytes });
        }
        if used + bytes > limit {
            parts.push(std::mem::take(&mut part));
            used = 0;
        }
        used += bytes;
        part.push(argument);
    }
    parts.push(part);
    Ok(parts)
}

/// What an argument takes of the space that the system has for them: its bytes, the zero at their end, and a pointer.
pub(super) fn cost(argument: &OsString) -> usize {
    argument.len() + 1 + size_of::<usize>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_is_cut_where_the_next_argument_no_longer_fits() {
        let check = |words: &[&str], limit, expected: &[&[&str]]| {
            let list = words.iter().map(OsString::from).collect();
            let cut = parts(list, limit).unwrap();
            let cut: Vec<Vec<_>> = cut
                .iter()
                .map(|part| part.iter().map(|word| word.to_str().unwrap()).collect())
                .collect();
            assert_eq!(cut, expected, "{words:?} {limit}");
        };
        let of = |bytes: usize| bytes + 1 + size_of::<usize>();
        check(&[], 0, &[&[]]);
        check(&["aa"], of(2), &[&["aa"]]);
        check(&["aa", "bb"], of(2), &[&["aa"], &["bb"]]);
        check(&["aa", "bb"], 2 * of(2), &[&["aa", "bb"]]);
        check(&["a", "b", "cc"], 2 * of(1), &[&["a", "b"], &["cc"]]);
        assert_eq!(parts(vec!["aa".into()], of(1)), Err(TooLong { bytes: of(2) }));
    }

    proptest! {
        #[test]
        fn every_argument_is_in_one_part_and_no_part_is_too_long(
            words in prop::collection::vec(".{0,12}", 0..60),
            limit in 0..200_usize,
        ) {
            let list: Vec<OsString> = words.iter().map(OsString::from).collect();
            let longest = list.iter().map(cost).max().unwrap_or(0);
            match parts(list.clone(), limit) {
                Err(TooLong { bytes }) => prop_assert!(bytes > limit && longest > limit),
                Ok(cut) => {
                    prop_assert!(longest <= limit);
                    prop_assert!(cut.iter().all(|part| part.iter().map(cost).sum::<usize>() <= limit));
                    prop_assert!(list.is_empty() || cut.iter().all(|part| !part.is_empty()));
                    // No part could have taken the first argument of the next one.
                    for pair in cut.windows(2) {
                        prop_assert!(pair[0].iter().map(cost).sum::<usize>() + cost(&pair[1][0]) > limit);
                    }
                    prop_assert_eq!(cut.concat(), list);
                }
            }
        }
    }
}
