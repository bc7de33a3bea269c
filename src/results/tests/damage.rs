//! Whatever is damaged is a miss and one warning: never a wrong hit, another output, or a panic.

use std::os::unix::fs::symlink;

use super::*;
use crate::model::checksum;

/// What the tests damage: three passes, two of them of one key, and their blobs.
fn passes() -> Vec<Pass> {
    let other = Pass {
        recorded: vec![reads("/etc/hosts", "x")],
        ..pass("test", "a", "of other hosts")
    };
    vec![
        pass("fmt", "a", "all is well"),
        other,
        pass("clippy", "b", "0 warnings"),
    ]
}

fn saved() -> (State, Vec<u8>) {
    let state = State::new();
    state.save(&passes());
    let bytes = fs::read(state.file()).unwrap();
    (state, bytes)
}

/// That nothing is found but what was saved, and how much of it.
fn found(state: &State, expected: &[Pass]) -> usize {
    let results = state.open();
    let mut count = 0;
    for name in ["a", "b", "c"] {
        for hit in results.find(&key(name)) {
            let Some(pass) = hit.into_pass() else { continue };
            assert!(
                expected.iter().any(|known| Pass {
                    at: pass.at,
                    ..known.clone()
                } == pass),
                "{pass:?}"
            );
            assert_eq!(pass.key, key(name));
            count += 1;
        }
        let (digest, blob) = blob_of(&key(name));
        assert!(results.blob(&digest).is_none_or(|found| found == blob));
    }
    let _ = results.last(&"fmt".into(), "", Some(&"alpha".into()));
    count
}

#[test]
fn every_byte() {
    let (state, bytes) = saved();
    let (file, expected) = (state.file(), passes());
    assert_eq!(found(&state, &expected), 3);
    for place in 0..bytes.len() {
        for bits in [1 << (place % 8), 0xff] {
            let mut damaged = bytes.clone();
            damaged[place] ^= bits;
            fs::write(&file, damaged).unwrap();
            assert!(found(&state, &expected) < 3 || place >= bytes.len() - 2 * blob_of(&key("a")).1.len());
            assert_eq!(
                verify(&state.path).unwrap().damage.len(),
                1,
                "byte {place}, bits {bits:#x}"
            );
        }
    }
}

#[test]
fn every_length() {
    let (state, bytes) = saved();
    let (file, expected) = (state.file(), passes());
    for length in 0..bytes.len() {
        fs::write(&file, &bytes[..length]).unwrap();
        assert_eq!(found(&state, &expected), 0, "{length} bytes");
        assert_eq!(verify(&state.path).unwrap().damage.len(), 1, "{length} bytes");
    }
    fs::write(&file, [&bytes[..], b"x"].concat()).unwrap();
    assert_eq!(found(&state, &expected), 0);
}

/// Where the records of the passes are in the file, as the description of the format says.
const PASSES: usize = 48;
const PASS: usize = 96;

/// The file with its checksum made right again, as somebody would who knows how.
fn forged(mut bytes: Vec<u8>) -> Vec<u8> {
    let passes = u32::from_le_bytes(*bytes[36..].first_chunk().unwrap()) as usize;
    let blobs = u32::from_le_bytes(*bytes[40..].first_chunk().unwrap()) as usize;
    let sum = checksum(&bytes[24..PASSES + passes * PASS + blobs * 48]);
    bytes[16..24].copy_from_slice(&sum.to_le_bytes());
    bytes
}

#[test]
fn an_entry_that_leads_to_another_pass() {
    let (state, bytes) = saved();
    let (file, expected) = (state.file(), passes());
    assert_eq!(forged(bytes.clone()), bytes);
    let with_swapped = |range: std::ops::Range<usize>| {
        let mut swapped = bytes.clone();
        for place in range {
            swapped.swap(PASSES + place, PASSES + 2 * PASS + place);
        }
        fs::write(&file, forged(swapped)).unwrap();
        let result = warnings(|| found(&state, &expected));
        assert!(!verify(&state.path).unwrap().damage.is_empty());
        result
    };
    // The keys of the first and the last pass change places: what is not in order may not even be met.
    let (count, said) = with_swapped(0..32);
    assert!(count < 3 && said.len() <= 1, "{count}, {said:?}");
    // What else the index says of them changes places.
    let (count, said) = with_swapped(32..PASS);
    assert!(count < 3, "{count}");
    assert!(said.len() == 1 && said[0].contains("not used"), "{said:?}");
    // A whole pass stands under another key.
    let mut renamed = bytes.clone();
    renamed[PASSES + 2 * PASS..][..32].copy_from_slice(&[0xff; 32]);
    fs::write(&file, forged(renamed)).unwrap();
    assert_eq!(state.open().find(&Digest::from([0xff; 32])).count(), 0);
}

#[test]
fn an_index_that_claims_anything() {
    let (state, bytes) = saved();
    let (file, expected) = (state.file(), passes());
    for field in (24..48)
        .step_by(4)
        .chain((PASSES..PASSES + 3 * PASS + 2 * 48).step_by(4))
    {
        for value in [0_u32, 1, 0x7fff_ffff, u32::MAX] {
            let mut wrong = bytes.clone();
            wrong[field..field + 4].copy_from_slice(&value.to_le_bytes());
            if field >= PASSES {
                wrong = forged(wrong);
            }
            fs::write(&file, wrong).unwrap();
            found(&state, &expected);
            let _ = (verify(&state.path).unwrap(), summarize(&state.path).unwrap());
        }
    }
}

#[test]
fn what_is_no_file_of_ours() {
    let state = State::new();
    state.save(&[pass("fmt", "a", "")]);
    state.save(&[pass("fmt", "b", "")]);
    let sound = state.files()[0].clone();
    let name = |id: u64| state.results().join(format!("00000000000000ff-{id:016x}.run"));
    fs::create_dir(name(1)).unwrap();
    symlink(&sound, name(2)).unwrap();
    fs::copy(&sound, name(3)).unwrap();
    fs::set_permissions(name(3), fs::Permissions::from_mode(0o666)).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        name(4),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    fs::write(name(5), "").unwrap();
    fs::write(state.results().join("note.txt"), "not ours").unwrap();
    let (results, said) = warnings(|| state.open());
    assert!(said.len() == 1 && results.is_damaged(), "{said:?}");
    for known in ["a", "b"] {
        assert_eq!(results.find(&key(known)).count(), 1);
    }
    assert_eq!(verify(&state.path).unwrap().damage.len(), 5);
    assert_eq!(summarize(&state.path).unwrap().damage.len(), 5);
    // What is damaged goes, what cannot be judged stays.
    state.collect_after(Duration::ZERO, &Limits::USUAL);
    assert!(!name(5).exists());
    for id in 1..=4 {
        assert!(name(id).symlink_metadata().is_ok(), "{id}");
    }
    fs::remove_dir(name(1)).unwrap();
    clear(&state.path).unwrap();
    assert_eq!(state.files(), [state.results().join("note.txt")]);
}

#[test]
fn what_is_damaged_goes_when_it_is_tidied_and_takes_nothing_along() {
    let state = State::new();
    for name in ["a", "b", "c"] {
        state.save(&[pass("fmt", name, "some output")]);
    }
    let files = state.files();
    fs::write(&files[1], b"half").unwrap();
    state.tidy_after(Duration::ZERO, &Limits::USUAL);
    assert!(files[1].exists(), "it is too young to be judged");
    state.tidy_after(Duration::from_mins(10), &Limits::USUAL);
    assert_eq!(state.files(), [files[0].clone(), files[2].clone()]);
    // A damaged body is left out when files are merged.
    let mut bytes = fs::read(&files[0]).unwrap();
    let place = bytes.windows(11).position(|window| window == b"some output").unwrap();
    bytes[place] = b'X';
    fs::write(&files[0], bytes).unwrap();
    let ((), said) = warnings(|| {
        let results = state.open();
        let hits: Vec<_> = results.find(&key("a")).collect();
        assert!(hits[0].output().is_none() && hits[0].output().is_none());
        assert!(hits.into_iter().all(|hit| hit.into_pass().is_none()));
    });
    assert_eq!(said.len(), 1, "{said:?}");
    state.collect_after(Duration::ZERO, &Limits::USUAL);
    assert_eq!(verify(&state.path).unwrap().damage, []);
    assert_eq!((state.find(&key("a")).len(), state.find(&key("c")).len()), (0, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_damage(damages in prop::collection::vec((any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 1..40)), 1..4)) {
        let (state, bytes) = saved();
        let mut damaged = bytes.clone();
        for (place, with) in damages {
            let place = place.index(damaged.len());
            let end = (place + with.len()).min(damaged.len());
            damaged.splice(place..end, with);
        }
        fs::write(state.file(), &damaged).unwrap();
        let count = found(&state, &passes());
        prop_assert!(damaged == bytes || !verify(&state.path).unwrap().damage.is_empty());
        prop_assert!(count <= 3);
    }
}
