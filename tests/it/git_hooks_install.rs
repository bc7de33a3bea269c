//! `install` and `uninstall`: where hooks are put, what becomes of those that are there, and that git runs them.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use insta::assert_snapshot;

use crate::hooked::{asked, commit, everything, git, hook, names, repository};
use crate::sandbox::Sandbox;

const HOOKS: &str = ".git/hooks";

/// A repository in which one check notes down that it ran.
fn noting() -> Sandbox {
    let sandbox = repository("checks.note = { run = \"note-it\", stages = [\"pre-commit\"] }");
    sandbox.tool("note-it", "note checked");
    sandbox
}

#[test]
fn what_runs_is_said_and_git_runs_it() {
    let sandbox = repository(
        "checks.lint = \"lint --all\"\n\
         checks.message = { run = \"lint {message-file}\", stages = [\"commit-msg\"] }\n\
         checks.asked = { run = \"lint\", stages = [\"manual\"] }",
    );
    sandbox.tool("lint", "note lint");
    assert_snapshot!(sandbox.run("install"), @"
    exit code 0
    --- stdout ---
    hooks in [ROOT]/ws/.git/hooks
      pre-commit  new        runs lint
      commit-msg  new        runs message
      pre-push    new        runs lint
    commands
      lint     lint --all
      message  lint {message-file}
    `cargo hooks uninstall` takes them away again
    ");
    let before = everything(sandbox.ws().join(HOOKS));
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        ["commit-msg", "pre-commit", "pre-push"]
    );
    assert!(before.values().all(|(mode, _)| mode & 0o111 != 0), "they can be run");
    let again = sandbox.run("install").exits(0);
    assert_eq!(again.stdout.matches("unchanged").count(), 3, "{again}");
    assert_eq!(everything(sandbox.ws().join(HOOKS)), before);

    let _ = commit(&sandbox).output().exits(0);
    assert_eq!(
        sandbox.log(),
        ["lint", "lint"],
        "before the commit, and when its message was written"
    );
    sandbox.tool("lint", "exit 1");
    let out = commit(&sandbox).output().exits(1);
    assert!(out.stderr.contains("FAIL") && out.stdout.is_empty(), "{out}");

    assert_snapshot!(sandbox.run("uninstall"), @"
    exit code 0
    --- stdout ---
    removed [ROOT]/ws/.git/hooks/pre-commit
    removed [ROOT]/ws/.git/hooks/commit-msg
    removed [ROOT]/ws/.git/hooks/pre-push
    ");
    assert!(names(sandbox.ws().join(HOOKS)).is_empty());
    assert_snapshot!(sandbox.run("uninstall"), @"
    exit code 0
    --- stdout ---
    there is no hook of cargo-hooks
    ");
    let _ = commit(&sandbox).output().exits(0);
}

#[test]
fn only_what_is_named_is_installed_and_taken_away() {
    let sandbox = repository("checks.a = \"sh\"");
    assert_snapshot!(sandbox.run("install post-merge pre-push"), @"
    exit code 0
    --- stdout ---
    hooks in [ROOT]/ws/.git/hooks
      post-merge  new        runs no check
      pre-push    new        runs a
    commands
      a  sh
    `cargo hooks uninstall` takes them away again
    ");
    assert_eq!(names(sandbox.ws().join(HOOKS)), ["post-merge", "pre-push"]);
    let _ = sandbox.run("uninstall pre-push").exits(0);
    assert_eq!(names(sandbox.ws().join(HOOKS)), ["post-merge"]);
    let out = sandbox.run("install ci").exits(2);
    assert!(out.stderr.contains("invalid value 'ci'"), "{out}");
}

#[test]
fn what_cannot_be_installed_is_said() {
    let sandbox = Sandbox::package("alpha");
    sandbox.hooks("checks.a = { run = \"sh\", stages = [\"ci\"] }");
    assert_snapshot!(sandbox.run("install"), @"
    exit code 2
    --- stderr ---
    error: no check has a stage that is a hook of git
    help: `stages` of a check names them
    ");
    assert_snapshot!(sandbox.run("install pre-commit"), @"
    exit code 3
    --- stderr ---
    error: git finds no working tree of a repository in `[ROOT]/ws`: not a git repository (or any of the parent directories): .git
    ");
    assert_snapshot!(sandbox.run("uninstall"), @"
    exit code 3
    --- stderr ---
    error: git finds no working tree of a repository in `[ROOT]/ws`: not a git repository (or any of the parent directories): .git
    ");
}

/// Where git is told to look, and from where the repository is seen.
#[test]
fn hooks_are_put_where_git_looks() {
    struct Case {
        /// What is done before, in words for git.
        given: &'static [&'static [&'static str]],
        /// From where it is installed and committed, relative to the workspace.
        from: &'static str,
        /// Where the hook is then.
        hook: &'static str,
    }
    let cases = [
        Case {
            given: &[],
            from: "src",
            hook: ".git/hooks/pre-commit",
        },
        Case {
            given: &[&["config", "core.hooksPath", ".git/own"]],
            from: ".",
            hook: ".git/own/pre-commit",
        },
        Case {
            given: &[&["config", "core.hooksPath", ".git/own"]],
            from: "src",
            hook: ".git/own/pre-commit",
        },
        Case {
            given: &[&["config", "core.hooksPath", "target/hooks"]],
            from: ".",
            hook: "target/hooks/pre-commit",
        },
        Case {
            given: &[&["worktree", "add", "--quiet", "../linked"]],
            from: "../linked",
            hook: ".git/hooks/pre-commit",
        },
        Case {
            given: &[
                &["worktree", "add", "--quiet", "../linked"],
                &["config", "extensions.worktreeConfig", "true"],
                &[
                    "-C",
                    "../linked",
                    "config",
                    "--worktree",
                    "core.hooksPath",
                    "../ws/.git/worktrees/linked/hooks",
                ],
            ],
            from: "../linked",
            hook: ".git/worktrees/linked/hooks/pre-commit",
        },
        Case {
            given: &[
                &["clone", "--quiet", "--bare", ".", "../main.git"],
                &["-C", "../main.git", "worktree", "add", "--quiet", "../of-bare"],
                &["-C", "../of-bare", "config", "user.name", "Somebody"],
                &["-C", "../of-bare", "config", "user.email", "somebody@example.org"],
            ],
            from: "../of-bare",
            hook: "../main.git/hooks/pre-commit",
        },
        Case {
            given: &[
                &["init", "--quiet", "../super"],
                &[
                    "clone",
                    "--quiet",
                    "--separate-git-dir",
                    "../super/.git/sub",
                    ".",
                    "../super/sub",
                ],
                &["-C", "../super/sub", "config", "user.name", "Somebody"],
                &["-C", "../super/sub", "config", "user.email", "somebody@example.org"],
            ],
            from: "../super/sub",
            hook: "../super/.git/sub/hooks/pre-commit",
        },
    ];
    for Case { given, from, hook } in cases {
        let sandbox = noting();
        for words in given {
            let _ = git(&sandbox, *words);
        }
        let _ = sandbox.command("install").dir(from).output().exits(0);
        assert!(sandbox.ws().join(hook).is_file(), "{hook}");
        let out = asked(&sandbox, ["commit", "--quiet", "--allow-empty", "--message", "x"]);
        let _ = out.dir(from).output().exits(0);
        // Nothing has changed, which is also an answer of the check's run.
        let fails = "[package.metadata.hooks]\nchecks.note = { shell = \"exit 7\", stages = [\"pre-commit\"] }\n";
        let top = sandbox.ws().join(if from == "src" { "." } else { from });
        let manifest = fs::read_to_string(top.join("Cargo.toml")).unwrap();
        let head = manifest.split("[package.metadata.hooks]").next().unwrap();
        fs::write(top.join("Cargo.toml"), format!("{head}{fails}")).unwrap();
        let out = asked(&sandbox, ["commit", "--quiet", "--all", "--message", "x"])
            .dir(from)
            .output()
            .exits(1);
        assert!(out.stderr.contains("exit code 7"), "{hook}: {out}");
        let _ = sandbox.command("uninstall").dir(from).output().exits(0);
        assert!(!sandbox.ws().join(hook).exists(), "{hook}");
    }
}

#[test]
fn what_is_not_for_us_alone_is_left_alone() {
    let global = |sandbox: &Sandbox, value: &str| {
        fs::write(
            sandbox.root().join("global"),
            format!("[core]\n\thooksPath = {value}\n"),
        )
        .unwrap();
    };
    // Of all repositories, by a name that git expands.
    let sandbox = noting();
    global(&sandbox, "~/hooks");
    let run = |words: &str| {
        sandbox
            .command(words)
            .env("GIT_CONFIG_GLOBAL", sandbox.root().join("global"))
    };
    assert_snapshot!(run("install").output(), @"
    exit code 3
    --- stderr ---
    error: git looks for hooks in `[ROOT]/home/hooks`, which is outside of the repository and may be there for others too (core.hooksPath, global configuration, file:[ROOT]/global)
    help: `git config --local core.hooksPath [ROOT]/ws/.git/hooks` gives this repository hooks of its own; those of the other place do not run in it then
    ");
    assert!(!sandbox.root().join("home/hooks").exists());
    // The way out that it names is one.
    let _ = git(
        &sandbox,
        [
            "config",
            "--local",
            "core.hooksPath",
            sandbox.ws().join(HOOKS).to_str().unwrap(),
        ],
    );
    let _ = run("install").output().exits(0);
    assert_eq!(names(sandbox.ws().join(HOOKS)), ["pre-commit"]);

    let check = |prepare: &dyn Fn(&Sandbox), variables: &[(&str, &str)], expected: &str| {
        let sandbox = noting();
        prepare(&sandbox);
        let before = everything(sandbox.ws());
        let run = variables
            .iter()
            .fold(sandbox.command("install"), |run, (name, value)| run.env(name, value));
        let out = run.output().exits(3);
        assert!(out.stderr.contains(expected), "{expected}: {out}");
        assert_eq!(everything(sandbox.ws()), before);
    };
    let set = |value: &'static str| {
        move |sandbox: &Sandbox| {
            let _ = git(sandbox, ["config", "core.hooksPath", value]);
        }
    };
    check(
        &set("/dev/null"),
        &[],
        "which is no directory (core.hooksPath, local configuration",
    );
    check(&set("../elsewhere"), &[], "outside of the repository");
    check(&set("hooks"), &[], "belongs to the files of the repository");
    check(&set("."), &[], "belongs to the files of the repository");
    check(
        &|sandbox| {
            sandbox
                .write(".githooks/pre-push", "#!/bin/sh\n")
                .append(".gitignore", ".githooks\n");
            let _ = git(sandbox, ["add", "--force", ".githooks/pre-push"]);
            let _ = git(sandbox, ["config", "core.hooksPath", ".githooks"]);
        },
        &[],
        "cargo-hooks git-hook pre-commit -- \"$@\"",
    );
    check(
        &|_| {},
        &[
            ("GIT_CONFIG_COUNT", "1"),
            ("GIT_CONFIG_KEY_0", "core.hooksPath"),
            ("GIT_CONFIG_VALUE_0", ".git/other"),
        ],
        "the environment sets core.hooksPath",
    );
    check(
        &|sandbox| {
            fs::remove_dir(sandbox.ws().join(HOOKS)).unwrap();
            fs::create_dir(sandbox.root().join("shared")).unwrap();
            symlink(sandbox.root().join("shared"), sandbox.ws().join(HOOKS)).unwrap();
        },
        &[],
        "outside of the repository",
    );
}

/// Hooks of somebody's own: each is kept, runs first with all that it was given, decides, and comes back as it was.
#[test]
fn a_hook_that_is_there_runs_first_and_comes_back() {
    let prelude = "echo \"own $*\" >>\"$SANDBOX/log\"\n";
    let cases: [(&str, String, u32, Option<&str>); 5] = [
        ("with a shell", format!("#!/bin/sh\n{prelude}"), 0o755, Some("own")),
        ("without `#!`", prelude.to_owned(), 0o700, Some("own")),
        ("that git does not run", format!("#!/bin/sh\n{prelude}"), 0o644, None),
        (
            "without a last newline",
            format!("#!/bin/sh\n{}", prelude.trim_end()),
            0o555,
            Some("own"),
        ),
        ("of no bytes", String::new(), 0o755, None),
    ];
    for (name, script, mode, noted) in cases {
        let sandbox = noting();
        hook(&sandbox, ".git/hooks/pre-commit", &script, mode);
        let before = everything(sandbox.ws().join(HOOKS));
        let _ = sandbox.run("install").exits(0);
        assert_eq!(
            names(sandbox.ws().join(HOOKS)),
            ["pre-commit", "pre-commit.before-cargo-hooks"],
            "{name}"
        );
        let installed = everything(sandbox.ws().join(HOOKS));
        assert_eq!(
            installed["pre-commit.before-cargo-hooks"], before["pre-commit"],
            "{name}"
        );
        let _ = sandbox.run("install").exits(0);
        assert_eq!(everything(sandbox.ws().join(HOOKS)), installed, "{name}");
        let _ = commit(&sandbox).output().exits(0);
        let log: Vec<String> = sandbox.log().iter().map(|line| line.trim().to_owned()).collect();
        assert_eq!(log, noted.into_iter().chain(["checked"]).collect::<Vec<_>>(), "{name}");
        let _ = sandbox.run("uninstall").exits(0);
        assert_eq!(everything(sandbox.ws().join(HOOKS)), before, "{name}");
    }
}

#[test]
fn a_hook_that_is_there_decides() {
    let sandbox = noting();
    hook(
        &sandbox,
        ".git/hooks/pre-commit",
        "#!/bin/sh\necho never >&2\nexit 9\n",
        0o755,
    );
    let _ = sandbox.run("install").exits(0);
    let out = commit(&sandbox).output().exits(1);
    assert!(out.stderr.contains("never"), "{out}");
    assert!(sandbox.log().is_empty(), "no check ran after that");
    // What skips the checks does not skip what was there before.
    let _ = commit(&sandbox).env("CARGO_HOOKS", "0").output().exits(1);
    hook(
        &sandbox,
        ".git/hooks/pre-commit.before-cargo-hooks",
        "#!/no/such/shell\n",
        0o755,
    );
    let out = commit(&sandbox).output().exits(1);
    assert!(
        out.stderr.contains("pre-commit.before-cargo-hooks` cannot be run"),
        "{out}"
    );
}

#[test]
fn a_link_stays_a_link() {
    let sandbox = noting();
    hook(
        &sandbox,
        "scripts/hook",
        "#!/bin/sh\necho linked >>\"$SANDBOX/log\"\n",
        0o755,
    );
    symlink("../../scripts/hook", sandbox.ws().join(".git/hooks/pre-commit")).unwrap();
    let before = everything(sandbox.ws().join(HOOKS));
    let _ = sandbox.run("install").exits(0);
    let _ = commit(&sandbox).output().exits(0);
    assert_eq!(sandbox.log(), ["linked", "checked"]);
    let _ = sandbox.run("uninstall").exits(0);
    assert_eq!(everything(sandbox.ws().join(HOOKS)), before);
    // One that leads nowhere is no hook to git, and somebody's all the same.
    fs::remove_file(sandbox.ws().join("scripts/hook")).unwrap();
    let _ = sandbox.run("install").exits(0);
    let _ = commit(&sandbox).output().exits(0);
    let _ = sandbox.run("uninstall").exits(0);
    assert_eq!(everything(sandbox.ws().join(HOOKS)), before);
}

#[test]
fn hooks_of_other_managers_are_left_to_them() {
    let sandbox = repository("checks.a = \"sh\"");
    hook(
        &sandbox,
        ".git/hooks/pre-commit",
        "#!/bin/sh\ncall_lefthook run \"pre-commit\"\n",
        0o755,
    );
    hook(
        &sandbox,
        ".git/hooks/pre-push",
        "#!/bin/sh\n# This hook was set by cargo-husky v1\n",
        0o755,
    );
    let before = everything(sandbox.ws().join(HOOKS));
    assert_snapshot!(sandbox.run("install"), @r#"
    exit code 3
    --- stderr ---
    error: `[ROOT]/ws/.git/hooks/pre-commit` belongs to lefthook, which would overwrite ours: `lefthook uninstall` takes it away; or let lefthook run `cargo-hooks git-hook pre-commit -- "$@"`
    `[ROOT]/ws/.git/hooks/pre-push` belongs to cargo-husky, which would overwrite ours: `rm [ROOT]/ws/.git/hooks/pre-push` takes it away; or let cargo-husky run `cargo-hooks git-hook pre-push -- "$@"`
    help: nothing was changed
    "#);
    assert_eq!(everything(sandbox.ws().join(HOOKS)), before);
    // The line that it offers does the work.
    hook(
        &sandbox,
        ".git/hooks/pre-commit",
        "#!/bin/sh\ncargo-hooks git-hook pre-commit -- \"$@\"\n",
        0o755,
    );
    symlink(
        env!("CARGO_BIN_EXE_cargo-hooks"),
        sandbox.root().join("bin/cargo-hooks"),
    )
    .unwrap();
    let out = commit(&sandbox).output().exits(0);
    assert!(out.stderr.contains("PASS"), "{out}");
}

#[test]
fn nothing_is_guessed_where_two_hooks_claim_a_place() {
    let sandbox = noting();
    hook(&sandbox, ".git/hooks/pre-commit", "#!/bin/sh\n", 0o755);
    let _ = sandbox.run("install").exits(0);
    hook(&sandbox, ".git/hooks/pre-commit", "#!/bin/sh\n# another\n", 0o755);
    let before = everything(sandbox.ws().join(HOOKS));
    let out = sandbox.run("install").exits(3);
    assert!(
        out.stderr.contains("remove the one that is not to run any more"),
        "{out}"
    );
    let out = sandbox.run("uninstall").exits(0);
    assert!(out.stdout.starts_with("left [ROOT]"), "{out}");
    assert_eq!(everything(sandbox.ws().join(HOOKS)), before);

    fs::remove_file(sandbox.ws().join(".git/hooks/pre-commit")).unwrap();
    fs::create_dir(sandbox.ws().join(".git/hooks/pre-commit")).unwrap();
    let out = sandbox.run("install").exits(3);
    assert!(out.stderr.contains("is no file"), "{out}");
}

/// Killed at its worst moment, it has left both names to one file.
#[test]
fn an_installation_that_was_interrupted_is_finished_or_taken_back() {
    for finish in [true, false] {
        let sandbox = noting();
        hook(
            &sandbox,
            ".git/hooks/pre-commit",
            "#!/bin/sh\necho own >>\"$SANDBOX/log\"\n",
            0o750,
        );
        let before = everything(sandbox.ws().join(HOOKS));
        let (name, kept) = (".git/hooks/pre-commit", ".git/hooks/pre-commit.before-cargo-hooks");
        fs::hard_link(sandbox.ws().join(name), sandbox.ws().join(kept)).unwrap();
        if finish {
            let _ = sandbox.run("install").exits(0);
            let _ = commit(&sandbox).output().exits(0);
            assert_eq!(sandbox.log(), ["own", "checked"]);
        }
        let _ = sandbox.run("uninstall").exits(0);
        assert_eq!(everything(sandbox.ws().join(HOOKS)), before);
    }
}

#[test]
fn many_can_install_at_once() {
    let sandbox = noting();
    hook(
        &sandbox,
        ".git/hooks/pre-commit",
        "#!/bin/sh\necho own >>\"$SANDBOX/log\"\n",
        0o755,
    );
    let before = everything(sandbox.ws().join(HOOKS));
    let running: Vec<_> = (0..6).map(|_| sandbox.command("install").start()).collect();
    for one in running {
        let _ = one.wait().exits(0);
    }
    let _ = commit(&sandbox).output().exits(0);
    assert_eq!(sandbox.log(), ["own", "checked"]);
    let _ = sandbox.run("uninstall").exits(0);
    assert_eq!(everything(sandbox.ws().join(HOOKS)), before);
}

#[test]
fn a_hook_of_ours_that_is_gone_or_damaged_is_written_anew() {
    let sandbox = noting();
    hook(&sandbox, ".git/hooks/pre-commit", "#!/bin/sh\n", 0o755);
    let _ = sandbox.run("install").exits(0);
    let good = everything(sandbox.ws().join(HOOKS));
    let path = sandbox.ws().join(".git/hooks/pre-commit");
    let text = fs::read_to_string(&path).unwrap();
    let damages: [&dyn Fn(); 4] = [
        &|| fs::remove_file(&path).unwrap(),
        &|| fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap(),
        &|| fs::write(&path, text.replace("exit 1", "exit 0")).unwrap(),
        &|| fs::write(&path, text.replace("cargo-hooks'", "cargo-hooks-of-old'")).unwrap(),
    ];
    for damage in damages {
        damage();
        let out = sandbox.run("install").exits(0);
        assert!(!out.stdout.contains("unchanged"), "{out}");
        assert_eq!(everything(sandbox.ws().join(HOOKS)), good);
    }
}

#[test]
fn the_directory_of_hooks_need_not_be_there() {
    let sandbox = noting();
    fs::remove_dir(sandbox.ws().join(HOOKS)).unwrap();
    let _ = sandbox.run("uninstall").exits(0);
    let _ = sandbox.run("install").exits(0);
    let _ = commit(&sandbox).output().exits(0);
    assert_eq!(sandbox.log(), ["checked"]);
}

#[test]
fn a_workspace_below_the_top_is_found_from_there() {
    let sandbox = repository("checks.note = { run = \"note-it\", stages = [\"pre-commit\"] }");
    sandbox.tool("note-it", "note \"$PWD\"");
    let odd = "it's a \"dir\" $(touch no)";
    sandbox.krate(
        odd,
        "inner",
        "\n[workspace]\n[package.metadata.hooks]\nchecks.note = { run = \"note-it\", stages = [\"pre-commit\"] }\n",
    );
    let _ = git(&sandbox, ["add", "."]);
    let _ = sandbox.command("install").dir(odd).output().exits(0);
    let _ = commit(&sandbox).output().exits(0);
    let expected = sandbox.ws().join(odd).display().to_string();
    assert_eq!(sandbox.log(), [expected]);
    let out = sandbox.run("install").exits(3);
    assert!(out.stderr.contains("can run those of one only"), "{out}");
}

#[test]
fn a_repository_may_lie_anywhere() {
    for name in ["with blank", "it's", "$HOME", "new\nline", "quo\"te", "-rf"] {
        let sandbox = noting();
        let place = sandbox.root().join(name);
        fs::rename(sandbox.ws(), &place).unwrap();
        let run = |run: crate::sandbox::Run<'_>| run.dir(&place).output();
        let _ = run(sandbox.command("install")).exits(0);
        let _ = run(asked(
            &sandbox,
            ["commit", "--quiet", "--allow-empty", "--message", "x"],
        ))
        .exits(0);
        fs::write(place.join("src/lib.rs"), "// changed\n").unwrap();
        let _ = run(asked(&sandbox, ["commit", "--quiet", "--all", "--message", "x"])).exits(0);
        assert_eq!(sandbox.log(), ["checked"], "{name}");
        // It may go elsewhere later.
        let moved = sandbox.root().join("moved");
        fs::rename(&place, &moved).unwrap();
        fs::write(moved.join("src/lib.rs"), "// changed again\n").unwrap();
        let out = asked(&sandbox, ["commit", "--quiet", "--all", "--message", "x"])
            .dir(&moved)
            .output();
        let _ = out.exits(0);
        assert_eq!(sandbox.log().len(), 2, "{name}");
    }
}

#[test]
fn the_program_may_lie_anywhere() {
    let sandbox = noting();
    for name in ["a b", "it's $(x)", "new\nline", "\\", "\u{fc}"] {
        let dir = sandbox.root().join(name);
        fs::create_dir(&dir).unwrap();
        let program = dir.join("cargo-hooks");
        place_program(&program);
        let out = sandbox.program(program.to_str().unwrap()).arg("install").output();
        let out = out.exits(0);
        assert!(!out.stdout.contains("unchanged"), "{out}");
        let text = fs::read(sandbox.ws().join(".git/hooks/pre-commit")).unwrap();
        let named = dir.as_os_str().as_bytes();
        let quoted = named.contains(&b'\'');
        assert!(
            quoted || text.windows(named.len()).any(|found| found == named),
            "{name}"
        );
        let before = sandbox.log().len();
        let _ = commit(&sandbox).output().exits(0);
        assert_eq!(sandbox.log().len(), before + 1, "{name}");
    }
}

/// The program itself under another name: a link would be followed.
pub(crate) fn place_program(path: &Path) {
    let program = env!("CARGO_BIN_EXE_cargo-hooks");
    if fs::hard_link(program, path).is_err() {
        fs::copy(program, path).unwrap();
    }
}

#[test]
fn the_name_on_the_path_is_kept_rather_than_what_it_leads_to_now() {
    let sandbox = noting();
    let name = sandbox.root().join("bin/cargo-hooks");
    symlink(env!("CARGO_BIN_EXE_cargo-hooks"), &name).unwrap();
    let _ = sandbox.run("install").exits(0);
    let text = fs::read_to_string(sandbox.ws().join(".git/hooks/pre-commit")).unwrap();
    assert!(text.contains(&format!("recorded='{}'", name.display())), "{text}");
}
