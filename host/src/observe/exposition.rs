//! The text format of Prometheus: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::fmt::{Display, Write};

use super::metric::{Histogram, Scale};

/// The content type of a page.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A page of metrics that is being written.
#[derive(Debug, Default)]
pub struct Page(String);

/// Labels of a sample, name and value.
pub type Labels<'a> = &'a [(&'a str, &'a str)];

impl Page {
    pub fn counter(&mut self, name: &str, help: &str) -> Family<'_> {
        self.family(name, help, "counter")
    }

    pub fn gauge(&mut self, name: &str, help: &str) -> Family<'_> {
        self.family(name, help, "gauge")
    }

    /// Times in seconds, or sizes in bytes.
    pub fn histogram(&mut self, name: &str, help: &str) -> Family<'_> {
        self.family(name, help, "histogram")
    }

    fn family(&mut self, name: &str, help: &str, kind: &str) -> Family<'_> {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
        Family { name: name.to_owned(), page: self }
    }

    fn line(&mut self, line: impl Display) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{line}");
    }

    pub fn into_text(self) -> String {
        self.0
    }
}

/// The samples of one name.
#[derive(Debug)]
pub struct Family<'a> {
    name: String,
    page: &'a mut Page,
}

impl Family<'_> {
    pub fn sample(&mut self, labels: Labels<'_>, value: impl Display) {
        let line = format!("{}{} {value}", self.name, braces(labels, None));
        self.page.line(line);
    }

    pub fn observed(&mut self, labels: Labels<'_>, histogram: &Histogram) {
        let (buckets, sum) = histogram.get();
        let (bounds, shown): (_, fn(u64) -> String) = match histogram.scale() {
            Scale::Times(bounds) => (bounds, seconds),
            Scale::Sizes(bounds) => (bounds, |bytes| bytes.to_string()),
        };
        let mut count = 0;
        for (bucket, more) in buckets.iter().enumerate() {
            count += more;
            let bound = bounds.get(bucket).map_or_else(|| "+Inf".to_owned(), |bound| shown(*bound));
            let line = format!("{}_bucket{} {count}", self.name, braces(labels, Some(&bound)));
            self.page.line(line);
        }
        let labels = braces(labels, None);
        let (sum, name) = (shown(sum), &self.name);
        self.page.line(format_args!("{name}_sum{labels} {sum}"));
        self.page.line(format_args!("{name}_count{labels} {count}"));
    }
}

/// Exact to the nanosecond, which a floating-point sum is not for long.
fn seconds(nanos: u64) -> String {
    let text = format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn braces(labels: Labels<'_>, le: Option<&str>) -> String {
    let all: Vec<String> = labels
        .iter()
        .copied()
        .chain(le.map(|bound| ("le", bound)))
        .map(|(name, value)| format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")))
        .collect();
    if all.is_empty() { String::new() } else { format!("{{{}}}", all.join(",")) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::observe::metric::MEMORY;

    #[test]
    fn samples_are_written_as_the_format_wants() {
        let mut page = Page::default();
        page.counter("a_total", "Things.").sample(&[("kind", "x\"\\\n")], 3);
        let histogram = Histogram::default();
        histogram.observe(Duration::from_micros(70));
        histogram.observe(Duration::from_secs(100));
        page.histogram("b_seconds", "Times.").observed(&[], &histogram);
        let sizes = Histogram::new(&MEMORY);
        sizes.count(131_073);
        page.histogram("c_bytes", "Sizes.").observed(&[], &sizes);
        let text = page.into_text();
        assert!(text.starts_with("# HELP a_total Things.\n# TYPE a_total counter\na_total{kind=\"x\\\"\\\\\\n\"} 3\n"), "{text}");
        for line in [
            "b_seconds_bucket{le=\"0.00005\"} 0",
            "b_seconds_bucket{le=\"0.0001\"} 1",
            "b_seconds_bucket{le=\"60\"} 1",
            "b_seconds_bucket{le=\"+Inf\"} 2",
            "b_seconds_sum 100.00007",
            "b_seconds_count 2",
            "c_bytes_bucket{le=\"131072\"} 0",
            "c_bytes_bucket{le=\"262144\"} 1",
            "c_bytes_sum 131073",
        ] {
            assert!(text.lines().any(|written| written == line), "{line} in\n{text}");
        }
    }
}
