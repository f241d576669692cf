//! Tokens to a syntax tree, by the precedences of FHIRPath 2.0.
//!
//! Promises: the whole grammar; a fault names its offset. Never: recurses deeper than [`DEPTH`].

use super::lexer::{Placed, Token, tokens};
use super::syntax::{Binary, Kind, Syntax, TypeName};
use super::{Decimal, Fault, quantity};

/// The deepest an expression may be nested.
pub(super) const DEPTH: u16 = 200;

/// How strongly `is` and `as` bind, between `|` and `+`.
const TYPE: u8 = 8;

struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    nested: u16,
}

/// Parses a whole expression.
pub(super) fn parse(text: &str) -> Result<Syntax, Fault> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, nested: 0 };
    let syntax = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(syntax),
        _ => Err(parser.unexpected("the end of the expression")),
    }
}

fn binary(token: &Token) -> Option<(Binary, u8)> {
    let text = match token {
        Token::Name(name) => name.as_str(),
        Token::Symbol(symbol) => symbol,
        _ => return None,
    };
    Some(match text {
        "*" => (Binary::Multiply, 10),
        "/" => (Binary::Divide, 10),
        "div" => (Binary::WholeDivide, 10),
        "mod" => (Binary::Modulo, 10),
        "+" => (Binary::Add, 9),
        "-" => (Binary::Subtract, 9),
        "&" => (Binary::Concatenate, 9),
        "|" => (Binary::Union, 7),
        "<" => (Binary::Less, 6),
        "<=" => (Binary::LessOrEqual, 6),
        ">" => (Binary::Greater, 6),
        ">=" => (Binary::GreaterOrEqual, 6),
        "=" => (Binary::Equal, 5),
        "!=" => (Binary::NotEqual, 5),
        "~" => (Binary::Equivalent, 5),
        "!~" => (Binary::NotEquivalent, 5),
        "in" => (Binary::In, 4),
        "contains" => (Binary::Contains, 4),
        "and" => (Binary::And, 3),
        "or" => (Binary::Or, 2),
        "xor" => (Binary::Xor, 2),
        "implies" => (Binary::Implies, 1),
        _ => return None,
    })
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn offset(&self) -> u32 {
        self.tokens[self.at].1
    }

    fn next(&mut self) -> Token {
        let token = self.tokens[self.at].0.clone();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token
    }

    fn name(&mut self, wanted: &str) -> Result<String, Fault> {
        match self.peek().clone() {
            Token::Name(name) | Token::Delimited(name) => {
                self.next();
                Ok(name)
            }
            _ => Err(self.unexpected(wanted)),
        }
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let there = matches!(self.peek(), Token::Symbol(s) if *s == symbol);
        if there {
            self.next();
        }
        there
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), Fault> {
        match self.eat(symbol) {
            true => Ok(()),
            false => Err(self.unexpected(&format!("`{symbol}`"))),
        }
    }

    fn unexpected(&self, wanted: &str) -> Fault {
        let found = match self.peek() {
            Token::End => "the end".to_owned(),
            Token::Name(name) | Token::Delimited(name) => format!("`{name}`"),
            Token::Symbol(symbol) => format!("`{symbol}`"),
            Token::External(name) => format!("`%{name}`"),
            Token::Dollar(name) => format!("`${name}`"),
            Token::Text(_) => "a text".to_owned(),
            Token::Integer(_) | Token::Decimal(_) => "a number".to_owned(),
            Token::Moment(_) => "a date or time".to_owned(),
        };
        Fault::new(self.offset(), "fhirpath-syntax", format!("expected {wanted}, found {found}"))
    }

    /// A node over `below`, unless it is nested too deeply.
    fn node(&self, offset: u32, kind: Kind, below: u16) -> Result<Syntax, Fault> {
        let depth = below + 1;
        match depth > DEPTH {
            true => Err(Fault::new(offset, "fhirpath-too-deep", "an expression nested too deeply")),
            false => Ok(Syntax { offset, kind, depth }),
        }
    }

    fn expression(&mut self, floor: u8) -> Result<Syntax, Fault> {
        self.nested += 1;
        if self.nested > DEPTH {
            let text = "an expression nested too deeply";
            return Err(Fault::new(self.offset(), "fhirpath-too-deep", text));
        }
        let mut left = self.unary()?;
        loop {
            let offset = self.offset();
            let word = matches!(self.peek(), Token::Name(n) if n == "is" || n == "as");
            if word && TYPE > floor {
                let is = matches!(self.next(), Token::Name(n) if n == "is");
                let name = self.type_name()?;
                let below = left.depth;
                left = self.node(offset, Kind::Type(is, Box::new(left), name), below)?;
                continue;
            }
            let Some((operator, strength)) = binary(self.peek()).filter(|(_, s)| *s > floor) else {
                break;
            };
            self.next();
            let right = self.expression(strength)?;
            let below = left.depth.max(right.depth);
            let kind = Kind::Binary(operator, Box::new(left), Box::new(right));
            left = self.node(offset, kind, below)?;
        }
        self.nested -= 1;
        Ok(left)
    }

    fn unary(&mut self) -> Result<Syntax, Fault> {
        let offset = self.offset();
        for (symbol, negative) in [("-", true), ("+", false)] {
            if self.eat(symbol) {
                self.nested += 1;
                if self.nested > DEPTH {
                    return Err(Fault::new(offset, "fhirpath-too-deep", "too many signs"));
                }
                let operand = self.unary()?;
                self.nested -= 1;
                let below = operand.depth;
                return self.node(offset, Kind::Sign(negative, Box::new(operand)), below);
            }
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Result<Syntax, Fault> {
        let mut left = self.term()?;
        loop {
            let offset = self.offset();
            if self.eat(".") {
                let offset = self.offset();
                let name = self.name("an element or a function")?;
                left = self.invocation(Some(left), name, offset)?;
            } else if self.eat("[") {
                let index = self.expression(0)?;
                self.expect("]")?;
                let below = left.depth.max(index.depth);
                let kind = Kind::Index(Box::new(left), Box::new(index));
                left = self.node(offset, kind, below)?;
            } else {
                return Ok(left);
            }
        }
    }

    fn invocation(
        &mut self,
        input: Option<Syntax>,
        name: String,
        offset: u32,
    ) -> Result<Syntax, Fault> {
        let mut below = input.as_ref().map_or(0, |i| i.depth);
        let input = input.map(Box::new);
        if !self.eat("(") {
            return self.node(offset, Kind::Member { input, name }, below);
        }
        let mut arguments = Vec::new();
        if !self.eat(")") {
            loop {
                let argument = self.expression(0)?;
                below = below.max(argument.depth);
                arguments.push(argument);
                if !self.eat(",") {
                    break;
                }
            }
            self.expect(")")?;
        }
        self.node(offset, Kind::Call { input, name, arguments }, below)
    }

    fn term(&mut self) -> Result<Syntax, Fault> {
        let offset = self.offset();
        let before = self.at;
        let kind = match self.next() {
            Token::Name(name) if name == "true" || name == "false" => Kind::Boolean(name == "true"),
            Token::Name(name) | Token::Delimited(name) => {
                return self.invocation(None, name, offset);
            }
            Token::Text(text) => Kind::Text(text),
            Token::Integer(number) => match self.unit() {
                Some(unit) => Kind::Quantity(Decimal::from(number), unit),
                None => Kind::Integer(number),
            },
            Token::Decimal(number) => match self.unit() {
                Some(unit) => Kind::Quantity(number, unit),
                None => Kind::Decimal(number),
            },
            Token::Moment(moment) => Kind::Moment(moment),
            Token::External(name) => Kind::External(name),
            Token::Dollar(name) if ["this", "index", "total"].contains(&name.as_str()) => {
                Kind::Dollar(name)
            }
            Token::Symbol("(") => {
                let inner = self.expression(0)?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Symbol("{") => {
                self.expect("}")?;
                Kind::Empty
            }
            _ => {
                self.at = before;
                return Err(self.unexpected("an expression"));
            }
        };
        self.node(offset, kind, 0)
    }

    fn unit(&mut self) -> Option<String> {
        let found = match self.peek() {
            Token::Text(unit) => unit.clone(),
            Token::Name(word) if quantity::is_calendar(word) => word.clone(),
            _ => return None,
        };
        self.next();
        Some(found)
    }

    fn type_name(&mut self) -> Result<TypeName, Fault> {
        let offset = self.offset();
        let mut parts = Vec::new();
        loop {
            parts.push(self.name("a type's name")?);
            // `x is T.y()` is no type of namespace T
            let qualified = parts.len() == 1 && matches!(parts[0].as_str(), "FHIR" | "System");
            if !qualified || !self.eat(".") {
                break;
            }
        }
        let name = parts.pop().unwrap_or_default();
        Ok(TypeName { namespace: parts.pop(), name, offset })
    }
}

/// The type that a function's argument names: `FHIR.Patient`, `string`.
pub(super) fn as_type(argument: &Syntax) -> Option<TypeName> {
    match &argument.kind {
        Kind::Member { input: None, name } => {
            Some(TypeName { namespace: None, name: name.clone(), offset: argument.offset })
        }
        Kind::Member { input: Some(input), name } => match &input.kind {
            Kind::Member { input: None, name: namespace } => Some(TypeName {
                namespace: Some(namespace.clone()),
                name: name.clone(),
                offset: input.offset,
            }),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(syntax: &Syntax) -> String {
        match &syntax.kind {
            Kind::Integer(n) => n.to_string(),
            Kind::Member { input: None, name } => name.clone(),
            Kind::Member { input: Some(input), name } => format!("{}.{name}", shape(input)),
            Kind::Call { input, name, arguments } => {
                let input = input.as_ref().map_or(String::new(), |i| shape(i) + ".");
                let arguments: Vec<_> = arguments.iter().map(shape).collect();
                format!("{input}{name}({})", arguments.join(","))
            }
            Kind::Sign(_, a) => format!("-{}", shape(a)),
            Kind::Binary(op, a, b) => format!("({} {op:?} {})", shape(a), shape(b)),
            Kind::Type(is, a, t) => {
                format!("({} {} {})", shape(a), if *is { "is" } else { "as" }, t.name)
            }
            Kind::Index(a, b) => format!("{}[{}]", shape(a), shape(b)),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn precedences() {
        let shaped = |text| shape(&parse(text).unwrap());
        assert_eq!(shaped("1+2*3+4"), "((1 Add (2 Multiply 3)) Add 4)");
        assert_eq!(shaped("1 > 2 is Boolean"), "(1 Greater (2 is Boolean))");
        assert_eq!(shaped("1 | 1 is Integer"), "(1 Union (1 is Integer))");
        assert_eq!(shaped("-1.foo()"), "-1.foo()");
        assert_eq!(shaped("a and b or c"), "((a And b) Or c)");
        assert_eq!(shaped("a implies b = c | d"), "(a Implies (b Equal (c Union d)))");
        assert_eq!(shaped("x.repeat(contains)[0]"), "x.repeat(contains)[0]");
    }

    #[test]
    fn faults_say_where() {
        for (text, offset) in
            [("2 + 2 /", 7), ("a.", 2), ("f(a", 3), ("a b", 2), ("a is", 4), ("", 0)]
        {
            assert_eq!(parse(text).unwrap_err().offset, offset, "{text}");
        }
    }

    #[test]
    fn depth_is_limited() {
        for text in ["(".repeat(100_000), "-".repeat(100_000) + "1", "1+".repeat(100_000) + "1"] {
            assert_eq!(parse(&text).unwrap_err().id, "fhirpath-too-deep");
        }
    }
}
