//! What a stock component sees of a request.

use wharf_guests::PROXY;

use super::{STOCK, each, host};
use crate::support::{Service, TestHost, http2::Http2};

/// The lines of what a component saw that begin like this, sorted.
fn lines<'a>(seen: &'a str, with: &str) -> Vec<&'a str> {
    let mut lines: Vec<&str> = seen.lines().filter(|line| line.starts_with(with)).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn it_sees_its_own_path_and_whom_it_was_called_by() {
    each(&[], |host, root| {
        let seen = host.get(&format!("{root}/seen/a%20b/?c=d&e")).header("x-mine", "1").send().text();
        assert_eq!(lines(&seen, "path"), ["path Some(\"/seen/a%20b/?c=d&e\")"]);
        assert_eq!(lines(&seen, "authority"), [format!("authority Some(\"{}\")", host.address)]);
        assert_eq!(lines(&seen, "x-mine"), ["x-mine: 1"]);
        let id = seen.lines().find_map(|line| line.strip_prefix("x-wharf-request-id: ")).expect("it is told the request's id");
        assert_eq!(id.len(), 24);
        assert_eq!(lines(&seen, "x-wharf-caller"), ["x-wharf-caller-scheme: anonymous"]);
    });
}

#[test]
fn a_caller_is_told_in_headers_that_nobody_else_can_set_and_without_credentials() {
    for guest in STOCK {
        let host = host(Service::of(guest).security_key("a key of its own"));
        let key = format!("{}.key", guest.name);
        let mint = ["ocean-auth", "mint", "--key-file", &key, "--app", "shop", "--user-id", "u1", "--account", "zhang"];
        let minted = host.wharf(mint.into_iter().chain(["--name", "张三", "--auth-service", "user"])).ok();
        let forged = [
            ("x-wharf-caller-app", "forged"),
            ("x-wharf-caller-scopes", "all"),
            ("X-Wharf-Request-Id", "forged"),
            ("X_Wharf_Caller_App", "forged"),
            ("x_forwarded_for", "forged"),
            ("x-forwarded-for", "1.2.3.4"),
            ("cookie", "session=1"),
            ("accesstoken", "s3cret"),
            ("connection", "te , x-hop"),
            ("x-hop", "1"),
            ("te", "trailers"),
            ("proxy-authorization", "Basic s3cret"),
        ];
        let request = host.get(&format!("/s/{}/seen", guest.name)).header("Ocean-Auth", minted.trim());
        let seen = forged.iter().fold(request, |request, (name, value)| request.header(name, value)).send().text();
        assert_eq!(
            lines(&seen, "x-wharf-caller"),
            [
                "x-wharf-caller-app: shop",
                "x-wharf-caller-scheme: ocean-auth",
                "x-wharf-caller-user-account: zhang",
                "x-wharf-caller-user-authenticated-by: user",
                "x-wharf-caller-user-id: u1",
                "x-wharf-caller-user-name: %E5%BC%A0%E4%B8%89",
            ],
            "{seen}"
        );
        for absent in ["forged", "s3cret", minted.trim(), "x-forwarded-for", "cookie", "trailers", "x-hop"] {
            assert!(!seen.contains(absent), "{absent} is in\n{seen}");
        }
        let token = ["token", "create", "--service", guest.name, "--app", "shop", "--scope", "a:b", "--scope", "c"];
        let token = host.wharf(token.into_iter().chain(["--expires", "1h", "--format", "json"])).json();
        let token = token["token"].as_str().expect("a token").to_owned();
        let request = host.get(&format!("/s/{}/seen", guest.name)).header("authorization", format!("Bearer {token}"));
        let seen = request.send().text();
        assert_eq!(lines(&seen, "x-wharf-caller-s"), ["x-wharf-caller-scheme: bearer", "x-wharf-caller-scopes: a%3Ab c"]);
        assert!(!seen.contains(&token), "{seen}");
        host.stop();
    }
}

#[test]
fn over_http_2_it_sees_the_same() {
    for guest in STOCK {
        let host = host(Service::of(guest));
        let mut client = Http2::to(host.address);
        let (status, seen) = client.get(&format!("http://shop.example:81/s/{}/seen?a=b", guest.name), &[]);
        assert_eq!(status, 200);
        assert!(seen.contains("\"shop.example:81\"") && seen.contains("\"/seen?a=b\""), "{seen}");
        // Who stays connected keeps the host from ending at once.
        drop(client);
        host.stop();
    }
}

#[test]
fn it_is_told_what_its_clients_call_the_host() {
    let host = TestHost::new().listen("public-url", "\"https://wharf.example\"").with(Service::of(&PROXY)).start();
    let seen = host.get("/s/proxy/seen").send().text();
    assert!(seen.to_lowercase().contains("https"), "{seen}");
    host.stop();
}
