//! Headers made here, by other code than the host's own, for what no vector says.

use aes::{
    Aes128,
    cipher::{BlockCipherEncrypt, KeyInit},
};
use md5::{Digest, Md5};

/// The header value that carries `json` under the password.
pub(super) fn seal(password: &[u8], json: &str) -> String {
    let key: [u8; 16] = Md5::digest(password).into();
    let cipher = Aes128::new(&key.into());
    let mut bytes = json.as_bytes().to_vec();
    let padding = 16 - bytes.len() % 16;
    bytes.resize(bytes.len() + padding, u8::try_from(padding).expect("a padding is at most 16"));
    for block in bytes.chunks_exact_mut(16) {
        let mut one: aes::Block = <[u8; 16]>::try_from(&*block).expect("a block has 16 bytes").into();
        cipher.encrypt_block(&mut one);
        block.copy_from_slice(&one);
    }
    hex::encode(bytes)
}

/// The claims of a signed-in user with this `expireTime`, which is JSON.
pub(super) fn login(expire_time: &str) -> String {
    format!(
        r#"{{"appKey":"sample_app","isClientLogin":true,"appUserAccountId":"55b750bf4de03bab3307c0e5","appUserAccount":"test","appUserName":"test","authBackServiceKey":"user","expireTime":{expire_time}}}"#
    )
}

#[test]
fn it_seals_as_the_platform_does() {
    let vectors = super::Vectors::load();
    let vector = vectors.named("anonymous-bool-no-expire");
    let sealed = seal(super::SAMPLE_KEY.as_bytes(), r#"{"appKey":"sample_app","isClientLogin":false}"#);
    assert_eq!(Some(sealed), vector.hex);
}
