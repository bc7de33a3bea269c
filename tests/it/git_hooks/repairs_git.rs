//! A git that fails, at any of the questions that a hook with fixers asks: nothing passes unseen, and nothing is half done.

use std::fs;

use super::repairs::{Then, leaves_no_litter, lines, partly_staged, repairing};

/// A git of which one call fails: silently, or by a signal once it has said half of what it has to say.
const GIT: &str = r#"
if [ -e "$SANDBOX/failing" ]; then
    read -r at how <"$SANDBOX/failing"
    n=1
    until (set -C; : >"$SANDBOX/calls/$n") 2>/dev/null; do n=$((n + 1)); done
    if [ "$n" = "$at" ]; then
        if [ "$how" = dies ]; then
            rm -f "$SANDBOX/pid"
            exec 3<&0
            {
                "$SANDBOX/toolchain/git" "$@" <&3 &
                echo $! >"$SANDBOX/pid"
                wait
            } 2>/dev/null | {
                head -c 50
                until [ -s "$SANDBOX/pid" ]; do :; done
                # One that answers questions would wait for the next one for ever.
                read -r pid <"$SANDBOX/pid"
                kill -9 "$pid" 2>/dev/null
            }
            kill -9 $$
        fi
        exit 128
    fi
fi
exec "$SANDBOX/toolchain/git" "$@"
"#;

/// Lets each of these calls fail, until there are no more.
fn failing(calls: impl Iterator<Item = usize>, hows: &[&str]) {
    let world = repairing(Then::Stage);
    world.sandbox.tool("git", GIT);
    let path = |name: &str| world.sandbox.root().join(name);
    let (mut refused, mut missed) = (0, 0);
    for call in calls {
        for how in hows {
            partly_staged(&world, &[(9, "mine")]);
            let index = world.asked("ls-files --stage");
            fs::create_dir(path("calls")).unwrap();
            fs::write(path("failing"), format!("{call} {how}\n")).unwrap();
            let output = world.sandbox.run("git-hook pre-commit");
            fs::remove_file(path("failing")).unwrap();
            let is_over = fs::read_dir(path("calls")).unwrap().count() < call;
            fs::remove_dir_all(path("calls")).unwrap();
            if is_over {
                output.ends(0);
                assert!(
                    refused > 0,
                    "{refused} refused, {missed} missed: this test tests nothing"
                );
                return;
            }
            let context = format!("call {call} {how}: {output}");
            let now = world.sandbox.read("a.txt");
            let (mine, good) = (lines(&[(3, "bad"), (9, "mine")]), lines(&[(3, "good"), (9, "mine")]));
            let staged = world.git("show :a.txt").exits(0).stdout;
            if output.code == 0 {
                assert_eq!((now, staged), (good, lines(&[(3, "good")])), "{context}");
                missed += 1;
            } else {
                assert!(now == mine || now == good, "{context}");
                assert_eq!(world.asked("ls-files --stage"), index, "{context}");
                assert!(
                    !output.stderr.contains("panicked") && output.stderr.contains("error: "),
                    "{context}"
                );
                refused += 1;
            }
            leaves_no_litter(&world);
            // The next one does what it always does.
            world.sandbox.run("git-hook pre-commit").ends(0);
            assert_eq!(
                world.git("show :a.txt").exits(0).stdout,
                lines(&[(3, "good")]),
                "{context}"
            );
            assert_eq!(
                world.sandbox.read("a.txt"),
                lines(&[(3, "good"), (9, "mine")]),
                "{context}"
            );
        }
    }
    panic!("there are more calls than that");
}

#[test]
fn where_git_fails_nothing_passes_unseen() {
    failing((1..400).step_by(9), &["fails"]);
}

#[test]
#[ignore = "takes minutes: for the night"]
fn where_git_fails_at_any_question_nothing_passes_unseen() {
    failing(1..400, &["fails", "dies"]);
}
