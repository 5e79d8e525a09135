//! The load driver, wrk: a program of its own, so that it takes as little as possible from what it measures.

use std::process::Command;

/// What wrk measured.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) requests_per_second: f64,
    pub(crate) p99_ms: f64,
}

/// One run with one thread. Panics if wrk is missing, or if anything but 2xx was answered.
pub(crate) fn wrk(url: &str, headers: &[String], connections: usize, seconds: u64) -> Measured {
    let mut command = Command::new("wrk");
    command.args(["-t1", &format!("-c{connections}"), &format!("-d{seconds}s"), "--latency", url]);
    for header in headers {
        command.args(["-H", header]);
    }
    let output = command.output().expect("wrk is installed (Debian: apt-get install wrk)");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "wrk failed: {text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!["Non-2xx", "Socket errors"].iter().any(|word| text.contains(word)), "not everything was answered: {text}");
    let after = |label: &str| {
        let line =
            text.lines().find(|line| line.trim_start().starts_with(label)).unwrap_or_else(|| panic!("no `{label}` in {text}"));
        line.trim_start()[label.len()..].trim().to_owned()
    };
    Measured { requests_per_second: after("Requests/sec:").parse().expect("a number"), p99_ms: millis(&after("99%")) }
}

/// `1.50ms`, `980.00us`, `1.2s` in milliseconds.
fn millis(text: &str) -> f64 {
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let number: f64 = text[..split].parse().expect("a number");
    match &text[split..] {
        "us" => number / 1_000.0,
        "ms" => number,
        "s" => number * 1_000.0,
        unit => panic!("wrk speaks of `{unit}`"),
    }
}
