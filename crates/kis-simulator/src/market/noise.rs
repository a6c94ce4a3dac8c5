//! Where a price is at a moment: noise of several lengths, each made of hashes, so that no moment needs the one before it.
//!
//! Time is counted in steps of which a day has [`DAY`]. Parts per million everywhere, whole numbers only.

/// Steps of a day.
pub(super) const DAY: i64 = 1 << 12;

/// Length in steps as a power of two, and how far it sways, in millionths. Four times as long sways twice as far.
const WAVES: [(u32, i64); 11] = [
    (22, 120_000),
    (20, 100_000),
    (18, 56_000),
    (16, 28_000),
    (14, 14_000),
    (12, 9_000),
    (11, 6_000),
    (9, 3_000),
    (7, 1_500),
    (5, 800),
    (3, 400),
];

/// Waves no longer than this many steps (a power of two) are the faster ones.
const FAST: u32 = 7;

/// What the fast waves sway together at most, so that a day stays within its limits.
const FASTEST: i64 = 30_000;

/// Two numbers made one that has nothing to do with either: the finalizer of splitmix64.
pub(super) fn mix(one: u64, other: u64) -> u64 {
    let mut mixed = one ^ other.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A text as a number.
pub(super) fn number(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// A number from 0 to below `below`.
pub(super) fn below(hash: u64, below: i64) -> i64 {
    let bound = u64::try_from(below).unwrap_or(1).max(1);
    i64::try_from(hash % bound).unwrap_or(0)
}

/// From −`most` to `most`.
fn sway(hash: u64, most: i64) -> i64 {
    below(hash, 2 * most + 1) - most
}

/// The way of one price.
#[derive(Debug)]
pub(super) struct Path {
    seed: u64,
    /// How strongly it sways, in hundredths.
    strength: i64,
    /// Each wave with its two ends around the last moment asked for: most moments are asked for one after another.
    waves: [Wave; WAVES.len()],
}

#[derive(Debug, Clone, Copy)]
struct Wave {
    length: u32,
    sway: i64,
    cell: i64,
    from: i64,
    to: i64,
}

impl Path {
    pub(super) fn new(seed: u64, strength: i64, speed: i64) -> Self {
        let fast: i64 = WAVES.iter().filter(|(length, _)| *length <= FAST).map(|(_, sway)| sway).sum();
        let fast_by = speed.clamp(1, FASTEST / fast);
        let waves = WAVES.map(|(length, sway)| Wave {
            length,
            sway: if length <= FAST { sway * fast_by } else { sway },
            cell: i64::MIN,
            from: 0,
            to: 0,
        });
        Self { seed, strength, waves }
    }

    /// How far the price is from its middle, in millionths.
    pub(super) fn at(&mut self, step: i64) -> i64 {
        let seed = self.seed;
        let far: i64 = self
            .waves
            .iter_mut()
            .map(|wave| {
                let (cell, inside) = (step >> wave.length, step & ((1 << wave.length) - 1));
                if wave.cell != cell {
                    let end = |cell: i64| {
                        let place = mix(u64::from(wave.length), cell.cast_unsigned());
                        sway(mix(seed, place), wave.sway)
                    };
                    (wave.cell, wave.from, wave.to) = (cell, end(cell), end(cell + 1));
                }
                wave.from + (((wave.to - wave.from) * inside) >> wave.length)
            })
            .sum();
        far * self.strength / 100
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_the_same_however_it_is_come_to() {
        let mut along = Path::new(7, 100, 1);
        for step in (20_000 * DAY..20_003 * DAY).step_by(7) {
            assert_eq!(along.at(step), Path::new(7, 100, 1).at(step));
        }
        assert_ne!(Path::new(7, 100, 1).at(20_000 * DAY), Path::new(8, 100, 1).at(20_000 * DAY));
    }

    #[test]
    fn no_day_goes_further_than_a_daily_limit() {
        for seed in 0..200 {
            let mut path = Path::new(seed, 150, i64::MAX);
            let mut before = path.at(15_000 * DAY);
            for day in 15_001..15_200 {
                let now = path.at(day * DAY);
                assert!((now - before).abs() < 200_000, "{seed} {day}: {before} {now}");
                before = now;
            }
        }
    }
}
