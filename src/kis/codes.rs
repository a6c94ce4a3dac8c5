//! What KIS's error codes ask of a caller, as data.
//!
//! A code that is not listed is a business error: KIS has said no, and asking again would not change its mind. The HTTP status
//! takes no part: KIS sends 500 for a wrong key as well as for a passing overload.

/// What a code asks of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The access token is dead; get another and repeat once.
    TokenRefused,
    /// App key or secret are wrong, or belong to the other environment; only a person can help.
    CredentialsRejected,
    /// A token was asked for within a minute of the last one.
    IssuedTooSoon,
    /// More calls in this second than allowed.
    Throttled,
    /// A fault on KIS's side that passes; a read may be repeated.
    Transient,
    /// The data has changed since the first page; a list is read again from there.
    Changed,
    /// Anything else that is not success.
    Rejected,
}

const TABLE: &[(&str, Class)] = &[
    ("EGW00001", Class::Transient),           // temporary error
    ("EGW00002", Class::Transient),           // server error
    ("EGW00102", Class::CredentialsRejected), // app key missing
    ("EGW00103", Class::CredentialsRejected), // app key invalid
    ("EGW00104", Class::CredentialsRejected), // app secret missing
    ("EGW00105", Class::CredentialsRejected), // app secret invalid
    ("EGW00121", Class::TokenRefused),        // token invalid
    ("EGW00122", Class::TokenRefused),        // token not found
    ("EGW00123", Class::TokenRefused),        // token expired
    ("EGW00133", Class::IssuedTooSoon),       // more than one issuance a minute
    ("EGW00201", Class::Throttled),           // calls a second of this key
    ("EGW00202", Class::Transient),           // gateway routing
    ("EGW00203", Class::Transient),           // gateway routing
    ("EGW00215", Class::Throttled),           // calls a second of the ledger, over all customers
    ("EGW00300", Class::Transient),           // gateway routing
    ("EGW00301", Class::Transient),           // connection timed out inside KIS
    ("EGW00302", Class::Transient),           // transaction timed out inside KIS
    ("EGW00304", Class::CredentialsRejected), // app secret invalid, said by a business call
    ("EGW02004", Class::CredentialsRejected), // paper key on the real host
    ("EGW02007", Class::CredentialsRejected), // real key on the paper host
    ("OPSQ0001", Class::Transient),           // call processing
    ("OPSQ0003", Class::Transient),
    ("OPSQ0004", Class::Transient),
    ("OPSQ0005", Class::Transient),
    ("OPSQ0006", Class::Transient),
    ("OPSQ0007", Class::Transient),
    ("OPSQ0008", Class::Transient), // message channel, sending
    ("OPSQ0009", Class::Transient), // message channel, receiving
    ("OPSQ0010", Class::Transient), // server resources
    ("OPSQ0011", Class::Transient),
    ("OPSQ1002", Class::Transient), // session connection
    ("OPSQ2003", Class::Transient), // message channel, data
    ("OPSQ3001", Class::Transient), // response parsing
    ("OPSQ3002", Class::Transient), // response length
    ("OPSQ3004", Class::Transient), // server resources
    ("SYDB0050", Class::Changed),   // changed since it was asked for, ask again
];

/// The class of a code.
pub(crate) fn class(code: &str) -> Class {
    TABLE.iter().find(|(known, _)| *known == code).map_or(Class::Rejected, |(_, class)| *class)
}

/// "Nothing to show": an empty list, sent as a success by one kind of account and as a failure by another.
pub(crate) const NOTHING_FOUND: &str = "KIOK0560";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_no_code_twice() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn an_unknown_code_is_a_business_error() {
        assert_eq!(class("APBK0919"), Class::Rejected);
        assert_eq!(class(""), Class::Rejected);
    }
}
