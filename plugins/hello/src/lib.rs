//! The smallest plugin: it greets by name, and says which app asked.

use wharf_sdk::prelude::*;

#[derive(Serialize)]
struct Greeting {
    text: String,
}

#[get("/hello/{name}")]
fn hello(caller: Caller, name: String) -> Result<Json<Greeting>> {
    Ok(Json(Greeting { text: format!("Hello {name}, from {}", caller.app()?.key) }))
}

service!(hello);

#[cfg(test)]
mod tests {
    use wharf_sdk::testing::TestHost;

    #[test]
    fn it_greets_by_name_and_says_which_app_asked() {
        let response = TestHost::new(super::routes()).app("sample_app").get("/hello/Ada%20L");
        assert_eq!((response.status, response.header("content-type")), (200, Some("application/json")));
        assert_eq!(response.text(), r#"{"text":"Hello Ada L, from sample_app"}"#);
    }

    #[test]
    fn a_caller_that_is_no_app_is_told_so() {
        let response = TestHost::new(super::routes()).get("/hello/Ada");
        assert_eq!((response.status, response.text().contains("app_required")), (403, true));
    }
}
