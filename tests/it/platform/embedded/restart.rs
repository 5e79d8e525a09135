//! What the platform was told it still knows after a restart, whether it ended well or not.

use rustix::process::Signal;
use serde_json::json;

use super::{Embedded, done, entities, entity, host, silent_host, text};

#[test]
fn everything_is_there_again_after_a_kill() {
    let mut host = silent_host().start();
    let platform = Embedded(&host);
    let (app, app_token) = platform.app("a1");
    platform.subscribed("a1", "user");
    let crud_id = platform.service_id("crud");
    done(&platform.post(&format!("/app/service/{crud_id}/subscribe"), &app_token));
    let user = platform.user(&app, "ada");
    let (service, crud) = (platform.service_token("user"), platform.service_token("crud"));
    let end = text(&entity(&platform.get(&format!("/service/app/{app}/user/{user}/access_token"), &service))["accessTokenCode"]);
    let code = text(&entity(&platform.get("/app/auth_code", &app_token))["authCode"]);
    let password = text(&platform.wharf(["developer", "create", "ada@example.com"])["password"]);
    let messages = entities(&platform.get("/service/messages", &crud));
    let subscriptions = platform.wharf(["subscription", "list"]);

    host.process().signal(Signal::KILL);
    host.process().wait();
    let host = host.after_its_end().serve();
    let platform = Embedded(&host);
    assert_eq!(platform.wharf(["subscription", "list"]), subscriptions);
    assert_eq!(platform.wharf(["app", "list"])[0]["id"], app);
    assert_eq!(text(&platform.wharf(["app", "token", "a1"])["token"]), app_token);
    assert_eq!(platform.service_id("crud"), crud_id);
    let again = entities(&platform.get("/service/messages", &crud));
    let ids = |messages: &[serde_json::Value]| messages.iter().map(|message| text(&message["_id"])).collect::<Vec<_>>();
    assert_eq!(ids(&again), ids(&messages));
    assert_eq!(entity(&platform.get(&format!("/service/app/by_auth_code/{code}"), &service))["_id"], app);
    let login = json!({"email": "ada@example.com", "password": password});
    assert_eq!(entities(&platform.send("POST", "/public/login", "", &login)).len(), 1);
    assert_eq!(platform.user(&app, "ada"), user, "the same account name is the same app user");
    // The port is another one, and so are the addresses that browsers are told.
    let context = entity(&platform.get("/end/ocean_context/a1", &end));
    assert_eq!(context["backServices"]["user"]["api"], format!("http://{}/s/user", host.address));
    host.stop();
}

/// Commands work where no host runs, too.
#[test]
fn what_a_command_does_on_a_stopped_host_is_there_when_it_runs() {
    let host = silent_host();
    host.write();
    let run = |arguments: &[&str]| crate::support::wharf(arguments).within(host.path()).run().json();
    let app = run(&["platform", "app", "create", "a1", "--format", "json"]);
    let token = text(&run(&["platform", "app", "token", "a1", "--format", "json"])["token"]);
    let state = run(&["platform", "subscription", "add", "a1", "crud", "--format", "json"]);
    assert_eq!(state["state"], "pending_subscribed");
    let host = host.start();
    let platform = Embedded(&host);
    let subscribed = entities(&platform.get("/app/subscribed_services", &token));
    assert_eq!((subscribed.len(), &subscribed[0]["key"]), (1, &"crud".into()));
    let message = &entities(&platform.get("/service/messages", &platform.service_token("crud")))[0];
    assert!(text(&message["content"]).contains(&text(&app["id"])));
    host.stop();
}

/// A service that leaves the configuration is no longer offered; what is known of it stays.
#[test]
fn a_service_comes_and_goes_with_the_configuration() {
    let host = host().start();
    let platform = Embedded(&host);
    platform.app("a1");
    platform.subscribed("a1", "user");
    platform.subscribed("a1", "crud");
    let id = platform.service_id("crud");
    let mut host = host.stopped();
    let file = host.write();
    let text = std::fs::read_to_string(&file).expect("the configuration is there");
    let without = text[..text.find("[services.crud]").expect("the service is there")].to_owned();
    std::fs::write(&file, without).expect("a configuration can be written");
    let services = |host: &crate::support::Running| {
        let platform = Embedded(host);
        let context = entity(&platform.get("/public/ocean_context/a1", ""));
        let offered = entities(&platform.get("/public/services", ""));
        (context["backServices"].as_object().expect("an object").len(), offered.len())
    };
    let running = host.serve_as_it_is();
    assert_eq!(services(&running), (1, 1));
    host = running.stopped();
    let running = host.serve();
    assert_eq!(services(&running), (2, 2));
    assert_eq!(Embedded(&running).service_id("crud"), id);
    running.stop();
}
