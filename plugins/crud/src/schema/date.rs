//! Dates and times of ISO 8601, as `JSON.stringify` and date fields write them. A crate for all of time would be most of the plugin.

/// Milliseconds since 1970 of `2015-08-28`, `2015-08-28T08:20`, `…:00`, `…:00.000`, with `Z`, an offset, or nothing, which is UTC.
pub(crate) fn parse(text: &str) -> Option<i64> {
    if !text.is_ascii() {
        return None;
    }
    let (date, time) = text.split_at_checked(10)?;
    let [b'-', b'-'] = [date.as_bytes()[4], date.as_bytes()[7]] else { return None };
    let (year, month, day) = (figures(&date[..4])?, figures(&date[5..7])?, figures(&date[8..])?);
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let within = match time.strip_prefix(['T', ' ']) {
        Some(time) => time_of_day(time)?,
        None if time.is_empty() => 0,
        None => return None,
    };
    Some(days_since_1970(year, month, day) * 86_400_000 + within)
}

/// `08:20`, with or without seconds, parts of them, and an offset; in milliseconds of UTC.
fn time_of_day(text: &str) -> Option<i64> {
    let (text, offset) = match text.strip_suffix('Z') {
        Some(text) => (text, 0),
        None => match text.rfind(['+', '-']) {
            Some(at) => (&text[..at], offset(&text[at..])?),
            None => (text, 0),
        },
    };
    let (hour, rest) = text.split_once(':')?;
    let (minute, rest) = rest.split_once(':').map_or((rest, None), |(minute, rest)| (minute, Some(rest)));
    let (second, part) = rest.map_or(("00", ""), |rest| rest.split_once('.').unwrap_or((rest, "0")));
    let (hour, minute, second) = (two(hour)?, two(minute)?, two(second)?);
    if hour > 23 || minute > 59 || second > 59 || part.len() > 9 {
        return None;
    }
    // The first three figures of the part of a second.
    let thousandths = if part.is_empty() { 0 } else { figures(part)? * 1000 / 10_i64.pow(u32::try_from(part.len()).ok()?) };
    Some(((hour * 60 + minute) * 60 + second) * 1000 + thousandths - offset)
}

/// `+02:00` or `-0730`, in milliseconds.
fn offset(text: &str) -> Option<i64> {
    let (sign, text) = text.split_at(1);
    let (hours, minutes) = text.split_once(':').or_else(|| text.split_at_checked(2))?;
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let ms = (hours * 60 + minutes) * 60_000;
    (hours < 24 && minutes < 60).then_some(if sign == "-" { -ms } else { ms })
}

fn two(text: &str) -> Option<i64> {
    if text.len() == 2 { figures(text) } else { None }
}

fn figures(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// In the calendar of today, counted from a March, so that the leap day is the last of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5 + day - 1;
    days - 719_468
}
