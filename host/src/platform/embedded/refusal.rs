//! Why the platform says no: a closed list, each with the platform's own code, a status, and a fixed text.
//!
//! The texts never repeat anything of the request: clients of 2015 put them into their pages as HTML.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use super::envelope::json;
use crate::store::{StoreError, platform::PlatformError};

/// What every error of the platform is called.
const NAME: &str = "Ocean Error";

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $text:literal;)*) => {
        /// Why a call came to nothing.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Refusal { $($(#[$doc])* $name,)* }

        impl Refusal {
            /// All of them, for tests.
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$name),*];

            /// The platform's code; those that it never had begin with `wharf.`.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The fitting status. Clients of 2015 are answered 200 instead, where the configuration says so.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

refusals! {
    NotFound = "common.404", NOT_FOUND, "There is no such call.";
    System = "common.systemError", INTERNAL_SERVER_ERROR, "The platform failed.";
    Database = "common.database", INTERNAL_SERVER_ERROR, "The platform could not store or read its records.";
    DataNotFound = "common.database.dataNotFound", NOT_FOUND, "There is no such record.";
    DataNotYours = "common.database.dataCanNotAccessed", FORBIDDEN, "The record belongs to somebody else.";
    AppKeyUnknown = "common.appKeyNotExists", NOT_FOUND, "There is no app of this key.";

    TokenMissing = "accessToken.NotEmpty", UNAUTHORIZED, "An access token is needed.";
    TokenUnknown = "accessToken.NotExist", UNAUTHORIZED, "The access token is unknown.";
    TokenExpired = "accessToken.Expired", UNAUTHORIZED, "The access token has expired.";
    /// A good token, in another zone than its own.
    TokenOfOtherZone = "accessToken.TypeNotRight", UNAUTHORIZED, "The access token is of another type.";
    TokenTypeUnknown = "accessToken.WrongTokenType", UNAUTHORIZED, "There is no such type of access token.";
    CodeUnknown = "authCode.NotExist", NOT_FOUND, "The code is unknown.";
    CodeExpired = "authCode.Expired", BAD_REQUEST, "The code has expired.";

    EmailTaken = "passport.emailAlreadyExist", CONFLICT, "There is a developer with this e-mail address already.";
    EmailMalformed = "passport.emailFormatNotRight", BAD_REQUEST, "This is not an e-mail address.";
    CellphoneMalformed = "passport.cellPhoneFormatNotRight", BAD_REQUEST, "This is not a cellphone number.";
    InvitationBad = "passport.invitationNotRight", BAD_REQUEST, "The invitation is unknown or used.";
    LoginFailed = "passport.loginFailed", UNAUTHORIZED, "The e-mail address or the password is wrong.";

    ServiceNotYours = "backService.doNotHaveRight", FORBIDDEN, "The back service may not do this, or is not yours.";
    NotSubscribed = "backService.noSubscribeRecordFound", NOT_FOUND, "The app has no subscription to the back service.";
    AppNotYours = "app.doNotHaveRight", FORBIDDEN, "The app is not yours.";
    AppHasSubscriptions = "app.canNotDeleteBecauseUnCancelledSubscription", CONFLICT, "The app still has subscriptions.";
    AlreadySubscribed = "app.appAlreadySubscribeThisBackService", CONFLICT, "The app has a subscription to the back service already.";
    SubscriptionMissing = "app.appNotHaveThisBackService", NOT_FOUND, "The app has no subscription to the back service.";
    SubscriptionPending = "app.canNotCancelBackServiceBecauseOfWrongStatus", CONFLICT, "The subscription waits for the back service.";
    ServiceMissing = "app.subscribeBackServiceNotExist", NOT_FOUND, "There is no such back service.";
    ServicePrivate = "app.subscribeBackServiceIsPrivate", FORBIDDEN, "The back service is for apps of its owner only.";
    UserMissing = "appUser.userNotFoundByAccessToken", NOT_FOUND, "The app user of the access token is gone.";

    Malformed = "wharf.badRequest", BAD_REQUEST, "The request cannot be understood, or lacks something.";
    TooLarge = "wharf.bodyTooLarge", PAYLOAD_TOO_LARGE, "The request is too large.";
    TooManyRequests = "wharf.tooManyRequests", TOO_MANY_REQUESTS, "There were too many requests; try again later.";
    Busy = "wharf.busy", SERVICE_UNAVAILABLE, "The platform is busy; try again later.";
    KeyTaken = "wharf.keyAlreadyExist", CONFLICT, "The key is in use already.";
    CellphoneTaken = "wharf.cellPhoneAlreadyExist", CONFLICT, "There is a developer with this cellphone number already.";
    ServiceHasSubscriptions = "wharf.serviceHasSubscriptions", CONFLICT, "Apps still subscribe to the back service.";
    TooManyRecords = "wharf.tooManyRecords", CONFLICT, "There are as many of them as there may be.";
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let err = json!({"name": NAME, "errCode": self.code(), "errorMessage": self.text()});
        json(self.status(), &json!({"success": false, "err": err}))
    }
}

impl From<StoreError> for Refusal {
    /// What is the host's failure and not the caller's is logged here.
    fn from(error: StoreError) -> Self {
        if let StoreError::Platform(error) = &error {
            match error {
                PlatformError::KeyTaken => return Self::KeyTaken,
                PlatformError::EmailTaken => return Self::EmailTaken,
                PlatformError::CellphoneTaken => return Self::CellphoneTaken,
                PlatformError::Invitation => return Self::InvitationBad,
                PlatformError::TooMany => return Self::TooManyRecords,
                PlatformError::Unknown => return Self::DataNotFound,
                PlatformError::Subscribed => return Self::AlreadySubscribed,
                PlatformError::NotSubscribed => return Self::SubscriptionMissing,
                PlatformError::Pending => return Self::SubscriptionPending,
                PlatformError::Private => return Self::ServicePrivate,
                PlatformError::Failed { .. } | PlatformError::Random { .. } => {}
            }
        }
        let cause = std::error::Error::source(&error).map(tracing::field::display);
        tracing::error!(%error, cause, "the embedded platform could not use the store");
        Self::Database
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule by which a status follows from a code, first match first.
    fn status_of(code: &str) -> u16 {
        let (family, word) = code.split_once('.').unwrap();
        let has = |words: &[&str]| words.iter().any(|part| code.contains(part));
        match code {
            "wharf.bodyTooLarge" => 413,
            "wharf.tooManyRequests" => 429,
            "wharf.busy" => 503,
            "wharf.serviceHasSubscriptions" | "wharf.tooManyRecords" => 409,
            _ if family == "accessToken" || has(&["loginFailed", "noAccount"]) => 401,
            _ if has(&["doNotHaveRight", "dataCanNotAccessed", "subscribeBackServiceIsPrivate"]) => 403,
            _ if has(&["NotFound", "NotExist", "noSubscribeRecordFound", "appNotHaveThisBackService", "common.404"]) => 404,
            // As if an unknown record: the words differ only in case.
            _ if word == "userNotFoundByAccessToken" => 404,
            _ if has(&["Already", "WrongStatus", "canNotDelete"]) => 409,
            _ if has(&["common.database", "systemError"]) && word != "database.dataNotFound" => 500,
            _ => 400,
        }
    }

    #[test]
    fn each_code_has_the_status_that_the_rule_gives_it() {
        for refusal in Refusal::ALL {
            assert_eq!(refusal.status().as_u16(), status_of(refusal.code()), "{}", refusal.code());
        }
    }

    #[test]
    fn codes_are_unique_and_texts_are_no_html() {
        let mut codes: Vec<&str> = Refusal::ALL.iter().map(|refusal| refusal.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Refusal::ALL.len());
        for refusal in Refusal::ALL {
            assert!(!refusal.text().contains(['<', '>', '&', '"', '\'']), "{}", refusal.text());
        }
    }
}
