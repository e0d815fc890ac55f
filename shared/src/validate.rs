//! Checks that several services share, for `#[garde(custom(…))]`.

/// An e-mail address as people have them: one `@`, something printable on both sides, a dot in
/// the domain, at most 254 bytes (RFC 5321). Whether it exists only a mail can tell.
///
/// # Errors
/// Says that it is none.
pub fn email<C>(value: &str, _: &C) -> garde::Result {
    let valid = value.len() <= 254
        && value.chars().all(|char| {
            !char.is_whitespace() && !char.is_control() && !"<>()[],;:\\\"".contains(char)
        })
        && value.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && local.len() <= 64
                && !domain.contains('@')
                && domain.contains('.')
                && domain.split('.').all(|label| {
                    !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
                })
        });
    if valid {
        Ok(())
    } else {
        Err(garde::Error::new("not an e-mail address"))
    }
}

/// Text for people: not blank, no control characters.
///
/// # Errors
/// Says that it is none.
pub fn line<C>(value: &str, _: &C) -> garde::Result {
    if value.trim().is_empty() || value.chars().any(char::is_control) {
        return Err(garde::Error::new("blank, or holds control characters"));
    }
    Ok(())
}

/// Text without spaces around it.
///
/// # Errors
/// Says that it has some.
pub fn trimmed<C>(value: &str, _: &C) -> garde::Result {
    if value.trim() == value {
        Ok(())
    } else {
        Err(garde::Error::new("starts or ends with a space"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_address_has_a_local_part_and_a_domain() {
        for right in ["a@b.jp", "first.last+tag@sub.example.com", "名@例.jp"] {
            assert!(email(right, &()).is_ok(), "{right}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for wrong in [
            "", "a", "@b.jp", "a@", "a@b", "a@@b.jp", "a b@c.jp", "a@b..jp", "a@-b.jp", "a\n@b.jp",
            &long,
        ] {
            assert!(email(wrong, &()).is_err(), "{wrong}");
        }
    }
}
