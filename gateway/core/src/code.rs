//! The response codes that the gateway itself gives, as the journal keeps them. Their meaning is
//! the wire's: see [`ResponseCode`].

use tillgate_codec::link::message::ResponseCode;
use tillgate_store_core::Code;

macro_rules! codes {
    ($($name:ident)*) => {
        $(
            #[doc = concat!("[`ResponseCode::", stringify!($name), "`].")]
            pub const $name: Code = ResponseCode::$name;
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
