//! The patterns in `members`, which mean what cargo takes them to mean: `*` and `?` also stand for a leading dot, `**`
//! for any number of directories, and there are no braces. Pure.

use std::path::{Component, Path, PathBuf};

use super::super::files::Files;

/// Whether a text stands for more than itself.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The directories below `root` that a pattern stands for. One without wildcards stands for its directory, whether there
/// is one or not.
pub(super) fn expand(files: &dyn Files, root: &Path, pattern: &str) -> Vec<PathBuf> {
    let pattern = root.join(pattern);
    // What is special in the name of the root is not meant to be.
    let (base, rest) = match pattern.strip_prefix(root) {
        Ok(rest) => (root, rest),
        Err(_) => (Path::new("/"), pattern.strip_prefix("/").unwrap_or(&pattern)),
    };
    let parts: Vec<Part> = rest.components().map(Part::of).collect();
    let mut found = Vec::new();
    walk(files, base, &parts, &mut found);
    found
}

/// One component of a pattern.
enum Part {
    Literal(PathBuf),
    Wild(Vec<char>),
    Deep,
}

impl Part {
    fn of(component: Component<'_>) -> Self {
        match component.as_os_str().to_str() {
            Some("**") => Self::Deep,
            Some(text) if is_pattern(text) => Self::Wild(text.chars().collect()),
            _ => Self::Literal(PathBuf::from(component.as_os_str())),
        }
    }
}

fn walk(files: &dyn Files, dir: &Path, parts: &[Part], found: &mut Vec<PathBuf>) {
    match parts {
        [] => found.push(dir.to_owned()),
        [Part::Literal(name), rest @ ..] => walk(files, &dir.join(name), rest, found),
        [Part::Wild(pattern), rest @ ..] => {
            let fits = |child: &PathBuf| {
                let name: Vec<char> = child
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .chars()
                    .collect();
                matches(pattern, &name)
            };
            for child in files.dirs(dir).into_iter().filter(fits) {
                walk(files, &child, rest, found);
            }
        }
        [Part::Deep, Part::Deep, ..] => walk(files, dir, &parts[1..], found),
        [Part::Deep, rest @ ..] => {
            if !rest.is_empty() {
                walk(files, dir, rest, found);
            }
            for child in files.dirs(dir) {
                if rest.is_empty() {
                    found.push(child.clone());
                }
                // A link that leads back up would never end.
                if !files.real(dir).starts_with(files.real(&child)) {
                    walk(files, &child, parts, found);
                }
            }
        }
    }
}

/// Whether a name fits a pattern.
fn matches(pattern: &[char], name: &[char]) -> bool {
    // The place behind the last `*`, and how much of the name it stands for: only that one needs to be tried again.
    let (mut at, mut seen, mut retry) = (0, 0, None);
    while seen < name.len() {
        if pattern.get(at) == Some(&'*') {
            at += 1;
            retry = Some((at, seen));
        } else if let Some(width) = one(&pattern[at..], name[seen]) {
            at += width;
            seen += 1;
        } else if let Some((behind, from)) = retry {
            retry = Some((behind, from + 1));
            (at, seen) = (behind, from + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

/// How much of the front of a pattern fits one character.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern.first()? {
        '?' => Some(1),
        '[' => set(pattern, c),
        literal => (*literal == c).then_some(1),
    }
}

/// `[abc]`, `[a-c]` and `[!a]`; a `]` that stands first is one of the set.
fn set(pattern: &[char], c: char) -> Option<usize> {
    let negated = pattern.get(1) == Some(&'!');
    let start = 1 + usize::from(negated);
    let rest = pattern.get(start + 1..)?;
    let end = start + 1 + rest.iter().position(|c| *c == ']')?;
    let mut members = &pattern[start..end];
    let mut is_in = false;
    while let [first, others @ ..] = members {
        (is_in, members) = match others {
            ['-', last, others @ ..] => (is_in || (*first..=*last).contains(&c), others),
            _ => (is_in || *first == c, others),
        };
    }
    (is_in != negated).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::super::super::memory::MemoryFiles;
    use super::*;

    #[test]
    fn names_fit_patterns() {
        let check = |pattern: &str, name: &str, expected: bool| {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(matches(&chars(pattern), &chars(name)), expected, "{pattern} {name}");
        };
        check("*", "a", true);
        check("*", ".a", true);
        check("a*", "a", true);
        check("a*c*", "abcbc", true);
        check("a*d", "abc", false);
        check("?b", "ab", true);
        check("?b", "b", false);
        check("[a-c]x", "bx", true);
        check("[a-c]x", "dx", false);
        check("[!a-c]x", "dx", true);
        check("[!a]", "a", false);
        check("[]]", "]", true);
        check("[a", "[a", false);
        check("{a,b}", "a", false);
        check("ä?", "äö", true);
    }

    #[test]
    fn patterns_are_expanded() {
        let files = MemoryFiles::new([
            ("/w[s]/crates/a/Cargo.toml", ""),
            ("/w[s]/crates/b/sub/Cargo.toml", ""),
            ("/w[s]/crates/.c/Cargo.toml", ""),
            ("/w[s]/crates/file", ""),
            ("/else/x/Cargo.toml", ""),
        ])
        .link("/w[s]/crates/b/up", "/w[s]/crates");
        let check = |pattern: &str, expected: &str| {
            let found = expand(&files, Path::new("/w[s]"), pattern);
            let found: Vec<_> = found.iter().map(|dir| dir.to_str().unwrap()).collect();
            let expected = expected
                .split_whitespace()
                .map(|dir| dir.replace('~', "/w[s]/"))
                .collect::<Vec<_>>();
            assert_eq!(found, expected, "{pattern}");
        };
        check("crates/a", "~crates/a");
        check("crates/gone/", "~crates/gone");
        check("./crates/*", "~crates/.c ~crates/a ~crates/b");
        check("crates/*/sub", "~crates/.c/sub ~crates/a/sub ~crates/b/sub");
        check("*/[ab]", "~crates/a ~crates/b");
        check(
            "**/sub",
            "~sub ~crates/sub ~crates/.c/sub ~crates/a/sub ~crates/b/sub ~crates/b/sub/sub",
        );
        check("crates/**", "~crates/.c ~crates/a ~crates/b ~crates/b/sub ~crates/b/up");
        check("crates/**/**/s*", "~crates/b/sub");
        check("gone/*", "");
        check("/else/*", "/else/x");
        check("../else/?", "~../else/x");
    }
}
