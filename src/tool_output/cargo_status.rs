//! Tells the lines with which Cargo says what it is doing from those with which it says what is wrong.

/// Cargo right-aligns its verbs in this many columns.
const VERB_COLUMNS: usize = 12;

/// The verbs of Cargo's status lines. An unknown one does no harm: its line is shown.
const VERBS: &[&str] = &[
    "Adding",
    "Archiving",
    "Blocking",
    "Building",
    "Checking",
    "Cleaning",
    "Compiling",
    "Copying",
    "Created",
    "Creating",
    "Dirty",
    "Doc-tests",
    "Documenting",
    "Downgrading",
    "Downloaded",
    "Downloading",
    "Executable",
    "Expanding",
    "Finished",
    "Fixed",
    "Fixing",
    "Fresh",
    "Generated",
    "Installed",
    "Installing",
    "Locking",
    "Merged",
    "Migrating",
    "Opening",
    "Packaged",
    "Packaging",
    "Patching",
    "Published",
    "Publishing",
    "Removed",
    "Removing",
    "Replaced",
    "Replacing",
    "Running",
    "Scraping",
    "Skipped",
    "Skipping",
    "Syncing",
    "Unchanged",
    "Unpacking",
    "Updating",
    "Upgrading",
    "Uploaded",
    "Uploading",
    "Vendoring",
    "Verifying",
    "Waiting",
];

/// The verb of a status line, or nothing where this is none.
pub(super) fn status_verb(text: &str) -> Option<&str> {
    let (column, _) = text.split_at_checked(VERB_COLUMNS)?;
    let verb = column.trim_start_matches(' ');
    let ends_there = text[VERB_COLUMNS..].starts_with(' ') || text.len() == VERB_COLUMNS;
    (ends_there && VERBS.binary_search(&verb).is_ok()).then_some(verb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verbs_are_sorted() {
        assert!(VERBS.is_sorted());
        assert!(VERBS.iter().all(|verb| verb.len() <= VERB_COLUMNS));
    }

    #[test]
    fn a_status_line_has_its_verb_in_the_first_columns() {
        for (text, expected) in [
            ("   Compiling serde v1.0.0", Some("Compiling")),
            (
                "    Finished `dev` profile [unoptimized] target(s) in 0.03s",
                Some("Finished"),
            ),
            ("   Doc-tests crate_a", Some("Doc-tests")),
            (" Downloading crates ...", Some("Downloading")),
            ("       Fresh cfg-if v1.0.0", Some("Fresh")),
            ("  Compiling serde", None),
            ("Compiling serde v1.0.0 (as prose would have it)", None),
            ("    Finishes early", None),
            ("error: could not compile `x`", None),
            ("            ", None),
            ("", None),
            ("ééééééééééééé", None),
        ] {
            assert_eq!(status_verb(text), expected, "{text}");
        }
    }
}
