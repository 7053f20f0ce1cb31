//! How alike two subtrees are: which methods and sub-paths they share, and how much the keys of the bodies
//! there overlap.

use std::collections::{BTreeMap, BTreeSet};

use super::term::Term;
use super::token::TokenKind;
use super::tree::{NodeId, Tree};
use crate::schema::Shape;
use crate::sketch::hash_of;

/// Levels below the node that are compared.
const DEPTH_MAX: usize = 3;
/// Methods and sub-paths compared.
const ENTRIES_MAX: usize = 48;
/// Levels of nested keys that are compared.
const KEY_DEPTH: usize = 3;
/// Similarity of two terminals when neither shows any body.
const SILENT: f32 = 0.6;

/// What stands at and below a node: per method and sub-path the keys of response and request bodies.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outline {
    entries: BTreeMap<(Box<str>, String), Keys>,
}

#[derive(Debug, Clone, Default)]
struct Keys {
    response: BTreeSet<u64>,
    request: BTreeSet<u64>,
}

impl Outline {
    /// The outline of a subtree.
    pub fn of(tree: &Tree, node: NodeId) -> Self {
        let mut outline = Self::default();
        outline.collect(tree, node, "", 0);
        outline
    }

    fn collect(&mut self, tree: &Tree, id: NodeId, path: &str, depth: usize) {
        let node = tree.node(id);
        for (method, term) in &node.terms {
            if self.entries.len() < ENTRIES_MAX {
                let keys = self.entries.entry((method.clone(), path.to_owned())).or_default();
                keys.extend(term);
            }
        }
        if depth < DEPTH_MAX {
            for (name, child) in &node.children {
                let name = if TokenKind::of(name).is_strong() { "{}" } else { name };
                self.collect(tree, *child, &format!("{path}/{name}"), depth + 1);
            }
            if let Some(param) = node.param {
                self.collect(tree, param, &format!("{path}/{{}}"), depth + 1);
            }
        }
    }

    /// Takes over what another outline has.
    pub fn add(&mut self, other: &Self) {
        for (entry, keys) in &other.entries {
            if self.entries.len() < ENTRIES_MAX || self.entries.contains_key(entry) {
                let mine = self.entries.entry(entry.clone()).or_default();
                mine.response.extend(&keys.response);
                mine.request.extend(&keys.request);
            }
        }
    }

    /// Any body was seen.
    pub fn has_keys(&self) -> bool {
        self.entries.values().any(|keys| !keys.response.is_empty() || !keys.request.is_empty())
    }

    /// Hashes of the sub-paths (with method) strictly below the node.
    pub fn branches(&self) -> impl Iterator<Item = u64> + '_ {
        self.entries
            .keys()
            .filter(|(_, path)| !path.is_empty())
            .map(|(method, path)| hash_of(&format!("{method} {path}")))
    }

    /// Mean likeness over the terminals that both have, 0 to 1; `None` when they share none.
    pub fn similarity(&self, other: &Self) -> Option<f32> {
        let mut sum = 0.0;
        let mut count = 0;
        for (entry, mine) in &self.entries {
            if let Some(theirs) = other.entries.get(entry) {
                sum += mine.similarity(theirs);
                count += 1;
            }
        }
        (count > 0).then(|| sum / count as f32)
    }
}

impl Keys {
    fn extend(&mut self, term: &Term) {
        let success = term.response.range(200..300).flat_map(|(_, by_type)| by_type.values());
        collect_keys(success, &mut self.response);
        collect_keys(term.request.values(), &mut self.request);
    }

    /// Responses weigh twice as much as requests; a side that neither shows does not count.
    fn similarity(&self, other: &Self) -> f32 {
        let mut sum = 0.0;
        let mut weight = 0.0;
        for (mine, theirs, w) in
            [(&self.response, &other.response, 2.0), (&self.request, &other.request, 1.0)]
        {
            if !mine.is_empty() && !theirs.is_empty() {
                sum += w * jaccard(mine, theirs);
                weight += w;
            }
        }
        if weight > 0.0 { sum / weight } else { SILENT }
    }
}

fn collect_keys<'a>(shapes: impl Iterator<Item = &'a Shape>, keys: &mut BTreeSet<u64>) {
    for shape in shapes {
        let mut names = Vec::new();
        shape.keys(KEY_DEPTH, "", &mut names);
        keys.extend(names.iter().map(|name| hash_of(name)));
    }
}

fn jaccard(a: &BTreeSet<u64>, b: &BTreeSet<u64>) -> f32 {
    let shared = a.intersection(b).count();
    shared as f32 / (a.len() + b.len() - shared).max(1) as f32
}

/// Calls at and below a node.
pub(crate) fn calls_below(tree: &Tree, id: NodeId) -> u64 {
    let own: u64 = tree.node(id).terms.values().map(|term| term.calls).sum();
    own + tree.below(id).map(|child| calls_below(tree, child)).sum::<u64>()
}

/// Nodes with a term at and below a node.
pub(crate) fn terminals_below(tree: &Tree, id: NodeId) -> usize {
    let own = usize::from(!tree.node(id).terms.is_empty());
    own + tree.below(id).map(|child| terminals_below(tree, child)).sum::<usize>()
}
