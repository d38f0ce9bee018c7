//! Prints values as Go's package `fmt` does.

mod directive;
mod quote;
mod scalar;

pub(crate) use directive::printf;
pub(crate) use quote::{is_printable, quote};

use super::fault::{Fault, Text};
use super::value::{ANY, Value};
use crate::limits::{Limit, MAX_VALUE_DEPTH};

type Printed = Result<(), Fault>;

/// The flags of a directive such as `%-8.3f`.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the independent flags of Go's directives"
)]
struct Flags {
    sharp: bool,
    zero: bool,
    plus: bool,
    minus: bool,
    space: bool,
    /// `%#v`
    go_syntax: bool,
    /// `%+v`
    field_names: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

struct Printer<'o> {
    out: &'o mut Text,
    flags: Flags,
    /// Within `%!verb(…)`, where methods do not count.
    erroring: bool,
}

/// Prints a value as an action does.
pub(crate) fn display(value: &Value, out: &mut Text) -> Result<(), Fault> {
    match value {
        Value::Nil => out.push_str("<no value>"),
        Value::Text(text) => out.push_str(text),
        _ => Printer::new(out).argument(value, 'v'),
    }
}

/// Go's `Sprint`: a space between two arguments that are both not texts.
pub(crate) fn print(arguments: &[Value]) -> Result<String, Fault> {
    let mut out = Text::new();
    let mut previous_is_text = true;
    for argument in arguments {
        let is_text = matches!(argument, Value::Text(_));
        if !is_text && !previous_is_text {
            out.push(' ')?;
        }
        Printer::new(&mut out).argument(argument, 'v')?;
        previous_is_text = is_text;
    }
    Ok(out.into_string())
}

/// Go's `Sprintln`: spaces between all arguments, a newline at the end.
pub(crate) fn println(arguments: &[Value]) -> Result<String, Fault> {
    let mut out = Text::new();
    for (index, argument) in arguments.iter().enumerate() {
        if index > 0 {
            out.push(' ')?;
        }
        Printer::new(&mut out).argument(argument, 'v')?;
    }
    out.push('\n')?;
    Ok(out.into_string())
}

/// One value as `%v` prints it.
pub(crate) fn plain(value: &Value) -> Result<String, Fault> {
    let mut out = Text::new();
    Printer::new(&mut out).argument(value, 'v')?;
    Ok(out.into_string())
}

impl<'o> Printer<'o> {
    fn new(out: &'o mut Text) -> Self {
        Self {
            out,
            flags: Flags::default(),
            erroring: false,
        }
    }

    fn argument(&mut self, value: &Value, verb: char) -> Printed {
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => self.pad("<nil>"),
            (_, 'T') => self.string(&value.type_name(), 's'),
            // %p: an address would differ from one rendering to the next.
            (Value::Nil, _) | (_, 'p') => self.bad_verb(value, verb),
            _ => self.value(value, verb, 0),
        }
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) -> Printed {
        if depth > 2 * MAX_VALUE_DEPTH {
            return Err(Fault::Limit(Limit::ValueDepth));
        }
        if verb == 'w' && !self.erroring {
            return self.bad_verb(value, verb);
        }
        let uses_methods = !self.erroring && !self.flags.go_syntax && "vsxXq".contains(verb);
        if let Some(text) = value.stringer().filter(|_| uses_methods) {
            return self.string(&text, verb);
        }
        match value {
            Value::Nil => self.nil(),
            Value::Bool(truth) if matches!(verb, 't' | 'v') => {
                self.pad(if *truth { "true" } else { "false" })
            }
            Value::Int(number) | Value::Int64(number) => {
                self.integer(i128::from(*number), true, value, verb)
            }
            Value::Named(named) => self.integer(i128::from(named.number), true, value, verb),
            Value::Byte(number) => self.integer(i128::from(*number), false, value, verb),
            Value::Uint64(number) => self.integer(i128::from(*number), false, value, verb),
            Value::Float(number) => self.float(*number, value, verb),
            Value::Text(text) if "vsxXq".contains(verb) => self.string(text, verb),
            Value::List(list) => self.sequence(value, list.items.iter(), verb, depth),
            Value::Map(map) => self.map(
                value,
                map.entries.iter().map(|(key, value)| (key.clone(), value)),
                verb,
                depth,
            ),
            Value::Dict(dict) => {
                let entries = dict.borrow();
                let entries = entries
                    .iter()
                    .map(|(key, value)| (Value::Text(key.clone()), value));
                self.map(value, entries, verb, depth)
            }
            _ if is_opaque(value) && self.flags.go_syntax => {
                self.out.push_str(&value.stringer().unwrap_or_default())
            }
            Value::Record(record) if !is_opaque(value) => {
                self.record(value, record.fields(), verb, depth)
            }
            _ => self.bad_verb(value, verb),
        }
    }

    fn nil(&mut self) -> Printed {
        if self.flags.go_syntax {
            self.out.push_str(ANY)?;
            return self.out.push_str("(nil)");
        }
        self.out.push_str("<nil>")
    }

    fn sequence<'v, I: Iterator<Item = &'v Value>>(
        &mut self,
        value: &Value,
        items: I,
        verb: char,
        depth: usize,
    ) -> Printed {
        self.open(value, "[")?;
        for (index, item) in items.enumerate() {
            self.separate(index)?;
            self.value(item, verb, depth + 1)?;
        }
        self.close("]")
    }

    fn map<'v, I: Iterator<Item = (Value, &'v Value)>>(
        &mut self,
        value: &Value,
        entries: I,
        verb: char,
        depth: usize,
    ) -> Printed {
        self.open(value, "map[")?;
        for (index, (key, item)) in entries.enumerate() {
            self.separate(index)?;
            self.value(&key, verb, depth + 1)?;
            self.out.push(':')?;
            self.value(item, verb, depth + 1)?;
        }
        self.close("]")
    }

    fn record<'v, I: Iterator<Item = (&'static str, &'v Value)>>(
        &mut self,
        value: &Value,
        fields: I,
        verb: char,
        depth: usize,
    ) -> Printed {
        self.open(value, "{")?;
        for (index, (name, item)) in fields.enumerate() {
            self.separate(index)?;
            if self.flags.field_names || self.flags.go_syntax {
                self.out.push_str(name)?;
                self.out.push(':')?;
            }
            self.value(item, verb, depth + 1)?;
        }
        self.out.push('}')
    }

    fn open(&mut self, value: &Value, plain: &str) -> Printed {
        if self.flags.go_syntax {
            self.out.push_str(&value.type_name())?;
            return self.out.push('{');
        }
        self.out.push_str(plain)
    }

    fn separate(&mut self, index: usize) -> Printed {
        match (index, self.flags.go_syntax) {
            (0, _) => Ok(()),
            (_, true) => self.out.push_str(", "),
            (_, false) => self.out.push(' '),
        }
    }

    fn close(&mut self, plain: &str) -> Printed {
        self.out
            .push_str(if self.flags.go_syntax { "}" } else { plain })
    }

    /// `%!verb(type=value)`
    fn bad_verb(&mut self, value: &Value, verb: char) -> Printed {
        let outer = std::mem::replace(&mut self.erroring, true);
        self.out.push_str("%!")?;
        self.out.push(verb)?;
        self.out.push('(')?;
        if matches!(value, Value::Nil) {
            self.out.push_str("<nil>")?;
        } else {
            self.out.push_str(&value.type_name())?;
            self.out.push('=')?;
            if is_opaque(value) {
                self.out.push_str(&value.stringer().unwrap_or_default())?;
            } else {
                self.value(value, 'v', 0)?;
            }
        }
        self.out.push(')')?;
        self.erroring = outer;
        Ok(())
    }

    /// Writes `text`, padded to the width.
    fn pad(&mut self, text: &str) -> Printed {
        self.pad_with(text, self.flags.zero)
    }

    fn pad_with(&mut self, text: &str, zero: bool) -> Printed {
        let Some(missing) = self
            .flags
            .width
            .and_then(|width| width.checked_sub(text.chars().count()))
        else {
            return self.out.push_str(text);
        };
        if self.flags.minus {
            self.out.push_str(text)?;
            return self.out.fill(' ', missing);
        }
        self.out.fill(if zero { '0' } else { ' ' }, missing)?;
        self.out.push_str(text)
    }
}

/// Whether the value has no fields to show, where Go would show private ones: then its text stands for them.
fn is_opaque(value: &Value) -> bool {
    match value {
        Value::Time(_) | Value::Version(_) => true,
        Value::Record(record) => record.fields().next().is_none(),
        _ => false,
    }
}
