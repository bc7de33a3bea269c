//! Reads what `cargo tree --invert` prints.

use std::collections::{BTreeMap, BTreeSet};

/// Who depends on whom, by the lines of a tree that is drawn in ASCII. A tree shows what is below a package once and
/// refers to it later, so only the whole of it tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    roots: BTreeSet<String>,
    /// The dependents of each package, and whether only their tests depend on it.
    dependents: BTreeMap<String, BTreeSet<(String, bool)>>,
}

impl Tree {
    /// Reads a tree.
    pub(crate) fn parse(text: &str) -> Self {
        let mut tree = Self::default();
        // The packages above a line, each with what its children are: dependents for tests only, or others.
        let mut above: Vec<(String, bool)> = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (depth, label) = split(line);
            if let Some(kind) = label.strip_prefix('[') {
                above.truncate(depth + 1);
                if let Some(parent) = above.last_mut() {
                    parent.1 = kind.starts_with("dev-");
                }
                continue;
            }
            let package = label.strip_suffix(" (*)").unwrap_or(label).to_owned();
            above.truncate(depth);
            match above.last() {
                Some((parent, dev)) => {
                    let dependents = tree.dependents.entry(parent.clone()).or_default();
                    dependents.insert((package.clone(), *dev));
                }
                None => {
                    tree.roots.insert(package.clone());
                }
            }
            above.push((package, false));
        }
        tree
    }

    /// The packages that a change in the roots reaches. Over a dev-dependency it reaches the package that has it, and goes
    /// no further.
    pub(crate) fn reached(&self) -> BTreeSet<&str> {
        let mut built: BTreeSet<&str> = BTreeSet::new();
        let mut tested: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&str> = self.roots.iter().map(String::as_str).collect();
        while let Some(package) = next.pop() {
            if !built.insert(package) {
                continue;
            }
            for (dependent, dev) in self.dependents.get(package).into_iter().flatten() {
                if *dev {
                    tested.insert(dependent);
                } else {
                    next.push(dependent);
                }
            }
        }
        built.extend(tested);
        built
    }
}

/// How deep a line is, and what it says.
fn split(line: &str) -> (usize, &str) {
    let mut depth = 0;
    let mut rest = line;
    while let Some(after) = ["|   ", "    ", "|-- ", "`-- "]
        .iter()
        .find_map(|drawn| rest.strip_prefix(drawn))
    {
        (depth, rest) = (depth + 1, after);
    }
    (depth, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tree_reaches() {
        let check = |text: &str, expected: &[&str]| {
            let tree = Tree::parse(text);
            assert_eq!(tree.reached().into_iter().collect::<Vec<_>>(), expected, "{text}");
        };
        check("", &[]);
        check("a v1.0.0 (/a)\n", &["a v1.0.0 (/a)"]);
        check("a\n|-- b\n|   `-- c\n`-- d\n", &["a", "b", "c", "d"]);
        // Nothing is built from a test.
        check(
            "a\n`-- b\n    [dev-dependencies]\n    `-- c\n        `-- d\n",
            &["a", "b", "c"],
        );
        check(
            "a\n[dev-dependencies]\n|-- b\n|   |-- c\n|   `-- d\n`-- e\n",
            &["a", "b", "e"],
        );
        // Build-dependencies follow the others, and go on.
        check(
            "a\n|-- b\n[build-dependencies]\n`-- c\n    `-- d\n[dev-dependencies]\n`-- e\n    `-- f\n",
            &["a", "b", "c", "d", "e"],
        );
        // What is shown below the tests of one counts where it is referred to from something that is built.
        check("a\n|-- b (*)\n[dev-dependencies]\n`-- b\n    `-- c\n", &["a", "b", "c"]);
        // A library may be built twice, for the host and for the target: two roots.
        check("a\n`-- b\n\na\n`-- c\n    `-- d\n", &["a", "b", "c", "d"]);
        // A circle through tests.
        check("a\n`-- b\n    [dev-dependencies]\n    `-- a (*)\n", &["a", "b"]);
    }
}
