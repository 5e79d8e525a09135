//! The way back: headers made as the platform makes them, for the command line, the platform emulation and tests.

use serde::Serialize;

use super::{Forms, Identity, Policy};

/// How long a header of an anonymous caller is valid where it may not be valid for ever.
const ANONYMOUS: u64 = 30 * 86_400_000;

impl Policy {
    /// The header for `identity` in the form that the service itself would accept at `now_ms`: legacy wherever it takes that,
    /// never with an expiry further ahead than it believes, and with one where it insists.
    ///
    /// `nonce` is used once, as [`Policy::mint_v2`] says.
    pub fn mint(&self, mut identity: Identity, now_ms: u64, nonce: [u8; 12]) -> String {
        let latest = now_ms.saturating_add(self.max_lifetime_ms);
        let insists = self.forms == Forms::V2 || !self.anonymous_without_expiry;
        identity.expires_ms = match identity.expires_ms {
            None if insists => Some(latest.min(now_ms.saturating_add(ANONYMOUS))),
            expiry => expiry.map(|expiry| expiry.min(latest)),
        };
        match self.forms {
            Forms::Legacy | Forms::Both => self.mint_legacy(&identity),
            Forms::V2 => self.mint_v2(&identity, now_ms, nonce),
        }
    }

    /// The legacy header for `identity`. One with a user but without expiry is refused wherever it is opened.
    pub fn mint_legacy(&self, identity: &Identity) -> String {
        self.legacy.seal(&Wire::new(identity).to_json())
    }

    /// The v2 header for `identity` at this service, made at `iat_ms`. One without expiry is refused wherever it is opened.
    ///
    /// Two headers of one security key that share a `nonce` betray the key stream and let anyone forge more; take 12 bytes
    /// from the system's random numbers each time.
    pub fn mint_v2(&self, identity: &Identity, iat_ms: u64, nonce: [u8; 12]) -> String {
        let wire = Wire { aud: Some(&self.service_key), iat: Some(iat_ms), ..Wire::new(identity) };
        self.v2.seal(&wire.to_json(), nonce)
    }
}

/// The claims as they travel: `appKey` first and `isClientLogin` second, which is the order of the platform's own headers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    app_key: &'a str,
    is_client_login: bool,
    #[serde(flatten)]
    user: Option<WireUser<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expire_time: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireUser<'a> {
    app_user_account_id: &'a str,
    app_user_account: &'a str,
    app_user_name: &'a str,
    auth_back_service_key: &'a str,
}

impl<'a> Wire<'a> {
    fn new(identity: &'a Identity) -> Self {
        let user = identity.user.as_ref().map(|user| WireUser {
            app_user_account_id: &user.id,
            app_user_account: &user.account,
            app_user_name: &user.name,
            auth_back_service_key: &user.authenticated_by,
        });
        Self {
            app_key: &identity.app_key,
            is_client_login: user.is_some(),
            user,
            aud: None,
            iat: None,
            expire_time: identity.expires_ms,
        }
    }

    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings, booleans and integers always have a JSON form")
    }
}
