//! Readers of single values: from an [`Item`] to something typed and in range, or a report of why not.

use std::{fmt::Display, ops::RangeInclusive, time::Duration};

use super::{Item, Table, names, nearest, within};
use crate::units::{parse_duration, parse_size, show_duration, show_size};

/// `true` or `false`.
pub(crate) fn boolean(item: &Item<'_>) -> Option<bool> {
    item.value.as_bool().or_else(|| item.is_not("true or false", "write `true` or `false`, without quotes"))
}

/// A string of whatever content. It is unchecked, so it must not be printed.
pub(crate) fn string<'a>(item: &Item<'a>) -> Option<&'a str> {
    item.as_str().or_else(|| item.is_not("a text", "write it in \"quotes\""))
}

/// A [`line`] that says something.
pub(crate) fn text(max: usize) -> impl Fn(&Item<'_>) -> Option<String> {
    move |item| match line(max)(item)? {
        text if text.trim().is_empty() => item.wrong("is empty", "", "write a few words"),
        text => Some(text),
    }
}

/// What people will read in a terminal or a console: one line, `max` characters, nothing invisible that acts.
pub(crate) fn line(max: usize) -> impl Fn(&Item<'_>) -> Option<String> {
    move |item| {
        let text = string(item)?;
        if text.chars().count() > max {
            item.wrong("is too long", "", format!("use at most {max} characters"))
        } else if !text.chars().all(names::is_shown) {
            item.wrong("holds a control character", "the text is shown on terminals", "write one line of plain text")
        } else {
            Some(text.to_owned())
        }
    }
}

/// A string that `parse` understands. `expected` says what it should be ("a host name"), `fix` what to write.
pub(crate) fn parsed<T>(expected: &str, fix: &str, parse: impl Fn(&str) -> Option<T>) -> impl Fn(&Item<'_>) -> Option<T> {
    move |item| item.as_str().and_then(&parse).or_else(|| item.is_not(expected, fix))
}

/// One of a few words.
pub(crate) fn choice<T: Copy>(choices: &[(&str, T)]) -> impl Fn(&Item<'_>) -> Option<T> {
    move |item| {
        let word = item.as_str().unwrap_or_default();
        if let Some((_, value)) = choices.iter().find(|(choice, _)| *choice == word) {
            return Some(*value);
        }
        let all: Vec<_> = choices.iter().map(|(choice, _)| format!("\"{choice}\"")).collect();
        let (last, first) = all.split_last()?;
        let all = if first.is_empty() { last.clone() } else { format!("{} or {last}", first.join(", ")) };
        let fix = match nearest(word, choices.iter().map(|(choice, _)| *choice)) {
            Some(near) => format!("did you mean \"{near}\"? allowed: {all}"),
            None => format!("write {all}"),
        };
        item.is_not("one of the allowed words", fix)
    }
}

/// A whole number of the range.
pub(crate) fn integer<T>(range: RangeInclusive<T>) -> impl Fn(&Item<'_>) -> Option<T>
where
    T: TryFrom<i64> + PartialOrd + Display,
{
    move |item| {
        let fix = format!("choose a whole number from {} to {}", range.start(), range.end());
        if !item.value.is_integer() {
            return item.is_not("a whole number", fix);
        }
        let number = item.as_i64();
        let fits = number.and_then(|number| T::try_from(number).ok()).filter(|number| range.contains(number));
        fits.or_else(|| item.wrong("is out of range", number.map(|number| format!("it is {number}")).unwrap_or_default(), fix))
    }
}

/// A duration of the range.
pub(crate) fn duration(range: RangeInclusive<Duration>) -> impl Fn(&Item<'_>) -> Option<Duration> {
    measure("a duration", "\"250ms\", \"10s\", \"5m\", \"2h\" or \"7d\"", range, parse_duration, show_duration)
}

/// A number of bytes of the range.
pub(crate) fn size(range: RangeInclusive<u64>) -> impl Fn(&Item<'_>) -> Option<u64> {
    measure("a size", "\"512B\", \"64KiB\", \"16MiB\" or \"1GiB\"", range, parse_size, show_size)
}

fn measure<T: PartialOrd + Copy>(
    expected: &'static str,
    examples: &'static str,
    range: RangeInclusive<T>,
    parse: fn(&str) -> Option<T>,
    show: fn(T) -> String,
) -> impl Fn(&Item<'_>) -> Option<T> {
    move |item| {
        let Some(value) = item.as_str().and_then(parse) else {
            return item.is_not(expected, format!("write a whole number and a unit in quotes, such as {examples}"));
        };
        if range.contains(&value) {
            return Some(value);
        }
        let fix = format!("choose {expected} from {} to {}", show(*range.start()), show(*range.end()));
        item.wrong("is out of range", format!("it is {}", show(value)), fix)
    }
}

/// A list of at most `max` elements that `read` accepts. Wrong ones are reported and left out.
pub(crate) fn list<'a, T>(max: usize, read: impl Fn(&Item<'a>) -> Option<T>) -> impl Fn(&Item<'a>) -> Option<Vec<T>> {
    move |item| match item.elements() {
        Some(elements) => bounded(item, &elements, max, &read),
        None => item.is_not("a list", "write it in [brackets], with commas between"),
    }
}

/// A list of at most `max` tables, written `[[name]]`. Wrong ones are reported and left out.
pub(crate) fn tables<'a, T>(max: usize, read: impl Fn(&Table<'a>) -> Option<T>) -> impl Fn(&Item<'a>) -> Option<Vec<T>> {
    let read = within(read);
    move |item| match item.elements() {
        Some(elements) => bounded(item, &elements, max, &read),
        None => item.is_not("a list of tables", format!("write `[[{}]]`, in two brackets, above each of them", item.path)),
    }
}

fn bounded<'a, T>(item: &Item<'a>, elements: &[Item<'a>], max: usize, read: impl Fn(&Item<'a>) -> Option<T>) -> Option<Vec<T>> {
    if elements.len() > max {
        return item.wrong("is too long", format!("it has {} entries", elements.len()), format!("use at most {max} entries"));
    }
    Some(elements.iter().filter_map(read).collect())
}
