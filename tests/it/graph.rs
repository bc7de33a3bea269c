//! `graph`: the plan, drawn.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::workspace(&["alpha", "beta -> alpha"]);
    sandbox.noting(&["tool"]).hooks(
        r#"
checks.first = { run = "tool {package}", locks = ["db"] }
checks.second = { run = "tool {packages}", depends-on = ["first"] }
checks.third = { shell = "echo \"<b>\" & \\n", after = ["second"], weight = 2 }
"#,
    );
    sandbox
}

#[test]
fn for_graphviz_and_for_mermaid() {
    let sandbox = sandbox();
    assert_snapshot!(sandbox.run("graph"), @r#"
    exit code 0
    --- stdout ---
    digraph plan {
      rankdir=LR
      node [shape=box, style=rounded, fontname="sans-serif"]
      edge [fontname="sans-serif"]
      t0 [label="first alpha\nlock db", tooltip="tool alpha"]
      t1 [label="first beta\nlock db", tooltip="tool beta"]
      t2 [label="second", tooltip="tool --workspace"]
      t3 [label="third\n2 slots", tooltip="sh -c 'echo \"<b>\" &amp; \\n' sh"]
      { rank=same; t0; t1 }
      { rank=same; t2 }
      { rank=same; t3 }
      t0 -> t2
      t1 -> t2
      t2 -> t3 [style=dashed]
    }
    "#);
    assert_snapshot!(sandbox.run("graph --format mermaid second -p beta"), @r#"
    exit code 0
    --- stdout ---
    flowchart LR
      subgraph wave1["wave 1"]
        t0["first beta<br/>lock db"]
      end
      subgraph wave2["wave 2"]
        t1["second beta"]
      end
      t0 --> t1
    "#);
    assert!(sandbox.log().is_empty());
}

#[test]
fn a_picture_and_a_page_that_need_nothing_else() {
    let sandbox = sandbox();
    let svg = sandbox.run("graph --format svg").exits(0).stdout;
    let document = roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
    let tasks = document
        .descendants()
        .filter(|node| node.attribute("class") == Some("task"));
    assert_eq!(tasks.count(), 4);
    let page = sandbox.run("graph --format html").exits(0).stdout;
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    // Nothing is fetched from anywhere; the only address is the name of the language of pictures.
    let addresses: Vec<_> = page.match_indices("http").map(|(at, _)| &page[at..at + 26]).collect();
    assert!(
        addresses
            .iter()
            .all(|address| *address == "http://www.w3.org/2000/svg" || address.starts_with("http-equiv")),
        "{addresses:?}"
    );
    assert!(
        page.contains("&lt;b&gt;") && !page.contains("<b>") && !page.contains("<script"),
        "{page}"
    );
}
