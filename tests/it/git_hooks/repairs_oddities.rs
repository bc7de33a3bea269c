//! Fixers in repositories in which an index, a working tree and a commit are not what they seem.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use super::repairs::{FIXER, Then, assert_three, leaves_no_litter, lines, partly_staged, plain, repairing, settings};
use super::world::World;

const COMMIT: &str = "commit --quiet -m second";

/// Commits what has a line to repair and is partly staged: the repair comes into all three, and what is not staged stays.
fn repairs_what_is_partly_staged(world: &World) {
    partly_staged(world, &[(9, "mine")]);
    world.git(COMMIT).ends(0);
    let (good, mine) = (lines(&[(3, "good")]), lines(&[(3, "good"), (9, "mine")]));
    assert_three(world, "a.txt", [plain(&good), plain(&good), plain(&mine)]);
    leaves_no_litter(world);
}

#[test]
fn forms_of_an_index_take_the_repair() {
    for (settings, how) in [
        ("core.splitIndex true", "update-index --split-index"),
        ("index.version 4", "update-index --index-version 4"),
        ("core.untrackedCache true", "update-index --untracked-cache"),
        ("index.skipHash true", "update-index --force-write-index"),
    ] {
        let world = repairing(Then::Stage);
        world.git(&format!("config {settings}")).ends(0);
        world.git(how).ends(0);
        repairs_what_is_partly_staged(&world);
    }
}

#[test]
fn objects_with_longer_names_are_repaired() {
    let world = World::uncommitted(&settings(Then::Stage));
    world.sandbox.tool("fixer", FIXER);
    let configured = fs::read_to_string(world.sandbox.ws().join(".git/config")).unwrap();
    fs::remove_dir_all(world.sandbox.ws().join(".git")).unwrap();
    world.git("init --quiet -b main --object-format=sha256").ends(0);
    let format = world.sandbox.read(".git/config");
    world.sandbox.write(".git/config", configured + &format);
    world.git("add --all").ends(0);
    world.git("commit --quiet --no-verify -m first").ends(0);
    assert_eq!(world.asked("rev-parse HEAD").len(), 64);
    repairs_what_is_partly_staged(&world);
}

#[test]
fn what_a_sparse_checkout_leaves_out_is_repaired_and_stays_out() {
    for kind in ["--no-sparse-index", "--sparse-index"] {
        let world = repairing(Then::Stage);
        world
            .sandbox
            .write("far/away.txt", "bad\n")
            .write("near/here.txt", "x\n");
        world.git("add --all").ends(0);
        world.git("commit --quiet --no-verify -m files").ends(0);
        world
            .git(&format!("sparse-checkout set --cone {kind} near alpha"))
            .ends(0);
        world.sandbox.write("near/here.txt", "bad\n");
        world.git("add near").ends(0);
        world.git(COMMIT).ends(0);
        assert_three(&world, "far/away.txt", [plain("good\n"), plain("good\n"), None]);
        assert_three(&world, "near/here.txt", [(); 3].map(|()| plain("good\n")));
        assert_eq!(world.asked("status --porcelain"), "", "{kind}");
    }
}

#[test]
fn what_git_is_told_of_a_file_still_holds_when_it_is_repaired() {
    for (flag, tag) in [("--assume-unchanged", "h"), ("--skip-worktree", "S")] {
        for how in [COMMIT, "commit --quiet -m second a.txt"] {
            let world = repairing(Then::Stage);
            world.sandbox.write("a.txt", "one\n").write("b.txt", "bad\n");
            world.git("add --all").ends(0);
            world.git("commit --quiet --no-verify -m files").ends(0);
            world.git(&format!("update-index {flag} b.txt")).ends(0);
            world.sandbox.write("a.txt", "two\n");
            world.git("add a.txt").ends(0);
            world.git(how).ends(0);
            assert_three(&world, "b.txt", [(); 3].map(|()| plain("good\n")));
            assert_eq!(world.asked("ls-files -v b.txt"), format!("{tag} b.txt"), "{how}");
            assert_eq!(world.asked("status --porcelain"), "", "{how}");
        }
    }
}

/// A fixer that makes `good` of each `bad`, whatever a file is called.
const FIXING: &str = r#"
find ./odd -type f -exec sh -c '
    for file; do sed "s/^bad$/good/" "$file" >"$SANDBOX/odd"; cat "$SANDBOX/odd" >"$file"; done
' sh {} +
"#;

#[test]
fn files_of_all_names_are_repaired_and_staged() {
    let names: [&[u8]; 14] = [
        b"-rf",
        b"--cacheinfo",
        b"a b ",
        b" lead",
        b"tab\there",
        b"line\nbreak",
        b"\xff\xfe",
        b"quote\"d",
        b"back\\slash",
        b"$(touch pwned)",
        b"*",
        b":(top)x",
        b"0 0000000000000000000000000000000000000000\t",
        &[b'n'; 240],
    ];
    for how in [
        COMMIT,
        "commit --quiet --all -m second",
        "commit --quiet -m second -- .",
    ] {
        let world = repairing(Then::Stage);
        fs::write(world.sandbox.root().join("fixing"), FIXING).unwrap();
        let path = |name: &[u8]| world.sandbox.ws().join("odd").join(OsStr::from_bytes(name));
        world.sandbox.write("odd/other", "x\n");
        for name in names {
            fs::write(path(name), "x\n").unwrap();
        }
        world.git("add --all").ends(0);
        world.git("commit --quiet --no-verify -m names").ends(0);
        for name in names {
            fs::write(path(name), "bad\n").unwrap();
        }
        world.git("add --all").ends(0);
        world.git(how).ends(0);
        for name in names {
            assert_eq!(fs::read(path(name)).unwrap(), b"good\n", "{}", name.escape_ascii());
        }
        assert_eq!(world.asked("status --porcelain"), "", "{how}");
        assert_eq!(world.git("grep --quiet bad HEAD -- odd").code, 1, "{how}");
        assert!(!world.sandbox.ws().join("pwned").exists());
        leaves_no_litter(&world);
    }
}

#[test]
fn what_fixers_change_in_a_submodule_stays_as_it_is_and_that_is_said() {
    let world = repairing(Then::Stage);
    world.git("clone --quiet . ../inner").ends(0);
    world.git("clone --quiet ../inner sub").ends(0);
    world.sandbox.write("sub/inner.txt", "bad\n");
    let inner = "-C sub -c user.name=n -c user.email=e -c core.hooksPath=/dev/null";
    world.git(&format!("{inner} add --all")).ends(0);
    world.git(&format!("{inner} commit --quiet -m inner")).ends(0);
    world.git("add sub").ends(0);
    world.git("commit --quiet --no-verify -m sub").ends(0);
    world.sandbox.write("a.txt", "bad\n");
    world.git("add a.txt").ends(0);
    // What is judged has the submodule as it is recorded, so that the check still fails.
    let refused = world.git(COMMIT).exits(1);
    let said = "what fixers have changed in a submodule is not brought back path=sub";
    assert!(refused.stderr.contains(said), "{refused}");
    assert_eq!(world.sandbox.read("sub/inner.txt"), "bad\n");
    assert_three(&world, "a.txt", [None, plain("bad\n"), plain("good\n")]);
    leaves_no_litter(&world);
}
