//! The Ocean context: what browsers come for.

use serde_json::json;

use super::{Embedded, NOW, USER_KEY, entity, host, host_with, refused, text, who};
use crate::support::Service;

#[test]
fn the_headers_of_a_public_context_open_the_apps_services() {
    let host = host().start();
    let platform = Embedded(&host);
    platform.app("sample_app");
    platform.subscribed("sample_app", "user");
    platform.subscribed("sample_app", "crud");
    // As jQuery sends it: the text, where there is no token.
    let context = entity(&platform.get("/public/ocean_context/sample_app", "null"));
    let keys: Vec<&String> = context.as_object().expect("a context is an object").keys().collect();
    assert_eq!(keys, ["appKey", "backServices", "userInfo"], "anonymous contexts never end");
    assert_eq!((&context["appKey"], &context["userInfo"]), (&"sample_app".into(), &json!({"login": false})));
    let services = context["backServices"].as_object().expect("services go by their keys");
    assert_eq!(services.keys().collect::<Vec<_>>(), ["crud", "user"]);
    for (key, service) in services {
        assert_eq!(service["api"], format!("http://{}/s/{key}", host.address));
        let identity = who(&host, &text(&service["api"]), &text(&service["oceanAuthHeader"]));
        assert_eq!((&identity["scheme"], &identity["app"]), (&"OceanAuth".into(), &"sample_app".into()));
        assert!(identity["user"].is_null());
    }
    // One header a service, each made with that service's key.
    let (user, crud) = (&services["user"]["oceanAuthHeader"], &services["crud"]["oceanAuthHeader"]);
    assert_ne!(user, crud);
    assert_eq!(text(user).len(), 96, "the JSON without an expiry, in three blocks");
    assert_eq!(host.get("/s/crud/").header("Ocean-Auth", text(user)).send().status, 401);
    // The reference says POST, and some never send a token.
    assert_eq!(entity(&platform.post("/public/ocean_context/sample_app", "")), context);
    assert_eq!(entity(&platform.get("/public/ocean_context/sample_app", "")), context);
    refused(&platform.get("/public/ocean_context/other_app", "null"), 404, "common.appKeyNotExists");
    host.stop();
}

#[test]
fn only_services_that_said_yes_are_in_a_context() {
    let host = host().start();
    let platform = Embedded(&host);
    platform.app("a1");
    let keys = || {
        let context = entity(&platform.get("/public/ocean_context/a1", ""));
        context["backServices"].as_object().expect("an object").keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(keys(), Vec::<String>::new());
    platform.subscribed("a1", "crud");
    assert_eq!(keys(), ["crud"]);
    assert_eq!(platform.wharf(["subscription", "force", "a1", "crud", "--gone"])["state"], serde_json::Value::Null);
    assert_eq!(keys(), Vec::<String>::new());
    host.stop();
}

/// A service may insist on what legacy headers lack; then its headers have it.
#[test]
fn a_header_is_one_that_its_service_accepts() {
    for settings in [
        vec![("anonymous-without-expiry", "\"deny\"")],
        vec![("ocean-auth", "\"v2\"")],
        vec![("ocean-auth", "\"both\"")],
        vec![("max-lifetime", "\"1h\""), ("anonymous-without-expiry", "\"deny\"")],
        vec![("max-lifetime", "\"1h\"")],
    ] {
        let service = Service::of(&wharf_guests::IDENTITY).named("user").security_key(USER_KEY).set("app-users", "true");
        let service = settings.iter().fold(service, |service, (key, value)| service.set(key, value));
        let host = host_with(service).clock(NOW).start();
        let platform = Embedded(&host);
        let (app, _) = platform.app("a1");
        platform.subscribed("a1", "user");
        let user = platform.user(&app, "ada");
        let token = entity(
            &platform
                .get(&format!("/service/app/{app}/user/{user}/access_token?rememberMe=true"), &platform.service_token("user")),
        );
        let token = text(&token["accessTokenCode"]);
        for (path, token, user) in
            [("/public/ocean_context/a1", "", None), ("/end/ocean_context/a1", token.as_str(), Some(user.as_str()))]
        {
            let context = entity(&platform.get(path, token));
            let service = &context["backServices"]["user"];
            let identity = who(&host, &text(&service["api"]), &text(&service["oceanAuthHeader"]));
            assert_eq!((identity["app"].as_str(), identity["user"]["id"].as_str()), (Some("a1"), user), "{settings:?}");
        }
        host.stop();
    }
}

#[test]
fn a_service_with_a_public_address_is_told_by_that() {
    let service = Service::of(&wharf_guests::IDENTITY).named("user").security_key(USER_KEY);
    let host = host_with(service.set("console-host", "\"user.example.com\""))
        .listen("public-url", "\"https://wharf.example.com:8443/\"")
        .start();
    let platform = Embedded(&host);
    platform.app("a1");
    platform.subscribed("a1", "user");
    let context = entity(&platform.get("/public/ocean_context/a1", ""));
    assert_eq!(context["backServices"]["user"]["api"], "https://wharf.example.com:8443/s/user");
    let service = platform.wharf(["service", "show", "user"]);
    assert_eq!(service["message_api"], "https://wharf.example.com:8443/m/user");
    assert_eq!(service["manage_address"], "https://user.example.com:8443/");
    host.stop();
}
