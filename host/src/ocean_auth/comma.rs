//! The one defect that the switch `missing-comma` forgives.
//!
//! The sample in the platform's guide has no comma between the value of `appUserAccountId` and the key `appUserAccount`. That
//! is a slip of the page, not of the wire, but whoever built a client from the page sends it. The text is mended and then
//! parsed as strictly as any other, so all that can be let in by mistake here is a comma at that place.

const BEFORE: &str = r#""appUserAccountId""#;
const AFTER: &str = r#""appUserAccount""#;

/// How much of the defect stands before the place that is looked at.
enum Met {
    Nothing,
    Key,
    Colon,
    Value,
}

/// `text` with that comma put in, or `None` if it is not what is missing. Only the outermost object is mended.
pub(super) fn mend(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut met = Met::Nothing;
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at += 1;
        met = match (byte, met) {
            (b' ' | b'\t' | b'\n' | b'\r', met) => met,
            (b'"', met) => {
                at += string_length(&bytes[at..])?;
                match (met, &text[start..at]) {
                    (Met::Value, AFTER) => return Some([&text[..start], ",", &text[start..]].concat()),
                    (Met::Colon, _) => Met::Value,
                    (_, BEFORE) if depth == 1 => Met::Key,
                    _ => Met::Nothing,
                }
            }
            (b':', Met::Key) => Met::Colon,
            (b'{' | b'[', _) => {
                depth += 1;
                Met::Nothing
            }
            (b'}' | b']', _) => {
                depth = depth.saturating_sub(1);
                Met::Nothing
            }
            _ => Met::Nothing,
        };
    }
    None
}

/// How long the rest of a string is, its closing quote included.
fn string_length(rest: &[u8]) -> Option<usize> {
    let mut escaped = false;
    rest.iter()
        .position(|&byte| {
            let closes = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            closes
        })
        .map(|quote| quote + 1)
}
