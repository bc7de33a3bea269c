//! With real cargo: whether what is committed compiles, whatever lies in the working tree.

use std::fs;

use super::world::{Everything, World};

const CHECK: &str = "checks.check = \"cargo check {packages}\"";
const BROKEN: &str = "pub fn broken() -> u32 { nowhere() }\n";
const WORKS: &str = "pub fn broken() -> u32 { 1 }\n";

fn world() -> World {
    World::with(CHECK)
}

#[test]
fn what_does_not_compile_is_refused_though_it_is_repaired_beside() {
    let world = world();
    world.sandbox.write("alpha/src/lib.rs", BROKEN);
    world.git("add --all").ends(0);
    world.sandbox.write("alpha/src/lib.rs", WORKS);
    let before = Everything::of(&world.sandbox.ws());
    let refused = world.sandbox.run("git-hook pre-commit").exits(1);
    assert!(refused.stdout.contains("alpha/src/lib.rs:1:26"), "{refused}");
    assert!(
        !refused.stdout.contains("snapshots"),
        "the user's files are named: {refused}"
    );
    before.is_as_in(&world.sandbox.ws());
}

#[test]
fn what_compiles_is_accepted_though_it_is_broken_beside() {
    let world = world();
    world.sandbox.write("alpha/src/lib.rs", WORKS);
    world.git("add --all").ends(0);
    world.sandbox.write("alpha/src/lib.rs", BROKEN);
    let before = Everything::of(&world.sandbox.ws()).without_git();
    world.git("commit --quiet -m second").ends(0);
    before.is_as_in(&world.sandbox.ws());
}

#[test]
fn a_module_that_is_not_added_is_missing() {
    let world = world();
    world
        .sandbox
        .append("alpha/src/lib.rs", "pub mod forgotten;\n")
        .write("alpha/src/forgotten.rs", "");
    world.git("add alpha/src/lib.rs").ends(0);
    let refused = world.git("commit --quiet -m second").exits(1);
    assert!(
        refused.stderr.contains("file not found for module `forgotten`"),
        "{refused}"
    );
    world.git("add --all").ends(0);
    world.git("commit --quiet -m second").ends(0);
}

#[test]
fn a_file_that_is_staged_as_deleted_is_missing() {
    let world = world();
    world
        .sandbox
        .append("alpha/src/lib.rs", "pub mod part;\n")
        .write("alpha/src/part.rs", "");
    world.git("add --all").ends(0);
    world.git("commit --quiet -m second").ends(0);
    world.git("rm --quiet --cached alpha/src/part.rs").ends(0);
    let refused = world.git("commit --quiet -m third").exits(1);
    assert!(refused.stderr.contains("file not found for module `part`"), "{refused}");
}

/// Cargo goes by the times of files, so that each one which changes has to look new.
#[test]
fn each_state_is_compiled_anew() {
    let world = world();
    for round in 0..3 {
        for (text, code) in [(WORKS, 0), (BROKEN, 1)] {
            let text = format!("{text}// {round}\n");
            world.sandbox.write("alpha/src/lib.rs", &text);
            world.git("add --all").ends(0);
            world.sandbox.append("alpha/src/lib.rs", "not even rust\n");
            world.git("commit --quiet -m next").ends(code);
        }
    }
}

#[test]
fn the_configuration_of_cargo_above_the_repository_counts() {
    let world = world();
    let above = world.sandbox.root().join(".cargo");
    fs::create_dir_all(&above).unwrap();
    fs::write(
        above.join("config.toml"),
        "[build]\nrustflags = [\"--cfg\", \"above\"]\n",
    )
    .unwrap();
    world
        .sandbox
        .write("alpha/src/lib.rs", "#[cfg(above)]\ncompile_error!(\"it counts\");\n");
    world.git("add --all").ends(0);
    world.sandbox.write("alpha/src/lib.rs", WORKS);
    // It lies above both.
    let refused = world.git("commit --quiet -m second").exits(1);
    assert!(refused.stderr.contains("it counts"), "{refused}");
    // It lies above the repository alone.
    let state = tempfile::tempdir().unwrap();
    let commit = || {
        let run = world.program("git").args("commit --quiet -m second");
        run.env("CARGO_HOOKS_DIR", state.path()).output()
    };
    let refused = commit().exits(1);
    assert!(refused.stderr.contains("it counts"), "{refused}");
    fs::write(
        above.join("config.toml"),
        "[build]\nrustc-wrapper = \"tools/wrapper\"\n",
    )
    .unwrap();
    let refused = commit().exits(1);
    assert!(
        refused
            .stderr
            .contains("`build.rustc-wrapper` in `[ROOT]/.cargo/config.toml` is a relative path"),
        "{refused}"
    );
    fs::remove_file(above.join("config.toml")).unwrap();
    commit().ends(0);
}

#[test]
fn the_unstaged_configuration_of_cargo_does_not_count() {
    let world = world();
    world
        .sandbox
        .write("alpha/src/lib.rs", "#[cfg(own)]\ncompile_error!(\"it counts\");\n");
    world.git("add --all").ends(0);
    world
        .sandbox
        .write(".cargo/config.toml", "[build]\nrustflags = [\"--cfg\", \"own\"]\n");
    world.git("commit --quiet -m second").ends(0);
}

#[test]
fn another_target_directory_of_the_user_is_never_used() {
    let world = world();
    let shared = world.sandbox.root().join("shared");
    let state = |text: &str| {
        world.sandbox.write("alpha/src/lib.rs", text);
        world.git("add --all").ends(0);
        world.sandbox.append("alpha/src/lib.rs", "// not staged\n");
        let run = world.program("git").args("commit --quiet -m next");
        run.env("CARGO_TARGET_DIR", &shared)
            .env("CARGO_BUILD_BUILD_DIR", &shared)
            .output()
    };
    state(WORKS).ends(0);
    state(BROKEN).ends(1);
    assert!(!shared.exists());
}

#[test]
fn what_is_elsewhere_by_an_argument_is_refused() {
    let world = World::with("checks.check = \"cargo check --target-dir /tmp/never-made {packages}\"");
    world.sandbox.append("alpha/src/lib.rs", "// staged\n");
    world.git("add --all").ends(0);
    world.sandbox.append("alpha/src/lib.rs", "// not staged\n");
    let refused = world.sandbox.run("git-hook pre-commit").exits(3);
    assert!(
        refused.stderr.contains("`check` builds in `/tmp/never-made"),
        "{refused}"
    );
}

#[test]
fn a_dependency_outside_of_the_repository_is_refused() {
    let world = world();
    let outside = world.sandbox.root().join("outside");
    fs::create_dir_all(outside.join("src")).unwrap();
    fs::write(outside.join("src/lib.rs"), "").unwrap();
    let manifest = "[package]\nname = \"outside\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    fs::write(outside.join("Cargo.toml"), manifest).unwrap();
    world
        .sandbox
        .append("alpha/Cargo.toml", "outside = { path = \"../../outside\" }\n");
    world.git("add --all").ends(0);
    world.sandbox.append("alpha/src/lib.rs", "// not staged\n");
    let refused = world.sandbox.run("git-hook pre-commit").exits(3);
    let expected = "`dependencies.outside.path` in `alpha/Cargo.toml` leads out of the repository, to `../../outside`";
    assert!(refused.stderr.contains(expected), "{refused}");
}

#[test]
fn ignored_files_that_are_named_are_brought_in() {
    let world = World::with(&format!("snapshot-includes = [\"alpha/key.ignored\"]\n{CHECK}"));
    world.sandbox.write(
        "alpha/src/lib.rs",
        "pub const KEY: &str = include_str!(\"../key.ignored\");\n",
    );
    world.git("add --all").ends(0);
    world.sandbox.write("new.txt", "untracked");
    let refused = world.git("commit --quiet -m second").exits(1);
    assert!(refused.stderr.contains("key.ignored"), "{refused}");
    world.sandbox.write("alpha/key.ignored", "secret");
    world.git("commit --quiet -m second").ends(0);
    assert_eq!(
        fs::read_to_string(world.snapshot().join("alpha/key.ignored")).unwrap(),
        "secret"
    );
}

#[test]
fn a_lock_file_that_does_not_fit_is_not_repaired_unseen() {
    let world = world();
    world
        .sandbox
        .krate("beta", "beta", "")
        .write("Cargo.lock", "version = 4\n");
    let manifest = world
        .sandbox
        .read("Cargo.toml")
        .replace("[\"alpha\"]", "[\"alpha\", \"beta\"]");
    world.sandbox.write("Cargo.toml", manifest);
    world.git("add --all").ends(0);
    world.sandbox.append("alpha/src/lib.rs", "// not staged\n");
    let refused = world.git("commit --quiet -m second").exits(1);
    assert!(refused.stderr.contains("a check has changed `Cargo.lock`"), "{refused}");
}

#[test]
fn a_lock_file_that_nobody_commits_is_taken_from_where_it_is() {
    let world = world();
    world.git("rm --quiet --cached Cargo.lock").ends(0);
    world.sandbox.append(".gitignore", "Cargo.lock\n");
    world.git("add --all").ends(0);
    world.sandbox.write("new.txt", "untracked");
    world.git("commit --quiet -m second").ends(0);
    let lock = fs::read(world.snapshot().join("Cargo.lock")).unwrap();
    assert_eq!(lock, fs::read(world.sandbox.ws().join("Cargo.lock")).unwrap());
    // Nor is one that cargo writes any change of what is judged.
    fs::remove_file(world.sandbox.ws().join("Cargo.lock")).unwrap();
    world.sandbox.append("alpha/src/lib.rs", "// staged\n");
    world.git("add alpha").ends(0);
    world.git("commit --quiet -m third").ends(0);
}

#[test]
fn what_has_passed_in_place_has_passed_in_a_snapshot_too() {
    let world = world();
    world.sandbox.write("alpha/src/lib.rs", WORKS);
    world.git("add --all").ends(0);
    world.sandbox.run("check").ends(0);
    world.sandbox.write("new.txt", "untracked");
    let judged = world.sandbox.run("git-hook pre-commit").exits(0);
    assert!(judged.stdout.contains("CACHED"), "{judged}");
    // Nor does it matter who asks.
    let committed = world.git("commit --quiet -m second").exits(0);
    assert!(committed.stderr.contains("CACHED"), "{committed}");
}

#[test]
fn an_override_of_the_toolchain_counts_as_in_the_working_tree() {
    let world = World::with("checks.look = { run = \"look\", scope = \"workspace\", cache = false }");
    world.sandbox.tool("look", "note \"${RUSTUP_TOOLCHAIN-none}\"");
    let rustup = world.sandbox.root().join("rustup");
    fs::create_dir_all(&rustup).unwrap();
    let settings = format!(
        "version = \"12\"\n[overrides]\n\"{}\" = \"mine\"\n",
        world.sandbox.ws().display()
    );
    fs::write(rustup.join("settings.toml"), settings).unwrap();
    world.sandbox.append("alpha/src/lib.rs", "// staged\n");
    world.git("add --all").ends(0);
    world.sandbox.append("alpha/src/lib.rs", "// not staged\n");
    // Cargo itself is asked with the toolchain that there is.
    let cargo = fs::read_link(world.sandbox.root().join("toolchain/cargo")).unwrap();
    let user = |name: &str| std::env::var(name).unwrap_or_default();
    let rustup_of_user = match user("RUSTUP_HOME") {
        home if home.is_empty() => format!("{}/.rustup", user("HOME")),
        home => home,
    };
    let script = format!(
        "unset RUSTUP_TOOLCHAIN; RUSTUP_HOME='{rustup_of_user}' exec '{}' \"$@\"",
        cargo.display()
    );
    world.sandbox.tool("cargo", &script);
    let judge = world.sandbox.command("git-hook pre-commit").env("RUSTUP_HOME", &rustup);
    judge.env("RUSTUP_TOOLCHAIN", "").output().ends(0);
    assert_eq!(world.sandbox.log(), ["mine"]);
}

#[test]
fn a_snapshot_never_lies_in_the_repository() {
    let world = world();
    world
        .sandbox
        .append(".gitignore", "/state\n")
        .append("alpha/src/lib.rs", "// staged\n");
    world.git("add --all").ends(0);
    world.sandbox.append("alpha/src/lib.rs", "// not staged\n");
    let state = world.sandbox.ws().join("state");
    let refused = world
        .sandbox
        .command("git-hook pre-commit")
        .env("CARGO_HOOKS_DIR", &state)
        .output()
        .exits(3);
    assert!(
        refused.stderr.contains("lies in the repository `[ROOT]/ws`"),
        "{refused}"
    );
}

#[test]
fn a_pointer_is_not_taken_for_the_file_that_it_stands_for() {
    let world = world();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n";
    world
        .sandbox
        .write(".gitattributes", "*.bin filter=lfs\n")
        .write("a.bin", pointer);
    world.git("add --all").ends(0);
    // As it is: nobody here has more of it.
    world.sandbox.run("git-hook pre-commit").ends(0);
    world.sandbox.write("a.bin", "the whole of it");
    let refused = world.sandbox.run("git-hook pre-commit").exits(3);
    assert!(
        refused.stderr.contains("the content of `a.bin` is not at hand"),
        "{refused}"
    );
}
