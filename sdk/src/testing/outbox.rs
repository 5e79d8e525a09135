//! The letters of the service, as its operator sees them.

use super::current::{Current, failure};
use crate::error::Failure;
use crate::mail::Letter;

/// The most bytes of a letter's text.
const MAX_TEXT: usize = 64 << 10;
/// The most bytes of an address, and of what stands in one line.
const MAX_ADDRESS: usize = 254;
const MAX_LINE: usize = 998;
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
    let line = |text: &str| text.len() <= MAX_LINE && !text.chars().any(char::is_control);
    let (local, domain) = letter.to.rsplit_once('@').unwrap_or_default();
    let blank = |c: char| c.is_whitespace() || c.is_control();
    if local.is_empty() || domain.is_empty() || letter.to.len() > MAX_ADDRESS || letter.to.contains(blank) {
        return Some("`to` is no mail address");
    }
    if letter.subject.trim().is_empty() || !line(&letter.subject) || letter.kind.is_empty() || !line(&letter.kind) {
        return Some("subject and kind must be one line each, and say something");
    }
    if letter.text.len() > MAX_TEXT || letter.link.as_ref().is_some_and(|link| link.len() > MAX_TEXT) {
        return Some("the letter is too long");
    }
    None
}
