//! Why a value is not there.

/// The reasons a required value may be absent (catalogue G0). They are answers of their own: never 0, -1 or 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MissingCode {
    /// Not known and not expected to become known.
    NotKnown,
    /// Not applicable to this patient.
    NotApplicable,
    /// The examination was not done.
    NotDone,
    /// The result is expected later.
    Pending,
}

impl MissingCode {
    /// All codes, in the order of the data dictionary.
    pub const ALL: [Self; 4] = [Self::NotKnown, Self::NotApplicable, Self::NotDone, Self::Pending];

    /// The code as written in JSON and CSV.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotKnown => "NK",
            Self::NotApplicable => "NA",
            Self::NotDone => "ND",
            Self::Pending => "PEND",
        }
    }

    /// The code written `text`, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.code() == text)
    }
}
