//! Over directories and links in a temporary directory.
#![allow(clippy::disallowed_methods, reason = "tests make directories")]

use std::os::unix::fs::symlink;

use super::*;

/// `repo/ws/inner`, `link -> repo`, `alias -> repo/ws`, `repo/within -> ws`.
fn sandbox() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().canonicalize().unwrap();
    fs::create_dir_all(base.join("repo/ws/inner")).unwrap();
    for (target, link) in [("repo", "link"), ("repo/ws", "alias"), ("repo/ws", "repo/within")] {
        symlink(base.join(target), base.join(link)).unwrap();
    }
    (dir, base)
}

#[test]
fn files_are_called_as_the_root_is() {
    let (_dir, base) = sandbox();
    let check = |root: &str, top: &str, inside: &str, outside: &str| {
        let place = Place::new(&base.join(root), &base.join("repo"));
        let of = |path: &Path| path.strip_prefix(&base).unwrap().to_str().unwrap().to_owned();
        assert_eq!(of(&place.top), top, "{root}");
        assert_eq!(of(&place.name(Path::new("ws/inner/a"))), inside, "{root}");
        assert_eq!(of(&place.name(Path::new("b"))), outside, "{root}");
        for path in ["repo/ws/inner/a", top, &format!("{top}/b"), inside, outside] {
            let respelled = place.respelled(&base.join(path)).unwrap();
            assert_eq!(place.respelled(&respelled), Some(respelled.clone()), "{root}: {path}");
        }
        assert_eq!(of(&place.respelled(&base.join("repo/ws/inner/a")).unwrap()), inside);
        assert_eq!(place.respelled(&base), None);
        assert_eq!(place, Place::seen_from(&base.join(root), &place.top));
    };
    check("repo", "repo", "repo/ws/inner/a", "repo/b");
    check("repo/ws", "repo", "repo/ws/inner/a", "repo/b");
    check("link", "link", "link/ws/inner/a", "link/b");
    check("link/ws/inner", "link", "link/ws/inner/a", "link/b");
    check("alias", "repo", "alias/inner/a", "repo/b");
    check("alias/inner", "repo", "alias/inner/a", "repo/b");
    check("repo/within", "repo", "repo/within/inner/a", "repo/b");
    check("link/within", "link", "link/within/inner/a", "link/b");
}

#[test]
fn the_top_has_a_repository_and_not_only_a_directory_of_its_name() {
    let (_dir, base) = sandbox();
    let repo = base.join("repo");
    let inner = repo.join("ws/inner");
    let above = || top_above(&inner).filter(|top| top.starts_with(&base));
    assert_eq!(above(), None);
    for dir in ["objects", "refs"] {
        fs::create_dir_all(repo.join(".git").join(dir)).unwrap();
    }
    assert_eq!(above(), None);
    let head = repo.join(".git/HEAD");
    let check = |text: &str, expected: bool| {
        fs::write(&head, text).unwrap();
        assert_eq!(above().is_some(), expected, "{text}");
    };
    check("", false);
    check("nothing", false);
    check("ref: refs/heads/main\n", true);
    check(&"a1".repeat(20), true);
    check(&"a1".repeat(32), true);
    assert_eq!(top_above(&base.join("alias")), Some(repo.clone()));
    fs::create_dir(inner.join(".git")).unwrap();
    assert_eq!(above(), Some(repo.clone()));
    fs::write(repo.join("ws/.git"), "gitdir: ../x").unwrap();
    assert_eq!(above(), Some(repo.join("ws")));
}

#[test]
fn a_working_tree_elsewhere_is_noticed() {
    let (_dir, base) = sandbox();
    let repo = base.join("repo");
    fs::create_dir(repo.join(".git")).unwrap();
    assert!(!is_moved(&repo));
    fs::write(repo.join(".git/config"), "[core]\n\tbare = false\n").unwrap();
    assert!(!is_moved(&repo));
    fs::write(repo.join(".git/config"), "[core]\n\tworkTree = /elsewhere\n").unwrap();
    assert!(is_moved(&repo));
}
