//! Data types as the content files describe them, compiled: texts, keys, shapes, check digits, masks.
//! One file is one type; a type without a new kind of check digit needs no code.

use model::DataType;
use serde::Deserialize;

use crate::content::{self, ContentError, Text};
use crate::shape::Shape;
use crate::validate::{self, Check};

/// Data types at most: a bit each in [`Prior`](crate::Prior).
const TYPES_MAX: usize = 128;

/// A data type.
#[derive(Debug, Clone)]
pub struct DataTypeRule {
    /// Stable upper-case name.
    pub id: DataType,
    /// Sensitivity level 1 (public) to 5 (core).
    pub level: u8,
    /// Class of GB/T 43697-2024 annex B in short: `identity`, `contact`, `account`, `authentication`, ...
    pub class: String,
    /// Says something about a natural person.
    pub person: bool,
    /// Opens a door: password, key, token.
    pub secret: bool,
    /// Name for people.
    pub text: Text,
    pub(crate) shapes: Vec<ValueShape>,
    pub(crate) finder: Option<Finder>,
    pub(crate) check: Option<Check>,
    pub(crate) prefix: Vec<String>,
    /// Confidence without a telling key; 0: never without.
    pub(crate) alone: f32,
    /// Confidence under a telling key.
    pub(crate) keyed: f32,
    /// Decides between types that fit the same span equally well; larger wins.
    pub(crate) rank: u8,
    pub(crate) mask: MaskStyle,
    pub(crate) keys: Keys,
    /// Values that are found.
    pub positive: Vec<DataExample>,
    /// Values that look like it and are not found.
    pub negative: Vec<DataExample>,
}

/// A shape, and whether it may be believed without a key.
#[derive(Debug, Clone)]
pub(crate) struct ValueShape {
    pub(crate) shape: Shape,
    pub(crate) alone: bool,
}

/// Types whose values are no fixed shapes are recognised by code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Finder {
    Address,
    ConnectionString,
    Coordinate,
    Email,
    Ethnicity,
    Ip,
    Jwt,
    Name,
    Password,
    Pem,
    Phone,
    Plate,
    Secret,
}

/// How a value is masked for display (sensitive values are stored in no other form).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MaskStyle {
    /// Six asterisks, whatever the length.
    #[default]
    Full,
    /// Keeps the first and last characters.
    #[serde(skip)]
    Ends(usize, usize),
    Address,
    Coordinate,
    Email,
    Ip,
    Name,
}

/// Names that speak for a type.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Keys {
    /// The name denotes the type.
    pub(crate) words: Vec<String>,
    /// The name may denote it.
    pub(crate) hints: Vec<String>,
    /// Words in running text shortly before a value.
    pub(crate) context: Vec<String>,
}

/// An example in a content file: it is one test.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataExample {
    /// Key above the value, may be empty.
    #[serde(default)]
    pub key: String,
    /// Key above that.
    #[serde(default)]
    pub parent: String,
    /// The scalar.
    pub value: String,
    /// The part of `value` that is to be found; all of it when absent.
    pub find: Option<String>,
    /// It is to be found as masked.
    #[serde(default)]
    pub masked: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    level: u8,
    class: String,
    #[serde(default)]
    person: bool,
    #[serde(default)]
    secret: bool,
    text: Text,
    value: Value,
    #[serde(default)]
    keys: Keys,
    positive: Vec<DataExample>,
    negative: Vec<DataExample>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Value {
    /// Shapes believed without a key.
    #[serde(default)]
    alone_shapes: Vec<String>,
    /// Shapes believed under a key or after a context word.
    #[serde(default)]
    keyed_shapes: Vec<String>,
    finder: Option<Finder>,
    check: Option<String>,
    #[serde(default)]
    prefix: Vec<String>,
    #[serde(default)]
    alone: f32,
    keyed: f32,
    #[serde(default)]
    rank: u8,
    mask: Option<MaskStyle>,
    mask_ends: Option<(usize, usize)>,
}

/// Classes a data type may have.
const CLASSES: &[&str] = &[
    "identity",
    "contact",
    "basic",
    "location",
    "account",
    "authentication",
    "health",
    "device",
    "vehicle",
    "network",
    "organization",
];

/// Reads all data types, sorted by id.
pub(crate) fn load() -> Result<Vec<DataTypeRule>, ContentError> {
    let rules: Vec<DataTypeRule> =
        content::folder("data", ".toml").map(|(file, text)| compile(file, text)).collect::<Result<_, _>>()?;
    if rules.is_empty() || rules.len() > TYPES_MAX {
        return Err(ContentError::new(
            "data",
            "file",
            format!("{} types, 1 to {TYPES_MAX} work", rules.len()),
        ));
    }
    Ok(rules)
}

fn compile(path: &str, text: &str) -> Result<DataTypeRule, ContentError> {
    let file: File = content::parse(path, text)?;
    content::check_id(path, &file.id)?;
    validate_head(path, &file)?;
    let value = file.value;
    let mut shapes = Vec::new();
    for (field, texts, alone) in [
        ("value.alone_shapes", &value.alone_shapes, true),
        ("value.keyed_shapes", &value.keyed_shapes, false),
    ] {
        for text in texts {
            let shape = Shape::parse(text).map_err(|reason| ContentError::new(path, field, reason))?;
            shapes.push(ValueShape { shape, alone });
        }
    }
    if shapes.is_empty() && value.finder.is_none() {
        return Err(ContentError::new(path, "value", "has neither shapes nor a finder"));
    }
    let check = match &value.check {
        None => None,
        Some(name) => Some(validate::by_name(name).ok_or_else(|| {
            ContentError::new(path, "value.check", format!("there is no check named `{name}`"))
        })?),
    };
    let mask = match value.mask_ends {
        Some((head, tail)) => MaskStyle::Ends(head, tail),
        None => value.mask.unwrap_or_default(),
    };
    Ok(DataTypeRule {
        id: DataType::new(file.id),
        level: file.level,
        class: file.class,
        person: file.person,
        secret: file.secret,
        text: file.text,
        shapes,
        finder: value.finder,
        check,
        prefix: value.prefix,
        alone: value.alone,
        keyed: value.keyed,
        rank: value.rank,
        mask,
        keys: file.keys,
        positive: file.positive,
        negative: file.negative,
    })
}

fn validate_head(path: &str, file: &File) -> Result<(), ContentError> {
    let fail = |field: &str, reason: &str| Err(ContentError::new(path, field, reason));
    file.text.validate(path, "text")?;
    if !(1..=5).contains(&file.level) {
        return fail("level", "is not 1 to 5");
    }
    if !CLASSES.contains(&file.class.as_str()) {
        return fail("class", "is none of the known classes");
    }
    for (field, confidence) in [("value.alone", file.value.alone), ("value.keyed", file.value.keyed)] {
        if !(0.0..=1.0).contains(&confidence) {
            return fail(field, "is not 0 to 1");
        }
    }
    for (field, examples) in [("positive", &file.positive), ("negative", &file.negative)] {
        if examples.len() < 3 {
            return fail(field, "needs at least 3 examples");
        }
    }
    Ok(())
}
