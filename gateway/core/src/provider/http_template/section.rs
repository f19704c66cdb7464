//! The sections of a profile that have answers.

use strum::IntoStaticStr;

use crate::provider::ProviderRequestKind;

/// One of them. Its name in a profile is that of its variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Section {
    /// The sale; where there is a [`Section::Confirm`], its creation.
    Authorize,
    /// Carries out what was created.
    Confirm,
    Inquire,
    Reverse,
    Advise,
    Lookup,
    /// What the provider posts by itself: no request of ours.
    Callback,
}

impl Section {
    /// Those that are requests, in the order of a profile's operations.
    pub(super) const ALL: [Self; 6] =
        [Self::Authorize, Self::Confirm, Self::Inquire, Self::Reverse, Self::Advise, Self::Lookup];

    /// The section of a kind of request.
    pub(super) fn of(kind: ProviderRequestKind) -> Self {
        match kind {
            ProviderRequestKind::Authorize => Self::Authorize,
            ProviderRequestKind::Inquire => Self::Inquire,
            ProviderRequestKind::Reverse => Self::Reverse,
            ProviderRequestKind::Advise => Self::Advise,
            ProviderRequestKind::Lookup => Self::Lookup,
        }
    }

    /// What a profile calls it.
    pub(super) fn name(self) -> &'static str {
        self.into()
    }
}
