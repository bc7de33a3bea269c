//! Any number of writers, readers and those that merge at the same time.

use std::thread;

use super::*;

#[test]
fn any_number_of_runs_at_once_lose_nothing_and_find_nothing_wrong() {
    let state = State::new();
    let limits = Limits {
        files: 3,
        ..Limits::USUAL
    };
    state.save(&[pass("first", "first", "first")]);
    thread::scope(|scope| {
        for writer in 0..20_u64 {
            let (state, limits) = (&state, &limits);
            scope.spawn(move || {
                for run in 0..6 {
                    let name = format!("{writer}-{run}");
                    state.save(&[pass(&name, &name, &name)]);
                    assert_eq!(state.find(&key("first"))[0].output, b"first");
                    assert_eq!(state.find(&key(&name))[0].output, name.as_bytes());
                    match (writer + run) % 5 {
                        // As if everything had settled: files are removed under the eyes of readers.
                        0 => state.tidy_after(Duration::from_mins(30), limits),
                        1 => drop(state.collect_after(Duration::ZERO, limits)),
                        _ => {}
                    }
                }
            });
        }
    });
    for writer in 0..20 {
        for run in 0..6 {
            let name = format!("{writer}-{run}");
            assert_eq!(state.find(&key(&name)).len(), 1, "{name}");
        }
    }
    assert_eq!(verify(&state.path).unwrap().damage, []);
}
