//! Licence expressions (SPDX), as far as crates use them.

/// Whether the expression can be satisfied with what is allowed: `A OR B`, `A AND B`, `A WITH B`, parentheses, and the old `A/B`.
pub(super) fn satisfied(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { tokens: &tokens, allowed };
    let satisfied = parser.any();
    satisfied && parser.tokens.is_empty()
}

struct Parser<'a> {
    tokens: &'a [&'a str],
    allowed: &'a dyn Fn(&str) -> bool,
}

impl Parser<'_> {
    fn take(&mut self, word: &str) -> bool {
        match self.tokens.split_first() {
            Some((first, rest)) if *first == word => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }

    fn any(&mut self) -> bool {
        let mut satisfied = self.all();
        while self.take("OR") {
            satisfied |= self.all();
        }
        satisfied
    }

    fn all(&mut self) -> bool {
        let mut satisfied = self.one();
        while self.take("AND") {
            satisfied &= self.one();
        }
        satisfied
    }

    fn one(&mut self) -> bool {
        if self.take("(") {
            let satisfied = self.any();
            return self.take(")") && satisfied;
        }
        let Some((name, rest)) = self.tokens.split_first() else { return false };
        self.tokens = rest;
        if self.take("WITH") {
            let Some((exception, rest)) = self.tokens.split_first() else { return false };
            self.tokens = rest;
            return (self.allowed)(&format!("{name} WITH {exception}"));
        }
        (self.allowed)(name)
    }
}

#[test]
fn expressions_are_judged_as_written() {
    let allowed = |name: &str| ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].contains(&name);
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("ISC AND (GPL-3.0 OR MIT)", true),
        ("(GPL-3.0 OR MIT) AND ISC", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
        ("MIT GPL-3.0", false),
        ("", false),
    ] {
        assert_eq!(satisfied(expression, &allowed), expected, "{expression:?}");
    }
}
