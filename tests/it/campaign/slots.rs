//! What there is to edit, and what it can become.

use std::fmt;

/// Something of the workspace or of the machine that can be one of several things.
pub(super) struct Slot {
    pub(super) what: What,
    /// What it can be: at first the first. Nothing is there where one is [`ABSENT`].
    pub(super) texts: &'static [&'static str],
    /// So many of the last ones make some check fail.
    bad: usize,
}

/// Where a slot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A file, from the root of the workspace.
    File(&'static str),
    /// A symbolic link.
    Link(&'static str),
    /// Whether a file is a program.
    Mode(&'static str),
    /// A directory that is exchanged as a whole, with one file of this name in it.
    Directory(&'static str, &'static str),
    /// Which of two names a file has.
    Name(&'static str, &'static str),
    /// A part of the root manifest.
    Root(&'static str),
    /// A tool in PATH, replaced in place.
    Tool(&'static str),
    /// A variable of the environment.
    Variable(&'static str),
}

pub(super) const ABSENT: &str = "\0";

impl Slot {
    const fn new(what: What, texts: &'static [&'static str], bad: usize) -> Self {
        Self { what, texts, bad }
    }

    pub(super) fn good(&self) -> usize {
        self.texts.len() - self.bad
    }

    /// Whether it makes everything compile again.
    pub(super) fn is_costly(&self) -> bool {
        matches!(
            self.what,
            What::Variable("RUSTFLAGS")
                | What::Tool("rustc")
                | What::File(".cargo/config.toml")
                | What::Root("PROFILE")
        )
    }

    /// Whether it can appear without cargo looking at it.
    pub(super) fn is_watched_by_nobody(&self) -> bool {
        self.what == What::File("clippy.toml")
    }

    /// Whether cargo looks at its times.
    pub(super) fn is_compiled(&self) -> bool {
        let is_source = |path: &str| path.contains("src/") || path.contains("tests/") || path.contains("shared/");
        match self.what {
            What::File(path) => is_source(path) || self.is_watched_by_nobody(),
            What::Directory(..) => true,
            _ => false,
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

use What::{Directory, File, Link, Mode, Name, Root, Tool, Variable};

/// Where a text can be so, it is as long as the others.
pub(super) const SLOTS: &[Slot] = &[
    Slot::new(
        File("alpha/src/part.rs"),
        &[
            "/// A part.\npub fn part(x: u32) -> u32 {\n    x + 1\n}\n",
            "/// A part.\npub fn part(x: u32) -> u32 {\n    1 + x\n}\n",
            "/// A part.\npub fn part(x: u32) -> u32 {\n    x + 2\n}\n",
            "/// A part.\npub fn part(x: u64) -> u32 {\n    x + 1\n}\n",
            "/// A part.\npub fn part(x: u32) -> u32 {\n    1+  x\n}\n",
            "/// A part.\npub fn part(x: u32) -> u32 {\n    x + !\n}\n",
            // BROKEN is what the script looks for.
            "/// BROKEN.\npub fn part(x: u32) -> u32 {\n    x + 1\n}\n",
        ],
        4,
    ),
    Slot::new(
        File("gamma/src/lib.rs"),
        &[
            "//! Gamma.\n\n/// Two.\npub const TWO: u32 = 2;\n",
            "//! Gamma!\n\n/// Two.\npub const TWO: u32 = 2;\n",
            "//! Gamma.\n\n/// Two.\npub const TWO: u32 = 3;\n",
        ],
        1,
    ),
    Slot::new(
        File("gamma/src/notes.rs"),
        &[ABSENT, "// Nobody reads it.\n", "// BROKEN reads it.\n"],
        1,
    ),
    Slot::new(File("gamma/tests/fixture.txt"), &["good\n", "fine\n", "bad!\n"], 1),
    Slot::new(File("shared/data.txt"), &["good\n", "gold\n", "evil\n"], 1),
    Slot::new(File("shared/hidden.txt"), &["good\n", "gold\n", "evil\n"], 1),
    Slot::new(File("shared/gen.txt"), &["abc", "xyz", "much too long"], 1),
    Slot::new(File("alpha/src/generated.txt"), &["good\n", "gold\n", "evil\n"], 1),
    Slot::new(File("docs/one.txt"), &["one\n", "two\n", ABSENT, "BROKEN\n"], 1),
    Slot::new(File("words.toml"), &[ABSENT, "a = 1\n", "a = 2\n"], 0),
    Slot::new(File("../words.toml"), &[ABSENT, "b = 1\n", "b = 2\n"], 0),
    Slot::new(
        File("rustfmt.toml"),
        &[ABSENT, "max_width = 90\n", "max_width = 20\n"],
        1,
    ),
    Slot::new(
        File("clippy.toml"),
        &[
            ABSENT,
            "too-many-arguments-threshold = 9\n",
            "too-many-arguments-threshold = 1\n",
        ],
        1,
    ),
    Slot::new(
        File(".gitignore"),
        &[
            "generated.txt\nwords.toml\ntarget\n",
            "generated.txt\nwords.toml\ntarget\nCargo.lock\n",
        ],
        0,
    ),
    Slot::new(
        File("gamma/Cargo.toml"),
        &[
            "[package]\nname = \"gamma\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [dependencies]\nalpha = { path = \"../alpha\" }\n\n[dev-dependencies]\ndelta = { path = \"../delta\" }\n",
            "# A remark.\n[package]\nname = \"gamma\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [dependencies]\nalpha = { path = \"../alpha\" }\n\n[dev-dependencies]\ndelta = { path = \"../delta\" }\n",
            "[package]\nname = \"gamma\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
             alpha = { path = \"../alpha\", features = [\"more\"] }\n\n[dev-dependencies]\ndelta = { path = \"../delta\" }\n",
            // What beta does not expect.
            "[package]\nname = \"gamma\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
             alpha = { path = \"../alpha\", features = [\"extra\"] }\n\n[dev-dependencies]\ndelta = { path = \"../delta\" }\n",
        ],
        1,
    ),
    Slot::new(
        File("delta/Cargo.toml"),
        &[
            "[package]\nname = \"delta\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lints]\nworkspace = true\n",
            "[package]\nname = \"delta\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[lints]\nworkspace = true\n",
        ],
        0,
    ),
    Slot::new(
        Directory("delta/src", "lib.rs"),
        &[
            "//! Delta.\n\npub const MADE: &str = env!(\"MADE\");\n\nconst _: () = assert!(MADE.len() < 6);\n",
            "//! Delta!\n\npub const MADE: &str = env!(\"MADE\");\n\nconst _: () = assert!(MADE.len() < 6);\n",
            "//! Delta.\n\npub const MADE: u32 = env!(\"MADE\");\n\nconst _: () = assert!(MADE.len() < 6);\n",
        ],
        1,
    ),
    Slot::new(
        File("Cargo.lock"),
        &[
            include_str!("locked-1.0.0.lock"),
            include_str!("locked-1.0.1.lock"),
            include_str!("locked-1.0.2.lock"),
        ],
        1,
    ),
    Slot::new(
        File(".cargo/config.toml"),
        &[
            "[source.crates-io]\nreplace-with = \"here\"\n[source.here]\ndirectory = \"vendor\"\n",
            "[source.crates-io]\nreplace-with = \"here\"\n[source.here]\ndirectory = \"vendor\"\n[env]\nMARK = \"1\"\n",
            "[source.crates-io]\nreplace-with = \"here\"\n[source.here]\ndirectory = \"vendor\"\n\
             [build]\nrustflags = [\"--cfg=marked\"]\n",
        ],
        1,
    ),
    Slot::new(Name("docs/first.txt", "docs/second.txt"), &["0", "1"], 0),
    Slot::new(Name("gamma/tests/run.rs", "gamma/tests/walk.rs"), &["0", "1"], 0),
    Slot::new(
        Link("docs/link.txt"),
        &["../shared/data.txt", "../shared/gen.txt", "nowhere"],
        0,
    ),
    Slot::new(Mode("docs/mode.txt"), &["0", "1"], 0),
    Slot::new(Mode("alpha/src/part.rs"), &["0", "1"], 0),
    Slot::new(Root("ORDER"), &["one two", "two one"], 0),
    Slot::new(Root("FLAGS"), &["\"-D\", \"warnings\"", "\"-W\", \"warnings\""], 0),
    Slot::new(Root("PROFILE"), &["debug = 0\n", "debug = 1\n"], 0),
    Slot::new(
        Root("LINTS"),
        &["unused = \"warn\"", "unused = \"deny\"", "missing_docs = \"deny\""],
        1,
    ),
    Slot::new(
        Tool("words"),
        &[
            "sources \"$@\"",
            "sources  $@",
            "sources \"$@\"; echo and more",
            "sources \"$@\"; echo no; exit 1",
        ],
        1,
    ),
    Slot::new(Tool("rustc"), &["said=1; wrapped \"$@\"", "said=2; wrapped \"$@\""], 0),
    Slot::new(Variable("LOUD"), &[ABSENT, "1", "2", "BROKEN"], 1),
    Slot::new(Variable("TERM"), &[ABSENT, "dumb", "xterm"], 0),
    Slot::new(Variable("GEN"), &[ABSENT, "1", "22", "333"], 1),
    Slot::new(Variable("RUSTFLAGS"), &[ABSENT, "--cfg loud", "--cfg marked"], 1),
];
