//! Numbers from a seed (splitmix64, S. Vigna).

pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, most: u32) -> u32 {
        u32::try_from(self.throw() % u64::from(most)).unwrap_or(0)
    }

    /// One time in `many`.
    pub(crate) fn of(&mut self, many: u32) -> bool {
        self.below(many) == 0
    }
}
