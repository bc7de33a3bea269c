//! Disks that are full, read-only or missing, under each place that a hook with fixers writes to: each file is as it was or
//! repaired, index and references are as they were, and where there is room again nothing is in the way.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::repairs::{Then, lines, repairing};
use super::world::World;
use crate::cache_disk::unshare;
use crate::sandbox::Output;

const COMMIT: &str = "git commit --quiet -m second";
const HOOK: &str = "\"$0\" git-hook pre-commit";

/// What is wrong with the world. `[N]` is a size.
struct Fault {
    name: &'static str,
    /// What makes it wrong, in the working tree.
    begins: &'static str,
    /// What makes it right again.
    ends: &'static str,
    /// How the hook is called.
    how: &'static str,
    /// What somebody is told of it, one of them.
    says: &'static [&'static str],
}

const FULL: [&str; 3] = ["No space left on device", "Out of diskspace", "unable to write file"];
const READ_ONLY: [&str; 1] = ["Read-only file system"];

const STATE: Fault = Fault {
    name: "the state has [N] pages",
    begins: "mount -o remount,size=$(([N] * 4096)) \"$SANDBOX/state\"",
    ends: "mount -o remount,size=64m \"$SANDBOX/state\"",
    how: COMMIT,
    says: &FULL,
};

const STATE_FILES: Fault = Fault {
    name: "the state has room for [N] files",
    begins: "mount -o remount,nr_inodes=[N] \"$SANDBOX/state\"",
    ends: "mount -o remount,nr_inodes=10000 \"$SANDBOX/state\"",
    how: COMMIT,
    says: &FULL,
};

const TREE: Fault = Fault {
    name: "the working tree has [N] pages left",
    begins: "fill . [N]",
    ends: "rm filler.ignored",
    how: COMMIT,
    says: &FULL,
};

const REPOSITORY: Fault = Fault {
    name: "the repository has [N] pages left",
    begins: "fill .git [N]",
    ends: "rm .git/filler.ignored",
    how: COMMIT,
    says: &FULL,
};

/// With an index that git has made for this commit, and another one for what is staged after that.
const OF_PATHS: Fault = Fault {
    name: "the repository has [N] pages left, and git commits some paths",
    how: "git commit --quiet -m second b.txt c.txt",
    ..REPOSITORY
};

/// Those that are the same whatever their size.
const ABSENCES: [Fault; 9] = [
    Fault {
        name: "the repository is read-only",
        begins: "mount -o remount,bind,ro .git",
        ends: "mount -o remount,bind,rw .git",
        how: COMMIT,
        says: &READ_ONLY,
    },
    Fault {
        name: "the repository is read-only, and somebody runs the hook",
        begins: "mount -o remount,bind,ro .git",
        ends: "mount -o remount,bind,rw .git",
        how: HOOK,
        says: &READ_ONLY,
    },
    Fault {
        name: "the working tree is read-only",
        begins: "mount -o remount,ro .",
        ends: "mount -o remount,rw .",
        how: COMMIT,
        says: &READ_ONLY,
    },
    Fault {
        name: "all is read-only, and somebody runs the hook",
        begins: "mount -o remount,bind,ro .git; mount -o remount,ro .",
        ends: "mount -o remount,rw .; mount -o remount,bind,rw .git",
        how: HOOK,
        says: &READ_ONLY,
    },
    Fault {
        name: "the state is read-only",
        begins: "mount -o remount,ro \"$SANDBOX/state\"",
        ends: "mount -o remount,rw \"$SANDBOX/state\"",
        how: COMMIT,
        says: &READ_ONLY,
    },
    Fault {
        name: "the place of caches is a file",
        begins: "unset CARGO_HOOKS_DIR; export XDG_CACHE_HOME=\"$PWD/Cargo.toml\"",
        ends: "export CARGO_HOOKS_DIR=\"$SANDBOX/state\"",
        how: COMMIT,
        says: &["Not a directory"],
    },
    Fault {
        name: "the place of caches cannot be made",
        begins: "unset CARGO_HOOKS_DIR; export XDG_CACHE_HOME=/dev/null/cache",
        ends: "export CARGO_HOOKS_DIR=\"$SANDBOX/state\"",
        how: COMMIT,
        says: &["Not a directory"],
    },
    Fault {
        name: "there is no home",
        begins: "unset CARGO_HOOKS_DIR XDG_CACHE_HOME; home=$HOME; unset HOME",
        ends: "export CARGO_HOOKS_DIR=\"$SANDBOX/state\" HOME=\"$home\"",
        how: COMMIT,
        says: &["neither CARGO_HOOKS_DIR nor XDG_CACHE_HOME nor HOME names one"],
    },
    Fault {
        name: "home is the working tree",
        begins: "unset CARGO_HOOKS_DIR XDG_CACHE_HOME; home=$HOME; mkdir home.ignored; export HOME=\"$PWD/home.ignored\"",
        ends: "rm -r home.ignored; export CARGO_HOOKS_DIR=\"$SANDBOX/state\" HOME=\"$home\"",
        how: COMMIT,
        says: &["lies in the repository"],
    },
];

/// A working tree, its repository and the state, each on a disk of its own. They are gone with the process.
const PLACES: &str = r#"
PATH=$PATH:/usr/bin:/bin
set -e
mount -t tmpfs -o size=64m,mode=700 none "$SANDBOX/state"
mount -t tmpfs -o size=8m none "$SANDBOX/place"
mount -t tmpfs -o size=8m none "$SANDBOX/git"
cp -a "$SANDBOX/ws/.git/." "$SANDBOX/git"
rm -rf "$SANDBOX/copy"
cp -a "$SANDBOX/ws" "$SANDBOX/copy"
rm -r "$SANDBOX/copy/.git"
mkdir "$SANDBOX/place/.git"
cp -a "$SANDBOX/copy/." "$SANDBOX/place"
cd "$SANDBOX/place"
mount --bind "$SANDBOX/git" .git
export CARGO_HOOKS_DIR="$SANDBOX/state"
fill() {
    dd if=/dev/zero of="$1/room" bs=4096 count="$2" 2>/dev/null
    cat /dev/zero >"$1/filler.ignored" 2>/dev/null || true
    rm "$1/room"
}
look() {
    mkdir -p "$SANDBOX/seen/$1"
    cp -p a.txt b.txt c.txt "$SANDBOX/seen/$1"
    git ls-files --stage -v >"$SANDBOX/seen/$1/index"
    { git for-each-ref; git rev-parse HEAD; } >"$SANDBOX/seen/$1/refs"
    git show HEAD:c.txt >"$SANDBOX/seen/$1/committed" 2>/dev/null || true
    find . "$SANDBOX/state" -name '.new-*' -o -name '*.lock' -o -name 'index-*' >"$SANDBOX/seen/$1/litter"
}
rm -rf "$SANDBOX/seen"
look before
"#;

/// What there is at some moment.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// Each file with its permissions.
    files: Vec<(String, u32)>,
    index: String,
    references: String,
    committed: String,
    litter: Vec<String>,
}

impl Seen {
    fn read(world: &World, when: &str) -> Self {
        let dir = world.sandbox.root().join("seen").join(when);
        let text = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
        let file = |name: &&str| {
            let mode = fs::metadata(dir.join(name)).unwrap().permissions().mode();
            (text(name), mode & 0o7777)
        };
        // The places of snapshots have a lock each, which stays.
        let is_litter =
            |name: &&str| !name.ends_with("/Cargo.lock") && !name.contains("/v1/snapshots/") || name.contains("index");
        Self {
            files: ["a.txt", "b.txt", "c.txt"].iter().map(file).collect(),
            index: text("index"),
            references: text("refs"),
            committed: text("committed"),
            litter: text("litter").lines().filter(is_litter).map(str::to_owned).collect(),
        }
    }
}

/// A world with something to repair: one file is staged in part, one may be executed, and one is larger than a page.
struct Campaign {
    world: World,
    then: Then,
    unshare: &'static str,
    repaired: Vec<(String, u32)>,
    whole: usize,
    stopped: usize,
}

impl Campaign {
    /// Nothing where the machine cannot mount anything, which is said.
    fn new(then: Then) -> Option<Self> {
        let world = repairing(then);
        let dir = |name: &str| world.sandbox.root().join(name);
        for name in ["state", "place", "git"] {
            fs::create_dir(dir(name)).unwrap();
        }
        let unshare = unshare(&dir("place"))?;
        let long = |word: &str| {
            (1..6000)
                .map(|at| {
                    if at == 50 {
                        format!("{word}\n")
                    } else {
                        format!("{at}\n")
                    }
                })
                .collect::<String>()
        };
        let short = |word: &str| lines(&[(3, word)]);
        world
            .sandbox
            .write("a.txt", short("bad"))
            .write("b.txt", short("bad"))
            .write("c.txt", long("bad"));
        for (name, mode) in [("a.txt", 0o640), ("b.txt", 0o755), ("c.txt", 0o600)] {
            fs::set_permissions(world.sandbox.ws().join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        world.git("add --all").ends(0);
        world.sandbox.write("a.txt", lines(&[(3, "bad"), (9, "mine")]));
        let repaired = vec![
            (lines(&[(3, "good"), (9, "mine")]), 0o640),
            (short("good"), 0o755),
            (long("good"), 0o600),
        ];
        Some(Self {
            world,
            then,
            unshare,
            repaired,
            whole: 0,
            stopped: 0,
        })
    }

    /// Calls the hook in a world with this fault, and again where it is gone.
    fn meets(&mut self, fault: &Fault, size: usize) {
        let sized = |text: &str| text.replace("[N]", &size.to_string());
        let (begins, ends, how) = (sized(fault.begins), sized(fault.ends), fault.how);
        let script = format!(
            "{PLACES}{begins}\nset +e\n{how}\ncode=$?\nset -e\nlook first\n{ends}\nset +e\n\
             {how} >\"$SANDBOX/again\" 2>&1\necho $? >\"$SANDBOX/code\"\nset -e\nlook second\nexit $code"
        );
        let program = env!("CARGO_BIN_EXE_cargo-hooks");
        let output = self
            .world
            .program(self.unshare)
            .args("-Urm sh -c")
            .arg(script)
            .arg(program)
            .output();
        let context = format!("{}: {output}", sized(fault.name));
        assert!(self.world.sandbox.root().join("seen/second").exists(), "{context}");
        let seen = ["before", "first", "second"].map(|when| Seen::read(&self.world, when));
        self.is_harmless(&seen, &output, &context);
        is_told(fault, &output, &context);
        let is_over = fault.how != HOOK && output.code == 0;
        if is_over {
            self.whole += 1;
        } else {
            self.stopped += 1;
            self.goes_on(fault, &seen, &context);
        }
    }

    /// What the files are once all is well again: what is not committed is not repaired.
    fn expected(&self, fault: &Fault, before: &Seen) -> Vec<(String, u32)> {
        let mut expected = self.repaired.clone();
        if fault.how == OF_PATHS.how {
            expected[0].clone_from(&before.files[0]);
        }
        expected
    }

    /// Nothing is lost, and nothing is half done.
    fn is_harmless(&self, [before, first, second]: &[Seen; 3], output: &Output, context: &str) {
        for (at, file) in first.files.iter().enumerate() {
            let is_whole = *file == before.files[at] || *file == self.repaired[at];
            assert!(is_whole, "file {at} is neither as it was nor repaired: {context}");
        }
        assert_eq!(first.litter, Vec::<String>::new(), "{context}");
        assert!(!output.stderr.contains("panicked"), "{context}");
        let is_staged = output.stderr.contains("is part of the commit");
        match output.code {
            0 => assert!(is_staged && first.index == second.index, "{context}"),
            // Git may have no room for a commit after that.
            _ if is_staged => assert!([&before.index, &second.index].contains(&&first.index), "{context}"),
            _ => assert_eq!(first.index, before.index, "{context}"),
        }
        if output.code != 0 {
            assert_eq!(first.references, before.references, "{context}");
        }
    }

    /// Where there is room again, the hook does what it always does.
    fn goes_on(&self, fault: &Fault, [before, _, second]: &[Seen; 3], context: &str) {
        let text = |name: &str| fs::read_to_string(self.world.sandbox.root().join(name)).unwrap();
        let (code, again) = (text("code"), text("again"));
        let is_repaired = second.files == self.expected(fault, before);
        assert!(is_repaired, "the files are not what they should be: {again}, {context}");
        assert_eq!(second.litter, Vec::<String>::new(), "{again}, {context}");
        match self.then {
            Then::Stop => {
                assert_eq!(code, "1\n", "{again}, {context}");
                assert!(again.contains("nothing is committed yet"), "{again}, {context}");
                assert_eq!(
                    (&second.index, &second.references),
                    (&before.index, &before.references),
                    "{context}"
                );
            }
            Then::Stage => {
                assert_eq!(code, "0\n", "{again}, {context}");
                if fault.how != HOOK {
                    let is_committed = second.committed == self.repaired[2].0;
                    assert!(is_committed, "the commit is not what it should be: {again}, {context}");
                }
            }
        }
    }

    /// Each way to end must have been seen, or nothing was tested.
    fn has_seen_both(&self) {
        let seen = (self.whole > 0 || self.then == Then::Stop) && self.stopped > 0;
        assert!(seen, "{} whole, {} stopped", self.whole, self.stopped);
    }
}

/// Whoever reads it knows what is full, and what helps.
fn is_told(fault: &Fault, output: &Output, context: &str) {
    let stderr = &output.stderr;
    // Before and after the hook, git speaks for itself.
    let is_harmed = output.code != 0 && !stderr.contains("fatal: ") && !stderr.contains("nothing is committed yet");
    if !is_harmed {
        return;
    }
    assert!(fault.says.iter().any(|words| stderr.contains(words)), "{context}");
    let ways = [
        "help: ",
        "its repair lies in ",
        "nothing is committed yet",
        "names one",
        "set CARGO_HOOKS_DIR",
    ];
    assert!(ways.iter().any(|words| stderr.contains(words)), "{context}");
}

fn of_sizes(then: Then, rows: &[(&Fault, &[usize])]) {
    let Some(mut campaign) = Campaign::new(then) else {
        return;
    };
    for (fault, sizes) in rows {
        for size in *sizes {
            campaign.meets(fault, *size);
        }
    }
    campaign.has_seen_both();
}

#[test]
fn a_full_disk_under_the_state_harms_nothing() {
    for then in [Then::Stop, Then::Stage] {
        of_sizes(then, &[(&STATE, &[1, 25, 45, 55, 70]), (&STATE_FILES, &[20, 60])]);
    }
}

#[test]
fn a_full_disk_under_the_working_tree_harms_nothing() {
    for then in [Then::Stop, Then::Stage] {
        of_sizes(then, &[(&TREE, &[0, 1, 8, 10, 16])]);
    }
}

#[test]
fn a_full_disk_under_the_repository_harms_nothing() {
    of_sizes(Then::Stop, &[(&REPOSITORY, &[0, 2])]);
    of_sizes(
        Then::Stage,
        &[(&REPOSITORY, &[1, 2, 4, 5, 6, 7, 12]), (&OF_PATHS, &[3, 5, 6, 7, 8, 9])],
    );
}

#[test]
fn what_is_read_only_or_missing_harms_nothing() {
    for then in [Then::Stop, Then::Stage] {
        let Some(mut campaign) = Campaign::new(then) else {
            return;
        };
        for fault in &ABSENCES {
            campaign.meets(fault, 0);
        }
        assert_eq!(campaign.stopped, ABSENCES.len());
    }
}

#[test]
#[ignore = "takes minutes: for the night"]
fn a_disk_of_any_size_harms_nothing() {
    let all: Vec<usize> = (0..100).collect();
    for then in [Then::Stop, Then::Stage] {
        of_sizes(
            then,
            &[
                (&STATE, &all[1..90]),
                (&STATE_FILES, &all[5..]),
                (&TREE, &all[..32]),
                (&REPOSITORY, &all[..20]),
            ],
        );
    }
    of_sizes(Then::Stage, &[(&OF_PATHS, &all[..24])]);
}
