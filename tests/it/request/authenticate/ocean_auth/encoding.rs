//! A key beyond ASCII becomes bytes in one of two ways, and only the configured one opens a header.

use super::{
    seal::{login, seal},
    vectors::Vectors,
};
use crate::support::{Service, TestHost};

#[test]
fn each_key_encoding_opens_its_own_headers_only() {
    let vectors = Vectors::load();
    let vector = vectors.named("utf8-key");
    let key = vector.security_key.as_str();
    let low_bytes: Vec<u8> = key.encode_utf16().map(|unit| unit.to_le_bytes()[0]).collect();
    let as_utf8 = vector.hex.clone().expect("it has a header");
    let as_binary = seal(&low_bytes, &login(&(vectors.now_ms + 1_000).to_string()));
    for (encoding, utf8, binary) in [("utf8", 200, 401), ("binary", 401, 200)] {
        let service = Service::of(&wharf_guests::IDENTITY).security_key(key).set("key-encoding", &format!("{encoding:?}"));
        let host = TestHost::new().clock(vectors.now_ms).with(service).start();
        for (form, header, status) in [("UTF-8", &as_utf8, utf8), ("low bytes", &as_binary, binary)] {
            let answer = host.get("/s/identity/").header("Ocean-Auth", header).send();
            assert_eq!(answer.status, status, "key-encoding {encoding}, header by {form}");
        }
        host.stop();
    }
}
