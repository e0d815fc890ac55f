//! The memory of a process, as Linux tells it.

/// Which figure of `/proc/<pid>/status`.
#[derive(Clone, Copy)]
pub enum Resident {
    /// Now.
    Now,
    /// At its highest.
    Peak,
}

/// Kilobytes resident of a process, `self` or its id; 0 where `/proc` does not tell.
pub fn kilobytes(process: &str, which: Resident) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let name = match which {
        Resident::Now => "VmRSS:",
        Resident::Peak => "VmHWM:",
    };
    status
        .lines()
        .find_map(|line| {
            line.strip_prefix(name)?
                .trim()
                .split(' ')
                .next()?
                .parse()
                .ok()
        })
        .unwrap_or(0)
}
