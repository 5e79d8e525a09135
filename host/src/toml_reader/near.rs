//! "Did you mean …?"

/// Longer words are not slips of the pen, and the distance costs the product of both lengths.
const MAX_WORD: usize = 64;

/// The known word nearest to `word`, if a slip of the pen explains the difference: at most one edit in three letters, as
/// rustc does it, so that a suggestion is rarely a guess.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if word.len() > MAX_WORD {
        return None;
    }
    let word = word.to_lowercase();
    let (distance, best) = known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(&word, known), known))
        .min_by_key(|(distance, _)| *distance)?;
    (distance <= word.chars().count().max(3) / 3).then_some(best)
}
