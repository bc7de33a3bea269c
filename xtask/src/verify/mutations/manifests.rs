//! Changes to the manifests of members, and to which members there are.

use std::fs;
use std::path::Path;

use cargo_hooks::workspace::{Crate, TargetKind};
use serde_json::Value as Json;
use toml_edit::{DocumentMut, InlineTable, Item, TableLike, Value, value};

use super::{Mutated, Mutation, Site, add_word, mutation, table_at};

pub(super) const ALL: &[Mutation] = &[
    mutation("a remark in a manifest", remark),
    mutation("the keys of a package in another order", order),
    mutation("a new feature", |site| {
        let name = format!("new_{}", site.number);
        set(site, &["features"], &name, Item::Value(toml_edit::Array::new().into()))
    }),
    mutation("a new feature by default", new_default),
    mutation("the version of a package", version),
    mutation("the description of a package", |site| {
        set(site, &["package"], "description", value("Something else"))
    }),
    mutation("the authors of a package", |site| {
        set(
            site,
            &["package"],
            "authors",
            value(toml_edit::Array::from_iter(["Somebody"])),
        )
    }),
    mutation("the homepage of a package", |site| {
        set(site, &["package"], "homepage", value("https://example.org"))
    }),
    mutation("the keywords of a package", |site| {
        set(
            site,
            &["package"],
            "keywords",
            value(toml_edit::Array::from_iter(["word"])),
        )
    }),
    mutation("the minimal Rust of a package", |site| {
        set(site, &["package"], "rust-version", value("1.85.1"))
    }),
    mutation("tests are not found any more", |site| {
        set(site, &["package"], "autotests", value(false))
    }),
    mutation("metadata for other tools", |site| {
        set(site, &["package", "metadata", "other-tool"], "key", value("value"))
    }),
    mutation("the lints of a package", |site| {
        set(site, &["lints", "rust"], "unused_mut", value("allow"))
    }),
    mutation("a library without documentation tests", |site| {
        set_in_library(site, "doctest", value(false))
    }),
    mutation("a library without tests", |site| {
        set_in_library(site, "test", value(false))
    }),
    mutation("a dependency becomes one for tests", |site| {
        moved(site, "dependencies", "dev-dependencies")
    }),
    mutation("a dependency for tests becomes one for all", |site| {
        moved(site, "dev-dependencies", "dependencies")
    }),
    mutation("a dependency becomes optional", optional),
    mutation("a dependency for tests goes", dev_dependency_goes),
    mutation("a new dependency on a member", |site| {
        new_dependency(site, "dependencies")
    }),
    mutation("a new dependency on a member for tests", |site| {
        new_dependency(site, "dev-dependencies")
    }),
    mutation("a member asks for a feature of another", |site| {
        feature(site, |dependency| dependency["path"].is_string())
    }),
    mutation("a member asks for a feature of a package from elsewhere", |site| {
        feature(site, |dependency| !dependency["path"].is_string())
    }),
    mutation("a package gets another name", renamed),
    mutation("a member goes", member_goes),
    mutation("a new member", new_member),
];

fn remark(site: &mut Site<'_>) -> Mutated {
    let Some(member) = site.member(|_| true) else {
        return Ok(None);
    };
    site.append(&member.manifest, "\n# A remark.\n")
}

/// Edits the manifest of some member.
fn edit(site: &mut Site<'_>, edit: impl FnOnce(&mut DocumentMut) -> Option<String>) -> Mutated {
    let Some(member) = site.member(|_| true) else {
        return Ok(None);
    };
    site.edit(&member.manifest, edit)
}

fn order(site: &mut Site<'_>) -> Mutated {
    edit(site, |document| {
        document.get_mut("package")?.as_table_mut()?.sort_values();
        Some("sorted".to_owned())
    })
}

/// Sets a key of some member's manifest.
fn set(site: &mut Site<'_>, path: &[&str], key: &str, item: Item) -> Mutated {
    edit(site, |document| set_key(document, path, key, item))
}

/// Sets a key. Lints that are inherited cannot have keys of their own beside.
fn set_key(document: &mut DocumentMut, path: &[&str], key: &str, item: Item) -> Option<String> {
    if path[0] == "lints"
        && document
            .get("lints")
            .is_some_and(|lints| lints.get("workspace").is_some())
    {
        document.remove("lints");
    }
    let what = format!("{} {key} = {}", path.join("."), item.to_string().trim());
    table_at(document, path)?.insert(key, item);
    Some(what)
}

fn set_in_library(site: &mut Site<'_>, key: &str, item: Item) -> Mutated {
    let Some((member, _)) = site.target(&[TargetKind::Lib]) else {
        return Ok(None);
    };
    site.edit(&member.manifest, |document| set_key(document, &["lib"], key, item))
}

fn new_default(site: &mut Site<'_>) -> Mutated {
    let name = format!("new_{}", site.number);
    edit(site, |document| {
        let features = table_at(document, &["features"])?;
        features.insert(&name, Item::Value(toml_edit::Array::new().into()));
        add_word(features, "default", &name)?;
        Some(format!("default = [\"{name}\"]"))
    })
}

fn version(site: &mut Site<'_>) -> Mutated {
    let Some(member) = site.member(|member| !member.version.contains('-')) else {
        return Ok(None);
    };
    // One that what is asked for still allows.
    let (start, patch) = member.version.rsplit_once('.').unwrap_or(("0.0", "0"));
    let next = format!("{start}.{}", patch.parse::<u64>()? + 1);
    site.edit(&member.manifest, |document| {
        set_key(document, &["package"], "version", value(next))
    })
}

/// The keys of a table of dependencies.
fn keys(document: &DocumentMut, table: &str) -> Vec<String> {
    let table = document.get(table).and_then(Item::as_table_like);
    let keys = table.into_iter().flat_map(|table| table.iter());
    keys.map(|(key, _)| key.to_owned()).collect()
}

/// Some member with something in a table of dependencies, and one key of that.
fn dependency(site: &mut Site<'_>, table: &str) -> Option<(Crate, String)> {
    let document = |member: &Crate| fs::read_to_string(&member.manifest).ok()?.parse::<DocumentMut>().ok();
    let keys = |member: &Crate| {
        document(member)
            .map(|document| keys(&document, table))
            .unwrap_or_default()
    };
    let member = site.member(|member| !keys(member).is_empty())?;
    let key = site.random.pick(&keys(&member))?;
    Some((member, key))
}

fn moved(site: &mut Site<'_>, from: &str, to: &str) -> Mutated {
    let Some((member, key)) = dependency(site, from) else {
        return Ok(None);
    };
    site.edit(&member.manifest, |document| {
        let mut item = table_at(document, &[from])?.remove(&key)?;
        if let Some(table) = item.as_table_like_mut() {
            table.remove("optional");
        }
        table_at(document, &[to])?.insert(&key, item);
        Some(format!("{key} from {from} to {to}"))
    })
}

fn optional(site: &mut Site<'_>) -> Mutated {
    let Some((member, key)) = dependency(site, "dependencies") else {
        return Ok(None);
    };
    site.edit(&member.manifest, |document| {
        let item = table_at(document, &["dependencies"])?.get_mut(&key)?;
        let before = as_inline(item)?.insert("optional", value(true));
        let was = before.is_some_and(|before| before.as_bool() == Some(true));
        (!was).then(|| format!("{key} optional"))
    })
}

/// A dependency as a table, where it may be a version only.
pub(super) fn as_inline(item: &mut Item) -> Option<&mut dyn TableLike> {
    if let Some(version) = item.as_str() {
        let mut table = InlineTable::new();
        table.insert("version", version.into());
        *item = Item::Value(Value::InlineTable(table));
    }
    item.as_table_like_mut()
}

fn dev_dependency_goes(site: &mut Site<'_>) -> Mutated {
    let Some((member, key)) = dependency(site, "dev-dependencies") else {
        return Ok(None);
    };
    site.edit(&member.manifest, |document| {
        table_at(document, &["dev-dependencies"])?.remove(&key)?;
        Some(format!("without {key}"))
    })
}

fn new_dependency(site: &mut Site<'_>, table: &str) -> Mutated {
    let workspace = &site.facts.workspace;
    let Some(to) = site.member(|member| member.targets.iter().any(|target| target.kind == TargetKind::Lib)) else {
        return Ok(None);
    };
    // What the other one reaches may not come to depend on it.
    let mut below = vec![to.id];
    let mut at = 0;
    while at < below.len() {
        for (dependency, _) in workspace.dependencies(below[at]) {
            if !below.contains(&dependency) {
                below.push(dependency);
            }
        }
        at += 1;
    }
    let known = |from: &Crate| {
        workspace
            .dependencies(from.id)
            .any(|(dependency, _)| dependency == to.id)
    };
    let Some(from) = site.member(|from| !below.contains(&from.id) && !known(from)) else {
        return Ok(None);
    };
    site.edit(&from.manifest, |document| {
        let mut dependency = InlineTable::new();
        dependency.insert("path", to.dir.to_string_lossy().into_owned().into());
        table_at(document, &[table])?.insert(to.name.as_str(), value(dependency));
        Some(format!("{table} on {}", to.name))
    })
}

/// Asks for one feature more of a dependency.
pub(super) fn add_feature(dependency: &mut Item, feature: &str) -> Option<()> {
    add_word(as_inline(dependency)?, "features", feature)
}

/// A feature of a package that turns nothing else on, so that no other package is needed for it.
pub(super) fn lone_feature(site: &mut Site<'_>, package: &str) -> Option<String> {
    let packages = &site.facts.packages;
    let package = packages.iter().find(|known| known["name"] == package)?;
    let features = package["features"].as_object()?;
    let lone = features.iter().filter(|(name, turns_on)| {
        turns_on.as_array().is_some_and(Vec::is_empty) && *name != "default" && !name.contains("nightly")
    });
    let lone: Vec<String> = lone.map(|(name, _)| name.clone()).collect();
    site.random.pick(&lone)
}

fn feature(site: &mut Site<'_>, fits: impl Fn(&Json) -> bool) -> Mutated {
    let facts = site.facts;
    let mut found: Vec<(&Crate, &str, &str)> = Vec::new();
    for member in facts.workspace.crates() {
        let package = facts
            .packages
            .iter()
            .find(|package| package["name"] == member.name.as_str());
        let dependencies = package.and_then(|package| package["dependencies"].as_array());
        for dependency in dependencies.into_iter().flatten().filter(|dependency| fits(dependency)) {
            let plain = dependency["target"].is_null() && dependency["kind"].is_null();
            if let (Some(name), true) = (dependency["name"].as_str(), plain) {
                found.push((member, dependency["rename"].as_str().unwrap_or(name), name));
            }
        }
    }
    site.random.shuffle(&mut found);
    for (member, key, package) in found {
        let Some(feature) = lone_feature(site, package) else {
            continue;
        };
        let done = site.edit(&member.manifest, |document| {
            let item = table_at(document, &["dependencies"])?.get_mut(key)?;
            add_feature(item, &feature)?;
            Some(format!("{key} with {feature}"))
        })?;
        if done.is_some() {
            return Ok(done);
        }
    }
    Ok(None)
}

/// A member that no other one depends on.
fn lone_member(site: &mut Site<'_>) -> Option<Crate> {
    let workspace = &site.facts.workspace;
    site.member(|member| workspace.dependents(member.id).next().is_none() && member.dir != workspace.root)
}

fn renamed(site: &mut Site<'_>) -> Mutated {
    let Some(member) = lone_member(site) else {
        return Ok(None);
    };
    let name = format!("{}-renamed", member.name);
    site.edit(&member.manifest, |document| {
        set_key(document, &["package"], "name", value(name))
    })
}

fn member_goes(site: &mut Site<'_>) -> Mutated {
    let Some(member) = lone_member(site) else {
        return Ok(None);
    };
    let below = member.dir.strip_prefix(site.root()).unwrap_or(&member.dir).to_owned();
    fs::remove_dir_all(&member.dir)?;
    site.edit(&site.root_manifest(), |document| {
        for key in ["members", "default-members"] {
            let workspace = document.get_mut("workspace")?;
            if let Some(list) = workspace.get_mut(key).and_then(Item::as_array_mut) {
                list.retain(|path| path.as_str().is_none_or(|path| Path::new(path) != below));
            }
        }
        Some(format!("without {}", member.name))
    })
}

fn new_member(site: &mut Site<'_>) -> Mutated {
    let name = format!("new-member-{}", site.number);
    let dir = site.root().join(&name);
    let manifest = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    site.create(&dir.join("Cargo.toml"), &manifest)?;
    site.create(&dir.join("src/lib.rs"), "//! A new member.\n")?;
    site.edit(&site.root_manifest(), |document| {
        add_word(table_at(document, &["workspace"])?, "members", &name)?;
        Some(format!("with {name}"))
    })
}
