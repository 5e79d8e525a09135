use std::time::Duration;

use serde_json::Value as Json;

use super::*;

/// The clock of the vectors.
const NOW: u64 = 1_440_750_000_000;
const KEY: &str = "sample_signKey";

fn policy(key: &str, settings: &Settings) -> Policy {
    Policy::new("user", &Secret::new(key), settings).unwrap()
}

fn default() -> Policy {
    policy(KEY, &Settings::default())
}

fn both() -> Policy {
    policy(KEY, &Settings { forms: Forms::Both, ..Settings::default() })
}

/// What the service makes of `json` in a legacy header.
fn judge(policy: &Policy, json: &str) -> Result<Identity, Reason> {
    policy.open(policy.legacy.seal(json.as_bytes()).as_bytes(), NOW)
}

fn login(field: &str, value: &str) -> String {
    let mut fields = [
        ("appKey", r#""sample_app""#),
        ("isClientLogin", "true"),
        ("appUserAccountId", r#""55b750bf4de03bab3307c0e5""#),
        ("appUserAccount", r#""test""#),
        ("appUserName", r#""test""#),
        ("authBackServiceKey", r#""user""#),
        ("expireTime", "1440753398107"),
    ];
    fields.iter_mut().filter(|(key, _)| *key == field).for_each(|(_, old)| *old = value);
    let fields = fields.iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| format!(r#""{key}":{value}"#));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

/// The identity as the vector's own JSON tells it, read by serde_json alone.
fn told(json: &str) -> Identity {
    let json: Json = serde_json::from_str(json).unwrap();
    let text = |key: &str| json[key].as_str().unwrap().to_owned();
    let login = json["isClientLogin"] == true || json["isClientLogin"] == "true";
    Identity {
        app_key: text("appKey"),
        user: login.then(|| AppUser {
            id: text("appUserAccountId"),
            account: text("appUserAccount"),
            name: text("appUserName"),
            authenticated_by: text("authBackServiceKey"),
        }),
        expires_ms: json["expireTime"].as_u64().or_else(|| json["expireTime"].as_str()?.parse().ok()),
    }
}

#[test]
fn all_vectors() {
    let data: Json = serde_json::from_str(include_str!("../../../tests/data/ocean_auth.json")).unwrap();
    let vectors = data["vectors"].as_array().unwrap();
    assert_eq!((data["meta"]["now"].as_u64(), vectors.len()), (Some(NOW), 70));

    let mut accepted = 0;
    for vector in vectors {
        let text = |key: &str| vector[key].as_str();
        let name = text("name").unwrap();
        let mut settings = Settings::default();
        match text("requires") {
            None => {}
            Some("max-lifetime off or >= 85 years") => settings.max_lifetime = Duration::MAX,
            Some(other) => panic!("{name} requires {other}"),
        }
        let key = Secret::new(text("securityKey").unwrap());
        let header = text("hex").unwrap_or_default().as_bytes();
        let policy = match (Policy::new("user", &key, &settings), text("expectedError")) {
            (Err(error), expected) => {
                assert_eq!((error, expected), (KeyError::Empty, Some("config_empty_key")), "{name}");
                continue;
            }
            (Ok(_), Some("config_empty_key")) => panic!("{name}: an empty key was taken"),
            (Ok(policy), _) => policy,
        };
        let outcome = policy.open(header, NOW);
        match text("expectedError") {
            None => {
                accepted += 1;
                assert_eq!(vector["valid"], true, "{name}");
                assert_eq!(outcome.as_ref(), Ok(&told(text("json").unwrap())), "{name}");
                if !name.starts_with("hex-") {
                    assert_eq!(policy.legacy.seal(text("json").unwrap().as_bytes()).as_bytes(), header, "{name}");
                }
            }
            Some(expected) => {
                assert_eq!(vector["valid"], false, "{name}");
                assert_eq!(outcome.unwrap_err().as_str(), expected, "{name}");
            }
        }
        match text("acceptWith") {
            None => {}
            Some("missing-comma=true") => settings.missing_comma = true,
            Some(other) => panic!("{name} is accepted with {other}"),
        }
        if text("acceptWith").is_some() {
            let identity = Policy::new("user", &key, &settings).unwrap().open(header, NOW).unwrap();
            let mended = text("json").unwrap().replace("c0e5\"", "c0e5\",");
            assert_eq!(identity, told(&mended), "{name}");
        }
    }
    assert_eq!(accepted, 22);
}

#[test]
fn the_case_of_hex_does_not_matter() {
    let policy = default();
    let lower = policy.legacy.seal(login("", "").as_bytes());
    let mixed: String = lower.char_indices().map(|(at, c)| if at % 3 == 0 { c.to_ascii_uppercase() } else { c }).collect();
    assert_ne!(lower, mixed);
    for header in [&lower, &mixed, &lower.to_uppercase()] {
        assert_eq!(policy.open(header.as_bytes(), NOW), policy.open(lower.as_bytes(), NOW));
        assert!(policy.open(header.as_bytes(), NOW).is_ok());
    }
}

#[test]
fn an_expiry_is_valid_until_it_is_now_and_no_further_ahead_than_max_lifetime() {
    let days = 31 * 86_400_000;
    let cases = [
        (NOW, Err(Reason::Expired)),
        (NOW + 1, Ok(())),
        (NOW + days, Ok(())),
        (NOW + days + 1, Err(Reason::TooFar)),
        (i64::MAX.unsigned_abs(), Err(Reason::TooFar)),
    ];
    for (expiry, expected) in cases {
        for value in [expiry.to_string(), format!("\"{expiry}\"")] {
            assert_eq!(judge(&default(), &login("expireTime", &value)).map(drop), expected, "{value}");
            let anonymous = format!(r#"{{"appKey":"a","isClientLogin":false,"expireTime":{value}}}"#);
            assert_eq!(judge(&default(), &anonymous).map(drop), expected, "{anonymous}");
        }
    }
}

#[test]
fn an_expiry_is_an_integer_as_json_writes_it() {
    for value in ["1440753398107.0", "1.440753398107e12", "[1]", "{}", "false", "18446744073709551616", "9223372036854775808"] {
        assert_eq!(judge(&default(), &login("expireTime", value)), Err(Reason::BadType), "{value}");
    }
    for value in [
        "+1440753398107",
        "01440753398107",
        " 1440753398107",
        "1440753398107 ",
        "1440753398107.0",
        "1_000",
        "-",
        "٣",
        "9223372036854775808",
    ] {
        assert_eq!(judge(&default(), &login("expireTime", &format!("\"{value}\""))), Err(Reason::BadType), "{value}");
    }
    for value in ["-1", "0", "\"-1\"", "\"0\"", "\"-0\"", "-9223372036854775808"] {
        assert_eq!(judge(&default(), &login("expireTime", value)), Err(Reason::Expired), "{value}");
    }
}

#[test]
fn a_logged_in_user_needs_every_field_and_only_labels_may_be_empty() {
    for field in
        ["appKey", "isClientLogin", "appUserAccountId", "appUserAccount", "appUserName", "authBackServiceKey", "expireTime"]
    {
        assert_eq!(judge(&default(), &login(field, "")), Err(Reason::MissingField), "no {field}");
        assert_eq!(judge(&default(), &login(field, "null")), Err(Reason::MissingField), "null {field}");
        assert_eq!(judge(&default(), &login(field, "{}")), Err(Reason::BadType), "{field} is an object");
        let empty = match field {
            "isClientLogin" => Err(Reason::BadType),
            "appUserAccount" | "appUserName" => Ok(()),
            _ => Err(Reason::MissingField),
        };
        assert_eq!(judge(&default(), &login(field, r#""""#)).map(drop), empty, "empty {field}");
    }
}

#[test]
fn an_anonymous_caller_has_no_user_whatever_the_fields_say() {
    for field in ["appUserAccountId", "appUserAccount", "appUserName", "authBackServiceKey"] {
        for (value, expected) in
            [("null", None), (r#""""#, None), (r#""x""#, None), ("5", Some(Reason::BadType)), ("[]", Some(Reason::BadType))]
        {
            let outcome = judge(&default(), &format!(r#"{{"appKey":"a","isClientLogin":"false","{field}":{value}}}"#));
            assert_eq!(outcome.map(|identity| identity.user), expected.map_or(Ok(None), Err), "{field} {value}");
        }
    }
}

#[test]
fn an_anonymous_header_without_expiry_can_be_denied() {
    let deny = policy(KEY, &Settings { anonymous_without_expiry: false, ..Settings::default() });
    for expiry in ["", r#","expireTime":null"#, r#","expireTime":"""#] {
        let json = format!(r#"{{"appKey":"a","isClientLogin":false{expiry}}}"#);
        assert_eq!(judge(&default(), &json).unwrap().expires_ms, None);
        assert_eq!(judge(&deny, &json), Err(Reason::MissingField));
    }
    assert!(judge(&deny, r#"{"appKey":"a","isClientLogin":false,"expireTime":1440750000001}"#).is_ok());
}

#[test]
fn a_revoked_account_proves_nobody_and_the_others_still_do() {
    let revoked_accounts = ["55b750bf4de03bab3307c0e5".to_owned()].into();
    let revoking = policy(KEY, &Settings { revoked_accounts, ..Settings::default() });
    assert_eq!(judge(&revoking, &login("", "")), Err(Reason::RevokedAccount));
    let other = login("appUserAccountId", r#""55b750bf4de03bab3307c0e6""#);
    assert_eq!(judge(&revoking, &other), judge(&default(), &other));
    assert!(judge(&revoking, r#"{"appKey":"a","isClientLogin":false}"#).is_ok());
    // What is wrong besides counts first: nobody learns of the list.
    assert_eq!(judge(&revoking, &login("expireTime", "1")), Err(Reason::Expired));
}

#[test]
fn json_with_two_readings_is_refused() {
    let ok = r#"{"appKey":"a","isClientLogin":false,"x":{"k":[1,{"k":null}],"l":"\ud83d\ude80"},"k":1.5}"#;
    assert!(judge(&default(), ok).is_ok());
    assert!(judge(&default(), &format!("\r\n\t {ok}\n ")).is_ok());
    let deep = format!(r#"{{"appKey":"a","isClientLogin":false,"x":{}{}}}"#, "[".repeat(4000), "]".repeat(4000));
    for json in [
        r#"{"appKey":"a","isClientLogin":false,"appKey":"a"}"#,
        r#"{"appKey":"a","isClientLogin":false,"app\u004bey":"b"}"#,
        r#"{"appKey":"a","isClientLogin":false,"appUserName":null,"appUserName":null}"#,
        r#"{"appKey":"a","isClientLogin":false,"x":1,"x":2}"#,
        r#"{"appKey":"a","isClientLogin":false,"x":1,"\u0078":2}"#,
        r#"{"appKey":"a","isClientLogin":false,"x":[{"k":1,"k":2}]}"#,
        r#"{"appKey":"\ud800","isClientLogin":false}"#,
        r#"{"appKey":"a\udc00b","isClientLogin":false}"#,
        r#"{"appKey":"a","isClientLogin":false,"x":"\ud800"}"#,
        r#"{"appKey":"a","isClientLogin":false,"\udfff":1}"#,
        r#"{"appKey":"a","isClientLogin":false,"x":"\q"}"#,
        r#"{"appKey":"a","isClientLogin":false,"x":NaN}"#,
        r#"{"appKey":"a","isClientLogin":false,"x":01}"#,
        r#"{"appKey":"a","isClientLogin":false} {}"#,
        r#"{"appKey":"a","isClientLogin":false}/**/"#,
        r#"[{"appKey":"a","isClientLogin":false}]"#,
        "{\"appKey\":\"a\nb\",\"isClientLogin\":false}",
        "{\"appKey\":\"a\",\"isClientLogin\":false}\0",
        "{\"appKey\":\"a\",\u{a0}\"isClientLogin\":false}",
        "\u{feff}{\"appKey\":\"a\",\"isClientLogin\":false}",
        &deep,
    ] {
        assert_eq!(judge(&default(), json), Err(Reason::MalformedJson), "{json:.80}");
    }
}

#[test]
fn missing_comma_forgives_one_comma_in_one_place() {
    let lenient = policy(KEY, &Settings { missing_comma: true, ..Settings::default() });
    let good = login("", "");
    let without = |comma_before: &str| {
        let found = format!(",\"{comma_before}\"");
        assert_eq!(good.matches(&found).count(), 1, "{comma_before}");
        good.replace(&found, &format!(" \t\r\n\"{comma_before}\""))
    };
    let defect = without("appUserAccount");
    assert_eq!(judge(&lenient, &defect), judge(&lenient, &good));
    assert_eq!(judge(&lenient, &defect.replace(" \t\r\n", "")), judge(&lenient, &good));
    assert_eq!(judge(&default(), &defect), Err(Reason::MalformedJson));

    let refused = ["isClientLogin", "appUserAccountId", "appUserName", "authBackServiceKey", "expireTime"].map(without);
    for json in refused.into_iter().chain([
        defect.replace(",\"appUserName\"", "\"appUserName\""),
        defect.replace('}', ",}"),
        defect.replace("\"test\"", "test"),
        defect.replace(" \t\r\n", ";"),
        defect.replace(" \t\r\n", ",,"),
        defect.replace("\"55b750bf4de03bab3307c0e5\"", "55"),
        defect.replace("\"expireTime\"", "\"appKey\""),
        format!("{defect}{defect}"),
        format!("[{defect}]"),
        r#"{"appKey":"a","isClientLogin":false,"x":{"appUserAccountId":"1" "appUserAccount":"2"}}"#.to_owned(),
        r#"{"appKey":"a","isClientLogin":false,"x":"appUserAccountId":"1" "appUserAccount":"2"}"#.to_owned(),
        r#"{"appUserAccountId":"1" "appUserAccount"#.to_owned(),
        r#"{"appUserAccountId":"1\"#.to_owned(),
    ]) {
        assert_eq!(judge(&lenient, &json), Err(Reason::MalformedJson), "{json}");
    }
    let quoted = login("appUserName", r#""{\"appUserAccountId\":\"1\" \"appUserAccount\":\"2\"}\\""#);
    assert_eq!(judge(&lenient, &quoted), judge(&default(), &quoted));
}

#[test]
fn the_key_encoding_decides_how_a_key_beyond_ascii_is_read() {
    // openssl enc -aes-128-ecb -K of the MD5 of c6 a5 2d e9, the low bytes of the UTF-16 units of 密钥-é.
    let by_old_node = "4c0b0119aecf1ccc94f5be313bec1da490430cda87bbd9c4651c3f09b7bfcf7120ab0e0b15d12b6aa7d27cf9618afb13";
    let key = Secret::new("密钥-é");
    let binary = Policy::new("user", &key, &Settings { key_encoding: KeyEncoding::Binary, ..Settings::default() }).unwrap();
    let utf8 = Policy::new("user", &key, &Settings::default()).unwrap();
    assert_eq!(binary.open(by_old_node.as_bytes(), NOW).unwrap().app_key, "sample_app");
    assert_eq!(utf8.open(by_old_node.as_bytes(), NOW), Err(Reason::BadPadding));
    let by_new_node = utf8.legacy.seal(login("", "").as_bytes());
    assert!(utf8.open(by_new_node.as_bytes(), NOW).is_ok());
    assert_eq!(binary.open(by_new_node.as_bytes(), NOW), Err(Reason::BadPadding));

    let bytes = Secret::new([0xff, 0xfe]);
    assert!(Policy::new("user", &bytes, &Settings::default()).is_ok());
    let binary = Settings { key_encoding: KeyEncoding::Binary, ..Settings::default() };
    assert_eq!(Policy::new("user", &bytes, &binary).unwrap_err(), KeyError::NotText);
}

#[test]
fn a_header_of_the_largest_size_is_looked_at_and_a_larger_one_is_not() {
    let policy = default();
    let room = MAX_HEADER / 2 - 1 - r#"{"appKey":"","isClientLogin":false}"#.len();
    let largest = format!(r#"{{"appKey":"{}","isClientLogin":false}}"#, "a".repeat(room));
    assert_eq!(policy.legacy.seal(largest.as_bytes()).len(), MAX_HEADER);
    assert_eq!(judge(&policy, &largest).unwrap().app_key.len(), room);
    assert_eq!(judge(&policy, &format!("{largest} ")), Err(Reason::TooLarge));
    assert_eq!(policy.open(&[b'z'; MAX_HEADER], NOW), Err(Reason::BadHex));
    assert_eq!(policy.open(&[b'z'; MAX_HEADER + 1], NOW), Err(Reason::TooLarge));
}

#[test]
fn v2_known_answer() {
    let header = "v2.AAECAwQFBgcICQoLyqMusviWEmG0h-vavi5pYqzY8ICpg9jAvJ6XE9itXbJ3OIIpuGjutut-S_QK_nhcji8ls_pfK_BO2FjUTO9pFhpWjJWuAFswApIp20QxvWMzmjfwGkJaOlJr1nehstDQCOixL-36dy0-7qoghVWYnrtoH1zwmkKZMA";
    let identity = Identity { app_key: "sample_app".into(), user: None, expires_ms: Some(NOW + 3_600_000) };
    assert_eq!(both().mint_v2(&identity, NOW, std::array::from_fn(|at| u8::try_from(at).unwrap())), header);
    assert_eq!(both().open(header.as_bytes(), NOW), Ok(identity));
    assert_eq!(both().open(header.as_bytes(), NOW + 3_600_000), Err(Reason::Expired));
}

#[test]
fn v2_is_bound_to_its_service_twice() {
    let identity = Identity { app_key: "a".into(), user: None, expires_ms: Some(NOW + 1) };
    let settings = Settings { forms: Forms::V2, ..Settings::default() };
    let mail = Policy::new("mail", &Secret::new(KEY), &settings).unwrap();
    assert!(mail.open(mail.mint_v2(&identity, NOW, [7; 12]).as_bytes(), NOW).is_ok());
    assert_eq!(mail.open(both().mint_v2(&identity, NOW, [7; 12]).as_bytes(), NOW), Err(Reason::BadTag));
    let claims =
        |aud: &str| format!(r#"{{"appKey":"a","isClientLogin":false{aud},"iat":1440750000000,"expireTime":1440750000001}}"#);
    for (aud, expected) in [
        (r#","aud":"mail""#, Ok(())),
        (r#","aud":"user""#, Err(Reason::WrongAudience)),
        (r#","aud":"mail ""#, Err(Reason::WrongAudience)),
        (r#","aud":["mail"]"#, Err(Reason::BadType)),
        (r#","aud":"""#, Err(Reason::MissingField)),
        ("", Err(Reason::MissingField)),
    ] {
        let header = mail.v2.seal(claims(aud).as_bytes(), [8; 12]);
        assert_eq!(mail.open(header.as_bytes(), NOW).map(drop), expected, "{aud}");
    }
}

#[test]
fn v2_needs_its_times_even_for_anonymous_callers() {
    for (times, expected) in [
        (r#","iat":1440750000000,"expireTime":1440750000001"#, Ok(())),
        (r#","iat":1440750000000,"expireTime":"1440750000001","jti":"x""#, Ok(())),
        (r#","iat":1440750000000"#, Err(Reason::MissingField)),
        (r#","iat":1440750000000,"expireTime":null"#, Err(Reason::MissingField)),
        (r#","iat":1440750000000,"expireTime":1440750000000"#, Err(Reason::Expired)),
        (r#","iat":1440750000000,"expireTime":4102444800000"#, Err(Reason::TooFar)),
        (r#","expireTime":1440750000001"#, Err(Reason::MissingField)),
        (r#","iat":"1440750000000","expireTime":1440750000001"#, Err(Reason::BadType)),
        (r#","iat":-1,"expireTime":1440750000001"#, Err(Reason::BadType)),
        (r#","iat":1440750000000,"expireTime":1440750000001,"iat":0"#, Err(Reason::MalformedJson)),
    ] {
        let json = format!(r#"{{"appKey":"a","isClientLogin":false,"aud":"user"{times}}}"#);
        let header = both().v2.seal(json.as_bytes(), [9; 12]);
        assert_eq!(both().open(header.as_bytes(), NOW).map(drop), expected, "{times}");
    }
}

#[test]
fn v2_is_as_strict_about_its_wrapping_and_its_json() {
    let lenient = policy(KEY, &Settings { forms: Forms::V2, missing_comma: true, ..Settings::default() });
    let defect = login("", "").replace(",\"appUserAccount\"", "\"appUserAccount\"");
    let sealed = |text: &[u8]| lenient.v2.seal(text, [1; 12]);
    let header = sealed(b"{}");
    for (header, expected) in [
        (sealed(defect.as_bytes()), Reason::MalformedJson),
        (sealed(b"\xff"), Reason::BadUtf8),
        (sealed(b""), Reason::MalformedJson),
        ("v2.".into(), Reason::BadLength),
        (format!("v2.{}", "A".repeat(36)), Reason::BadLength),
        (format!("v2.{}", "A".repeat(38)), Reason::BadTag),
        (format!("{header}="), Reason::BadBase64),
        (format!("{header}\n"), Reason::BadBase64),
        (header.replacen("v2.", "v2.+", 1), Reason::BadBase64),
        (header.replacen("v2.", "v2.v2.", 1), Reason::BadBase64),
        (format!("v2.{}", "A".repeat(MAX_HEADER)), Reason::TooLarge),
    ] {
        assert_eq!(lenient.open(header.as_bytes(), NOW), Err(expected), "{header:.80}");
    }
}

#[test]
fn each_form_opens_only_where_it_is_allowed() {
    let identity = Identity { app_key: "a".into(), user: None, expires_ms: Some(NOW + 1) };
    let legacy = default().mint_legacy(&identity);
    let v2 = default().mint_v2(&identity, NOW, [3; 12]);
    let refused = Err(Reason::FormNotAllowed);
    for (forms, of_legacy, of_v2) in [
        (Forms::Legacy, Ok(identity.clone()), refused.clone()),
        (Forms::Both, Ok(identity.clone()), Ok(identity.clone())),
        (Forms::V2, refused.clone(), Ok(identity.clone())),
    ] {
        let policy = policy(KEY, &Settings { forms, ..Settings::default() });
        assert_eq!(policy.open(legacy.as_bytes(), NOW), of_legacy, "{forms:?}");
        assert_eq!(policy.open(v2.as_bytes(), NOW), of_v2, "{forms:?}");
        assert_eq!(policy.open(b"", NOW), Err(Reason::MissingHeader), "{forms:?}");
    }
    assert!(both().open(v2.replace("v2.", "V2.").as_bytes(), NOW).is_err());
}

#[test]
fn the_operator_hears_of_weak_keys_and_of_the_legacy_form() {
    let warnings = |key: &str, forms| policy(key, &Settings { forms, ..Settings::default() }).warnings();
    assert_eq!(warnings("fifteen letters", Forms::V2).len(), 1);
    assert_eq!(warnings("张张张张张张张张张张张张张张张", Forms::V2).len(), 1);
    assert_eq!(warnings("sixteen letters!", Forms::V2), [""; 0]);
    assert_eq!(warnings("sixteen letters!", Forms::Both).len(), 1);
    assert_eq!(warnings("weak", Forms::Legacy).len(), 2);
    assert!(warnings("weak", Forms::Legacy).iter().all(|warning| warning.contains("`user`") && !warning.contains("weak")));
    assert!(!format!("{:?}", default()).contains(KEY));
}

#[test]
fn spliced_legacy_headers_show_why_v2_exists() {
    // Two honest accounts; the blocks of one up to a border, then those of the other, name an account that is neither.
    let account = |name: &str| login("appUserAccount", &format!("\"{name}\""));
    let (ours, theirs) = (account("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), account("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"));
    let border = ours.find("aaaa").unwrap().next_multiple_of(16) * 2;
    let policy = default();
    let [ours, theirs] = [ours, theirs].map(|json| policy.legacy.seal(json.as_bytes()));
    let spliced = [&ours[..border + 32], &theirs[border + 32..]].concat();
    let user = policy.open(spliced.as_bytes(), NOW).unwrap().user.unwrap();
    assert!(user.account.contains("ab"), "{}", user.account);
}
