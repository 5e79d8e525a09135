//! The platform: the cloud that the apps and the back services belong to.
//!
//! [`client`] is how the services of this host speak to it, wherever it is; [`embedded`] is one in this host.

pub mod client;
pub mod embedded;

/// The service in whose name a request is made, on a request that the client of this host hands over in process. It stands in
/// for the access token: extensions of a request are set by this program alone, and the listener's way to the platform takes
/// this one out of whatever comes in, so nothing that came by a socket carries one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceIdentity(pub String);

/// An id of the platform's: 24 hex digits. In lower case, as all of this host compares them.
pub fn object_id(text: &str) -> Option<String> {
    (text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| text.to_ascii_lowercase())
}
