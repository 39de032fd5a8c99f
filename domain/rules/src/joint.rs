//! Joint inspection: several authorities, one release (合作查验、一次放行).
//!
//! Each required authority stands somewhere; the barrier may open only on the conjunction of all. Nobody's answer
//! stands in for another's, and no answer is no consent.

use std::collections::BTreeMap;

use egate_types::{AuthorityId, OfficerId, UtcTime, Verdict};

/// Where one authority stands on the running inspection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Asked, or not yet asked; no answer.
    Pending,
    /// Signed `Clear`, verified, valid before `expires`.
    Clear {
        /// End of validity, exclusive.
        expires: UtcTime,
    },
    /// Signed `Refer` or `Refuse`.
    Held(Hold),
    /// No valid answer in time. Stays so: a late `Clear` does not lift it.
    Unavailable,
    /// A named officer of this authority released the traveller, with a signed reason.
    Released {
        /// Who decided.
        officer: OfficerId,
        /// End of validity, exclusive.
        expires: UtcTime,
    },
}

/// The two ways an authority holds a traveller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// An officer must decide.
    Refer,
    /// The crossing is refused.
    Refuse,
}

/// The conjunction of all standings. Precedence: refuse > refer > unavailable > pending > clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Joint {
    /// Every required authority consents at this instant.
    AllClear,
    /// At least one answer is outstanding; none is bad.
    Pending,
    /// At least one authority gave no valid answer.
    Unavailable,
    /// At least one authority refers.
    Refer,
    /// At least one authority refuses.
    Refuse,
}

/// The standings of every required authority for one inspection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standings(BTreeMap<AuthorityId, Standing>);

impl Standings {
    /// All required authorities, none heard. With no authority nothing can ever be clear.
    pub fn new(required: impl IntoIterator<Item = AuthorityId>) -> Self {
        Self(
            required
                .into_iter()
                .map(|authority| (authority, Standing::Pending))
                .collect(),
        )
    }

    /// Every authority with its standing.
    pub fn iter(&self) -> impl Iterator<Item = (&AuthorityId, &Standing)> {
        self.0.iter()
    }

    /// The standing of one authority, if it is required here.
    pub fn get(&self, authority: &AuthorityId) -> Option<&Standing> {
        self.0.get(authority)
    }

    /// Records a verified verdict. Only the first answer counts: a duplicate, a reordered or a late one changes
    /// nothing, and an authority that is not required here is ignored. Returns whether it counted.
    pub fn hear(&mut self, authority: &AuthorityId, verdict: Verdict, expires: UtcTime) -> bool {
        let Some(standing @ Standing::Pending) = self.0.get_mut(authority) else {
            return false;
        };
        *standing = match verdict {
            Verdict::Clear => Standing::Clear { expires },
            Verdict::Refer => Standing::Held(Hold::Refer),
            Verdict::Refuse => Standing::Held(Hold::Refuse),
            Verdict::Unavailable => Standing::Unavailable,
        };
        true
    }

    /// Time is up: whoever has not answered is unavailable.
    pub fn close_hearing(&mut self) {
        for standing in self.0.values_mut() {
            if *standing == Standing::Pending {
                *standing = Standing::Unavailable;
            }
        }
    }

    /// A named officer of `authority` releases; lifts that authority's hold alone. Returns whether it counted.
    pub fn release(
        &mut self,
        authority: &AuthorityId,
        officer: OfficerId,
        expires: UtcTime,
    ) -> bool {
        let Some(standing) = self.0.get_mut(authority) else {
            return false;
        };
        *standing = Standing::Released { officer, expires };
        true
    }

    /// Whether an officer of `authority` has released and the decision is still valid.
    pub fn released_by(&self, authority: &AuthorityId, now: UtcTime) -> bool {
        matches!(self.0.get(authority), Some(Standing::Released { expires, .. }) if now < *expires)
    }

    /// The conjunction at `now`; a consent that has expired counts as unavailable.
    pub fn joint(&self, now: UtcTime) -> Joint {
        self.0
            .values()
            .map(|standing| match standing {
                Standing::Clear { expires } | Standing::Released { expires, .. }
                    if now < *expires =>
                {
                    Joint::AllClear
                }
                Standing::Clear { .. } | Standing::Released { .. } | Standing::Unavailable => {
                    Joint::Unavailable
                }
                Standing::Pending => Joint::Pending,
                Standing::Held(Hold::Refer) => Joint::Refer,
                Standing::Held(Hold::Refuse) => Joint::Refuse,
            })
            .max()
            .unwrap_or(Joint::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn authority(n: u8) -> AuthorityId {
        AuthorityId::parse(&format!("a{n}")).unwrap()
    }

    fn verdict() -> impl Strategy<Value = Verdict> {
        prop_oneof![
            Just(Verdict::Clear),
            Just(Verdict::Refer),
            Just(Verdict::Refuse),
            Just(Verdict::Unavailable)
        ]
    }

    #[test]
    fn nobody_required_is_not_consent() {
        assert_eq!(Standings::new([]).joint(UtcTime(0)), Joint::Unavailable);
    }

    #[test]
    fn a_late_clear_does_not_lift_unavailable() {
        let mut standings = Standings::new([authority(0)]);
        standings.close_hearing();
        assert!(!standings.hear(&authority(0), Verdict::Clear, UtcTime(100)));
        assert_eq!(standings.joint(UtcTime(0)), Joint::Unavailable);
    }

    #[test]
    fn an_officer_lifts_the_hold_of_their_own_authority_alone() {
        let mut standings = Standings::new([authority(0), authority(1)]);
        standings.hear(&authority(0), Verdict::Refer, UtcTime(100));
        standings.hear(&authority(1), Verdict::Refuse, UtcTime(100));
        standings.release(&authority(0), OfficerId::parse("o").unwrap(), UtcTime(100));
        assert_eq!(standings.joint(UtcTime(0)), Joint::Refuse);
        standings.release(&authority(1), OfficerId::parse("p").unwrap(), UtcTime(100));
        assert_eq!(standings.joint(UtcTime(0)), Joint::AllClear);
        assert_eq!(standings.joint(UtcTime(100)), Joint::Unavailable);
    }

    proptest! {
        /// All clear if and only if the first answer of every authority was `Clear` and none has expired.
        #[test]
        fn conjunction(
            answers in prop::collection::vec((0u8..4, verdict(), 1i64..10), 0..20),
            now in 0i64..10,
        ) {
            let mut standings = Standings::new((0..3).map(authority));
            let mut first: BTreeMap<u8, (Verdict, i64)> = BTreeMap::new();
            for (who, verdict, expires) in answers {
                standings.hear(&authority(who), verdict, UtcTime(expires));
                first.entry(who).or_insert((verdict, expires));
            }
            let expected = (0..3).all(|who| {
                first.get(&who).is_some_and(|(v, e)| *v == Verdict::Clear && now < *e)
            });
            prop_assert_eq!(standings.joint(UtcTime(now)) == Joint::AllClear, expected);
        }
    }
}
