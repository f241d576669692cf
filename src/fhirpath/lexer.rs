//! Text to tokens, with their offsets.

use super::{Decimal, Fault, Moment, moment};

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `name`, `and`: a plain identifier or a keyword.
    Name(String),
    /// `` `div` ``.
    Delimited(String),
    /// `'text'`, decoded.
    Text(String),
    /// `12`.
    Integer(i64),
    /// `1.20`.
    Decimal(Decimal),
    /// `@2015-02-04T14`.
    Moment(Moment),
    /// `%resource`, `` %`vs-x` ``.
    External(String),
    /// `$this`.
    Dollar(String),
    /// An operator or a bracket.
    Symbol(&'static str),
    /// The end of the text.
    End,
}

/// A token and where it begins.
pub(super) type Placed = (Token, u32);

const SYMBOLS: [&str; 25] = [
    "!=", "!~", "<=", ">=", ".", ",", "(", ")", "[", "]", "{", "}", "+", "-", "*", "/", "&", "|",
    "=", "~", "<", ">", ":", ";", "!",
];

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

/// All tokens of `text`; the last one is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Fault> {
    let mut lexer = Lexer { text, at: 0 };
    let mut out = Vec::new();
    loop {
        lexer.skip()?;
        let offset = lexer.at as u32;
        let token = lexer.token()?;
        let end = token == Token::End;
        out.push((token, offset));
        if end {
            return Ok(out);
        }
    }
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn fault(&self, at: usize, text: impl Into<String>) -> Fault {
        Fault::new(at as u32, "fhirpath-syntax", text)
    }

    fn skip(&mut self) -> Result<(), Fault> {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start().len();
            if blank > 0 {
                self.at += blank;
            } else if rest.starts_with("//") {
                self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let end = comment.find("*/");
                let end = end.ok_or_else(|| self.fault(self.at, "a comment without its end"))?;
                self.at += end + 4;
            } else {
                return Ok(());
            }
        }
    }

    fn token(&mut self) -> Result<Token, Fault> {
        let Some(first) = self.rest().chars().next() else { return Ok(Token::End) };
        match first {
            'a'..='z' | 'A'..='Z' | '_' => Ok(Token::Name(self.word().to_owned())),
            '0'..='9' => self.number(),
            '\'' => self.quoted('\'').map(Token::Text),
            '`' | '"' => self.quoted(first).map(Token::Delimited),
            '@' => self.moment(),
            '%' => self.external(),
            '$' => {
                self.at += 1;
                Ok(Token::Dollar(self.word().to_owned()))
            }
            _ => self.symbol(first),
        }
    }

    fn symbol(&mut self, first: char) -> Result<Token, Fault> {
        let found = SYMBOLS.iter().find(|s| self.rest().starts_with(**s));
        let Some(symbol) = found else {
            return Err(self.fault(self.at, format!("unexpected character `{first}`")));
        };
        self.at += symbol.len();
        Ok(Token::Symbol(symbol))
    }

    fn word(&mut self) -> &str {
        let start = self.at;
        let rest = self.rest();
        let len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        self.at += len.unwrap_or(rest.len());
        &self.text[start..self.at]
    }

    fn digits(&self, from: usize) -> usize {
        self.text[from..].bytes().take_while(u8::is_ascii_digit).count()
    }

    fn number(&mut self) -> Result<Token, Fault> {
        let start = self.at;
        let whole = self.digits(start);
        self.at += whole;
        if self.rest().starts_with('.') {
            let fraction = self.digits(self.at + 1);
            if fraction > 0 {
                self.at += 1 + fraction;
                let number = Decimal::parse(&self.text[start..self.at]);
                let number = number.ok_or_else(|| self.fault(start, "a number of too many digits"));
                return number.map(Token::Decimal);
            }
        }
        let number = self.text[start..self.at].parse();
        number.map(Token::Integer).map_err(|_| self.fault(start, "an integer out of range"))
    }

    fn external(&mut self) -> Result<Token, Fault> {
        self.at += 1;
        let name = match self.rest().chars().next() {
            Some(quote @ ('`' | '"' | '\'')) => self.quoted(quote)?,
            _ => self.word().to_owned(),
        };
        match name.is_empty() {
            true => Err(self.fault(self.at, "`%` without a name")),
            false => Ok(Token::External(name)),
        }
    }

    fn moment(&mut self) -> Result<Token, Fault> {
        let start = self.at;
        let len = moment::literal_length(&self.text[start + 1..]);
        self.at += 1 + len;
        let text = &self.text[start + 1..self.at];
        let moment = moment::parse_literal(text);
        let moment = moment.ok_or_else(|| self.fault(start, "not a date, a dateTime or a time"))?;
        Ok(Token::Moment(moment))
    }

    fn quoted(&mut self, quote: char) -> Result<String, Fault> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else {
                return Err(self.fault(start, format!("no closing {quote}")));
            };
            self.at += c.len_utf8();
            match c {
                c if c == quote => return Ok(out),
                '\\' => out.push(self.escape()?),
                c => out.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let at = self.at;
        let c = self.rest().chars().next();
        self.at += c.map_or(0, char::len_utf8);
        Ok(match c {
            Some('r') => '\r',
            Some('n') => '\n',
            Some('t') => '\t',
            Some('f') => '\u{c}',
            Some('u') => {
                let code = self.unicode().ok_or_else(|| self.fault(at, "a broken \\u escape"))?;
                char::from_u32(code).ok_or_else(|| self.fault(at, "no such character"))?
            }
            // the specification lists \' \" \` \\ \/; others occur in the wild (`\d`, `\-`): they mean
            // the character itself
            Some(other) => other,
            None => return Err(self.fault(at, "a text that ends in its escape")),
        })
    }

    fn unicode(&mut self) -> Option<u32> {
        let high = self.hex4()?;
        if !(0xD800..0xDC00).contains(&high) {
            return Some(high);
        }
        self.at += self.rest().starts_with("\\u").then_some(2)?;
        let low = self.hex4()?.checked_sub(0xDC00)?;
        Some(0x10000 + ((high - 0xD800) << 10) + low)
    }

    fn hex4(&mut self) -> Option<u32> {
        let code = u32::from_str_radix(self.rest().get(..4)?, 16).ok()?;
        self.at += 4;
        Some(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<Token> {
        tokens(text).unwrap().into_iter().map(|(t, _)| t).collect()
    }

    #[test]
    fn numbers_stop_before_an_invocation() {
        let expected = [
            Token::Integer(1),
            Token::Symbol("."),
            Token::Name("toString".into()),
            Token::Symbol("("),
            Token::Symbol(")"),
            Token::End,
        ];
        assert_eq!(all("1.toString()"), expected);
        assert_eq!(all("1.20")[0], Token::Decimal(Decimal::parse("1.20").unwrap()));
    }

    #[test]
    fn texts_are_decoded_and_comments_skipped() {
        assert_eq!(all(r"'P\u0065\'\\\n'")[0], Token::Text("Pe'\\\n".into()));
        assert_eq!(all("/* a */ %`vs-x` // b")[0], Token::External("vs-x".into()));
        assert_eq!(all("`a b`")[0], Token::Delimited("a b".into()));
    }

    #[test]
    fn faults_say_where() {
        for (text, offset) in [("1 + #", 4), ("a /* b", 2), ("'abc", 0), ("@20", 0), ("% x", 1)] {
            assert_eq!(tokens(text).unwrap_err().offset, offset, "{text}");
        }
    }
}
