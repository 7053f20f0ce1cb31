//! Which literals of a path tree are values of a parameter. Words are judged in clusters of alike children
//! by log-odds over several kinds of evidence: how many there are (pooled over places with the same context),
//! how much they look like values, whether their answers and sub-paths are alike, what stands above them.
//!
//! Weights and thresholds: docs/accuracy.md, discovery. Two rounds: the second one knows what the first decided
//! at places with the same context.

use std::collections::{BTreeMap, BTreeSet};

use rules::Vocabulary;

use super::alike::{self, Outline};
use super::token::{TokenKind, is_plural, value_likeness};
use super::tree::{JOIN_LIKENESS, NodeId, ROOT, Tree};

/// Similarity from which two subtrees count as alike.
const ALIKE_MIN: f32 = 0.55;
/// Similarity below which a word contradicts the parameter that it might join.
const CONTRADICTION_MAX: f32 = 0.4;
/// Likeness below which a word is only clustered with others when the bodies of their answers can be compared.
const NAME_LIKENESS: f32 = -1.5;
/// Identifier-like children that may be fixed names: at most so many, with this share of calls and terminals below.
const FIXED_MAX: usize = 3;
const FIXED_CALLS_MIN: u64 = 8;
const FIXED_TERMINALS_MIN: usize = 4;
/// Distinct words pooled over places with the same context count with this weight, up to the cap.
const POOL_WEIGHT: f32 = 0.3;
const POOL_MAX: usize = 20;

/// Segments that carry no meaning of their own at the beginning of a path.
const BASES: [&str; 14] = [
    "api", "apis", "rest", "service", "services", "web", "app", "mobile", "gateway", "public", "open",
    "openapi", "ws", "rpc",
];

/// What stands above a place: the last meaningful literal and the parameters since.
type Context = (String, u8);

#[derive(Default)]
struct Pool {
    words: BTreeSet<u64>,
    judged: u32,
    params: u32,
}

/// Judges the whole tree; true when anything was folded.
pub(crate) fn judge(tree: &mut Tree, vocabulary: &Vocabulary) -> bool {
    let mut judge = Judge { tree, vocabulary, pools: BTreeMap::new(), last_round: false, folded: false };
    judge.pool(ROOT, &(String::new(), 0));
    judge.visit(ROOT, &(String::new(), 0), true);
    judge.last_round = true;
    judge.visit(ROOT, &(String::new(), 0), true);
    judge.folded
}

struct Judge<'a> {
    tree: &'a mut Tree,
    vocabulary: &'a Vocabulary,
    pools: BTreeMap<Context, Pool>,
    last_round: bool,
    folded: bool,
}

struct Cluster {
    members: Vec<(Box<str>, Outline)>,
    outline: Outline,
    similarity_sum: f32,
}

impl Judge<'_> {
    fn pool(&mut self, at: NodeId, context: &Context) {
        let words: Vec<u64> = self.words(at).map(crate::sketch::hash_of).collect();
        self.pools.entry(context.clone()).or_default().words.extend(words);
        for child in self.tree.below(at).collect::<Vec<_>>() {
            self.pool(child, &self.context_below(child, context));
        }
    }

    fn words(&self, at: NodeId) -> impl Iterator<Item = &str> {
        self.tree.foldable(at).map(|(name, _)| name.as_ref()).filter(|name| is_word(name))
    }

    fn context_below(&self, child: NodeId, context: &Context) -> Context {
        match self.tree.node(child).literal.as_deref() {
            None => (context.0.clone(), context.1.saturating_add(1)),
            Some(name) if TokenKind::of(name) == TokenKind::Version => context.clone(),
            Some(name) => (name.to_lowercase(), 0),
        }
    }

    fn visit(&mut self, at: NodeId, context: &Context, is_base: bool) {
        self.fold_identifiers(at);
        for cluster in self.clusters(at) {
            self.judge_cluster(at, context, is_base, &cluster);
        }
        if self.last_round {
            self.absorb_leftovers(at);
        }
        for child in self.tree.below(at).collect::<Vec<_>>() {
            let stays_base = is_base && self.tree.node(child).literal.as_deref().is_some_and(is_base_segment);
            self.visit(child, &self.context_below(child, context), stays_base);
        }
    }

    /// Children with the shape of an identifier are folded, unless a few of them carry nearly everything.
    fn fold_identifiers(&mut self, at: NodeId) {
        let node = self.tree.node(at);
        let strong: Vec<(Box<str>, NodeId)> = self
            .tree
            .foldable(at)
            .filter(|(name, _)| TokenKind::of(name).is_strong())
            .map(|(name, id)| (name.clone(), id))
            .collect();
        let calls = |id: NodeId| alike::calls_below(self.tree, id);
        let level: u64 = self.tree.below(at).map(calls).sum();
        let carried: u64 = strong.iter().map(|(_, id)| calls(*id)).sum();
        let fixed = strong.len() <= FIXED_MAX
            && node.param.is_none()
            && carried >= FIXED_CALLS_MIN
            && carried * 5 >= level * 4
            && strong.iter().any(|(_, id)| alike::terminals_below(self.tree, *id) >= FIXED_TERMINALS_MIN);
        if !fixed {
            for (name, _) in strong {
                self.tree.fold(at, &name, 3.0);
                self.folded = true;
            }
        }
    }

    /// Groups the words below a node by how alike their subtrees are.
    fn clusters(&self, at: NodeId) -> Vec<Cluster> {
        let mut words: Vec<(u64, Box<str>, NodeId)> = self
            .tree
            .foldable(at)
            .filter(|(name, _)| is_word(name))
            .map(|(name, id)| (alike::calls_below(self.tree, id), name.clone(), id))
            .collect();
        words.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let mut clusters: Vec<Cluster> = Vec::new();
        for (_, name, id) in words {
            let outline = Outline::of(self.tree, id);
            let needs_keys = value_likeness(&name, self.vocabulary) < NAME_LIKENESS;
            let best = clusters.iter_mut().find_map(|cluster| {
                let similarity = cluster.outline.similarity(&outline)?;
                let comparable = !needs_keys || (cluster.outline.has_keys() && outline.has_keys());
                (similarity >= ALIKE_MIN && comparable).then_some((cluster, similarity))
            });
            match best {
                Some((cluster, similarity)) => {
                    cluster.outline.add(&outline);
                    cluster.similarity_sum += similarity;
                    cluster.members.push((name, outline));
                }
                None => clusters.push(Cluster {
                    members: vec![(name, outline.clone())],
                    outline,
                    similarity_sum: 1.0,
                }),
            }
        }
        clusters
    }

    fn judge_cluster(&mut self, at: NodeId, context: &Context, is_base: bool, cluster: &Cluster) {
        let margin = self.log_odds(at, context, is_base, cluster);
        let pool = self.pools.entry(context.clone()).or_default();
        if !self.last_round {
            pool.judged += 1;
            pool.params += u32::from(margin > 0.0);
        }
        if margin > 0.0 {
            for (name, _) in &cluster.members {
                self.tree.fold(at, name, margin);
                self.folded = true;
            }
        }
    }

    fn log_odds(&self, at: NodeId, context: &Context, is_base: bool, cluster: &Cluster) -> f32 {
        let count = cluster.members.len() as f32;
        let pool = self.pools.get(context);
        let pooled = pool.map_or(0, |pool| pool.words.len().min(POOL_MAX)) as f32;
        let likeness: Vec<f32> =
            cluster.members.iter().map(|(name, _)| value_likeness(name, self.vocabulary)).collect();
        let mean_likeness = likeness.iter().sum::<f32>() / count;
        let mut odds = 1.3 * (count + POOL_WEIGHT * pooled).log2() + 1.2 * mean_likeness - 3.6;

        let keyed = cluster.members.iter().filter(|(_, outline)| outline.has_keys()).count() as f32 / count;
        let similarity = cluster.similarity_sum / count;
        odds += if keyed > 0.0 && count > 1.0 { 1.6 * keyed * (similarity - 0.4) / 0.4 } else { -0.3 };
        let param = self.tree.node(at).param;
        let matches_param = param.is_some_and(|param| {
            Outline::of(self.tree, param).similarity(&cluster.outline) >= Some(ALIKE_MIN)
        });
        odds += if matches_param { 2.0 } else { 0.0 };
        odds += 1.5 * share_with_same_branches(&cluster.members);

        let above = self.tree.node(at);
        let above_is_param = at != ROOT && above.literal.is_none();
        if above_is_param {
            odds -= 1.47;
        } else if !is_base && is_plural(&context.0) {
            odds += 0.87;
        }
        if is_base {
            odds -= 1.5;
        }
        let followed = cluster
            .members
            .iter()
            .zip(&likeness)
            .filter(|((name, _), likeness)| **likeness < 0.8 && self.is_followed_by_identifier(at, name))
            .count() as f32;
        odds -= 2.05 * followed / count;
        let prior =
            pool.filter(|pool| pool.judged > 0).map_or(0.0, |pool| pool.params as f32 / pool.judged as f32);
        odds + 0.76 * prior
    }

    /// `orders` in `/orders/42`: what is followed by an identifier is the name of a collection.
    fn is_followed_by_identifier(&self, at: NodeId, name: &str) -> bool {
        let Some(child) = self.tree.node(at).children.get(name) else { return false };
        let node = self.tree.node(*child);
        node.param.is_some() || node.children.keys().any(|name| TokenKind::of(name).is_strong())
    }

    /// Single words left beside a parameter join it when they look like values and nothing speaks against it.
    fn absorb_leftovers(&mut self, at: NodeId) {
        let Some(param) = self.tree.node(at).param else { return };
        if self.tree.node(param).values.wordy_share() == 0.0 {
            return;
        }
        let outline = Outline::of(self.tree, param);
        let leftovers: Vec<Box<str>> = self.words(at).map(Box::from).collect();
        for name in leftovers {
            let Some(child) = self.tree.node(at).children.get(&name).copied() else { continue };
            let similarity = outline.similarity(&Outline::of(self.tree, child));
            let contradicts = similarity.is_some_and(|similarity| similarity < CONTRADICTION_MAX);
            let likeness = value_likeness(&name, self.vocabulary);
            if likeness >= JOIN_LIKENESS && !contradicts && !self.is_followed_by_identifier(at, &name) {
                self.tree.fold(at, &name, likeness);
                self.folded = true;
            }
        }
    }
}

/// Share of members that have sub-paths in common with another member.
fn share_with_same_branches(members: &[(Box<str>, Outline)]) -> f32 {
    let mut owners: BTreeMap<u64, u32> = BTreeMap::new();
    for (_, outline) in members {
        for branch in outline.branches() {
            *owners.entry(branch).or_default() += 1;
        }
    }
    let shared =
        members.iter().filter(|(_, outline)| outline.branches().any(|branch| owners[&branch] > 1)).count();
    shared as f32 / members.len() as f32
}

fn is_word(name: &str) -> bool {
    matches!(TokenKind::of(name), TokenKind::Word | TokenKind::Slug) && !name.contains("{}")
}

fn is_base_segment(name: &str) -> bool {
    TokenKind::of(name) == TokenKind::Version || BASES.contains(&name.to_lowercase().as_str())
}
