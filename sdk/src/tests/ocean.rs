//! Answers as clients of OceanClouds read them.

use crate::ocean;
use crate::prelude::*;

fn text(response: Response) -> (u16, String) {
    let bytes = response.body.into_bytes(1 << 10).unwrap();
    (response.status, String::from_utf8(bytes).unwrap())
}

#[test]
fn every_answer_has_the_envelope() {
    assert_eq!(text(ocean::done().unwrap()), (200, r#"{"success":true}"#.to_owned()));
    assert_eq!(text(ocean::entity(&[1]).unwrap()).1, r#"{"success":true,"entity":[1]}"#);
    assert_eq!(text(ocean::entities(&["a", "b"]).unwrap()).1, r#"{"success":true,"rows":2,"entities":["a","b"]}"#);
    assert_eq!(text(ocean::entities::<u8>(&[]).unwrap()).1, r#"{"success":true,"rows":0,"entities":[]}"#);
    let refusal = ocean::refusal("USER Error", "user.alreadyExist", "There is \"one\".");
    let body =
        r#"{"success":false,"err":{"name":"USER Error","errCode":"user.alreadyExist","errorMessage":"There is \"one\"."}}"#;
    assert_eq!(text(refusal.into_response(200)), (200, body.to_owned()));
    assert_eq!(text(refusal.into_response(401)), (409, body.to_owned()));
    let json = ("content-type".to_owned(), b"application/json".to_vec());
    assert_eq!((ocean::done().unwrap().headers, refusal.into_response(200).headers), (vec![json.clone()], vec![json]));
}

#[test]
fn every_code_has_its_status() {
    for (expected, codes) in [
        (401, "accessToken.NotEmpty accessToken.NotExist ocean.notAuthorizeByOcean subscribe.signNotCorrect passport.notLogin"),
        (401, "passport.loginFailed passport.noAccount user.accountOrPasswordNotRight"),
        (403, "backService.doNotHaveRight user.doNotHaveRight crud.donNotHaveRight crud.donNotHaveAppRight crud.notOwner"),
        (403, "common.database.dataCanNotAccessed app.notSubscribedApp app.subscribeBackServiceIsPrivate user.passwordNotRight"),
        (403, "ocean.wrongOceanAuthBackServiceKey"),
        (404, "common.database.dataNotFound common.404 common.appKeyNotExists user.notExist token.notExist crud.entityNotFound"),
        (404, "entitySchema.entitySchemaNotFound backService.noSubscribeRecordFound app.appNotHaveThisBackService"),
        (404, "app.subscribeBackServiceNotExist authCode.NotExist appUser.userNotFoundByAccessToken"),
        (409, "user.alreadyExist passport.emailAlreadyExist app.appAlreadySubscribeThisBackService token.used"),
        (409, "app.canNotCancelBackServiceBecauseOfWrongStatus app.canNotDeleteBecauseUnCancelledSubscription"),
        (429, "mail.reset.maxNumPerDay"),
        (502, "ocean.saveUserInfoFailed ocean.getEndUserAccessTokenFailed auth.getAccessTokenFailed oauth.getAccessTokenFailed"),
        (502, "request.oceanMessageFail message.messageSendFailed mail.failed weibo.accessFailed facebook.infoFailed"),
        (500, "common.database common.systemError common.unknown common.unknow"),
        (400, "token.expired authCode.Expired wharf.badRequest user.accountOrEmailCannotBeNull common.messageTypeNotSupport"),
    ] {
        for code in codes.split(' ') {
            assert_eq!(ocean::status(code), expected, "{code}");
        }
    }
}

#[test]
fn a_line_is_what_can_be_shown_on_one() {
    for line in ["", "ada", "张三", "ada lovelace", "a'b\"c<d>", "👩🏽‍🚀"] {
        assert!(ocean::is_line(line), "{line:?}");
    }
    for none in ["a\nb", "a\r", "\t", "a\0", "\u{7f}", "\u{85}", "a\u{202e}b", "\u{2028}", "\u{feff}a", "\u{2066}"] {
        assert!(!ocean::is_line(none), "{none:?}");
    }
}
