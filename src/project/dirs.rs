//! Where cargo builds, and where we keep what we remember.

use std::path::{Path, PathBuf};

use toml::Table;

use crate::environment::Environment;
use crate::model::fnv1a;
use crate::plan::{CargoSettings, ConfigText};
use crate::workspace::Workspace;

/// The variables that say where cargo builds.
const VARIABLES: [&str; 3] = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "CARGO_BUILD_BUILD_DIR"];

/// The directories in which cargo may have built a workspace. More than one may be right: records of builds are looked for
/// in all of them.
pub(super) fn target_dirs(root: &Path, environment: &Environment) -> Vec<PathBuf> {
    let given = VARIABLES
        .iter()
        .filter_map(|name| environment.get(name))
        .map(|dir| root.join(dir));
    let mut dirs: Vec<PathBuf> = given.collect();
    for config in cargo_configs(root, environment) {
        dirs.extend(configured(&config, root));
    }
    dirs.push(root.join("target"));
    dirs.sort_unstable();
    dirs.dedup();
    dirs
}

/// Where cargo builds when it runs in the root of a workspace, and what its subcommands are called there.
pub(super) fn cargo_settings(workspace: &Workspace, environment: &Environment) -> CargoSettings {
    let files = cargo_configs(&workspace.root, environment);
    let texts = files.iter().filter_map(|file| std::fs::read_to_string(file).ok());
    let variables = environment.iter();
    CargoSettings::read(
        workspace.target_dir.clone(),
        workspace.build_dir.clone(),
        &texts.map(ConfigText).collect::<Vec<_>>(),
        variables.filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?))),
    )
}

/// The configuration files that cargo may read for a workspace, the nearest first.
pub(super) fn cargo_configs(root: &Path, environment: &Environment) -> Vec<PathBuf> {
    let home = environment.get("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(environment.get("HOME")?).join(".cargo")));
    let above = root.ancestors().map(|dir| dir.join(".cargo"));
    let dirs = above.chain(home);
    dirs.flat_map(|dir| [dir.join("config.toml"), dir.join("config")])
        .collect()
}

fn configured(config: &Path, root: &Path) -> Vec<PathBuf> {
    let Some(table) = std::fs::read_to_string(config)
        .ok()
        .and_then(|text| text.parse::<Table>().ok())
    else {
        return Vec::new();
    };
    // A relative path is relative to the directory that `.cargo` lies in.
    let base = config.parent().and_then(Path::parent).unwrap_or(root);
    let build = table.get("build").and_then(toml::Value::as_table);
    let dirs = ["target-dir", "build-dir"]
        .into_iter()
        .filter_map(|key| build?.get(key)?.as_str());
    let root = root.to_string_lossy();
    dirs.map(|dir| base.join(dir.replace("{workspace-root}", &root)))
        .collect()
}

/// The directory in which we keep what we remember about a repository: that of the user, or what `CARGO_HOOKS_DIR` names.
/// The worktrees of a repository share it; each workspace in a repository has its own.
pub(super) fn state_dir(top: &Path, root: &Path, environment: &Environment) -> Option<PathBuf> {
    let var = |name: &str| {
        environment
            .get(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let caches = || var("XDG_CACHE_HOME").filter(|dir| dir.is_absolute());
    let home = || {
        var("HOME")
            .filter(|dir| dir.is_absolute())
            .map(|home| home.join(".cache"))
    };
    let ours = var("CARGO_HOOKS_DIR").or_else(|| Some(caches().or_else(home)?.join("cargo-hooks")));
    let repository = common_dir(top);
    let name = repository
        .parent()
        .and_then(Path::file_name)
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let readable: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(40)
        .collect();
    let workspace = root.strip_prefix(top).unwrap_or(root);
    let both = repository.join("\0").join(workspace);
    Some(ours?.join(format!(
        "{readable}-{:016x}",
        fnv1a(both.as_os_str().as_encoded_bytes().iter().copied())
    )))
}

/// The same, of the repository that the root of a workspace lies in: git is not asked. Without a repository, the workspace
/// stands for itself.
pub(crate) fn own_state_dir(root: &Path, environment: &Environment) -> Option<PathBuf> {
    let is_top = |dir: &&Path| dir.join(".git").symlink_metadata().is_ok();
    state_dir(root.ancestors().find(is_top).unwrap_or(root), root, environment)
}

/// The directory of git that all worktrees of a repository share; the top itself where there is no repository.
fn common_dir(top: &Path) -> PathBuf {
    let git = top.join(".git");
    let text = |path: &Path| std::fs::read_to_string(path).ok();
    let linked = text(&git).and_then(|text| Some(top.join(text.trim().strip_prefix("gitdir:")?.trim())));
    let dir = linked.unwrap_or(git);
    let common = text(&dir.join("commondir")).map(|common| dir.join(common.trim()));
    let dir = common.unwrap_or(dir);
    dir.canonicalize().unwrap_or_else(|_| top.join(".git"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables
            .iter()
            .fold(Environment::default(), |all, (name, value)| all.with(name, *value))
    }

    #[test]
    fn target_directories_come_from_variables_and_configuration_files() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        let write = |path: &str, text: &str| {
            fs::create_dir_all(top.join(path).parent().unwrap()).unwrap();
            fs::write(top.join(path), text).unwrap();
        };
        let check = |variables: &[(&str, &str)], expected: &[&str]| {
            let variables: Vec<_> = variables.iter().copied().chain([("CARGO_HOME", "/nowhere")]).collect();
            let found = target_dirs(&top.join("ws"), &environment(&variables));
            let expected: Vec<_> = expected.iter().map(|dir| top.join(dir)).collect();
            assert_eq!(found, expected, "{variables:?}");
        };
        check(&[], &["ws/target"]);
        check(
            &[("CARGO_TARGET_DIR", "x"), ("CARGO_BUILD_BUILD_DIR", "/b")],
            &["/b", "ws/target", "ws/x"],
        );
        write(
            ".cargo/config.toml",
            "[build]\ntarget-dir = 'out'\nbuild-dir = '{workspace-root}/deep'\n",
        );
        write("ws/.cargo/config", "[build\n");
        check(&[], &["out", "ws/deep", "ws/target"]);
    }

    #[test]
    fn worktrees_share_a_directory_and_repositories_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        fs::create_dir_all(top.join("main/.git/worktrees/w")).unwrap();
        fs::create_dir_all(top.join("w")).unwrap();
        fs::create_dir_all(top.join("other/main/.git")).unwrap();
        fs::write(
            top.join("w/.git"),
            format!("gitdir: {}/main/.git/worktrees/w\n", top.display()),
        )
        .unwrap();
        fs::write(top.join("main/.git/worktrees/w/commondir"), "../..\n").unwrap();
        let ours = environment(&[("CARGO_HOOKS_DIR", "/state"), ("HOME", "/home/me")]);
        let at_top = |top: &Path| state_dir(top, top, &ours).unwrap();
        let main = at_top(&top.join("main"));
        assert!(main.starts_with("/state") && main.to_str().unwrap().contains("/main-"));
        assert_eq!(at_top(&top.join("w")), main);
        assert_ne!(at_top(&top.join("other/main")), main);
        assert_ne!(state_dir(&top.join("main"), &top.join("main/ws"), &ours).unwrap(), main);
        let at = |variables: &[(&str, &str)]| {
            state_dir(&top, &top, &environment(variables)).map(|dir| dir.parent().unwrap().to_owned())
        };
        assert_eq!(at(&[("HOME", "/home/me")]), Some("/home/me/.cache/cargo-hooks".into()));
        assert_eq!(
            at(&[("HOME", "/home/me"), ("XDG_CACHE_HOME", "/c")]),
            Some("/c/cargo-hooks".into())
        );
        assert_eq!(at(&[("XDG_CACHE_HOME", "relative")]), None);
    }
}
