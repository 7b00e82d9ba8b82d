//! What only the start needed is given back once the tools have been listed.
//!
//! Reading options, generating schemas and opening a session run through code that lies all over the
//! program's file, and around each page that runs the kernel maps fifteen more. Most of it is never needed
//! again, yet it counts as the memory of every session that an agent keeps open. Those pages are the file's
//! own, unchanged: whatever runs again comes back from the page cache, some microseconds for each 64 KiB.

#[cfg(target_os = "linux")]
use std::fs;
use std::sync::Once;

/// Unmaps, the first time that it is called, every page of the program and its libraries that is as it lies in
/// its file. Where that cannot be known (another system than Linux, no `/proc`), nothing happens.
pub(super) fn give_back() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[cfg(target_os = "linux")]
        match fs::read_to_string("/proc/self/smaps") {
            Ok(mappings) => unchanged(&mappings).for_each(unmap),
            Err(error) => tracing::debug!(%error, "mappings cannot be read, so none is given back"),
        }
    });
}

/// The addresses of mappings that can be read again from their file: private ones that nobody may write, and
/// in which the kernel counts no page of the process's own. (Tables that the loader has adapted to where the
/// program lies are read-only too, but are such pages.)
#[cfg(target_os = "linux")]
fn unchanged(smaps: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut candidate = None;
    smaps.lines().filter_map(move |line| {
        if let Some(found) = mapping(line) {
            candidate = found;
            return None;
        }
        let own = line.strip_prefix("Anonymous:")?;
        (own.trim() == "0 kB").then(|| candidate.take()).flatten()
    })
}

/// Of the first line of a mapping: its addresses if it is a file's, private and not writable. `None` for other
/// lines.
#[cfg(target_os = "linux")]
#[allow(clippy::option_option)] // Whether it is such a line, and whether it is such a mapping.
fn mapping(line: &str) -> Option<Option<(usize, usize)>> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let addresses = (
        usize::from_str_radix(start, 16).ok()?,
        usize::from_str_radix(end, 16).ok()?,
    );
    let permissions = fields.next()?;
    let path = fields.nth(3).unwrap_or_default();
    Some((matches!(permissions, "r--p" | "r-xp") && path.starts_with('/')).then_some(addresses))
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn unmap((start, end): (usize, usize)) {
    use rustix::mm::{Advice, madvise};

    let address = std::ptr::with_exposed_provenance_mut(start);
    // SAFETY: the range is one whole mapping of a file, private, not writable and without any page that differs
    // from the file, so that every page in it reads the same after it was unmapped. Files that are being executed
    // cannot be written, and what replaces them is another file.
    let given = unsafe { madvise(address, end - start, Advice::LinuxDontNeed) };
    if let Err(error) = given {
        tracing::debug!(%error, "a mapping is not given back");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    const SMAPS: &str = "\
55d0a0000000-55d0a1000000 r--p 00000000 fe:00 77   /usr/bin/howdah
Rss:                4096 kB
Anonymous:             0 kB
55d0a1000000-55d0a4000000 r-xp 01000000 fe:00 77   /usr/bin/howdah
Anonymous:             0 kB
55d0a4000000-55d0a5000000 r--p 04000000 fe:00 77   /usr/bin/howdah
Anonymous:          1452 kB
55d0a5000000-55d0a5100000 rw-p 05000000 fe:00 77   /usr/bin/howdah
Anonymous:             0 kB
55d0a6000000-55d0a6100000 r--p 00000000 00:00 0
Anonymous:             0 kB
55d0a7000000-55d0a7100000 r--s 00000000 fe:00 78   /var/cache/names
Anonymous:             0 kB
7ffd00000000-7ffd00001000 r-xp 00000000 00:00 0    [vdso]
Anonymous:             0 kB
";

    #[test]
    fn what_the_process_has_changed_is_kept() {
        let given: Vec<_> = unchanged(SMAPS).collect();
        assert_eq!(
            given,
            [
                (0x55d0_a000_0000, 0x55d0_a100_0000),
                (0x55d0_a100_0000, 0x55d0_a400_0000)
            ]
        );
    }
}
