//! The framing of the JSON stream: JSON values one after another, with or without line ends between them.
//!
//! The codec looks at every byte once, however the bytes are chunked, and only counts brackets: whether a frame is valid JSON is
//! for the reader to say. A value is never longer than the limit and never nested deeper than [`MAX_DEPTH`].

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio_util::codec::Decoder;

/// Deepest nesting; serde_json stops at the same depth.
pub const MAX_DEPTH: usize = 127;

/// What was found in the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A whole value, or a line that starts like none.
    Message(Bytes),
    /// Bytes that cannot be JSON; everything up to the next line end is skipped.
    Malformed,
}

/// Why a stream cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// A value is longer than allowed.
    #[error("a message is longer than {0} bytes")]
    TooLong(usize),
    /// The stream failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The decoder of one stream.
#[derive(Debug)]
pub struct JsonStream {
    max_bytes: usize,
    state: State,
    /// Bytes of the buffer that have been looked at.
    scanned: usize,
    /// The open brackets, outermost first.
    open: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a value; only white space so far.
    Between,
    /// Inside an object or array.
    Inside,
    /// Inside a string in it.
    String,
    /// After a backslash in that string.
    Escape,
    /// In a line that starts with neither `{` nor `[`.
    Line,
    /// After malformed bytes, up to the line end.
    Skip,
}

/// Bytes that mean something between strings, and those that do within one.
const STRUCTURE: [bool; 256] = marked(b"\"{}[]");
const IN_STRING: [bool; 256] = marked(b"\"\\\n");

const fn marked(bytes: &[u8]) -> [bool; 256] {
    let (mut table, mut at) = ([false; 256], 0);
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
}

impl JsonStream {
    /// A decoder for values of at most `max_bytes`.
    pub fn new(max_bytes: usize) -> Self {
        Self { max_bytes, state: State::Between, scanned: 0, open: Vec::new() }
    }

    /// Whether a value has begun and not ended.
    pub fn is_inside(&self) -> bool {
        !matches!(self.state, State::Between | State::Skip)
    }

    fn take(&mut self, buffer: &mut BytesMut) -> Frame {
        let message = buffer.split_to(self.scanned).freeze();
        self.restart(State::Between);
        Frame::Message(message)
    }

    fn give_up(&mut self, buffer: &mut BytesMut, next: State) -> Frame {
        buffer.advance(self.scanned);
        self.restart(next);
        Frame::Malformed
    }

    fn restart(&mut self, state: State) {
        self.state = state;
        self.scanned = 0;
        self.open.clear();
    }

    /// Passes over bytes that change nothing, which are most.
    fn skip_plain(&mut self, buffer: &[u8]) {
        let table = match self.state {
            State::Inside => &STRUCTURE,
            State::String => &IN_STRING,
            _ => return,
        };
        let rest = &buffer[self.scanned..];
        self.scanned += rest.iter().position(|byte| table[usize::from(*byte)]).unwrap_or(rest.len());
    }

    /// Looks at one byte of a value; `Some(false)` says that it cannot belong there, `Some(true)` that the value is complete.
    fn step(&mut self, byte: u8) -> Option<bool> {
        match (self.state, byte) {
            (State::String, b'"') => self.state = State::Inside,
            (State::String, b'\\') => self.state = State::Escape,
            // Control characters must be escaped; a line end here is a request that lost its end.
            (State::String | State::Escape, b'\n') => return Some(false),
            (State::String, _) => {}
            (State::Escape, _) => self.state = State::String,
            (_, b'"') => self.state = State::String,
            (_, b'{' | b'[') if self.open.len() == MAX_DEPTH => return Some(false),
            (_, b'{' | b'[') => self.open.push(byte),
            (_, b'}' | b']') => {
                let matching = if byte == b'}' { b'{' } else { b'[' };
                if self.open.pop() != Some(matching) {
                    return Some(false);
                }
                return self.open.is_empty().then_some(true);
            }
            _ => {}
        }
        None
    }
}

impl Decoder for JsonStream {
    type Item = Frame;
    type Error = FrameError;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        while self.scanned < buffer.len() {
            let byte = buffer[self.scanned];
            match self.state {
                State::Between if byte.is_ascii_whitespace() => buffer.advance(1),
                State::Between => {
                    self.state = if matches!(byte, b'{' | b'[') { State::Inside } else { State::Line };
                }
                State::Skip => {
                    buffer.advance(1);
                    if byte == b'\n' {
                        self.state = State::Between;
                    }
                }
                State::Line if byte == b'\n' => return Ok(Some(self.take(buffer))),
                State::Line => self.scanned += 1,
                State::Inside | State::String | State::Escape => {
                    self.skip_plain(buffer);
                    // Else the value goes on, or has gone on for too long already.
                    if let Some(&byte) = buffer.get(self.scanned)
                        && self.scanned <= self.max_bytes
                    {
                        let step = self.step(byte);
                        self.scanned += 1;
                        match step {
                            Some(true) => return Ok(Some(self.take(buffer))),
                            Some(false) => {
                                let next = if byte == b'\n' { State::Between } else { State::Skip };
                                return Ok(Some(self.give_up(buffer, next)));
                            }
                            None => {}
                        }
                    }
                }
            }
            if self.scanned > self.max_bytes {
                return Err(FrameError::TooLong(self.max_bytes));
            }
        }
        Ok(None)
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        if let Some(frame) = self.decode(buffer)? {
            return Ok(Some(frame));
        }
        match self.state {
            State::Between | State::Skip => Ok(None),
            // The last line needs no end.
            State::Line => Ok(Some(self.take(buffer))),
            State::Inside | State::String | State::Escape => Ok(Some(self.give_up(buffer, State::Between))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What comes out when `input` arrives in chunks that end at the given offsets.
    fn decode(input: &[u8], cuts: &[usize]) -> Result<Vec<String>, String> {
        let mut codec = JsonStream::new(1000);
        let (mut buffer, mut frames, mut from) = (BytesMut::new(), Vec::new(), 0);
        let mut show = |frame| match frame {
            Frame::Message(bytes) => frames.push(String::from_utf8_lossy(&bytes).into_owned()),
            Frame::Malformed => frames.push("!".to_owned()),
        };
        for cut in cuts.iter().copied().chain([input.len()]) {
            buffer.extend_from_slice(&input[from..cut.clamp(from, input.len())]);
            from = cut.clamp(from, input.len());
            while let Some(frame) = codec.decode(&mut buffer).map_err(|error| error.to_string())? {
                show(frame);
            }
        }
        while let Some(frame) = codec.decode_eof(&mut buffer).map_err(|error| error.to_string())? {
            show(frame);
        }
        Ok(frames)
    }

    #[test]
    fn values_need_nothing_between_them() {
        assert_eq!(decode(br#"{"a":1}{"b":[{}]}  [1,2]"#, &[]).unwrap(), [r#"{"a":1}"#, r#"{"b":[{}]}"#, "[1,2]"]);
    }

    #[test]
    fn brackets_and_quotes_in_strings_do_not_count() {
        let input = br#"{"a":"}]\"{\\"}"#;
        assert_eq!(decode(input, &[]).unwrap(), [std::str::from_utf8(input).unwrap()]);
    }

    #[test]
    fn a_mismatched_bracket_spoils_its_line_and_not_the_next() {
        let input = b"[ {\"a\": 1}, {\"method\" ]\n{\"b\":2}\n";
        assert_eq!(decode(input, &[]).unwrap(), ["!", "{\"b\":2}"]);
    }

    #[test]
    fn a_string_that_runs_over_the_line_end_spoils_its_line_and_not_the_next() {
        assert_eq!(decode(b"{\"a\":\"x\n{\"b\":2}\n", &[]).unwrap(), ["!", "{\"b\":2}"]);
    }

    #[test]
    fn what_starts_like_no_request_is_taken_by_the_line() {
        assert_eq!(decode(b"hello\n\"x\"\n12", &[]).unwrap(), ["hello", "\"x\"", "12"]);
    }

    #[test]
    fn an_unfinished_value_at_the_end_is_malformed() {
        assert_eq!(decode(b"{\"a\":1}\n{\"b\"", &[]).unwrap(), ["{\"a\":1}", "!"]);
    }

    #[test]
    fn a_value_over_the_limit_ends_the_stream() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(1000));
        assert!(decode(long.as_bytes(), &[]).unwrap_err().contains("1000 bytes"));
        assert!(decode("x".repeat(2000).as_bytes(), &[]).is_err());
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = |depth: usize| format!("{}{}\n", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(decode(deep(MAX_DEPTH).as_bytes(), &[]).unwrap().len(), 1);
        assert_eq!(decode(deep(MAX_DEPTH + 1).as_bytes(), &[]).unwrap(), ["!"]);
    }

    proptest! {
        #[test]
        fn chunks_make_no_difference(
            input in prop::collection::vec(prop::sample::select(b"{}[]\"\\a:,1 \n".to_vec()), 0..200),
            cuts in prop::collection::vec(0_usize..200, 0..20),
        ) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            prop_assert_eq!(decode(&input, &cuts), decode(&input, &[]));
        }

        #[test]
        fn whatever_was_written_is_read(values in prop::collection::vec("[a-z{}\\[\\]\\\\\" ]{0,20}", 1..10), gap in "[ \n]{0,2}") {
            let texts: Vec<String> = values.iter().map(|text| serde_json::json!({ "v": [text] }).to_string()).collect();
            prop_assert_eq!(decode(texts.join(&gap).as_bytes(), &[]).unwrap(), texts);
        }
    }
}
