//! Changes to what concerns many members: the root manifest, the lock file, the configuration of cargo.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, InlineTable, Item, value};

use super::manifests::{add_feature, as_inline, lone_feature};
use super::{Mutated, Mutation, Site, mutation, table_at};

pub(super) const ALL: &[Mutation] = &[
    mutation("a remark in the root manifest", |site| {
        site.append(&site.root_manifest(), "\n# A remark.\n")
    }),
    mutation("`[workspace.package]`", inherited_package),
    mutation("a feature in `[workspace.dependencies]`", inherited_dependency),
    mutation(
        "the version asked for in `[workspace.dependencies]`",
        inherited_requirement,
    ),
    mutation("a new entry in `[workspace.dependencies]`", |site| {
        set(site, &["workspace", "dependencies"], "new-entry", value("1"))
    }),
    mutation("`[workspace.lints]`", inherited_lints),
    mutation("`[workspace.metadata]`", |site| {
        set(site, &["workspace", "metadata", "other-tool"], "key", value("value"))
    }),
    mutation("`resolver`", resolver),
    mutation("`[profile.dev]`", |site| {
        set(site, &["profile", "dev"], "debug", value("line-tables-only"))
    }),
    mutation("`[profile.dev.package]` of a member", profile_of_member),
    mutation("`[profile.release]`", |site| {
        set(site, &["profile", "release"], "debug", value("full"))
    }),
    mutation("another version in Cargo.lock", |site| locked(site, false)),
    mutation("an older version in Cargo.lock", |site| locked(site, true)),
    mutation("a remark in Cargo.lock", |site| {
        site.append(&site.root().join("Cargo.lock"), "\n# A remark.\n")
    }),
    mutation("a package is patched", patched),
    mutation("flags for the compiler", |site| {
        let flags = toml_edit::Array::from_iter(["--cfg", "mutated"]);
        configured(site, &["build"], "rustflags", value(flags))
    }),
    mutation("a variable that is read", variable),
    mutation("an alias", |site| {
        configured(site, &["alias"], "mutated", value("check"))
    }),
    mutation("the configuration of clippy", |site| {
        site.append_or_create(&site.root().join("clippy.toml"), "\n# A remark.\n")
    }),
    mutation("the configuration of rustfmt", |site| {
        site.append_or_create(&site.root().join("rustfmt.toml"), "\n# A remark.\n")
    }),
    mutation("what git ignores", |site| {
        site.append_or_create(&site.root().join(".gitignore"), "\n/ignored\n")
    }),
];

fn set(site: &mut Site<'_>, path: &[&str], key: &str, item: Item) -> Mutated {
    site.edit(&site.root_manifest(), |document| {
        let what = format!("{} {key} = {}", path.join("."), item.to_string().trim());
        table_at(document, path)?.insert(key, item);
        Some(what)
    })
}

/// What `[workspace]` has under a key, if there is either.
fn of_workspace(site: &Site<'_>, key: &str) -> Option<Item> {
    let document: DocumentMut = fs::read_to_string(site.root_manifest()).ok()?.parse().ok()?;
    document.get("workspace")?.get(key).cloned()
}

/// The keys of a table in `[workspace]`.
fn keys(site: &Site<'_>, table: &str) -> Vec<String> {
    let item = of_workspace(site, table);
    let table = item.as_ref().and_then(Item::as_table_like);
    let keys = table.into_iter().flat_map(|table| table.iter());
    keys.map(|(key, _)| key.to_owned()).collect()
}

fn inherited_package(site: &mut Site<'_>) -> Mutated {
    let texts = [
        "version",
        "description",
        "homepage",
        "repository",
        "documentation",
        "license",
    ];
    let mut keys = keys(site, "package");
    keys.retain(|key| texts.contains(&key.as_str()));
    let Some(key) = site.random.pick(&keys) else {
        return Ok(None);
    };
    let other = match key.as_str() {
        "version" => "99.0.1",
        "homepage" | "repository" | "documentation" => "https://example.org",
        "license" => "Zlib",
        _ => "Something else",
    };
    set(site, &["workspace", "package"], &key, value(other))
}

fn inherited_dependency(site: &mut Site<'_>) -> Mutated {
    let mut keys = keys(site, "dependencies");
    site.random.shuffle(&mut keys);
    for key in keys {
        let Some(feature) = lone_feature(site, &key) else {
            continue;
        };
        return site.edit(&site.root_manifest(), |document| {
            let item = table_at(document, &["workspace", "dependencies"])?.get_mut(&key)?;
            add_feature(item, &feature)?;
            Some(format!("{key} with {feature}"))
        });
    }
    Ok(None)
}

/// Asks for what is locked already, in other words.
fn inherited_requirement(site: &mut Site<'_>) -> Mutated {
    let keys = keys(site, "dependencies");
    let Some(key) = site.random.pick(&keys) else {
        return Ok(None);
    };
    site.edit(&site.root_manifest(), |document| {
        let item = table_at(document, &["workspace", "dependencies"])?.get_mut(&key)?;
        let entry = as_inline(item)?;
        let version = entry.get("version")?.as_str()?.to_owned();
        let plain = version.starts_with(|first: char| first.is_ascii_digit());
        let other = plain.then(|| format!("^{version}"))?;
        entry.insert("version", value(other.clone()));
        Some(format!("{key} {other}"))
    })
}

fn inherited_lints(site: &mut Site<'_>) -> Mutated {
    if of_workspace(site, "lints").is_none() {
        return Ok(None);
    }
    set(site, &["workspace", "lints", "rust"], "unused_mut", value("allow"))
}

fn resolver(site: &mut Site<'_>) -> Mutated {
    let now = of_workspace(site, "resolver");
    let is_second = now.as_ref().and_then(Item::as_str) == Some("2");
    set(
        site,
        &["workspace"],
        "resolver",
        value(if is_second { "3" } else { "2" }),
    )
}

fn profile_of_member(site: &mut Site<'_>) -> Mutated {
    let Some(member) = site.member(|_| true) else {
        return Ok(None);
    };
    let path = ["profile", "dev", "package", member.name.as_str()];
    set(site, &path, "opt-level", value(1))
}

/// The versions of a package that lie on this machine, but for the one that is locked.
fn versions_at_hand(site: &Site<'_>, name: &str, locked: &str) -> Vec<String> {
    let sources = sources(site);
    let entries = sources.iter().flat_map(fs::read_dir).flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let versions = names.filter_map(|dir| Some(dir.strip_prefix(name)?.strip_prefix('-')?.to_owned()));
    let is_version = |version: &String| version.starts_with(|first: char| first.is_ascii_digit()) && version != locked;
    let mut versions: Vec<String> = versions.filter(is_version).collect();
    versions.sort_unstable();
    versions
}

/// Where cargo unpacks what it has fetched.
fn sources(site: &Site<'_>) -> Vec<PathBuf> {
    let environment = &site.scratch.programs().environment;
    let home = environment.get("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(environment.get("HOME")?).join(".cargo")));
    let sources = home
        .into_iter()
        .flat_map(|home| fs::read_dir(home.join("registry/src")));
    sources.flatten().flatten().map(|entry| entry.path()).collect()
}

/// The packages from elsewhere, by name and version, in some order.
fn packages_from_elsewhere(site: &mut Site<'_>) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let packages = site
        .facts
        .packages
        .iter()
        .filter(|package| package["source"].is_string());
    let mut found: Vec<_> = packages
        .map(|package| (text(&package["name"]), text(&package["version"])))
        .collect();
    site.random.shuffle(&mut found);
    found
}

/// Locks another version of some package, as far as this machine has one.
fn locked(site: &mut Site<'_>, older: bool) -> Mutated {
    let lock = site.root().join("Cargo.lock");
    let before = fs::read(&lock)?;
    for (name, version) in packages_from_elsewhere(site) {
        for other in versions_at_hand(site, &name, &version) {
            if older != (numbers(&other) < numbers(&version)) {
                continue;
            }
            let spec = format!("{name}@{version}");
            let arguments = ["update", "--package", &spec, "--precise", &other];
            let done = site.scratch.programs().run("cargo", &arguments)?;
            if done.status.success() && fs::read(&lock)? != before {
                return Ok(Some(format!("{name} {version} to {other}")));
            }
        }
    }
    Ok(None)
}

fn numbers(version: &str) -> Vec<u64> {
    let numbers = version.split(|c: char| !c.is_ascii_digit());
    numbers.map_while(|number| number.parse().ok()).collect()
}

/// Takes a package from a copy in the repository.
fn patched(site: &mut Site<'_>) -> Mutated {
    for (name, version) in packages_from_elsewhere(site) {
        let unpacked = sources(site)
            .into_iter()
            .map(|source| source.join(format!("{name}-{version}")));
        let Some(from) = unpacked.into_iter().find(|dir| dir.is_dir()) else {
            continue;
        };
        let to = site.root().join("patched").join(&name);
        copy(&from, &to)?;
        let mut patch = InlineTable::new();
        patch.insert("path", format!("patched/{name}").into());
        return set(site, &["patch", "crates-io"], &name, value(patch));
    }
    Ok(None)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else if entry.file_name() != OsStr::new(".cargo-ok") {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Sets a key of the configuration of cargo.
fn configured(site: &mut Site<'_>, path: &[&str], key: &str, item: Item) -> Mutated {
    let what = format!("{} {key} = {}", path.join("."), item.to_string().trim());
    site.edit(&site.root().join(".cargo/config.toml"), |document| {
        table_at(document, path)?.insert(key, item);
        Some(what)
    })
}

fn variable(site: &mut Site<'_>) -> Mutated {
    let of_cargo = |name: &str| name.starts_with("CARGO") || name == "OUT_DIR";
    let read = site.facts.records.variables.iter().filter(|name| !of_cargo(name));
    let read: Vec<String> = read.cloned().collect();
    let Some(name) = site.random.pick(&read) else {
        return Ok(None);
    };
    configured(site, &["env"], &name, value("mutated"))
}
