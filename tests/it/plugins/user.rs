//! `user`: from the message of a subscription to the token with which a client fetches its context.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{form, header, json as sent, start, told};
use crate::support::{
    Answer, Platform, Running,
    platform::{APP_ID, APP_KEY, Message, answer, error},
    wait::until,
    wharf,
};

const USER: &str = env!("WHARF_PLUGIN_USER");

/// The user of the reference's example.
const ADA: &str = "55b891fb4df03bab3307c101";

/// A platform in the host itself, and the service there.
const EMBEDDED: &str = "[platform]\nmode = \"embedded\"\n";
const TABLES: &str = "error-status = 200\napp-users = true\nmail = true\n\
    [services.user.kv]\nstores = [\"accounts\"]\n\
    [services.user.config.reset-link]\na1 = \"https://test.example/#/reset/{token}\"\n";

const RESOLVED: &str = "POST /v1.0/service/message/*/resolved";
const USERS: &str = "POST /v1.0/service/app/*/users";
const TOKENS: &str = "GET /v1.0/service/app/*/user/*/access_token";

/// A host that has heard of the subscription of the reference's app.
fn host(platform: &Platform) -> Running {
    let tables = "error-status = 200\napp-users = true\nmail = true\naccess-token = { file = \"user.token\" }\n\
        [services.user.kv]\nstores = [\"accounts\"]\n\
        [services.user.config]\nfailed-logins = 3\n\
        [services.user.config.reset-link]\ntest_app = \"https://test.example/#/reset/{token}\"\n";
    platform.message(Message::subscribe());
    let host = start("user", USER, &platform.section(), tables);
    platform.wait_for(1, RESOLVED);
    host
}

#[test]
fn a_user_registers_and_logs_in() {
    let platform = Platform::new();
    let host = host(&platform);
    let anonymous = header(&host, "user", APP_KEY, None);
    let ada = "accountName=test_app_user&password=s3cret&displayName=%E5%BC%A0%E4%B8%89&email=test%40atest.com&cellphone=";
    let registered = told(&form(host.post("/s/user/register"), &anonymous, ada));
    assert_eq!((&registered["success"], &registered["entity"]["appKey"]), (&json!(true), &json!(APP_KEY)), "{registered}");
    let made = platform.calls().pop().expect("the platform was called");
    assert_eq!(made.line, format!("POST /v1.0/service/app/{APP_ID}/users"));
    assert_eq!(made.body, r#"{"accountName":"test_app_user","displayName":"张三","email":"test@atest.com","cellphone":""}"#);
    assert_eq!(told(&form(host.post("/s/user/register"), &anonymous, ada))["err"]["errCode"], "user.alreadyExist");

    let login = |password: &str| {
        told(&form(host.post("/s/user/login"), &anonymous, &format!("accountName=test_app_user&password={password}")))
    };
    let token = login("s3cret")["entity"]["accessToken"].as_str().expect("a token").to_owned();
    assert!(token.len() == 40 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    let asked = platform.lines().pop().expect("the platform was called");
    assert!(asked.starts_with(&format!("GET /v1.0/service/app/{APP_ID}/user/{ADA}/access_token")), "{asked}");

    let own = header(&host, "user", APP_KEY, Some((ADA, "user")));
    let renamed = told(&sent(host.request("PUT", "/s/user/update"), &own, json!({"displayName": "李四"})));
    assert_eq!((&renamed["entity"]["displayName"], &renamed["entity"]["email"]), (&json!("李四"), &json!("test@atest.com")));
    let passwords = json!({"oldPassword": "s3cret", "newPassword": "n3w"});
    assert_eq!(told(&sent(host.request("PUT", "/s/user/update_password"), &own, &passwords)), json!({"success": true}));
    assert_eq!(login("s3cret")["err"]["errCode"], "user.accountOrPasswordNotRight");
    assert_eq!(login("n3w")["success"], true);

    let forgot = told(&form(host.post("/s/user/forget_password"), &anonymous, "accountName=test_app_user"));
    assert_eq!(forgot, json!({"success": true}));
    let outbox = |command: &[&str]| host.wharf([&["platform", "outbox"], command, &["--format", "json"]].concat()).json();
    let id = outbox(&["list"])[0]["id"].as_str().expect("a letter waits").to_owned();
    let link = outbox(&["show", &id])["link"].as_str().expect("it has a link").to_owned();
    let reset_token = link.strip_prefix("https://test.example/#/reset/").expect("it is the app's own").to_owned();
    let reset = || {
        let body = json!({"resetToken": reset_token, "newPassword": "newer"});
        told(&sent(host.request("PUT", "/s/user/reset_password"), &anonymous, body))
    };
    assert_eq!(reset(), json!({"success": true}));
    assert_eq!(reset()["err"]["errCode"], "token.used");
    assert_eq!(
        (login("n3w")["err"]["errCode"].clone(), login("newer")["success"].clone()),
        (json!("user.accountOrPasswordNotRight"), json!(true))
    );
    let log = host.stop().text();
    for secret in ["s3cret", "n3w", &token, &reset_token] {
        assert!(!log.contains(secret), "{log}");
    }
}

/// Header and app are good, but no message told the app's id.
#[test]
fn an_app_that_nobody_heard_of_registers_nobody() {
    let platform = Platform::new();
    let host = host(&platform);
    let stranger = header(&host, "user", "another_app", None);
    let refused = told(&form(host.post("/s/user/register"), &stranger, "accountName=a&password=b"));
    assert_eq!(refused["err"]["errCode"], "app.notSubscribedApp");
    assert_eq!(platform.count(USERS), 0);
    host.stop();
}

/// An app whose subscription an operator sets by hand is served at once, and no longer when it is gone.
#[test]
fn a_subscription_that_was_forced_counts_here_too() {
    let host = start("user", USER, EMBEDDED, TABLES);
    let platform = |command: &[&str]| host.wharf([&["platform"], command].concat()).ok();
    platform(&["app", "create", "a1"]);
    let anonymous = header(&host, "user", "a1", None);
    let ask = |path: &str| told(&form(host.post(&format!("/s/user/{path}")), &anonymous, "accountName=ada&password=s3cret"));
    assert_eq!(ask("register")["err"]["errCode"], "app.notSubscribedApp");
    platform(&["subscription", "force", "a1", "user"]);
    assert_eq!(ask("register")["success"], true);
    platform(&["subscription", "force", "a1", "user", "--gone"]);
    let refused = ask("login");
    assert_eq!((&refused["err"]["errCode"], &refused["entity"]), (&json!("app.notSubscribedApp"), &Value::Null));
    platform(&["subscription", "force", "a1", "user"]);
    assert_eq!(ask("login")["success"], true, "nothing is purged before its time");
    host.stop();
}

/// What the host says in the plugin's place reaches a client that hears of 2xx only; one with a bearer token knows better.
#[test]
fn what_the_host_itself_refuses_a_client_of_2015_hears_too() {
    let host = start("user", USER, EMBEDDED, TABLES);
    host.wharf(["platform", "app", "create", "a1"]).ok();
    let anonymous = header(&host, "user", "a1", None);
    let code = |answer: &Answer| (answer.status, told(answer)["err"]["errCode"].as_str().unwrap_or_default().to_owned());
    let long = form(host.post("/s/user/register"), &anonymous, &"a".repeat((1 << 20) + 1));
    assert_eq!(code(&long), (200, "wharf.bodyTooLarge".to_owned()));
    let nowhere = form(host.post("/s/user/nowhere"), &anonymous, "");
    assert_eq!(code(&nowhere), (200, "common.404".to_owned()));
    let wrong = host.get("/s/user/login").header("ocean-auth", &anonymous).send();
    assert_eq!(code(&wrong), (200, "wharf.methodNotAllowed".to_owned()));
    assert_eq!(wrong.header("allow"), Some("OPTIONS, POST"));
    // The name that no page could show is refused by the plugin, before the platform is asked.
    host.wharf(["platform", "subscription", "force", "a1", "user"]).ok();
    let hidden = form(host.post("/s/user/register"), &anonymous, "accountName=ada%00&password=p");
    assert_eq!(code(&hidden), (200, "wharf.badRequest".to_owned()));

    let token = host.wharf(["token", "create", "--service", "user", "--app", "a1", "--format", "json"]).json();
    let bearer = format!("Bearer {}", token["token"].as_str().expect("a token"));
    host.post("/s/user/nowhere").header("authorization", &bearer).send().assert(404, "WH2102");
    host.stop();
}

/// A subscription may be older than what the services know: then the context tells which app it is.
#[test]
fn an_app_is_known_by_the_context_that_it_fetched() {
    let stopped = start("user", USER, EMBEDDED, TABLES).stopped();
    wharf(["platform", "app", "create", "a1"]).within(stopped.path()).run().ok();
    let database = rusqlite::Connection::open(stopped.path().join("data/wharf.db")).expect("nobody holds it");
    let forced = database.execute_batch(
        "INSERT INTO platform_subscriptions (id, app, service, state, created_ms)
         SELECT '55b89ba34df03bab3307c10e', a.id, s.id, 'subscribed', 1 FROM platform_apps AS a, platform_services AS s
         WHERE a.key = 'a1' AND s.key = 'user'",
    );
    forced.expect("the tables are there");
    drop(database);

    let host = stopped.serve_as_it_is();
    let anonymous = header(&host, "user", "a1", None);
    let register = |host: &Running| told(&form(host.post("/s/user/register"), &anonymous, "accountName=ada&password=s3cret"));
    assert_eq!(register(&host)["err"]["errCode"], "app.notSubscribedApp");
    assert_eq!(host.get("/v1.0/public/ocean_context/a1").send().status, 200);
    assert_eq!(register(&host)["success"], true);
    // It is remembered.
    let host = host.stopped().serve_as_it_is();
    assert_eq!(register(&host)["err"]["errCode"], "user.alreadyExist");
    host.stop();
}

/// Each of them hashes a password of its own, and only one gets the name.
#[test]
fn of_many_at_once_one_gets_the_name() {
    let platform = Platform::new();
    let host = host(&platform);
    let anonymous = header(&host, "user", APP_KEY, None);
    let open: Vec<_> = (0..6)
        .map(|n| {
            let request = host.post("/s/user/register").header("ocean-auth", &anonymous);
            request
                .header("content-type", "application/json")
                .body(format!(r#"{{"accountName":"ada","password":"p{n}"}}"#))
                .open()
        })
        .collect();
    let answers: Vec<Value> = open.into_iter().map(|connection| told(&connection.finish())).collect();
    let codes: Vec<_> = answers.iter().filter_map(|answer| answer["err"]["errCode"].as_str()).collect();
    assert_eq!(codes, ["user.alreadyExist"; 5], "{answers:?}");
    let winner = answers.iter().position(|answer| answer["success"] == true).expect("one of them won");
    let login = told(&form(host.post("/s/user/login"), &anonymous, &format!("accountName=ada&password=p{winner}")));
    assert_eq!(login["success"], true, "{login}");
    host.stop();
}

#[test]
fn when_the_app_cancels_its_accounts_wait_for_it() {
    let platform = Platform::new();
    let host = host(&platform);
    let anonymous = header(&host, "user", APP_KEY, None);
    let register = || form(host.post("/s/user/register"), &anonymous, "accountName=a&password=b");
    assert_eq!(told(&register())["success"], true);
    platform.message(Message::cancel());
    let notice =
        host.post("/m/user").header("content-type", "application/json").body(r#"{"id":"55b8963d4df03bab3307c105"}"#).send();
    assert_eq!(notice.status, 200, "{}", notice.text());
    platform.wait_for(2, RESOLVED);
    assert_eq!(register().json()["err"]["errCode"], "app.notSubscribedApp");
    host.stop();
}

/// Killed when the platform has the user and the host has no account: the same request is sent again, and finds the same user.
#[test]
fn a_host_that_dies_half_way_registers_the_same_user_again() {
    let platform = Platform::new();
    let mut host = host(&platform);
    let anonymous = header(&host, "user", APP_KEY, None);
    let register = |host: &Running, name: &str| {
        told(&form(host.post("/s/user/register"), &anonymous, &format!("accountName={name}&password=s3cret")))
    };
    let gate = platform.on(USERS).hold();
    let request = host.post("/s/user/register").header("ocean-auth", &anonymous);
    let dying = request.header("content-type", "application/json").body(r#"{"accountName":"ada","password":"s3cret"}"#).open();
    gate.arrived();
    host.process().signal(Signal::KILL);
    host.process().wait();
    gate.open();
    until("the platform has made the user", || platform.knows_user(APP_ID, ADA).then_some(()));
    drop(dying);
    let host = host.after_its_end().serve();
    let login = || told(&form(host.post("/s/user/login"), &anonymous, "accountName=ada&password=s3cret"));
    assert_eq!(login()["err"]["errCode"], "user.accountOrPasswordNotRight");
    assert_eq!(register(&host, "ada")["success"], true);
    assert_eq!(register(&host, "ada")["err"]["errCode"], "user.alreadyExist");
    assert_eq!((login()["success"].clone(), platform.count(USERS)), (json!(true), 2));
    let asked = platform.lines().pop().expect("the platform was called");
    assert!(asked.starts_with(&format!("GET /v1.0/service/app/{APP_ID}/user/{ADA}/access_token")), "{asked}");
    host.stop();
}

/// A user whom the platform has lost is made again, and what is kept of it follows.
#[test]
fn login_repairs_a_user_that_the_platform_has_lost() {
    let platform = Platform::new();
    let host = host(&platform);
    let anonymous = header(&host, "user", APP_KEY, None);
    let post = |path: &str| told(&form(host.post(path), &anonymous, "accountName=ada&password=s3cret&displayName=Ada"));
    assert_eq!(post("/s/user/register")["success"], true);
    let other = "55b891fb4df03bab3307c1aa";
    let code = "0efc46c1584e5d51c58a0f3317491f09f9047c55";
    platform.on(TOKENS).once(error("common.database.dataNotFound"));
    platform
        .on(USERS)
        .once(answer(200, &json!({"success": true, "entity": {"_id": other, "accountName": "ada", "displayName": "Ada"}})));
    platform.on(TOKENS).once(answer(200, &json!({"success": true, "entity": {"accessTokenCode": code, "type": "end"}})));
    assert_eq!(post("/s/user/login")["entity"]["accessToken"], code);
    let lines: Vec<String> =
        platform.asked().into_iter().map(|call| call.line.split('?').next().unwrap_or_default().to_owned()).collect();
    let token_of = |user: &str| format!("GET /v1.0/service/app/{APP_ID}/user/{user}/access_token");
    let users = format!("POST /v1.0/service/app/{APP_ID}/users");
    assert_eq!(lines[lines.len() - 3..], [token_of(ADA), users, token_of(other)]);
    // From now on that is who Ada is.
    let update = |id: &str| {
        let own = header(&host, "user", APP_KEY, Some((id, "user")));
        told(&sent(host.request("PUT", "/s/user/update_password"), &own, json!({"oldPassword": "s3cret", "newPassword": "n3w"})))
    };
    assert_eq!(update(ADA)["err"]["errCode"], "user.notExist");
    assert_eq!(update(other)["success"], true);
    host.stop();
}

/// Both apps have subscribed, and neither knows the other's accounts.
#[test]
fn accounts_of_one_app_are_none_of_another() {
    let platform = Platform::new();
    platform.app("55b88eef4df03bab3307c0aa", "shop", "Shop");
    let other = Message::new(
        "55b89ba34df03bab3307c2aa",
        "app_subscribe_service",
        "55b88eef4df03bab3307c0aa",
        "shop",
        "55b89ba34df03bab3307c2ab",
    );
    platform.message(other);
    let host = host(&platform);
    platform.wait_for(2, RESOLVED);
    let (one, shop) = (header(&host, "user", APP_KEY, None), header(&host, "user", "shop", None));
    let post = |path: &str, header: &str, password: &str| {
        let answer = told(&form(host.post(path), header, &format!("accountName=ada&password={password}")));
        answer.pointer("/err/errCode").and_then(Value::as_str).unwrap_or("done").to_owned()
    };
    assert_eq!(post("/s/user/register", &one, "s3cret"), "done");
    assert_eq!(post("/s/user/login", &shop, "s3cret"), "user.accountOrPasswordNotRight");
    assert_eq!(post("/s/user/register", &shop, "other"), "done");
    assert_eq!(post("/s/user/login", &one, "other"), "user.accountOrPasswordNotRight");
    assert_eq!(
        (post("/s/user/login", &one, "s3cret"), post("/s/user/login", &shop, "other")),
        ("done".to_owned(), "done".to_owned())
    );
    host.stop();
}

/// What somebody who guesses sees: the same for every name, and after some tries nothing at all for a while.
#[test]
fn guesses_look_alike_and_come_to_an_end() {
    let platform = Platform::new();
    let host = host(&platform);
    let anonymous = header(&host, "user", APP_KEY, None);
    let post = |path: &str, name: &str, password: &str| {
        form(host.post(path), &anonymous, &format!("accountName={name}&password={password}"))
    };
    assert_eq!(told(&post("/s/user/register", "ada", "s3cret"))["success"], true);
    for _ in 0..3 {
        let (known, unknown) = (post("/s/user/login", "ada", "wrong"), post("/s/user/login", "nobody", "wrong"));
        assert_eq!(told(&known)["err"]["errCode"], "user.accountOrPasswordNotRight");
        assert_eq!(known.text(), unknown.text());
    }
    for (name, password) in [("ada", "s3cret"), ("nobody", "wrong")] {
        let waits = post("/s/user/login", name, password);
        assert_eq!(told(&waits)["err"]["errCode"], "wharf.tooManyLogins", "{name}");
        assert!(waits.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok_and(|seconds| seconds <= 900)));
    }
    host.stop();
}
