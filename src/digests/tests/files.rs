//! Which files there are.

use super::*;

#[test]
fn files_are_in_the_order_of_their_bytes_with_hidden_ones() {
    let sandbox = Sandbox::with(&[
        "a/b.rs",
        "a-b",
        "a.rs",
        ".github/ci.yml",
        ".hidden",
        "a/b/c.rs",
        "a0",
        "A",
        "\u{fc}.md",
    ]);
    assert_eq!(
        sandbox.listed(),
        ".github/ci.yml .hidden A a-b a.rs a/b.rs a/b/c.rs a0 \u{fc}.md"
    );
    assert_eq!(Sandbox::new().listed(), "");
    let tree = sandbox.scan().tree();
    assert!(
        tree.entries()
            .map(|entry| entry.path.as_os_str().as_bytes().to_vec())
            .is_sorted()
    );
}

#[test]
fn places_are_found_by_path_and_by_directory() {
    let sandbox = Sandbox::with(&["a/b.rs", "a/b/c.rs", "a-b", "a.rs", "a0"]);
    let tree = sandbox.scan().tree();
    let below = |dir: &str| {
        let found = tree
            .below(Path::new(dir))
            .map(|place| tree.entry(place).path.to_str().unwrap());
        found.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(below("a"), "a/b.rs a/b/c.rs");
    assert_eq!(below("a/"), "a/b.rs a/b/c.rs");
    assert_eq!(below("a/b"), "a/b/c.rs");
    assert_eq!(below("a.rs"), "");
    assert_eq!(below("nothing"), "");
    assert_eq!(below(""), names(&tree));
    assert_eq!(below(sandbox.root.to_str().unwrap()), names(&tree));
    assert_eq!(below(sandbox.root.join("a/b").to_str().unwrap()), "a/b/c.rs");
    for place in 0..tree.len() {
        let path = tree.entry(place).path;
        assert_eq!(tree.find(path), Some(place));
        assert_eq!(tree.find(&sandbox.root.join(path)), Some(place));
    }
    for absent in ["", "a", "a/b", "zzz", "/"] {
        assert_eq!(tree.find(Path::new(absent)), None, "{absent}");
    }
}

#[test]
fn kinds_sizes_and_contents_are_told() {
    let sandbox = Sandbox::with(&["a.rs", "b.sh"]);
    fs::set_permissions(sandbox.root.join("b.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("a.rs", sandbox.root.join("link")).unwrap();
    symlink("nowhere", sandbox.root.join("dangling")).unwrap();
    let tree = sandbox.scan().tree();
    let file = |executable| Kind::File { executable };
    let of = |text: &str| Some(Digest::of(text.as_bytes()));
    let expected = [
        ("a.rs".into(), file(false), 4, of("a.rs")),
        ("b.sh".into(), file(true), 4, of("b.sh")),
        ("dangling".into(), Kind::Link, 7, of("nowhere")),
        ("link".into(), Kind::Link, 4, of("a.rs")),
    ];
    assert_eq!(told(&tree), expected);
}

#[test]
fn what_git_keeps_what_is_built_and_what_is_ours_is_left_out() {
    let sandbox = Sandbox::with(&[
        "a.rs",
        ".git/config",
        "sub/.git",
        ".gitattributes",
        "target/x",
        "a/target/x",
        "targets/x",
    ]);
    let scan = Scan {
        but: vec![sandbox.root.join("target"), sandbox.root.join("a")],
        ..sandbox.scan()
    };
    assert_eq!(names(&scan.tree()), ".gitattributes a.rs targets/x");
}

#[test]
fn what_is_left_out_may_be_named_by_another_way() {
    let sandbox = Sandbox::with(&["a.rs", "target/x"]);
    symlink(&sandbox.root, sandbox.base.join("other")).unwrap();
    let scan = Scan {
        root: sandbox.base.join("other"),
        ..sandbox.scan()
    };
    assert_eq!(names(&scan.tree()), "a.rs");
}

#[test]
fn ignored_files_are_left_out_with_or_without_git() {
    let all = [
        "a.log",
        "b/c.log",
        "b/keep.log",
        "b/own.txt",
        "own.txt",
        "dir/x",
        "b/dir/y",
        "deep/e/f.log",
    ];
    let sandbox = Sandbox::with(&all);
    sandbox.write(".gitignore", "*.log\r\n/dir/\n# nothing\n");
    sandbox.write("b/.gitignore", "!keep.log\nown.txt\n");
    let expected = ".gitignore b/.gitignore b/dir/y b/keep.log own.txt";
    assert_eq!(sandbox.listed(), expected);
    sandbox.git(&["init", "-q"]);
    assert_eq!(sandbox.listed(), expected);
    assert_eq!(names(&sandbox.without_git().tree()), expected);
    sandbox.write(".git/info/exclude", "own.txt\n");
    assert_eq!(sandbox.listed(), ".gitignore b/.gitignore b/dir/y b/keep.log");
}

#[test]
fn what_the_user_ignores_everywhere_is_left_out() {
    let sandbox = Sandbox::with(&["a.rs", "b.orig", "c.swp"]);
    sandbox.git(&["init", "-q"]);
    assert_eq!(sandbox.listed(), "a.rs b.orig c.swp");
    let home = sandbox.base.join("home");
    fs::create_dir_all(home.join(".config/git")).unwrap();
    fs::write(home.join(".config/git/ignore"), "*.orig\n").unwrap();
    assert_eq!(sandbox.listed(), "a.rs c.swp");
    fs::write(home.join("mine"), "*.swp\n").unwrap();
    fs::write(home.join(".gitconfig"), "[core]\nexcludesFile = ~/mine\n").unwrap();
    assert_eq!(sandbox.listed(), "a.rs b.orig");
    sandbox.git(&["config", "core.excludesFile", ""]);
    assert_eq!(sandbox.listed(), "a.rs b.orig c.swp");
}

#[test]
fn a_tracked_file_is_listed_although_it_is_ignored() {
    let sandbox = Sandbox::with(&[
        "gen.rs",
        "other.log",
        "kept.log",
        "a.rs",
        "out/deep/kept",
        "out/deep/other",
        "out/x",
    ]);
    sandbox.write(".gitignore", "gen.rs\n*.log\nout\n");
    sandbox.git(&["init", "-q"]);
    sandbox.git(&["add", "-f", "gen.rs", "kept.log", "out/deep/kept"]);
    assert_eq!(sandbox.listed(), ".gitignore a.rs gen.rs kept.log out/deep/kept");
    sandbox.remove("gen.rs");
    assert_eq!(sandbox.listed(), ".gitignore a.rs kept.log out/deep/kept");
    sandbox.git(&["rm", "-q", "--cached", "kept.log"]);
    assert_eq!(sandbox.listed(), ".gitignore a.rs out/deep/kept");
}

/// A program that cannot be started stands for git: what it would answer is remembered.
#[test]
fn git_is_asked_only_when_its_index_or_configuration_changed() {
    let sandbox = Sandbox::with(&["gen.rs", "new.rs"]);
    sandbox.write(".gitignore", "*.rs\n");
    sandbox.git(&["init", "-q"]);
    sandbox.git(&["add", "-f", "gen.rs"]);
    let program = sandbox.base.join("bin-git");
    let started = sandbox.base.join("started");
    fs::write(
        &program,
        format!("#!/bin/sh\necho x >> '{}'\nexec git \"$@\"\n", started.display()),
    )
    .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let scan = Scan {
        git: Some(program),
        ..sandbox.scan()
    };
    let questions = |now| {
        fs::write(&started, "").unwrap();
        let tree = scan.tree_at(now);
        assert_eq!(tree.gaps(), []);
        (names(&tree), fs::read(&started).unwrap().len() / 2)
    };
    let (one, both) = (".gitignore gen.rs".to_owned(), ".gitignore gen.rs new.rs".to_owned());
    assert_eq!(questions(stat::now()), (one.clone(), 2));
    assert_eq!(
        questions(stat::now()),
        (one.clone(), 2),
        "the index may change again within the same tick"
    );
    assert_eq!(questions(later()), (one.clone(), 2));
    assert_eq!(questions(later()), (one.clone(), 0));
    assert_eq!(questions(stat::now()), (one, 0));
    sandbox.git(&["add", "-f", "new.rs"]);
    assert_eq!(questions(later()), (both.clone(), 2));
    assert_eq!(questions(later()), (both.clone(), 0));
    sandbox.git(&["config", "core.excludesFile", "x"]);
    assert_eq!(questions(later()), (both, 2));
}

#[test]
fn another_index_has_other_files() {
    let sandbox = Sandbox::with(&["a.rs", "b.rs"]);
    sandbox.write(".gitignore", "*.rs\n");
    sandbox.git(&["init", "-q"]);
    sandbox.git(&["add", "-f", "a.rs"]);
    fs::copy(sandbox.root.join(".git/index"), sandbox.base.join("index")).unwrap();
    sandbox.git(&["add", "-f", "b.rs"]);
    assert_eq!(names(&sandbox.scan().tree_at(later())), ".gitignore a.rs b.rs");
    let with = sandbox.environment().with("GIT_INDEX_FILE", sandbox.base.join("index"));
    let scan = Scan {
        environment: with,
        ..sandbox.scan()
    };
    assert_eq!(names(&scan.tree_at(later())), ".gitignore a.rs");
    assert_eq!(names(&sandbox.scan().tree_at(later())), ".gitignore a.rs b.rs");
}

#[test]
fn what_git_does_not_answer_is_told() {
    let sandbox = Sandbox::with(&["a.rs", "b.log"]);
    sandbox.write(".gitignore", "*.log\n");
    sandbox.git(&["init", "-q"]);
    sandbox.write(".git/index", "no index");
    let tree = sandbox.scan().tree();
    assert_eq!(names(&tree), ".gitignore a.rs");
    assert_eq!(tree.gaps().len(), 1);
    assert_eq!(tree.gaps()[0].dir, sandbox.root);
}

#[test]
fn rules_above_the_root_hold_up_to_the_top_of_the_repository() {
    let sandbox = Sandbox::with(&["ws/a.rs", "ws/b.log", "ws/c.tmp", "ws/d/e.tmp", "ws/built"]);
    let scan = Scan {
        root: sandbox.root.join("ws"),
        ..sandbox.scan()
    };
    fs::write(sandbox.base.join(".gitignore"), "*\n").unwrap();
    sandbox.write(".gitignore", "*.log\n/ws/*.tmp\n/ws/built\n");
    assert_eq!(names(&scan.tree()), "a.rs b.log built c.tmp d/e.tmp");
    sandbox.git(&["init", "-q"]);
    assert_eq!(names(&scan.tree()), "a.rs d/e.tmp");
    sandbox.write("ws/.gitignore", "!b.log\n");
    sandbox.git(&["add", "-f", "ws/built"]);
    assert_eq!(names(&scan.tree()), ".gitignore a.rs b.log built d/e.tmp");
}

#[test]
fn members_outside_of_the_root_come_last_and_have_whole_names() {
    let sandbox = Sandbox::with(&[
        "ws/a.rs",
        "ws/in/x",
        "other/b.rs",
        "other/x.log",
        "other-b/c",
        "other/in/d",
        "zzz",
    ]);
    sandbox.write(".gitignore", "*.log\n");
    sandbox.git(&["init", "-q"]);
    sandbox.git(&["add", "-f", "other/x.log"]);
    let outside = ["other", "ws/in", "other-b", "other/in"].map(|dir| sandbox.root.join(dir));
    let scan = Scan {
        root: sandbox.root.join("ws"),
        outside: outside.to_vec(),
        ..sandbox.scan()
    };
    let tree = scan.tree();
    let top = sandbox.root.to_str().unwrap();
    let expected = "a.rs in/x TOP/other-b/c TOP/other/b.rs TOP/other/in/d TOP/other/x.log";
    assert_eq!(names(&tree).replace(top, "TOP"), expected);
    let other = sandbox.root.join("other");
    assert_eq!(tree.below(&other), 3..6);
    assert_eq!(tree.below(Path::new("")), 0..2);
    assert_eq!(tree.find(&other.join("b.rs")), Some(3));
    assert_eq!(
        digest(&tree, other.join("b.rs").to_str().unwrap()),
        Digest::of(b"other/b.rs")
    );
    let above = Scan {
        outside: vec![sandbox.root.clone()],
        ..scan
    };
    let tree = above.tree();
    let expected = "a.rs in/x TOP/.gitignore TOP/other-b/c TOP/other/b.rs TOP/other/in/d TOP/other/x.log TOP/zzz";
    assert_eq!(names(&tree).replace(top, "TOP"), expected);
}

#[test]
fn repositories_inside_have_their_own_rules_and_index() {
    let sandbox = Sandbox::with(&["a.rs", "sub/b.rs", "sub/c.log", "sub/kept.log", "sub/d.tmp", "hidden/x"]);
    sandbox.write(".gitignore", "*.tmp\nhidden\n");
    sandbox.write("sub/.gitignore", "*.log\n");
    sandbox.git(&["init", "-q"]);
    for inner in ["sub", "hidden"] {
        sandbox.git_in(&sandbox.root.join(inner), &["init", "-q"]);
    }
    sandbox.git_in(&sandbox.root.join("sub"), &["add", "-f", "kept.log"]);
    assert_eq!(
        sandbox.listed(),
        ".gitignore a.rs sub/.gitignore sub/b.rs sub/d.tmp sub/kept.log"
    );
}

#[test]
fn a_submodule_is_looked_into_although_it_is_ignored() {
    let sandbox = Sandbox::with(&["a.rs"]);
    let library = Sandbox::with(&["lib.rs", "lib.log"]);
    library.git(&["init", "-q"]);
    library.git(&["add", "lib.rs"]);
    library.git(&["commit", "-q", "-m", "x"]);
    sandbox.git(&["init", "-q"]);
    sandbox.git(&["submodule", "--quiet", "add", library.root.to_str().unwrap(), "vendor"]);
    sandbox.write(".gitignore", "vendor\n");
    sandbox.write("vendor/new.rs", "");
    assert_eq!(
        sandbox.listed(),
        ".gitignore .gitmodules a.rs vendor/lib.rs vendor/new.rs"
    );
}

#[test]
fn a_linked_worktree_has_its_own_index_and_the_common_rules() {
    let sandbox = Sandbox::with(&["a.rs", "kept.log"]);
    sandbox.write(".gitignore", "*.log\n");
    sandbox.git(&["init", "-q"]);
    sandbox.git(&["add", "-f", "."]);
    sandbox.git(&["commit", "-q", "-m", "x"]);
    let linked = sandbox.base.join("linked");
    sandbox.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    sandbox.write(".git/info/exclude", "mine\n");
    fs::write(linked.join("mine"), "").unwrap();
    fs::write(linked.join("new.log"), "").unwrap();
    let scan = Scan {
        root: linked.clone(),
        ..sandbox.scan()
    };
    assert_eq!(names(&scan.tree_at(later())), ".gitignore a.rs kept.log");
    sandbox.git_in(&linked, &["add", "-f", "new.log"]);
    assert_eq!(names(&scan.tree_at(later())), ".gitignore a.rs kept.log new.log");
    assert_eq!(names(&sandbox.scan().tree_at(later())), ".gitignore a.rs kept.log");
    let files: Vec<_> = fs::read_dir(sandbox.state()).unwrap().collect();
    assert_eq!(files.len(), 4, "each worktree has its own two files: {files:?}");
}

#[test]
fn a_name_that_is_no_text_is_a_name() {
    let sandbox = Sandbox::new();
    let names = [
        &b"a\xff.rs"[..],
        b"a\xfe.rs",
        b"d\xff/x",
        b"line\nbreak",
        b"ignored\xff.log",
    ]
    .map(OsStr::from_bytes);
    for name in names {
        sandbox.write(name, name.as_bytes());
    }
    sandbox.write(".gitignore", b"*.log\nd\xff\n!\xff\n");
    sandbox.git(&["init", "-q"]);
    sandbox.git(&["add", "."]);
    for _ in 0..2 {
        let tree = sandbox.scan().tree_at(later());
        for name in &names[..4] {
            let place = tree.find(Path::new(name)).unwrap();
            assert_eq!(tree.entry(place).content.known(), Some(Digest::of(name.as_bytes())));
        }
    }
}

#[test]
fn pipes_and_what_leads_in_circles_hold_nobody_up() {
    let sandbox = Sandbox::with(&["a/x.rs"]);
    symlink("a", sandbox.root.join("link")).unwrap();
    symlink("..", sandbox.root.join("a/up")).unwrap();
    rustix::fs::mknodat(
        CWD,
        sandbox.root.join("pipe"),
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .unwrap();
    assert_eq!(sandbox.listed(), "a/up a/x.rs link");
}

/// Root may read everything, unless it gives that up.
#[cfg(target_os = "linux")]
fn without_powers<T: Send>(job: impl FnOnce() -> T + Send) -> T {
    use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
    let job = move || {
        let none = CapabilitySet::empty();
        set_capabilities(
            None,
            CapabilitySets {
                effective: none,
                permitted: none,
                inheritable: none,
            },
        )
        .unwrap();
        job()
    };
    std::thread::scope(|scope| scope.spawn(job).join().unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_read_is_there_and_never_known() {
    let sandbox = Sandbox::with(&["a.rs", "closed.rs", "dir/x", "dir-b", "blind/x", "last"]);
    let set =
        |name: &str, mode| fs::set_permissions(sandbox.root.join(name), fs::Permissions::from_mode(mode)).unwrap();
    let scan = sandbox.scan();
    let before = told(&scan.tree_at(later()));
    for (name, mode) in [("closed.rs", 0), ("dir", 0), ("blind", 0o400)] {
        set(name, mode);
    }
    let tree = without_powers(|| scan.tree_at(later()));
    let again = without_powers(|| tree.again(&scan, &FixedBitSet::with_capacity(tree.len())));
    let touched = without_powers(|| tree.touched(0..tree.len()));
    for (name, mode) in [("closed.rs", 0o644), ("dir", 0o755), ("blind", 0o755)] {
        set(name, mode);
    }
    let known = |entry: super::super::FileEntry<'_>| (entry.path.to_owned(), entry.content.known().is_some());
    let expected = [
        ("a.rs", true),
        ("blind/x", false),
        ("closed.rs", false),
        ("dir-b", true),
        ("dir/", false),
        ("last", true),
    ];
    let expected = expected.map(|(name, known)| (PathBuf::from(name), known));
    assert_eq!(tree.entries().map(known).collect::<Vec<_>>(), expected);
    assert_eq!(again.entries().map(known).collect::<Vec<_>>(), expected);
    assert_eq!(touched, [1, 2, 4]);
    assert_eq!(tree.entry(4).kind, Kind::Hidden);
    assert_eq!(
        tree.entry(4).path.as_os_str(),
        "dir/",
        "so that it is below the directory"
    );
    assert_eq!(tree.below(Path::new("dir")), 4..5);
    assert_eq!(
        told(&scan.tree_at(later())),
        before,
        "what could not be read is not remembered"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_root_that_cannot_be_read_is_not_an_empty_tree() {
    let sandbox = Sandbox::with(&["a.rs"]);
    fs::set_permissions(&sandbox.root, fs::Permissions::from_mode(0o000)).unwrap();
    let scan = sandbox.without_git();
    let tree = without_powers(|| scan.tree());
    fs::set_permissions(&sandbox.root, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(tree.entry(0).content, Content::Unknown));
    assert_eq!(tree.below(Path::new("")), 0..1);
}

/// Where the two differ, it must be that more files are listed here.
#[test]
fn rules_mean_to_us_what_they_mean_to_git_or_less() {
    let files = [
        "a",
        "b",
        "a.b",
        "{a,b}",
        "x/y",
        "x/a/y",
        "xay",
        "d/a",
        "foo",
        "foo ",
        "foo\t",
        "[a]",
        "a1",
        "a-",
        "é",
        "é.log",
        "dir/keep",
        "dir/sub/keep",
        "#x",
        "!x",
        "a\\b",
        "*",
        "q/r/s/t",
        "b1/c",
        "z.PY",
        "z.pyc",
    ];
    let rules = [
        "{a,b}",
        "x[!z]y",
        "x[^z]y",
        "x[+-9]y",
        "*[[:digit:]]",
        "*\n![[:digit:]]*",
        "*\n!a[0-9]",
        "foo\t",
        "foo ",
        "foo\\ ",
        "\\#x",
        "\\!x",
        "*\n!\\!x",
        "**/y",
        "x/**",
        "/x/*/y",
        "d/",
        "dir/*\n!dir/keep",
        "dir\n!dir/keep",
        "*\n!*/\n!*.log",
        "*.py[co]",
        "[",
        "[a",
        "a\\",
        "a\\\\b",
        "*\n!a\\\\b",
        "\\*",
        "**",
        "a**",
        "q/**/t",
        "/*\n!/b1",
        "\u{feff}a",
        " a",
        "a\r",
        "*\n!foo\t",
        "?",
        "*\n!{a,b}",
        "*\n!\\{a,b\\}",
        "*\n![",
        "q//r",
        "/",
        "!",
        "é*",
        "*\n!é*",
        "x/a/../y",
        "./a",
        "[]-a]",
        "[\\]a]",
        "*\n![\\]a]*",
    ];
    for rule in rules {
        let sandbox = Sandbox::with(&files);
        sandbox.git(&["init", "-q"]);
        sandbox.write(".git/info/exclude", rule);
        let ours: Vec<PathBuf> = sandbox
            .scan()
            .tree()
            .entries()
            .map(|entry| entry.path.to_owned())
            .collect();
        let mut git = Command::new("git");
        git.args(["ls-files", "-z", "--others", "--exclude-standard"])
            .current_dir(&sandbox.root)
            .env_clear();
        let asked = git.envs(sandbox.environment().iter()).output().unwrap().stdout;
        for listed in asked.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
            let path = Path::new(OsStr::from_bytes(listed));
            assert!(
                ours.iter().any(|our| our == path),
                "{rule:?} does not ignore {}",
                path.display()
            );
        }
    }
}
