//! `wharf:service/mail`: mail to the users of the app that calls, by way of an outbox that the operator sees and empties.
//!
//! The host delivers nothing itself: a letter is on disk, sealed, when the plugin is told so, and goes when somebody takes it
//! from there. While a message is handled letters are collected, and come into the outbox together with its completion.

use std::{mem, sync::Arc};

use wasmtime::component::{HasSelf, Linker};

use super::{Granted, Lacking, Trouble, Writes, allowed};
use crate::{
    bindings::{
        mail::{Host, Letter, add_to_linker},
        types::Error,
    },
    caller::Caller,
    clock::Clock,
    codes::told,
    config::Service,
    manifest::{Capability, Manifest},
    problem::Problems,
    runtime::state::{CallState, error},
    store::{
        Batch, Effect, Store, StoreError,
        outbox::{self, MAX_WAITING, OutboxError, Put},
    },
};

/// The longest address that mail servers take.
const MAX_ADDRESS: usize = 254;
const MAX_KIND: usize = 64;
/// A line that mail programs still show.
const MAX_SUBJECT: usize = 256;
const MAX_TEXT: usize = 64 << 10;
const MAX_LINK: usize = 2 << 10;
/// Letters of one message's handling: more than an app has developers to be told of it.
const MAX_COLLECTED: u32 = 64;

/// The names of the two limits in log and metrics.
const LETTERS: &str = "letters";
const OUTBOX_FULL: Unsent = Unsent::Full { limit: "outbox", allowed: MAX_WAITING };

/// The host's part: where the outbox is.
#[derive(Debug)]
pub struct Mail {
    store: Option<Store>,
    clock: Clock,
}

impl Mail {
    pub fn open(store: Option<Store>, clock: Clock) -> Self {
        Self { store, clock }
    }

    pub fn ready(&self, grant: Grant) -> Ready {
        let opened = grant.service.zip(self.store.clone());
        Ready(opened.map(|(service, store)| Arc::new(Opened { service, store, clock: self.clock })))
    }
}

/// Whether a plugin may send mail for a service.
#[derive(Debug, PartialEq, Eq)]
pub struct Grant {
    /// The service, if it may.
    service: Option<String>,
}

impl Grant {
    /// Fails when it is required and `[services.<key>]` does not grant it.
    pub fn new(manifest: &Manifest, service: &Service) -> Result<Self, Problems> {
        allowed(manifest, service, Capability::Mail, service.mail).map(|service| Self { service })
    }
}

/// The leave, unless `[services.<key>]` gives it.
pub fn lacking(service: &Service) -> Vec<Lacking> {
    let fix = format!("add `mail = true` to [services.{}]", service.key);
    if service.mail { Vec::new() } else { vec![Lacking { what: "to send mail".to_owned(), fix }] }
}

/// The outbox, for a plugin that may use it.
#[derive(Debug, Default)]
pub struct Ready(Option<Arc<Opened>>);

#[derive(Debug)]
struct Opened {
    service: String,
    store: Store,
    clock: Clock,
}

impl Ready {
    pub fn ctx(&self, caller: &Caller, writes: Writes) -> Ctx {
        let collected = (writes == Writes::Collected).then(Vec::new);
        Ctx { app: self.0.as_ref().and_then(|_| caller.app.clone()), collected }
    }
}

/// Whose users a call writes to, and what it has written so far.
#[derive(Debug)]
pub struct Ctx {
    /// The calling app's key; not looked at for plugins that may not send.
    app: Option<String>,
    /// The letters of a message's handling; a request's go into the outbox at once.
    collected: Option<Vec<Put>>,
}

impl Ctx {
    pub fn rest(&mut self) {
        self.app = None;
        self.collected = None;
    }

    pub fn collected(&mut self) -> Batch {
        let letters = self.collected.as_mut().map(mem::take).unwrap_or_default();
        Batch { effects: letters.into_iter().map(Effect::OutboxPut).collect() }
    }
}

pub fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)
}

impl Host for CallState {
    async fn send(&mut self, letter: Letter) -> wasmtime::Result<Result<(), Error>> {
        self.ledger.host_call()?;
        let Some(opened) = self.capabilities.ready.mail.0.clone() else {
            let why = "sending mail is not granted: the manifest must ask for it and the operator must allow it";
            self.log.denied("mail", "send", why, Granted::ByKey);
            return Ok(Err(error(&told::MAIL_DENIED, why)));
        };
        let sent = opened.send(&mut self.capabilities.mail, letter).await;
        if let Err(Unsent::Full { limit, allowed }) = sent {
            self.log.limited(limit, u64::from(allowed) + 1, allowed.into());
        }
        Ok(sent.map_err(|unsent| Trouble::from(unsent).told(&mut self.log)))
    }
}

/// Why a letter does not go.
enum Unsent {
    /// There are `allowed` already, by the limit of this name.
    Full {
        limit: &'static str,
        allowed: u32,
    },
    Told(Trouble),
}

impl From<Error> for Unsent {
    fn from(error: Error) -> Self {
        Self::Told(error.into())
    }
}

impl From<Unsent> for Trouble {
    fn from(unsent: Unsent) -> Self {
        match unsent {
            Unsent::Full { limit: LETTERS, allowed } => {
                error(&told::MAIL_FULL, format!("one message may make the service write {allowed} letters")).into()
            }
            Unsent::Full { limit: _, allowed } => {
                error(&told::MAIL_FULL, format!("the service has {allowed} letters in the outbox that are not sent yet")).into()
            }
            Unsent::Told(trouble) => trouble,
        }
    }
}

impl Opened {
    async fn send(&self, ctx: &mut Ctx, letter: Letter) -> Result<(), Unsent> {
        let app = ctx.app.as_deref().ok_or_else(|| error(&told::MAIL_NO_APP, "the caller is no app, so it has no users"))?;
        let (kind, letter) = checked(letter).map_err(|why| error(&told::MAIL_INVALID, why))?;
        let put = Put::new(self.store.seal(), &self.service, app, &kind, &letter, self.clock.now_ms());
        let put = put.map_err(|error| failed(&error))?;
        let Some(collected) = &mut ctx.collected else {
            return self.store.outbox_put(put).await.map_err(|error| failed(&error));
        };
        // What is committed later must not fail then: the message would be handled again and again.
        let waiting = self.store.outbox_waiting(&self.service).await.map_err(|error| failed(&error))?;
        if collected.len() >= MAX_COLLECTED as usize {
            return Err(Unsent::Full { limit: LETTERS, allowed: MAX_COLLECTED });
        }
        if waiting as usize + collected.len() >= MAX_WAITING as usize {
            return Err(OUTBOX_FULL);
        }
        collected.push(put);
        Ok(())
    }
}

fn failed(error: &StoreError) -> Unsent {
    match error {
        StoreError::Outbox(OutboxError::Full { .. }) => OUTBOX_FULL,
        error => Unsent::Told(Trouble::of_store(&told::MAIL_UNAVAILABLE, error)),
    }
}

/// The letter as it is kept, or what is wrong with it. Nothing in it can become a second header of a mail.
fn checked(letter: Letter) -> Result<(String, outbox::Letter), String> {
    let Letter { to, kind, subject, text, link } = letter;
    let one_line = |text: &str| !text.chars().any(char::is_control);
    let is_address = to.len() <= MAX_ADDRESS
        && one_line(&to)
        && !to.contains(char::is_whitespace)
        && matches!(to.split_once('@'), Some((user, host)) if !user.is_empty() && !host.is_empty() && !host.contains('@'))
        && !to.contains([',', ';', '<', '>', '"']);
    if !is_address {
        return Err(format!("`to` is not one mail address of at most {MAX_ADDRESS} bytes"));
    }
    let is_kind = (1..=MAX_KIND).contains(&kind.len())
        && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !is_kind {
        return Err(format!("`kind` is not 1 to {MAX_KIND} lower-case letters, digits and `-`"));
    }
    if subject.trim().is_empty() || subject.len() > MAX_SUBJECT || !one_line(&subject) {
        return Err(format!("`subject` is not one line of 1 to {MAX_SUBJECT} bytes"));
    }
    if text.len() > MAX_TEXT || text.contains('\0') {
        return Err(format!("`text` has a NUL, or more than {MAX_TEXT} bytes"));
    }
    let is_link = |link: &String| {
        let url = reqwest::Url::parse(link);
        link.len() <= MAX_LINK && one_line(link) && url.is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
    };
    if !link.as_ref().is_none_or(is_link) {
        return Err(format!("`link` is not an http or https URL of at most {MAX_LINK} bytes"));
    }
    Ok((kind, outbox::Letter { to, subject, text, link }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        capabilities::tests::{manifest, service, told},
        store::DataDir,
    };

    const REQUIRED: &str = "[permissions.required.mail]\nreason = \"to reset passwords\"\n";
    const OPTIONAL: &str = "[permissions.optional.mail]\nreason = \"to reset passwords\"\n";

    fn letter() -> Letter {
        Letter {
            to: "ada@example.com".to_owned(),
            kind: "password-reset".to_owned(),
            subject: "Your password".to_owned(),
            text: "Hello,\nfollow the link.".to_owned(),
            link: Some("https://example.com/#/reset/0123".to_owned()),
        }
    }

    /// A plugin's outbox, and a call of an app.
    struct Test {
        ready: Ready,
        store: Store,
        _folder: tempfile::TempDir,
    }

    impl Test {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(&DataDir::open(folder.path()).unwrap()).unwrap();
            let mail = Mail::open(Some(store.clone()), Clock::default());
            Self { ready: mail.ready(Grant { service: Some("user".to_owned()) }), store, _folder: folder }
        }

        fn ctx(&self, app: Option<&str>, writes: Writes) -> Ctx {
            let mut caller = Caller::anonymous([127, 0, 0, 1].into());
            caller.app = app.map(str::to_owned);
            self.ready.ctx(&caller, writes)
        }

        async fn send(&self, ctx: &mut Ctx, letter: Letter) -> Result<(), String> {
            self.ready.0.as_ref().unwrap().send(ctx, letter).await.map_err(|unsent| Trouble::from(unsent).error.code)
        }
    }

    #[test]
    fn it_is_granted_where_it_is_asked_for_and_allowed() {
        let granted = |asks: &str, allows: &str| Grant::new(&manifest(asks), &service(allows)).unwrap().service.is_some();
        let allows = "mail = true\n";
        assert!(granted(REQUIRED, allows) && granted(OPTIONAL, allows));
        assert!(!granted("", allows) && !granted(OPTIONAL, ""));
        let told = told(Grant::new(&manifest(REQUIRED), &service("")));
        let what = "plugin `acme/notes` needs to send mail, which the service `notes` does not grant";
        assert_eq!(told, [("WH1210", what.to_owned(), "add `mail = true` to [services.notes]".to_owned())]);
    }

    #[test]
    fn what_could_mean_more_than_one_mail_is_refused() {
        assert!(checked(letter()).is_ok());
        assert!(checked(Letter { link: None, text: String::new(), ..letter() }).is_ok());
        for to in
            ["", "ada", "@example.com", "ada@", "a@b@c", "a b@c", "a@b\r\nBcc: x@y", "a@b,c@d", "Ada <a@b>", &"a".repeat(255)]
        {
            assert!(checked(Letter { to: to.to_owned(), ..letter() }).is_err(), "{to}");
        }
        for subject in ["", " ", "a\nb", "a\0", &"x".repeat(MAX_SUBJECT + 1)] {
            assert!(checked(Letter { subject: subject.to_owned(), ..letter() }).is_err(), "{subject}");
        }
        for kind in ["", "A", "a b", &"a".repeat(MAX_KIND + 1)] {
            assert!(checked(Letter { kind: kind.to_owned(), ..letter() }).is_err(), "{kind}");
        }
        assert!(checked(Letter { text: "x".repeat(MAX_TEXT), ..letter() }).is_ok());
        assert!(checked(Letter { text: "x".repeat(MAX_TEXT + 1), ..letter() }).is_err());
        for link in
            ["", "javascript:alert(1)", "/reset", "https://example.com/\n", &format!("https://a/{}", "x".repeat(MAX_LINK))]
        {
            assert!(checked(Letter { link: Some(link.to_owned()), ..letter() }).is_err(), "{link}");
        }
    }

    #[tokio::test]
    async fn a_requests_letter_is_stored_at_once_and_a_messages_with_its_end() {
        let test = Test::new();
        let mut at_once = test.ctx(Some("a1"), Writes::AtOnce);
        test.send(&mut at_once, letter()).await.unwrap();
        let stored = test.store.outbox(0, 10).await.unwrap();
        assert_eq!((stored.len(), stored[0].service.as_str(), stored[0].app.as_str()), (1, "user", "a1"));
        assert_eq!(stored[0].letter(test.store.seal()).unwrap().to, "ada@example.com");
        assert!(at_once.collected().effects.is_empty());

        let mut collected = test.ctx(Some("a1"), Writes::Collected);
        for _ in 0..MAX_COLLECTED {
            test.send(&mut collected, letter()).await.unwrap();
        }
        assert_eq!(test.send(&mut collected, letter()).await, Err("mail.full".to_owned()));
        assert_eq!(test.store.outbox(0, 100).await.unwrap().len(), 1, "nothing yet");
        test.store.commit(collected.collected()).await.unwrap();
        assert_eq!(test.store.outbox(0, 100).await.unwrap().len(), 1 + MAX_COLLECTED as usize);
        assert!(collected.collected().effects.is_empty());
    }

    #[tokio::test]
    async fn who_is_no_app_has_no_users_to_write_to() {
        let test = Test::new();
        let mut ctx = test.ctx(None, Writes::AtOnce);
        assert_eq!(test.send(&mut ctx, letter()).await, Err("mail.no-app".to_owned()));
        let mut ctx = test.ctx(Some("a1"), Writes::AtOnce);
        assert_eq!(test.send(&mut ctx, Letter { to: String::new(), ..letter() }).await, Err("mail.invalid".to_owned()));
        assert!(test.store.outbox(0, 10).await.unwrap().is_empty());
    }
}
