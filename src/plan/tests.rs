//! From a manifest, a workspace and a request to a plan.

mod cargo;
mod commands;
mod files;
mod identity;
mod order;
mod properties;
mod selection;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::{CargoSettings, Facts, Mode, Need, Plan, PlanError, Request, Role, Task, plan};
use crate::config::{Config, ConfigInput, Member, resolve};
use crate::diagnostic::SourceFile;
use crate::model::TaskId;
use crate::workspace::{Workspace, fixture};

/// Everything that leads to a plan.
#[derive(Debug)]
pub(in crate::plan) struct Setting {
    workspace: Workspace,
    pub(in crate::plan) config: Config,
    facts: Facts,
    request: Request,
}

/// The crates of [`fixture`], and the checks of their workspace.
pub(in crate::plan) fn setting(crates: &str, checks: &str) -> Setting {
    configured(fixture(crates), checks, &[])
}

/// As [`setting`], with the tables of checks of some packages.
fn configured(workspace: Workspace, checks: &str, packages: &[(&str, &str)]) -> Setting {
    let manifest = |owner: &str, text: &str| {
        Arc::new(SourceFile {
            path: "Cargo.toml".into(),
            text: format!("[{owner}.metadata.hooks.checks]\n{text}"),
        })
    };
    let own = |name: &str| packages.iter().find(|(owner, _)| *owner == name);
    let members = workspace.crates().iter().map(|krate| Member {
        name: krate.name.clone(),
        dir: krate.dir.strip_prefix(&workspace.root).unwrap_or(&krate.dir).to_owned(),
        manifest: own(krate.name.as_str()).map(|(_, text)| manifest("package", text)),
    });
    let input = ConfigInput {
        root: manifest("workspace", checks),
        members: members.collect(),
    };
    Setting {
        config: resolve(&input).unwrap_or_else(|mistakes| panic!("{mistakes}")),
        workspace,
        facts: Facts {
            passed: crate::plan::Passed::default(),
            tools: BTreeMap::new(),
            files: Vec::new(),
            affected: None,
            system: "linux".to_owned(),
            parallelism: 4,
            cargo: CargoSettings {
                target_dir: "/ws/target".into(),
                build_dir: "/ws/target".into(),
                ..CargoSettings::default()
            },
            argument_bytes: 100_000,
            history: Arc::default(),
        },
        request: Request::default(),
    }
    .with_tools("cargo sh true tool")
}

impl Setting {
    fn with_tools(mut self, names: &str) -> Self {
        let tools = names.split_whitespace();
        let found = tools.map(|tool| (tool.to_owned(), PathBuf::from(format!("/bin/{tool}"))));
        self.facts.tools.extend(found);
        self
    }

    fn with_files(mut self, files: &str) -> Self {
        self.facts.files = files.split_whitespace().map(PathBuf::from).collect();
        self
    }

    /// What would be typed: `CHECK…`, `-p CRATE`, `--exclude CRATE`, `--skip CHECK`.
    fn asked(mut self, words: &str) -> Self {
        let mut words = words.split_whitespace().map(str::to_owned);
        let mut request = Request {
            mode: self.request.mode,
            ..Request::default()
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "-p" => request.crates.include.extend(words.next()),
                "--exclude" => request.crates.exclude.extend(words.next()),
                "--skip" => request.skip.extend(words.next().map(Into::into)),
                _ => request.checks.push(word.into()),
            }
        }
        self.request = request;
        self
    }

    fn fixing(mut self) -> Self {
        self.request.mode = Mode::Fix;
        self
    }

    fn try_plan(&self) -> Result<Plan, PlanError> {
        plan(&self.config, &self.workspace, &self.request, &self.facts)
    }

    fn plan(&self) -> Plan {
        self.try_plan().unwrap_or_else(|error| panic!("{error}"))
    }
}

/// The tasks line by line, each by its label and with what it runs; then what is left out and what is missing.
fn tasks(setting: &Setting) -> String {
    let plan = setting.plan();
    let line = |task: &Task| format!("{}: {}\n", task.head.label(), command(task));
    let left_out = plan
        .left_out
        .iter()
        .map(|out| format!("no {}: {}\n", out.check, out.reason));
    let missing = plan.missing.iter().map(|missing| {
        let hint = missing
            .hint
            .as_ref()
            .map(|hint| format!(" ({hint})"))
            .unwrap_or_default();
        format!("missing: {} for {}{hint}\n", missing.tool, missing.check)
    });
    plan.tasks().map(line).chain(left_out).chain(missing).collect()
}

fn command(task: &Task) -> String {
    // The list of tests that one task hands on to the next has a name that says nothing.
    let named = |arg: &str| {
        if arg.starts_with("/ws/target/cargo-hooks/nextest-") {
            "LIST".to_owned()
        } else {
            arg.to_owned()
        }
    };
    let args = task
        .command
        .args
        .iter()
        .map(|arg| shell_words::quote(&named(arg.to_str().unwrap())).into_owned());
    let words: Vec<_> = std::iter::once(task.command.program.name.clone()).chain(args).collect();
    let dir = task.command.cwd.strip_prefix("/ws").unwrap();
    let dir = if dir.as_os_str().is_empty() {
        String::new()
    } else {
        format!(" in {}", dir.display())
    };
    words.join(" ") + &dir
}

/// What each task waits for: `label <- label, (label)`, where what is in brackets only has to have ended.
fn needs(setting: &Setting) -> String {
    let plan = setting.plan();
    let label = |id: TaskId| plan.task(id).head.label();
    let line = |task: &Task| {
        let needs = plan
            .needs_of(task.head.id)
            .into_iter()
            .map(|(needed, need)| match need {
                Need::Hard => label(needed),
                Need::Soft => format!("({})", label(needed)),
            });
        let needs: Vec<_> = needs.collect();
        let arrow = if needs.is_empty() { "" } else { " <- " };
        format!("{}{arrow}{}\n", task.head.label(), needs.join(", "))
    };
    plan.tasks().map(line).collect()
}

/// The tasks that judge.
fn judges(plan: &Plan) -> impl Iterator<Item = &Task> {
    plan.tasks().filter(|task| task.role == Role::Judge)
}
