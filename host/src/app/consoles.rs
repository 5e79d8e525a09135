//! Where consoles and the platform meet.

use futures_util::future::BoxFuture;

use crate::{
    platform::client::{Clients, PlatformError},
    request::authenticate::console::exchange::{AuthCodes, CodeApp, NoApp},
};

impl AuthCodes for Clients {
    fn app_by_auth_code<'a>(&'a self, service: &'a str, code: &'a str) -> BoxFuture<'a, Result<CodeApp, NoApp>> {
        Box::pin(async move {
            let Some(client) = self.get(service) else {
                return Err(NoApp::Unavailable("the service has no platform".to_owned()));
            };
            match client.app_by_auth_code(code).await {
                Ok(app) => Ok(CodeApp { key: app.key, id: app.id }),
                Err(PlatformError::Token { code } | PlatformError::Refused { code, .. }) => Err(NoApp::Refused { code }),
                Err(PlatformError::Unavailable(why)) => Err(NoApp::Unavailable(why)),
            }
        })
    }
}
