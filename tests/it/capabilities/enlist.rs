use serde_json::{Value, json};
use wharf_guests::{ENLIST, INNOCENT};

use crate::support::{
    Platform, Running, Service, TestHost,
    platform::{APP_ID, TOKEN, error},
    server::Reply,
};

const USERS: &str = "POST /v1.0/service/app/*/users";
const USER: &str = "55b891fb4df03bab3307c101";

fn granted() -> Service {
    Service::of(&ENLIST).access_token(TOKEN).set("app-users", "true")
}

fn host(platform: &Platform, service: Service) -> Running {
    TestHost::new().section(&platform.section()).operation().with(service).with(Service::of(&INNOCENT)).start()
}

#[track_caller]
fn run(host: &Running, task: &Value) -> Value {
    let answer = host.post("/s/enlist/").body(task.to_string()).send();
    assert_eq!(answer.status, 200, "{}\n{}", answer.text(), host.log().text());
    answer.json()
}

fn create() -> Value {
    json!({"create": {"app": APP_ID, "account": "test_app_user", "name": "张三", "email": "test@atest.com", "cellphone": ""}})
}

/// The acceptance scenario of services that sign users in.
#[test]
fn a_user_is_made_and_signed_in() {
    let platform = Platform::new();
    let host = host(&platform, granted());
    let made = run(&host, &create());
    let shown = ["id", "account", "name", "email", "cellphone"].map(|field| made[field].as_str().unwrap_or_default());
    assert_eq!(shown, [USER, "test_app_user", "张三", "test@atest.com", ""]);
    let token = run(&host, &json!({"access-token": {"app": APP_ID, "user": USER, "remember": true}}));
    let code = token["code"].as_str().unwrap_or_default();
    assert!(code.len() == 40 && code.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    assert_eq!(token["expires_ms"], 1_440_836_400_000_u64);
    let changed = run(&host, &json!({"update": {"app": APP_ID, "user": USER, "name": "李四", "email": null, "cellphone": "1"}}));
    assert_eq!(
        (&changed["name"], &changed["email"], &changed["cellphone"]),
        (&"李四".into(), &"test@atest.com".into(), &"1".into())
    );
    let calls = platform.asked();
    let sent: Vec<_> = calls.iter().map(|call| (call.line.as_str(), call.body.as_str())).collect();
    assert_eq!(
        sent,
        [
            (
                "POST /v1.0/service/app/55b88eef4df03bab3307c0ff/users",
                r#"{"accountName":"test_app_user","displayName":"张三","email":"test@atest.com","cellphone":""}"#
            ),
            ("GET /v1.0/service/app/55b88eef4df03bab3307c0ff/user/55b891fb4df03bab3307c101/access_token", ""),
            (
                "PUT /v1.0/service/app/55b88eef4df03bab3307c0ff/user/55b891fb4df03bab3307c101",
                r#"{"displayName":"李四","cellphone":"1"}"#
            ),
        ]
    );
    assert!(calls.iter().all(|call| call.token.as_deref() == Some(TOKEN)));
    let counted =
        |call: &str, outcome: &str| host.metric(&format!("wharf_platform_calls_total{{call=\"{call}\",outcome=\"{outcome}\"}}"));
    assert_eq!((counted("create-app-user", "ok"), counted("create-app-user", "refused")), (1, 0));
    let log = host.stop().text();
    assert!(!log.contains(TOKEN) && !log.contains(code), "{log}");
}

#[test]
fn without_the_grant_nobody_is_asked() {
    let platform = Platform::new();
    for service in [Service::of(&ENLIST).access_token(TOKEN), Service::of(&ENLIST).access_token(TOKEN).set("apps", "true")] {
        let host = host(&platform, service);
        for task in [
            create(),
            json!({"update": {"app": APP_ID, "user": USER, "name": "", "email": null, "cellphone": null}}),
            json!({"access-token": {"app": APP_ID, "user": USER, "remember": false}}),
            // Not even what is wrong is looked at.
            json!({"access-token": {"app": "", "user": "", "remember": false}}),
        ] {
            assert_eq!(run(&host, &task)["error"], "app-users.denied");
            let function = task.as_object().and_then(|task| task.keys().next()).expect("a task names its function");
            let told = [("capability", "app-users"), ("asked", function.as_str()), ("table", "[services.enlist]")];
            host.log().find("what was denied", |line| told.iter().all(|(field, value)| line.field(field) == *value));
        }
        host.stop();
    }
    assert_eq!(platform.asked(), []);
}

#[test]
fn what_cannot_be_right_is_not_sent() {
    let platform = Platform::new();
    let host = host(&platform, granted());
    let long = "x".repeat(1025);
    let create = |app: &str, account: &str, name: &str, email: &str| json!({"create": {"app": app, "account": account, "name": name, "email": email, "cellphone": null}});
    let token = |app: &str, user: &str| json!({"access-token": {"app": app, "user": user, "remember": false}});
    for task in [
        create("test_app", "a", "b", ""),
        create(&format!("{APP_ID}/x"), "a", "b", ""),
        create(APP_ID, "", "b", ""),
        create(APP_ID, &long, "b", ""),
        create(APP_ID, "a", &long, ""),
        create(APP_ID, "a", "b", &long),
        token(APP_ID, "../../users"),
        token("", USER),
        json!({"update": {"app": APP_ID, "user": "", "name": "", "email": null, "cellphone": null}}),
        json!({"update": {"app": APP_ID, "user": USER, "name": long, "email": null, "cellphone": null}}),
    ] {
        assert_eq!(run(&host, &task)["error"], "app-users.invalid", "{task}");
    }
    assert_eq!(platform.asked(), []);
    // What is merely odd is the platform's to judge.
    assert_eq!(run(&host, &create(APP_ID, &"x".repeat(1024), "", "no address"))["id"], USER);
    host.stop();
}

#[test]
fn a_plugin_is_told_of_a_no_and_nothing_of_the_hosts_troubles() {
    let platform = Platform::new();
    let host = host(&platform, granted());
    platform.on(USERS).once(error("backService.doNotHaveRight"));
    let refused = run(&host, &create());
    assert_eq!(refused["error"], "app-users.refused");
    assert_eq!(refused["message"], "backService.doNotHaveRight: it is backService.doNotHaveRight");
    for reply in [error("accessToken.Expired"), error("common.systemError"), Reply::new("502 Bad Gateway", "<html>"), Reply::Cut]
    {
        platform.on(USERS).once(reply);
        let failed = run(&host, &create());
        assert_eq!(
            (&failed["error"], &failed["message"]),
            (&"app-users.unavailable".into(), &"the platform cannot be asked now".into())
        );
    }
    // What was made by a call whose answer was lost is not made again by the host.
    assert_eq!(platform.count(USERS), 5);
    let log = host.stop();
    let told: Vec<_> = log.lines().into_iter().filter(|line| line.field("code") == "app-users.unavailable").collect();
    assert_eq!(told.len(), 4);
    assert!(told[0].message().contains("accessToken.Expired") && told[0].field("service") == "enlist", "{}", told[0].text());
    for name in ["request_id", "plugin"] {
        assert!(!told[0].field(name).is_empty(), "{name} in {}", told[0].text());
    }
}

#[test]
fn a_platform_that_does_not_answer_holds_up_its_caller_and_nobody_else() {
    let platform = Platform::new();
    let host = host(&platform, granted().limit("wall", "3s"));
    let gate = platform.on(USERS).hold();
    let waiting = host.post("/s/enlist/").body(create().to_string()).open();
    gate.arrived();
    host.assert_serves_others();
    // The call's own deadline stands above the platform's.
    waiting.finish().assert(504, "WH2303");
    gate.open();
    assert_eq!(run(&host, &create())["id"], USER);
    host.stop();
}

#[test]
fn a_platform_that_is_not_there_keeps_no_host_from_starting() {
    let platform = Platform::new();
    platform.on("*").always(Reply::Cut);
    let host = host(&platform, granted());
    assert_eq!(run(&host, &create())["error"], "app-users.unavailable");
    platform.as_ever();
    assert_eq!(run(&host, &create())["id"], USER);
    host.stop();
}
