//! The names of signals. Pure.

/// The name of this signal on this system (`SIGKILL`), where it has one that people know.
#[must_use]
pub fn signal_name(signal: i32) -> Option<&'static str> {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        _ => return name_that_varies(signal),
    };
    Some(name)
}

/// These have one number on Linux and another on the BSDs, of which macOS is one.
fn name_that_varies(signal: i32) -> Option<&'static str> {
    let linux = cfg!(any(target_os = "linux", target_os = "android"));
    match (signal, linux) {
        (7, true) | (10, false) => Some("SIGBUS"),
        (31, true) | (12, false) => Some("SIGSYS"),
        (10, true) | (30, false) => Some("SIGUSR1"),
        (12, true) | (31, false) => Some("SIGUSR2"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_signals_have_names() {
        assert_eq!(signal_name(9), Some("SIGKILL"));
        assert_eq!(signal_name(11), Some("SIGSEGV"));
        assert_eq!(signal_name(0), None);
        assert_eq!(signal_name(64), None);
        let buses = (1..65).filter(|signal| signal_name(*signal) == Some("SIGBUS"));
        assert_eq!(buses.count(), 1);
    }
}
