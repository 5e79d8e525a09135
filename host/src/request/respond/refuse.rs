//! The response to each refusal.

use std::time::Duration;

use axum::response::Response;
use http::{
    HeaderValue, StatusCode,
    header::{ALLOW, WWW_AUTHENTICATE},
};

use super::{Context, Form, Reader, Refusal, error, json, retry_after::retry_after};
use crate::{codes::Code, request::authenticate::console::Refused};

pub(super) fn refuse(context: &Context, refused: &Refusal, reader: Reader<'_>) -> Response {
    let code = refused.code();
    match refused {
        Refusal::BadOceanAuth(_) => ocean_refusal(context),
        Refusal::Unproven { bearer_only: false } if context.ocean_status.is_some() => ocean_refusal(context),
        // RFC 6750 §3.1: no error code where no credential was sent, or one of another kind.
        Refusal::Unproven { .. } | Refusal::OtherScheme => {
            challenge(error(StatusCode::UNAUTHORIZED, code, reader.of_bearer()), "")
        }
        Refusal::BadCredentials(_) => {
            challenge(error(StatusCode::BAD_REQUEST, code, reader.of_bearer()), r#", error="invalid_request""#)
        }
        // The host's failure and not the token's, so that nobody throws a good one away.
        Refusal::BadToken(reason) if reason.is_hosts() => {
            retry_later(error(StatusCode::SERVICE_UNAVAILABLE, code, reader.of_bearer()))
        }
        Refusal::BadToken(_) => {
            challenge(error(StatusCode::UNAUTHORIZED, code, reader.of_bearer()), r#", error="invalid_token""#)
        }
        Refusal::Forbidden { bearer: false } => error(StatusCode::FORBIDDEN, code, reader),
        // RFC 6750 §3.1: the request "requires higher privileges than provided by the access token".
        Refusal::Forbidden { bearer: true } => {
            challenge(error(StatusCode::FORBIDDEN, code, reader.of_bearer()), r#", error="insufficient_scope""#)
        }
        Refusal::InsufficientScope { needed } => {
            let response = error(StatusCode::FORBIDDEN, code, reader);
            match reader.form {
                // No bearer's: nothing that it could do better next time.
                Form::Envelope => response,
                Form::Json | Form::Page => challenge(response, &format!(r#", error="insufficient_scope", scope="{needed}""#)),
            }
        }
        Refusal::BadNotice(_) => error(StatusCode::BAD_REQUEST, code, reader),
        Refusal::NoticeRate { retry_after: after } | Refusal::CallerBudget { retry_after: after, .. } => {
            retry_after(error(StatusCode::TOO_MANY_REQUESTS, code, reader), *after)
        }
        Refusal::StoreFailed => retry_later(error(StatusCode::SERVICE_UNAVAILABLE, code, reader)),
        Refusal::NotSubscribed => not_subscribed(context, reader),
        Refusal::NoService => error(StatusCode::NOT_FOUND, code, reader),
        Refusal::NoRoute => error(StatusCode::NOT_FOUND, code, reader),
        Refusal::NoMethod { allow } => {
            let mut response = error(StatusCode::METHOD_NOT_ALLOWED, code, reader);
            if let Ok(allow) = HeaderValue::from_str(allow) {
                response.headers_mut().insert(ALLOW, allow);
            }
            response
        }
        Refusal::BadRequest(_) => error(StatusCode::BAD_REQUEST, code, reader),
        Refusal::NotReady => retry_later(error(StatusCode::SERVICE_UNAVAILABLE, code, reader)),
        Refusal::BodyTooLarge { .. } => error(StatusCode::PAYLOAD_TOO_LARGE, code, reader),
        Refusal::HeadersTooLarge { .. } => error(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, code, reader),
        Refusal::SlowBody { .. } => error(StatusCode::REQUEST_TIMEOUT, code, reader),
        Refusal::NoPermit { .. } => retry_later(error(StatusCode::SERVICE_UNAVAILABLE, code, reader)),
        Refusal::Console(refused) => console_refusal(*refused, code, reader),
    }
}

/// None of these is a 401: that would have to name a way in (RFC 9110 §15.5.2), and for cookies there is no such word.
fn console_refusal(refused: Refused, code: &Code, reader: Reader<'_>) -> Response {
    match refused {
        Refused::NoSession(_) => error(StatusCode::FORBIDDEN, code, reader),
        Refused::Code(_) => error(StatusCode::FORBIDDEN, code, reader),
        Refused::CrossSite(_) => error(StatusCode::FORBIDDEN, code, reader),
        Refused::OtherCredential => error(StatusCode::BAD_REQUEST, code, reader),
        Refused::Platform(_) => retry_later(error(StatusCode::SERVICE_UNAVAILABLE, code, reader)),
        Refused::Store => retry_later(error(StatusCode::SERVICE_UNAVAILABLE, code, reader)),
    }
}

/// Adds the challenge of RFC 6750 §3 with `parameters`, which begin with a comma unless they are empty.
///
/// One realm for all services: the tokens of all are made in one place, and which service one opens is not a client's to guess.
fn challenge(mut response: Response, parameters: &str) -> Response {
    // Scopes are the manifest's and hold nothing that would have to be quoted.
    if let Ok(value) = HeaderValue::from_str(&format!("Bearer realm=\"wharf\"{parameters}")) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}

fn retry_later(response: Response) -> Response {
    retry_after(response, Duration::from_secs(1))
}

/// The one Ocean-Auth refusal, the same to the byte for every cause: so it carries no request id either.
fn ocean_refusal(context: &Context) -> Response {
    const BODY: &str = r#"{"success":false,"err":{"name":"Ocean Error","errCode":"ocean.notAuthorizeByOcean","errorMessage":"The request is not authorized by Ocean."}}"#;
    let response = json(context.ocean_status.unwrap_or(StatusCode::UNAUTHORIZED), BODY.to_owned());
    // RFC 9110 §15.5.2: a 401 names a way in. Ocean-Auth is no registered scheme, and bearer tokens open the same routes.
    if response.status() == StatusCode::UNAUTHORIZED { challenge(response, "") } else { response }
}

/// In the words of the platform for its own clients, else in the host's.
fn not_subscribed(context: &Context, reader: Reader<'_>) -> Response {
    const BODY: &str = r#"{"success":false,"err":{"name":"Ocean Error","errCode":"app.notSubscribedApp","errorMessage":"The app has not subscribed to this service."}}"#;
    match context.ocean_status {
        Some(_) if reader.form == Form::Envelope => json(StatusCode::OK, BODY.to_owned()),
        Some(_) => json(StatusCode::FORBIDDEN, BODY.to_owned()),
        None => error(StatusCode::FORBIDDEN, Refusal::NotSubscribed.code(), reader),
    }
}

#[cfg(test)]
mod tests {
    use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CONTENT_TYPE};

    use super::{super::respond, *};
    use crate::request::{authenticate::bearer::Reason, record::Record};

    fn refused(refusal: Refusal, ocean_status: Option<StatusCode>) -> Response {
        let context = Context { ocean_status, ..Context::default() };
        let (parts, ()) = http::Request::new(()).into_parts();
        let record = Record::begin("r1".into(), [127, 0, 0, 1].into(), &parts);
        respond(&context, Err(refusal), &record)
    }

    fn header(response: &Response, name: http::HeaderName) -> Option<&str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    /// Clients of 2015 call back on 2xx alone, whatever it is that the host has to say.
    #[tokio::test]
    async fn where_refusals_have_the_status_200_all_of_them_are_in_the_envelope() {
        let second = std::time::Duration::from_secs(1);
        let budget = Refusal::CallerBudget { limit: "caller-rate", retry_after: second, asked: 2, allowed: 1 };
        for (refusal, code, word) in [
            (Refusal::Forbidden { bearer: false }, "WH2003", "wharf.forbidden"),
            (Refusal::InsufficientScope { needed: "a:b".to_owned() }, "WH2003", "wharf.forbidden"),
            (Refusal::NoRoute, "WH2102", "common.404"),
            (Refusal::NoMethod { allow: "GET".to_owned() }, "WH2103", "wharf.methodNotAllowed"),
            (Refusal::BadRequest("why"), "WH2104", "wharf.badRequest"),
            (Refusal::NotReady, "WH2105", "wharf.notReady"),
            (Refusal::BodyTooLarge { asked: 2, allowed: 1 }, "WH2201", "wharf.bodyTooLarge"),
            (Refusal::SlowBody { limit: "body-timeout" }, "WH2205", "wharf.slowBody"),
            (budget, "WH2203", "wharf.tooManyRequests"),
            (Refusal::NoPermit { of: "plugin", asked: 2, allowed: 1 }, "WH2204", "wharf.busy"),
            (Refusal::StoreFailed, "WH1303", "common.database"),
        ] {
            let response = refused(refusal.clone(), Some(StatusCode::OK));
            assert_eq!((response.status(), header(&response, CONTENT_TYPE)), (StatusCode::OK, Some("application/json")));
            let body = axum::body::to_bytes(response.into_body(), 1 << 10).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let err = &body["err"];
            assert_eq!((&body["success"], &err["errCode"], &err["code"]), (&false.into(), &word.into(), &code.into()), "{body}");
            let told = [&err["name"], &err["errorMessage"], &err["request_id"]].map(|text| text.as_str().unwrap());
            assert!(told[0] == "Ocean Error" && told[1].ends_with('.') && told[2] == "r1", "{body}");
            assert_ne!(refused(refusal, Some(StatusCode::UNAUTHORIZED)).status(), StatusCode::OK);
        }
    }

    /// RFC 6750 §3.1, and the table of `docs/identity.md`.
    #[test]
    fn bearer_refusals_say_what_the_rfc_says() {
        let scopes = Refusal::InsufficientScope { needed: "a:b c".to_owned() };
        for (refusal, status, challenge) in [
            (Refusal::Unproven { bearer_only: true }, 401, Some("Bearer realm=\"wharf\"")),
            (Refusal::Unproven { bearer_only: false }, 401, Some("Bearer realm=\"wharf\"")),
            (Refusal::OtherScheme, 401, Some("Bearer realm=\"wharf\"")),
            (Refusal::BadCredentials("malformed"), 400, Some("Bearer realm=\"wharf\", error=\"invalid_request\"")),
            (Refusal::BadToken(Reason::Unknown), 401, Some("Bearer realm=\"wharf\", error=\"invalid_token\"")),
            (Refusal::BadToken(Reason::Expired), 401, Some("Bearer realm=\"wharf\", error=\"invalid_token\"")),
            (scopes, 403, Some("Bearer realm=\"wharf\", error=\"insufficient_scope\", scope=\"a:b c\"")),
            (Refusal::Forbidden { bearer: true }, 403, Some("Bearer realm=\"wharf\", error=\"insufficient_scope\"")),
            (Refusal::Forbidden { bearer: false }, 403, None),
            (Refusal::BadToken(Reason::Unreadable), 503, None),
            (Refusal::BadToken(Reason::NoKeys), 503, None),
        ] {
            // Those that others than bearers meet, too.
            let met_by_others = matches!(
                refusal,
                Refusal::Unproven { bearer_only: false }
                    | Refusal::Forbidden { bearer: false }
                    | Refusal::InsufficientScope { .. }
            );
            for ocean_status in [None, Some(StatusCode::OK)] {
                if ocean_status.is_some() && met_by_others {
                    continue;
                }
                let response = refused(refusal.clone(), ocean_status);
                assert_eq!((response.status().as_u16(), header(&response, WWW_AUTHENTICATE)), (status, challenge), "{refusal:?}");
                assert_eq!(header(&response, ACCESS_CONTROL_ALLOW_ORIGIN), Some("*"));
                assert!(header(&response, ACCESS_CONTROL_EXPOSE_HEADERS).unwrap().contains("WWW-Authenticate"));
            }
        }
    }

    #[test]
    fn the_ocean_refusal_challenges_where_it_is_a_401() {
        for (status, challenge) in [(StatusCode::UNAUTHORIZED, Some("Bearer realm=\"wharf\"")), (StatusCode::OK, None)] {
            for refusal in [Refusal::BadOceanAuth("bad_padding"), Refusal::Unproven { bearer_only: false }] {
                let response = refused(refusal, Some(status));
                assert_eq!((response.status(), header(&response, WWW_AUTHENTICATE)), (status, challenge));
            }
            let bearer = refused(Refusal::Unproven { bearer_only: true }, Some(status));
            assert_eq!(bearer.status(), StatusCode::UNAUTHORIZED);
        }
    }
}
