//! Go's time layouts: a layout shows how the reference time, Mon Jan 2 15:04:05 MST 2006, is written.

mod parse;

pub(crate) use parse::parse;

use chrono::{Datelike as _, Timelike as _};

use super::time::Time;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// An element of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    LongMonth,
    Month,
    NumericMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    SpaceDay,
    ZeroDay,
    SpaceYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    Meridian,
    LowerMeridian,
    Zone,
    Offset(OffsetStyle),
    /// Digits of the second's fraction, all (`.000`) or without trailing zeros (`.999`), after `.` or `,`.
    Fraction {
        digits: usize,
        trims: bool,
        point: char,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OffsetStyle {
    /// `Z` stands for UTC.
    z: bool,
    colon: bool,
    /// How many of hours, minutes and seconds are written.
    parts: usize,
}

const fn offset(z: bool, colon: bool, parts: usize) -> Element {
    Element::Offset(OffsetStyle { z, colon, parts })
}

/// Longer spellings stand before their prefixes.
const ELEMENTS: [(&str, Element); 33] = [
    ("January", Element::LongMonth),
    ("Jan", Element::Month),
    ("Monday", Element::LongWeekday),
    ("Mon", Element::Weekday),
    ("MST", Element::Zone),
    ("002", Element::ZeroYearDay),
    ("01", Element::ZeroMonth),
    ("02", Element::ZeroDay),
    ("03", Element::ZeroHour12),
    ("04", Element::ZeroMinute),
    ("05", Element::ZeroSecond),
    ("06", Element::Year),
    ("15", Element::Hour),
    ("1", Element::NumericMonth),
    ("2006", Element::LongYear),
    ("2", Element::Day),
    ("__2", Element::SpaceYearDay),
    ("_2", Element::SpaceDay),
    ("3", Element::Hour12),
    ("4", Element::Minute),
    ("5", Element::Second),
    ("PM", Element::Meridian),
    ("pm", Element::LowerMeridian),
    ("-070000", offset(false, false, 3)),
    ("-07:00:00", offset(false, true, 3)),
    ("-0700", offset(false, false, 2)),
    ("-07:00", offset(false, true, 2)),
    ("-07", offset(false, false, 1)),
    ("Z070000", offset(true, false, 3)),
    ("Z07:00:00", offset(true, true, 3)),
    ("Z0700", offset(true, false, 2)),
    ("Z07:00", offset(true, true, 2)),
    ("Z07", offset(true, false, 1)),
];

/// Splits a layout at its first element: the text before, the element with its spelling, the rest.
fn split(layout: &str) -> Option<(&str, Element, &str, &str)> {
    for (start, _) in layout.char_indices() {
        let here = &layout[start..];
        if here.starts_with("_2006") {
            continue;
        }
        if let Some((element, length)) = element_at(here) {
            return Some((&layout[..start], element, &here[..length], &here[length..]));
        }
    }
    None
}

fn element_at(layout: &str) -> Option<(Element, usize)> {
    if let Some(fraction) = fraction_at(layout) {
        return Some(fraction);
    }
    let (spelling, element) = ELEMENTS
        .iter()
        .find(|(spelling, _)| layout.starts_with(spelling))?;
    let abbreviated = matches!(element, Element::Month | Element::Weekday);
    if abbreviated && layout[spelling.len()..].starts_with(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    Some((*element, spelling.len()))
}

fn fraction_at(layout: &str) -> Option<(Element, usize)> {
    let point = layout.chars().next().filter(|c| matches!(c, '.' | ','))?;
    let digit = layout[1..]
        .chars()
        .next()
        .filter(|c| matches!(c, '0' | '9'))?;
    let digits = layout[1..].chars().take_while(|c| *c == digit).count();
    let ends = !layout[1 + digits..].starts_with(|c: char| c.is_ascii_digit());
    ends.then_some((
        Element::Fraction {
            digits,
            trims: digit == '9',
            point,
        },
        1 + digits,
    ))
}

/// Writes a time by a layout.
pub(crate) fn format(time: &Time, layout: &str) -> String {
    let mut out = String::new();
    let mut rest = layout;
    while let Some((before, element, _, after)) = split(rest) {
        out.push_str(before);
        out.push_str(&write_element(time, element));
        rest = after;
    }
    out + rest
}

fn write_element(time: &Time, element: Element) -> String {
    let at = &time.at;
    let hour12 = at.hour12().1;
    match element {
        Element::LongMonth => MONTHS[at.month0() as usize].to_owned(),
        Element::Month => MONTHS[at.month0() as usize][..3].to_owned(),
        Element::NumericMonth => at.month().to_string(),
        Element::ZeroMonth => format!("{:02}", at.month()),
        Element::LongWeekday => WEEKDAYS[at.weekday().num_days_from_sunday() as usize].to_owned(),
        Element::Weekday => WEEKDAYS[at.weekday().num_days_from_sunday() as usize][..3].to_owned(),
        Element::Day => at.day().to_string(),
        Element::SpaceDay => format!("{:2}", at.day()),
        Element::ZeroDay => format!("{:02}", at.day()),
        Element::SpaceYearDay => format!("{:3}", at.ordinal()),
        Element::ZeroYearDay => format!("{:03}", at.ordinal()),
        Element::Hour => format!("{:02}", at.hour()),
        Element::Hour12 => hour12.to_string(),
        Element::ZeroHour12 => format!("{hour12:02}"),
        Element::Minute => at.minute().to_string(),
        Element::ZeroMinute => format!("{:02}", at.minute()),
        Element::Second => at.second().to_string(),
        Element::ZeroSecond => format!("{:02}", at.second()),
        Element::LongYear => format!("{:04}", at.year()),
        Element::Year => format!("{:02}", at.year().rem_euclid(100)),
        Element::Meridian => if at.hour() >= 12 { "PM" } else { "AM" }.to_owned(),
        Element::LowerMeridian => if at.hour() >= 12 { "pm" } else { "am" }.to_owned(),
        Element::Zone if time.zone.is_empty() => {
            write_offset(at.offset().local_minus_utc(), NUMERIC_ZONE)
        }
        Element::Zone => time.zone.to_string(),
        Element::Offset(style) => write_offset(at.offset().local_minus_utc(), style),
        Element::Fraction {
            digits,
            trims,
            point,
        } => {
            let nanoseconds = format!("{:09}", at.nanosecond() % 1_000_000_000);
            let shown = &nanoseconds[..digits.min(9)];
            let shown = if trims {
                shown.trim_end_matches('0')
            } else {
                shown
            };
            if shown.is_empty() {
                String::new()
            } else {
                format!(
                    "{point}{shown:0<digits$}",
                    digits = if trims { 0 } else { digits.min(64) }
                )
            }
        }
    }
}

/// How a zone without a name is written.
const NUMERIC_ZONE: OffsetStyle = OffsetStyle {
    z: false,
    colon: false,
    parts: 2,
};

fn write_offset(seconds: i32, style: OffsetStyle) -> String {
    if style.z && seconds == 0 {
        return "Z".to_owned();
    }
    let sign = if seconds < 0 { "-" } else { "+" };
    let magnitude = seconds.unsigned_abs();
    let parts = [magnitude / 3600, magnitude / 60 % 60, magnitude % 60];
    let parts = parts
        .iter()
        .take(style.parts)
        .map(|part| format!("{part:02}"));
    let colon = if style.colon { ":" } else { "" };
    sign.to_owned() + &parts.collect::<Vec<_>>().join(colon)
}
