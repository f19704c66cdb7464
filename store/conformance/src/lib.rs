//! The conformance suite: what every engine behind [`LedgerStore`](tillgate_store_core::LedgerStore)
//! must do, as functions that panic if it does not. [`conformance_cases!`] makes a test of each:
//!
//! ```ignore
//! tillgate_store_conformance::conformance_cases!(Directories::new());
//! ```
//!
//! [`world::World`] is a store with the small [`network`] they all play in; [`balance`] recomputes
//! the books from the rows after each; [`walk`] runs random commands against a model of its own.

#![forbid(unsafe_code)]

pub mod answer;
pub mod balance;
pub mod batches;
pub mod changes;
pub mod ends;
pub mod handsets;
pub mod history;
pub mod life;
pub mod model;
pub mod money;
pub mod network;
pub mod pins;
pub mod repeats;
pub mod reversals;
pub mod velocity;
pub mod vouchers;
pub mod walk;
pub mod withdrawal;
pub mod world;

use tillgate_store_core::{Engine, Memory};

/// Makes engines for the cases. A case uses one engine at a time.
pub trait Factory {
    /// The engine under the conformance suite.
    type Engine: Engine;

    /// An engine with nothing in it.
    fn fresh(&mut self) -> Self::Engine;

    /// Closes the engine and opens it again, as a restart would.
    fn reopen(&mut self, engine: Self::Engine) -> Self::Engine;
}

/// The model engine under its own law.
#[derive(Debug, Default)]
pub struct MemoryFactory;

impl Factory for MemoryFactory {
    type Engine = Memory;

    fn fresh(&mut self) -> Memory {
        Memory::new()
    }

    fn reopen(&mut self, engine: Memory) -> Memory {
        engine
    }
}

/// One `#[test]` per law for the engines of a [`Factory`], built anew by the expression.
#[macro_export]
macro_rules! conformance_cases {
    ($factory:expr) => {
        $crate::conformance_cases! { @each $factory;
            repeats: a_repeat_gets_the_stored_row_also_after_a_restart;
            repeats: the_same_key_with_other_content_is_refused;
            repeats: commands_of_one_batch_see_each_other;
            repeats: a_refused_request_is_journalled_and_moves_no_money;
            repeats: a_handshake_counter_is_accepted_once;
            repeats: the_counter_of_one_key_binds_no_other;
            money: a_sale_posts_every_leg_of_the_commission_rules;
            money: float_never_goes_below_the_credit_limit;
            money: reserved_money_is_posted_or_released_once;
            money: an_unknown_outcome_stays_reserved_also_after_a_restart;
            money: finishing_a_final_sale_changes_nothing;
            vouchers: a_voucher_is_sold_once_and_its_buyer_gets_it_again;
            vouchers: the_oldest_expiry_is_sold_first;
            vouchers: an_expired_voucher_is_never_sold;
            vouchers: a_voucher_keeps_its_least_days;
            vouchers: a_large_stock_is_sold_in_order_to_the_last;
            vouchers: vouchers_loaded_later_are_sold_in_their_turn;
            velocity: a_terminal_sells_no_more_often_than_its_service_allows;
            velocity: a_window_holds_whatever_dates_a_terminal_puts_on_its_sales;
            velocity: a_day_has_no_more_sales_than_its_amount;
            velocity: a_declined_sale_does_not_count;
            velocity: a_limit_set_later_counts_what_was_sold_before;
            reversals: a_voucher_whose_pin_has_left_is_not_taken_back;
            reversals: reversals_of_one_terminal_do_not_flood_list_and_journal;
            reversals: refused_sales_have_so_many_rows_a_day;
            reversals: a_confirmed_sale_cannot_be_reversed;
            reversals: a_sale_that_was_reversed_before_it_came_is_refused;
            reversals: a_reversal_of_nothing_done_is_acknowledged;
            reversals: a_reversal_must_fit_its_original;
            pins: a_pin_is_told_again_so_often_and_each_time_is_counted;
            pins: what_a_terminal_reprints_in_a_day_is_bounded;
            pins: a_pin_is_told_to_nobody_who_is_blocked_or_late;
            pins: a_refund_takes_two_operators_and_gives_the_money_back_once;
            pins: a_proposed_refund_stays_on_the_list_when_an_advice_is_heard;
            pins: a_wrong_verdict_can_be_put_right_by_two_operators;
            pins: what_a_person_orders_is_a_batch_of_its_own;
            life: a_done_top_up_is_posted_back_when_its_provider_has_taken_it_back;
            life: a_reversal_that_the_provider_refuses_leaves_the_sale_as_it_was;
            life: a_reversal_of_an_open_sale_goes_on_once_the_outcome_is_known;
            life: an_unknown_sale_that_is_taken_back_can_no_longer_be_approved;
            life: a_late_approval_is_owed_back_by_its_provider;
            life: a_provider_that_contradicts_a_booked_outcome_is_put_before_somebody;
            life: another_reference_of_a_provider_is_noted_for_the_operator_and_moves_nothing;
            life: what_a_chip_receives_stays_with_the_outcome_that_decided;
            life: a_confirmation_of_another_amount_confirms_nothing;
            life: an_advice_is_owed_until_the_provider_has_heard_it;
            life: an_operator_resolves_what_nobody_else_can;
            life: a_statement_that_contradicts_moves_no_money;
            life: a_verdict_must_fit_its_transaction;
            life: a_settlement_compares_totals_and_adjusts_nothing;
            changes: a_change_is_applied_whole_or_not_at_all;
            changes: a_change_says_what_is_wrong_with_each_item;
            changes: a_float_load_happens_once_per_reference;
            changes: a_serial_of_a_service_is_loaded_once;
            changes: a_serial_of_an_issuer_is_loaded_once;
            changes: a_credit_limit_covers_what_is_used;
            changes: the_tree_has_no_circle_and_no_more_levels_than_allowed;
            handsets: a_guessed_pin_locks_its_handset_and_no_other;
            handsets: pins_of_one_batch_are_counted_one_by_one;
            handsets: a_right_pin_forgives_wrong_ones;
            handsets: a_pin_of_another_revision_opens_nothing;
            handsets: a_handset_is_changed_from_what_it_is;
            handsets: a_holder_changes_the_pin_so_often_a_day;
            handsets: a_terminal_and_its_handsets_do_not_reach_each_others_sales;
            batches: a_batch_with_other_totals_is_refused_whole;
            batches: a_batch_number_of_an_issuer_is_loaded_once;
            withdrawal: a_withdrawn_voucher_is_never_sold;
            withdrawal: a_withdrawal_is_bounded_and_somebodys;
            withdrawal: a_withdrawal_finds_what_it_is_asked_for;
            history: a_moved_seller_leaves_its_past_with_its_old_distributor;
            history: a_record_did_not_exist_before_the_change_that_created_it;
            history: a_change_of_keys_alone_leaves_no_trace_and_no_key_outlives_itself;
            history: a_refused_change_leaves_no_trace;
            ends: numbers_have_no_gap_over_every_kind_of_row;
            ends: a_restart_changes_nothing;
            ends: a_lost_tail_is_seen_at_the_start;
            ends: an_error_of_the_engine_stops_the_store;
            ends: the_last_sale_of_a_date_is_told_or_none;
            walk: any_walk_keeps_to_the_model;
        }
    };
    (@each $factory:expr; $($group:ident: $conformance:ident;)*) => {
        $(
            #[test]
            fn $conformance() {
                $crate::$group::$conformance($factory);
            }
        )*
    };
}
