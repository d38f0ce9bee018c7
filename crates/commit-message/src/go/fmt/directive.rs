//! `printf`: finds the directives of a format and applies them.

use super::{Flags, Printed, Printer};
use crate::go::fault::{Fault, Text};
use crate::go::value::Value;

/// Go refuses larger widths and precisions.
const MAX_WIDTH: usize = 1_000_000;

/// Go's `Sprintf`.
pub(crate) fn printf(format: &str, arguments: &[Value]) -> Result<String, Fault> {
    let mut out = Text::new();
    let mut state = Directives {
        rest: format,
        arguments,
        next: 0,
        reordered: false,
        good_index: true,
        after_index: false,
    };
    state.run(&mut Printer::new(&mut out))?;
    Ok(out.into_string())
}

struct Directives<'f> {
    rest: &'f str,
    arguments: &'f [Value],
    /// The argument that comes next.
    next: usize,
    /// An index such as `[2]` was used, so leftovers are not reported.
    reordered: bool,
    good_index: bool,
    after_index: bool,
}

impl Directives<'_> {
    fn run(&mut self, printer: &mut Printer<'_>) -> Printed {
        while let Some(percent) = self.rest.find('%') {
            printer.out.push_str(&self.rest[..percent])?;
            self.rest = &self.rest[percent + 1..];
            self.directive(printer)?;
        }
        printer.out.push_str(self.rest)?;
        if self.reordered || self.next >= self.arguments.len() {
            return Ok(());
        }
        printer.flags = Flags::default();
        self.report_extra(printer)
    }

    fn report_extra(&self, printer: &mut Printer<'_>) -> Printed {
        printer.out.push_str("%!(EXTRA ")?;
        for (index, argument) in self.arguments[self.next..].iter().enumerate() {
            if index > 0 {
                printer.out.push_str(", ")?;
            }
            if !matches!(argument, Value::Nil) {
                printer.out.push_str(&argument.type_name())?;
                printer.out.push('=')?;
            }
            printer.argument(argument, 'v')?;
        }
        printer.out.push(')')
    }

    fn directive(&mut self, printer: &mut Printer<'_>) -> Printed {
        printer.flags = Flags::default();
        self.good_index = true;
        self.flags(&mut printer.flags);
        self.index();
        self.width(printer)?;
        self.precision(printer)?;
        if !self.after_index {
            self.index();
        }
        self.after_index = false;
        let Some(verb) = self.rest.chars().next() else {
            return printer.out.push_str("%!(NOVERB)");
        };
        self.rest = &self.rest[verb.len_utf8()..];
        if verb == '%' {
            return printer.out.push('%');
        }
        let problem = if !self.good_index {
            "(BADINDEX)"
        } else if self.next >= self.arguments.len() {
            "(MISSING)"
        } else {
            return self.apply(printer, verb);
        };
        printer.out.push_str("%!")?;
        printer.out.push(verb)?;
        printer.out.push_str(problem)
    }

    fn apply(&mut self, printer: &mut Printer<'_>, verb: char) -> Printed {
        if matches!(verb, 'v' | 'w') {
            printer.flags.go_syntax = std::mem::take(&mut printer.flags.sharp);
            printer.flags.field_names = std::mem::take(&mut printer.flags.plus);
        }
        let argument = &self.arguments[self.next];
        self.next += 1;
        printer.argument(argument, verb)
    }

    fn flags(&mut self, flags: &mut Flags) {
        loop {
            match self.rest.as_bytes().first() {
                Some(b'#') => flags.sharp = true,
                Some(b'0') => flags.zero = true,
                Some(b'+') => flags.plus = true,
                Some(b'-') => flags.minus = true,
                Some(b' ') => flags.space = true,
                _ => return,
            }
            self.rest = &self.rest[1..];
        }
    }

    /// `[n]`: the argument to use next, counted from 1.
    fn index(&mut self) {
        self.after_index = false;
        if !self.rest.starts_with('[') {
            return;
        }
        self.reordered = true;
        let Some(end) = self.rest.find(']') else {
            self.good_index = false;
            self.rest = &self.rest[1..];
            return;
        };
        let number = self.rest[1..end]
            .parse::<usize>()
            .ok()
            .and_then(|number| number.checked_sub(1));
        self.rest = &self.rest[end + 1..];
        self.after_index = number.is_some();
        match number.filter(|number| *number < self.arguments.len()) {
            Some(number) => self.next = number,
            None => self.good_index = false,
        }
    }

    fn width(&mut self, printer: &mut Printer<'_>) -> Printed {
        if !self.rest.starts_with('*') {
            printer.flags.width = self.number();
            self.good_index &= !(self.after_index && printer.flags.width.is_some());
            return Ok(());
        }
        self.rest = &self.rest[1..];
        self.after_index = false;
        let Some(width) = self.number_argument() else {
            return printer.out.push_str("%!(BADWIDTH)");
        };
        if width < 0 {
            printer.flags.minus = true;
            printer.flags.zero = false;
        }
        printer.flags.width = usize::try_from(width.unsigned_abs()).ok();
        Ok(())
    }

    fn precision(&mut self, printer: &mut Printer<'_>) -> Printed {
        if !self.rest.starts_with('.') || self.rest.len() < 2 {
            return Ok(());
        }
        self.rest = &self.rest[1..];
        self.good_index &= !self.after_index;
        self.index();
        if !self.rest.starts_with('*') {
            printer.flags.precision = Some(self.number().unwrap_or(0));
            return Ok(());
        }
        self.rest = &self.rest[1..];
        self.after_index = false;
        let precision = self
            .number_argument()
            .and_then(|number| usize::try_from(number).ok());
        printer.flags.precision = precision;
        if precision.is_none() {
            return printer.out.push_str("%!(BADPREC)");
        }
        Ok(())
    }

    fn number(&mut self) -> Option<usize> {
        let length = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 {
            return None;
        }
        let number = self.rest[..length]
            .parse::<usize>()
            .ok()
            .filter(|number| *number <= MAX_WIDTH);
        // A number beyond the bound makes Go give up on the rest of the format.
        self.rest = if number.is_some() {
            &self.rest[length..]
        } else {
            ""
        };
        number
    }

    fn number_argument(&mut self) -> Option<i128> {
        let number = self.arguments.get(self.next)?.integer();
        self.next += 1;
        number.filter(|number| {
            usize::try_from(number.unsigned_abs()).is_ok_and(|number| number <= MAX_WIDTH)
        })
    }
}
