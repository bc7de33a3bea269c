//! A disk without room for a repair: each file is as it was or repaired, and nothing is committed that was not judged.

use std::fs;

use super::repairs::{Then, repairing};
use crate::cache_disk::unshare;

/// Repairs a large file on a disk that has so many pages left, and says whether it is repaired.
#[test]
fn a_file_that_has_no_room_stays_as_it_is() {
    let world = repairing(Then::Stage);
    let root = world.sandbox.root().to_owned();
    let place = root.join("place");
    fs::create_dir(&place).unwrap();
    let Some(unshare) = unshare(&place) else { return };
    let text = |third: &str| {
        let line = |at: usize| {
            if at == 3 {
                format!("{third}\n")
            } else {
                format!("{at}\n")
            }
        };
        (1..6000).map(line).collect::<String>()
    };
    world.sandbox.write("a.txt", text("bad"));
    world.git("add --all").ends(0);
    let index = world.asked("ls-files --stage");
    let (mut repaired, mut stayed) = (0, 0);
    for pages in [0, 1, 2, 4, 6, 8, 9, 10, 12, 16, 20, 24, 32, 64] {
        let script = format!(
            "PATH=$PATH:/usr/bin:/bin; set -e; mount -t tmpfs -o size=16m none \"$SANDBOX/place\"; \
             cp -a \"$SANDBOX/ws/.\" \"$SANDBOX/place\"; cd \"$SANDBOX/place\"; \
             dd if=/dev/zero of=room.ignored bs=4096 count={pages} 2>/dev/null; \
             cat /dev/zero >filler.ignored 2>/dev/null || true; rm room.ignored; set +e; \
             git commit --quiet -m second; code=$?; rm filler.ignored; \
             cp a.txt \"$SANDBOX/out\"; git ls-files --stage >\"$SANDBOX/index\"; git status --porcelain >\"$SANDBOX/status\"; \
             git log --format=%s >\"$SANDBOX/commits\"; exit $code"
        );
        let output = world.program(unshare).args("-Urm sh -c").arg(script).output();
        let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
        let now = read("out");
        assert!(now == text("bad") || now == text("good"), "{pages} pages: {output}");
        assert!(!read("status").contains(".new-"), "{pages} pages: {output}");
        if output.code == 0 {
            assert_eq!(now, text("good"), "{pages} pages: {output}");
            assert_eq!(
                (read("status").as_str(), read("commits").lines().next()),
                ("", Some("second")),
                "{output}"
            );
            repaired += 1;
        } else {
            assert_eq!(read("commits"), "first\n", "{pages} pages: {output}");
            assert_eq!(read("index").trim_end(), index, "{pages} pages: {output}");
            stayed += usize::from(now == text("bad"));
        }
    }
    assert!(
        repaired > 0 && stayed > 0,
        "{repaired} repaired, {stayed} stayed: this test tests nothing"
    );
}
