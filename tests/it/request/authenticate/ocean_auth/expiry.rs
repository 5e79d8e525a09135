//! A header is valid before its `expireTime` and not at it, written as a number or as text.

use super::{
    SAMPLE_KEY, host_with_key,
    seal::{login, seal},
};

const NOW: u64 = 1_440_750_000_000;

#[test]
fn the_last_millisecond_counts_in_both_spellings() {
    let host = host_with_key(SAMPLE_KEY, NOW).start();
    for (ahead, status) in [(1, 200), (0, 401)] {
        let at = NOW + ahead;
        for spelling in [at.to_string(), format!("\"{at}\"")] {
            let header = seal(SAMPLE_KEY.as_bytes(), &login(&spelling));
            let answer = host.get("/s/identity/").header("Ocean-Auth", header).send();
            assert_eq!(answer.status, status, "expireTime {spelling}: {}", answer.text());
        }
    }
    host.stop();
}

#[test]
fn a_header_of_too_long_a_life_is_refused() {
    let host = host_with_key(SAMPLE_KEY, NOW).start();
    let day = 24 * 60 * 60 * 1_000;
    for (ahead, status) in [(31 * day, 200), (31 * day + 1, 401)] {
        let header = seal(SAMPLE_KEY.as_bytes(), &login(&(NOW + ahead).to_string()));
        assert_eq!(host.get("/s/identity/").header("Ocean-Auth", header).send().status, status, "{ahead} ms ahead");
    }
    host.stop();
}
