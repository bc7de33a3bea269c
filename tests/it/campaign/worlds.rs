//! Two worlds that are always the same, but for how they came to be so: one in which passes are remembered, and one in which
//! nothing is, every file is written plainly, and cargo sees what is new by its time.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Chance;
use super::slots::{ABSENT, SLOTS, What};
use super::verdicts::Verdicts;
use crate::sandbox::{Run, Sandbox};

/// How a file becomes another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It is written, and the system dates it.
    Plain,
    /// Another one takes its name.
    Replaced,
    /// It is written, and dated as before.
    SameTime,
    /// One that was written long ago takes its name.
    OlderTakesItsName,
    /// It becomes a link to one that was written long ago.
    Link,
}

impl Way {
    pub(super) fn any(chance: &mut Chance) -> Self {
        [
            Self::Plain,
            Self::Plain,
            Self::Replaced,
            Self::SameTime,
            Self::OlderTakesItsName,
            Self::Link,
        ][chance.below(6)]
    }

    /// Whether the time of the file does not tell of it. A directory that is exchanged never does.
    pub(super) fn hides(self) -> bool {
        !matches!(self, Self::Plain | Self::Replaced)
    }
}

pub(super) struct Worlds {
    tried: Sandbox,
    truth: Sandbox,
    choices: Vec<usize>,
}

impl Worlds {
    pub(super) fn new() -> Self {
        let [tried, truth] = [(); 2].map(|()| {
            let sandbox = Sandbox::empty("workspace");
            build(&sandbox);
            for slot in SLOTS {
                plainly(&sandbox, slot.what, slot.texts[0]);
            }
            sandbox
        });
        let worlds = Self {
            tried,
            truth,
            choices: vec![0; SLOTS.len()],
        };
        for world in [&worlds.tried, &worlds.truth] {
            worlds.write_root(world);
            world.git();
        }
        worlds
    }

    pub(super) fn choice(&self, slot: usize) -> usize {
        self.choices[slot]
    }

    pub(super) fn is_broken(&self, slot: usize) -> bool {
        self.choices[slot] >= SLOTS[slot].good()
    }

    /// Makes a slot something else in both worlds.
    pub(super) fn edit(&mut self, slot: usize, choice: usize, way: Way) {
        self.choices[slot] = choice;
        let (what, text) = (SLOTS[slot].what, SLOTS[slot].texts[choice]);
        match what {
            What::Root(_) => {
                self.write_root(&self.tried);
                self.write_root(&self.truth);
            }
            What::File(path) if text != ABSENT => {
                let new = New {
                    text,
                    mode: self.mode_of(path),
                };
                // There, whether it is a link makes a difference to checks.
                let is_told = way == Way::Link && path.starts_with("docs/");
                new.put(&self.tried, path, if is_told { Way::Replaced } else { way });
                new.put(&self.truth, path, Way::Plain);
            }
            // What a link leads to is seen by where it leads, so that another mode needs another place.
            What::Mode(path) if self.tried.ws().join(path).is_symlink() => {
                let new = New {
                    text: &self.truth.read(path),
                    mode: mode(text),
                };
                new.put(&self.tried, path, Way::Link);
                plainly(&self.truth, what, text);
            }
            What::Directory(path, name) => {
                exchange(&self.tried, path, name, text, way);
                plainly(&self.truth, what, text);
            }
            What::Name(one, two) => {
                rename(&self.tried, one, two, text);
                plainly(&self.truth, what, text);
            }
            _ => {
                plainly(&self.tried, what, text);
                plainly(&self.truth, what, text);
            }
        }
        if SLOTS[slot].is_watched_by_nobody() {
            date_now(&self.truth, slot);
        }
    }

    /// The mode that a file is to have.
    fn mode_of(&self, path: &str) -> u32 {
        let mut slots = SLOTS.iter().zip(&self.choices);
        let found = slots.find(|(slot, _)| matches!(slot.what, What::Mode(name) if name == path));
        found.map_or(0o644, |(slot, choice)| mode(slot.texts[*choice]))
    }

    /// Dates a slot now, so that cargo looks at it.
    pub(super) fn reveal(&self, slot: usize) {
        date_now(&self.tried, slot);
    }

    /// What both say at once: the one that may take what has passed, and the one that may not.
    pub(super) fn judge(&self, checks: &str) -> (Verdicts, Verdicts) {
        let tried = self.run(&self.tried, checks).start();
        let truth = self.run(&self.truth, checks).args("--no-cache").start();
        let tried = Verdicts::of(&tried.wait());
        (tried, Verdicts::of(&truth.wait()))
    }

    pub(super) fn try_again(&self, checks: &str) -> Verdicts {
        Verdicts::of(&self.run(&self.tried, checks).output())
    }

    /// What the program itself says of a run.
    pub(super) fn told(&self, checks: &str) -> String {
        self.run(&self.tried, checks).args("-vv").output().stderr
    }

    fn run<'s>(&self, world: &'s Sandbox, checks: &str) -> Run<'s> {
        let mut run = world.command("check --message-format json").args(checks);
        for (slot, choice) in SLOTS.iter().zip(&self.choices) {
            if let What::Variable(name) = slot.what
                && slot.texts[*choice] != ABSENT
            {
                run = run.env(name, slot.texts[*choice]);
            }
        }
        run
    }

    fn write_root(&self, world: &Sandbox) {
        let mut text = include_str!("root.toml").to_owned();
        for (slot, choice) in SLOTS.iter().zip(&self.choices) {
            if let What::Root(name) = slot.what {
                text = text.replace(&format!("%{name}%"), slot.texts[*choice]);
            }
        }
        world.write("Cargo.toml", text);
    }
}

/// Dates a slot now, or what cargo has to look at so that another tool looks at it.
fn date_now(world: &Sandbox, slot: usize) {
    let path = match SLOTS[slot].what {
        What::File(path) | What::Mode(path) => world.ws().join(path),
        What::Directory(dir, name) => world.ws().join(dir).join(name),
        What::Name(one, two) => {
            let mut there = [one, two].map(|name| world.ws().join(name)).into_iter();
            there.rfind(|path| path.exists()).unwrap_or_default()
        }
        _ => return,
    };
    let sources = ["alpha", "beta", "gamma", "delta"].map(|krate| world.ws().join(krate).join("src/lib.rs"));
    let sources = sources.into_iter().filter(|_| SLOTS[slot].is_watched_by_nobody());
    for path in std::iter::once(path).chain(sources) {
        if let Ok(file) = fs::File::options().append(true).open(&path) {
            file.set_modified(SystemTime::now()).unwrap();
        }
    }
}

/// What never changes.
fn build(sandbox: &Sandbox) {
    for (path, text) in [
        ("alpha/Cargo.toml", include_str!("alpha.toml")),
        ("alpha/src/lib.rs", include_str!("alpha.txt")),
        (
            "beta/Cargo.toml",
            "[package]\nname = \"beta\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nalpha = { path = \"../alpha\" }\n",
        ),
        ("beta/src/lib.rs", include_str!("beta.txt")),
        ("delta/build.rs", include_str!("delta-build.txt")),
        ("gamma/tests/run.rs", include_str!("gamma-run.txt")),
        ("docs/first.txt", "renamed\n"),
        ("docs/mode.txt", "a program, or none\n"),
        ("tree.sh", include_str!("tree.sh")),
    ] {
        sandbox.write(path, text);
    }
    fs::set_permissions(sandbox.ws().join("tree.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    for (version, number) in [("1.0.0", "0"), ("1.0.1", "1"), ("1.0.2", "\"none\"")] {
        let dir = format!("vendor/dep-{version}");
        let manifest = format!("[package]\nname = \"dep\"\nversion = \"{version}\"\nedition = \"2024\"\n");
        sandbox.write(format!("{dir}/Cargo.toml"), manifest);
        sandbox.write(
            format!("{dir}/src/lib.rs"),
            format!("pub const NUMBER: u32 = {number};\n"),
        );
        sandbox.write(format!("{dir}/.cargo-checksum.json"), "{\"files\":{}}");
    }
    sandbox.tool("list", include_str!("list.sh"));
}

/// Writes what a slot is, with what the system says of a new file.
fn plainly(sandbox: &Sandbox, what: What, text: &str) {
    let path = |path: &str| sandbox.ws().join(path);
    match what {
        What::File(name) if text == ABSENT => remove(&path(name)),
        What::File(name) => {
            remove(&path(name));
            sandbox.write(name, text);
        }
        What::Directory(dir, name) => {
            sandbox.write(Path::new(dir).join(name), text);
        }
        What::Link(name) => {
            remove(&path(name));
            fs::create_dir_all(path(name).parent().unwrap()).unwrap();
            symlink(text, path(name)).unwrap();
        }
        What::Mode(name) => set_mode(&path(name), mode(text)),
        What::Name(one, two) => rename(sandbox, one, two, text),
        What::Tool("rustc") => {
            let wrapped = "wrapped() { [ \"$1\" != -vV ] || exec sh -c \"\\\"$SANDBOX/toolchain/rustc\\\" -vV; echo said: $said\"; \
                           exec \"$SANDBOX/toolchain/rustc\" \"$@\"; }";
            sandbox.tool("rustc", &format!("{wrapped}\n{text}"));
        }
        What::Tool(name) => {
            sandbox.tool(name, &format!("{}\n{text}", include_str!("words.sh")));
        }
        What::Root(_) | What::Variable(_) => {}
    }
}

fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}

fn rename(sandbox: &Sandbox, one: &str, two: &str, text: &str) {
    let (from, to) = if text == "0" { (two, one) } else { (one, two) };
    let (from, to) = (sandbox.ws().join(from), sandbox.ws().join(to));
    if from.exists() {
        fs::rename(from, to).unwrap();
    }
}

/// Long before anything was compiled.
fn long_ago() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 50)
}

fn date(path: &Path, time: SystemTime) {
    let file = fs::File::options().append(true).open(path).unwrap();
    file.set_modified(time).unwrap();
}

/// What a slot of this kind stands for.
fn mode(text: &str) -> u32 {
    if text == "1" { 0o755 } else { 0o644 }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// What a file is to become.
#[derive(Clone, Copy)]
struct New<'t> {
    text: &'t str,
    mode: u32,
}

impl New<'_> {
    /// One like this outside of the workspace, which was there before anything ran as far as its times tell.
    fn old(self, sandbox: &Sandbox, name: &str) -> PathBuf {
        let path = sandbox.root().join("store").join(name.replace('/', "-"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, self.text).unwrap();
        date(&path, long_ago());
        set_mode(&path, self.mode);
        path
    }

    /// Makes a file so.
    fn put(self, sandbox: &Sandbox, name: &str, way: Way) {
        let path = sandbox.ws().join(name);
        let before = fs::metadata(&path).and_then(|found| found.modified());
        match way {
            Way::Plain | Way::SameTime => {
                // Through a link, something else would be written.
                if path.is_symlink() {
                    remove(&path);
                }
                sandbox.write(name, self.text);
                set_mode(&path, self.mode);
                if way == Way::SameTime {
                    date(&path, before.unwrap_or_else(|_| long_ago()));
                }
            }
            Way::Replaced => {
                let new = self.old(sandbox, name);
                date(&new, SystemTime::now());
                fs::rename(new, path).unwrap();
            }
            Way::OlderTakesItsName => fs::rename(self.old(sandbox, name), path).unwrap(),
            Way::Link => {
                // Each has a place of its own, so that what was linked before stays as it is.
                let text = self.text.bytes();
                let digest = text.fold(self.mode, |sum, byte| sum.wrapping_mul(31) + u32::from(byte));
                let old = self.old(sandbox, &format!("{digest:08x}-{name}"));
                remove(&path);
                symlink(old, path).unwrap();
            }
        }
    }
}

/// Another directory takes the place of one: it was there before, with a file that is as old.
fn exchange(sandbox: &Sandbox, dir: &str, name: &str, text: &str, way: Way) {
    if !way.hides() {
        sandbox.write(Path::new(dir).join(name), text);
        return;
    }
    let (here, other) = (sandbox.ws().join(dir), sandbox.root().join("store/other"));
    let _ = fs::remove_dir_all(&other);
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join(name), text).unwrap();
    date(&other.join(name), long_ago());
    let aside = sandbox.root().join("store/aside");
    let _ = fs::remove_dir_all(&aside);
    fs::rename(&here, aside).unwrap();
    fs::rename(other, here).unwrap();
}
