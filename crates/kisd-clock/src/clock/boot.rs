//! The identity of one start of the machine, which says whether two readings of the time since boot can be compared.

use std::{fmt, fs, sync::Arc};

/// Where the kernel tells it.
const KERNEL: &str = "/proc/sys/kernel/random/boot_id";

/// Hexadecimal digits of a boot id.
const DIGITS: usize = 32;

/// One start of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootId(Arc<str>);

impl BootId {
    /// Reads 32 hexadecimal digits, with dashes as the kernel writes them or without as systemd does.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.trim().chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
        let is_id = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_id.then(|| Self(digits.into()))
    }

    /// The kernel's; `None` where it is hidden, as by `ProcSubset=pid` of systemd.
    pub(super) fn of_kernel() -> Option<Self> {
        Self::parse(&fs::read_to_string(KERNEL).ok()?)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_the_kernel_and_of_systemd_are_one_boot() {
        let kernel = BootId::parse("1f0c54e2-7a5b-4a0e-9d1a-0123456789AB\n").unwrap();
        assert_eq!(Some(kernel), BootId::parse("1f0c54e27a5b4a0e9d1a0123456789ab"));
        for text in ["", "%b", "1f0c54e2", "zf0c54e27a5b4a0e9d1a0123456789ab"] {
            assert_eq!(BootId::parse(text), None, "{text}");
        }
    }
}
