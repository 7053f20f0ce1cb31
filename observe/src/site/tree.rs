//! The path tree of one site. A node is one segment: a literal, or a parameter that stands for many.
//! Terms hang on nodes by method. `judge.rs` decides which literals become parameters.

use std::collections::BTreeMap;

use model::Call;
use rules::Vocabulary;
use serde::{Deserialize, Serialize};

use super::path::Segment;
use super::term::Term;
use super::token::{TokenKind, value_likeness};
use super::values::Values;

/// Position of a node in its tree.
pub(crate) type NodeId = u32;
/// The node of the empty path.
pub(crate) const ROOT: NodeId = 0;

/// Segments below this depth become parameters at once when they have the shape of an identifier; above, `/1/boards`
/// and `/2010-04-01/Accounts` may be fixed names.
const FOLD_DEPTH: usize = 2;
/// Likeness from which a new word joins an existing parameter at once.
pub(crate) const JOIN_LIKENESS: f32 = 0.42;
/// Share of words among the values of a parameter below which a failed call with a word does not belong to it.
const WORDY_SHARE_MIN: f32 = 0.02;

/// One segment.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Node {
    pub parent: NodeId,
    /// Text of the segment; `None` for a parameter.
    pub literal: Option<Box<str>>,
    /// The literal is a name by the rules of its protocol and never becomes a parameter.
    pub is_name: bool,
    pub children: BTreeMap<Box<str>, NodeId>,
    pub param: Option<NodeId>,
    pub terms: BTreeMap<Box<str>, Term>,
    /// Values that a parameter stood for.
    pub values: Values,
    /// Log-odds of the decision that made this a parameter.
    pub margin: f32,
}

/// All nodes of one site.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    free: Vec<NodeId>,
}

impl Default for Tree {
    fn default() -> Self {
        Self { nodes: vec![Node::default()], free: Vec::new() }
    }
}

impl Tree {
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    pub fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id as usize]
    }

    /// Nodes in use.
    pub fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    /// Children and parameter of a node, literals first, in the order of their names.
    pub fn below(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let node = self.node(id);
        node.children.values().copied().chain(node.param)
    }

    /// Literal children that may turn out to be values of a parameter.
    pub fn foldable(&self, id: NodeId) -> impl Iterator<Item = (&Box<str>, NodeId)> {
        let children = self.node(id).children.iter().map(|(name, child)| (name, *child));
        children.filter(|(_, child)| !self.node(*child).is_name)
    }

    /// Every node, parents before children.
    pub fn walk(&self) -> Vec<NodeId> {
        self.walk_from(ROOT)
    }

    fn walk_from(&self, top: NodeId) -> Vec<NodeId> {
        let mut order = vec![top];
        let mut at = 0;
        while at < order.len() {
            let id = order[at];
            order.extend(self.below(id));
            at += 1;
        }
        order
    }

    fn add(&mut self, node: Node) -> NodeId {
        match self.free.pop() {
            Some(id) => {
                self.nodes[id as usize] = node;
                id
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() as NodeId - 1
            }
        }
    }

    /// The parameter below a node, made when missing.
    pub fn param_of(&mut self, parent: NodeId) -> NodeId {
        if let Some(param) = self.node(parent).param {
            return param;
        }
        let param = self.add(Node { parent, ..Node::default() });
        self.node_mut(parent).param = Some(param);
        param
    }

    /// The node of a path that was answered with success; made when missing.
    pub fn place(&mut self, segments: &[Segment], vocabulary: &Vocabulary) -> NodeId {
        let mut at = ROOT;
        for (depth, segment) in segments.iter().enumerate() {
            at = self.step(at, depth, segment, vocabulary);
        }
        at
    }

    fn step(&mut self, at: NodeId, depth: usize, segment: &Segment, vocabulary: &Vocabulary) -> NodeId {
        let node = self.node(at);
        if let Some(child) = node.children.get(segment.text.as_str()) {
            return *child;
        }
        let joins = match node.param {
            _ if segment.is_name => false,
            _ if segment.kind == TokenKind::Version || segment.text.contains("{}") => false,
            _ if segment.kind.is_strong() && depth >= FOLD_DEPTH => true,
            Some(_) if segment.kind.is_strong() => true,
            Some(param) => {
                self.node(param).values.wordy_share() >= WORDY_SHARE_MIN
                    && value_likeness(&segment.text, vocabulary) >= JOIN_LIKENESS
            }
            None => false,
        };
        if joins {
            return self.param_of(at);
        }
        let literal: Box<str> = segment.text.as_str().into();
        let child = self.add(Node {
            parent: at,
            literal: Some(literal.clone()),
            is_name: segment.is_name,
            ..Node::default()
        });
        self.node_mut(at).children.insert(literal, child);
        child
    }

    /// The node that a path belongs to, without making one: literals before parameters, with a term for `method`.
    pub fn find(&self, segments: &[Segment], method: &str) -> Option<NodeId> {
        self.find_where(ROOT, segments, &|node| node.terms.contains_key(method))
    }

    /// As [`Self::find`], with another condition on the node.
    pub fn find_any(&self, segments: &[Segment], fits: &dyn Fn(&Node) -> bool) -> Option<NodeId> {
        self.find_where(ROOT, segments, fits)
    }

    fn find_where(&self, at: NodeId, segments: &[Segment], fits: &dyn Fn(&Node) -> bool) -> Option<NodeId> {
        let node = self.node(at);
        let Some((segment, rest)) = segments.split_first() else {
            return fits(node).then_some(at);
        };
        let literal = node.children.get(segment.text.as_str()).copied();
        if let Some(found) = literal.and_then(|child| self.find_where(child, rest, fits)) {
            return Some(found);
        }
        let param = node.param?;
        let joins = segment.kind.is_strong() || self.node(param).values.wordy_share() >= WORDY_SHARE_MIN;
        if !joins || segment.is_name || segment.kind == TokenKind::Version || segment.text.contains("{}") {
            return None;
        }
        self.find_where(param, rest, fits)
    }

    /// Nodes from below the root down to `id`.
    pub fn route(&self, id: NodeId) -> Vec<NodeId> {
        let mut route = Vec::new();
        let mut at = id;
        while at != ROOT {
            route.push(at);
            at = self.node(at).parent;
        }
        route.reverse();
        route
    }

    /// The segments of `path` that stand at parameters on the way to `id`, from left to right.
    pub fn values_of(&self, id: NodeId, path: &[Segment]) -> Vec<String> {
        let route = self.route(id);
        let at_params = route.iter().zip(path).filter(|(node, _)| self.node(**node).literal.is_none());
        at_params.map(|(_, segment)| segment.text.clone()).collect()
    }

    /// Notes the values that the parameters on the way to `id` stood for in one call.
    pub fn learn_values(&mut self, id: NodeId, path: &[Segment], call: &Call) {
        for (node, segment) in self.route(id).into_iter().zip(path) {
            if self.node(node).literal.is_none() {
                self.node_mut(node).values.learn(&segment.text, call, None);
            }
        }
    }

    /// The path of a node with every parameter as `{}`: the form that identities are made from.
    pub fn plain_template(&self, id: NodeId) -> String {
        let mut template = String::new();
        for node in self.route(id) {
            template.push('/');
            template.push_str(self.node(node).literal.as_deref().unwrap_or("{}"));
        }
        if template.is_empty() { "/".to_owned() } else { template }
    }

    /// Folds the literal child `name` of `parent` into the parameter of `parent`, with everything below it.
    pub fn fold(&mut self, parent: NodeId, name: &str, margin: f32) {
        let Some(child) = self.node_mut(parent).children.remove(name) else { return };
        let param = self.param_of(parent);
        let index = self.route(parent).into_iter().filter(|id| self.node(*id).literal.is_none()).count();
        let mut values = std::mem::take(&mut self.node_mut(param).values);
        for id in self.walk_from(child) {
            for term in self.node_mut(id).terms.values_mut() {
                values.absorb(name, term);
                term.insert_path(index, name);
            }
        }
        let target = self.node_mut(param);
        target.values = values;
        target.margin = target.margin.max(margin);
        self.merge(child, param);
    }

    /// Moves everything from the subtree `from` into the subtree `into`; `from` is gone afterwards.
    fn merge(&mut self, from: NodeId, into: NodeId) {
        let gone = std::mem::take(self.node_mut(from));
        self.free.push(from);
        for (method, term) in gone.terms {
            match self.node_mut(into).terms.entry(method) {
                std::collections::btree_map::Entry::Occupied(mut mine) => {
                    mine.get_mut().merge_keeping_ids(term)
                }
                std::collections::btree_map::Entry::Vacant(room) => drop(room.insert(term)),
            }
        }
        for (name, child) in gone.children {
            match self.node(into).children.get(&name).copied() {
                Some(mine) => self.merge(child, mine),
                None => {
                    self.node_mut(child).parent = into;
                    self.node_mut(into).children.insert(name, child);
                }
            }
        }
        if let Some(param) = gone.param {
            match self.node(into).param {
                Some(mine) => {
                    let values = std::mem::take(&mut self.node_mut(param).values);
                    self.node_mut(mine).values.merge(values);
                    self.merge(param, mine);
                }
                None => {
                    self.node_mut(param).parent = into;
                    self.node_mut(into).param = Some(param);
                }
            }
        }
    }
}
