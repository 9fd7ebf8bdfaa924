//! What every database must do. A further database is put under the same functions with one more line at the end.

#![expect(clippy::unwrap_used, reason = "a test stops at the first failure")]

mod contract {
    pub mod access;
    pub mod alerts;
    pub mod backend;
    pub mod care;
    pub mod counting;
    mod damage;
    pub mod directory;
    pub mod endings;
    pub mod hands;
    pub mod identity;
    pub mod ingest;
    pub mod leads;
    pub mod ledger;
    pub mod log;
    pub mod model;
    pub mod passkeys;
    pub mod platform;
    pub mod reviews;
    pub mod sessions;
    pub mod snapshots;
    pub mod sources;
    pub mod totals;
    mod upgrade;
    pub mod world;
}

use contract::{
    access, alerts, backend::Sqlite, care, counting, directory, endings, hands, identity, ingest,
    leads, ledger, log, passkeys, platform, reviews, sessions, snapshots, sources, totals,
};

macro_rules! on {
    ($name:ident, $backend:ident, $($module:ident :: { $($test:ident),+ $(,)? })+) => {
        mod $name {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$module::$test(super::$backend::start()).await;
                }
            )+)+
        }
    };
}

macro_rules! contract {
    ($name:ident, $backend:ident) => {
        on! {
            $name, $backend,
            ingest::{
                the_same_event_again_is_a_duplicate,
                what_is_stored_under_names_is_told_for_each,
                the_same_identity_with_other_content_is_a_conflict_and_stores_nothing,
                a_refused_batch_does_not_touch_the_others,
                batches_of_one_group_are_judged_in_order,
                identities_are_separate_by_account_and_source,
                an_event_comes_back_as_it_was_sent,
                what_was_answered_is_there_after_opening_again,
                two_handles_on_one_database_may_both_commit,
                a_total_too_large_to_count_stores_nothing,
                a_commit_that_is_given_up_leaves_the_writer_usable,
                nothing_to_store_is_stored,
            }
            counting::{
                an_account_is_counted_so_far_and_goes_on_once_something_is_given_back,
                a_total_of_many_accounts_past_every_amount_is_exact_again_once_something_is_given_back,
                credits_are_given_and_taken_so_far_and_no_further,
                what_is_paid_and_given_back_again_and_again_is_compared_exactly,
            }
            sessions::{
                a_person_has_so_many_sessions_and_the_one_used_longest_ago_ends,
                a_platforms_user_has_so_many_links_and_the_oldest_does_nothing_any_more,
            }
            access::{
                an_invitation_is_used_once_by_whom_it_is_for,
                an_invitation_that_is_taken_back_replaced_or_old_does_nothing,
                members_are_listed_changed_and_removed,
                disabling_and_a_new_password_end_sessions,
                of_many_those_who_are_there_are_told_at_once,
                an_identity_is_of_one_person,
                a_portal_link_works_once,
                keys_end_and_say_when_they_were_used,
                a_brand_is_kept_and_removed,
                the_audit_log_is_read_by_account_and_never_changed,
                actors_are_found_however_they_are_written,
            }
            hands::{
                owners_who_remove_each_other_leave_one,
                an_owner_who_is_invited_as_less_stays_the_only_owner,
                many_hands_add_no_more_than_may_be,
                of_many_changes_of_one_version_one_is_made,
            }
            totals::{
                any_order_and_repetition_gives_the_same_totals,
                every_grain_and_group_equals_the_sum_of_the_events,
                all_companies_but_a_few_are_read_right,
                selections_of_nothing_have_no_totals,
                buckets_of_events_are_cut_where_the_range_begins,
                a_reference_is_found_by_its_beginning,
            }
            platform::{
                totals_over_all_accounts_equal_the_events,
                what_accounts_used_equals_the_events_for_any_days,
                an_account_runs_out_once_a_cycle_and_early_news_move_it,
            }
            alerts::{
                a_change_is_made_once_however_many_programs_make_it,
                what_is_owed_is_told_once,
                who_unsubscribed_is_kept_for_each_kind_and_account,
                rules_and_webhooks_are_stored_replaced_and_removed,
                a_message_is_one_senders_until_its_time_and_can_be_sent_again,
                messages_are_taken_in_turn_and_none_for_a_target_that_rests,
                only_so_many_tests_are_on_their_way_and_a_test_asks_a_target_that_rests,
                a_week_is_told_once_and_only_while_it_is_wanted,
            }
            endings::{
                an_ending_is_told_once_however_many_programs_tell_it,
                keys_are_found_by_when_they_end,
                endpoints_that_accept_nothing_are_found_until_they_are_disabled,
            }
            passkeys::{
                a_challenge_is_answered_once_by_whom_and_for_what_it_was_made,
                a_person_has_few_challenges_for_a_purpose_and_old_ones_go,
                a_person_has_so_many_passkeys_and_one_is_one_persons,
                a_use_of_a_passkey_is_not_overwritten_by_another,
                recovery_codes_come_with_the_first_second_factor_and_go_with_the_last,
            }
            reviews::{
                a_week_is_looked_through_once,
                parts_are_those_of_the_events,
            }
            sources::{
                the_longest_silence_of_two_weeks_is_known,
            }
            leads::{
                an_identity_is_of_a_lead_or_of_usage_for_ever,
                leads_are_counted_exactly_at_every_grain,
                short_calls_and_chats_without_a_lead_are_told_exactly,
                the_doctor_compares_leads_and_short_calls,
            }
            log::{
                pages_in_both_directions_equal_the_sorted_events,
                references_are_found_however_they_are_written,
                rare_rows_are_found_in_a_long_log,
                skipping_and_counting_agree_with_the_pages,
                events_after_a_place_come_in_order_with_the_place_read_up_to,
            }
            snapshots::{
                a_commit_after_a_snapshot_is_not_in_it,
                how_far_accounts_are_is_asked_at_once,
                many_dropped_snapshots_leave_connections_free,
                cycle_totals_equal_the_events,
            }
            directory::{
                accounts_are_created_replaced_and_listed,
                zone_and_anchor_are_fixed_once_there_is_usage,
                companies_are_found_by_key_search_and_place,
                accounts_are_found_by_key_and_name_however_they_are_written,
                plans_are_created_replaced_and_listed,
                rate_cards_have_versions,
                api_keys_are_stored_listed_and_revoked,
            }
            identity::{
                a_user_comes_back_with_memberships,
                putting_a_user_again_replaces_memberships,
                companies_of_other_accounts_are_no_part_of_a_membership,
                sessions_end,
                an_answer_is_remembered_once,
                a_write_of_a_request_is_done_once_and_stored_with_what_it_came_to,
                what_changed_nothing_is_not_stored_of_a_request,
            }
            ledger::{
                the_doctor_finds_nothing_in_a_ledger_that_was_used,
                the_doctor_finds_what_was_changed_in_the_ledger,
                usage_from_before_the_ledger_is_taken_off_the_running_cycle,
            }
            care::{
                the_doctor_finds_nothing_in_a_healthy_database,
                the_doctor_finds_what_was_changed_behind_our_back,
                events_cannot_be_changed_or_deleted,
                a_backup_holds_everything,
                a_closed_database_refuses,
                a_newer_schema_is_refused,
                several_programs_may_open_a_fresh_database_at_once,
                many_small_commits_keep_the_log_of_changes_short,
            }
        }
    };
}

contract!(sqlite, Sqlite);
