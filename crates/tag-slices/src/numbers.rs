/// Numbers of which most are small: one below 128 takes a byte.
///
/// They stand as in LEB128, seven bits in a byte and the low ones first; all bytes of a number but its last have the high
/// bit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers(Box<[u8]>);

const HIGH_BIT: u8 = 0x80;

impl Numbers {
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.split_inclusive(|byte| byte & HIGH_BIT == 0).map(one)
    }
}

impl FromIterator<usize> for Numbers {
    fn from_iter<T: IntoIterator<Item = usize>>(numbers: T) -> Self {
        let mut bytes = Vec::new();
        for mut number in numbers {
            while number >= usize::from(HIGH_BIT) {
                bytes.push(low_byte(number) | HIGH_BIT);
                number >>= 7;
            }
            bytes.push(low_byte(number));
        }
        Self(bytes.into())
    }
}

fn low_byte(number: usize) -> u8 {
    number.to_le_bytes()[0]
}

/// The number that these bytes are.
fn one(bytes: &[u8]) -> usize {
    let sevens = bytes.iter().map(|byte| usize::from(byte & !HIGH_BIT));
    sevens.rev().fold(0, |number, seven| number << 7 | seven)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_sizes_come_back() {
        let numbers = [0, 127, 128, 255, 16_383, 16_384, 0, usize::MAX];
        let packed: Numbers = numbers.into_iter().collect();
        assert!(packed.iter().eq(numbers));
        assert_eq!(packed.0.len(), 1 + 1 + 2 + 2 + 2 + 3 + 1 + 10);
        assert_eq!(Numbers::default().iter().next(), None);
    }
}
