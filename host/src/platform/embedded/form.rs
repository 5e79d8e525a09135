//! Bodies of browsers' forms (`application/x-www-form-urlencoded`), read strictly: nothing is replaced, nothing is guessed.

/// The names and values, in their order; `None` for what is not UTF-8 or is broken.
pub(super) fn parse(body: &[u8]) -> Option<Vec<(String, String)>> {
    let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(at);
            Some((decode(name)?, decode(value.strip_prefix(b"=").unwrap_or(value))?))
        })
        .collect()
}

fn decode(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let byte;
        (byte, rest) = match first {
            b'+' => (b' ', after),
            b'%' => {
                let (digits, after) = after.split_first_chunk::<2>()?;
                let mut decoded = [0];
                hex::decode_to_slice(digits, &mut decoded).ok()?;
                (decoded[0], after)
            }
            plain => (plain, after),
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_form_reads_as_browsers_write_it() {
        let parsed = parse("a=1&b=%E5%BC%A0+x%2By&empty=&bare&c%5B%5D=1&a=2".as_bytes()).unwrap();
        let expected = [("a", "1"), ("b", "张 x+y"), ("empty", ""), ("bare", ""), ("c[]", "1"), ("a", "2")];
        assert_eq!(parsed, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(parse(b"").unwrap(), []);
        assert_eq!(parse(b"a=b=c").unwrap(), [("a".to_owned(), "b=c".to_owned())]);
    }

    #[test]
    fn broken_forms_are_refused() {
        for body in [&b"a=%"[..], b"a=%4", b"a=%zz", b"a=%ff", b"%=1", b"a=\xff"] {
            assert_eq!(parse(body), None, "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(body: Vec<u8>) {
            let _ = parse(&body);
        }
    }
}
