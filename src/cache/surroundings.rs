//! What the machine adds to every key: the toolchain, the environment, the configuration of cargo, the programs.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::look::LookRequest;
use super::toolchain;
use crate::affected::from_root;
use crate::digests::{FileTree, PathDigest};
use crate::environment::Environment;
use crate::fingerprint::Surroundings;
use crate::model::Digest;
use crate::plan::Plan;
use crate::readers::Readers;

/// Variables that only say where and by whom a program was started, and change no verdict. Whatever is not here counts.
///
/// A name that ends with `*` stands for all that begin so.
const SESSION: [&str; 61] = [
    "_",
    "ALACRITTY_*",
    "COLORTERM",
    "COLUMNS",
    "CARGO_HOOKS_*",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "DBUS_SESSION_BUS_ADDRESS",
    "DESKTOP_SESSION",
    "DISPLAY",
    "EDITOR",
    "GDMSESSION",
    "GNOME_*",
    "GPG_AGENT_INFO",
    "GPG_TTY",
    "HISTCONTROL",
    "HISTFILE",
    "HISTSIZE",
    "HOSTNAME",
    "INVOCATION_ID",
    "ITERM_*",
    "JOURNAL_STREAM",
    "KITTY_*",
    "KONSOLE_*",
    "LESS",
    "LESSCLOSE",
    "LESSOPEN",
    "LINES",
    "LOGNAME",
    "LS_COLORS",
    "MAIL",
    "MANPATH",
    "NO_COLOR",
    "OLDPWD",
    "PAGER",
    "PROMPT*",
    "PS1",
    "PS2",
    "PWD",
    "SESSION_MANAGER",
    "SHLVL",
    "SKIP",
    "SSH_AGENT_PID",
    "SSH_AUTH_SOCK",
    "SSH_CLIENT",
    "SSH_CONNECTION",
    "SSH_TTY",
    "STY",
    "SYSTEMD_EXEC_PID",
    "TERM",
    "TERM_*",
    "TMUX*",
    "VISUAL",
    "VSCODE_*",
    "WAYLAND_DISPLAY",
    "WEZTERM_*",
    "WINDOWID",
    "XAUTHORITY",
    "XDG_CURRENT_DESKTOP",
    "XDG_RUNTIME_DIR",
    "XDG_SESSION_*",
];

/// What counts beside the files; nothing where something cannot be read on which every key rests.
pub(super) fn surroundings(request: &LookRequest<'_>, plan: &Plan, tree: &FileTree) -> Option<Surroundings> {
    let mut around = Surroundings::default();
    let of_program = env!("CARGO_PKG_VERSION").to_owned();
    around.always.insert("cargo-hooks".to_owned(), of_program);
    if (plan.tasks().filter_map(|task| task.basis.as_ref())).any(|basis| basis.needs_toolchain()) {
        around.toolchain = toolchain::identity(request, tree);
    }
    for (name, value) in request.environment.iter().filter(|(name, _)| counts(name)) {
        let name = name.to_string_lossy();
        around
            .always
            .insert(format!("variable {name}"), of_value(value).to_string());
    }
    for (name, path) in named_by_variables(request.environment) {
        let PathDigest::File(digest) = tree.of_path(&path) else {
            return None;
        };
        around.always.insert(format!("file of {name}"), digest.to_string());
    }
    for (name, digest) in cargo_configs(request, tree)? {
        around.for_builds.insert(name, digest.to_string());
    }
    for (path, digest) in there(tree, personal(request.environment))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        around.always.insert(format!("personal {name}"), digest.to_string());
    }
    let named: BTreeSet<&String> = (plan.tasks())
        .filter_map(|task| task.basis.as_ref())
        .flat_map(|basis| &basis.programs)
        .collect();
    for name in named {
        if let Some(path) = request.programs.get(name) {
            let PathDigest::File(digest) = tree.of_path(path) else {
                return None;
            };
            around.programs.insert(name.clone(), digest);
        }
    }
    for (name, value) in [("OSFamily", std::env::consts::OS), ("ISA", std::env::consts::ARCH)] {
        around.platform.insert(name.to_owned(), value.to_owned());
    }
    Some(around)
}

/// The files that variables name, such as a wrapper of the compiler: what they hold counts like what the variable says.
pub(super) fn named_by_variables(environment: &Environment) -> Vec<(String, PathBuf)> {
    let named = environment.iter().filter(|(name, _)| counts(name));
    let path = |(name, value): (&OsStr, &OsStr)| (name.to_string_lossy().into_owned(), PathBuf::from(value));
    let is_file = |(_, path): &(String, PathBuf)| path.is_absolute() && path.is_file();
    named.map(path).filter(is_file).collect()
}

/// What a variable says now, where it is set.
pub(super) fn variable(environment: &Environment, name: &str) -> Option<Digest> {
    environment.get(name).map(of_value)
}

fn of_value(value: &OsStr) -> Digest {
    Digest::of(value.as_bytes())
}

fn counts(name: &OsStr) -> bool {
    let name = name.as_bytes();
    let is_of_session = |known: &&str| match known.strip_suffix('*') {
        Some(start) => name.starts_with(start.as_bytes()),
        None => name == known.as_bytes(),
    };
    !SESSION.iter().any(is_of_session)
}

/// The configuration files of cargo that there are, each by where it lies as seen from the root.
fn cargo_configs(request: &LookRequest<'_>, tree: &FileTree) -> Option<Vec<(String, Digest)>> {
    let root = &request.workspace.root;
    let mut found = Vec::new();
    for (path, digest) in there(tree, request.cargo_configs.iter().cloned())? {
        let above = path.parent().and_then(Path::parent).unwrap_or(&path);
        let name = if root.starts_with(above) {
            from_root(root, &path).to_string_lossy().into_owned()
        } else {
            format!("personal {}", path.file_name().unwrap_or_default().to_string_lossy())
        };
        for (number, (_, digest)) in (1..).zip(there(tree, included(&path))?) {
            found.push((format!("configuration {name}, part {number}"), digest));
        }
        found.push((format!("configuration {name}"), digest));
    }
    Some(found)
}

/// The files that a configuration file of cargo takes in, and those that these take in.
fn included(config: &Path) -> Vec<PathBuf> {
    let mut found = taken_in(config);
    let mut place = 0;
    while let Some(path) = found.get(place).cloned() {
        for further in taken_in(&path) {
            if !found.contains(&further) {
                found.push(further);
            }
        }
        place += 1;
    }
    found
}

fn taken_in(config: &Path) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(config).ok();
    let table = text
        .and_then(|text| text.parse::<toml::Table>().ok())
        .unwrap_or_default();
    let Some(include) = table.get("include") else {
        return Vec::new();
    };
    let list = include.as_array().cloned().unwrap_or_else(|| vec![include.clone()]);
    let path = |entry: &toml::Value| {
        let path = entry.as_str().or_else(|| entry.get("path")?.as_str())?;
        Some(config.parent()?.join(path))
    };
    list.iter().filter_map(path).collect()
}

/// What rustfmt reads of a person's own, where a project has no configuration of it.
fn personal(environment: &Environment) -> Vec<PathBuf> {
    let home = environment.get("HOME").map(PathBuf::from);
    let config = environment.get("XDG_CONFIG_HOME").map(PathBuf::from);
    let config = config.or_else(|| Some(home.as_ref()?.join(".config")));
    let dirs = config.map(|dir| dir.join("rustfmt")).into_iter().chain(home);
    dirs.flat_map(|dir| [dir.join("rustfmt.toml"), dir.join(".rustfmt.toml")])
        .collect()
}

/// The files among these that there are, each with its content; nothing where one of them cannot be read.
fn there(tree: &FileTree, paths: impl IntoIterator<Item = PathBuf>) -> Option<Vec<(PathBuf, Digest)>> {
    let mut found = Vec::new();
    for path in paths {
        match tree.of_path(&path) {
            PathDigest::Nothing => {}
            content => found.push((path, content.known()?)),
        }
    }
    Some(found)
}

/// What may lie elsewhere and count: what sources name, and what tools look for above the root. Each with what is there.
pub(super) fn elsewhere(request: &LookRequest<'_>, readers: &Readers, tree: &FileTree) -> Vec<(PathBuf, PathDigest)> {
    let is_ours = |path: &Path| {
        let mut ours = request.scan.but.iter();
        ours.any(|dir| path.starts_with(dir) || dir.starts_with(path))
    };
    let named = readers
        .named()
        .filter(|path| tree.find(path).is_none() && !is_ours(path));
    // What lies in the tree as a directory has all its files there.
    let named = named.filter(|path| tree.below(path).is_empty());
    let all: BTreeSet<PathBuf> = named.chain(of_tools(request, tree)).collect();
    all.into_iter()
        .map(|path| (path.clone(), tree.of_path(&path)))
        .collect()
}

/// What the tools of checks look for from the directories of crates upwards, so far as it is not in the tree anyway: above
/// the root, and where git ignores it.
fn of_tools(request: &LookRequest<'_>, tree: &FileTree) -> BTreeSet<PathBuf> {
    let checks = request.config.checks.iter().flat_map(|check| &check.variants);
    let definitions = checks
        .flat_map(|variant| std::iter::once(&variant.definition).chain(variant.instead.iter().map(|(_, other)| other)));
    let globs = definitions.flat_map(|definition| &definition.inputs);
    let names: BTreeSet<&str> = globs
        .filter_map(|glob| glob.glob().strip_prefix("**/"))
        .filter(|name| !name.contains(['*', '?', '[', '{', '/']))
        .collect();
    let root = &request.workspace.root;
    let crates = request.workspace.crates().iter().map(|krate| krate.dir.as_path());
    let dirs: BTreeSet<&Path> = crates.chain([root.as_path()]).flat_map(Path::ancestors).collect();
    let paths = dirs
        .into_iter()
        .flat_map(|dir| names.iter().map(move |name| dir.join(name)));
    paths.filter(|path| tree.find(path).is_none()).collect()
}
