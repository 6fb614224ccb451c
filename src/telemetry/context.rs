//! Reads which trace a call belongs to, from the `traceparent` header of its caller.
//!
//! Source: <https://www.w3.org/TR/trace-context/>, section 3.2.

use data_encoding::HEXLOWER;

/// The name of the header.
pub const TRACEPARENT: &str = "traceparent";

/// The span of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    /// The id of the trace; never 0.
    pub trace: u128,
    /// The id of the span; never 0.
    pub span: u64,
    /// Whether the caller records the trace.
    pub sampled: bool,
}

impl Parent {
    /// Reads a `traceparent` header. `None` for anything else, which the standard treats like a
    /// missing header.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let [version] = bytes(parts.next()?)?;
        let trace = u128::from_be_bytes(bytes(parts.next()?)?);
        let span = u64::from_be_bytes(bytes(parts.next()?)?);
        let [flags] = bytes(parts.next()?)?;
        // Later versions may have more parts, this one may not. Version 255 is forbidden.
        let is_known = version < 255 && (version > 0 || parts.next().is_none());
        (is_known && trace != 0 && span != 0).then_some(Self {
            trace,
            span,
            sampled: flags & 1 == 1,
        })
    }

    /// The id of the trace as 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(self) -> String {
        format!("{:032x}", self.trace)
    }
}

/// Decodes exactly `2 N` lower-case hexadecimal digits.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::Parent;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_parent_is_read_and_its_trace_written_again() {
        let parent = Parent::parse(&format!("00-{TRACE}-00f067aa0ba902b7-01")).unwrap();
        assert_eq!(parent.trace_id(), TRACE);
        assert_eq!((parent.span, parent.sampled), (0x00f0_67aa_0ba9_02b7, true));
        let later = Parent::parse(&format!("01-{TRACE}-00f067aa0ba902b7-00-more")).unwrap();
        assert!(!later.sampled);
    }

    #[test]
    fn what_is_no_parent_is_none() {
        let zero = "0".repeat(32);
        for wrong in [
            String::new(),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{zero}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-+0f067aa0ba902b7-01"),
        ] {
            assert_eq!(Parent::parse(&wrong), None, "{wrong}");
        }
    }
}
