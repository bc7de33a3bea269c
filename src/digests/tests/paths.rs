//! What is at any path.

use super::*;

fn of(tree: &FileTree, path: impl AsRef<Path>) -> Option<Digest> {
    tree.of_path(path.as_ref()).known()
}

#[test]
fn files_directories_links_and_nothing_are_told_apart() {
    let sandbox = Sandbox::with(&["a", "dir/b", ".gitignore"]);
    sandbox.write("../out", "a");
    symlink("a", sandbox.root.join("link")).unwrap();
    symlink("none", sandbox.root.join("dangling")).unwrap();
    symlink("circle", sandbox.root.join("circle")).unwrap();
    let tree = sandbox.without_git().tree();
    let file = |path: &str, text: &str| {
        let PathDigest::File(digest) = tree.of_path(Path::new(path)) else {
            panic!("{path}")
        };
        assert_eq!(digest, Digest::of(text.as_bytes()), "{path}");
    };
    file("a", "a");
    file("link", "a");
    file("../out", "a");
    file(sandbox.base.join("out").to_str().unwrap(), "a");
    assert!(matches!(tree.of_path(Path::new("dir")), PathDigest::Directory(_)));
    for nothing in ["dangling", "none", "a/below", "none/x"] {
        assert!(
            matches!(tree.of_path(Path::new(nothing)), PathDigest::Nothing),
            "{nothing}"
        );
    }
    for unknown in ["circle", "/dev/null"] {
        assert!(
            matches!(tree.of_path(Path::new(unknown)), PathDigest::Unknown),
            "{unknown}"
        );
    }
    let all: std::collections::BTreeSet<_> = ["a", "dir", "none"].map(|path| of(&tree, path)).into();
    assert_eq!(all.len(), 3);
    assert_eq!(of(&tree, "circle"), None);
}

#[test]
fn what_is_not_there_is_seen_where_a_directory_was_looked_into() {
    let sandbox = Sandbox::with(&["a", "dir/b", "dir/ignored.log", "deep/er/c", "skipped/d", "../beside/e"]);
    sandbox.write(".gitignore", "*.log\n/skipped\n");
    symlink("dir", sandbox.root.join("link")).unwrap();
    symlink("none", sandbox.root.join("dangling")).unwrap();
    let beside = sandbox.base.join("beside");
    let scan = Scan {
        outside: vec![beside.clone()],
        but: vec![sandbox.root.join("deep/er")],
        ..sandbox.without_git()
    };
    let tree = scan.tree();
    for there in [
        "",
        ".",
        "..",
        "a",
        "dir",
        "dir/b",
        "dir/.",
        "dir/..",
        "dir/",
        "dir/ignored.log",
        "deep/er",
        "skipped",
    ] {
        assert!(!tree.is_seen_to_lack(Path::new(there)), "{there}");
    }
    for unseen in [
        "link",
        "link/b",
        "link/x",
        "dangling",
        "skipped/x",
        "deep/er/x",
        "a/x",
        "none/x",
        "../x",
        "dir/../x",
    ] {
        assert!(!tree.is_seen_to_lack(Path::new(unseen)), "{unseen}");
    }
    for nothing in ["x", "dir/x", "deep/x", "none"] {
        assert!(tree.is_seen_to_lack(Path::new(nothing)), "{nothing}");
        assert!(tree.is_seen_to_lack(&sandbox.root.join(nothing)), "{nothing}");
    }
    assert!(tree.is_seen_to_lack(&beside.join("x")));
    assert!(!tree.is_seen_to_lack(&beside.join("e")));
    assert!(!tree.is_seen_to_lack(&sandbox.base.join("x")));
}

#[test]
fn every_change_below_a_directory_shows() {
    let sandbox = Sandbox::with(&["d/a", "d/b/c", "d/ignored.log", "out/x", "target/t", "d/.git/x"]);
    sandbox.write(".gitignore", "*.log\n");
    symlink("../out", sandbox.root.join("d/link")).unwrap();
    symlink("..", sandbox.root.join("d/b/up")).unwrap();
    let now = || {
        let tree = sandbox.without_git().tree_at(later());
        let found = ["d", "."].map(|dir| of(&tree, dir).unwrap());
        tree.remember_paths();
        found
    };
    let mut seen = vec![now()];
    let mut check = |change: &dyn Fn()| {
        change();
        let found = now();
        assert_eq!(now(), found);
        assert!(seen.iter().all(|before| before[0] != found[0] && before[1] != found[1]));
        seen.push(found);
    };
    check(&|| sandbox.write("d/a", "A"));
    check(&|| sandbox.write("d/ignored.log", "changed"));
    check(&|| sandbox.write("d/b/new", ""));
    check(&|| fs::create_dir(sandbox.root.join("d/empty")).unwrap());
    check(&|| fs::rename(sandbox.root.join("d/empty"), sandbox.root.join("d/renamed")).unwrap());
    check(&|| sandbox.write("out/x", "through the link"));
    check(&|| fs::set_permissions(sandbox.root.join("d/a"), fs::Permissions::from_mode(0o755)).unwrap());
    check(&|| sandbox.remove("d/b/c"));
    let before = now();
    sandbox.write("target/t", "built");
    sandbox.write("d/.git/x", "of git");
    assert_eq!(now(), before);
}

#[test]
fn files_outside_are_remembered_and_seen_to_change() {
    let sandbox = Sandbox::with(&["a"]);
    sandbox.write("../out", "one");
    sandbox.write("../other", "two");
    let scan = sandbox.without_git();
    let ask = |path: &str, now| {
        let tree = scan.tree_at(now);
        let found = of(&tree, path);
        tree.remember_paths();
        found
    };
    let one = ask("../out", later());
    let state = |prefix: &str| {
        let files = fs::read_dir(sandbox.state())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        files
            .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix))
            .collect::<Vec<_>>()
    };
    assert_eq!(state("elsewhere-").len(), 1);
    let before = fs::read(&state("elsewhere-")[0]).unwrap();
    assert_eq!(ask("../out", later()), one);
    assert_eq!(fs::read(&state("elsewhere-")[0]).unwrap(), before, "nothing is new");
    let _ = ask("../other", later());
    let both = fs::read(&state("elsewhere-")[0]).unwrap();
    assert!(both.len() > before.len(), "what was not asked for stays");
    sandbox.write("../out", "two");
    assert_ne!(ask("../out", later()), one);
    assert_eq!(ask("../out", stat::now()), ask("../other", stat::now()));
}

#[test]
fn what_nobody_can_read_is_unknown() {
    let sandbox = Sandbox::with(&["a"]);
    fs::create_dir(sandbox.base.join("with")).unwrap();
    symlink("/proc/self/mem", sandbox.base.join("with/memory")).unwrap();
    let tree = sandbox.without_git().tree();
    if Path::new("/proc/self/mem").exists() {
        assert!(matches!(tree.of_path(Path::new("../with/memory")), PathDigest::Unknown));
        assert!(matches!(tree.of_path(Path::new("../with")), PathDigest::Unknown));
    }
}
