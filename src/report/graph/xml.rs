//! What pictures and pages have in common: how text becomes a part of them, and how they look.

/// The colours, for light and for dark, and what is drawn with them.
pub(super) const STYLE: &str = "\
.plan { --paper: #ffffff; --ink: #1c2128; --soft: #5a6472; --line: #8a95a3; --band: #f3f5f8; --box: #ffffff; \
--edge: #cfd6de; --accent: #cf4a0c; --bar: #7fb0ea; }
@media (prefers-color-scheme: dark) { .plan { --paper: #13161a; --ink: #e7eaef; --soft: #9ba6b4; --line: #6f7b8a; \
--band: #1a1e24; --box: #232830; --edge: #3a424d; --accent: #ff8f57; --bar: #4b86c9; } }
.plan text { font-family: system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif; fill: var(--ink); }
.plan .paper { fill: var(--paper); }
.plan .title { font-size: 17px; font-weight: 650; }
.plan .said, .plan .legend { font-size: 13px; fill: var(--soft); }
.plan .wave { font-size: 12px; fill: var(--soft); font-weight: 600; letter-spacing: .04em; }
.plan .band { fill: var(--band); }
.plan .box { fill: var(--box); stroke: var(--edge); }
.plan .name { font-size: 13px; font-weight: 600; }
.plan .unit { font-weight: 400; fill: var(--soft); }
.plan .info { font-size: 11px; fill: var(--soft); }
.plan .bar { fill: var(--bar); }
.plan .edge { fill: none; stroke: var(--line); stroke-width: 1.3; stroke-opacity: .8; }
.plan .soft { stroke-dasharray: 5 4; }
.plan .tip { fill: var(--line); }
.plan .critical .box, .plan .edge.critical { stroke: var(--accent); stroke-width: 2; stroke-opacity: 1; }
.plan .critical .bar, .plan .tip.critical { fill: var(--accent); }
.plan .repairs .box { stroke-dasharray: 2 3; }
.plan .task:hover .box { stroke: var(--ink); }
";

/// Text as XML and HTML want it, between tags and in quotes. What XML cannot hold at all becomes a replacement character.
pub(in crate::report) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(c),
            '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(c),
        }
    }
    escaped
}
