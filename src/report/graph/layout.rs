//! Where the tasks of a drawing stand: waves are columns, and what belongs together stands together.
//!
//! Each part of the graph that hangs together is laid out by itself, in three steps: an edge that passes over a wave gets
//! a place in it; each column is ordered so that few edges cross; and each task moves as near to its neighbours as the
//! others let it. Tasks without any edge stand in rows below.

use std::collections::BTreeMap;

use super::drawing::Edge;

/// How the drawing is measured, in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measures {
    /// The height of a task, and the space below it.
    pub(super) node: (f64, f64),
    /// The space that an edge needs where it passes over a wave.
    pub(super) passing: f64,
    /// The space between two parts that do not hang together.
    pub(super) apart: f64,
    /// How many tasks without edges stand beside each other.
    pub(super) beside: usize,
}

/// Where everything stands. Places are those of the middle of a task, from the top.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// The column and the place of each task.
    pub(super) nodes: Vec<(usize, f64)>,
    /// For each edge its places in the columns that it passes over.
    pub(super) passes: Vec<Vec<f64>>,
    /// Where the tasks without edges begin, if there are any beside others.
    pub(super) rows_from: Option<f64>,
    /// The height of it all.
    pub(super) height: f64,
}

/// How often columns are ordered and moved, there and back.
const SWEEPS: usize = 8;

/// Lays out tasks, of which the waves are given, and edges that lead from earlier waves to later ones.
pub(super) fn layout(waves: &[usize], edges: &[Edge], measures: Measures) -> Layout {
    let mut layout = Layout {
        nodes: vec![(0, 0.0); waves.len()],
        passes: vec![Vec::new(); edges.len()],
        ..Layout::default()
    };
    let mut alone = Vec::new();
    let mut top = 0.0;
    for (nodes, edge_numbers) in parts(waves.len(), edges) {
        if let ([only], []) = (nodes.as_slice(), edge_numbers.as_slice()) {
            alone.push(*only);
            continue;
        }
        let mut part = Part::new(waves, edges, &nodes, &edge_numbers, measures);
        part.order();
        part.place();
        top = part.put(&mut layout, top) + measures.apart;
    }
    let (height, gap) = measures.node;
    if !alone.is_empty() && top > 0.0 {
        top += 2.0 * measures.apart;
        layout.rows_from = Some(top);
    }
    for (number, node) in alone.iter().enumerate() {
        let (row, column) = (number / measures.beside, number % measures.beside);
        layout.nodes[*node] = (column, top + (height + gap) * float(row) + height / 2.0);
    }
    let rows = alone.len().div_ceil(measures.beside);
    layout.height = if rows > 0 {
        top + (height + gap) * float(rows) - gap
    } else {
        top - measures.apart
    };
    layout.height = layout.height.max(0.0);
    layout
}

/// The parts that hang together: the tasks and the edges of each, in the order of their first tasks.
fn parts(count: usize, edges: &[Edge]) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut first: Vec<usize> = (0..count).collect();
    for edge in edges {
        let (a, b) = (root(&mut first, edge.from), root(&mut first, edge.to));
        first[a.max(b)] = a.min(b);
    }
    let mut parts: BTreeMap<usize, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for node in 0..count {
        parts.entry(root(&mut first, node)).or_default().0.push(node);
    }
    for (number, edge) in edges.iter().enumerate() {
        parts.entry(root(&mut first, edge.from)).or_default().1.push(number);
    }
    parts.into_values().collect()
}

/// The task that stands for all that hang together with this one.
fn root(first: &mut [usize], mut node: usize) -> usize {
    while first[node] != node {
        first[node] = first[first[node]];
        node = first[node];
    }
    node
}

/// What stands in a column: a task, or an edge that passes.
#[derive(Clone, Copy, Debug)]
enum Item {
    Node(usize),
    Pass { edge: usize },
}

/// A part that hangs together. Items are numbered; a link leads from an item to one in the next column.
struct Part {
    items: Vec<Item>,
    column: Vec<usize>,
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
    /// The items of each column, from the top.
    columns: Vec<Vec<usize>>,
    place: Vec<f64>,
    measures: Measures,
}

impl Part {
    fn new(waves: &[usize], edges: &[Edge], nodes: &[usize], edge_numbers: &[usize], measures: Measures) -> Self {
        let count = nodes.iter().map(|node| waves[*node] + 1).max().unwrap_or(0);
        let mut part = Self {
            items: Vec::new(),
            column: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
            columns: vec![Vec::new(); count],
            place: Vec::new(),
            measures,
        };
        let number: BTreeMap<usize, usize> = nodes
            .iter()
            .map(|node| (*node, part.add(Item::Node(*node), waves[*node])))
            .collect();
        for edge in edge_numbers {
            let Edge { from, to, .. } = edges[*edge];
            let mut last = number[&from];
            for column in waves[from] + 1..waves[to] {
                let pass = part.add(Item::Pass { edge: *edge }, column);
                part.link(last, pass);
                last = pass;
            }
            part.link(last, number[&to]);
        }
        part
    }

    fn add(&mut self, item: Item, column: usize) -> usize {
        let number = self.items.len();
        self.items.push(item);
        self.column.push(column);
        self.before.push(Vec::new());
        self.after.push(Vec::new());
        self.place.push(0.0);
        self.columns[column].push(number);
        number
    }

    fn link(&mut self, from: usize, to: usize) {
        self.after[from].push(to);
        self.before[to].push(from);
    }

    /// Orders each column by where the neighbours of its items stand, there and back.
    fn order(&mut self) {
        let mut rank = vec![0.0; self.items.len()];
        let note = |column: &[usize], rank: &mut [f64]| {
            for (place, item) in column.iter().enumerate() {
                rank[*item] = float(place);
            }
        };
        for column in &self.columns {
            note(column, &mut rank);
        }
        for sweep in 0..SWEEPS {
            let forth = sweep % 2 == 0;
            for number in in_turn(self.columns.len(), forth) {
                let neighbours = if forth { &self.before } else { &self.after };
                let wanted = |item: &usize| average(&neighbours[*item], &rank).unwrap_or(rank[*item]);
                let mut column = self.columns[number].clone();
                column.sort_by(|a, b| wanted(a).total_cmp(&wanted(b)));
                note(&column, &mut rank);
                self.columns[number] = column;
            }
        }
    }

    /// Moves each item to where its neighbours are, as far as the others of its column let it.
    fn place(&mut self) {
        for number in 0..self.columns.len() {
            let column = self.columns[number].clone();
            self.settle(&column, &vec![0.0; column.len()]);
        }
        for sweep in 0..SWEEPS {
            let last = sweep + 1 == SWEEPS;
            for number in in_turn(self.columns.len(), sweep % 2 == 1) {
                let column = self.columns[number].clone();
                let wanted: Vec<f64> = column
                    .iter()
                    .map(|item| {
                        let both = [self.before[*item].as_slice(), &self.after[*item]].concat();
                        let one_side = if sweep % 2 == 1 {
                            &self.before[*item]
                        } else {
                            &self.after[*item]
                        };
                        let neighbours = if last || one_side.is_empty() { &both } else { one_side };
                        average(neighbours, &self.place).unwrap_or(self.place[*item])
                    })
                    .collect();
                self.settle(&column, &wanted);
            }
        }
    }

    /// Gives the items of a column places in their order that are, together, as near as can be to those that are wanted:
    /// where two come too near, they move as one.
    fn settle(&mut self, column: &[usize], wanted: &[f64]) {
        let mut offset = 0.0;
        let mut offsets = Vec::with_capacity(column.len());
        for (at, item) in column.iter().enumerate() {
            if at > 0 {
                offset += self.distance(column[at - 1], *item);
            }
            offsets.push(offset);
        }
        // Blocks of items that touch, each with the sum of what its items want and their number.
        let mut blocks: Vec<(f64, usize)> = Vec::new();
        for (wanted, offset) in wanted.iter().zip(&offsets) {
            blocks.push((wanted - offset, 1));
            while let [.., (a, count_a), (b, count_b)] = blocks.as_slice()
                && a / float(*count_a) > b / float(*count_b)
            {
                let joined = (a + b, count_a + count_b);
                blocks.truncate(blocks.len() - 2);
                blocks.push(joined);
            }
        }
        let starts = blocks
            .iter()
            .flat_map(|(sum, count)| std::iter::repeat_n(sum / float(*count), *count));
        for ((item, start), offset) in column.iter().zip(starts).zip(&offsets) {
            self.place[*item] = start + offset;
        }
    }

    /// How far the middles of two neighbours in a column are apart.
    fn distance(&self, above: usize, below: usize) -> f64 {
        f64::midpoint(self.size(above), self.size(below))
    }

    fn size(&self, item: usize) -> f64 {
        match self.items[item] {
            Item::Node(_) => self.measures.node.0 + self.measures.node.1,
            Item::Pass { .. } => self.measures.passing,
        }
    }

    /// Writes the places into the layout, from `top` on, and says where the part ends.
    fn put(&self, layout: &mut Layout, top: f64) -> f64 {
        let gap = self.measures.node.1;
        let edge = |item: usize, sign: f64| self.place[item] + sign * (self.size(item) - gap).max(0.0) / 2.0;
        let items = 0..self.items.len();
        let start = items.clone().map(|item| edge(item, -1.0)).fold(f64::INFINITY, f64::min);
        let end = items
            .clone()
            .map(|item| edge(item, 1.0))
            .fold(f64::NEG_INFINITY, f64::max);
        for item in items {
            let place = self.place[item] - start + top;
            match self.items[item] {
                Item::Node(node) => layout.nodes[node] = (self.column[item], place),
                Item::Pass { edge } => layout.passes[edge].push(place),
            }
        }
        end - start + top
    }
}

fn in_turn(count: usize, forth: bool) -> Vec<usize> {
    if forth {
        (0..count).collect()
    } else {
        (0..count).rev().collect()
    }
}

fn average(items: &[usize], values: &[f64]) -> Option<f64> {
    let sum: f64 = items.iter().map(|item| values[*item]).sum();
    (!items.is_empty()).then(|| sum / float(items.len()))
}

#[expect(clippy::cast_precision_loss, reason = "no drawing has so many tasks")]
fn float(number: usize) -> f64 {
    number as f64
}
