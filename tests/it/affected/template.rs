//! The workspace that the scenarios change: one crate, or two, for every way in which a change can reach a crate.
//!
//! It is built once, kept below the target directory under a name that its content gives it, and copied for each test.
//! What it depends on from outside is in `template.lock`, which cargo has written. No test needs those packages.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::sandbox::Sandbox;

/// The root manifest, up to the checks.
const ROOT: &str = r#"[workspace]
members = ["crates/*", "crates/outer/inner"]
exclude = ["crates/excluded", "libs"]
resolver = "3"

[workspace.package]
version = "0.1.0"
edition = "2021"

[workspace.dependencies]
alpha = "1"
either = { path = "libs/one" }

[workspace.lints.rust]
unused = "warn"

[profile.dev]
debug = 1

[profile.release]
debug = 1

[workspace.metadata.hooks.checks]
fmt = true
clippy = true
test = true
doc = true
typos = true
deny = true
"#;

/// The members, by their directory in `crates`, with the end of their manifests. What comes before the last `/` is no part
/// of a name.
const CRATES: [(&str, &str); 50] = [
    // One that many depend on, each in another way.
    ("base", ""),
    ("mid", "[dependencies]\nbase = { path = \"../base\" }\n"),
    ("top", "[dependencies]\nmid = { path = \"../mid\" }\n"),
    ("bdep", "[build-dependencies]\nbase = { path = \"../base\" }\n"),
    (
        "renamed",
        "[dependencies]\nalias = { package = \"base\", path = \"../base\" }\n",
    ),
    (
        "opt",
        "[dependencies]\nbase = { path = \"../base\", optional = true }\n",
    ),
    (
        "optuser",
        "[dependencies]\nopt = { path = \"../opt\", optional = true }\n",
    ),
    (
        "winonly",
        "[target.'cfg(windows)'.dependencies]\nbase = { path = \"../base\" }\n",
    ),
    ("devonly", "[dev-dependencies]\nbase = { path = \"../base\" }\n"),
    ("devonly2", "[dev-dependencies]\ndevonly = { path = \"../devonly\" }\n"),
    // Two in a circle.
    ("cyca", "[dependencies]\ncycb = { path = \"../cycb\" }\n"),
    ("cycb", "[dev-dependencies]\ncyca = { path = \"../cyca\" }\n"),
    // Those that read files that are not their own sources.
    ("leaf", ""),
    ("xincl", ""),
    ("readmedoc", ""),
    ("incl", ""),
    ("pathmod", ""),
    ("bs", ""),
    ("usesbs", "[dependencies]\nbs = { path = \"../bs\" }\n"),
    ("reads", "[package.metadata.hooks]\nreads = [\"../../fixtures/**\"]\n"),
    // A macro.
    ("pm", "[lib]\nproc-macro = true\n"),
    ("usespm", "[dependencies]\npm = { path = \"../pm\" }\n"),
    // Manifests that are read by others than cargo, or by nobody else.
    ("metab", "[package.metadata.sys]\nlibrary = \"z\"\n"),
    ("lonely", "[package.metadata.nobody]\nreads = \"this\"\n"),
    // Crates that are no members.
    (
        "pathuser",
        "[dependencies]\npathdep = { path = \"../../libs/pathdep\" }\n",
    ),
    ("outuser", "[dependencies]\nout = { path = \"../../../outside/out\" }\n"),
    ("eitheruser", "[dependencies]\neither.workspace = true\n"),
    // A member in the directory of another.
    ("outer", ""),
    ("outer/inner", ""),
    // Packages from elsewhere.
    ("ext1", "[dependencies]\nalpha.workspace = true\n"),
    ("ext1user", "[dependencies]\next1 = { path = \"../ext1\" }\n"),
    ("ext2", "[dependencies]\nbeta = \"1\"\n"),
    ("extdev", "[dev-dependencies]\ndelta = \"1\"\n"),
    ("ext3a", "[dependencies]\neta = \"1\"\n"),
    ("ext3b", "[dependencies]\neta = \"1\"\n"),
    (
        "extgit",
        "[dependencies]\nomega = { git = \"https://example.com/omega\", branch = \"main\" }\n",
    ),
    // A member that has the name of a package from elsewhere.
    ("twin", ""),
    ("twinuser", "[dependencies]\ntwin = \"1\"\n"),
    // One whose features others choose.
    ("feat", "[features]\nextra = []\n"),
    ("featon", "[dependencies]\nfeat = { path = \"../feat\" }\n"),
    ("featoff", "[dependencies]\nfeat = { path = \"../feat\" }\n"),
    // What is inherited.
    ("lints", "[lints]\nworkspace = true\n"),
    ("lints2", "[lints]\nworkspace = true\n"),
    ("vers", ""),
    ("versuser", "[dependencies]\nvers = { path = \"../vers\" }\n"),
    // A program that the tests of another start: one says so, of the other one can see it.
    ("server", ""),
    ("spawner", "[package.metadata.hooks]\nuses = [\"server\"]\n"),
    ("cargobin", ""),
    // These may become a submodule.
    ("subcrate", ""),
    ("subuser", "[dependencies]\nsubcrate = { path = \"../subcrate\" }\n"),
];

/// The crate whose directory is a symbolic link, and where that leads.
const LINKED: (&str, &str) = ("crates/lints", "elsewhere/lints");

/// Files that are more, or others, than what every crate has.
const FILES: &[(&str, &str)] = &[
    (".gitignore", "/target\n*.ignored\n"),
    (".cargo/config.toml", "# For everybody.\n[env]\nGREETING = \"hello\"\n"),
    ("README.md", "A workspace.\n"),
    ("assets/data.txt", "data\n"),
    ("assets/input.txt", "input\n"),
    ("assets/unread.txt", "unread\n"),
    ("docs/guide.md", "A guide.\n"),
    ("fixtures/deep/case.json", "{}\n"),
    ("scripts/release.sh", "#!/bin/sh\n"),
    (
        "shared/module.rs",
        "//! A module.\n\n/// Its value.\npub const SHARED: u32 = 1;\n",
    ),
    ("crates/base/README.md", "Nobody reads this.\n"),
    ("crates/base/tests/it.rs", "//! Tests.\n\n#[test]\nfn passes() {}\n"),
    ("crates/base/tests/data/case.txt", "case\n"),
    ("crates/base/examples/ex.rs", "//! An example.\n\nfn main() {}\n"),
    ("crates/base/examples/gone.rs", "//! Another example.\n\nfn main() {}\n"),
    ("crates/base/benches/speed.rs", "//! A benchmark.\n\nfn main() {}\n"),
    (
        "crates/bdep/build.rs",
        "fn main() {\n    assert_eq!(base::NAME, \"base\");\n}\n",
    ),
    (
        "crates/bs/build.rs",
        "fn main() {\n    println!(\"cargo::rerun-if-changed=../../assets/input.txt\");\n    let input = std::fs::read_to_string(\"../../assets/input.txt\").unwrap();\n    println!(\"cargo::rustc-env=INPUT={}\", input.trim());\n}\n",
    ),
    (
        "crates/incl/src/lib.rs",
        "//! Reads a file.\n\n/// What it contains.\npub const DATA: &str = include_str!(\"../../../assets/data.txt\");\n",
    ),
    ("crates/leaf/asset.txt", "Nobody reads this.\n"),
    (
        "crates/metab/build.rs",
        "fn main() {\n    println!(\"cargo::rerun-if-changed=Cargo.toml\");\n    let manifest = std::fs::read_to_string(\"Cargo.toml\").unwrap();\n    assert!(manifest.contains(\"[package.metadata.sys]\"));\n}\n",
    ),
    (
        "crates/pathmod/src/lib.rs",
        "//! Has a module elsewhere.\n\n#[path = \"../../../shared/module.rs\"]\npub mod shared;\n",
    ),
    (
        "crates/pm/src/lib.rs",
        "//! A macro.\n\nuse proc_macro::TokenStream;\n\n/// Gives back what it is given.\n#[proc_macro]\npub fn same(input: TokenStream) -> TokenStream {\n    input\n}\n",
    ),
    ("crates/readmedoc/README.md", "Its documentation.\n"),
    (
        "crates/readmedoc/src/lib.rs",
        "#![doc = include_str!(\"../README.md\")]\n",
    ),
    ("crates/server/src/main.rs", "//! A program.\n\nfn main() {}\n"),
    (
        "crates/spawner/tests/it.rs",
        "//! Starts a program that nobody can see from here.\n\n#[test]\nfn passes() {}\n",
    ),
    (
        "crates/cargobin/tests/it.rs",
        "//! Starts a program.\n\nmod assert_cmd {\n    pub struct Command;\n    impl Command {\n        pub fn cargo_bin(name: &str) -> Result<String, ()> {\n            Ok(name.to_owned())\n        }\n    }\n}\n\n#[test]\nfn passes() {\n    assert_cmd::Command::cargo_bin(\"server\").unwrap();\n}\n",
    ),
    (
        "crates/xincl/src/lib.rs",
        "//! Reads the source of another.\n\n/// What it contains.\npub const LEAF: &str = include_str!(\"../../leaf/src/lib.rs\");\n",
    ),
    (
        "crates/excluded/Cargo.toml",
        "[package]\nname = \"excluded\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n",
    ),
    ("crates/excluded/src/lib.rs", "//! A crate of another workspace.\n"),
    (
        "libs/pathdep/Cargo.toml",
        "[package]\nname = \"pathdep\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    ),
    ("libs/pathdep/src/lib.rs", "//! A crate that is no member.\n"),
    (
        "libs/one/Cargo.toml",
        "[package]\nname = \"either\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    ),
    ("libs/one/src/lib.rs", "//! One.\n"),
    (
        "libs/two/Cargo.toml",
        "[package]\nname = \"either\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    ),
    ("libs/two/src/lib.rs", "//! The other.\n"),
    (
        "../outside/out/Cargo.toml",
        "[package]\nname = \"out\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    ),
    ("../outside/out/src/lib.rs", "//! A crate outside of the repository.\n"),
];

/// What cargo has written for all of this.
const LOCK: &str = include_str!("template.lock");

/// Where the template lies: `ws` and `outside`, as in a sandbox.
static TEMPLATE: LazyLock<PathBuf> = LazyLock::new(|| {
    let mut hasher = DefaultHasher::new();
    (ROOT, CRATES, FILES, LOCK, include_str!("template.rs")).hash(&mut hasher);
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("affected-{:016x}", hasher.finish()));
    if !kept.exists() {
        let fresh = kept.with_extension(std::process::id().to_string());
        let sandbox = build();
        for part in ["ws", "outside"] {
            copy(&sandbox.root().join(part), &fresh.join(part));
        }
        // Somebody else may have been faster.
        if fs::rename(&fresh, &kept).is_err() {
            fs::remove_dir_all(&fresh).unwrap();
        }
    }
    kept
});

/// Where the copies are made. Each has some 300 files and lives for a moment: on a disk, to delete them takes longer than all
/// else. So they are made in memory, where there is such a place, programs can be run from it, and nobody wants another.
static PLACE: LazyLock<PathBuf> = LazyLock::new(|| {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mut mounts = mounts.lines().map(|mount| mount.split(' ').collect::<Vec<_>>());
    let in_memory = mounts.any(|mount| match mount[..] {
        [_, "/dev/shm", "tmpfs", options, ..] => options.split(',').all(|option| option != "noexec" && option != "ro"),
        _ => false,
    });
    if in_memory && std::env::var_os("TMPDIR").is_none() {
        PathBuf::from("/dev/shm")
    } else {
        std::env::temp_dir()
    }
});

/// A copy of the template: a git repository whose only commit, on the branch `main`, has the tag `base`.
pub(super) fn repository() -> Sandbox {
    let sandbox = Sandbox::empty_in(&PLACE, "workspace");
    for part in ["ws", "outside"] {
        copy(&TEMPLATE.join(part), &sandbox.root().join(part));
    }
    sandbox
}

/// The names of all members.
pub(super) fn members() -> impl Iterator<Item = &'static str> {
    CRATES.iter().map(|(dir, _)| dir.rsplit('/').next().unwrap_or(dir))
}

fn build() -> Sandbox {
    let sandbox = Sandbox::empty("workspace");
    sandbox.write("Cargo.toml", ROOT).write("Cargo.lock", LOCK);
    for ((dir, rest), name) in CRATES.iter().zip(members()) {
        let dir = Path::new("crates").join(dir);
        let inherited = "version.workspace = true\nedition.workspace = true";
        let own = "version = \"0.1.0\"\nedition = \"2024\"";
        let versions = if name == "vers" { inherited } else { own };
        sandbox.write(
            dir.join("Cargo.toml"),
            format!("[package]\nname = \"{name}\"\n{versions}\n\n{rest}"),
        );
        let lib = format!("//! A crate.\n\n/// Its name.\npub const NAME: &str = \"{name}\";\n");
        sandbox.write(dir.join("src/lib.rs"), lib);
    }
    for (path, text) in FILES {
        sandbox.write(path, text);
    }
    let (link, real) = LINKED;
    let at = |path: &str| sandbox.ws().join(path);
    fs::create_dir_all(at(real).parent().unwrap()).unwrap();
    fs::rename(at(link), at(real)).unwrap();
    symlink(Path::new("..").join(real), at(link)).unwrap();
    sandbox.repository().git_run("repack -adq");
    sandbox
}

/// Copies a directory with all that it holds; a symbolic link is copied as it is.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&from, &to);
        } else if kind.is_symlink() {
            symlink(fs::read_link(&from).unwrap(), &to).unwrap();
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
}
