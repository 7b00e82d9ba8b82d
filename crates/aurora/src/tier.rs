/// How much of a word an operation needs. What is beyond these, an operator has to allow
/// in the configuration; without that [`crate::ControlPlane::check`] refuses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tier {
    /// None.
    Free,
    /// A person agrees when an agent asks; a person's own command is their word.
    Confirm {
        /// What it does, for the person who decides: `It costs money from now on.`
        effect: String,
    },
    /// A person agrees to the risk in so many words, their own command included.
    Risk {
        /// What may be lost, for the person who decides.
        effect: String,
    },
}
