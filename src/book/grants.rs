//! Who may do what with which account: what was granted, and what comes of it for one caller.
//!
//! A caller's [`Standing`] is worked out once for each version of the grants, so that a request costs a comparison and a look at a
//! bit. What is asked for is looked up among the accounts that the caller may read: the others do not exist for it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{account::AccountName, wire::types::Right};

/// Versions of grants are never used twice, so that a standing of an old one is told from the new.
static VERSIONS: AtomicU64 = AtomicU64::new(1);

/// A set of rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights(u8);

impl Rights {
    /// No right.
    pub const NONE: Self = Self(0);

    /// Every right.
    pub const ALL: Self = Self(0b1_1111);

    /// What a grant gives of a real account only where it names the account.
    pub const ONLY_NAMED: Self = Self(bit(Right::Trade) | bit(Right::Approve));

    /// These rights, and nothing that they include.
    pub fn of(rights: impl IntoIterator<Item = Right>) -> Self {
        Self(rights.into_iter().fold(0, |all, right| all | bit(right)))
    }

    /// Whether a right is among them.
    pub fn has(self, right: Right) -> bool {
        self.0 & bit(right) != 0
    }

    /// Whether some of `others` are among them.
    pub fn has_some_of(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// Those of both.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Those that are among `others` too.
    #[must_use]
    pub fn common(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Those that are not among `others`.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether there is none.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// Each, in the order in which they are told.
    pub fn each(self) -> impl Iterator<Item = Right> {
        Right::ALL.into_iter().filter(move |right| self.has(*right))
    }

    /// With the reading that every other right includes.
    #[must_use]
    pub fn with_reading(self) -> Self {
        if self.is_none() { self } else { Self(self.0 | bit(Right::Read)) }
    }
}

const fn bit(right: Right) -> u8 {
    match right {
        Right::Read => 1,
        Right::Refresh => 1 << 1,
        Right::Trade => 1 << 2,
        Right::Approve => 1 << 3,
        Right::Admin => 1 << 4,
        Right::Unknown => 0,
    }
}

/// What somebody is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// To these users,
    pub uids: Vec<u32>,
    /// and to the members of these groups.
    pub gids: Vec<u32>,
    /// As they were written.
    pub rights: Rights,
    /// The accounts; `None`: those that are not real to trade and approve, and all for the other rights.
    pub accounts: Option<Vec<AccountName>>,
}

impl Grant {
    /// What it gives in one account.
    pub fn rights_in(&self, account: &AccountName, is_real: bool) -> Rights {
        let rights = match &self.accounts {
            Some(names) if names.contains(account) => self.rights,
            Some(_) => Rights::NONE,
            None if is_real => self.rights.without(Rights::ONLY_NAMED),
            None => self.rights,
        };
        rights.with_reading()
    }
}

/// Who asks, as far as grants are about it.
#[derive(Debug, Clone, Copy)]
pub struct Who<'a> {
    /// Its user.
    pub uid: u32,
    /// Whether that is the daemon's own.
    pub is_own: bool,
    /// The groups that are known of it.
    pub gids: &'a [u32],
}

/// All grants, for the accounts that there are.
#[derive(Debug)]
pub struct Grants {
    version: u64,
    /// Each with its rights in every account, in their order.
    grants: Vec<(Grant, Vec<Rights>)>,
    accounts: usize,
    default: usize,
}

impl Grants {
    /// For these accounts, each with whether it is real, of which the one at `default` is meant where none is named.
    pub fn new<'a>(
        grants: &[Grant],
        accounts: impl Iterator<Item = (&'a AccountName, bool)> + Clone,
        default: usize,
    ) -> Self {
        let in_each = |grant: &Grant| accounts.clone().map(|(name, is_real)| grant.rights_in(name, is_real)).collect();
        Self {
            version: VERSIONS.fetch_add(1, Ordering::Relaxed),
            grants: grants.iter().map(|grant| (grant.clone(), in_each(grant))).collect(),
            accounts: accounts.clone().count(),
            default,
        }
    }

    /// What somebody may do.
    pub fn standing(&self, who: Who<'_>) -> Standing {
        let base = match who {
            Who { uid: 0, .. } => Rights::ALL,
            Who { is_own: true, .. } => Rights::of([Right::Read, Right::Refresh]),
            _ => Rights::NONE,
        };
        let mut rights = vec![base; self.accounts];
        let is_for =
            |grant: &Grant| grant.uids.contains(&who.uid) || grant.gids.iter().any(|gid| who.gids.contains(gid));
        for (_, granted) in self.grants.iter().filter(|(grant, _)| is_for(grant)) {
            rights.iter_mut().zip(granted).for_each(|(rights, granted)| *rights = rights.and(*granted));
        }
        let mut readable = rights.iter().enumerate().filter(|(_, rights)| rights.has(Right::Read)).map(|(at, _)| at);
        let (first, second) = (readable.next(), readable.next());
        let reads_default = rights.get(self.default).is_some_and(|rights| rights.has(Right::Read));
        let only = if second.is_none() { first } else { None };
        Standing {
            version: self.version,
            anywhere: rights.iter().fold(Rights::NONE, |all, rights| all.and(*rights)),
            meant: if reads_default { Some(self.default) } else { only },
            first: if reads_default { Some(self.default) } else { first },
            rights: rights.into(),
        }
    }

    /// Whether some group would give more than the standing has.
    pub fn may_be_more_by_group(&self, standing: &Standing) -> bool {
        let by_group = self.grants.iter().filter(|(grant, _)| !grant.gids.is_empty());
        let mut pairs = by_group.flat_map(|(_, granted)| granted.iter().zip(&standing.rights));
        pairs.any(|(granted, has)| !granted.without(*has).is_none())
    }

    /// Whether a standing was worked out of these.
    pub fn is_current(&self, standing: &Standing) -> bool {
        self.version == standing.version
    }
}

/// What one caller may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    version: u64,
    /// In every account, in their order.
    rights: Box<[Rights]>,
    /// In any account.
    anywhere: Rights,
    /// The account that a call means which names none.
    pub(super) meant: Option<usize>,
    /// The account that is told of where one must be.
    pub(super) first: Option<usize>,
}

impl Standing {
    /// The rights in the account at a place.
    pub(super) fn at(&self, index: usize) -> Rights {
        self.rights.get(index).copied().unwrap_or_default()
    }

    /// The rights that it has in some account.
    pub fn anywhere(&self) -> Rights {
        self.anywhere
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> AccountName {
        AccountName::try_new(text).unwrap()
    }

    /// `main` is real and the default, `practice` is not real.
    fn grants(grants: &[Grant]) -> Grants {
        let accounts = [(name("main"), true), (name("practice"), false)];
        Grants::new(grants, accounts.iter().map(|(name, is_real)| (name, *is_real)), 0)
    }

    fn grant(uids: &[u32], gids: &[u32], rights: &[Right], accounts: Option<&[&str]>) -> Grant {
        Grant {
            uids: uids.to_vec(),
            gids: gids.to_vec(),
            rights: Rights::of(rights.iter().copied()),
            accounts: accounts.map(|names| names.iter().map(|text| name(text)).collect()),
        }
    }

    fn in_both(grants: &Grants, uid: u32, gids: &[u32]) -> [Vec<Right>; 2] {
        let standing = grants.standing(Who { uid, is_own: uid == 5, gids });
        [0, 1].map(|at| standing.at(at).each().collect())
    }

    #[test]
    fn rights_are_those_of_every_grant_for_the_user_and_its_groups() {
        use Right::{Read, Refresh, Trade};
        let all = grants(&[
            grant(&[7], &[], &[Refresh], Some(&["main"])),
            grant(&[], &[70], &[Trade], Some(&["practice"])),
            grant(&[5], &[], &[Trade], Some(&["practice"])),
        ]);
        assert_eq!(in_both(&all, 7, &[]), [vec![Read, Refresh], vec![]]);
        assert_eq!(in_both(&all, 7, &[1, 70]), [vec![Read, Refresh], vec![Read, Trade]]);
        assert_eq!(in_both(&all, 8, &[7]), [vec![], vec![]], "a uid is no gid");
        assert_eq!(in_both(&all, 5, &[]), [vec![Read, Refresh], vec![Read, Refresh, Trade]], "the daemon's own user");
        assert_eq!(in_both(&all, 0, &[]), [Right::ALL.to_vec(), Right::ALL.to_vec()]);
    }

    #[test]
    fn a_real_account_is_traded_only_where_the_grant_names_it() {
        use Right::{Admin, Approve, Read, Trade};
        let unnamed = grants(&[grant(&[7], &[], &[Trade, Approve], None)]);
        assert_eq!(in_both(&unnamed, 7, &[]), [vec![], vec![Read, Trade, Approve]], "it does not read the other");
        let with_admin = grants(&[grant(&[7], &[], &[Trade, Admin], None)]);
        assert_eq!(in_both(&with_admin, 7, &[]), [vec![Read, Admin], vec![Read, Trade, Admin]]);
        let named = grants(&[grant(&[7], &[], &[Trade], Some(&["main"]))]);
        assert_eq!(in_both(&named, 7, &[]), [vec![Read, Trade], vec![]]);
    }

    #[test]
    fn the_group_database_is_asked_only_for_what_it_could_add() {
        let all = grants(&[grant(&[7], &[], &[Right::Read], None), grant(&[], &[70], &[Right::Read], None)]);
        let may_be_more = |uid, gids| all.may_be_more_by_group(&all.standing(Who { uid, is_own: false, gids }));
        assert_eq!(
            [may_be_more(7, &[]), may_be_more(8, &[]), may_be_more(8, &[70]), may_be_more(0, &[])],
            [false, true, false, false]
        );
    }

    #[test]
    fn who_may_not_read_the_default_account_means_the_only_one_that_it_may() {
        let all =
            grants(&[grant(&[7], &[], &[Right::Read], Some(&["practice"])), grant(&[8], &[], &[Right::Read], None)]);
        let meant = |uid| all.standing(Who { uid, is_own: false, gids: &[] }).meant;
        assert_eq!([meant(7), meant(8), meant(9)], [Some(1), Some(0), None]);
    }
}
