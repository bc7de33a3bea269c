//! Files that editors and git put beside what they are about to write. Pure.
//!
//! They come and go while somebody types, and say nothing about what is saved.

use std::path::Path;

/// Whether a file is a swap file, a backup, a lock or an intermediate copy, by its name.
pub(super) fn is_noise(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Vim looks with this one whether it can create files.
    name == "4913"
        || name.ends_with('~')
        || is_swap_of_vim(&name)
        || name.starts_with(".#")
        || name.len() > 1 && name.starts_with('#') && name.ends_with('#')
        || name.starts_with(".~lock.")
        || name.starts_with(".goutputstream-")
        || name.starts_with(".nfs")
        || name.ends_with("___jb_tmp___")
        || name.ends_with("___jb_old___")
        || name.starts_with('.') && (name.ends_with(".kate-swp") || name.ends_with(".un"))
}

/// `.name.swp`, and `.swo`, `.swn` and so on where there is one already.
fn is_swap_of_vim(name: &str) -> bool {
    let suffix = name.strip_prefix('.').and_then(|rest| rest.rsplit_once('.'));
    suffix.is_some_and(|(_, suffix)| {
        let bytes = suffix.as_bytes();
        bytes.len() == 3 && bytes.starts_with(b"sw") && bytes[2].is_ascii_lowercase()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_editors_put_beside_files_is_noise() {
        let check = |name: &str, expected: bool| {
            assert_eq!(is_noise(Path::new(name)), expected, "{name}");
            assert_eq!(is_noise(&Path::new("/ws/src").join(name)), expected, "{name}");
        };
        for name in [
            ".lib.rs.swp",
            ".lib.rs.swo",
            ".lib.rs.swx",
            "4913",
            "lib.rs~",
            ".lib.rs.un~",
            ".#lib.rs",
            "#lib.rs#",
            ".~lock.table.ods#",
            ".goutputstream-A1B2C3",
            ".nfs000000001",
            "lib.rs___jb_tmp___",
            "lib.rs___jb_old___",
            ".lib.rs.kate-swp",
        ] {
            check(name, true);
        }
        for name in [
            "lib.rs",
            "#",
            "a.swp",
            ".swp",
            ".a.swift",
            ".a.swP",
            ".rustfmt.toml",
            ".gitignore",
            "49130",
            "Cargo.toml",
            "jb_tmp",
        ] {
            check(name, false);
        }
    }
}
