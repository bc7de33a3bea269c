use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::super::manifests::find_root;
use super::*;

/// A manifest as tables, each with its lines, so that tables and lines can be put in another order.
type Tables = Vec<(String, Vec<String>)>;

fn text(tables: &Tables, shuffle: u64) -> String {
    let mut tables = tables.clone();
    let mut text = String::new();
    if shuffle != 0 {
        tables.reverse();
        let middle = usize::try_from(shuffle).unwrap_or(0) % (tables.len() + 1);
        tables.rotate_left(middle);
    }
    for (header, mut lines) in tables {
        if shuffle != 0 {
            lines.reverse();
            text.push_str("\n# A comment.\n");
        }
        writeln!(text, "[{header}]").unwrap();
        for line in lines {
            let line = if shuffle == 0 {
                line
            } else {
                format!("  {line}  # \"x\"")
            };
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}

fn dir() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "a", "b", "c", "x/a", "x/b", "x/y/c", ".", "../o", "./a", "x/../b", "gone",
    ])
    .prop_map(str::to_owned)
}

fn pattern() -> impl Strategy<Value = String> {
    let wild =
        prop::sample::select(vec!["*", "x/*", "**", "x/?", "[ab]", "x/**/c", "[", "x/[!a]"]).prop_map(str::to_owned);
    prop_oneof![dir(), wild]
}

fn list(key: &str, values: &[String]) -> String {
    format!("{key} = {values:?}")
}

prop_compose! {
    fn root()(
        members in prop::collection::vec(pattern(), 0..4),
        exclude in prop::collection::vec(dir(), 0..2),
        shared in prop::collection::btree_map("[abs]", dir(), 0..3),
        patched in prop::collection::btree_map("[abc]", dir(), 0..2),
        is_package: bool,
    ) -> Tables {
        let path = |(name, dir): (String, String)| format!("{name} = {{ path = '{dir}' }}");
        let mut tables = vec![
            ("workspace".to_owned(), vec![list("members", &members), list("exclude", &exclude)]),
            ("workspace.dependencies".to_owned(), shared.into_iter().map(path).collect()),
            ("patch.crates-io".to_owned(), patched.into_iter().map(path).collect()),
            ("workspace.package".to_owned(), vec!["version = '0.3.0'".to_owned()]),
        ];
        if is_package {
            tables.push(("package".to_owned(), vec!["name = 'root'".to_owned(), "version.workspace = true".to_owned()]));
        }
        tables
    }
}

prop_compose! {
    fn member()(
        name in "[a-e]",
        dependencies in prop::collection::btree_map(
            (prop::sample::select(vec!["dependencies", "dev-dependencies", "build_dependencies", "target.'cfg(unix)'.dependencies"]), "[abs]"),
            prop_oneof![
                dir().prop_map(|dir| format!("path = '../{dir}'")),
                Just("version = '0.3'".to_owned()),
                Just("workspace = true".to_owned()),
                Just("workspace = true, features = ['z', 'y']".to_owned()),
            ],
            0..4,
        ),
        pointer in prop::option::weighted(0.1, dir()),
    ) -> Tables {
        let mut package = vec![format!("name = '{name}'"), "version.workspace = true".to_owned()];
        package.extend(pointer.map(|dir| format!("workspace = '{dir}'")));
        let mut tables: Tables = vec![("package".to_owned(), package)];
        for ((table, name), value) in dependencies {
            let line = format!("{name} = {{ {value} }}");
            match tables.iter_mut().find(|(header, _)| header == table) {
                Some((_, lines)) => lines.push(line),
                None => tables.push((table.to_owned(), vec![line])),
            }
        }
        tables
    }
}

fn written(root: &Tables, members: &[(String, Tables)], shuffle: u64) -> MemoryFiles {
    let place = |dir: &str| normal(&Path::new("/ws").join(dir).join("Cargo.toml"));
    let members = members.iter().map(|(dir, tables)| (place(dir), text(tables, shuffle)));
    MemoryFiles::new(members).with("/ws/Cargo.toml", text(root, shuffle))
}

proptest! {
    #[test]
    fn order_and_comments_mean_nothing(
        root in root(),
        members in prop::collection::vec((dir(), member()), 0..6),
        shuffle in 1..9_u64,
    ) {
        let plain = State::read(&written(&root, &members, 0), Path::new("/ws")).unwrap();
        let shuffled = State::read(&written(&root, &members, shuffle), Path::new("/ws")).unwrap();
        prop_assert_eq!(&plain.settings, &shuffled.settings);
        prop_assert_eq!(plain.crates(), shuffled.crates());
        prop_assert_eq!(edges(&plain), edges(&shuffled));
        prop_assert_eq!(&plain.outside, &shuffled.outside);
        prop_assert_eq!(&plain.notes, &shuffled.notes);
        for (place, member) in plain.crates().iter().enumerate() {
            prop_assert_eq!(member.id.index(), place);
            prop_assert!(plain.owner(&member.dir.join("src/lib.rs")).is_some());
        }
    }

    #[test]
    fn no_text_makes_it_panic(root in "\\PC*|\\[workspace\\]\nmembers = \\[\\PC*\\]", member in "(\\[(package|dependencies|lib|target.x|bin)\\]\n|[a-z]+ = ('[a-z]*'|[0-9]|true|\\[\\]|\\{ path = 'a' \\})\n){0,8}") {
        let root_with_member = format!("[workspace]\nmembers = ['a']\n{member}");
        for root in [root, root_with_member] {
            let state = MemoryFiles::new([("/ws/Cargo.toml", root.as_str()), ("/ws/a/Cargo.toml", member.as_str())]);
            _ = State::read(&state, Path::new("/ws"));
            _ = find_root(&state, Path::new("/ws/a"));
        }
    }
}
