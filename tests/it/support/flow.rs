//! Bodies too large to keep: made, and compared, while they pass.

/// Prime, so that no buffer's size divides it: a piece that is lost, doubled or out of its place does not fit any more.
const LENGTH: usize = 1_048_573;

/// Bytes that never end, the same for everybody who asks for them.
#[derive(Debug)]
pub(crate) struct Flow {
    pattern: Vec<u8>,
    /// How many have passed.
    passed: u64,
}

impl Flow {
    pub(crate) fn new() -> Self {
        let mut state = 1_u32;
        let pattern = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        });
        Self { pattern: pattern.take(LENGTH).collect(), passed: 0 }
    }

    pub(crate) fn passed(&self) -> u64 {
        self.passed
    }

    /// The next bytes: at least one, and at most `most`.
    pub(crate) fn next(&mut self, most: u64) -> &[u8] {
        let at = usize::try_from(self.passed % LENGTH as u64).expect("a rest of a usize");
        let next = (LENGTH - at).min(usize::try_from(most).unwrap_or(LENGTH));
        self.passed += next as u64;
        &self.pattern[at..at + next]
    }

    /// Asserts that these are the next bytes.
    #[track_caller]
    pub(crate) fn check(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let passed = self.passed;
            let expected = self.next(bytes.len() as u64);
            let (these, rest) = bytes.split_at(expected.len());
            assert!(these == expected, "other bytes came than were sent, after {passed} that were right");
            bytes = rest;
        }
    }
}

/// Takes the framing off a chunked body.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    /// The line that says how long the next chunk is, as far as it came.
    line: Vec<u8>,
    /// What the current chunk still has of data.
    data: usize,
    /// What is left of the line's end behind it.
    end: usize,
}

impl Chunks {
    /// Hands the data among these bytes to `take`. Whether the last chunk has begun, which holds none.
    pub(crate) fn pass(&mut self, mut bytes: &[u8], take: &mut impl FnMut(&[u8])) -> bool {
        while let Some(first) = bytes.first() {
            if self.data > 0 {
                let (data, rest) = bytes.split_at(self.data.min(bytes.len()));
                take(data);
                self.data -= data.len();
                bytes = rest;
                continue;
            }
            bytes = &bytes[1..];
            if self.end > 0 {
                self.end -= 1;
                continue;
            }
            self.line.push(*first);
            if *first == b'\n' {
                let length = std::str::from_utf8(&self.line).ok().and_then(|line| usize::from_str_radix(line.trim(), 16).ok());
                (self.data, self.end) = (length.unwrap_or_else(|| panic!("not a chunk: {:?}", self.line)), 2);
                self.line.clear();
                if self.data == 0 {
                    return true;
                }
            }
        }
        false
    }
}

#[test]
fn chunks_are_joined_wherever_they_are_cut() {
    let whole = b"5\r\nabcde\r\n3\r\nfgh\r\n0\r\n\r\n";
    for cut in 0..=whole.len() {
        let (mut chunks, mut data) = (Chunks::default(), Vec::new());
        let mut take = |bytes: &[u8]| data.extend_from_slice(bytes);
        let ended = chunks.pass(&whole[..cut], &mut take);
        assert!(ended || chunks.pass(&whole[cut..], &mut take), "cut at {cut}");
        assert_eq!(data, b"abcdefgh");
    }
}
