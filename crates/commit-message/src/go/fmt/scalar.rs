//! Numbers and texts under the verbs of `fmt`.

use super::quote::{is_printable, quote_char, quote_with};
use super::{Printed, Printer};
use crate::go::fault::Fault;
use crate::go::number::{FloatStyle, format_float};
use crate::go::value::Value;
use crate::limits::{Limit, MAX_TEXT_BYTES};

impl Printer<'_> {
    pub(super) fn string(&mut self, text: &str, verb: char) -> Printed {
        match verb {
            'v' if self.flags.go_syntax => self.quoted(text),
            'x' | 'X' => self.hexadecimal_text(text.as_bytes(), verb == 'X'),
            'q' => self.quoted(text),
            _ => {
                let text = self.truncated(text);
                self.pad(text)
            }
        }
    }

    /// At most as many characters as the precision says.
    fn truncated<'t>(&self, text: &'t str) -> &'t str {
        let end = self
            .flags
            .precision
            .and_then(|precision| text.char_indices().nth(precision));
        end.map_or(text, |(end, _)| &text[..end])
    }

    fn quoted(&mut self, text: &str) -> Printed {
        let text = self.truncated(text);
        let can_backquote = text
            .chars()
            .all(|c| (c == '\t' || !c.is_control()) && c != '`' && c != '\u{feff}');
        if self.flags.sharp && can_backquote {
            return self.pad(&format!("`{text}`"));
        }
        self.pad(&quote_with(text, self.flags.plus))
    }

    fn hexadecimal_text(&mut self, bytes: &[u8], upper: bool) -> Printed {
        let length = self
            .flags
            .precision
            .map_or(bytes.len(), |precision| precision.min(bytes.len()));
        let prefix = match (self.flags.sharp, upper) {
            (false, _) => "",
            (true, false) => "0x",
            (true, true) => "0X",
        };
        let mut digits = String::new();
        for (index, byte) in bytes[..length].iter().enumerate() {
            if index == 0 {
                digits.push_str(prefix);
            } else if self.flags.space {
                digits.push(' ');
                digits.push_str(prefix);
            }
            let pair = [byte >> 4, byte & 15].map(|nibble| hex_digit(nibble, upper));
            digits.extend(pair);
        }
        self.pad(&digits)
    }

    pub(super) fn integer(
        &mut self,
        number: i128,
        signed: bool,
        value: &Value,
        verb: char,
    ) -> Printed {
        match verb {
            'v' if self.flags.go_syntax && !signed => {
                self.flags.sharp = true;
                let printed = self.in_base(number, 16, 'x');
                self.flags.sharp = false;
                printed
            }
            'v' | 'd' => self.in_base(number, 10, verb),
            'b' => self.in_base(number, 2, verb),
            'o' | 'O' => self.in_base(number, 8, verb),
            'x' | 'X' => self.in_base(number, 16, verb),
            'c' => self.pad(rune(number).encode_utf8(&mut [0; 4])),
            'q' => self.pad(&quote_char(rune(number), self.flags.plus)),
            'U' => self.unicode(number),
            _ => self.bad_verb(value, verb),
        }
    }

    fn in_base(&mut self, number: i128, base: u32, verb: char) -> Printed {
        if self.flags.precision == Some(0) && number == 0 {
            return self.pad_with("", false);
        }
        let magnitude = number.unsigned_abs();
        let mut digits = match (base, verb) {
            (2, _) => format!("{magnitude:b}"),
            (8, _) => format!("{magnitude:o}"),
            (16, 'X') => format!("{magnitude:X}"),
            (16, _) => format!("{magnitude:x}"),
            _ => magnitude.to_string(),
        };
        let signed = number < 0 || self.flags.plus || self.flags.space;
        let minimum = match (self.flags.precision, self.flags.width) {
            (Some(precision), _) => precision,
            (None, Some(width)) if self.flags.zero && !self.flags.minus => {
                width.saturating_sub(usize::from(signed))
            }
            _ => 0,
        };
        if minimum > MAX_TEXT_BYTES {
            return Err(Fault::Limit(Limit::Text));
        }
        digits.insert_str(0, &"0".repeat(minimum.saturating_sub(digits.len())));
        let prefix = match (base, verb) {
            (8, 'O') => "0o",
            (2, _) if self.flags.sharp => "0b",
            (8, _) if self.flags.sharp && !digits.starts_with('0') => "0",
            (16, 'X') if self.flags.sharp => "0X",
            (16, _) if self.flags.sharp => "0x",
            _ => "",
        };
        let sign = match number < 0 {
            true => "-",
            false if self.flags.plus => "+",
            false if self.flags.space => " ",
            false => "",
        };
        self.pad_with(&format!("{sign}{prefix}{digits}"), false)
    }

    /// `U+0041`, with `#` followed by the character.
    fn unicode(&mut self, number: i128) -> Printed {
        let digits = self.flags.precision.unwrap_or(0).max(4);
        if digits > MAX_TEXT_BYTES {
            return Err(Fault::Limit(Limit::Text));
        }
        // Go shows the bits of a negative number.
        let bits = number & i128::from(u64::MAX);
        let mut text = format!("U+{bits:0digits$X}");
        let named = u32::try_from(number)
            .ok()
            .and_then(char::from_u32)
            .filter(|c| is_printable(*c));
        if let (true, Some(c)) = (self.flags.sharp, named) {
            text.extend([' ', '\'', c, '\'']);
        }
        self.pad_with(&text, false)
    }

    pub(super) fn float(&mut self, number: f64, value: &Value, verb: char) -> Printed {
        let (letter, precision) = match verb {
            'v' => ('g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => (verb, None),
            'f' | 'e' | 'E' => (verb, Some(6)),
            'F' => ('f', Some(6)),
            _ => return self.bad_verb(value, verb),
        };
        let precision = self.flags.precision.or(precision);
        if precision.is_some_and(|precision| precision > MAX_TEXT_BYTES / 2) {
            return Err(Fault::Limit(Limit::Text));
        }
        let text = format_float(number, FloatStyle { letter, precision });
        let (negative, magnitude) = match text.strip_prefix('-') {
            Some(rest) => (true, rest.to_owned()),
            None => (false, text.strip_prefix('+').unwrap_or(&text).to_owned()),
        };
        if !number.is_finite() {
            return self.not_finite(number, &magnitude);
        }
        let magnitude = if self.flags.sharp && verb != 'b' {
            with_point(&magnitude, letter, precision)
        } else {
            magnitude
        };
        let sign = match negative {
            true => "-",
            false if self.flags.plus => "+",
            false if self.flags.space => " ",
            false => "",
        };
        let pads_with_zeros = self.flags.zero && !self.flags.minus;
        if let Some(width) = self
            .flags
            .width
            .filter(|_| pads_with_zeros && !sign.is_empty())
        {
            self.out.push_str(sign)?;
            self.out
                .fill('0', width.saturating_sub(magnitude.len() + 1))?;
            return self.out.push_str(&magnitude);
        }
        self.pad_with(&format!("{sign}{magnitude}"), pads_with_zeros)
    }

    fn not_finite(&mut self, number: f64, magnitude: &str) -> Printed {
        let sign = match (number.is_nan(), number < 0.0) {
            (_, true) => "-",
            (true, _) if self.flags.plus => "+",
            (false, _) if self.flags.plus || !self.flags.space => "+",
            (_, _) if self.flags.space => " ",
            _ => "",
        };
        self.pad_with(&format!("{sign}{magnitude}"), false)
    }
}

/// The `#` flag: a point always, and the trailing zeros that `g` leaves out.
fn with_point(magnitude: &str, letter: char, precision: Option<usize>) -> String {
    let exponent_at = match letter {
        'x' | 'X' => magnitude.find(['p', 'P']),
        _ => magnitude.find(['e', 'E']),
    };
    let (mantissa, exponent) = magnitude.split_at(exponent_at.unwrap_or(magnitude.len()));
    let mut text = mantissa.to_owned();
    if !text.contains('.') {
        text.push('.');
    }
    if matches!(letter, 'g' | 'G' | 'x' | 'X') {
        // As in Go, the x of 0x counts as a digit.
        let significant = mantissa
            .bytes()
            .filter(|byte| *byte != b'.')
            .skip_while(|byte| *byte == b'0')
            .count();
        let shown = if mantissa == "0" { 1 } else { significant };
        text.push_str(&"0".repeat(precision.unwrap_or(6).saturating_sub(shown)));
    }
    text + exponent
}

fn hex_digit(nibble: u8, upper: bool) -> char {
    let digit = char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    if upper {
        digit.to_ascii_uppercase()
    } else {
        digit
    }
}

fn rune(number: i128) -> char {
    u32::try_from(number)
        .ok()
        .and_then(char::from_u32)
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}
