//! Lines and columns of byte offsets, computed when an issue is written, never before.

/// A place a person can find: both count from 1, columns in characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LineColumn {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

/// Where the lines of a text start.
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<u32>,
}

impl<'a> Lines<'a> {
    /// Finds the lines of a text.
    pub fn new(text: &'a str) -> Lines<'a> {
        let bytes = text.as_bytes();
        // a carriage return alone ends a line, as the segments of HL7 v2
        let breaks = memchr::memchr2_iter(b'\n', b'\r', bytes)
            .filter(|at| bytes[*at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'))
            .map(|at| at as u32 + 1);
        Lines { text, starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// The line and column of a byte offset; one past the end is the end.
    pub fn at(&self, offset: u32) -> LineColumn {
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let start = self.starts[line] as usize;
        let end = (offset as usize).min(self.text.len());
        let column = self.text.get(start..end).map_or(end - start, |s| s.chars().count());
        LineColumn { line: line as u32 + 1, column: column as u32 + 1 }
    }

    /// The text of a line, without its line break.
    pub fn line(&self, number: u32) -> &'a str {
        let start = self.starts.get(number as usize - 1).map_or(self.text.len(), |s| *s as usize);
        let end = self.starts.get(number as usize).map_or(self.text.len(), |s| *s as usize);
        self.text[start..end].trim_end_matches(['\n', '\r'])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let lines = Lines::new("a\nbæc\r\n");
        assert_eq!(lines.at(0), LineColumn { line: 1, column: 1 });
        assert_eq!(lines.at(5), LineColumn { line: 2, column: 3 });
        assert_eq!(lines.line(2), "bæc");
        assert_eq!(lines.at(99).line, 3);
    }

    #[test]
    fn a_carriage_return_alone_ends_a_line() {
        let lines = Lines::new("MSH|\rPID|1\r\nPV1\r");
        assert_eq!(lines.at(9), LineColumn { line: 2, column: 5 });
        assert_eq!((lines.line(2), lines.line(3), lines.at(99).line), ("PID|1", "PV1", 4));
    }
}
