//! Which toolchain rustup has for a directory by an override, which a snapshot of the directory would not have.
//!
//! Pure.

use std::path::Path;

use toml::{Table, Value};

/// The toolchain of the nearest override for a directory or one above it, where it is nearer than any toolchain file: in one
/// directory, the override counts. `settings` is what rustup has written down, and `has_file` says where such files are.
pub(super) fn overridden(settings: &str, dir: &Path, has_file: &dyn Fn(&Path) -> bool) -> Option<String> {
    let table = settings.parse::<Table>().ok()?;
    let overrides = table.get("overrides")?.as_table()?;
    for dir in dir.ancestors() {
        if let Some(toolchain) = dir.to_str().and_then(|dir| overrides.get(dir)) {
            return Value::as_str(toolchain).map(str::to_owned);
        }
        if has_file(dir) {
            return None;
        }
    }
    None
}

/// What files that name a toolchain are called.
pub(super) const FILES: [&str; 2] = ["rust-toolchain.toml", "rust-toolchain"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_of_overrides_and_files_counts() {
        let check = |settings: &str, files: &[&str], expected: Option<&str>| {
            let found = overridden(settings, Path::new("/r/ws"), &|dir| {
                files.iter().any(|file| Path::new(file) == dir)
            });
            assert_eq!(found.as_deref(), expected, "{settings} {files:?}");
        };
        let settings = "version = '12'\n[overrides]\n'/r' = 'nightly'\n'/r/ws/below' = 'beta'\n'/else' = '1.70'\n";
        check("", &[], None);
        check("no toml", &[], None);
        check("[overrides]\n'/r' = 1", &[], None);
        check(settings, &[], Some("nightly"));
        check(settings, &["/r", "/"], Some("nightly"));
        check(settings, &["/r/ws"], None);
        check("[overrides]\n'/r/ws' = 'beta'\n'/' = '1.70'", &["/r/ws"], Some("beta"));
        check("[overrides]\n'/' = '1.70'", &["/r"], None);
        check("[overrides]\n'/' = '1.70'", &[], Some("1.70"));
    }
}
