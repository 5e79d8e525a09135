//! What callers are told, in the envelope of OceanClouds.

use std::borrow::Cow;

use wharf_sdk::ocean;
use wharf_sdk::prelude::*;

use crate::settings::Settings;

/// Whose errors these are, in the words of the platform.
const NAME: &str = "Ocean Error";

/// Why a request is not done.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A body that cannot be read or does not fit its entity, or a query that cannot be meant. The text is the plugin's own, or
    /// names what the operator declared.
    BadRequest(Cow<'static, str>),
    EntitySchemaNotFound,
    EntitySchemaUnusable,
    EntityNotFound,
    DoNotHaveRight,
    NotOwner,
    /// It would look at too many documents, or answer too many bytes.
    QueryTooLarge(&'static str),
    /// Something broke that is nobody's mistake here.
    Failed(Error),
}

impl Refusal {
    pub(crate) const TOO_LARGE: Self = Self::BadRequest(Cow::Borrowed("The document is too large."));

    pub(crate) fn bad(text: impl Into<Cow<'static, str>>) -> Self {
        Self::BadRequest(text.into())
    }

    /// The code and the sentence. Clients put the sentence into their pages as HTML, so nothing of a request is ever in it.
    fn words(&self) -> (&'static str, &str) {
        match self {
            Self::BadRequest(text) => ("wharf.badRequest", text),
            Self::EntitySchemaNotFound => ("entitySchema.entitySchemaNotFound", "This app has no such entity."),
            Self::EntitySchemaUnusable => {
                ("cache.canNotLoadEntitySchemaModelToCache", "The declaration of this entity cannot be used.")
            }
            Self::EntityNotFound => ("crud.entityNotFound", "There is no such document."),
            Self::DoNotHaveRight => ("crud.donNotHaveRight", "You may not do this."),
            Self::NotOwner => ("crud.notOwner", "This document belongs to somebody else."),
            Self::QueryTooLarge(text) => ("wharf.queryTooLarge", text),
            Self::Failed(error) if error.code().starts_with("kv.") => ("common.database", "The documents cannot be reached now."),
            Self::Failed(_) => ("common.systemError", "Something went wrong. Please try again later."),
        }
    }

    fn into_response(self, error_status: u16) -> Response {
        if let Self::Failed(error) = &self {
            error!(code = error.code(); "{}", error.message());
        }
        let (code, message) = self.words();
        ocean::refusal(NAME, code, message).into_response(error_status)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error.code() {
            "kv.too-large" => Self::TOO_LARGE,
            _ => Self::Failed(error),
        }
    }
}

/// Answers what a handler came to.
pub(crate) fn answer(work: impl FnOnce(&Settings) -> Result<Response, Refusal>) -> Result<Response> {
    let settings = Settings::read()?;
    Ok(work(&settings).unwrap_or_else(|refusal| refusal.into_response(settings.error_status)))
}
