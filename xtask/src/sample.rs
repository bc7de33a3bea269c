//! Writes a repository to measure in: many files, and checks that cost nothing, for us and for other runners of hooks.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

/// `cargo xtask sample DIR CHECKS [CRATES FILES]`: so many crates (50) that form chains of ten, with so many files in each
/// (100), so many checks, each of them `true`, and one staged file.
pub(crate) fn sample(arguments: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    let (dir, checks, crates, files) = match arguments {
        [dir, checks] => (dir, checks, 50, 100),
        [dir, checks, crates, files] => (dir, checks, crates.parse()?, files.parse()?),
        _ => return Err("usage: cargo xtask sample DIR CHECKS [CRATES FILES]".into()),
    };
    let (dir, checks) = (Path::new(dir), checks.parse()?);
    fs::create_dir(dir)?;
    for number in 0..crates {
        write_crate(&dir.join(format!("crates/c{number:02}")), number, files)?;
    }
    fs::write(dir.join("Cargo.toml"), manifest(checks))?;
    fs::write(dir.join("lefthook.yml"), lefthook(checks))?;
    fs::write(dir.join(".pre-commit-config.yaml"), prek(checks))?;
    fs::write(dir.join("hk.pkl"), hk(checks))?;
    fs::write(dir.join(".gitignore"), "/target\n")?;
    run(dir, "cargo", &["generate-lockfile", "--offline", "--quiet"])?;
    run(dir, "git", &["init", "--quiet"])?;
    run(dir, "git", &["add", "--all"])?;
    let identity = ["-c", "user.name=sample", "-c", "user.email=sample@example.invalid"];
    run(
        dir,
        "git",
        &[&identity[..], &["commit", "--quiet", "--message", "All of it"]].concat(),
    )?;
    let changed = dir.join(format!("crates/c{:02}/src/lib.rs", crates / 2));
    fs::write(&changed, format!("{}// Changed.\n", fs::read_to_string(&changed)?))?;
    run(dir, "git", &["add", "--all"])?;
    Ok(ExitCode::SUCCESS)
}

fn write_crate(dir: &Path, number: usize, files: usize) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(dir.join("src"))?;
    let mut manifest = format!(
        "[package]\nname = \"c{number:02}\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n[dependencies]\n"
    );
    if !number.is_multiple_of(10) {
        let needed = number - 1;
        writeln!(manifest, "c{needed:02} = {{ path = \"../c{needed:02}\" }}")?;
    }
    fs::write(dir.join("Cargo.toml"), manifest)?;
    let mut root = "//! A crate of the sample.\n\n".to_owned();
    // The manifest and the root are files as well.
    for module in 0..files.saturating_sub(2) {
        writeln!(root, "pub mod m{module:02};")?;
        let mut text = format!("//! Module {module}.\n");
        for function in 0..10 {
            write!(
                text,
                "\n/// Adds {function}.\npub fn f{function}(x: u64) -> u64 {{\n    x.wrapping_add({function})\n}}\n"
            )?;
        }
        fs::write(dir.join(format!("src/m{module:02}.rs")), text)?;
    }
    fs::write(dir.join("src/lib.rs"), root)?;
    Ok(())
}

fn manifest(checks: usize) -> String {
    let lines = (0..checks).map(|number| format!("check-{number:02} = \"true\"\n"));
    format!(
        "[workspace]\nmembers = [\"crates/*\"]\nresolver = \"3\"\n\n[workspace.metadata.hooks.checks]\n{}",
        lines.collect::<String>()
    )
}

fn lefthook(checks: usize) -> String {
    let jobs = (0..checks).map(|number| format!("    - name: check-{number:02}\n      run: \"true\"\n"));
    format!("pre-commit:\n  parallel: true\n  jobs:\n{}", jobs.collect::<String>())
}

fn prek(checks: usize) -> String {
    let hooks = (0..checks).map(|number| {
        format!(
            "      - id: check-{number:02}\n        name: check-{number:02}\n        entry: \"true\"\n        \
             language: system\n        pass_filenames: false\n        priority: 0\n"
        )
    });
    format!("repos:\n  - repo: local\n    hooks:\n{}", hooks.collect::<String>())
}

/// It amends no schema, which would have to come from the network.
fn hk(checks: usize) -> String {
    let steps = (0..checks).map(|number| format!("      [\"check-{number:02}\"] {{ check = \"true\" }}\n"));
    format!(
        "hooks {{\n  [\"pre-commit\"] {{\n    steps {{\n{}    }}\n  }}\n}}\n",
        steps.collect::<String>()
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program for developers, which asks git and cargo"
)]
fn run(dir: &Path, program: &str, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let status = Command::new(program).args(arguments).current_dir(dir).status()?;
    if !status.success() {
        return Err(format!("`{program} {}` failed", arguments.join(" ")).into());
    }
    Ok(())
}
