//! `cargo hooks uninstall`.

use std::fmt::Write;
use std::process::ExitCode;

use super::args::{GlobalArgs, UninstallArgs};
use super::git::git;
use super::{CliError, Ended, output, request};
use crate::config::Stage;
use crate::git_hooks::{Place, Removed, uninstall as remove};
use crate::tool_output::{Colour, sanitize};

/// Neither a workspace nor a sound configuration is needed for that.
pub(super) fn uninstall(args: &UninstallArgs, global: &GlobalArgs) -> Ended {
    let options = request::load_options(global)?;
    let place = Place::find(&git(&options)?, &options.current_dir)?;
    let hooks: Vec<_> = Stage::hooks()
        .filter(|stage| args.stages.is_empty() || args.stages.contains(stage))
        .collect();
    let removed = remove(&place, &hooks)
        .map_err(|(hook, error)| CliError::environment(format!("`{}`: {error}", hook.display())))?;
    let mut text = String::new();
    for (hook, removed) in &removed {
        let hook = hook.display();
        let _ = match removed {
            Removed::Gone => writeln!(text, "removed {hook}"),
            Removed::Restored => writeln!(text, "restored {hook} as it was before"),
            Removed::Left { kept } => writeln!(
                text,
                "left {hook}, which is none of ours, and {}, which was there before",
                kept.display()
            ),
        };
    }
    if removed.is_empty() {
        text.push_str("there is no hook of cargo-hooks\n");
    }
    output::stdout(&sanitize(text.as_bytes(), Colour::Strip))?;
    Ok(ExitCode::SUCCESS)
}
