//! Sees that cargo waits for a lock that another cargo holds: `    Blocking waiting for file lock on build directory`.

use super::cargo_status::status_verb;

/// What follows the verb, before the name of what is locked.
const WAITING: &str = "waiting for file lock on ";
/// How much of that name is kept, in characters.
const NAME_LIMIT: usize = 80;

/// What cargo waits for, as it calls it: `build directory`, `artifact directory`, `package cache` and others. Nothing where
/// this line says no such thing.
pub(super) fn awaited_lock(text: &str) -> Option<String> {
    let text = text.trim_end();
    if status_verb(text) != Some("Blocking") {
        return None;
    }
    let (_, rest) = text.split_once("Blocking ")?;
    let name = rest.strip_prefix(WAITING)?.trim();
    (!name.is_empty()).then(|| name.chars().take(NAME_LIMIT).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cargo_that_waits_for_a_lock_says_so() {
        for (text, expected) in [
            (
                "    Blocking waiting for file lock on build directory",
                Some("build directory"),
            ),
            (
                "    Blocking waiting for file lock on artifact directory\r",
                Some("artifact directory"),
            ),
            (
                "    Blocking waiting for file lock on package cache",
                Some("package cache"),
            ),
            (
                "    Blocking waiting for file lock on shared package cache",
                Some("shared package cache"),
            ),
            // Should a later cargo say more about it, that is told as well.
            (
                "    Blocking waiting for file lock on build directory (/ws/target/debug)",
                Some("build directory (/ws/target/debug)"),
            ),
            ("    Blocking waiting for file lock on ", None),
            ("    Blocking on something else", None),
            ("Blocking waiting for file lock on build directory", None),
            ("   Compiling waiting for file lock on build directory", None),
            ("", None),
        ] {
            assert_eq!(awaited_lock(text).as_deref(), expected, "{text}");
        }
        let long = format!("    Blocking waiting for file lock on {}", "x".repeat(500));
        assert_eq!(awaited_lock(&long).map(|name| name.len()), Some(NAME_LIMIT));
    }
}
