//! What holds for every header, not only for those somebody thought of.

use proptest::prelude::*;

use super::*;

const NOW: u64 = 1_440_750_000_000;

fn policy(missing_comma: bool) -> Policy {
    let settings = Settings { forms: Forms::Both, missing_comma, ..Settings::default() };
    Policy::new("user", &Secret::new("sample_signKey"), &settings).unwrap()
}

fn identity() -> impl Strategy<Value = Identity> {
    let text = any::<String>;
    let filled = || any::<String>().prop_filter("empty", |text| !text.is_empty());
    let user = (filled(), text(), text(), filled()).prop_map(|(id, account, name, authenticated_by)| AppUser {
        id,
        account,
        name,
        authenticated_by,
    });
    (filled(), proptest::option::of(user), 1..31 * 86_400_000_u64).prop_map(|(app_key, user, left)| Identity {
        app_key,
        user,
        expires_ms: Some(NOW + left),
    })
}

/// Pieces of the text that the parsers know, one between each two blanks.
const PIECES: &str = r#"{ } [ ] : , " \ true null 1 - 1e400 \u00 \ud800 \" "appKey" "appUserAccountId" "appUserAccount" "x":"#;

/// Good claims with a stretch replaced by pieces, so that many of them are nearly right and some are right.
fn nearly_json() -> impl Strategy<Value = String> {
    let pieces: Vec<&str> = PIECES.split(' ').chain([" ", "\t\n", "张"]).collect();
    let pieces = proptest::collection::vec(proptest::sample::select(pieces), 0..4);
    (0..DUMMY_CLAIMS.len(), 0..8_usize, pieces, any::<bool>()).prop_map(|(start, cut, pieces, comma)| {
        let end = (start + cut).min(DUMMY_CLAIMS.len());
        let text = [&DUMMY_CLAIMS[..start], &pieces.concat(), &DUMMY_CLAIMS[end..]].concat();
        if comma { text } else { text.replacen(r#","appUserAccount""#, r#""appUserAccount""#, 1) }
    })
}

proptest! {
    #[test]
    fn what_is_minted_opens_as_it_was(identity in identity(), nonce in any::<[u8; 12]>()) {
        let policy = policy(false);
        let (legacy, v2) = (policy.mint_legacy(&identity), policy.mint_v2(&identity, NOW, nonce));
        let expected = |header: &str| if header.len() > MAX_HEADER { Err(Reason::TooLarge) } else { Ok(identity.clone()) };
        prop_assert_eq!(policy.open(legacy.as_bytes(), NOW), expected(&legacy));
        prop_assert_eq!(policy.open(v2.as_bytes(), NOW), expected(&v2));
    }

    #[test]
    fn random_bytes_prove_nobody(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let policy = policy(true);
        for header in [bytes.clone(), ::hex::encode(&bytes).into_bytes(), [b"v2.", &bytes[..]].concat()] {
            prop_assert!(policy.open(&header, NOW).is_err());
        }
        let whole = &bytes[..bytes.len() / 16 * 16];
        prop_assert!(policy.open(::hex::encode(whole).as_bytes(), NOW).is_err());
    }

    #[test]
    fn a_changed_v2_header_is_refused(identity in identity(), at in any::<prop::sample::Index>(), by in 1..=255_u8) {
        let policy = policy(true);
        let mut header = policy.mint_v2(&identity, NOW, [5; 12]).into_bytes();
        let at = at.index(header.len());
        header[at] ^= by;
        prop_assert!(policy.open(&header, NOW).is_err());
        header[at] ^= by;
        prop_assert!(policy.open(&header[..at], NOW).is_err());
    }

    #[test]
    fn what_a_legacy_header_proves_is_what_another_parser_reads(text in nearly_json()) {
        for missing_comma in [false, true] {
            let policy = policy(missing_comma);
            if let Ok(identity) = policy.open(policy.legacy.seal(text.as_bytes()).as_bytes(), NOW) {
                let mended = comma::mend(&text).filter(|_| missing_comma);
                let json: serde_json::Value = serde_json::from_str(mended.as_deref().unwrap_or(&text)).unwrap();
                prop_assert_eq!(&json["appKey"], &identity.app_key);
                prop_assert_eq!(identity.user.map(|user| user.id), json["appUserAccountId"].as_str().map(str::to_owned));
            }
        }
    }

    #[test]
    fn the_mended_text_differs_by_one_comma(text in nearly_json()) {
        if let Some(mended) = comma::mend(&text) {
            prop_assert_eq!(mended.len(), text.len() + 1);
            let same = text.bytes().zip(mended.bytes()).take_while(|(old, new)| old == new).count();
            prop_assert_eq!([",", &text[same..]].concat(), &mended[same..]);
        }
    }
}
