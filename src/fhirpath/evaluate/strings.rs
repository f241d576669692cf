//! String functions. What they make lies in the memory's scratch.

use super::super::code::OpId;
use super::super::functions::Function;
use super::super::item::{Cell, Text};
use super::super::scene::NotEvaluable;
use super::{Done, Run, Span, TEXT};

/// Where a text lies in the scratch.
type Bytes = (usize, usize);

impl Run<'_> {
    pub(super) fn text_function(
        &mut self,
        function: Function,
        input: Span,
        arguments: &[OpId],
    ) -> Option<Done> {
        Some(match function {
            Function::StartsWith | Function::EndsWith | Function::Contains => {
                self.found(function, input, arguments[0])
            }
            Function::IndexOf | Function::LastIndexOf => {
                self.index_of(function, input, arguments[0])
            }
            Function::Substring => self.substring(input, arguments),
            Function::Upper | Function::Lower | Function::Trim => self.remade(function, input),
            Function::Length => self.length(input),
            Function::ToChars => self.characters(input),
            Function::Replace => self.replace(input, arguments),
            Function::Split => self.split(input, arguments[0]),
            Function::Join => self.join(input, arguments.first().copied()),
            Function::Matches | Function::MatchesFull | Function::ReplaceMatches => {
                self.late_pattern(function, input, arguments)
            }
            Function::Encode | Function::Decode | Function::Escape | Function::Unescape => {
                self.coded(function, input, arguments[0])
            }
            _ => return None,
        })
    }

    /// The input's text and an argument's, in the scratch; none when either is empty.
    fn two_texts(
        &mut self,
        input: Span,
        argument: OpId,
    ) -> Result<Option<(Bytes, Bytes)>, NotEvaluable> {
        let text = self.only_text(input)?;
        let span = self.eval(argument)?;
        let other = self.only_text(span)?;
        Ok(match (text, other) {
            (Some(a), Some(b)) => {
                let a = self.memory.settled(a, self.scene);
                Some((a, self.memory.settled(b, self.scene)))
            }
            _ => None,
        })
    }

    fn found(&mut self, function: Function, input: Span, argument: OpId) -> Done {
        let Some((text, part)) = self.two_texts(input, argument)? else {
            return self.answer_maybe(input.start, None);
        };
        let (text, part) =
            (&self.memory.scratch[text.0..text.1], &self.memory.scratch[part.0..part.1]);
        let found = match function {
            Function::StartsWith => text.starts_with(part),
            Function::EndsWith => text.ends_with(part),
            _ => memchr::memmem::find(text.as_bytes(), part.as_bytes()).is_some(),
        };
        self.answer(input.start, Cell::Boolean(found))
    }

    fn index_of(&mut self, function: Function, input: Span, argument: OpId) -> Done {
        let Some((text, part)) = self.two_texts(input, argument)? else {
            return self.answer_maybe(input.start, None);
        };
        let (text, part) =
            (&self.memory.scratch[text.0..text.1], &self.memory.scratch[part.0..part.1]);
        let at = if function == Function::IndexOf { text.find(part) } else { text.rfind(part) };
        let index = at.map_or(-1, |at| text[..at].chars().count() as i64);
        self.answer(input.start, Cell::Integer(index))
    }

    fn substring(&mut self, input: Span, arguments: &[OpId]) -> Done {
        let text = self.only_text(input)?;
        let from = self.argument_integer(arguments[0])?;
        let len = match arguments.get(1) {
            Some(argument) => self.argument_integer(*argument)?,
            None => None,
        };
        let (Some(text), Some(from)) = (text, from) else {
            return self.answer_maybe(input.start, None);
        };
        let (start, end) = self.memory.settled(text, self.scene);
        let Some(from) = usize::try_from(from).ok() else {
            return self.answer_maybe(input.start, None);
        };
        let len = usize::try_from(len.unwrap_or(i64::MAX)).unwrap_or(0);
        let text = &self.memory.scratch[start..end];
        let place = |chars: usize| text.char_indices().nth(chars).map(|(at, _)| at);
        let Some(first) = place(from) else { return self.answer_maybe(input.start, None) };
        let last = place(from.saturating_add(len)).unwrap_or(text.len());
        let cell = Cell::Text(Text::Scratch((start + first) as u32, (last - first) as u32));
        self.answer(input.start, cell)
    }

    fn remade(&mut self, function: Function, input: Span) -> Done {
        let Some(text) = self.only_text(input)? else {
            return self.answer_maybe(input.start, None);
        };
        let (start, end) = self.memory.settled(text, self.scene);
        if function == Function::Trim {
            let text = &self.memory.scratch[start..end];
            let left = text.len() - text.trim_start().len();
            let len = text.trim().len();
            let cell = Cell::Text(Text::Scratch((start + left) as u32, len as u32));
            return self.answer(input.start, cell);
        }
        let mut made = std::mem::take(&mut self.memory.spare);
        made.clear();
        let chars = self.memory.scratch[start..end].chars();
        match function {
            Function::Upper => made.extend(chars.flat_map(char::to_uppercase)),
            _ => made.extend(chars.flat_map(char::to_lowercase)),
        }
        let text = self.memory.keep(&made);
        self.memory.spare = made;
        self.answer(input.start, Cell::Text(text))
    }

    fn length(&mut self, input: Span) -> Done {
        let text = self.only_text(input)?;
        let length = text.map(|text| match text {
            Text::Node(tree, node) => {
                let tree = self.tree(tree);
                tree.value(node).map_or(0, |slice| tree.chars(slice).count())
            }
            scratch => self.memory.text(scratch, self.scene).chars().count(),
        });
        self.answer_maybe(input.start, length.map(|len| Cell::Integer(len as i64)))
    }

    fn characters(&mut self, input: Span) -> Done {
        let Some(text) = self.only_text(input)? else {
            return self.answer_maybe(input.start, None);
        };
        let (start, end) = self.memory.settled(text, self.scene);
        self.memory.stack.truncate(input.start);
        self.step((end - start) as u64)?;
        let memory = &mut *self.memory;
        for (at, c) in memory.scratch[start..end].char_indices() {
            let text = Text::Scratch((start + at) as u32, c.len_utf8() as u32);
            memory.stack.push(Cell::Text(text));
        }
        Ok(())
    }

    fn replace(&mut self, input: Span, arguments: &[OpId]) -> Done {
        let Some((text, part)) = self.two_texts(input, arguments[0])? else {
            return self.answer_maybe(input.start, None);
        };
        let span = self.eval(arguments[1])?;
        let Some(with) = self.only_text(span)? else {
            return self.answer_maybe(input.start, None);
        };
        let with = self.memory.settled(with, self.scene);
        let mut made = std::mem::take(&mut self.memory.spare);
        made.clear();
        let scratch = &self.memory.scratch;
        let (text, part) = (&scratch[text.0..text.1], &scratch[part.0..part.1]);
        let with = &scratch[with.0..with.1];
        let mut last = 0;
        for (at, found) in text.match_indices(part) {
            if made.len() > TEXT {
                break;
            }
            made.push_str(&text[last..at]);
            made.push_str(with);
            last = at + found.len();
        }
        made.push_str(&text[last..]);
        let text = self.memory.keep(&made);
        self.step(made.len() as u64 / 16)?;
        self.memory.spare = made;
        self.answer(input.start, Cell::Text(text))
    }

    fn split(&mut self, input: Span, argument: OpId) -> Done {
        let Some(((start, end), part)) = self.two_texts(input, argument)? else {
            return self.answer_maybe(input.start, None);
        };
        self.memory.stack.truncate(input.start);
        self.step((end - start) as u64)?;
        let memory = &mut *self.memory;
        let text = &memory.scratch[start..end];
        let separator = &memory.scratch[part.0..part.1];
        let pieces = text.match_indices(separator).filter(|(_, found)| !found.is_empty());
        let mut last = 0;
        for (at, found) in pieces {
            let text = Text::Scratch((start + last) as u32, (at - last) as u32);
            memory.stack.push(Cell::Text(text));
            last = at + found.len();
        }
        let rest = Text::Scratch((start + last) as u32, (text.len() - last) as u32);
        memory.stack.push(Cell::Text(rest));
        Ok(())
    }

    fn join(&mut self, input: Span, argument: Option<OpId>) -> Done {
        let separator = match argument {
            Some(argument) => {
                let span = self.eval(argument)?;
                self.only_text(span)?
            }
            None => None,
        };
        if input.len() == 0 {
            return self.answer_maybe(input.start, None);
        }
        let from = self.memory.scratch.len();
        for at in input.start..input.end {
            if let Some(separator) = separator.filter(|_| at > input.start) {
                self.append(separator);
            }
            let cell = self.cell(at);
            if let Some(text) = self.as_text(cell)? {
                self.append(text);
            }
        }
        let text = self.memory.kept_since(from);
        self.answer(input.start, Cell::Text(text))
    }
}
