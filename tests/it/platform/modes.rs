//! The whole loop, and all that a plugin asks of a platform, by one suite: with the platform in the host, and with one in
//! another process that is reached over the network.

use rustix::process::Signal;
use serde_json::{Value, json};
use wharf_guests::{BALK, DESK, ENLIST, Guest, IDENTITY, JOURNAL, LOOKUP};

use super::embedded::{Embedded, done, entities, entity, refused, text, who};
use crate::support::{Answer, Running, Service, TestHost, wait::until, wharf};

const CONSOLE: &str = "desk-console.localhost";
const SECTION: &str = "[platform]\nmode = \"embedded\"";

/// Makes two tests of each.
macro_rules! in_both_modes {
    ($($test:ident)*) => {
        $(mod $test {
            #[test]
            fn embedded() {
                super::$test(super::World::embedded());
            }

            #[test]
            fn remote() {
                super::$test(super::World::remote());
            }
        })*
    };
}

in_both_modes! {
    an_app_comes_and_goes_and_its_services_follow
    an_app_subscribes_by_the_operators_word
    a_plugin_that_fails_at_first_says_yes_later
    what_happened_while_the_services_were_down_is_found
    a_killed_host_goes_on_where_it_was
    a_plugin_makes_app_users_that_sign_in
    a_plugin_knows_the_apps_that_subscribe_and_no_others
    an_apps_developer_opens_the_console_of_a_service
}

/// A platform, and a host with services that belong to it.
struct World {
    /// The platform's host, where it is not the services' own.
    elsewhere: Option<Elsewhere>,
    services: Option<Running>,
}

/// A platform in a process of its own, and the developer whom the services there belong to.
struct Elsewhere {
    host: Running,
    developer: String,
}

/// Every service of the suite, the keys of the configuration that it needs, and its securityKey.
fn all() -> [(&'static Guest, Service, String); 6] {
    let with = |guest: &'static Guest, keys: &[(&str, &str)]| {
        let key = format!("the securityKey of the service {}", guest.name);
        let service = Service::of(guest).security_key(&key);
        (guest, keys.iter().fold(service, |service, (key, value)| service.set(key, value)), key)
    };
    [
        with(&JOURNAL, &[("kv.stores", "[\"own\"]"), ("kv.shared", "[\"journal\"]")]),
        with(&BALK, &[("kv.stores", "[\"own\"]"), ("kv.shared", "[\"attempts\"]"), ("config.failures", "2")]),
        with(&ENLIST, &[("app-users", "true")]),
        with(&LOOKUP, &[("apps", "true")]),
        with(&IDENTITY, &[]),
        with(&DESK, &[("console-host", &format!("{CONSOLE:?}"))]),
    ]
}

impl World {
    fn embedded() -> Self {
        let host = all().into_iter().fold(TestHost::new().section(SECTION), |host, (_, service, _)| host.with(service));
        Self { elsewhere: None, services: Some(host.start()) }
    }

    /// The services are a developer's at the other platform, which calls them by the addresses he says.
    fn remote() -> Self {
        let elsewhere = Elsewhere::new();
        let section = format!("[platform]\nmode = \"remote\"\napi-base = \"http://{}\"", elsewhere.host.address);
        let mut host = TestHost::new().section(&section);
        for (guest, service, key) in all() {
            host = host.with(service.access_token(&elsewhere.register(guest.name, &key)));
        }
        let services = host.start();
        elsewhere.announce(&services);
        Self { elsewhere: Some(elsewhere), services: Some(services) }
    }

    fn services(&self) -> &Running {
        self.services.as_ref().expect("the services run")
    }

    fn platform(&self) -> Embedded<'_> {
        Embedded(self.elsewhere.as_ref().map_or_else(|| self.services(), |elsewhere| &elsewhere.host))
    }

    /// The services' host is stopped and starts again; in between happens what the operator of the platform says.
    fn restart(&mut self, stop: impl FnOnce(Running) -> TestHost, orders: &[[&str; 4]]) {
        let host = stop(self.services.take().expect("the services run"));
        let at_the_platform = self.elsewhere.as_ref().map_or_else(|| host.path(), |elsewhere| elsewhere.host.path());
        for order in orders {
            wharf(["platform"].iter().chain(order)).within(at_the_platform).run().ok();
        }
        let services = host.serve();
        if let Some(elsewhere) = &self.elsewhere {
            elsewhere.announce(&services);
        }
        self.services = Some(services);
    }

    /// An app of the platform that may subscribe to all services: its id and its token.
    fn app(&self, key: &str) -> (String, String) {
        match &self.elsewhere {
            None => self.platform().app(key),
            Some(elsewhere) => elsewhere.app(key),
        }
    }

    /// How far an app's subscription to a service is, as the app is told.
    fn state(&self, token: &str, service: &str) -> Option<String> {
        let services = entities(&self.platform().get("/app/subscribed_services", token));
        services.iter().find(|one| one["key"] == service).map(|one| text(&one["status"]))
    }

    #[track_caller]
    fn subscribe(&self, token: &str, service: &str) {
        let id = self.platform().service_id(service);
        done(&self.platform().post(&format!("/app/service/{id}/subscribe"), token));
        until("the subscription holds", || (self.state(token, service).as_deref() == Some("subscribed")).then_some(()));
    }

    #[track_caller]
    fn cancel(&self, token: &str, service: &str) {
        let id = self.platform().service_id(service);
        done(&self.platform().post(&format!("/app/service/{id}/cancel"), token));
        until("the subscription is gone", || self.state(token, service).is_none().then_some(()));
    }

    /// The address of a service and the header for it in an app's context; none where it is not in there.
    fn proof(&self, app: &str, service: &str) -> Option<(String, String)> {
        let context = entity(&self.platform().get(&format!("/public/ocean_context/{app}"), "null"));
        let service = context["backServices"].get(service)?;
        Some((text(&service["api"]), text(&service["oceanAuthHeader"])))
    }

    /// What the service `journal` has kept for the app that this header proves.
    fn last(&self, header: &str) -> Answer {
        self.services().get("/s/journal/last").header("Ocean-Auth", header).send()
    }

    /// What the service `journal` was told of an app.
    fn told(&self, app: &str) -> Vec<String> {
        serde_json::from_value(self.services().get(&format!("/s/journal/apps/{app}")).send().json()).expect("a list")
    }

    fn stop(self) {
        self.services.into_iter().chain(self.elsewhere.map(|elsewhere| elsewhere.host)).for_each(|host| drop(host.stop()));
    }
}

impl Elsewhere {
    fn new() -> Self {
        let host = TestHost::new().section(SECTION).start();
        let platform = Embedded(&host);
        let password = text(&platform.wharf(["developer", "create", "ada@example.com"])["password"]);
        let login = json!({"email": "ada@example.com", "password": password});
        let developer = text(&entities(&platform.send("POST", "/public/login", "", &login))[0]["accessTokenCode"]);
        Self { host, developer }
    }

    fn token(&self, kind: &str, id: &Value) -> String {
        let path = format!("/developer/access_token/{kind}/{}", text(id));
        text(&entity(&Embedded(&self.host).get(&path, &self.developer))["accessTokenCode"])
    }

    /// Registers a service that nobody can call yet; its access token.
    fn register(&self, key: &str, sign_key: &str) -> String {
        let service = json!({"name": key, "key": key, "signKey": sign_key, "allowUserApi": true});
        let service = entity(&Embedded(&self.host).send("POST", "/developer/services", &self.developer, &service));
        self.token("service", &service["_id"])
    }

    /// Says where the services are.
    fn announce(&self, services: &Running) {
        let platform = Embedded(&self.host);
        for service in entities(&platform.get("/developer/services", &self.developer)) {
            let at = |line: &str| format!("http://{}/{line}/{}", services.address, text(&service["key"]));
            let addresses = json!({"messageApiAddress": at("m"), "serviceApiAddress": at("s")});
            entity(&platform.send("PUT", &format!("/developer/service/{}", text(&service["_id"])), &self.developer, &addresses));
        }
    }

    fn app(&self, key: &str) -> (String, String) {
        let app = json!({"key": key, "name": key});
        let app = entity(&Embedded(&self.host).send("POST", "/developer/apps", &self.developer, &app));
        (text(&app["_id"]), self.token("app", &app["_id"]))
    }
}

fn an_app_comes_and_goes_and_its_services_follow(world: World) {
    let (id, token) = world.app("a1");
    assert!(world.proof("a1", "journal").is_none());
    world.subscribe(&token, "journal");
    let messages = world.services().get("/s/journal/messages").send().json();
    let message = &messages[0];
    assert_eq!((&message["kind"], &message["app_id"]), (&"subscribed".into(), &id.as_str().into()), "{messages}");
    assert_eq!((&message["app_key"], &message["times"]), (&"a1".into(), &1.into()), "{messages}");
    let listed = world.platform().wharf(["message", "list"])[0].take();
    assert_eq!((&listed["id"], &listed["state"]), (&message["id"], &"resolved".into()));
    let subscription = world.platform().wharf(["subscription", "list"])[0].take();
    assert_eq!((&subscription["id"], &subscription["state"]), (&message["subscription_id"], &"subscribed".into()));

    // The header was made by the platform, and it is the app's own store that it opens.
    let (api, header) = world.proof("a1", "journal").expect("the service is in the context");
    assert_eq!(api, format!("http://{}/s/journal", world.services().address));
    assert_eq!(world.last(&header).text(), text(&message["id"]));

    world.cancel(&token, "journal");
    assert!(world.proof("a1", "journal").is_none());
    let gone = world.last(&header);
    assert_eq!((gone.status, &gone.json()["err"]["errCode"]), (403, &"app.notSubscribedApp".into()));
    world.subscribe(&token, "journal");
    assert_eq!(world.last(&header).status, 200);
    let told: Vec<String> = world.told("a1").iter().filter_map(|line| Some(line.split_once(' ')?.0.to_owned())).collect();
    assert_eq!(told, ["subscribed", "cancelled", "subscribed"]);
    world.stop();
}

fn an_app_subscribes_by_the_operators_word(world: World) {
    let (_, token) = world.app("a1");
    let state = world.platform().wharf(["subscription", "add", "a1", "journal"])["state"].take();
    assert!(state == "pending_subscribed" || state == "subscribed", "{state}");
    until("the subscription holds", || (world.state(&token, "journal").as_deref() == Some("subscribed")).then_some(()));
    world.platform().wharf(["subscription", "cancel", "a1", "journal"]);
    until("the subscription is gone", || world.state(&token, "journal").is_none().then_some(()));
    assert_eq!(world.told("a1").len(), 2);
    world.stop();
}

fn a_plugin_that_fails_at_first_says_yes_later(world: World) {
    let (_, token) = world.app("a1");
    world.subscribe(&token, "balk");
    let attempts: Vec<String> = serde_json::from_value(world.services().get("/s/balk/").send().json()).expect("a list");
    assert_eq!(attempts.len(), 1, "only the attempt that succeeded left something behind: {attempts:?}");
    assert!(attempts[0].ends_with("/3"), "{attempts:?}");
    world.stop();
}

fn what_happened_while_the_services_were_down_is_found(mut world: World) {
    let (_, token) = world.app("a1");
    let (_, other) = world.app("a2");
    world.subscribe(&token, "journal");
    let orders = [["subscription", "cancel", "a1", "journal"], ["subscription", "add", "a2", "journal"]];
    world.restart(Running::stopped, &orders);
    until("the subscription is gone", || world.state(&token, "journal").is_none().then_some(()));
    until("the subscription holds", || (world.state(&other, "journal").as_deref() == Some("subscribed")).then_some(()));
    assert_eq!((world.told("a1").len(), world.told("a2").len()), (2, 1));
    world.stop();
}

fn a_killed_host_goes_on_where_it_was(mut world: World) {
    let (_, token) = world.app("a1");
    let id = world.platform().service_id("journal");
    done(&world.platform().post(&format!("/app/service/{id}/subscribe"), &token));
    // Wherever the message is by now.
    let kill = |mut services: Running| {
        services.process().signal(Signal::KILL);
        services.process().wait();
        services.after_its_end()
    };
    world.restart(kill, &[]);
    until("the subscription holds", || (world.state(&token, "journal").as_deref() == Some("subscribed")).then_some(()));
    let messages = world.services().get("/s/journal/messages").send().json();
    assert_eq!((messages.as_array().map(Vec::len), &messages[0]["times"]), (Some(1), &1.into()), "{messages}");
    world.stop();
}

fn a_plugin_makes_app_users_that_sign_in(world: World) {
    let (app, token) = world.app("a1");
    let run = |task: &Value| {
        let answer = world.services().post("/s/enlist/").body(task.to_string()).send();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let create = |app: &str| json!({"create": {"app": app, "account": "ada", "name": "张三", "email": "a@b", "cellphone": null}});
    assert_eq!(
        run(&create(&app))["message"],
        "backService.noSubscribeRecordFound: The app has no subscription to the back service."
    );
    world.subscribe(&token, "enlist");
    world.subscribe(&token, "identity");
    let made = run(&create(&app));
    let user = text(&made["id"]);
    assert_eq!((&made["account"], &made["name"], &made["email"]), (&"ada".into(), &"张三".into(), &"a@b".into()));
    assert_eq!(run(&create(&app))["id"], user, "the same account is the same user");
    let changed = run(&json!({"update": {"app": app, "user": user, "name": "李四", "email": null, "cellphone": ""}}));
    assert_eq!((&changed["name"], &changed["email"], &changed["cellphone"]), (&"李四".into(), &"a@b".into(), &"".into()));

    // The user's browser fetches a context, and is known at another service by it.
    let signed_in = run(&json!({"access-token": {"app": app, "user": user, "remember": false}}));
    let context = entity(&world.platform().get("/end/ocean_context/a1", &text(&signed_in["code"])));
    assert_eq!(context["expireTime"], signed_in["expires_ms"]);
    let expected =
        json!({"login": true, "accountId": user, "accountName": "ada", "authBackServiceKey": "enlist", "name": "李四"});
    assert_eq!(context["userInfo"], expected);
    let service = &context["backServices"]["identity"];
    let seen = who(world.services(), &text(&service["api"]), &text(&service["oceanAuthHeader"]));
    let expected = json!({"id": user, "account": "ada", "name": "李四", "authenticated_by": "enlist"});
    assert_eq!((&seen["app"], &seen["app_id"], &seen["user"]), (&"a1".into(), &app.as_str().into(), &expected));

    // Another app's user is none of this app's.
    let (other, token) = world.app("a2");
    world.subscribe(&token, "enlist");
    let refusal = run(&json!({"access-token": {"app": other, "user": user, "remember": false}}));
    assert_eq!(refusal["error"], "app-users.refused");
    refused(&world.platform().get("/end/ocean_context/a2", &text(&signed_in["code"])), 403, "app.doNotHaveRight");
    world.stop();
}

fn a_plugin_knows_the_apps_that_subscribe_and_no_others(world: World) {
    let (app, token) = world.app("a1");
    let found = || world.services().get(&format!("/s/lookup/{app}")).send().json();
    let none = json!({"id": null, "key": null, "name": null, "error": null, "message": null});
    assert_eq!(found(), none);
    world.subscribe(&token, "lookup");
    assert_eq!(found(), json!({"id": app, "key": "a1", "name": "a1", "error": null, "message": null}));
    world.cancel(&token, "lookup");
    assert_eq!(found(), none);
    world.stop();
}

fn an_apps_developer_opens_the_console_of_a_service(world: World) {
    let (app, token) = world.app("a1");
    let (_, stranger) = world.app("a2");
    world.subscribe(&token, "desk");
    let code = |token: &str| text(&entity(&world.platform().get("/app/auth_code", token))["authCode"]);
    let enter = |code: &str| world.services().get(&format!("/?appAuthCode={code}")).at(CONSOLE).send();
    let entered = enter(&code(&token));
    assert_eq!((entered.status, entered.header("location")), (303, Some("/")), "{}", entered.text());
    let cookie = entered.header("set-cookie").and_then(|cookie| cookie.split(';').next()).expect("a cookie is set");
    let page = world.services().get("/").at(CONSOLE).header("cookie", cookie).send();
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains(&format!("scheme Console\napp a1 {app}\n")), "{}", page.text());
    for code in ["0efc46c1584e5d51c58a0f3317491f09f9047c55", &code(&stranger)] {
        let refused = enter(code);
        assert_eq!((refused.status, refused.header("set-cookie")), (403, None), "{}", refused.text());
    }
    world.stop();
}
