//! Durations and sizes as people write them in `wharf.toml` and `plugin.toml`.

use std::time::Duration;

/// `"250ms"`, `"10s"`, `"5m"`, `"2h"`, `"7d"`: a whole number and a unit, nothing between. `None` for anything else.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

/// `"512B"`, `"64KiB"`, `"16MiB"`, `"1GiB"` in bytes. `None` for anything else.
pub fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let shift = match unit {
        "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return None,
    };
    number.checked_mul(1 << shift)
}

/// Whole milliseconds, as times are stored and told.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The largest unit that says the duration without a fraction.
pub fn show_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
        if millis >= length && millis.is_multiple_of(length) {
            return format!("{}{unit}", millis / length);
        }
    }
    format!("{millis}ms")
}

/// The largest unit that says the size without a fraction.
pub fn show_size(bytes: u64) -> String {
    for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] {
        if bytes >= 1 << shift && bytes.is_multiple_of(1 << shift) {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    format!("{bytes}B")
}

/// A time as people of all places read it: `2026-11-22T05:21Z`, in UTC, from milliseconds since 1970.
pub fn show_time(ms: u64) -> String {
    let (days, minutes) = (ms / 86_400_000, ms / 60_000 % 1_440);
    // Years that begin in March end with the day that may be missing; 400 of them always have 146,097 days.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    format!("{:04}-{month:02}-{day:02}T{:02}:{:02}Z", era * 400 + year, minutes / 60, minutes % 60)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_utc() {
        for (ms, shown) in [
            (0, "1970-01-01T00:00Z"),
            (951_782_399_999, "2000-02-28T23:59Z"),
            (951_782_400_000, "2000-02-29T00:00Z"),
            (951_868_800_000, "2000-03-01T00:00Z"),
            (1_440_750_000_000, "2015-08-28T08:20Z"),
            (1_767_225_599_999, "2025-12-31T23:59Z"),
            (4_107_542_400_000, "2100-03-01T00:00Z"),
        ] {
            assert_eq!(show_time(ms), shown);
        }
        show_time(u64::MAX);
    }

    #[test]
    fn durations_and_sizes_read_as_shown() {
        for text in ["0ms", "250ms", "10s", "5m", "2h", "7d"] {
            assert_eq!(show_duration(parse_duration(text).unwrap()), text);
        }
        for text in ["1B", "64KiB", "16MiB", "1GiB"] {
            assert_eq!(show_size(parse_size(text).unwrap()), text);
        }
        for text in ["", "s", "10", "10 s", "-1s", "1.5s", "10sec", "99999999999999999999d", "18446744073709551615d"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
        for text in ["", "MiB", "10", "10MB", "18446744073709551615GiB"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }
}
