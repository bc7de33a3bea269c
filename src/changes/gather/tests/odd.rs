//! Repositories in unusual places and states.

use super::*;

#[test]
fn without_git_or_a_repository_a_branch_is_everything_and_the_rest_an_error() {
    let sandbox = Sandbox::bare();
    let root = sandbox.repo.display().to_string();
    let no_git = |comparison| ChangeRequest {
        git: None,
        ..sandbox.request(comparison)
    };
    let no_program = |comparison| ChangeRequest {
        git: Some(sandbox.path("no-git")),
        ..sandbox.request(comparison)
    };
    let reason = |request: ChangeRequest| gather(&request).unwrap().everything.unwrap();
    assert_eq!(reason(no_git(branch())), "git is not installed");
    assert!(reason(no_program(branch())).starts_with("git cannot be asked: it cannot be started: "));
    assert_eq!(
        reason(sandbox.request(branch())),
        format!("`{root}` is in no repository of git")
    );
    assert_eq!(
        reason(sandbox.request(onto("main"))),
        format!("`{root}` is in no repository of git")
    );
    let rest = [
        Comparison::Staged,
        Comparison::Since("HEAD".to_owned()),
        Comparison::Range("A..B".to_owned()),
    ];
    for comparison in rest {
        assert_eq!(reason(no_git(comparison.clone())), "git is not installed");
        assert_eq!(
            reason(sandbox.request(comparison)),
            format!("`{root}` is in no repository of git")
        );
    }
}

#[test]
fn a_repository_that_git_refuses_is_everything() {
    let sandbox = Sandbox::cloned(&["a"]);
    for comparison in [branch(), Comparison::Staged, Comparison::Since("HEAD".to_owned())] {
        let request = sandbox.request(comparison);
        let request = ChangeRequest {
            environment: request.environment.clone().with("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1"),
            ..request
        };
        let set = gather(&request).unwrap();
        let expected = format!(
            "git says: detected dubious ownership in repository at '{}'",
            sandbox.repo.display()
        );
        assert_eq!(set.everything, Some(expected));
        assert_eq!(set.top, sandbox.repo);
    }
}

#[test]
fn a_repository_that_is_broken_is_everything() {
    let sandbox = Sandbox::cloned(&["a"]);
    sandbox.write(".git/index", "no index");
    assert!(
        sandbox.branch().starts_with("! git says: .git/index: "),
        "{}",
        sandbox.branch()
    );
    sandbox.remove(".git/index");
    assert_eq!(sandbox.branch(), "a");
    sandbox.write("b", "");
    sandbox.commit("second");
    fs::remove_dir_all(sandbox.path(".git/objects")).unwrap();
    fs::create_dir(sandbox.path(".git/objects")).unwrap();
    assert!(sandbox.branch().starts_with("! git says: "), "{}", sandbox.branch());
    sandbox.write(".git/HEAD", "");
    assert!(
        sandbox.branch().ends_with("is in no repository of git"),
        "{}",
        sandbox.branch()
    );
}

/// Its files must not be taken for those of the repository around it.
#[test]
fn a_repository_that_is_none_to_git_hides_the_one_around_it() {
    let mut sandbox = Sandbox::cloned(&["a", "inner/b"]);
    for dir in ["objects", "refs"] {
        fs::create_dir_all(sandbox.path("inner/.git").join(dir)).unwrap();
    }
    sandbox.write("inner/.git/HEAD", "ref: nonsense");
    sandbox.repo = sandbox.path("inner");
    let expected = "! git says: not a git repository (or any of the parent directories): .git";
    assert_eq!(sandbox.branch(), expected);
}

#[test]
fn a_workspace_may_lie_below_the_top() {
    let sandbox = Sandbox::cloned(&["README.md", "rust/a", "rustic/b"]);
    for file in ["README.md", "rust/a", "rustic/b", "rust/new", "new"] {
        sandbox.write(file, "other");
    }
    let request = ChangeRequest {
        root: sandbox.path("rust"),
        ..sandbox.request(branch())
    };
    let set = gather(&request).unwrap();
    assert_eq!(shown(&set, &sandbox.repo), "README.md +new rust/a +rust/new rustic/b");
    assert_eq!(set.top, sandbox.repo);
}

#[test]
fn paths_are_written_as_the_root_is() {
    let sandbox = Sandbox::cloned(&["README.md", "rust/a"]);
    sandbox.write("README.md", "other");
    sandbox.write("rust/a", "other");
    let gathered = |root: PathBuf| {
        let request = ChangeRequest {
            root,
            ..sandbox.request(branch())
        };
        gather(&request).unwrap()
    };
    // A link above the top, or to the top.
    let link = sandbox.beside("link");
    symlink(&sandbox.repo, &link).unwrap();
    for root in [link.clone(), link.join("rust")] {
        let set = gathered(root);
        assert_eq!((shown(&set, &link).as_str(), &set.top), ("README.md rust/a", &link));
    }
    // A link to a directory of the repository: from elsewhere, and from within.
    let beside = sandbox.beside("rusty");
    symlink(sandbox.path("rust"), &beside).unwrap();
    let set = gathered(beside.clone());
    let expected = [sandbox.path("README.md"), beside.join("a")];
    assert_eq!(set.files.keys().cloned().collect::<Vec<_>>(), expected);
    assert_eq!(set.top, sandbox.repo);
    sandbox.link("alias", "rust");
    let set = gathered(sandbox.path("alias"));
    assert_eq!(shown(&set, &sandbox.repo), "README.md +alias@ alias/a");
}

#[test]
fn a_linked_worktree_is_a_repository() {
    let mut sandbox = Sandbox::cloned(&["a"]);
    let main = sandbox.repo.clone();
    let linked = sandbox.beside("linked");
    sandbox.git(&format!("worktree add -q -b side {} origin/main", linked.display()));
    sandbox.repo = linked;
    sandbox.write("a", "other");
    sandbox.write("b", "");
    assert_eq!(sandbox.branch(), "a +b");
    assert_eq!(sandbox.gather(branch()).top, sandbox.repo);
    fs::rename(&main, sandbox.beside("moved")).unwrap();
    assert!(
        sandbox.branch().starts_with("! git says: not a git repository: "),
        "{}",
        sandbox.branch()
    );
}

#[test]
fn a_bare_repository_may_have_worktrees() {
    let mut sandbox = Sandbox::new(&["a"]);
    sandbox.clone_as("bare.git", &["--bare"]);
    let bare = sandbox.repo.clone();
    let linked = sandbox.beside("linked");
    sandbox.git(&format!("worktree add -q -b side {}", linked.display()));
    sandbox.repo = linked;
    sandbox.write("b", "");
    sandbox.commit("second");
    assert_eq!(sandbox.branch(), "+b");
    sandbox.repo = bare;
    assert!(sandbox.branch().ends_with("is in no repository of git"));
}

#[test]
fn a_working_tree_may_lie_elsewhere() {
    let sandbox = Sandbox::cloned(&["a"]);
    let elsewhere = sandbox.beside("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("a"), "other").unwrap();
    sandbox.git(&format!("config core.worktree {}", elsewhere.display()));
    let set = sandbox.gather(branch());
    assert_eq!((shown(&set, &elsewhere).as_str(), &set.top), ("a", &elsewhere));
    fs::write(elsewhere.join("b"), "").unwrap();
    sandbox.git("add -A");
    sandbox.git("commit -q -m second");
    fs::write(elsewhere.join("a"), "a").unwrap();
    let request = sandbox.request(branch());
    let set = gather(&request).unwrap();
    assert_eq!(shown(&set, &elsewhere), "+b");
    let objects = Objects::new(&request, &set);
    let since = gather(&sandbox.request(Comparison::Since("HEAD".to_owned()))).unwrap();
    let before = since.before.unwrap();
    assert_eq!(
        StateFiles::new(&before, &objects).read(&elsewhere.join("a")),
        Some(b"other".to_vec())
    );
}

#[test]
fn one_conflict_is_told_as_one() {
    let sandbox = Sandbox::cloned(&["a"]);
    sandbox.git("switch -q -c theirs");
    sandbox.write("a", "theirs");
    sandbox.commit("theirs");
    sandbox.git("switch -q topic");
    sandbox.write("a", "ours");
    sandbox.commit("ours");
    sandbox.git_fails("merge -q theirs");
    assert_eq!(
        sandbox.gather(Comparison::Staged).notes,
        ["1 file is in conflict: what lies in the working tree counts as staged"]
    );
}

#[test]
fn conflicts_are_changes() {
    let sandbox = Sandbox::cloned(&["both", "ours-deleted", "theirs-deleted", "same", "added"]);
    sandbox.git("rm -q added");
    sandbox.commit("base");
    sandbox.git("switch -q -c theirs");
    for file in ["both", "ours-deleted", "same", "added"] {
        sandbox.write(file, "theirs");
    }
    sandbox.git("rm -q theirs-deleted");
    sandbox.commit("theirs");
    sandbox.git("switch -q topic");
    for file in ["both", "theirs-deleted", "added"] {
        sandbox.write(file, "ours");
    }
    sandbox.git("rm -q ours-deleted");
    sandbox.commit("ours");
    sandbox.git_fails("merge -q theirs");
    let conflicts = "added both +ours-deleted same theirs-deleted";
    assert_eq!(sandbox.since("HEAD"), conflicts);
    let staged = sandbox.gather(Comparison::Staged);
    assert_eq!(shown(&staged, &sandbox.repo), conflicts);
    assert_eq!(
        staged.notes,
        ["4 files are in conflict: what lies in the working tree counts as staged"]
    );
    let before = staged.before.unwrap();
    let ours = sandbox.git("rev-parse HEAD:both");
    let object = Instead::Object { id: ours, link: false };
    assert_eq!(before.instead.get(&sandbox.path("both")), Some(&object));
    assert_eq!(
        before.instead.get(&sandbox.path("ours-deleted")),
        Some(&Instead::Nothing)
    );
    // As it was, and not merged all the same.
    sandbox.write("both", "ours");
    assert_eq!(sandbox.since("HEAD"), conflicts);
    assert_eq!(sandbox.branch(), "added both ours-deleted same theirs-deleted");
}

#[test]
fn longer_object_names_are_understood() {
    let sandbox = Sandbox::bare();
    sandbox.git("init -q -b main --object-format=sha256");
    sandbox.write("a", "a");
    assert_eq!(sandbox.branch(), "+a");
    sandbox.commit("first");
    sandbox.write("b", "");
    sandbox.commit("second");
    sandbox.write("a", "staged");
    sandbox.git("add a");
    sandbox.write("a", "a");
    assert_eq!((sandbox.branch().as_str(), sandbox.staged().as_str()), ("", "a"));
    assert_eq!(sandbox.since("HEAD~1"), "+b");
    let set = sandbox.gather(Comparison::Staged);
    assert_eq!(set.head.unwrap().len(), 64);
}

#[test]
fn settings_of_the_repository_change_nothing() {
    let sandbox = Sandbox::cloned(&["a", "dir/b", "old"]);
    let fails = sandbox.beside("fails.sh");
    fs::write(&fails, "#!/bin/sh\ntouch \"$0.ran\"\nexit 1\n").unwrap();
    fs::set_permissions(&fails, fs::Permissions::from_mode(0o755)).unwrap();
    let program = fails.to_str().unwrap();
    sandbox.git("mv old new");
    sandbox.commit("renamed");
    let settings = [
        ("status.showUntrackedFiles", "no"),
        ("status.renames", "copies"),
        ("status.branch", "false"),
        ("status.showStash", "true"),
        ("status.aheadBehind", "false"),
        ("status.relativePaths", "true"),
        ("status.short", "true"),
        ("color.ui", "always"),
        ("diff.renames", "copies"),
        ("diff.relative", "true"),
        ("diff.noprefix", "true"),
        ("diff.external", program),
        ("diff.autoRefreshIndex", "false"),
        ("diff.orderFile", "/nowhere"),
        ("diff.ignoreSubmodules", "all"),
        ("core.fsmonitor", program),
        ("core.pager", program),
        ("core.abbrev", "7"),
        ("core.quotePath", "true"),
    ];
    sandbox.write("dir/b", "staged");
    sandbox.git("add -A");
    sandbox.write("dir/b", "dir/b");
    sandbox.write("c", "");
    for (name, value) in settings {
        sandbox.git(&format!("config {name} {value}"));
    }
    let below = ChangeRequest {
        root: sandbox.path("dir"),
        ..sandbox.request(branch())
    };
    assert_eq!(shown(&gather(&below).unwrap(), &sandbox.repo), "+c +new -old");
    assert_eq!(sandbox.staged(), "dir/b");
    let _ = fs::remove_file(sandbox.beside("fails.sh.ran"));
    sandbox.branch();
    assert!(
        !sandbox.beside("fails.sh.ran").exists(),
        "a program of the configuration was run"
    );
}

#[test]
fn a_touched_file_is_the_same() {
    let sandbox = Sandbox::cloned(&["a", "b"]);
    sandbox.write("b", "committed");
    sandbox.commit("second");
    let index = fs::read(sandbox.path(".git/index")).unwrap();
    let ago = std::time::SystemTime::UNIX_EPOCH;
    for file in ["a", "b"] {
        fs::File::options()
            .write(true)
            .open(sandbox.path(file))
            .unwrap()
            .set_modified(ago)
            .unwrap();
    }
    assert_eq!(sandbox.branch(), "b");
    assert_eq!(sandbox.since("HEAD"), "");
    assert_eq!(
        fs::read(sandbox.path(".git/index")).unwrap(),
        index,
        "the index was written"
    );
}

#[test]
fn a_repository_inside_is_looked_into() {
    let sandbox = Sandbox::cloned(&["a"]);
    sandbox.write("inner/x", "");
    sandbox.write("inner/deep/y.log", "");
    sandbox.write("inner/.gitignore", "*.log\n");
    Sandbox::git_in(&sandbox.path("inner"), &["init", "-q"]);
    Sandbox::git_in(&sandbox.path("inner"), &["commit", "-q", "--allow-empty", "-m", "x"]);
    assert_eq!(sandbox.branch(), "+inner/.gitignore +inner/x");
    let staged = sandbox.gather(Comparison::Staged);
    assert_eq!(
        staged.after.instead.get(&sandbox.path("inner/x")),
        Some(&Instead::Nothing)
    );
}
