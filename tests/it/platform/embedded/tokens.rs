//! Tokens: each opens its zone and no other, for its time and no longer.

use serde_json::json;

use super::{Embedded, NOW, entities, entity, host, refused, text};

const DAY: u64 = 86_400_000;

/// A call of each zone that needs nothing but its token.
const ZONES: [(&str, &str); 4] = [
    ("developer", "/developer/me"),
    ("app", "/app/subscribed_services"),
    ("service", "/service/messages"),
    ("end", "/end/ocean_context/a1"),
];

#[test]
fn a_token_opens_its_own_zone_until_it_expires() {
    let mut host = host().clock(NOW).start();
    let platform = Embedded(&host);
    let (app, app_token) = platform.app("a1");
    platform.subscribed("a1", "user");
    let service_token = platform.service_token("user");
    let password = text(&platform.wharf(["developer", "create", "Dev@Example.com"])["password"]);
    let login = json!({"email": "dev@example.com", "password": password, "remember": false});
    let developer = entities(&platform.send("POST", "/public/login", "", &login)).remove(0);
    assert_eq!(developer["expireTime"], NOW + DAY);
    let path = format!("/service/app/{app}/user/{}/access_token", platform.user(&app, "ada"));
    let end = entity(&platform.get(&path, &service_token));
    let tokens = [text(&developer["accessTokenCode"]), app_token, service_token, text(&end["accessTokenCode"])];

    for (zone, path) in ZONES {
        for (token, (of, _)) in tokens.iter().zip(ZONES) {
            let answer = platform.get(path, token);
            match of == zone {
                true => assert_eq!(answer.status, 200, "{zone}: {}", answer.text()),
                false => refused(&answer, 401, "accessToken.TypeNotRight"),
            }
        }
        refused(&platform.get(path, ""), 401, "accessToken.NotEmpty");
        refused(&platform.call("GET", path, "").header("AccessToken", "").send(), 401, "accessToken.NotEmpty");
        for unknown in ["null", &"0".repeat(40), "x", "<script>alert(1)</script>", &tokens[0].to_uppercase(), &tokens[0][1..]] {
            refused(&platform.get(path, unknown), 401, "accessToken.NotExist");
        }
        let two = platform.call("GET", path, &tokens[0]).header("AccessToken", &tokens[1]).send();
        refused(&two, 401, "accessToken.NotExist");
        let bytes = platform.call("GET", path, "").header("AccessToken", b"\xff\xfe").send();
        refused(&bytes, 401, "accessToken.NotExist");
    }

    // An app's and a service's token live thirty days, the others of this test one.
    for (moment, expired) in [(DAY - 1, [false; 4]), (DAY, [true, false, false, true]), (30 * DAY, [true; 4])] {
        host = host.stopped().clock(NOW + moment).serve();
        let platform = Embedded(&host);
        for ((token, (_, path)), expired) in tokens.iter().zip(ZONES).zip(expired) {
            let answer = platform.get(path, token);
            match expired {
                true => refused(&answer, 401, "accessToken.Expired"),
                false => assert_eq!(answer.status, 200, "{path}: {}", answer.text()),
            }
        }
    }
    host.stop();
}

#[test]
fn the_operator_ends_the_tokens_of_one_user() {
    let host = host().clock(NOW).start();
    let platform = Embedded(&host);
    let (app, _) = platform.app("a1");
    platform.subscribed("a1", "user");
    let service = platform.service_token("user");
    let token = |account: &str| {
        let path = format!("/service/app/{app}/user/{}/access_token?rememberMe=true", platform.user(&app, account));
        text(&entity(&platform.get(&path, &service))["accessTokenCode"])
    };
    let (first, second, bobs) = (token("ada"), token("ada"), token("bob"));
    let ended = platform.wharf(["user", "log-out", "a1", "user", "ada"]);
    assert_eq!((&ended["logged_out"], &ended["id"]), (&true.into(), &platform.user(&app, "ada").into()));
    for token in [first, second] {
        refused(&platform.get("/end/ocean_context/a1", &token), 401, "accessToken.NotExist");
    }
    assert_eq!(platform.get("/end/ocean_context/a1", &bobs).status, 200);
    assert_eq!(platform.get("/end/ocean_context/a1", &token("ada")).status, 200, "who logs in again is in again");
    host.wharf(["platform", "user", "log-out", "a1", "user", "eve"]).refused("WH1452", "eve");
    host.wharf(["platform", "user", "log-out", "a2", "user", "ada"]).refused("WH1452", "a2");
    let said = host.wharf(["platform", "user", "log-out", "a1", "user", "ada"]).ok();
    assert!(said.contains("`ada` of the app `a1` is logged out"), "{said}");
    host.stop();
}
