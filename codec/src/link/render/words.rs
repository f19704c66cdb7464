//! What codes and times mean, in words, for tables.

use super::super::message::{BusinessDate, ResponseCode};

/// What a response code means (`docs/wire.md`, section 6); empty for one that is not known.
pub(super) fn response(code: ResponseCode) -> &'static str {
    match code {
        ResponseCode::APPROVED => "approved",
        ResponseCode::SELLER_INACTIVE => "seller not active",
        ResponseCode::NOT_HONOURED => "declined by the provider",
        ResponseCode::IN_PROGRESS => "still in progress",
        ResponseCode::INVALID_TRANSACTION => "unknown service",
        ResponseCode::INVALID_AMOUNT => "wrong amount or currency",
        ResponseCode::NO_SUCH_SUBSCRIBER => "the provider knows no such subscriber",
        ResponseCode::NOT_REVERSIBLE => "cannot be reversed",
        ResponseCode::UNABLE_TO_LOCATE => "no such transaction",
        ResponseCode::FORMAT_ERROR => "request not understood",
        ResponseCode::NOT_SUPPORTED => "no such message",
        ResponseCode::INSUFFICIENT_FLOAT => "float does not cover the amount",
        ResponseCode::SERVICE_NOT_PERMITTED => "service not permitted to this terminal",
        ResponseCode::TERMINAL_INACTIVE => "terminal not active",
        ResponseCode::AMOUNT_LIMIT => "amount above or below the limit",
        ResponseCode::VELOCITY_LIMIT => "too many transactions, or too much, in too short a time",
        ResponseCode::LATE_RESPONSE => "the provider's answer came too late",
        ResponseCode::PROVIDER_UNAVAILABLE => "provider not reachable",
        ResponseCode::DUPLICATE => "same STAN and date were used with other content",
        ResponseCode::TOTALS_DIFFER => "totals differ",
        ResponseCode::MALFUNCTION => "the gateway cannot serve just now",
        ResponseCode::DISTRIBUTOR_INACTIVE => "a distributor above the seller is not active",
        ResponseCode::OUTSIDE_HOURS => "outside the terminal's hours",
        ResponseCode::OUT_OF_STOCK => "no voucher of this denomination left",
        ResponseCode::WRONG_DATE => "business date too far off",
        ResponseCode::CARD_NUMBER => "the account is a payment card number",
        ResponseCode::REVERSED => "was reversed",
        _ => "",
    }
}

/// Seconds since 1970 as a date and time of day in UTC; `None` beyond the last business date.
pub(super) fn moment(unix_s: u64) -> Option<String> {
    let date = BusinessDate::of_unix(unix_s)?;
    let (hours, minutes, seconds) = (unix_s / 3600 % 24, unix_s / 60 % 60, unix_s % 60);
    Some(format!("{date} {hours:02}:{minutes:02}:{seconds:02} UTC"))
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_moment_is_shown_in_utc() {
        assert_eq!(moment(1_764_000_000).as_deref(), Some("2025-11-24 16:00:00 UTC"));
        assert_eq!(moment(946_684_799), None);
        assert_eq!(moment(u64::MAX), None);
    }
}
