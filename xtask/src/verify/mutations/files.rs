//! Changes to sources, and to files beside them.

use std::path::{Path, PathBuf};

use cargo_hooks::workspace::TargetKind;

use super::{Mutated, Mutation, Site, mutation};

pub(super) const ALL: &[Mutation] = &[
    mutation("a library's root", |site| {
        root_of(site, &[TargetKind::Lib, TargetKind::ProcMacro])
    }),
    mutation("another library's root", |site| {
        root_of(site, &[TargetKind::Lib, TargetKind::ProcMacro])
    }),
    mutation("a program's root", |site| root_of(site, &[TargetKind::Bin])),
    mutation("a test's root", |site| root_of(site, &[TargetKind::Test])),
    mutation("an example's root", |site| root_of(site, &[TargetKind::Example])),
    mutation("a benchmark's root", |site| root_of(site, &[TargetKind::Bench])),
    mutation("a build script", |site| root_of(site, &[TargetKind::BuildScript])),
    mutation("a module", module),
    mutation("a module of a test", module_of_test),
    mutation("a file that a source includes", included),
    mutation("a file that a build script watches", watched),
    mutation("a new module", new_module),
    mutation("a new source that nothing names", |site| {
        new_file(site, "src/unnamed_{}.rs", "")
    }),
    mutation("a new test", |site| {
        new_file(site, "tests/new_{}.rs", "#[test]\nfn passes() {}\n")
    }),
    mutation("a new example", |site| {
        new_file(site, "examples/new_{}.rs", "fn main() {}\n")
    }),
    mutation("a new benchmark", |site| {
        new_file(site, "benches/new_{}.rs", "fn main() {}\n")
    }),
    mutation("a new program", |site| {
        new_file(site, "src/bin/new_{}.rs", "fn main() {}\n")
    }),
    mutation("a new build script", new_build_script),
    mutation("a new file of data", |site| new_file(site, "data_{}.bin", "data\n")),
    mutation("a test goes", test_goes),
    mutation("a test gets another name", test_renamed),
    mutation("a module becomes a directory", module_moves),
    mutation("a source that nothing names goes", |site| unread_goes(site, true)),
    mutation("a file that nobody reads goes", |site| unread_goes(site, false)),
    mutation("a file that nobody reads gets another name", unread_renamed),
    mutation("data of tests", test_data),
    mutation("the readme of a crate", readme_of_crate),
    mutation("a text at the root", text_at_root),
    mutation("a hidden file", hidden),
];

/// The compiler builds again whatever is newer, be it only a comment.
const REMARK: &str = "\n// A remark.\n";

fn root_of(site: &mut Site<'_>, kinds: &[TargetKind]) -> Mutated {
    let Some((_, target)) = site.target(kinds) else {
        return Ok(None);
    };
    site.append(&target.source, REMARK)
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

/// Whether one of the directories that a file lies in has this name.
fn is_in(path: &Path, dir: &str) -> bool {
    let dirs = path.parent().into_iter().flat_map(Path::components);
    dirs.into_iter().any(|component| component.as_os_str() == dir)
}

/// A file that the compiler reads, among those that fit.
fn read(site: &mut Site<'_>, fits: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let records = &site.facts.records;
    let found: Vec<PathBuf> = records.read.iter().filter(|path| fits(path)).cloned().collect();
    let found: Vec<PathBuf> = found.into_iter().filter(|path| !site.is_target(path)).collect();
    site.random.pick(&found)
}

fn remark_in(site: &mut Site<'_>, file: Option<PathBuf>) -> Mutated {
    file.map_or(Ok(None), |file| site.append(&file, REMARK))
}

fn module(site: &mut Site<'_>) -> Mutated {
    let file = read(site, |path| is_rust(path) && !is_in(path, "tests"));
    remark_in(site, file)
}

fn module_of_test(site: &mut Site<'_>) -> Mutated {
    let file = read(site, |path| is_rust(path) && is_in(path, "tests"));
    remark_in(site, file)
}

fn included(site: &mut Site<'_>) -> Mutated {
    let file = read(site, |path| !is_rust(path));
    file.map_or(Ok(None), |file| site.append(&file, "\n"))
}

fn watched(site: &mut Site<'_>) -> Mutated {
    let records = &site.facts.records;
    let files: Vec<PathBuf> = records.watched.iter().filter(|path| path.is_file()).cloned().collect();
    let file = site.random.pick(&files);
    file.map_or(Ok(None), |file| site.append(&file, "\n"))
}

fn new_module(site: &mut Site<'_>) -> Mutated {
    let Some((_, target)) = site.target(&[TargetKind::Lib]) else {
        return Ok(None);
    };
    let name = format!("new_{}", site.number);
    let dir = target.source.parent().unwrap_or(&target.source);
    site.create(&dir.join(format!("{name}.rs")), "//! A new module.\n")?;
    site.append(&target.source, &format!("\nmod {name};\n"))
}

/// A new file in a crate, named after the number of the change.
fn new_file(site: &mut Site<'_>, name: &str, text: &str) -> Mutated {
    let Some(member) = site.member(|_| true) else {
        return Ok(None);
    };
    let name = name.replace("{}", &site.number.to_string());
    site.create(&member.dir.join(name), text)
}

fn new_build_script(site: &mut Site<'_>) -> Mutated {
    let builds = |kind| kind == TargetKind::BuildScript;
    let member = site.member(|member| !member.targets.iter().any(|target| builds(target.kind)));
    let Some(member) = member else { return Ok(None) };
    site.create(&member.dir.join("build.rs"), "fn main() {}\n")
}

/// A test that cargo finds by itself.
fn found_test(site: &mut Site<'_>) -> Option<PathBuf> {
    let manifest = |dir: &Path| std::fs::read_to_string(dir.join("Cargo.toml")).unwrap_or_default();
    let (member, target) = site.target(&[TargetKind::Test])?;
    let found =
        target.source.parent() == Some(&member.dir.join("tests")) && !manifest(&member.dir).contains("[[test]]");
    found.then_some(target.source)
}

fn test_goes(site: &mut Site<'_>) -> Mutated {
    let Some(file) = found_test(site) else { return Ok(None) };
    std::fs::remove_file(&file)?;
    Ok(Some(site.shown(&file)))
}

fn test_renamed(site: &mut Site<'_>) -> Mutated {
    let Some(file) = found_test(site) else { return Ok(None) };
    site.rename(&file, &file.with_file_name(format!("renamed_{}.rs", site.number)))
}

fn module_moves(site: &mut Site<'_>) -> Mutated {
    let moves = |path: &Path| is_rust(path) && is_in(path, "src") && !path.ends_with("mod.rs");
    let Some(file) = read(site, moves) else { return Ok(None) };
    site.rename(&file, &file.with_extension("").join("mod.rs"))
}

/// A file in a member that neither the compiler nor a build script is known to look at.
fn unread(site: &mut Site<'_>, rust: bool) -> Option<PathBuf> {
    let facts = site.facts;
    let is_root = |path: &Path| path.parent() == Some(facts.workspace.root.as_path());
    let fits = |path: &Path| is_rust(path) == rust && facts.workspace.owner(path).is_some() && !is_root(path);
    let tracked: Vec<PathBuf> = facts.tracked.iter().filter(|path| fits(path)).cloned().collect();
    let unread = |path: &PathBuf| !site.is_read(path) && !path.ends_with("Cargo.toml");
    let found: Vec<PathBuf> = tracked.into_iter().filter(unread).collect();
    site.random.pick(&found)
}

fn unread_goes(site: &mut Site<'_>, rust: bool) -> Mutated {
    let Some(file) = unread(site, rust) else {
        return Ok(None);
    };
    std::fs::remove_file(&file)?;
    Ok(Some(site.shown(&file)))
}

fn unread_renamed(site: &mut Site<'_>) -> Mutated {
    let Some(file) = unread(site, false) else {
        return Ok(None);
    };
    site.rename(&file, &file.with_extension("renamed"))
}

fn test_data(site: &mut Site<'_>) -> Mutated {
    let file = site.tracked(|path| !is_rust(path) && is_in(path, "tests"));
    file.map_or(Ok(None), |file| site.append(&file, "\n"))
}

fn readme_of_crate(site: &mut Site<'_>) -> Mutated {
    let member = site.member(|member| member.dir.join("README.md").is_file());
    let Some(member) = member else { return Ok(None) };
    site.append(&member.dir.join("README.md"), "\nA remark.\n")
}

fn text_at_root(site: &mut Site<'_>) -> Mutated {
    let root = site.root().to_owned();
    let is_text = |path: &Path| path.extension().is_some_and(|extension| extension == "md");
    let file = site.tracked(|path| path.parent() == Some(&root) && is_text(path));
    file.map_or(Ok(None), |file| site.append(&file, "\nA remark.\n"))
}

fn hidden(site: &mut Site<'_>) -> Mutated {
    let root = site.root().to_owned();
    let is_hidden = |path: &Path| {
        let below = path.strip_prefix(&root).unwrap_or(path);
        below.to_string_lossy().starts_with('.') && !below.starts_with(".cargo")
    };
    let file = site.tracked(is_hidden);
    file.map_or(Ok(None), |file| site.append(&file, "\n"))
}
