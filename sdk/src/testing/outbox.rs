//! The letters of the service, as its operator sees them.

use super::current::{Current, failure};
use crate::error::Failure;
use crate::mail::Letter;

/// The most bytes of a letter's parts: the host's own numbers.
const MAX_TEXT: usize = 64 << 10;
const MAX_ADDRESS: usize = 254;
const MAX_KIND: usize = 64;
const MAX_SUBJECT: usize = 256;
const MAX_LINK: usize = 2 << 10;
/// The most letters, unless a test says otherwise.
const MAX_LETTERS: usize = 1000;

pub(crate) struct Outbox {
    /// The app's key and the letter, in the order in which they were sent.
    pub(crate) letters: Vec<(String, Letter)>,
    pub(crate) limit: usize,
}

impl Default for Outbox {
    fn default() -> Self {
        Self { letters: Vec::new(), limit: MAX_LETTERS }
    }
}

pub(crate) fn post(current: &Current, letter: &Letter) -> Result<(), Failure> {
    let mut state = current.state.borrow_mut();
    state.platform.check_granted("mail")?;
    let app = current.app.clone().ok_or_else(|| failure("mail.no-app", "the caller is no app"))?;
    if let Some(why) = fault(letter) {
        return Err(failure("mail.invalid", why));
    }
    if state.outbox.letters.len() >= state.outbox.limit {
        return Err(failure("mail.full", format!("the outbox holds {} letters already", state.outbox.limit)));
    }
    state.outbox.letters.push((app, letter.clone()));
    Ok(())
}

fn fault(letter: &Letter) -> Option<&'static str> {
    let Letter { to, kind, subject, text, link } = letter;
    let one_line = |text: &str| !text.chars().any(char::is_control);
    let (local, domain) = to.split_once('@').unwrap_or_default();
    let odd = |c: char| c.is_whitespace() || c.is_control() || ",;<>\"".contains(c);
    if local.is_empty() || domain.is_empty() || domain.contains('@') || to.len() > MAX_ADDRESS || to.contains(odd) {
        return Some("`to` is not one mail address");
    }
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=MAX_KIND).contains(&kind.len()) || !kind.bytes().all(word) {
        return Some("`kind` is not a word of lower-case letters, digits and `-`");
    }
    if subject.trim().is_empty() || subject.len() > MAX_SUBJECT || !one_line(subject) {
        return Some("`subject` is not one line that says something");
    }
    if text.len() > MAX_TEXT || text.contains('\0') {
        return Some("`text` is too long, or has a NUL");
    }
    let web =
        |link: &String| link.len() <= MAX_LINK && one_line(link) && (link.starts_with("https://") || link.starts_with("http://"));
    if !link.as_ref().is_none_or(web) {
        return Some("`link` is not an http or https URL");
    }
    None
}
