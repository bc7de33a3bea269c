//! A temporary world for one test: a workspace, fake tools, and an environment in which nothing of the user's is seen.
//!
//! ```text
//! root/ws           the workspace; also the directory in which the program runs, unless a test says otherwise
//! root/bin          fake tools, first in PATH
//! root/toolchain    links to the Rust toolchain and a few programs of the system: all else that is in PATH
//! root/home         HOME; root/cargo-home is CARGO_HOME, so that nothing which is installed there is found
//! root/log          what fake tools have noted down
//! ```
//!
//! Whatever somebody has installed (nextest, say) is therefore absent unless the test puts a fake in `root/bin`.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// What a toolchain consists of, as far as the presets use it.
const TOOLCHAIN: [&str; 7] = [
    "cargo",
    "rustc",
    "rustdoc",
    "rustfmt",
    "cargo-fmt",
    "cargo-clippy",
    "clippy-driver",
];
/// What scripts and linkers need.
const SYSTEM: [&str; 27] = [
    "sh", "cat", "chmod", "cp", "dd", "find", "sed", "git", "head", "kill", "ln", "mkdir", "mkfifo", "mv", "rm",
    "setsid", "sleep", "touch", "yes", "env", "cc", "gcc", "clang", "ld", "as", "ar", "xcrun",
];
/// No test waits for longer than this; none comes near it unless something hangs.
const DEADLINE: Duration = Duration::from_mins(1);
/// Between a fork and its exec a child holds every file that is open for writing, and a script that is held so cannot be
/// started ("text file busy"). Therefore no script is written while a process is being started.
static STARTING: Mutex<()> = Mutex::new(());

/// A temporary world. It is gone when it is dropped.
pub(crate) struct Sandbox {
    /// Only kept until the end.
    #[expect(dead_code, reason = "what it holds on to is the directory")]
    dir: TempDir,
    root: PathBuf,
    /// `workspace`, or `package` where the root manifest is that of the only crate.
    owner: &'static str,
}

impl Sandbox {
    /// A virtual workspace with these members, each as `name` or `name -> dependency dependency`.
    pub(crate) fn workspace(members: &[&str]) -> Self {
        let sandbox = Self::empty("workspace");
        let mut names = Vec::new();
        for member in members {
            let (name, needs) = member.split_once(" -> ").unwrap_or((member, ""));
            let needs = needs.split_whitespace();
            let needs: String = needs
                .map(|need| format!("{need} = {{ path = \"../{need}\" }}\n"))
                .collect();
            sandbox.krate(name, name, &format!("\n[dependencies]\n{needs}"));
            names.push(name);
        }
        let manifest = format!("[workspace]\nmembers = {names:?}\nresolver = \"3\"\n");
        sandbox.write("Cargo.toml", manifest);
        sandbox
    }

    /// A single crate that is no member of any workspace.
    pub(crate) fn package(name: &str) -> Self {
        let sandbox = Self::empty("package");
        sandbox.krate("", name, "");
        sandbox
    }

    /// A directory without a manifest.
    pub(crate) fn empty(owner: &'static str) -> Self {
        Self::empty_in(&std::env::temp_dir(), owner)
    }

    /// The same, in another place for temporary files than the usual one.
    pub(crate) fn empty_in(place: &Path, owner: &'static str) -> Self {
        let dir = TempDir::with_prefix_in("cargo-hooks-it-", place).unwrap();
        let root = dir.path().canonicalize().unwrap();
        for below in ["ws", "bin", "toolchain", "home", "cargo-home/bin"] {
            fs::create_dir_all(root.join(below)).unwrap();
        }
        link_programs(&root.join("toolchain"));
        Self { dir, root, owner }
    }

    /// A crate with a library, in a directory of the workspace. `rest` ends its manifest.
    pub(crate) fn krate(&self, dir: &str, name: &str, rest: &str) -> &Self {
        let manifest = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{rest}");
        let below = Path::new(dir);
        self.write(below.join("Cargo.toml"), &manifest);
        self.write(
            below.join("src/lib.rs"),
            "//! A crate.\n\n/// Adds one.\npub fn next(x: u32) -> u32 {\n    x + 1\n}\n",
        )
    }

    /// Ends the root manifest with `[workspace.metadata.hooks]` and these lines, such as `checks.a = "tool"`.
    pub(crate) fn hooks(&self, lines: &str) -> &Self {
        self.append("Cargo.toml", &format!("\n[{}.metadata.hooks]\n{lines}\n", self.owner))
    }

    /// Ends the manifest of a member with `[package.metadata.hooks]` and these lines.
    pub(crate) fn package_hooks(&self, dir: &str, lines: &str) -> &Self {
        let manifest = Path::new(dir).join("Cargo.toml");
        self.append(manifest, &format!("\n[package.metadata.hooks]\n{lines}\n"))
    }

    /// Writes a file of the workspace, and the directories above it.
    pub(crate) fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Self {
        let path = self.ws().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Adds to the end of a file of the workspace.
    pub(crate) fn append(&self, path: impl AsRef<Path>, text: &str) -> &Self {
        let before = self.read(&path);
        self.write(path, before + text)
    }

    /// A file of the workspace.
    pub(crate) fn read(&self, path: impl AsRef<Path>) -> String {
        fs::read_to_string(self.ws().join(path)).unwrap()
    }

    /// Puts a fake tool into PATH: a script for `sh`, in which `$SANDBOX` is the root and `note WORD…` adds a line to the
    /// log.
    pub(crate) fn tool(&self, name: &str, script: &str) -> &Self {
        let prelude = "#!/bin/sh\nnote() { echo \"$*\" >>\"$SANDBOX/log\"; }\n";
        let path = self.root.join("bin").join(name);
        let _no_process_starts = STARTING.lock();
        fs::write(&path, format!("{prelude}{script}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// A fake tool that notes down its name when it runs, and passes.
    pub(crate) fn noting(&self, names: &[&str]) -> &Self {
        for name in names {
            self.tool(name, &format!("note {name}"));
        }
        self
    }

    /// A fake tool that writes the arguments of each call down, for [`Sandbox::arguments`].
    pub(crate) fn recorder(&self, name: &str) -> &Self {
        self.tool(
            name,
            "for argument; do printf '%s\\0' \"$argument\"; done >>\"$SANDBOX/arguments\"",
        )
    }

    /// The arguments that all recorders were given, one after the other, as bytes that may be no text.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let bytes = fs::read(self.root.join("arguments")).unwrap_or_default();
        let mut arguments: Vec<_> = bytes.split(|byte| *byte == 0).collect();
        arguments.pop();
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
        arguments.into_iter().map(text).collect()
    }

    /// What fake tools have noted down, line by line.
    pub(crate) fn log(&self) -> Vec<String> {
        let log = fs::read_to_string(self.root.join("log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    /// Makes the workspace a git repository.
    pub(crate) fn git(&self) -> &Self {
        let mut git = self.program("git");
        git.command.args(["init", "--quiet"]);
        assert_eq!(git.output().code, 0, "git init");
        self
    }

    /// The directory of the workspace.
    pub(crate) fn ws(&self) -> PathBuf {
        self.root.join("ws")
    }

    /// The directory that all of it lies in.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Runs the program with these arguments, which are split at spaces, to its end.
    pub(crate) fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output()
    }

    /// The program with these arguments, which are split at spaces: to be refined and run.
    pub(crate) fn command(&self, arguments: &str) -> Run<'_> {
        let mut run = self.program(env!("CARGO_BIN_EXE_cargo-hooks"));
        run.command.args(arguments.split_whitespace());
        run
    }

    /// Another program, in the same environment.
    pub(crate) fn program(&self, program: &str) -> Run<'_> {
        let (root, below) = (&self.root, |dir: &str| self.root.join(dir));
        let mut command = Command::new(program);
        command
            .current_dir(self.ws())
            .stdin(Stdio::null())
            .env_clear()
            .env(
                "PATH",
                std::env::join_paths([below("bin"), below("toolchain")]).unwrap(),
            )
            .env("HOME", below("home"))
            .env("CARGO_HOME", below("cargo-home"))
            .env("CARGO_NET_OFFLINE", "true")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("SANDBOX", root);
        let user = |name: &str| std::env::var_os(name);
        // The links may lead to rustup, where the tests were not started by cargo.
        let rustup = user("RUSTUP_HOME").or_else(|| Some(PathBuf::from(user("HOME")?).join(".rustup").into()));
        command.envs(rustup.map(|home| ("RUSTUP_HOME", home)));
        let kept = ["RUSTUP_TOOLCHAIN", "TMPDIR"].into_iter();
        command.envs(kept.filter_map(|name| Some((name, user(name)?))));
        Run { sandbox: self, command }
    }

    /// A text that the program wrote, without what differs from run to run.
    pub(crate) fn redacted(&self, text: &str) -> String {
        self.redact(text.as_bytes())
    }

    /// Takes out of a text what differs from run to run.
    fn redact(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        without_times(&text.replace(self.root.to_str().unwrap(), "[ROOT]"))
    }
}

/// Links the programs that exist: those of the toolchain that builds the tests, and those of the system.
fn link_programs(dir: &Path) {
    let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from(env!("CARGO")), PathBuf::from);
    let toolchain = cargo.parent().map(Path::to_owned);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    for (names, dirs) in [
        (&TOOLCHAIN[..], toolchain.iter().chain(&path).collect::<Vec<_>>()),
        (&SYSTEM[..], path.iter().collect()),
    ] {
        for name in names {
            if let Some(program) = dirs.iter().map(|dir| dir.join(name)).find(|program| program.is_file()) {
                symlink(program, dir.join(name)).unwrap();
            }
        }
    }
}

/// A call of the program that is yet to be made.
#[must_use]
pub(crate) struct Run<'s> {
    sandbox: &'s Sandbox,
    command: Command,
}

impl<'s> Run<'s> {
    /// One argument more, as it is.
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// More arguments, which are split at spaces.
    pub(crate) fn args(mut self, arguments: &str) -> Self {
        self.command.args(arguments.split_whitespace());
        self
    }

    /// With this file as its standard input, which is empty otherwise.
    pub(crate) fn input(mut self, file: impl AsRef<Path>) -> Self {
        let file = fs::File::open(self.sandbox.ws().join(file)).unwrap();
        self.command.stdin(file);
        self
    }

    /// With this variable in the environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// In this directory, relative to that of the workspace.
    pub(crate) fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.command.current_dir(self.sandbox.ws().join(dir));
        self
    }

    /// In a process group of its own, as a shell with job control starts it.
    pub(crate) fn own_group(mut self) -> Self {
        self.command.process_group(0);
        self
    }

    /// With this as its terminal: standard input, and what the session that `setsid --ctty` makes is controlled by.
    pub(crate) fn stdin(mut self, stdin: impl Into<Stdio>) -> Self {
        self.command.stdin(stdin);
        self
    }

    /// Runs it to its end.
    pub(crate) fn output(self) -> Output {
        self.start().wait()
    }

    /// Starts it.
    pub(crate) fn start(mut self) -> Running<'s> {
        let pipes = self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = {
            let _no_script_is_written = STARTING.lock();
            pipes.spawn().unwrap()
        };
        Running {
            sandbox: self.sandbox,
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            child,
        }
    }
}

/// The program while it runs. It is killed when it is dropped.
pub(crate) struct Running<'s> {
    sandbox: &'s Sandbox,
    child: Child,
    /// What it writes. A test may take it, and read or drop it itself.
    pub(crate) stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
}

impl Running<'_> {
    /// Its process.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().unwrap()).unwrap()
    }

    /// Sends it a signal, to itself and not to its group.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Whether it has come to its end.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Output {
        let (stdout, stderr) = (read_all(self.stdout.take()), read_all(self.stderr.take()));
        let mut status = None;
        eventually("the program ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let status = status.unwrap();
        Output {
            code: status.code().unwrap_or(-1),
            stdout: self.sandbox.redact(&stdout.join().unwrap()),
            stderr: self.sandbox.redact(&stderr.join().unwrap()),
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_all(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).unwrap();
        }
        bytes
    })
}

/// Waits until something is so.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < deadline, "this did not come true in time: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// How the program ended and what it wrote, without what differs from run to run. It is displayed as snapshots want it.
#[must_use]
#[derive(Debug)]
pub(crate) struct Output {
    /// The exit code; -1 where a signal ended it.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// The same, once it is sure that it ended with this code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// Makes sure that it ended with this code, whatever it wrote.
    #[track_caller]
    pub(crate) fn ends(&self, code: i32) {
        assert_eq!(self.code, code, "{self}");
    }

    /// The JSON lines of standard output.
    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().map(parse).collect()
    }

    /// The outcome of every task, in the order in which they came, as `label: outcome`.
    pub(crate) fn outcomes(&self) -> Vec<String> {
        let lines = self.json();
        let finished = lines.iter().filter(|line| line["type"] == "task-finished");
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        finished
            .map(|line| format!("{}: {}", text(&line["task"]["label"]), text(&line["outcome"])))
            .collect()
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "exit code {}", self.code)?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                writeln!(f, "--- {name} ---")?;
            }
            // Spaces at the end of a line would not outlive the next editor.
            for line in text.lines() {
                writeln!(f, "{}", line.trim_end())?;
            }
        }
        Ok(())
    }
}

/// Puts `TIME` into every bracket that holds a duration, and leaves its width as it is.
fn without_times(text: &str) -> String {
    let mut rest = text;
    let mut redacted = String::with_capacity(text.len());
    while let Some(start) = rest.find('[') {
        let (before, bracket) = rest.split_at(start);
        redacted.push_str(before);
        let end = bracket.find(']').unwrap_or(0);
        let inner = bracket.get(1..end).unwrap_or_default();
        let is_time = inner.len() == 9 && inner.ends_with('s') && inner.chars().all(|c| " >.0123456789ms".contains(c));
        let (shown, next) = if is_time { ("[     TIME]", end + 1) } else { ("[", 1) };
        redacted.push_str(shown);
        rest = &bracket[next..];
    }
    redacted + rest
}
