//! How spans of time are written, in one place. Pure.

use std::time::Duration;

/// How long something took: `0.110s`, `12.345s`, `1m 02s`, `3h 07m`.
///
/// It is never wider than 7 columns below 100 hours, so that times align.
#[must_use]
pub fn elapsed(took: Duration) -> String {
    let millis = took.as_millis();
    let seconds = took.as_secs();
    if millis < 60_000 {
        format!("{}.{:03}s", millis / 1000, millis % 1000)
    } else if seconds < 3600 {
        format!("{}m {:02}s", seconds / 60, seconds % 60)
    } else {
        format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60)
    }
}

/// How long something has been running, for a view that changes every second: `00:01:02`.
#[must_use]
pub fn clock(running: Duration) -> String {
    let seconds = running.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A limit as a person would have configured it: `10s`, `1m 30s`, `500ms`.
#[must_use]
pub fn limit(limit: Duration) -> String {
    humantime::format_duration(limit).to_string()
}

/// How long something will take, as exactly as that can be known: `8ms`, `350ms`, `1.2s`, `45s`, `2m 05s`, `3h 07m`.
#[must_use]
pub fn roughly(time: Duration) -> String {
    let millis = time.as_millis();
    match millis {
        0..995 => format!("{}ms", if millis < 100 { millis } else { (millis + 5) / 10 * 10 }),
        995..9_950 => format!("{}.{}s", (millis + 50) / 1000, (millis + 50) % 1000 / 100),
        9_950..59_500 => format!("{}s", (millis + 500) / 1000),
        _ => elapsed(Duration::from_secs((time + Duration::from_millis(500)).as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well_at_every_size() {
        let cases = [
            (0, "0.000s"),
            (110, "0.110s"),
            (12_345, "12.345s"),
            (59_999, "59.999s"),
            (60_000, "1m 00s"),
            (62_999, "1m 02s"),
            (3_599_999, "59m 59s"),
            (3_600_000, "1h 00m"),
            (359_999_999, "99h 59m"),
        ];
        for (millis, expected) in cases {
            assert_eq!(elapsed(Duration::from_millis(millis)), expected);
            assert!(expected.len() <= 7);
        }
        assert_eq!(elapsed(Duration::from_micros(1_999)), "0.001s");
    }

    #[test]
    fn what_is_expected_is_not_told_more_exactly_than_it_is_known() {
        let cases = [
            (0, "0ms"),
            (8, "8ms"),
            (123, "120ms"),
            (994, "990ms"),
            (995, "1.0s"),
            (1_249, "1.2s"),
            (9_949, "9.9s"),
            (9_950, "10s"),
            (59_499, "59s"),
            (59_500, "1m 00s"),
            (125_400, "2m 05s"),
            (11_220_000, "3h 07m"),
        ];
        for (millis, expected) in cases {
            assert_eq!(roughly(Duration::from_millis(millis)), expected);
        }
    }

    #[test]
    fn clocks_and_limits() {
        assert_eq!(clock(Duration::from_millis(62_900)), "00:01:02");
        assert_eq!(clock(Duration::from_hours(100)), "100:00:00");
        assert_eq!(limit(Duration::from_secs(10)), "10s");
        assert_eq!(limit(Duration::from_secs(90)), "1m 30s");
    }
}
