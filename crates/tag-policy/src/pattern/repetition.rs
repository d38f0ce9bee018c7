//! Repeat counts: `{n}`, `{n,}`, `{n,m}`.

/// Greatest repeat count, alone or multiplied with those around it.
pub(super) const MAX_COUNT: u32 = 1000;

/// How often something repeats. A count that is too great to read is above [`MAX_COUNT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) min: u32,
    pub(super) max: Option<u32>,
}

impl Counts {
    /// Reads `{n}`, `{n,}` or `{n,m}`; anything else, `{,m}` and padded numbers included, is plain text.
    pub(super) fn read(text: &str) -> Option<(Self, &str)> {
        let (min, rest) = read_count(text.strip_prefix('{')?)?;
        let (max, rest) = match rest.strip_prefix(',') {
            None => (Some(min), rest),
            Some(rest) if rest.starts_with('}') => (None, rest),
            Some(rest) => read_count(rest).map(|(max, rest)| (Some(max), rest))?,
        };
        Some((Self { min, max }, rest.strip_prefix('}')?))
    }

    pub(super) fn are_valid(self) -> bool {
        let max = self.max.unwrap_or(self.min);
        self.min <= max && max <= MAX_COUNT
    }

    /// Whether the counts around and within this one limit each other.
    pub(super) fn multiply(self) -> bool {
        self.min >= 2 || self.max.is_some_and(|max| max >= 2)
    }

    /// The product of these counts with the greatest one within.
    pub(super) fn times(self, within: u32) -> u32 {
        match self.max {
            Some(0) => 1,
            max => max.unwrap_or(self.min).max(1).saturating_mul(within),
        }
    }
}

fn read_count(text: &str) -> Option<(u32, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(length);
    let padded = length > 1 && digits.starts_with('0');
    (length > 0 && !padded).then(|| (digits.parse().unwrap_or(u32::MAX), rest))
}
