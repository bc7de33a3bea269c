use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;

fn names() -> Names<'static> {
    Names {
        root: Path::new("/ws"),
        cwd: Path::new("/ws/sub"),
    }
}

/// The files after the diff, of those before it.
fn applied(diff: &str, before: &[(&str, &str)]) -> Result<BTreeMap<PathBuf, String>, String> {
    let mut files: BTreeMap<PathBuf, String> = before
        .iter()
        .map(|(name, text)| (name.into(), (*text).to_owned()))
        .collect();
    for change in read(diff.as_bytes(), names()).map_err(|error| error.to_string())? {
        let content = change
            .from
            .as_ref()
            .map_or_else(String::new, |from| files.remove(from).expect("it is there"));
        let after = change
            .applied(content.as_bytes())
            .map_err(|misfit| misfit.to_string())?;
        if let (Some(to), Some(after)) = (change.to, after) {
            files.insert(to, String::from_utf8(after).unwrap());
        }
    }
    Ok(files)
}

#[test]
fn a_diff_is_applied_as_whoever_wrote_it_meant_it() {
    let check = |diff: &str, before: &[(&str, &str)], after: &[(&str, &str)]| {
        let after = after
            .iter()
            .map(|(name, text)| (name.into(), (*text).to_owned()))
            .collect();
        assert_eq!(applied(diff, before), Ok(after), "{diff}");
    };
    // As ruff and black write it, from the directory in which they run; with a time after the name.
    let plain = "--- x.py\t2026-01-01 00:00:00.000000 +0000\n+++ x.py\t2026-01-01 00:00:01.000000 +0000\n@@ -1,2 +1,2 @@\n-a\n+A\n b\n";
    check(plain, &[("sub/x.py", "a\nb\n")], &[("sub/x.py", "A\nb\n")]);
    let prefixed = "some words\n\n--- original/x.py\n+++ fixed/x.py\n@@ -1 +1 @@\n-a\n+A\nmore words\n";
    check(prefixed, &[("sub/x.py", "a\n")], &[("sub/x.py", "A\n")]);
    let absolute = "--- /ws/x.py\n+++ /ws/x.py\n@@ -1 +1 @@\n-a\n+A\n";
    check(absolute, &[("x.py", "a\n")], &[("x.py", "A\n")]);
    let two = "diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+A\n\
               diff --git a/y b/y\n--- a/y\n+++ b/y\n@@ -0,0 +1 @@\n+new\n";
    check(
        two,
        &[("sub/x", "a\n"), ("sub/y", "")],
        &[("sub/x", "A\n"), ("sub/y", "new\n")],
    );
    let made_and_gone = "diff --git a/x b/x\nnew file mode 100755\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n\
                         diff --git a/y b/y\ndeleted file mode 100644\n--- a/y\n+++ /dev/null\n@@ -1 +0,0 @@\n-b\n";
    check(made_and_gone, &[("sub/y", "b\n")], &[("sub/x", "a\n")]);
    let renamed =
        "diff --git a/x b/y\nsimilarity index 50%\nrename from x\nrename to y\n--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n";
    check(renamed, &[("sub/x", "a\n")], &[("sub/y", "b\n")]);
    let quoted = "--- \"a/t\\tb\\303\\274\"\n+++ \"b/t\\tb\\303\\274\"\n@@ -1 +1 @@\n-a\n+b\n";
    check(quoted, &[("sub/t\tbü", "a\n")], &[("sub/t\tbü", "b\n")]);
    let ends = "--- x\n+++ x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n";
    check(ends, &[("sub/x", "a")], &[("sub/x", "a\n")]);
    // Nothing stands between a line without an end and the next file.
    let no_end = "-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n";
    let both = format!("--- x\n+++ x\n@@ -1 +1 @@\n{no_end}--- y\n+++ y\n@@ -1 +1 @@\n{no_end}");
    check(
        &both,
        &[("sub/x", "a"), ("sub/y", "a")],
        &[("sub/x", "b"), ("sub/y", "b")],
    );
    let crlf = "--- x\n+++ x\n@@ -1,2 +1,2 @@\n-a\r\n+b\r\n c\r\n";
    check(crlf, &[("sub/x", "a\r\nc\r\n")], &[("sub/x", "b\r\nc\r\n")]);
    check("All is well.\n--- nothing ---\n", &[], &[]);
    check("", &[], &[]);
}

#[test]
fn a_diff_that_does_not_fit_is_not_applied() {
    let check = |diff: &str, content: &str, expected: &str| {
        let diff = format!("--- x\n+++ x\n{diff}");
        assert_eq!(
            applied(&diff, &[("sub/x", content)]),
            Err(expected.to_owned()),
            "{diff}"
        );
    };
    let other = |line: usize| format!("line {line} and what follows it is not what the diff says");
    let change = "@@ -2,2 +2,2 @@\n b\n-c\n+C\n";
    check(change, "a\nb\nd\n", &other(2));
    // The lines are there, but elsewhere.
    check(change, "a\nx\nb\nc\n", &other(2));
    check(change, "b\nc\n", &other(2));
    check(change, "", &other(2));
    check(change, "a\nb\r\nc\r\n", &other(2));
    check("@@ -1 +1 @@\n-a\n+b\n", "a", &other(1));
    check("@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n", "a\n", &other(1));
    check("@@ -1,0 +2 @@\n+b\n", "a", &other(2));
    check(
        "@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file\n",
        "a\nc\n",
        &other(1),
    );
    let gone = "--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n";
    let left = "something would be left of it, and the diff takes it away";
    assert_eq!(applied(gone, &[("sub/x", "a\nb\n")]), Err(left.to_owned()));
}

#[test]
fn a_diff_that_could_do_harm_is_refused() {
    let of = |from: &str, to: &str| format!("--- {from}\n+++ {to}\n@@ -1 +1 @@\n-a\n+b\n");
    let check = |diff: &str, expected: &str| {
        let refused = read(diff.as_bytes(), names()).expect_err(diff).to_string();
        assert!(refused.contains(expected), "{diff}\n{refused}");
    };
    for outside in [
        "../x",
        "../../x",
        "/etc/passwd",
        "/ws/../etc/passwd",
        "x/../../../y",
        "/ws",
        "x/",
    ] {
        check(&of(outside, outside), "is no file of the workspace");
    }
    for gits in [".git/config", "x/.git/hooks/pre-commit", ".GIT/config", "/ws/.git/HEAD"] {
        check(&of(gits, gits), "is no file of the workspace");
    }
    check(
        "--- /dev/null\n+++ b/../../x\n@@ -0,0 +1 @@\n+a\n",
        "is no file of the workspace",
    );
    check(
        "diff --git a/x b/../../y\nsimilarity index 100%\nrename from x\nrename to ../../y\n",
        "is no file of the workspace",
    );
    check(&of("x", "y"), "for one file");
    check(&of("x.orig", "x"), "for one file");
    check(&(of("x", "x") + &of("x", "x")), "twice");
    check(&(of("x", "x") + &of("./x", "./x")), "twice");
    check(
        "diff --git a/x b/x\nold mode 100644\nnew mode 120000\n",
        "more than lines of a plain file",
    );
    check(
        "diff --git a/x b/x\nnew file mode 120000\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n",
        "more than lines of a plain file",
    );
    check(
        "diff --git a/x b/x\nindex 1..2 100644\nBinary files a/x and b/x differ\n",
        "more than lines",
    );
    check("diff --git a/x b/y\ncopy from x\ncopy to y\n", "more than lines");
    // What the parser would pass over without a word.
    check(
        "--- x\n+++ x\n@@ -1 +1 @@\n-a\n+b\njunk\n@@ -5 +5 @@\n-c\n+d\n",
        "of 2 changes in it 1 can be read",
    );
    check("@@ -1 +1 @@\n-a\n+b\n", "no unified diff");
    check("--- x\n+++ x\n@@ -1,2 +1 @@\n-a\n+b\n", "no unified diff");
    check("--- x\n+++ x\n@@ -1 +1 @@\n-a\n", "no unified diff");
    check(
        "--- x\n+++ x\n@@ -99999999999999999999999 +1 @@\n-a\n+b\n",
        "no unified diff",
    );
    check(
        "--- x\n+++ x\n@@ -1,2 +1,2 @@\n a\n\\ No newline at end of file\n-b\n+c\n",
        "no unified diff",
    );
}

#[test]
fn a_diff_shows_three_lines_around_each_change() {
    let lines = |others: &[(u32, &str)]| -> String {
        let line = |at: u32| {
            others
                .iter()
                .find(|(other, _)| *other == at)
                .map_or(at.to_string(), |(_, text)| (*text).to_owned())
        };
        (1..=20).map(|at| line(at) + "\n").collect()
    };
    let check = |before: &str, after: &str, expected: &str| {
        let diff = unified(OsStr::new("x y"), before.as_bytes(), after.as_bytes());
        assert_eq!(String::from_utf8(diff).unwrap(), expected);
    };
    check("a\n", "a\n", "");
    check(
        &lines(&[]),
        &lines(&[(5, "five"), (12, "twelve"), (20, "twenty")]),
        "--- \"x y\"\n+++ \"x y\"\n\
         @@ -2,14 +2,14 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n 9\n 10\n 11\n-12\n+twelve\n 13\n 14\n 15\n\
         @@ -17,4 +17,4 @@\n 17\n 18\n 19\n-20\n+twenty\n",
    );
    let header = "--- \"x y\"\n+++ \"x y\"\n";
    check("", "a\n", &format!("{header}@@ -0,0 +1 @@\n+a\n"));
    check("a\n", "", &format!("{header}@@ -1 +0,0 @@\n-a\n"));
    check(
        "a",
        "a\n",
        &format!("{header}@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"),
    );
    check("a\r\n", "a\n", &format!("{header}@@ -1 +1 @@\n-a\r\n+a\n"));
}

/// Beyond what costs the square of it.
#[test]
fn files_that_have_nothing_in_common_are_compared_as_well() {
    let before: String = (0..200_000).map(|line| format!("{line}\r\n")).collect();
    let after = before.replace('\r', "");
    let shuffled: String = (0..200_000_u64)
        .map(|line| format!("{}\n", line * 7_919 % 200_000))
        .collect();
    for (before, after) in [(&before, &after), (&after, &shuffled)] {
        let diff = unified(OsStr::new("x"), before.as_bytes(), after.as_bytes());
        let change = read(&diff, names()).unwrap().remove(0);
        assert!(change.applied(before.as_bytes()) == Ok(Some(after.clone().into_bytes())));
    }
}

/// Lines of which some look like those of a diff, and some are no text.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        prop::sample::select(vec![
            "a",
            "b",
            "c",
            "",
            "--- a/x",
            "+++ b/x",
            "@@ -1 +1 @@",
            "diff --git a/x b/x",
            "-- x",
            "a\r",
            " ",
            "\\ No newline",
        ])
        .prop_map(|line| line.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>().prop_filter("no newline", |byte| *byte != b'\n'), 0..4),
    ];
    (prop::collection::vec(line, 0..20), any::<bool>()).prop_map(|(lines, ends)| {
        let mut content = lines.join(&b'\n');
        if ends {
            content.push(b'\n');
        }
        content
    })
}

proptest! {
    #[test]
    fn what_a_diff_says_is_what_comes_out(one in content(), other in content(), lines in 0..5_usize) {
        let mut options = diffy::DiffOptions::new();
        options.set_context_len(lines).set_original_filename("a/x").set_modified_filename("b/x");
        let diff = options.create_patch_bytes(&one, &other).to_bytes();
        let changes = read(&diff, names()).unwrap();
        prop_assert_eq!(changes.len(), usize::from(one != other));
        for change in changes {
            prop_assert_eq!(change.to.as_deref(), Some(Path::new("sub/x")));
            prop_assert_eq!(change.applied(&one), Ok(Some(other.clone())));
        }
    }

    #[test]
    fn what_is_written_is_read_again(
        one in content(), other in content(), name in prop::collection::vec(1..=255_u8, 1..9),
    ) {
        let name = OsString::from_vec(name);
        let file = Path::new("sub").join(&name);
        let diff = unified(&name, &one, &other);
        let names = names();
        if names.file(name.as_bytes()).is_none() {
            return Ok(());
        }
        let changes = read(&diff, names).unwrap();
        prop_assert_eq!(changes.len(), usize::from(one != other));
        for change in changes {
            let file: PathBuf = names.root.join(&file).strip_prefix(names.root).unwrap().components().collect();
            prop_assert_eq!(change.to.as_deref(), Some(file.as_path()));
            prop_assert_eq!(change.applied(&one), Ok(Some(other.clone())));
            let lines: Vec<_> = diff.split_inclusive(|byte| *byte == b'\n').take(2).collect();
            prop_assert_eq!(headed(&lines.concat(), names), Some(file));
        }
    }

    #[test]
    fn each_file_of_a_diff_is_read(files in prop::collection::vec((content(), content()), 0..6)) {
        let diff = |(at, (one, other)): (usize, &(Vec<u8>, Vec<u8>))| unified(OsStr::new(&format!("f{at}")), one, other);
        let diffs: Vec<_> = files.iter().enumerate().map(diff).collect();
        let changes = read(&diffs.concat(), names()).unwrap();
        let expected = files.iter().enumerate().filter(|(_, (one, other))| one != other);
        prop_assert_eq!(changes.len(), expected.clone().count());
        for (change, (at, (one, other))) in changes.iter().zip(expected) {
            prop_assert_eq!(change.to.clone(), Some(PathBuf::from(format!("sub/f{at}"))));
            prop_assert_eq!(change.applied(one), Ok(Some(other.clone())));
        }
    }

    #[test]
    fn it_fits_only_where_each_line_that_it_names_stands_in_its_place(
        one in content(), other in content(), third in content(),
    ) {
        let mut options = diffy::DiffOptions::new();
        options.set_context_len(usize::MAX / 4).set_original_filename("x").set_modified_filename("x");
        let diff = options.create_patch_bytes(&one, &other).to_bytes();
        for change in read(&diff, names()).unwrap() {
            // All of the file is context: what it fits begins with it.
            match change.applied(&third) {
                Ok(after) => {
                    let rest = third.strip_prefix(one.as_slice());
                    prop_assert_eq!(after, rest.map(|rest| [other.as_slice(), rest].concat()));
                }
                Err(_) => prop_assert_ne!(&third, &one),
            }
        }
    }

    #[test]
    fn nothing_that_is_read_names_a_file_outside(text in prop::collection::vec(any::<u8>(), 0..200), from in ".{0,12}", to in ".{0,12}") {
        let _ = read(&text, names());
        for diff in [
            format!("--- {from}\n+++ {to}\n@@ -1 +1 @@\n-a\n+b\n"),
            format!("diff --git a/{from} b/{to}\nrename from {from}\nrename to {to}\n"),
            format!("--- /dev/null\n+++ {to}\n@@ -0,0 +1 @@\n+b\n"),
        ] {
            for change in read(diff.as_bytes(), names()).into_iter().flatten() {
                for file in change.from.iter().chain(&change.to) {
                    let plain = |part| matches!(part, std::path::Component::Normal(part) if part != ".git");
                    prop_assert!(file.components().all(plain), "{file:?}");
                }
            }
        }
    }
}
