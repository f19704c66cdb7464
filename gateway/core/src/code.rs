//! The response codes that the gateway itself gives, as the journal keeps them. Their meaning is
//! the wire's: see [`ResponseCode`].

use tillgate_codec::link::message::ResponseCode;
use tillgate_store_core::Code;

macro_rules! codes {
    ($($name:ident)*) => {
        $(
            #[doc = concat!("[`ResponseCode::", stringify!($name), "`].")]
            pub const $name: Code = Code(ResponseCode::$name.0);
        )*
    };
}

codes! {
    SELLER_INACTIVE
    INVALID_TRANSACTION
    INVALID_AMOUNT
    NO_SUCH_SUBSCRIBER
    UNABLE_TO_LOCATE
    FORMAT_ERROR
    NOT_SUPPORTED
    SERVICE_NOT_PERMITTED
    TERMINAL_INACTIVE
    AMOUNT_LIMIT
    PROVIDER_UNAVAILABLE
    DUPLICATE
    MALFUNCTION
    DISTRIBUTOR_INACTIVE
    OUTSIDE_HOURS
    WRONG_DATE
    NOT_LOGGED_ON
    CARD_NUMBER
}

// The ledger gives these itself: both crates must mean the same by them.
const _: () = {
    assert!(same(Code::APPROVED, ResponseCode::APPROVED));
    assert!(same(Code::IN_PROGRESS, ResponseCode::IN_PROGRESS));
    assert!(same(Code::NOT_REVERSIBLE, ResponseCode::NOT_REVERSIBLE));
    assert!(same(Code::FORMAT_ERROR, ResponseCode::FORMAT_ERROR));
    assert!(same(Code::INSUFFICIENT_FLOAT, ResponseCode::INSUFFICIENT_FLOAT));
    assert!(same(Code::VELOCITY_LIMIT, ResponseCode::VELOCITY_LIMIT));
    assert!(same(Code::DUPLICATE, ResponseCode::DUPLICATE));
    assert!(same(Code::NOT_HONOURED, ResponseCode::NOT_HONOURED));
    assert!(same(Code::LATE_RESPONSE, ResponseCode::LATE_RESPONSE));
    assert!(same(Code::TOTALS_DIFFER, ResponseCode::TOTALS_DIFFER));
    assert!(same(Code::MALFUNCTION, ResponseCode::MALFUNCTION));
    assert!(same(Code::OUT_OF_STOCK, ResponseCode::OUT_OF_STOCK));
    assert!(same(Code::REVERSED, ResponseCode::REVERSED));
};

const fn same(ours: Code, wire: ResponseCode) -> bool {
    ours.0[0] == wire.0[0] && ours.0[1] == wire.0[1]
}
