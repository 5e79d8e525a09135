//! Times as people read them.

/// `2015-08-28 08:20 UTC` for the page, and `2015-08-28T08:20:00Z` for machines.
pub(crate) fn show(ms: u64) -> (String, String) {
    let (days, minutes) = (ms / 86_400_000, ms % 86_400_000 / 60_000);
    let (year, month, day) = date(days);
    let (hour, minute) = (minutes / 60, minutes % 60);
    (
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC"),
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z"),
    )
}

/// Year, month and day, so many days after 1970 began. In a calendar whose years begin in March the leap day is the last of its
/// year; 719,468 days lie between the first March of year 0 and 1970.
fn date(days: u64) -> (u64, u64, u64) {
    const ERA: u64 = 146_097;
    let days = days + 719_468;
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1_460 + day / 36_524 - day / (ERA - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day_of_month)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schema::date::parse;

    #[test]
    fn known_times() {
        for (ms, shown) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_400_000, "2000-02-29 00:00 UTC"),
            (1_440_750_000_000, "2015-08-28 08:20 UTC"),
            (4_107_542_399_999, "2100-02-28 23:59 UTC"),
        ] {
            assert_eq!(show(ms).0, shown);
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_as_the_same_minute(ms in 0_u64..250_000_000_000_000) {
            let minute = i64::try_from(ms / 60_000 * 60_000).unwrap();
            prop_assert_eq!(parse(&show(ms).1), Some(minute));
        }
    }
}
