use std::fmt;

/// A path or URL, and the name of a member of what lies there.
///
/// ```
/// use chunkwise::formats::Place;
/// let place = Place::parse("run.npz::u");
/// assert_eq!((place.at.as_str(), place.member.as_str()), ("run.npz", "u"));
/// assert_eq!(Place::parse("x.npy").member, "");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path or URL.
    pub at: String,
    /// The member's name; empty for the whole.
    pub member: String,
}

impl Place {
    /// Reads `AT` or `AT::MEMBER`.
    pub fn parse(text: &str) -> Place {
        let (at, member) = text.split_once("::").unwrap_or((text, ""));
        Place {
            at: at.to_owned(),
            member: member.to_owned(),
        }
    }

    /// The place of a member below this one.
    pub fn below(&self, name: &str) -> Place {
        let member = match self.member.as_str() {
            "" => name.to_owned(),
            member => format!("{}/{name}", member.trim_end_matches('/')),
        };
        Place {
            at: self.at.clone(),
            member,
        }
    }

    /// Whether it is a URL.
    pub fn is_url(&self) -> bool {
        self.at.contains("://")
    }

    /// The last part of the path or of the member's name, without a suffix.
    pub fn stem(&self) -> &str {
        let last = match self.member.as_str() {
            "" => self.at.trim_end_matches('/'),
            member => member,
        };
        let last = last.rsplit('/').next().unwrap_or(last);
        match last.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem,
            _ => last,
        }
    }

    /// What stands behind the last point of the path, in small letters.
    pub fn suffix(&self) -> String {
        let last = self.at.trim_end_matches('/').rsplit('/').next();
        match last.and_then(|name| name.rsplit_once('.')) {
            Some((stem, suffix)) if !stem.is_empty() => suffix.to_ascii_lowercase(),
            _ => String::new(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.member.as_str() {
            "" => f.write_str(&self.at),
            member => write!(f, "{}::{member}", self.at),
        }
    }
}
