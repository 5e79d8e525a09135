//! Small files: one thing each.

use super::source::files;

/// The most lines of a file that does not say why it has more.
const MOST: usize = 600;

/// How a file says why: a comment among its first lines.
const REASON: &str = "// Long because ";

#[test]
fn a_long_file_says_why() {
    let long: Vec<String> = ["host", "sdk", "plugins", "tests/it", "tests/guests"]
        .iter()
        .flat_map(|folder| files(folder))
        .filter(|source| source.path.ends_with(".rs"))
        .filter(|source| source.text.lines().count() > MOST)
        .filter(|source| !source.text.lines().take(20).any(|line| line.contains(REASON)))
        .map(|source| format!("{}: {} lines", source.path, source.text.lines().count()))
        .collect();
    assert!(long.is_empty(), "split these, or begin a line with `{REASON}`:\n{}", long.join("\n"));
}
