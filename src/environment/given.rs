//! Which variables a command is given, and which of them count for its verdict.
//!
//! Pure. In the lists here, a name that ends with `*` stands for all that begin so.

use std::ffi::OsStr;

/// The variables that a command is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Given {
    /// All of them.
    #[default]
    All,
    /// Those that programs, cargo and compilers need, and these.
    Only(Vec<String>),
}

/// Variables that only say where and by whom a program was started, and change no verdict. Whatever is not here counts.
const SESSION: [&str; 65] = [
    "_",
    "ALACRITTY_*",
    "CARGO_HOOKS_*",
    "CARGO_TERM_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLORTERM",
    "COLUMNS",
    "DBUS_SESSION_BUS_ADDRESS",
    "DESKTOP_SESSION",
    "DISPLAY",
    "EDITOR",
    "FORCE_COLOR",
    "GDMSESSION",
    "GIT_EXEC_PATH",
    "GNOME_*",
    "GPG_AGENT_INFO",
    "GPG_TTY",
    "HISTCONTROL",
    "HISTFILE",
    "HISTSIZE",
    "HOSTNAME",
    "HYPERFINE_*",
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

/// What every program needs to work as it does elsewhere, and what cargo, rustc and the compilers of C read.
const NEEDED: [&str; 54] = [
    "ALL_PROXY",
    "AR",
    "AR_*",
    "CARGO_*",
    "CC",
    "CC_*",
    "CFLAGS*",
    "CI",
    "CLIPPY_*",
    "CPATH",
    "CPLUS_INCLUDE_PATH",
    "CPPFLAGS*",
    "CXX",
    "CXXFLAGS*",
    "CXX_*",
    "C_INCLUDE_PATH",
    "DEVELOPER_DIR",
    "DYLD_*",
    "GIT_*",
    "HOME",
    "HOST_*",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "IPHONEOS_DEPLOYMENT_TARGET",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "LDFLAGS*",
    "LD_*",
    "LIBRARY_PATH",
    "MACOSX_DEPLOYMENT_TARGET",
    "MAKEFLAGS",
    "MIRIFLAGS",
    "NEXTEST_*",
    "NO_PROXY",
    "NUM_JOBS",
    "PATH",
    "PKG_CONFIG*",
    "RANLIB*",
    "RUST*",
    "SDKROOT",
    "SHELL",
    "SOURCE_DATE_EPOCH",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TARGET_*",
    "TEMP",
    "TMP",
    "TMPDIR",
    "TZ",
    "USER",
    "XDG_*",
    "http_proxy",
    "https_proxy",
];

impl Given {
    /// Whether a command is given this variable.
    #[must_use]
    pub fn has(&self, name: &OsStr) -> bool {
        match self {
            Self::All => true,
            Self::Only(named) => names(named, name) || names(&NEEDED, name) || names(&SESSION, name),
        }
    }

    /// Whether what this variable says may change the verdict.
    #[must_use]
    pub fn counts(&self, name: &OsStr) -> bool {
        match self {
            Self::All => !names(&SESSION, name),
            Self::Only(named) => names(named, name) || self.has(name) && !names(&SESSION, name),
        }
    }
}

fn names(patterns: &[impl AsRef<str>], name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    patterns.iter().any(|pattern| {
        let pattern = pattern.as_ref();
        match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start.as_bytes()),
            None => name == pattern.as_bytes(),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::Given;

    #[test]
    fn a_variable_is_given_or_not_and_counts_or_not() {
        let only = Given::Only(vec!["DATABASE_URL".to_owned(), "PG*".to_owned(), "TERM".to_owned()]);
        // The name; whether it counts where all are given; whether it is given and counts where only some are.
        for (name, of_all, given, counts) in [
            ("DATABASE_URL", true, true, true),
            ("DATABASE_URL_2", true, false, false),
            ("PGHOST", true, true, true),
            ("SECRET", true, false, false),
            ("PATH", true, true, true),
            ("CC_x86_64-unknown-linux-gnu", true, true, true),
            ("CARGO_PROFILE_DEV_DEBUG", true, true, true),
            ("CARGO_TERM_COLOR", false, true, false),
            ("SSH_TTY", false, true, false),
            ("VSCODE_PID", false, true, false),
            ("TERM", false, true, true),
        ] {
            let name = OsStr::new(name);
            assert!(Given::All.has(name));
            assert_eq!(Given::All.counts(name), of_all, "{name:?}");
            assert_eq!((only.has(name), only.counts(name)), (given, counts), "{name:?}");
        }
    }
}
