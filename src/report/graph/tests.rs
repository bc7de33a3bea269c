//! Plans as drawings.

use insta::assert_snapshot;
use proptest::prelude::*;
use roxmltree::Document;

use super::drawing::{Drawing, Edge};
use super::layout::{Layout, Measures, layout};
use super::{graph_dot, graph_html, graph_mermaid, graph_svg};
use crate::plan::{Need, Plan};
use crate::report::fixtures::planned;

const MEASURES: Measures = Measures {
    node: (50.0, 14.0),
    passing: 16.0,
    apart: 22.0,
    beside: 5,
};

/// A formatter before a linter and a test, documentation after both, and something by itself.
fn small() -> Plan {
    planned(
        2,
        &[
            ("fmt", "", Some(200)),
            ("clippy", "3 crates", Some(4_000)),
            ("test", "", Some(9_000)),
            ("doc", "", None),
            ("typos", "", Some(90)),
        ],
        &[
            (0, 1, Need::Hard),
            (0, 2, Need::Hard),
            (1, 3, Need::Soft),
            (2, 3, Need::Hard),
            (0, 3, Need::Soft),
        ],
    )
}

/// All the text of a picture.
fn said(document: &Document<'_>) -> String {
    let texts = document.descendants().filter(roxmltree::Node::is_text);
    texts.filter_map(|node| node.text()).collect()
}

#[test]
fn for_graphviz() {
    assert_snapshot!(graph_dot(&small()), @r##"
    digraph plan {
      rankdir=LR
      node [shape=box, style=rounded, fontname="sans-serif"]
      edge [fontname="sans-serif"]
      t0 [label="fmt\n200ms", tooltip="run fmt", color="#d9480f", penwidth=2]
      t1 [label="clippy 3 crates\n4.0s", tooltip="run clippy"]
      t2 [label="test\n9.0s", tooltip="run test", color="#d9480f", penwidth=2]
      t3 [label="doc", tooltip="run doc", color="#d9480f", penwidth=2]
      t4 [label="typos\n90ms", tooltip="run typos"]
      { rank=same; t0; t4 }
      { rank=same; t1; t2 }
      { rank=same; t3 }
      t0 -> t1
      t0 -> t2 [color="#d9480f", penwidth=2]
      t1 -> t3 [style=dashed]
      t2 -> t3 [color="#d9480f", penwidth=2]
    }
    "##);
}

#[test]
fn for_mermaid() {
    assert_snapshot!(graph_mermaid(&small()), @r#"
    flowchart LR
      subgraph wave1["wave 1"]
        t0["fmt<br/>200ms"]
        t4["typos<br/>90ms"]
      end
      subgraph wave2["wave 2"]
        t1["clippy 3 crates<br/>4.0s"]
        t2["test<br/>9.0s"]
      end
      subgraph wave3["wave 3"]
        t3["doc"]
      end
      t0 --> t1
      t0 --> t2
      t1 -.-> t3
      t2 --> t3
      classDef critical stroke:#d9480f,stroke-width:3px
      class t0,t2,t3 critical
      linkStyle 1,3 stroke:#d9480f,stroke-width:3px
    "#);
}

#[test]
fn what_other_edges_imply_is_not_drawn() {
    use Need::{Hard, Soft};
    let check = |needs: &[(usize, usize, Need)], expected: &[(usize, usize)]| {
        let tasks: Vec<_> = ["a", "b", "c", "d"].iter().map(|name| (*name, "", None)).collect();
        let drawing = Drawing::of(&planned(1, &tasks, needs));
        let drawn: Vec<_> = drawing.edges.iter().map(|edge| (edge.from, edge.to)).collect();
        assert_eq!(drawn, expected, "{needs:?}");
    };
    check(&[(0, 1, Soft), (1, 2, Soft), (0, 2, Soft)], &[(0, 1), (1, 2)]);
    check(&[(0, 1, Hard), (1, 2, Hard), (0, 2, Hard)], &[(0, 1), (1, 2)]);
    check(&[(0, 1, Hard), (1, 2, Hard), (0, 2, Soft)], &[(0, 1), (1, 2)]);
    // That it must pass is said by no way over something that need not.
    check(&[(0, 1, Soft), (1, 2, Hard), (0, 2, Hard)], &[(0, 1), (0, 2), (1, 2)]);
    check(
        &[(0, 1, Hard), (1, 2, Hard), (2, 3, Hard), (0, 3, Hard)],
        &[(0, 1), (1, 2), (2, 3)],
    );
}

#[test]
fn a_picture_is_sound_and_says_what_there_is() {
    let svg = graph_svg(&small());
    let document = Document::parse(&svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
    let of_class = |name: &str| {
        let has = |class: &str| class.split(' ').any(|class| class == name);
        document
            .descendants()
            .filter(|node| node.attribute("class").is_some_and(has))
            .count()
    };
    assert_eq!(of_class("task"), 5);
    // Four edges are drawn, one of them soft; two more lines are in the legend, and one for the critical path.
    assert_eq!((of_class("edge"), of_class("soft")), (4 + 3, 1 + 1));
    let critical = document
        .descendants()
        .filter(|node| node.attribute("class") == Some("task critical"));
    let title = |node: roxmltree::Node<'_, '_>| {
        node.descendants()
            .find(|node| node.has_tag_name("title"))
            .and_then(|node| node.text().map(str::to_owned))
    };
    let titles: Vec<_> = critical
        .filter_map(title)
        .map(|title| title.lines().next().unwrap().to_owned())
        .collect();
    assert_eq!(titles, ["fmt", "test", "doc"]);
    assert!(!svg.contains("script") && !svg.contains("http-equiv"));
    let text = said(&document);
    assert!(
        text.contains("about 13s") && text.contains("3 crates") && text.contains("wave 3"),
        "{text}"
    );
}

#[test]
fn what_is_unknown_is_not_drawn_as_if_it_were_known() {
    let plan = planned(2, &[("a", "", None), ("b", "", None)], &[(0, 1, Need::Hard)]);
    for drawn in [graph_dot(&plan), graph_mermaid(&plan)] {
        assert!(!drawn.contains("d9480f"), "{drawn}");
    }
    let svg = graph_svg(&plan);
    assert!(
        svg.contains("time unknown") && svg.contains("is unknown, since"),
        "{svg}"
    );
    assert!(
        !svg.contains("class=\"task critical\"") && !svg.contains("class=\"bar\""),
        "{svg}"
    );
    assert!(graph_html(&plan).contains("<span class=\"quiet\">unknown</span>"));
}

#[test]
fn nothing_to_do_is_drawn_too() {
    let plan = planned(2, &[], &[]);
    Document::parse(&graph_svg(&plan)).unwrap();
    assert!(graph_html(&plan).contains("0 tasks"));
    assert_eq!(graph_mermaid(&plan), "flowchart LR\n");
}

#[test]
fn names_are_data() {
    let hostile = "\"]; a -> b <script>alert(1)</script> & 'x' \\N %% end #35; \u{1b}[31m\u{202e}\u{0}";
    let plan = planned(
        1,
        &[("a", hostile, Some(1)), ("b", "]]>-->", None)],
        &[(0, 1, Need::Hard)],
    );
    let (svg, html) = (graph_svg(&plan), graph_html(&plan));
    let document = Document::parse(&svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
    assert!(document.descendants().all(|node| !node.has_tag_name("script")));
    assert!(
        !html.contains("<script") && !html.contains('\u{1b}') && html.contains("&lt;script&gt;"),
        "{html}"
    );
    let text = said(&document);
    assert!(text.contains("<script>alert(1)</script> & 'x' \\N"), "{text}");
    assert_snapshot!(graph_dot(&plan), @r##"
    digraph plan {
      rankdir=LR
      node [shape=box, style=rounded, fontname="sans-serif"]
      edge [fontname="sans-serif"]
      t0 [label="a \"]; a -> b <script>alert(1)</script> &amp; 'x' \\N %% end #35; \\u{202e}\n1ms", tooltip="run a", color="#d9480f", penwidth=2]
      t1 [label="b ]]>-->", tooltip="run b", color="#d9480f", penwidth=2]
      { rank=same; t0 }
      { rank=same; t1 }
      t0 -> t1 [color="#d9480f", penwidth=2]
    }
    "##);
    assert_snapshot!(graph_mermaid(&plan), @r#"
    flowchart LR
      subgraph wave1["wave 1"]
        t0["a #34;#93;#59; a -#62; b #60;script#62;alert#40;1#41;#60;/script#62; #38; #39;x#39; #92;N #37;#37; end #35;35#59; #92;u#123;202e#125;<br/>1ms"]
      end
      subgraph wave2["wave 2"]
        t1["b #93;#93;#62;--#62;"]
      end
      t0 --> t1
      classDef critical stroke:#d9480f,stroke-width:3px
      class t0,t1 critical
      linkStyle 0 stroke:#d9480f,stroke-width:3px
    "#);
}

#[test]
fn two_hundred_tasks_are_drawn_without_one_over_the_other() {
    let names: Vec<String> = (0..200).map(|number| format!("check-{number}")).collect();
    let tasks: Vec<_> = names.iter().map(|name| (name.as_str(), "", Some(100))).collect();
    // Some chains, some wide steps, and many that stand alone.
    let needs: Vec<_> = (1..120).map(|number| (number * 2 / 3, number, Need::Hard)).collect();
    let drawing = Drawing::of(&planned(8, &tasks, &needs));
    let waves: Vec<_> = drawing.nodes.iter().map(|node| node.wave).collect();
    is_tidy(&layout(&waves, &drawing.edges, MEASURES), &drawing.edges);
    Document::parse(&graph_svg(&planned(8, &tasks, &needs))).unwrap();
}

/// No two tasks of a column are nearer than they should be, and none lies outside.
fn is_tidy(layout: &Layout, edges: &[Edge]) {
    let mut columns: std::collections::BTreeMap<usize, Vec<f64>> = std::collections::BTreeMap::new();
    let has_edges = |number: usize| edges.iter().any(|edge| edge.from == number || edge.to == number);
    for (number, (column, place)) in layout.nodes.iter().enumerate() {
        assert!(
            *place >= 25.0 - 0.01 && *place <= layout.height - 25.0 + 0.01,
            "{place} of {}",
            layout.height
        );
        // What stands by itself has columns of its own, below.
        if has_edges(number) {
            columns.entry(*column).or_default().push(*place);
        } else {
            columns.entry(1000 + *column).or_default().push(*place);
        }
    }
    for places in columns.values_mut() {
        places.sort_by(f64::total_cmp);
        for pair in places.windows(2) {
            assert!(pair[1] - pair[0] >= 63.99, "{pair:?}");
        }
    }
}

/// Tasks in waves, and edges that lead to later ones.
fn any_graph() -> impl Strategy<Value = (Vec<usize>, Vec<Edge>)> {
    let edges = prop::collection::btree_set((0..40_usize, 1..40_usize), 0..60);
    (1..40_usize, edges).prop_map(|(count, pairs)| {
        let mut waves = vec![0; count];
        let mut edges: Vec<Edge> = Vec::new();
        for (from, over) in pairs {
            let (from, to) = (from % count, from % count + over);
            if to < count {
                waves[to] = waves[to].max(waves[from] + 1);
                edges.push(Edge {
                    from,
                    to,
                    hard: over % 2 == 0,
                    critical: false,
                });
            }
        }
        // Edges are taken by where they begin, and the waves of what comes later have grown meanwhile.
        for _ in 0..count {
            for edge in &edges {
                waves[edge.to] = waves[edge.to].max(waves[edge.from] + 1);
            }
        }
        edges.dedup_by_key(|edge| (edge.from, edge.to));
        (waves, edges)
    })
}

proptest! {
    #[test]
    fn any_graph_is_laid_out((waves, edges) in any_graph()) {
        let layout = layout(&waves, &edges, MEASURES);
        is_tidy(&layout, &edges);
        for (edge, passes) in edges.iter().zip(&layout.passes) {
            prop_assert_eq!(passes.len(), waves[edge.to] - waves[edge.from] - 1);
            prop_assert_eq!(layout.nodes[edge.from].0, waves[edge.from]);
        }
    }

    #[test]
    fn any_name_is_drawn(check in "\\PC{1,20}", unit in any::<String>()) {
        let plan = planned(1, &[(&check, &unit, Some(5)), (&unit, &check, None)], &[(0, 1, Need::Soft)]);
        let svg = graph_svg(&plan);
        prop_assert!(Document::parse(&svg).is_ok(), "{svg}");
        let html = graph_html(&plan);
        prop_assert_eq!(html.matches('<').count(), html.matches('>').count());
        let mermaid = graph_mermaid(&plan);
        prop_assert_eq!(mermaid.matches('"').count(), 8, "{}", mermaid);
    }
}
