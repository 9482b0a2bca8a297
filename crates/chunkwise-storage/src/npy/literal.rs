use std::fmt;

use super::header::HeaderError;

/// A Python dictionary literal, as far as `.npy` headers have them.
pub(super) struct Dict {
    pub entries: Vec<(String, Value)>,
}

/// A value in it.
#[derive(Debug)]
pub(super) enum Value {
    Text(String),
    Bool(bool),
    Tuple(Vec<i128>),
    /// Anything else, as written.
    Other(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(s) => write!(f, "{s:?}"),
            Value::Bool(b) => f.write_str(if *b { "True" } else { "False" }),
            Value::Tuple(dims) => write!(f, "{dims:?}"),
            Value::Other(s) => f.write_str(s),
        }
    }
}

impl Dict {
    /// Reads a dictionary that fills `text` but for white space; `origin` is where the text begins in
    /// its file.
    pub fn parse(text: &[u8], origin: usize) -> Result<Dict, HeaderError> {
        let mut p = Parser {
            text,
            at: 0,
            origin,
        };
        p.expect(b'{', "no dictionary")?;
        let mut entries: Vec<(String, Value)> = Vec::new();
        while !p.eat(b'}') {
            let key = p.string("a key should stand")?;
            if entries.iter().any(|(k, _)| *k == key) {
                return Err(p.error("a key is there twice"));
            }
            p.expect(b':', "a colon is missing")?;
            entries.push((key, p.value()?));
            if !p.eat(b',') {
                p.expect(b'}', "} or a comma is missing")?;
                break;
            }
        }
        match p.peek() {
            None => Ok(Dict { entries }),
            Some(_) => Err(p.error("text after the dictionary")),
        }
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    origin: usize,
}

impl Parser<'_> {
    fn error(&self, reason: &'static str) -> HeaderError {
        HeaderError::Malformed {
            at: self.origin + self.at,
            reason,
        }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b) = self.text.get(self.at) {
            if !b.is_ascii_whitespace() {
                return Some(*b);
            }
            self.at += 1;
        }
        None
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += found as usize;
        found
    }

    fn expect(&mut self, byte: u8, reason: &'static str) -> Result<(), HeaderError> {
        if self.eat(byte) {
            Ok(())
        } else {
            Err(self.error(reason))
        }
    }

    fn string(&mut self, reason: &'static str) -> Result<String, HeaderError> {
        let quote = match self.peek() {
            Some(q @ (b'\'' | b'"')) => q,
            _ => return Err(self.error(reason)),
        };
        let begin = self.at + 1;
        let rest = &self.text[begin..];
        let len = rest
            .iter()
            .position(|b| *b == quote || *b == b'\\' || *b == b'\n')
            .filter(|n| rest[*n] == quote)
            .ok_or_else(|| self.error("a text without end, or with an escape"))?;
        self.at = begin + len + 1;
        Ok(String::from_utf8_lossy(&rest[..len]).into_owned())
    }

    fn value(&mut self) -> Result<Value, HeaderError> {
        let begin = match self.peek() {
            Some(b'\'' | b'"') => return Ok(Value::Text(self.string("a value is missing")?)),
            Some(_) => self.at,
            None => return Err(self.error("a value is missing")),
        };
        if let Some(dims) = self.tuple()? {
            return Ok(Value::Tuple(dims));
        }
        self.at = begin;
        let raw = self.skip()?;
        Ok(match raw.as_str() {
            "True" => Value::Bool(true),
            "False" => Value::Bool(false),
            _ => Value::Other(raw),
        })
    }

    /// A tuple of integers; `None` where something else stands.
    fn tuple(&mut self) -> Result<Option<Vec<i128>>, HeaderError> {
        let mut dims = Vec::new();
        if !self.eat(b'(') {
            return Ok(None);
        }
        while !self.eat(b')') {
            let Some(n) = self.integer() else {
                return Ok(None);
            };
            dims.push(n);
            if !self.eat(b',') {
                // Without a comma, Python takes (3) for a number.
                if dims.len() == 1 || !self.eat(b')') {
                    return Ok(None);
                }
                break;
            }
        }
        Ok(Some(dims))
    }

    /// An integer, with the `L` that Python 2 put after long ones; saturated far outside any shape.
    fn integer(&mut self) -> Option<i128> {
        self.peek();
        let negative = self.eat(b'-');
        let begin = self.at;
        let mut n: i128 = 0;
        while let Some(d) = self.text.get(self.at).filter(|b| b.is_ascii_digit()) {
            n = n.saturating_mul(10).saturating_add((d - b'0') as i128);
            self.at += 1;
        }
        if self.at == begin {
            return None;
        }
        if self.text.get(self.at) == Some(&b'L') {
            self.at += 1;
        }
        Some(if negative { -n } else { n })
    }

    /// Any value up to the comma or bracket that ends it, as written.
    fn skip(&mut self) -> Result<String, HeaderError> {
        const SHOWN: usize = 200;
        let begin = self.at;
        let mut depth = 0usize;
        let end = loop {
            match self.peek() {
                None => return Err(self.error("a value without end")),
                Some(b'\'' | b'"') => {
                    self.string("a value is missing")?;
                    continue;
                }
                Some(b'(' | b'[' | b'{') => depth += 1,
                Some(b',' | b')' | b']' | b'}') if depth == 0 => break self.at,
                Some(b')' | b']' | b'}') => depth -= 1,
                Some(_) => {}
            }
            self.at += 1;
        };
        if end == begin {
            return Err(self.error("a value is missing"));
        }
        let shown = &self.text[begin..end.min(begin + SHOWN)];
        Ok(String::from_utf8_lossy(shown).trim_end().to_owned())
    }
}
