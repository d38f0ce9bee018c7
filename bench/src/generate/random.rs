/// Numbers that look random and are the same every time: SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

/// What random text is made of: hardly compressible, and a plain scalar in YAML.
const LETTERS: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyz0123456789+/ABCDEFGHIJKLMNOPQRSTUVWXYZ";

impl Random {
    /// The sequence of this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0 and small enough that the bias of a remainder is none.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let number = self.number() % bound as u64;
        usize::try_from(number).expect("it is below a usize")
    }

    /// Appends `length` letters.
    pub(crate) fn letters(&mut self, length: usize, out: &mut String) {
        let mut bits = 0;
        for position in 0..length {
            // Ten letters of six bits each fit into one number.
            if position % 10 == 0 {
                bits = self.number();
            }
            out.push(char::from(LETTERS[(bits & 63) as usize]));
            bits >>= 6;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_sequences() {
        let take = |seed| -> Vec<usize> {
            let mut random = Random::new(seed);
            (0..50).map(|_| random.below(1000)).collect()
        };
        assert_eq!(take(1), take(1));
        assert_ne!(take(1), take(2));
        assert!(take(1).iter().all(|number| *number < 1000));
    }

    #[test]
    fn text_has_its_length_and_all_kinds_of_letters() {
        let mut text = String::new();
        Random::new(7).letters(905, &mut text);
        assert_eq!(text.len(), 905);
        assert!(
            LETTERS
                .iter()
                .all(|letter| text.contains(char::from(*letter)))
        );
    }
}
