//! `user`, `crud` and the platform in one host: what a page of 2015 does, from the app's subscription to its user's documents.

use std::fs;

use serde_json::{Value, json};

use super::{form, json as sent, told};
use crate::support::{Running, TestHost, wait::until, wharf};

const PLUGINS: [&str; 2] = [env!("WHARF_PLUGIN_USER"), env!("WHARF_PLUGIN_CRUD")];

const SECTIONS: &str = "\
    [platform]\nmode = \"embedded\"\n\
    [services.user]\nplugin = \"wharf/user\"\nsecurity-key = { file = \"user.key\" }\nerror-status = 200\napp-users = true\n\
    [services.user.kv]\nstores = [\"accounts\"]\n\
    [services.crud]\nplugin = \"wharf/crud\"\nsecurity-key = { file = \"crud.key\" }\nerror-status = 200\n\
    [services.crud.kv]\nstores = [\"documents\"]\n\
    [services.crud.config.entities.sample_app]\nblog = { fields = { title = \"String\", content = \"String\" } }\n";

/// A host whose app `sample_app` has subscribed to both services.
fn host() -> Running {
    let host = TestHost::new().section(SECTIONS);
    for service in ["user", "crud"] {
        fs::write(host.path().join(format!("{service}.key")), format!("the securityKey of the service {service}"))
            .expect("a key file can be written");
    }
    host.write();
    for plugin in PLUGINS {
        wharf(["plugin", "install", plugin]).within(host.path()).run().ok();
    }
    let host = host.serve();
    host.wharf(["platform", "app", "create", "sample_app"]).ok();
    for service in ["user", "crud"] {
        host.wharf(["platform", "subscription", "add", "sample_app", service]).ok();
    }
    until("both services have said yes", || {
        context(&host, "public", "null")["backServices"].as_object().filter(|all| all.len() == 2).map(drop)
    });
    host
}

/// What the platform tells a page with this token.
fn context(host: &Running, zone: &str, token: &str) -> Value {
    let context = host.get(&format!("/v1.0/{zone}/ocean_context/sample_app")).header("accesstoken", token).send();
    told(&context)["entity"].clone()
}

/// The path and the header with which a page calls a service.
fn service(context: &Value, key: &str) -> (String, String) {
    let service = &context["backServices"][key];
    let text = |name: &str| service[name].as_str().unwrap_or_else(|| panic!("{context}")).to_owned();
    let api = text("api");
    let path = api.find("/s/").map(|at| api[at..].to_owned()).unwrap_or_else(|| panic!("{api}"));
    (path, text("oceanAuthHeader"))
}

#[test]
fn a_page_of_2015_goes_from_a_stranger_to_a_users_documents() {
    let host = host();
    let stranger = context(&host, "public", "null");
    let (user, anonymous) = service(&stranger, "user");
    let post = |path: &str, body: &str| told(&form(host.post(&format!("{user}/{path}")), &anonymous, body));
    let ada = "accountName=ada%40mail.example&password=s3cret&displayName=Ada&email=ada%40mail.example";
    assert_eq!(post("register", ada)["success"], true);
    let refused = post("login", "accountName=ada%40mail.example&password=wrong");
    assert_eq!(refused["err"]["errCode"], "user.accountOrPasswordNotRight");
    let token = post("login", "accountName=ada%40mail.example&password=s3cret&rememberMe=true")["entity"]["accessToken"].clone();
    let own = context(&host, "end", token.as_str().expect("a token"));
    assert_eq!((&own["userInfo"]["name"], &own["userInfo"]["authBackServiceKey"]), (&json!("Ada"), &json!("user")));

    let (crud, header) = service(&own, "crud");
    let blog = format!("{crud}/sample_app/blog");
    let made = told(&form(host.post(&blog), &header, "title=One&content=Hello"));
    assert_eq!(made["entity"]["createBy"], "ada@mail.example@user");
    let all = json!({"criteria": null, "returnColumn": null, "rowDes": null});
    let found = told(&sent(host.post(&format!("{blog}/find/query")), &header, &all));
    assert_eq!(found, json!({"success": true, "rows": 1, "entities": [made["entity"]]}));
    let (_, nobodys) = service(&stranger, "crud");
    assert_eq!(told(&sent(host.post(&format!("{blog}/find/query")), &nobodys, &all))["err"]["errCode"], "crud.donNotHaveRight");

    // The user's own header changes what is said of it; nobody has asked for mail here, so nobody gets any.
    let (_, header) = service(&own, "user");
    let renamed = told(&form(host.request("PUT", &format!("{user}/update")), &header, "displayName=Countess"));
    assert_eq!(renamed["entity"]["displayName"], "Countess");
    let again = context(&host, "end", token.as_str().expect("a token"));
    assert_eq!(again["userInfo"]["name"], "Countess");
    assert_eq!(post("forget_password", "accountName=ada%40mail.example")["err"]["errCode"], "mail.failed");
    host.stop();
}
