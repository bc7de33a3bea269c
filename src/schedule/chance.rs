//! Chance that can be repeated.

/// A generator of numbers (`splitmix64`).
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 32 bits.
    pub(super) fn half(&mut self) -> u32 {
        u32::try_from(self.number() >> 32).unwrap_or(0)
    }

    /// Below a number.
    pub(super) fn below(&mut self, most: usize) -> usize {
        let most = u64::try_from(most.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.number() % most).unwrap_or(0)
    }

    /// From -1 to 1.
    pub(super) fn swing(&mut self) -> f64 {
        f64::from(self.half()) / f64::from(u32::MAX) * 2.0 - 1.0
    }
}
