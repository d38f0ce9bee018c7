//! Reads times by a layout.

use std::rc::Rc;

use chrono::{FixedOffset, NaiveDate, TimeZone as _};

use super::{Element, MONTHS, OffsetStyle, WEEKDAYS, fraction_at, split};
use crate::go::fault::Fault;
use crate::go::time::Time;

/// What has been read of a time.
#[derive(Debug)]
struct Parsed {
    year: i32,
    month: Option<u32>,
    day: Option<u32>,
    year_day: Option<u32>,
    hour: u32,
    minute: u32,
    second: u32,
    nanosecond: u32,
    meridian: Option<Meridian>,
    offset: Option<i32>,
    zone: Option<Rc<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meridian {
    Am,
    Pm,
}

/// Why a part of a time could not be read.
enum Misfit {
    /// The text does not have the form of the layout's element.
    Form,
    /// It has, but the number is impossible: "month out of range".
    Range(&'static str),
}

/// Reads a time by a layout; the errors are Go's.
pub(crate) fn parse(layout: &str, text: &str) -> Result<Time, Fault> {
    let mut parsed = Parsed {
        year: 0,
        month: None,
        day: None,
        year_day: None,
        hour: 0,
        minute: 0,
        second: 0,
        nanosecond: 0,
        meridian: None,
        offset: None,
        zone: None,
    };
    let misfit = |at: &str, element: &str| {
        Fault::failed(format!(
            "parsing time {text:?} as {layout:?}: cannot parse {at:?} as {element:?}"
        ))
    };
    let (mut rest, mut layout_rest) = (text, layout);
    while let Some((before, element, spelling, after)) = split(layout_rest) {
        rest = skip_literal(rest, before).ok_or_else(|| misfit(rest, before))?;
        let reads_fraction = element_starts_fraction(after);
        match parsed.read(element, rest, reads_fraction) {
            Ok(unread) => rest = unread,
            Err(Misfit::Form) => return Err(misfit(rest, spelling)),
            Err(Misfit::Range(what)) => {
                return Err(Fault::failed(format!(
                    "parsing time {text:?}: {what} out of range"
                )));
            }
        }
        layout_rest = after;
    }
    rest = skip_literal(rest, layout_rest).ok_or_else(|| misfit(rest, layout_rest))?;
    if !rest.is_empty() {
        return Err(Fault::failed(format!(
            "parsing time {text:?}: extra text: {rest:?}"
        )));
    }
    parsed
        .finish()
        .ok_or_else(|| Fault::failed(format!("parsing time {text:?}: day out of range")))
}

/// Whether the layout itself goes on with a fraction of a second.
fn element_starts_fraction(layout: &str) -> bool {
    fraction_at(layout).is_some()
}

/// What follows a literal part of the layout. Spaces of the layout match any number of spaces.
fn skip_literal<'t>(text: &'t str, literal: &str) -> Option<&'t str> {
    let mut text = text;
    let mut literal = literal;
    while let Some(expected) = literal.chars().next() {
        if expected == ' ' {
            if !text.is_empty() && !text.starts_with(' ') {
                return None;
            }
            literal = literal.trim_start_matches(' ');
            text = text.trim_start_matches(' ');
            continue;
        }
        text = text.strip_prefix(expected)?;
        literal = &literal[expected.len_utf8()..];
    }
    Some(text)
}

impl Parsed {
    /// Reads one element from the front of `text`; gives what is left.
    fn read<'t>(
        &mut self,
        element: Element,
        text: &'t str,
        fraction_follows: bool,
    ) -> Result<&'t str, Misfit> {
        let mut rest = text;
        match element {
            Element::LongMonth => self.month = Some(name(&mut rest, &MONTHS, usize::MAX)? + 1),
            Element::Month => self.month = Some(name(&mut rest, &MONTHS, 3)? + 1),
            Element::LongWeekday => drop(name(&mut rest, &WEEKDAYS, usize::MAX)?),
            Element::Weekday => drop(name(&mut rest, &WEEKDAYS, 3)?),
            Element::NumericMonth => self.month = Some(ranged(&mut rest, false, 1..=12, "month")?),
            Element::ZeroMonth => self.month = Some(ranged(&mut rest, true, 1..=12, "month")?),
            Element::Day => self.day = Some(digits(&mut rest, 1, 2)?),
            Element::ZeroDay => self.day = Some(digits(&mut rest, 2, 2)?),
            Element::SpaceDay => {
                rest = rest.strip_prefix(' ').unwrap_or(rest);
                self.day = Some(digits(&mut rest, 1, 2)?);
            }
            Element::SpaceYearDay => {
                let spaces = rest.len() - rest.trim_start_matches(' ').len();
                rest = &rest[spaces.min(2)..];
                self.year_day = Some(digits(&mut rest, 3 - spaces.min(2), 3)?);
            }
            Element::ZeroYearDay => self.year_day = Some(digits(&mut rest, 3, 3)?),
            Element::Hour => self.hour = ranged(&mut rest, false, 0..=23, "hour")?,
            Element::Hour12 => self.hour = ranged(&mut rest, false, 0..=12, "hour")?,
            Element::ZeroHour12 => self.hour = ranged(&mut rest, true, 0..=12, "hour")?,
            Element::Minute => self.minute = ranged(&mut rest, false, 0..=59, "minute")?,
            Element::ZeroMinute => self.minute = ranged(&mut rest, true, 0..=59, "minute")?,
            Element::Second | Element::ZeroSecond => {
                self.second = ranged(&mut rest, element == Element::ZeroSecond, 0..=59, "second")?;
                if !fraction_follows {
                    self.unasked_fraction(&mut rest);
                }
            }
            Element::LongYear => {
                self.year = i32::try_from(digits(&mut rest, 4, 4)?).map_err(|_| Misfit::Form)?;
            }
            Element::Year => {
                let year = i32::try_from(digits(&mut rest, 2, 2)?).map_err(|_| Misfit::Form)?;
                self.year = if year >= 69 { 1900 + year } else { 2000 + year };
            }
            Element::Meridian => self.meridian = Some(meridian(&mut rest, ["AM", "PM"])?),
            Element::LowerMeridian => self.meridian = Some(meridian(&mut rest, ["am", "pm"])?),
            Element::Zone => self.zone = Some(zone(&mut rest)?.into()),
            Element::Offset(style) => self.offset = Some(numeric_offset(&mut rest, style)?),
            Element::Fraction { digits, trims, .. } => self.fraction(&mut rest, digits, trims)?,
        }
        Ok(rest)
    }

    /// A fraction is accepted after the seconds even where the layout has none.
    fn unasked_fraction(&mut self, rest: &mut &str) {
        let Some(after) = rest.strip_prefix(['.', ',']) else {
            return;
        };
        let length = after.bytes().take_while(u8::is_ascii_digit).count();
        if length > 0 {
            self.nanosecond = nanoseconds(&after[..length]);
            *rest = &after[length..];
        }
    }

    fn fraction(&mut self, rest: &mut &str, expected: usize, trims: bool) -> Result<(), Misfit> {
        let Some(after) = rest.strip_prefix(['.', ',']) else {
            return if trims { Ok(()) } else { Err(Misfit::Form) };
        };
        let length = after.bytes().take_while(u8::is_ascii_digit).count();
        let length = if trims { length } else { length.min(expected) };
        if trims && length == 0 {
            return Ok(());
        }
        if !trims && length < expected {
            return Err(Misfit::Form);
        }
        self.nanosecond = nanoseconds(&after[..length]);
        *rest = &after[length..];
        Ok(())
    }

    fn finish(self) -> Option<Time> {
        let date = match (self.year_day, self.month, self.day) {
            (Some(year_day), None, None) => NaiveDate::from_yo_opt(self.year, year_day)?,
            (_, month, day) => {
                NaiveDate::from_ymd_opt(self.year, month.unwrap_or(1), day.unwrap_or(1))?
            }
        };
        let hour = match (self.meridian, self.hour) {
            (Some(Meridian::Pm), hour) if hour < 12 => hour + 12,
            (Some(Meridian::Am), 12) => 0,
            (_, hour) => hour,
        };
        let local = date.and_hms_nano_opt(hour, self.minute, self.second, self.nanosecond)?;
        let zone = self.zone.unwrap_or_else(|| "".into());
        let utc = |local| {
            FixedOffset::east_opt(0)?
                .from_local_datetime(&local)
                .single()
        };
        if let Some(seconds) = self.offset {
            let zone = if seconds == 0 { "UTC".into() } else { zone };
            let at = FixedOffset::east_opt(seconds)?
                .from_local_datetime(&local)
                .single()?;
            return Some(Time { at, zone });
        }
        // The offset of `GMT+3` is shown but, as in Go, does not move the instant; other abbreviations are unknown.
        let hours = zone
            .strip_prefix("GMT")
            .and_then(|hours| hours.parse::<i32>().ok())
            .unwrap_or(0);
        let zone = if zone.is_empty() { "UTC".into() } else { zone };
        let at = utc(local)?.with_timezone(&FixedOffset::east_opt(hours * 3600)?);
        Some(Time { at, zone })
    }
}

/// Reads between `least` and `most` digits.
fn digits(rest: &mut &str, least: usize, most: usize) -> Result<u32, Misfit> {
    let length = rest
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    if length < least {
        return Err(Misfit::Form);
    }
    let number = rest[..length].parse().map_err(|_| Misfit::Form)?;
    *rest = &rest[length..];
    Ok(number)
}

fn ranged(
    rest: &mut &str,
    padded: bool,
    range: std::ops::RangeInclusive<u32>,
    what: &'static str,
) -> Result<u32, Misfit> {
    let number = digits(rest, if padded { 2 } else { 1 }, 2)?;
    if range.contains(&number) {
        Ok(number)
    } else {
        Err(Misfit::Range(what))
    }
}

/// Reads one of `names`, of which `length` letters are written, in any case. Gives its index.
fn name(rest: &mut &str, names: &[&str], length: usize) -> Result<u32, Misfit> {
    for (index, name) in (0u32..).zip(names) {
        let name = &name[..length.min(name.len())];
        if rest
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
        {
            *rest = &rest[name.len()..];
            return Ok(index);
        }
    }
    Err(Misfit::Form)
}

fn meridian(rest: &mut &str, [am, pm]: [&str; 2]) -> Result<Meridian, Misfit> {
    for (spelling, meridian) in [(am, Meridian::Am), (pm, Meridian::Pm)] {
        if let Some(after) = rest.strip_prefix(spelling) {
            *rest = after;
            return Ok(meridian);
        }
    }
    Err(Misfit::Form)
}

/// A zone's abbreviation: three to five capitals, or `GMT` with hours.
fn zone<'t>(rest: &mut &'t str) -> Result<&'t str, Misfit> {
    let capitals = rest.bytes().take_while(u8::is_ascii_uppercase).count();
    let mut length = capitals;
    if *rest != "GMT" && rest.starts_with("GMT") {
        let after = &rest[3..];
        let signed = after.starts_with(['+', '-']);
        let hours = after[usize::from(signed)..]
            .bytes()
            .take(2)
            .take_while(u8::is_ascii_digit)
            .count();
        length = if signed && hours > 0 { 4 + hours } else { 3 };
    }
    if !(3..=6).contains(&length) {
        return Err(Misfit::Form);
    }
    let (zone, after) = rest.split_at(length);
    *rest = after;
    Ok(zone)
}

fn numeric_offset(rest: &mut &str, style: OffsetStyle) -> Result<i32, Misfit> {
    if style.z
        && let Some(after) = rest.strip_prefix('Z')
    {
        *rest = after;
        return Ok(0);
    }
    let negative = rest.starts_with('-');
    *rest = rest.strip_prefix(['+', '-']).ok_or(Misfit::Form)?;
    let mut seconds = digits(rest, 2, 2)? * 3600;
    for (present, unit) in [(style.parts > 1, 60), (style.parts > 2, 1)] {
        if present {
            if style.colon {
                *rest = rest.strip_prefix(':').ok_or(Misfit::Form)?;
            }
            seconds += digits(rest, 2, 2)? * unit;
        }
    }
    let seconds = i32::try_from(seconds).map_err(|_| Misfit::Form)?;
    if seconds >= 24 * 3600 {
        return Err(Misfit::Range("time zone offset hour"));
    }
    Ok(if negative { -seconds } else { seconds })
}

/// The first nine digits of a fraction.
fn nanoseconds(digits: &str) -> u32 {
    let shown = &digits[..digits.len().min(9)];
    format!("{shown:0<9}").parse().unwrap_or(0)
}
