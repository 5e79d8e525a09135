use http::{HeaderValue, StatusCode};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn answer(status: u16, body: impl AsRef<[u8]>) -> Answer {
    let token = Some(HeaderValue::from_static("t0ken"));
    Answer { status: StatusCode::from_u16(status).unwrap(), body: body.as_ref().to_vec(), cut: false, token }
}

fn ids(answer: &Answer) -> Result<Vec<u64>, Failed> {
    entities(answer, |element| element.get("n")?.as_u64())
}

#[track_caller]
fn error<T: std::fmt::Debug>(result: Result<T, Failed>) -> PlatformError {
    result.unwrap_err().error
}

fn refused(code: &str, message: &str) -> PlatformError {
    PlatformError::Refused { code: code.into(), message: message.into() }
}

#[test]
fn the_envelope_decides_whatever_the_status() {
    let one = r#"{"success":true,"entity":{"a":1},"extra":[{}],"err":null}"#;
    for status in [200, 201, 401, 500] {
        assert_eq!(entity(&answer(status, one)).unwrap(), json!({"a": 1}));
    }
    let no = r#"{"success":false,"err":{"name":"Ocean Error","errCode":"app.doNotHaveRight","errorMessage":"no"}}"#;
    for status in [200, 403, 502] {
        assert_eq!(error(entity(&answer(status, no))), refused("app.doNotHaveRight", "no"));
        assert_eq!(error(ids(&answer(status, no))), refused("app.doNotHaveRight", "no"));
        assert_eq!(error(nothing(&answer(status, no))), refused("app.doNotHaveRight", "no"));
    }
    nothing(&answer(200, r#"{"success":true}"#)).unwrap();
    // An answer that says neither is an error if it names one.
    assert_eq!(error(nothing(&answer(200, r#"{"err":{"errCode":"authCode.Expired"}}"#))), refused("authCode.Expired", ""));
}

#[test]
fn both_spellings_of_an_error_are_read() {
    for (code, message) in [("errCode", "errorMessage"), ("errorCode", "errrorMessage")] {
        let text = json!({"success": false, "err": {code: "authCode.Expired", message: "too old"}}).to_string();
        assert_eq!(error(nothing(&answer(200, text))), refused("authCode.Expired", "too old"));
    }
}

#[test]
fn errors_are_of_the_caller_of_the_token_or_the_platforms_own() {
    let of = |code: &str| error(nothing(&answer(200, json!({"success": false, "err": {"errCode": code}}).to_string())));
    for code in ["accessToken.NotEmpty", "accessToken.NotExist", "accessToken.Expired", "accessToken.TypeNotRight"] {
        assert_eq!(of(code), PlatformError::Token { code: code.into() });
    }
    for code in ["common.database", "common.systemError", "common.unknown"] {
        assert_eq!(of(code), PlatformError::Unavailable(format!("it answered {code}: ")));
    }
    for code in ["common.database.dataNotFound", "common.404", "backService.noSubscribeRecordFound", "something.new"] {
        assert_eq!(of(code), refused(code, ""));
    }
}

#[test]
fn an_error_shows_neither_the_token_nor_more_than_a_line() {
    let of = |code: &str, message: &str| {
        let err = json!({"success": false, "err": {"errCode": code, "errorMessage": message}});
        error(nothing(&answer(200, err.to_string())))
    };
    assert_eq!(of("app.no", "the token t0ken\nis\u{1b} bad: t0ken"), refused("app.no", "the token … is  bad: …"));
    let PlatformError::Refused { message, .. } = of("app.no", &format!("{}t0ken", "x".repeat(297))) else { panic!() };
    assert!(message.ends_with("x…") && message.chars().count() == 298, "{message}");
    for code in ["t0ken", "", "a b", "a\n", &"x".repeat(101)] {
        assert_eq!(of(code, "why"), PlatformError::Unavailable("it answered common.unknown: why".into()), "{code:?}");
    }
}

#[test]
fn what_is_no_envelope_is_nobodys_word() {
    for body in ["", "<html>", "[]", "null", "\"success\"", "{}", r#"{"success":"true"}"#, r#"{"success":true"#, "\u{feff}{}"] {
        for (status, passing) in [(200, false), (404, false), (502, true), (503, true), (504, true)] {
            let answer = answer(status, body);
            for failed in [nothing(&answer).unwrap_err(), entity(&answer).unwrap_err(), ids(&answer).unwrap_err()] {
                assert!(matches!(failed.error, PlatformError::Unavailable(_)), "{body}");
                assert_eq!(failed.passing, passing, "{status} {body}");
            }
        }
    }
    assert!(nothing(&answer(200, [0xff, 0xfe])).is_err());
}

#[test]
fn a_redirect_is_not_followed_and_not_believed() {
    let answer = answer(302, r#"{"success":true,"entity":{},"entities":[]}"#);
    for failed in [nothing(&answer).unwrap_err(), entity(&answer).unwrap_err(), ids(&answer).unwrap_err()] {
        assert!(failed.error.to_string().contains("redirects are not followed"), "{failed:?}");
    }
}

#[test]
fn a_list_is_read_element_by_element() {
    let list = |text: &str| ids(&answer(200, text)).unwrap();
    assert_eq!(list(r#"{"success":true,"rows":9,"entities":[{"n":1},{"x":{}},7,null,{"n":2}]}"#), [1, 2]);
    assert_eq!(list(r#"{"entities":[{"n":1}],"success":true}"#), [1]);
    for none in [r#"{"success":true,"rows":0,"entities":[]}"#, r#"{"success":true,"entities":null}"#, r#"{"success":true}"#] {
        assert_eq!(list(none), [0; 0]);
    }
    for wrong in [r#"{"success":true,"entities":{}}"#, r#"{"success":true,"entities":[{"n":1}"#, r#"{"success":true}x"#] {
        assert!(matches!(error(ids(&answer(200, wrong))), PlatformError::Unavailable(_)), "{wrong}");
    }
}

#[test]
fn of_a_list_that_was_cut_what_is_whole_is_taken() {
    let whole = r#"{"success":true,"rows":3,"entities":[{"n":1},{"n":2},{"n":3}]}"#;
    let mut cut = answer(200, &whole[..whole.len() - 6]);
    assert!(matches!(error(ids(&cut)), PlatformError::Unavailable(_)), "a connection that breaks off is no limit");
    cut.cut = true;
    assert_eq!(ids(&cut).unwrap(), [1, 2]);
    // Wherever it says that it is good.
    cut.body = br#"{"entities":[{"n":1},{"#.to_vec();
    assert_eq!(ids(&cut).unwrap(), [1]);
    // Only of a list, of which something is whole, and which is not said to be bad.
    assert!(entity(&cut).is_err());
    for wrong in [r#"{"success":true,"entities":[{"n":1"#, r#"{"success":false,"entities":[{"n":1},{"#, "[{}", "{"] {
        cut.body = wrong.as_bytes().to_vec();
        assert!(ids(&cut).is_err(), "{wrong}");
    }
}

#[test]
fn an_entity_is_an_object() {
    for text in [r#"{"success":true}"#, r#"{"success":true,"entity":[]}"#, r#"{"success":true,"entity":null}"#] {
        assert!(matches!(error(entity(&answer(200, text))), PlatformError::Unavailable(_)), "{text}");
    }
}

proptest! {
    #[test]
    fn garbage_never_panics(body in prop::collection::vec(any::<u8>(), 0..200), cut: bool, status in 100_u16..600) {
        let answer = Answer { cut, ..answer(status, body) };
        drop((nothing(&answer), entity(&answer), ids(&answer)));
    }

    #[test]
    fn nearly_an_envelope_never_panics(at in 0_usize..90, with in "[{}\\[\\]\",:a0]{0,3}", cut: bool) {
        let mut text = r#"{"success":true,"rows":2,"entities":[{"n":1},{"n":2}],"entity":{},"err":{"errCode":"a"}}"#.to_owned();
        text.replace_range(at.min(text.len())..text.len().min(at + 2), &with);
        let answer = Answer { cut, ..answer(200, text) };
        drop((nothing(&answer), entity(&answer), ids(&answer)));
    }
}
