use std::io::{IsTerminal, Stderr, Write, stderr};
use std::time::Duration;

use super::Meter;

/// Draws a [`Meter`] as one line that is drawn over again, at most ten times a second.
///
/// On standard error, and only where that is a terminal; [`Terminal::forced`] draws anywhere. What
/// cannot be written is not drawn: progress never makes a run fail. Dropped before
/// [`finish`](Self::finish), it clears its line.
#[derive(Debug)]
pub struct Terminal<W: Write = Stderr> {
    out: W,
    enabled: bool,
    width: usize,
    drawn: Option<Duration>,
    visible: bool,
}

/// The least time between two drawings.
const PAUSE: Duration = Duration::from_millis(100);
/// Where the terminal's own width is not known.
const WIDTH: usize = 80;

const CLEAR: &str = "\r\x1b[2K";
// A line longer than a narrow terminal is cut off there instead of breaking.
const NO_WRAP: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";

impl Terminal<Stderr> {
    /// On standard error; silent where that is no terminal, or one that cannot move its cursor.
    pub fn stderr() -> Terminal<Stderr> {
        let dumb = std::env::var_os("TERM").is_some_and(|t| t == "dumb");
        let mut terminal = Terminal::forced(stderr());
        terminal.enabled = stderr().is_terminal() && !dumb;
        terminal
    }
}

impl<W: Write> Terminal<W> {
    /// On any writer, terminal or not. The width is `COLUMNS` from the environment, else 80.
    pub fn forced(out: W) -> Terminal<W> {
        let columns = std::env::var("COLUMNS").ok();
        Terminal {
            out,
            enabled: true,
            width: columns.and_then(|c| c.parse().ok()).unwrap_or(WIDTH),
            drawn: None,
            visible: false,
        }
    }

    /// The same with another width in characters.
    pub fn with_width(mut self, width: usize) -> Terminal<W> {
        self.width = width;
        self
    }

    /// Whether anything is drawn at all.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Draws the meter's line, unless one was drawn less than a tenth of a second ago.
    pub fn draw(&mut self, meter: &Meter, now: Duration) {
        let recent = self
            .drawn
            .is_some_and(|then| now.saturating_sub(then) < PAUSE);
        if self.enabled && !recent {
            // The last column stays free: some terminals break the line when it is written.
            let line = meter.line(now, self.width.saturating_sub(1));
            self.put(&format!("{CLEAR}{NO_WRAP}{line}{WRAP}"));
            self.drawn = Some(now);
            self.visible = true;
        }
    }

    /// Removes the line, so that something else can be printed; the next drawing is immediate.
    pub fn clear(&mut self) {
        if self.visible {
            self.put(CLEAR);
            self.visible = false;
            self.drawn = None;
        }
    }

    /// Puts a last line in place of the drawn one: how long it took, or how far it came.
    pub fn finish(&mut self, meter: &Meter, now: Duration) {
        if self.enabled {
            let begin = if self.visible { CLEAR } else { "" };
            self.put(&format!("{begin}{}\n", meter.summary(now)));
            self.visible = false;
            self.enabled = false;
        }
    }

    fn put(&mut self, text: &str) {
        let written = self.out.write_all(text.as_bytes());
        if written.and_then(|()| self.out.flush()).is_err() {
            self.enabled = false;
            self.visible = false;
        }
    }
}

impl<W: Write> Drop for Terminal<W> {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// What a terminal of this width would show: its lines.
    fn shown(bytes: &[u8], width: usize) -> Vec<String> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let mut lines = vec![String::new()];
        let mut rest = text.as_str();
        let mut wrap = true;
        while let Some(c) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix(CLEAR) {
                lines.last_mut().unwrap().clear();
                rest = after;
            } else if let Some(after) = rest.strip_prefix(NO_WRAP) {
                (wrap, rest) = (false, after);
            } else if let Some(after) = rest.strip_prefix(WRAP) {
                (wrap, rest) = (true, after);
            } else {
                assert!(c != '\r' && c != '\x1b');
                if c == '\n' || (wrap && lines.last().unwrap().len() == width) {
                    lines.push(String::new());
                }
                if c != '\n' && lines.last().unwrap().len() < width {
                    lines.last_mut().unwrap().push(c);
                }
                rest = &rest[c.len_utf8()..];
            }
        }
        lines
    }

    #[test]
    fn draws_at_most_ten_times_a_second_and_ends_with_one_line() {
        let mut out = Vec::new();
        let mut meter = Meter::new(1000);
        let mut terminal = Terminal::forced(&mut out).with_width(40);
        for ms in 0..1000 {
            meter.update(ms, at(ms));
            terminal.draw(&meter, at(ms));
        }
        meter.update(1000, at(1000));
        terminal.finish(&meter, at(1000));
        terminal.finish(&meter, at(1000));
        terminal.draw(&meter, at(9000));
        drop(terminal);
        let drawings = out
            .windows(NO_WRAP.len())
            .filter(|w| *w == NO_WRAP.as_bytes());
        assert_eq!(drawings.count(), 10);
        assert_eq!(shown(&out, 40), ["done in 0:01, 1,000/s", ""]);
    }

    #[test]
    fn a_line_never_breaks_in_a_narrow_terminal() {
        let mut out = Vec::new();
        let mut terminal = Terminal::forced(&mut out).with_width(80);
        terminal.draw(&Meter::new(10), at(0));
        terminal.draw(&Meter::new(10), at(200));
        std::mem::forget(terminal);
        assert_eq!(shown(&out, 20).len(), 1);
    }

    #[test]
    fn dropped_or_cleared_it_leaves_an_empty_line() {
        let mut out = Vec::new();
        let mut terminal = Terminal::forced(&mut out);
        terminal.draw(&Meter::new(10), at(0));
        drop(terminal);
        assert_eq!(shown(&out, 80), [""]);
        let mut out = Vec::new();
        let mut terminal = Terminal::forced(&mut out);
        terminal.draw(&Meter::new(10), at(0));
        terminal.clear();
        terminal.draw(&Meter::new(10), at(1));
        std::mem::forget(terminal);
        assert!(shown(&out, 80)[0].starts_with("  0%"));
    }

    #[test]
    fn a_closed_writer_ends_the_drawing() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut terminal = Terminal::forced(Closed);
        terminal.draw(&Meter::new(1), at(0));
        assert!(!terminal.is_enabled());
    }
}
