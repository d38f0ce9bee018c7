//! Decimal arithmetic for `addf` and its kin: sprig computes with decimals, so that `addf 0.1 0.2` is `0.3`.

use crate::go::fault::Fault;
use crate::go::number::{FloatStyle, format_float};

/// Digits after the point that a division gives.
const DIVISION_DIGITS: i32 = 16;

/// `mantissa × 10^exponent`, or the float itself where the mantissa would not fit.
#[derive(Clone, Copy, Debug)]
pub(super) enum Decimal {
    Exact { mantissa: i128, exponent: i32 },
    Rounded(f64),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Decimal {
    pub(super) fn from_float(value: f64) -> Result<Self, Fault> {
        if !value.is_finite() {
            return Err(Fault::failed(format!(
                "Cannot create a Decimal from {value}"
            )));
        }
        let text = format_float(
            value,
            FloatStyle {
                letter: 'e',
                precision: None,
            },
        );
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let places = i32::try_from(fraction.len()).unwrap_or(0);
        match format!("{whole}{fraction}").parse() {
            Ok(mantissa) => Ok(Self::Exact {
                mantissa,
                exponent: exponent - places,
            }),
            Err(_) => Ok(Self::Rounded(value)),
        }
    }

    pub(super) fn to_float(self) -> f64 {
        match self {
            Self::Exact { mantissa, exponent } => {
                format!("{mantissa}e{exponent}").parse().unwrap_or(0.0)
            }
            Self::Rounded(value) => value,
        }
    }

    pub(super) fn apply(self, operation: Operation, other: Self) -> Result<Self, Fault> {
        if matches!(operation, Operation::Divide) && other.is_zero() {
            return Err(Fault::failed("decimal division by 0"));
        }
        Ok(self.exact(operation, other).unwrap_or_else(|| {
            let (left, right) = (self.to_float(), other.to_float());
            Self::Rounded(match operation {
                Operation::Add => left + right,
                Operation::Subtract => left - right,
                Operation::Multiply => left * right,
                Operation::Divide => left / right,
            })
        }))
    }

    fn is_zero(self) -> bool {
        self.to_float() == 0.0
    }

    /// The exact result, unless it takes more digits than an `i128` has.
    fn exact(self, operation: Operation, other: Self) -> Option<Self> {
        let (
            Self::Exact {
                mantissa: left,
                exponent: l,
            },
            Self::Exact {
                mantissa: right,
                exponent: r,
            },
        ) = (self, other)
        else {
            return None;
        };
        match operation {
            Operation::Add | Operation::Subtract => {
                let exponent = l.min(r);
                let left = scaled(left, l - exponent)?;
                let right = scaled(right, r - exponent)?;
                let mantissa = match operation {
                    Operation::Add => left.checked_add(right)?,
                    _ => left.checked_sub(right)?,
                };
                Some(Self::Exact { mantissa, exponent })
            }
            Operation::Multiply => Some(Self::Exact {
                mantissa: left.checked_mul(right)?,
                exponent: l.checked_add(r)?,
            }),
            Operation::Divide => {
                let shift = l - r + DIVISION_DIGITS;
                let (left, right) = if shift >= 0 {
                    (scaled(left, shift)?, right)
                } else {
                    (left, scaled(right, -shift)?)
                };
                let (quotient, rest) = (left / right, left % right);
                let away = if (left < 0) == (right < 0) { 1 } else { -1 };
                let rounds = rest.unsigned_abs().checked_mul(2)? >= right.unsigned_abs();
                let mantissa = if rounds { quotient + away } else { quotient };
                Some(Self::Exact {
                    mantissa,
                    exponent: -DIVISION_DIGITS,
                })
            }
        }
    }
}

fn scaled(mantissa: i128, digits: i32) -> Option<i128> {
    mantissa.checked_mul(10i128.checked_pow(u32::try_from(digits).ok()?)?)
}
