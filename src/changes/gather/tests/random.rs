//! Four random states of a few files, compared as git says and as their contents say.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const FILES: [&str; 5] = ["a", "b/c", "b/d", "e f", "g"];

/// Which file contains what.
type Contents = BTreeMap<&'static str, String>;

fn contents() -> impl Strategy<Value = Contents> {
    prop::collection::vec(prop::option::of(0..3_u8), FILES.len()).prop_map(|found| {
        let found = FILES.into_iter().zip(found);
        found
            .filter_map(|(file, text)| Some((file, format!("{}", text?))))
            .collect()
    })
}

/// Makes the working tree contain this and nothing else.
fn lay_out(sandbox: &Sandbox, contents: &Contents) {
    for file in FILES {
        match contents.get(file) {
            Some(text) => sandbox.write(file, text),
            None => drop(fs::remove_file(sandbox.path(file))),
        }
    }
}

fn differing(sandbox: &Sandbox, one: &Contents, other: &Contents) -> BTreeSet<PathBuf> {
    let files = FILES.into_iter().filter(|file| one.get(file) != other.get(file));
    files.map(|file| sandbox.path(file)).collect()
}

fn read(sandbox: &Sandbox, side: &Side, objects: &Objects) -> Contents {
    let state = StateFiles::new(side, objects);
    let text = |file: &str| {
        state
            .read(&sandbox.path(file))
            .map(|text| String::from_utf8(text).unwrap())
    };
    FILES.into_iter().filter_map(|file| Some((file, text(file)?))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn contents_decide(base in contents(), head in contents(), index in contents(), work in contents()) {
        let sandbox = Sandbox::new(&["kept"]);
        for (contents, tag) in [(&base, "base"), (&head, "head")] {
            lay_out(&sandbox, contents);
            sandbox.commit(tag);
            sandbox.git(&format!("tag {tag}"));
        }
        lay_out(&sandbox, &index);
        sandbox.git("add -A");
        lay_out(&sandbox, &work);
        let comparisons = [
            (onto("base"), &base, &work),
            (Comparison::Since("HEAD".to_owned()), &head, &work),
            (Comparison::Staged, &head, &index),
            (Comparison::Range("base..".to_owned()), &base, &head),
            (Comparison::Range("HEAD..base".to_owned()), &head, &base),
        ];
        for (comparison, before, after) in comparisons {
            let request = sandbox.request(comparison.clone());
            let set = gather(&request).unwrap();
            let changed: BTreeSet<_> = set.files.keys().cloned().collect();
            let expected = differing(&sandbox, before, after);
            // What is in the old state, not in the index and on the disk is not compared, but taken for changed.
            let unsure = |file: &PathBuf| {
                let name = FILES.into_iter().find(|name| sandbox.path(name) == *file).unwrap();
                !index.contains_key(name) && before.contains_key(name) && after == &work
            };
            prop_assert!(expected.is_subset(&changed), "{:?}: {:?} {:?}", comparison, expected, changed);
            prop_assert!(changed.difference(&expected).all(unsure), "{:?}: {:?} {:?}", comparison, expected, changed);
            let objects = Objects::new(&request, &set);
            for (side, contents) in [(set.before.as_ref().unwrap(), before), (&set.after, after)] {
                prop_assert_eq!(&read(&sandbox, side, &objects), contents, "{:?}", comparison);
                prop_assert!(differing(&sandbox, contents, &head).is_subset(&side.beyond_head));
            }
        }
    }
}
